// SPDX-License-Identifier: MIT
/* The encoding of records [SPEC F1] to [SPEC F6]. */
#include "record.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "wire_fixture.h"

#define ROUNDS  2000
#define LARGEST 1213 /* [SPEC F6] */

static size_t encode(const struct record *record, uint8_t *bytes, size_t capacity)
{
    struct buffer buffer = {bytes, 0, capacity};
    assert_true(record_encode(record, &buffer));
    return buffer.length;
}

static void assert_same_record(const struct record *a, const struct record *b)
{
    assert_int_equal(a->node, b->node);
    assert_true(a->incarnation == b->incarnation);
    assert_true(a->seq == b->seq);
    assert_int_equal(a->interval_ms, b->interval_ms);
    assert_int_equal(a->next_ms, b->next_ms);
    assert_int_equal(a->config, b->config);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->unheard_count, b->unheard_count);
    for (unsigned i = 0; i < a->unheard_count; i++)
        assert_memory_equal(&a->unheard[i], &b->unheard[i], sizeof(a->unheard[i]));
    assert_int_equal(a->vip_count, b->vip_count);
    for (unsigned i = 0; i < a->vip_count; i++)
        assert_memory_equal(&a->vips[i], &b->vips[i], sizeof(a->vips[i]));
    assert_int_equal(a->swarm.availability, b->swarm.availability);
    assert_int_equal(a->swarm.word, b->swarm.word);
    assert_int_equal(a->link.vip, b->link.vip);
    assert_int_equal(a->link.own, b->link.own);
    assert_int_equal(a->link.seen, b->link.seen);
    assert_int_equal(a->link.verifies, b->link.verifies);
    assert_int_equal(a->link.misses, b->link.misses);
    assert_int_equal(a->swarm.index, b->swarm.index);
    assert_int_equal(a->swarm.exception_count, b->swarm.exception_count);
    assert_memory_equal(a->swarm.exceptions, b->swarm.exceptions,
                        a->swarm.exception_count * sizeof(a->swarm.exceptions[0]));
}

static void test_what_was_encoded_is_decoded(void **state)
{
    (void)state;
    struct prng prng = {20240601};
    print_message("seed %llu\n", (unsigned long long)prng.state);
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct record record;
        struct record decoded;
        uint8_t bytes[RECORD_MAX];
        prng_record(&prng, &record);
        size_t length = encode(&record, bytes, sizeof(bytes));
        memset(&decoded, 0, sizeof(decoded));
        assert_true(record_decode(bytes, length, &decoded));
        assert_same_record(&record, &decoded);
    }
}

static void test_every_part_of_a_record_and_every_longer_one_is_refused(void **state)
{
    (void)state;
    struct prng prng = {7};
    for (unsigned round = 0; round < 50; round++) {
        struct record record;
        uint8_t bytes[RECORD_MAX + 1];
        prng_record(&prng, &record);
        size_t length = encode(&record, bytes, RECORD_MAX);
        for (size_t part = 0; part < length; part++)
            assert_false(record_decode(bytes, part, &record));
        bytes[length] = 0;
        assert_false(record_decode(bytes, length + 1, &record));
    }
}

static void test_the_largest_record_has_the_length_that_the_limits_were_chosen_for(void **state)
{
    (void)state;
    struct record record;
    uint8_t bytes[RECORD_MAX];
    fixture_largest_record(&record);
    assert_int_equal(encode(&record, bytes, sizeof(bytes)), LARGEST);
}

static void test_a_record_that_does_not_fit_is_not_encoded(void **state)
{
    (void)state;
    struct record record;
    uint8_t bytes[LARGEST];
    fixture_largest_record(&record);
    for (size_t capacity = 0; capacity < sizeof(bytes); capacity++) {
        struct buffer buffer = {bytes, 0, capacity};
        assert_false(record_encode(&record, &buffer));
        assert_true(buffer.length <= capacity);
    }
}

struct range_case {
    const char *what;
    void (*spoil)(struct record *record);
    bool allowed;
};

#define SPOIL(name, statement)                 \
    static void spoil_##name(struct record *r) \
    {                                          \
        statement;                             \
    }
