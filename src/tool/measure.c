// SPDX-License-Identifier: MIT
#include "tool/measure.h"

#include <stdint.h>

/* What the first byte of a value says. */
struct header {
    uint8_t count_bytes; /* of a count that follows, big-endian */
    uint8_t fixed;       /* bytes after that, or the count itself where count_bytes is 0 */
    uint8_t values;      /* the count is of values, this many per item; 0: it is of bytes */
};

/* 0xc0 to 0xdf, in the order of the msgpack specification. */
static const struct header headers[32] = {
    [0x00] = {0, 0, 0},                                          /* nil, c1, booleans */
    [0x04] = {1, 0, 0}, [0x05] = {2, 0, 0},  [0x06] = {4, 0, 0}, /* bin */
    [0x07] = {1, 1, 0}, [0x08] = {2, 1, 0},  [0x09] = {4, 1, 0}, /* ext */
    [0x0a] = {0, 4, 0}, [0x0b] = {0, 8, 0},                      /* float */
    [0x0c] = {0, 1, 0}, [0x0d] = {0, 2, 0},  [0x0e] = {0, 4, 0}, /* uint */
    [0x0f] = {0, 8, 0}, [0x10] = {0, 1, 0},  [0x11] = {0, 2, 0}, /* uint, int */
    [0x12] = {0, 4, 0}, [0x13] = {0, 8, 0},                      /* int */
    [0x14] = {0, 2, 0}, [0x15] = {0, 3, 0},  [0x16] = {0, 5, 0}, /* fixext */
    [0x17] = {0, 9, 0}, [0x18] = {0, 17, 0},                     /* fixext */
    [0x19] = {1, 0, 0}, [0x1a] = {2, 0, 0},  [0x1b] = {4, 0, 0}, /* str */
    [0x1c] = {2, 0, 1}, [0x1d] = {4, 0, 1},                      /* array */
    [0x1e] = {2, 0, 2}, [0x1f] = {4, 0, 2},                      /* map */
};

#define BYTE_UNUSED 0xc1U

static struct header header_of(uint8_t first)
{
    if (first < 0x80 || first >= 0xe0) /* small integers */
        return (struct header){0, 0, 0};
    if (first < 0x90)
        return (struct header){0, first & 0x0fU, 2};
    if (first < 0xa0)
        return (struct header){0, first & 0x0fU, 1};
    if (first < 0xc0)
        return (struct header){0, first & 0x1fU, 0};
    return headers[first - 0xc0U];
}

struct measure measure_value(const char *bytes, size_t length)
{
    uint64_t wanted = 1; /* values still to come, each of one byte at least */
    uint64_t used = 0;

    while (wanted > 0 && used + wanted <= length) {
        const uint8_t first = (uint8_t)bytes[used];
        const struct header header = header_of(first);
        uint64_t count = 0;
        if (first == BYTE_UNUSED)
            return (struct measure){MEASURE_BAD, 0};
        used += 1;
        wanted -= 1;
        if (used + header.count_bytes > length)
            return (struct measure){MEASURE_SHORT, (size_t)(used + header.count_bytes + wanted)};
        for (unsigned i = 0; i < header.count_bytes; i++)
            count = count << 8U | (uint8_t)bytes[used + i];
        used += header.count_bytes;
        count += header.fixed;
        if (header.values > 0)
            wanted += count * header.values;
        else
            used += count;
    }
    return wanted == 0 && used <= length ? (struct measure){MEASURE_WHOLE, (size_t)used}
                                         : (struct measure){MEASURE_SHORT, (size_t)(used + wanted)};
}
