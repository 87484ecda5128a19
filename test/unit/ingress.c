// SPDX-License-Identifier: MIT
/* What comes in and what does not, and by which reason [SPEC D2..D6]. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "buffer.h"
#include "item.h"
#include "wire_fixture.h"

static int set_up(void **state)
{
    *state = fixture_new();
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static uint64_t drops_of(const struct fixture *fixture, enum fixture_node node)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < DROP_COUNT; i++)
        sum += fixture->hosts[node].wire.drops[i];
    return sum;
}

/* The datagram is dropped for that reason, counted as that and nothing else, and changes nothing
 * but counters. */
static void assert_dropped(struct fixture *fixture, enum fixture_node to,
                           const struct datagram *datagram, enum drop reason)
{
    struct wire *wire = &fixture->hosts[to].wire;
    struct wire *before = malloc(sizeof(*before));
    struct message_in message;
    assert_non_null(before);
    *before = *wire;
    assert_string_equal(drop_name(fixture_receive(fixture, to, datagram, &message)),
                        drop_name(reason));
    before->received++;
    before->drops[reason]++;
    for (unsigned n = 0; n < NODES_MAX; n++) {
        assert_true(wire->peers[n].mac_failures - before->peers[n].mac_failures ==
                    (uint64_t)(reason == DROP_MAC && n == (unsigned)ALPHA));
        before->peers[n].mac_failures = wire->peers[n].mac_failures;
    }
    assert_memory_equal(before, wire, sizeof(*wire));
    free(before);
}

static void assert_accepted(struct fixture *fixture, enum fixture_node to,
                            const struct datagram *datagram, struct message_in *ret)
{
    assert_string_equal(drop_name(fixture_receive(fixture, to, datagram, ret)), "none");
    fixture_learn(fixture, to, ret);
}

/* A relayed record of gamma from alpha to beta, as alpha knows it. */
static struct datagram relay_gamma(struct fixture *fixture, uint64_t age_ns)
{
    struct message_in message;
    struct datagram datagram = fixture_send(fixture, GAMMA, ALPHA, NULL);
    assert_accepted(fixture, ALPHA, &datagram, &message);
    struct message_out out;
    memset(&out, 0, sizeof(out));
    out.relay_count = 1;
    out.relays[0].node = GAMMA;
    out.relays[0].age_ns = age_ns;
    return fixture_send(fixture, ALPHA, BETA, &out);
}

static struct datagram echo_of_gamma(struct fixture *fixture, enum fixture_node asker)
{
    struct message_out out;
    memset(&out, 0, sizeof(out));
    out.echo_count = 1;
    out.echoes[0] = (struct echo){
        .node = fixture->hosts[GAMMA].core.id[GAMMA],
        .incarnation = 1000 + GAMMA,
        .seq = 1,
        .asker = fixture->hosts[GAMMA].core.id[asker],
        .challenge = 4711,
    };
    return fixture_send(fixture, GAMMA, BETA, &out);
}

static void test_a_beat_arrives_with_its_sender_and_its_record(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    struct datagram datagram = fixture_send(fixture, ALPHA, BETA, NULL);
    assert_accepted(fixture, BETA, &datagram, &message);
    assert_int_equal(message.peer, ALPHA);
    assert_true(message.incarnation == 1000 + ALPHA);
    assert_int_equal(message.record_count, 1);
    assert_int_equal(message.records[0].record.node, fixture->hosts[ALPHA].core.id[ALPHA]);
    assert_true(message.records[0].age_ns == 0);
    assert_int_equal(message.ask_count, 0);
    assert_int_equal(message.echo_count, 0);
    assert_true(message.answer == 0);
    assert_true(message.question.id == 0);
    assert_true(fixture->hosts[BETA].wire.received == 1);
    assert_true(drops_of(fixture, BETA) == 0);
}

