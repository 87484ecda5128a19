// SPDX-License-Identifier: MIT
/* The decoder of msgpack, by itself and beside msgpack-c [SPEC D7]. */
#include "cursor.h"

#include <stdarg.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "buffer.h"
#include "wire_fixture.h"

static const struct cursor_range any = {0, UINT64_MAX};

static void test_integers_of_every_width_are_read_as_msgpack_c_writes_them(void **state)
{
    (void)state;
    for (unsigned shift = 0; shift < 64; shift++) {
        for (uint64_t offset = 0; offset < 3; offset++) {
            uint64_t number = (UINT64_C(1) << shift) + offset - 1;
            uint8_t bytes[9];
            struct buffer buffer = {bytes, 0, sizeof(bytes)};
            msgpack_packer packer = buffer_packer(&buffer);
            assert_int_equal(msgpack_pack_uint64(&packer, number), 0);
            struct cursor cursor = cursor_of(bytes, buffer.length);
            assert_true(cursor_uint(&cursor, any) == number);
            assert_true(cursor_is_done(&cursor));
            for (size_t part = 0; part < buffer.length; part++) {
                cursor = cursor_of(bytes, part);
                assert_true(cursor_uint(&cursor, any) == 0);
                assert_true(cursor.failed);
            }
        }
    }
}

static void test_an_integer_in_any_longer_form_fails(void **state)
{
    (void)state;
    static const uint8_t longer[][9] = {
        {0xCC, 0x7F},
        {0xCD, 0x00, 0xFF},
        {0xCE, 0x00, 0x00, 0xFF, 0xFF},
        {0xCF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF},
    };
    for (size_t i = 0; i < sizeof(longer) / sizeof(longer[0]); i++) {
        struct cursor cursor = cursor_of(longer[i], sizeof(longer[i]));
        (void)cursor_uint(&cursor, any);
        assert_true(cursor.failed);
    }
}

static void test_a_range_holds_at_both_ends(void **state)
{
    (void)state;
    static const struct cursor_range range = {3, 5};
    for (uint8_t number = 0; number < 10; number++) {
        struct cursor cursor = cursor_of(&number, 1);
        assert_int_equal(cursor_uint(&cursor, range), number >= 3 && number <= 5 ? number : 0);
        assert_int_equal(cursor.failed, number < 3 || number > 5);
    }
}

static void test_bytes_must_be_there(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0xC4, 0x03, 'a', 'b', 'c'};
    size_t length = 99;
    struct cursor cursor = cursor_of(bytes, sizeof(bytes));
    assert_ptr_equal(cursor_bytes(&cursor, any, &length), bytes + 2);
    assert_int_equal(length, 3);
    assert_true(cursor_is_done(&cursor));
    for (size_t part = 0; part < sizeof(bytes); part++) {
        cursor = cursor_of(bytes, part);
        assert_null(cursor_bytes(&cursor, any, &length));
        assert_true(cursor.failed);
    }
}

static void test_a_cursor_that_failed_reads_nothing_any_more(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0xC1, 0x05, 0x91, 0xC4, 0x00};
    size_t length = 0;
    struct cursor cursor = cursor_of(bytes, sizeof(bytes));
    assert_int_equal(cursor_uint(&cursor, any), 0);
    assert_int_equal(cursor_uint(&cursor, any), 0);
    assert_int_equal(cursor_array(&cursor, any), 0);
    assert_null(cursor_bytes(&cursor, any, &length));
    assert_false(cursor_is_done(&cursor));
}

static void test_only_the_known_types_are_stepped_over(void **state)
{
    (void)state;
    for (unsigned type = 0; type < 256; type++) {
        uint8_t bytes[300] = {(uint8_t)type};
        memset(bytes + 1, 0x01, sizeof(bytes) - 1); /* 1, 257... as numbers; 1 as an element */
        struct cursor cursor = cursor_of(bytes, sizeof(bytes));
        bool known = type <= 0x7F || (type >= 0x90 && type <= 0x9F) || type == 0xC0 ||
                     type == 0xC2 || type == 0xC3 || type == 0xC4 || type == 0xC5 ||
                     (type >= 0xCD && type <= 0xCF) || type == 0xDC;
        cursor_skip(&cursor, 1);
        if (cursor.failed == known)
            fail_msg("type %02x: %s", type, known ? "refused" : "accepted");
    }
}

static void test_sec_counts_of_more_than_there_is_fail_at_once(void **state)
{
    (void)state;
    static const struct {
        uint8_t length;
        uint8_t bytes[8];
    } cases[] = {
        {5, {0xDD, 0x10, 0x00, 0x00, 0x00}},
        {3, {0xDC, 0xFF, 0xFF}},
        {5, {0xDC, 0x00, 0x10, 0x01, 0x01}},
        {1, {0x91}},
        {5, {0xC6, 0xFF, 0xFF, 0xFF, 0xFF}},
        {3, {0xC5, 0xFF, 0xFF}},
        {2, {0xC4, 0x01}},
        {5, {0xDF, 0x10, 0x00, 0x00, 0x00}},
        {5, {0xDB, 0x10, 0x00, 0x00, 0x00}},
        {6, {0xC9, 0x10, 0x00, 0x00, 0x00, 0x01}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cursor cursor = cursor_of(cases[i].bytes, cases[i].length);
        cursor_skip(&cursor, 1);
        assert_true(cursor.failed);
    }
}

/* Random bytes: the cursor ends inside of them or fails, and never reads on. */
static void test_random_bytes_are_never_read_beyond_their_end(void **state)
{
    (void)state;
    struct prng prng = {5};
    for (unsigned round = 0; round < 100000; round++) {
        uint8_t bytes[24];
        size_t length = prng_between(&prng, 0, sizeof(bytes));
        for (size_t i = 0; i < length; i++)
            bytes[i] = (uint8_t)prng_next(&prng);
        struct cursor cursor = cursor_of(bytes, length);
        cursor_skip(&cursor, prng_between(&prng, 1, 3));
        assert_true(cursor.at <= bytes + length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers_of_every_width_are_read_as_msgpack_c_writes_them),
        cmocka_unit_test(test_an_integer_in_any_longer_form_fails),
        cmocka_unit_test(test_a_range_holds_at_both_ends),
        cmocka_unit_test(test_bytes_must_be_there),
        cmocka_unit_test(test_a_cursor_that_failed_reads_nothing_any_more),
        cmocka_unit_test(test_only_the_known_types_are_stepped_over),
        cmocka_unit_test(test_sec_counts_of_more_than_there_is_fail_at_once),
        cmocka_unit_test(test_random_bytes_are_never_read_beyond_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
