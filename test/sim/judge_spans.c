// SPDX-License-Identifier: MIT
#include "judge_private.h"

/* --- spans that are too long --- */

/* Two that can hear each other: how long may both have it? */
static void judge_dual(struct judge *judge, uint8_t vip)
{
    const struct judge_vip *state = &judge->vips[vip];
    uint64_t delay_ns = judge_delay_ns(judge);
    uint64_t allowed_ns =
        judge->interval_ns + 3 * delay_ns + CLUSTER_REMOVE_NS + SLACK_NS + judge->kernel_ns;
    if (!judge->direct || judge->weather.loss_permille > 0) {
        allowed_ns += 4 * judge->interval_ns + judge_detection_ns(judge);
    }
    allowed_ns = by_any_clock(judge, allowed_ns);
    uint64_t from_ns = longest(state->dual_since_ns, judge->paths_ns);
    bool all_are_run = true;
    for (uint8_t node = 0; node < cluster_node_count(judge->cluster); node++) {
        bool has_it = (state->holders & BIT(node)) != 0;
        all_are_run &= !has_it || judge_is_steady(judge, node, allowed_ns);
    }
    if (judge->good_since_ns != NEVER && since(judge, from_ns) > allowed_ns &&
        since(judge, judge->good_since_ns) > allowed_ns && all_are_run) {
        judge_break(judge, RULE_MEET, (uint8_t)__builtin_ctzll(state->holders), vip);
    }
}

/* In the weather of S2 whoever hears both tells each of the other one: two holders last no longer
 * than that takes, whatever paths are cut [SPEC R13, S2]. */
static void judge_introduced(struct judge *judge, uint8_t vip)
{
    const struct judge_vip *state = &judge->vips[vip];
    uint64_t allowed_ns = 3 * judge_delay_ns(judge) + 2 * (CLUSTER_ADD_NS + judge->kernel_ns) +
                          CLUSTER_REMOVE_NS + judge->kernel_ns + SLACK_NS;
    if (!judge_is_settled(judge) || judge->weather.loss_permille > 0 ||
        since(judge, state->dual_since_ns) <= allowed_ns) {
        return;
    }
    uint64_t settle_ns = judge_convergence_ns(judge);
    for (uint8_t node = 0; node < cluster_node_count(judge->cluster); node++) {
        bool has_it = (judge_awake_holders(judge, vip) & BIT(node)) != 0;
        if (has_it && !judge_is_steady(judge, node, settle_ns)) {
            return;
        }
    }
    judge_break(judge, RULE_DUAL, (uint8_t)__builtin_ctzll(state->holders), vip);
}

static unsigned count_live(const struct judge *judge)
{
    unsigned count = 0;
    for (uint8_t node = 0; node < cluster_node_count(judge->cluster); node++) {
        count += cluster_is_alive(judge->cluster, node) ? 1U : 0U;
    }
    return count;
}

/* Has the node confirmed, some time ago, the incarnation of the other one that runs now, and not
 * declared it dead? One that cannot answer is not raised again [SPEC R38]. */
static bool knows(const struct judge *judge, uint8_t node, uint8_t other, uint64_t span_ns)
{
    struct node_view view;
    cluster_view_node(judge->cluster, node, other, &view);
    return view.state == MEMBER_ALIVE &&
           since(judge, judge->nodes[node].known[other].alive_ns) > span_ns &&
           judge->nodes[node].known[other].incarnation ==
               cluster_core_config(judge->cluster, other)->incarnation;
}

/* Two holders, of which the lower does not hear the higher, and nobody relays: the higher yields
 * [SPEC R68]. */
