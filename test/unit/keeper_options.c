// SPDX-License-Identifier: MIT
#include "keeper/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define WORDS_MAX 6

struct options_case {
    const char *words[WORDS_MAX];
    struct options expected;
};

static int parse(const char *const words[], struct options *ret, char *error, size_t size)
{
    char *argv[WORDS_MAX + 2] = {(char[]){"vipgossipd"}};
    int argc = 1;

    for (int i = 0; i < WORDS_MAX && words[i] != NULL; i++)
        argv[argc++] = (char *)words[i]; /* getopt changes none of them */
    return options_parse(argc, argv, ret, error, size);
}

static void assert_text(const char *text, const char *expected)
{
    if (expected == NULL)
        assert_null(text);
    else
        assert_string_equal(text, expected);
}

static void test_every_option_does_what_the_help_says(void **state)
{
    static const struct options_case cases[] = {
        {{NULL}, {.action = OPTIONS_RUN}},
        {{"-c", "a.conf"}, {.file = "a.conf"}},
        {{"-ca.conf", "-v"}, {.file = "a.conf", .verbose = true}},
        {{"--config", "a.conf", "--verbose"}, {.file = "a.conf", .verbose = true}},
        {{"-t"}, {.action = OPTIONS_TEST}},
        {{"-tc", "a.conf"}, {.action = OPTIONS_TEST, .file = "a.conf"}},
        {{"-n", "swarm-1"}, {.node = "swarm-1"}},
        {{"--node=swarm-1", "--test"}, {.action = OPTIONS_TEST, .node = "swarm-1"}},
        {{"-V"}, {.action = OPTIONS_VERSION}},
        {{"--version"}, {.action = OPTIONS_VERSION}},
        {{"--help"}, {.action = OPTIONS_HELP}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct options *expected = &cases[i].expected;
        struct options found;
        char error[256];

        assert_int_equal(parse(cases[i].words, &found, error, sizeof(error)), 0);
        assert_int_equal(found.action, expected->action);
        assert_int_equal(found.verbose, expected->verbose);
        assert_text(found.file, expected->file);
        assert_text(found.node, expected->node);
    }
}

struct refusal_case {
    const char *words[WORDS_MAX];
    const char *error; /* what it has to name */
};

static void test_wrong_options_are_refused_by_name(void **state)
{
    static const struct refusal_case cases[] = {
        {{"-x"}, "-x is no option"},        {{"--nonsense"}, "--nonsense is no option"},
        {{"-c"}, "-c needs a value"},       {{"--node"}, "-n needs a value"},
        {{"-v", "-tx"}, "-x is no option"}, {{"--verbose=yes"}, "-v takes no value"},
        {{"-c", ""}, "empty value"},        {{"-n", ""}, "empty value"},
        {{"start"}, "start is too much"},   {{"-v", "extra", "-t"}, "extra is too much"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct options found = {.node = "untouched"};
        char error[256] = "";

        assert_int_equal(parse(cases[i].words, &found, error, sizeof(error)), -1);
        if (strstr(error, cases[i].error) == NULL)
            fail_msg("\"%s\" instead of \"%s\"", error, cases[i].error);
        assert_string_equal(found.node, "untouched");
    }
}

static void test_the_help_names_every_option(void **state)
{
    static const char *const options[] = {"-c, --config FILE", "-t, --test",    "-n, --node NODE",
                                          "-v, --verbose",     "-V, --version", "-h, --help"};

    (void)state;
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        assert_non_null(strstr(options_help(), options[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_option_does_what_the_help_says),
        cmocka_unit_test(test_wrong_options_are_refused_by_name),
        cmocka_unit_test(test_the_help_names_every_option),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
