// SPDX-License-Identifier: MIT
/* vector_json: the core's types in the notation of proto/README.md, and back. */
#ifndef VECTOR_JSON_H
#define VECTOR_JSON_H

#include <jansson.h>

#include "core/message.h"

void vector_json_require(bool condition);
/* Bytes of the hexadecimal digits; their number has to be `length`. */
void vector_json_bytes(const json_t *text, uint8_t *ret, size_t length);
json_t *vector_json_hex(const uint8_t *bytes, size_t length);
/* A number of hexadecimal digits; 0 if there is no such key. */
uint64_t vector_json_number(const json_t *object, const char *key);
/* A plain number; 0 if there is no such key. */
uint32_t vector_json_small(const json_t *object, const char *key);

void vector_json_read_record(const json_t *json, struct record *ret);
/* All of a message but its relays. */
void vector_json_read_message(const json_t *json, struct message_out *ret);
/* All of a message but its peer. A new reference. */
json_t *vector_json_write_message(const struct message_in *message);

#endif
