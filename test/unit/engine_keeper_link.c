// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/keeper_link.h"

#define VIPS      3
#define ADDRESSES 5

/* A link and the keeper's end of it. */
struct pair {
    uv_loop_t loop;
    struct keeper_link link;
    int engine;
    int keeper;
    unsigned messages;
    unsigned losses;
    unsigned wills;
    struct ipc_message last;
};

static void on_message(void *arg, const struct ipc_message *message)
{
    struct pair *pair = arg;

    pair->messages++;
    pair->last = *message;
}

static void on_gone(void *arg, const char *why)
{
    struct pair *pair = arg;

    assert_non_null(why);
    pair->losses++;
}

static void on_will(void *arg, uint8_t node, struct ipc_will *ret)
{
    struct pair *pair = arg;

    pair->wills++;
    ret->length = 1;
    ret->bytes[0] = node;
}

static void open_pair(struct pair *pair)
{
    const struct keeper_link_handlers handlers = {
        .message = on_message, .gone = on_gone, .will = on_will, .arg = pair};
    int fds[2];

    memset(pair, 0, sizeof *pair);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
    pair->engine = fds[0];
    pair->keeper = fds[1];
    assert_int_equal(uv_loop_init(&pair->loop), 0);
    pair->link.vip_count = VIPS;
    pair->link.address_count = ADDRESSES;
    assert_int_equal(keeper_link_open(&pair->link, &pair->loop, pair->engine, &handlers), 0);
}

static void close_pair(struct pair *pair)
{
    keeper_link_close(&pair->link);
    (void)uv_run(&pair->loop, UV_RUN_NOWAIT);
    assert_int_equal(uv_loop_close(&pair->loop), 0);
    (void)close(pair->engine);
    if (pair->keeper >= 0) {
        (void)close(pair->keeper);
    }
}

/* The next message that the keeper reads; it is one that the keeper accepts. */
static struct ipc_message read_message(struct pair *pair)
{
    struct ipc_message message;
    long length = ipc_receive(pair->keeper, &message);

    assert_int_equal(length, sizeof message);
    assert_true(ipc_valid_from_engine(&message, (size_t)length, VIPS));
    return message;
}

static void assert_nothing_to_read(struct pair *pair)
{
    struct ipc_message message;

    assert_int_equal(ipc_receive(pair->keeper, &message), -EAGAIN);
}

/* The keeper does not read: fills the socket until nothing more goes in. Returns how many. */
static unsigned fill(struct pair *pair)
{
    unsigned count = 0;

    while (!pair->link.blocked) {
        keeper_link_announce(&pair->link, 0, ALL_ADDRESSES);
        count++;
        assert_true(count < 100000);
    }
    return count;
}

static void read_announcements(struct pair *pair, unsigned count)
{
    while (count-- > 0) {
        assert_int_equal(read_message(pair).type, IPC_ANNOUNCE);
    }
}

static void test_each_request_is_one_message(void **state)
{
    struct pair pair;
    struct ipc_message add;
    struct ipc_message message;

    (void)state;
    open_pair(&pair);
    keeper_link_add(&pair.link, 1, (struct mono){500});
    keeper_link_deadline(&pair.link, 1, (struct mono){600});
    keeper_link_announce(&pair.link, 1, ALL_ADDRESSES);
    keeper_link_probe(&pair.link, 2);
    keeper_link_remove(&pair.link, 1);
    keeper_link_stopped(&pair.link);
    add = read_message(&pair);
    assert_int_equal(add.type, IPC_ADD);
    assert_int_equal(add.vip, 1);
    assert_int_equal(add.deadline_ns, 500);
    message = read_message(&pair);
    assert_int_equal(message.type, IPC_DEADLINE);
    assert_int_equal(message.deadline_ns, 600);
    assert_int_equal(read_message(&pair).type, IPC_ANNOUNCE);
    message = read_message(&pair);
    assert_int_equal(message.type, IPC_PROBE);
    assert_int_equal(message.vip, 2);
    message = read_message(&pair);
    assert_int_equal(message.type, IPC_REMOVE);
    assert_int_not_equal(message.sequence, add.sequence);
    assert_int_equal(read_message(&pair).type, IPC_STOPPED);
    assert_nothing_to_read(&pair);
    assert_true(keeper_link_is_flushed(&pair.link));
    close_pair(&pair);
}

