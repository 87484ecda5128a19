// SPDX-License-Identifier: MIT
/*
 * core_guard: steps a core and looks at what it does, whatever happens to it. It knows the rules
 * that hold for every sequence of events, and no reason for any of them.
 */
#ifndef FUZZ_CORE_GUARD_H
#define FUZZ_CORE_GUARD_H

#include "core/core.h"
#include "core/view.h"

struct core_guard_vip {
    uint8_t state;     /* by the changes that were told */
    uint8_t holder;    /* likewise */
    bool requested;    /* the last request was to add; it was not withdrawn and did not fail */
    uint8_t pending;   /* ADDRESS_ADDED, ADDRESS_REMOVED: what the kernel owes, or PENDING_NONE */
    bool may_be_there; /* asked for; neither refused nor removed since, by the kernel's word */
    uint64_t until_ns;
};

#define PENDING_NONE ((uint8_t)255)

struct core_guard {
    struct core *core;
    const struct core_config *config;
    struct core_guard_vip vips[VIPS_MAX];
    uint8_t members[NODES_MAX]; /* state, by the changes that were told */
    uint8_t checks[CHECKS_MAX]; /* likewise */
    struct record record;       /* own, as last published */
    bool starting;              /* before the last step */
    bool stopping;
    bool ended;             /* stopped, or cloned: the daemon feeds it nothing more */
    struct actions actions; /* of the last step */
};

/* Starts `core` at `now`. The rest must outlive the guard. */
void core_guard_init(struct core_guard *guard, struct core *core, const struct core_config *config,
                     struct mono now);

/* One step. Fails loudly if it breaks a rule. */
void core_guard_step(struct core_guard *guard, const struct event *event);

/* A configuration of `nodes` nodes and `vips` VIPs, of which every node is a candidate. */
void core_guard_config(uint8_t nodes, uint8_t vips, struct core_config *ret);

#endif
