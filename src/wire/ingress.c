// SPDX-License-Identifier: MIT
/*
 * ingress: the one door for what others send. The checks stand in the order of their cost
 * [SPEC D2] to [SPEC D6]: garbage ends at the MAC, before anything is decoded, and a signature is
 * only looked at if nothing cheaper speaks against the record. Nothing changes before the datagram
 * is known to be authentic, new and well formed as a whole.
 */
#include <string.h>

#include "check.h"
#include "datagram.h"
#include "item.h"
#include "replay.h"
#include "wire/wire.h"

/* One datagram on its way in. */
struct arrival {
    struct wire *wire;
    const struct core *core;
    struct header header;
    uint8_t sender; /* index */
    bool confirmed; /* the sender's incarnation is the one that the core has confirmed */
    bool ended;     /* it is the one that was confirmed before */
    struct message_in *message;
    struct item_record raw[MESSAGE_RECORDS_MAX];
};

static enum drop admit(struct arrival *arrival, struct keyring_span datagram);
static enum drop check_addressing(struct arrival *arrival);
static enum drop check_mac(struct arrival *arrival, struct keyring_span datagram);
static struct replay_windows follow_core(const struct arrival *arrival);
static struct replay_window *find_window(const struct arrival *arrival,
                                         struct replay_windows *windows);
static enum drop decode(struct arrival *arrival, struct keyring_span items);
static void keep_own_asks(const struct arrival *arrival);
static void filter_records(struct arrival *arrival);
static enum drop judge_record(struct arrival *arrival, uint8_t at);
static bool has_as_new(const struct wire *wire, uint8_t node, const struct record *record);
static enum drop judge_known(struct arrival *arrival, uint8_t node, uint8_t at);
static bool is_proved(const struct arrival *arrival, uint8_t node, uint64_t incarnation);
static bool signature_is_good(struct arrival *arrival, uint8_t node, uint8_t at);
static void store(struct arrival *arrival, uint8_t node, uint8_t at);
static void filter_echoes(struct arrival *arrival);
static enum drop judge_echo(struct arrival *arrival, const struct echo *echo);

enum drop wire_ingress(struct wire *wire, const struct core *core, const uint8_t *bytes,
                       size_t length, struct message_in *ret)
{
    struct arrival arrival;
    arrival.wire = wire;
    arrival.core = core;
    arrival.message = ret;
    wire->received++;
    enum drop drop = admit(&arrival, (struct keyring_span){bytes, length});
    if (drop != DROP_NONE) {
        wire->drops[drop]++;
        return drop;
    }
    ret->peer = arrival.sender;
    ret->incarnation = arrival.header.incarnation;
    ret->ended = arrival.ended;
    if (arrival.ended) {
        keep_own_asks(&arrival);
        return DROP_NONE;
    }
    /* Proofs first: they decide what the rest is worth. */
    filter_echoes(&arrival);
    arrival.confirmed = arrival.confirmed || is_proved(&arrival, arrival.sender, ret->incarnation);
    if (!arrival.confirmed) {
        /* Whoever is not proved to run may introduce itself and no more [SPEC D6]. */
        ret->answer = 0;
        ret->question.id = 0;
        ret->question.about_count = 0;
        ret->grant.vote_count = 0;
    }
    filter_records(&arrival);
    return DROP_NONE;
}

/* Everything that speaks against the datagram as a whole. */
static enum drop admit(struct arrival *arrival, struct keyring_span datagram)
{
    enum drop drop = datagram_read_header(datagram.bytes, datagram.length, &arrival->header);
    if (drop == DROP_NONE)
        drop = check_addressing(arrival);
    if (drop == DROP_NONE)
        drop = check_mac(arrival, datagram);
    if (drop != DROP_NONE)
        return drop;

    uint64_t incarnation = arrival->header.incarnation; /* [SPEC D4] */
    if (incarnation == 0)
        return DROP_MALFORMED;
    struct replay_windows windows = follow_core(arrival);
    arrival->confirmed = incarnation == core_member_incarnation(arrival->core, arrival->sender);
    arrival->ended = core_incarnation_is_dead(arrival->core, arrival->sender, incarnation);
    struct replay_window *window = find_window(arrival, &windows);
    if (arrival->ended && (arrival->confirmed || window->incarnation != incarnation))
        return DROP_DEAD_INCARNATION;
    if (window->incarnation != incarnation)
        *window = replay_empty(incarnation);
    if (!replay_is_new(window, arrival->header.counter))
        return arrival->ended ? DROP_DEAD_INCARNATION : DROP_REPLAYED;
    drop = decode(arrival, (struct keyring_span){datagram.bytes + DATAGRAM_HEADER,
                                                 datagram.length - DATAGRAM_HEADER});
    if (drop != DROP_NONE)
        return arrival->ended ? DROP_DEAD_INCARNATION : drop;
    replay_accept(window, arrival->header.counter);
    arrival->wire->peers[arrival->sender].windows = windows;
    return DROP_NONE;
}

