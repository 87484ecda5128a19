// SPDX-License-Identifier: MIT
/*
 * conf_guard: what is true of every configuration that is accepted, and of every one that is not.
 */
#ifndef FUZZ_CONF_GUARD_H
#define FUZZ_CONF_GUARD_H

#include "conf/conf.h"

/* Looks at the outcome of a read; `ret` was filled with 0xA5 before it. `prefix` is how a message
 * has to begin. */
void conf_guard_check(int result, const struct conf *ret, const struct conf_error *error,
                      const char *prefix);

#endif
