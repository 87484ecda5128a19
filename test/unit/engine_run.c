// SPDX-License-Identifier: MIT
/* The whole engine in a child process, with this test as its keeper. On the loopback interface. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/clock.h"
#include "engine/engine.h"
#include "ipc/ipc.h"
#include "log/log.h"

#define PATIENCE_MS 10000
#define HERE        "127.72.12.1"
#define NOT_HERE    "192.0.2.77" /* RFC 5737: nobody's */
#define INTERVAL_NS (UINT64_C(10) * 1000 * 1000)

struct run {
    struct ipc_setup setup;
    int keeper;  /* this end of the socketpair */
    int control; /* a client's connection */
    pid_t pid;
    unsigned wills;
};

static void add_node(struct conf *conf, const char *name, const char *address)
{
    struct conf_node *node = &conf->nodes[conf->node_count++];

    (void)snprintf(node->name, sizeof node->name, "%s", name);
    node->priority = 100;
    node->address_count = 1;
    node->addresses[0].family = AF_INET;
    node->addresses[0].prefix = 32;
    assert_int_equal(inet_pton(AF_INET, address, node->addresses[0].bytes), 1);
}

static struct run *new_run(void)
{
    struct run *run = calloc(1, sizeof *run);
    struct conf *conf;

    assert_non_null(run);
    conf = &run->setup.conf;
    (void)snprintf(conf->cluster, sizeof conf->cluster, "swarm");
    conf->port = (uint16_t)(20000 + getpid() % 10000);
    conf->interval_ns = INTERVAL_NS;
    conf->fail_open = true;
    conf->vip_count = 1;
    conf->address_count = 1;
    conf->addresses[0].family = AF_INET;
    conf->addresses[0].prefix = 32;
    (void)snprintf(conf->vips[0].name, sizeof conf->vips[0].name, "ingress");
    conf->vips[0].address_count = 1;
    conf->vips[0].preempt = true;
    conf->vips[0].lease_ns = 4 * INTERVAL_NS;
    conf->vips[0].announce_refresh_ns = 60 * UINT64_C(1000000000);
    conf->vips[0].candidates = 1;
    memset(conf->vips[0].priority, 100, sizeof conf->vips[0].priority);
    run->setup.keys.cluster_count = 1;
    run->setup.keys.cluster[0][0] = 7;
    return run;
}

/* A listening socket without a name in any directory, and a connection to it. */
static int listen_for(struct run *run)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t length = sizeof address.sun_family;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(fd, 4), 0);
    length = sizeof address;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    run->control = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(run->control, (const struct sockaddr *)&address, length), 0);
    return fd;
}

static void start(struct run *run)
{
    int listener = listen_for(run);
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
    run->pid = fork();
    assert_true(run->pid >= 0);
    if (run->pid == 0) {
        const struct engine_descriptors descriptors = {fds[1], listener, -1};

        (void)close(fds[0]);
        (void)close(run->control);
        log_open("engine", LOG_LEVEL_ERROR);
        _exit(engine_run(&run->setup, &descriptors));
    }
    (void)close(fds[1]);
    (void)close(listener);
    run->keeper = fds[0];
}

