// SPDX-License-Identifier: MIT
#include "log/log.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What `say` writes to standard error, without touching the one of the test. */
static void capture(void (*say)(void), char *text, size_t size)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    int saved = dup(STDERR_FILENO);
    assert_true(saved >= 0);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    say();
    assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    ssize_t length = read(ends[0], text, size - 1);
    text[length > 0 ? length : 0] = '\0';
    close(saved);
    close(ends[0]);
    close(ends[1]);
}

static void assert_matches(const char *text, const char *pattern)
{
    regex_t compiled;
    assert_int_equal(regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB), 0);
    int result = regexec(&compiled, text, 0, NULL, 0);
    regfree(&compiled);
    if (result != 0)
        fail_msg("\"%s\" does not match \"%s\"", text, pattern);
}

static void say_each_level(void)
{
    log_open("vipgossipd", LOG_LEVEL_DEBUG);
    log_error("one %d", 1);
    log_warning("two");
    log_notice("three");
    log_info("four");
    log_debug("five");
}

static void test_lines_for_the_journal_begin_with_the_syslog_level(void **state)
{
    (void)state;
    char text[4096];
    setenv("JOURNAL_STREAM", "8:1", 1);
    capture(say_each_level, text, sizeof(text));
    unsetenv("JOURNAL_STREAM");
    assert_string_equal(text, "<3>one 1\n<4>two\n<5>three\n<6>four\n<7>five\n");
}

static void test_lines_elsewhere_begin_with_time_and_program(void **state)
{
    (void)state;
    char text[4096];
    unsetenv("JOURNAL_STREAM");
    capture(say_each_level, text, sizeof(text));
#define TIME "20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z vipgossipd: "
    assert_matches(text, "^" TIME "error: one 1\n" TIME "warning: two\n" TIME "three\n" TIME
                         "four\n" TIME "debug: five\n$");
}

/* Blocking, as a service manager's or a shell's pipe is. */
static void test_nobody_waits_for_a_reader_that_has_stopped(void **state)
{
    (void)state;
    static char text[1 << 17];
    int ends[2];
    int saved = dup(STDERR_FILENO);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    log_open("vipgossipd", LOG_LEVEL_INFO);
    for (int i = 0; i < 10000; i++)
        log_info("%0100d", i);
    ssize_t length = read(ends[0], text, sizeof(text) - 1);
    assert_true(length > 4096);
    text[length] = '\0';
    size_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    log_info("again");
    length = read(ends[0], text, sizeof(text) - 1);
    assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    assert_true(length > 0);
    text[length] = '\0';
    char missing[64];
    (void)snprintf(missing, sizeof(missing), ": %zu lines are missing here\n", 10000 - lines);
    assert_non_null(strstr(text, missing));
    assert_matches(text, "again\n$");
    close(saved);
    close(ends[0]);
    close(ends[1]);
}

static void say_below_the_level(void)
{
    log_open("vipgossipd", LOG_LEVEL_WARNING);
    log_notice("not this");
    log_warning("this");
    log_set_level(LOG_LEVEL_ERROR);
    log_warning("nor this");
}

static void test_lines_below_the_level_are_left_out(void **state)
{
    (void)state;
    char text[4096];
    setenv("JOURNAL_STREAM", "8:1", 1);
    capture(say_below_the_level, text, sizeof(text));
    unsetenv("JOURNAL_STREAM");
    assert_string_equal(text, "<4>this\n");
}

static void say_something_nasty(void)
{
    log_open("vipgossipd", LOG_LEVEL_INFO);
    log_info("a\n<0>b\x1b[31m\x7f");
}

static void test_a_message_cannot_begin_a_line_of_its_own(void **state)
{
    (void)state;
    char text[4096];
    setenv("JOURNAL_STREAM", "8:1", 1);
    capture(say_something_nasty, text, sizeof(text));
    unsetenv("JOURNAL_STREAM");
    assert_string_equal(text, "<6>a?<0>b?[31m?\n");
}

static void say_something_long(void)
{
    char message[5000];
    memset(message, 'x', sizeof(message) - 1);
    message[sizeof(message) - 1] = '\0';
    log_open("vipgossipd", LOG_LEVEL_INFO);
    log_info("%s", message);
}

static void test_a_long_line_is_cut_and_still_ends(void **state)
{
    (void)state;
    char text[8192];
    capture(say_something_long, text, sizeof(text));
    size_t length = strlen(text);
    assert_int_equal(length, 1023);
    assert_int_equal(text[length - 1], '\n');
    assert_int_equal(text[length - 2], 'x');
}

static void say_with_errno(void)
{
    log_open("vipgossipd", LOG_LEVEL_INFO);
    errno = ENODEV;
    log_info("no device");
    assert_int_equal(errno, ENODEV);
}

static void say_from_a_handler(void)
{
    log_open("vipgossipd", LOG_LEVEL_ERROR);
    log_from_handler("the end");
}

static void test_a_line_from_a_handler_has_no_time(void **state)
{
    (void)state;
    char text[4096];
    unsetenv("JOURNAL_STREAM");
    capture(say_from_a_handler, text, sizeof(text));
    assert_string_equal(text, "vipgossipd: error: the end\n");
    setenv("JOURNAL_STREAM", "8:1", 1);
    capture(say_from_a_handler, text, sizeof(text));
    unsetenv("JOURNAL_STREAM");
    assert_string_equal(text, "<3>the end\n");
}

static void test_errno_survives_a_line(void **state)
{
    (void)state;
    char text[4096];
    capture(say_with_errno, text, sizeof(text));
    assert_non_null(strstr(text, "no device"));
}

static void test_levels_have_words(void **state)
{
    (void)state;
    assert_int_equal(log_level_parse("error"), LOG_LEVEL_ERROR);
    assert_int_equal(log_level_parse("warning"), LOG_LEVEL_WARNING);
    assert_int_equal(log_level_parse("notice"), LOG_LEVEL_NOTICE);
    assert_int_equal(log_level_parse("info"), LOG_LEVEL_INFO);
    assert_int_equal(log_level_parse("debug"), LOG_LEVEL_DEBUG);
    assert_int_equal(log_level_parse("Info"), -1);
    assert_int_equal(log_level_parse(""), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_for_the_journal_begin_with_the_syslog_level),
        cmocka_unit_test(test_lines_elsewhere_begin_with_time_and_program),
        cmocka_unit_test(test_nobody_waits_for_a_reader_that_has_stopped),
        cmocka_unit_test(test_lines_below_the_level_are_left_out),
        cmocka_unit_test(test_a_message_cannot_begin_a_line_of_its_own),
        cmocka_unit_test(test_a_long_line_is_cut_and_still_ends),
        cmocka_unit_test(test_a_line_from_a_handler_has_no_time),
        cmocka_unit_test(test_errno_survives_a_line),
        cmocka_unit_test(test_levels_have_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
