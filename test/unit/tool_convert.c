// SPDX-License-Identifier: MIT
#include "tool/convert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Bytes of msgpack, and the JSON that they mean; NULL: refused. */
struct convert_case {
    const char *bytes;
    size_t length;
    const char *json;
};

#define BYTES(text) (text), sizeof(text) - 1

static const struct convert_case cases[] = {
    {BYTES("\xc0"), "null"},
    {BYTES("\xc2"), "false"},
    {BYTES("\xc3"), "true"},
    {BYTES("\x07"), "7"},
    {BYTES("\xff"), "-1"},
    {BYTES("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"), "-9223372036854775808"},
    {BYTES("\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"), "9223372036854775807"},
    {BYTES("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), "1.8446744073709552e19"},
    {BYTES("\xcb\x3f\xe0\x00\x00\x00\x00\x00\x00"), "0.5"},
    {BYTES("\xca\x3f\x00\x00\x00"), "0.5"},
    {BYTES("\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"), "null"},
    {BYTES("\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00"), "null"},
    {BYTES("\xa3"
           "abc"),
     "\"abc\""},
    {BYTES("\xa2\xc3\xb6"), "\"\xc3\xb6\""},
    {BYTES("\xa2\xc3"
           "a"),
     "\"?a\""},
    {BYTES("\x90"), "[]"},
    {BYTES("\x93\x01\xc0\x91\xc3"), "[1,null,[true]]"},
    {BYTES("\x80"), "{}"},
    {BYTES("\x82\xa1"
           "b\x01\xa1"
           "a\x81\xa1"
           "c\x02"),
     "{\"b\":1,\"a\":{\"c\":2}}"},
    /* a key that is no string */
    {BYTES("\x81\x01\x02"), NULL},
    /* a key used twice */
    {BYTES("\x82\xa1"
           "a\x01\xa1"
           "a\x02"),
     NULL},
    /* a key with a NUL in it */
    {BYTES("\x81\xa2"
           "a\0\x01"),
     NULL},
    /* a key that is not UTF-8 */
    {BYTES("\x81\xa1\xff\x01"), NULL},
    /* binary data, an extension, also further down */
    {BYTES("\xc4\x01\x00"), NULL},
    {BYTES("\xd4\x01\x00"), NULL},
    {BYTES("\x91\xc4\x01\x00"), NULL},
    {BYTES("\x81\xa1"
           "a\xd4\x01\x00"),
     NULL},
    /* 16 arrays inside each other, and 17 */
    {BYTES("\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x90"),
     "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]"},
    {BYTES("\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x90"), NULL},
};

static void test_every_kind_of_value_becomes_its_json_or_is_refused(void **state)
{
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        msgpack_unpacked value;
        size_t offset = 0;
        msgpack_unpacked_init(&value);
        assert_int_equal(msgpack_unpack_next(&value, cases[i].bytes, cases[i].length, &offset),
                         MSGPACK_UNPACK_SUCCESS);
        json_t *json = convert_value(&value.data);
        if (cases[i].json == NULL) {
            assert_null(json);
        } else {
            char *text = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);
            assert_non_null(text);
            assert_string_equal(text, cases[i].json);
            free(text);
        }
        json_decref(json);
        msgpack_unpacked_destroy(&value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_of_value_becomes_its_json_or_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
