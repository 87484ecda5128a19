// SPDX-License-Identifier: MIT
#include "tool/measure.h"

#include <msgpack.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* One value of every kind, all in one array: msgpack-c's packer is the reference. */
static void pack_every_kind(msgpack_sbuffer *buffer)
{
    static const uint32_t sizes[] = {0, 1, 2, 4, 8, 15, 16, 31, 32, 255, 256, 65535, 65536};
    const size_t count = sizeof(sizes) / sizeof(sizes[0]);
    char *bytes = calloc(1, 65536);
    msgpack_packer packer;

    assert_non_null(bytes);
    msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
    (void)msgpack_pack_array(&packer, 3 + 2 + 64 + 5 * count);
    (void)msgpack_pack_nil(&packer);
    (void)msgpack_pack_true(&packer);
    (void)msgpack_pack_false(&packer);
    (void)msgpack_pack_float(&packer, 1.5F);
    (void)msgpack_pack_double(&packer, 0.1);
    for (unsigned i = 0; i < 32; i++) {
        (void)msgpack_pack_uint64(&packer, UINT64_C(1) << (2U * i));
        (void)msgpack_pack_int64(&packer, -(INT64_C(1) << (2U * i)));
    }
    for (size_t i = 0; i < count; i++) {
        (void)msgpack_pack_str_with_body(&packer, bytes, sizes[i]);
        (void)msgpack_pack_bin_with_body(&packer, bytes, sizes[i]);
        (void)msgpack_pack_ext_with_body(&packer, bytes, sizes[i], 1);
        (void)msgpack_pack_array(&packer, sizes[i]);
        for (uint32_t n = 0; n < sizes[i]; n++)
            (void)msgpack_pack_int(&packer, 1);
        (void)msgpack_pack_map(&packer, sizes[i]);
        for (uint32_t n = 0; n < 2 * sizes[i]; n++)
            (void)msgpack_pack_int(&packer, 1);
    }
    free(bytes);
}

static void test_a_value_of_every_kind_is_measured_to_the_byte(void **state)
{
    msgpack_sbuffer buffer;
    (void)state;

    msgpack_sbuffer_init(&buffer);
    pack_every_kind(&buffer);
    const size_t length = buffer.size;
    assert_int_equal(msgpack_sbuffer_write(&buffer, "\xc0more", 5), 0);
    const struct measure measure = measure_value(buffer.data, buffer.size);
    assert_int_equal(measure.state, MEASURE_WHOLE);
    assert_int_equal(measure.length, length);
    msgpack_sbuffer_destroy(&buffer);
}

static void test_every_beginning_of_a_value_is_short_and_says_how_much_it_needs(void **state)
{
    msgpack_sbuffer buffer;
    (void)state;

    msgpack_sbuffer_init(&buffer);
    pack_every_kind(&buffer);
    /* All lengths where the headers are, then some of the rest: measuring starts at the front. */
    for (size_t length = 0; length < buffer.size; length += length < 2000 ? 1 : 4999) {
        const struct measure measure = measure_value(buffer.data, length);
        assert_int_equal(measure.state, MEASURE_SHORT);
        assert_true(measure.length > length);
        assert_true(measure.length <= buffer.size);
    }
    msgpack_sbuffer_destroy(&buffer);
}

static void test_what_a_header_announces_is_believed_but_not_allocated(void **state)
{
    static const char *const headers[] = {"\xdd\xff\xff\xff\xff", "\xdf\xff\xff\xff\xff",
                                          "\xdb\xff\xff\xff\xff", "\xc6\xff\xff\xff\xff",
                                          "\xc9\xff\xff\xff\xff"};
    (void)state;

    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        const struct measure measure = measure_value(headers[i], 5);
        assert_int_equal(measure.state, MEASURE_SHORT);
        assert_true(measure.length > UINT32_MAX);
    }
}

static void test_the_byte_that_msgpack_does_not_use_is_bad_at_any_depth(void **state)
{
    (void)state;

    assert_int_equal(measure_value("\xc1", 1).state, MEASURE_BAD);
    assert_int_equal(measure_value("\x92\x01\xc1", 3).state, MEASURE_BAD);
    assert_int_equal(measure_value("\x81\xa1\xc1\x01", 4).state, MEASURE_WHOLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_value_of_every_kind_is_measured_to_the_byte),
        cmocka_unit_test(test_every_beginning_of_a_value_is_short_and_says_how_much_it_needs),
        cmocka_unit_test(test_what_a_header_announces_is_believed_but_not_allocated),
        cmocka_unit_test(test_the_byte_that_msgpack_does_not_use_is_bad_at_any_depth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
