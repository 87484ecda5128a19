// SPDX-License-Identifier: MIT
/*
 * reader: reads the configuration in a child process. The parser may call exit() on odd input, and
 * a file that crashes it must cost the child only; so must one whose disk does not answer, where
 * the child cannot even be killed: it is left behind then, and collected when it has ended.
 */
#ifndef HOST_READER_H
#define HOST_READER_H

#include "conf/conf.h"

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Nobody writes a configuration for that long; a named pipe without a writer does not either. */
#define READER_PATIENCE_MS 10000

/*
 * Reads `file`, or the environment if `file` is NULL. `node` is -n and may be NULL. 0, or -1 and
 * the reason in `error`.
 */
int reader_read(const char *file, const char *node, struct conf *ret, struct conf_error *error);

struct reader_job {
    void (*work)(void *arg, void *report); /* runs in the child and fills the report */
    void *arg;                             /* need not outlive reader_begin() */
    void *report; /* `size` bytes without a pointer; both processes are the same program */
    size_t size;
    const char *what; /* is read: a name for people */
    int patience_ms;
};

/* A job under way; all 0 before the first one. */
struct reader {
    struct reader_job job;
    pid_t child; /* 0: there is none */
    int pidfd;
    int fd; /* where its report comes from, -1: it was killed, and has not ended */
    size_t length;
    uint64_t end_ms;
};

enum reader_state {
    READER_FAILED = -1, /* there is no report, and `error` says why */
    READER_WAITS,
    READER_DONE, /* the report is complete */
};

/* Begins it. 0, or -1 and why not in `error`: also while a child of before has not ended. */
int reader_begin(struct reader *reader, const struct reader_job *job, struct conf_error *error);
/* What to wait for, and for how long at most; -1: for ever. */
struct pollfd reader_source(const struct reader *reader);
int reader_wait_ms(const struct reader *reader);
/* Goes on with it, after that wait. A child whose time is over is killed; that takes 500 ms at
 * most, whether it ends or not. */
enum reader_state reader_serve(struct reader *reader, struct conf_error *error);

#endif
