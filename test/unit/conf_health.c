// SPDX-License-Identifier: MIT
/* Sections check and the hook. */
#include "conf_support.h"

#include <stdio.h>
#include <string.h>

#define NS_PER_MS UINT64_C(1000000)

static void read_check(const char *keys, struct conf *ret)
{
    char text[4096];

    (void)snprintf(text, sizeof(text), GOOD "check \"c\" { %s }\n", keys);
    read_good(text, ret);
    assert_int_equal(ret->check_count, 1);
}

static void test_a_check_has_the_documented_defaults(void **state)
{
    struct conf conf;

    (void)state;
    read_check("tcp = \"127.0.0.1:80\"", &conf);
    assert_string_equal(conf.checks[0].name, "c");
    assert_int_equal(conf.checks[0].kind, CONF_CHECK_TCP);
    assert_int_equal(conf.checks[0].interval_ns, 1000 * NS_PER_MS);
    assert_int_equal(conf.checks[0].timeout_ns, 500 * NS_PER_MS);
    assert_int_equal(conf.checks[0].rise, 2);
    assert_int_equal(conf.checks[0].fall, 3);
    assert_int_equal(conf.checks[0].weight, 0);
    assert_int_equal(conf.checks[0].vips, 0);
    assert_string_equal(conf_word(&conf, &conf.checks[0].target, 0), "127.0.0.1:80");
    assert_true(conf_needs_checker(&conf));
    read_good(GOOD, &conf);
    assert_false(conf_needs_checker(&conf));
}

static void test_program_and_arguments_are_kept_as_they_are(void **state)
{
    struct conf conf;
    const struct conf_words *words = &conf.checks[0].target;

    (void)state;
    read_check("exec = {\"/bin/echo\", \"a b\", \"\", \"$x\"} interval = 5s weight = -20 rise = 1 "
               "fall = 7 timeout = 1s vip = \"v\"",
               &conf);
    assert_int_equal(conf.checks[0].kind, CONF_CHECK_EXEC);
    assert_int_equal(words->count, 4);
    assert_string_equal(conf_word(&conf, words, 0), "/bin/echo");
    assert_string_equal(conf_word(&conf, words, 1), "a b");
    assert_string_equal(conf_word(&conf, words, 2), "");
    assert_string_equal(conf_word(&conf, words, 3), "$x");
    assert_string_equal(conf_word(&conf, words, 4), "");
    assert_int_equal(conf.checks[0].weight, -20);
    assert_int_equal(conf.checks[0].vips, 1);
    assert_int_equal(conf.checks[0].fall, 7);
}

