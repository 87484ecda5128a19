// SPDX-License-Identifier: MIT
/*
 * majority: the votes that this node needs for a VIP in mode quorum. They are counted from the
 * moment when the claim was sent, whoever answers whenever; the address lives until the oldest of
 * the newest majority has run out, and the keeper knows that moment [SPEC R95..R98].
 */
#include "state.h"

/* How often a voter is shown the same release: datagrams may be lost. */
#define SHOWN_MAX 3U

/* A grant is worth less than this when a kernel is still to be asked. */
#define ADD_NS (2 * NS_PER_MS)

/*
 * The keeper's clock may be slewed: by 10 % and 500 ppm at most, which is as far as adjtimex(2)
 * lets anybody go. What is left of a lease is given to it less by that.
 */
#define SLEW_NUMERATOR   89U
#define SLEW_DENOMINATOR 100U

/* The core releases that long before the keeper would have to. */
static uint64_t early_ns(const struct core *core, uint8_t vip)
{
    return lease_removal(core->config.vips[vip].lease_ns) / 2;
}

bool majority_decides(const struct core *core, uint8_t vip)
{
    return core->config.vips[vip].mode == VIP_QUORUM;
}

uint8_t majority_needed(const struct core *core, uint8_t vip)
{
    return majority_decides(core, vip) ? voters_needed(core) : 1;
}

static bool is_claimed(const struct core *core, uint8_t vip)
{
    enum vip_state state = core->arbiters[vip].state;
    return majority_decides(core, vip) && (state == VIP_CLAIMING || state == VIP_HOLDING);
}

/* Does this node ask for votes with its heartbeats? */
bool majority_is_claimed(const struct core *core)
{
    bool any = false;
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        enum vip_state state = arbiter_told_state(core, vip);
        any |= majority_decides(core, vip) && state != VIP_STANDBY && state != VIP_FAULT;
    }
    return any;
}

/*
 * Two clocks, of which neither is believed alone: NTP slews one, a suspended host stops the other.
 * For what this node may use time passes as fast as by either, for what it has promised as slowly
 * [SPEC R90].
 */
void majority_clock(struct core *core, const struct event *event)
{
    uint64_t span_ns = mono_elapsed(event->now, core->now);
    uint64_t raw_ns = mono_elapsed(event->raw, core->raw);
    core->claim_now = mono_add(core->claim_now, span_ns > raw_ns ? span_ns : raw_ns);
    core->vote_now = mono_add(core->vote_now, span_ns < raw_ns ? span_ns : raw_ns);
    core->raw = event->raw;
}

uint8_t majority_granted(const struct core *core, uint8_t vip)
{
    const struct lease *lease = &core->leases[vip];
    uint64_t usable_ns = lease_usable(core->config.vips[vip].lease_ns);
    uint8_t count = 0;
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        struct mono granted = lease_granted(lease, node);
        if (granted.ns != 0 && mono_before(core->claim_now, mono_add(granted, usable_ns))) {
            count++;
        }
    }
    return count;
}

/* The end of the lease by the claimant's clock. */
static struct mono end_of(const struct core *core, uint8_t vip)
{
    struct mono sent = voters_sent(core, &core->leases[vip]);
    return lease_end(sent, core->config.vips[vip].lease_ns);
}

/* The deadline for the keeper, by its clock. */
struct mono majority_until(const struct core *core, uint8_t vip)
{
    uint64_t left_ns = mono_elapsed(end_of(core, vip), core->claim_now);
    return mono_add(core->now, left_ns / SLEW_DENOMINATOR * SLEW_NUMERATOR);
}

/* Long enough granted by a majority to be worth an addition? The keeper may be late by the time of
 * a removal [SPEC R96]. */
bool majority_is_sure(const struct core *core, uint8_t vip)
{
    const struct core_vip *config = &core->config.vips[vip];
    struct mono until = majority_until(core, vip);
    uint64_t least_ns = config->least_ns + lease_removal(config->lease_ns);
    uint64_t worth_ns = config->least_ns == 0 ? early_ns(core, vip) : least_ns;
    return mono_before(mono_add(core->now, worth_ns + ADD_NS), until);
}

