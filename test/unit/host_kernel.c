// SPDX-License-Identifier: MIT
#include "host/kernel.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#define ATTRIBUTE_IFA_PROTO 11

/* One rtnetlink message, as the kernel would send it. */
struct packet {
    _Alignas(struct nlmsghdr) char bytes[512];
};

static void packet_start(struct packet *packet, uint16_t type, const void *header, size_t length)
{
    const struct nlmsghdr start = {.nlmsg_len = (uint32_t)NLMSG_LENGTH(length), .nlmsg_type = type};

    *packet = (struct packet){{0}};
    memcpy(packet->bytes, &start, sizeof(start));
    if (length > 0)
        memcpy(packet->bytes + NLMSG_HDRLEN, header, length);
}

static struct nlmsghdr *packet_message(struct packet *packet)
{
    return (struct nlmsghdr *)(void *)packet->bytes;
}

static void packet_put(struct packet *packet, uint16_t type, const void *value, size_t length)
{
    struct nlmsghdr *message = packet_message(packet);
    const struct rtattr attribute = {.rta_len = (uint16_t)RTA_LENGTH(length), .rta_type = type};
    char *at = packet->bytes + NLMSG_ALIGN(message->nlmsg_len);

    memcpy(at, &attribute, sizeof(attribute));
    memcpy(at + RTA_LENGTH(0), value, length);
    message->nlmsg_len =
        (uint32_t)(NLMSG_ALIGN(message->nlmsg_len) + RTA_ALIGN(RTA_LENGTH(length)));
}

static void address_packet(struct packet *packet, uint8_t mark)
{
    const struct ifaddrmsg header = {.ifa_family = AF_INET,
                                     .ifa_prefixlen = 32,
                                     .ifa_flags = 0xff,
                                     .ifa_scope = RT_SCOPE_HOST,
                                     .ifa_index = 7};
    const uint8_t local[4] = {10, 0, 0, 1};
    const uint8_t peer[4] = {10, 0, 0, 2};
    const uint32_t flags = IFA_F_DEPRECATED | IFA_F_NOPREFIXROUTE;
    const struct ifa_cacheinfo info = {.ifa_valid = 2, .ifa_prefered = 0};

    packet_start(packet, RTM_NEWADDR, &header, sizeof(header));
    packet_put(packet, IFA_ADDRESS, peer, sizeof(peer));
    packet_put(packet, IFA_LOCAL, local, sizeof(local));
    packet_put(packet, IFA_FLAGS, &flags, sizeof(flags));
    packet_put(packet, IFA_CACHEINFO, &info, sizeof(info));
    if (mark != 0)
        packet_put(packet, ATTRIBUTE_IFA_PROTO, &mark, sizeof(mark));
}

static void test_an_address_is_read_with_all_that_matters(void **state)
{
    const uint8_t local[4] = {10, 0, 0, 1};
    struct kernel_address found;
    struct packet packet;

    (void)state;
    address_packet(&packet, KERNEL_MARK);
    assert_true(kernel_address_parse(packet_message(&packet), &found));
    assert_int_equal(found.address.family, AF_INET);
    assert_int_equal(found.address.prefix, 32);
    assert_memory_equal(found.address.bytes, local, sizeof(local)); /* not the peer's */
    assert_int_equal(found.ifindex, 7);
    assert_int_equal(found.scope, RT_SCOPE_HOST);
    assert_int_equal(found.mark, KERNEL_MARK);
    assert_int_equal(found.flags, IFA_F_DEPRECATED | IFA_F_NOPREFIXROUTE);
    assert_int_equal(found.valid_s, 2);
}

static void test_an_address_without_a_lifetime_lives_for_ever(void **state)
{
    const struct ifaddrmsg header = {.ifa_family = AF_INET6, .ifa_prefixlen = 64, .ifa_index = 1};
    const uint8_t bytes[16] = {0xfd, [15] = 1};
    struct kernel_address found;
    struct packet packet;

    (void)state;
    packet_start(&packet, RTM_DELADDR, &header, sizeof(header));
    packet_put(&packet, IFA_ADDRESS, bytes, sizeof(bytes));
    assert_true(kernel_address_parse(packet_message(&packet), &found));
    assert_true(found.valid_s == UINT32_MAX);
    assert_int_equal(found.mark, 0);
    assert_memory_equal(found.address.bytes, bytes, sizeof(bytes));
}

