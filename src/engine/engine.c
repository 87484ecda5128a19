// SPDX-License-Identifier: MIT
#include "engine/engine.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "confine.h"
#include "core/view.h"
#include "engine.h"
#include "engine/facts.h"
#include "engine/mapping.h"
#include "log/log.h"
#include "sandbox/sandbox.h"

#define SECOND_MS 1000U
/* Until the first own address can be used: after a keeper was killed the engine that it left behind
 * has the port for a while, and nobody else may hold. */
#define BIND_MS 100U
/* A peer that was not heard for so long since the start, although datagrams come that name it. */
#define HINT_AFTER_NS (3 * NS_PER_S)

static int open_all(struct engine *engine, const struct engine_descriptors *descriptors);
static void close_all(struct engine *engine);
static void on_bind(uv_timer_t *timer);
static void on_second(uv_timer_t *timer);

void engine_end(struct engine *engine, int exit_code)
{
    if (!engine->ending) {
        engine->ending = true;
        engine->exit_code = exit_code;
        clock_timer_set(&engine->timer, MONO_NEVER);
    }
}

/* The keys are never swapped out and are in no core file, where the system allows it. */
static void lock_keys(struct engine *engine)
{
    int error = sandbox_lock_secret(&engine->wire.keyring, sizeof engine->wire.keyring);

    if (error == 0) {
        error = reload_lock(engine);
    }
    if (error != 0) {
        log_warning("cannot lock the keys in memory: %s; they may be swapped out: raise the limit "
                    "of locked memory (ulimit -l, LimitMEMLOCK=), or encrypt the swap space",
                    strerrordesc_np(-error));
    }
}

/* Takes what the setup says, and wipes the keys out of it. */
static int take_setup(struct engine *engine, struct ipc_setup *setup)
{
    /* Locked in memory, with guard pages around it. */
    struct keyring_config *keyring = sodium_malloc(sizeof *keyring);
    uint64_t incarnation = 0;
    int error = -1;

    engine->conf = setup->conf;
    loop_name_links(engine, setup);
    mapping_core(&engine->conf, setup->self, &engine->core_config);
    drain_begin(engine, setup);
    while (incarnation == 0) {
        randombytes_buf(&incarnation, sizeof incarnation);
    }
    engine->core_config.incarnation = incarnation;
    engine->core_config.abstain_ns = setup->abstain_ns;
    randombytes_buf(&engine->core_config.seed, sizeof engine->core_config.seed);
    lock_keys(engine);
    if (keyring != NULL) {
        memset(keyring, 0, sizeof *keyring);
        mapping_keyring(&engine->conf, &setup->keys, setup->self, keyring);
        error = wire_init(&engine->wire, keyring, incarnation);
        sodium_free(keyring); /* wipes it */
    }
    sodium_memzero(&setup->keys, sizeof setup->keys);
    sodium_memzero(setup->conf.key_text, sizeof setup->conf.key_text);
    sodium_memzero(engine->conf.key_text, sizeof engine->conf.key_text);
    if (error != 0) {
        log_error("the keys do not fit: node_key_file must hold the secret of the public_key that "
                  "node %s is configured with, and every public_key must be one",
                  engine->conf.nodes[setup->self].name);
    }
    return error;
}

int engine_run(struct ipc_setup *setup, const struct engine_descriptors *descriptors)
{
    struct engine *engine;
    int exit_code = 1;
    int error;

    if (sodium_init() < 0) {
        log_error("libsodium does not start: no source of random numbers");
        return 1;
    }
    engine = calloc(1, sizeof *engine);
    if (engine == NULL || (engine->core = calloc(1, core_size())) == NULL ||
        (engine->reload.core = calloc(1, core_size())) == NULL) {
        log_error("out of memory");
        exit(1);
    }
    engine->started = clock_now();
    if (take_setup(engine, setup) == 0) {
        error = open_all(engine, descriptors);
        if (error == 0) {
            error = confine_engine();
        }
        if (error != 0) {
            log_error("cannot start: %s", uv_strerror(error));
        } else {
            on_second(&engine->second);
            (void)uv_run(&engine->loop, UV_RUN_DEFAULT);
            exit_code = engine->exit_code;
            close_all(engine);
        }
    }
    wire_wipe(&engine->wire);
    keyring_wipe(&engine->reload.keyring);
    free(engine->reload.core);
    free(engine->core);
    free(engine);
    return exit_code;
}

