// SPDX-License-Identifier: MIT
/*
 * Addresses in a real kernel, on the loopback interface of a network namespace that this program
 * makes for itself. Where it may not make one, the tests are skipped.
 */
#include "keeper.h"

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

#define LONG_NS (60 * CLOCK_NS_PER_S)

struct fixture {
    struct keeper *keeper;
    struct netlink other; /* another program */
    int engine;           /* the engine's end */
};

static struct conf_address address_of(const char *text)
{
    struct conf_address address = {.family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET};

    address.prefix = address.family == AF_INET ? 32 : 128;
    assert_int_equal(inet_pton(address.family, text, address.bytes), 1);
    return address;
}

/* 0: no namespace, no tests. */
static int enter_namespace(void)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int result;
    int fd;

    if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
        return 0;
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    result = ioctl(fd, SIOCSIFFLAGS, &request);
    (void)close(fd);
    return result == 0;
}

static void add_vip(struct conf *conf, const char *name, const char *const *addresses)
{
    struct conf_vip *vip = &conf->vips[conf->vip_count++];

    (void)snprintf(vip->name, sizeof(vip->name), "%s", name);
    vip->kernel_lease_s = 2;
    vip->address_first = conf->address_count;
    for (; addresses[vip->address_count] != NULL; vip->address_count++)
        conf->addresses[conf->address_count++] = address_of(addresses[vip->address_count]);
}

/* Reads away what the engine was told so far. */
static void forget_told(const struct fixture *fixture)
{
    struct ipc_message message;

    while (ipc_receive(fixture->engine, &message) > 0)
        continue;
}

static int setup(void **state)
{
    static const char *const one[] = {"10.9.0.1", "10.9.0.2", "fd09::1", NULL};
    static const char *const two[] = {"10.9.0.3", NULL};
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct keeper *keeper = calloc(1, sizeof(*keeper));
    int ends[2];

    *state = NULL;
    if (fixture == NULL || keeper == NULL)
        return -1;
    if (!enter_namespace() || netlink_open(&keeper->netlink) < 0 ||
        netlink_open(&fixture->other) < 0 || monitor_open(&keeper->monitor) < 0) {
        free(fixture);
        free(keeper);
        return 0;
    }
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    keeper->engine_fd = ends[0];
    fixture->engine = ends[1];
    fixture->keeper = keeper;
    add_vip(&keeper->conf, "one", one);
    add_vip(&keeper->conf, "two", two);
    lookup_build(&keeper->conf, &keeper->lookup);
    keeper->kernel_has_mark = true;
    keeper->interface_count = 1;
    (void)snprintf(keeper->interfaces[0].name, sizeof(keeper->interfaces[0].name), "lo");
    for (unsigned vip = 0; vip < keeper->conf.vip_count; vip++)
        vip_init(&keeper->vips[vip], 2, 0);
    assert_int_equal(news_compare(keeper), 0);
    news_settle(keeper);
    forget_told(fixture);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    if (fixture == NULL)
        return 0;
    netlink_close(&fixture->keeper->netlink);
    netlink_close(&fixture->other);
    monitor_close(&fixture->keeper->monitor);
    (void)close(fixture->keeper->engine_fd);
    (void)close(fixture->engine);
    free(fixture->keeper);
    free(fixture);
    return 0;
}

static struct fixture *fixture_of(void **state)
{
    if (*state == NULL)
        skip();
    return *state;
}

/* What another program does to one of the addresses on lo. */
static int meddle(struct fixture *fixture, enum netlink_verb verb, unsigned address)
{
    struct netlink_item item = {.verb = verb,
                                .address = &fixture->keeper->conf.addresses[address],
                                .ifindex = fixture->keeper->interfaces[0].ifindex,
                                .valid_s = 100};

    return netlink_batch(&fixture->other, &item, 1, CLOCK_NEVER_NS);
}

struct count {
    const struct conf *conf;
    unsigned found;
    struct kernel_address last;
};

static void count_address(void *arg, struct nlmsghdr *message)
{
    struct count *count = arg;
    struct kernel_address address;

    if (!kernel_address_parse(message, &address))
        return;
    for (unsigned i = 0; i < count->conf->address_count; i++) {
        if (conf_address_equal(&count->conf->addresses[i], &address.address)) {
            count->found++;
            count->last = address;
        }
    }
}

/* How many of the configured addresses the kernel has. */
static unsigned in_kernel(struct fixture *fixture, struct kernel_address *ret_last)
{
    struct count count = {.conf = &fixture->keeper->conf};

    assert_int_equal(netlink_dump_addresses(&fixture->other, count_address, &count), 0);
    if (ret_last != NULL)
        *ret_last = count.last;
    return count.found;
}

/* The next message to the engine is of this type and address. Returns its reason. */
static unsigned expect_told(const struct fixture *fixture, enum ipc_type type, unsigned address)
{
    struct ipc_message message = {0};

    assert_int_equal(ipc_receive(fixture->engine, &message), sizeof(message));
    assert_int_equal(message.type, type);
    assert_int_equal(message.address, address);
    return message.reason;
}

static void expect_silence(const struct fixture *fixture)
{
    struct ipc_message message;

    assert_int_equal(ipc_receive(fixture->engine, &message), -EAGAIN);
}

static uint64_t later(void)
{
    return clock_now_ns() + LONG_NS;
}

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
    for (unsigned i = 0; i < 3; i++) {
        keeper_due(keeper);
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

    (void)snprintf(keeper->interfaces[0].name, sizeof(keeper->interfaces[0].name), "gone0");
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
#define IN_NAMESPACE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
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
