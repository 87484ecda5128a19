// SPDX-License-Identifier: MIT
/*
 * packet: frames onto an interface, and the ARP and neighbour advertisements that come from it.
 */
#ifndef KEEPER_PACKET_H
#define KEEPER_PACKET_H

#include "keeper/frame.h"

#define PACKET_FRAMES_MAX 32

/* A socket that sends and never receives. The descriptor (close-on-exec), or -errno. */
int packet_open(void);

/* Sends at most PACKET_FRAMES_MAX frames. 0, -EAGAIN: the queue is full, some may have been sent,
 * or another -errno. */
int packet_send(int fd, unsigned ifindex, struct frame *frames, unsigned count);

/* The last four bytes of an address: what a filter compares. */
uint32_t packet_word(const struct conf_address *address);

/* Addresses whose frames a socket lets through; each by its packet_word(). */
struct packet_wanted {
    unsigned count;
    uint32_t words[CONF_ADDRESSES_MAX];
};

/* A socket that receives ARP (AF_INET) or neighbour advertisements (AF_INET6) on one interface (0:
 * on all), and nothing else; with `wanted` only those about these addresses (others that end
 * likewise may pass). The descriptor (close-on-exec, non-blocking), or -errno. */
int packet_listen(unsigned ifindex, uint8_t family, const struct packet_wanted *wanted);

/* Receives one frame that came to this host by that interface (0: by any). Its length, 0 if it was
 * none of those, or -errno (-EAGAIN: there is no more). */
long packet_receive(int fd, unsigned ifindex, uint8_t *bytes, size_t size);

#endif
