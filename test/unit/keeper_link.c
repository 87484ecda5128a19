// SPDX-License-Identifier: MIT
/* What becomes of VIPs whose interface is renamed, goes, or becomes a port of a bridge. */
#include "keeper_support.h"

#include "keeper/clock.h"

#include "log/log.h"

#include <errno.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A VIP on an interface of a kind that can be made anywhere: a pair of a cable's two ends. */
static struct fixture *on_cable(void **state)
{
    struct fixture *fixture = fixture_of(state);
    struct keeper *keeper = fixture->keeper;

    if (system("ip link add va type veth peer name vb && ip link set va up && ip link set vb up &&"
               "ip addr add 10.9.0.200/24 dev va") != 0)
        skip();
    keeper_interface_init(&keeper->interfaces[0], "va");
    assert_int_equal(news_compare(keeper), 0);
    news_settle(keeper);
    assert_int_equal(holding_add(keeper, 0, later()), 0);
    forget_told(fixture);
    return fixture;
}

static void choose_by_name(struct keeper *keeper)
{
    for (unsigned vip = 0; vip < keeper->conf.vip_count; vip++)
        memcpy(keeper->conf.vips[vip].interface, "va", 3);
}

static void look(struct keeper *keeper)
{
    news_read(keeper);
    news_settle(keeper);
}

/* The engine is told so of the first VIP next; the second one is on the same interface. */
static void expect_link(const struct fixture *fixture, enum ipc_link state, const char *interface)
{
    struct ipc_message message = {0};

    assert_int_equal(ipc_receive(fixture->engine, &message), sizeof(message));
    assert_int_equal(message.type, IPC_LINK);
    assert_int_equal(message.reason, state);
    assert_string_equal(message.interface, interface);
    if (state == IPC_LINK_PORT)
        assert_string_equal(message.port_of, "br0");
}

static void test_a_renamed_interface_that_was_chosen_by_name_keeps_no_address(void **state)
{
    struct fixture *fixture = on_cable(state);
    struct keeper *keeper = fixture->keeper;

    choose_by_name(keeper);
    assert_int_equal(system("ip link set va down && ip link set va name vx && ip link set vx up"),
                     0);
    look(keeper);
    assert_int_equal(in_kernel(fixture, NULL), 0);
    expect_link(fixture, IPC_LINK_GONE, "va");
    assert_int_equal(expect_told(fixture, IPC_LOST, 0), IPC_LOST_LINK);
    assert_int_equal(holding_add(keeper, 0, later()), -ENODEV);
    forget_told(fixture);
    assert_int_equal(system("ip link set vx down && ip link set vx name va && ip link set va up"),
                     0);
    look(keeper);
    expect_link(fixture, IPC_LINK_UP, "va");
    assert_int_equal(holding_add(keeper, 0, later()), 0);
}

static void test_a_renamed_interface_is_not_said_to_be_free_while_the_kernel_keeps_the_addresses(
    void **state)
{
    struct fixture *fixture = on_cable(state);
    struct keeper *keeper = fixture->keeper;
    struct nl_sock *batch = keeper->netlink.batch;

    choose_by_name(keeper);
    assert_int_equal(system("ip link set va down && ip link set va name vx && ip link set vx up"),
                     0);
    keeper->netlink.batch = nl_socket_alloc(); /* no order gets through */
    look(keeper);
    assert_int_equal(in_kernel(fixture, NULL),
                     2); /* the kernel takes IPv6 away when a link goes down */
    assert_int_equal(keeper->vips[0].phase, VIP_LEAVING);
    assert_true(holding_remove(keeper, 0) < 0);
    assert_true(news_is_pending(keeper));
    nl_socket_free(keeper->netlink.batch);
    keeper->netlink.batch = batch;
    assert_int_equal(holding_remove(keeper, 0), 0);
    assert_int_equal(in_kernel(fixture, NULL), 0);
    assert_false(news_is_pending(keeper));
}