/* Is it time to release, before the keeper does? */
bool majority_ends(const struct core *core, uint8_t vip)
{
    return mono_reached(mono_add(core->now, early_ns(core, vip)), core->arbiters[vip].until);
}

static bool holds_any(const struct core *core)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        if (majority_decides(core, vip) && core->arbiters[vip].state == VIP_HOLDING) {
            return true;
        }
    }
    return false;
}

bool majority_is_used(const struct core *core)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        if (majority_decides(core, vip)) {
            return true;
        }
    }
    return false;
}

/* Do this node and a majority hear each other? Who holds a VIP has just been told so by a majority
 * [SPEC R98]. */
bool majority_is_seen(const struct core *core)
{
    struct mono then = mono_sub(core->judged, timing_detection(core->config.interval_ns));
    uint64_t seen = BIT(core->config.self);
    if (!majority_is_used(core)) {
        return false;
    }
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        if (node != core->config.self && membership_is_live(core, node) &&
            !membership_is_unheard(core, node, then) && core->members[node].hears_me) {
            seen |= BIT(node);
        }
    }
    return voters_are_enough(core, seen) || holds_any(core);
}

/* --- asking --- */

/* Between two questions to a voter that has not answered: a majority must have been able to. */
static uint64_t spacing_ns(const struct core *core)
{
    uint64_t trips_ns[NODES_MAX];
    uint8_t count = 0;
    uint8_t others = LEASE_MAJORITY(core->config.node_count) - 1;
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        if (node == core->config.self || !membership_is_live(core, node)) {
            continue;
        }
        uint8_t at = count++;
        uint64_t trip_ns = core->members[node].srtt_ns;
        for (; at > 0 && trips_ns[at - 1] > trip_ns; at--) {
            trips_ns[at] = trips_ns[at - 1];
        }
        trips_ns[at] = trip_ns;
    }
    uint64_t near_ns = others > 0 && others <= count ? 2 * trips_ns[others - 1] : 0;
    uint64_t least_ns = timing_ask_spacing(core->config.interval_ns);
    return near_ns > least_ns ? near_ns : least_ns;
}

/* Who is dead has promised nothing that is known, but cannot answer either. */
static bool may_answer(const struct core *core, uint8_t vip, uint8_t node, struct mono at)
{
    return membership_is_live(core, node) && mono_reached(at, core->leases[vip].refused[node]);
}

/* When enough voters will be free to form a majority, as they have said themselves; at once if that
 * cannot be known. */
static struct mono able_at(const struct core *core, uint8_t vip)
{
    uint8_t needed = LEASE_MAJORITY(core->config.node_count);
    struct mono able = MONO_NEVER;
    for (uint8_t i = 0; i < core->config.node_count; i++) {
        struct mono at = core->leases[vip].refused[i];
        uint8_t free = 0;
        for (uint8_t j = 0; j < core->config.node_count; j++) {
            if (may_answer(core, vip, j, at)) {
                free++;
            }
        }
        able = free >= needed ? mono_min(able, at) : able;
    }
    return able.ns == MONO_NEVER.ns ? core->now : able;
}

static struct mono sent_at(const struct core *core, uint64_t seq)
{
    bool known = seq != 0 && core->sent[seq % SENT_MAX].seq == seq;
    return known ? core->sent[seq % SENT_MAX].at : (struct mono){0};
}

/* Its own vote, for the record that it has published last, if that was of this claim. It needs no
 * datagram, and none brings it later [SPEC R95]. */
static void take_own(struct core *core, uint8_t vip)
{
    struct lease *lease = &core->leases[vip];
    uint8_t self = core->config.self;
    uint64_t rest_ns = 0;
    if (core->record.seq < lease->first_seq) {
        return;
    }
    if (voter_grants_itself(core, vip, &rest_ns)) {
        const struct ballot own = {.voter = self,
                                   .voters = voters_told(core, self),
                                   .sent = sent_at(core, core->record.seq)};
        voters_grant(core, lease, &own);
    } else {
        lease->refused[self] = mono_add(core->now, rest_ns);
    }
}

/* A question with a new seq to each voter that has not granted what was sent with the last
 * heartbeat [SPEC R97]. */
