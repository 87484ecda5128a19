// SPDX-License-Identifier: MIT
#include "tool/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const headings[] = {"VIP", "HOLDER", "WHY"};

/* The table as text, to be freed. */
static char *printed(const struct table *table, bool coloured)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    table_print(table, coloured, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void add_row(struct table *table, const char *a, const char *b, const char *c)
{
    table_add(table, COLOUR_NONE, "%s", a);
    table_add(table, COLOUR_RED, "%s", b);
    table_add(table, COLOUR_NONE, "%s", c);
}

static void test_columns_are_as_wide_as_their_widest_cell(void **state)
{
    struct table table;
    (void)state;

    table_init(&table, headings, 3);
    add_row(&table, "ingress", "swarm-1", "started");
    add_row(&table, "w", "nobody", "its holder died");
    char *text = printed(&table, false);
    assert_string_equal(text, "VIP      HOLDER   WHY\n"
                              "ingress  swarm-1  started\n"
                              "w        nobody   its holder died\n");
    free(text);
    table_deinit(&table);
}

static void test_colour_does_not_move_columns(void **state)
{
    struct table table;
    (void)state;

    table_init(&table, headings, 3);
    add_row(&table, "a", "nobody", "b");
    char *text = printed(&table, true);
    assert_string_equal(text, "\033[1mVIP\033[0m  \033[1mHOLDER\033[0m  \033[1mWHY\033[0m\n"
                              "a    \033[31mnobody\033[0m  b\n");
    free(text);
    table_deinit(&table);
}

static void test_a_character_of_two_bytes_is_one_wide(void **state)
{
    struct table table;
    (void)state;

    table_init(&table, headings, 3);
    add_row(&table, "k\xc3\xb6ln", "x", "y");
    add_row(&table, "bonn", "x", "y");
    char *text = printed(&table, false);
    assert_non_null(strstr(text, "k\xc3\xb6ln  x       y\n"));
    assert_non_null(strstr(text, "bonn  x       y\n"));
    free(text);
    table_deinit(&table);
}

static void test_a_table_grows_and_a_row_that_is_not_whole_is_left_out(void **state)
{
    struct table table;
    size_t lines = 0;
    (void)state;

    table_init(&table, headings, 3);
    for (unsigned i = 0; i < 100; i++)
        add_row(&table, "a", "b", "c");
    table_add(&table, COLOUR_NONE, "lonely");
    char *text = printed(&table, false);
    for (const char *p = text; *p != '\0'; p++)
        lines += *p == '\n';
    assert_int_equal(lines, 101);
    assert_null(strstr(text, "lonely"));
    free(text);
    table_deinit(&table);
}

static void test_no_name_can_steer_the_terminal(void **state)
{
    static const char *const cases[][2] = {
        {"plain", "plain"},
        {"\033[2Jgone", "?[2Jgone"},
        {"a\nb\tc\x7f", "a?b?c?"},
        {"\xc2\x9b"
         "2J",
         "??2J"},
        {"k\xc3\xb6ln", "k\xc3\xb6ln"},
        {"", ""},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[32];
        assert_true(strlen(cases[i][0]) < sizeof(text));
        memcpy(text, cases[i][0], strlen(cases[i][0]) + 1);
        text_clean(text);
        assert_string_equal(text, cases[i][1]);
    }
}

static void test_a_stream_that_is_no_terminal_gets_no_colour(void **state)
{
    FILE *out = fopen("/dev/null", "we");
    (void)state;

    assert_non_null(out);
    assert_false(colour_is_wanted(out));
    assert_int_equal(fclose(out), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_are_as_wide_as_their_widest_cell),
        cmocka_unit_test(test_colour_does_not_move_columns),
        cmocka_unit_test(test_a_character_of_two_bytes_is_one_wide),
        cmocka_unit_test(test_a_table_grows_and_a_row_that_is_not_whole_is_left_out),
        cmocka_unit_test(test_no_name_can_steer_the_terminal),
        cmocka_unit_test(test_a_stream_that_is_no_terminal_gets_no_colour),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