static void test_every_truncation_of_a_good_datagram_is_dropped_and_counted(void **state)
{
    struct fixture *fixture = *state;
    const struct datagram good = fixture_send(fixture, ALPHA, BETA, NULL);
    for (uint16_t length = 0; length < good.length; length++) {
        struct datagram part = good;
        part.length = length;
        assert_dropped(fixture, BETA, &part, length < DATAGRAM_HEADER ? DROP_TOO_SHORT : DROP_MAC);
    }
    /* The same with a MAC that is good: a sender that is broken, not a forger. */
    for (uint16_t length = DATAGRAM_HEADER; length < good.length; length++) {
        struct datagram part = good;
        part.length = length;
        fixture_reseal(fixture, ALPHA, BETA, &part);
        assert_dropped(fixture, BETA, &part, DROP_MALFORMED);
    }
    struct message_in message;
    assert_accepted(fixture, BETA, &good, &message);
}

static enum drop drop_of_flipped(unsigned byte)
{
    static const struct {
        unsigned end;
        enum drop drop;
    } fields[] = {
        {2, DROP_MAGIC},   {3, DROP_VERSION}, {4, DROP_MAC},
        {8, DROP_CLUSTER}, {12, DROP_SENDER}, {16, DROP_RECEIVER},
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (byte < fields[i].end)
            return fields[i].drop;
    return DROP_MAC;
}

static void test_every_flipped_bit_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    const struct datagram good = fixture_send(fixture, ALPHA, BETA, NULL);
    for (unsigned byte = 0; byte < good.length; byte++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct datagram flipped = good;
            flipped.bytes[byte] = (uint8_t)(flipped.bytes[byte] ^ 1U << bit);
            assert_dropped(fixture, BETA, &flipped, drop_of_flipped(byte));
        }
    }
    assert_true(fixture->hosts[BETA].wire.peers[ALPHA].mac_failures > 0);
}

static void test_garbage_is_dropped_before_anything_is_decoded(void **state)
{
    struct fixture *fixture = *state;
    struct prng prng = {99};
    print_message("seed %llu\n", (unsigned long long)prng.state);
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t bytes[DATAGRAM_MAX + 100];
        struct message_in message;
        size_t length = prng_between(&prng, 0, sizeof(bytes));
        for (size_t i = 0; i < length; i++)
            bytes[i] = (uint8_t)prng_next(&prng);
        struct host *beta = &fixture->hosts[BETA];
        assert_int_not_equal(wire_ingress(&beta->wire, &beta->core, bytes, length, &message),
                             DROP_NONE);
    }
    assert_true(fixture->hosts[BETA].wire.received == 20000);
    assert_true(drops_of(fixture, BETA) == 20000);
    assert_true(fixture->hosts[BETA].wire.drops[DROP_MALFORMED] == 0);
}

static void test_a_datagram_longer_than_any_of_ours_is_dropped(void **state)
{
    struct fixture *fixture = *state;
    struct host *beta = &fixture->hosts[BETA];
    static const uint8_t bytes[DATAGRAM_MAX + 1] = {'v', 'g', DATAGRAM_VERSION};
    struct message_in message;
    assert_int_equal(wire_ingress(&beta->wire, &beta->core, bytes, sizeof(bytes), &message),
                     DROP_TOO_LONG);
}

static void test_a_datagram_that_comes_twice_is_replayed(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    struct datagram datagram = fixture_send(fixture, ALPHA, BETA, NULL);
    assert_accepted(fixture, BETA, &datagram, &message);
    assert_dropped(fixture, BETA, &datagram, DROP_REPLAYED);
}

static void test_a_datagram_does_not_come_back_to_its_sender(void **state)
{
    struct fixture *fixture = *state;
    struct datagram datagram = fixture_send(fixture, ALPHA, BETA, NULL);
    struct message_in message;
    assert_int_equal(fixture_receive(fixture, ALPHA, &datagram, &message), DROP_REFLECTED);
}

static void test_a_datagram_for_another_node_is_dropped(void **state)
{
    struct fixture *fixture = *state;
    struct datagram datagram = fixture_send(fixture, ALPHA, GAMMA, NULL);
    assert_dropped(fixture, BETA, &datagram, DROP_RECEIVER);
}

