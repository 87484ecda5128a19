// SPDX-License-Identifier: MIT
/*
 * Two halves of twenty nodes that hear each other through one node only, and 32 VIPs: the relays
 * of everybody for everybody are that node [SPEC R13, R14]. One holder of each VIP, everybody
 * agrees, and nothing moves any more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cluster.h"

#define HALF   20U
#define BRIDGE (2 * HALF)
#define NODES  (BRIDGE + 1)
#define VIPS   32U

static struct cluster *halves(void)
{
    struct cluster_config config = {.node_count = NODES,
                                    .vip_count = VIPS,
                                    .interval_ns = 200 * NS_PER_MS,
                                    .preempt = true,
                                    .fail_open = true,
                                    .seed = 1};
    for (uint8_t node = 0; node < NODES; node++) {
        config.priority[node] = 100;
    }
    struct cluster *cluster = cluster_new(&config);
    for (uint8_t a = 0; a < HALF; a++) {
        for (uint8_t b = HALF; b < BRIDGE; b++) {
            cluster_cut(cluster, a, b, true);
            cluster_cut(cluster, b, a, true);
        }
    }
    return cluster;
}

static void assert_one_holder_and_all_agree(const struct cluster *cluster)
{
    for (uint8_t vip = 0; vip < VIPS; vip++) {
        uint64_t holders = cluster_holders(cluster, vip);
        assert_int_equal(__builtin_popcountll(holders), 1);
        for (uint8_t node = 0; node < NODES; node++) {
            struct vip_view view;
            cluster_view_vip(cluster, node, vip, &view);
            assert_int_equal(view.holders, holders);
        }
    }
}

static void two_halves_joined_by_one_node_agree_and_stay_so(void **unused)
{
    (void)unused;
    struct cluster *cluster = halves();
    for (uint8_t node = 0; node < NODES; node++) {
        cluster_start(cluster, node);
    }
    cluster_run(cluster, 8 * NS_PER_S);
    assert_one_holder_and_all_agree(cluster);
    uint64_t takeovers = cluster_takeovers(cluster);
    uint64_t dual_ns = cluster_dual_ns(cluster);
    cluster_run(cluster, 8 * NS_PER_S);
    assert_one_holder_and_all_agree(cluster);
    assert_int_equal(cluster_takeovers(cluster), takeovers);
    assert_int_equal(cluster_dual_ns(cluster), dual_ns);
    cluster_free(cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_halves_joined_by_one_node_agree_and_stay_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
