// SPDX-License-Identifier: MIT
#include "doctor_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#define IPV4_HEADER 20
#define IPV6_HEADER 40

/* An IPv4 packet from 10.0.0.7 with this payload; its length. */
static size_t wrap_ipv4(const uint8_t *payload, size_t size, uint8_t packet[static 128])
{
    static const uint8_t from[] = {10, 0, 0, 7};

    memset(packet, 0, 128);
    packet[0] = 0x45;
    packet[3] = (uint8_t)(IPV4_HEADER + size);
    packet[9] = FRAME_PROTOCOL_VRRP;
    memcpy(packet + 12, from, sizeof(from));
    memcpy(packet + IPV4_HEADER, payload, size);
    return IPV4_HEADER + size;
}

static void test_vrrp_of_both_versions_gives_its_addresses(void **state)
{
    static const uint8_t advertisement[] = {0x21, 51, 100, 2,   0,  1, 0, 0,
                                            10,   0,  0,   100, 10, 0, 0, 101};
    struct frame_speaker speaker;
    uint8_t packet[128];
    const size_t length = wrap_ipv4(advertisement, sizeof(advertisement), packet);
    (void)state;

    for (unsigned version = 2; version <= 3; version++) {
        packet[IPV4_HEADER] = (uint8_t)(version << 4 | 1);
        assert_true(frame_parse_speaker(packet, length, &speaker));
        assert_int_equal(speaker.version, version);
        assert_int_equal(speaker.id, 51);
        assert_int_equal(speaker.priority, 100);
        assert_int_equal(speaker.from.bytes[3], 7);
        assert_int_equal(speaker.address_count, 2);
        assert_int_equal(speaker.addresses[1].bytes[3], 101);
        assert_false(speaker.is_carp);
    }
}

static void test_carp_is_told_from_vrrp_by_its_length_and_says_no_address(void **state)
{
    uint8_t advertisement[36] = {0x21, 7, 0, 7, 0, 1};
    struct frame_speaker speaker;
    uint8_t packet[128];
    (void)state;

    assert_true(frame_parse_speaker(packet, wrap_ipv4(advertisement, sizeof(advertisement), packet),
                                    &speaker));
    assert_true(speaker.is_carp);
    assert_int_equal(speaker.id, 7);
    assert_int_equal(speaker.address_count, 0);
}

static void test_vrrp_over_ipv6_gives_ipv6_addresses(void **state)
{
    uint8_t packet[IPV6_HEADER + 8 + 16] = {0};
    struct frame_speaker speaker;
    (void)state;

    packet[0] = 0x60;
    packet[6] = FRAME_PROTOCOL_VRRP;
    packet[8] = 0xfe;
    packet[IPV6_HEADER] = 0x31;
    packet[IPV6_HEADER + 3] = 1;
    packet[IPV6_HEADER + 8] = 0xfd;
    assert_true(frame_parse_speaker(packet, sizeof(packet), &speaker));
    assert_int_equal(speaker.from.family, AF_INET6);
    assert_int_equal(speaker.address_count, 1);
    assert_int_equal(speaker.addresses[0].bytes[0], 0xfd);
}

static void test_counts_that_lie_and_packets_that_are_cut_are_harmless(void **state)
{
    static const uint8_t liar[] = {0x31, 51, 100, 255, 0, 1, 0, 0, 10, 0, 0, 100, 10};
    struct frame_speaker speaker;
    uint8_t packet[128];
    size_t length = wrap_ipv4(liar, sizeof(liar), packet);
    (void)state;

    assert_true(frame_parse_speaker(packet, length, &speaker));
    assert_int_equal(speaker.address_count, 1);
    packet[0] = 0x4f; /* a header longer than the packet */
    assert_false(frame_parse_speaker(packet, length, &speaker));
    packet[0] = 0x45;
    packet[9] = 17;
    assert_false(frame_parse_speaker(packet, length, &speaker));
    packet[9] = FRAME_PROTOCOL_VRRP;
    packet[IPV4_HEADER] = 0x32; /* no advertisement */
    assert_false(frame_parse_speaker(packet, length, &speaker));
    packet[IPV4_HEADER] = 0x41; /* no version that there is */
    assert_false(frame_parse_speaker(packet, length, &speaker));
    packet[IPV4_HEADER] = 0x31;
    for (length = 0; length < IPV4_HEADER + 8; length++)
        assert_false(frame_parse_speaker(packet, length, &speaker));
}

static void test_arp_answers_name_a_mac_and_our_own_probe_names_nobody(void **state)
{
    static const uint8_t mac[] = {2, 0, 0, 0, 0, 1};
    static const uint8_t wanted[] = {10, 0, 0, 100};
    uint8_t packet[FRAME_ARP_BYTES];
    uint8_t address[4];
    uint8_t found[FRAME_MAC_BYTES];
    (void)state;

    frame_write_probe(mac, wanted, packet);
    assert_memory_equal(packet + 24, wanted, sizeof(wanted));
    assert_false(frame_parse_arp(packet, sizeof(packet), address, found));
    packet[7] = 2; /* reply */
    memcpy(packet + 14, wanted, sizeof(wanted));
    assert_true(frame_parse_arp(packet, sizeof(packet), address, found));
    assert_memory_equal(address, wanted, sizeof(wanted));
    assert_memory_equal(found, mac, sizeof(mac));
    assert_false(frame_parse_arp(packet, sizeof(packet) - 1, address, found));
    packet[1] = 6; /* no Ethernet */
    assert_false(frame_parse_arp(packet, sizeof(packet), address, found));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vrrp_of_both_versions_gives_its_addresses),
        cmocka_unit_test(test_carp_is_told_from_vrrp_by_its_length_and_says_no_address),
        cmocka_unit_test(test_vrrp_over_ipv6_gives_ipv6_addresses),
        cmocka_unit_test(test_counts_that_lie_and_packets_that_are_cut_are_harmless),
        cmocka_unit_test(test_arp_answers_name_a_mac_and_our_own_probe_names_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
