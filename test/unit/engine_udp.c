// SPDX-License-Identifier: MIT
/* Over the loopback interface, where every 127.x.y.z is an own address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/udp.h"

#define TURNS_MAX 1000

struct node {
    uv_loop_t loop;
    struct conf conf;
    struct udp udp;
    unsigned datagrams;
    unsigned unreachable;
    uint8_t peer;
    size_t length;
    uint8_t first;
};

static void on_datagram(void *arg, const uint8_t *bytes, size_t length)
{
    struct node *node = arg;

    node->datagrams++;
    node->length = length;
    node->first = bytes[0];
}

static void on_unreachable(void *arg, uint8_t peer)
{
    struct node *node = arg;

    node->unreachable++;
    node->peer = peer;
}

static void add_address(struct conf *conf, int node, const char *text)
{
    struct conf_node *to = &conf->nodes[node];
    struct conf_address *address = &to->addresses[to->address_count++];

    address->family = AF_INET;
    address->prefix = 32;
    assert_int_equal(inet_pton(AF_INET, text, address->bytes), 1);
    if (conf->node_count <= node) {
        conf->node_count = (uint8_t)(node + 1);
    }
}

/* A port of its own for each run: tests run side by side. */
static uint16_t own_port(void)
{
    return (uint16_t)(20000 + getpid() % 10000);
}

static void open_node(struct node *node, uint8_t self)
{
    const struct udp_handlers handlers = {on_datagram, on_unreachable, node};

    memset(node, 0, sizeof *node);
    node->conf.port = own_port();
    add_address(&node->conf, 0, "127.71.12.1");
    add_address(&node->conf, 1, "127.71.12.2");
    add_address(&node->conf, 2, "127.71.12.3");
    assert_int_equal(uv_loop_init(&node->loop), 0);
    udp_init(&node->udp, &node->loop, &node->conf, self, &handlers);
    assert_int_equal(udp_bind(&node->udp), 1);
}

static void close_node(struct node *node)
{
    udp_close(&node->udp);
    (void)uv_run(&node->loop, UV_RUN_NOWAIT);
    assert_int_equal(uv_loop_close(&node->loop), 0);
}

static void make(struct datagram *datagram, uint8_t first, uint16_t length)
{
    memset(datagram, 0, sizeof *datagram);
    datagram->bytes[0] = first;
    datagram->length = length;
}

static void test_a_datagram_reaches_the_peer_it_is_for(void **state)
{
    struct node one;
    struct node two;
    struct datagram datagram;

    (void)state;
    open_node(&one, 0);
    open_node(&two, 1);
    make(&datagram, 7, DATAGRAM_MAX);
    assert_true(udp_send(&one.udp, 1, &datagram));
    udp_drain(&two.udp, 100);
    assert_int_equal(two.datagrams, 1);
    assert_int_equal(two.first, 7);
    assert_int_equal(two.length, DATAGRAM_MAX);
    assert_int_equal(one.udp.counters.sent, 1);
    assert_int_equal(two.udp.counters.received, 1);
    close_node(&one);
    close_node(&two);
}

