// SPDX-License-Identifier: MIT
/*
 * start: everything between a configuration that was read and a loop that runs.
 */
#ifndef KEEPER_START_H
#define KEEPER_START_H

#include "conf/conf.h"

#include <stdbool.h>

#define START_EXIT_OK     0
#define START_EXIT_FAILED 1 /* at run time */
#define START_EXIT_CONF   2 /* usage or configuration */

/* Runs the daemon to its end. `file` is where `conf` comes from and will be read again, NULL: the
 * environment. Wipes the key in `conf`. The exit code. */
int start_daemon(struct conf *conf, const char *file, bool verbose);

#endif
