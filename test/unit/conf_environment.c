// SPDX-License-Identifier: MIT
/* VIPGOSSIP_* as the whole configuration. */
#include "conf_support.h"

#include "log/log.h"

#include <stdlib.h>
#include <string.h>

#define KEY_1 "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
#define KEY_2 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE="

#define VARIABLES_MAX 12

struct variable {
    const char *name; /* after VIPGOSSIP_ */
    const char *value;
};

static int read_variables(const struct variable *variables, const char *self_name, struct conf *ret,
                          struct conf_error *error)
{
    environment_clear(NULL);
    for (; variables->name != NULL; variables++) {
        char name[64] = "VIPGOSSIP_";
        setenv(strcat(name, variables->name), variables->value, 1);
    }
    int result = conf_read_environment(self_name, ret, error);
    environment_clear(NULL);
    return result;
}

static void test_the_least_that_is_needed_gives_defaults(void **state)
{
    (void)state;
    static struct conf conf;
    struct conf_error error;
    static const struct variable variables[] = {
        {"PEERS", "192.168.4.1=200,192.168.4.2"},
        {"VIRTUAL_IPS", "192.168.4.3"},
        {"KEY_FILE", "/run/secrets/key"},
        {NULL, NULL},
    };
    assert_int_equal(read_variables(variables, NULL, &conf, &error), 0);
    assert_string_equal(conf.cluster, "vipgossip");
    assert_string_equal(conf.key_file, "/run/secrets/key");
    assert_string_equal(conf.key_text, "");
    assert_string_equal(conf.control_socket, "/run/vipgossip/control.sock");
    assert_string_equal(conf.self_name, "");
    assert_int_equal(conf.self_priority, 0);
    assert_int_equal(conf.port, 7112);
    assert_int_equal(conf.interval_ns, 200000000);
    assert_true(conf.fail_open);
    assert_int_equal(conf.log_level, LOG_LEVEL_INFO);
    assert_int_equal(conf.node_count, 2);
    assert_string_equal(conf.nodes[0].name, "192.168.4.1");
    assert_int_equal(conf.nodes[0].priority, 200);
    assert_string_equal(conf.nodes[1].name, "192.168.4.2");
    assert_int_equal(conf.nodes[1].priority, 100);
    assert_address(&conf.nodes[1].addresses[0], "192.168.4.2/32");
    assert_int_equal(conf.vip_count, 1);
    assert_string_equal(conf.vips[0].name, "vip");
    assert_int_equal(conf.vips[0].mode, CONF_AVAILABLE);
    assert_int_equal(conf.vips[0].candidates, 3);
    assert_int_equal(conf.vips[0].priority[0], 200);
    assert_int_equal(conf.vips[0].lease_ns, 800000000);
    assert_int_equal(conf.vips[0].kernel_lease_s, 2);
}

static void test_every_variable_is_read(void **state)
{
    (void)state;
    static struct conf conf;
    struct conf_error error;
    static const struct variable variables[] = {
        {"PEERS", " fd00:0::1=7,fd00::2 , 10.0.0.3=witness"},
        {"VIRTUAL_IPS", "10.0.0.8/24\tfd00::9"},
        {"KEY", KEY_1 " " KEY_2},
        {"CLUSTER", "swarm"},
        {"INTERFACE", "eth0"},
        {"INTERVAL", "1s"},
        {"MODE", "available"},
        {"NODE", "fd00::0:1"},
        {"PORT", "7113"},
        {"LOG_LEVEL", "debug"},
        {"PRIORITY", "9"},
        {NULL, NULL},
    };
    assert_int_equal(read_variables(variables, NULL, &conf, &error), 0);
    assert_string_equal(conf.nodes[0].name, "fd00::1");
    assert_int_equal(conf.nodes[0].priority, 7);
    assert_true(conf.nodes[2].witness);
    assert_int_equal(conf.vips[0].candidates, 3);
    assert_int_equal(conf.vips[0].address_count, 2);
    assert_address(&conf.addresses[0], "10.0.0.8/24");
    assert_address(&conf.addresses[1], "fd00::9/128");
    assert_string_equal(conf.key_text, KEY_1 " " KEY_2);
    assert_string_equal(conf.key_file, "");
    assert_string_equal(conf.cluster, "swarm");
    assert_string_equal(conf.vips[0].interface, "eth0");
    assert_int_equal(conf.interval_ns, 1000000000);
    assert_int_equal(conf.vips[0].lease_ns, 4000000000);
    assert_int_equal(conf.port, 7113);
    assert_int_equal(conf.log_level, LOG_LEVEL_DEBUG);
    assert_string_equal(conf.self_name, "fd00::1");
    assert_int_equal(conf.self_priority, 9);
}

