// SPDX-License-Identifier: MIT
/*
 * checker: the process that looks whether this node is fit to serve, and calls the hook. It has no
 * privilege and decides nothing: each result goes to the engine, whose core counts them. Whatever a
 * check does (hang, flood, fork, die), it ends with its timeout and concerns no other.
 */
#ifndef CHECKER_CHECKER_H
#define CHECKER_CHECKER_H

#include "ipc/checker.h"

struct checker_descriptors {
    int engine; /* IPC_CHECKER_FD_ENGINE */
    int alive;  /* IPC_CHECKER_FD_ALIVE; -1: nobody wants to know */
    int ask;    /* IPC_CHECKER_FD_ASK; -1: no check is for a gateway */
    int former; /* IPC_CHECKER_FD_FORMER; -1: there was none */
};

/* Runs until the engine has closed its end, or IPC_CHECKER_RETIRE has come and everything that runs
 * has ended. The exit code of the process: 0 then, 1 otherwise, with
 * the reason in the log. */
int checker_run(const struct ipc_checker_setup *setup,
                const struct checker_descriptors *descriptors);

#endif
