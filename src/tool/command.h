// SPDX-License-Identifier: MIT
/*
 * command: what a subcommand gets, and the subcommands. tool.c has the table of them.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include "tool/tool.h"

#include <stdbool.h>
#include <stdint.h>

enum command_flag {
    FLAG_JSON = 1U << 0,
    FLAG_WATCH = 1U << 1,
    FLAG_FOLLOW = 1U << 2,
    FLAG_VIP = 1U << 3,
    FLAG_WAIT = 1U << 4,
    FLAG_CONFIG = 1U << 5,
};

struct invocation {
    const char *socket; /* path of the control socket */
    bool socket_is_given;
    const char *operand; /* NULL: none was given */
    unsigned flags;      /* of enum command_flag */
    const char *vip;     /* NULL: all */
    int64_t wait_ms;     /* -1: not at all */
    const char *config;  /* NULL: where the daemon looks */
    struct tool_streams streams;
};

/* Each returns its exit code. */
int status_command(const struct invocation *invocation);
int events_command(const struct invocation *invocation);
int metrics_command(const struct invocation *invocation);
int drain_command(const struct invocation *invocation);
int undrain_command(const struct invocation *invocation);
int reload_command(const struct invocation *invocation);
int keygen_command(const struct invocation *invocation);
int pubkey_command(const struct invocation *invocation);
int decode_command(const struct invocation *invocation);
int doctor_command(const struct invocation *invocation);

/* What `vipgossip help doctor` says beside its usage. */
void doctor_list_checks(FILE *out);

#endif