static void test_an_interface_that_the_route_chose_may_be_renamed_while_it_is_up(void **state)
{
    struct fixture *fixture = on_cable(state);
    struct keeper *keeper = fixture->keeper;

    if (system("ip link set va name vx") != 0)
        skip(); /* a kernel that wants it down */
    look(keeper);
    assert_int_equal(in_kernel(fixture, NULL), 3);
    assert_int_equal(keeper->vips[0].phase, VIP_HELD);
    expect_link(fixture, IPC_LINK_UP, "vx");
    expect_link(fixture, IPC_LINK_UP, "vx");
    expect_silence(fixture);
}

static void test_a_port_of_a_bridge_carries_nothing_and_the_vip_follows_its_route(void **state)
{
    struct fixture *fixture = on_cable(state);
    struct keeper *keeper = fixture->keeper;

    if (system("ip link add br0 type bridge && ip link set br0 up && ip link set va master br0") !=
        0)
        skip();
    look(keeper);
    assert_int_equal(in_kernel(fixture, NULL), 0);
    expect_link(fixture, IPC_LINK_PORT, "va");
    forget_told(fixture);
    link_due(keeper); /* the network is where it was */
    look(keeper);
    expect_silence(fixture);
    assert_int_equal(
        system("ip addr del 10.9.0.200/24 dev va && ip addr add 10.9.0.200/24 dev br0"), 0);
    keeper->seek_ns = 0;
    link_due(keeper);
    look(keeper);
    assert_string_equal(keeper_interface(keeper, 0)->name, "br0");
    assert_string_equal(keeper_interface(keeper, 1)->name, "br0");
    assert_int_equal(holding_add(keeper, 0, later()), 0);
    assert_int_equal(link_next_ns(keeper), UINT64_MAX);
}

static void test_a_vip_whose_interface_is_named_does_not_follow_the_route(void **state)
{
    struct fixture *fixture = on_cable(state);
    struct keeper *keeper = fixture->keeper;

    choose_by_name(keeper);
    assert_int_equal(system("ip link del va"), 0);
    look(keeper);
    expect_link(fixture, IPC_LINK_GONE, "va");
    assert_int_equal(link_next_ns(keeper), UINT64_MAX);
}

static void test_a_reason_that_changes_is_told_and_the_same_one_is_not_told_twice(void **state)
{
    struct fixture *fixture = on_cable(state);
    struct keeper *keeper = fixture->keeper;

    assert_int_equal(system("ip link set vb down"), 0);
    look(keeper);
    expect_link(fixture, IPC_LINK_NO_CARRIER, "va");
    forget_told(fixture);
    assert_int_equal(system("ip link set va down"), 0);
    look(keeper);
    expect_link(fixture, IPC_LINK_DOWN, "va");
    expect_link(fixture, IPC_LINK_DOWN, "va");
    look(keeper);
    expect_silence(fixture);
}

/* VIP "one" is on va by its route, "two" on an interface of that name that is not there yet. */
static struct fixture *on_two(void **state, const char *name)
{
    struct fixture *fixture = on_cable(state);
    struct keeper *keeper = fixture->keeper;

    (void)snprintf(keeper->conf.vips[1].interface, sizeof(keeper->conf.vips[1].interface), "%s",
                   name);
    keeper_interface_init(&keeper->interfaces[keeper->interface_count++], name);
    keeper->interface_of[1] = 1;
    return fixture;
}

static unsigned entries_of(const struct keeper *keeper, const char *name)
{
    unsigned count = 0;

    for (unsigned i = 0; i < keeper->interface_count; i++)
        count += strcmp(keeper->interfaces[i].name, name) == 0;
    return count;
}

static void test_an_interface_that_takes_the_name_of_another_one_is_one_entry(void **state)
{
    struct fixture *fixture = on_two(state, "vx");
    struct keeper *keeper = fixture->keeper;

    if (system("ip link set va name vx") != 0)
        skip(); /* a kernel that wants it down */
    look(keeper);
    assert_int_equal(entries_of(keeper, "vx"), 1);
    assert_ptr_equal(keeper_interface(keeper, 0), keeper_interface(keeper, 1));
    assert_int_equal(keeper->vips[0].phase, VIP_HELD);
    assert_int_equal(in_kernel(fixture, NULL), 3);
    expect_link(fixture, IPC_LINK_UP, "vx");
    expect_link(fixture, IPC_LINK_UP, "vx");
    expect_silence(fixture);
    assert_int_equal(holding_add(keeper, 1, later()), 0);
}

