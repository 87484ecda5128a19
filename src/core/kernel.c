// SPDX-License-Identifier: MIT
/*
 * kernel: what the kernel, the keeper and the wire said about the addresses of a VIP. The
 * state follows the fact, never the wish: holding begins with the kernel's word and ends with it
 * [SPEC R64].
 */
#include "state.h"

#define ERRNO_EXISTS 17 /* EEXIST: the core includes no header of the system */
#define ERRNO_TIME   62 /* ETIME: the deadline was reached before it was there */

/* This node was not run for so long that the others count it as dead; the keeper has removed the
 * address, or does so now [SPEC R37]. */
static void overdue(struct core *core, uint8_t vip)
{
    arbiter_release(core, vip, NODE_NONE, core->mute ? REASON_MUTE : REASON_STALLED);
    start_hello(core);
}

static void added(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    bool first = arbiter->state == VIP_CLAIMING;
    if (!arbiter->adding) {
        return; /* released or given up in between: the removal is on its way */
    }
    arbiter->adding = false;
    arbiter->in_kernel = true;
    arbiter->fault_count = 0;
    arbiter->error = 0;
    if (first && mono_reached(core->now, arbiter->until)) {
        overdue(core, vip);
    } else if (first) {
        core->counters.takeovers++;
        core->counters.handovers += arbiter->reason == REASON_PREFERRED ? 1 : 0;
        rivals_look(core, vip);
        arbiter_set_state(core, vip, VIP_HOLDING, arbiter->reason);
        announce_again(core, vip);
    }
}

static void removed(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (!arbiter->removing) {
        return;
    }
    arbiter->removing = false;
    arbiter->in_kernel = false;
    arbiter->error = arbiter->state == VIP_FAULT ? arbiter->error : 0;
    arbiter->released_at = core->now;
    if (arbiter->state == VIP_RELEASING) {
        arbiter_set_state(core, vip, VIP_STANDBY, arbiter->reason);
    } else if (arbiter->state == VIP_FAULT) {
        voter_released(core, vip);
    }
}

/* Not released: it stays in "releasing" or fault, and tries again; also what was ordered to be
 * added and not confirmed when it was given up [SPEC R62, R69]. A claim ends by it. */
static void remove_failed(struct core *core, uint8_t vip, int32_t error)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (!arbiter->removing) {
        return;
    }
    arbiter->removing = false;
    arbiter->in_kernel = true;
    arbiter->error = error;
    if (arbiter->state == VIP_CLAIMING) {
        arbiter_set_state(core, vip, VIP_RELEASING, REASON_KERNEL_REFUSED);
    }
}

/* A part of what was ordered may be there, whatever the keeper did about it: no vote is free, and
 * nobody hears of a fault, before the kernel has confirmed its removal [SPEC R69]. */
static void add_failed(struct core *core, uint8_t vip, int32_t error)
{
    if (!core->arbiters[vip].adding) {
        return;
    }
    arbiter_take_away(core, vip);
    /* What was to be put back was held until now, and is being released. */
    core->arbiters[vip].in_kernel = core->arbiters[vip].state == VIP_HOLDING;
    if (error == ERRNO_TIME && majority_decides(core, vip)) {
        majority_is_late(core, vip);
    } else {
        arbiter_fault(core, vip,
                      error == ERRNO_EXISTS ? REASON_FOREIGN_OWNER : REASON_KERNEL_REFUSED, error);
    }
}

/* Takes everything of the VIP out of the kernel, whatever is there, and waits before the next try.
 */
static void give_up(struct core *core, uint8_t vip, enum reason reason, int32_t error)
{
    arbiter_release(core, vip, NODE_NONE, reason);
    arbiter_fault(core, vip, reason, error);
}

/* Put back as often as it is removed, told once a second: somebody may do it in a loop. */
static void tell_removal(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (!mono_reached(core->now, arbiter->removal_told)) {
        return;
    }
    arbiter->removal_told = mono_add(core->now, NS_PER_S);
    core_change(core, &(struct change){.type = CHANGE_VIP,
                                       .vip = vip,
                                       .node = NODE_NONE,
                                       .from = (uint8_t)arbiter->state,
                                       .to = (uint8_t)arbiter->state,
                                       .reason = REASON_FOREIGN_REMOVAL});
    announce_again(core, vip);
}

