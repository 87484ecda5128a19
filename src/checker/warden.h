// SPDX-License-Identifier: MIT
/*
 * warden: the process between the checker and a program that it runs. Orphans of the program come
 * to it, whatever session or group they have made for themselves (PR_SET_CHILD_SUBREAPER), so none
 * escapes: when the program's time is over the warden kills every child that it has, and those that
 * come to it then, until there is none. It collects them all, and ends as the program did.
 */
#ifndef CHECKER_WARDEN_H
#define CHECKER_WARDEN_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* Ends the program and everything that it has started. */
#define WARDEN_SIGNAL SIGUSR1

struct warden {
    const char *const *arguments;   /* of the program, which is the first one; ends with NULL */
    const char *const *environment; /* ends with NULL */
    int (*work)(const void *arg);   /* instead of a program; what it returns is the exit code. It
                                       may call what is async-signal-safe */
    const void *work_arg;
    int input;        /* its standard input */
    int output;       /* its standard output and error */
    bool keep_others; /* what it has left running when it ends may run on */
};

/* In a fork of the process `parent`, with which it ends. Allocates nothing. */
_Noreturn void warden_run(const struct warden *warden, pid_t parent);

#endif