/* The exit code of the engine; -1 if it was killed. */
static int finish(struct run *run)
{
    int status = 0;

    assert_int_equal(waitpid(run->pid, &status, 0), run->pid);
    if (run->keeper >= 0) {
        (void)close(run->keeper);
    }
    (void)close(run->control);
    free(run);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Does what a keeper does, until a message of that type came or the time is over. */
static bool keep_until(struct run *run, unsigned type, int patience_ms)
{
    struct pollfd poll_fd = {.fd = run->keeper, .events = POLLIN};
    struct mono end = mono_add(clock_now(), (uint64_t)patience_ms * NS_PER_MS);
    union ipc_request request;

    while (!mono_reached(clock_now(), end) && poll(&poll_fd, 1, patience_ms) == 1) {
        long length = ipc_receive_request(run->keeper, &request);
        const struct ipc_message message = request.message;
        struct ipc_message answer = {.vip = message.vip, .sequence = message.sequence};

        if (length <= 0) {
            return false;
        }
        if (request.type == IPC_WILL) {
            assert_true(ipc_valid_will(&request, (size_t)length, 2, 0));
            run->wills++;
            continue;
        }
        assert_true(ipc_valid_from_engine(&message, (size_t)length, 1));
        if (message.type == IPC_ADD || message.type == IPC_REMOVE) {
            answer.type = message.type == IPC_ADD ? IPC_ADDED : IPC_REMOVED;
            assert_int_equal(ipc_send(run->keeper, &answer), 0);
        }
        if (message.type == type) {
            return true;
        }
    }
    return false;
}

static void send_stop(struct run *run)
{
    const struct ipc_message stop = {.type = IPC_STOP};

    assert_int_equal(ipc_send(run->keeper, &stop), 0);
}

static void test_a_node_alone_holds_keeps_and_stops_in_order(void **state)
{
    struct run *run = new_run();

    (void)state;
    add_node(&run->setup.conf, "n1", HERE);
    start(run);
    assert_true(keep_until(run, IPC_ADD, PATIENCE_MS));
    assert_true(keep_until(run, IPC_ANNOUNCE, PATIENCE_MS));
    assert_true(keep_until(run, IPC_DEADLINE, PATIENCE_MS));
    send_stop(run);
    assert_true(keep_until(run, IPC_REMOVE, PATIENCE_MS));
    assert_true(keep_until(run, IPC_STOPPED, PATIENCE_MS));
    assert_int_equal(finish(run), 0);
}

static void test_the_end_of_the_keeper_is_the_end_of_the_engine(void **state)
{
    struct run *run = new_run();

    (void)state;
    add_node(&run->setup.conf, "n1", HERE);
    start(run);
    assert_true(keep_until(run, IPC_ADD, PATIENCE_MS));
    (void)close(run->keeper);
    run->keeper = -1;
    assert_int_equal(finish(run), 1);
}

static void test_nonsense_from_the_keeper_is_the_end_of_the_engine(void **state)
{
    const struct ipc_message nonsense = {.type = IPC_ADDED, .vip = 5};
    struct run *run = new_run();

    (void)state;
    add_node(&run->setup.conf, "n1", HERE);
    start(run);
    assert_int_equal(ipc_send(run->keeper, &nonsense), 0);
    assert_int_equal(finish(run), 1);
}

/* From 127.x.y.z nothing can be sent to an address outside: the kernel refuses each datagram. */
static void test_who_can_send_nothing_and_knows_of_nobody_keeps_its_address(void **state)
{
    struct run *run = new_run();

    (void)state;
    add_node(&run->setup.conf, "n1", HERE);
    add_node(&run->setup.conf, "n2", NOT_HERE);
    start(run);
    assert_true(keep_until(run, IPC_ADD, PATIENCE_MS));
    for (unsigned i = 0; i < 10; i++) {
        assert_true(keep_until(run, IPC_DEADLINE, PATIENCE_MS));
    }
    assert_int_equal(run->wills, 1); /* deposited before the address was asked for */
    send_stop(run);
    assert_true(keep_until(run, IPC_STOPPED, PATIENCE_MS));
    assert_int_equal(finish(run), 0);
}

static void test_without_its_own_address_it_waits_and_can_be_stopped(void **state)
{
    struct run *run = new_run();

    (void)state;
    add_node(&run->setup.conf, "n1", NOT_HERE);
    start(run);
    assert_false(keep_until(run, IPC_ADD, 20 * (int)(INTERVAL_NS / 1000000)));
    send_stop(run);
    assert_true(keep_until(run, IPC_STOPPED, PATIENCE_MS));
    assert_int_equal(finish(run), 0);
}

static void test_the_status_is_there_before_its_own_address_is(void **state)
{
    struct run *run = new_run();
    struct pollfd poll_fd = {.events = POLLIN};
    uint8_t first = 0;

    (void)state;
    add_node(&run->setup.conf, "n1", NOT_HERE);
    start(run);
    assert_int_equal(send(run->control, "status\n", 7, MSG_NOSIGNAL), 7);
    poll_fd.fd = run->control;
    assert_int_equal(poll(&poll_fd, 1, PATIENCE_MS), 1);
    assert_int_equal(recv(run->control, &first, 1, 0), 1);
    assert_true((first & 0xf0) == 0x80 || first == 0xde); /* a msgpack map, of however many keys */
    send_stop(run);
    assert_true(keep_until(run, IPC_STOPPED, PATIENCE_MS));
    assert_int_equal(finish(run), 0);
}

static void test_keys_that_do_not_fit_are_refused(void **state)
{
    struct run *run = new_run();

    (void)state;
    add_node(&run->setup.conf, "n1", HERE);
    run->setup.conf.nodes[0].has_public_key = true;
    memset(run->setup.conf.nodes[0].public_key, 0xff, CONF_KEY_BYTES);
    start(run);
    assert_int_equal(finish(run), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_node_alone_holds_keeps_and_stops_in_order),
        cmocka_unit_test(test_the_end_of_the_keeper_is_the_end_of_the_engine),
        cmocka_unit_test(test_nonsense_from_the_keeper_is_the_end_of_the_engine),
        cmocka_unit_test(test_who_can_send_nothing_and_knows_of_nobody_keeps_its_address),
        cmocka_unit_test(test_without_its_own_address_it_waits_and_can_be_stopped),
        cmocka_unit_test(test_the_status_is_there_before_its_own_address_is),
        cmocka_unit_test(test_keys_that_do_not_fit_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
