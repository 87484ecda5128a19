// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "engine/request.h"
#include "ipc/control.h"

static void test_a_line_is_the_request_it_spells(void **state)
{
    static const struct {
        const char *bytes;
        enum request request;
        const char *name;
    } cases[] = {
        {"status\n", REQUEST_STATUS, ""},
        {"events\n", REQUEST_EVENTS, ""},
        {"events follow\n", REQUEST_EVENTS_FOLLOW, ""},
        {"status\nmore", REQUEST_STATUS, ""},
        {"", REQUEST_PARTIAL, ""},
        {"status", REQUEST_PARTIAL, ""},
        {"events follo", REQUEST_PARTIAL, ""},
        {"\n", REQUEST_UNKNOWN, ""},
        {"Status\n", REQUEST_UNKNOWN, ""},
        {"status \n", REQUEST_UNKNOWN, ""},
        {" status\n", REQUEST_UNKNOWN, ""},
        {"status\r\n", REQUEST_UNKNOWN, ""},
        {"events  follow\n", REQUEST_UNKNOWN, ""},
        {"statuss\n", REQUEST_UNKNOWN, ""},
        {"statu\n", REQUEST_UNKNOWN, ""},
        {"drain\n", REQUEST_DRAIN, ""},
        {"reload\n", REQUEST_RELOAD, ""},
        {"reload web\n", REQUEST_UNKNOWN, ""},
        {"undrain\n", REQUEST_UNDRAIN, ""},
        {"drain web\n", REQUEST_DRAIN, "web"},
        {"undrain web 2\nmore", REQUEST_UNDRAIN, "web 2"},
        {"drain \n", REQUEST_UNKNOWN, ""},
        {"drain", REQUEST_PARTIAL, ""},
        {"drainweb\n", REQUEST_UNKNOWN, ""},
    };

    char name[CONTROL_REQUEST_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(request_parse(cases[i].bytes, strlen(cases[i].bytes), name),
                         cases[i].request);
        assert_string_equal(name, cases[i].name);
    }
}

static void test_a_line_longer_than_the_bound_is_refused(void **state)
{
    char bytes[CONTROL_REQUEST_MAX + 8];

    char name[CONTROL_REQUEST_MAX];
    (void)state;
    memset(bytes, 'a', sizeof bytes);
    assert_int_equal(request_parse(bytes, CONTROL_REQUEST_MAX - 1, name), REQUEST_PARTIAL);
    assert_int_equal(request_parse(bytes, CONTROL_REQUEST_MAX, name), REQUEST_UNKNOWN);
    bytes[CONTROL_REQUEST_MAX] = '\n';
    assert_int_equal(request_parse(bytes, sizeof bytes, name), REQUEST_UNKNOWN);
}

static void test_a_nul_is_no_end_of_a_line(void **state)
{
    char name[CONTROL_REQUEST_MAX];
    (void)state;
    assert_int_equal(request_parse("status\0\n", 8, name), REQUEST_UNKNOWN);
    assert_int_equal(request_parse("status\0", 7, name), REQUEST_PARTIAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_is_the_request_it_spells),
        cmocka_unit_test(test_a_line_longer_than_the_bound_is_refused),
        cmocka_unit_test(test_a_nul_is_no_end_of_a_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
