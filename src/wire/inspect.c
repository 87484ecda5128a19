// SPDX-License-Identifier: MIT
#include "wire/inspect.h"

#include <string.h>

#include "datagram.h"
#include "item.h"

enum drop inspect_header(const uint8_t *bytes, size_t length, struct inspect_header *ret)
{
    struct header header;
    const enum drop drop = datagram_read_header(bytes, length, &header);
    if (drop != DROP_NONE)
        return drop;
    *ret = (struct inspect_header){
        .cluster = header.cluster,
        .sender = header.sender,
        .receiver = header.receiver,
        .incarnation = header.incarnation,
        .counter = header.counter,
        .key_id = header.mac.key_id,
    };
    return DROP_NONE;
}

bool inspect_mac_is_good(const struct keyring *keyring, uint8_t peer, const uint8_t *bytes,
                         size_t length)
{
    struct header header;
    struct keyring_span parts[2];
    if (datagram_read_header(bytes, length, &header) != DROP_NONE)
        return false;
    datagram_mac_parts(bytes, length, parts);
    return keyring_mac_is_good(keyring, peer, parts, &header.mac);
}

bool inspect_items(const uint8_t *bytes, size_t length, struct inspect_items *ret)
{
    struct item_record raw[MESSAGE_RECORDS_MAX];
    const struct keyring_span items = {bytes + DATAGRAM_HEADER, length - DATAGRAM_HEADER};
    if (!item_decode_all(items, &ret->message, raw))
        return false;
    for (uint8_t i = 0; i < ret->message.record_count; i++)
        ret->records[i] = (struct inspect_signed){raw[i].signature, raw[i].span};
    return true;
}

bool inspect_record_is_signed(const struct keyring *keyring, uint8_t node,
                              const struct inspect_signed *record)
{
    const struct keyring_message message = {KEYRING_RECORD, record->span};
    return keyring_verify(keyring, node, &message, &record->signature);
}

bool inspect_echo_is_signed(const struct keyring *keyring, uint8_t node, const struct echo *echo)
{
    uint8_t bytes[ITEM_ECHO_SIGNED];
    struct keyring_signature signature = {.key_id = echo->key_id};
    memcpy(signature.bytes, echo->signature, SIGNATURE_BYTES);
    item_echo_signed(echo, bytes);
    const struct keyring_message message = {KEYRING_ECHO, {bytes, sizeof(bytes)}};
    return keyring_verify(keyring, node, &message, &signature);
}