static void test_a_datagram_of_another_cluster_is_dropped(void **state)
{
    struct fixture *fixture = *state;
    fixture->hosts[ALPHA].wire.keyring.cluster = keyring_id("another");
    struct datagram datagram = fixture_send(fixture, ALPHA, BETA, NULL);
    assert_dropped(fixture, BETA, &datagram, DROP_CLUSTER);
}

static void test_a_datagram_of_an_unknown_node_is_dropped(void **state)
{
    struct fixture *fixture = *state;
    fixture->hosts[ALPHA].wire.keyring.node_id[ALPHA] = keyring_id("stranger");
    struct datagram datagram = fixture_send(fixture, ALPHA, BETA, NULL);
    assert_dropped(fixture, BETA, &datagram, DROP_SENDER);
}

static void test_a_wrong_key_is_counted_for_the_node_that_is_named(void **state)
{
    struct fixture *fixture = *state;
    uint8_t key[1][KEY_BYTES];
    fixture_key(2, key[0]);
    fixture_rekey(fixture, ALPHA, (const uint8_t(*)[KEY_BYTES])key, 1);
    struct datagram datagram = fixture_send(fixture, ALPHA, BETA, NULL);
    assert_dropped(fixture, BETA, &datagram, DROP_MAC);
    assert_true(fixture->hosts[BETA].wire.peers[ALPHA].mac_failures == 1);
    assert_true(fixture->hosts[BETA].wire.peers[GAMMA].mac_failures == 0);
}

static void test_both_keys_are_accepted_while_a_rotation_lasts(void **state)
{
    struct fixture *fixture = *state;
    uint8_t keys[2][KEY_BYTES];
    uint8_t swapped[2][KEY_BYTES];
    struct message_in message;
    fixture_key(1, keys[0]);
    fixture_key(2, keys[1]);
    fixture_key(2, swapped[0]);
    fixture_key(1, swapped[1]);
    /* Beta uses the old key and accepts the new one; alpha is a step further. */
    fixture_rekey(fixture, BETA, (const uint8_t(*)[KEY_BYTES])keys, 2);
    fixture_rekey(fixture, ALPHA, (const uint8_t(*)[KEY_BYTES])swapped, 2);
    struct datagram datagram = fixture_send(fixture, ALPHA, BETA, NULL);
    assert_accepted(fixture, BETA, &datagram, &message);
    datagram = fixture_send(fixture, BETA, ALPHA, NULL);
    assert_accepted(fixture, ALPHA, &datagram, &message);
    /* Gamma has the old key alone: its record goes through alpha, under alpha's new one. */
    datagram = relay_gamma(fixture, 0);
    assert_accepted(fixture, BETA, &datagram, &message);
    assert_int_equal(message.record_count, 1);
    assert_int_equal(message.records[0].record.node, fixture->hosts[BETA].core.id[GAMMA]);
    assert_true(fixture->hosts[BETA].wire.drops[DROP_RECORD_SIGNATURE] == 0);
}

static void test_an_incarnation_that_has_ended_is_not_heard_again(void **state)
{
    struct fixture *fixture = *state;
    struct datagram datagram = fixture_send(fixture, ALPHA, BETA, NULL);
    fixture->hosts[BETA].core.dead[ALPHA] = 1000 + ALPHA;
    assert_dropped(fixture, BETA, &datagram, DROP_DEAD_INCARNATION);
}

static void test_the_first_message_of_a_new_peer_passes(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    fixture->hosts[BETA].core.incarnation[ALPHA] = 0;
    struct datagram datagram = fixture_send(fixture, ALPHA, BETA, NULL);
    assert_accepted(fixture, BETA, &datagram, &message);
    assert_int_equal(message.record_count, 1);
    assert_true(fixture->hosts[BETA].wire.records[ALPHA].incarnation == 0);
    assert_dropped(fixture, BETA, &datagram, DROP_REPLAYED);
}

