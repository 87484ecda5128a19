// SPDX-License-Identifier: MIT
#include "ipc/ipc.h"
#include "ipc/checker.h"
#include "ipc/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define VIPS      3U
#define ADDRESSES 10U

struct validity_case {
    const char *name;
    struct ipc_message message;
    bool from_engine;
    bool from_keeper;
};

static const struct validity_case cases[] = {
    {"add", {.type = IPC_ADD, .vip = 2, .deadline_ns = 1, .sequence = 9}, true, false},
    {"add without a deadline", {.type = IPC_ADD, .vip = 2, .sequence = 9}, false, false},
    {"add to an unknown vip", {.type = IPC_ADD, .vip = 3, .deadline_ns = 1}, false, false},
    {"add with an address",
     {.type = IPC_ADD, .vip = 1, .address = 1, .deadline_ns = 1},
     false,
     false},
    {"add with an error", {.type = IPC_ADD, .deadline_ns = 1, .error = -1}, false, false},
    {"add with a reason", {.type = IPC_ADD, .deadline_ns = 1, .reason = 1}, false, false},
    {"add with a mac",
     {.type = IPC_ADD, .deadline_ns = 1, .mac = {0, 0, 0, 0, 0, 1}},
     false,
     false},
    {"add with unused bytes", {.type = IPC_ADD, .deadline_ns = 1, .unused = {0, 1}}, false, false},
    {"remove", {.type = IPC_REMOVE, .vip = 0, .sequence = UINT64_MAX}, true, false},
    {"remove with a deadline", {.type = IPC_REMOVE, .deadline_ns = 1}, false, false},
    {"deadline", {.type = IPC_DEADLINE, .vip = 1, .deadline_ns = UINT64_MAX}, true, false},
    {"deadline with a sequence",
     {.type = IPC_DEADLINE, .deadline_ns = 1, .sequence = 1},
     false,
     false},
    {"deadline of zero", {.type = IPC_DEADLINE, .vip = 1}, false, false},
    {"announce", {.type = IPC_ANNOUNCE, .vip = 1}, true, false},
    {"announce one address", {.type = IPC_ANNOUNCE, .vip = 1, .address = 500}, true, false},
    {"probe one address", {.type = IPC_PROBE, .vip = 1, .address = 1}, false, false},
    {"announce an unknown vip", {.type = IPC_ANNOUNCE, .vip = 65535}, false, false},
    {"probe", {.type = IPC_PROBE, .vip = 1}, true, false},
    {"question", {.type = IPC_VERIFY, .vip = 1, .address = 65535}, true, false},
    {"question about no VIP", {.type = IPC_VERIFY, .vip = 30}, false, false},
    {"question with a MAC", {.type = IPC_VERIFY, .vip = 1, .mac = {2}}, false, false},
    {"stopped", {.type = IPC_STOPPED}, true, false},
    {"stopped with a vip", {.type = IPC_STOPPED, .vip = 1}, false, false},
    {"added", {.type = IPC_ADDED, .vip = 1, .sequence = 4}, false, true},
    {"not added", {.type = IPC_ADDED, .vip = 1, .error = -EEXIST, .sequence = 4}, false, true},
    {"added with a positive error", {.type = IPC_ADDED, .error = 1}, false, false},
    {"added with a wild error", {.type = IPC_ADDED, .error = INT32_MIN}, false, false},
    {"removed", {.type = IPC_REMOVED, .vip = 2, .sequence = 4}, false, true},
    {"lost", {.type = IPC_LOST, .vip = 2, .address = 9, .reason = IPC_LOST_CONFLICT}, false, true},
    {"lost for no reason", {.type = IPC_LOST, .vip = 2, .address = 9}, false, false},
    {"lost for an unknown reason", {.type = IPC_LOST, .reason = 5}, false, false},
    {"lost an unknown address", {.type = IPC_LOST, .address = 10, .reason = 1}, false, false},
    {"frame",
     {.type = IPC_FRAME, .address = 3, .reason = IPC_FRAME_GATEWAY, .mac = {2, 0, 0, 0, 0, 1}},
     false,
     true},
    {"frame of no kind", {.type = IPC_FRAME, .address = 3, .mac = {2}}, false, false},
    {"frame of nobody", {.type = IPC_FRAME, .address = 3, .reason = IPC_FRAME_HOST}, false, false},
    {"frame of a group",
     {.type = IPC_FRAME, .reason = IPC_FRAME_HOST, .mac = {3, 0, 0, 0, 0, 1}},
     false,
     false},
    {"frame of an unknown address",
     {.type = IPC_FRAME, .reason = IPC_FRAME_HOST, .address = 10, .mac = {2}},
     false,
     false},
    {"mac", {.type = IPC_MAC, .vip = 2, .mac = {2, 0, 0, 0, 0, 1}}, false, true},
    {"no mac", {.type = IPC_MAC, .vip = 2}, false, true},
    {"mac of a group",
     {.type = IPC_MAC, .mac = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
     false,
     false},
    {"mac of an address", {.type = IPC_MAC, .address = 1, .mac = {2}}, false, false},
    {"mac where none belongs", {.type = IPC_ALIVE, .mac = {2}}, false, false},
    {"frame with a deadline",
     {.type = IPC_FRAME, .reason = IPC_FRAME_HOST, .mac = {2}, .deadline_ns = 1},
     false,
     false},
    {"stop", {.type = IPC_STOP}, false, true},
    {"link up", {.type = IPC_LINK, .vip = 1, .reason = IPC_LINK_UP}, false, true},
    {"link up, by name",
     {.type = IPC_LINK, .reason = IPC_LINK_UP, .interface = "eth0"},
     false,
     true},
    {"link sideways", {.type = IPC_LINK, .vip = 1, .reason = IPC_LINK_COUNT}, false, false},
    {"no link state", {.type = IPC_LINK, .vip = 1}, false, false},
    {"a port of a bridge",
     {.type = IPC_LINK, .reason = IPC_LINK_PORT, .interface = "eth0", .port_of = "br0"},
     false,
     true},
    {"a port of nothing", {.type = IPC_LINK, .reason = IPC_LINK_PORT}, false, false},
    {"a bridge of no port",
     {.type = IPC_LINK, .reason = IPC_LINK_UP, .port_of = "br0"},
     false,
     false},
    {"an endless name",
     {.type = IPC_LINK,
      .reason = IPC_LINK_UP,
      .interface = {'e', 't', 'h', 'e', 't', 'h', 'e', 't', 'h', 'e', 't', 'h', 'e', 't', 'h',
                    '0'}},
     false,
     false},
    {"type zero", {.type = 0}, false, false},
    {"awake", {.type = IPC_AWAKE}, true, false},
    {"awake with a vip", {.type = IPC_AWAKE, .vip = 1}, false, false},
    {"a last will of a message's size", {.type = IPC_WILL}, false, false},
    {"read", {.type = IPC_READ, .sequence = 1}, true, false},
    {"read for a vip", {.type = IPC_READ, .vip = 1, .sequence = 1}, false, false},
    {"switch", {.type = IPC_SWITCH}, true, false},
    {"no switch", {.type = IPC_SWITCH, .error = -EINVAL}, true, false},
    {"switched", {.type = IPC_SWITCHED}, false, true},
    {"switched with an error", {.type = IPC_SWITCHED, .error = -EINVAL}, false, false},
    {"drain", {.type = IPC_DRAIN, .reason = IPC_DRAIN_VIPS, .vips = 7}, true, false},
    {"drain of the node", {.type = IPC_DRAIN, .reason = IPC_DRAIN_NODE}, true, false},
    {"drain of neither", {.type = IPC_DRAIN, .vips = 1}, false, false},
    {"drain of an unknown vip", {.type = IPC_DRAIN, .reason = 1, .vips = 8}, false, false},
    {"vips where none belong", {.type = IPC_STOPPED, .vips = 1}, false, false},
    {"kept", {.type = IPC_KEPT}, false, true},
    {"not kept", {.type = IPC_KEPT, .error = -EROFS}, false, true},
    {"alive", {.type = IPC_ALIVE}, false, true},
    {"alive with a vip", {.type = IPC_ALIVE, .vip = 1}, false, false},
    {"unknown type", {.type = 31}, false, false},
    {"another unknown type", {.type = 63}, false, false},
};

static void test_each_side_may_only_say_what_its_types_allow(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct validity_case *c = &cases[i];
        const size_t size = sizeof(c->message);

        if (ipc_valid_from_engine(&c->message, size, VIPS) != c->from_engine)
            fail_msg("from the engine: %s", c->name);
        if (ipc_valid_from_keeper(&c->message, size, VIPS, ADDRESSES) != c->from_keeper)
            fail_msg("from the keeper: %s", c->name);
    }
}

