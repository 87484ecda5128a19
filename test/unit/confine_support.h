// SPDX-License-Identifier: MIT
/*
 * What a process tries after it has confined itself, for the tests of the two lists of system
 * calls. Where the build or the kernel has no filter the tests are skipped.
 */
#ifndef CONFINE_SUPPORT_H
#define CONFINE_SUPPORT_H

#include <stddef.h>

struct deed {
    const char *what;
    void (*try)(void);
};

/* In a child each: confine(), then the deed. Every one must end in SIGSYS. */
void confine_assert_deadly(int (*confine)(void), const struct deed *deeds, size_t count);

/* The child must live, and the deed must not have called confine_refused(). */
void confine_assert_possible(int (*confine)(void), const struct deed *deeds, size_t count);

/* By a deed that should have worked, and did not. */
void confine_refused(void);

/* Deeds that nobody may do who is confined. */
extern const struct deed confine_common[];
extern const size_t confine_common_count;

#endif
