// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "swarm_private.h"

static void say(struct swarm *swarm, const char *what, uint8_t node)
{
    journal_say(swarm->judge.journal, cluster_now(swarm->cluster), "%s: %s",
                cluster_node_name(swarm->cluster, node), what);
}

void swarm_start(struct swarm *swarm, uint8_t node)
{
    say(swarm, "starts", node);
    cluster_start(swarm->cluster, node);
    judge_starts(&swarm->judge, node);
    if (swarm->has_check) {
        cluster_check(swarm->cluster, node, true);
    }
}

void swarm_crash(struct swarm *swarm, uint8_t node)
{
    if (cluster_is_alive(swarm->cluster, node)) {
        bool whole = chance(swarm, 70);
        /* In mode quorum a host that was not booted remembers for how long it may have voted. */
        bool booted = !whole || swarm->judge.mode == VIP_AVAILABLE || chance(swarm, 50);
        say(swarm, whole ? "dies" : "has lost its engine, and its keeper says so", node);
        judge_fault(&swarm->judge);
        if (!booted) {
            cluster_kill(swarm->cluster, node);
        } else if (whole) {
            cluster_crash(swarm->cluster, node);
        } else {
            cluster_end_engine(swarm->cluster, node);
        }
        judge_fault(&swarm->judge);
    }
}

void swarm_die(struct swarm *swarm, uint8_t node)
{
    if (cluster_is_alive(swarm->cluster, node)) {
        say(swarm, "dies", node);
        judge_fault(&swarm->judge);
        cluster_crash(swarm->cluster, node);
        judge_fault(&swarm->judge);
    }
}

void swarm_stop(struct swarm *swarm, uint8_t node)
{
    say(swarm, "is told to stop", node);
    judge_stops(&swarm->judge, node);
    cluster_stop(swarm->cluster, node);
    judge_fault(&swarm->judge);
}

void swarm_stall(struct swarm *swarm, uint8_t node, uint64_t span_ns, bool frozen)
{
    struct journal *journal = swarm->judge.journal;
    if (!cluster_is_alive(swarm->cluster, node) || cluster_is_stalled(swarm->cluster, node)) {
        return;
    }
    journal_say(journal, cluster_now(swarm->cluster), "%s: %s for %.3f s",
                cluster_node_name(swarm->cluster, node),
                frozen ? "engine and keeper are frozen" : "the engine is stalled",
                (double)span_ns / 1e9);
    if (frozen) {
        cluster_freeze(swarm->cluster, node, span_ns);
    } else {
        cluster_stall(swarm->cluster, node, span_ns);
    }
    judge_stalls(&swarm->judge, node, cluster_now(swarm->cluster) + span_ns, frozen);
}

void swarm_delete_address(struct swarm *swarm, uint8_t node, uint8_t vip)
{
    say(swarm, "another program removes its address", node);
    bool had_it = cluster_has_address(swarm->cluster, node, vip);
    judge_fault(&swarm->judge);
    cluster_delete_address(swarm->cluster, node, vip);
    judge_fault(&swarm->judge);
    if (had_it) {
        judge_foreign(&swarm->judge, node, vip);
    }
}

static void hold_back(struct swarm *swarm, uint8_t from, uint8_t to)
{
    uint64_t span_ns = draw(swarm, 4 * swarm->judge.interval_ns);
    journal_say(swarm->judge.journal, cluster_now(swarm->cluster),
                "%s -> %s keeps everything back for %.3f ms",
                cluster_node_name(swarm->cluster, from), cluster_node_name(swarm->cluster, to),
                (double)span_ns / 1e6);
    cluster_hold(swarm->cluster, from, to, span_ns);
    judge_holds_back(&swarm->judge, span_ns);
}

/* Another priority, at once [SPEC R57]. */
static void check(struct swarm *swarm, uint8_t node, bool passes)
{
    if (swarm->has_check && cluster_is_alive(swarm->cluster, node)) {
        say(swarm, passes ? "its check passes" : "its check fails", node);
        judge_fault(&swarm->judge);
        cluster_check(swarm->cluster, node, passes);
        judge_check(&swarm->judge, node, passes);
    }
}