static void test_a_last_will_is_for_another_node_and_of_its_size(void **state)
{
    struct ipc_will will = {.type = IPC_WILL, .node = 1, .length = 3, .bytes = {7, 8, 9}};

    (void)state;
    assert_true(ipc_valid_will(&will, sizeof(will), 3, 0));
    assert_false(ipc_valid_will(&will, sizeof(will) - 1, 3, 0));
    assert_false(ipc_valid_will(&will, sizeof(will) + 1, 3, 0));
    assert_false(ipc_valid_will(&will, sizeof(will), 3, 1)); /* itself */
    assert_false(ipc_valid_will(&will, sizeof(will), 1, 0)); /* nobody */
    will.length = 2;
    assert_false(ipc_valid_will(&will, sizeof(will), 3, 0)); /* bytes beyond its length */
    will.length = 0;
    assert_false(ipc_valid_will(&will, sizeof(will), 3, 0));
    will.length = IPC_WILL_BYTES_MAX;
    assert_true(ipc_valid_will(&will, sizeof(will), 3, 0));
    will.length++;
    assert_false(ipc_valid_will(&will, sizeof(will), 3, 0));
    will.length = 3;
    will.type = IPC_STOPPED;
    assert_false(ipc_valid_will(&will, sizeof(will), 3, 0));
}