static void test_priority_is_that_of_the_node_that_this_is(void **state)
{
    (void)state;
    static struct conf conf;
    struct conf_error error;
    static const struct variable variables[] = {
        {"PEERS", "10.0.0.1=7,10.0.0.2=8"},
        {"VIRTUAL_IPS", "10.0.0.9"},
        {"KEY", KEY_1},
        {"PRIORITY", "250"},
        {NULL, NULL},
    };
    assert_int_equal(read_variables(variables, NULL, &conf, &error), 0);
    assert_int_equal(conf.nodes[1].priority, 8);
    conf_set_self(&conf, 1);
    assert_string_equal(conf.self_name, "10.0.0.2");
    assert_int_equal(conf.nodes[0].priority, 7);
    assert_int_equal(conf.nodes[1].priority, 250);
    assert_int_equal(conf.vips[0].priority[0], 7);
    assert_int_equal(conf.vips[0].priority[1], 250);
}

static void test_self_without_a_priority_keeps_that_of_the_list(void **state)
{
    (void)state;
    static struct conf conf;
    struct conf_error error;
    static const struct variable variables[] = {
        {"PEERS", "10.0.0.1=7,10.0.0.2=8"},
        {"VIRTUAL_IPS", "10.0.0.9"},
        {"KEY", KEY_1},
        {NULL, NULL},
    };
    assert_int_equal(read_variables(variables, "10.0.0.1", &conf, &error), 0);
    assert_string_equal(conf.self_name, "10.0.0.1");
    conf_set_self(&conf, 0);
    assert_int_equal(conf.nodes[0].priority, 7);
    assert_int_equal(conf.vips[0].priority[0], 7);
}

#define BASE                      \
    {"PEERS", "10.0.0.1"},        \
    {                             \
        "VIRTUAL_IPS", "10.0.0.9" \
    }
#define KEY          \
    {                \
        "KEY", KEY_1 \
    }
#define NO_ADDRESS                                                \
    "is no address, allowed is IPv4 such as 192.168.4.3 or IPv6 " \
    "such as 2001:db8::3"
#define NO_KEY                                                     \
    "this is no key, which has 44 characters of base64; make one " \
    "with: vipgossip keygen"

struct refused {
    struct variable variables[VARIABLES_MAX];
    const char *message;
};

static void assert_refused(const struct refused *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        static struct conf conf;
        struct conf_error error;
        char message[512] = "environment: ";
        int result = read_variables(cases[i].variables, NULL, &conf, &error);
        if (result != -1)
            fail_msg("not refused: %s", cases[i].message);
        assert_string_equal(error.text, strcat(message, cases[i].message));
    }
}

