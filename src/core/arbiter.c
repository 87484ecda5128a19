// SPDX-License-Identifier: MIT
/*
 * arbiter: one VIP on this node.
 *
 *   standby -> claiming -> holding -> releasing -> standby;  fault when the kernel refuses
 *
 * It claims when it is elected, adds the address when nobody holds it (or the holder released it),
 * and holds only when the kernel has said so. In mode available its own vote is enough, in mode
 * quorum it needs those of a majority, and holds for as long as they are good [SPEC R60..R68].
 */
#include "state.h"

void arbiter_init_vip(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    *arbiter = (struct arbiter){.reason = REASON_STARTED};
    arbiter->elected = NODE_NONE;
    arbiter->holder = NODE_NONE;
    arbiter->released_to = NODE_NONE;
    arbiter->told_to = NODE_NONE;
    arbiter->refused = NODE_NONE;
    arbiter->rival = NODE_NONE;
    arbiter->vacant_since = MONO_NEVER;
    arbiter->deaf_since = MONO_NEVER;
    arbiter->holder_since = core->now;
    arbiter->announce_next = MONO_NEVER;
    arbiter->ready_at = mono_add(core->now, core->config.vips[vip].preempt_delay_ns);
}

void arbiter_init(struct core *core)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        arbiter_init_vip(core, vip);
    }
}

/* The only place that changes a VIP's state. */
void arbiter_set_state(struct core *core, uint8_t vip, enum vip_state state, enum reason reason)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    arbiter->reason = reason;
    if (arbiter->state == state) {
        return;
    }
    uint8_t other =
        state == VIP_CLAIMING || state == VIP_HOLDING ? arbiter->holder : arbiter->released_to;
    struct change change = {.type = CHANGE_VIP,
                            .vip = vip,
                            .node = other == core->config.self ? NODE_NONE : other,
                            .from = (uint8_t)arbiter->state,
                            .to = (uint8_t)state,
                            .reason = reason,
                            .error = arbiter->error};
    if (reason_has_mac(reason)) {
        __builtin_memcpy(change.mac, arbiter->answered_mac, sizeof change.mac);
    }
    core_change(core, &change);
    arbiter->state = state;
    if (state == VIP_CLAIMING || state == VIP_HOLDING) {
        conflict_tell_first(core, vip);
    }
    arbiter->rival = NODE_NONE;
    arbiter->has_looked = false;
    core->dirty = true;
    gossip_compose(core);
    if (!arbiter_may_hold(core, vip) && (state == VIP_STANDBY || state == VIP_FAULT)) {
        voter_released(core, vip);
    }
}

/* The addresses are in the kernel, or may be [SPEC R64]. */
bool arbiter_may_hold(const struct core *core, uint8_t vip)
{
    const struct arbiter *arbiter = &core->arbiters[vip];
    return arbiter->in_kernel || arbiter->adding || arbiter->removing;
}

/* A node that still says hello is ready: the others need not claim before it, to hand over at once.
 */
enum vip_ready arbiter_ready(const struct core *core, uint8_t vip)
{
    const struct arbiter *arbiter = &core->arbiters[vip];
    const struct core_config *config = &core->config;
    bool is_candidate = (config->vips[vip].candidates & BIT(config->self)) != 0;
    if (!is_candidate || core->phase > PHASE_SERVING || arbiter->state == VIP_FAULT ||
        arbiter->link_down || membership_is_missed(core) || health_is_pending(core, vip) ||
        !mono_reached(core->now, core->leases[vip].out_until) || (core->retired & BIT(vip)) != 0) {
        return VIP_READY_NO;
    }
    bool is_fit = health_of_node(core) && health_of_vip(core, vip) && !core->drained &&
                  (core->drained_vips & BIT(vip)) == 0 &&
                  !swarm_is(core, vip, AVAILABILITY_DRAINED);
    if (!config->fail_open && !is_fit) {
        return VIP_READY_NO;
    }
    if (arbiter->deaf || !mono_reached(core->now, arbiter->ready_at)) {
        return VIP_READY_VACANT;
    }
    return VIP_READY_YES;
}

/* An address that may be there is not free, whatever else is wrong with it: until the kernel has
 * confirmed the removal, a claim that failed goes on for the others, and what is there is being
 * released [SPEC R69]. */
