// SPDX-License-Identifier: MIT
/*
 * spawn: a program in a session and process group of its own, without a shell, watched until its
 * end. Of what it prints, on standard output or error, the first line is kept; more than a bound
 * ends it. Whatever it started is ended with it (warden.h).
 */
#ifndef CHECKER_SPAWN_H
#define CHECKER_SPAWN_H

#include "ipc/checker.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <uv.h>

#define SPAWN_OUTPUT_MAX (64 * 1024) /* bytes that it may print */

/* Of those that were killed, hang in the kernel and cannot end, a caller lets so many be. */
#define SPAWN_LINGERING_MAX 4

enum spawn_end {
    SPAWN_EXITED,   /* `number` is the exit code */
    SPAWN_SIGNALED, /* `number` is the signal */
    SPAWN_FLOODED,  /* it printed too much, and was killed */
};

struct spawn;

/* How it ended. */
typedef void spawn_ended(void *arg, enum spawn_end end, int number, const char *first_line);

struct spawn_plan {
    const char *const *arguments;   /* of the program, which is the first one; ends with NULL */
    const char *const *environment; /* ends with NULL */
    int (*work)(const void *arg);   /* instead of a program: see struct warden */
    const void *work_arg;
    const char *input;   /* for its standard input; NULL: none */
    bool keep_others;    /* what it leaves running when it ends may run on */
    unsigned *lingering; /* counts those that were killed and have not ended yet */
    spawn_ended *ended;  /* called once, from the loop */
    void *arg;
};

/* Starts it. `*ret` lives until `ended` was called or spawn_kill(). 0 or -errno. */
int spawn_start(uv_loop_t *loop, const struct spawn_plan *plan, struct spawn **ret);

/* Has it killed, with all that it started, and does not wait; `ended` is not called any more. */
void spawn_kill(struct spawn *spawn);

#endif
