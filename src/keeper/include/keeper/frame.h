// SPDX-License-Identifier: MIT
/*
 * frame: Ethernet frames that claim or question an address, as bytes, and what a received one
 * claims. Pure.
 */
#ifndef KEEPER_FRAME_H
#define KEEPER_FRAME_H

#include "conf/conf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAC_BYTES 6
#define FRAME_BYTES_MAX 86

struct frame {
    size_t length;
    uint8_t bytes[FRAME_BYTES_MAX];
};

/* Gratuitous ARP as a request: sender and target address are the VIP, target MAC zero, broadcast
 * [RFC 5227 2.3, 3]. Linux neighbours believe it at once. */
void frame_arp_request(const uint8_t mac[static FRAME_MAC_BYTES], const uint8_t vip[static 4],
                       struct frame *ret);

/* Gratuitous ARP as a reply, broadcast. The target MAC is the sender's: Linux neighbours ignore any
 * other unasked reply for a second after a change. */
void frame_arp_reply(const uint8_t mac[static FRAME_MAC_BYTES], const uint8_t vip[static 4],
                     struct frame *ret);

/* ARP probe: who has the VIP? With sender address zero it changes no neighbour's table
 * [RFC 5227 2.1.1]. */
void frame_arp_probe(const uint8_t mac[static FRAME_MAC_BYTES], const uint8_t vip[static 4],
                     struct frame *ret);

/* Unsolicited neighbour advertisement to all nodes: override, not solicited, with the target's link
 * layer address; `router` as the interface forwards [RFC 4861 4.4, 7.2.6]. */
void frame_advertisement(const uint8_t mac[static FRAME_MAC_BYTES], const uint8_t vip[static 16],
                         bool router, struct frame *ret);

/* Neighbour solicitation from the unspecified address, as in duplicate address detection: the
 * owner's answer goes to all nodes [RFC 4862 5.4.2]. */
void frame_solicitation(const uint8_t mac[static FRAME_MAC_BYTES], const uint8_t vip[static 16],
                        struct frame *ret);

/* Sends the frame to one host. For multicast IPv6 inside a unicast frame see RFC 6085. */
void frame_set_destination(struct frame *frame, const uint8_t mac[static FRAME_MAC_BYTES]);

/* "MAC says that it has this address". */
struct frame_claim {
    struct conf_address address;
    uint8_t mac[FRAME_MAC_BYTES];
};

/*
 * What a received frame claims: any ARP packet by its sender address [RFC 5227 2.1.1], a neighbour
 * advertisement by its target. False: it claims nothing, or is broken.
 */
bool frame_parse(const uint8_t *bytes, size_t length, struct frame_claim *ret);

#endif