static void test_host_and_port_are_taken_apart(void **state)
{
    static const struct {
        const char *text;
        const char *host; /* NULL: refused */
        uint16_t port;
    } cases[] = {
        {"127.0.0.1:80", "127.0.0.1", 80},
        {"web.example:65535", "web.example", 65535},
        {"[2001:db8::1]:443", "2001:db8::1", 443},
        {"127.0.0.1", NULL, 0},
        {"127.0.0.1:", NULL, 0},
        {"127.0.0.1:0", NULL, 0},
        {"127.0.0.1:080", NULL, 0},
        {"127.0.0.1:65536", NULL, 0},
        {"127.0.0.1:80x", NULL, 0},
        {"2001:db8::1:80", NULL, 0},
        {"[2001:db8::1]80", NULL, 0},
        {"[2001:db8::1", NULL, 0},
        {"[]:80", NULL, 0},
        {":80", NULL, 0},
        {"a b:80", NULL, 0},
        {"", NULL, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char host[CONF_HOST_MAX + 1] = "";
        uint16_t port = 0;
        bool good = conf_split_host_port(cases[i].text, host, &port);

        assert_int_equal(good, cases[i].host != NULL);
        assert_string_equal(host, cases[i].host != NULL ? cases[i].host : "");
        assert_int_equal(port, cases[i].port);
    }
}

static void test_what_is_wrong_with_a_check_is_said(void **state)
{
    static const struct {
        const char *keys;
        const char *message;
    } cases[] = {
        {"", "check: \"c\" ends here without what it looks at, one of docker, http, tcp, exec, "
             "process, interface and gateway"},
        {"tcp = \"a:1\" exec = \"/bin/true\"",
         "exec: \"c\" looks at tcp already; write a second check for this"},
        {"tcp = \"nonsense\"", "tcp: \"nonsense\" is no host and port, allowed is such as "
                               "127.0.0.1:80, web.example:443 or [2001:db8::1]:80"},
        {"exec = \"true\"",
         "exec: \"true\" is no absolute path; the program is started without a shell and without "
         "PATH, its arguments follow in the list"},
        {"tcp = \"a:1\" status = 200",
         "check: \"c\" has status, which is for a check with http only"},
        {"tcp = \"a:1\" weight = 0",
         "weight: \"0\" is no weight, allowed is -254 to -1 and 1 to 254"},
        {"tcp = \"a:1\" weight = -255",
         "weight: \"-255\" is no weight, allowed is -254 to -1 and 1 to 254"},
        {"tcp = \"a:1\" vip = \"w\"", "vip: \"w\" is no vip of this file"},
        {"tcp = \"a:1\" rise = 0", "rise: 0 is out of range, allowed is 1 to 100"},
        {"tcp = \"a:1\" interval = \"10ms\"",
         "interval: 10ms is out of range, allowed is 100ms to 60m"},
        {"tcp = \"a:1\" timeout = \"2m\"", "timeout: 2m is out of range, allowed is 10ms to 1m"},
        {"tcp = \"a:1\" shell = true",
         "shell: unknown key of a section check, allowed are docker, http, unix_socket, status, "
         "contains, header, tcp, exec, process, interface, gateway, interval, timeout, rise, "
         "fall, weight, vip"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct conf_error error;
        char text[1024];
        char expected[512];

        (void)snprintf(text, sizeof(text), GOOD "check \"c\" { %s }\n", cases[i].keys);
        (void)snprintf(expected, sizeof(expected), "f.conf:5: %s", cases[i].message);
        read_bad(text, &error);
        assert_string_equal(error.text, expected);
    }
}

static void test_checks_their_arguments_and_their_text_have_a_bound(void **state)
{
    struct conf_error error;
    char text[16384] = GOOD;
    size_t length = strlen(text);

    (void)state;
    for (int i = 0; i <= CONF_CHECKS_MAX; i++)
        length += (size_t)snprintf(text + length, sizeof(text) - length,
                                   "check \"c%d\" { tcp = \"a:1\" }\n", i);
    read_bad(text, &error);
    assert_string_equal(error.text, "f.conf:37: check: this is one check too many, allowed are 32");
    length = (size_t)snprintf(text, sizeof(text), GOOD "check \"c\" { exec = {\"/bin/true\"");
    for (int i = 0; i < CONF_ARGUMENTS_MAX; i++)
        length += (size_t)snprintf(text + length, sizeof(text) - length, ", \"x\"");
    (void)snprintf(text + length, sizeof(text) - length, "} }\n");
    read_bad(text, &error);
    assert_string_equal(
        error.text, "f.conf:5: exec: is one argument too many, allowed are 64 with the program");
    length = (size_t)snprintf(text, sizeof(text), GOOD "check \"c\" { exec = {\"/bin/true\", \"");
    memset(text + length, 'x', CONF_WORDS_BYTES);
    (void)snprintf(text + length + CONF_WORDS_BYTES, sizeof(text) - length - CONF_WORDS_BYTES,
                   "\"} }\n");
    read_bad(text, &error);
    assert_string_equal(error.text, "f.conf:5: exec: all checks and the hook together have more "
                                    "than 8192 bytes of text");
}

static void test_the_hook_is_a_program_with_arguments_and_a_timeout(void **state)
{
    struct conf conf;
    struct conf_error error;

    (void)state;
    read_good(GOOD "hook = {\"/bin/echo\", \"a b\"}\nhook_timeout = 3s\n", &conf);
    assert_int_equal(conf.hook.count, 2);
    assert_string_equal(conf_word(&conf, &conf.hook, 1), "a b");
    assert_int_equal(conf.hook_timeout_ns, 3000 * NS_PER_MS);
    assert_true(conf_needs_checker(&conf));
    read_bad(GOOD "hook = \"echo\"\n", &error);
    assert_string_equal(error.text,
                        "f.conf:5: hook: \"echo\" is no absolute path; the program is started "
                        "without a shell and without PATH, its arguments follow in the list");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_check_has_the_documented_defaults),
        cmocka_unit_test(test_program_and_arguments_are_kept_as_they_are),
        cmocka_unit_test(test_host_and_port_are_taken_apart),
        cmocka_unit_test(test_what_is_wrong_with_a_check_is_said),
        cmocka_unit_test(test_the_hook_is_a_program_with_arguments_and_a_timeout),
        cmocka_unit_test(test_checks_their_arguments_and_their_text_have_a_bound),
    };
    return cmocka_run_group_tests_name("conf_health", tests, directory_enter, directory_leave);
}
