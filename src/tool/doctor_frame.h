// SPDX-License-Identifier: MIT
/*
 * doctor_frame: VRRP and CARP advertisements and ARP answers, taken apart. Pure; the bytes come
 * from anybody on the link.
 */
#ifndef DOCTOR_FRAME_H
#define DOCTOR_FRAME_H

#include "conf/conf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_PROTOCOL_VRRP    112 /* of IP, CARP's as well */
#define FRAME_ADDRESSES_MAX    20
#define FRAME_ARP_BYTES        28
#define FRAME_MAC_BYTES        6
#define FRAME_SPEAKER_IS(a, b) ((a)->id == (b)->id && conf_address_equal(&(a)->from, &(b)->from))

struct frame_speaker {
    struct conf_address from;
    bool is_carp; /* which does not say its addresses */
    uint8_t version;
    uint8_t id; /* virtual router or host */
    uint8_t priority;
    unsigned address_count;
    struct conf_address addresses[FRAME_ADDRESSES_MAX];
};

/* An IPv4 or IPv6 packet with an advertisement in it. False: it is none. */
bool frame_parse_speaker(const uint8_t *packet, size_t length, struct frame_speaker *ret);

/* An ARP packet that says who has an IPv4 address (reply, or announcement). False: it is none. */
bool frame_parse_arp(const uint8_t *packet, size_t length, uint8_t ret_address[static 4],
                     uint8_t ret_mac[static FRAME_MAC_BYTES]);

/* An ARP probe [RFC 5227 1.1]: who has `address`? With no sender address nobody learns from it. */
void frame_write_probe(const uint8_t mac[static FRAME_MAC_BYTES], const uint8_t address[static 4],
                       uint8_t ret_packet[static FRAME_ARP_BYTES]);

#endif
