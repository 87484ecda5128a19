// SPDX-License-Identifier: MIT
/*
 * start: nobody claims before it has asked everybody, at the start and after a stall that cost it
 * an address; and nobody leaves before everything is released [SPEC R40..R43].
 */
#include "state.h"

/* Twelve rounds of questions and challenges to every node; they end early when all have been heard.
 */
void start_hello(struct core *core)
{
    if (core->phase == PHASE_HELLO && core->phase_rounds == 0) {
        return;
    }
    if (core->phase > PHASE_SERVING) {
        return; /* a node that stops needs no hello */
    }
    core->phase = PHASE_HELLO;
    core->phase_rounds = 0;
    core->phase_started = core->now;
    core->phase_next = core->now;
    core->phase_until = mono_add(core->now, timing_detection(core->config.interval_ns));
    core->extended = false;
    core->dirty = true;
}

/* Somebody is there who has not proved yet that it runs: all such nodes together are given one more
 * detection time [SPEC R41]. */
void start_unconfirmed(struct core *core, uint8_t node)
{
    if (core->phase != PHASE_HELLO || core->extended || core->members[node].incarnation != 0) {
        return;
    }
    core->extended = true;
    core->phase_until = mono_max(core->phase_until,
                                 mono_add(core->now, timing_detection(core->config.interval_ns)));
}

/* Has it proved that it runs, or answered a question, since the hello began? What lay in a socket
 * proves nothing. */
static bool was_heard(const struct core *core, uint8_t node)
{
    const struct member *member = &core->members[node];
    return node == core->config.self || member->state == MEMBER_LEFT ||
           (member->record.seq != 0 && !mono_before(member->answered, core->phase_started));
}

static bool all_were_heard(const struct core *core)
{
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        if (!was_heard(core, node)) {
            return false;
        }
    }
    return true;
}

static void serve(struct core *core)
{
    core->phase = PHASE_SERVING;
    core->dirty = true;
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        struct arbiter *arbiter = &core->arbiters[vip];
        arbiter->ready_at = mono_add(core->now, core->config.vips[vip].preempt_delay_ns);
    }
    gossip_compose(core);
}

static void hello(struct core *core, bool timer)
{
    if (all_were_heard(core)) {
        serve(core);
        return;
    }
    if (!timer || !mono_reached(core->now, core->phase_next)) {
        return;
    }
    if (core->phase_rounds == ROUNDS) {
        if (mono_reached(core->now, core->phase_until)) {
            serve(core);
        }
        return;
    }
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        if (was_heard(core, node)) {
            continue;
        }
        gossip_question(core, node, NODE_NONE);
        if (core->phase_rounds > 0) {
            suspicion_ask_others(core, node);
        }
        if (core->members[node].incarnation == 0) {
            incarnation_ask(core, node, node);
        }
    }
    core->phase_rounds++;
    core->phase_next = core->phase_rounds == ROUNDS
                           ? core->phase_until
                           : mono_add(core->now, timing_spacing(core->config.interval_ns));
}

/* Ordered stop: everything is released first; the peers hear of it when the kernel has confirmed
 * [SPEC R43]. */
void start_stop(struct core *core)
{
    if (core->phase >= PHASE_STOPPING) {
        return;
    }
    core->phase = PHASE_STOPPING;
    gossip_compose(core);
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        struct arbiter *arbiter = &core->arbiters[vip];
        if (arbiter->in_kernel || arbiter->adding) {
            core->stop_vips |= BIT(vip);
            arbiter_release(core, vip, election_best(core, vip, BIT(core->config.self)),
                            REASON_STOPPING);
        }
    }
}

static bool all_released(const struct core *core)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        if (arbiter_may_hold(core, vip)) {
            return false;
        }
    }
    return true;
}

/* Everything that this node released is held by somebody, or nobody is there to hold it. */
static bool all_are_served(const struct core *core)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        if ((core->stop_vips & BIT(vip)) != 0 && election_holder(core, vip) == NODE_NONE &&
            election_best(core, vip, BIT(core->config.self)) != NODE_NONE) {
            return false;
        }
    }
    return true;
}

#define LEAVING_ROUNDS_MIN 3U

static void leave(struct core *core, bool timer)
{
    if (core->phase == PHASE_STOPPING) {
        if (!all_released(core)) {
            return;
        }
        core->phase = PHASE_LEAVING;
        core->phase_rounds = 0;
        core->phase_next = core->now;
        gossip_compose(core);
    } else if (!timer || !mono_reached(core->now, core->phase_next)) {
        return;
    }
    bool enough = core->phase_rounds >= LEAVING_ROUNDS_MIN && all_are_served(core);
    if (enough || core->phase_rounds == ROUNDS) {
        core->phase = PHASE_STOPPED;
        (void)core_action(core, ACTION_STOPPED);
        return;
    }
    core->phase_rounds++;
    core->phase_next = mono_add(core->now, timing_claim_spacing(core->config.interval_ns));
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        if (node != core->config.self) {
            (void)gossip_to(core, node);
        }
    }
}

void start_step(struct core *core, bool timer)
{
    switch (core->phase) {
    case PHASE_HELLO:
        hello(core, timer);
        break;
    case PHASE_STOPPING:
    case PHASE_LEAVING:
        leave(core, timer);
        break;
    case PHASE_SERVING:
    case PHASE_STOPPED:
        break;
    }
}

struct mono start_deadline(const struct core *core)
{
    bool waits = core->phase == PHASE_HELLO || core->phase == PHASE_LEAVING;
    if (core->phase == PHASE_HELLO && core->phase_rounds == ROUNDS) {
        return mono_max(core->phase_next, core->phase_until);
    }
    return waits ? core->phase_next : MONO_NEVER;
}
