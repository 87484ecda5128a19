// SPDX-License-Identifier: MIT
/*
 * core: the order of a step. Facts first (membership, the kernel), then the judgement of silence,
 * then the arbiters, then what is sent.
 */
#include "state.h"

unsigned long core_size(void)
{
    return sizeof(struct core);
}

struct action *core_action(struct core *core, enum action_type type)
{
    ASSERT(core->actions != NULL && core->actions->count < ACTIONS_MAX);
    struct action *action = &core->actions->items[core->actions->count++];
    *action = (struct action){.type = type};
    return action;
}

void core_change(struct core *core, const struct change *change)
{
    core_action(core, ACTION_CHANGE)->change = *change;
}

void core_init(struct core *core, const struct core_config *config, struct mono now)
{
    ASSERT(config->node_count > 0 && config->node_count <= NODES_MAX);
    ASSERT(config->check_count <= CHECKS_MAX);
    ASSERT(config->vip_count <= VIPS_MAX && config->self < config->node_count);
    ASSERT(config->incarnation != 0 && config->interval_ns >= 10 * NS_PER_MS);
    for (uint8_t vip = 0; vip < config->vip_count; vip++) {
        ASSERT(config->vips[vip].lease_ns % NS_PER_MS == 0); /* as it is told to others */
        ASSERT(config->vips[vip].address_count > 0);
    }

    __builtin_memset(core, 0, sizeof *core);
    uint64_t slow_ns = timing_slow(config->interval_ns, config->node_count);
    core->config = *config;
    core->claim_now = now;
    core->vote_now = now;
    core->random_key[0] = config->seed;
    core->random_key[1] = ~config->seed;
    core->now = now;
    core->judged = now;
    core->started_at = now;
    core->healthy = true;
    core->record.node = config->nodes[config->self].id;
    core->record.incarnation = config->incarnation;
    core->record.seq = 1;
    core->record.interval_ms = (uint32_t)(config->interval_ns / NS_PER_MS);
    core->record.config = config->config;
    core->record.vip_count = config->vip_count;
    core->draft = core->record;
    core->beat_next = now;
    /* The first heartbeat meets nobody who could answer, the second asks for the round trips. */
    core->measured_at = mono_sub(now, (GOSSIP_SPANS_PER_MEASURE - 1) * slow_ns);
    membership_init(core);
    arbiter_init(core);
    health_init(core);
    swarm_init(core);
    voter_init(core);
    voters_init(core);
    core->phase = PHASE_SERVING;
    start_hello(core);
    gossip_compose(core);
    core->record = core->draft;
    core->due = now;
}

/* This node was not run when it wanted to be: others may have announced the address meanwhile [SPEC
 * R37]. */
static void measure_lateness(struct core *core)
{
    uint64_t late_ns = mono_elapsed(core->now, mono_max(core->due, core->late_told));
    core->late_told = core->now;
    if (late_ns > core->counters.lateness_max_ns) {
        core->counters.lateness_max_ns = late_ns;
    }
    if (late_ns > core->config.interval_ns / 2) {
        core->counters.stalls++;
        for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
            announce_again(core, vip);
        }
    }
}

static void take(struct core *core, const struct event *event)
{
    switch (event->type) {
    case EVENT_TIMER:
    case EVENT_BEAT:
        measure_lateness(core);
        break;
    case EVENT_MESSAGE:
        membership_message(core, event->message);
        break;
    case EVENT_ADDRESS:
        kernel_take(core, event);
        break;
    case EVENT_FRAME:
        conflict_frame(core, event);
        break;
    case EVENT_MAC:
        conflict_own(core, event->frame.vip, event->frame.mac);
        break;
    case EVENT_UNREACHABLE:
        ASSERT(event->unreachable.peer < core->config.node_count);
        suspicion_hint(core, event->unreachable.peer);
        break;
    case EVENT_LINK:
        ASSERT(event->link.vip < core->config.vip_count);
        core->arbiters[event->link.vip].link_down = !event->link.up;
        gossip_compose(core);
        if (event->link.up) {
            start_ask(core, event->link.vip); /* others may have taken over unheard */
        }
        break;
    case EVENT_MUTE:
        core->mute = event->mute.mute;
        if (!core->mute) {
            start_hello(core);
        }
        break;
    case EVENT_CONDITION:
        core->healthy = event->condition.healthy;
        core->drained = event->condition.drained;
        core->drained_vips = event->condition.drained_vips;
        gossip_compose(core); /* the election reads it, in this very step */
        break;
    case EVENT_CHECK:
        health_result(core, event->check.check, event->check.passed);
        break;
    case EVENT_SWARM:
        swarm_take(core, event->swarm.check, event->swarm.news);
        break;
    case EVENT_RETIRE:
        reload_retire(core, event->retire.vips);
        break;
    case EVENT_STOP:
        start_stop(core);
        break;
    }
}

