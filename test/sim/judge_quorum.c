// SPDX-License-Identifier: MIT
#include "judge_private.h"

#define ABSTAINS_NS (10 * NS_PER_S) /* a voter whose host was booted */

/* A long lease holds although keeper and engine are frozen, and although the kernel obeys nobody
 * [SPEC S1]. */
static bool is_long(const struct judge *judge)
{
    return judge->mode == VIP_QUORUM && judge->lease_ns >= CLUSTER_KERNEL_LEASE_NS + NS_PER_S;
}

uint64_t judge_rivals(const struct judge *judge, uint8_t vip)
{
    const struct judge_vip *state = &judge->vips[vip];
    if (is_long(judge)) {
        return state->holders;
    }
    uint64_t awake = judge_awake_holders(judge, vip);
    return judge->mode == VIP_QUORUM ? awake & ~state->excused : awake & ~state->kept;
}

/* Run, and heard by a majority that is run, in weather that loses nothing. */
static bool is_heard(const struct judge *judge, uint8_t node)
{
    return judge->nodes[node].down_since_ns == NEVER && judge->weather.loss_permille == 0 &&
           judge_delay_ns(judge) <= judge->interval_ns / 4 && judge_hears_majority(judge, node);
}

void judge_follow_kept(struct judge *judge)
{
    uint64_t memory_ns =
        by_any_clock(judge, 2 * judge->lease_ns + judge_detection_ns(judge) + judge->kernel_ns);
    for (uint8_t n = 0; n < cluster_node_count(judge->cluster); n++) {
        struct judge_node *node = &judge->nodes[n];
        bool unheard = !is_heard(judge, n);
        if (unheard || node->unheard) {
            node->unheard_ns = now_of(judge);
        }
        node->unheard = unheard;
        for (uint8_t v = 0; v < cluster_vip_count(judge->cluster); v++) {
            struct judge_vip *vip = &judge->vips[v];
            bool excused = (vip->kept & BIT(n)) != 0 && since(judge, node->unheard_ns) <= memory_ns;
            vip->excused |= excused ? BIT(n) : 0;
        }
    }
}

void judge_keeps(struct judge *judge, uint8_t node, uint8_t vip)
{
    journal_say(judge->journal, now_of(judge), "the kernel of %s keeps vip%u",
                cluster_node_name(judge->cluster, node), vip);
    judge->vips[vip].kept |= BIT(node);
    judge_fault(judge);
}

void judge_two(struct judge *judge)
{
    for (uint8_t vip = 0; vip < cluster_vip_count(judge->cluster); vip++) {
        const struct judge_vip *state = &judge->vips[vip];
        if (judge->mode == VIP_QUORUM && state->dual_since_ns < now_of(judge)) {
            judge_break(judge, RULE_TWO, (uint8_t)__builtin_ctzll(state->holders), vip);
        }
    }
}

#define LOSS_ASKED 200U /* permille: asking again makes up for that [SPEC R97] */

void judge_votes(struct judge *judge, uint8_t node, const struct change *change)
{
    uint64_t span_ns = judge_convergence_ns(judge);
    bool lost = change->from == VIP_HOLDING && change->reason == REASON_MAJORITY_LOST;
    bool calm = judge->direct && judge->held_until_ns == 0 && !judge->slewed &&
                judge->weather.loss_permille <= LOSS_ASKED &&
                judge_delay_ns(judge) <= judge->interval_ns / 8;
    if (!lost || !calm || is_long(judge) || since(judge, judge->fault_ns) <= span_ns) {
        return;
    }
    for (uint8_t other = 0; other < cluster_node_count(judge->cluster); other++) {
        if (!judge_is_steady(judge, other, span_ns)) {
            return;
        }
    }
    judge_break(judge, RULE_VOTES, node, change->vip);
}

uint64_t judge_voting_ns(const struct judge *judge)
{
    if (judge->mode == VIP_AVAILABLE) {
        return 0;
    }
    return ABSTAINS_NS + 4 * judge->lease_ns;
}

/* Nobody passes on a claim or a grant: a cut between two nodes can cost both of them the majority.
 */
bool judge_hears_majority(const struct judge *judge, uint8_t node)
{
    unsigned count = 1;
    for (uint8_t other = 0; other < cluster_node_count(judge->cluster); other++) {
        const struct judge_node *state = &judge->nodes[other];
        bool up = state->down_since_ns == NEVER && !state->in_order;
        count += other != node && up && cluster_is_joined(judge->cluster, node, other) &&
                         cluster_is_joined(judge->cluster, other, node)
                     ? 1U
                     : 0U;
    }
    return judge->mode == VIP_AVAILABLE || count > cluster_node_count(judge->cluster) / 2U;
}

bool judge_has_majority(const struct judge *judge)
{
    unsigned count = 0;
    for (uint8_t node = 0; node < cluster_node_count(judge->cluster); node++) {
        bool up = judge->nodes[node].down_since_ns == NEVER && !judge->nodes[node].in_order;
        count += up ? 1U : 0U;
    }
    return judge->mode == VIP_AVAILABLE || count > cluster_node_count(judge->cluster) / 2U;
}