static void test_what_waits_is_sent_when_the_keeper_reads_again(void **state)
{
    struct pair pair;
    struct ipc_message message;
    unsigned count;

    (void)state;
    open_pair(&pair);
    count = fill(&pair);
    keeper_link_deadline(&pair.link, 1, (struct mono){100});
    keeper_link_deadline(&pair.link, 1, (struct mono){200});
    keeper_link_add(&pair.link, 2, (struct mono){300});
    keeper_link_deadline(&pair.link, 2, (struct mono){400});
    keeper_link_stopped(&pair.link);
    assert_false(keeper_link_is_flushed(&pair.link));
    read_announcements(&pair, count - 1);
    assert_nothing_to_read(&pair);
    (void)uv_run(&pair.loop, UV_RUN_NOWAIT);
    assert_int_equal(read_message(&pair).type, IPC_ANNOUNCE);
    message = read_message(&pair);
    assert_int_equal(message.type, IPC_DEADLINE);
    assert_int_equal(message.deadline_ns, 200);
    message = read_message(&pair);
    assert_int_equal(message.type, IPC_ADD);
    assert_int_equal(message.vip, 2);
    assert_int_equal(message.deadline_ns, 400);
    assert_int_equal(read_message(&pair).type, IPC_STOPPED);
    assert_nothing_to_read(&pair);
    assert_true(keeper_link_is_flushed(&pair.link));
    close_pair(&pair);
}

/* A host outside the cluster uses one of them [SPEC R84]. */
static void test_one_address_is_announced_alone_and_two_that_wait_are_all(void **state)
{
    struct pair pair;
    unsigned count;

    (void)state;
    open_pair(&pair);
    keeper_link_announce(&pair.link, 1, 7);
    assert_int_equal(read_message(&pair).address, 7);
    count = fill(&pair);
    keeper_link_announce(&pair.link, 1, 7);
    keeper_link_announce(&pair.link, 1, 7);
    keeper_link_announce(&pair.link, 2, 7);
    keeper_link_announce(&pair.link, 2, 8);
    read_announcements(&pair, count - 1);
    (void)uv_run(&pair.loop, UV_RUN_NOWAIT);
    assert_int_equal(read_message(&pair).vip, 0); /* the one of fill() */
    assert_int_equal(read_message(&pair).address, 7);
    assert_int_equal(read_message(&pair).address, ALL_ADDRESSES);
    assert_nothing_to_read(&pair);
    close_pair(&pair);
}

static void test_a_removal_that_waits_outlives_what_was_asked_before(void **state)
{
    struct pair pair;
    struct ipc_message message;
    unsigned count;

    (void)state;
    open_pair(&pair);
    count = fill(&pair);
    keeper_link_add(&pair.link, 1, (struct mono){300});
    keeper_link_announce(&pair.link, 1, ALL_ADDRESSES);
    keeper_link_remove(&pair.link, 1);
    keeper_link_deadline(&pair.link, 1, (struct mono){900});
    read_announcements(&pair, count - 1);
    (void)uv_run(&pair.loop, UV_RUN_NOWAIT);
    assert_int_equal(read_message(&pair).type, IPC_ANNOUNCE); /* the one of fill() */
    message = read_message(&pair);
    assert_int_equal(message.type, IPC_REMOVE);
    assert_int_equal(message.vip, 1);
    assert_nothing_to_read(&pair);
    close_pair(&pair);
}