/* Before its time: what was left of the lease did not suffice to renew the kernel's lifetime. Only
 * more votes could have helped. */
static bool is_lost_for_votes(const struct core *core, uint8_t vip)
{
    return majority_decides(core, vip) && core->config.vips[vip].least_ns != 0 &&
           mono_before(core->now, core->arbiters[vip].until) && !majority_is_sure(core, vip);
}

/* It is put back; where too little of the lease is left for that, by a claim with a new one, which
 * takes a round trip. */
static void lost_to_another(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (arbiter->state == VIP_HOLDING && core->config.vips[vip].least_ns != 0 &&
        !majority_is_sure(core, vip)) {
        tell_removal(core, vip);
        arbiter_release(core, vip, NODE_NONE, REASON_FOREIGN_REMOVAL);
        return;
    }
    arbiter_put_back(core, vip);
    arbiter->adding = true;
    arbiter->kernel_asked = core->now;
    arbiter->reason = REASON_FOREIGN_REMOVAL;
    tell_removal(core, vip);
}

/* Whatever is lost, and whoever says so: it is released when the kernel has confirmed a removal
 * that was ordered after that, because an addition that the keeper had not read yet may follow. */
static void lost(struct core *core, uint8_t vip, enum address_change change)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (arbiter->state != VIP_HOLDING && !arbiter->adding) {
        return;
    }
    switch (change) {
    case ADDRESS_LOST_DEADLINE:
        if (is_lost_for_votes(core, vip)) {
            arbiter_release(core, vip, NODE_NONE, REASON_MAJORITY_LOST);
            break;
        }
        arbiter_release(core, vip, NODE_NONE, core->mute ? REASON_MUTE : REASON_STALLED);
        /* This node knows nothing of what happened meanwhile: it asks everybody before it claims
         * again. */
        start_hello(core);
        break;
    case ADDRESS_LOST_FOREIGN:
        arbiter->foreign_removals++;
        lost_to_another(core, vip);
        break;
    case ADDRESS_LOST_LINK:
        give_up(core, vip, REASON_LINK, 0);
        break;
    case ADDRESS_LOST_CONFLICT:
        give_up(core, vip, REASON_FOREIGN_OWNER, 0);
        break;
    case ADDRESS_ADDED:
    case ADDRESS_REMOVED:
    case ADDRESS_ADD_FAILED:
    case ADDRESS_REMOVE_FAILED:
        break;
    }
}

void kernel_take(struct core *core, const struct event *event)
{
    uint8_t vip = event->address.vip;
    ASSERT(vip < core->config.vip_count);
    int32_t error = event->address.error;

    switch (event->address.change) {
    case ADDRESS_ADDED:
        added(core, vip);
        break;
    case ADDRESS_REMOVED:
        removed(core, vip);
        break;
    case ADDRESS_ADD_FAILED:
        add_failed(core, vip, error);
        break;
    case ADDRESS_REMOVE_FAILED:
        remove_failed(core, vip, error);
        break;
    case ADDRESS_LOST_DEADLINE:
    case ADDRESS_LOST_FOREIGN:
    case ADDRESS_LOST_LINK:
    case ADDRESS_LOST_CONFLICT:
        lost(core, vip, event->address.change);
        break;
    }
}

/*
 * This node's own deadline has passed: whatever the event is, the others may hold the VIP already.
 * It must not be defended against them for the moment until the keeper's news is read [SPEC R37].
 */
void kernel_deadline(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (arbiter->state == VIP_HOLDING && mono_reached(core->now, arbiter->until)) {
        overdue(core, vip);
    } else if (arbiter->state == VIP_HOLDING && majority_decides(core, vip) &&
               majority_ends(core, vip)) {
        arbiter_release(core, vip, NODE_NONE, REASON_MAJORITY_LOST);
    }
}

/* The keeper has not answered within one detection time. */
void kernel_timer(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    uint64_t waited_ns = mono_elapsed(core->now, arbiter->kernel_asked);
    if (waited_ns < timing_detection(core->config.interval_ns)) {
        return;
    }
    if (arbiter->adding) {
        give_up(core, vip, REASON_KERNEL_SILENT, 0);
    } else if (arbiter->removing) {
        arbiter->kernel_asked = core->now;
        arbiter_order(core, vip, ACTION_ADDRESS_REMOVE);
    }
}
