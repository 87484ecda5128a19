// SPDX-License-Identifier: MIT
/* Addresses in a real kernel. */
#include "keeper_support.h"

#include "keeper/clock.h"

#include "log/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void test_all_addresses_come_with_our_mark_and_go_again(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct keeper *keeper = fixture->keeper;
    struct kernel_address last;

    assert_int_equal(holding_add(keeper, 0, later()), 0);
    assert_int_equal(in_kernel(fixture, &last), 3);
    assert_int_equal(last.mark, KERNEL_MARK);
    assert_true(kernel_address_looks_ours(&last));
    assert_in_range(last.valid_s, 1, 2);
    assert_int_equal(keeper->vips[0].phase, VIP_HELD);
    assert_int_equal(holding_remove(keeper, 0), 0);
    assert_int_equal(in_kernel(fixture, NULL), 0);
    assert_int_equal(keeper->vips[0].phase, VIP_ABSENT);
}

static void test_the_kernel_is_told_no_more_than_the_deadline_leaves(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct keeper *keeper = fixture->keeper;
    struct kernel_address last;

    vip_init(&keeper->vips[0], 9, CLOCK_NS_PER_S);
    assert_int_equal(holding_add(keeper, 0, clock_now_ns() + CLOCK_NS_PER_S), -ETIME);
    assert_int_equal(in_kernel(fixture, NULL), 0);
    assert_int_equal(holding_add(keeper, 0, clock_now_ns() + 4900 * CLOCK_NS_PER_MS), 0);
    assert_int_equal(in_kernel(fixture, &last), 3);
    assert_in_range(last.valid_s, 2, 3);
    /* A renewal with more left is longer; with less than a second there is none. */
    vip_set_deadline(&keeper->vips[0], later());
    vip_renewed(&keeper->vips[0], clock_now_ns(), 9);
    keeper->vips[0].renew.active = true;
    while (keeper->vips[0].renew.active)
        holding_renew(keeper, 0);
    (void)in_kernel(fixture, &last);
    assert_in_range(last.valid_s, 8, 9);
    vip_set_deadline(&keeper->vips[0], clock_now_ns() + CLOCK_NS_PER_S);
    keeper->vips[0].renew.active = true;
    holding_renew(keeper, 0);
    assert_false(keeper->vips[0].renew.active);
    assert_true(keeper->vips[0].too_long);
    assert_int_equal(holding_remove(keeper, 0), 0);
}

static void test_own_doings_are_no_news_even_when_they_are_read_late(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct keeper *keeper = fixture->keeper;

    assert_int_equal(holding_add(keeper, 0, later()), 0);
    assert_int_equal(holding_remove(keeper, 0), 0);
    assert_int_equal(holding_add(keeper, 0, later()), 0);
    keeper->vips[0].renew.active = true;
    holding_renew(keeper, 0);
    news_read(keeper);
    assert_false(news_is_pending(keeper));
    expect_silence(fixture);
}

static void test_a_kernel_without_marks_takes_nothing_of_ours_for_foreign(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct keeper *keeper = fixture->keeper;

    keeper->kernel_has_mark = false;
    keeper->conf.vips[0].kernel_lease_s = 0;
    assert_int_equal(holding_add(keeper, 0, later()), 0);
    news_read(keeper);
    assert_int_equal(news_compare(keeper), 0);
    news_settle(keeper);
    expect_silence(fixture);
    assert_int_equal(holding_remove(keeper, 0), 0);
    assert_int_equal(in_kernel(fixture, NULL), 0);
}

static void test_adding_what_is_there_already_succeeds(void **state)
{
    struct fixture *fixture = fixture_of(state);

    assert_int_equal(holding_add(fixture->keeper, 0, later()), 0);
    assert_int_equal(holding_add(fixture->keeper, 0, later()), 0);
    assert_int_equal(in_kernel(fixture, NULL), 3);
}

static void test_nothing_is_added_after_the_deadline(void **state)
{
    struct fixture *fixture = fixture_of(state);

    assert_int_equal(holding_add(fixture->keeper, 0, clock_now_ns()), -ETIME);
    assert_int_equal(in_kernel(fixture, NULL), 0);
}