static void test_a_sender_whose_incarnation_is_not_confirmed_may_only_introduce_itself(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    struct datagram datagram = fixture_send(fixture, GAMMA, ALPHA, NULL);
    assert_accepted(fixture, ALPHA, &datagram, &message);
    fixture_restart(fixture, ALPHA, 77);
    fixture->hosts[ALPHA].wire.records[GAMMA].incarnation = 0;
    datagram = fixture_send(fixture, GAMMA, ALPHA, NULL);
    assert_accepted(fixture, ALPHA, &datagram, &message);

    struct message_out out;
    memset(&out, 0, sizeof(out));
    out.answer = 5;
    out.question = (struct question){.id = 6, .about_count = 1, .about = {1}};
    out.relay_count = 1;
    out.relays[0].node = GAMMA;
    out.ask_count = 1;
    out.asks[0] = (struct ask){.target = 1, .asker = 2, .challenge = 3};
    datagram = fixture_send(fixture, ALPHA, BETA, &out);
    assert_accepted(fixture, BETA, &datagram, &message);
    assert_true(message.incarnation == 77);
    assert_int_equal(message.record_count, 1);
    assert_int_equal(message.records[0].record.node, fixture->hosts[ALPHA].core.id[ALPHA]);
    assert_true(message.answer == 0);
    assert_true(message.question.id == 0);
    assert_int_equal(message.question.about_count, 0);
    assert_int_equal(message.ask_count, 1);
    assert_true(message.asks[0].challenge == 3);
    assert_true(fixture->hosts[BETA].wire.drops[DROP_RECORD_UNCONFIRMED] == 1);
}

static void test_an_unconfirmed_incarnation_cannot_push_out_the_confirmed_window(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    const struct datagram before = fixture_send(fixture, ALPHA, BETA, NULL);
    assert_accepted(fixture, BETA, &before, &message);
    for (uint64_t incarnation = 50; incarnation < 60; incarnation++) {
        fixture_restart(fixture, ALPHA, incarnation);
        struct datagram other = fixture_send(fixture, ALPHA, BETA, NULL);
        assert_accepted(fixture, BETA, &other, &message);
    }
    assert_dropped(fixture, BETA, &before, DROP_REPLAYED);
}

static void test_the_window_of_an_incarnation_comes_along_when_it_is_confirmed(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    fixture_restart(fixture, ALPHA, 77);
    const struct datagram before = fixture_send(fixture, ALPHA, BETA, NULL);
    assert_accepted(fixture, BETA, &before, &message);
    fixture->hosts[BETA].core.incarnation[ALPHA] = 77;
    fixture->hosts[BETA].core.seq[ALPHA] = 0;
    assert_dropped(fixture, BETA, &before, DROP_REPLAYED);
    const struct datagram after = fixture_send(fixture, ALPHA, BETA, NULL);
    assert_accepted(fixture, BETA, &after, &message);
}

static void test_a_relayed_record_arrives_with_its_age(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    struct datagram datagram = relay_gamma(fixture, 12345678);
    assert_accepted(fixture, BETA, &datagram, &message);
    assert_int_equal(message.record_count, 2);
    assert_int_equal(message.records[1].record.node, fixture->hosts[BETA].core.id[GAMMA]);
    assert_true(message.records[1].age_ns == 12346000);
    assert_true(fixture->hosts[BETA].wire.records[GAMMA].seq == 1);
}

static void test_a_record_that_is_known_is_dropped_without_its_signature(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    struct datagram datagram = relay_gamma(fixture, 0);
    fixture->hosts[BETA].core.seq[GAMMA] = 2;
    assert_int_equal(fixture_receive(fixture, BETA, &datagram, &message), DROP_NONE);
    assert_int_equal(message.record_count, 1);
    assert_true(fixture->hosts[BETA].wire.drops[DROP_RECORD_OLD] == 1);
    assert_true(fixture->hosts[BETA].wire.records[GAMMA].incarnation == 0);
}

static void test_bytes_that_came_before_the_confirmation_are_made_up_for(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    /* The core knows alpha's record of seq 1; it came when the incarnation was not confirmed. */
    fixture->hosts[BETA].core.seq[ALPHA] = 1;
    struct datagram datagram = fixture_send(fixture, ALPHA, BETA, NULL);
    assert_int_equal(fixture_receive(fixture, BETA, &datagram, &message), DROP_NONE);
    assert_int_equal(message.record_count, 0);
    assert_true(fixture->hosts[BETA].wire.drops[DROP_RECORD_OLD] == 1);
    assert_true(fixture->hosts[BETA].wire.records[ALPHA].seq == 1);
}

