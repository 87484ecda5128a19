// SPDX-License-Identifier: MIT
/*
 * sandbox: what a process gives up for good once it has opened everything that it needs. Three
 * walls, each of which holds if the others do not:
 *
 *   limits     no core file, no debugger
 *   files      no file system (Landlock, where the kernel has it)
 *   calls      a list of system calls; whatever is not on it ends the process, which names it
 *
 * The lists are those of the processes themselves (engine/confine.c, keeper/confine.c); here is
 * what both need because the C library does. It knows nothing of users and capabilities, which are
 * the keeper's business (keeper/privilege.h).
 */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Allowed only if (argument & mask) == value. */
struct sandbox_compare {
    uint8_t argument; /* counted from 0 */
    uint64_t mask;    /* 0: no comparison */
    uint64_t value;
};

#define SANDBOX_COMPARES_MAX 3
#define SANDBOX_WHOLE        UINT32_MAX /* mask of an argument that is an int */

/* A system call that is allowed; with several entries, if one of them matches. */
struct sandbox_call {
    int number; /* SCMP_SYS(name): negative where the architecture has no such call */
    struct sandbox_compare compares[SANDBOX_COMPARES_MAX];
};

struct sandbox_list {
    const struct sandbox_call *calls;
    size_t count;
};

/* No core file and no look at the memory by another process of this user: keys will be in it. To be
 * called first of all; execve() takes half of it back. */
void sandbox_hide(void);

/* Memory for a secret: in no core file, and never swapped out. 0 or -errno: it may be swapped out.
 * The caller wipes it. */
int sandbox_lock_secret(void *bytes, size_t length);

/*
 * From here on no file can be opened, made, changed or removed, except that files may be removed
 * from the directory `remove_from` (NULL: nowhere). Needs no_new_privs. 0; -ENOSYS or -EOPNOTSUPP:
 * the kernel has no Landlock; another -errno.
 */
int sandbox_close_files(const char *remove_from);

/* The same for the `process` ("engine"), which goes on without; if that is for another reason than
 * a kernel without Landlock, the log has a warning. */
void sandbox_shut_files(const char *remove_from, const char *process);

/*
 * From here on the process may use the calls on `list` and those that the C library needs for
 * memory, time, its end and its failures. Any other is named in the log and ends it with SIGSYS.
 * Threads are not possible any more. 0, -ENOSYS: this build or this kernel has no such filter, or
 * another -errno.
 */
int sandbox_filter_calls(const struct sandbox_list *list);

/* The name of a system call ("openat"), or NULL. Async-signal-safe. */
const char *sandbox_call_name(int number);

#endif
