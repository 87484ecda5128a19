// SPDX-License-Identifier: MIT
/*
 * voter: to whom this node promises its vote on a VIP in mode quorum, and what it answers. Whoever
 * claims or holds the VIP asks with its heartbeats; the newest record of that node is the claim
 * [SPEC R91..R94].
 */
#include "state.h"

#define REFUSED_REST_NS NS_PER_S

void voter_init(struct core *core)
{
    core->abstain_until = mono_add(core->vote_now, core->config.abstain_ns);
    for (uint8_t vip = 0; vip < VIPS_MAX; vip++) {
        core->leases[vip].promise.holder = NODE_NONE;
    }
}

static struct claim claim_of(const struct core *core, uint8_t vip, uint8_t node)
{
    bool own = node == core->config.self;
    const struct record_vip *entry = membership_entry(core, node, vip);
    return (struct claim){
        .node = node,
        .incarnation = own ? core->config.incarnation : core->members[node].incarnation,
        .seq = own ? core->record.seq : core->members[node].seq,
        .lease_ns = entry == NULL ? 0 : entry->lease_ms * NS_PER_MS,
    };
}

static bool is_claimed_by(const struct core *core, uint8_t vip, uint8_t node)
{
    const struct record_vip *entry = membership_entry(core, node, vip);
    return entry != NULL && (entry->state == VIP_CLAIMING || entry->state == VIP_HOLDING);
}

/* The longest lease that this node promises: what it remembers of a former run is no longer
 * [SPEC R99]. */
static uint64_t longest_lease_ns(const struct core *core)
{
    uint64_t longest_ns = 0;
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        uint64_t lease_ns = core->config.vips[vip].lease_ns;
        longest_ns = lease_ns > longest_ns ? lease_ns : longest_ns;
    }
    return longest_ns;
}

static struct vote vote_of(const struct core *core, uint8_t vip, enum verdict verdict,
                           uint64_t rest_ns)
{
    return (struct vote){.vip = core->config.vips[vip].id,
                         .verdict = (uint8_t)verdict,
                         .rest_ms = (uint32_t)((rest_ns + NS_PER_MS - 1) / NS_PER_MS)};
}

/* Promises the vote to the node if it can [SPEC R92], and says so, or why not. */
static struct vote vote_for(struct core *core, uint8_t vip, uint8_t node)
{
    struct promise *promise = &core->leases[vip].promise;
    const struct record_vip *entry = membership_entry(core, node, vip);
    struct claim claim = claim_of(core, vip, node);
    struct vote vote;

    if (entry->mode != VIP_QUORUM || claim.lease_ns == 0 ||
        claim.lease_ns > longest_lease_ns(core)) {
        return vote_of(core, vip, VERDICT_REFUSED, REFUSED_REST_NS);
    }
    if (mono_before(core->vote_now, core->abstain_until)) {
        return vote_of(core, vip, VERDICT_ABSTAINED,
                       mono_elapsed(core->abstain_until, core->vote_now));
    }
    /* Nobody else may have what may be in its own kernel, though its own promise has ended. */
    if (node != core->config.self && arbiter_may_hold(core, vip)) {
        vote = vote_of(core, vip, VERDICT_PROMISED, core->config.interval_ns);
        vote.holder = core->config.nodes[core->config.self].id;
        return vote;
    }
    /* Only who is first asked in vain would lose by it: rank decides nothing but that. */
    uint8_t best = election_best(core, vip, 0);
    if (!lease_is_promised(promise, core->vote_now) && best != NODE_NONE && best != node &&
        is_claimed_by(core, vip, best)) {
        vote = vote_of(core, vip, VERDICT_DEFERRED, core->config.interval_ns);
        vote.holder = core->config.nodes[best].id;
        return vote;
    }
    if (lease_promise(promise, &claim, core->vote_now)) {
        return vote_of(core, vip, VERDICT_GRANTED, 0);
    }
    vote = vote_of(core, vip, VERDICT_PROMISED, lease_rest(promise, core->vote_now));
    vote.holder = core->config.nodes[promise->holder].id;
    return vote;
}

