// SPDX-License-Identifier: MIT
/* Files that are read, and what comes of them. */
#include "conf_support.h"

#include "log/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void test_every_key_left_out_has_its_default(void **state)
{
    (void)state;
    static struct conf conf;
    read_good(GOOD, &conf);
    assert_string_equal(conf.cluster, "swarm");
    assert_string_equal(conf.key_file, "/etc/vipgossip/cluster.key");
    assert_string_equal(conf.node_key_file, "");
    assert_string_equal(conf.control_socket, "/run/vipgossip/control.sock");
    assert_string_equal(conf.state_dir, "/var/lib/vipgossip");
    assert_string_equal(conf.self_name, "");
    assert_string_equal(conf.key_text, "");
    assert_int_equal(conf.self_priority, 0);
    assert_int_equal(conf.port, 7112);
    assert_int_equal(conf.interval_ns, 200000000);
    assert_true(conf.fail_open);
    assert_false(conf.realtime);
    assert_int_equal(conf.log_level, LOG_LEVEL_INFO);
    assert_int_equal(conf.node_count, 2);
    assert_int_equal(conf.nodes[1].priority, 100);
    assert_false(conf.nodes[1].witness);
    assert_false(conf.nodes[1].has_public_key);
    assert_int_equal(conf.vip_count, 1);
    const struct conf_vip *vip = &conf.vips[0];
    assert_string_equal(vip->interface, "");
    assert_int_equal(vip->mode, CONF_AVAILABLE);
    assert_true(vip->preempt);
    assert_int_equal(vip->preempt_delay_ns, 0);
    assert_int_equal(vip->lease_ns, 800000000);
    assert_int_equal(vip->kernel_lease_s, 2);
    assert_int_equal(vip->announce_refresh_ns, 60000000000);
    assert_int_equal(vip->candidates, 3);
    assert_int_equal(vip->priority[0], 200);
    assert_int_equal(vip->priority[1], 100);
}

static void test_every_key_is_read(void **state)
{
    (void)state;
    static struct conf conf;
    read_good("cluster = \"c.1\"\nkey_file = \"/k\"\nnode_key_file = \"/n\"\nport = 7113\n"
              "interval = \"1s\"\ncontrol_socket = \"/s\"\nstate_dir = \"/d\"\nfail_open = "
              "no\nrealtime = yes\n"
              "log_level = \"debug\"\n"
              "vip \"v\" { address = {\"10.0.0.9/24\", \"fd00::9\"} interface = \"eth0\"\n"
              " mode = \"available\" preempt = false preempt_delay = \"3s\" kernel_lease = \"1m\"\n"
              " announce_refresh = \"90s\" nodes = {\"a\", \"b\"} node \"b\" { priority = 9 } }\n"
              "node \"a\" { address = {\"10.0.0.1\", \"fd00::1\"} priority = 255\n"
              " public_key = \"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\" }\n"
              "node \"b\" { address = \"10.0.0.2\" }\n"
              "node \"c\" { address = \"10.0.0.3\" }\n"
              "node \"w\" { address = \"10.0.0.4\" witness = yes }\n",
              &conf);
    assert_string_equal(conf.cluster, "c.1");
    assert_string_equal(conf.key_file, "/k");
    assert_string_equal(conf.node_key_file, "/n");
    assert_int_equal(conf.port, 7113);
    assert_int_equal(conf.interval_ns, 1000000000);
    assert_string_equal(conf.control_socket, "/s");
    assert_string_equal(conf.state_dir, "/d");
    assert_false(conf.fail_open);
    assert_true(conf.realtime);
    assert_int_equal(conf.log_level, LOG_LEVEL_DEBUG);
    const struct conf_node *a = &conf.nodes[conf_node_index(&conf, "a")];
    assert_int_equal(a->address_count, 2);
    assert_address(&a->addresses[0], "10.0.0.1/32");
    assert_address(&a->addresses[1], "fd00::1/128");
    assert_int_equal(a->priority, 255);
    assert_true(a->has_public_key);
    assert_int_equal(a->public_key[0], 1);
    assert_int_equal(a->public_key[31], 32);
    assert_true(conf.nodes[conf_node_index(&conf, "w")].witness);
    const struct conf_vip *vip = &conf.vips[0];
    assert_string_equal(vip->name, "v");
    assert_string_equal(vip->interface, "eth0");
    assert_false(vip->preempt);
    assert_int_equal(vip->preempt_delay_ns, 3000000000);
    assert_int_equal(vip->lease_ns, 4000000000);
    assert_int_equal(vip->kernel_lease_s, 60);
    assert_int_equal(vip->announce_refresh_ns, 90000000000);
    assert_int_equal(vip->candidates, 3);
    assert_int_equal(vip->priority[0], 255);
    assert_int_equal(vip->priority[1], 9);
    assert_int_equal(conf.nodes[1].priority, 100);
    assert_int_equal(vip->address_count, 2);
    assert_address(&conf.addresses[vip->address_first], "10.0.0.9/24");
    assert_address(&conf.addresses[vip->address_first + 1], "fd00::9/128");
}

