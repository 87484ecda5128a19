// SPDX-License-Identifier: MIT
#include "judge_private.h"

static const struct {
    const char *number;
    const char *text;
} rules[] = {
#define X(name, number, text) [RULE_##name] = {number, text},
    RULES(X)
#undef X
};
_Static_assert(sizeof rules / sizeof rules[0] == RULE_COUNT, "a number and a sentence each");

const char *rule_number(enum rule rule)
{
    return rules[rule].number;
}

const char *rule_text(enum rule rule)
{
    return rules[rule].text;
}

/* --- breaking --- */

void judge_break(struct judge *judge, enum rule rule, uint8_t node, uint8_t vip)
{
    if (judge->broken != RULE_NONE) {
        return;
    }
    judge->broken = rule;
    judge->broken_node = node;
    judge->broken_vip = vip;
    cluster_halt(judge->cluster);
    journal_say(judge->journal, now_of(judge), "VIOLATION of %s: %s (node %s, vip%u)",
                rule_number(rule), rule_text(rule), cluster_node_name(judge->cluster, node), vip);
}

/* --- who holds it --- */

uint64_t judge_awake_holders(const struct judge *judge, uint8_t vip)
{
    uint64_t awake = 0;
    for (uint8_t node = 0; node < cluster_node_count(judge->cluster); node++) {
        bool has_it = (judge->vips[vip].holders & BIT(node)) != 0;
        awake |= has_it && !cluster_is_frozen(judge->cluster, node) ? BIT(node) : 0;
    }
    return awake;
}

void judge_count_holders(struct judge *judge, uint8_t vip)
{
    struct judge_vip *state = &judge->vips[vip];
    uint64_t now_ns = now_of(judge);
    if (__builtin_popcountll(judge_rivals(judge, vip)) < 2) {
        state->dual_since_ns = NEVER;
    } else if (state->dual_since_ns == NEVER) {
        state->dual_since_ns = now_ns;
    }
    if (judge_awake_holders(judge, vip) != 0) {
        state->vacant_since_ns = NEVER;
        state->candidate_since_ns = NEVER;
    } else if (state->vacant_since_ns == NEVER) {
        state->vacant_since_ns = now_ns;
    }
}

/*
 * A node got an address that another one has. Only two that claimed in the same moment may meet so:
 * neither had heard the other's claim when its own kernel was asked; or two that a cut has parted,
 * and neither of them had to notice yet [SPEC S2].
 */
static void judge_install(struct judge *judge, uint8_t node, uint8_t vip)
{
    const struct judge_vip *state = &judge->vips[vip];
    uint64_t settle_ns = judge_convergence_ns(judge);
    uint64_t moment_ns =
        (judge->direct ? 1 : 3) * judge_delay_ns(judge) + 2 * (CLUSTER_ADD_NS + judge->kernel_ns);
    if (judge->weather.loss_permille > 0) {
        moment_ns += judge->interval_ns;
    }
    if (!judge_is_settled(judge) || !judge_is_steady(judge, node, settle_ns) ||
        judge->mode == VIP_QUORUM) {
        return;
    }
    for (uint8_t other = 0; other < cluster_node_count(judge->cluster); other++) {
        if (other == node || (judge_rivals(judge, vip) & BIT(other)) == 0 ||
            since(judge, state->installed_ns[other]) <= moment_ns) {
            continue;
        }
        if (judge_parted_lately(judge, node, other)) {
            continue; /* others introduce them: judge_introduced() */
        }
        if (judge_is_steady(judge, other, settle_ns)) {
            judge_break(judge, RULE_DUAL, node, vip);
        }
    }
}

/* Without a fault nothing moves. */
static void judge_stillness(struct judge *judge, uint8_t node, uint8_t vip)
{
    uint64_t span_ns = judge_convergence_ns(judge);
    bool patient = judge->patient || judge->patient_ns >= judge->fault_ns;
    span_ns += patient ? 5 * judge_slow_ns(judge) : 0;
    if (judge_is_settled(judge) && judge->weather.loss_permille == 0 &&
        since(judge, judge->backoff_until_ns) > span_ns &&
        since(judge, judge->fault_ns) > span_ns) {
        judge_break(judge, RULE_STILL, node, vip);
    }
}

