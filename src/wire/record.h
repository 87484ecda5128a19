// SPDX-License-Identifier: MIT
/*
 * record: struct record to the bytes that are signed, and back [SPEC F1] to [SPEC F6].
 */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"
#include "core/record.h"

/* Ranges that a record is held to, where the type alone does not say it. */
#define RECORD_INTERVAL_MS_MIN 10U
#define RECORD_INTERVAL_MS_MAX 10000U
#define RECORD_NEXT_MS_MAX     100000U /* the longest slow beat: 10 x the longest interval */
#define RECORD_LEASE_MS_MAX    60000U

/* Appends the record. False if it does not fit. */
bool record_encode(const struct record *record, struct buffer *buffer);

/* False if the bytes are anything but one record with every number in its range; `ret` is then
 * undefined. */
bool record_decode(const uint8_t *bytes, size_t length, struct record *ret);

#endif