static void ask(struct core *core, uint8_t vip)
{
    struct lease *lease = &core->leases[vip];
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        if (!mono_before(lease_granted(lease, node), core->beat_sent) ||
            !mono_reached(core->now, lease->refused[node])) {
            continue;
        }
        if (node == core->config.self) {
            take_own(core, vip);
            core->dirty = true;
        } else {
            gossip_question(core, node, NODE_NONE);
        }
    }
    lease->ask_next = mono_max(mono_add(core->now, spacing_ns(core)), able_at(core, vip));
}

void majority_begin(struct core *core, uint8_t vip)
{
    lease_begin(&core->leases[vip], core->record.seq + 1);
    core->leases[vip].ask_next = core->now;
}

void majority_withdraw(struct core *core, uint8_t vip, enum reason reason)
{
    uint64_t out_ns = 2 * core->config.vips[vip].lease_ns;
    core->leases[vip].out_until = mono_add(core->now, out_ns);
    arbiter_set_state(core, vip, arbiter_may_hold(core, vip) ? VIP_RELEASING : VIP_STANDBY, reason);
}

/* The order to add it came to the keeper when too little of the lease was left: a busy machine. The
 * next answers make it longer. What the keeper did of it is being removed, and the votes are kept
 * until the kernel has confirmed that. */
void majority_is_late(struct core *core, uint8_t vip)
{
    struct lease *lease = &core->leases[vip];
    if (core->arbiters[vip].state != VIP_CLAIMING) {
        arbiter_set_state(core, vip, VIP_RELEASING, REASON_MAJORITY_LOST);
    } else if (lease->rounds == ROUNDS) {
        majority_withdraw(core, vip, REASON_MAJORITY_LOST);
    } else {
        lease->rounds++;
    }
}

/* A claimant without a majority asks twelve times; then it makes room for a while [SPEC R98]. */
void majority_seek(struct core *core, uint8_t vip)
{
    struct lease *lease = &core->leases[vip];
    if (!mono_reached(core->now, lease->ask_next)) {
        return;
    }
    if (lease->rounds == ROUNDS) {
        majority_withdraw(core, vip, REASON_NO_MAJORITY);
        return;
    }
    lease->rounds++;
    ask(core, vip);
}

static bool is_answered(const struct core *core, uint8_t vip)
{
    const struct lease *lease = &core->leases[vip];
    return mono_reached(voters_sent(core, lease), core->beat_sent);
}

/* A holder whose heartbeat a majority has not answered asks again until it has [SPEC R97]. */
void majority_keep(struct core *core, uint8_t vip)
{
    if (!is_answered(core, vip) && mono_reached(core->now, core->leases[vip].ask_next)) {
        ask(core, vip);
    }
}

struct mono majority_deadline(const struct core *core, uint8_t vip)
{
    const struct arbiter *arbiter = &core->arbiters[vip];
    const struct lease *lease = &core->leases[vip];
    struct mono deadline = MONO_NEVER;
    if (!majority_decides(core, vip)) {
        return deadline;
    }
    if (!mono_reached(core->now, lease->out_until)) {
        deadline = lease->out_until;
    }
    if (arbiter->state == VIP_HOLDING) {
        deadline = mono_min(deadline, mono_sub(arbiter->until, early_ns(core, vip)));
    }
    bool keeps = arbiter->state == VIP_HOLDING && !is_answered(core, vip);
    /* Nobody is asked again before the wire is silent [SPEC R66]. */
    bool seeks = arbiter->state == VIP_CLAIMING && !arbiter->adding && !arbiter->removing &&
                 election_holder(core, vip) == NODE_NONE &&
                 mono_reached(core->now, arbiter->probe_next);
    return keeps || seeks ? mono_min(deadline, lease->ask_next) : deadline;
}

/* --- counting --- */

/* Somebody has released it: what the voters said about him is out of date. */
void majority_heard(struct core *core, uint8_t vip)
{
    struct lease *lease = &core->leases[vip];
    if (core->arbiters[vip].state == VIP_CLAIMING) {
        __builtin_memset(lease->refused, 0, sizeof lease->refused);
        take_own(core, vip);
        lease->ask_next = core->now;
        core->dirty = true;
    }
}

static uint8_t vip_index(const struct core *core, uint32_t id)
{
    uint8_t vip = 0;
    while (vip < core->config.vip_count && core->config.vips[vip].id != id) {
        vip++;
    }
    return vip;
}