static void test_addresses_of_each_vip_lie_together(void **state)
{
    (void)state;
    static struct conf conf;
    read_good(GOOD
              "vip \"w\" { address = {10.0.0.1, 10.0.0.2} }\nvip \"x\" { address = 10.0.0.3 }\n",
              &conf);
    assert_int_equal(conf.address_count, 4);
    assert_int_equal(conf.vips[1].address_first, 1);
    assert_int_equal(conf.vips[1].address_count, 2);
    assert_int_equal(conf.vips[2].address_first, 3);
    assert_int_equal(conf.vips[2].address_count, 1);
}

static void test_a_witness_is_no_candidate(void **state)
{
    (void)state;
    static struct conf conf;
    read_good("cluster = c\nnode a { address = 10.0.0.1 witness = true }\n"
              "node b { address = 10.0.0.2 }\nvip v { address = 10.0.0.9 }\n",
              &conf);
    assert_int_equal(conf.vips[0].candidates, 2);
}

static void test_forms_that_a_person_may_write_are_read_alike(void **state)
{
    (void)state;
    static const char *const files[] = {
        GOOD,
        "# comment\ncluster = swarm // comment\nnode a { address = {192.168.4.1,} priority = "
        "\"200\" }\nnode b { address = '192.168.4.2' }\nvip v { address = 192.168.4.3/32 }",
        "/* comment\n */cluster='swarm'\r\nvip\tv{address={\"192.168.4.3\"# comment\r\n}}\r\n"
        "node b{address=192.168.4.2}node a{priority=200 address=192.168.4.1}",
        "cluster = \"${VG_TEST_CLUSTER}\"\nnode a { address = \"192.168.4.${VG_TEST_NONE:-1}\" "
        "priority = 200 }\nnode b { address = \"192.168.4.2\" }\nvip v { address = 192.168.4.3 }",
    };
    setenv("VG_TEST_CLUSTER", "swarm", 1);
    unsetenv("VG_TEST_NONE");
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        static struct conf conf, first;
        read_good(files[i], &conf);
        if (i == 0)
            first = conf;
        assert_int_equal(conf_hash(&conf), conf_hash(&first));
        assert_int_equal(conf.nodes[conf_node_index(&conf, "a")].priority, 200);
    }
    unsetenv("VG_TEST_CLUSTER");
}

static void test_dollar_and_escape_in_single_quotes_are_plain(void **state)
{
    (void)state;
    static struct conf conf;
    read_good(GOOD "key_file = '/k ${HOME}\\'\\\\'\n", &conf);
    assert_string_equal(conf.key_file, "/k ${HOME}'\\");
}

static void test_self_is_the_option_then_the_environment(void **state)
{
    (void)state;
    static struct conf conf;
    struct conf_error error;
    file_write(FILE_NAME, GOOD, strlen(GOOD));
    setenv("VIPGOSSIP_NODE", "b", 1);
    assert_int_equal(conf_read_file(FILE_NAME, NULL, &conf, &error), 0);
    assert_string_equal(conf.self_name, "b");
    assert_int_equal(conf_read_file(FILE_NAME, "a", &conf, &error), 0);
    assert_string_equal(conf.self_name, "a");
    setenv("VIPGOSSIP_NODE", "", 1);
    assert_int_equal(conf_read_file(FILE_NAME, NULL, &conf, &error), -1);
    assert_string_equal(error.text,
                        "environment: VIPGOSSIP_NODE: \"\" is no node, the nodes are: a, b");
    unsetenv("VIPGOSSIP_NODE");
    assert_int_equal(conf_read_file(FILE_NAME, "c", &conf, &error), -1);
    assert_string_equal(error.text, "f.conf: -n: \"c\" is no node, the nodes are: a, b");
}

