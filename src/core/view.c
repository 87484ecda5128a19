// SPDX-License-Identifier: MIT
#include "state.h"

static uint8_t votes_granted(const struct core *core, uint8_t vip)
{
    enum vip_state state = core->arbiters[vip].state;
    if (state != VIP_CLAIMING && state != VIP_HOLDING) {
        return 0;
    }
    return majority_decides(core, vip) ? majority_granted(core, vip) : 1;
}

static void view_conflict(const struct core *core, uint8_t vip, struct mono now,
                          struct vip_view *ret)
{
    const struct conflict *conflict = &core->conflicts[vip];
    ret->in_conflict = conflict->mac != MAC_NONE;
    ret->conflict_node = NODE_NONE;
    if (!ret->in_conflict) {
        return;
    }
    for (uint8_t i = 0; i < 6; i++) {
        ret->conflict_mac[i] = (uint8_t)(conflict->mac >> (40 - 8 * i));
    }
    ret->conflict_node = conflict->node;
    ret->conflict_count = conflict->count;
    ret->conflict_last_ns = mono_elapsed(now, conflict->last);
}

void core_view_vip(const struct core *core, uint8_t vip, struct mono now, struct vip_view *ret)
{
    ASSERT(vip < core->config.vip_count);
    const struct arbiter *arbiter = &core->arbiters[vip];
    uint8_t holder = election_holder(core, vip);
    *ret = (struct vip_view){
        .state = arbiter->state,
        .holder = holder,
        .next = election_best(core, vip, holder == NODE_NONE ? 0 : BIT(holder)),
        .since_ns = mono_elapsed(now, arbiter->holder_since),
        .reason = arbiter->reason,
        .error = arbiter->error,
        .in_kernel = arbiter->in_kernel,
        .may_be_there = arbiter_may_hold(core, vip),
        .votes_needed = majority_needed(core, vip),
        .votes_granted = votes_granted(core, vip),
        .lease_ns = arbiter->state == VIP_HOLDING && majority_decides(core, vip)
                        ? mono_elapsed(arbiter->until, now)
                        : 0,
        .sees_majority = majority_is_seen(core),
        .tier = holder == NODE_NONE ? 0 : election_tier(core, vip, holder),
        .ever_held = arbiter->ever_held,
        .foreign_removals = arbiter->foreign_removals,
        .answered = arbiter->state == VIP_FAULT && arbiter->reason == REASON_ADDRESS_ANSWERED,
    };
    view_conflict(core, vip, now, ret);
    __builtin_memcpy(ret->answered_mac, arbiter->answered_mac, sizeof ret->answered_mac);
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        const struct record_vip *entry = membership_entry(core, node, vip);
        if (entry != NULL && membership_is_live(core, node)) {
            ret->holders |= entry->state == VIP_HOLDING ? BIT(node) : 0;
            ret->faults |= entry->state == VIP_FAULT ? BIT(node) : 0;
        }
        enum verified verdict = verify_verdict(core, vip, node);
        ret->verified |= verdict == VERIFIED_YES ? BIT(node) : 0;
        ret->unverified |= verdict == VERIFIED_NO ? BIT(node) : 0;
    }
    ret->verified_ns = ret->verified != 0 ? 0 : verify_lost_ns(core, vip, now);
}

void core_view_node(const struct core *core, uint8_t node, struct mono now, struct node_view *ret)
{
    ASSERT(node < core->config.node_count);
    const struct member *member = &core->members[node];
    if (node == core->config.self) {
        *ret = (struct node_view){.state = MEMBER_ALIVE,
                                  .incarnation = core->config.incarnation,
                                  .last_heard_ns = VIEW_UNKNOWN_NS,
                                  .rtt_ns = VIEW_UNKNOWN_NS,
                                  .direct = true,
                                  .via = NODE_NONE,
                                  .hears_me = true,
                                  .config_same = true,
                                  .swarm_by = swarm_speaker(core),
                                  .record = &core->record};
        return;
    }
    bool known = member->has_record && member->record.seq != 0;
    *ret = (struct node_view){
        .state = member->state,
        .incarnation = member->incarnation,
        .last_heard_ns = known ? mono_elapsed(now, member->heard) : VIEW_UNKNOWN_NS,
        .rtt_ns = member->samples > 0 ? member->srtt_ns : VIEW_UNKNOWN_NS,
        .direct = !membership_is_unheard(core, node, now),
        .via = member->via,
        .hears_me = known && member->hears_me,
        .crashed = known && membership_has_willed(core, node),
        .config_same = known && member->record.config == core->config.config,
        .swarm_by = swarm_speaker(core),
        .record = known ? &member->record : NULL,
    };
}

void core_view_check(const struct core *core, uint8_t check, struct mono now,
                     struct check_view *ret)
{
    ASSERT(check < core->config.check_count);
    const struct health *health = &core->health[check];
    *ret = (struct check_view){.state = health->state,
                               .since_ns = mono_elapsed(now, health->since),
                               .has_result = health->has_result,
                               .streak = health->streak};
}

const struct core_counters *core_counters(const struct core *core)
{
    return &core->counters;
}

bool core_is_starting(const struct core *core)
{
    return core->phase == PHASE_HELLO;
}

uint64_t core_abstains_ns(const struct core *core)
{
    return mono_before(core->vote_now, core->abstain_until)
               ? mono_elapsed(core->abstain_until, core->vote_now)
               : 0;
}

bool core_is_asking(const struct core *core, uint8_t vip)
{
    return start_is_asking(core, vip);
}
