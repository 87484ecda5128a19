// SPDX-License-Identifier: MIT
/*
 * tool: the command `vipgossip`, from its arguments to its exit code. It asks a running daemon over
 * the control socket and puts facts into words; it changes nothing on the network. Of the protocol
 * only `decode` knows anything.
 */
#ifndef TOOL_TOOL_H
#define TOOL_TOOL_H

#include <stdio.h>

/* Exit codes of every command but `status`, whose codes are those of monitoring plugins. */
enum tool_exit {
    TOOL_DONE = 0,
    TOOL_REFUSED = 1, /* refused, failed */
    TOOL_USAGE = 2,
    TOOL_NO_DAEMON = 3, /* no daemon answers, or no access to its socket */
};

/* Standard input, output and error; tests hand in their own. They stay the caller's. */
struct tool_streams {
    FILE *in;
    FILE *out;
    FILE *err;
};

/* Runs `vipgossip` with these arguments (argv[0] included) and returns its exit code. */
int tool_run(int argc, char *argv[], const struct tool_streams *streams);

#endif
