// SPDX-License-Identifier: MIT
/*
 * engine: the unprivileged process. It drives the core with a libuv loop: datagrams, a timer, what
 * the keeper says, and the control socket.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "ipc/setup.h"

struct engine_descriptors {
    int keeper;  /* IPC_FD_KEEPER */
    int control; /* IPC_FD_CONTROL, a listening socket; becomes the engine's */
    int checker; /* IPC_FD_CHECKER; -1: the configuration has nothing for a checker to do */
};

/* Runs until the keeper stops it or is gone. Wipes the keys in `setup`. Returns the exit code of
 * the process: 0 after an ordered stop, 1 otherwise, with the reason in the log. */
int engine_run(struct ipc_setup *setup, const struct engine_descriptors *descriptors);

#endif
