// SPDX-License-Identifier: MIT
/*
 * gateway: the MAC address of the default gateway on an interface. It carries most of the traffic
 * to a VIP and so is told of a new holder by name; and it may answer for addresses that are not
 * its own (proxy ARP), which makes it no rival.
 */
#ifndef KEEPER_GATEWAY_H
#define KEEPER_GATEWAY_H

#include "keeper/frame.h"
#include "netlink.h"

struct gateway {
    bool known;
    uint64_t asked_ns; /* when the kernel was asked last; 0: never */
    uint8_t mac[FRAME_MAC_BYTES];
};

/* Looks the gateway of `family` on `ifindex` up, unless that was done within the last second. */
void gateway_refresh(struct gateway *gateway, struct netlink *netlink, uint8_t family,
                     unsigned ifindex);

#endif
