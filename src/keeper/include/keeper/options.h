// SPDX-License-Identifier: MIT
/*
 * options: the command line of vipgossipd.
 */
#ifndef KEEPER_OPTIONS_H
#define KEEPER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#define OPTIONS_FILE_DEFAULT "/etc/vipgossip/vipgossip.conf"

enum options_action {
    OPTIONS_RUN,
    OPTIONS_TEST,    /* -t */
    OPTIONS_VERSION, /* -V */
    OPTIONS_HELP,
};

struct options {
    enum options_action action;
    const char *file; /* -c; NULL: not given */
    const char *node; /* -n; NULL: not given */
    bool verbose;     /* -v */
};

/* The strings belong to `argv`. 0, or -1 and the reason, one line, in `error`. */
int options_parse(int argc, char *argv[], struct options *ret, char *error, size_t error_size);

/* What --help prints. */
const char *options_help(void);

#endif
