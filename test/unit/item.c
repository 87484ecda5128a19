// SPDX-License-Identifier: MIT
/* Items, under a MAC that is good [SPEC I1] to [SPEC I6]. */
#include <stdarg.h>
#include <stdio.h>
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

struct items_case {
    const char *what;
    size_t length;
    uint8_t bytes[64];
    enum drop drop;
};

static const struct items_case items_cases[] = {
    {"nothing", 0, {0}, DROP_MALFORMED},
    {"an array of 2^28 elements", 5, {0xDD, 0x10, 0x00, 0x00, 0x00}, DROP_MALFORMED},
    {"an array of 65535 elements", 3, {0xDC, 0xFF, 0xFF}, DROP_MALFORMED},
    {"an answer", 3, {0x92, 0x02, 0x07}, DROP_NONE},
    {"an answer with something appended", 5, {0x94, 0x02, 0x07, 0x90, 0xC0}, DROP_NONE},
    {"an answer without an id", 2, {0x91, 0x02}, DROP_MALFORMED},
    {"an answer with id 0", 3, {0x92, 0x02, 0x00}, DROP_MALFORMED},
    {"two answers", 6, {0x92, 0x02, 0x07, 0x92, 0x02, 0x07}, DROP_MALFORMED},
    {"a question about nobody", 4, {0x93, 0x01, 0x07, 0x90}, DROP_NONE},
    {"a question about node 0", 5, {0x93, 0x01, 0x07, 0x91, 0x00}, DROP_MALFORMED},
    {"a question about nine",
     13,
     {0x93, 0x01, 0x07, 0x99, 1, 2, 3, 4, 5, 6, 7, 8, 9},
     DROP_MALFORMED},
    {"two questions", 8, {0x93, 0x01, 0x07, 0x90, 0x93, 0x01, 0x08, 0x90}, DROP_MALFORMED},
    {"an ask", 5, {0x94, 0x03, 0x01, 0x02, 0x00}, DROP_NONE},
    {"an ask of nobody", 5, {0x94, 0x03, 0x01, 0x00, 0x05}, DROP_MALFORMED},
    {"five asks",
     25,
     {0x94, 3, 1, 2, 0, 0x94, 3, 1, 2, 0, 0x94, 3, 1, 2, 0, 0x94, 3, 1, 2, 0, 0x94, 3, 1, 2, 0},
     DROP_MALFORMED},
    {"an item of an unknown type", 6, {0x93, 0x7F, 0x91, 0xC3, 0xC4, 0x00}, DROP_NONE},
    {"an unknown type of 2^64 - 1",
     10,
     {0x91, 0xCF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
     DROP_NONE},
    {"an unknown item with a map in it", 3, {0x92, 0x7F, 0x80}, DROP_MALFORMED},
    {"an unknown item with a float in it", 7, {0x92, 0x7F, 0xCA, 0, 0, 0, 0}, DROP_MALFORMED},
    {"an unknown item with a negative number", 3, {0x92, 0x7F, 0xFF}, DROP_MALFORMED},
    {"an unknown item that is cut", 4, {0x93, 0x7F, 0xC4, 0x02}, DROP_MALFORMED},
    {"an item without a type", 1, {0x90}, DROP_MALFORMED},
    {"an item that is no array", 1, {0x05}, DROP_MALFORMED},
    {"an item whose type is nil", 2, {0x91, 0xC0}, DROP_MALFORMED},
    {"a record of no bytes", 6, {0x95, 0x00, 0x00, 0x01, 0xC4, 0x00}, DROP_MALFORMED},
    {"an id in a longer form than needed", 4, {0x92, 0x02, 0xCC, 0x07}, DROP_MALFORMED},
};

static void test_items_are_taken_by_the_letter(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(items_cases) / sizeof(items_cases[0]); i++) {
        const struct items_case *c = &items_cases[i];
        struct message_in message;
        struct datagram datagram =
            fixture_forge(fixture, ALPHA, BETA, (struct keyring_span){c->bytes, c->length});
        enum drop drop = fixture_receive(fixture, BETA, &datagram, &message);
        if (drop != c->drop)
            fail_msg("%s: %s", c->what, drop_name(drop));
    }
}

/* 1352 arrays, each inside of the one before: a decoder that recurses dies of it. */
static void test_sec_arrays_nested_as_deep_as_a_datagram_is_long_are_harmless(void **state)
{
    struct fixture *fixture = *state;
    uint8_t bytes[DATAGRAM_ITEMS_MAX];
    struct message_in message;
    memset(bytes, 0x91, sizeof(bytes));
    bytes[0] = 0x92;
    bytes[1] = 0x7F;
    struct datagram datagram =
        fixture_forge(fixture, ALPHA, BETA, (struct keyring_span){bytes, sizeof(bytes)});
    assert_int_equal(fixture_receive(fixture, BETA, &datagram, &message), DROP_MALFORMED);
    bytes[sizeof(bytes) - 1] = 0x90;
    datagram = fixture_forge(fixture, ALPHA, BETA, (struct keyring_span){bytes, sizeof(bytes)});
    assert_int_equal(fixture_receive(fixture, BETA, &datagram, &message), DROP_NONE);
}

static void test_sec_random_items_under_a_good_mac_never_get_past_their_ranges(void **state)
{
    struct fixture *fixture = *state;
    struct prng prng = {4242};
    print_message("seed %llu\n", (unsigned long long)prng.state);
    for (unsigned round = 0; round < 20000; round++) {
        struct datagram datagram = fixture_send(fixture, ALPHA, BETA, NULL);
        struct message_in message;
        fixture->hosts[ALPHA].core.record.seq++;
        for (uint64_t change = prng_between(&prng, 1, 4); change > 0; change--) {
            uint64_t at = prng_between(&prng, DATAGRAM_HEADER, datagram.length - 1);
            datagram.bytes[at] = (uint8_t)prng_next(&prng);
        }
        fixture_reseal(fixture, ALPHA, BETA, &datagram);
        if (fixture_receive(fixture, BETA, &datagram, &message) != DROP_NONE)
            continue;
        assert_true(message.record_count <= 1);
        for (uint8_t i = 0; i < message.record_count; i++) {
            assert_in_range(message.records[i].record.interval_ms, 10, 10000);
            assert_in_range(message.records[i].record.next_ms, 0, 100000);
            assert_true(message.records[i].record.vip_count <= VIPS_MAX);
        }
    }
}

#define WIRE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIRE_TEST(test_items_are_taken_by_the_letter),
        WIRE_TEST(test_sec_arrays_nested_as_deep_as_a_datagram_is_long_are_harmless),
        WIRE_TEST(test_sec_random_items_under_a_good_mac_never_get_past_their_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