static void installed(struct judge *judge, uint8_t node, uint8_t vip)
{
    struct judge_vip *state = &judge->vips[vip];
    state->holders |= BIT(node);
    state->kept &= ~BIT(node);
    state->excused &= ~BIT(node);
    state->installed_ns[node] = now_of(judge);
    for (uint8_t other = 0; other < cluster_node_count(judge->cluster); other++) {
        state->taken[other] |= state->successor[other] == node;
    }
    journal_say(judge->journal, now_of(judge), "%s has vip%u",
                cluster_node_name(judge->cluster, node), vip);
    judge_stillness(judge, node, vip);
    if (state->foreign_ns[node] == 0) { /* put back it is nobody new */
        judge_install(judge, node, vip);
    }
    state->foreign_ns[node] = 0;
    judge_count_holders(judge, vip);
}

static void removed(struct judge *judge, uint8_t node, uint8_t vip)
{
    if ((judge->vips[vip].kept & BIT(node)) != 0) {
        judge_fault(judge); /* at last: only now others may take it */
    }
    judge->vips[vip].holders &= ~BIT(node);
    judge->vips[vip].kept &= ~BIT(node);
    judge->vips[vip].excused &= ~BIT(node);
    journal_say(judge->journal, now_of(judge), "%s has no vip%u any more",
                cluster_node_name(judge->cluster, node), vip);
    judge_stillness(judge, node, vip);
    judge_count_holders(judge, vip);
}

/* --- what the cores say --- */

static void judge_member(struct judge *judge, uint8_t node, const struct change *change)
{
    uint8_t other = change->node;
    const struct judge_node *state = &judge->nodes[other];
    uint64_t incarnation = core_member_incarnation(cluster_core(judge->cluster, node), other);
    if (change->to == MEMBER_ALIVE) {
        judge->nodes[node].known[other].alive_ns = now_of(judge);
    } else if (change->to == MEMBER_DEAD) {
        judge->nodes[node].known[other].alive_ns = NEVER;
    }
    if (change->to == MEMBER_DEAD && judge->nodes[node].known[other].asked < 12) {
        judge_break(judge, RULE_ROUNDS, node, 0);
    }
    if (change->to != MEMBER_DEAD || !judge_is_settled(judge) || state->life_count == 0 ||
        judge->slewed) {
        return;
    }
    bool newest = state->lives[(state->life_count - 1) % LIVES_MAX].incarnation == incarnation;
    const struct judge_node *own = &judge->nodes[node];
    /* A stall of its own is no excuse: it makes the rounds later, never fewer [SPEC R32]. */
    if (!newest || since(judge, own->started_ns) < judge_convergence_ns(judge) ||
        since(judge, own->frozen_until_ns) < judge_convergence_ns(judge)) {
        return;
    }
    if (judge_is_steady(judge, other, 2 * judge->interval_ns)) {
        judge_break(judge, RULE_DEATH, node, 0);
    }
    if (state->in_order && (state->told & BIT(node)) != 0) {
        judge_break(judge, RULE_LEFT, node, 0);
    }
}

/* Back-offs begin: of a fault of the kernel, and of a successor that does not take it. */
static void follow_vip(struct judge *judge, uint8_t node, const struct change *change)
{
    struct judge_vip *vip = &judge->vips[change->vip];
    if (change->to == VIP_FAULT) {
        vip->fault_count[node]++;
        uint64_t until_ns =
            now_of(judge) + by_any_clock(judge, judge_backoff_ns(vip->fault_count[node]));
        judge->backoff_until_ns = longest(judge->backoff_until_ns, until_ns);
    } else if (change->to == VIP_HOLDING) {
        vip->fault_count[node] = 0;
        vip->successor[node] = NODE_NONE;
    } else if (change->to == VIP_RELEASING) {
        vip->releasing_ns[node] = now_of(judge);
    } else if (change->from == VIP_RELEASING && change->node != NODE_NONE) {
        vip->successor[node] = change->node;
        vip->released_ns[node] = now_of(judge);
        vip->taken[node] = change->reason != REASON_BETTER_CLAIMS;
    }
}

/* Whoever died lately may still count as a holder with the one that claims. */
static bool died_anybody_lately(const struct judge *judge)
{
    bool lately = false;
    for (uint8_t node = 0; node < cluster_node_count(judge->cluster); node++) {
        uint64_t down_since_ns = judge->nodes[node].down_since_ns;
        lately |= down_since_ns != NEVER &&
                  since(judge, down_since_ns) <= 6 * judge_convergence_ns(judge);
    }
    return lately;
}

/* Who claims asks again and again; it has the address half a round trip after the release. What
 * happened while a kernel refused that may have made another one the better. */
