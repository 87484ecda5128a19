// SPDX-License-Identifier: MIT
/*
 * order: for commands that have the daemon do something and wait for what comes of it.
 */
#ifndef ORDER_H
#define ORDER_H

#include "command.h"

#include <jansson.h>

/* Asks and takes the one value of the answer. TOOL_DONE with a new reference, or an exit code after
 * saying why. */
int order_ask(const struct invocation *invocation, const char *request, json_t **ret);

/* CLOCK_BOOTTIME. */
int64_t order_now_ms(void);
void order_pause_ms(long ms);

#endif
