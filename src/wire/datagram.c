// SPDX-License-Identifier: MIT
#include "datagram.h"

#include <string.h>

enum offset {
    OFFSET_MAGIC = 0,
    OFFSET_VERSION = 2,
    OFFSET_KEY_ID = 3,
    OFFSET_CLUSTER = 4,
    OFFSET_SENDER = 8,
    OFFSET_RECEIVER = 12,
    OFFSET_INCARNATION = 16,
    OFFSET_COUNTER = 24,
};

static const uint8_t magic[2] = {'v', 'g'};

static uint64_t get(const uint8_t *bytes, unsigned width)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < width; i++)
        number = number << 8 | bytes[i];
    return number;
}

static void put(uint8_t *bytes, unsigned width, uint64_t number)
{
    for (unsigned i = 0; i < width; i++)
        bytes[i] = (uint8_t)(number >> (8 * (width - 1 - i)) & 0xFFU);
}

enum drop datagram_read_header(const uint8_t *bytes, size_t length, struct header *ret)
{
    if (length < DATAGRAM_HEADER)
        return DROP_TOO_SHORT;
    if (length > DATAGRAM_MAX)
        return DROP_TOO_LONG;
    if (memcmp(bytes + OFFSET_MAGIC, magic, sizeof(magic)) != 0)
        return DROP_MAGIC;
    if (bytes[OFFSET_VERSION] != DATAGRAM_VERSION)
        return DROP_VERSION;
    ret->cluster = (uint32_t)get(bytes + OFFSET_CLUSTER, 4);
    ret->sender = (uint32_t)get(bytes + OFFSET_SENDER, 4);
    ret->receiver = (uint32_t)get(bytes + OFFSET_RECEIVER, 4);
    ret->incarnation = get(bytes + OFFSET_INCARNATION, 8);
    ret->counter = get(bytes + OFFSET_COUNTER, 8);
    ret->mac.key_id = bytes[OFFSET_KEY_ID];
    memcpy(ret->mac.bytes, bytes + DATAGRAM_MAC_OFFSET, MAC_BYTES);
    return DROP_NONE;
}

void datagram_seal(struct datagram *datagram, const struct keyring *keyring, uint8_t peer,
                   const struct header *header)
{
    uint8_t *bytes = datagram->bytes;
    memcpy(bytes + OFFSET_MAGIC, magic, sizeof(magic));
    bytes[OFFSET_VERSION] = DATAGRAM_VERSION;
    bytes[OFFSET_KEY_ID] = keyring_mac_key_id(keyring, peer);
    put(bytes + OFFSET_CLUSTER, 4, header->cluster);
    put(bytes + OFFSET_SENDER, 4, header->sender);
    put(bytes + OFFSET_RECEIVER, 4, header->receiver);
    put(bytes + OFFSET_INCARNATION, 8, header->incarnation);
    put(bytes + OFFSET_COUNTER, 8, header->counter);

    struct keyring_span parts[2];
    struct keyring_mac mac;
    datagram_mac_parts(bytes, datagram->length, parts);
    keyring_mac(keyring, peer, parts, &mac);
    memcpy(bytes + DATAGRAM_MAC_OFFSET, mac.bytes, MAC_BYTES);
}

void datagram_mac_parts(const uint8_t *bytes, size_t length, struct keyring_span ret[static 2])
{
    ret[0] = (struct keyring_span){bytes, DATAGRAM_MAC_OFFSET};
    ret[1] = (struct keyring_span){bytes + DATAGRAM_HEADER, length - DATAGRAM_HEADER};
}
