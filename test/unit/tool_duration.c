// SPDX-License-Identifier: MIT
#include "tool/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct duration_case {
    int64_t span;
    const char *text;
};

static void test_milliseconds_are_shown_in_the_two_largest_units(void **state)
{
    static const struct duration_case cases[] = {
        {-1, "-"},
        {0, "0 ms"},
        {340, "340 ms"},
        {999, "999 ms"},
        {1000, "1.0 s"},
        {2549, "2.5 s"},
        {9999, "9.9 s"},
        {10000, "10 s"},
        {59999, "59 s"},
        {60000, "1 m"},
        {185000, "3 m 5 s"},
        {3599999, "59 m 59 s"},
        {3600000, "1 h"},
        {7380000, "2 h 3 m"},
        {86400000, "1 d"},
        {439200000, "5 d 2 h"},
        {INT64_MAX, "106751991167 d 7 h"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(duration_from_ms(cases[i].span).text, cases[i].text);
}

static void test_microseconds_are_shown_as_such_below_one_millisecond(void **state)
{
    static const struct duration_case cases[] = {
        {-1, "-"},          {0, "0 us"},        {210, "210 us"},  {999, "999 us"},
        {1000, "1.0 ms"},   {1250, "1.2 ms"},   {9999, "9.9 ms"}, {10000, "10 ms"},
        {340999, "340 ms"}, {2500000, "2.5 s"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(duration_from_us(cases[i].span).text, cases[i].text);
}

static void test_a_duration_is_read_as_the_configuration_writes_it(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"0s", 0},           {"500ms", 500}, {"10s", 10000}, {"2m", 120000},
        {"1440m", 86400000}, {"1441m", -1},  {"", -1},       {"10", -1},
        {"s", -1},           {"10 s", -1},   {"10S", -1},    {"-1s", -1},
        {"1.5s", -1},        {"010s", -1},   {"10sx", -1},   {"1h", -1},
        {"9999999999s", -1},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(duration_parse_ms(cases[i].text), cases[i].ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_milliseconds_are_shown_in_the_two_largest_units),
        cmocka_unit_test(test_microseconds_are_shown_as_such_below_one_millisecond),
        cmocka_unit_test(test_a_duration_is_read_as_the_configuration_writes_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