static void test_the_keepers_news_become_events(void **state)
{
    static const struct {
        struct ipc_message message;
        enum address_change change;
        int error;
    } cases[] = {
        {{.type = IPC_ADDED, .vip = 1, .sequence = 1}, ADDRESS_ADDED, 0},
        {{.type = IPC_ADDED, .vip = 1, .sequence = 1, .error = -EPERM}, ADDRESS_ADD_FAILED, EPERM},
        {{.type = IPC_REMOVED, .vip = 1, .sequence = 1}, ADDRESS_REMOVED, 0},
        {{.type = IPC_REMOVED, .vip = 1, .sequence = 1, .error = -ENODEV},
         ADDRESS_REMOVE_FAILED,
         ENODEV},
        {{.type = IPC_LOST, .vip = 1, .reason = IPC_LOST_DEADLINE}, ADDRESS_LOST_DEADLINE, 0},
        {{.type = IPC_LOST, .vip = 1, .reason = IPC_LOST_FOREIGN}, ADDRESS_LOST_FOREIGN, 0},
        {{.type = IPC_LOST, .vip = 1, .reason = IPC_LOST_LINK}, ADDRESS_LOST_LINK, 0},
        {{.type = IPC_LOST, .vip = 1, .reason = IPC_LOST_CONFLICT}, ADDRESS_LOST_CONFLICT, 0},
    };
    struct pair pair;

    (void)state;
    open_pair(&pair);
    keeper_link_add(&pair.link, 1, (struct mono){300});
    assert_int_equal(read_message(&pair).sequence, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct event event;

        assert_true(keeper_link_event(&pair.link, &cases[i].message, &event));
        assert_int_equal(event.type, EVENT_ADDRESS);
        assert_int_equal(event.address.vip, 1);
        assert_int_equal(event.address.change, cases[i].change);
        assert_int_equal(event.address.error, cases[i].error);
    }
    close_pair(&pair);
}

static void test_frames_links_and_the_stop_become_events(void **state)
{
    const struct ipc_message frame = {.type = IPC_FRAME,
                                      .vip = 2,
                                      .address = 4,
                                      .reason = IPC_FRAME_HOST,
                                      .mac = {2, 0, 0, 0, 0, 9}};
    const struct ipc_message mac = {.type = IPC_MAC, .vip = 1, .mac = {2, 0, 0, 0, 0, 7}};
    const struct ipc_message down = {.type = IPC_LINK, .vip = 2, .reason = IPC_LINK_DOWN};
    const struct ipc_message up = {.type = IPC_LINK, .vip = 2, .reason = IPC_LINK_UP};
    const struct ipc_message stop = {.type = IPC_STOP};
    struct pair pair;
    struct event event;

    (void)state;
    open_pair(&pair);
    assert_true(keeper_link_event(&pair.link, &frame, &event));
    assert_int_equal(event.type, EVENT_FRAME);
    assert_int_equal(event.frame.vip, 2);
    assert_memory_equal(event.frame.mac, frame.mac, 6);
    assert_true(keeper_link_event(&pair.link, &mac, &event));
    assert_int_equal(event.type, EVENT_MAC);
    assert_int_equal(event.frame.vip, 1);
    assert_memory_equal(event.frame.mac, mac.mac, 6);
    assert_true(keeper_link_event(&pair.link, &down, &event));
    assert_int_equal(event.type, EVENT_LINK);
    assert_int_equal(event.link.vip, 2);
    assert_false(event.link.up);
    assert_true(keeper_link_event(&pair.link, &up, &event));
    assert_true(event.link.up);
    assert_true(keeper_link_event(&pair.link, &stop, &event));
    assert_int_equal(event.type, EVENT_STOP);
    close_pair(&pair);
}

static void test_the_answer_to_an_older_request_is_no_event(void **state)
{
    struct ipc_message answer = {.type = IPC_ADDED, .vip = 1};
    struct pair pair;
    struct event event;

    (void)state;
    open_pair(&pair);
    keeper_link_add(&pair.link, 1, (struct mono){300});
    answer.sequence = read_message(&pair).sequence;
    keeper_link_remove(&pair.link, 1);
    assert_false(keeper_link_event(&pair.link, &answer, &event));
    answer.type = IPC_REMOVED;
    answer.sequence = read_message(&pair).sequence;
    assert_true(keeper_link_event(&pair.link, &answer, &event));
    close_pair(&pair);
}

