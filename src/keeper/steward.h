// SPDX-License-Identifier: MIT
/*
 * steward: the process that keeps access to files when the keeper gives it up. It reads the
 * configuration and the keys anew when the keeper asks for it, starts the checker that belongs to
 * what it has read, and writes what this node is drained for (scribe.h). It has no sockets but
 * those to its keeper, reads nothing that comes from the network, and is told nothing but "read",
 * "it is taken" and the text of that one file: what is read, and which programs run as checks and
 * hooks, is the file's word alone, not the keeper's.
 */
#ifndef KEEPER_STEWARD_H
#define KEEPER_STEWARD_H

#include "privilege.h"

#include "ipc/setup.h"

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

struct steward {
    pid_t pid; /* 0: there is none */
    int pidfd;
    int fd;       /* -1: it was given up, and has yet to end */
    int texts_fd; /* to its scribe; -1 likewise */
};

struct steward_begin {
    const char *file;              /* NULL: the environment, which is not read again */
    const struct ipc_setup *setup; /* without keys */
    struct privilege_user user;
    int checker_fd; /* the checker's end of the socketpair with the engine, -1: there is none */
    int drain_directory; /* of struct drain */
};

enum steward_order {
    STEWARD_READ = 1, /* answer: struct steward_report */
    STEWARD_TAKE,     /* what was read last is in use: its checker takes the place of the former */
};

struct steward_request {
    uint32_t order;      /* enum steward_order */
    uint32_t generation; /* STEWARD_TAKE: of the checker */
};

/* Crosses a socketpair; both ends are the same program. */
struct steward_report {
    int32_t result; /* 0, or -1 and `error` says why */
    struct conf_error error;
    struct ipc_setup setup; /* with the keys */
};

/* Starts the process, and the checker if the configuration has something for it. Fills `ret`. 0, or
 * -1 with the reason in the log. */
int steward_start(const struct steward_begin *begin, struct steward *ret);

/* Sends one order. 0 or -errno: there is nobody to read it. */
int steward_ask(const struct steward *steward, enum steward_order order, uint32_t generation);

/*
 * Reads a piece of the report; `length` counts what is there. 1: it is complete, 0: more will come,
 * -errno: the process has ended.
 */
int steward_read(const struct steward *steward, struct steward_report *report, size_t *length);

/* What to wait for: what it says, or, once it was given up, its end. */
struct pollfd steward_source(const struct steward *steward);

/* Kills it without waiting for its end, which is readable on `pidfd` when it has come. */
void steward_abandon(struct steward *steward);
/* Collects one that was given up, if it has ended. */
void steward_reap(struct steward *steward);

/* The engine has ended: the checker finishes what the hook has to be told. After `patience_ns` the
 * steward and what it started are ended; one that the disk holds is left to end when it can. */
void steward_stop(struct steward *steward, uint64_t patience_ns);

#endif
