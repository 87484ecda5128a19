// SPDX-License-Identifier: MIT
/*
 * The two formats of captures: pcap (draft-ietf-opsawg-pcap) and pcapng
 * (draft-ietf-opsawg-pcapng). Blocks and packets that are no datagrams are stepped over.
 */
#include "capture.h"

#include <errno.h>
#include <string.h>

#define PCAP_HEADER        24
#define PCAP_PACKET_HEADER 16
#define PCAP_NANOSECONDS   0x4D /* in its magic, where microseconds have 0xD4 */

#define BLOCK_SECTION   0x0A0D0D0AU
#define BLOCK_INTERFACE 1U
#define BLOCK_PACKET    6U
#define BLOCK_OVERHEAD  12U /* type, length, and the length again at the end */
#define SECTION_MIN     16U
#define INTERFACE_MIN   8U
#define PACKET_MIN      20U
#define OPTION_TSRESOL  9U
#define ORDER_BIG       "\x1a\x2b\x3c\x4d"
#define ORDER_LITTLE    "\x4d\x3c\x2b\x1a"

#define US_PER_S UINT64_C(1000000)

struct block {
    uint32_t type;
    size_t length; /* of the body, which is in capture->packet */
};

static int read_block(struct capture *capture, struct block *ret);
static int read_order(struct capture *capture);
static int skip_block(struct capture *capture, size_t length);
static void add_link(struct capture *capture, size_t length);
static uint64_t time_units(uint8_t resolution);
static int take_packet(struct capture *capture, size_t length, struct captured *ret);
static bool take_datagram(struct capture *capture, uint32_t link_type, size_t at, size_t length,
                          struct captured *ret);
static int read_exactly(struct capture *capture, void *bytes, size_t length);
static uint32_t number(const struct capture *capture, const uint8_t *at, unsigned width);
static int refuse(struct capture *capture, const char *what);

/* --- pcap --- */

int capture_pcap_open(struct capture *capture)
{
    const uint8_t *magic = capture->head;
    uint8_t rest[PCAP_HEADER - 4];
    const bool nanoseconds = magic[2] == 0x3C || magic[1] == 0x3C;

    capture->big_endian = magic[0] == 0xA1;
    if (read_exactly(capture, rest, sizeof(rest)) != 1)
        return refuse(capture, "the capture ends within its header");
    capture->link_count = 1;
    capture->links[0].type = number(capture, rest + 16, 4) & 0xFFFFU;
    capture->links[0].units_second = nanoseconds ? 1000 * US_PER_S : US_PER_S;
    return 0;
}

int capture_pcap_next(struct capture *capture, struct captured *ret)
{
    uint8_t header[PCAP_PACKET_HEADER];
    int result;

    while ((result = read_exactly(capture, header, sizeof(header))) == 1) {
        const uint32_t length = number(capture, header + 8, 4);
        const uint64_t fraction = number(capture, header + 4, 4);
        if (length > sizeof(capture->packet))
            return refuse(capture, "a packet is longer than any can be: the capture is damaged");
        if (read_exactly(capture, capture->packet, length) != 1)
            return refuse(capture, "the capture ends within a packet");
        if (!take_datagram(capture, capture->links[0].type, 0, length, ret))
            continue;
        ret->has_time = true;
        ret->time_s = number(capture, header, 4);
        ret->time_us = (uint32_t)(fraction * US_PER_S / capture->links[0].units_second % US_PER_S);
        return 1;
    }
    return result == 0 ? 0 : refuse(capture, "the capture ends within a packet");
}

/* --- pcapng --- */

int capture_pcapng_next(struct capture *capture, struct captured *ret)
{
    struct block block = {0};
    int result;

    while ((result = read_block(capture, &block)) == 1) {
        if (block.type == BLOCK_INTERFACE)
            add_link(capture, block.length);
        if (block.type == BLOCK_PACKET && take_packet(capture, block.length, ret) == 1)
            return 1;
    }
    return result;
}

/* The next block that is of use, whole. */
static int read_block(struct capture *capture, struct block *ret)
{
    uint8_t head[8];

    for (;;) {
        size_t had = capture->head_length - capture->head_used;
        memcpy(head, capture->head + capture->head_used, had);
        capture->head_used = capture->head_length;
        const int result = read_exactly(capture, head + had, sizeof(head) - had);
        if (result != 1)
            return result == 0 && had == 0 ? 0 : refuse(capture, "the capture ends within a block");
        const bool section = memcmp(head, "\x0a\x0d\x0d\x0a", 4) == 0;
        if (section && read_order(capture) != 0)
            return -1;
        ret->type = section ? BLOCK_SECTION : number(capture, head, 4);
        const uint32_t length = number(capture, head + 4, 4);
        if (length < BLOCK_OVERHEAD + (section ? 4U : 0U) || length % 4 != 0)
            return refuse(capture, "a block has no possible length: the capture is damaged");
        const size_t rest = length - sizeof(head) - (section ? 4U : 0U);
        if (ret->type != BLOCK_INTERFACE && ret->type != BLOCK_PACKET) {
            if (skip_block(capture, rest) != 0)
                return -1;
            continue;
        }
        if (rest > sizeof(capture->packet))
            return refuse(capture, "a packet is longer than any can be: the capture is damaged");
        if (read_exactly(capture, capture->packet, rest) != 1)
            return refuse(capture, "the capture ends within a block");
        ret->length = rest - 4;
        return 1;
    }
}