static void test_a_relayed_record_with_a_bad_signature_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    (void)relay_gamma(fixture, 0);
    struct signed_record *stored = &fixture->hosts[ALPHA].wire.records[GAMMA];
    for (unsigned where = 0; where < 3; where++) {
        const struct signed_record good = *stored;
        if (where == 0)
            stored->signature.bytes[0] ^= 1;
        else if (where == 1)
            stored->bytes[stored->length - 4] ^= 1; /* the hash of the configuration */
        else
            stored->signature.key_id ^= 1;
        struct message_out out;
        memset(&out, 0, sizeof(out));
        out.relay_count = 1;
        out.relays[0].node = GAMMA;
        struct datagram datagram = fixture_send(fixture, ALPHA, BETA, &out);
        assert_accepted(fixture, BETA, &datagram, &message);
        assert_true(fixture->hosts[BETA].wire.drops[DROP_RECORD_SIGNATURE] == where + 1);
        assert_true(fixture->hosts[BETA].wire.records[GAMMA].incarnation == 0);
        assert_true(message.record_count == (where == 0 ? 1 : 0)); /* alpha's own is new once */
        *stored = good;
    }
}

static void test_a_relayed_record_of_a_dead_incarnation_is_dropped(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    struct datagram datagram = relay_gamma(fixture, 0);
    fixture->hosts[BETA].core.incarnation[GAMMA] = 5;
    fixture->hosts[BETA].core.dead[GAMMA] = 1000 + GAMMA;
    assert_accepted(fixture, BETA, &datagram, &message);
    assert_int_equal(message.record_count, 1);
    assert_true(fixture->hosts[BETA].wire.drops[DROP_RECORD_DEAD] == 1);
}

static void test_a_relayed_record_that_is_not_confirmed_is_handed_on_but_not_kept(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    struct datagram datagram = relay_gamma(fixture, 0);
    fixture->hosts[BETA].core.incarnation[GAMMA] = 5;
    assert_accepted(fixture, BETA, &datagram, &message);
    assert_int_equal(message.record_count, 2);
    assert_true(fixture->hosts[BETA].wire.records[GAMMA].incarnation == 0);
}

static void test_a_record_of_an_unknown_node_is_dropped(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    struct datagram datagram = relay_gamma(fixture, 0);
    fixture->hosts[BETA].core.id[GAMMA] = keyring_id("somebody else");
    assert_accepted(fixture, BETA, &datagram, &message);
    assert_int_equal(message.record_count, 1);
    assert_true(fixture->hosts[BETA].wire.drops[DROP_RECORD_NODE] == 1);
}

static void test_a_clone_of_this_node_is_handed_to_the_core_and_its_own_record_is_not(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    struct datagram datagram = relay_gamma(fixture, 0);
    struct message_out out;
    memset(&out, 0, sizeof(out));
    out.relay_count = 1;
    out.relays[0].node = GAMMA;
    datagram = fixture_send(fixture, ALPHA, GAMMA, &out);
    assert_int_equal(fixture_receive(fixture, GAMMA, &datagram, &message), DROP_NONE);
    assert_int_equal(message.record_count, 1);
    assert_true(fixture->hosts[GAMMA].wire.drops[DROP_RECORD_OLD] == 1);

    fixture_restart(fixture, GAMMA, 77);
    datagram = fixture_send(fixture, ALPHA, GAMMA, &out);
    assert_int_equal(fixture_receive(fixture, GAMMA, &datagram, &message), DROP_NONE);
    assert_int_equal(message.record_count, 2);
    assert_true(message.records[1].record.incarnation == 1000 + GAMMA);
    assert_true(fixture->hosts[GAMMA].wire.records[GAMMA].incarnation != 1000 + GAMMA);
}

