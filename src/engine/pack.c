// SPDX-License-Identifier: MIT
#include "engine/pack.h"

#include <stdlib.h>
#include <string.h>

#define PACK_BYTES_FIRST 2048

static bool grow(struct pack *pack, size_t needed)
{
    size_t capacity = pack->capacity == 0 ? PACK_BYTES_FIRST : pack->capacity;
    char *bytes;

    while (capacity < needed) {
        capacity *= 2;
    }
    if (capacity > PACK_BYTES_MAX) {
        return false;
    }
    bytes = realloc(pack->bytes, capacity);
    if (bytes == NULL) {
        return false;
    }
    pack->bytes = bytes;
    pack->capacity = capacity;
    return true;
}

/* msgpack's way out. */
static int append(void *data, const char *bytes, size_t length)
{
    struct pack *pack = data;

    if (pack->failed) {
        return -1;
    }
    if (pack->length + length > pack->capacity && !grow(pack, pack->length + length)) {
        pack->failed = true;
        return -1;
    }
    memcpy(pack->bytes + pack->length, bytes, length);
    pack->length += length;
    return 0;
}

void pack_init(struct pack *pack)
{
    memset(pack, 0, sizeof *pack);
    msgpack_packer_init(&pack->packer, pack, append);
}

void pack_free(struct pack *pack)
{
    free(pack->bytes);
    pack->bytes = NULL;
}

void pack_map(struct pack *pack, size_t pairs)
{
    (void)msgpack_pack_map(&pack->packer, pairs);
}

void pack_array(struct pack *pack, size_t items)
{
    (void)msgpack_pack_array(&pack->packer, items);
}

void pack_text(struct pack *pack, const char *text)
{
    if (text == NULL) {
        (void)msgpack_pack_nil(&pack->packer);
        return;
    }
    (void)msgpack_pack_str_with_body(&pack->packer, text, strlen(text));
}

void pack_key(struct pack *pack, const char *key)
{
    pack_text(pack, key);
}

void pack_key_text(struct pack *pack, const char *key, const char *text)
{
    pack_text(pack, key);
    pack_text(pack, text);
}

void pack_key_int(struct pack *pack, const char *key, int64_t value)
{
    pack_key(pack, key);
    (void)msgpack_pack_int64(&pack->packer, value);
}

void pack_key_uint(struct pack *pack, const char *key, uint64_t value)
{
    pack_text(pack, key);
    (void)msgpack_pack_uint64(&pack->packer, value);
}

void pack_key_bool(struct pack *pack, const char *key, bool value)
{
    pack_text(pack, key);
    (void)(value ? msgpack_pack_true(&pack->packer) : msgpack_pack_false(&pack->packer));
}

void pack_key_double(struct pack *pack, const char *key, double value)
{
    pack_text(pack, key);
    (void)msgpack_pack_double(&pack->packer, value);
}

void pack_key_nil(struct pack *pack, const char *key)
{
    pack_text(pack, key);
    pack_text(pack, NULL);
}