static void test_a_failure_halfway_leaves_nothing(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct keeper *keeper = fixture->keeper;

    keeper->conf.addresses[1].prefix = 33; /* the kernel refuses it */
    assert_int_equal(holding_add(keeper, 0, later()), -EINVAL);
    assert_int_equal(in_kernel(fixture, NULL), 0);
    assert_int_equal(keeper->vips[0].phase, VIP_ABSENT);
}

static void test_an_address_of_another_program_is_neither_adopted_nor_removed(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct keeper *keeper = fixture->keeper;

    assert_int_equal(system("ip address add 10.9.0.2/32 dev lo"), 0);
    assert_int_equal(holding_add(keeper, 0, later()), -EEXIST);
    assert_int_equal(in_kernel(fixture, NULL), 1);
    assert_int_equal(holding_remove(keeper, 0), 0);
    assert_int_equal(in_kernel(fixture, NULL), 1);
    assert_int_equal(holding_remove_leftovers(keeper), 0);
    assert_int_equal(in_kernel(fixture, NULL), 1);
    assert_int_equal(system("ip address del 10.9.0.2/32 dev lo"), 0);
    news_read(keeper);
    news_settle(keeper);
    assert_int_equal(holding_add(keeper, 0, later()), 0);
    assert_int_equal(in_kernel(fixture, NULL), 3);
}

static void test_another_program_that_takes_a_held_address_over_is_a_conflict(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct keeper *keeper = fixture->keeper;

    assert_int_equal(holding_add(keeper, 0, later()), 0);
    assert_int_equal(system("ip address replace 10.9.0.2/32 dev lo"), 0);
    news_read(keeper);
    news_settle(keeper);
    assert_int_equal(expect_told(fixture, IPC_LOST, 1), IPC_LOST_CONFLICT);
    assert_int_equal(holding_remove(keeper, 0), 0);
    assert_int_equal(in_kernel(fixture, NULL), 1);
}

static void test_a_foreign_removal_is_told_once_and_never_undone_by_a_renewal(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct keeper *keeper = fixture->keeper;

    assert_int_equal(holding_add(keeper, 0, later()), 0);
    assert_int_equal(meddle(fixture, NETLINK_REMOVE, 2), 0);
    sweep_start(&keeper->vips[0].renew);
    while (keeper->vips[0].renew.active)
        holding_renew(keeper, 0);
    assert_int_equal(in_kernel(fixture, NULL), 2);
    news_settle(keeper);
    assert_int_equal(expect_told(fixture, IPC_LOST, 2), IPC_LOST_FOREIGN);
    expect_silence(fixture);
    /* The engine puts it back. */
    assert_int_equal(holding_add(keeper, 0, later()), 0);
    assert_int_equal(in_kernel(fixture, NULL), 3);
}

static void test_lost_news_are_made_up_for_by_a_dump(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct keeper *keeper = fixture->keeper;

    assert_int_equal(holding_add(keeper, 0, later()), 0);
    news_read(keeper);
    assert_int_equal(meddle(fixture, NETLINK_REMOVE, 0), 0);
    monitor_close(&keeper->monitor); /* the message is lost */
    assert_int_equal(monitor_open(&keeper->monitor), 0);
    news_read(keeper);
    assert_false(news_is_pending(keeper));
    keeper->resync = true;
    news_settle(keeper);
    assert_int_equal(expect_told(fixture, IPC_LOST, 0), IPC_LOST_FOREIGN);
    assert_false(keeper->resync);
}

static void set_loopback(short flags)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = flags};
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
    (void)close(fd);
}

