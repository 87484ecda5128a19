// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "engine/mapping.h"

static const struct conf conf = {
    .cluster = "swarm",
    .interval_ns = 100 * NS_PER_MS,
    .fail_open = true,
    .node_count = 3,
    .vip_count = 2,
    .address_count = 2,
    .nodes = {{.name = "swarm-1", .priority = 200},
              {.name = "swarm-2", .priority = 100, .has_public_key = true, .public_key = {7, 8}},
              {.name = "swarm-3", .priority = 100, .witness = true}},
    .vips = {{.name = "ingress",
              .address_count = 1,
              .mode = CONF_AVAILABLE,
              .preempt = true,
              .preempt_delay_ns = 3 * NS_PER_S,
              .lease_ns = 400 * NS_PER_MS,
              .announce_refresh_ns = 60 * NS_PER_S,
              .priority = {200, 100, 100},
              .candidates = 3},
             {.name = "egress",
              .address_first = 1,
              .address_count = 1,
              .mode = CONF_QUORUM,
              .priority = {10, 20, 30},
              .candidates = 2}},
    .addresses = {{.family = 2, .prefix = 32, .bytes = {192, 0, 2, 1}},
                  {.family = 2, .prefix = 32, .bytes = {192, 0, 2, 2}}},
};

static void test_core_gets_nodes_and_vips_at_the_same_index(void **state)
{
    struct core_config core;

    (void)state;
    mapping_core(&conf, 1, &core);
    assert_int_equal(core.self, 1);
    assert_int_equal(core.node_count, 3);
    assert_int_equal(core.vip_count, 2);
    for (int n = 0; n < 3; n++) {
        assert_int_equal(core.nodes[n].id, keyring_id(conf.nodes[n].name));
        assert_int_equal(core.nodes[n].witness, conf.nodes[n].witness);
    }
    for (int v = 0; v < 2; v++) {
        assert_int_equal(core.vips[v].id, keyring_id(conf.vips[v].name));
        assert_int_equal(core.vips[v].addresses, conf_vip_addresses_hash(&conf, v));
        assert_int_equal(core.vips[v].candidates, conf.vips[v].candidates);
    }
}

static void test_ids_of_configuration_and_wire_are_the_same(void **state)
{
    static const char *const names[] = {"swarm-1", "192.168.4.1", "fd00::1", "x"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(conf_id(names[i]), keyring_id(names[i]));
    }
}

static void test_priority_is_that_of_this_node_on_that_vip(void **state)
{
    static const struct {
        uint8_t self;
        uint8_t ingress;
        uint8_t egress;
    } cases[] = {{0, 200, 10}, {1, 100, 20}, {2, 100, 30}};
    struct core_config core;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mapping_core(&conf, cases[i].self, &core);
        assert_int_equal(core.vips[0].priority, cases[i].ingress);
        assert_int_equal(core.vips[1].priority, cases[i].egress);
    }
}

static void test_times_and_modes_are_taken_over(void **state)
{
    struct core_config core;

    (void)state;
    mapping_core(&conf, 0, &core);
    assert_int_equal(core.interval_ns, 100 * NS_PER_MS);
    assert_true(core.fail_open);
    assert_int_equal(core.config, conf_hash(&conf));
    assert_int_equal(core.vips[0].mode, VIP_AVAILABLE);
    assert_true(core.vips[0].preempt);
    assert_int_equal(core.vips[0].preempt_delay_ns, 3 * NS_PER_S);
    assert_int_equal(core.vips[0].lease_ns, 400 * NS_PER_MS);
    assert_int_equal(core.vips[0].announce_refresh_ns, 60 * NS_PER_S);
    assert_int_equal(core.vips[1].mode, VIP_QUORUM);
    assert_false(core.vips[1].preempt);
}

static void test_keyring_gets_names_and_keys(void **state)
{
    static const struct conf_keys keys = {
        .cluster_count = 2, .cluster = {{1}, {2}}, .has_node_key = true, .node_key = {3}};
    struct keyring_config keyring;

    (void)state;
    mapping_keyring(&conf, &keys, 2, &keyring);
    assert_string_equal(keyring.cluster, "swarm");
    assert_int_equal(keyring.self, 2);
    assert_int_equal(keyring.node_count, 3);
    assert_int_equal(keyring.key_count, 2);
    assert_int_equal(keyring.keys[0][0], 1);
    assert_int_equal(keyring.keys[1][0], 2);
    assert_true(keyring.has_node_key);
    assert_int_equal(keyring.node_key[0], 3);
    assert_string_equal(keyring.nodes[2].name, "swarm-3");
    assert_false(keyring.nodes[0].has_public_key);
    assert_true(keyring.nodes[1].has_public_key);
    assert_memory_equal(keyring.nodes[1].public_key, conf.nodes[1].public_key, KEY_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_core_gets_nodes_and_vips_at_the_same_index),
        cmocka_unit_test(test_ids_of_configuration_and_wire_are_the_same),
        cmocka_unit_test(test_priority_is_that_of_this_node_on_that_vip),
        cmocka_unit_test(test_times_and_modes_are_taken_over),
        cmocka_unit_test(test_keyring_gets_names_and_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
