// SPDX-License-Identifier: MIT
/*
 * oracle: what SPEC.md says has to come out when the faults are over, written a second time and
 * without a look at the core's election: from the truth about the nodes, not from records.
 */
#include "judge.h"

/* [SPEC R52], 4 */
static uint64_t rendezvous(uint32_t vip, uint32_t node)
{
    uint64_t z = (uint64_t)vip << 32 | node;
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* A check without a weight is for the first VIP alone. */
static unsigned tier(const struct judge *judge, uint8_t node, uint8_t vip)
{
    const struct judge_node *state = &judge->nodes[node];
    if (state->drained) {
        return 2;
    }
    bool fails = state->check_fails && judge->weight_of_check == 0 && vip == 0;
    return state->healthy && !fails ? 0 : 1;
}

/* [SPEC R57] */
static int priority(const struct judge *judge, uint8_t node, uint8_t vip)
{
    int base = cluster_core_config(judge->cluster, node)->vips[vip].priority;
    int now = base + (judge->nodes[node].check_fails ? judge->weight_of_check : 0);
    return now < 1 ? 1 : now > 255 ? 255 : now;
}

static bool is_candidate(const struct judge *judge, uint8_t node, uint8_t vip)
{
    if (!cluster_is_alive(judge->cluster, node) || judge->nodes[node].in_order) {
        return false;
    }
    const struct core_config *config = cluster_core_config(judge->cluster, node);
    bool is_named = (config->vips[vip].candidates >> node & 1) != 0;
    return is_named && (tier(judge, node, vip) == 0 || judge->fail_open);
}

static bool is_better(const struct judge *judge, uint8_t vip, uint8_t a, uint8_t b)
{
    const struct core_config *config_a = cluster_core_config(judge->cluster, a);
    int priority_a = priority(judge, a, vip);
    int priority_b = priority(judge, b, vip);
    if (priority_a != priority_b) {
        return priority_a > priority_b;
    }
    return rendezvous(config_a->vips[vip].id, config_a->nodes[a].id) >
           rendezvous(config_a->vips[vip].id, config_a->nodes[b].id);
}

/* Who may hold it in the end: one node, or, where it must not move without need, any of the best
 * tier. */
static uint64_t expected(const struct judge *judge, uint8_t vip)
{
    uint8_t best = NODE_NONE;
    uint64_t same_tier = 0;
    for (uint8_t node = 0; node < cluster_node_count(judge->cluster); node++) {
        if (!is_candidate(judge, node, vip)) {
            continue;
        }
        unsigned own = tier(judge, node, vip);
        unsigned other = best == NODE_NONE ? 3 : tier(judge, best, vip);
        if (own < other) {
            same_tier = 0;
        }
        if (own < other || (own == other && is_better(judge, vip, node, best))) {
            best = node;
        }
        if (own <= other) {
            same_tier |= UINT64_C(1) << node;
        }
    }
    if (best == NODE_NONE || !judge_has_majority(judge)) {
        return 0;
    }
    bool stays = !judge->preempt || tier(judge, best, vip) != 0;
    return stays ? same_tier : UINT64_C(1) << best;
}

static void check_members(struct judge *judge, uint8_t node)
{
    for (uint8_t other = 0; other < cluster_node_count(judge->cluster); other++) {
        struct node_view view;
        cluster_view_node(judge->cluster, node, other, &view);
        bool seen = view.state == MEMBER_ALIVE || view.state == MEMBER_SUSPECT;
        if (cluster_is_alive(judge->cluster, other) != seen) {
            journal_say(judge->journal, cluster_now(judge->cluster), "%s says that %s is %s",
                        cluster_node_name(judge->cluster, node),
                        cluster_node_name(judge->cluster, other), member_state_name(view.state));
            judge_break(judge, RULE_AGREE, node, 0);
        }
    }
}

/* Every candidate that could ask has, and says so to everybody. */
static void check_verified(struct judge *judge, uint8_t vip, uint8_t holder)
{
    for (uint8_t node = 0; node < cluster_node_count(judge->cluster); node++) {
        struct vip_view view;
        bool asks = node != holder && cluster_is_alive(judge->cluster, node) &&
                    (cluster_core_config(judge->cluster, node)->vips[vip].candidates >> node & 1);
        if (!asks || !judge_is_verifiable(judge, node, holder, vip)) {
            continue;
        }
        cluster_view_vip(judge->cluster, node, vip, &view);
        if (view.state == VIP_STANDBY && (view.verified >> node & 1) == 0) {
            judge_break(judge, RULE_UNVERIFIED, node, vip);
        }
    }
}

static void check_views(struct judge *judge, uint8_t vip, uint8_t holder)
{
    for (uint8_t node = 0; node < cluster_node_count(judge->cluster); node++) {
        if (!cluster_is_alive(judge->cluster, node)) {
            continue;
        }
        struct vip_view view;
        cluster_view_vip(judge->cluster, node, vip, &view);
        uint64_t holders = holder == NODE_NONE ? 0 : UINT64_C(1) << holder;
        uint32_t elects = core_record(cluster_core(judge->cluster, node))->vips[vip].elects;
        uint32_t id = holder == NODE_NONE
                          ? ID_NONE
                          : cluster_core_config(judge->cluster, node)->nodes[holder].id;
        if (view.holder != holder || view.holders != holders || elects != id) {
            journal_say(judge->journal, cluster_now(judge->cluster),
                        "%s says that %u holds vip%u, or %#llx; it elects %#x, not %#x",
                        cluster_node_name(judge->cluster, node), view.holder, vip,
                        (unsigned long long)view.holders, elects, id);
            judge_break(judge, RULE_AGREE, node, vip);
        }
    }
}

void oracle_check(struct judge *judge)
{
    for (uint8_t vip = 0; vip < cluster_vip_count(judge->cluster); vip++) {
        uint64_t holders = cluster_holders(judge->cluster, vip);
        uint64_t allowed = expected(judge, vip);
        bool one = holders != 0 && (holders & (holders - 1)) == 0 && (holders & ~allowed) == 0;
        if (holders != 0 ? !one : allowed != 0) {
            judge_break(judge, RULE_CONVERGE, 0, vip);
            return;
        }
        uint8_t holder = holders == 0 ? NODE_NONE : (uint8_t)__builtin_ctzll(holders);
        check_views(judge, vip, holder);
        if (holder != NODE_NONE) {
            check_verified(judge, vip, holder);
        }
        /* Of somebody who has died unheard the holder cannot know; the refresh is for that. When
         * the name goes from a record of who released it, the holder announces again [SPEC R67]. */
        uint8_t announcer = cluster_announcer(judge->cluster, vip);
        if (holder != NODE_NONE && announcer != holder &&
            cluster_is_alive(judge->cluster, announcer) &&
            core_record(cluster_core(judge->cluster, announcer))->vips[vip].released_to ==
                ID_NONE) {
            judge_break(judge, RULE_ANNOUNCE, holder, vip);
        }
    }
    for (uint8_t node = 0; node < cluster_node_count(judge->cluster); node++) {
        if (cluster_is_alive(judge->cluster, node)) {
            check_members(judge, node);
        }
    }
}
