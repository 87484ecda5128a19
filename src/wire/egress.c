// SPDX-License-Identifier: MIT
/*
 * egress: what the core wants to say, as datagrams [SPEC I7]. Items are put one after the other;
 * the first that does not fit any more opens the next datagram.
 */
#include <string.h>

#include "check.h"
#include "datagram.h"
#include "item.h"
#include "record.h"
#include "wire/wire.h"

struct packing {
    struct wire *wire;
    uint8_t peer;
    struct datagram *datagrams;
    unsigned count;       /* sealed */
    struct buffer buffer; /* items of the open one */
    unsigned records;     /* of them */
};

static void sign_own_record(struct wire *wire, const struct record *record);
static void sign_record(const struct keyring *keyring, const struct record *record,
                        struct signed_record *ret);
static void sign_own_echo(const struct wire *wire, struct echo *echo);
static void open_datagram(struct packing *packing);
static void close_datagram(struct packing *packing);
static void pack_question(struct packing *packing, const struct question *question, uint8_t first);
static void pack_ask(struct packing *packing, const struct ask *ask);
static void pack_echo(struct packing *packing, const struct echo *echo);
static void pack_grant(struct packing *packing, const struct grant *grant);
static bool put_record(struct packing *packing, const struct signed_record *record,
                       uint64_t age_ns);
static void pack_relay(struct packing *packing, const struct signed_record *record,
                       uint64_t age_ns);

unsigned wire_egress(struct wire *wire, const struct core *core, uint8_t peer,
                     const struct message_out *message,
                     struct datagram ret[static EGRESS_DATAGRAMS_MAX])
{
    CHECK(peer < wire->keyring.node_count && peer != wire->keyring.self);
    struct packing packing = {.wire = wire, .peer = peer, .datagrams = ret};
    sign_own_record(wire, core_record(core));
    open_datagram(&packing);
    CHECK(put_record(&packing, &wire->records[wire->keyring.self], 0));
    if (message->answer != 0)
        CHECK(item_put_answer(&packing.buffer, message->answer));
    if (message->question.id != 0)
        CHECK(item_put_question(&packing.buffer, &message->question, 0));
    for (unsigned first = MESSAGE_ABOUT_MAX; first < message->question.about_count;
         first += MESSAGE_ABOUT_MAX)
        pack_question(&packing, &message->question, (uint8_t)first);
    for (uint8_t i = 0; i < message->ask_count; i++)
        pack_ask(&packing, &message->asks[i]);
    for (uint8_t i = 0; i < message->echo_count; i++)
        pack_echo(&packing, &message->echoes[i]);
    if (message->grant.vote_count > 0)
        pack_grant(&packing, &message->grant);
    for (uint8_t i = 0; i < message->relay_count; i++) {
        uint8_t node = message->relays[i].node;
        CHECK(node < wire->keyring.node_count);
        const struct signed_record *record = &wire->records[node];
        if (record->incarnation != 0 &&
            record->incarnation == core_member_incarnation(core, node) &&
            record->seq == core_member_seq(core, node))
            pack_relay(&packing, record, message->relays[i].age_ns);
    }
    close_datagram(&packing);
    wire->sent += packing.count;
    return packing.count;
}

void wire_will(const struct wire *wire, const struct record *record, uint8_t peer,
               struct datagram *ret)
{
    const struct keyring *keyring = &wire->keyring;
    struct signed_record will = {.incarnation = record->incarnation, .seq = record->seq};
    struct buffer buffer = {ret->bytes + DATAGRAM_HEADER, 0, DATAGRAM_ITEMS_MAX};
    const struct header header = {
        .cluster = keyring->cluster,
        .sender = keyring->node_id[keyring->self],
        .receiver = keyring->node_id[peer],
        .incarnation = wire->incarnation,
        .counter = WIRE_COUNTER_WILL,
    };
    CHECK(peer < keyring->node_count && peer != keyring->self);
    sign_record(keyring, record, &will);
    CHECK(item_put_record(&buffer, &will, 0));
    ret->length = (uint16_t)(DATAGRAM_HEADER + buffer.length);
    CHECK(ret->length <= WIRE_WILL_MAX);
    datagram_seal(ret, keyring, peer, &header);
}

/* A signature costs 20 us: one per record, whatever the number of its receivers. What is relayed
 * later are these very bytes [SPEC F2]. */
