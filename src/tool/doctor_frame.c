// SPDX-License-Identifier: MIT
#include "doctor_frame.h"

#include <string.h>
#include <sys/socket.h>

#define IPV4_HEADER_MIN    20
#define IPV6_HEADER        40
#define VRRP_HEADER        8
#define CARP_BYTES         36 /* always, with its authentication */
#define CARP_AUTHENTICATED 7  /* words of counter and digest */
#define TYPE_ADVERTISEMENT 1
#define VERSION_CARP_VRRP2 2
#define VERSION_VRRP3      3

/* Finds the payload of protocol 112 and who sent it; 0 bytes: there is none. */
static size_t find_payload(const uint8_t *packet, size_t length, const uint8_t **ret_payload,
                           struct conf_address *ret_from)
{
    size_t header;

    if (length >= IPV4_HEADER_MIN && packet[0] >> 4 == 4) {
        header = (size_t)(packet[0] & 0x0f) * 4;
        if (header < IPV4_HEADER_MIN || header > length || packet[9] != FRAME_PROTOCOL_VRRP)
            return 0;
        *ret_from = (struct conf_address){.family = AF_INET, .prefix = 32};
        memcpy(ret_from->bytes, packet + 12, 4);
        const size_t total = (size_t)packet[2] << 8 | packet[3];
        if (total >= header && total < length)
            length = total; /* what follows is padding of the frame */
    } else if (length >= IPV6_HEADER && packet[0] >> 4 == 6) {
        header = IPV6_HEADER;
        if (packet[6] != FRAME_PROTOCOL_VRRP)
            return 0;
        *ret_from = (struct conf_address){.family = AF_INET6, .prefix = 128};
        memcpy(ret_from->bytes, packet + 8, 16);
    } else {
        return 0;
    }
    *ret_payload = packet + header;
    return length - header;
}

static void take_addresses(const uint8_t *bytes, size_t length, unsigned count,
                           struct frame_speaker *speaker)
{
    const size_t size = speaker->from.family == AF_INET ? 4 : 16;

    for (unsigned i = 0; i < count && i < FRAME_ADDRESSES_MAX && (i + 1) * size <= length; i++) {
        struct conf_address *address = &speaker->addresses[speaker->address_count++];

        *address =
            (struct conf_address){.family = speaker->from.family, .prefix = speaker->from.prefix};
        memcpy(address->bytes, bytes + i * size, size);
    }
}

bool frame_parse_speaker(const uint8_t *packet, size_t length, struct frame_speaker *ret)
{
    struct frame_speaker speaker = {0};
    const uint8_t *payload = NULL;
    const size_t size = find_payload(packet, length, &payload, &speaker.from);

    if (size < VRRP_HEADER || (payload[0] & 0x0f) != TYPE_ADVERTISEMENT)
        return false;
    speaker.version = payload[0] >> 4;
    if (speaker.version != VERSION_CARP_VRRP2 && speaker.version != VERSION_VRRP3)
        return false;
    speaker.id = payload[1];
    speaker.is_carp = speaker.version == VERSION_CARP_VRRP2 && size == CARP_BYTES &&
                      payload[3] == CARP_AUTHENTICATED;
    if (!speaker.is_carp) {
        speaker.priority = payload[2];
        take_addresses(payload + VRRP_HEADER, size - VRRP_HEADER, payload[3], &speaker);
    }
    *ret = speaker;
    return true;
}

bool frame_parse_arp(const uint8_t *packet, size_t length, uint8_t ret_address[static 4],
                     uint8_t ret_mac[static FRAME_MAC_BYTES])
{
    static const uint8_t ethernet_ipv4[] = {0, 1, 0x08, 0, 6, 4};
    static const uint8_t nobody[4] = {0};

    if (length < FRAME_ARP_BYTES || memcmp(packet, ethernet_ipv4, sizeof(ethernet_ipv4)) != 0)
        return false;
    if (memcmp(packet + 14, nobody, sizeof(nobody)) == 0)
        return false; /* a probe says nothing of its sender */
    memcpy(ret_mac, packet + 8, FRAME_MAC_BYTES);
    memcpy(ret_address, packet + 14, 4);
    return true;
}

void frame_write_probe(const uint8_t mac[static FRAME_MAC_BYTES], const uint8_t address[static 4],
                       uint8_t ret_packet[static FRAME_ARP_BYTES])
{
    static const uint8_t request[] = {0, 1, 0x08, 0, 6, 4, 0, 1};

    memset(ret_packet, 0, FRAME_ARP_BYTES);
    memcpy(ret_packet, request, sizeof(request));
    memcpy(ret_packet + 8, mac, FRAME_MAC_BYTES);
    memcpy(ret_packet + 24, address, 4);
}
