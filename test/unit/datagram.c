// SPDX-License-Identifier: MIT
/* What speaks against a datagram as a whole [SPEC D2] to [SPEC D5]. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "wire/inspect.h"
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

static uint64_t drops_of(const struct fixture *fixture, enum fixture_node node)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < DROP_COUNT; i++)
        sum += fixture->hosts[node].wire.drops[i];
    return sum;
}

/* The datagram is dropped for that reason, counted as that and nothing else, and changes nothing
 * but counters. */
static void assert_dropped(struct fixture *fixture, enum fixture_node to,
                           const struct datagram *datagram, enum drop reason)
{
    struct wire *wire = &fixture->hosts[to].wire;
    struct wire *before = malloc(sizeof(*before));
    struct message_in message;
    assert_non_null(before);
    *before = *wire;
    assert_string_equal(drop_name(fixture_receive(fixture, to, datagram, &message)),
                        drop_name(reason));
    before->received++;
    before->drops[reason]++;
    for (unsigned n = 0; n < NODES_MAX; n++) {
        assert_true(wire->peers[n].mac_failures - before->peers[n].mac_failures ==
                    (uint64_t)(reason == DROP_MAC && n == (unsigned)ALPHA));
        before->peers[n].mac_failures = wire->peers[n].mac_failures;
    }
    assert_memory_equal(before, wire, sizeof(*wire));
    free(before);
}

static void assert_accepted(struct fixture *fixture, enum fixture_node to,
                            const struct datagram *datagram, struct message_in *ret)
{
    assert_string_equal(drop_name(fixture_receive(fixture, to, datagram, ret)), "none");
    fixture_learn(fixture, to, ret);
}

static void test_every_truncation_of_a_good_datagram_is_dropped_and_counted(void **state)
{
    struct fixture *fixture = *state;
    const struct datagram good = fixture_send(fixture, ALPHA, BETA, NULL);
    for (uint16_t length = 0; length < good.length; length++) {
        struct datagram part = good;
        part.length = length;
        assert_dropped(fixture, BETA, &part, length < DATAGRAM_HEADER ? DROP_TOO_SHORT : DROP_MAC);
    }
    /* The same with a MAC that is good: a sender that is broken, not a forger. */
    for (uint16_t length = DATAGRAM_HEADER; length < good.length; length++) {
        struct datagram part = good;
        part.length = length;
        fixture_reseal(fixture, ALPHA, BETA, &part);
        assert_dropped(fixture, BETA, &part, DROP_MALFORMED);
    }
    struct message_in message;
    assert_accepted(fixture, BETA, &good, &message);
}

static enum drop drop_of_flipped(unsigned byte)
{
    static const struct {
        unsigned end;
        enum drop drop;
    } fields[] = {
        {2, DROP_MAGIC},   {3, DROP_VERSION}, {4, DROP_MAC},
        {8, DROP_CLUSTER}, {12, DROP_SENDER}, {16, DROP_RECEIVER},
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (byte < fields[i].end)
            return fields[i].drop;
    return DROP_MAC;
}

static void test_every_flipped_bit_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    const struct datagram good = fixture_send(fixture, ALPHA, BETA, NULL);
    for (unsigned byte = 0; byte < good.length; byte++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct datagram flipped = good;
            flipped.bytes[byte] = (uint8_t)(flipped.bytes[byte] ^ 1U << bit);
            assert_dropped(fixture, BETA, &flipped, drop_of_flipped(byte));
        }
    }
    assert_true(fixture->hosts[BETA].wire.peers[ALPHA].mac_failures > 0);
}

/* Half of it with a header as it ought to be, but for the MAC. */
static void test_garbage_is_dropped_before_anything_is_decoded(void **state)
{
    struct fixture *fixture = *state;
    struct wire *wire = &fixture->hosts[BETA].wire;
    const struct datagram good = fixture_send(fixture, ALPHA, BETA, NULL);
    struct prng prng = {99};
    print_message("seed %llu\n", (unsigned long long)prng.state);
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t bytes[DATAGRAM_MAX + 100];
        struct message_in message;
        size_t length = prng_between(&prng, 0, sizeof(bytes));
        for (size_t i = 0; i < length; i++)
            bytes[i] = (uint8_t)prng_next(&prng);
        if (round % 2 == 0 && length >= DATAGRAM_HEADER)
            memcpy(bytes, good.bytes, DATAGRAM_MAC_OFFSET);
        assert_int_not_equal(
            wire_ingress(wire, &fixture->hosts[BETA].core, bytes, length, &message), DROP_NONE);
    }
    assert_true(wire->received == 20000);
    assert_true(drops_of(fixture, BETA) == 20000);
    assert_true(wire->drops[DROP_MAC] > 5000);
    assert_true(wire->drops[DROP_MALFORMED] == 0);
}

static void test_a_datagram_longer_than_any_of_ours_is_dropped(void **state)
{
    struct fixture *fixture = *state;
    struct host *beta = &fixture->hosts[BETA];
    static const uint8_t bytes[DATAGRAM_MAX + 1] = {'v', 'g', DATAGRAM_VERSION};
    struct message_in message;
    assert_int_equal(wire_ingress(&beta->wire, &beta->core, bytes, sizeof(bytes), &message),
                     DROP_TOO_LONG);
}

static void test_a_datagram_that_comes_twice_is_replayed(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    struct datagram datagram = fixture_send(fixture, ALPHA, BETA, NULL);
    assert_accepted(fixture, BETA, &datagram, &message);
    assert_dropped(fixture, BETA, &datagram, DROP_REPLAYED);
}

