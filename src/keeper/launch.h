// SPDX-License-Identifier: MIT
/*
 * launch: starts the engine as a program of its own with three descriptors and no right to anything
 * else, and sees to its end.
 */
#ifndef KEEPER_LAUNCH_H
#define KEEPER_LAUNCH_H

#include "privilege.h"

#include "ipc/setup.h"

#include <stddef.h>
#include <sys/types.h>

struct launch {
    const char *path; /* of the engine's executable */
    const struct ipc_setup *setup;
    int control_fd;
    struct privilege_user user;
};

struct launch_result {
    pid_t pid;
    int pidfd;
    int fd; /* our end of the socketpair */
};

/* Where the engine's executable is: libexec/vipgossip-engine beside this program, or else where it
 * is installed. */
void launch_find(char *path, size_t size);

/* Returns when the engine runs. 0 or -1 with the reason in the log. */
int launch_engine(const struct launch *launch, struct launch_result *ret);

enum launch_end {
    LAUNCH_END_CLEAN,   /* exit code 0 */
    LAUNCH_END_FAILED,  /* any other way */
    LAUNCH_END_UNKNOWN, /* it may still run */
};

/*
 * Waits for the end of an engine that has closed its socket or is not to be trusted, at most
 * `wait_ms`, then kills it. Writes how it ended into `text`.
 */
enum launch_end launch_reap(const struct launch_result *engine, int wait_ms, char *text,
                            size_t size);

#endif