static void test_bad_variables_are_refused_with_their_name(void **state)
{
    (void)state;
    static const struct refused cases[] = {
        {{BASE},
         "VIPGOSSIP_KEY or VIPGOSSIP_KEY_FILE is needed; make a key with vipgossip keygen, "
         "the same for every node"},
        {{BASE, KEY, {"KEY_FILE", "/k"}},
         "VIPGOSSIP_KEY: only one of VIPGOSSIP_KEY and VIPGOSSIP_KEY_FILE is allowed"},
        {{BASE, {"KEY", "short"}}, "VIPGOSSIP_KEY: " NO_KEY},
        {{BASE, {"KEY", ""}}, "VIPGOSSIP_KEY: is empty; set it or unset it"},
        {{BASE, {"KEY", KEY_1 "," KEY_2 "," KEY_1}},
         "VIPGOSSIP_KEY: this is a third key, allowed are one or two"},
        {{BASE, KEY, {"COLOUR", "red"}},
         "VIPGOSSIP_COLOUR: is unknown; known after VIPGOSSIP_ are CLUSTER, KEY, KEY_FILE, PORT, "
         "INTERVAL, LOG_LEVEL, PEERS, VIRTUAL_IPS, PRIORITY, INTERFACE, MODE, DOCKER, NODE"},
        {{BASE, KEY, {"DOCKER", "docker.sock"}},
         "VIPGOSSIP_DOCKER: \"docker.sock\" is no path of a socket, allowed are absolute paths of "
         "at most 107 bytes such as /var/run/docker.sock"},
        {{BASE, KEY, {"MODE", "master"}},
         "VIPGOSSIP_MODE: \"master\" is no mode, allowed are \"available\" and \"quorum\""},
        {{BASE, KEY, {"MODE", "quorum"}, {"INTERVAL", "3s"}},
         "VIPGOSSIP_MODE: 12000ms is not allowed for \"vip\", allowed are 3 x interval (9000ms) to "
         "10s in mode quorum; the default is 4 x interval"},
        {{BASE, KEY, {"NODE", "10.0.0.2"}},
         "VIPGOSSIP_NODE: \"10.0.0.2\" is no node, the nodes are: 10.0.0.1"},
        {{BASE, KEY, {"PRIORITY", "0"}},
         "VIPGOSSIP_PRIORITY: 0 is out of range, allowed is 1 to 255"},
        {{BASE, KEY, {"PORT", "http"}},
         "VIPGOSSIP_PORT: \"http\" is no whole number without "
         "leading 0, allowed is 1 to 65535"},
        {{BASE, KEY, {"INTERVAL", "1ms"}},
         "VIPGOSSIP_INTERVAL: 1ms is out of range, allowed is 10ms to 10s"},
        {{BASE, KEY, {"LOG_LEVEL", "trace"}},
         "VIPGOSSIP_LOG_LEVEL: \"trace\" is no level, allowed are error, warning, notice, info and "
         "debug"},
        {{BASE, KEY, {"CLUSTER", "a b"}},
         "VIPGOSSIP_CLUSTER: \"a b\" is no name, allowed are 1 to "
         "63 letters, digits and . _ : -"},
        {{BASE, KEY, {"INTERFACE", "a/b"}},
         "VIPGOSSIP_INTERFACE: \"a/b\" is no interface name, "
         "allowed are 1 to 15 bytes without blanks, / and :"},
    };
    assert_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_bad_addresses_are_refused_with_their_variable(void **state)
{
    (void)state;
    static const struct refused cases[] = {
        {{KEY, {"VIRTUAL_IPS", "10.0.0.9"}},
         "VIPGOSSIP_PEERS: is not set, such as 192.168.4.1=200,192.168.4.2=100"},
        {{KEY, {"PEERS", "10.0.0.1"}}, "VIPGOSSIP_VIRTUAL_IPS: is not set, such as 192.168.4.3"},
        {{KEY, {"PEERS", ""}}, "VIPGOSSIP_PEERS: is empty; set it or unset it"},
        {{KEY, {"PEERS", " , "}}, "VIPGOSSIP_PEERS: names no address"},
        {{KEY, {"PEERS", "10.0.0.1=300"}},
         "VIPGOSSIP_PEERS: 300 is out of range, allowed is 1 to 255"},
        {{KEY, {"PEERS", "10.0.0.1="}},
         "VIPGOSSIP_PEERS: \"\" is no whole number without leading "
         "0, allowed is 1 to 255"},
        {{KEY, {"PEERS", "10.0.0.1=Witness"}},
         "VIPGOSSIP_PEERS: \"Witness\" is no whole number without leading 0, allowed is 1 to 255"},
        {{KEY, {"PEERS", "swarm-1"}}, "VIPGOSSIP_PEERS: \"swarm-1\" " NO_ADDRESS},
        {{KEY, {"PEERS", "10.0.0.1;10.0.0.2"}},
         "VIPGOSSIP_PEERS: \"10.0.0.1;10.0.0.2\" " NO_ADDRESS},
        {{KEY, {"PEERS", "fd00::1,fd00:0::1"}, {"VIRTUAL_IPS", "10.0.0.9"}},
         "VIPGOSSIP_PEERS: \"fd00::1\" is there twice; names are unique"},
        {{KEY, {"PEERS", "10.0.0.1"}, {"VIRTUAL_IPS", "10.0.0.1"}},
         "VIPGOSSIP_VIRTUAL_IPS: 10.0.0.1 is an address of node \"10.0.0.1\"; a VIP needs one that "
         "no host has"},
        {{KEY, {"PEERS", "10.0.0.1=witness"}, {"VIRTUAL_IPS", "10.0.0.9"}},
         "VIPGOSSIP_VIRTUAL_IPS: \"vip\" has no candidate; at least one node must not be a "
         "witness"},
        {{KEY, {"PEERS", "10.0.0.1"}, {"VIRTUAL_IPS", "127.0.0.1"}},
         "VIPGOSSIP_VIRTUAL_IPS: 127.0.0.1 is a loopback address, allowed are other unicast "
         "addresses"},
    };
    assert_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_a_long_list_item_is_refused(void **state)
{
    (void)state;
    static struct conf conf;
    struct conf_error error;
    char peers[1000];
    memset(peers, '1', sizeof(peers) - 1);
    peers[sizeof(peers) - 1] = '\0';
    const struct variable variables[] = {
        {"PEERS", peers}, {"VIRTUAL_IPS", "10.0.0.9"}, {"KEY", KEY_1}, {NULL, NULL}};
    assert_int_equal(read_variables(variables, NULL, &conf, &error), -1);
    assert_non_null(strstr(error.text, "is too long for an address"));
}

static void test_a_long_key_is_refused(void **state)
{
    (void)state;
    static struct conf conf;
    struct conf_error error;
    char key[257] = "";
    memset(key, ' ', sizeof(key) - 1);
    memcpy(key, KEY_1, strlen(KEY_1));
    const struct variable variables[] = {
        {"PEERS", "10.0.0.1"}, {"VIRTUAL_IPS", "10.0.0.9"}, {"KEY", key}, {NULL, NULL}};
    assert_int_equal(read_variables(variables, NULL, &conf, &error), -1);
    assert_string_equal(error.text, "environment: VIPGOSSIP_KEY: is too long, allowed are one or "
                                    "two keys of 44 characters");
}

static void test_peers_decide_whether_the_environment_is_used(void **state)
{
    (void)state;
    environment_clear(NULL);
    assert_false(conf_environment_is_used());
    setenv("VIPGOSSIP_NODE", "a", 1);
    assert_false(conf_environment_is_used());
    setenv("VIPGOSSIP_PEERS", "", 1);
    assert_true(conf_environment_is_used());
    environment_clear(NULL);
}

static void test_file_and_environment_that_say_the_same_are_the_same(void **state)
{
    (void)state;
    static struct conf conf, file;
    struct conf_error error;
    static const struct variable variables[] = {
        {"PEERS", "10.0.0.1=7,10.0.0.2=8"},
        {"VIRTUAL_IPS", "10.0.0.9"},
        {"KEY", KEY_1},
        {"CLUSTER", "c"},
        {NULL, NULL},
    };
    assert_int_equal(read_variables(variables, NULL, &conf, &error), 0);
    read_good("cluster = c node 10.0.0.1 { address = 10.0.0.1 }\n"
              "node 10.0.0.2 { address = 10.0.0.2 } vip vip { address = 10.0.0.9 }",
              &file);
    assert_int_equal(conf_hash(&conf), conf_hash(&file));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_least_that_is_needed_gives_defaults),
        cmocka_unit_test(test_every_variable_is_read),
        cmocka_unit_test(test_priority_is_that_of_the_node_that_this_is),
        cmocka_unit_test(test_self_without_a_priority_keeps_that_of_the_list),
        cmocka_unit_test(test_bad_variables_are_refused_with_their_name),
        cmocka_unit_test(test_bad_addresses_are_refused_with_their_variable),
        cmocka_unit_test(test_a_long_list_item_is_refused),
        cmocka_unit_test(test_a_long_key_is_refused),
        cmocka_unit_test(test_peers_decide_whether_the_environment_is_used),
        cmocka_unit_test(test_file_and_environment_that_say_the_same_are_the_same),
    };
    return cmocka_run_group_tests(tests, directory_enter, directory_leave);
}
