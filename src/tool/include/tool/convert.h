// SPDX-License-Identifier: MIT
/*
 * convert: a msgpack value as a JSON value.
 */
#ifndef TOOL_CONVERT_H
#define TOOL_CONVERT_H

#include <jansson.h>
#include <msgpack.h>

#define CONVERT_DEPTH_MAX 16 /* maps and arrays inside each other */

/*
 * A new reference, or NULL for what JSON cannot say: a key that is no string, a key used twice,
 * binary data, extensions, more than CONVERT_DEPTH_MAX levels. Strings that are not UTF-8 get a '?'
 * for each byte beyond ASCII; integers beyond 2^63 - 1 become reals; NaN and infinity become null.
 */
json_t *convert_value(const msgpack_object *object);

#endif
