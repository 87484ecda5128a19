// SPDX-License-Identifier: MIT
/*
 * facts: reading the facts (docs/STATUS.md). A key that is missing, null or of another type is not
 * known: an older daemon says less, and that is no error.
 */
#ifndef FACTS_H
#define FACTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define FACTS_UNKNOWN (-1) /* no fact is negative */

/* The string, or NULL. It belongs to `map`. */
const char *facts_text(const json_t *map, const char *key);
/* The string, or `fallback`. */
const char *facts_text_or(const json_t *map, const char *key, const char *fallback);
/* The integer, or FACTS_UNKNOWN. */
int64_t facts_number(const json_t *map, const char *key);
/* Is it that string? */
bool facts_is(const json_t *map, const char *key, const char *text);
bool facts_is_true(const json_t *map, const char *key);
bool facts_is_false(const json_t *map, const char *key);

/* A copy of the facts with the keys in the order of docs/STATUS.md, unknown ones last. A new
 * reference, or NULL without memory. */
json_t *facts_in_order(json_t *facts);

#endif
