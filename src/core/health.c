// SPDX-License-Identifier: MIT
/*
 * health: what the checks say about this node. A check that is for every VIP makes the node
 * unhealthy, one that is for some makes it unhealthy for these; one with a weight changes the
 * priority instead. A check begins with neither: it has to pass `rise` times in a row before the
 * node claims anything, and has failed with the first result that says so [SPEC R55..R57].
 */
#include "state.h"

#define PRIORITY_MIN 1
#define PRIORITY_MAX 255

static void set_state(struct core *core, uint8_t check, enum check_state state, enum reason reason)
{
    struct health *health = &core->health[check];
    health->streak = 0;
    ASSERT(health->state != state);
    core_change(core, &(struct change){.type = CHANGE_CHECK,
                                       .check = check,
                                       .vip = VIP_NONE,
                                       .node = NODE_NONE,
                                       .from = (uint8_t)health->state,
                                       .to = (uint8_t)state,
                                       .reason = reason});
    health->state = state;
    health->since = core->now;
    gossip_compose(core); /* the election reads it, in this very step */
}

void health_init(struct core *core)
{
    for (uint8_t check = 0; check < core->config.check_count; check++) {
        core->health[check].since = core->now;
    }
}

/* A check that a reload has added to a node that serves is believed to pass until it has failed: an
 * address is not given up for a question that was never asked [SPEC R58]. */
static bool is_trusted(const struct health *health)
{
    return health->state == CHECK_UNKNOWN && health->trusted;
}

static enum check_state believed(const struct health *health)
{
    return is_trusted(health) ? CHECK_OK : health->state;
}

/* What was never seen to pass has failed at once. */
static unsigned fall_of(const struct core_check *config, const struct health *health)
{
    return believed(health) == CHECK_UNKNOWN ? 1 : config->fall;
}

void health_result(struct core *core, uint8_t check, bool passed)
{
    ASSERT(check < core->config.check_count);
    const struct core_check *config = &core->config.checks[check];
    struct health *health = &core->health[check];
    enum check_state said = passed ? CHECK_OK : CHECK_FAILED;
    health->has_result = true;
    health->heard = core->now;
    if (said == believed(health)) {
        health->streak = 0;
        if (is_trusted(health)) {
            set_state(core, check, CHECK_OK, REASON_CHECK_OK);
        }
        return;
    }
    health->streak++;
    if (health->streak >= (passed ? config->rise : fall_of(config, health))) {
        set_state(core, check, said, passed ? REASON_CHECK_OK : REASON_CHECK_FAILED);
    }
}

/* A check that is unknown, and has had no result, or no further one, until then has failed. */
static struct mono patience_end(const struct core *core, uint8_t check)
{
    const struct health *health = &core->health[check];
    return mono_add(health->has_result ? health->heard : health->since,
                    core->config.check_patience_ns);
}

/* A checker that does not run must not keep the node out for ever: after a while the checks without
 * a result have failed, and fail_open decides. */
void health_timer(struct core *core)
{
    if (!mono_reached(core->now, health_deadline(core))) {
        return;
    }
    for (uint8_t check = 0; check < core->config.check_count; check++) {
        if (core->health[check].state == CHECK_UNKNOWN &&
            mono_reached(core->now, patience_end(core, check))) {
            set_state(core, check, CHECK_FAILED, REASON_CHECK_SILENT);
        }
    }
}

struct mono health_deadline(const struct core *core)
{
    struct mono deadline = MONO_NEVER;
    for (uint8_t check = 0; check < core->config.check_count; check++) {
        if (core->health[check].state == CHECK_UNKNOWN) {
            deadline = mono_min(deadline, patience_end(core, check));
        }
    }
    return deadline;
}

static bool passes(const struct core *core, uint8_t check)
{
    return believed(&core->health[check]) == CHECK_OK;
}

static bool concerns(const struct core_check *check, uint8_t vip)
{
    return check->is_general || (check->vips & BIT(vip)) != 0;
}

bool health_concerns(const struct core *core, uint8_t check, uint8_t vip)
{
    return concerns(&core->config.checks[check], vip);
}

bool health_is_pending(const struct core *core, uint8_t vip)
{
    for (uint8_t check = 0; check < core->config.check_count; check++) {
        if (core->health[check].state == CHECK_UNKNOWN && !core->health[check].trusted &&
            concerns(&core->config.checks[check], vip)) {
            return true;
        }
    }
    return false;
}

bool health_of_node(const struct core *core)
{
    bool healthy = core->healthy;
    for (uint8_t check = 0; check < core->config.check_count; check++) {
        const struct core_check *config = &core->config.checks[check];
        healthy &= config->weight != 0 || !config->is_general || passes(core, check);
    }
    return healthy;
}

bool health_of_vip(const struct core *core, uint8_t vip)
{
    for (uint8_t check = 0; check < core->config.check_count; check++) {
        const struct core_check *config = &core->config.checks[check];
        if (config->weight == 0 && !config->is_general && concerns(config, vip) &&
            !passes(core, check)) {
            return false;
        }
    }
    return true;
}

uint8_t health_priority(const struct core *core, uint8_t vip)
{
    int priority = core->config.vips[vip].priority;
    if (swarm_is(core, vip, AVAILABILITY_PAUSED)) {
        return PRIORITY_MIN;
    }
    for (uint8_t check = 0; check < core->config.check_count; check++) {
        const struct core_check *config = &core->config.checks[check];
        if (core->health[check].state == CHECK_FAILED && concerns(config, vip)) {
            priority += config->weight;
        }
    }
    priority = priority < PRIORITY_MIN ? PRIORITY_MIN : priority;
    return (uint8_t)(priority > PRIORITY_MAX ? PRIORITY_MAX : priority);
}