static void cut(struct swarm *swarm, uint8_t from, uint8_t to, bool apart)
{
    cluster_cut(swarm->cluster, from, to, apart);
}

void swarm_cut(struct swarm *swarm, uint8_t from, uint8_t to)
{
    journal_say(swarm->judge.journal, cluster_now(swarm->cluster), "%s -> %s is cut",
                cluster_node_name(swarm->cluster, from), cluster_node_name(swarm->cluster, to));
    cut(swarm, from, to, true);
    judge_paths(&swarm->judge);
}

static void join_all(struct swarm *swarm)
{
    uint8_t count = cluster_node_count(swarm->cluster);
    for (uint8_t a = 0; a < count; a++) {
        for (uint8_t b = 0; b < count; b++) {
            cut(swarm, a, b, false);
        }
    }
    journal_say(swarm->judge.journal, cluster_now(swarm->cluster), "all paths are whole");
    judge_paths(&swarm->judge);
}

static void split(struct swarm *swarm)
{
    uint64_t side = draw(swarm, UINT64_C(1) << cluster_node_count(swarm->cluster));
    bool one_way = chance(swarm, 30);
    uint8_t count = cluster_node_count(swarm->cluster);
    for (uint8_t a = 0; a < count; a++) {
        for (uint8_t b = 0; b < count; b++) {
            bool from = (side >> a & 1) != 0;
            bool to = (side >> b & 1) != 0;
            if (from != to && (from || !one_way)) {
                cut(swarm, a, b, true);
            }
        }
    }
    journal_say(swarm->judge.journal, cluster_now(swarm->cluster), "nodes %#llx are cut off%s",
                (unsigned long long)side, one_way ? ", they hear but are not heard" : "");
    judge_fault(&swarm->judge);
}

static void isolate(struct swarm *swarm, uint8_t node)
{
    say(swarm, "is cut off", node);
    for (uint8_t other = 0; other < cluster_node_count(swarm->cluster); other++) {
        cut(swarm, node, other, true);
        cut(swarm, other, node, true);
    }
    judge_paths(&swarm->judge);
}

static void set_weather(struct swarm *swarm, bool calm)
{
    struct cluster_weather weather = {.delay_ns = 50000, .delay_spread_ns = 299999};
    if (!calm && swarm->loss_permille_max > 0 && chance(swarm, 60)) {
        unsigned most = chance(swarm, 50) ? 50 : swarm->loss_permille_max;
        weather.loss_permille = (unsigned)draw(swarm, most + 1);
    }
    if (!calm && chance(swarm, 40)) {
        weather.duplicate_permille = (unsigned)draw(swarm, 500);
    }
    if (!calm && chance(swarm, 40)) {
        weather.slow_permille = (unsigned)draw(swarm, 200);
        weather.slow_ns = 1 + draw(swarm, swarm->delay_max_ns);
    }
    if (!calm && chance(swarm, 30)) {
        weather.delay_spread_ns = 1 + draw(swarm, swarm->delay_max_ns);
    }
    journal_say(swarm->judge.journal, cluster_now(swarm->cluster),
                "weather: %u permille lost, %u doubled, %u slow by %.3f ms, delay to %.3f ms",
                weather.loss_permille, weather.duplicate_permille, weather.slow_permille,
                (double)weather.slow_ns / 1e6, (double)weather.delay_spread_ns / 1e6);
    cluster_set_weather(swarm->cluster, &weather);
    judge_weather_is(&swarm->judge, &weather);
}

void swarm_condition(struct swarm *swarm, uint8_t node, bool healthy, bool drained)
{
    if (cluster_is_alive(swarm->cluster, node)) {
        say(swarm, drained ? "is drained" : healthy ? "is healthy" : "is unhealthy", node);
        judge_fault(&swarm->judge);
        cluster_condition(swarm->cluster, node, healthy, drained);
        judge_condition(&swarm->judge, node, healthy, drained);
    }
}

static void link_to(struct swarm *swarm, uint8_t node, bool up)
{
    say(swarm, up ? "link up" : "link down", node);
    judge_fault(&swarm->judge);
    cluster_link(swarm->cluster, node, up);
    judge_paths(&swarm->judge);
}