static void test_with_a_file_only_the_node_of_the_environment_counts(void **state)
{
    (void)state;
    static struct conf conf;
    setenv("VIPGOSSIP_PORT", "1", 1);
    setenv("VIPGOSSIP_PRIORITY", "7", 1);
    setenv("VIPGOSSIP_COLOUR", "red", 1);
    read_good(GOOD, &conf);
    environment_clear(NULL);
    assert_int_equal(conf.port, 7112);
    assert_int_equal(conf.self_priority, 0);
}

/* A file with `nodes` nodes, and `vips` VIPs of `each` addresses. */
static const char *large_file(int nodes, int vips, int each)
{
    static char text[128 * 1024];
    size_t length = (size_t)snprintf(text, sizeof(text), "cluster = c\n");
#define ADD(...) length += (size_t)snprintf(text + length, sizeof(text) - length, __VA_ARGS__)
    for (int i = 0; i < nodes; i++)
        ADD("node n%d { address = 10.1.0.%d }\n", i, i + 1);
    for (int i = 0; i < vips; i++) {
        ADD("vip v%d { address = {", i);
        for (int j = 0; j < each; j++)
            ADD("10.2.%d.%d,", j / 10 + 100 * (i / 20), (i % 20) * 10 + j % 10 + 1);
        ADD("} }\n");
    }
    assert_true(length < sizeof(text));
    return text;
}

static void test_bounds_of_the_cluster_hold_at_both_ends(void **state)
{
    (void)state;
    static struct conf conf;
    struct conf_error error;
    read_good(large_file(64, 32, 31), &conf);
    assert_int_equal(conf.node_count, 64);
    assert_int_equal(conf.vip_count, 32);
    assert_int_equal(conf.vips[31].candidates, UINT64_MAX);
    read_good(large_file(1, 1, 1000), &conf);
    assert_int_equal(conf.address_count, 1000);
    read_bad(large_file(65, 1, 1), &error);
    assert_string_equal(error.text, "f.conf:66: node: this is one node too many, allowed are 64");
    read_bad(large_file(1, 33, 1), &error);
    assert_string_equal(error.text, "f.conf:35: vip: this is one vip too many, allowed are 32");
    read_bad(large_file(1, 1, 1001), &error);
    assert_string_equal(error.text, "f.conf:3: address: 10.2.100.1 is one address too many, all "
                                    "VIPs together have at most 1000");
}

static void test_a_node_has_at_most_four_paths(void **state)
{
    (void)state;
    static struct conf conf;
    struct conf_error error;
    read_good(GOOD "node c { address = {10.0.0.1, 10.0.0.2, fd00::1, fd00::2} }", &conf);
    assert_int_equal(conf.nodes[2].address_count, 4);
    read_bad(GOOD "node c { address = {10.0.0.1, 10.0.0.2, fd00::1, fd00::2, fd00::3} }", &error);
    assert_string_equal(error.text, "f.conf:5: address: fd00::3 is one address too many, a node "
                                    "has at most 4");
}

static void test_the_example_file_is_right(void **state)
{
    (void)state;
    static struct conf conf;
    struct conf_error error;
    if (conf_read_file(VG_SOURCE_DIR "/vipgossip.conf.example", NULL, &conf, &error) != 0)
        fail_msg("%s", error.text);
    assert_true(conf.node_count >= 3);
    assert_true(conf.vip_count >= 1);
}

static void note_append(void *arg, const char *text)
{
    char *all = arg;
    assert_null(strchr(text, '\n'));
    strcat(strcat(all, text), "\n");
}