/* Who is said to have the vote has released it: the voter may have missed that, and gets it from
 * this node [SPEC R97]. But it may also have promised since, and know better: it is not told for
 * ever, as fast as it answers. */
static bool show_release(struct core *core, uint8_t vip, uint8_t voter, uint32_t holder)
{
    uint8_t node = core_node_index(core, holder);
    const struct record_vip *entry = node == NODE_NONE ? NULL : membership_entry(core, node, vip);
    if (entry == NULL || node == core->config.self || !voter_is_free(entry) ||
        !membership_is_live(core, node)) {
        return false;
    }
    struct lease *lease = &core->leases[vip];
    uint64_t seq = core->members[node].seq;
    lease->shown_count[voter] = lease->shown[voter] == seq ? lease->shown_count[voter] : 0;
    lease->shown[voter] = seq;
    if (lease->shown_count[voter] == SHOWN_MAX) {
        return false;
    }
    lease->shown_count[voter]++;
    gossip_relay(core, voter, node);
    gossip_question(core, voter, NODE_NONE);
    return true;
}

static void take_vote(struct core *core, const struct ballot *ballot, const struct vote *vote)
{
    uint8_t voter = ballot->voter;
    uint8_t vip = vip_index(core, vote->vip);
    struct lease *lease = &core->leases[vip];
    if (vote->verdict == VERDICT_GRANTED) {
        voters_grant(core, lease, ballot);
        return;
    }
    if (mono_before(ballot->sent, lease_granted(lease, voter))) {
        return; /* it has granted something newer since */
    }
    if (vote->verdict == VERDICT_PROMISED && show_release(core, vip, voter, vote->holder)) {
        return;
    }
    lease->refused[voter] = mono_add(core->now, vote->rest_ms * NS_PER_MS);
    lease->ask_next = mono_max(lease->ask_next, able_at(core, vip));
}

/*
 * What a voter says. It counts for a record of this incarnation only, whose time is known and that
 * is no older than the claim; and only in the set of voters that the voter names, so that two
 * majorities have one in common [SPEC R95, R101].
 */
void majority_take(struct core *core, const struct message_in *message)
{
    const struct grant *grant = &message->grant;
    const struct ballot ballot = {
        .voter = message->peer, .voters = grant->voters, .sent = sent_at(core, grant->seq)};
    if (grant->incarnation != core->config.incarnation || ballot.sent.ns == 0 ||
        !voters_are_known(core, grant->voters)) {
        return;
    }
    for (uint8_t i = 0; i < grant->vote_count; i++) {
        uint8_t vip = vip_index(core, grant->votes[i].vip);
        if (vip < core->config.vip_count && is_claimed(core, vip) &&
            grant->seq >= core->leases[vip].first_seq) {
            take_vote(core, &ballot, &grant->votes[i]);
            core->dirty = true;
        }
    }
}

/* This node has published a record: its time, and its own vote, which needs no datagram. */
void majority_published(struct core *core, bool beat)
{
    uint64_t seq = core->record.seq;
    core->sent[seq % SENT_MAX].seq = seq;
    core->sent[seq % SENT_MAX].at = core->claim_now;
    core->beat_sent = beat ? core->claim_now : core->beat_sent;
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        struct lease *lease = &core->leases[vip];
        if (!is_claimed(core, vip)) {
            continue;
        }
        take_own(core, vip);
        if (beat) {
            struct mono next = mono_add(core->now, spacing_ns(core));
            lease->ask_next = mono_max(next, able_at(core, vip));
        }
    }
}

/* The end of a step: what was granted meanwhile makes the address live longer. */
void majority_finish(struct core *core)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        const struct arbiter *arbiter = &core->arbiters[vip];
        struct lease *lease = &core->leases[vip];
        bool wanted = arbiter->state == VIP_HOLDING || arbiter->adding;
        if (!is_claimed(core, vip) || !wanted) {
            continue;
        }
        struct mono end = end_of(core, vip);
        /* What came too late to be worth anything moves nothing. */
        if (mono_before(lease->until, end) && mono_before(core->claim_now, end)) {
            lease->until = end;
            arbiter_order(core, vip, ACTION_DEADLINE);
        }
    }
}