static void attack(struct swarm *swarm)
{
    for (uint64_t i = 1 + draw(swarm, 20); i > 0; i--) {
        cluster_attack(swarm->cluster);
    }
}

static void set_clock(struct swarm *swarm, uint8_t node)
{
    int most = swarm->clock_ppm;
    if (most > 0) {
        int ppm = chance(swarm, 50) ? (chance(swarm, 50) ? most : -most)
                                    : (int)draw(swarm, 2U * (unsigned)most + 1) - most;
        cluster_clock_rate(swarm->cluster, node, ppm);
    }
    if (swarm->judge.slewed) {
        cluster_clock_slew(swarm->cluster, node,
                           (int)draw(swarm, 2U * SLEW_PPM_MAX + 1) - (int)SLEW_PPM_MAX);
    }
}

void swarm_refuse(struct swarm *swarm, uint8_t node, int error)
{
    say(swarm, error != 0 ? "the kernel refuses addresses" : "the kernel obeys", node);
    cluster_refuse(swarm->cluster, node, error);
    judge_refuses(&swarm->judge, node);
}

void swarm_keep(struct swarm *swarm, uint8_t node, int error)
{
    say(swarm, error != 0 ? "the kernel refuses to remove addresses" : "the kernel removes again",
        node);
    cluster_keep(swarm->cluster, node, error);
    judge_refuses(&swarm->judge, node);
}

/* What happens to a node: it is dead, it is to die, or to live again. */
static void fault_of_life(struct swarm *swarm, enum fault fault, uint8_t node)
{
    if (!cluster_is_alive(swarm->cluster, node)) {
        swarm_start(swarm, node);
    } else if (fault == FAULT_STOP) {
        swarm_stop(swarm, node);
    } else {
        swarm_crash(swarm, node);
    }
}

/* Its configuration has another priority: it reads that while it runs, or when it starts. */
static void new_priority(struct swarm *swarm, uint8_t node)
{
    bool is_run =
        cluster_is_alive(swarm->cluster, node) && !cluster_is_stalled(swarm->cluster, node);
    cluster_set_priority(swarm->cluster, node, (uint8_t)(1 + draw(swarm, 255)));
    if (!is_run || chance(swarm, 50)) {
        fault_of_life(swarm, FAULT_CRASH, node);
        return;
    }
    say(swarm, "reads its configuration anew", node);
    judge_fault(&swarm->judge);
    cluster_reload(swarm->cluster, node);
    judge_fault(&swarm->judge);
}

static void fault_of_node(struct swarm *swarm, enum fault fault, uint8_t node)
{
    uint8_t vip = (uint8_t)draw(swarm, cluster_vip_count(swarm->cluster));
    uint64_t span_ns = draw(swarm, 4) == 0 ? draw(swarm, MS(8000)) : draw(swarm, MS(1000));
    if (chance(swarm, 40)) {
        span_ns = draw(swarm, 2 * swarm->judge.interval_ns); /* about as long as a suspicion */
    }
    switch ((unsigned)fault) {
    case FAULT_STALL:
        swarm_stall(swarm, node, span_ns, false);
        break;
    case FAULT_FREEZE:
        swarm_stall(swarm, node, span_ns, true);
        break;
    case FAULT_LINK:
        link_to(swarm, node, chance(swarm, 60));
        break;
    case FAULT_FOREIGN:
        swarm_delete_address(swarm, node, vip);
        break;
    case FAULT_REFUSE:
        swarm_refuse(swarm, node, chance(swarm, 40) ? 1 : 0);
        break;
    case FAULT_KEEP:
        swarm_keep(swarm, node, chance(swarm, 60) ? 1 : 0);
        break;
    case FAULT_CONDITION: {
        bool healthy = chance(swarm, 60);
        swarm_condition(swarm, node, healthy, chance(swarm, 20));
        break;
    }
    case FAULT_CHECK:
        check(swarm, node, chance(swarm, 50));
        break;
    case FAULT_PRIORITY:
        new_priority(swarm, node);
        break;
    default:
        fault_of_life(swarm, fault, node);
        break;
    }
}