static void judge_deaf(struct judge *judge, uint8_t vip)
{
    const struct cluster *cluster = judge->cluster;
    uint64_t holders = judge->vips[vip].holders;
    uint64_t allowed_ns = by_any_clock(judge, 8 * judge->interval_ns + judge_detection_ns(judge)) +
                          judge_slow_ns(judge);
    uint64_t from_ns = longest(judge->vips[vip].dual_since_ns, judge->paths_ns);
    if (judge->weather.loss_permille > 0 || since(judge, from_ns) <= allowed_ns ||
        judge_delay_ns(judge) > judge->interval_ns / 8 || __builtin_popcountll(holders) != 2 ||
        count_live(judge) != 2) {
        return;
    }
    uint8_t a = (uint8_t)__builtin_ctzll(holders);
    uint8_t b = (uint8_t)__builtin_ctzll(holders & (holders - 1));
    bool heard = (cluster_is_joined(cluster, a, b) && knows(judge, b, a, allowed_ns)) ||
                 (cluster_is_joined(cluster, b, a) && knows(judge, a, b, allowed_ns));
    if (heard && judge_is_steady(judge, a, allowed_ns) && judge_is_steady(judge, b, allowed_ns)) {
        judge_break(judge, RULE_DEAF, a, vip);
    }
}

/* Somebody who could have it, and has been there for long enough to know that. */
static bool has_candidate(const struct judge *judge, uint8_t vip, uint64_t steady_ns)
{
    for (uint8_t node = 0; node < cluster_node_count(judge->cluster); node++) {
        if (!judge_is_steady(judge, node, steady_ns) || judge->nodes[node].in_order) {
            continue;
        }
        const struct record *record = core_record(cluster_core(judge->cluster, node));
        const struct record_vip *entry = &record->vips[vip];
        const struct core_config *config = cluster_core_config(judge->cluster, node);
        bool is_named = (config->vips[vip].candidates >> node & 1) != 0;
        /* Who was refused by the voters stands back, and has to come again [SPEC R98]. */
        bool ready = judge->mode == VIP_QUORUM ? is_named : entry->ready != VIP_READY_NO;
        bool healthy = (record->flags & (RECORD_HEALTHY | RECORD_DRAINED)) == RECORD_HEALTHY &&
                       entry->unhealthy == 0;
        if (ready && entry->state != VIP_FAULT && (healthy || judge->fail_open) &&
            judge_hears_majority(judge, node)) {
            return true;
        }
    }
    return false;
}

bool judge_is_silent(const struct judge *judge, uint8_t node)
{
    return !cluster_is_alive(judge->cluster, node) || cluster_is_stalled(judge->cluster, node);
}

bool judge_is_patient(const struct judge *judge)
{
    const struct cluster *cluster = judge->cluster;
    for (uint8_t a = 0; a < cluster_node_count(cluster); a++) {
        for (uint8_t b = 0; b < cluster_node_count(cluster); b++) {
            struct node_view view;
            if (a == b || !cluster_is_alive(cluster, a) || !judge_is_silent(judge, b)) {
                continue;
            }
            cluster_view_node(cluster, a, b, &view);
            if (!view.hears_me && (view.state == MEMBER_ALIVE || view.state == MEMBER_SUSPECT)) {
                return true;
            }
        }
    }
    return false;
}

/* Patience ends with a verdict, and what follows from that takes its time. */
static uint64_t patience_ns(struct judge *judge)
{
    if (judge_is_patient(judge)) {
        judge->patient_ns = now_of(judge);
    }
    bool lately =
        judge->patient_ns != 0 && since(judge, judge->patient_ns) < judge_detection_ns(judge);
    return lately ? 5 * judge_slow_ns(judge) : 0;
}

/* What slow paths of before left in the measures of those that wait for a node: grace and last wait
 * go by them [SPEC R3]. */
static uint64_t round_trips_ns(const struct judge *judge)
{
    const struct cluster *cluster = judge->cluster;
    uint64_t most_ns = 0;
    for (uint8_t a = 0; a < cluster_node_count(cluster); a++) {
        for (uint8_t b = 0; b < cluster_node_count(cluster); b++) {
            struct node_view view;
            if (a == b || !cluster_is_alive(cluster, a) || !judge_is_silent(judge, b)) {
                continue;
            }
            cluster_view_node(cluster, a, b, &view);
            most_ns = longest(most_ns, view.rtt_ns == VIEW_UNKNOWN_NS ? 0 : 4 * view.rtt_ns);
        }
    }
    return shortest(most_ns, 8 * judge->delay_peak_ns);
}