static void judge_handover(struct judge *judge, uint8_t node, uint8_t v)
{
    const struct judge_vip *vip = &judge->vips[v];
    uint8_t successor = vip->successor[node];
    uint64_t released_ns = vip->released_ns[node];
    uint64_t allowed_ns =
        judge->interval_ns / 4 + 8 * judge_delay_ns(judge) + SLACK_NS + judge->kernel_ns;
    if (!vip->taken[node] && vip->holders == 0 && since(judge, released_ns) > allowed_ns &&
        judge_is_settled(judge) && judge->direct && judge->weather.loss_permille == 0 &&
        !judge->slewed && judge->fault_ns <= vip->releasing_ns[node] &&
        judge_is_steady(judge, successor, judge_convergence_ns(judge)) &&
        !judge->nodes[successor].refuses && !died_anybody_lately(judge)) {
        judge_break(judge, RULE_HANDOVER, successor, v);
    }
}

static void follow_successors(struct judge *judge, uint8_t node)
{
    for (uint8_t v = 0; v < cluster_vip_count(judge->cluster); v++) {
        struct judge_vip *vip = &judge->vips[v];
        if (vip->successor[node] == NODE_NONE) {
            continue;
        }
        judge_handover(judge, node, v);
        struct vip_view view;
        cluster_view_vip(judge->cluster, node, v, &view);
        if (view.holders != 0) { /* somebody holds it, and this node has heard that */
            bool is_taken = (view.holders & BIT(vip->successor[node])) != 0;
            vip->refused_count[node] = is_taken ? 0 : vip->refused_count[node];
            vip->successor[node] = NODE_NONE;
            continue;
        }
        if (since(judge, vip->released_ns[node]) < judge_detection_ns(judge) * 49 / 50) {
            continue;
        }
        vip->successor[node] = NODE_NONE;
        vip->refused_count[node]++;
        uint64_t until_ns =
            now_of(judge) + by_any_clock(judge, judge_backoff_ns(vip->refused_count[node]));
        judge->backoff_until_ns = longest(judge->backoff_until_ns, until_ns);
    }
}

/* A claim against a fit holder by a node that has only just started. */
static void judge_preempt_delay(struct judge *judge, uint8_t node, const struct change *change)
{
    if (change->to == VIP_CLAIMING && change->reason == REASON_PREFERRED &&
        since(judge, judge->nodes[node].started_ns) <
            judge->preempt_delay_ns / 100 * (judge->slewed ? 90 : 98)) {
        judge_break(judge, RULE_DELAY, node, change->vip);
    }
}

static void changed(struct judge *judge, uint8_t node, const struct change *change)
{
    const char *name = cluster_node_name(judge->cluster, node);
    const char *why = reason_text(change->reason);
    if (change->type == CHANGE_MEMBER) {
        journal_say(judge->journal, now_of(judge), "%s: node %s %s -> %s: %s", name,
                    cluster_node_name(judge->cluster, change->node),
                    member_state_name(change->from), member_state_name(change->to), why);
        judge_member(judge, node, change);
    } else if (change->type == CHANGE_VIP) {
        journal_say(judge->journal, now_of(judge), "%s: vip%u %s -> %s: %s", name, change->vip,
                    vip_state_name(change->from), vip_state_name(change->to), why);
        judge_preempt_delay(judge, node, change);
        judge_claim(judge, node, change);
        judge_votes(judge, node, change);
        follow_vip(judge, node, change);
    } else if (change->type == CHANGE_VERIFIED) {
        journal_say(judge->journal, now_of(judge), "%s: vip%u %s -> %s: %s", name, change->vip,
                    verified_name(change->from), verified_name(change->to), why);
        judge_unverified(judge, node, change);
    }
}

/* What a node says of itself is so [SPEC R64]. */
static void judge_truth(struct judge *judge, uint8_t node)
{
    const struct record *record = core_record(cluster_core(judge->cluster, node));
    struct judge_node *state = &judge->nodes[node];
    unsigned at = (unsigned)(record->seq % PUBLISHED_MAX);
    if (state->published[at].seq != record->seq) {
        state->published[at].seq = record->seq;
        state->published[at].at_ns = now_of(judge);
    }
    for (uint8_t vip = 0; vip < record->vip_count; vip++) {
        if (record->vips[vip].state == VIP_HOLDING &&
            !cluster_has_address(judge->cluster, node, vip) &&
            !cluster_is_untold(judge->cluster, node, vip)) {
            judge_break(judge, RULE_TRUTH, node, vip);
        }
    }
}

