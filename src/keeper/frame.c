// SPDX-License-Identifier: MIT
#include "keeper/frame.h"

#include <linux/if_ether.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* Ethernet header, then what it carries. */
#define AT_SOURCE  6
#define AT_TYPE    12
#define AT_PAYLOAD 14

/* ARP for IPv4 over Ethernet [RFC 826]. */
#define AT_ARP_OPERATION  (AT_PAYLOAD + 6)
#define AT_ARP_SENDER_MAC (AT_PAYLOAD + 8)
#define AT_ARP_SENDER     (AT_PAYLOAD + 14)
#define AT_ARP_TARGET_MAC (AT_PAYLOAD + 18)
#define AT_ARP_TARGET     (AT_PAYLOAD + 24)
#define ARP_FRAME_BYTES   (AT_PAYLOAD + 28)
#define ARP_REQUEST       1
#define ARP_REPLY         2

/* IPv6 with ICMPv6 right behind it [RFC 8200, RFC 4443, RFC 4861]. */
#define AT_IP_LENGTH      (AT_PAYLOAD + 4)
#define AT_IP_NEXT        (AT_PAYLOAD + 6)
#define AT_IP_HOPS        (AT_PAYLOAD + 7)
#define AT_IP_SOURCE      (AT_PAYLOAD + 8)
#define AT_IP_DESTINATION (AT_PAYLOAD + 24)
#define AT_ICMP           (AT_PAYLOAD + 40)
#define AT_ICMP_CHECKSUM  (AT_ICMP + 2)
#define AT_ICMP_FLAGS     (AT_ICMP + 4)
#define AT_ICMP_TARGET    (AT_ICMP + 8)
#define AT_ICMP_OPTION    (AT_ICMP + 24)
#define ICMP_BYTES        24 /* without options */
#define OPTION_BYTES      8
/* A hop limit of 255 proves that no router let the packet through [RFC 4861 7.1.2]. */
#define HOPS_OF_THE_LINK 255

#define FLAG_ROUTER   0x80
#define FLAG_OVERRIDE 0x20

/* For IPv4 over Ethernet: hardware type 1, protocol 0x0800, address lengths 6 and 4. */
static const uint8_t arp_head[] = {0x00, 0x01, 0x08, 0x00, 0x06, 0x04};

static void put_u16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static unsigned get_u16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static void ethernet_start(struct frame *frame, const uint8_t *source, unsigned type)
{
    *frame = (struct frame){.length = AT_PAYLOAD};
    memset(frame->bytes, 0xff, FRAME_MAC_BYTES);
    memcpy(frame->bytes + AT_SOURCE, source, FRAME_MAC_BYTES);
    put_u16(frame->bytes + AT_TYPE, type);
}

static void arp_start(struct frame *frame, const uint8_t *mac, const uint8_t *target,
                      unsigned operation)
{
    ethernet_start(frame, mac, ETH_P_ARP);
    memcpy(frame->bytes + AT_PAYLOAD, arp_head, sizeof(arp_head));
    put_u16(frame->bytes + AT_ARP_OPERATION, operation);
    memcpy(frame->bytes + AT_ARP_SENDER_MAC, mac, FRAME_MAC_BYTES);
    memcpy(frame->bytes + AT_ARP_TARGET, target, 4);
    frame->length = ARP_FRAME_BYTES;
}

void frame_arp_request(const uint8_t mac[static FRAME_MAC_BYTES], const uint8_t vip[static 4],
                       struct frame *ret)
{
    arp_start(ret, mac, vip, ARP_REQUEST);
    memcpy(ret->bytes + AT_ARP_SENDER, vip, 4);
}

void frame_arp_reply(const uint8_t mac[static FRAME_MAC_BYTES], const uint8_t vip[static 4],
                     struct frame *ret)
{
    arp_start(ret, mac, vip, ARP_REPLY);
    memcpy(ret->bytes + AT_ARP_SENDER, vip, 4);
    memcpy(ret->bytes + AT_ARP_TARGET_MAC, mac, FRAME_MAC_BYTES);
}

void frame_arp_probe(const uint8_t mac[static FRAME_MAC_BYTES], const uint8_t vip[static 4],
                     struct frame *ret)
{
    arp_start(ret, mac, vip, ARP_REQUEST);
}

static void ip_start(struct frame *frame, const uint8_t *mac, const uint8_t *destination,
                     size_t payload)
{
    uint8_t *bytes = frame->bytes;

    ethernet_start(frame, mac, ETH_P_IPV6);
    /* The MAC of a multicast group: 33:33 and the last four bytes [RFC 2464 7]. */
    bytes[0] = 0x33;
    bytes[1] = 0x33;
    memcpy(bytes + 2, destination + 12, 4);
    bytes[AT_PAYLOAD] = 0x60;
    put_u16(bytes + AT_IP_LENGTH, (unsigned)payload);
    bytes[AT_IP_NEXT] = IPPROTO_ICMPV6;
    bytes[AT_IP_HOPS] = HOPS_OF_THE_LINK;
    memcpy(bytes + AT_IP_DESTINATION, destination, 16);
    frame->length = AT_ICMP + payload;
}

