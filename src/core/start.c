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
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        core->arbiters[vip].asking.runs = false; /* what asks for all asks for each */
    }
}

static bool asks_alone(const struct core *core)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        if (core->arbiters[vip].asking.runs) {
            return true;
        }
    }
    return false;
}

/* One VIP says hello, whose interface came back. The others go on: an interface that comes and goes
 * keeps nobody from what is on another one [SPEC R40]. */
void start_ask(struct core *core, uint8_t vip)
{
    if (core->phase > PHASE_SERVING || (core->phase == PHASE_HELLO && core->phase_rounds == 0)) {
        return;
    }
    struct mono soon = mono_add(core->now, timing_spacing(core->config.interval_ns));
    core->ask_next = asks_alone(core) ? mono_min(core->ask_next, soon) : core->now;
    core->arbiters[vip].asking = (struct asking){
        .runs = true,
        .since = core->now,
        .until = mono_add(core->now, timing_detection(core->config.interval_ns)),
    };
    core->dirty = true;
}

bool start_is_asking(const struct core *core, uint8_t vip)
{
    return core->phase == PHASE_HELLO || core->arbiters[vip].asking.runs;
}

/* Somebody is there who has not proved yet that it runs: all such nodes together are given one more
 * detection time [SPEC R41]. */
void start_unconfirmed(struct core *core, uint8_t node)
{
    struct mono longer = mono_add(core->now, timing_detection(core->config.interval_ns));
    if (core->members[node].incarnation != 0) {
        return;
    }
    if (core->phase == PHASE_HELLO && !core->extended) {
        core->extended = true;
        core->phase_until = mono_max(core->phase_until, longer);
    }
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        struct asking *asking = &core->arbiters[vip].asking;
        if (asking->runs && !asking->extended) {
            asking->extended = true;
            asking->until = mono_max(asking->until, longer);
        }
    }
}

/* Has it proved that it runs, or answered a question, since the hello began? What lay in a socket
 * proves nothing. */
static bool was_heard(const struct core *core, uint8_t node, struct mono since)
{
    const struct member *member = &core->members[node];
    return node == core->config.self || member->state == MEMBER_LEFT ||
           (member->record.seq != 0 && !mono_before(member->answered, since));
}

static bool all_were_heard(const struct core *core, struct mono since)
{
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        if (!was_heard(core, node, since)) {
            return false;
        }
    }
    return true;
}

/* A question to everybody who has not been heard since then; after the first round others are asked
 * too. */
static void ask_everybody(struct core *core, struct mono since, bool again)
{
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        if (was_heard(core, node, since)) {
            continue;
        }
        gossip_question(core, node, NODE_NONE);
        if (again) {
            suspicion_ask_others(core, node);
        }
        if (core->members[node].incarnation == 0) {
            incarnation_ask(core, node, node);
        }
    }
}

static void serve_vip(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    arbiter->asking.runs = false;
    arbiter->ready_at = mono_add(core->now, core->config.vips[vip].preempt_delay_ns);
    core->dirty = true;
}

static void serve(struct core *core)
{
    core->phase = PHASE_SERVING;
    core->dirty = true;
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        if (!core->arbiters[vip].asking.runs) { /* its own hello began later */
            serve_vip(core, vip);
        }
    }
    gossip_compose(core);
}

/* The VIPs that say hello alone share their rounds. */
static void ask(struct core *core, bool timer)
{
    bool due = timer && mono_reached(core->now, core->ask_next);
    bool again = false;
    struct mono newest = {0};
    struct mono next = MONO_NEVER;
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        struct asking *asking = &core->arbiters[vip].asking;
        bool over = due && asking->rounds == ROUNDS && mono_reached(core->now, asking->until);
        if (!asking->runs) {
            continue;
        }
        if (over || all_were_heard(core, asking->since)) {
            serve_vip(core, vip);
            gossip_compose(core);
        } else if (due && asking->rounds < ROUNDS) {
            newest = mono_max(newest, asking->since);
            again |= asking->rounds > 0;
            asking->rounds++;
        }
        if (asking->runs) {
            struct mono spaced = mono_add(core->now, timing_spacing(core->config.interval_ns));
            next = mono_min(next, asking->rounds == ROUNDS ? asking->until : spaced);
        }
    }
    if (newest.ns != 0) {
        ask_everybody(core, newest, again);
    }
    core->ask_next = due ? next : core->ask_next;
}

static void hello(struct core *core, bool timer)
{
    if (all_were_heard(core, core->phase_started)) {
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
    ask_everybody(core, core->phase_started, core->phase_rounds > 0);
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
        ask(core, timer);
        break;
    case PHASE_STOPPING:
    case PHASE_LEAVING:
        leave(core, timer);
        break;
    case PHASE_SERVING:
        ask(core, timer);
        break;
    case PHASE_STOPPED:
        break;
    }
}

struct mono start_deadline(const struct core *core)
{
    bool waits = core->phase == PHASE_HELLO || core->phase == PHASE_LEAVING;
    bool asks = core->phase <= PHASE_SERVING && asks_alone(core);
    struct mono deadline = waits ? core->phase_next : MONO_NEVER;
    if (core->phase == PHASE_HELLO && core->phase_rounds == ROUNDS) {
        deadline = mono_max(core->phase_next, core->phase_until);
    }
    return asks ? mono_min(deadline, core->ask_next) : deadline;
}
