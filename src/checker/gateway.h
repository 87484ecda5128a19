// SPDX-License-Identifier: MIT
/*
 * gateway: the conversation with the supervisor, which asks the wire for the checker.
 */
#ifndef CHECKER_GATEWAY_H
#define CHECKER_GATEWAY_H

#include "task.h"

struct gateway {
    uv_poll_t poll;
    int fd;
    struct task *waiting[CONF_CHECKS_MAX]; /* by index; NULL: does not wait for an answer */
};

/* Listens on `fd`, -1: no check needs it. 0 or -errno. */
int gateway_open(struct gateway *gateway, uv_loop_t *loop, int fd);
void gateway_close(struct gateway *gateway);

#endif