static void test_an_interface_that_was_down_for_its_new_name_keeps_no_address(void **state)
{
    struct fixture *fixture = on_two(state, "vx");
    struct keeper *keeper = fixture->keeper;

    assert_int_equal(system("ip link set va down && ip link set va name vx && ip link set vx up"),
                     0);
    look(keeper);
    assert_int_equal(entries_of(keeper, "vx"), 1);
    assert_ptr_equal(keeper_interface(keeper, 0), keeper_interface(keeper, 1));
    assert_int_equal(keeper->vips[0].phase, VIP_ABSENT);
    assert_int_equal(in_kernel(fixture, NULL), 0);
    assert_int_equal(holding_add(keeper, 0, later()), 0);
}

/* A search may take long, of a router with the routes of the world. */
static void test_deadlines_are_looked_at_after_a_search_for_a_network(void **state)
{
    struct fixture *fixture = on_two(state, "lo");
    struct keeper *keeper = fixture->keeper;

    assert_int_equal(news_compare(keeper), 0);
    assert_int_equal(holding_add(keeper, 1, later()), 0);
    assert_int_equal(system("ip link del va"), 0);
    look(keeper);
    forget_told(fixture);
    vip_set_deadline(&keeper->vips[1], clock_now_ns());
    keeper->silent_end_ns = CLOCK_NEVER_NS;
    link_due(keeper);
    assert_int_equal(in_kernel(fixture, NULL), 0);
    assert_int_equal(expect_told(fixture, IPC_LOST, 3), IPC_LOST_DEADLINE);
}

static void test_networks_of_both_families_are_followed(void **state)
{
    struct fixture *fixture = on_cable(state);
    struct keeper *keeper = fixture->keeper;

    keeper->conf.addresses[3] = keeper->conf.addresses[2];
    keeper->conf.addresses[3].bytes[15] = 3;
    lookup_build(&keeper->conf, &keeper->lookup);
    if (system("ip link del va && ip link add br0 type bridge && ip link set br0 up &&"
               "ip addr add 10.9.0.200/24 dev br0 && ip addr add fd09::200/64 dev br0") != 0)
        skip();
    look(keeper);
    link_due(keeper);
    assert_string_equal(keeper_interface(keeper, 0)->name, "br0");
    assert_string_equal(keeper_interface(keeper, 1)->name, "br0");
    assert_int_equal(entries_of(keeper, "br0"), 1);
}

static bool is_anywhere(const char *address)
{
    char command[128];

    (void)snprintf(command, sizeof(command), "ip -o address show to %s | grep -q .", address);
    return system(command) == 0;
}

/* A reload whose file has no 10.9.0.2 any more; the engine has agreed. */
static void reload_without_second_address(struct keeper *keeper, const char *interface)
{
    struct reload *reload = &keeper->reload;
    struct ipc_setup *setup;

    reload->report = calloc(1, sizeof(*reload->report));
    reload->offer = calloc(1, sizeof(*reload->offer));
    assert_non_null(reload->report);
    assert_non_null(reload->offer);
    setup = &reload->offer->setup;
    setup->conf = keeper->conf;
    setup->conf.addresses[1] = setup->conf.addresses[2];
    setup->conf.addresses[2] = setup->conf.addresses[3];
    setup->conf.vips[0].address_count--;
    setup->conf.vips[1].address_first--;
    setup->conf.address_count--;
    for (unsigned vip = 0; vip < setup->conf.vip_count; vip++) {
        reload->offer->change.vip_was[vip] = (uint8_t)vip;
        (void)snprintf(setup->interfaces[vip], sizeof(setup->interfaces[vip]), "%s", interface);
    }
    reload->report->setup = *setup;
    reload->phase = RELOAD_OFFERED;
    reload_answer(keeper, 0);
    free(reload->report);
    free(reload->offer);
}

