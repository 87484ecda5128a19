// SPDX-License-Identifier: MIT
#include "buffer.h"

#include <string.h>

static int write_bytes(void *arg, const char *bytes, size_t length)
{
    struct buffer *buffer = arg;
    if (length > buffer->capacity - buffer->length)
        return -1;
    memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
    return 0;
}

msgpack_packer buffer_packer(struct buffer *buffer)
{
    msgpack_packer packer;
    msgpack_packer_init(&packer, buffer, write_bytes);
    return packer;
}