/* A host outside the cluster speaks for the VIP: it is named, and moves nothing. Before the first
 * claim of all it would be left alone [SPEC R66]. */
static void show_stranger(struct swarm *swarm, uint8_t node)
{
    struct vip_view view;
    cluster_view_vip(swarm->cluster, node, 0, &view);
    if (view.ever_held) {
        cluster_foreign_frame(swarm->cluster, node, 0, node & 1);
    }
}

static void one_fault(struct swarm *swarm)
{
    uint64_t ticket = draw(swarm, swarm->weights);
    unsigned fault = 0;
    while (ticket >= swarm->weight[fault]) {
        ticket -= swarm->weight[fault++];
    }
    uint8_t count = cluster_node_count(swarm->cluster);
    uint8_t a = (uint8_t)draw(swarm, count);
    uint8_t b = (uint8_t)((a + 1 + draw(swarm, count - 1U)) % count);
    switch (fault) {
    case FAULT_CRASH_TWO:
        swarm_crash(swarm, a);
        swarm_crash(swarm, b);
        break;
    case FAULT_CUT_ONE_WAY:
        swarm_cut(swarm, a, b);
        break;
    case FAULT_CUT:
        swarm_cut(swarm, a, b);
        swarm_cut(swarm, b, a);
        break;
    case FAULT_SPLIT:
        split(swarm);
        break;
    case FAULT_ISOLATE:
        isolate(swarm, a);
        break;
    case FAULT_JOIN:
        join_all(swarm);
        break;
    case FAULT_WEATHER:
        set_weather(swarm, chance(swarm, 30));
        break;
    case FAULT_ATTACK:
        attack(swarm);
        break;
    case FAULT_CLOCK:
        set_clock(swarm, a);
        break;
    case FAULT_HINT:
        if (cluster_is_alive(swarm->cluster, a)) {
            say(swarm, "is told of a closed port", a);
            cluster_unreachable(swarm->cluster, a, b);
            show_stranger(swarm, a);
        }
        break;
    case FAULT_HOLD:
        hold_back(swarm, a, b);
        break;
    case FAULT_SCENE:
        swarm_scene(swarm);
        break;
    case FAULT_QUIET:
        cluster_run(swarm->cluster, draw(swarm, judge_convergence_ns(&swarm->judge) * 2));
        break;
    default:
        fault_of_node(swarm, (enum fault)fault, a);
        break;
    }
}

/* --- the end of all faults --- */

void swarm_clear_up(struct swarm *swarm)
{
    struct cluster *cluster = swarm->cluster;
    set_weather(swarm, true);
    join_all(swarm);
    for (uint8_t node = 0; node < cluster_node_count(cluster); node++) {
        cluster_link(cluster, node, true);
        cluster_refuse(cluster, node, 0);
        cluster_keep(cluster, node, 0);
    }
    judge_paths(&swarm->judge);
}

static void heal(struct swarm *swarm)
{
    struct cluster *cluster = swarm->cluster;
    journal_say(swarm->judge.journal, cluster_now(cluster), "everything heals");
    swarm_clear_up(swarm);
    /* Who is not run, or is stopping, comes to an end. */
    cluster_run(cluster, 9 * NS_PER_S + 4 * judge_detection_ns(&swarm->judge));
    for (uint8_t node = 0; node < cluster_node_count(cluster); node++) {
        if (!cluster_is_alive(cluster, node) && chance(swarm, 70)) {
            swarm_start(swarm, node);
        }
    }
    judge_fault(&swarm->judge);
}

static void converge(struct swarm *swarm)
{
    struct judge *judge = &swarm->judge;
    heal(swarm);
    cluster_run(swarm->cluster, judge_convergence_ns(judge));
    if (judge->broken == RULE_NONE && judge_is_patient(judge)) {
        cluster_run(swarm->cluster, 5 * judge_slow_ns(judge));
        judge_fault(judge);
        cluster_run(swarm->cluster, judge_convergence_ns(judge));
    }
    while (judge->broken == RULE_NONE && cluster_now(swarm->cluster) < judge->backoff_until_ns) {
        /* A back-off is over, and what follows from it may begin another one. */
        uint64_t rest_ns = judge->backoff_until_ns - cluster_now(swarm->cluster);
        cluster_run(swarm->cluster, rest_ns + judge_convergence_ns(judge));
    }
    oracle_check(judge);
    if (swarm->waits && judge->broken == RULE_NONE) {
        /* Until every standby has asked the wire; with another judgement, because time went on. */
        cluster_run(swarm->cluster, judge_asking_ns(judge) + judge_slow_ns(judge));
        oracle_check(judge);
    }
    cluster_run(swarm->cluster, draw(swarm, 2 * judge_convergence_ns(judge)));
}

