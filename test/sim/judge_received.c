// SPDX-License-Identifier: MIT
#include "judge_private.h"

/* --- what was received --- */

void judge_receiving(struct judge *judge, uint8_t node)
{
    for (uint8_t vip = 0; vip < cluster_vip_count(judge->cluster); vip++) {
        cluster_view_vip(judge->cluster, node, vip, &judge->before[vip]);
    }
}

static bool views_differ(const struct judge *judge, uint8_t node)
{
    for (uint8_t vip = 0; vip < cluster_vip_count(judge->cluster); vip++) {
        const struct vip_view *before = &judge->before[vip];
        struct vip_view after;
        cluster_view_vip(judge->cluster, node, vip, &after);
        if (before->state != after.state || before->holder != after.holder ||
            before->holders != after.holders) {
            return true;
        }
    }
    return false;
}

/* Number of a life of a node, from 1 on; 0: not one of it, or too long ago. */
static unsigned find_life(const struct judge_node *node, uint64_t incarnation)
{
    for (unsigned back = 1; back <= node->life_count && back <= LIVES_MAX; back++) {
        if (node->lives[(node->life_count - back) % LIVES_MAX].incarnation == incarnation) {
            return node->life_count - back + 1;
        }
    }
    return 0;
}

/*
 * The incarnation is that of a node which ran while the challenge was under way. Who held an echo
 * back can make that long, but not longer than the asker has run.
 */
static void judge_confirmed(struct judge *judge, uint8_t node, uint8_t other,
                            enum cluster_origin origin)
{
    uint64_t former = judge->nodes[node].known[other].former;
    const struct judge_node *state = &judge->nodes[other];
    uint64_t incarnation = core_member_incarnation(cluster_core(judge->cluster, node), other);
    unsigned life = find_life(state, incarnation);
    bool backwards = former != 0 && life < find_life(state, former);
    uint64_t ended_ns = life == 0 ? 0 : state->lives[(life - 1) % LIVES_MAX].ended_ns;
    uint64_t allowed_ns = 4 * judge->delay_peak_ns + judge_detection_ns(judge) + 3 * NS_PER_S;
    bool late = origin == ORIGIN_LATE ? ended_ns < judge->nodes[node].started_ns
                                      : since(judge, ended_ns) > allowed_ns &&
                                            judge_is_steady(judge, node, allowed_ns);
    if (incarnation != 0 && (life == 0 || backwards || late)) {
        judge_break(judge, RULE_ENDED, node, 0);
    }
}

/*
 * A record that came in another way than straight is as old as its author's clock says, but for the
 * time on the wire. What lay in the socket of a stalled relay is not counted [SPEC S3].
 */
static void judge_age(struct judge *judge, uint8_t node, uint8_t other, uint64_t seq)
{
    struct judge_node *author = &judge->nodes[other];
    unsigned at = (unsigned)(seq % PUBLISHED_MAX);
    bool known = author->published[at].seq == seq && seq != 0 && author->life_count > 0 &&
                 author->lives[(author->life_count - 1) % LIVES_MAX].incarnation ==
                     judge->nodes[node].known[other].incarnation;
    for (uint8_t n = 0; n < cluster_node_count(judge->cluster); n++) {
        known &= since(judge, judge->nodes[n].stalled_until_ns) > 30 * NS_PER_S;
    }
    struct node_view view;
    cluster_view_node(judge->cluster, node, other, &view);
    uint64_t age_ns = since(judge, author->published[at].at_ns);
    /* Sent within T/32 of its signature it counts as new [SPEC R11]. */
    uint64_t allowed_ns =
        age_ns / 40 + judge->interval_ns / 16 + 4 * judge->delay_peak_ns + SLACK_NS;
    if (known && view.last_heard_ns != VIEW_UNKNOWN_NS &&
        view.last_heard_ns + allowed_ns < age_ns) {
        judge_break(judge, RULE_AGE, node, 0);
    }
}

/* Of each sender two incarnations have a window of counters; that of the other one goes along when
 * it is confirmed [SPEC D5]. */
static void follow_window(struct judge *judge, uint8_t node, uint8_t other)
{
    struct judge_node *state = &judge->nodes[node];
    bool goes_along = state->known[other].other == state->known[other].incarnation;
    state->known[other].window_ns = goes_along ? state->known[other].other_ns : now_of(judge);
    state->known[other].other = 0;
}