static void test_notes_say_what_was_not_checked_and_what_is_unwise(void **state)
{
    (void)state;
    static struct conf conf;
    char notes[4096] = "";
    read_good(GOOD "node_key_file = \"/n\"\n"
                   "vip \"w\" { address = 192.168.4.9 nodes = \"a\" interface = eth0\n"
                   " kernel_lease = \"off\" preempt = no preempt_delay = \"1s\" }\n",
              &conf);
    conf_notes(&conf, note_append, notes);
    assert_string_equal(
        notes,
        "which node this is was not checked; at start the local addresses say it\n"
        "the key file /etc/vipgossip/cluster.key was not read\n"
        "the key file /n was not read\n"
        "vip \"v\": its interface was not looked for; at start the routes say it\n"
        "vip \"w\": the interface eth0 was not looked for\n"
        "node_key_file is given, but no node has a public_key; the daemon will not start with it\n"
        "vip \"w\" has one candidate; nobody takes it over\n"
        "vip \"w\": preempt_delay has no meaning with preempt = false\n"
        "vip \"w\": with kernel_lease = \"off\" its addresses stay when the daemon is killed as a "
        "whole\n");
}

static void test_a_lease_fits_the_interval_in_mode_quorum(void **state)
{
    (void)state;
    static struct conf conf;
    struct conf_error error;
    read_good(GOOD "vip \"w\" { address = 192.168.4.9 mode = quorum lease = \"600ms\" }\n", &conf);
    assert_int_equal(conf.vips[1].mode, CONF_QUORUM);
    assert_int_equal(conf.vips[1].lease_ns, 600000000);
    read_bad(GOOD "vip \"w\" {\n address = 192.168.4.9 mode = quorum lease = \"599ms\" }\n",
             &error);
    assert_string_equal(error.text,
                        "f.conf:6: lease: 599ms is not allowed for \"w\", allowed are 3 x interval "
                        "(600ms) to 10s in mode quorum; the default is 4 x interval");
}

static void test_notes_say_what_weakens_the_promise_of_mode_quorum(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        const char *note; /* NULL: none of the lease */
    } cases[] = {
        {"",
         "vip \"w\": two nodes may hold it for up to 3s when keeper and engine of one are killed "
         "or frozen together; never with a lease of kernel_lease + 1s (lease = \"3s\")\n"},
        {"lease = \"3s\"", NULL},
        {"lease = \"2s\" kernel_lease = \"1s\"", NULL},
        {"lease = \"2s\" kernel_lease = \"1s\"", "vip \"w\": a lease of 2000ms leaves the kernel "
                                                 "250ms to be late when keeper and engine are "
                                                 "frozen together; from 2500ms on it has 1s, which "
                                                 "it may need when another program changes "
                                                 "an address of the host in that very second\n"},
        {"lease = \"2500ms\" kernel_lease = \"1s\"", NULL},
        {"lease = \"10s\" kernel_lease = \"9s\"", NULL},
        {"lease = \"1500ms\" kernel_lease = \"1s\"",
         "vip \"w\": two nodes may hold it for up to 2s when keeper and engine of one are killed "
         "or "
         "frozen together; never with lease = \"2500ms\"\n"},
        {"lease = \"10s\" kernel_lease = \"10s\"",
         "vip \"w\": two nodes may hold it for up to 11s when keeper and engine of one are killed "
         "or "
         "frozen together; never with a lease of kernel_lease + 1s (kernel_lease = \"2s\" and "
         "lease = "
         "\"3s\")\n"},
        {"kernel_lease = \"off\"",
         "vip \"w\": with kernel_lease = \"off\" two nodes may hold it when "
         "keeper and engine of one are killed or frozen together\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        static struct conf conf;
        char notes[4096] = "";
        char file[2048];
        (void)snprintf(file, sizeof(file),
                       GOOD "vip \"w\" { address = 192.168.4.9 mode = quorum %s }\n",
                       cases[i].keys);
        read_good(file, &conf);
        conf_notes(&conf, note_append, notes);
        if (cases[i].note != NULL)
            assert_non_null(strstr(notes, cases[i].note));
        else
            assert_null(strstr(notes, "two nodes may hold it"));
        assert_non_null(strstr(notes, "vip \"w\": mode quorum with two voters: without either of "
                                      "them nobody holds it; a third node with witness = true "
                                      "helps\n"));
    }
}

