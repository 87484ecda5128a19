// SPDX-License-Identifier: MIT
/*
 * orphan: the keeper has ended alone, killed perhaps, or stands still. What it added stays in the
 * kernel until the lifetime is over that it gave it, and nobody here can remove it sooner. If this
 * node fell silent now, another one would take over and two would hold. So it stops in order, but
 * where the core waits for the kernel's word that an address is gone, that word is given when the
 * lifetime is surely over [SPEC R46].
 *
 * A daemon that is started meanwhile takes the control socket at once, and the addresses away; its
 * engine begins when this one has left the port.
 *
 * An address without a lifetime (kernel_lease = "off") stays until vipgossipd is started again.
 * Nothing true can be said of it, so the node falls silent.
 */
#include "core/view.h"
#include "engine.h"
#include "log/log.h"

/* The kernel removes an address up to so much later than its lifetime says. */
#define KERNEL_LATE_NS NS_PER_S

/* A keeper stands still that has said nothing for so long: its addresses are gone by then, or it
 * would have renewed them. A long lifetime is no reason to wait longer with what is not held. */
#define PATIENCE_MIN_S 2U
#define PATIENCE_MAX_S 10U

/* Its addresses are in the kernel, or may be: the answer of the keeper may have been lost. */
static bool may_be_there(const struct engine *engine, uint8_t vip)
{
    struct vip_view view;

    core_view_vip(engine->core, vip, engine->now, &view);
    return view.may_be_there || view.state == VIP_CLAIMING || view.state == VIP_HOLDING ||
           view.state == VIP_RELEASING;
}

void orphan_watch(struct engine *engine)
{
    unsigned patience_s = PATIENCE_MIN_S;

    for (uint8_t vip = 0; engine->running && vip < engine->conf.vip_count; vip++) {
        unsigned lease_s = engine->conf.vips[vip].kernel_lease_s;

        if (lease_s == 0 && may_be_there(engine, vip)) {
            return; /* it stays and answers, whatever the keeper does: go on */
        }
        patience_s = lease_s > patience_s ? lease_s : patience_s;
    }
    patience_s = patience_s < PATIENCE_MAX_S ? patience_s : PATIENCE_MAX_S;
    keeper_link_watch(&engine->keeper, patience_s + 1);
}

void orphan_begin(struct engine *engine)
{
    const char *why = engine->keeper.silent ? "stands still" : "has ended";
    struct event stop = {.type = EVENT_STOP};
    uint64_t lease_ns = 0;

    engine->orphaned = true;
    engine->orphan_until = MONO_NEVER;
    if (!engine->running) {
        log_error("the keeper %s; the engine ends", why);
        engine_end(engine, 1);
        return;
    }
    for (uint8_t vip = 0; vip < engine->conf.vip_count; vip++) {
        uint64_t ns = engine->conf.vips[vip].kernel_lease_s * NS_PER_S;

        if (may_be_there(engine, vip)) {
            lease_ns = ns + KERNEL_LATE_NS > lease_ns ? ns + KERNEL_LATE_NS : lease_ns;
            engine->orphan_endless = engine->orphan_endless || ns == 0;
        }
    }
    engine->orphan_until = mono_add(clock_now(), lease_ns);
    log_error("the keeper %s and nobody can remove an address any more: this node claims what it "
              "holds until the kernel lets go of it, and then ends",
              why);
    if (!engine->keeper.silent) {
        control_retire(&engine->control); /* the next daemon need not wait for this engine's end */
    }
    loop_feed(engine, &stop);
}

struct mono orphan_deadline(const struct engine *engine)
{
    return engine->orphaned ? engine->orphan_until : MONO_NEVER;
}

void orphan_step(struct engine *engine, struct mono now)
{
    if (!engine->orphaned || !mono_reached(now, engine->orphan_until)) {
        return;
    }
    engine->orphan_until = MONO_NEVER;
    if (engine->orphan_endless) {
        log_error("kernel_lease is off: an address stays on this host until vipgossipd is started "
                  "again");
        engine_end(engine, 1);
    }
    for (uint8_t vip = 0; vip < engine->conf.vip_count; vip++) {
        struct event gone = {.type = EVENT_ADDRESS,
                             .address = {.vip = vip, .change = ADDRESS_REMOVED}};

        loop_feed(engine, &gone);
    }
}
