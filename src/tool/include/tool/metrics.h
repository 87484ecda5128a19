// SPDX-License-Identifier: MIT
/*
 * metrics: facts as OpenMetrics text (docs/METRICS.md).
 */
#ifndef TOOL_METRICS_H
#define TOOL_METRICS_H

#include <jansson.h>
#include <stdio.h>

/* Prints every family with its type and help, a sample for what is known, and the final # EOF. */
void metrics_print(const json_t *facts, FILE *out);

#endif