static void test_an_address_of_the_wrong_size_or_family_is_nothing(void **state)
{
    struct ifaddrmsg header = {.ifa_family = AF_INET};
    const uint8_t bytes[16] = {0};
    struct kernel_address found;
    struct packet packet;

    (void)state;
    packet_start(&packet, RTM_NEWADDR, &header, sizeof(header));
    assert_false(kernel_address_parse(packet_message(&packet), &found));
    packet_put(&packet, IFA_LOCAL, bytes, sizeof(bytes));
    assert_false(kernel_address_parse(packet_message(&packet), &found));
    header.ifa_family = AF_PACKET;
    packet_start(&packet, RTM_NEWADDR, &header, sizeof(header));
    packet_put(&packet, IFA_LOCAL, bytes, 4);
    assert_false(kernel_address_parse(packet_message(&packet), &found));
    packet_start(&packet, RTM_NEWADDR, &header, 2);
    assert_false(kernel_address_parse(packet_message(&packet), &found));
}

static void link_packet(struct packet *packet, uint16_t type, unsigned flags)
{
    const struct ifinfomsg header = {.ifi_type = ARPHRD_ETHER, .ifi_index = 3, .ifi_flags = flags};
    const uint8_t mac[6] = {2, 0, 0, 0, 0, 9};

    packet_start(packet, type, &header, sizeof(header));
    packet_put(packet, IFLA_ADDRESS, mac, sizeof(mac));
    packet_put(packet, IFLA_IFNAME, "eth0", 5);
}

static void test_what_is_wrong_with_a_link_is_told_apart(void **state)
{
    struct kernel_link found;
    struct packet packet;

    (void)state;
    link_packet(&packet, RTM_NEWLINK, IFF_UP | IFF_LOWER_UP);
    assert_true(kernel_link_parse(packet_message(&packet), &found));
    assert_true(found.set_up && found.carrier);
    assert_int_equal(found.port_of, 0);
    assert_true(found.ethernet);
    assert_int_equal(found.mac[5], 9);
    assert_int_equal(found.ifindex, 3);
    assert_string_equal(found.name, "eth0");
    link_packet(&packet, RTM_NEWLINK, IFF_UP);
    assert_true(kernel_link_parse(packet_message(&packet), &found));
    assert_true(found.set_up && !found.carrier);
    link_packet(&packet, RTM_NEWLINK, IFF_LOWER_UP);
    assert_true(kernel_link_parse(packet_message(&packet), &found));
    assert_true(!found.set_up && found.carrier);
    link_packet(&packet, RTM_DELLINK, IFF_UP | IFF_LOWER_UP);
    assert_true(kernel_link_parse(packet_message(&packet), &found));
    assert_false(found.set_up);
}

/* IFLA_LINKINFO of a link whose master is of that kind. */
static void put_master(struct packet *packet, const char *kind)
{
    const uint32_t master = 7;
    struct packet info;

    packet_start(&info, 0, NULL, 0);
    packet_put(&info, IFLA_INFO_SLAVE_KIND, kind, strlen(kind) + 1);
    packet_put(packet, IFLA_MASTER, &master, sizeof(master));
    packet_put(packet, IFLA_LINKINFO, info.bytes + NLMSG_HDRLEN,
               packet_message(&info)->nlmsg_len - NLMSG_HDRLEN);
}

static void test_a_port_of_a_switch_is_one_and_a_member_of_a_vrf_is_none(void **state)
{
    static const struct {
        const char *kind;
        unsigned port_of;
    } cases[] = {{"bridge", 7}, {"bond", 7}, {"team", 7}, {"openvswitch", 7}, {"vrf", 0}};
    struct kernel_link found;
    struct packet packet;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        link_packet(&packet, RTM_NEWLINK, IFF_UP | IFF_LOWER_UP);
        put_master(&packet, cases[i].kind);
        assert_true(kernel_link_parse(packet_message(&packet), &found));
        assert_int_equal(found.port_of, cases[i].port_of);
    }
}