enum vip_state arbiter_told_state(const struct core *core, uint8_t vip)
{
    const struct arbiter *arbiter = &core->arbiters[vip];
    if (arbiter->state != VIP_FAULT || !arbiter_may_hold(core, vip)) {
        return arbiter->state;
    }
    return arbiter->in_kernel ? VIP_RELEASING : VIP_CLAIMING;
}

/* Two slow beats carry the name: whoever was a rival for a moment may have been one unseen [SPEC
 * R65, R67]. */
uint8_t arbiter_told_to(const struct core *core, uint8_t vip)
{
    const struct arbiter *arbiter = &core->arbiters[vip];
    return mono_reached(core->now, arbiter->told_until) ? NODE_NONE : arbiter->told_to;
}

/* An order to the keeper; the address lives until others may have declared this node dead, or until
 * the lease ends. */
void arbiter_order(struct core *core, uint8_t vip, enum action_type type)
{
    struct action *action = core_action(core, type);
    action->address.vip = vip;
    action->address.index = ALL_ADDRESSES;
    action->address.until = majority_decides(core, vip)
                                ? majority_until(core, vip)
                                : mono_add(core->now, timing_detection(core->config.interval_ns));
    if (type == ACTION_ADDRESS_ADD || type == ACTION_DEADLINE) {
        core->arbiters[vip].until = action->address.until;
    }
}

/* What another program removed; no heartbeat goes with it, so the deadline stays what it was. */
void arbiter_put_back(struct core *core, uint8_t vip)
{
    struct action *action = core_action(core, ACTION_ADDRESS_ADD);
    action->address.vip = vip;
    action->address.until = core->arbiters[vip].until;
}

void arbiter_fault(struct core *core, uint8_t vip, enum reason reason, int32_t error)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    arbiter->error = error;
    arbiter->fault_count++;
    uint64_t backoff_ns = reason_has_mac(reason) ? NS_PER_S : timing_backoff(arbiter->fault_count);
    arbiter->retry_at = mono_add(core->now, backoff_ns);
    arbiter->probe_rounds = 0;
    arbiter_set_state(core, vip, VIP_FAULT, reason);
}

/* Has the kernel remove whatever of the VIP is there. */
void arbiter_take_away(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    arbiter->removing = true;
    arbiter->adding = false;
    arbiter->kernel_asked = core->now;
    arbiter->announce_next = MONO_NEVER;
    arbiter_order(core, vip, ACTION_ADDRESS_REMOVE);
}

/* Gives the VIP up to `to` (or NODE_NONE); it is released when the kernel has confirmed the
 * removal. */
void arbiter_release(struct core *core, uint8_t vip, uint8_t to, enum reason reason)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    arbiter->released_to = to;
    arbiter->told_to = to;
    arbiter->told_until =
        mono_add(core->now, 2 * timing_slow(core->config.interval_ns, core->config.node_count));
    arbiter_take_away(core, vip);
    arbiter_set_state(core, vip, VIP_RELEASING, reason);
}

static void hold(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    rivals_look(core, vip);
    /* Leases alone decide in mode quorum: who still says that it holds is out of date. */
    uint8_t rival = majority_decides(core, vip) ? NODE_NONE : rivals_better(core, vip);
    if (rival != NODE_NONE) {
        arbiter_release(core, vip, rival, REASON_BETTER_HOLDS);
        return;
    }
    if (arbiter->link_down) {
        arbiter_release(core, vip, arbiter->elected, REASON_LINK);
        return;
    }
    uint8_t elected = arbiter->elected;
    if (elected == core->config.self) {
        return;
    }
    if (elected == NODE_NONE) {
        arbiter_release(core, vip, NODE_NONE, REASON_UNHEALTHY);
        return;
    }
    const struct record_vip *entry = membership_entry(core, elected, vip);
    if (entry->state == VIP_CLAIMING) {
        arbiter_release(core, vip, elected, REASON_BETTER_CLAIMS);
    }
}

/* A lease is kept while it is held, and while the kernel is asked. */
static void keep(struct core *core, uint8_t vip)
{
    const struct arbiter *arbiter = &core->arbiters[vip];
    bool wanted = arbiter->state == VIP_HOLDING || arbiter->adding;
    if (majority_decides(core, vip) && wanted) {
        majority_keep(core, vip);
    }
}

