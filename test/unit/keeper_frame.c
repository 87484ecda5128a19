// SPDX-License-Identifier: MIT
#include "keeper/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

static const uint8_t mac[6] = {0x02, 0x00, 0x5e, 0x00, 0x10, 0x01};
static const uint8_t vip4[4] = {192, 168, 4, 3};
static const uint8_t vip6[16] = {0x20, 0x01, 0x0d, 0xb8, [13] = 0x04, [15] = 0x03};

static void assert_bytes(const struct frame *frame, const char *expected)
{
    char text[3 * FRAME_BYTES_MAX + 1] = "";

    for (size_t i = 0; i < frame->length; i++)
        (void)snprintf(text + 3 * i, 4, "%02x ", frame->bytes[i]);
    text[3 * frame->length - 1] = '\0';
    assert_string_equal(text, expected);
}

static void test_a_gratuitous_request_names_the_vip_twice(void **state)
{
    struct frame frame;

    (void)state;
    frame_arp_request(mac, vip4, &frame);
    assert_bytes(&frame, "ff ff ff ff ff ff 02 00 5e 00 10 01 08 06 00 01 08 00 06 04 00 01 "
                         "02 00 5e 00 10 01 c0 a8 04 03 00 00 00 00 00 00 c0 a8 04 03");
}

static void test_a_gratuitous_reply_has_the_senders_mac_as_target(void **state)
{
    struct frame frame;

    (void)state;
    frame_arp_reply(mac, vip4, &frame);
    assert_bytes(&frame, "ff ff ff ff ff ff 02 00 5e 00 10 01 08 06 00 01 08 00 06 04 00 02 "
                         "02 00 5e 00 10 01 c0 a8 04 03 02 00 5e 00 10 01 c0 a8 04 03");
}

static void test_an_arp_probe_claims_nothing(void **state)
{
    struct frame frame;

    (void)state;
    frame_arp_probe(mac, vip4, &frame);
    assert_bytes(&frame, "ff ff ff ff ff ff 02 00 5e 00 10 01 08 06 00 01 08 00 06 04 00 01 "
                         "02 00 5e 00 10 01 00 00 00 00 00 00 00 00 00 00 c0 a8 04 03");
}

static void test_an_advertisement_overrides_and_was_not_asked_for(void **state)
{
    struct frame frame;

    (void)state;
    frame_advertisement(mac, vip6, false, &frame);
    assert_bytes(&frame, "33 33 00 00 00 01 02 00 5e 00 10 01 86 dd 60 00 00 00 00 20 3a ff "
                         "20 01 0d b8 00 00 00 00 00 00 00 00 00 04 00 03 "
                         "ff 02 00 00 00 00 00 00 00 00 00 00 00 00 00 01 "
                         "88 00 8b 1e 20 00 00 00 "
                         "20 01 0d b8 00 00 00 00 00 00 00 00 00 04 00 03 "
                         "02 01 02 00 5e 00 10 01");
}

static void test_a_router_says_so_in_its_advertisement(void **state)
{
    struct frame frame;

    (void)state;
    frame_advertisement(mac, vip6, true, &frame);
    assert_bytes(&frame, "33 33 00 00 00 01 02 00 5e 00 10 01 86 dd 60 00 00 00 00 20 3a ff "
                         "20 01 0d b8 00 00 00 00 00 00 00 00 00 04 00 03 "
                         "ff 02 00 00 00 00 00 00 00 00 00 00 00 00 00 01 "
                         "88 00 0b 1e a0 00 00 00 "
                         "20 01 0d b8 00 00 00 00 00 00 00 00 00 04 00 03 "
                         "02 01 02 00 5e 00 10 01");
}

static void test_a_solicitation_goes_to_the_group_of_the_address(void **state)
{
    struct frame frame;

    (void)state;
    frame_solicitation(mac, vip6, &frame);
    assert_bytes(&frame, "33 33 ff 04 00 03 02 00 5e 00 10 01 86 dd 60 00 00 00 00 18 3a ff "
                         "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
                         "ff 02 00 00 00 00 00 00 00 00 00 01 ff 04 00 03 "
                         "87 00 4c e1 00 00 00 00 "
                         "20 01 0d b8 00 00 00 00 00 00 00 00 00 04 00 03");
}

