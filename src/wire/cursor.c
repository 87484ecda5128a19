// SPDX-License-Identifier: MIT
#include "cursor.h"

enum kind {
    KIND_BAD,
    KIND_UINT,
    KIND_BYTES,
    KIND_ARRAY,
    KIND_SIMPLE, /* nil, false, true */
};

struct head {
    enum kind kind;
    uint64_t number; /* the integer, the bytes of a string, or the elements of an array */
};

/* Types whose number stands in the bytes after the first: how many, and the least number that needs
 * this form [SPEC D7]. */
static const struct {
    uint8_t type;
    uint8_t width;
    enum kind kind;
    uint64_t least;
} forms[] = {
    {0xCC, 1, KIND_UINT, 0x80},    {0xCD, 2, KIND_UINT, 0x100},
    {0xCE, 4, KIND_UINT, 0x10000}, {0xCF, 8, KIND_UINT, UINT64_C(0x100000000)},
    {0xC4, 1, KIND_BYTES, 0},      {0xC5, 2, KIND_BYTES, 0x100},
    {0xDC, 2, KIND_ARRAY, 0x10},
};

static struct head read_head(struct cursor *cursor);
static struct head read_long_head(struct cursor *cursor, uint8_t type);

struct cursor cursor_of(const uint8_t *bytes, size_t length)
{
    return (struct cursor){.at = bytes, .end = bytes + length, .failed = false};
}

static size_t left(const struct cursor *cursor)
{
    return cursor->failed ? 0 : (size_t)(cursor->end - cursor->at);
}

static uint64_t read_number(struct cursor *cursor, enum kind kind, struct cursor_range range)
{
    struct head head = read_head(cursor);
    if (head.kind != kind || head.number < range.min || head.number > range.max)
        cursor->failed = true;
    return cursor->failed ? 0 : head.number;
}

uint64_t cursor_uint(struct cursor *cursor, struct cursor_range range)
{
    return read_number(cursor, KIND_UINT, range);
}

uint32_t cursor_array(struct cursor *cursor, struct cursor_range range)
{
    return (uint32_t)read_number(cursor, KIND_ARRAY, range);
}

const uint8_t *cursor_bytes(struct cursor *cursor, struct cursor_range range, size_t *ret_length)
{
    uint64_t length = read_number(cursor, KIND_BYTES, range);
    if (length > left(cursor))
        cursor->failed = true;
    if (cursor->failed)
        return NULL;
    const uint8_t *bytes = cursor->at;
    cursor->at += length;
    *ret_length = (size_t)length;
    return bytes;
}

/* Every value has at least one byte: more values to come than bytes is a lie, told in five bytes by
 * whoever hopes for an allocation or a deep recursion. */
void cursor_skip(struct cursor *cursor, uint64_t values)
{
    while (values > 0) {
        if (values > left(cursor)) {
            cursor->failed = true;
            return;
        }
        struct head head = read_head(cursor);
        values--;
        if (head.kind == KIND_ARRAY) {
            values += head.number;
        } else if (head.kind == KIND_BYTES) {
            if (head.number > left(cursor))
                cursor->failed = true;
            else
                cursor->at += head.number;
        }
    }
}

bool cursor_is_done(const struct cursor *cursor)
{
    return !cursor->failed && cursor->at == cursor->end;
}

static struct head read_head(struct cursor *cursor)
{
    if (left(cursor) == 0) {
        cursor->failed = true;
        return (struct head){KIND_BAD, 0};
    }
    uint8_t type = *cursor->at++;
    if (type <= 0x7F)
        return (struct head){KIND_UINT, type};
    if (type >= 0x90 && type <= 0x9F)
        return (struct head){KIND_ARRAY, type & 0x0FU};
    if (type == 0xC0 || type == 0xC2 || type == 0xC3)
        return (struct head){KIND_SIMPLE, 0};
    return read_long_head(cursor, type);
}

static struct head read_long_head(struct cursor *cursor, uint8_t type)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (forms[i].type != type || left(cursor) < forms[i].width)
            continue;
        uint64_t number = 0;
        for (unsigned byte = 0; byte < forms[i].width; byte++)
            number = number << 8 | *cursor->at++;
        if (number < forms[i].least)
            break;
        return (struct head){forms[i].kind, number};
    }
    cursor->failed = true;
    return (struct head){KIND_BAD, 0};
}