static void test_a_link_that_goes_down_takes_the_whole_vip_with_it(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct keeper *keeper = fixture->keeper;

    assert_int_equal(holding_add(keeper, 0, later()), 0);
    set_loopback(0);
    news_read(keeper);
    news_settle(keeper);
    assert_int_equal(expect_told(fixture, IPC_LINK, 0), IPC_LINK_DOWN);
    assert_int_equal(expect_told(fixture, IPC_LOST, 0), IPC_LOST_LINK);
    assert_int_equal(expect_told(fixture, IPC_LINK, 0), IPC_LINK_DOWN);
    expect_silence(fixture);
    assert_int_equal(in_kernel(fixture, NULL), 0);
    assert_int_equal(holding_add(keeper, 0, later()), -ENETDOWN);
    set_loopback(IFF_UP);
    news_read(keeper);
    news_settle(keeper);
    assert_int_equal(expect_told(fixture, IPC_LINK, 0), IPC_LINK_UP);
    assert_int_equal(holding_add(keeper, 0, later()), 0);
}

static void test_leftovers_of_an_earlier_run_go_before_anything_starts(void **state)
{
    struct fixture *fixture = fixture_of(state);

    assert_int_equal(meddle(fixture, NETLINK_ADD, 0), 0);
    assert_int_equal(meddle(fixture, NETLINK_ADD, 2), 0);
    assert_int_equal(meddle(fixture, NETLINK_ADD, 3), 0);
    assert_int_equal(holding_remove_leftovers(fixture->keeper), 0);
    assert_int_equal(in_kernel(fixture, NULL), 0);
}

static void test_the_deadline_of_one_vip_leaves_the_other_alone(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct keeper *keeper = fixture->keeper;

    assert_int_equal(holding_add(keeper, 0, later()), 0);
    assert_int_equal(holding_add(keeper, 1, later()), 0);
    vip_set_deadline(&keeper->vips[0], 1);
    keeper_due(keeper);
    assert_int_equal(expect_told(fixture, IPC_LOST, 0), IPC_LOST_DEADLINE);
    assert_int_equal(in_kernel(fixture, NULL), 1);
    keeper_due(keeper);
    expect_silence(fixture);
    holding_remove_all(keeper);
    assert_int_equal(in_kernel(fixture, NULL), 0);
}

/* The kernel can keep the keeper waiting for its locks, while the engine goes on. */
static void test_a_deadline_that_was_moved_meanwhile_costs_no_address(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct keeper *keeper = fixture->keeper;
    const struct ipc_message moved = {.type = IPC_DEADLINE, .vip = 0, .deadline_ns = later()};

    assert_int_equal(holding_add(keeper, 0, later()), 0);
    assert_int_equal(holding_add(keeper, 1, later()), 0);
    vip_set_deadline(&keeper->vips[0], 1);
    vip_set_deadline(&keeper->vips[1], 1);
    assert_int_equal(ipc_send(fixture->engine, &moved), 0);
    keeper_due_after_wait(keeper);
    assert_int_equal(expect_told(fixture, IPC_LOST, 3), IPC_LOST_DEADLINE);
    expect_silence(fixture);
    assert_int_equal(in_kernel(fixture, NULL), 3);
    holding_remove_all(keeper);
}

/* The kernel would make it anew, for as long as it is told. */
static void test_an_address_that_has_ended_is_not_brought_back_by_a_late_renewal(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct keeper *keeper = fixture->keeper;
    struct netlink_item item = {.verb = NETLINK_RENEW,
                                .address = &keeper->conf.addresses[0],
                                .ifindex = keeper->interfaces[0].ifindex,
                                .valid_s = 2};

    assert_int_equal(netlink_batch(&keeper->netlink, &item, 1, clock_now_ns()), -ETIME);
    assert_int_equal(item.error, -ETIME);
    assert_int_equal(in_kernel(fixture, NULL), 0);
    assert_int_equal(netlink_batch(&keeper->netlink, &item, 1, later()), 0);
    assert_int_equal(in_kernel(fixture, NULL), 1);
}

