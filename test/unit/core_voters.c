// SPDX-License-Identifier: MIT
/*
 * The voters of a VIP in mode quorum change, one at a time and node by node, while the weather is
 * bad and clocks run wrong: two nodes never hold it [SPEC S1], and when all have the same file and
 * hear each other again, the preferred one does [SPEC S3]. Each run from one seed (VG_SEED replays
 * one, VG_RUNS has so many); test/sim/mutants.py breaks the rules one by one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cluster.h"

#define NODES      6
#define VOTERS_MIN 2
#define STEPS      300
#define T_NS       (100 * NS_PER_MS)
#define LEASE_NS   (4 * T_NS)
/* Who is started anew forgets the former set: no more than that at a time [SPEC R104]. */
#define STARTS_MAX 1

static uint64_t state;

static uint64_t draw(uint64_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (state >> 33) % below;
}

static unsigned long env_number(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoul(text, NULL, 10);
}

struct rollout {
    struct cluster *cluster;
    uint8_t target; /* so many voters are wanted */
    uint8_t asleep; /* a part of the cluster that nobody takes the file to: bit per node */
    unsigned starts;
    unsigned changes;
};

static void new_node(struct rollout *rollout, uint8_t node, uint8_t count)
{
    cluster_know(rollout->cluster, node, count);
    cluster_start(rollout->cluster, node);
}

static struct rollout new_rollout(uint64_t seed)
{
    state = seed;
    struct cluster_config config = {.node_count = NODES,
                                    .vip_count = 1,
                                    .interval_ns = T_NS,
                                    .preempt = true,
                                    .fail_open = true,
                                    .mode = VIP_QUORUM,
                                    .hosts_remember = true,
                                    .seed = seed};
    for (uint8_t node = 0; node < NODES; node++) {
        config.priority[node] = (uint8_t)(200 - 10 * node);
    }
    config.trace = getenv("VG_SEED") != NULL ? stdout : NULL;
    struct rollout rollout = {.cluster = cluster_new(&config)};
    rollout.target = (uint8_t)(3 + draw(2));
    for (uint8_t node = 0; node < rollout.target; node++) {
        new_node(&rollout, node, rollout.target);
    }
    cluster_run(rollout.cluster, 5 * NS_PER_S);
    return rollout;
}

/* Somebody wants one node more, or less; perhaps before everybody has the former file. */
static void want(struct rollout *rollout)
{
    bool more = draw(2) == 0;
    uint8_t target = (uint8_t)(rollout->target + (more ? 1 : -1));
    if (target >= VOTERS_MIN && target <= NODES) {
        rollout->target = target;
        rollout->asleep = (uint8_t)(draw(2) == 0 ? draw(1U << NODES) : 0);
        rollout->starts = 0;
        if (more && !cluster_is_alive(rollout->cluster, target - 1)) {
            new_node(rollout, target - 1, target);
        }
    }
}

/* Takes the file to one node. */
static void take_to(struct rollout *rollout, uint8_t node)
{
    if (cluster_is_alive(rollout->cluster, node) && node < rollout->target &&
        (rollout->asleep >> node & 1) == 0 &&
        cluster_known(rollout->cluster, node) != rollout->target &&
        cluster_change_voters(rollout->cluster, node, rollout->target)) {
        rollout->changes++;
        if (getenv("VG_SEED") != NULL) {
            print_message("[%9.3f] %c has %u nodes\n", (double)cluster_now(rollout->cluster) / 1e6,
                          'A' + node, rollout->target);
        }
    }
}

static void split(struct rollout *rollout)
{
    uint64_t part = draw(1U << NODES);
    for (uint8_t a = 0; a < NODES; a++) {
        for (uint8_t b = 0; b < NODES; b++) {
            cluster_cut(rollout->cluster, a, b, (part >> a & 1) != (part >> b & 1));
        }
    }
}