/* --- the draw of a run --- */

static void draw_weights(struct swarm *swarm)
{
    for (unsigned fault = 0; fault < FAULT_COUNT; fault++) {
        if (fault != FAULT_KEEP) { /* swarm_run() has drawn that one */
            swarm->weight[fault] = chance(swarm, 45) ? 1 + (unsigned)draw(swarm, 8) : 0;
        }
    }
    bool cuts = false;
    for (unsigned fault = FAULT_CUT_ONE_WAY; fault <= FAULT_ISOLATE; fault++) {
        cuts |= swarm->weight[fault] > 0;
    }
    swarm->weight[FAULT_JOIN] = cuts ? 1 + (unsigned)draw(swarm, 8) : 0;
    swarm->attacker = swarm->weight[FAULT_ATTACK] > 0;
    swarm->weight[FAULT_QUIET] = 1 + (unsigned)draw(swarm, 4);
    for (unsigned fault = 0; fault < FAULT_COUNT; fault++) {
        swarm->weights += swarm->weight[fault];
    }
}

#define LEASE_LONG_MS 2900U

static void draw_lease(struct swarm *swarm, struct cluster_config *ret)
{
    uint64_t least_ms = ret->interval_ns / NS_PER_MS * 3;
    ret->mode = VIP_QUORUM;
    ret->lease_ns = 4 * ret->interval_ns;
    if (chance(swarm, 20)) {
        ret->lease_ns = MS(least_ms);
    } else if (chance(swarm, 30)) {
        ret->lease_ns = MS(least_ms + draw(swarm, 10000 - least_ms + 1));
    } else if (least_ms < LEASE_LONG_MS && chance(swarm, 20)) {
        /* The longest ones by which the core alone goes: with longer ones the keeper gives up
         * whole seconds, because the kernel counts in those [SPEC R96]. */
        ret->lease_ns = MS(LEASE_LONG_MS);
    }
}

static void draw_cluster(struct swarm *swarm, const struct swarm_config *config,
                         struct cluster_config *ret)
{
    static const unsigned intervals_ms[] = {20, 50, 100, 100, 200, 200, 500, 1000};
    uint8_t nodes = (uint8_t)(2 + draw(swarm, 6));
    *ret = (struct cluster_config){.node_count = config->nodes == 0 ? nodes : config->nodes,
                                   .seed = config->seed,
                                   .real_signatures = config->real_signatures};
    ret->vip_count = (uint8_t)(chance(swarm, 60) ? 1 : 1 + draw(swarm, 4));
    ret->interval_ns = MS(intervals_ms[draw(swarm, 8)]);
    ret->preempt = chance(swarm, 75);
    ret->fail_open = chance(swarm, 75);
    ret->preempt_delay_ns = chance(swarm, 80) ? 0 : draw(swarm, MS(5000));
    unsigned kinds = chance(swarm, 30) ? 3 : 255; /* equal priorities are common in few kinds */
    for (uint8_t node = 0; node < ret->node_count; node++) {
        ret->priority[node] = (uint8_t)(1 + draw(swarm, kinds));
        bool witness = node > 0 && chance(swarm, 10);
        ret->witnesses |= witness ? UINT64_C(1) << node : 0;
    }
    if (config->mode == VIP_QUORUM) {
        draw_lease(swarm, ret);
    }
    swarm->spreads = ret->vip_count > 1 && chance(swarm, 40);
    swarm->has_check = chance(swarm, 40);
    swarm->weight_of_check = swarm->has_check ? (int16_t)((int)draw(swarm, 401) - 200) : 0;
    ret->configure = swarm_configure;
    ret->watch = judge_watch;
    ret->arg = &swarm->judge;
}

