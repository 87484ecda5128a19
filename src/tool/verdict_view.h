// SPDX-License-Identifier: MIT
/*
 * verdict_view: what the rules of the verdict share.
 */
#ifndef TOOL_VERDICT_VIEW_H
#define TOOL_VERDICT_VIEW_H

#include "tool/verdict.h"

#include <stdbool.h>
#include <stdint.h>

/* What every rule needs beside the thing it looks at. */
struct view {
    const json_t *facts;
    const char *self; /* name of this node */
    int64_t interval_ms;
    bool starting;
    bool mute; /* nobody hears this node, and what it does not hear says nothing */
    bool checker_lost;
    struct verdict *verdict;
};

/* "swarm-1, swarm-2 and swarm-3" */
struct names {
    char text[512];
};

struct names verdict_join(const json_t *list);

/* The only place where the status gets worse. */
void verdict_problem(const struct view *view, enum verdict_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void verdict_judge_vip(const struct view *view, const json_t *vip);

#endif
