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
    uint64_t interval_ns; /* T when that was given */
};

#define PENDING_NONE ((uint8_t)255)

/* Mode quorum: what was voted on a VIP, as the datagrams and the clocks tell [SPEC R90..R99]. */
struct core_guard_votes {
    uint64_t first_seq;          /* of the claim that runs */
    uint64_t granted[NODES_MAX]; /* when the newest claim that this voter has granted was published,
                                    by the claimant's clock; 0: none was */
    /* What this node has promised to another. */
    uint8_t holder; /* NODE_NONE: nobody */
    uint64_t incarnation;
    uint64_t seq;
    uint64_t until_ns; /* by the voter's clock */
};

/* The newest record of another node. */
struct core_guard_peer {
    uint64_t incarnation;
    struct record record;
};

#define SENT_KEPT 256U

struct core_guard {
    struct core *core;
    const struct core_config *config;
    struct core_guard_vip vips[VIPS_MAX];
    uint8_t members[NODES_MAX]; /* state, by the changes that were told */
    uint8_t checks[CHECKS_MAX]; /* likewise */
    struct record record;       /* own, as last sent */
    struct core_guard_votes votes[VIPS_MAX];
    struct core_guard_peer peers[NODES_MAX];
    uint32_t former_voters; /* hash of the set before the last change; 0: it has not changed */
    struct {
        uint64_t seq;
        uint64_t claim_ns;
    } sent[SENT_KEPT];
    struct mono now; /* of the last step, and by the other clock */
    struct mono raw;
    uint64_t claim_ns;   /* for this node time passes as fast as by the faster of the two clocks, */
    uint64_t vote_ns;    /* for what it has promised as slowly as by the slower */
    uint64_t abstain_ns; /* by the voter's clock: no vote before */
    bool slewed;         /* the two clocks did not always agree */
    bool drained;
    uint64_t drained_vips;
    uint8_t availability; /* in the swarm, as last told */
    uint64_t asking;      /* the VIPs that said hello before the last step */
    bool stopping;
    bool ended;             /* stopped, or cloned: the daemon feeds it nothing more */
    struct actions actions; /* of the last step */
};

/* Starts `core` at `now`. The rest must outlive the guard. */
void core_guard_init(struct core_guard *guard, struct core *core, const struct core_config *config,
                     struct mono now);

/* The node runs on as `core`, with another configuration [SPEC R47]. */
void core_guard_reconfigure(struct core_guard *guard, struct core *core,
                            const struct core_config *config, const struct core_reload *reload);

/* One step. Fails loudly if it breaks a rule. */
void core_guard_step(struct core_guard *guard, const struct event *event);

/* core_guard_votes.c: what concerns the votes, before a step, after it, and over a reload. */
uint32_t core_guard_voters(const struct core_config *config); /* hash of their set [SPEC R90] */
void core_guard_votes_init(struct core_guard *guard);
void core_guard_votes_before(struct core_guard *guard, const struct event *event);
void core_guard_votes_after(struct core_guard *guard, const struct event *event);
void core_guard_votes_reconfigure(struct core_guard *guard, const struct core_config *config,
                                  const struct core_reload *reload);

/* A configuration of `nodes` nodes and `vips` VIPs, of which every node is a candidate. */
void core_guard_config(uint8_t nodes, uint8_t vips, struct core_config *ret);

#endif
