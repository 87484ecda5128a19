// SPDX-License-Identifier: MIT
/*
 * claim: from standby to the order to add the address. Who is elected asks the holder to release;
 * who sees no holder adds; who hears nobody at all asks the wire first [SPEC R60..R66].
 */
#include "state.h"

#define PROBE_ROUNDS 3U

#define PROBE_SPACING_NS (50 * NS_PER_MS)

#define PROBE_AGAIN_NS NS_PER_S

static void add(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    arbiter->adding = true;
    arbiter->kernel_asked = core->now;
    arbiter->released_to = NODE_NONE;
    arbiter->told_to = NODE_NONE;
    arbiter_order(core, vip, ACTION_ADDRESS_ADD);
}

enum probe {
    PROBE_RUNS,
    PROBE_CLEAN,
    PROBE_ANSWERED,
};

/* A node that has heard none of its peers may have the wrong key. And where this
 * node knows of nobody who has held the VIP, nobody misses it for a moment: before such a claim the
 * wire is asked [SPEC R66]. */
static bool has_to_ask(const struct core *core, uint8_t vip)
{
    return (!core->peer_heard && core->config.node_count > 1) || !core->arbiters[vip].ever_held;
}

static enum probe probe(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (!has_to_ask(core, vip)) {
        return PROBE_CLEAN;
    }
    if (arbiter->answered) {
        return PROBE_ANSWERED;
    }
    if (arbiter->probe_rounds > 0 && !mono_reached(core->now, arbiter->probe_next)) {
        return PROBE_RUNS;
    }
    if (arbiter->probe_rounds == PROBE_ROUNDS) {
        return PROBE_CLEAN;
    }
    arbiter->probe_rounds++;
    arbiter->probe_next = mono_add(core->now, PROBE_SPACING_NS);
    arbiter_order(core, vip, ACTION_PROBE);
    return PROBE_RUNS;
}

void claim_probe_again(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (arbiter->answered) {
        arbiter->answered = false;
        arbiter->probe_rounds = 0;
        arbiter->retry_at = mono_add(core->now, PROBE_AGAIN_NS);
        return;
    }
    if (probe(core, vip) == PROBE_CLEAN) {
        arbiter_set_state(core, vip, VIP_STANDBY, REASON_RETRY);
        return;
    }
    arbiter->retry_at = arbiter->probe_next;
}

/* The holder is asked every T/20 for twelve rounds, then every T, until it has released [SPEC R63].
 */
static void ask_holder(struct core *core, uint8_t vip, uint8_t holder)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (!mono_reached(core->now, arbiter->claim_next)) {
        return;
    }
    gossip_question(core, holder, NODE_NONE);
    if (arbiter->claim_rounds < ROUNDS) {
        arbiter->claim_rounds++;
    }
    uint64_t wait_ns = arbiter->claim_rounds < ROUNDS
                           ? timing_claim_spacing(core->config.interval_ns)
                           : core->config.interval_ns;
    arbiter->claim_next = mono_add(core->now, wait_ns);
}

/* Live nodes that claim what this one claims. Whoever did not take what this node released has been
 * waited for already. */
static uint64_t rival_claimants(const struct core *core, uint8_t vip)
{
    const struct arbiter *arbiter = &core->arbiters[vip];
    uint64_t ret = 0;
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        const struct record_vip *entry = membership_entry(core, node, vip);
        bool refused = node == arbiter->refused && mono_before(core->now, arbiter->refused_until);
        if (node != core->config.self && !refused && entry != NULL &&
            entry->state == VIP_CLAIMING && membership_is_live(core, node)) {
            ret |= BIT(node);
        }
    }
    return ret;
}

/* A claimant may add the address when it sees no holder any more, or when this node hears of it:
 * what is waited for begins then, and not with this node's own claim [SPEC R61]. */
static void follow_claimants(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    uint64_t claimants = rival_claimants(core, vip);
    bool is_held = election_holder(core, vip) != NODE_NONE;
    if (is_held || arbiter->was_held || (claimants & ~arbiter->claimants) != 0) {
        arbiter->waits_since = core->now;
    }
    arbiter->claimants = claimants;
    arbiter->was_held = is_held;
}

/*
 * Who may have the address: a holder; or another claimant, whose kernel may have added it already.
 * That one says so, or yields, as soon as it is run. If it is not, its keeper removes the address
 * within a detection time, and until then it is waited for [SPEC R61].
 */
uint8_t claim_waits_for(const struct core *core, uint8_t vip)
{
    const struct arbiter *arbiter = &core->arbiters[vip];
    uint8_t holder = election_holder(core, vip);
    struct mono enough = mono_add(arbiter->waits_since, timing_detection(core->config.interval_ns));
    if (holder != NODE_NONE || majority_decides(core, vip) || mono_reached(core->now, enough)) {
        return holder;
    }
    uint64_t claimants = rival_claimants(core, vip);
    return claimants == 0 ? NODE_NONE : (uint8_t)__builtin_ctzll(claimants);
}

