// SPDX-License-Identifier: MIT
/* What wire keeps and forgets when the keys, or the nodes, become others [SPEC R47]. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "wire_fixture.h"

static int set_up(void **state)
{
    *state = fixture_new();
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

/* The host gets these keys; the nodes stay where they are. */
static void rotate(struct fixture *fixture, enum fixture_node node, uint8_t first, uint8_t second)
{
    struct keyring_config config;
    struct keyring keyring;
    uint8_t keys[2][KEY_BYTES];
    uint8_t node_was[NODES_MAX];

    fixture_key(first, keys[0]);
    fixture_key(second, keys[1]);
    fixture_config((uint8_t)node, (const uint8_t(*)[KEY_BYTES])keys, &config);
    config.key_count = second != 0 ? 2 : 1;
    assert_int_equal(keyring_init(&keyring, &config), 0);
    for (unsigned n = 0; n < NODES_MAX; n++)
        node_was[n] = (uint8_t)n;
    wire_reconfigure(&fixture->hosts[node].wire, &keyring, node_was);
}

static const char *send(struct fixture *fixture, enum fixture_node from, enum fixture_node to)
{
    struct datagram datagram = fixture_send(fixture, from, to, NULL);
    struct message_in message;
    enum drop drop = fixture_receive(fixture, to, &datagram, &message);

    if (drop == DROP_NONE)
        fixture_learn(fixture, to, &message);
    return drop_name(drop);
}

static void test_keys_are_rotated_node_after_node_without_a_lost_datagram(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t steps[][2] = {{1, 2}, {2, 1}, {2, 0}};

    for (size_t step = 0; step < sizeof steps / sizeof steps[0]; step++)
        for (unsigned node = 0; node < FIXTURE_NODES; node++) {
            rotate(fixture, (enum fixture_node)node, steps[step][0], steps[step][1]);
            for (unsigned from = 0; from < FIXTURE_NODES; from++)
                for (unsigned to = 0; to < FIXTURE_NODES; to++)
                    if (from != to)
                        assert_string_equal(
                            send(fixture, (enum fixture_node)from, (enum fixture_node)to), "none");
        }
}

static void test_a_datagram_that_was_taken_before_is_not_taken_again_after(void **state)
{
    struct fixture *fixture = *state;
    struct datagram datagram = fixture_send(fixture, ALPHA, BETA, NULL);
    struct message_in message;

    assert_int_equal(fixture_receive(fixture, BETA, &datagram, &message), DROP_NONE);
    rotate(fixture, BETA, 1, 2);
    assert_int_not_equal(fixture_receive(fixture, BETA, &datagram, &message), DROP_NONE);
    assert_string_equal(send(fixture, ALPHA, BETA), "none");
}

static void test_no_counter_is_used_twice_and_what_was_counted_stays(void **state)
{
    struct fixture *fixture = *state;
    struct wire *wire = &fixture->hosts[ALPHA].wire;
    uint64_t counter;
    uint64_t sent;

    for (unsigned i = 0; i < 5; i++)
        (void)send(fixture, ALPHA, BETA);
    counter = wire->peers[BETA].counter;
    sent = wire->sent;
    assert_true(counter > 5);
    rotate(fixture, ALPHA, 2, 1);
    assert_int_equal(wire->peers[BETA].counter, counter);
    assert_int_equal(wire->sent, sent);
}

static void test_the_own_record_is_signed_anew_and_those_of_others_stay(void **state)
{
    struct fixture *fixture = *state;
    struct wire *wire = &fixture->hosts[ALPHA].wire;
    struct signed_record own;
    struct signed_record other;

    (void)send(fixture, ALPHA, BETA);
    (void)send(fixture, GAMMA, ALPHA);
    own = wire->records[ALPHA];
    other = wire->records[GAMMA];
    assert_int_not_equal(other.length, 0);
    rotate(fixture, ALPHA, 2, 1);
    assert_int_equal(wire->records[ALPHA].incarnation, 0);
    (void)send(fixture, ALPHA, BETA);
    assert_int_equal(wire->records[ALPHA].seq, own.seq);
    assert_memory_not_equal(&wire->records[ALPHA].signature, &own.signature, sizeof own.signature);
    assert_memory_equal(&wire->records[GAMMA], &other, sizeof other);
}

/* Beta is gone and epsilon has its place; gamma is the last one now. */
static void test_nodes_are_known_by_what_they_were(void **state)
{
    struct fixture *fixture = *state;
    struct wire *wire = &fixture->hosts[ALPHA].wire;
    uint8_t node_was[NODES_MAX];
    uint8_t key[1][KEY_BYTES];
    struct keyring_config config;
    struct keyring keyring;
    struct wire_peer gamma;

    (void)send(fixture, GAMMA, ALPHA);
    (void)send(fixture, BETA, ALPHA);
    (void)send(fixture, ALPHA, GAMMA);
    gamma = wire->peers[GAMMA];
    fixture_key(1, key[0]);
    fixture_config(ALPHA, (const uint8_t(*)[KEY_BYTES])key, &config);
    config.nodes[1].name = "epsilon";
    config.nodes[2].name = "delta";
    config.nodes[3].name = "gamma";
    assert_int_equal(keyring_init(&keyring, &config), 0);
    memset(node_was, 255, sizeof node_was);
    node_was[0] = ALPHA;
    node_was[2] = DELTA;
    node_was[3] = GAMMA;
    wire_reconfigure(wire, &keyring, node_was);
    assert_memory_equal(&wire->peers[3], &gamma, sizeof gamma);
    assert_int_equal(wire->records[3].incarnation, 1000 + GAMMA);
    assert_int_equal(wire->peers[1].counter, 1);
    assert_int_equal(wire->peers[1].windows.confirmed.incarnation, 0);
    assert_int_equal(wire->records[1].incarnation, 0);
    for (unsigned n = FIXTURE_NODES; n < NODES_MAX; n++)
        assert_int_equal(wire->peers[n].counter, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_keys_are_rotated_node_after_node_without_a_lost_datagram, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_datagram_that_was_taken_before_is_not_taken_again_after, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_counter_is_used_twice_and_what_was_counted_stays,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_own_record_is_signed_anew_and_those_of_others_stay,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nodes_are_known_by_what_they_were, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("wire_reload", tests, NULL, NULL);
}