/* The engine frees its votes by that word. */
static void test_no_address_is_said_to_be_lost_while_the_kernel_keeps_it(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct keeper *keeper = fixture->keeper;

    assert_int_equal(holding_add(keeper, 0, later()), 0);
    keeper->conf.addresses[2].prefix = 129; /* no kernel removes that */
    vip_set_deadline(&keeper->vips[0], 1);
    keeper->silent_end_ns = CLOCK_NEVER_NS;
    for (unsigned i = 0; i < 3; i++) {
        keeper_due(keeper);
        /* Whether or not the kernel is slow, the engine was late. */
        assert_int_not_equal(keeper->silent_end_ns, CLOCK_NEVER_NS);
        assert_int_equal(keeper->vips[0].phase, VIP_LEAVING);
        expect_silence(fixture);
        keeper->vips[0].deadline_ns = 1; /* when it is tried again */
    }
    keeper->conf.addresses[2].prefix = 128;
    assert_int_equal(in_kernel(fixture, NULL), 1);
    keeper_due(keeper);
    assert_int_equal(in_kernel(fixture, NULL), 0);
    assert_int_equal(expect_told(fixture, IPC_LOST, 0), IPC_LOST_DEADLINE);
    keeper_due(keeper);
    expect_silence(fixture);
}

static void test_an_interface_that_is_not_there_is_no_place_for_a_vip(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct keeper *keeper = fixture->keeper;

    memcpy(keeper->conf.vips[0].interface, "gone0", 6);
    memcpy(keeper->interfaces[0].name, "gone0", 6);
    assert_int_equal(news_compare(keeper), 0);
    assert_int_equal(keeper->interfaces[0].ifindex, 0);
    assert_int_equal(holding_add(keeper, 0, later()), -ENODEV);
    assert_int_equal(holding_remove(keeper, 0), 0);
}

static void visit_settings(void *arg, struct nlmsghdr *message)
{
    *(int *)arg = kernel_forwarding_parse(message);
}

static void set_forwarding(const char *value)
{
    const int fd = open("/proc/sys/net/ipv6/conf/lo/forwarding", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        skip(); /* read-only here */
    assert_int_equal(write(fd, value, 1), 1);
    (void)close(fd);
}

static void test_the_kernel_says_whether_an_interface_forwards(void **state)
{
    struct fixture *fixture = *state;
    int forwarding = -1;

    for (int value = 1; value >= 0; value--) {
        set_forwarding(value == 1 ? "1" : "0");
        assert_int_equal(netlink_get_ipv6_settings(&fixture->other, if_nametoindex("lo"),
                                                   visit_settings, &forwarding),
                         0);
        assert_int_equal(forwarding, value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NAMESPACE(test_all_addresses_come_with_our_mark_and_go_again),
        IN_NAMESPACE(test_the_kernel_is_told_no_more_than_the_deadline_leaves),
        IN_NAMESPACE(test_own_doings_are_no_news_even_when_they_are_read_late),
        IN_NAMESPACE(test_a_kernel_without_marks_takes_nothing_of_ours_for_foreign),
        IN_NAMESPACE(test_adding_what_is_there_already_succeeds),
        IN_NAMESPACE(test_nothing_is_added_after_the_deadline),
        IN_NAMESPACE(test_a_failure_halfway_leaves_nothing),
        IN_NAMESPACE(test_an_address_of_another_program_is_neither_adopted_nor_removed),
        IN_NAMESPACE(test_another_program_that_takes_a_held_address_over_is_a_conflict),
        IN_NAMESPACE(test_a_foreign_removal_is_told_once_and_never_undone_by_a_renewal),
        IN_NAMESPACE(test_lost_news_are_made_up_for_by_a_dump),
        IN_NAMESPACE(test_a_link_that_goes_down_takes_the_whole_vip_with_it),
        IN_NAMESPACE(test_leftovers_of_an_earlier_run_go_before_anything_starts),
        IN_NAMESPACE(test_the_deadline_of_one_vip_leaves_the_other_alone),
        IN_NAMESPACE(test_a_deadline_that_was_moved_meanwhile_costs_no_address),
        IN_NAMESPACE(test_an_address_that_has_ended_is_not_brought_back_by_a_late_renewal),
        IN_NAMESPACE(test_no_address_is_said_to_be_lost_while_the_kernel_keeps_it),
        IN_NAMESPACE(test_an_interface_that_is_not_there_is_no_place_for_a_vip),
        IN_NAMESPACE(test_the_kernel_says_whether_an_interface_forwards),
    };

    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
