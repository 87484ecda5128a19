// SPDX-License-Identifier: MIT
/*
 * Hexadecimal digits: blanks, colons and dashes between bytes, '#' begins a comment. A datagram may
 * have several lines; it ends with an empty line, or where a line begins as a datagram does.
 */
#include "capture.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define DATAGRAM_BYTES_MAX 65535

static const char separators[] = {' ', '\t', '\r', ':', '-'};
static const uint8_t beginning[] = {0x76, 0x67, 0x01}; /* [SPEC D1] magic and version */

/* Where in a line the reader is. */
struct place {
    size_t first;  /* the byte that the line began with */
    bool has_half; /* half a byte was read */
    uint8_t half;
    bool in_comment;
};

static int take_digit(struct capture *capture, struct place *place, int digit);
static int end_line(struct capture *capture, struct place *place, bool *ret_ended);
static bool begins_anew(const struct capture *capture, const struct place *place);
static int next_character(struct capture *capture);
static int digit_of(int character);
static int refuse(struct capture *capture, const char *what);
static int give(struct capture *capture, size_t length, struct captured *ret);

int capture_hex_next(struct capture *capture, struct captured *ret)
{
    struct place place = {0};
    int character;

    memmove(capture->packet, capture->packet + capture->given, capture->filled - capture->given);
    capture->filled -= capture->given;
    capture->given = 0;
    while ((character = next_character(capture)) != EOF) {
        bool ended = false;
        int result = 0;
        if (character == '\n')
            result = end_line(capture, &place, &ended);
        else if (!place.in_comment)
            result = take_digit(capture, &place, character);
        if (result < 0)
            return -1;
        if (ended)
            return give(capture, capture->filled, ret);
        if (begins_anew(capture, &place))
            return give(capture, place.first, ret);
    }
    if (ferror(capture->file) != 0)
        return refuse(capture, strerror(errno));
    if (place.has_half)
        return refuse(capture, "half a byte at its end");
    return capture->filled > 0 ? give(capture, capture->filled, ret) : 0;
}

static int take_digit(struct capture *capture, struct place *place, int character)
{
    const int digit = digit_of(character);

    if (character == '#') {
        place->in_comment = true;
        return 0;
    }
    if (!place->has_half && memchr(separators, character, sizeof(separators)) != NULL)
        return 0;
    if (digit < 0)
        return refuse(capture, "neither a hexadecimal digit nor a capture of tcpdump (pcap)");
    if (!place->has_half) {
        place->has_half = true;
        place->half = (uint8_t)(digit << 4);
        return 0;
    }
    if (capture->filled == DATAGRAM_BYTES_MAX)
        return refuse(capture, "more bytes than a datagram can have");
    capture->packet[capture->filled++] = (uint8_t)(place->half | digit);
    place->has_half = false;
    return 0;
}

static int end_line(struct capture *capture, struct place *place, bool *ret_ended)
{
    const bool was_empty = capture->filled == place->first && !place->in_comment;

    if (place->has_half)
        return refuse(capture, "half a byte at its end");
    *ret_ended = was_empty && capture->filled > 0;
    *place = (struct place){.first = capture->filled};
    capture->line++;
    return 0;
}

static bool begins_anew(const struct capture *capture, const struct place *place)
{
    return place->first > 0 && capture->filled == place->first + sizeof(beginning) &&
           memcmp(capture->packet + place->first, beginning, sizeof(beginning)) == 0;
}

static int next_character(struct capture *capture)
{
    if (capture->head_used < capture->head_length)
        return capture->head[capture->head_used++];
    return getc(capture->file);
}

static int digit_of(int character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (isxdigit(character) != 0)
        return tolower(character) - 'a' + 10;
    return -1;
}

static int refuse(struct capture *capture, const char *what)
{
    (void)snprintf(capture->error, sizeof(capture->error), "line %llu: %s",
                   (unsigned long long)capture->line, what);
    return -1;
}

static int give(struct capture *capture, size_t length, struct captured *ret)
{
    *ret = (struct captured){.bytes = capture->packet, .length = length};
    capture->given = length;
    return 1;
}
