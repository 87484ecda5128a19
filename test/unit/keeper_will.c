// SPDX-License-Identifier: MIT
/* The last will on its way, over loopback: to whom, from where, how often. */
#include "keeper/will.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define COPIES 3

static struct sockaddr_in address_of(const char *text, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

    assert_int_equal(inet_pton(AF_INET, text, &address.sin_addr), 1);
    return address;
}

/* A socket on that address; port 0: any that is free, told in `port`. */
static int listen_on(const char *text, uint16_t *port)
{
    struct sockaddr_in address = address_of(text, *port);
    socklen_t length = sizeof(address);
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void add_node(struct conf *conf, const char *first, const char *second)
{
    struct conf_node *node = &conf->nodes[conf->node_count++];
    const char *texts[] = {first, second};

    for (unsigned i = 0; i < 2 && texts[i] != NULL; i++) {
        node->addresses[i].family = AF_INET;
        node->addresses[i].prefix = 32;
        assert_int_equal(inet_pton(AF_INET, texts[i], node->addresses[i].bytes), 1);
        node->address_count++;
    }
}

static struct ipc_will will_for(uint16_t node)
{
    return (struct ipc_will){
        .type = IPC_WILL, .node = node, .length = 4, .bytes = {'w', 'i', 'l', (uint8_t)node}};
}

/* All copies came, from that address and the cluster's port, and nothing else. */
static void assert_copies(int fd, uint8_t node, const char *from, uint16_t port)
{
    const struct sockaddr_in expected = address_of(from, port);

    for (unsigned i = 0; i < COPIES; i++) {
        uint8_t bytes[64];
        struct sockaddr_in sender;
        socklen_t length = sizeof(sender);

        assert_int_equal(recvfrom(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&sender, &length),
                         4);
        assert_int_equal(bytes[3], node);
        assert_int_equal(sender.sin_addr.s_addr, expected.sin_addr.s_addr);
        assert_int_equal(sender.sin_port, expected.sin_port);
    }
    assert_int_equal(recv(fd, &(char){0}, 1, 0), -1);
    assert_int_equal(errno, EAGAIN);
}

static void test_each_node_gets_its_own_three_times_over_every_path(void **state)
{
    struct conf conf = {.interval_ns = 10000000};
    struct will will;
    const struct ipc_will first = will_for(1);
    const struct ipc_will second = will_for(2);
    int fds[3];

    (void)state;
    add_node(&conf, "127.0.0.1", "127.0.1.1");
    add_node(&conf, "127.0.0.2", "127.0.1.2");
    add_node(&conf, "127.0.0.3", "127.0.1.3");
    fds[0] = listen_on("127.0.0.2", &conf.port);
    fds[1] = listen_on("127.0.1.2", &conf.port);
    fds[2] = listen_on("127.0.0.3", &conf.port);
    assert_int_equal(will_open(&will, &conf, 0), 0);
    will_deposit(&will, &second);
    will_deposit(&will, &first);
    assert_int_equal(will_send(&will), 2);
    assert_copies(fds[0], 1, "127.0.0.1", conf.port);
    assert_copies(fds[1], 1, "127.0.1.1", conf.port);
    assert_copies(fds[2], 2, "127.0.0.1", conf.port);
    will_close(&will);
    for (unsigned i = 0; i < 3; i++)
        (void)close(fds[i]);
}

static void test_nothing_goes_to_whom_no_will_was_deposited_for(void **state)
{
    struct conf conf = {.interval_ns = 10000000};
    struct will will = {0};
    int fd;

    (void)state;
    will_close(&will); /* never opened */
    add_node(&conf, "127.0.0.1", NULL);
    add_node(&conf, "127.0.0.2", NULL);
    fd = listen_on("127.0.0.2", &conf.port);
    assert_int_equal(will_open(&will, &conf, 0), 0);
    assert_int_equal(will_send(&will), 0);
    assert_int_equal(recv(fd, &(char){0}, 1, 0), -1);
    will_close(&will);
    (void)close(fd);
}

static void test_a_later_will_replaces_the_one_before_and_a_taken_port_costs_only_the_port(
    void **state)
{
    struct conf conf = {.interval_ns = 10000000};
    struct will will = {0};
    struct ipc_will one = will_for(1);
    uint8_t bytes[64];
    int taken;
    int fd;

    (void)state;
    add_node(&conf, "127.0.0.1", NULL);
    add_node(&conf, "127.0.0.2", NULL);
    fd = listen_on("127.0.0.2", &conf.port);
    taken = listen_on("127.0.0.1", &conf.port);
    assert_int_equal(will_open(&will, &conf, 0), 0);
    will_deposit(&will, &one);
    one.bytes[0] = 'W';
    will_deposit(&will, &one);
    assert_int_equal(will_send(&will), 1);
    assert_int_equal(recv(fd, bytes, sizeof(bytes), 0), 4);
    assert_int_equal(bytes[0], 'W');
    will_close(&will);
    (void)close(fd);
    (void)close(taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_node_gets_its_own_three_times_over_every_path),
        cmocka_unit_test(test_nothing_goes_to_whom_no_will_was_deposited_for),
        cmocka_unit_test(
            test_a_later_will_replaces_the_one_before_and_a_taken_port_costs_only_the_port),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
