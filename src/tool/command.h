// SPDX-License-Identifier: MIT
/*
 * command: what a subcommand gets, and the subcommands. tool.c has the table of them.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include "tool/tool.h"

enum command_flag {
    FLAG_JSON = 1U << 0,
    FLAG_WATCH = 1U << 1,
    FLAG_FOLLOW = 1U << 2,
};

struct invocation {
    const char *socket;  /* path of the control socket */
    const char *operand; /* NULL: none was given */
    unsigned flags;      /* of enum command_flag */
    struct tool_streams streams;
};

/* Each returns its exit code. */
int status_command(const struct invocation *invocation);
int events_command(const struct invocation *invocation);
int keygen_command(const struct invocation *invocation);
int pubkey_command(const struct invocation *invocation);

#endif
