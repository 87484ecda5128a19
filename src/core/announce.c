// SPDX-License-Identifier: MIT
/*
 * announce: tells the neighbours' caches where a VIP is: a series of rounds after whatever may have
 * taught them another MAC, and a refresh now and then [SPEC R80].
 */
#include "state.h"

/* After a takeover, a conflict or a stall [SPEC R80]. */
static const uint64_t announce_ns[] = {0, 50 * NS_PER_MS, 200 * NS_PER_MS, NS_PER_S, 5 * NS_PER_S};

#define ANNOUNCE_STEPS (sizeof announce_ns / sizeof announce_ns[0])

void announce_step(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    arbiter_order(core, vip, ACTION_ANNOUNCE);
    uint64_t wait_ns = core->config.vips[vip].announce_refresh_ns;
    arbiter->announce_step++;
    if (arbiter->announce_step < ANNOUNCE_STEPS) {
        wait_ns = announce_ns[arbiter->announce_step] - announce_ns[arbiter->announce_step - 1];
    } else {
        arbiter->announce_step = ANNOUNCE_STEPS;
    }
    arbiter->announce_next = mono_add(core->now, wait_ns);
}

/* Neighbours may have learnt another MAC: the schedule starts again. */
void announce_again(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (arbiter->state != VIP_HOLDING) {
        return;
    }
    arbiter->announce_step = 0;
    announce_step(core, vip);
}
