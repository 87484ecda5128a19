// SPDX-License-Identifier: MIT
/*
 * cursor: reads msgpack that a stranger may have written. It knows the few types that the protocol
 * uses [SPEC D7], in their shortest form only; it never recurses, never allocates, and never loops
 * more often than there are bytes.
 *
 * A cursor that met anything wrong has failed for good: it reads zeros from then on, so that a
 * caller may read a whole structure and look at `failed` once, as long as its loops are bounded by
 * what cursor_array() returned.
 */
#ifndef CURSOR_H
#define CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

struct cursor_range {
    uint64_t min;
    uint64_t max;
};

struct cursor cursor_of(const uint8_t *bytes, size_t length);
/* An unsigned integer within the range, or 0 and failed. */
uint64_t cursor_uint(struct cursor *cursor, struct cursor_range range);
/* The head of an array with so many elements, or 0 and failed. */
uint32_t cursor_array(struct cursor *cursor, struct cursor_range range);
/* A byte string of such a length, inside the bytes of the cursor, or NULL and failed. */
const uint8_t *cursor_bytes(struct cursor *cursor, struct cursor_range range, size_t *ret_length);
/* Steps over that many values of any known type, with all that is in them. */
void cursor_skip(struct cursor *cursor, uint64_t values);
/* Nothing failed and nothing is left. */
bool cursor_is_done(const struct cursor *cursor);

#endif