static void test_the_loop_reads_what_has_come(void **state)
{
    struct node one;
    struct node two;
    struct datagram datagram;

    (void)state;
    open_node(&one, 0);
    open_node(&two, 1);
    make(&datagram, 9, 100);
    for (int i = 0; i < 40; i++) {
        assert_true(udp_send(&one.udp, 1, &datagram));
    }
    for (int n = 0; n < TURNS_MAX && two.datagrams < 40; n++) {
        (void)uv_run(&two.loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(two.datagrams, 40);
    close_node(&one);
    close_node(&two);
}

static void test_a_drain_is_bounded(void **state)
{
    struct node one;
    struct node two;
    struct datagram datagram;

    (void)state;
    open_node(&one, 0);
    open_node(&two, 1);
    make(&datagram, 9, 100);
    for (int i = 0; i < 5 * UDP_BATCH; i++) {
        assert_true(udp_send(&one.udp, 1, &datagram));
    }
    udp_drain(&two.udp, 2 * UDP_BATCH);
    assert_int_equal(two.datagrams, 2 * UDP_BATCH);
    close_node(&one);
    close_node(&two);
}

static void test_a_datagram_that_is_too_long_is_seen_to_be(void **state)
{
    static const uint8_t bytes[DATAGRAM_MAX + 500];
    struct node two;
    union paths_address to;
    socklen_t length;
    int fd;

    (void)state;
    open_node(&two, 1);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_true(fd >= 0);
    length = paths_sockaddr(&two.conf.nodes[1].addresses[0], two.conf.port, &to);
    assert_int_equal(sendto(fd, bytes, sizeof bytes, 0, &to.any, length), sizeof bytes);
    udp_drain(&two.udp, 100);
    assert_int_equal(two.datagrams, 1);
    assert_true(two.length > DATAGRAM_MAX);
    (void)close(fd);
    close_node(&two);
}

static void test_a_closed_port_names_the_peer_and_costs_no_datagram(void **state)
{
    struct node one;
    struct node two;
    struct datagram datagram;

    (void)state;
    open_node(&one, 0);
    open_node(&two, 1);
    make(&datagram, 7, 100);
    /* Nobody listens at node 2: the kernel tells the next send, which is for node 1. */
    assert_true(udp_send(&one.udp, 2, &datagram));
    assert_true(udp_send(&one.udp, 1, &datagram));
    udp_drain(&two.udp, 100);
    assert_int_equal(two.datagrams, 1);
    assert_int_equal(one.udp.counters.send_errors, 0);
    (void)uv_run(&one.loop, UV_RUN_NOWAIT);
    assert_int_equal(one.unreachable, 1);
    assert_int_equal(one.peer, 2);
    assert_int_equal(one.udp.counters.receive_errors, 0);
    close_node(&one);
    close_node(&two);
}

static void test_an_error_that_waits_hides_no_datagram(void **state)
{
    struct node one;
    struct node two;
    struct datagram datagram;

    (void)state;
    open_node(&one, 0);
    open_node(&two, 1);
    make(&datagram, 7, 100);
    assert_true(udp_send(&two.udp, 0, &datagram));
    assert_true(udp_send(&one.udp, 2, &datagram));
    udp_drain(&one.udp, 100);
    assert_int_equal(one.datagrams, 1);
    assert_int_equal(one.unreachable, 1);
    assert_int_equal(one.udp.counters.receive_errors, 0);
    close_node(&one);
    close_node(&two);
}

static void test_the_loop_goes_on_after_a_closed_port(void **state)
{
    struct node one;
    struct node two;
    struct datagram datagram;
    int turns = 0;

    (void)state;
    open_node(&one, 0);
    make(&datagram, 7, 100);
    assert_true(udp_send(&one.udp, 2, &datagram));
    while (one.unreachable == 0 && turns++ < TURNS_MAX) {
        (void)uv_run(&one.loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(one.unreachable, 1);
    assert_int_equal(one.peer, 2);
    assert_true(uv_is_active((const uv_handle_t *)&one.udp.sockets[0].poll));
    open_node(&two, 1);
    assert_true(udp_send(&two.udp, 0, &datagram));
    while (one.datagrams == 0 && turns++ < TURNS_MAX) {
        (void)uv_run(&one.loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(one.datagrams, 1);
    close_node(&one);
    close_node(&two);
}

static void test_every_path_carries_every_datagram(void **state)
{
    const struct udp_handlers handlers = {on_datagram, on_unreachable, NULL};
    struct node one;
    struct node two;
    struct datagram datagram;

    (void)state;
    open_node(&two, 1);
    close_node(&two);
    memset(&one, 0, sizeof one);
    one.conf.port = own_port();
    add_address(&one.conf, 0, "127.71.12.1");
    add_address(&one.conf, 0, "127.71.13.1");
    add_address(&one.conf, 1, "127.71.12.2");
    add_address(&one.conf, 1, "127.71.13.2");
    two = one;
    assert_int_equal(uv_loop_init(&one.loop), 0);
    assert_int_equal(uv_loop_init(&two.loop), 0);
    udp_init(&one.udp, &one.loop, &one.conf, 0, &handlers);
    udp_init(&two.udp, &two.loop, &two.conf, 1, &handlers);
    one.udp.handlers.arg = &one;
    two.udp.handlers.arg = &two;
    assert_int_equal(udp_bind(&one.udp), 2);
    assert_int_equal(udp_bind(&two.udp), 2);
    make(&datagram, 7, 100);
    assert_true(udp_send(&one.udp, 1, &datagram));
    udp_drain(&two.udp, 100);
    assert_int_equal(two.datagrams, 2);
    assert_int_equal(one.udp.counters.sent, 2);
    close_node(&one);
    close_node(&two);
}

static void test_an_address_that_is_not_here_is_waited_for(void **state)
{
    const struct udp_handlers handlers = {on_datagram, on_unreachable, NULL};
    struct node node;
    struct datagram datagram;

    (void)state;
    memset(&node, 0, sizeof node);
    node.conf.port = own_port();
    add_address(&node.conf, 0, "192.0.2.77"); /* RFC 5737: nobody's */
    add_address(&node.conf, 1, "127.71.12.2");
    assert_int_equal(uv_loop_init(&node.loop), 0);
    udp_init(&node.udp, &node.loop, &node.conf, 0, &handlers);
    assert_int_equal(udp_bind(&node.udp), 0);
    assert_int_equal(udp_bind(&node.udp), 0);
    make(&datagram, 7, 100);
    assert_false(udp_send(&node.udp, 1, &datagram));
    assert_int_equal(node.udp.counters.send_errors, 1);
    close_node(&node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_datagram_reaches_the_peer_it_is_for),
        cmocka_unit_test(test_the_loop_reads_what_has_come),
        cmocka_unit_test(test_a_drain_is_bounded),
        cmocka_unit_test(test_a_datagram_that_is_too_long_is_seen_to_be),
        cmocka_unit_test(test_a_closed_port_names_the_peer_and_costs_no_datagram),
        cmocka_unit_test(test_an_error_that_waits_hides_no_datagram),
        cmocka_unit_test(test_the_loop_goes_on_after_a_closed_port),
        cmocka_unit_test(test_every_path_carries_every_datagram),
        cmocka_unit_test(test_an_address_that_is_not_here_is_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
