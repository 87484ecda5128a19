// SPDX-License-Identifier: MIT
/*
 * swarm: one run. A cluster is drawn from the seed, and a mix of faults of its own: some kinds not
 * at all, some often, some strong. Then, until the time is over: faults under the eyes of the
 * judge, everything heals, and what has to come out in the end is looked at.
 */
#ifndef SIM_SWARM_H
#define SIM_SWARM_H

#include "judge.h"

struct swarm_config {
    uint64_t seed;
    uint8_t nodes; /* 0: drawn */
    enum vip_mode mode;
    uint64_t span_ns;
    bool real_signatures;
};

struct swarm_result {
    enum rule broken;
    uint8_t node;
    uint8_t vip;
    uint64_t span_ns;
    uint64_t hash;
};

void swarm_run(const struct swarm_config *config, struct journal *journal,
               struct swarm_result *ret);

#endif