/* Between two timers: a deadline that a step leaves in the past must not make the loop spin. */
#define TIMER_GAP_NS UINT64_C(100000)

static struct mono next_deadline(const struct core *core)
{
    if (core->phase == PHASE_STOPPED) {
        return MONO_NEVER;
    }
    struct mono deadline = mono_min(start_deadline(core), core->beat_next);
    deadline = mono_min(deadline, suspicion_deadline(core));
    deadline = mono_min(deadline, health_deadline(core));
    deadline = mono_min(deadline, voters_deadline(core));
    deadline = mono_min(deadline, conflict_deadline(core));
    deadline = mono_min(deadline, verify_deadline(core));
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        deadline = mono_min(deadline, arbiter_deadline(core, vip));
    }
    return deadline;
}

/* Holds after every step, in production too [SPEC R69]. */
static void check(const struct core *core)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        const struct arbiter *arbiter = &core->arbiters[vip];
        ASSERT(arbiter->state < VIP_STATE_COUNT);
        ASSERT(arbiter->state != VIP_HOLDING || arbiter->in_kernel);
        ASSERT(arbiter->state != VIP_STANDBY || !arbiter->in_kernel);
        ASSERT(!(arbiter->adding && arbiter->removing));
        ASSERT(arbiter->state != VIP_STANDBY || !arbiter->removing);
    }
    ASSERT(core->members[core->config.self].incarnation == 0);
}

void core_step(struct core *core, const struct event *event, struct actions *ret)
{
    ASSERT(!mono_before(event->now, core->now));
    bool timer = event->type == EVENT_TIMER;
    bool beats = timer || event->type == EVENT_BEAT;
    ret->count = 0;
    ret->send = 0;
    core->actions = ret;
    majority_clock(core, event);
    core->now = event->now;
    core->judged = timer ? event->now : mono_max(core->judged, mono_min(event->now, core->due));
    /* A message that comes when a deadline is reached: the timer that follows may not know any more
     * what it was for. */
    core->dirty |=
        event->type != EVENT_MESSAGE || mono_reached(mono_add(event->now, TIMER_GAP_NS), core->due);

    gossip_compose(core);
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        kernel_deadline(core, vip);
    }
    take(core, event);
    if (timer) {
        suspicion_timer(core);
        health_timer(core);
    }
    swarm_step(core);
    conflict_step(core);
    start_step(core, timer);
    voters_step(core);
    /* Once more if an arbiter's change concerns the others; twice is enough, and bounded. */
    for (uint8_t pass = 0; core->dirty && pass < 2; pass++) {
        core->dirty = false;
        for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
            arbiter_step(core, vip, timer && pass == 0);
        }
    }
    verify_step(core);
    gossip_finish(core, beats);
    majority_finish(core);
    core->due = next_deadline(core);
    if (timer) {
        core->due = mono_max(core->due, mono_add(core->now, TIMER_GAP_NS));
    }
    check(core);
    core->actions = NULL;
}

struct mono core_deadline(const struct core *core)
{
    return core->due;
}

struct mono core_beat_deadline(const struct core *core)
{
    return core->phase == PHASE_STOPPED ? MONO_NEVER : core->beat_next;
}

const struct record *core_record(const struct core *core)
{
    return &core->record;
}
