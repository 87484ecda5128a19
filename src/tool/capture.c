// SPDX-License-Identifier: MIT
#include "capture.h"

#include <errno.h>
#include <string.h>

#define PCAPNG_MAGIC "\x0a\x0d\x0d\x0a"

static bool is_pcap(const uint8_t head[static 4]);

int capture_open(struct capture *capture, FILE *file, uint16_t port)
{
    memset(capture, 0, sizeof(*capture));
    capture->file = file;
    capture->port = port;
    capture->line = 1;
    capture->head_length = fread(capture->head, 1, sizeof(capture->head), file);
    if (ferror(file) != 0) {
        (void)snprintf(capture->error, sizeof(capture->error), "cannot read it: %s",
                       strerror(errno));
        return -1;
    }
    if (capture->head_length < sizeof(capture->head))
        return 0;
    if (memcmp(capture->head, PCAPNG_MAGIC, sizeof(capture->head)) == 0) {
        capture->kind = CAPTURE_PCAPNG;
    } else if (is_pcap(capture->head)) {
        capture->kind = CAPTURE_PCAP;
        return capture_pcap_open(capture);
    }
    return 0;
}

/* Microseconds or nanoseconds, in either order of bytes. */
static bool is_pcap(const uint8_t head[static 4])
{
    static const char magics[][5] = {
        "\xa1\xb2\xc3\xd4",
        "\xd4\xc3\xb2\xa1",
        "\xa1\xb2\x3c\x4d",
        "\x4d\x3c\xb2\xa1",
    };

    for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
        if (memcmp(head, magics[i], 4) == 0)
            return true;
    }
    return false;
}

int capture_next(struct capture *capture, struct captured *ret)
{
    switch (capture->kind) {
    case CAPTURE_PCAP:
        return capture_pcap_next(capture, ret);
    case CAPTURE_PCAPNG:
        return capture_pcapng_next(capture, ret);
    case CAPTURE_HEX:
    default:
        return capture_hex_next(capture, ret);
    }
}