static void test_what_is_to_be_kept_is_pending_until_the_newest_is_answered(void **state)
{
    struct ipc_message answer = {.type = IPC_KEPT};
    struct pair pair;

    (void)state;
    open_pair(&pair);
    keeper_link_keep_drain(&pair.link, false, 1);
    keeper_link_keep_drain(&pair.link, false, 2);
    assert_true(keeper_link_is_keeping(&pair.link));
    answer.sequence = read_message(&pair).sequence;
    assert_int_equal(ipc_send(pair.keeper, &answer), 0);
    keeper_link_drain(&pair.link);
    assert_int_equal(pair.messages, 0);
    assert_true(keeper_link_is_keeping(&pair.link));
    answer.sequence = read_message(&pair).sequence;
    for (int times = 1; times <= 2; times++) { /* not in time; and then after all */
        answer.error = times == 1 ? -ETIMEDOUT : 0;
        assert_int_equal(ipc_send(pair.keeper, &answer), 0);
        keeper_link_drain(&pair.link);
        assert_int_equal(pair.messages, times);
        assert_int_equal(pair.last.error, answer.error);
        assert_false(keeper_link_is_keeping(&pair.link));
    }
    close_pair(&pair);
}

/* One VIP goes, two change places, one is new: 0 -> gone, 1 -> 2, 2 -> 0, 1 is new. */
static void switch_pair(struct pair *pair)
{
    static const struct conf after = {.node_count = 2, .vip_count = VIPS, .address_count = 4};
    struct conf_change change;

    memset(&change, CONF_NEW, sizeof change);
    change.vip_was[0] = 2;
    change.vip_was[2] = 1;
    keeper_link_switch(&pair->link, &after, &change);
}

static void test_what_waits_is_renamed_and_comes_after_the_word_that_says_so(void **state)
{
    struct ipc_message answer = {.type = IPC_ADDED, .vip = 2};
    struct ipc_message message;
    struct event event;
    struct pair pair;

    (void)state;
    open_pair(&pair);
    keeper_link_add(&pair.link, 1, (struct mono){500});
    answer.sequence = read_message(&pair).sequence;
    pair.link.blocked = true; /* the keeper does not read for a moment */
    keeper_link_announce(&pair.link, 0, ALL_ADDRESSES);
    keeper_link_announce(&pair.link, 2, ALL_ADDRESSES);
    keeper_link_deadline(&pair.link, 1, (struct mono){900});
    switch_pair(&pair);
    assert_int_equal(ipc_receive(pair.keeper, &message), -EAGAIN);
    pair.link.blocked = false;
    keeper_link_probe(&pair.link, 1);
    message = read_message(&pair);
    assert_int_equal(message.type, IPC_SWITCH);
    assert_int_equal(message.error, 0);
    message = read_message(&pair);
    assert_int_equal(message.type, IPC_ANNOUNCE);
    assert_int_equal(message.vip,
                     0); /* that was 2; the announcement of the one that goes is gone */
    message = read_message(&pair);
    assert_int_equal(message.type, IPC_PROBE);
    assert_int_equal(message.vip, 1);
    message = read_message(&pair);
    assert_int_equal(message.type, IPC_DEADLINE);
    assert_int_equal(message.vip, 2);
    assert_int_equal(message.deadline_ns, 900);
    /* The answer of before, to a request of before, is the newest one's still. */
    assert_true(keeper_link_event(&pair.link, &answer, &event));
    assert_int_equal(event.address.vip, 2);
    close_pair(&pair);
}

