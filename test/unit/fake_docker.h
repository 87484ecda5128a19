// SPDX-License-Identifier: MIT
/*
 * fake_docker: what a Docker engine says over its socket, by a child of the test. A question gets
 * the first answer of its path that is left; if there is none, the connection stays open.
 */
#ifndef FAKE_DOCKER_H
#define FAKE_DOCKER_H

#include <stdbool.h>
#include <sys/types.h>

#define FAKE_DOCKER_PATHS 6

struct fake_answer {
    const char *path; /* NULL: no more */
    int status;
    const char *header; /* a line without its end, or NULL */
    const char *body;
    unsigned times; /* so often; 0: always */
};

struct fake_docker {
    char directory[32]; /* a new one */
    char socket[48];
    struct fake_answer answers[FAKE_DOCKER_PATHS];
    unsigned used[FAKE_DOCKER_PATHS]; /* the child's: so often */
    bool is_used_up[FAKE_DOCKER_PATHS];
    int listener;
    pid_t pid;
};

/* Makes the socket's name; nobody listens there. */
void fake_docker_init(struct fake_docker *docker);
/* Takes connections from now on, and answers them. */
void fake_docker_serve(struct fake_docker *docker);
/* Listens with a queue of so many connections, and takes none. */
void fake_docker_hang(struct fake_docker *docker, int queue);
/* Ends what listens; the name stays there. */
void fake_docker_stop(struct fake_docker *docker);
void fake_docker_close(struct fake_docker *docker);

#endif