static void test_a_datagram_does_not_come_back_to_its_sender(void **state)
{
    struct fixture *fixture = *state;
    struct datagram datagram = fixture_send(fixture, ALPHA, BETA, NULL);
    struct message_in message;
    assert_int_equal(fixture_receive(fixture, ALPHA, &datagram, &message), DROP_REFLECTED);
}

static void test_a_datagram_for_another_node_is_dropped(void **state)
{
    struct fixture *fixture = *state;
    struct datagram datagram = fixture_send(fixture, ALPHA, GAMMA, NULL);
    assert_dropped(fixture, BETA, &datagram, DROP_RECEIVER);
}

static void test_a_datagram_of_another_cluster_is_dropped(void **state)
{
    struct fixture *fixture = *state;
    fixture->hosts[ALPHA].wire.keyring.cluster = keyring_id("another");
    struct datagram datagram = fixture_send(fixture, ALPHA, BETA, NULL);
    assert_dropped(fixture, BETA, &datagram, DROP_CLUSTER);
}

static void test_a_datagram_of_an_unknown_node_is_dropped(void **state)
{
    struct fixture *fixture = *state;
    fixture->hosts[ALPHA].wire.keyring.node_id[ALPHA] = keyring_id("stranger");
    struct datagram datagram = fixture_send(fixture, ALPHA, BETA, NULL);
    assert_dropped(fixture, BETA, &datagram, DROP_SENDER);
}

static void test_a_wrong_key_is_counted_for_the_node_that_is_named(void **state)
{
    struct fixture *fixture = *state;
    uint8_t key[1][KEY_BYTES];
    fixture_key(2, key[0]);
    fixture_rekey(fixture, ALPHA, (const uint8_t(*)[KEY_BYTES])key, 1);
    struct datagram datagram = fixture_send(fixture, ALPHA, BETA, NULL);
    assert_dropped(fixture, BETA, &datagram, DROP_MAC);
    assert_true(fixture->hosts[BETA].wire.peers[ALPHA].mac_failures == 1);
    assert_true(fixture->hosts[BETA].wire.peers[GAMMA].mac_failures == 0);
}

static void test_an_incarnation_that_has_ended_is_not_heard_again(void **state)
{
    struct fixture *fixture = *state;
    struct datagram datagram = fixture_send(fixture, ALPHA, BETA, NULL);
    fixture->hosts[BETA].core.dead[ALPHA] = 1000 + ALPHA;
    assert_dropped(fixture, BETA, &datagram, DROP_DEAD_INCARNATION);
}

static void test_an_unconfirmed_incarnation_cannot_push_out_the_confirmed_window(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    const struct datagram before = fixture_send(fixture, ALPHA, BETA, NULL);
    assert_accepted(fixture, BETA, &before, &message);
    for (uint64_t incarnation = 50; incarnation < 60; incarnation++) {
        fixture_restart(fixture, ALPHA, incarnation);
        struct datagram other = fixture_send(fixture, ALPHA, BETA, NULL);
        assert_accepted(fixture, BETA, &other, &message);
    }
    assert_dropped(fixture, BETA, &before, DROP_REPLAYED);
}

static void test_the_window_of_an_incarnation_comes_along_when_it_is_confirmed(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    fixture_restart(fixture, ALPHA, 77);
    const struct datagram before = fixture_send(fixture, ALPHA, BETA, NULL);
    assert_accepted(fixture, BETA, &before, &message);
    fixture->hosts[BETA].core.incarnation[ALPHA] = 77;
    fixture->hosts[BETA].core.seq[ALPHA] = 0;
    assert_dropped(fixture, BETA, &before, DROP_REPLAYED);
    const struct datagram after = fixture_send(fixture, ALPHA, BETA, NULL);
    assert_accepted(fixture, BETA, &after, &message);
}

/* Whoever looks at what was captured asks this of anything (vipgossip decode). */
static void test_what_is_no_datagram_has_no_good_mac(void **state)
{
    const struct fixture *fixture = *state;
    const uint8_t bytes[] = "vg, but much too short";
    assert_false(
        inspect_mac_is_good(&fixture->hosts[BETA].wire.keyring, ALPHA, bytes, sizeof(bytes)));
}

#define WIRE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIRE_TEST(test_every_truncation_of_a_good_datagram_is_dropped_and_counted),
        WIRE_TEST(test_every_flipped_bit_is_noticed),
        WIRE_TEST(test_garbage_is_dropped_before_anything_is_decoded),
        WIRE_TEST(test_a_datagram_longer_than_any_of_ours_is_dropped),
        WIRE_TEST(test_a_datagram_that_comes_twice_is_replayed),
        WIRE_TEST(test_a_datagram_does_not_come_back_to_its_sender),
        WIRE_TEST(test_a_datagram_for_another_node_is_dropped),
        WIRE_TEST(test_a_datagram_of_another_cluster_is_dropped),
        WIRE_TEST(test_a_datagram_of_an_unknown_node_is_dropped),
        WIRE_TEST(test_a_wrong_key_is_counted_for_the_node_that_is_named),
        WIRE_TEST(test_an_incarnation_that_has_ended_is_not_heard_again),
        WIRE_TEST(test_an_unconfirmed_incarnation_cannot_push_out_the_confirmed_window),
        WIRE_TEST(test_what_is_no_datagram_has_no_good_mac),
        WIRE_TEST(test_the_window_of_an_incarnation_comes_along_when_it_is_confirmed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
