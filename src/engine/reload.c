// SPDX-License-Identifier: MIT
/*
 * reload: the running engine takes another configuration. The keeper has had it read and checked.
 * First the VIPs that go are given up in order, while everybody still knows them; then everything
 * that counts in indexes is renamed at once, between two events.
 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "engine.h"
#include "engine/mapping.h"
#include "log/log.h"
#include "sandbox/sandbox.h"

/* The kernel takes an address out at once; where it refuses, the reload must not wait for ever. */
#define RELEASE_PATIENCE_NS (5 * NS_PER_S)

int reload_lock(struct engine *engine)
{
    const int error = sandbox_lock_secret(&engine->reload.keyring, sizeof engine->reload.keyring);

    return error != 0 ? error
                      : sandbox_lock_secret(&engine->keeper.answer.reload.setup.keys,
                                            sizeof engine->keeper.answer.reload.setup.keys);
}

uint64_t reload_request(void *arg)
{
    struct engine *engine = arg;

    keeper_link_read(&engine->keeper, ++engine->reload.asked);
    return engine->reload.asked;
}

bool reload_is_pending(const struct engine *engine)
{
    return engine->reload.phase != RELOAD_IDLE || engine->reload.number < engine->reload.asked;
}

static void conclude(struct engine *engine, uint64_t number, bool failed, const char *text)
{
    struct reload *reload = &engine->reload;

    reload->phase = RELOAD_IDLE;
    reload->number = number;
    reload->any = true;
    reload->failed = failed;
    (void)snprintf(reload->text, sizeof reload->text, "%s", text);
}

void reload_on_verdict(void *arg, const struct ipc_verdict *verdict)
{
    struct engine *engine = arg;

    if (engine->reload.phase == RELOAD_IDLE) {
        conclude(engine, verdict->sequence, true, verdict->text);
    }
}

/* What the keeper has sent is not taken. */
static void refuse(struct engine *engine, uint64_t number, const char *why)
{
    log_error("reload: %s; the running configuration stays", why);
    sodium_memzero(&engine->reload.keyring, sizeof engine->reload.keyring);
    keeper_link_refuse(&engine->keeper, -EINVAL);
    conclude(engine, number, true, why);
}

/* Derives the keys, and wipes those that they came from. */
static int take_keys(struct engine *engine, struct ipc_reload *from)
{
    /* Locked in memory, with guard pages around it. */
    struct keyring_config *config = sodium_malloc(sizeof *config);
    int error = -1;

    if (config != NULL) {
        memset(config, 0, sizeof *config);
        mapping_keyring(&from->setup.conf, &from->setup.keys, from->setup.self, config);
        error = keyring_init(&engine->reload.keyring, config);
        sodium_free(config); /* wipes it */
    }
    sodium_memzero(&from->setup.keys, sizeof from->setup.keys);
    return error;
}

static void feed_retire(struct engine *engine, uint64_t vips)
{
    struct event event = {.type = EVENT_RETIRE, .retire = {.vips = vips}};

    loop_feed(engine, &event);
}

/* The former change has to be done before the next one [SPEC R103]. NULL: it is. */
static const char *find_obstacle(const struct engine *engine, const struct ipc_setup *setup)
{
    struct core_config next;

    mapping_core(&setup->conf, setup->self, &next);
    switch (engine->running ? core_may_change_voters(engine->core, &next) : VOTERS_ALLOWED) {
    case VOTERS_ALLOWED:
        return NULL;
    case VOTERS_CHANGING:
        return "the voters have changed already, which VIPs in mode quorum take one at a time: "
               "majorities of the former and of the new ones have to have that change for as "
               "long as a lease, before the next; take it to every node and try again then, or "
               "take it back";
    case VOTERS_DIFFER:
        return "the voters change, which VIPs in mode quorum take one at a time, and a node that "
               "lives has neither the configuration of this one nor the new one: \"vipgossip "
               "status\" says which; give it the same file first, and try again then";
    }
    return NULL;
}

void reload_on_configuration(void *arg, struct ipc_reload *from)
{
    struct engine *engine = arg;
    struct reload *reload = &engine->reload;
    int error = take_keys(engine, from);
    const char *obstacle;

    if (engine->ending || reload->phase != RELOAD_IDLE) {
        keeper_link_refuse(&engine->keeper, -EBUSY);
        return;
    }
    if (error != 0) {
        refuse(engine, from->sequence,
               "the keys do not fit: node_key_file must hold the secret of the public_key "
               "that this node is configured with, and every public_key must be one");
        return;
    }
    obstacle = find_obstacle(engine, &from->setup);
    if (obstacle != NULL) {
        refuse(engine, from->sequence, obstacle);
        return;
    }
    reload->next = *from;
    reload->retired = 0;
    for (uint8_t vip = 0; vip < engine->conf.vip_count; vip++) {
        if (conf_change_now(from->change.vip_was, from->setup.conf.vip_count, vip) == CONF_NEW) {
            reload->retired |= UINT64_C(1) << vip;
        }
    }
    reload->phase = RELOAD_RELEASING;
    reload->until = mono_add(clock_now(), RELEASE_PATIENCE_NS);
    if (reload->retired != 0) {
        feed_retire(engine, reload->retired);
    }
    reload_step(engine);
}