static void test_the_keeper_means_the_former_indexes_until_it_has_switched_too(void **state)
{
    const struct ipc_message former[] = {
        {.type = IPC_LINK, .vip = 0, .reason = IPC_LINK_DOWN}, /* gone */
        {.type = IPC_LINK, .vip = 1, .reason = IPC_LINK_DOWN},
        {.type = IPC_LOST, .vip = 2, .address = 4, .reason = IPC_LOST_FOREIGN},
        {.type = IPC_ALIVE},
    };
    const struct ipc_message switched = {.type = IPC_SWITCHED};
    const struct ipc_message later = {.type = IPC_LINK, .vip = 1, .reason = IPC_LINK_UP};
    struct pair pair;

    (void)state;
    open_pair(&pair);
    switch_pair(&pair);
    for (size_t i = 0; i < sizeof former / sizeof former[0]; i++) {
        static const unsigned heard[] = {0, 1, 2, 3};
        static const uint16_t vips[] = {0, 2, 0, 0};

        assert_int_equal(ipc_send(pair.keeper, &former[i]), 0);
        keeper_link_drain(&pair.link);
        assert_int_equal(pair.messages, heard[i]);
        assert_int_equal(pair.last.vip, vips[i]);
    }
    assert_int_equal(ipc_send(pair.keeper, &switched), 0);
    assert_int_equal(ipc_send(pair.keeper, &later), 0);
    keeper_link_drain(&pair.link);
    assert_int_equal(pair.last.type, IPC_LINK);
    assert_int_equal(pair.last.vip, 1);
    assert_int_equal(pair.losses, 0);
    close_pair(&pair);
}

static void test_an_index_that_neither_configuration_has_ends_the_link(void **state)
{
    const struct ipc_message bad = {
        .type = IPC_LOST, .vip = 1, .address = ADDRESSES, .reason = IPC_LOST_FOREIGN};
    struct pair pair;

    (void)state;
    open_pair(&pair);
    switch_pair(&pair);
    assert_int_equal(ipc_send(pair.keeper, &bad), 0);
    keeper_link_drain(&pair.link);
    assert_int_equal(pair.messages, 0);
    assert_int_equal(pair.losses, 1);
    close_pair(&pair);
}

static void test_a_configuration_that_is_refused_changes_no_index(void **state)
{
    const struct ipc_message lost = {
        .type = IPC_LOST, .vip = 2, .address = 4, .reason = IPC_LOST_FOREIGN};
    struct ipc_message message;
    struct pair pair;

    (void)state;
    open_pair(&pair);
    keeper_link_refuse(&pair.link, -EINVAL);
    message = read_message(&pair);
    assert_int_equal(message.type, IPC_SWITCH);
    assert_int_equal(message.error, -EINVAL);
    assert_int_equal(ipc_send(pair.keeper, &lost), 0);
    keeper_link_drain(&pair.link);
    assert_int_equal(pair.last.vip, 2);
    assert_int_equal(pair.last.address, 4);
    close_pair(&pair);
}

static void test_messages_are_read_until_there_is_none(void **state)
{
    const struct ipc_message up = {.type = IPC_LINK, .vip = 2, .reason = IPC_LINK_UP};
    struct pair pair;

    (void)state;
    open_pair(&pair);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(ipc_send(pair.keeper, &up), 0);
    }
    keeper_link_drain(&pair.link);
    assert_int_equal(pair.messages, 20);
    assert_int_equal(pair.last.type, IPC_LINK);
    assert_int_equal(pair.losses, 0);
    close_pair(&pair);
}

static void test_a_keeper_that_ends_is_noticed_once(void **state)
{
    struct pair pair;

    (void)state;
    open_pair(&pair);
    (void)close(pair.keeper);
    pair.keeper = -1;
    (void)uv_run(&pair.loop, UV_RUN_NOWAIT);
    assert_int_equal(pair.losses, 1);
    keeper_link_remove(&pair.link, 0);
    keeper_link_drain(&pair.link);
    (void)uv_run(&pair.loop, UV_RUN_NOWAIT);
    assert_int_equal(pair.losses, 1);
    close_pair(&pair);
}

