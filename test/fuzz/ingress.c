// SPDX-License-Identifier: MIT
/*
 * Whatever bytes come, ingress neither crashes nor reads beyond them, and what it lets in is what
 * it seems to be.
 *
 * First byte of the input: 0, the rest is a datagram as it comes from the network; anything else,
 * the rest is the items of a datagram whose header and MAC are good: a peer that has the key.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <msgpack/unpack.h>

#include "check.h"
#include "record.h"
#include "wire_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Every record that was let in can be said again, and means the same then. */
static void check_records(const struct message_in *message)
{
    CHECK(message->record_count <= MESSAGE_RECORDS_MAX);
    for (uint8_t i = 0; i < message->record_count; i++) {
        uint8_t first[RECORD_MAX];
        uint8_t second[RECORD_MAX];
        struct buffer once = {first, 0, sizeof(first)};
        struct buffer twice = {second, 0, sizeof(second)};
        struct record again;
        CHECK(record_encode(&message->records[i].record, &once));
        CHECK(record_decode(first, once.length, &again));
        CHECK(record_encode(&again, &twice));
        CHECK(once.length == twice.length);
        CHECK(memcmp(first, second, once.length) == 0);
    }
    CHECK(message->ask_count <= MESSAGE_ASKS_MAX);
    CHECK(message->echo_count <= MESSAGE_ECHOES_MAX);
    CHECK(message->question.about_count <= MESSAGE_ABOUT_MAX);
    for (uint8_t i = 0; i < message->question.about_count; i++)
        CHECK(message->question.about[i] != ID_NONE);
}

/* msgpack-c, asked only now that its allocations are bounded, reads the same items to the same end.
 * Arrays nested deeper than its own stack of 32 make it give up; the cursor needs no stack. */
static void check_against_msgpack_c(const uint8_t *items, size_t length)
{
    size_t offset = 0;
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    while (offset < length) {
        msgpack_unpack_return result =
            msgpack_unpack_next(&unpacked, (const char *)items, length, &offset);
        if (result == MSGPACK_UNPACK_NOMEM_ERROR)
            break;
        CHECK(result == MSGPACK_UNPACK_SUCCESS || result == MSGPACK_UNPACK_EXTRA_BYTES);
        CHECK(unpacked.data.type == MSGPACK_OBJECT_ARRAY);
    }
    msgpack_unpacked_destroy(&unpacked);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    /* Keys take milliseconds; every input begins with the same pristine host. */
    static struct fixture *fixture;
    static struct wire *pristine;
    if (fixture == NULL) {
        fixture = fixture_new();
        pristine = malloc(sizeof(*pristine));
        CHECK(pristine != NULL);
        *pristine = fixture->hosts[BETA].wire;
    }
    if (length == 0)
        return 0;
    struct host *beta = &fixture->hosts[BETA];
    beta->wire = *pristine;
    fixture->hosts[ALPHA].wire.peers[BETA].counter = 1;
    struct message_in message;
    const struct keyring_span rest = {bytes + 1, length - 1};
    if (bytes[0] == 0) {
        if (wire_ingress(&beta->wire, &beta->core, rest.bytes, rest.length, &message) == DROP_NONE)
            check_records(&message);
    } else if (rest.length <= DATAGRAM_ITEMS_MAX) {
        struct datagram datagram = fixture_forge(fixture, ALPHA, BETA, rest);
        if (fixture_receive(fixture, BETA, &datagram, &message) == DROP_NONE) {
            check_records(&message);
            check_against_msgpack_c(rest.bytes, rest.length);
        }
    }
    return 0;
}