void judge_stops(struct judge *judge, uint8_t node)
{
    struct judge_node *state = &judge->nodes[node];
    state->in_order = true;
    state->told = 0;
    for (uint8_t other = 0; other < cluster_node_count(judge->cluster); other++) {
        bool hears = cluster_is_joined(judge->cluster, node, other) &&
                     !cluster_is_stalled(judge->cluster, node);
        state->told |= hears && judge->weather.loss_permille == 0 ? BIT(other) : 0;
    }
    judge_fault(judge);
}

void judge_starts(struct judge *judge, uint8_t node)
{
    struct judge_node *state = &judge->nodes[node];
    state->started_ns = now_of(judge);
    state->in_order = false;
    state->healthy = true;
    state->drained = false;
    state->check_fails = false;
    state->frozen_until_ns = 0;
    memset(state->known, 0, sizeof state->known);
    for (uint8_t other = 0; other < cluster_node_count(judge->cluster); other++) {
        state->known[other].questions = cluster_questions(judge->cluster, node, other);
    }
    memset(state->published, 0, sizeof state->published);
    state->refuses = false;
    unsigned at = state->life_count++ % LIVES_MAX;
    state->lives[at].incarnation = cluster_core_config(judge->cluster, node)->incarnation;
    state->lives[at].ended_ns = NEVER;
    for (uint8_t vip = 0; vip < VIPS_MAX; vip++) {
        judge->vips[vip].fault_count[node] = 0;
        judge->vips[vip].refused_count[node] = 0;
        judge->vips[vip].successor[node] = NODE_NONE;
    }
    judge_fault(judge);
}

void judge_init(struct judge *judge, struct journal *journal, const struct cluster_config *config)
{
    memset(judge, 0, sizeof *judge);
    judge->journal = journal;
    judge->interval_ns = config->interval_ns;
    judge->mode = config->mode;
    judge->lease_ns = config->lease_ns;
    judge->preempt = config->preempt;
    judge->fail_open = config->fail_open;
    judge->preempt_delay_ns = config->preempt_delay_ns;
    judge->good_since_ns = NEVER;
    judge->stalled_until_ns = NEVER;
    memset(judge->apart_since_ns, 0xFF, sizeof judge->apart_since_ns);
    memset(judge->apart_until_ns, 0xFF, sizeof judge->apart_until_ns);
    for (uint8_t node = 0; node < NODES_MAX; node++) {
        judge->nodes[node].down_since_ns = 0; /* nobody has been started */
        judge->nodes[node].stalled_until_ns = 0;
    }
    for (uint8_t vip = 0; vip < VIPS_MAX; vip++) {
        judge->vips[vip].dual_since_ns = NEVER;
        judge->vips[vip].vacant_since_ns = 0;
        judge->vips[vip].candidate_since_ns = NEVER;
        memset(judge->vips[vip].successor, NODE_NONE, sizeof judge->vips[vip].successor);
    }
}

void judge_watch(void *arg, const struct cluster_news *news)
{
    struct judge *judge = arg;
    if (now_of(judge) >= judge->stalled_until_ns) {
        judge_fault(judge); /* somebody is run again */
    }
    if (judge->held_until_ns != 0 && now_of(judge) > judge->held_until_ns) {
        judge->held_until_ns = 0;
        judge_late(judge);
    }
    judge_two(judge);
    switch (news->type) {
    case NEWS_CHANGE:
        changed(judge, news->node, news->change);
        return;
    case NEWS_INSTALLED:
        installed(judge, news->node, news->vip);
        return;
    case NEWS_REMOVED:
        removed(judge, news->node, news->vip);
        return;
    case NEWS_EXPIRED:
        journal_say(judge->journal, now_of(judge), "the deadline of %s for vip%u has passed",
                    cluster_node_name(judge->cluster, news->node), news->vip);
        return;
    case NEWS_KEPT:
        judge_keeps(judge, news->node, news->vip);
        return;
    case NEWS_ANNOUNCED:
        judge->vips[news->vip].announced_ns[news->node] = now_of(judge);
        return;
    case NEWS_SENT:
        judge_questions(judge, news->node);
        judge_truth(judge, news->node);
        judge_own_deadline(judge, news->node);
        judge_put_back(judge);
        follow_successors(judge, news->node);
        break;
    case NEWS_RECEIVING:
        if (news->origin != ORIGIN_NODE) {
            judge_receiving(judge, news->node);
        }
        return;
    case NEWS_RECEIVED:
        judge_received(judge, news);
        break;
    case NEWS_STOPPED:
    case NEWS_CLONED:
        journal_say(judge->journal, now_of(judge), "%s has stopped",
                    cluster_node_name(judge->cluster, news->node));
        judge_fault(judge);
        return;
    }
    judge_look(judge);
}
