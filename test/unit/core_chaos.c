// SPDX-License-Identifier: MIT
/*
 * Random weather for small clusters, each run from one seed (VG_SEED replays one). While it lasts
 * the core's own assertions are on; when it is over, exactly one node holds each VIP, it is the one
 * with the highest priority, and every node says so [SPEC S3]. With all paths whole and no stall,
 * two never hold it [SPEC S2].
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cluster.h"

#define SECONDS(n) ((uint64_t)(n)*NS_PER_S)

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

static struct cluster *new_cluster(uint64_t seed, bool preempt)
{
    state = seed;
    struct cluster_config config = {.node_count = (uint8_t)(2 + draw(5)),
                                    .vip_count = (uint8_t)(1 + draw(3)),
                                    .interval_ns = (draw(3) == 0 ? 20 : 100) * NS_PER_MS,
                                    .preempt = preempt,
                                    .fail_open = true,
                                    .seed = seed};
    for (uint8_t node = 0; node < config.node_count; node++) {
        config.priority[node] = (uint8_t)(200 - 10 * node);
    }
    config.trace = getenv("VG_SEED") != NULL ? stdout : NULL;
    config.trace_members = config.trace != NULL;
    struct cluster *cluster = cluster_new(&config);
    for (uint8_t node = 0; node < config.node_count; node++) {
        cluster_start(cluster, node);
    }
    return cluster;
}

static void one_fault(struct cluster *cluster, uint8_t nodes)
{
    uint8_t a = (uint8_t)draw(nodes);
    uint8_t b = (uint8_t)((a + 1 + draw(nodes - 1U)) % nodes);
    switch (draw(10)) {
    case 0:
        if (cluster_is_alive(cluster, a)) {
            cluster_crash(cluster, a);
        } else {
            cluster_start(cluster, a);
        }
        break;
    case 1:
        if (cluster_is_alive(cluster, a)) {
            cluster_stop(cluster, a);
        } else {
            cluster_start(cluster, a);
        }
        break;
    case 2:
        cluster_stall(cluster, a, draw(500) * NS_PER_MS);
        break;
    case 3:
        cluster_cut(cluster, a, b, draw(2) == 0);
        break;
    case 4:
        cluster_cut(cluster, a, b, true);
        cluster_cut(cluster, b, a, true);
        break;
    case 5:
        cluster_loss(cluster, (unsigned)draw(40));
        break;
    case 6:
        cluster_link(cluster, a, draw(2) == 0);
        break;
    case 7:
        cluster_refuse(cluster, a, draw(2) == 0 ? 1 : 0);
        break;
    case 8:
        cluster_condition(cluster, a, draw(2) == 0, draw(4) == 0);
        break;
    default:
        for (uint8_t node = 0; node < nodes; node++) {
            cluster_cut(cluster, a, node, false);
            cluster_cut(cluster, node, a, false);
        }
        break;
    }
}

static void heal(struct cluster *cluster, uint8_t nodes)
{
    cluster_loss(cluster, 0);
    cluster_run(cluster, SECONDS(1)); /* who is stopping has stopped */
    for (uint8_t a = 0; a < nodes; a++) {
        for (uint8_t b = 0; b < nodes; b++) {
            cluster_cut(cluster, a, b, false);
        }
        if (!cluster_is_alive(cluster, a)) {
            cluster_start(cluster, a);
        }
        cluster_refuse(cluster, a, 0);
        cluster_link(cluster, a, true);
        cluster_condition(cluster, a, true, false);
    }
}

static void check_agreement(struct cluster *cluster, uint8_t nodes, uint64_t seed)
{
    for (uint8_t vip = 0; vip < cluster_vip_count(cluster); vip++) {
        if (cluster_holders(cluster, vip) != 1) {
            fail_msg(
                "seed %llu: vip%u is held by %#llx, not by node A alone (VG_SEED=%llu replays it)",
                (unsigned long long)seed, vip, (unsigned long long)cluster_holders(cluster, vip),
                (unsigned long long)seed);
        }
        for (uint8_t node = 0; node < nodes; node++) {
            struct vip_view view;
            cluster_view_vip(cluster, node, vip, &view);
            if (view.holder != 0 || view.holders != 1) {
                fail_msg("seed %llu: node %c says that %u holds vip%u", (unsigned long long)seed,
                         'A' + node, view.holder, vip);
            }
        }
    }
}

static void one_run(uint64_t seed)
{
    struct cluster *cluster = new_cluster(seed, true);
    uint8_t nodes = cluster_node_count(cluster);
    for (unsigned i = 0; i < 40; i++) {
        cluster_run(cluster, draw(1000) * NS_PER_MS);
        one_fault(cluster, nodes);
    }
    heal(cluster, nodes);
    /* The longest back-off of a fault, the slowest heartbeat, a detection. */
    cluster_run(cluster, SECONDS(320));
    check_agreement(cluster, nodes, seed);
    cluster_free(cluster);
}

static void test_after_any_weather_one_holds_and_all_agree(void **unused)
{
    (void)unused;
    unsigned long first = env_number("VG_SEED", 1);
    unsigned long runs = getenv("VG_SEED") != NULL ? 1 : env_number("VG_RUNS", 200);
    print_message("seeds %lu to %lu\n", first, first + runs - 1);
    for (unsigned long seed = first; seed < first + runs; seed++) {
        one_run(seed);
    }
}

/* Deaths, restarts and stops of nodes, up to 10 % loss, and no cut: the address is never on two
 * awake hosts. */
static void test_without_cuts_two_never_hold(void **unused)
{
    (void)unused;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct cluster *cluster = new_cluster(seed, seed % 2 == 0);
        uint8_t nodes = cluster_node_count(cluster);
        cluster_run(cluster, SECONDS(3));
        cluster_loss(cluster, (unsigned)draw(10));
        cluster_mark(cluster);
        for (unsigned i = 0; i < 20; i++) {
            uint8_t node = (uint8_t)draw(nodes);
            if (!cluster_is_alive(cluster, node)) {
                cluster_start(cluster, node);
            } else if (draw(2) == 0) {
                cluster_crash(cluster, node);
            } else {
                cluster_stop(cluster, node);
            }
            cluster_run(cluster, SECONDS(1) + draw(3000) * NS_PER_MS);
        }
        /* Two that claim in the same moment meet within a delay and a removal. */
        assert_true(cluster_dual_ns(cluster) < 20 * NS_PER_MS);
        cluster_free(cluster);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_after_any_weather_one_holds_and_all_agree),
        cmocka_unit_test(test_without_cuts_two_never_hold),
    };
    return cmocka_run_group_tests_name("core_chaos", tests, NULL, NULL);
}
