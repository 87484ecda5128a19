// SPDX-License-Identifier: MIT
#include "judge_private.h"

/* Who is not known after the hello has been asked twelve times [SPEC R40]. */
static void judge_hello(struct judge *judge, uint8_t node, uint8_t vip)
{
    for (uint8_t other = 0; other < cluster_node_count(judge->cluster); other++) {
        struct node_view view;
        if (other == node) {
            continue;
        }
        cluster_view_node(judge->cluster, node, other, &view);
        uint64_t messages = cluster_messages(judge->cluster, node, other) -
                            judge->nodes[node].known[other].at_start;
        if (view.state == MEMBER_UNKNOWN && messages < 12) {
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
            cluster_is_overdue(judge->cluster, node, vip) &&
            !cluster_is_untold(judge->cluster, node, vip)) {
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