/* Runs each time before the loop waits: the one place that sets the timer, and that leaves. */
static void on_prepare(uv_prepare_t *prepare)
{
    struct engine *engine = prepare->data;

    if (engine->keeper.ended && !engine->orphaned && !engine->ending) {
        orphan_begin(engine);
    }
    reload_step(engine);
    loop_arm(engine);
    if (engine->ending && (engine->keeper.gone || keeper_link_is_flushed(&engine->keeper))) {
        uv_stop(&engine->loop);
    }
}

static void on_keeper_gone(void *arg, const char *why)
{
    struct engine *engine = arg;

    if (!engine->keeper.ended) {
        log_error("the keeper is lost: %s; the engine ends", why);
        engine_end(engine, 1);
    }
    /* Else see on_prepare(): this may be in the middle of a step. */
}

/* The node goes on with what its checks said last; `status` says so. */
static void on_checker_gone(void *arg, const char *why)
{
    loop_lose_swarm(arg);
    log_error("the checker is lost: %s; the last results of the checks count on and the hook is "
              "not called; restart vipgossipd",
              why);
}

static void on_status(void *arg, struct pack *pack)
{
    struct engine *engine = arg;
    struct facts facts = {
        .conf = &engine->conf,
        .links = engine->links,
        .core_config = &engine->core_config,
        .core = engine->core,
        .wire = &engine->wire,
        .udp = &engine->udp.counters,
        .checks = engine->checks,
        .checker_lost = engine->checker.gone,
        .mute = engine->mute,
        .drained = engine->drain.node,
        .drained_vips = engine->drain.vips,
        .drain_pending = keeper_link_is_keeping(&engine->keeper),
        .drain_error = engine->drain.error,
        .reload = {.number = engine->reload.number,
                   .pending = reload_is_pending(engine),
                   .any = engine->reload.any,
                   .failed = engine->reload.failed,
                   .text = engine->reload.text},
        .started = engine->started,
        .now = mono_max(engine->now, clock_now()),
    };

    facts_pack(&facts, pack);
}

static void on_events(void *arg, struct pack *pack)
{
    struct engine *engine = arg;

    events_pack(&engine->events, &engine->conf, pack);
}

/* Datagrams that are dropped for their MAC or their cluster are never logged one by one; but a peer
 * that is not heard because of that deserves one sentence. */
static void hint_at_keys(struct engine *engine)
{
    struct node_view view;
    bool unheard = false;

    for (uint8_t n = 0; n < engine->conf.node_count; n++) {
        if (n == engine->core_config.self) {
            continue;
        }
        core_view_node(engine->core, n, engine->now, &view);
        if (view.state != MEMBER_UNKNOWN) {
            continue;
        }
        unheard = true;
        if (engine->wire.peers[n].mac_failures > 0 && (engine->mac_hinted >> n & 1) == 0) {
            engine->mac_hinted |= UINT64_C(1) << n;
            log_warning("datagrams from %s have a wrong MAC: is its cluster key or cluster name "
                        "another?",
                        engine->conf.nodes[n].name);
        }
    }
    if (unheard && !engine->cluster_hinted && engine->wire.drops[DROP_CLUSTER] > 0) {
        engine->cluster_hinted = true;
        log_warning("datagrams of another cluster arrive on port %u: is `cluster` spelt the same "
                    "on every node?",
                    engine->conf.port);
    }
}

static void bind_addresses(struct engine *engine)
{
    if (udp_bind(&engine->udp) > 0 && !engine->running) {
        loop_start(engine);
    }
}

static void on_bind(uv_timer_t *timer)
{
    struct engine *engine = timer->data;

    if (engine->running || engine->ending) {
        (void)uv_timer_stop(timer); /* from now on once per second, for those that come late */
    } else {
        bind_addresses(engine);
    }
}

static void on_second(uv_timer_t *timer)
{
    struct engine *engine = timer->data;

    if (engine->ending) {
        return;
    }
    orphan_watch(engine);
    bind_addresses(engine);
    if (engine->running && mono_elapsed(clock_now(), engine->started) >= HINT_AFTER_NS) {
        hint_at_keys(engine);
    }
}