static void test_a_keeper_that_says_nothing_counts_as_ended(void **state)
{
    const struct ipc_message alive = {.type = IPC_ALIVE};
    struct pair pair;

    (void)state;
    open_pair(&pair);
    for (int i = 0; i < 19; i++) {
        if (i % 2 == 0) {
            assert_int_equal(ipc_send(pair.keeper, &alive), 0);
        }
        keeper_link_watch(&pair.link, 2);
    }
    assert_int_equal(pair.losses, 0);
    keeper_link_watch(&pair.link, 2);
    assert_int_equal(pair.losses, 0);
    keeper_link_watch(&pair.link, 2);
    assert_int_equal(pair.losses, 1);
    assert_true(pair.link.ended && pair.link.silent);
    keeper_link_watch(&pair.link, 2);
    assert_int_equal(pair.losses, 1);
    close_pair(&pair);
}

static void test_nonsense_from_the_keeper_ends_the_link(void **state)
{
    static const struct ipc_message cases[] = {
        {.type = IPC_ADD, .vip = 0},
        {.type = IPC_ADDED, .vip = VIPS},
        {.type = IPC_FRAME, .vip = 0, .address = ADDRESSES, .reason = IPC_FRAME_HOST},
        {.type = 77},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pair pair;

        open_pair(&pair);
        assert_int_equal(ipc_send(pair.keeper, &cases[i]), 0);
        keeper_link_drain(&pair.link);
        assert_int_equal(pair.messages, 0);
        assert_int_equal(pair.losses, 1);
        close_pair(&pair);
    }
}

static void test_last_wills_go_before_everything_else_and_none_is_lost(void **state)
{
    struct pair pair;
    unsigned count;
    union ipc_request request;

    (void)state;
    open_pair(&pair);
    count = fill(&pair) - 1; /* the last one waits */
    keeper_link_deposit(&pair.link, 6);
    keeper_link_add(&pair.link, 1, (struct mono){5});
    assert_int_equal(pair.wills, 0);
    for (unsigned i = 0; i < count; i++) {
        (void)read_message(&pair);
    }
    (void)uv_run(&pair.loop, UV_RUN_NOWAIT);
    for (uint16_t node = 1; node <= 2; node++) {
        assert_int_equal(ipc_receive_request(pair.keeper, &request), sizeof request.will);
        assert_true(ipc_valid_will(&request, sizeof request.will, 3, 0));
        assert_int_equal(request.will.node, node);
        assert_int_equal(request.will.bytes[0], node);
    }
    assert_int_equal(pair.wills, 2);
    close_pair(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_last_wills_go_before_everything_else_and_none_is_lost),
        cmocka_unit_test(test_each_request_is_one_message),
        cmocka_unit_test(test_what_waits_is_sent_when_the_keeper_reads_again),
        cmocka_unit_test(test_one_address_is_announced_alone_and_two_that_wait_are_all),
        cmocka_unit_test(test_a_removal_that_waits_outlives_what_was_asked_before),
        cmocka_unit_test(test_the_keepers_news_become_events),
        cmocka_unit_test(test_frames_links_and_the_stop_become_events),
        cmocka_unit_test(test_the_answer_to_an_older_request_is_no_event),
        cmocka_unit_test(test_what_is_to_be_kept_is_pending_until_the_newest_is_answered),
        cmocka_unit_test(test_what_waits_is_renamed_and_comes_after_the_word_that_says_so),
        cmocka_unit_test(test_the_keeper_means_the_former_indexes_until_it_has_switched_too),
        cmocka_unit_test(test_an_index_that_neither_configuration_has_ends_the_link),
        cmocka_unit_test(test_a_configuration_that_is_refused_changes_no_index),
        cmocka_unit_test(test_messages_are_read_until_there_is_none),
        cmocka_unit_test(test_a_keeper_that_ends_is_noticed_once),
        cmocka_unit_test(test_a_keeper_that_says_nothing_counts_as_ended),
        cmocka_unit_test(test_nonsense_from_the_keeper_ends_the_link),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