static void test_a_link_without_a_name_and_a_bridge_port_are_nothing(void **state)
{
    struct ifinfomsg header = {.ifi_index = 3};
    struct kernel_link found;
    struct packet packet;

    (void)state;
    packet_start(&packet, RTM_NEWLINK, &header, sizeof(header));
    assert_false(kernel_link_parse(packet_message(&packet), &found));
    header.ifi_family = AF_BRIDGE;
    packet_start(&packet, RTM_DELLINK, &header, sizeof(header));
    packet_put(&packet, IFLA_IFNAME, "eth0", 5);
    assert_false(kernel_link_parse(packet_message(&packet), &found));
}

struct owner_case {
    const char *name;
    struct kernel_address address;
    bool with_marks; /* on a kernel that keeps marks */
    bool without_marks;
};

#define LOOKS_OURS (IFA_F_DEPRECATED | IFA_F_NOPREFIXROUTE)

static void test_only_what_vipgossip_added_is_ours(void **state)
{
    static const struct owner_case cases[] = {
        {"marked", {.address = {.family = AF_INET}, .mark = KERNEL_MARK}, true, false},
        {"marked by another",
         {.address = {.family = AF_INET}, .mark = 18, .valid_s = UINT32_MAX},
         false,
         false},
        {"looks like ours",
         {.address = {.family = AF_INET},
          .scope = RT_SCOPE_HOST,
          .flags = LOOKS_OURS,
          .valid_s = 2},
         false,
         true},
        {"looks like ours, IPv6",
         {.address = {.family = AF_INET6}, .flags = LOOKS_OURS, .valid_s = 2},
         false,
         true},
        {"for ever",
         {.address = {.family = AF_INET6}, .flags = LOOKS_OURS, .valid_s = UINT32_MAX},
         false,
         false},
        {"of global scope",
         {.address = {.family = AF_INET}, .flags = LOOKS_OURS, .valid_s = 2},
         false,
         false},
        {"with a route",
         {.address = {.family = AF_INET6}, .flags = IFA_F_DEPRECATED, .valid_s = 2},
         false,
         false},
        {"keepalived's",
         {.address = {.family = AF_INET}, .valid_s = UINT32_MAX, .flags = IFA_F_PERMANENT},
         false,
         false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (kernel_address_is_ours(&cases[i].address, true) != cases[i].with_marks)
            fail_msg("%s, on a kernel that keeps marks", cases[i].name);
        if (kernel_address_is_ours(&cases[i].address, false) != cases[i].without_marks)
            fail_msg("%s, on an old kernel", cases[i].name);
    }
}

static void test_kernels_from_5_18_on_keep_our_mark(void **state)
{
    (void)state;
    assert_false(kernel_release_has_mark("4.19.0-27-amd64"));
    assert_false(kernel_release_has_mark("5.10.0-28-amd64"));
    assert_false(kernel_release_has_mark("5.17.15"));
    assert_true(kernel_release_has_mark("5.18.0"));
    assert_true(kernel_release_has_mark("6.1.0-18-amd64"));
    assert_true(kernel_release_has_mark("unheard of"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_address_is_read_with_all_that_matters),
        cmocka_unit_test(test_an_address_without_a_lifetime_lives_for_ever),
        cmocka_unit_test(test_an_address_of_the_wrong_size_or_family_is_nothing),
        cmocka_unit_test(test_what_is_wrong_with_a_link_is_told_apart),
        cmocka_unit_test(test_a_port_of_a_switch_is_one_and_a_member_of_a_vrf_is_none),
        cmocka_unit_test(test_a_link_without_a_name_and_a_bridge_port_are_nothing),
        cmocka_unit_test(test_only_what_vipgossip_added_is_ours),
        cmocka_unit_test(test_kernels_from_5_18_on_keep_our_mark),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
