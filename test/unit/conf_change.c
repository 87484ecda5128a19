// SPDX-License-Identifier: MIT
/* What a reload changes, and what it may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "conf/change.h"

struct pair {
    struct conf before;
    struct conf after;
    char interfaces[2][CONF_VIPS_MAX][16];
    struct conf_reload reload;
};

static void set(char *text, const char *value)
{
    (void)snprintf(text, 16, "%s", value);
}

static void fill(struct conf *conf)
{
    set(conf->cluster, "c");
    conf->port = 7112;
    conf->node_count = 3;
    conf->vip_count = 2;
    conf->address_count = 2;
    for (uint8_t i = 0; i < 3; i++) {
        (void)snprintf(conf->nodes[i].name, sizeof conf->nodes[i].name, "n%u", i);
        conf->nodes[i].address_count = 1;
        conf->nodes[i].addresses[0] = (struct conf_address){AF_INET, 32, {10, 0, 0, i}};
    }
    for (uint8_t i = 0; i < 2; i++) {
        (void)snprintf(conf->vips[i].name, sizeof conf->vips[i].name, "v%u", i);
        conf->vips[i].address_first = i;
        conf->vips[i].address_count = 1;
        conf->addresses[i] = (struct conf_address){AF_INET, 32, {10, 0, 1, i}};
    }
    conf->check_count = 1;
    set(conf->checks[0].name, "up");
    conf->checks[0].kind = CONF_CHECK_EXEC;
    conf->checks[0].target = (struct conf_words){0, 1};
    set(conf->words, "/bin/true");
    conf->words_length = 10;
}

static struct pair *new_pair(void)
{
    struct pair *pair = calloc(1, sizeof *pair);

    assert_non_null(pair);
    fill(&pair->before);
    fill(&pair->after);
    for (unsigned i = 0; i < 4; i++)
        set(pair->interfaces[i / 2][i % 2], "eth0");
    pair->reload = (struct conf_reload){.before = &pair->before,
                                        .after = &pair->after,
                                        .interfaces_before = (const char(*)[16])pair->interfaces[0],
                                        .interfaces_after = (const char(*)[16])pair->interfaces[1]};
    return pair;
}

static void test_names_say_what_is_the_same_wherever_it_stands(void **unused)
{
    struct pair *pair = new_pair();
    struct conf_change change;
    char text[200];

    (void)unused;
    set(pair->after.nodes[0].name, "n2");
    set(pair->after.nodes[1].name, "other");
    set(pair->after.nodes[2].name, "n0");
    set(pair->after.vips[0].name, "v1");
    set(pair->after.vips[1].name, "v0");
    set(pair->interfaces[1][1], "eth1");
    conf_change_find(&pair->reload, &change);
    assert_int_equal(change.node_was[0], 2);
    assert_int_equal(change.node_was[1], CONF_NEW);
    assert_int_equal(change.node_was[2], 0);
    assert_int_equal(change.vip_was[0], 1);
    assert_int_equal(change.vip_was[1], CONF_NEW); /* on another interface */
    assert_int_equal(change.check_was[0], 0);
    assert_int_equal(conf_change_now(change.node_was, 3, 1), CONF_NEW);
    assert_int_equal(conf_change_now(change.node_was, 3, 2), 0);
    conf_change_text(&pair->reload, &change, text, sizeof text);
    assert_string_equal(text, "1 node added, 1 node removed, 1 VIP added, 1 VIP removed, "
                              "1 VIP with other addresses");
    free(pair);
}

static void test_a_check_that_looks_at_something_else_is_another_one(void **unused)
{
    struct pair *pair = new_pair();
    struct conf_change change;

    (void)unused;
    pair->after.checks[0].interval_ns = 5;
    conf_change_find(&pair->reload, &change);
    assert_int_equal(change.check_was[0], 0);
    set(pair->after.words, "/bin/TRUE");
    conf_change_find(&pair->reload, &change);
    assert_int_equal(change.check_was[0], CONF_NEW);
    free(pair);
}

