// SPDX-License-Identifier: MIT
/*
 * drain: which VIPs this node is to hold last, as an operator has said. It counts at once, and the
 * keeper keeps it for the next start.
 */
#include <string.h>

#include "engine.h"
#include "log/log.h"

static void tell_core(struct engine *engine)
{
    struct event event = {.type = EVENT_CONDITION,
                          .condition = {.healthy = true,
                                        .drained = engine->drain.node,
                                        .drained_vips = engine->drain.vips}};

    loop_feed(engine, &event);
}

void drain_begin(struct engine *engine, const struct ipc_setup *setup)
{
    engine->drain.node = setup->drained != 0;
    engine->drain.vips = setup->drained_vips;
}

void drain_start(struct engine *engine)
{
    if (engine->drain.node || engine->drain.vips != 0) {
        tell_core(engine);
    }
}

static int find_vip(const struct engine *engine, const char *name)
{
    for (int vip = 0; vip < engine->conf.vip_count; vip++) {
        if (strcmp(engine->conf.vips[vip].name, name) == 0) {
            return vip;
        }
    }
    return -1;
}

const char *drain_set(void *arg, bool drained, const char *name)
{
    struct engine *engine = arg;
    int vip = find_vip(engine, name);

    if (name[0] == '\0') {
        engine->drain.node = drained;
        engine->drain.vips = drained ? engine->drain.vips : 0;
    } else if (vip < 0) {
        return "no VIP of that name is configured: 'vipgossip status' lists them";
    } else if (!drained && engine->drain.node) {
        return "the whole node is drained: undrain it without naming a VIP";
    } else if (drained) {
        engine->drain.vips |= UINT32_C(1) << vip;
    } else {
        engine->drain.vips &= ~(UINT32_C(1) << vip);
    }
    log_notice("an operator has %s this node%s%s", drained ? "drained" : "undrained",
               name[0] != '\0' ? " for VIP " : "", name);
    keeper_link_keep_drain(&engine->keeper, engine->drain.node, engine->drain.vips);
    if (engine->running) {
        tell_core(engine);
    }
    return NULL;
}

void drain_kept(struct engine *engine, int error)
{
    engine->drain.error = -error;
}
