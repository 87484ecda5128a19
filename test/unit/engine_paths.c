// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>

#include "engine/paths.h"

#define TEXT_MAX 256

/* "192.0.2.1 fd00::1" into the addresses of a node. */
static void add_node(struct conf *conf, const char *addresses)
{
    struct conf_node *node = &conf->nodes[conf->node_count++];
    char copy[TEXT_MAX];
    char *rest = NULL;

    (void)snprintf(copy, sizeof copy, "%s", addresses);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        struct conf_address *address = &node->addresses[node->address_count++];

        address->family = strchr(word, ':') != NULL ? AF_INET6 : AF_INET;
        address->prefix = address->family == AF_INET ? 32 : 128;
        assert_int_equal(inet_pton(address->family, word, address->bytes), 1);
    }
}

/* The paths from node 0 to node 1 as "FROM>TO" words. */
static void describe(const struct conf *conf, const struct paths *paths, char text[TEXT_MAX])
{
    size_t used = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < paths->count[1]; i++) {
        const struct path *path = &paths->items[1][i];
        char from[CONF_ADDRESS_TEXT];
        char to[INET6_ADDRSTRLEN];
        const void *bytes = path->to.any.sa_family == AF_INET
                                ? (const void *)&path->to.v4.sin_addr
                                : (const void *)&path->to.v6.sin6_addr;

        (void)conf_address_text(&conf->nodes[0].addresses[path->from], false, from);
        assert_non_null(inet_ntop(path->to.any.sa_family, bytes, to, sizeof to));
        used +=
            (size_t)snprintf(text + used, TEXT_MAX - used, "%s%s>%s", i > 0 ? " " : "", from, to);
    }
}

static void test_every_address_of_a_peer_is_a_path(void **state)
{
    static const struct {
        const char *own;
        const char *peer;
        const char *paths;
    } cases[] = {
        {"10.0.0.1", "10.0.0.2", "10.0.0.1>10.0.0.2"},
        /* as many on both sides: the i-th to the i-th */
        {"10.0.0.1 10.1.0.1", "10.0.0.2 10.1.0.2", "10.0.0.1>10.0.0.2 10.1.0.1>10.1.0.2"},
        /* else from each to each */
        {"10.0.0.1", "10.0.0.2 10.1.0.2", "10.0.0.1>10.0.0.2 10.0.0.1>10.1.0.2"},
        {"10.0.0.1 10.1.0.1", "10.0.0.2", "10.0.0.1>10.0.0.2 10.1.0.1>10.0.0.2"},
        /* each family on its own, in whatever order they stand */
        {"10.0.0.1 fd00::1", "fd00::2 10.0.0.2", "fd00::1>fd00::2 10.0.0.1>10.0.0.2"},
        {"fd00::1 10.0.0.1 10.1.0.1", "10.0.0.2 fd00::2 10.1.0.2",
         "10.0.0.1>10.0.0.2 fd00::1>fd00::2 10.1.0.1>10.1.0.2"},
        /* a family that only one side has is no path */
        {"10.0.0.1", "10.0.0.2 fd00::2", "10.0.0.1>10.0.0.2"},
        {"10.0.0.1", "fd00::2", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct conf conf = {.port = 7112};
        struct paths paths;
        char text[TEXT_MAX];

        add_node(&conf, cases[i].own);
        add_node(&conf, cases[i].peer);
        paths_init(&paths, &conf, 0);
        describe(&conf, &paths, text);
        assert_string_equal(text, cases[i].paths);
        assert_int_equal(paths.count[0], 0);
    }
}

static void test_a_peer_is_found_by_exactly_its_address_and_port(void **state)
{
    struct conf conf = {.port = 7112};
    struct paths paths;
    union paths_address address;

    (void)state;
    add_node(&conf, "10.0.0.1 fd00::1");
    add_node(&conf, "10.0.0.2 fd00::2");
    add_node(&conf, "10.0.0.3 fd00::3");
    paths_init(&paths, &conf, 0);
    (void)paths_sockaddr(&conf.nodes[2].addresses[0], 7112, &address);
    assert_int_equal(paths_peer(&paths, &address), 2);
    (void)paths_sockaddr(&conf.nodes[1].addresses[1], 7112, &address);
    assert_int_equal(paths_peer(&paths, &address), 1);
    (void)paths_sockaddr(&conf.nodes[1].addresses[1], 7113, &address);
    assert_int_equal(paths_peer(&paths, &address), -1);
    (void)paths_sockaddr(&conf.nodes[0].addresses[0], 7112, &address);
    assert_int_equal(paths_peer(&paths, &address), -1);
}

static void test_most_addresses_on_both_sides_fit(void **state)
{
    struct conf conf = {.port = 7112};
    struct paths paths;

    (void)state;
    for (int n = 0; n < CONF_NODES_MAX; n++) {
        add_node(&conf, "10.0.0.1 fd00::1 10.0.0.2 fd00::2");
    }
    paths_init(&paths, &conf, CONF_NODES_MAX - 1);
    for (int n = 0; n < CONF_NODES_MAX - 1; n++) {
        assert_int_equal(paths.count[n], CONF_PATHS_MAX);
    }
    assert_int_equal(paths.count[CONF_NODES_MAX - 1], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_address_of_a_peer_is_a_path),
        cmocka_unit_test(test_a_peer_is_found_by_exactly_its_address_and_port),
        cmocka_unit_test(test_most_addresses_on_both_sides_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
