// SPDX-License-Identifier: MIT
/*
 * nodes: what a manager's Docker engine answers to GET /nodes, as keys of the nodes that are not
 * active.
 */
#ifndef CHECKER_NODES_H
#define CHECKER_NODES_H

#include "ipc/checker.h"

#include <stddef.h>

/* The key of a NodeID: its hash without the last two bits, never 0 [SPEC F7]. */
uint64_t nodes_key(const char *node_id);

/* Fills in index, count and exceptions of `ret`, which has neither, and sets knows. NULL, or why
 * not, for people. */
const char *nodes_parse(const char *body, size_t length, struct ipc_swarm *ret);

#endif