static void mend(struct rollout *rollout)
{
    for (uint8_t a = 0; a < NODES; a++) {
        for (uint8_t b = 0; b < NODES; b++) {
            cluster_cut(rollout->cluster, a, b, false);
        }
    }
}

/* Its file stays as it is. */
static void restart(struct rollout *rollout, uint8_t node)
{
    if (cluster_is_alive(rollout->cluster, node) && rollout->starts < STARTS_MAX) {
        rollout->starts++;
        cluster_crash(rollout->cluster, node);
        cluster_run(rollout->cluster, draw(2 * LEASE_NS));
        cluster_start(rollout->cluster, node);
    }
}

static void one_thing(struct rollout *rollout)
{
    uint8_t a = (uint8_t)draw(NODES);
    uint8_t b = (uint8_t)((a + 1 + draw(NODES - 1U)) % NODES);
    switch (draw(24)) {
    case 0:
        want(rollout);
        break;
    case 1:
        split(rollout);
        break;
    case 2:
        mend(rollout);
        break;
    case 3:
        cluster_cut(rollout->cluster, a, b, draw(2) == 0);
        break;
    case 4:
        cluster_loss(rollout->cluster, (unsigned)(draw(3) == 0 ? draw(40) : 0));
        break;
    case 5:
        if (cluster_is_alive(rollout->cluster, a)) {
            cluster_stall(rollout->cluster, a, draw(2 * LEASE_NS));
        }
        break;
    case 6:
        cluster_hold(rollout->cluster, a, b, draw(4 * LEASE_NS));
        break;
    case 7:
        cluster_clock_rate(rollout->cluster, a, (int)draw(20000) - 10000);
        break;
    case 8:
        if (draw(4) == 0) {
            restart(rollout, a);
        }
        break;
    default:
        take_to(rollout, a);
        break;
    }
}

/* All have the same file, in the end, and who is not in it has gone. */
static void finish(struct rollout *rollout)
{
    struct cluster *cluster = rollout->cluster;
    cluster_loss(cluster, 0);
    mend(rollout);
    for (uint8_t node = 0; node < NODES; node++) {
        if (cluster_is_alive(cluster, node)) {
            cluster_crash(cluster, node);
        }
    }
    for (uint8_t node = 0; node < rollout->target; node++) {
        new_node(rollout, node, rollout->target);
    }
    cluster_run(cluster, 60 * NS_PER_S);
}

static void check_one(const struct rollout *rollout, uint64_t seed)
{
    uint64_t dual_ns = cluster_dual_ns(rollout->cluster);
    if (dual_ns != 0) {
        fail_msg("VIOLATION of S1 (seed %llu): two held it for %llu us", (unsigned long long)seed,
                 (unsigned long long)(dual_ns / 1000));
    }
}

static void test_two_never_hold_while_the_voters_change(void **unused)
{
    (void)unused;
    unsigned long first = env_number("VG_SEED", 1);
    unsigned long runs = getenv("VG_SEED") != NULL ? 1 : env_number("VG_RUNS", 30);
    unsigned long changes = 0;
    for (unsigned long seed = first; seed < first + runs; seed++) {
        struct rollout rollout = new_rollout(seed);
        for (unsigned i = 0; i < STEPS; i++) {
            cluster_run(rollout.cluster, draw(2 * LEASE_NS));
            one_thing(&rollout);
            check_one(&rollout, seed);
        }
        finish(&rollout);
        check_one(&rollout, seed);
        if (cluster_holders(rollout.cluster, 0) != 1) {
            fail_msg("VIOLATION of S3 (seed %lu): held by %#llx", seed,
                     (unsigned long long)cluster_holders(rollout.cluster, 0));
        }
        changes += rollout.changes;
        cluster_free(rollout.cluster);
    }
    print_message("seeds %lu to %lu: %lu reloads with other voters\n", first, first + runs - 1,
                  changes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_never_hold_while_the_voters_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
