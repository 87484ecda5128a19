// SPDX-License-Identifier: MIT
/*
 * reader: reads the configuration in a child process. The parser may call exit() on odd input, and
 * a file that crashes it must cost the child only.
 */
#ifndef KEEPER_READER_H
#define KEEPER_READER_H

#include "conf/conf.h"

/*
 * Reads `file`, or the environment if `file` is NULL. `node` is -n and may be NULL. 0, or -1 and
 * the reason in `error`.
 */
int reader_read(const char *file, const char *node, struct conf *ret, struct conf_error *error);

#endif