/* [SPEC D2] */
static enum drop check_addressing(struct arrival *arrival)
{
    const struct keyring *keyring = &arrival->wire->keyring;
    uint32_t self = keyring->node_id[keyring->self];
    if (arrival->header.cluster != keyring->cluster)
        return DROP_CLUSTER;
    if (arrival->header.sender == self)
        return DROP_REFLECTED;
    arrival->sender = core_node_index(arrival->core, arrival->header.sender);
    if (arrival->sender == NODE_NONE)
        return DROP_SENDER;
    CHECK(arrival->sender < keyring->node_count);
    return arrival->header.receiver == self ? DROP_NONE : DROP_RECEIVER;
}

/* [SPEC D3] */
static enum drop check_mac(struct arrival *arrival, struct keyring_span datagram)
{
    struct keyring_span parts[2];
    datagram_mac_parts(datagram.bytes, datagram.length, parts);
    if (keyring_mac_is_good(&arrival->wire->keyring, arrival->sender, parts, &arrival->header.mac))
        return DROP_NONE;
    arrival->wire->peers[arrival->sender].mac_failures++;
    return DROP_MAC;
}

/*
 * The confirmed window is pinned: no other incarnation, and be it replayed, can push it out. That
 * holds from the moment when the core confirms an incarnation, which may be through a relay and
 * before it said anything more itself: its window moves over first, and that of the one before
 * stays for what R24 asks [SPEC D5].
 */
static struct replay_windows follow_core(const struct arrival *arrival)
{
    struct replay_windows windows = arrival->wire->peers[arrival->sender].windows;
    uint64_t member = core_member_incarnation(arrival->core, arrival->sender);
    if (member == 0 || windows.confirmed.incarnation == member)
        return windows;
    if (windows.confirmed.incarnation != 0)
        windows.ended = windows.confirmed;
    windows.confirmed = replay_empty(member);
    if (windows.tentative.incarnation == member) {
        windows.confirmed = windows.tentative;
        windows.tentative = replay_empty(0);
    }
    return windows;
}

/* The place for the window of the sender's incarnation. */
static struct replay_window *find_window(const struct arrival *arrival,
                                         struct replay_windows *windows)
{
    if (arrival->confirmed)
        return &windows->confirmed;
    return arrival->ended ? &windows->ended : &windows->tentative;
}

/* A node whose incarnation has ended for the others, and that runs all the same, may ask which of
 * its name is there now; nothing else that it says counts [SPEC R24]. */
static void keep_own_asks(const struct arrival *arrival)
{
    struct message_in *message = arrival->message;
    uint32_t sender = arrival->header.sender;
    uint8_t kept = 0;
    for (uint8_t i = 0; i < message->ask_count; i++)
        if (message->asks[i].target == sender && message->asks[i].asker == sender)
            message->asks[kept++] = message->asks[i];
    message->ask_count = kept;
    message->record_count = 0;
    message->echo_count = 0;
    message->answer = 0;
    message->question.id = 0;
    message->question.about_count = 0;
    message->grant.vote_count = 0;
    arrival->wire->drops[DROP_DEAD_INCARNATION]++;
}

static enum drop decode(struct arrival *arrival, struct keyring_span items)
{
    const struct message_in *message = arrival->message;
    if (!item_decode_all(items, arrival->message, arrival->raw))
        return DROP_MALFORMED;
    for (uint8_t i = 0; i < message->record_count; i++) {
        const struct record *record = &message->records[i].record;
        if (record->node == arrival->header.sender &&
            record->incarnation != arrival->header.incarnation)
            return DROP_MALFORMED;
    }
    return DROP_NONE;
}

static void filter_records(struct arrival *arrival)
{
    struct message_in *message = arrival->message;
    uint8_t kept = 0;
    for (uint8_t i = 0; i < message->record_count; i++) {
        enum drop drop = judge_record(arrival, i);
        if (drop != DROP_NONE) {
            arrival->wire->drops[drop]++;
            continue;
        }
        if (kept != i)
            message->records[kept] = message->records[i];
        kept++;
    }
    message->record_count = kept;
}