SPOIL(nothing, (void)r)
SPOIL(node, r->node = 0)
SPOIL(incarnation, r->incarnation = 0)
SPOIL(seq, r->seq = 0)
SPOIL(interval_short, r->interval_ms = 9)
SPOIL(interval_least, r->interval_ms = 10)
SPOIL(interval_most, r->interval_ms = 10000)
SPOIL(interval_long, r->interval_ms = 10001)
SPOIL(next_most, r->next_ms = 100000)
SPOIL(next_long, r->next_ms = 100001)
SPOIL(flags_all, r->flags = RECORD_FLAGS_ALL)
SPOIL(flags, r->flags = RECORD_FLAGS_ALL + 1)
SPOIL(unheard_node, r->unheard[1].node = 0)
SPOIL(unheard_relay, r->unheard[1].relays[0] = ID_NONE)
SPOIL(vip, r->vips[2].vip = 0)
SPOIL(vip_twice, r->vips[2].vip = r->vips[0].vip)
SPOIL(unhealthy, r->vips[1].unhealthy = 1)
SPOIL(drained, r->vips[1].drained = 1)
SPOIL(swarm, r->swarm = (struct record_swarm){.availability = AVAILABILITY_DRAINED})
SPOIL(link, (r->link = (struct record_link){1, MAC_MAX & ~MAC_GROUP, MAC_NONE, 3, 4}))
SPOIL(own_group, (r->link = (struct record_link){.vip = 1, .own = MAC_GROUP}))
SPOIL(seen_group, (r->link = (struct record_link){.vip = 1, .seen = MAC_MAX}))
SPOIL(own_long, (r->link = (struct record_link){.vip = 1, .own = MAC_MAX + 1}))
SPOIL(word, r->swarm = (struct record_swarm){.word = SWARM_WORD_COUNT})
SPOIL(exception, (r->swarm = (struct record_swarm){
                      .word = SWARM_WORD_PART, .exception_count = 1, .exceptions = {4 | 1}}))
SPOIL(wordless,
      (r->swarm = (struct record_swarm){
           .availability = AVAILABILITY_ACTIVE, .exception_count = 1, .exceptions = {4 | 2}}))
SPOIL(ready, r->vips[1].ready = VIP_READY_COUNT)
SPOIL(state, r->vips[1].state = VIP_STATE_COUNT)
SPOIL(priority_none, r->vips[1].priority = 0)
SPOIL(priority_least, r->vips[1].priority = 1)
SPOIL(priority_most, r->vips[1].priority = 255)
SPOIL(lease_most, r->vips[1].lease_ms = 60000)
SPOIL(lease_long, r->vips[1].lease_ms = 60001)
SPOIL(elects_nobody, r->vips[1].elects = ID_NONE)

static const struct range_case range_cases[] = {
    {"nothing", spoil_nothing, true},
    {"node 0", spoil_node, false},
    {"incarnation 0", spoil_incarnation, false},
    {"seq 0", spoil_seq, false},
    {"interval 9 ms", spoil_interval_short, false},
    {"interval 10 ms", spoil_interval_least, true},
    {"interval 10 s", spoil_interval_most, true},
    {"interval 10001 ms", spoil_interval_long, false},
    {"next 100 s", spoil_next_most, true},
    {"next 100001 ms", spoil_next_long, false},
    {"all flags", spoil_flags_all, true},
    {"an unknown flag", spoil_flags, false},
    {"unheard node 0", spoil_unheard_node, false},
    {"no relay", spoil_unheard_relay, true},
    {"VIP 0", spoil_vip, false},
    {"one VIP twice", spoil_vip_twice, false},
    {"unhealthy for a VIP", spoil_unhealthy, true},
    {"drained for a VIP", spoil_drained, true},
    {"drained in a swarm", spoil_swarm, true},
    {"a MAC of its own", spoil_link, true},
    {"a group as a MAC of its own", spoil_own_group, false},
    {"a group as a foreign host", spoil_seen_group, false},
    {"a MAC of seven bytes", spoil_own_long, false},
    {"an unknown kind of word", spoil_word, false},
    {"an active exception", spoil_exception, false},
    {"exceptions without a word", spoil_wordless, false},
    {"unknown readiness", spoil_ready, false},
    {"unknown state", spoil_state, false},
    {"priority 0", spoil_priority_none, false},
    {"priority 1", spoil_priority_least, true},
    {"priority 255", spoil_priority_most, true},
    {"lease 60 s", spoil_lease_most, true},
    {"lease 60001 ms", spoil_lease_long, false},
    {"elects nobody", spoil_elects_nobody, true},
};

