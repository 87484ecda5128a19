// SPDX-License-Identifier: MIT
/*
 * core_double: stands in for the core where wire is tested alone. It answers what wire asks from
 * plain fields that a test sets; it decides nothing.
 */
#ifndef CORE_DOUBLE_H
#define CORE_DOUBLE_H

#include "core/core.h"

struct core {
    uint8_t node_count;
    uint32_t id[NODES_MAX];
    uint64_t incarnation[NODES_MAX]; /* confirmed */
    uint64_t seq[NODES_MAX];
    uint64_t dead[NODES_MAX]; /* one dead incarnation of each node; 0: none */
    struct record record;     /* own */
    struct echo expected;     /* its node, asker and challenge are expected; node 0: none */
};

#endif