static void test_an_own_record_of_another_incarnation_than_the_header_says_is_malformed(
    void **state)
{
    struct fixture *fixture = *state;
    (void)fixture_send(fixture, ALPHA, BETA, NULL);
    fixture->hosts[ALPHA].wire.incarnation++;
    struct datagram datagram = fixture_send(fixture, ALPHA, BETA, NULL);
    fixture->hosts[BETA].core.incarnation[ALPHA]++;
    struct message_in message;
    assert_int_equal(fixture_receive(fixture, BETA, &datagram, &message), DROP_MALFORMED);
}

static void test_an_echo_that_was_asked_for_passes(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    struct datagram datagram = echo_of_gamma(fixture, BETA);
    struct core *beta = &fixture->hosts[BETA].core;
    beta->expected =
        (struct echo){.node = beta->id[GAMMA], .asker = beta->id[BETA], .challenge = 4711};
    assert_accepted(fixture, BETA, &datagram, &message);
    assert_int_equal(message.echo_count, 1);
    assert_true(message.echoes[0].incarnation == 1000 + GAMMA);
    assert_true(drops_of(fixture, BETA) == 0);
}

static void test_an_echo_that_nobody_asked_for_is_dropped(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    struct datagram datagram = echo_of_gamma(fixture, BETA);
    assert_accepted(fixture, BETA, &datagram, &message);
    assert_int_equal(message.echo_count, 0);
    assert_true(fixture->hosts[BETA].wire.drops[DROP_ECHO_UNASKED] == 1);
}

static void test_an_echo_of_somebody_else_with_a_bad_signature_is_dropped(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    struct core *beta = &fixture->hosts[BETA].core;
    struct echo echo = {.node = beta->id[GAMMA],
                        .incarnation = 9,
                        .seq = 1,
                        .asker = beta->id[BETA],
                        .challenge = 4711};
    struct message_out out;
    memset(&out, 0, sizeof(out));
    out.echo_count = 1;
    out.echoes[0] = echo; /* alpha says so of gamma */
    out.echoes[0].key_id = fixture->hosts[ALPHA].wire.keyring.key_id[0];
    beta->expected = echo;
    struct datagram datagram = fixture_send(fixture, ALPHA, BETA, &out);
    assert_accepted(fixture, BETA, &datagram, &message);
    assert_int_equal(message.echo_count, 0);
    assert_true(fixture->hosts[BETA].wire.drops[DROP_ECHO_SIGNATURE] == 1);
}

static void test_an_echo_for_another_asker_passes_untouched(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    struct datagram datagram = echo_of_gamma(fixture, DELTA);
    assert_accepted(fixture, BETA, &datagram, &message);
    assert_int_equal(message.echo_count, 1);

    struct message_out out;
    memset(&out, 0, sizeof(out));
    out.echo_count = 1;
    out.echoes[0] = message.echoes[0];
    struct core *delta = &fixture->hosts[DELTA].core;
    delta->expected = message.echoes[0];
    datagram = fixture_send(fixture, BETA, DELTA, &out);
    assert_accepted(fixture, DELTA, &datagram, &message);
    assert_int_equal(message.echo_count, 1);
    assert_true(drops_of(fixture, DELTA) == 0);
}

struct items_case {
    const char *what;
    size_t length;
    uint8_t bytes[64];
    enum drop drop;
};

