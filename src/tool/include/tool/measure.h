// SPDX-License-Identifier: MIT
/*
 * measure: where a msgpack value ends. msgpack-c's unpacker allocates what a header announces,
 * before the bytes are there: gigabytes for five bytes. So a value is measured first, and unpacked
 * only when all of it has come; what is allocated is then in proportion to what was received.
 */
#ifndef TOOL_MEASURE_H
#define TOOL_MEASURE_H

#include <stddef.h>

enum measure_state {
    MEASURE_WHOLE, /* `length` is that of the first value */
    MEASURE_SHORT, /* more bytes are needed, `length` at the very least */
    MEASURE_BAD,   /* not msgpack: the one byte that it does not use */
};

struct measure {
    enum measure_state state;
    size_t length;
};

/* Measures the first value in `bytes`. Allocates nothing and does not recurse. */
struct measure measure_value(const char *bytes, size_t length);

#endif
