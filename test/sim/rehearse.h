// SPDX-License-Identifier: MIT
/*
 * rehearse: an operator's own cluster, as its configuration file describes it, in a failure that he
 * makes up: "at 5s kill swarm-1; at 9s cut swarm-2 swarm-3; at 12s heal". Prints who holds what
 * when, and why.
 */
#ifndef SIM_REHEARSE_H
#define SIM_REHEARSE_H

#include <stdbool.h>
#include <stdint.h>

/* Returns the exit code: 0, or 2 if the file or the scenario is bad; then stderr says what is
 * allowed. */
int rehearse(const char *path, const char *scenario, uint64_t seed, bool trace);

#endif