static void test_a_new_destination_changes_nothing_else(void **state)
{
    const uint8_t gateway[6] = {2, 3, 4, 5, 6, 7};
    struct frame before;
    struct frame after;

    (void)state;
    frame_advertisement(mac, vip6, false, &before);
    after = before;
    frame_set_destination(&after, gateway);
    assert_memory_equal(after.bytes, gateway, 6);
    assert_memory_equal(after.bytes + 6, before.bytes + 6, before.length - 6);
    assert_int_equal(after.length, before.length);
}

static void test_arp_claims_its_sender_address(void **state)
{
    struct frame_claim claim;
    struct frame frame;

    (void)state;
    frame_arp_reply(mac, vip4, &frame);
    assert_true(frame_parse(frame.bytes, frame.length, &claim));
    assert_int_equal(claim.address.family, AF_INET);
    assert_memory_equal(claim.address.bytes, vip4, 4);
    assert_memory_equal(claim.mac, mac, 6);
}

static void test_an_advertisement_claims_its_target_for_the_mac_in_its_option(void **state)
{
    struct frame_claim claim;
    struct frame frame;

    (void)state;
    frame_advertisement(mac, vip6, false, &frame);
    frame.bytes[6] ^= 0xff; /* sent by another, on behalf of the owner */
    assert_true(frame_parse(frame.bytes, frame.length, &claim));
    assert_int_equal(claim.address.family, AF_INET6);
    assert_memory_equal(claim.address.bytes, vip6, 16);
    assert_memory_equal(claim.mac, mac, 6);
    /* Without the option it is the sender. */
    assert_true(frame_parse(frame.bytes, frame.length - 8, &claim));
    assert_memory_equal(claim.mac, frame.bytes + 6, 6);
}

static void test_a_frame_that_is_cut_claims_nothing(void **state)
{
    struct frame_claim claim;
    struct frame frame;

    (void)state;
    frame_arp_reply(mac, vip4, &frame);
    for (size_t length = 0; length < frame.length; length++)
        assert_false(frame_parse(frame.bytes, length, &claim));
    frame_advertisement(mac, vip6, false, &frame);
    for (size_t length = 0; length < frame.length - 8; length++)
        assert_false(frame_parse(frame.bytes, length, &claim));
}

struct change_case {
    const char *what;
    bool ipv6;
    size_t at;
    uint8_t value;
};

static void test_a_frame_of_another_kind_claims_nothing(void **state)
{
    static const struct change_case cases[] = {
        {"an ethertype", false, 13, 0x07},
        {"ARP for other hardware", false, 15, 6},
        {"ARP for another protocol", false, 16, 9},
        {"ARP with long addresses", false, 18, 8},
        {"IP version 4", true, 14, 0x45},
        {"a next header", true, 20, 6},
        {"a packet from afar", true, 21, 254},
        {"a solicitation", true, 54, 135},
        {"a code", true, 55, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct frame_claim claim;
        struct frame frame;

        if (cases[i].ipv6)
            frame_advertisement(mac, vip6, false, &frame);
        else
            frame_arp_request(mac, vip4, &frame);
        frame.bytes[cases[i].at] = cases[i].value;
        if (frame_parse(frame.bytes, frame.length, &claim))
            fail_msg("%s was taken for a claim", cases[i].what);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_gratuitous_request_names_the_vip_twice),
        cmocka_unit_test(test_a_gratuitous_reply_has_the_senders_mac_as_target),
        cmocka_unit_test(test_an_arp_probe_claims_nothing),
        cmocka_unit_test(test_an_advertisement_overrides_and_was_not_asked_for),
        cmocka_unit_test(test_a_router_says_so_in_its_advertisement),
        cmocka_unit_test(test_a_solicitation_goes_to_the_group_of_the_address),
        cmocka_unit_test(test_a_new_destination_changes_nothing_else),
        cmocka_unit_test(test_arp_claims_its_sender_address),
        cmocka_unit_test(test_an_advertisement_claims_its_target_for_the_mac_in_its_option),
        cmocka_unit_test(test_a_frame_that_is_cut_claims_nothing),
        cmocka_unit_test(test_a_frame_of_another_kind_claims_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