static void test_a_message_of_another_length_is_not_valid(void **state)
{
    const struct ipc_message message = {.type = IPC_STOPPED};
    char bytes[2 * sizeof(message)] = {0};

    (void)state;
    memcpy(bytes, &message, sizeof(message));
    for (size_t length = 0; length < sizeof(bytes); length++)
        assert_int_equal(ipc_valid_from_engine(bytes, length, VIPS), length == sizeof(message));
}

static void test_a_message_may_lie_at_an_odd_address(void **state)
{
    const struct ipc_message message = {.type = IPC_STOP};
    char bytes[sizeof(message) + 1];

    (void)state;
    memcpy(bytes + 1, &message, sizeof(message));
    assert_true(ipc_valid_from_keeper(bytes + 1, sizeof(message), VIPS, ADDRESSES));
}

static void pair_open(int ends[static 2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
}

static void test_a_message_arrives_as_it_was_sent(void **state)
{
    const struct ipc_message sent = {.type = IPC_ADD, .vip = 1, .deadline_ns = 5, .sequence = 7};
    struct ipc_message received;
    int ends[2];

    (void)state;
    pair_open(ends);
    assert_int_equal(ipc_receive(ends[1], &received), -EAGAIN);
    assert_int_equal(ipc_send(ends[0], &sent), 0);
    assert_int_equal(ipc_receive(ends[1], &received), sizeof(sent));
    assert_memory_equal(&received, &sent, sizeof(sent));
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void test_a_datagram_that_is_too_long_shows_its_length(void **state)
{
    const char bytes[sizeof(struct ipc_message) + 8] = {0};
    struct ipc_message received;
    int ends[2];

    (void)state;
    pair_open(ends);
    assert_int_equal(send(ends[0], bytes, sizeof(bytes), 0), sizeof(bytes));
    assert_int_equal(ipc_receive(ends[1], &received), sizeof(bytes));
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void test_a_dead_peer_is_end_of_file_and_broken_pipe(void **state)
{
    const struct ipc_message message = {.type = IPC_STOP};
    struct ipc_message received;
    int ends[2];

    (void)state;
    pair_open(ends);
    assert_int_equal(ipc_send(ends[1], &message), 0);
    (void)close(ends[0]); /* with the message unread */
    assert_int_equal(ipc_receive(ends[1], &received), 0);
    assert_int_equal(ipc_send(ends[1], &message), -EPIPE);
    (void)close(ends[1]);
}

static void test_the_last_words_of_a_dead_peer_are_heard_though_it_read_nothing(void **state)
{
    const struct ipc_message unread = {.type = IPC_STOP};
    const struct ipc_message last = {.type = IPC_STOPPED};
    struct ipc_message received;
    int ends[2];

    (void)state;
    pair_open(ends);
    assert_int_equal(ipc_send(ends[1], &unread), 0);
    assert_int_equal(ipc_send(ends[0], &last), 0);
    (void)close(ends[0]);
    assert_int_equal(ipc_receive(ends[1], &received), sizeof(received));
    assert_int_equal(received.type, IPC_STOPPED);
    assert_int_equal(ipc_receive(ends[1], &received), 0);
    (void)close(ends[1]);
}

static void test_the_last_results_of_a_dead_checker_are_heard_though_it_read_nothing(void **state)
{
    const struct ipc_news unread = {.event = IPC_NEWS_HEALTH};
    const struct ipc_result last = {.check = 1, .outcome = IPC_OUTCOME_FAILED};
    struct ipc_result received;
    int ends[2];

    (void)state;
    pair_open(ends);
    assert_int_equal(ipc_packet_send(ends[1], &unread, sizeof(unread)), 0);
    assert_int_equal(ipc_packet_send(ends[0], &last, sizeof(last)), 0);
    (void)close(ends[0]);
    assert_int_equal(ipc_packet_receive(ends[1], &received, sizeof(received)), sizeof(received));
    assert_int_equal(received.check, 1);
    assert_int_equal(ipc_packet_receive(ends[1], &received, sizeof(received)), 0);
    (void)close(ends[1]);
}

static void test_a_peer_that_does_not_read_gives_eagain(void **state)
{
    const struct ipc_message message = {.type = IPC_STOP};
    int result = 0;
    int ends[2];

    (void)state;
    pair_open(ends);
    for (int i = 0; i < 100000 && result == 0; i++)
        result = ipc_send(ends[0], &message);
    assert_int_equal(result, -EAGAIN);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static struct ipc_setup *setup_new(void)
{
    struct ipc_setup *setup = calloc(1, sizeof(*setup));

    assert_non_null(setup);
    setup->magic = IPC_SETUP_MAGIC;
    setup->build = ipc_build();
    setup->self = 1;
    setup->conf.node_count = 2;
    setup->conf.vip_count = 1;
    setup->keys.cluster_count = 1;
    memset(setup->keys.cluster[0], 0xa5, sizeof(setup->keys.cluster[0]));
    memcpy(setup->interfaces[0], "eth0", 5);
    return setup;
}

static void test_the_setup_arrives_as_it_was_written(void **state)
{
    struct ipc_setup *setup = setup_new();
    struct ipc_setup *copy = calloc(1, sizeof(*copy));
    const int fd = ipc_setup_write(setup);

    (void)state;
    memset(&setup->keys, 0, sizeof(setup->keys)); /* they go another way */
    assert_non_null(copy);
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(ipc_setup_read(fd, copy), 0);
    assert_memory_equal(copy, setup, sizeof(*setup));
    (void)close(fd);
    free(copy);
    free(setup);
}

static void test_the_keys_arrive_once_and_nothing_else_is_taken_for_them(void **state)
{
    const struct ipc_message message = {.type = IPC_STOP};
    struct ipc_setup *setup = setup_new();
    struct conf_keys keys = {0};
    int ends[2];

    (void)state;
    pair_open(ends);
    assert_int_equal(ipc_keys_receive(ends[1], &keys), -EAGAIN);
    assert_int_equal(ipc_keys_send(ends[0], &setup->keys), 0);
    assert_int_equal(ipc_send(ends[0], &message), 0);
    assert_int_equal(ipc_keys_receive(ends[1], &keys), 0);
    assert_memory_equal(&keys, &setup->keys, sizeof(keys));
    assert_int_equal(ipc_keys_receive(ends[1], &keys), -EBADMSG);
    (void)close(ends[0]);
    (void)close(ends[1]);
    free(setup);
}

static void test_nobody_can_change_the_setup_afterwards(void **state)
{
    struct ipc_setup *setup = setup_new();
    const int fd = ipc_setup_write(setup);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "x", 1, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(ftruncate(fd, 0), -1);
    assert_int_equal(ftruncate(fd, (off_t)(2 * sizeof(*setup))), -1);
    assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, 0), -1);
    (void)close(fd);
    free(setup);
}

static void assert_setup_is_refused(const struct ipc_setup *setup)
{
    struct ipc_setup *copy = calloc(1, sizeof(*copy));
    const int fd = ipc_setup_write(setup);

    assert_non_null(copy);
    assert_true(fd >= 0);
    assert_int_equal(ipc_setup_read(fd, copy), -EBADMSG);
    (void)close(fd);
    free(copy);
}

static void test_a_setup_of_another_build_is_refused(void **state)
{
    struct ipc_setup *setup = setup_new();

    (void)state;
    setup->build++;
    assert_setup_is_refused(setup);
    setup->build--;
    setup->magic++;
    assert_setup_is_refused(setup);
    setup->magic--;
    setup->self = 2;
    assert_setup_is_refused(setup);
    free(setup);
}

static void test_a_setup_that_is_not_sealed_or_too_short_is_refused(void **state)
{
    struct ipc_setup *setup = setup_new();
    const int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, setup, sizeof(*setup)), sizeof(*setup));
    assert_int_equal(ipc_setup_read(fd, setup), -EBADMSG);
    assert_int_equal(ftruncate(fd, 100), 0);
    assert_int_equal(
        fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), 0);
    assert_int_equal(ipc_setup_read(fd, setup), -EBADMSG);
    assert_int_equal(ipc_setup_read(-1, setup), -EBADMSG);
    (void)close(fd);
    free(setup);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_side_may_only_say_what_its_types_allow),
        cmocka_unit_test(test_a_last_will_is_for_another_node_and_of_its_size),
        cmocka_unit_test(test_a_message_of_another_length_is_not_valid),
        cmocka_unit_test(test_a_message_may_lie_at_an_odd_address),
        cmocka_unit_test(test_a_message_arrives_as_it_was_sent),
        cmocka_unit_test(test_a_datagram_that_is_too_long_shows_its_length),
        cmocka_unit_test(test_a_dead_peer_is_end_of_file_and_broken_pipe),
        cmocka_unit_test(test_the_last_words_of_a_dead_peer_are_heard_though_it_read_nothing),
        cmocka_unit_test(test_the_last_results_of_a_dead_checker_are_heard_though_it_read_nothing),
        cmocka_unit_test(test_a_peer_that_does_not_read_gives_eagain),
        cmocka_unit_test(test_the_setup_arrives_as_it_was_written),
        cmocka_unit_test(test_the_keys_arrive_once_and_nothing_else_is_taken_for_them),
        cmocka_unit_test(test_nobody_can_change_the_setup_afterwards),
        cmocka_unit_test(test_a_setup_of_another_build_is_refused),
        cmocka_unit_test(test_a_setup_that_is_not_sealed_or_too_short_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