static void test_numbers_out_of_their_range_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(range_cases) / sizeof(range_cases[0]); i++) {
        struct record record;
        uint8_t bytes[RECORD_MAX];
        fixture_largest_record(&record);
        record.unheard_count = 2;
        record.vip_count = 3;
        range_cases[i].spoil(&record);
        size_t length = encode(&record, bytes, sizeof(bytes));
        if (record_decode(bytes, length, &record) != range_cases[i].allowed)
            fail_msg("%s: %s", range_cases[i].what,
                     range_cases[i].allowed ? "refused" : "accepted");
    }
}

/* A record with no unheard nodes and no VIP, by hand: 9 elements as [SPEC F3] lists them. */
static const uint8_t smallest[] = {0x99, 0x01, 0x02, 0x03, 0x0A, 0x00, 0x00, 0x00, 0x90, 0x90};

static void test_counts_above_the_limits_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t unheard[3];
        bool allowed;
    } cases[] = {
        {8, {0xDC, 0x00, UNHEARD_MAX + 1}, false},
        {9, {0xDC, 0x00, VIPS_MAX + 1}, false},
    };
    struct record record;
    assert_true(record_decode(smallest, sizeof(smallest), &record));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t bytes[RECORD_MAX];
        memset(bytes, 0x94, sizeof(bytes));
        memcpy(bytes, smallest, cases[i].at);
        memcpy(bytes + cases[i].at, cases[i].unheard, 3);
        for (size_t length = 0; length < sizeof(bytes); length++)
            assert_false(record_decode(bytes, length, &record));
    }
}

static void test_what_a_later_version_appends_is_stepped_over(void **state)
{
    (void)state;
    /* 13 instead of 11 elements: [nil, bytes] and an integer; a VIP with an eighth element; an
     * unheard node, and what is said of a swarm, with a fourth; what is said of a link with a
     * sixth. */
    static const uint8_t bytes[] = {0x9D, 0x01, 0x02, 0x03, 0x0A, 0x00, 0x00, 0x00, 0x91, 0x94,
                                    0x05, 0x00, 0x00, 0x91, 0xC3, 0x91, 0x98, 0x06, 0x00, 0x00,
                                    0x01, 0x00, 0x00, 0x00, 0xC0, 0x94, 0x03, 0x00, 0x90, 0xC0,
                                    0x96, 0x06, 0x02, 0x03, 0x05, 0x00, 0xC0, 0x92, 0xC0, 0xC4,
                                    0x02, 0xAA, 0xBB, 0xCD, 0x01, 0x00};
    struct record record;
    assert_true(record_decode(bytes, sizeof(bytes), &record));
    assert_int_equal(record.unheard_count, 1);
    assert_int_equal(record.unheard[0].node, 5);
    assert_int_equal(record.vip_count, 1);
    assert_int_equal(record.vips[0].vip, 6);
    assert_int_equal(record.swarm.availability, AVAILABILITY_DRAINED);
    assert_int_equal(record.link.vip, 6);
    assert_int_equal(record.link.own, 2);
    assert_int_equal(record.link.seen, 3);
    assert_int_equal(record.link.verifies, 5);
    assert_int_equal(record.link.misses, ID_NONE);
    for (size_t part = 0; part < sizeof(bytes); part++)
        assert_false(record_decode(bytes, part, &record));
}

static void test_an_integer_in_a_longer_form_than_needed_is_refused(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x99, 0x01, 0x02, 0xCC, 0x03, 0x0A,
                                    0x00, 0x00, 0x00, 0x90, 0x90};
    struct record record;
    assert_false(record_decode(bytes, sizeof(bytes), &record));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_encoded_is_decoded),
        cmocka_unit_test(test_every_part_of_a_record_and_every_longer_one_is_refused),
        cmocka_unit_test(test_the_largest_record_has_the_length_that_the_limits_were_chosen_for),
        cmocka_unit_test(test_a_record_that_does_not_fit_is_not_encoded),
        cmocka_unit_test(test_numbers_out_of_their_range_are_refused),
        cmocka_unit_test(test_counts_above_the_limits_are_refused),
        cmocka_unit_test(test_what_a_later_version_appends_is_stepped_over),
        cmocka_unit_test(test_an_integer_in_a_longer_form_than_needed_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
