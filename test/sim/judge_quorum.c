// SPDX-License-Identifier: MIT
#include "judge_private.h"

#define ABSTAINS_NS (10 * NS_PER_S) /* a voter whose host was booted */

void judge_two(struct judge *judge)
{
    for (uint8_t vip = 0; vip < cluster_vip_count(judge->cluster); vip++) {
        const struct judge_vip *state = &judge->vips[vip];
        if (judge->mode == VIP_QUORUM && state->dual_since_ns < now_of(judge)) {
            judge_break(judge, RULE_TWO, (uint8_t)__builtin_ctzll(state->holders), vip);
        }
    }
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
