// SPDX-License-Identifier: MIT
/*
 * capture: datagrams out of a file, one after the other: a capture of tcpdump, dumpcap or Wireshark
 * (pcap and pcapng, over Ethernet with or without VLANs, Linux "any", loopback or bare IP), or
 * hexadecimal digits. Whoever made the file is not believed in anything: every length is checked,
 * and no more than one packet is in memory.
 */
#ifndef CAPTURE_H
#define CAPTURE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CAPTURE_PACKET_MAX 262144 /* the largest that tcpdump writes */
#define CAPTURE_TEXT_MAX   160
#define CAPTURE_LINKS_MAX  32 /* interfaces of a pcapng section */

struct capture_link {
    uint32_t type;         /* LINKTYPE_ of the packets */
    uint64_t units_second; /* of the time stamps */
};

struct capture_endpoint {
    char address[INET6_ADDRSTRLEN]; /* empty: not known */
    uint16_t port;
};

/* One datagram. */
struct captured {
    const uint8_t *bytes; /* until the next one is read */
    size_t length;        /* of what was captured */
    bool cut;             /* it was longer than that */
    struct capture_endpoint from;
    struct capture_endpoint to;
    bool has_time;
    int64_t time_s; /* since 1970 */
    uint32_t time_us;
};

struct capture {
    FILE *file;
    enum {
        CAPTURE_HEX,
        CAPTURE_PCAP,
        CAPTURE_PCAPNG,
    } kind;
    uint16_t port;    /* only datagrams from or to it; of hexadecimal digits all */
    bool big_endian;  /* as the file's numbers are */
    uint64_t skipped; /* packets that were something else, fragments too */
    unsigned link_count;
    struct capture_link links[CAPTURE_LINKS_MAX];
    uint8_t head[4]; /* of the file, read to see its kind */
    size_t head_length;
    size_t head_used;
    uint64_t line; /* of hexadecimal digits: where it is now */
    size_t filled; /* bytes in `packet`; of them the first `given` are the datagram given last */
    size_t given;
    uint8_t packet[CAPTURE_PACKET_MAX];
    char error[CAPTURE_TEXT_MAX]; /* after -1 */
};

/* Looks what `file` is; it stays the caller's. 0, or -1 and `capture->error`. */
int capture_open(struct capture *capture, FILE *file, uint16_t port);
/* 1 and the next datagram, 0 at the end, -1 and `capture->error`. */
int capture_next(struct capture *capture, struct captured *ret);

/* --- of one kind each; called by the above --- */

int capture_hex_next(struct capture *capture, struct captured *ret);
int capture_pcap_open(struct capture *capture);
int capture_pcap_next(struct capture *capture, struct captured *ret);
int capture_pcapng_next(struct capture *capture, struct captured *ret);

/* The UDP datagram in a packet of that LINKTYPE_, if it has one; fills all but the time. */
bool capture_datagram(uint32_t link_type, const uint8_t *packet, size_t length,
                      struct captured *ret);

#endif