static void follow_other_window(struct judge *judge, const struct cluster_news *news)
{
    struct judge_node *state = &judge->nodes[news->node];
    uint64_t incarnation = news->incarnation;
    const struct core *core = cluster_core(judge->cluster, news->node);
    if (core_incarnation_is_dead(core, news->peer, incarnation)) {
        return; /* its window is that of the former one: it may ask about itself [SPEC R24] */
    }
    if (news->drop == DROP_NONE && incarnation != state->known[news->peer].incarnation &&
        incarnation != state->known[news->peer].other) {
        state->known[news->peer].other = incarnation;
        state->known[news->peer].other_ns = now_of(judge);
    }
}

/* Twelve questions have to follow what came straight from a node and ended any suspicion [SPEC
 * R32].
 */
static void forget_questions(struct judge *judge, uint8_t node, uint8_t other)
{
    struct node_view view;
    cluster_view_node(judge->cluster, node, other, &view);
    if (view.state == MEMBER_ALIVE && view.last_heard_ns == 0) {
        judge->nodes[node].known[other].asked = 0;
        judge->nodes[node].known[other].asked_ns = 0;
    }
}

static void follow_members(struct judge *judge, uint8_t node, enum cluster_origin origin)
{
    bool must_stay = origin == ORIGIN_FORGED || origin == ORIGIN_REPLAY;
    const struct core *core = cluster_core(judge->cluster, node);
    for (uint8_t other = 0; other < cluster_node_count(judge->cluster); other++) {
        if (other == node) {
            continue;
        }
        uint64_t incarnation = core_member_incarnation(core, other);
        uint64_t seq = core_member_seq(core, other);
        bool same = judge->nodes[node].known[other].incarnation == incarnation;
        uint64_t former_seq = judge->nodes[node].known[other].seq;
        if (must_stay && (!same || seq != former_seq)) {
            judge_break(judge, RULE_REPLAYED, node, 0);
        }
        if (same && seq < former_seq) {
            judge_break(judge, RULE_BACKWARDS, node, 0);
        }
        judge->nodes[node].known[other].former = judge->nodes[node].known[other].incarnation;
        judge->nodes[node].known[other].incarnation = incarnation;
        judge->nodes[node].known[other].seq = seq;
        forget_questions(judge, node, other);
        if (!same || seq != former_seq) {
            judge_rival(judge, node, other);
        }
        if (same && seq != former_seq && !judge->attacker && !judge->slewed) {
            judge_age(judge, node, other, seq);
        }
        if (!same) {
            follow_window(judge, node, other);
            judge_confirmed(judge, node, other, origin);
        }
    }
}

/* A datagram that was taken since the window of its incarnation began is not taken again. */
static void judge_replay(struct judge *judge, const struct cluster_news *news)
{
    const struct judge_node *state = &judge->nodes[news->node];
    bool confirmed = state->known[news->peer].incarnation == news->incarnation;
    bool other = state->known[news->peer].other == news->incarnation;
    uint64_t window_ns =
        confirmed ? state->known[news->peer].window_ns : state->known[news->peer].other_ns;
    if (news->drop == DROP_NONE && news->taken_ns != 0 && (confirmed || other) &&
        news->taken_ns > window_ns) {
        judge_break(judge, RULE_REPLAYED, news->node, 0);
    }
}

void judge_received(struct judge *judge, const struct cluster_news *news)
{
    bool hostile = news->origin == ORIGIN_FORGED || news->origin == ORIGIN_REPLAY;
    if (!cluster_is_alive(judge->cluster, news->node)) {
        return;
    }
    if (news->origin == ORIGIN_FORGED && news->drop == DROP_NONE) {
        judge_break(judge, RULE_FORGED, news->node, 0);
    }
    if (news->origin == ORIGIN_LATE && news->drop == DROP_NONE) {
        judge_late(judge); /* a datagram that took longer than S2 allows */
    }
    judge_replay(judge, news);
    follow_other_window(judge, news);
    follow_members(judge, news->node, news->origin);
    /* One of a life that never was confirmed is a reason for a step, in which time may do its own.
     */
    if (hostile && news->drop != DROP_NONE && views_differ(judge, news->node)) {
        judge_break(judge, RULE_REPLAYED, news->node, 0);
    }
}
