// SPDX-License-Identifier: MIT
/*
 * verdict: what the facts mean. The one place with the rules for OK, WARNING and CRITICAL, and with
 * the sentences that say what is wrong and what to do. A pure function of the facts.
 */
#ifndef TOOL_VERDICT_H
#define TOOL_VERDICT_H

#include <jansson.h>

/* The numbers are the exit codes of monitoring plugins. */
enum verdict_status {
    VERDICT_OK,
    VERDICT_WARNING,
    VERDICT_CRITICAL,
    VERDICT_UNKNOWN, /* no daemon answered: nothing to judge */
    VERDICT_STATUS_COUNT,
};

/* "ok", "warning", "critical", "unknown". */
const char *verdict_status_name(enum verdict_status status);

struct verdict {
    enum verdict_status status;
    json_t *critical; /* arrays of sentences, owned */
    json_t *warnings;
};

/* Judges `facts` (docs/STATUS.md). What is missing or null in them is no problem. `ret` is to be
 * given to verdict_deinit(). */
void verdict_judge(const json_t *facts, struct verdict *ret);

/* Adds `status` and `problems` (the worst first) to `facts`. */
void verdict_write(const struct verdict *verdict, json_t *facts);

void verdict_deinit(struct verdict *verdict);

#endif
