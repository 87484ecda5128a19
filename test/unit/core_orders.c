// SPDX-License-Identifier: MIT
/*
 * Three nodes are given another file, one after the other in each order that there is, at once or
 * with time in between: nobody else holds the VIP meanwhile, and who holds it keeps it where the
 * file does not say otherwise [SPEC R47].
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cluster.h"

#define NODES  3
#define T_NS   (100 * NS_PER_MS)
#define ORDERS 6
#define TRIES  200

static const uint8_t orders[ORDERS][NODES] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                              {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

/* What another file changes. */
enum edit {
    EDIT_PRIORITY, /* the second node is preferred from now on */
    EDIT_ADDRESSES,
    EDIT_INTERVAL,
    EDIT_LESS_PREEMPT,
    EDIT_MORE_NODES,
    EDIT_LESS_NODES,
    EDIT_COUNT,
};

struct rollout {
    struct cluster *cluster;
    enum edit edit;
    enum vip_mode mode;
    bool has_new_file[NODES + 1];
};

static void configure(void *arg, uint8_t self, struct core_config *ret)
{
    const struct rollout *rollout = arg;
    struct core_vip *vip = &ret->vips[0];

    if (!rollout->has_new_file[self]) {
        return;
    }
    ret->config += 100;
    if (rollout->edit == EDIT_PRIORITY && self == 1) {
        vip->priority = 250;
    } else if (rollout->edit == EDIT_ADDRESSES) {
        vip->addresses += 1;
    } else if (rollout->edit == EDIT_INTERVAL) {
        ret->interval_ns *= 2;
    } else if (rollout->edit == EDIT_LESS_PREEMPT) {
        vip->preempt = false;
    }
}

static void begin(struct rollout *rollout, uint64_t seed)
{
    const bool fewer = rollout->edit == EDIT_LESS_NODES;
    struct cluster_config config = {.node_count = NODES + 1,
                                    .vip_count = 1,
                                    .interval_ns = T_NS,
                                    .preempt = true,
                                    .fail_open = true,
                                    .mode = rollout->mode,
                                    .hosts_remember = true,
                                    .seed = seed,
                                    .configure = configure,
                                    .arg = rollout};

    for (uint8_t node = 0; node <= NODES; node++) {
        config.priority[node] = (uint8_t)(200 - 10 * node);
    }
    rollout->cluster = cluster_new(&config);
    for (uint8_t node = 0; node < (fewer ? NODES + 1 : NODES); node++) {
        cluster_know(rollout->cluster, node, fewer ? NODES + 1 : NODES);
        cluster_start(rollout->cluster, node);
    }
    cluster_run(rollout->cluster, 20 * NS_PER_S);
    if (fewer) {
        cluster_kill(rollout->cluster, NODES);
        cluster_run(rollout->cluster, 10 * NS_PER_S);
    }
    assert_int_equal(cluster_holders(rollout->cluster, 0), 1);
    cluster_mark(rollout->cluster);
}

/* What is refused for the moment is tried again, as a person would [SPEC R104]. */
static void change_voters(const struct rollout *rollout, uint8_t node, uint8_t count)
{
    for (unsigned i = 0; i < TRIES; i++) {
        if (cluster_change_voters(rollout->cluster, node, count)) {
            return;
        }
        cluster_run(rollout->cluster, NS_PER_S / 2);
    }
    fail_msg("node %u is not given the file", node);
}

static void give_file(struct rollout *rollout, uint8_t node)
{
    rollout->has_new_file[node] = true;
    if (rollout->edit == EDIT_MORE_NODES) {
        change_voters(rollout, node, NODES + 1);
    } else if (rollout->edit == EDIT_LESS_NODES) {
        change_voters(rollout, node, NODES);
    } else {
        cluster_reload(rollout->cluster, node);
    }
}

static void assert_safe(const struct rollout *rollout, uint64_t takeovers)
{
    struct cluster *cluster = rollout->cluster;
    const bool moves = rollout->edit == EDIT_PRIORITY;

    assert_int_equal(cluster_dual_ns(cluster), 0);
    assert_int_equal(cluster_holders(cluster, 0), moves ? 2 : 1);
    assert_int_equal(cluster_takeovers(cluster) - takeovers, moves ? 1 : 0);
    if (!moves) {
        assert_int_equal(cluster_gap_ns(cluster, 0), 0);
    }
}

static void check_order(struct rollout *rollout, const uint8_t order[NODES], uint64_t pause_ns)
{
    begin(rollout, 1 + pause_ns);
    const uint64_t takeovers = cluster_takeovers(rollout->cluster);

    for (unsigned i = 0; i < NODES; i++) {
        give_file(rollout, order[i]);
        cluster_run(rollout->cluster, pause_ns);
        assert_int_equal(cluster_dual_ns(rollout->cluster), 0);
        if (i == 0 && rollout->edit == EDIT_MORE_NODES) {
            cluster_know(rollout->cluster, NODES, NODES + 1);
            cluster_start(rollout->cluster, NODES);
        }
    }
    cluster_run(rollout->cluster, 60 * NS_PER_S);
    assert_safe(rollout, takeovers);
    cluster_free(rollout->cluster);
}

static void check_mode(enum vip_mode mode)
{
    static const uint64_t pauses_ns[] = {0, T_NS / 3, 20 * NS_PER_S};

    for (unsigned edit = 0; edit < EDIT_COUNT; edit++) {
        for (unsigned order = 0; order < ORDERS; order++) {
            for (size_t i = 0; i < sizeof pauses_ns / sizeof pauses_ns[0]; i++) {
                struct rollout rollout = {.edit = (enum edit)edit, .mode = mode};

                check_order(&rollout, orders[order], pauses_ns[i]);
            }
        }
    }
}

static void test_node_after_node_in_any_order_moves_nothing_and_never_makes_two_holders(
    void **unused)
{
    (void)unused;
    check_mode(VIP_AVAILABLE);
}

static void test_node_after_node_in_any_order_is_safe_with_votes_too(void **unused)
{
    (void)unused;
    check_mode(VIP_QUORUM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_node_after_node_in_any_order_moves_nothing_and_never_makes_two_holders),
        cmocka_unit_test(test_node_after_node_in_any_order_is_safe_with_votes_too),
    };

    return cmocka_run_group_tests_name("core_orders", tests, NULL, NULL);
}
