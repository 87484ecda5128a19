// SPDX-License-Identifier: MIT
#include "tool/convert.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static json_t *convert_at(const msgpack_object *object, unsigned depth);
static json_t *convert_unsigned(uint64_t number);
static json_t *convert_real(double number);
static json_t *convert_string(const msgpack_object_str *string);
static json_t *convert_array(const msgpack_object_array *array, unsigned depth);
static json_t *convert_map(const msgpack_object_map *map, unsigned depth);

json_t *convert_value(const msgpack_object *object)
{
    return convert_at(object, 0);
}

static json_t *convert_at(const msgpack_object *object, unsigned depth)
{
    switch (object->type) {
    case MSGPACK_OBJECT_NIL:
        return json_null();
    case MSGPACK_OBJECT_BOOLEAN:
        return json_boolean(object->via.boolean);
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        return convert_unsigned(object->via.u64);
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return json_integer(object->via.i64);
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        return convert_real(object->via.f64);
    case MSGPACK_OBJECT_STR:
        return convert_string(&object->via.str);
    case MSGPACK_OBJECT_ARRAY:
        return convert_array(&object->via.array, depth + 1);
    case MSGPACK_OBJECT_MAP:
        return convert_map(&object->via.map, depth + 1);
    case MSGPACK_OBJECT_BIN:
    case MSGPACK_OBJECT_EXT:
    default:
        return NULL;
    }
}

static json_t *convert_unsigned(uint64_t number)
{
    return number <= INT64_MAX ? json_integer((json_int_t)number) : json_real((double)number);
}

static json_t *convert_real(double number)
{
    json_t *real = json_real(number); /* NULL for NaN and infinity */

    return real != NULL ? real : json_null();
}

static json_t *convert_string(const msgpack_object_str *string)
{
    json_t *ret = json_stringn(string->ptr, string->size);
    char *copy;

    if (ret != NULL)
        return ret;
    copy = malloc((size_t)string->size + 1);
    if (copy == NULL)
        return NULL;
    for (uint32_t i = 0; i < string->size; i++)
        copy[i] = ((unsigned char)string->ptr[i] & 0x80U) != 0 ? '?' : string->ptr[i];
    ret = json_stringn(copy, string->size);
    free(copy);
    return ret;
}

static json_t *convert_array(const msgpack_object_array *array, unsigned depth)
{
    json_t *ret = depth <= CONVERT_DEPTH_MAX ? json_array() : NULL;

    for (uint32_t i = 0; ret != NULL && i < array->size; i++) {
        /* jansson takes NULL for a failure, and gives back a failure. */
        if (json_array_append_new(ret, convert_at(&array->ptr[i], depth)) == 0)
            continue;
        json_decref(ret);
        return NULL;
    }
    return ret;
}

/* Adds one pair to `map`; false if JSON cannot say it. */
static bool convert_pair(const msgpack_object_kv *pair, unsigned depth, json_t *map)
{
    char key[128];

    if (pair->key.type != MSGPACK_OBJECT_STR || pair->key.via.str.size >= sizeof(key) ||
        memchr(pair->key.via.str.ptr, '\0', pair->key.via.str.size) != NULL)
        return false;
    memcpy(key, pair->key.via.str.ptr, pair->key.via.str.size);
    key[pair->key.via.str.size] = '\0';
    if (json_object_get(map, key) != NULL)
        return false;
    return json_object_set_new(map, key, convert_at(&pair->val, depth)) == 0;
}

static json_t *convert_map(const msgpack_object_map *map, unsigned depth)
{
    json_t *ret = depth <= CONVERT_DEPTH_MAX ? json_object() : NULL;

    for (uint32_t i = 0; ret != NULL && i < map->size; i++) {
        if (convert_pair(&map->ptr[i], depth, ret))
            continue;
        json_decref(ret);
        return NULL;
    }
    return ret;
}