static void draw_run(struct swarm *swarm, const struct cluster_config *config)
{
    static const unsigned pauses_ms[] = {30, 200, 1000, 3000, 10000};
    swarm->pause_ns = MS(pauses_ms[draw(swarm, 5)]);
    swarm->loss_permille_max = chance(swarm, 50) ? 0 : (unsigned)draw(swarm, 400);
    swarm->delay_max_ns = chance(swarm, 60) ? config->interval_ns / 10 : config->interval_ns * 3;
    swarm->clock_ppm = chance(swarm, 30) ? 0 : 10000;
    swarm->kernel_ns = chance(swarm, 75) ? 0 : 1 + draw(swarm, config->interval_ns / 20);
    draw_weights(swarm);
}

static void begin(struct swarm *swarm, const struct cluster_config *config)
{
    swarm->cluster = cluster_new(config);
    swarm->judge.cluster = swarm->cluster;
    swarm->judge.attacker = swarm->attacker;
    swarm->judge.kernel_ns = swarm->kernel_ns * config->vip_count;
    swarm->judge.spreads = swarm->spreads;
    swarm->judge.has_check = swarm->has_check;
    swarm->judge.weight_of_check = swarm->weight_of_check;
    cluster_slow_kernel(swarm->cluster, swarm->kernel_ns);
    if (swarm->attacker) {
        cluster_record(swarm->cluster);
    }
    set_weather(swarm, true);
    for (uint8_t node = 0; node < config->node_count; node++) {
        set_clock(swarm, node);
        if (chance(swarm, 90)) {
            swarm_start(swarm, node);
        }
        cluster_run(swarm->cluster, chance(swarm, 50) ? 0 : draw(swarm, MS(2000)));
    }
}

static void faults(struct swarm *swarm)
{
    for (uint64_t i = 5 + draw(swarm, 60); i > 0 && swarm->judge.broken == RULE_NONE; i--) {
        cluster_run(swarm->cluster, draw(swarm, 2 * swarm->pause_ns));
        one_fault(swarm);
    }
}

void swarm_run(const struct swarm_config *config, struct journal *journal, struct swarm_result *ret)
{
    struct swarm *swarm = calloc(1, sizeof *swarm);
    if (swarm == NULL) {
        abort();
    }
    /* Of a stream of its own: in all other runs nothing else is drawn for it. */
    swarm->random = config->seed ^ UINT64_C(0x6B656570696E6721);
    swarm->weight[FAULT_KEEP] = chance(swarm, 30) ? 1 + (unsigned)draw(swarm, 8) : 0;
    swarm->turns_back = chance(swarm, 30);
    swarm->votes_late = chance(swarm, 50);
    swarm->waits = chance(swarm, 20);
    swarm->random = config->seed ^ UINT64_C(0x7669702D73696D21);
    struct cluster_config cluster_config;
    draw_cluster(swarm, config, &cluster_config);
    draw_run(swarm, &cluster_config);
    judge_init(&swarm->judge, journal, &cluster_config);
    swarm->judge.slewed = config->mode == VIP_QUORUM && chance(swarm, 30);
    journal_say(journal, 0, "%u nodes, %u VIPs, T %.0f ms, %spreempt, %sfail_open",
                cluster_config.node_count, cluster_config.vip_count,
                (double)cluster_config.interval_ns / 1e6, cluster_config.preempt ? "" : "no ",
                cluster_config.fail_open ? "" : "no ");
    begin(swarm, &cluster_config);
    while (swarm->judge.broken == RULE_NONE && cluster_now(swarm->cluster) < config->span_ns) {
        faults(swarm);
        if (swarm->judge.broken == RULE_NONE) {
            converge(swarm);
        }
    }
    *ret = (struct swarm_result){.broken = swarm->judge.broken,
                                 .node = swarm->judge.broken_node,
                                 .vip = swarm->judge.broken_vip,
                                 .span_ns = cluster_now(swarm->cluster),
                                 .hash = cluster_hash(swarm->cluster)};
    cluster_free(swarm->cluster);
    free(swarm);
}
