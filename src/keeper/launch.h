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

#define LAUNCH_ENGINE  "vipgossip-engine"
#define LAUNCH_CHECKER "vipgossip-checker"

#define LAUNCH_FD_FIRST        3 /* where a program finds the first of its descriptors */
#define LAUNCH_FDS_MAX         5
#define LAUNCH_FDS_OPEN_MAX    1024 /* a fork that becomes no program closes those below */
#define LAUNCH_ENVIRONMENT_MAX 8

/* A program that is about to run in a process. */
struct launch_program {
    const char *path;
    char *name;
    int file;                /* as launch_open() opened it; launch_become() only */
    int fds[LAUNCH_FDS_MAX]; /* from LAUNCH_FD_FIRST on */
    unsigned fd_count;
    char *environment[LAUNCH_ENVIRONMENT_MAX]; /* ends with NULL */
};

struct launch {
    const char *path; /* of the engine's executable */
    const struct ipc_setup *setup;
    int control_fd;
    int checker_fd; /* the engine's end of the socketpair with the checker, -1: there is none */
    struct privilege_user user;
};

struct launch_result {
    pid_t pid;
    int pidfd;
    int fd; /* our end of the socketpair */
};

/* Where an executable is: libexec/NAME beside this program, or else where it is installed. */
void launch_find(const char *name, char *path, size_t size);

/* The same, opened: whoever starts it later starts this very file, though an upgrade has put
 * another one in its place meanwhile. The descriptor (close-on-exec), or -errno. */
int launch_open(const char *name, char *path, size_t size);

/* What of our environment such a program gets. */
void launch_fill_environment(struct launch_program *program);
void launch_free_environment(const struct launch_program *program);

/* An ordered stop comes over a socketpair. The terminal's ^C and the signal that systemd sends to
 * the whole group must not end this process before. */
void launch_leave_signals(void);

/* Ends this process with its parent. 0, or -errno: the parent has ended already. */
int launch_die_with(pid_t parent);

/* The process becomes the program, of which `file` is open, and ends with its parent. Returns only
 * with an error: -errno. */
int launch_become(const struct launch_program *program, pid_t parent);

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