/* Why does this node claim? */
static enum reason claim_reason(const struct core *core, uint8_t vip)
{
    const struct arbiter *arbiter = &core->arbiters[vip];
    uint8_t holder = election_holder(core, vip);
    if (holder == NODE_NONE && arbiter->refused != NODE_NONE &&
        mono_before(core->now, arbiter->refused_until)) {
        return REASON_TAKEN_BACK;
    }
    if (holder != NODE_NONE) {
        if (membership_entry(core, holder, vip)->state == VIP_RELEASING) {
            return REASON_HANDED_OVER;
        }
        if (election_tier(core, vip, holder) <= election_tier(core, vip, core->config.self)) {
            return REASON_PREFERRED;
        }
        return election_tier(core, vip, holder) == TIER_DRAINED ? REASON_HOLDER_DRAINED
                                                                : REASON_HOLDER_UNHEALTHY;
    }
    if (arbiter->holder != NODE_NONE && arbiter->holder != core->config.self) {
        enum member_state state = core->members[arbiter->holder].state;
        if (state == MEMBER_DEAD) {
            return REASON_HOLDER_DEAD;
        }
        if (state == MEMBER_LEFT) {
            return membership_has_willed(core, arbiter->holder) ? REASON_HOLDER_ENDED
                                                                : REASON_HOLDER_LEFT;
        }
    }
    return REASON_VACANT;
}

void claim_step(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (arbiter->adding || arbiter->removing) {
        return; /* the kernel's word comes first */
    }
    if (start_is_asking(core, vip)) { /* it may have missed who holds it [SPEC R40] */
        arbiter_set_state(core, vip, VIP_STANDBY, REASON_ASKS_AGAIN);
        return;
    }
    if (arbiter->elected != core->config.self) {
        arbiter_set_state(core, vip, VIP_STANDBY, REASON_NOT_ELECTED);
        return;
    }
    follow_claimants(core, vip);
    uint8_t holder = claim_waits_for(core, vip);
    if (holder != NODE_NONE) {
        ask_holder(core, vip, holder);
        return;
    }
    switch (probe(core, vip)) {
    case PROBE_RUNS:
        return;
    case PROBE_CLEAN:
        break;
    case PROBE_ANSWERED:
        arbiter->answered = false;
        arbiter_fault(core, vip,
                      core->peer_heard || core->config.node_count == 1 ? REASON_ADDRESS_USED
                                                                       : REASON_ADDRESS_ANSWERED,
                      0);
        return;
    }
    if (majority_decides(core, vip) && !majority_is_sure(core, vip)) {
        majority_seek(core, vip);
        return;
    }
    add(core, vip);
}

/* The node that this one released to has not taken it within one detection time: not it, for a
 * while [SPEC R65]. */
static void judge_successor(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    uint8_t successor = arbiter->released_to;
    if (successor == NODE_NONE) {
        return;
    }
    uint8_t holder = election_holder(core, vip);
    if (arbiter->elected != successor || holder != NODE_NONE) {
        arbiter->refused_count = holder == successor ? 0 : arbiter->refused_count;
        arbiter->released_to = NODE_NONE; /* somebody has it, or another one is to have it */
        return;
    }
    uint64_t patience_ns = timing_detection(core->config.interval_ns);
    if (majority_decides(core, vip)) {
        patience_ns += core->config.vips[vip].lease_ns; /* a voter may have missed the release */
    }
    if (mono_elapsed(core->now, arbiter->released_at) >= patience_ns) {
        arbiter->refused = successor;
        arbiter->refused_count++;
        arbiter->refused_until = mono_add(core->now, timing_backoff(arbiter->refused_count));
        arbiter->released_to = NODE_NONE;
        arbiter->elected = election_best(core, vip, 0);
    }
}

void claim_begin(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    judge_successor(core, vip);
    if (arbiter->elected != core->config.self || core->phase != PHASE_SERVING ||
        start_is_asking(core, vip)) {
        return;
    }
    arbiter->claim_rounds = 0;
    arbiter->claim_next = core->now;
    arbiter->waits_since = core->now;
    arbiter->claimants = 0;
    arbiter->was_held = false;
    arbiter->probe_rounds = 0;
    arbiter->probe_next = core->now;
    arbiter->answered = false;
    arbiter->error = 0;
    majority_begin(core, vip);
    arbiter_set_state(core, vip, VIP_CLAIMING, claim_reason(core, vip));
    arbiter->elected = election_best(core, vip, 0);
    claim_step(core, vip);
}