static void test_a_kernel_lease_that_outlives_systemds_patience_is_noted(void **state)
{
    static const struct {
        const char *lease;
        const char *note;
    } cases[] = {{"14s", NULL},
                 {"off", NULL},
                 {"15s", "set TimeoutStopSec=16s and WatchdogSec=32s"},
                 {"1m", "kernel_lease = \"60s\" is longer"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static struct conf conf;
        char notes[4096] = "";
        char file[2048];

        (void)snprintf(file, sizeof(file),
                       GOOD "vip \"w\" { address = 192.168.4.9 kernel_lease = \"%s\" }\n",
                       cases[i].lease);
        read_good(file, &conf);
        conf_notes(&conf, note_append, notes);
        if (cases[i].note != NULL)
            assert_non_null(strstr(notes, cases[i].note));
        else
            assert_null(strstr(notes, "vipgossipd.service"));
    }
}

static void test_notes_say_who_can_still_be_spoken_for(void **state)
{
    (void)state;
    static struct conf conf;
    char notes[4096] = "";
    read_good(GOOD "node c { address = 192.168.4.9\n"
                   " public_key = \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\" }\n",
              &conf);
    conf_notes(&conf, note_append, notes);
    assert_non_null(strstr(notes, "1 of 3 nodes have a public_key; whoever has the cluster key can "
                                  "speak for the others\n"));
}

static void test_a_long_list_of_nodes_is_cut_in_the_message(void **state)
{
    (void)state;
    static struct conf conf;
    struct conf_error error;
    const char *text = large_file(64, 1, 1);
    file_write(FILE_NAME, text, strlen(text));
    assert_int_equal(conf_read_file(FILE_NAME, "n64", &conf, &error), -1);
    assert_int_equal(
        strncmp(error.text, "f.conf: -n: \"n64\" is no node, the nodes are: n0, n1", 51), 0);
    assert_string_equal(error.text + strlen(error.text) - 3, "...");
}

static void test_an_address_equals_another_whatever_its_prefix(void **state)
{
    (void)state;
    struct conf_address a = {AF_INET, 32, {10, 0, 0, 1}};
    struct conf_address b = {AF_INET, 24, {10, 0, 0, 1}};
    struct conf_address c = {AF_INET6, 128, {10, 0, 0, 1}};
    char text[CONF_ADDRESS_TEXT];
    assert_true(conf_address_equal(&a, &b));
    assert_false(conf_address_equal(&a, &c));
    assert_string_equal(conf_address_text(&b, false, text), "10.0.0.1");
    assert_string_equal(conf_address_text(&b, true, text), "10.0.0.1/24");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key_left_out_has_its_default),
        cmocka_unit_test(test_every_key_is_read),
        cmocka_unit_test(test_addresses_of_each_vip_lie_together),
        cmocka_unit_test(test_a_witness_is_no_candidate),
        cmocka_unit_test(test_forms_that_a_person_may_write_are_read_alike),
        cmocka_unit_test(test_dollar_and_escape_in_single_quotes_are_plain),
        cmocka_unit_test_teardown(test_self_is_the_option_then_the_environment, environment_clear),
        cmocka_unit_test_teardown(test_with_a_file_only_the_node_of_the_environment_counts,
                                  environment_clear),
        cmocka_unit_test(test_bounds_of_the_cluster_hold_at_both_ends),
        cmocka_unit_test(test_a_node_has_at_most_four_paths),
        cmocka_unit_test(test_the_example_file_is_right),
        cmocka_unit_test(test_notes_say_what_was_not_checked_and_what_is_unwise),
        cmocka_unit_test(test_a_lease_fits_the_interval_in_mode_quorum),
        cmocka_unit_test(test_notes_say_what_weakens_the_promise_of_mode_quorum),
        cmocka_unit_test(test_a_kernel_lease_that_outlives_systemds_patience_is_noted),
        cmocka_unit_test(test_notes_say_who_can_still_be_spoken_for),
        cmocka_unit_test(test_a_long_list_of_nodes_is_cut_in_the_message),
        cmocka_unit_test(test_an_address_equals_another_whatever_its_prefix),
    };
    return cmocka_run_group_tests(tests, directory_enter, directory_leave);
}