static void say(struct core *core, uint8_t peer, const struct vote *vote)
{
    struct grant *grant = &gossip_to(core, peer)->grant;
    grant->incarnation = core->members[peer].incarnation;
    grant->seq = core->members[peer].seq;
    grant->voters = voters_told(core, peer);
    for (uint8_t i = 0; i < grant->vote_count; i++) {
        if (grant->votes[i].vip == vote->vip) {
            grant->votes[i] = *vote;
            return;
        }
    }
    grant->votes[grant->vote_count++] = *vote;
}

/* A question came straight from a node: it hears what its claims are worth here [SPEC R91]. */
void voter_answer(struct core *core, uint8_t peer)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        const struct record_vip *entry = membership_entry(core, peer, vip);
        /* An address that is not gone yet is defended like one that is held [SPEC R46]. */
        bool releases = entry != NULL && entry->state == VIP_RELEASING;
        if (majority_decides(core, vip) && (releases || is_claimed_by(core, vip, peer))) {
            struct vote vote = vote_for(core, vip, peer);
            say(core, peer, &vote);
        }
    }
}

/* The vote is free: whoever is elected and claims need not ask again [SPEC R94]. */
static void pass_on(struct core *core, uint8_t vip)
{
    uint8_t next = election_best(core, vip, 0);
    majority_heard(core, vip);
    core->dirty = true;
    if (next == NODE_NONE || next == core->config.self || !is_claimed_by(core, vip, next)) {
        return;
    }
    struct vote vote = vote_for(core, vip, next);
    if (vote.verdict == VERDICT_GRANTED) {
        say(core, next, &vote);
    }
}

/* Nothing of the VIP is in the kernel of who says so: that comes after the kernel's word [SPEC R62,
 * R69]. */
bool voter_is_free(const struct record_vip *entry)
{
    return entry->state == VIP_STANDBY || entry->state == VIP_FAULT;
}

/* The VIPs that a node says neither standby nor fault of. */
uint32_t voter_busy(const struct core *core, uint8_t node)
{
    uint32_t busy = 0;
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        const struct record_vip *entry = membership_entry(core, node, vip);
        busy |= entry != NULL && !voter_is_free(entry) ? 1U << vip : 0;
    }
    return busy;
}

/*
 * A newer record of a node came. Standby and fault mean that the kernel has confirmed the removal;
 * any other state does not, and a new incarnation says nothing of what the former one still holds:
 * those promises end by themselves [SPEC R94].
 */
void voter_heard(struct core *core, uint8_t node, uint32_t busy_before)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        const struct record_vip *entry = membership_entry(core, node, vip);
        if (!majority_decides(core, vip) || entry == NULL || !voter_is_free(entry)) {
            continue;
        }
        struct claim release = claim_of(core, vip, node);
        if (lease_free(&core->leases[vip].promise, &release)) {
            pass_on(core, vip);
        } else if ((busy_before & 1U << vip) != 0) {
            majority_heard(core, vip);
        }
    }
}

/* An incarnation has ended in order, or by its last will: nothing of it is in a kernel. */
void voter_left(struct core *core, uint8_t node)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        struct claim release = claim_of(core, vip, node);
        release.seq = UINT64_MAX;
        if (majority_decides(core, vip) && lease_free(&core->leases[vip].promise, &release)) {
            pass_on(core, vip);
        }
    }
}

/* This node itself has released the VIP, or is in fault and has nothing of it: its vote goes in the
 * very datagram that says so. */
void voter_released(struct core *core, uint8_t vip)
{
    struct claim release = claim_of(core, vip, core->config.self);
    release.seq = UINT64_MAX;
    if (majority_decides(core, vip) && lease_free(&core->leases[vip].promise, &release)) {
        pass_on(core, vip);
    }
}

/* Its own vote on a VIP that it claims or holds. */
bool voter_grants_itself(struct core *core, uint8_t vip, uint64_t *ret_rest_ns)
{
    struct vote vote = vote_for(core, vip, core->config.self);
    *ret_rest_ns = vote.rest_ms * NS_PER_MS;
    return vote.verdict == VERDICT_GRANTED;
}