/* The Internet checksum over pseudo header and ICMPv6 message [RFC 4443 2.3]. */
static unsigned icmp_checksum(const struct frame *frame)
{
    uint32_t sum = (uint32_t)(frame->length - AT_ICMP) + IPPROTO_ICMPV6;

    for (size_t i = AT_IP_SOURCE; i < frame->length; i += 2)
        sum += get_u16(frame->bytes + i);
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

void frame_advertisement(const uint8_t mac[static FRAME_MAC_BYTES], const uint8_t vip[static 16],
                         bool router, struct frame *ret)
{
    static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 0x01};

    ip_start(ret, mac, all_nodes, ICMP_BYTES + OPTION_BYTES);
    memcpy(ret->bytes + AT_IP_SOURCE, vip, 16);
    ret->bytes[AT_ICMP] = ND_NEIGHBOR_ADVERT;
    ret->bytes[AT_ICMP_FLAGS] = FLAG_OVERRIDE | (router ? FLAG_ROUTER : 0);
    memcpy(ret->bytes + AT_ICMP_TARGET, vip, 16);
    ret->bytes[AT_ICMP_OPTION] = ND_OPT_TARGET_LINKADDR;
    ret->bytes[AT_ICMP_OPTION + 1] = OPTION_BYTES / 8;
    memcpy(ret->bytes + AT_ICMP_OPTION + 2, mac, FRAME_MAC_BYTES);
    put_u16(ret->bytes + AT_ICMP_CHECKSUM, icmp_checksum(ret));
}

void frame_solicitation(const uint8_t mac[static FRAME_MAC_BYTES], const uint8_t vip[static 16],
                        struct frame *ret)
{
    /* The solicited-node group of the address: its last three bytes [RFC 4291 2.7.1]. */
    uint8_t group[16] = {0xff, 0x02, [11] = 0x01, [12] = 0xff};

    memcpy(group + 13, vip + 13, 3);
    ip_start(ret, mac, group, ICMP_BYTES);
    ret->bytes[AT_ICMP] = ND_NEIGHBOR_SOLICIT;
    memcpy(ret->bytes + AT_ICMP_TARGET, vip, 16);
    put_u16(ret->bytes + AT_ICMP_CHECKSUM, icmp_checksum(ret));
}

void frame_set_destination(struct frame *frame, const uint8_t mac[static FRAME_MAC_BYTES])
{
    memcpy(frame->bytes, mac, FRAME_MAC_BYTES);
}

static bool parse_arp(const uint8_t *bytes, size_t length, struct frame_claim *ret)
{
    if (length < ARP_FRAME_BYTES || memcmp(bytes + AT_PAYLOAD, arp_head, sizeof(arp_head)) != 0)
        return false;
    *ret = (struct frame_claim){.address = {.family = AF_INET, .prefix = 32}};
    memcpy(ret->address.bytes, bytes + AT_ARP_SENDER, 4);
    memcpy(ret->mac, bytes + AT_ARP_SENDER_MAC, FRAME_MAC_BYTES);
    return true;
}

static bool parse_advertisement(const uint8_t *bytes, size_t length, struct frame_claim *ret)
{
    if (length < AT_ICMP + ICMP_BYTES || bytes[AT_PAYLOAD] >> 4 != 6 ||
        bytes[AT_IP_NEXT] != IPPROTO_ICMPV6 || bytes[AT_IP_HOPS] != HOPS_OF_THE_LINK ||
        bytes[AT_ICMP] != ND_NEIGHBOR_ADVERT || bytes[AT_ICMP + 1] != 0)
        return false;
    *ret = (struct frame_claim){.address = {.family = AF_INET6, .prefix = 128}};
    memcpy(ret->address.bytes, bytes + AT_ICMP_TARGET, 16);
    memcpy(ret->mac, bytes + AT_SOURCE, FRAME_MAC_BYTES);
    /* Who answers for others names the owner in the option; it is the only one that makes sense. */
    if (length >= AT_ICMP_OPTION + OPTION_BYTES &&
        bytes[AT_ICMP_OPTION] == ND_OPT_TARGET_LINKADDR && bytes[AT_ICMP_OPTION + 1] == 1)
        memcpy(ret->mac, bytes + AT_ICMP_OPTION + 2, FRAME_MAC_BYTES);
    return true;
}

bool frame_parse(const uint8_t *bytes, size_t length, struct frame_claim *ret)
{
    if (length < AT_PAYLOAD)
        return false;
    switch (get_u16(bytes + AT_TYPE)) {
    case ETH_P_ARP:
        return parse_arp(bytes, length, ret);
    case ETH_P_IPV6:
        return parse_advertisement(bytes, length, ret);
    default:
        return false;
    }
}
