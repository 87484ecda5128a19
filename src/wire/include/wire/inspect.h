// SPDX-License-Identifier: MIT
/*
 * inspect: what a datagram says, for those who look at a capture and take no part. Nothing here
 * asks whether a datagram is new, for whom it is, or what is known of its sender.
 */
#ifndef WIRE_INSPECT_H
#define WIRE_INSPECT_H

#include "wire/wire.h"

/* The header, without the MAC [SPEC D1]. */
struct inspect_header {
    uint32_t cluster;
    uint32_t sender;
    uint32_t receiver;
    uint64_t incarnation;
    uint64_t counter;
    uint8_t key_id;
};

/* A record as it was signed; the bytes are those of the datagram. */
struct inspect_signed {
    struct keyring_signature signature;
    struct keyring_span span;
};

struct inspect_items {
    struct message_in message;                          /* without peer and incarnation */
    struct inspect_signed records[MESSAGE_RECORDS_MAX]; /* what those of `message` were read from */
};

/* DROP_NONE, or what is wrong with length, magic or version [SPEC D2]; `ret` is undefined then. */
enum drop inspect_header(const uint8_t *bytes, size_t length, struct inspect_header *ret);

/* The rest expects a datagram with a good header. */

/* Did `peer` and the node of the keyring make the MAC, one for the other? [SPEC D3] */
bool inspect_mac_is_good(const struct keyring *keyring, uint8_t peer, const uint8_t *bytes,
                         size_t length);

/* False if the items are malformed [SPEC D7]; `ret` is undefined then. */
bool inspect_items(const uint8_t *bytes, size_t length, struct inspect_items *ret);

/* Are these signatures of `node`? [SPEC K6] */
bool inspect_record_is_signed(const struct keyring *keyring, uint8_t node,
                              const struct inspect_signed *record);
bool inspect_echo_is_signed(const struct keyring *keyring, uint8_t node, const struct echo *echo);

#endif
