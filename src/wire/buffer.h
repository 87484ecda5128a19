// SPDX-License-Identifier: MIT
/*
 * buffer: a bounded place to which msgpack-c packs. What does not fit fails and leaves the length
 * at whatever was written; the caller takes it back to where it was.
 */
#ifndef BUFFER_H
#define BUFFER_H

#include <stddef.h>
#include <stdint.h>

#include <msgpack/pack.h>

struct buffer {
    uint8_t *bytes;
    size_t length;
    size_t capacity;
};

/* A packer whose bytes go to `buffer`; each of its functions is nonzero if they do not fit. */
msgpack_packer buffer_packer(struct buffer *buffer);

#endif