static void sign_own_record(struct wire *wire, const struct record *record)
{
    struct signed_record *own = &wire->records[wire->keyring.self];
    if (own->incarnation != record->incarnation || own->seq != record->seq)
        sign_record(&wire->keyring, record, own);
}

static void sign_record(const struct keyring *keyring, const struct record *record,
                        struct signed_record *ret)
{
    struct buffer buffer = {ret->bytes, 0, sizeof(ret->bytes)};
    struct record check;
    CHECK(record_encode(record, &buffer));
    /* Every peer would drop what this node itself cannot read: better to stop here. */
    CHECK(record_decode(ret->bytes, buffer.length, &check));
    ret->length = (uint16_t)buffer.length;
    ret->incarnation = record->incarnation;
    ret->seq = record->seq;
    const struct keyring_message message = {KEYRING_RECORD, {ret->bytes, ret->length}};
    keyring_sign(keyring, &message, &ret->signature);
}

static void sign_own_echo(const struct wire *wire, struct echo *echo)
{
    uint8_t bytes[ITEM_ECHO_SIGNED];
    struct keyring_signature signature;
    item_echo_signed(echo, bytes);
    const struct keyring_message message = {KEYRING_ECHO, {bytes, sizeof(bytes)}};
    keyring_sign(&wire->keyring, &message, &signature);
    echo->key_id = signature.key_id;
    memcpy(echo->signature, signature.bytes, SIGNATURE_BYTES);
}

static void open_datagram(struct packing *packing)
{
    CHECK(packing->count < EGRESS_DATAGRAMS_MAX);
    uint8_t *items = packing->datagrams[packing->count].bytes + DATAGRAM_HEADER;
    packing->buffer = (struct buffer){items, 0, DATAGRAM_ITEMS_MAX};
    packing->records = 0;
}

static void close_datagram(struct packing *packing)
{
    struct wire *wire = packing->wire;
    const struct keyring *keyring = &wire->keyring;
    struct datagram *datagram = &packing->datagrams[packing->count++];
    const struct header header = {
        .cluster = keyring->cluster,
        .sender = keyring->node_id[keyring->self],
        .receiver = keyring->node_id[packing->peer],
        .incarnation = wire->incarnation,
        .counter = wire->peers[packing->peer].counter++,
    };
    datagram->length = (uint16_t)(DATAGRAM_HEADER + packing->buffer.length);
    datagram_seal(datagram, keyring, packing->peer, &header);
}

static void next_datagram(struct packing *packing)
{
    close_datagram(packing);
    open_datagram(packing);
}

/* What a question is about beyond what fits into one item; a datagram has one question [SPEC I7].
 */
static void pack_question(struct packing *packing, const struct question *question, uint8_t first)
{
    next_datagram(packing);
    CHECK(item_put_question(&packing->buffer, question, first));
}

static void pack_ask(struct packing *packing, const struct ask *ask)
{
    if (item_put_ask(&packing->buffer, ask))
        return;
    next_datagram(packing);
    CHECK(item_put_ask(&packing->buffer, ask));
}

static void pack_echo(struct packing *packing, const struct echo *echo)
{
    const struct keyring *keyring = &packing->wire->keyring;
    struct echo made = *echo;
    if (made.node == keyring->node_id[keyring->self])
        sign_own_echo(packing->wire, &made);
    if (item_put_echo(&packing->buffer, &made))
        return;
    next_datagram(packing);
    CHECK(item_put_echo(&packing->buffer, &made));
}

static void pack_grant(struct packing *packing, const struct grant *grant)
{
    if (item_put_grant(&packing->buffer, grant))
        return;
    next_datagram(packing);
    CHECK(item_put_grant(&packing->buffer, grant));
}

/* Small records could fit where the count of them does not allow one more [SPEC I7]. */
static bool put_record(struct packing *packing, const struct signed_record *record, uint64_t age_ns)
{
    bool fits =
        packing->records < MESSAGE_RECORDS_MAX && item_put_record(&packing->buffer, record, age_ns);
    packing->records += fits ? 1 : 0;
    return fits;
}

static void pack_relay(struct packing *packing, const struct signed_record *record, uint64_t age_ns)
{
    if (put_record(packing, record, age_ns))
        return;
    next_datagram(packing);
    CHECK(put_record(packing, record, age_ns));
}