/* [SPEC D6] */
static enum drop judge_record(struct arrival *arrival, uint8_t at)
{
    const struct record *record = &arrival->message->records[at].record;
    const struct keyring *keyring = &arrival->wire->keyring;
    uint8_t node = core_node_index(arrival->core, record->node);
    if (node == NODE_NONE)
        return DROP_RECORD_NODE;
    bool direct = node == arrival->sender;
    if (!direct && !arrival->confirmed)
        return DROP_RECORD_UNCONFIRMED;
    if (node == keyring->self && record->incarnation == arrival->wire->incarnation)
        return DROP_RECORD_OLD;
    bool member = record->incarnation == core_member_incarnation(arrival->core, node);
    if (member && record->seq <= core_member_seq(arrival->core, node))
        return judge_known(arrival, node, at);
    if (core_incarnation_is_dead(arrival->core, node, record->incarnation))
        return DROP_RECORD_DEAD;
    if (!direct && !signature_is_good(arrival, node, at))
        return DROP_RECORD_SIGNATURE;
    if (node != keyring->self && (member || is_proved(arrival, node, record->incarnation)) &&
        !has_as_new(arrival->wire, node, record))
        store(arrival, node, at);
    return DROP_NONE;
}

/* A datagram may hold several records of a node, in any order: the newest of them is kept, of
 * equals the first. */
static bool has_as_new(const struct wire *wire, uint8_t node, const struct record *record)
{
    const struct signed_record *stored = &wire->records[node];
    return stored->incarnation == record->incarnation && stored->seq >= record->seq;
}

/*
 * The core knows the record, but its bytes may be missing here: it came before its incarnation was
 * confirmed. Without them this node could not relay it.
 */
static enum drop judge_known(struct arrival *arrival, uint8_t node, uint8_t at)
{
    const struct record *record = &arrival->message->records[at].record;
    const struct signed_record *stored = &arrival->wire->records[node];
    CHECK(node != arrival->wire->keyring.self); /* the core knows no incarnation of itself */
    if (record->seq == core_member_seq(arrival->core, node) &&
        (stored->incarnation != record->incarnation || stored->seq != record->seq)) {
        if (node != arrival->sender && !signature_is_good(arrival, node, at))
            return DROP_RECORD_SIGNATURE;
        store(arrival, node, at);
    }
    return DROP_RECORD_OLD;
}

/* Does an echo in this very datagram, asked for and verified, make that incarnation the confirmed
 * one as soon as the core sees it? */
static bool is_proved(const struct arrival *arrival, uint8_t node, uint64_t incarnation)
{
    const struct keyring *keyring = &arrival->wire->keyring;
    const struct message_in *message = arrival->message;
    for (uint8_t i = 0; i < message->echo_count; i++)
        if (message->echoes[i].asker == keyring->node_id[keyring->self] &&
            message->echoes[i].node == keyring->node_id[node] &&
            message->echoes[i].incarnation == incarnation)
            return true;
    return false;
}

static bool signature_is_good(struct arrival *arrival, uint8_t node, uint8_t at)
{
    const struct item_record *raw = &arrival->raw[at];
    const struct keyring_message message = {KEYRING_RECORD, raw->span};
    return keyring_verify(&arrival->wire->keyring, node, &message, &raw->signature);
}

static void store(struct arrival *arrival, uint8_t node, uint8_t at)
{
    const struct record *record = &arrival->message->records[at].record;
    const struct item_record *raw = &arrival->raw[at];
    struct signed_record *stored = &arrival->wire->records[node];
    stored->incarnation = record->incarnation;
    stored->seq = record->seq;
    stored->signature = raw->signature;
    stored->length = (uint16_t)raw->span.length;
    memcpy(stored->bytes, raw->span.bytes, raw->span.length);
}

static void filter_echoes(struct arrival *arrival)
{
    struct message_in *message = arrival->message;
    uint8_t kept = 0;
    for (uint8_t i = 0; i < message->echo_count; i++) {
        enum drop drop = judge_echo(arrival, &message->echoes[i]);
        if (drop != DROP_NONE)
            arrival->wire->drops[drop]++;
        else
            message->echoes[kept++] = message->echoes[i];
    }
    message->echo_count = kept;
}

/* An echo for somebody else is passed on as it is: only the asker knows whether it asked. */
static enum drop judge_echo(struct arrival *arrival, const struct echo *echo)
{
    const struct keyring *keyring = &arrival->wire->keyring;
    if (echo->asker != keyring->node_id[keyring->self])
        return DROP_NONE;
    uint8_t node = core_node_index(arrival->core, echo->node);
    if (node == NODE_NONE || !core_expects_echo(arrival->core, echo))
        return DROP_ECHO_UNASKED;
    uint8_t bytes[ITEM_ECHO_SIGNED];
    struct keyring_signature signature = {.key_id = echo->key_id};
    memcpy(signature.bytes, echo->signature, SIGNATURE_BYTES);
    item_echo_signed(echo, bytes);
    const struct keyring_message message = {KEYRING_ECHO, {bytes, sizeof(bytes)}};
    return keyring_verify(keyring, node, &message, &signature) ? DROP_NONE : DROP_ECHO_SIGNATURE;
}