/* A section begins: its order of bytes, and interfaces of its own. */
static int read_order(struct capture *capture)
{
    uint8_t order[4];

    if (read_exactly(capture, order, sizeof(order)) != 1)
        return refuse(capture, "the capture ends within a block");
    capture->big_endian = memcmp(order, ORDER_BIG, sizeof(order)) == 0;
    capture->link_count = 0;
    if (!capture->big_endian && memcmp(order, ORDER_LITTLE, sizeof(order)) != 0)
        return refuse(capture, "no order of bytes: the capture is damaged");
    return 0;
}

static int skip_block(struct capture *capture, size_t length)
{
    while (length > 0) {
        const size_t part = length < sizeof(capture->packet) ? length : sizeof(capture->packet);
        if (read_exactly(capture, capture->packet, part) != 1)
            return refuse(capture, "the capture ends within a block");
        length -= part;
    }
    return 0;
}

/* One more interface. Packets of those beyond the bound are stepped over. */
static void add_link(struct capture *capture, size_t length)
{
    const uint8_t *body = capture->packet;
    struct capture_link link = {.units_second = US_PER_S};

    if (length < INTERFACE_MIN || capture->link_count == CAPTURE_LINKS_MAX)
        return;
    link.type = number(capture, body, 2);
    for (size_t at = INTERFACE_MIN; at + 4 <= length;) {
        const uint32_t code = number(capture, body + at, 2);
        const uint32_t bytes = number(capture, body + at + 2, 2);
        if (code == 0 || bytes > length - at - 4)
            break;
        if (code == OPTION_TSRESOL && bytes == 1)
            link.units_second = time_units(body[at + 4]);
        at += 4 + (bytes + 3U) / 4U * 4U;
    }
    capture->links[capture->link_count++] = link;
}

/* 0: too fine to count with. */
static uint64_t time_units(uint8_t resolution)
{
    uint64_t units = 1;

    if ((resolution & 0x80U) != 0)
        return (resolution & 0x7FU) <= 40 ? UINT64_C(1) << (resolution & 0x7FU) : 0;
    if (resolution > 12)
        return 0;
    for (unsigned i = 0; i < resolution; i++)
        units *= 10;
    return units;
}

static int take_packet(struct capture *capture, size_t length, struct captured *ret)
{
    const uint8_t *body = capture->packet;

    if (length < PACKET_MIN)
        return 0;
    const uint32_t interface = number(capture, body, 4);
    const uint32_t captured = number(capture, body + 12, 4);
    if (interface >= capture->link_count || captured > length - PACKET_MIN) {
        capture->skipped++;
        return 0;
    }
    const struct capture_link link = capture->links[interface];
    const uint64_t time =
        (uint64_t)number(capture, body + 4, 4) << 32 | number(capture, body + 8, 4);
    if (!take_datagram(capture, link.type, PACKET_MIN, captured, ret))
        return 0;
    ret->has_time = link.units_second != 0;
    if (ret->has_time) {
        ret->time_s = (int64_t)(time / link.units_second);
        ret->time_us = (uint32_t)(time % link.units_second * US_PER_S / link.units_second);
    }
    return 1;
}

/* --- both --- */

/* The datagram in the packet at capture->packet + at, if it is one that is wanted. */
static bool take_datagram(struct capture *capture, uint32_t link_type, size_t at, size_t length,
                          struct captured *ret)
{
    memset(ret, 0, sizeof(*ret));
    if (capture_datagram(link_type, capture->packet + at, length, ret) &&
        (ret->from.port == capture->port || ret->to.port == capture->port))
        return true;
    capture->skipped++;
    return false;
}

/* 1, 0 where the file ends before the first byte, -1 where it ends later. */
static int read_exactly(struct capture *capture, void *bytes, size_t length)
{
    const size_t got = fread(bytes, 1, length, capture->file);

    if (got == length)
        return 1;
    return got == 0 && ferror(capture->file) == 0 ? 0 : -1;
}

/* In the order of the file, of 2 or 4 bytes. */
static uint32_t number(const struct capture *capture, const uint8_t *at, unsigned width)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < width; i++)
        value = value << 8 | at[capture->big_endian ? i : width - 1 - i];
    return value;
}

static int refuse(struct capture *capture, const char *what)
{
    if (ferror(capture->file) != 0)
        what = strerror(errno);
    (void)snprintf(capture->error, sizeof(capture->error), "%s", what);
    return -1;
}
