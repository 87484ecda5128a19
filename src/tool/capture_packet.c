// SPDX-License-Identifier: MIT
/*
 * From a packet as it was on a link to the UDP datagram in it.
 */
#include "capture.h"

#include <arpa/inet.h>
#include <string.h>

/* Of https://www.tcpdump.org/linktypes.html */
#define LINKTYPE_NULL     0U
#define LINKTYPE_ETHERNET 1U
#define LINKTYPE_RAW      101U
#define LINKTYPE_LOOP     108U
#define LINKTYPE_SLL      113U
#define LINKTYPE_IPV4     228U
#define LINKTYPE_IPV6     229U
#define LINKTYPE_SLL2     276U

#define ETHERTYPE_IPV4 0x0800U
#define ETHERTYPE_IPV6 0x86DDU
#define ETHERTYPE_VLAN 0x8100U
#define ETHERTYPE_QINQ 0x88A8U
#define ETHERNET_BYTES 14U
#define VLAN_BYTES     4U
#define VLANS_MAX      2U

#define IPV4_BYTES    20U
#define IPV4_FRAGMENT 0x3FFFU /* more fragments, or not the first */
#define IPV6_BYTES    40U
#define UDP_BYTES     8U
#define PROTOCOL_UDP  17U

struct packet {
    const uint8_t *at;
    size_t length;
};

static bool skip_ethernet(struct packet *packet);
static bool skip_header(struct packet *packet, size_t bytes);
static bool read_ipv4(struct packet *packet, struct captured *ret);
static bool read_ipv6(struct packet *packet, struct captured *ret);
static bool read_udp(struct packet *packet, struct captured *ret);
static uint16_t number(const uint8_t *at);

bool capture_datagram(uint32_t link_type, const uint8_t *bytes, size_t length, struct captured *ret)
{
    struct packet packet = {bytes, length};
    bool is_ip = false;

    switch (link_type) {
    case LINKTYPE_ETHERNET:
        is_ip = skip_ethernet(&packet);
        break;
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
        is_ip = skip_header(&packet, 4);
        break;
    case LINKTYPE_SLL:
        is_ip = skip_header(&packet, 16);
        break;
    case LINKTYPE_SLL2:
        is_ip = skip_header(&packet, 20);
        break;
    case LINKTYPE_RAW:
    case LINKTYPE_IPV4:
    case LINKTYPE_IPV6:
        is_ip = true;
        break;
    default:
        break;
    }
    if (!is_ip || packet.length == 0)
        return false;
    /* What is no IP (ARP over "any") begins with other four bits or breaks another rule. */
    switch (packet.at[0] >> 4) {
    case 4:
        return read_ipv4(&packet, ret) && read_udp(&packet, ret);
    case 6:
        return read_ipv6(&packet, ret) && read_udp(&packet, ret);
    default:
        return false;
    }
}

static bool skip_ethernet(struct packet *packet)
{
    unsigned vlans = 0;

    if (packet->length < ETHERNET_BYTES)
        return false;
    uint16_t type = number(packet->at + 12);
    (void)skip_header(packet, ETHERNET_BYTES);
    while ((type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ) && vlans < VLANS_MAX) {
        if (packet->length < VLAN_BYTES)
            return false;
        type = number(packet->at + 2);
        (void)skip_header(packet, VLAN_BYTES);
        vlans++;
    }
    return type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6;
}

static bool skip_header(struct packet *packet, size_t bytes)
{
    if (packet->length < bytes)
        return false;
    packet->at += bytes;
    packet->length -= bytes;
    return true;
}

/* Of an IPv4 packet that is whole; what follows it in the frame is padding [RFC 791]. */
static bool read_ipv4(struct packet *packet, struct captured *ret)
{
    const uint8_t *ip = packet->at;

    if (packet->length < IPV4_BYTES)
        return false;
    const size_t header = (size_t)(ip[0] & 0x0FU) * 4;
    const size_t total = number(ip + 2);
    if (header < IPV4_BYTES || total < header || (number(ip + 6) & IPV4_FRAGMENT) != 0 ||
        ip[9] != PROTOCOL_UDP)
        return false;
    (void)inet_ntop(AF_INET, ip + 12, ret->from.address, sizeof(ret->from.address));
    (void)inet_ntop(AF_INET, ip + 16, ret->to.address, sizeof(ret->to.address));
    return skip_header(packet, header);
}

/* Without extension headers: no fragment, then [RFC 8200]. */
static bool read_ipv6(struct packet *packet, struct captured *ret)
{
    const uint8_t *ip = packet->at;

    if (packet->length < IPV6_BYTES || ip[6] != PROTOCOL_UDP)
        return false;
    (void)inet_ntop(AF_INET6, ip + 8, ret->from.address, sizeof(ret->from.address));
    (void)inet_ntop(AF_INET6, ip + 24, ret->to.address, sizeof(ret->to.address));
    return skip_header(packet, IPV6_BYTES);
}

static bool read_udp(struct packet *packet, struct captured *ret)
{
    const uint8_t *udp = packet->at;

    if (packet->length < UDP_BYTES)
        return false;
    const size_t length = number(udp + 4);
    if (length < UDP_BYTES)
        return false;
    ret->from.port = number(udp);
    ret->to.port = number(udp + 2);
    (void)skip_header(packet, UDP_BYTES);
    ret->bytes = packet->at;
    ret->cut = packet->length < length - UDP_BYTES;
    ret->length = ret->cut ? packet->length : length - UDP_BYTES;
    return true;
}

static uint16_t number(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}
