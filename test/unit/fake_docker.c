// SPDX-License-Identifier: MIT
#include "fake_docker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

void fake_docker_init(struct fake_docker *docker)
{
    *docker = (struct fake_docker){.directory = "/tmp/vipgossip-docker-XXXXXX", .listener = -1};
    assert_non_null(mkdtemp(docker->directory));
    (void)snprintf(docker->socket, sizeof(docker->socket), "%s/s", docker->directory);
}

static void answer(int fd, const struct fake_answer *answer)
{
    (void)dprintf(fd, "HTTP/1.1 %d It\r\nContent-Length: %zu\r\n%s%s\r\n%s", answer->status,
                  strlen(answer->body), answer->header != NULL ? answer->header : "",
                  answer->header != NULL ? "\r\n" : "", answer->body);
}

/* One question; a connection that stays without an answer stays open. */
static void take(struct fake_docker *docker, int fd)
{
    char question[2048];
    char line[128];
    const ssize_t length = read(fd, question, sizeof(question) - 1);

    if (length <= 0) {
        (void)close(fd);
        return;
    }
    question[length] = '\0';
    for (unsigned i = 0; i < FAKE_DOCKER_PATHS && docker->answers[i].path != NULL; i++) {
        const struct fake_answer *one = &docker->answers[i];

        (void)snprintf(line, sizeof(line), "GET %s HTTP", one->path);
        if (docker->is_used_up[i] || strncmp(question, line, strlen(line)) != 0)
            continue;
        docker->is_used_up[i] = ++docker->used[i] == one->times;
        answer(fd, one);
        (void)close(fd);
        return;
    }
}

static void listen_there(struct fake_docker *docker, int queue)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};

    (void)snprintf(name.sun_path, sizeof(name.sun_path), "%s", docker->socket);
    (void)unlink(docker->socket);
    docker->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(docker->listener >= 0);
    assert_int_equal(bind(docker->listener, (const struct sockaddr *)&name, sizeof(name)), 0);
    assert_int_equal(listen(docker->listener, queue), 0);
}

void fake_docker_serve(struct fake_docker *docker)
{
    listen_there(docker, 64);
    docker->pid = fork();
    assert_true(docker->pid >= 0);
    if (docker->pid != 0)
        return;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGPIPE, SIG_IGN);
    for (;;)
        take(docker, accept(docker->listener, NULL, NULL));
}

void fake_docker_hang(struct fake_docker *docker, int queue)
{
    listen_there(docker, queue);
}

void fake_docker_stop(struct fake_docker *docker)
{
    if (docker->pid > 0) {
        (void)kill(docker->pid, SIGKILL);
        assert_int_equal(waitpid(docker->pid, NULL, 0), docker->pid);
        docker->pid = 0;
    }
    if (docker->listener >= 0)
        (void)close(docker->listener);
    docker->listener = -1;
}

void fake_docker_close(struct fake_docker *docker)
{
    fake_docker_stop(docker);
    (void)unlink(docker->socket);
    (void)rmdir(docker->directory);
}
