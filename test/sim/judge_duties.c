// SPDX-License-Identifier: MIT
#include "judge_private.h"

/*
 * A question counts if it comes at least one spacing after the last one that did: rounds are never
 * closer [SPEC R32]. The most that fit are counted so, whatever else was asked in between.
 */
void judge_questions(struct judge *judge, uint8_t node)
{
    uint64_t spacing_ns = judge_spacing_ns(judge) * (judge->slewed ? 85 : 97) / 100;
    for (uint8_t other = 0; other < cluster_node_count(judge->cluster); other++) {
        uint64_t questions = cluster_questions(judge->cluster, node, other);
        if (questions == judge->nodes[node].known[other].questions) {
            continue;
        }
        judge->nodes[node].known[other].questions = questions;
        uint64_t asked_ns = judge->nodes[node].known[other].asked_ns;
        if (asked_ns == 0 || since(judge, asked_ns) >= spacing_ns) {
            judge->nodes[node].known[other].asked++;
            judge->nodes[node].known[other].asked_ns = now_of(judge);
        }
    }
}

/* Who is not known after the hello has been asked twelve times [SPEC R40]. */
static void judge_hello(struct judge *judge, uint8_t node, uint8_t vip)
{
    for (uint8_t other = 0; other < cluster_node_count(judge->cluster); other++) {
        struct node_view view;
        if (other == node) {
            continue;
        }
        cluster_view_node(judge->cluster, node, other, &view);
        if (view.state == MEMBER_UNKNOWN && judge->nodes[node].known[other].asked < 12) {
            judge_break(judge, RULE_HELLO, node, vip);
        }
    }
}

/* A claim against a holder that is as fit as the claimant, though it must not move without need. */
static void judge_preempt(struct judge *judge, uint8_t node, uint8_t vip)
{
    struct vip_view view;
    cluster_view_vip(judge->cluster, node, vip, &view);
    uint8_t holder = view.holder;
    if (judge->preempt || holder == NODE_NONE || holder == node || !judge_is_settled(judge) ||
        !judge->direct) {
        return;
    }
    const struct judge_node *state = &judge->nodes[holder];
    bool fit = state->healthy && !state->drained && !state->refuses && !state->in_order &&
               !state->check_fails && (judge_awake_holders(judge, vip) & BIT(holder)) != 0;
    if (fit && judge_is_steady(judge, holder, judge_convergence_ns(judge))) {
        judge_break(judge, RULE_PREEMPT, node, vip);
    }
}

void judge_claim(struct judge *judge, uint8_t node, const struct change *change)
{
    if (change->to != VIP_CLAIMING) {
        return;
    }
    judge_hello(judge, node, change->vip);
    if (change->reason == REASON_PREFERRED) {
        judge_preempt(judge, node, change->vip);
    }
}

/* Whatever was just told: after its own deadline a node does not say holding [SPEC R37]. */
void judge_own_deadline(struct judge *judge, uint8_t node)
{
    const struct record *record = core_record(cluster_core(judge->cluster, node));
    for (uint8_t vip = 0; vip < record->vip_count; vip++) {
        if (record->vips[vip].state == VIP_HOLDING &&
            cluster_is_joined(judge->cluster, node, node) &&
            cluster_is_overdue(judge->cluster, node, vip)) {
            judge_break(judge, RULE_OVERDUE, node, vip);
        }
    }
}

void judge_foreign(struct judge *judge, uint8_t node, uint8_t vip)
{
    bool is_back = (judge->vips[vip].holders & BIT(node)) != 0;
    judge->vips[vip].foreign_ns[node] = is_back ? 0 : now_of(judge);
}

/* One that is run and does not release puts back what was removed, at once [SPEC R69]. */
static void judge_one_put_back(struct judge *judge, uint8_t node, uint8_t vip)
{
    struct judge_vip *state = &judge->vips[vip];
    uint64_t allowed_ns = judge->interval_ns / 4 + judge->kernel_ns + SLACK_NS;
    bool is_back = (state->holders & BIT(node)) != 0;
    bool is_run = cluster_is_joined(judge->cluster, node, node) &&
                  !cluster_is_stalled(judge->cluster, node) && !judge->nodes[node].refuses;
    uint64_t from_ns = longest(state->foreign_ns[node], judge->nodes[node].stalled_until_ns);
    const struct record *record = core_record(cluster_core(judge->cluster, node));
    if (is_back || !is_run || record->vips[vip].state != VIP_HOLDING) {
        state->foreign_ns[node] = 0;
    } else if (since(judge, from_ns) > allowed_ns) {
        judge_break(judge, RULE_PUT_BACK, node, vip);
    }
}