static int open_sources(struct engine *engine, const struct engine_descriptors *descriptors)
{
    const struct keeper_link_handlers keeper = {.message = loop_on_keeper,
                                                .gone = on_keeper_gone,
                                                .will = loop_on_will,
                                                .reload = reload_on_configuration,
                                                .verdict = reload_on_verdict,
                                                .arg = engine};
    const struct checker_link_handlers checker = {loop_on_result, loop_on_swarm, on_checker_gone,
                                                  engine};
    const struct control_source control = {.status = on_status,
                                           .events = on_events,
                                           .drain = drain_set,
                                           .reload = reload_request,
                                           .arg = engine};
    int error;

    engine->keeper.vip_count = engine->conf.vip_count;
    engine->keeper.node_count = engine->conf.node_count;
    engine->keeper.address_count = engine->conf.address_count;
    error = keeper_link_open(&engine->keeper, &engine->loop, descriptors->keeper, &keeper);
    if (error != 0) {
        return error;
    }
    engine->checker.fd = -1;
    engine->checker.check_count = engine->conf.check_count;
    if (descriptors->checker >= 0) {
        error = checker_link_open(&engine->checker, &engine->loop, descriptors->checker, &checker);
    }
    if (error != 0) {
        return error;
    }
    error = control_open(&engine->control, &engine->loop, descriptors->control, &control);
    if (error != 0) {
        return error;
    }
    return clock_timer_open(&engine->timer, &engine->loop, loop_on_timer, engine);
}

void engine_deposit_wills(struct engine *engine)
{
    uint64_t all = engine->conf.node_count == NODES_MAX
                       ? UINT64_MAX
                       : (UINT64_C(1) << engine->conf.node_count) - 1;

    keeper_link_deposit(&engine->keeper, all & ~(UINT64_C(1) << engine->core_config.self));
}

/* 0 or a libuv error, which is -errno. After an error the process ends: nothing is taken back. */
static int open_all(struct engine *engine, const struct engine_descriptors *descriptors)
{
    const struct udp_handlers udp = {loop_on_datagram, loop_on_unreachable, engine};
    int error;

    /* What goes through a ring passes by the filter of system calls, which allows none. libuv 1.45
     * to 1.48 would make one. */
    (void)setenv("UV_USE_IO_URING", "0", 1);
    error = uv_loop_init(&engine->loop);
    if (error != 0) {
        return error;
    }
    /* A core for `status` to look at while no own address is there; loop_start() begins anew. */
    engine->now = engine->started;
    core_init(engine->core, &engine->core_config, engine->now);
    udp_init(&engine->udp, &engine->loop, &engine->conf, engine->core_config.self, &udp);
    error = open_sources(engine, descriptors);
    if (error != 0) {
        return error;
    }
    engine_deposit_wills(engine);
    (void)uv_prepare_init(&engine->loop, &engine->prepare);
    (void)uv_timer_init(&engine->loop, &engine->bind);
    (void)uv_timer_init(&engine->loop, &engine->second);
    engine->prepare.data = engine;
    engine->bind.data = engine;
    engine->second.data = engine;
    error = uv_prepare_start(&engine->prepare, on_prepare);
    if (error != 0) {
        return error;
    }
    error = uv_timer_start(&engine->bind, on_bind, BIND_MS, BIND_MS);
    if (error != 0) {
        return error;
    }
    return uv_timer_start(&engine->second, on_second, SECOND_MS, SECOND_MS);
}

static void close_all(struct engine *engine)
{
    uv_close((uv_handle_t *)&engine->prepare, NULL);
    uv_close((uv_handle_t *)&engine->bind, NULL);
    uv_close((uv_handle_t *)&engine->second, NULL);
    clock_timer_close(&engine->timer);
    keeper_link_close(&engine->keeper);
    if (engine->checker.fd >= 0) {
        checker_link_close(&engine->checker);
    }
    control_close(&engine->control);
    udp_close(&engine->udp);
    /* One turn, so that the callbacks of closing free the clients. */
    (void)uv_run(&engine->loop, UV_RUN_NOWAIT);
    (void)uv_loop_close(&engine->loop);
}
