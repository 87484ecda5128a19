// SPDX-License-Identifier: MIT
#include "host/local.h"
#include "keeper/lookup.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

static struct conf_address address_of(const char *text, uint8_t prefix)
{
    struct conf_address address = {.prefix = prefix};

    address.family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
    assert_int_equal(inet_pton(address.family, text, address.bytes), 1);
    return address;
}

static struct conf *cluster_new(void)
{
    struct conf *conf = calloc(1, sizeof(*conf));

    assert_non_null(conf);
    conf->node_count = 2;
    conf->nodes[0].address_count = 2;
    conf->nodes[0].addresses[0] = address_of("192.168.4.1", 32);
    conf->nodes[0].addresses[1] = address_of("fd00::1", 128);
    conf->nodes[1].address_count = 1;
    conf->nodes[1].addresses[0] = address_of("192.168.4.2", 32);
    return conf;
}

struct self_case {
    const char *local[3];
    int expected;
};

static void test_the_local_addresses_tell_which_node_this_is(void **state)
{
    static const struct self_case cases[] = {
        {{"127.0.0.1", "192.168.4.1"}, 0},
        {{"127.0.0.1", "192.168.4.2"}, 1},
        {{"fd00::1"}, 0},
        {{"192.168.4.1", "fd00::1"}, 0},
        {{"192.168.4.9", "fd00::2"}, LOCAL_SELF_NONE},
        {{NULL}, LOCAL_SELF_NONE},
        {{"192.168.4.2", "fd00::1"}, LOCAL_SELF_SEVERAL},
    };
    struct conf *conf = cluster_new();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct conf_address local[3];
        size_t count = 0;

        while (count < 3 && cases[i].local[count] != NULL) {
            /* The kernel's prefix is the network's; it does not count. */
            local[count] = address_of(cases[i].local[count], 24);
            count++;
        }
        if (local_find_self(conf, local, count) != cases[i].expected)
            fail_msg("case %zu", i);
    }
    free(conf);
}

struct route_case {
    const char *vip;
    unsigned expected;
};

static void test_the_longest_connected_route_gives_the_interface(void **state)
{
    static const struct route_case cases[] = {
        {"192.168.4.3", 2},  {"192.168.4.200", 3}, {"192.168.5.3", 0}, {"10.1.2.3", 4},
        {"10.128.0.1", 5},   {"8.8.8.8", 0},       {"fd00::77", 2},    {"fd00:0:0:1::77", 0},
        {"2001:db8::1", 7},  {"fe80::1", 0},       {"172.16.3.9", 9},  {"172.16.4.0", 0},
        {"192.168.9.1", 11},
    };
    const struct local_route routes[] = {
        {address_of("0.0.0.0", 0), 1, 0},
        {address_of("192.168.4.0", 24), 2, 100},
        {address_of("192.168.4.192", 26), 3, 0},
        {address_of("10.0.0.0", 9), 4, 0},
        {address_of("10.0.0.0", 8), 5, 0},
        {address_of("fd00::", 64), 2, 256},
        {address_of("2001:db8::", 32), 6, 512},
        {address_of("2001:db8::", 32), 7, 256},
        {address_of("fe80::", 64), 8, 0},
        {address_of("172.16.2.0", 23), 9, 0},
        {address_of("::", 0), 10, 0},
        {address_of("192.168.9.1", 32), 11, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct conf_address vip = address_of(cases[i].vip, 32);
        const unsigned found =
            local_find_interface(&vip, routes, sizeof(routes) / sizeof(routes[0]));

        if (found != cases[i].expected)
            fail_msg("%s: interface %u", cases[i].vip, found);
    }
}

static void test_the_first_of_equal_routes_wins(void **state)
{
    const struct local_route routes[] = {{address_of("10.0.0.0", 8), 4, 7},
                                         {address_of("10.0.0.0", 8), 5, 7}};
    const struct conf_address vip = address_of("10.9.9.9", 32);

    (void)state;
    assert_int_equal(local_find_interface(&vip, routes, 2), 4);
    assert_int_equal(local_find_interface(&vip, routes, 0), 0);
}

static void test_a_list_of_addresses_is_read_by_people(void **state)
{
    const struct conf_address list[] = {address_of("10.0.0.1", 32), address_of("fd00::1", 128)};
    char text[64];
    char narrow[16];

    (void)state;
    local_list_addresses(list, 2, text, sizeof(text));
    assert_string_equal(text, "10.0.0.1, fd00::1");
    local_list_addresses(list, 0, text, sizeof(text));
    assert_string_equal(text, "none");
    local_list_addresses(list, 2, narrow, sizeof(narrow));
    assert_string_equal(narrow, "10.0.0.1, fd...");
}

static void test_every_address_leads_to_its_vip(void **state)
{
    struct conf *conf = calloc(1, sizeof(*conf));
    struct lookup *lookup = calloc(1, sizeof(*lookup));
    struct conf_address other = address_of("10.0.4.1", 32);

    (void)state;
    assert_non_null(conf);
    assert_non_null(lookup);
    conf->vip_count = 2;
    conf->address_count = CONF_ADDRESSES_MAX;
    conf->vips[0].address_count = 300;
    conf->vips[1].address_first = 300;
    conf->vips[1].address_count = CONF_ADDRESSES_MAX - 300;
    for (unsigned i = 0; i < CONF_ADDRESSES_MAX; i++) {
        conf->addresses[i] = address_of(i % 2 == 0 ? "10.0.0.0" : "fd00::", 32);
        conf->addresses[i].bytes[3] = (uint8_t)(i * 7);
        conf->addresses[i].bytes[2] = (uint8_t)(i * 7 >> 8);
    }
    lookup_build(conf, lookup);
    assert_int_equal(lookup->count, CONF_ADDRESSES_MAX);
    for (unsigned i = 0; i < CONF_ADDRESSES_MAX; i++) {
        const struct lookup_entry *entry = lookup_find(lookup, &conf->addresses[i]);

        assert_non_null(entry);
        assert_int_equal(entry->index, i);
        assert_int_equal(entry->vip, i < 300 ? 0 : 1);
    }
    other.bytes[0] = 11;
    assert_null(lookup_find(lookup, &other));
    free(lookup);
    free(conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_local_addresses_tell_which_node_this_is),
        cmocka_unit_test(test_the_longest_connected_route_gives_the_interface),
        cmocka_unit_test(test_the_first_of_equal_routes_wins),
        cmocka_unit_test(test_a_list_of_addresses_is_read_by_people),
        cmocka_unit_test(test_every_address_leads_to_its_vip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