void judge_put_back(struct judge *judge)
{
    for (uint8_t vip = 0; vip < cluster_vip_count(judge->cluster); vip++) {
        for (uint8_t node = 0; node < cluster_node_count(judge->cluster); node++) {
            if (judge->vips[vip].foreign_ns[node] != 0) {
                judge_one_put_back(judge, node, vip);
            }
        }
    }
}

/* What the record says of the VIP with that id, NULL if it does not list it. */
static const struct record_vip *entry_of(const struct record *record, uint32_t id)
{
    for (uint8_t i = 0; i < record->vip_count; i++) {
        if (record->vips[i].vip == id) {
            return &record->vips[i];
        }
    }
    return NULL;
}

/* Held it before, holds it still, and could tell the neighbours so. */
static bool holds_on(const struct judge *judge, uint8_t node, uint8_t vip)
{
    struct vip_view view;
    cluster_view_vip(judge->cluster, node, vip, &view);
    return view.state == VIP_HOLDING && view.in_kernel &&
           judge->vips[vip].installed_ns[node] < now_of(judge) &&
           cluster_has_address(judge->cluster, node, vip) &&
           cluster_is_joined(judge->cluster, node, node) &&
           !cluster_is_overdue(judge->cluster, node, vip);
}

void judge_rival(struct judge *judge, uint8_t node, uint8_t other)
{
    struct judge_node *state = &judge->nodes[node];
    const struct core_config *config = cluster_core_config(judge->cluster, node);
    struct node_view view;
    cluster_view_node(judge->cluster, node, other, &view);
    if (!view.hears_me && judge_is_silent(judge, other) &&
        (view.state == MEMBER_ALIVE || view.state == MEMBER_SUSPECT)) {
        judge->patient_ns = now_of(judge); /* what it said before it fell silent is only read now */
    }
    bool live = view.record != NULL && (view.state == MEMBER_ALIVE || view.state == MEMBER_SUSPECT);
    uint32_t rival = 0;
    uint32_t released = 0;
    for (uint8_t vip = 0; live && vip < cluster_vip_count(judge->cluster); vip++) {
        const struct record_vip *entry = entry_of(view.record, config->vips[vip].id);
        bool has_it =
            entry != NULL && (entry->state == VIP_HOLDING || entry->state == VIP_RELEASING);
        rival |= has_it ? (uint32_t)BIT(vip) : 0;
        released |= entry != NULL && entry->released_to != ID_NONE ? (uint32_t)BIT(vip) : 0;
    }
    uint32_t news = (rival ^ state->known[other].rival) | (released ^ state->known[other].released);
    news = live && state->known[other].live && judge->mode == VIP_AVAILABLE ? news : 0;
    state->known[other].rival = rival;
    state->known[other].released = released;
    state->known[other].live = live;
    for (uint8_t vip = 0; vip < cluster_vip_count(judge->cluster); vip++) {
        if ((news >> vip & 1) != 0 && judge->vips[vip].announced_ns[node] != now_of(judge) &&
            holds_on(judge, node, vip)) {
            judge_break(judge, RULE_RIVAL, node, vip);
        }
    }
}

/* Three questions, and the longest pause before them. */
uint64_t judge_asking_ns(const struct judge *judge)
{
    uint64_t all_ns = cluster_node_count(judge->cluster) * NS_PER_S;
    uint64_t span_ns = all_ns > 10 * NS_PER_S ? all_ns : 10 * NS_PER_S;
    return span_ns * 3 / 2 + 4 * NS_PER_S;
}

bool judge_is_verifiable(const struct judge *judge, uint8_t node, uint8_t holder, uint8_t vip)
{
    uint64_t span_ns = judge_asking_ns(judge);
    return judge->good_since_ns != NEVER && since(judge, judge->good_since_ns) > span_ns &&
           since(judge, judge->paths_ns) > span_ns &&
           since(judge, judge->vips[vip].installed_ns[holder]) > span_ns &&
           cluster_has_address(judge->cluster, holder, vip) &&
           judge_is_steady(judge, node, span_ns) && judge_is_steady(judge, holder, span_ns) &&
           cluster_is_joined(judge->cluster, node, holder) &&
           cluster_is_joined(judge->cluster, holder, node);
}

void judge_unverified(struct judge *judge, uint8_t node, const struct change *change)
{
    if (change->to == VERIFIED_NO && judge_is_verifiable(judge, node, change->node, change->vip)) {
        judge_break(judge, RULE_UNVERIFIED, node, change->vip);
    }
}