static void refused(struct pair *pair, const char *reason)
{
    struct conf_error error;

    assert_int_equal(conf_change_is_allowed(&pair->reload, &error), -1);
    if (strstr(error.text, reason) == NULL)
        fail_msg("'%s' is not in '%s'", reason, error.text);
    free(pair);
}

#define CHANGE(name, ...)                        \
    static void change_##name(struct conf *conf) \
    {                                            \
        __VA_ARGS__;                             \
    }

CHANGE(nothing, (void)conf)
CHANGE(meaning, conf->checks[0].rise = conf->checks[0].fall = 3; conf->checks[0].vips = 1)
CHANGE(weight, conf->checks[0].weight = -20)
CHANGE(node, conf->node_count++)
CHANGE(address, conf->addresses[1].bytes[3] = 99)
CHANGE(vip, set(conf->vips[1].name, "other"))
CHANGE(unused_timeout, conf->hook_timeout_ns++)
CHANGE(place, conf->words[20] = 'x'; conf->words_length = 30)
CHANGE(name, set(conf->checks[0].name, "down"))
CHANGE(interval, conf->checks[0].interval_ns++)
CHANGE(timeout, conf->checks[0].timeout_ns++)
CHANGE(words, conf->words[5] = 'X')
CHANGE(count, conf->check_count++)
CHANGE(hook, conf->hook = (struct conf_words){0, 1})
CHANGE(log_level, conf->log_level++)

static void test_the_checker_goes_on_unless_something_that_it_uses_has_changed(void **unused)
{
    static const struct {
        const char *what;
        void (*change)(struct conf *conf);
        bool concerns;
    } cases[] = {
        {"nothing", change_nothing, false},
        {"what a result means", change_meaning, false},
        {"a weight", change_weight, false},
        {"a node", change_node, false},
        {"an address", change_address, false},
        {"a VIP", change_vip, false},
        {"the timeout of no hook", change_unused_timeout, false},
        {"bytes that nobody refers to", change_place, false},
        {"a check's name", change_name, true},
        {"its interval", change_interval, true},
        {"its timeout", change_timeout, true},
        {"its program", change_words, true},
        {"one more", change_count, true},
        {"a hook", change_hook, true},
        {"the log level", change_log_level, true},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pair *pair = new_pair();

        cases[i].change(&pair->after);
        if (conf_change_is_for_checker(&pair->reload) != cases[i].concerns)
            fail_msg("%s", cases[i].what);
        free(pair);
    }
}

static void test_a_hook_has_its_timeout_and_docker_the_addresses(void **unused)
{
    struct pair *pair = new_pair();

    (void)unused;
    pair->before.hook = pair->after.hook = (struct conf_words){0, 1};
    assert_false(conf_change_is_for_checker(&pair->reload));
    pair->after.hook_timeout_ns++;
    assert_true(conf_change_is_for_checker(&pair->reload));
    pair->before.hook_timeout_ns++;
    pair->before.checks[0].kind = pair->after.checks[0].kind = CONF_CHECK_DOCKER;
    assert_false(conf_change_is_for_checker(&pair->reload));
    pair->after.addresses[0].bytes[0]++;
    assert_true(conf_change_is_for_checker(&pair->reload));
    free(pair);
}

static void test_what_a_running_daemon_keeps_is_refused_by_its_name(void **unused)
{
    struct pair *pair = new_pair();
    struct conf_error error;

    (void)unused;
    assert_int_equal(conf_change_is_allowed(&pair->reload, &error), 0);
    set(pair->after.cluster, "d");
    refused(pair, "\"cluster\"");
    pair = new_pair();
    pair->after.port++;
    refused(pair, "\"port\"");
    pair = new_pair();
    set(pair->after.state_dir, "/else");
    refused(pair, "\"state_dir\"");
    pair = new_pair();
    set(pair->after.nodes[0].name, "x");
    refused(pair, "this node is not in the file");
    pair = new_pair();
    pair->after.nodes[0].addresses[0].bytes[3] = 9;
    refused(pair, "the addresses of this node");
    pair = new_pair();
    pair->after.nodes[0].has_public_key = true;
    refused(pair, "\"public_key\"");
    pair = new_pair();
    pair->after.vips[1].mode = CONF_QUORUM;
    refused(pair, "\"mode\" of vip \"v1\"");
}