static const struct items_case items_cases[] = {
    {"nothing", 0, {0}, DROP_MALFORMED},
    {"an array of 2^28 elements", 5, {0xDD, 0x10, 0x00, 0x00, 0x00}, DROP_MALFORMED},
    {"an array of 65535 elements", 3, {0xDC, 0xFF, 0xFF}, DROP_MALFORMED},
    {"an answer", 3, {0x92, 0x02, 0x07}, DROP_NONE},
    {"an answer with something appended", 5, {0x94, 0x02, 0x07, 0x90, 0xC0}, DROP_NONE},
    {"an answer without an id", 2, {0x91, 0x02}, DROP_MALFORMED},
    {"an answer with id 0", 3, {0x92, 0x02, 0x00}, DROP_MALFORMED},
    {"two answers", 6, {0x92, 0x02, 0x07, 0x92, 0x02, 0x07}, DROP_MALFORMED},
    {"a question about nobody", 4, {0x93, 0x01, 0x07, 0x90}, DROP_NONE},
    {"a question about node 0", 5, {0x93, 0x01, 0x07, 0x91, 0x00}, DROP_MALFORMED},
    {"a question about nine",
     13,
     {0x93, 0x01, 0x07, 0x99, 1, 2, 3, 4, 5, 6, 7, 8, 9},
     DROP_MALFORMED},
    {"two questions", 8, {0x93, 0x01, 0x07, 0x90, 0x93, 0x01, 0x08, 0x90}, DROP_MALFORMED},
    {"an ask", 5, {0x94, 0x03, 0x01, 0x02, 0x00}, DROP_NONE},
    {"an ask of nobody", 5, {0x94, 0x03, 0x01, 0x00, 0x05}, DROP_MALFORMED},
    {"five asks",
     25,
     {0x94, 3, 1, 2, 0, 0x94, 3, 1, 2, 0, 0x94, 3, 1, 2, 0, 0x94, 3, 1, 2, 0, 0x94, 3, 1, 2, 0},
     DROP_MALFORMED},
    {"an item of an unknown type", 6, {0x93, 0x7F, 0x91, 0xC3, 0xC4, 0x00}, DROP_NONE},
    {"an unknown type of 2^64 - 1",
     10,
     {0x91, 0xCF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
     DROP_NONE},
    {"an unknown item with a map in it", 3, {0x92, 0x7F, 0x80}, DROP_MALFORMED},
    {"an unknown item with a float in it", 7, {0x92, 0x7F, 0xCA, 0, 0, 0, 0}, DROP_MALFORMED},
    {"an unknown item with a negative number", 3, {0x92, 0x7F, 0xFF}, DROP_MALFORMED},
    {"an unknown item that is cut", 4, {0x93, 0x7F, 0xC4, 0x02}, DROP_MALFORMED},
    {"an item without a type", 1, {0x90}, DROP_MALFORMED},
    {"an item that is no array", 1, {0x05}, DROP_MALFORMED},
    {"an item whose type is nil", 2, {0x91, 0xC0}, DROP_MALFORMED},
    {"a record of no bytes", 6, {0x95, 0x00, 0x00, 0x01, 0xC4, 0x00}, DROP_MALFORMED},
    {"an id in a longer form than needed", 4, {0x92, 0x02, 0xCC, 0x07}, DROP_MALFORMED},
};

static void test_items_are_taken_by_the_letter(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(items_cases) / sizeof(items_cases[0]); i++) {
        const struct items_case *c = &items_cases[i];
        struct message_in message;
        struct datagram datagram =
            fixture_forge(fixture, ALPHA, BETA, (struct keyring_span){c->bytes, c->length});
        enum drop drop = fixture_receive(fixture, BETA, &datagram, &message);
        if (drop != c->drop)
            fail_msg("%s: %s", c->what, drop_name(drop));
    }
}

/* 1352 arrays, each inside of the one before: a decoder that recurses dies of it. */
static void test_sec_arrays_nested_as_deep_as_a_datagram_is_long_are_harmless(void **state)
{
    struct fixture *fixture = *state;
    uint8_t bytes[DATAGRAM_ITEMS_MAX];
    struct message_in message;
    memset(bytes, 0x91, sizeof(bytes));
    bytes[0] = 0x92;
    bytes[1] = 0x7F;
    struct datagram datagram =
        fixture_forge(fixture, ALPHA, BETA, (struct keyring_span){bytes, sizeof(bytes)});
    assert_int_equal(fixture_receive(fixture, BETA, &datagram, &message), DROP_MALFORMED);
    bytes[sizeof(bytes) - 1] = 0x90;
    datagram = fixture_forge(fixture, ALPHA, BETA, (struct keyring_span){bytes, sizeof(bytes)});
    assert_int_equal(fixture_receive(fixture, BETA, &datagram, &message), DROP_NONE);
}

