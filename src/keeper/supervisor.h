// SPDX-License-Identifier: MIT
/*
 * supervisor: the process between steward and checker. A checker that dies has to be started again:
 * so the steward leaves this process behind, a fork of its own with no privilege and no key, which
 * starts the checker, again after a while whenever it ends or its loop stands still, and ends with
 * the steward.
 */
#ifndef KEEPER_SUPERVISOR_H
#define KEEPER_SUPERVISOR_H

#include "privilege.h"

#include "ipc/setup.h"

#include <stdbool.h>

struct supervisor {
    pid_t pid; /* 0: there is none */
    int pidfd;
    int leash; /* closed by the steward at its end */
};

struct supervisor_begin {
    const struct ipc_setup *setup; /* of the engine; without keys */
    const struct privilege_user *user;
    const char *path;    /* of the checker's executable */
    int file;            /* the same, opened when the daemon started; or -errno */
    int checker_fd;      /* the checker's end of the socketpair with the engine */
    uint32_t generation; /* of the setup */
    int former_pidfd;    /* of the supervisor that was told to retire, -1: there is none */
};

/* Starts supervisor and checker, and fills `ret`. 0, or -1 with the reason in the log. */
int supervisor_start(const struct supervisor_begin *begin, struct supervisor *ret);

/* Another one takes its place: the checker finishes what runs and the calls of the hook that wait,
 * reads nothing more from the engine, and both end. */
void supervisor_retire(const struct supervisor *supervisor);

/* True, and all of it is given back, once supervisor and checker have ended by themselves. */
bool supervisor_collect(struct supervisor *supervisor);

/*
 * The checker finishes what the hook has to be told, if the engine has ended. After `patience_ns`
 * supervisor, checker and what they started are ended.
 */
void supervisor_stop(struct supervisor *supervisor, uint64_t patience_ns);

#endif