static struct pair *new_quorum(void)
{
    struct pair *pair = new_pair();

    pair->before.vips[0].mode = pair->after.vips[0].mode = CONF_QUORUM;
    pair->before.vips[0].lease_ns = pair->after.vips[0].lease_ns = 5;
    return pair;
}

static void test_one_voter_at_a_time_and_no_longer_promises(void **unused)
{
    struct pair *pair = new_pair();
    struct conf_error error;

    (void)unused;
    set(pair->after.nodes[1].name, "x");
    assert_int_equal(conf_change_is_allowed(&pair->reload, &error), 0);
    free(pair);
    pair = new_quorum();
    pair->after.vips[0].lease_ns = 4;
    assert_int_equal(conf_change_is_allowed(&pair->reload, &error), 0);
    set(pair->after.nodes[1].name, "x"); /* one goes, another comes */
    refused(pair,
            "vip \"v0\" is in mode quorum, where every node is a voter, and only one voter may "
            "be added or removed at a time: here 1 came and 1 went; take one");
    pair = new_quorum();
    set(pair->after.nodes[pair->after.node_count++].name, "x");
    assert_int_equal(conf_change_is_allowed(&pair->reload, &error), 0);
    set(pair->after.nodes[pair->after.node_count++].name, "y");
    refused(pair, "here 2 came and 0 went");
    pair = new_quorum();
    set(pair->before.nodes[pair->before.node_count++].name, "x");
    assert_int_equal(conf_change_is_allowed(&pair->reload, &error), 0);
    set(pair->before.nodes[pair->before.node_count++].name, "y");
    refused(pair, "here 0 came and 2 went");
    pair = new_quorum();
    pair->before.node_count = 2;
    pair->after.node_count = 1;
    refused(pair, "one of two voters is no majority");
    pair = new_quorum();
    pair->after.vips[0].lease_ns = 6;
    refused(pair, "its lease is longer");
    pair = new_quorum();
    set(pair->after.vips[0].name, "new");
    refused(pair, "in mode quorum is new");
}

static void test_an_index_beyond_its_bounds_is_not_sound(void **unused)
{
    struct pair *pair = new_pair();

    (void)unused;
    assert_true(conf_is_sound(&pair->after));
    pair->after.vips[1].address_first = 2;
    assert_false(conf_is_sound(&pair->after));
    fill(&pair->after);
    pair->after.checks[0].target.count = 2;
    assert_false(conf_is_sound(&pair->after));
    fill(&pair->after);
    pair->after.checks[0].target.count = 1;
    pair->after.node_count = CONF_NODES_MAX + 1;
    assert_false(conf_is_sound(&pair->after));
    fill(&pair->after);
    memset(pair->after.nodes[1].name, 'x', sizeof pair->after.nodes[1].name);
    assert_false(conf_is_sound(&pair->after));
    free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_say_what_is_the_same_wherever_it_stands),
        cmocka_unit_test(test_a_check_that_looks_at_something_else_is_another_one),
        cmocka_unit_test(test_the_checker_goes_on_unless_something_that_it_uses_has_changed),
        cmocka_unit_test(test_a_hook_has_its_timeout_and_docker_the_addresses),
        cmocka_unit_test(test_what_a_running_daemon_keeps_is_refused_by_its_name),
        cmocka_unit_test(test_one_voter_at_a_time_and_no_longer_promises),
        cmocka_unit_test(test_an_index_beyond_its_bounds_is_not_sound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
