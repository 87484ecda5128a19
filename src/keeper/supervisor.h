// SPDX-License-Identifier: MIT
/*
 * supervisor: the process between keeper and checker. The keeper starts no program once it runs,
 * and a checker that dies has to be started again: so the keeper leaves this process behind, a fork
 * of its own with no privilege and no key, which starts the checker, again after a while whenever
 * it ends or its loop stands still, and ends with the keeper.
 */
#ifndef KEEPER_SUPERVISOR_H
#define KEEPER_SUPERVISOR_H

#include "privilege.h"

#include "ipc/setup.h"

#include <stdbool.h>

struct supervisor {
    pid_t pid; /* 0: there is none */
    int pidfd;
    int leash; /* closed by the keeper at its end */
};

/*
 * Starts supervisor and checker. `setup` is the engine's, of which the new process wipes the keys.
 * Fills `ret`, and `ret_engine_fd` with the engine's end of the socketpair. 0, or -1 with the
 * reason in the log.
 */
int supervisor_start(struct ipc_setup *setup, const struct privilege_user *user,
                     struct supervisor *ret, int *ret_engine_fd);

/*
 * The engine has ended: the checker finishes what the hook has to be told. After `patience_ns`
 * supervisor, checker and what they started are ended.
 */
void supervisor_stop(struct supervisor *supervisor, uint64_t patience_ns);

#endif