static void test_an_address_that_a_reload_drops_does_not_stay_on_a_renamed_interface(void **state)
{
    struct fixture *fixture = on_cable(state);
    struct keeper *keeper = fixture->keeper;

    choose_by_name(keeper);
    assert_int_equal(system("ip link set va down && ip link set va name vx && ip link set vx up"),
                     0);
    assert_true(is_anywhere("10.9.0.2"));
    reload_without_second_address(keeper, "va");
    assert_false(is_anywhere("10.9.0.2"));
    look(keeper);
    assert_int_equal(in_kernel(fixture, NULL), 0);
}

static void test_what_the_kernel_keeps_of_a_renamed_interface_is_named_by_a_reload(void **state)
{
    struct fixture *fixture = on_cable(state);
    struct keeper *keeper = fixture->keeper;
    struct nl_sock *batch = keeper->netlink.batch;
    char text[256] = "";

    choose_by_name(keeper);
    assert_int_equal(system("ip link set va down && ip link set va name vx && ip link set vx up"),
                     0);
    keeper->netlink.batch = nl_socket_alloc(); /* no order gets through */
    log_keep_errors(text, sizeof(text));
    reload_without_second_address(keeper, "va");
    log_keep_errors(NULL, 0);
    nl_socket_free(keeper->netlink.batch);
    keeper->netlink.batch = batch;
    assert_non_null(strstr(text, "10.9.0.2/32"));
    assert_non_null(strstr(text, "remove it by hand"));
    assert_true(news_is_pending(keeper)); /* what is still configured goes later */
    look(keeper);
    assert_int_equal(in_kernel(fixture, NULL), 0);
}

static void test_a_new_interface_that_is_not_there_is_named_by_a_reload(void **state)
{
    struct fixture *fixture = on_cable(state);
    const int standard_error = dup(STDERR_FILENO);
    FILE *file = tmpfile();
    char text[4096] = "";

    assert_non_null(file);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    log_set_level(LOG_LEVEL_WARNING);
    reload_without_second_address(fixture->keeper, "nowhere");
    assert_true(dup2(standard_error, STDERR_FILENO) >= 0);
    (void)close(standard_error);
    rewind(file);
    (void)!fread(text, 1, sizeof(text) - 1, file);
    (void)fclose(file);
    assert_non_null(strstr(text, "interface nowhere is not there; waiting for it"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NAMESPACE(test_a_renamed_interface_that_was_chosen_by_name_keeps_no_address),
        IN_NAMESPACE(
            test_a_renamed_interface_is_not_said_to_be_free_while_the_kernel_keeps_the_addresses),
        IN_NAMESPACE(test_an_interface_that_the_route_chose_may_be_renamed_while_it_is_up),
        IN_NAMESPACE(test_a_port_of_a_bridge_carries_nothing_and_the_vip_follows_its_route),
        IN_NAMESPACE(test_a_vip_whose_interface_is_named_does_not_follow_the_route),
        IN_NAMESPACE(test_a_reason_that_changes_is_told_and_the_same_one_is_not_told_twice),
        IN_NAMESPACE(test_an_interface_that_takes_the_name_of_another_one_is_one_entry),
        IN_NAMESPACE(test_an_interface_that_was_down_for_its_new_name_keeps_no_address),
        IN_NAMESPACE(test_deadlines_are_looked_at_after_a_search_for_a_network),
        IN_NAMESPACE(test_networks_of_both_families_are_followed),
        IN_NAMESPACE(test_an_address_that_a_reload_drops_does_not_stay_on_a_renamed_interface),
        IN_NAMESPACE(test_what_the_kernel_keeps_of_a_renamed_interface_is_named_by_a_reload),
        IN_NAMESPACE(test_a_new_interface_that_is_not_there_is_named_by_a_reload),
    };

    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