static uint32_t rename_vips(const struct engine *engine, uint32_t vips)
{
    const struct ipc_reload *next = &engine->reload.next;
    uint32_t ret = 0;

    for (uint8_t vip = 0; vip < next->setup.conf.vip_count; vip++) {
        uint8_t was = next->change.vip_was[vip];

        if (was != CONF_NEW && (vips >> was & 1) != 0) {
            ret |= UINT32_C(1) << vip;
        }
    }
    return ret;
}

/* What is known of the interface of a VIP that stays, which stays too; the keeper tells the rest.
 */
static void rename_links(struct engine *engine)
{
    const struct ipc_reload *next = &engine->reload.next;
    struct ipc_message links[CONF_VIPS_MAX];

    memcpy(links, engine->links, sizeof links);
    loop_name_links(engine, &next->setup);
    for (unsigned vip = 0; vip < next->setup.conf.vip_count; vip++) {
        if (next->change.vip_was[vip] != CONF_NEW) {
            engine->links[vip] = links[next->change.vip_was[vip]];
        }
    }
}

static void rename_checks(struct engine *engine)
{
    const struct ipc_reload *next = &engine->reload.next;
    static const struct checker_note nothing;
    struct checker_note notes[CONF_CHECKS_MAX];

    memcpy(notes, engine->checks, sizeof notes);
    for (unsigned check = 0; check < CONF_CHECKS_MAX; check++) {
        uint8_t was = next->change.check_was[check];
        bool is_known = check < next->setup.conf.check_count && was < CONF_CHECKS_MAX;

        engine->checks[check] = is_known ? notes[was] : nothing;
    }
    engine->swarm_check =
        conf_change_now(next->change.check_was, next->setup.conf.check_count, engine->swarm_check);
    if (engine->swarm_check == CONF_NEW) {
        engine->swarm = (struct swarm_news){.knows = false};
    }
    engine->checker.check_count = next->setup.conf.check_count;
    engine->checker.generation = next->generation;
}

static void switch_core(struct engine *engine)
{
    struct core_config *config = &engine->core_config;
    const struct ipc_setup *setup = &engine->reload.next.setup;
    uint64_t incarnation = config->incarnation;
    uint64_t seed = config->seed;
    uint64_t abstain_ns = config->abstain_ns; /* of a core that does not run yet */
    struct core_reload map;
    struct core *core = engine->reload.core;

    mapping_core(&engine->conf, setup->self, config);
    config->incarnation = incarnation;
    config->seed = seed;
    config->abstain_ns = abstain_ns;
    if (engine->running) {
        mapping_reload(&engine->reload.next.change, &map);
        core_reconfigure(core, engine->core, config, &map);
    } else {
        core_init(core, config, engine->now);
    }
    engine->reload.core = engine->core;
    engine->core = core;
}

static void switch_over(struct engine *engine)
{
    const struct ipc_reload *next = &engine->reload.next;
    const struct ipc_setup *setup = &next->setup;
    bool had_drain = engine->drain.node || engine->drain.vips != 0;

    engine->reload.phase = RELOAD_SWITCHING;
    keeper_link_switch(&engine->keeper, &setup->conf, &next->change);
    events_reconfigure(&engine->events, &setup->conf, &next->change);
    wire_reconfigure(&engine->wire, &engine->reload.keyring, next->change.node_was);
    sodium_memzero(&engine->reload.keyring, sizeof engine->reload.keyring);
    engine->drain.vips = rename_vips(engine, engine->drain.vips);
    rename_links(engine);
    engine->mac_hinted = 0;
    rename_checks(engine);
    engine->conf = setup->conf;
    switch_core(engine);
    udp_reconfigure(&engine->udp, setup->self);
    log_set_level(setup->verbose != 0 ? LOG_LEVEL_DEBUG : (enum log_level)setup->conf.log_level);
    engine_deposit_wills(engine);
    if (had_drain) {
        keeper_link_keep_drain(&engine->keeper, engine->drain.node, engine->drain.vips);
    }
}

void reload_step(struct engine *engine)
{
    struct reload *reload = &engine->reload;

    if (reload->phase != RELOAD_RELEASING || engine->ending) {
        return;
    }
    if (!engine->running || core_is_free_of(engine->core, reload->retired)) {
        switch_over(engine);
    } else if (mono_reached(clock_now(), reload->until)) {
        feed_retire(engine, 0);
        refuse(engine, reload->next.sequence,
               "the kernel does not remove the addresses of a VIP that is not in the file "
               "any more; see the log for which");
    }
}

void reload_on_switched(struct engine *engine)
{
    if (engine->reload.phase == RELOAD_SWITCHING) {
        conclude(engine, engine->reload.next.sequence, false, engine->reload.next.text);
    }
}