static void test_sec_random_items_under_a_good_mac_never_get_past_their_ranges(void **state)
{
    struct fixture *fixture = *state;
    struct prng prng = {4242};
    print_message("seed %llu\n", (unsigned long long)prng.state);
    for (unsigned round = 0; round < 20000; round++) {
        struct datagram datagram = fixture_send(fixture, ALPHA, BETA, NULL);
        struct message_in message;
        fixture->hosts[ALPHA].core.record.seq++;
        for (uint64_t change = prng_between(&prng, 1, 4); change > 0; change--) {
            uint64_t at = prng_between(&prng, DATAGRAM_HEADER, datagram.length - 1);
            datagram.bytes[at] = (uint8_t)prng_next(&prng);
        }
        fixture_reseal(fixture, ALPHA, BETA, &datagram);
        if (fixture_receive(fixture, BETA, &datagram, &message) != DROP_NONE)
            continue;
        assert_true(message.record_count <= 1);
        for (uint8_t i = 0; i < message.record_count; i++) {
            assert_in_range(message.records[i].record.interval_ms, 10, 10000);
            assert_in_range(message.records[i].record.next_ms, 0, 100000);
            assert_true(message.records[i].record.vip_count <= VIPS_MAX);
        }
    }
}

#define WIRE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIRE_TEST(test_a_beat_arrives_with_its_sender_and_its_record),
        WIRE_TEST(test_every_truncation_of_a_good_datagram_is_dropped_and_counted),
        WIRE_TEST(test_every_flipped_bit_is_noticed),
        WIRE_TEST(test_garbage_is_dropped_before_anything_is_decoded),
        WIRE_TEST(test_a_datagram_longer_than_any_of_ours_is_dropped),
        WIRE_TEST(test_a_datagram_that_comes_twice_is_replayed),
        WIRE_TEST(test_a_datagram_does_not_come_back_to_its_sender),
        WIRE_TEST(test_a_datagram_for_another_node_is_dropped),
        WIRE_TEST(test_a_datagram_of_another_cluster_is_dropped),
        WIRE_TEST(test_a_datagram_of_an_unknown_node_is_dropped),
        WIRE_TEST(test_a_wrong_key_is_counted_for_the_node_that_is_named),
        WIRE_TEST(test_both_keys_are_accepted_while_a_rotation_lasts),
        WIRE_TEST(test_an_incarnation_that_has_ended_is_not_heard_again),
        WIRE_TEST(test_the_first_message_of_a_new_peer_passes),
        WIRE_TEST(test_a_sender_whose_incarnation_is_not_confirmed_may_only_introduce_itself),
        WIRE_TEST(test_an_unconfirmed_incarnation_cannot_push_out_the_confirmed_window),
        WIRE_TEST(test_the_window_of_an_incarnation_comes_along_when_it_is_confirmed),
        WIRE_TEST(test_a_relayed_record_arrives_with_its_age),
        WIRE_TEST(test_a_record_that_is_known_is_dropped_without_its_signature),
        WIRE_TEST(test_bytes_that_came_before_the_confirmation_are_made_up_for),
        WIRE_TEST(test_a_relayed_record_with_a_bad_signature_changes_nothing),
        WIRE_TEST(test_a_relayed_record_of_a_dead_incarnation_is_dropped),
        WIRE_TEST(test_a_relayed_record_that_is_not_confirmed_is_handed_on_but_not_kept),
        WIRE_TEST(test_a_record_of_an_unknown_node_is_dropped),
        WIRE_TEST(test_a_clone_of_this_node_is_handed_to_the_core_and_its_own_record_is_not),
        WIRE_TEST(test_an_own_record_of_another_incarnation_than_the_header_says_is_malformed),
        WIRE_TEST(test_an_echo_that_was_asked_for_passes),
        WIRE_TEST(test_an_echo_that_nobody_asked_for_is_dropped),
        WIRE_TEST(test_an_echo_of_somebody_else_with_a_bad_signature_is_dropped),
        WIRE_TEST(test_an_echo_for_another_asker_passes_untouched),
        WIRE_TEST(test_items_are_taken_by_the_letter),
        WIRE_TEST(test_sec_arrays_nested_as_deep_as_a_datagram_is_long_are_harmless),
        WIRE_TEST(test_sec_random_items_under_a_good_mac_never_get_past_their_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
