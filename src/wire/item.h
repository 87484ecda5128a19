// SPDX-License-Identifier: MIT
/*
 * item: what stands in a datagram behind its header [SPEC I1] to [SPEC I7]. Each item is a msgpack
 * array that begins with its type.
 */
#ifndef ITEM_H
#define ITEM_H

#include "buffer.h"
#include "wire/wire.h"

/* Only ever added to; an unknown one is stepped over [SPEC I1]. */
enum item_type {
    ITEM_RECORD = 0,
    ITEM_QUESTION = 1,
    ITEM_ANSWER = 2,
    ITEM_ASK = 3,
    ITEM_ECHO = 4,
    ITEM_GRANT = 5,
};

#define ITEM_REST_MS_MAX 60000U
#define ITEM_AGE_US_MAX  UINT32_MAX /* about 71 minutes: older is as old */

/* A record in a datagram, as its author signed it. */
struct item_record {
    struct keyring_signature signature;
    struct keyring_span span; /* inside the datagram */
};

/* Appends one item; false, and nothing appended, if it does not fit. */
bool item_put_record(struct buffer *buffer, const struct signed_record *record, uint64_t age_ns);
/* The question about those from `first` on, at most MESSAGE_ABOUT_MAX of them. */
bool item_put_question(struct buffer *buffer, const struct question *question, uint8_t first);
bool item_put_answer(struct buffer *buffer, uint64_t id);
bool item_put_ask(struct buffer *buffer, const struct ask *ask);
bool item_put_echo(struct buffer *buffer, const struct echo *echo);
bool item_put_grant(struct buffer *buffer, const struct grant *grant);

/*
 * Decodes every item of a datagram. raw[i] is what ret->records[i] was decoded of. `peer` and
 * `incarnation` of `ret` are left alone. False if anything is malformed; `ret` is then undefined.
 */
bool item_decode_all(struct keyring_span span, struct message_in *ret,
                     struct item_record raw[static MESSAGE_RECORDS_MAX]);

#define ITEM_ECHO_SIGNED 32
/* The bytes that the signature of an echo covers [SPEC I6]. */
void item_echo_signed(const struct echo *echo, uint8_t ret[static ITEM_ECHO_SIGNED]);

#endif