/* Of one death, or of several in one moment: how long until somebody has taken over? [SPEC S3] */
static uint64_t takeover_ns(struct judge *judge)
{
    unsigned silent = 0;
    bool starts = false;
    bool stalled = false;
    uint64_t memory_ns =
        by_any_clock(judge, judge_slow_ns(judge) + 2 * judge_detection_ns(judge) +
                                4 * judge->interval_ns + 2 * judge_voting_ns(judge));
    for (uint8_t node = 0; node < cluster_node_count(judge->cluster); node++) {
        const struct judge_node *state = &judge->nodes[node];
        bool down = state->down_since_ns != NEVER;
        silent += down && since(judge, state->down_since_ns) < memory_ns ? 1U : 0U;
        starts |= since(judge, state->started_ns) < memory_ns;
        stalled |= since(judge, state->stalled_until_ns) < memory_ns;
    }
    uint64_t span_ns = judge_detection_ns(judge) + judge->interval_ns / 2;
    span_ns += silent > 3 ? (silent - 2) * judge->interval_ns : 0;
    span_ns += starts ? 2 * judge_detection_ns(judge) + 12 * judge_spacing_ns(judge) : 0;
    span_ns += judge->weather.loss_permille > 0 ? 2 * judge->interval_ns : 0;
    /* Who started anew knows of no holder, and asks the wire, as who hears nobody does [SPEC R66].
     */
    span_ns += starts || count_live(judge) == 1 ? 4 * PROBE_NS : 0;
    /* A holder that does not hear whoever listens is given five beats [SPEC R30]. */
    span_ns += judge->direct ? 0 : judge_detection_ns(judge) + 5 * judge->interval_ns;
    /* What lay in the sockets of a node that was stalled is passed on as if it were news. */
    span_ns += stalled ? 2 * judge_detection_ns(judge) : 0;
    span_ns += patience_ns(judge);
    span_ns += round_trips_ns(judge);
    if (judge->mode == VIP_QUORUM) {
        span_ns += 4 * judge->lease_ns + 2 * judge->interval_ns;
        span_ns += starts ? judge_voting_ns(judge) : 0;
    }
    span_ns += 2 * judge->kernel_ns;
    return by_any_clock(judge, span_ns) + 8 * judge_delay_ns(judge) + SLACK_NS;
}

static void judge_gap(struct judge *judge, uint8_t vip)
{
    struct judge_vip *state = &judge->vips[vip];
    if (!judge_is_settled(judge) || !has_candidate(judge, vip, judge_convergence_ns(judge))) {
        state->candidate_since_ns = NEVER;
        return;
    }
    state->candidate_since_ns = shortest(state->candidate_since_ns, now_of(judge));
    uint64_t from_ns = longest(state->vacant_since_ns, judge->fault_ns);
    if (since(judge, longest(from_ns, state->candidate_since_ns)) > takeover_ns(judge)) {
        judge_break(judge, RULE_GAP, 0, vip);
    }
}

/* An engine that is stalled has a keeper: the address goes at the deadline, which comes no later
 * than the others' verdict, but for the difference of two clocks. */
static void judge_deadline(struct judge *judge, uint8_t vip)
{
    const struct judge_vip *state = &judge->vips[vip];
    uint64_t allowed_ns =
        judge_detection_ns(judge) / 10 + 2 * CLUSTER_ADD_NS + SLACK_NS + judge->kernel_ns;
    if (!judge_is_settled(judge) || since(judge, state->dual_since_ns) <= allowed_ns) {
        return;
    }
    for (uint8_t node = 0; node < cluster_node_count(judge->cluster); node++) {
        if ((judge_rivals(judge, vip) & BIT(node)) != 0 &&
            cluster_is_stalled(judge->cluster, node)) {
            judge_break(judge, RULE_DUAL, node, vip);
        }
    }
}

void judge_look(struct judge *judge)
{
    for (uint8_t vip = 0; vip < cluster_vip_count(judge->cluster); vip++) {
        if (judge->vips[vip].dual_since_ns != NEVER && judge->mode == VIP_AVAILABLE) {
            judge_dual(judge, vip);
            judge_introduced(judge, vip);
            judge_deadline(judge, vip);
            judge_deaf(judge, vip);
        }
        if (judge->vips[vip].vacant_since_ns != NEVER) {
            judge_gap(judge, vip);
        }
    }
}
