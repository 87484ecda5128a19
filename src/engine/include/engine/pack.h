// SPDX-License-Identifier: MIT
/*
 * pack: a bounded buffer that msgpack values are written to, and the few shapes that the engine
 * writes. Running out of room or memory is remembered and asked for once, at the end.
 */
#ifndef ENGINE_PACK_H
#define ENGINE_PACK_H

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More than 64 nodes, 32 VIPs and 1000 addresses with the longest names come to. */
#define PACK_BYTES_MAX (1024 * 1024)

struct pack {
    msgpack_packer packer;
    char *bytes;
    size_t length;
    size_t capacity;
    bool failed; /* what is in `bytes` is not whole */
};

void pack_init(struct pack *pack);
void pack_free(struct pack *pack);

void pack_map(struct pack *pack, size_t pairs);
void pack_array(struct pack *pack, size_t items);
/* NULL is nil. */
void pack_text(struct pack *pack, const char *text);

/* A key and its value, inside of a map. */
void pack_key(struct pack *pack, const char *key);
void pack_key_text(struct pack *pack, const char *key, const char *text);
void pack_key_int(struct pack *pack, const char *key, int64_t value);
void pack_key_uint(struct pack *pack, const char *key, uint64_t value);
void pack_key_bool(struct pack *pack, const char *key, bool value);
void pack_key_double(struct pack *pack, const char *key, double value);
void pack_key_nil(struct pack *pack, const char *key);

#endif