static void release_again(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (arbiter->in_kernel && !arbiter->removing &&
        mono_elapsed(core->now, arbiter->kernel_asked) >= core->config.interval_ns) {
        arbiter->removing = true;
        arbiter->kernel_asked = core->now;
        arbiter_order(core, vip, ACTION_ADDRESS_REMOVE);
    }
}

static void timers(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (arbiter->state == VIP_HOLDING && mono_reached(core->now, arbiter->announce_next)) {
        announce_step(core, vip);
    }
    if (arbiter->state == VIP_FAULT && !arbiter->removing && !arbiter->in_kernel &&
        mono_reached(core->now, arbiter->retry_at)) {
        if (reason_has_mac(arbiter->reason)) {
            claim_probe_again(core, vip);
        } else {
            arbiter_set_state(core, vip, VIP_STANDBY, REASON_RETRY);
        }
    }
    kernel_timer(core, vip);
}

/* Lets the arbiter of a VIP act on what is known now. */
void arbiter_step(struct core *core, uint8_t vip, bool timer)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (timer) {
        timers(core, vip);
    }
    rivals_judge_deafness(core, vip);
    arbiter->elected = election_best(core, vip, 0);
    switch (arbiter->state) {
    case VIP_STANDBY:
        claim_begin(core, vip);
        break;
    case VIP_CLAIMING:
        claim_step(core, vip);
        break;
    case VIP_HOLDING:
        hold(core, vip);
        break;
    case VIP_RELEASING:
    case VIP_FAULT:
        release_again(core, vip);
        break;
    case VIP_STATE_COUNT:
        break;
    }
    keep(core, vip);
    arbiter->elected = election_best(core, vip, 0);
    holder_observe(core, vip);
}

struct mono arbiter_deadline(const struct core *core, uint8_t vip)
{
    const struct arbiter *arbiter = &core->arbiters[vip];
    const uint64_t detection_ns = timing_detection(core->config.interval_ns);
    struct mono deadline = majority_deadline(core, vip);
    if (arbiter->adding || arbiter->removing) {
        deadline = mono_min(deadline, mono_add(arbiter->kernel_asked, detection_ns));
    }
    if (arbiter->deaf_since.ns != MONO_NEVER.ns && arbiter->state == VIP_HOLDING) {
        deadline = mono_min(deadline, mono_add(arbiter->deaf_since, 4 * core->config.interval_ns));
    }
    if (!mono_reached(core->now, arbiter->ready_at)) {
        deadline = mono_min(deadline, arbiter->ready_at);
    }
    if (arbiter->refused != NODE_NONE && !mono_reached(core->now, arbiter->refused_until)) {
        deadline = mono_min(deadline, arbiter->refused_until);
    }
    if (arbiter->holder != NODE_NONE && arbiter->vacant_since.ns != MONO_NEVER.ns) {
        deadline = mono_min(deadline, mono_add(arbiter->vacant_since, core->config.interval_ns));
    }
    switch (arbiter->state) {
    case VIP_STANDBY:
        if (arbiter->released_to != NODE_NONE) {
            deadline = mono_min(deadline, mono_add(arbiter->released_at, detection_ns));
        }
        return deadline;
    case VIP_CLAIMING:
        if (arbiter->adding || arbiter->removing) {
            return deadline;
        }
        if (claim_waits_for(core, vip) != NODE_NONE) {
            deadline = mono_min(deadline, arbiter->claim_next);
            struct mono enough = mono_add(arbiter->waits_since, detection_ns);
            deadline = mono_reached(core->now, enough) ? deadline : mono_min(deadline, enough);
        } else if (mono_before(core->now, arbiter->probe_next)) {
            deadline = mono_min(deadline, arbiter->probe_next);
        }
        return deadline;
    case VIP_HOLDING:
        return mono_min(deadline, arbiter->announce_next);
    case VIP_RELEASING:
    case VIP_FAULT:
        if (arbiter->removing) {
            return deadline;
        }
        return mono_min(deadline, arbiter->in_kernel
                                      ? mono_add(arbiter->kernel_asked, core->config.interval_ns)
                                      : arbiter->retry_at);
    case VIP_STATE_COUNT:
        break;
    }
    return deadline;
}
