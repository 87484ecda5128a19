// SPDX-License-Identifier: MIT
/*
 * datagram: the header [SPEC D1], byte by byte, big endian.
 *
 *    0  magic "vg"        2
 *    2  version           1   DATAGRAM_VERSION
 *    3  key id            1   of the MAC's key
 *    4  cluster           4   id of the cluster's name
 *    8  sender            4   id of the sending node
 *   12  receiver          4   id of the node that it is for
 *   16  incarnation       8   of the sender
 *   24  counter           8   1, 2, 3... per incarnation of the sender and per receiver
 *   32  MAC              16   over bytes 0 to 31 and all after the header
 *   48  items
 */
#ifndef DATAGRAM_H
#define DATAGRAM_H

#include "wire/wire.h"

#define DATAGRAM_VERSION    1 /* [SPEC D8] */
#define DATAGRAM_MAC_OFFSET 32
#define DATAGRAM_ITEMS_MAX  (DATAGRAM_MAX - DATAGRAM_HEADER)
_Static_assert(DATAGRAM_MAC_OFFSET + MAC_BYTES == DATAGRAM_HEADER, "the MAC ends the header");

struct header {
    uint32_t cluster;
    uint32_t sender;
    uint32_t receiver;
    uint64_t incarnation;
    uint64_t counter;
    struct keyring_mac mac;
};

/* Length, magic and version [SPEC D2]; the rest of the header into `ret`, unchecked. */
enum drop datagram_read_header(const uint8_t *bytes, size_t length, struct header *ret);

/* Writes the header of a datagram for node `peer` (index) whose items stand behind it already. */
void datagram_seal(struct datagram *datagram, const struct keyring *keyring, uint8_t peer,
                   const struct header *header);

/* The two parts that the MAC covers [SPEC D3]. */
void datagram_mac_parts(const uint8_t *bytes, size_t length, struct keyring_span ret[static 2]);

#endif
