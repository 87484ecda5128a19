// SPDX-License-Identifier: MIT
/*
 * reader: reads the configuration in a child process. The parser may call exit() on odd input, and
 * a file that crashes it must cost the child only.
 */
#ifndef HOST_READER_H
#define HOST_READER_H

#include "conf/conf.h"

#include <stddef.h>

/*
 * Reads `file`, or the environment if `file` is NULL. `node` is -n and may be NULL. 0, or -1 and
 * the reason in `error`.
 */
int reader_read(const char *file, const char *node, struct conf *ret, struct conf_error *error);

struct reader_job {
    void (*work)(void *arg, void *report); /* runs in the child and fills the report */
    void *arg;
    void *report; /* `size` bytes without a pointer; both processes are the same program */
    size_t size;
    const char *what; /* is read: a name for people */
};

/* Does the work in a child, which is ended if that takes too long. 0 and the report filled, or -1
 * and in `error` why there is none. */
int reader_run(const struct reader_job *job, struct conf_error *error);

#endif
