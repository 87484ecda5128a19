// SPDX-License-Identifier: MIT
/*
 * The votes of mode quorum, counted once more by what came and what was sent. What a node has said
 * to itself is not seen: it is believed to have granted whatever it may have.
 */
#include <string.h>

#include "core_guard.h"
#include "input.h"

uint32_t core_guard_voters(const struct core_config *config)
{
    uint32_t sum = 0;
    for (uint8_t node = 0; node < config->node_count; node++) {
        uint64_t mix = config->nodes[node].id;
        mix = (mix ^ mix >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
        mix = (mix ^ mix >> 27) * UINT64_C(0x94D049BB133111EB);
        sum += (uint32_t)(mix ^ mix >> 31);
    }
    return sum;
}

/* Of the set that it has, or had before the last change: never of another one [SPEC R95, R102]. */
static bool is_known(const struct core_guard *guard, uint32_t voters)
{
    return voters == core_guard_voters(guard->config) ||
           (guard->former_voters != 0 && voters == guard->former_voters);
}

static bool has_quorum(const struct core_guard *guard, uint8_t vip)
{
    return guard->config->vips[vip].mode == VIP_QUORUM;
}

static uint8_t vip_index(const struct core_guard *guard, uint32_t id)
{
    uint8_t vip = 0;
    while (vip < guard->config->vip_count && guard->config->vips[vip].id != id)
        vip++;
    return vip;
}

static const struct record_vip *entry_of(const struct record *record, uint32_t vip)
{
    for (uint8_t i = 0; i < record->vip_count; i++)
        if (record->vips[i].vip == vip)
            return &record->vips[i];
    return NULL;
}

void core_guard_votes_init(struct core_guard *guard)
{
    memset(guard->votes, 0, sizeof(guard->votes));
    memset(guard->peers, 0, sizeof(guard->peers));
    memset(guard->sent, 0, sizeof(guard->sent));
    guard->raw.ns = 0;
    guard->claim_ns = guard->vote_ns = guard->now.ns;
    guard->abstain_ns = guard->vote_ns + guard->config->abstain_ns;
    guard->slewed = false;
    guard->former_voters = 0;
    for (uint8_t vip = 0; vip < VIPS_MAX; vip++)
        guard->votes[vip].holder = NODE_NONE;
}

static void follow_clocks(struct core_guard *guard, const struct event *event)
{
    const uint64_t span_ns = event->now.ns - guard->now.ns;
    const uint64_t raw_ns = event->raw.ns - guard->raw.ns;
    guard->claim_ns += span_ns > raw_ns ? span_ns : raw_ns;
    guard->vote_ns += span_ns < raw_ns ? span_ns : raw_ns;
    guard->slewed = guard->slewed || (span_ns != raw_ns && guard->raw.ns != 0);
    guard->now = event->now;
    guard->raw = event->raw;
}

/* What a voter grants counts only for a record of the claim that runs, and from the moment when
 * that was published [SPEC R95]. */
static void take_grant(struct core_guard *guard, const struct message_in *message)
{
    const struct grant *grant = &message->grant;
    const uint64_t seq = grant->seq;
    if (grant->incarnation != guard->record.incarnation || seq == 0 ||
        !is_known(guard, grant->voters) || guard->sent[seq % SENT_KEPT].seq != seq)
        return;
    for (uint8_t i = 0; i < grant->vote_count; i++) {
        const uint8_t vip = vip_index(guard, grant->votes[i].vip);
        if (vip == guard->config->vip_count || grant->votes[i].verdict != VERDICT_GRANTED)
            continue;
        struct core_guard_votes *votes = &guard->votes[vip];
        const uint64_t sent_ns = guard->sent[seq % SENT_KEPT].claim_ns;
        if (seq >= votes->first_seq && sent_ns > votes->granted[message->peer])
            votes->granted[message->peer] = sent_ns;
    }
}

void core_guard_votes_before(struct core_guard *guard, const struct event *event)
{
    follow_clocks(guard, event);
    if (event->type == EVENT_MESSAGE && event->message->grant.vote_count > 0)
        take_grant(guard, event->message);
}

/* --- what it may hold by that --- */

/* By grants in the name of either set: while the voters change, a majority of the own set is needed
 * all the time, and one of the former set beside it [SPEC R101]. */
static uint64_t majority_sent_ns(const struct core_guard *guard, uint8_t vip)
{
    const struct core_guard_votes *votes = &guard->votes[vip];
    const unsigned needed = guard->config->node_count / 2U + 1;
    uint64_t best_ns = 0;
    for (uint8_t i = 0; i < guard->config->node_count; i++) {
        unsigned as_new = 0;
        for (uint8_t j = 0; j < guard->config->node_count; j++)
            as_new += votes->granted[j] >= votes->granted[i] ? 1 : 0;
        if (as_new >= needed && votes->granted[i] > best_ns)
            best_ns = votes->granted[i];
    }
    return best_ns;
}

/* The formulas of R95 and R96. */
static void check_until(const struct core_guard *guard, const struct action *action)
{
    const uint8_t vip = action->address.vip;
    const uint64_t lease_ns = guard->config->vips[vip].lease_ns;
    const uint64_t removal_ns = lease_ns / 8 < 20 * NS_PER_MS ? lease_ns / 8 : 20 * NS_PER_MS;
    const uint64_t sent_ns = majority_sent_ns(guard, vip);
    const uint64_t end_ns = sent_ns + lease_ns * 99 / 101 - removal_ns;
    const uint64_t left_ns = end_ns > guard->claim_ns ? end_ns - guard->claim_ns : 0;
    MUST(sent_ns != 0);
    MUST(action->address.until.ns <= guard->now.ns + left_ns * 89 / 100);
}

static void check_deadlines(struct core_guard *guard, const struct event *event)
{
    for (uint32_t i = 0; i < guard->actions.count; i++) {
        const struct action *action = &guard->actions.items[i];
        if (action->type != ACTION_ADDRESS_ADD && action->type != ACTION_DEADLINE)
            continue;
        const bool put_back = event->type == EVENT_ADDRESS &&
                              event->address.change == ADDRESS_LOST_FOREIGN &&
                              action->type == ACTION_ADDRESS_ADD;
        if (has_quorum(guard, action->address.vip) && !put_back)
            check_until(guard, action);
    }
}

static void follow_claims(struct core_guard *guard)
{
    for (uint32_t i = 0; i < guard->actions.count; i++) {
        const struct action *action = &guard->actions.items[i];
        if (action->type != ACTION_CHANGE || action->change.type != CHANGE_VIP ||
            action->change.to != VIP_CLAIMING || action->change.from == VIP_CLAIMING)
            continue;
        struct core_guard_votes *votes = &guard->votes[action->change.vip];
        memset(votes->granted, 0, sizeof(votes->granted));
        votes->first_seq = guard->record.seq + 1;
    }
}

static void follow_record(struct core_guard *guard)
{
    const uint64_t seq = core_record(guard->core)->seq;
    const bool is_alone = guard->config->node_count == 1; /* it publishes, and sends nothing */
    if ((guard->actions.send == 0 && !is_alone) || seq == guard->record.seq ||
        guard->sent[seq % SENT_KEPT].seq == seq)
        return;
    guard->sent[seq % SENT_KEPT].seq = seq;
    guard->sent[seq % SENT_KEPT].claim_ns = guard->claim_ns;
}

/* Its own vote needs no datagram, and may come later than the record that it is for. */
static void follow_itself(struct core_guard *guard)
{
    const uint64_t seq = core_record(guard->core)->seq;
    for (uint8_t vip = 0; vip < guard->config->vip_count; vip++) {
        struct core_guard_votes *votes = &guard->votes[vip];
        const bool promised = votes->holder != NODE_NONE && guard->vote_ns < votes->until_ns;
        const uint8_t state = guard->vips[vip].state;
        if ((state == VIP_CLAIMING || state == VIP_HOLDING) && !promised &&
            seq >= votes->first_seq && guard->vote_ns >= guard->abstain_ns)
            votes->granted[guard->config->self] = guard->sent[seq % SENT_KEPT].claim_ns;
    }
}

/* --- what it promises --- */

/* Has the holder of a promise said that it has released the VIP [SPEC R94]? */
static bool is_released(const struct core_guard *guard, const struct event *event, uint8_t vip)
{
    const struct core_guard_votes *votes = &guard->votes[vip];
    if (event->type != EVENT_MESSAGE)
        return false;
    for (uint8_t i = 0; i < event->message->record_count; i++) {
        const struct record *record = &event->message->records[i].record;
        const struct record_vip *entry = entry_of(record, guard->config->vips[vip].id);
        if (record->node == guard->config->nodes[votes->holder].id &&
            record->incarnation == votes->incarnation && record->seq >= votes->seq &&
            ((record->flags & RECORD_LEAVING) != 0 ||
             (entry != NULL && entry->state == VIP_STANDBY)))
            return true;
    }
    return false;
}

static uint64_t longest_lease_ns(const struct core_guard *guard)
{
    uint64_t longest_ns = 0;
    for (uint8_t vip = 0; vip < guard->config->vip_count; vip++)
        if (guard->config->vips[vip].lease_ns > longest_ns)
            longest_ns = guard->config->vips[vip].lease_ns;
    return longest_ns;
}

/* The claim that the grant answers, or one of several in the same message. */
static const struct record_vip *claim_of(const struct core_guard *guard, const struct event *event,
                                         uint8_t peer, uint8_t vip)
{
    const struct grant *grant = &guard->actions.out[peer].grant;
    const struct core_guard_peer *known = &guard->peers[peer];
    const uint32_t id = guard->config->vips[vip].id;
    const struct record_vip *claim = NULL;
    const unsigned count = event->type == EVENT_MESSAGE ? event->message->record_count : 0;
    for (unsigned i = 0; i < count; i++) {
        const struct record *record = &event->message->records[i].record;
        const struct record_vip *entry = entry_of(record, id);
        if (record->node == guard->config->nodes[peer].id && record->seq <= grant->seq &&
            record->incarnation == grant->incarnation && entry != NULL &&
            entry->state != VIP_STANDBY && entry->mode == VIP_QUORUM && entry->lease_ms > 0 &&
            entry->lease_ms <= longest_lease_ns(guard) / NS_PER_MS)
            claim = entry;
    }
    if (claim == NULL) {
        MUST(known->incarnation == grant->incarnation && known->record.seq == grant->seq);
        claim = entry_of(&known->record, id);
    }
    MUST(claim != NULL);
    return claim;
}

/* One promise at a time, and none that the host would not remember [SPEC R92, R99]. */
static void check_promise(struct core_guard *guard, const struct event *event, uint8_t peer,
                          uint8_t vip)
{
    const struct grant *grant = &guard->actions.out[peer].grant;
    const struct record_vip *entry = claim_of(guard, event, peer, vip);
    struct core_guard_votes *votes = &guard->votes[vip];
    MUST(guard->vote_ns >= guard->abstain_ns);
    MUST(entry->mode == VIP_QUORUM);
    MUST(entry->state != VIP_STANDBY && entry->state != VIP_FAULT);
    const uint64_t lease_ns = entry->lease_ms * NS_PER_MS;
    MUST(lease_ns > 0 && lease_ns <= longest_lease_ns(guard));
    if (votes->holder != NODE_NONE && is_released(guard, event, vip))
        votes->holder = NODE_NONE;
    const bool same = votes->holder == peer && votes->incarnation == grant->incarnation;
    const bool promised = votes->holder != NODE_NONE && guard->vote_ns < votes->until_ns;
    MUST(same || !promised);
    MUST(!same || !promised || grant->seq >= votes->seq);
    const uint64_t until_ns = guard->vote_ns + lease_ns;
    votes->until_ns = same && votes->until_ns > until_ns ? votes->until_ns : until_ns;
    votes->holder = peer;
    votes->incarnation = grant->incarnation;
    votes->seq = grant->seq;
    if (is_released(guard, event, vip))
        votes->holder = NODE_NONE; /* by what came behind, in the same message */
}

static void check_grant(struct core_guard *guard, const struct event *event, uint8_t peer)
{
    const struct grant *grant = &guard->actions.out[peer].grant;
    uint64_t said = 0;
    MUST(grant->vote_count <= guard->config->vip_count);
    MUST(grant->incarnation == core_member_incarnation(guard->core, peer));
    MUST(grant->seq != 0 && grant->seq <= core_member_seq(guard->core, peer));
    MUST(is_known(guard, grant->voters));
    for (uint8_t i = 0; i < grant->vote_count; i++) {
        const struct vote *vote = &grant->votes[i];
        const uint8_t vip = vip_index(guard, vote->vip);
        MUST(vip < guard->config->vip_count && has_quorum(guard, vip) && (said >> vip & 1) == 0);
        said |= UINT64_C(1) << vip;
        MUST(vote->verdict < VERDICT_COUNT && vote->rest_ms <= 60000);
        MUST(vote->holder == ID_NONE || core_node_index(guard->core, vote->holder) != NODE_NONE);
        if (vote->verdict == VERDICT_GRANTED)
            check_promise(guard, event, peer, vip);
    }
}

/* The newest records, as the core has taken them; of two with the same seq the first. */
static void follow_records(struct core_guard *guard, const struct event *event)
{
    if (event->type != EVENT_MESSAGE)
        return;
    for (uint8_t i = 0; i < event->message->record_count; i++) {
        const struct record *record = &event->message->records[i].record;
        const uint8_t node = core_node_index(guard->core, record->node);
        if (node == NODE_NONE || node == guard->config->self ||
            record->incarnation != core_member_incarnation(guard->core, node) ||
            record->seq != core_member_seq(guard->core, node))
            continue;
        struct core_guard_peer *peer = &guard->peers[node];
        if (peer->incarnation != record->incarnation || peer->record.seq != record->seq)
            *peer = (struct core_guard_peer){record->incarnation, *record};
    }
}

void core_guard_votes_after(struct core_guard *guard, const struct event *event)
{
    follow_records(guard, event);
    for (uint8_t vip = 0; vip < guard->config->vip_count; vip++)
        if (guard->votes[vip].holder != NODE_NONE && is_released(guard, event, vip))
            guard->votes[vip].holder = NODE_NONE;
    follow_claims(guard);
    for (uint8_t peer = 0; peer < guard->config->node_count; peer++)
        if ((guard->actions.send >> peer & 1) != 0 && guard->actions.out[peer].grant.vote_count > 0)
            check_grant(guard, event, peer);
    follow_record(guard);
    follow_itself(guard);
    check_deadlines(guard, event);
}

/* A promise is kept, whatever the configuration becomes. */
void core_guard_votes_reconfigure(struct core_guard *guard, const struct core_config *config,
                                  const struct core_reload *reload)
{
    struct core_guard_votes votes[VIPS_MAX];
    struct core_guard_peer *peers = guard->peers;
    struct core_guard_peer before[NODES_MAX];
    memcpy(before, peers, sizeof(before));
    memset(votes, 0, sizeof(votes));
    if (core_guard_voters(config) != core_guard_voters(guard->config))
        guard->former_voters = core_guard_voters(guard->config);
    for (uint8_t vip = 0; vip < config->vip_count; vip++) {
        const struct core_guard_votes *former = &guard->votes[reload->vip_was[vip] % VIPS_MAX];
        votes[vip].holder = NODE_NONE;
        if (reload->vip_was[vip] == CORE_NEW)
            continue;
        votes[vip] = *former;
        votes[vip].holder = NODE_NONE;
        for (uint8_t node = 0; node < config->node_count; node++) {
            const uint8_t was = reload->node_was[node];
            votes[vip].granted[node] = was == CORE_NEW ? 0 : former->granted[was];
            if (was != CORE_NEW && was == former->holder)
                votes[vip].holder = node;
        }
    }
    for (uint8_t node = 0; node < config->node_count; node++)
        peers[node] = reload->node_was[node] == CORE_NEW ? (struct core_guard_peer){0}
                                                         : before[reload->node_was[node]];
    memcpy(guard->votes, votes, sizeof(votes));
}
