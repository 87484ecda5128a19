// SPDX-License-Identifier: MIT
/* What goes out, and that it comes in again as it was meant [SPEC I7]. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

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

static unsigned send(struct fixture *fixture, const struct message_out *out,
                     struct datagram datagrams[static EGRESS_DATAGRAMS_MAX])
{
    struct host *alpha = &fixture->hosts[ALPHA];
    return wire_egress(&alpha->wire, &alpha->core, BETA, out, datagrams);
}

static void random_echo(struct prng *prng, struct echo *ret)
{
    *ret = (struct echo){
        .node = (uint32_t)prng_between(prng, 1, UINT32_MAX),
        .incarnation = prng_between(prng, 1, UINT64_MAX),
        .seq = prng_between(prng, 1, UINT64_MAX),
        .asker = (uint32_t)prng_between(prng, 1, UINT32_MAX),
        .challenge = prng_next(prng),
        .key_id = (uint8_t)prng_next(prng),
    };
    for (unsigned i = 0; i < SIGNATURE_BYTES; i++)
        ret->signature[i] = (uint8_t)prng_next(prng);
}

static void random_message(struct prng *prng, struct message_out *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->answer = prng_between(prng, 0, 1) * prng_next(prng);
    ret->question.id = prng_between(prng, 0, 1) * prng_next(prng);
    if (ret->question.id != 0)
        ret->question.about_count = (uint8_t)prng_between(prng, 0, MESSAGE_ABOUT_MAX);
    for (uint8_t i = 0; i < ret->question.about_count; i++)
        ret->question.about[i] = (uint32_t)prng_between(prng, 1, UINT32_MAX);
    ret->ask_count = (uint8_t)prng_between(prng, 0, MESSAGE_ASKS_MAX);
    for (uint8_t i = 0; i < ret->ask_count; i++)
        ret->asks[i] = (struct ask){
            .target = (uint32_t)prng_between(prng, 1, UINT32_MAX),
            .asker = (uint32_t)prng_between(prng, 1, UINT32_MAX),
            .challenge = prng_next(prng),
        };
    ret->echo_count = (uint8_t)prng_between(prng, 0, MESSAGE_ECHOES_MAX);
    for (uint8_t i = 0; i < ret->echo_count; i++)
        random_echo(prng, &ret->echoes[i]);
}

/* Everything that came of the datagrams of one message, in one. */
static void receive_all(struct fixture *fixture, const struct datagram *datagrams, unsigned count,
                        struct message_in *ret)
{
    struct message_in *part = malloc(sizeof(*part));
    assert_non_null(part);
    memset(ret, 0, sizeof(*ret));
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(fixture_receive(fixture, BETA, &datagrams[i], part), DROP_NONE);
        fixture_learn(fixture, BETA, part);
        if (i == 0) {
            ret->answer = part->answer;
            ret->question = part->question;
        } else {
            assert_true(part->answer == 0);
            assert_true(part->question.id == 0);
        }
        assert_true(ret->record_count + part->record_count <= MESSAGE_RECORDS_MAX);
        memcpy(&ret->records[ret->record_count], part->records,
               part->record_count * sizeof(part->records[0]));
        ret->record_count = (uint8_t)(ret->record_count + part->record_count);
        assert_true(ret->ask_count + part->ask_count <= MESSAGE_ASKS_MAX);
        memcpy(&ret->asks[ret->ask_count], part->asks, part->ask_count * sizeof(part->asks[0]));
        ret->ask_count = (uint8_t)(ret->ask_count + part->ask_count);
        assert_true(ret->echo_count + part->echo_count <= MESSAGE_ECHOES_MAX);
        memcpy(&ret->echoes[ret->echo_count], part->echoes,
               part->echo_count * sizeof(part->echoes[0]));
        ret->echo_count = (uint8_t)(ret->echo_count + part->echo_count);
    }
    free(part);
}

static void assert_same_echo(const struct echo *a, const struct echo *b)
{
    assert_int_equal(a->node, b->node);
    assert_true(a->incarnation == b->incarnation);
    assert_true(a->seq == b->seq);
    assert_int_equal(a->asker, b->asker);
    assert_true(a->challenge == b->challenge);
    assert_int_equal(a->key_id, b->key_id);
    assert_memory_equal(a->signature, b->signature, SIGNATURE_BYTES);
}

static void test_what_goes_out_comes_in(void **state)
{
    struct fixture *fixture = *state;
    struct prng prng = {31337};
    struct message_in *in = malloc(sizeof(*in));
    assert_non_null(in);
    print_message("seed %llu\n", (unsigned long long)prng.state);
    for (unsigned round = 0; round < 1000; round++) {
        struct record *own = &fixture->hosts[ALPHA].core.record;
        struct message_out out;
        struct datagram datagrams[EGRESS_DATAGRAMS_MAX];
        random_message(&prng, &out);
        prng_record(&prng, own);
        own->node = fixture->hosts[ALPHA].core.id[ALPHA];
        own->incarnation = 1000 + ALPHA;
        own->seq = 2 + round;
        receive_all(fixture, datagrams, send(fixture, &out, datagrams), in);
        assert_true(in->answer == out.answer);
        assert_true(in->question.id == out.question.id);
        assert_int_equal(in->question.about_count, out.question.about_count);
        assert_memory_equal(in->question.about, out.question.about,
                            out.question.about_count * sizeof(out.question.about[0]));
        assert_int_equal(in->record_count, 1);
        assert_true(in->records[0].record.seq == own->seq);
        assert_int_equal(in->records[0].record.vip_count, own->vip_count);
        assert_int_equal(in->ask_count, out.ask_count);
        for (uint8_t i = 0; i < out.ask_count; i++) {
            assert_int_equal(in->asks[i].target, out.asks[i].target);
            assert_int_equal(in->asks[i].asker, out.asks[i].asker);
            assert_true(in->asks[i].challenge == out.asks[i].challenge);
        }
        assert_int_equal(in->echo_count, out.echo_count);
        for (uint8_t i = 0; i < out.echo_count; i++)
            assert_same_echo(&in->echoes[i], &out.echoes[i]);
    }
    free(in);
}

static void largest_message(struct fixture *fixture, struct message_out *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->answer = UINT64_MAX;
    ret->question.id = UINT64_MAX;
    ret->question.about_count = MESSAGE_ABOUT_MAX;
    for (unsigned i = 0; i < MESSAGE_ABOUT_MAX; i++)
        ret->question.about[i] = UINT32_MAX;
    struct record *own = &fixture->hosts[ALPHA].core.record;
    fixture_largest_record(own);
    own->node = fixture->hosts[ALPHA].core.id[ALPHA];
    own->incarnation = 1000 + ALPHA;
    fixture->hosts[ALPHA].wire.keyring.key_id[0] = UINT8_MAX;
}

static void test_the_largest_record_with_answer_and_question_fits_in_one_datagram(void **state)
{
    struct fixture *fixture = *state;
    struct message_out out;
    struct datagram datagrams[EGRESS_DATAGRAMS_MAX];
    largest_message(fixture, &out);
    /* The ids of the fixture need as many bytes as any; its incarnation does not. */
    fixture->hosts[ALPHA].core.record.incarnation = UINT64_MAX;
    assert_int_equal(send(fixture, &out, datagrams), 1);
    print_message("largest first datagram: %u of %u bytes\n", datagrams[0].length, DATAGRAM_MAX);
    assert_int_equal(datagrams[0].length, 1398);
}

static void test_a_record_as_long_as_later_versions_may_make_it_fits_too(void **state)
{
    struct fixture *fixture = *state;
    struct message_out out;
    struct datagram datagrams[EGRESS_DATAGRAMS_MAX];
    largest_message(fixture, &out);
    (void)send(fixture, &out, datagrams);
    fixture->hosts[ALPHA].wire.records[ALPHA].length = RECORD_MAX;
    assert_int_equal(send(fixture, &out, datagrams), 1);
    assert_int_equal(datagrams[0].length, 1399);
}

static void test_the_largest_message_needs_no_more_datagrams_than_there_are(void **state)
{
    struct fixture *fixture = *state;
    struct host *alpha = &fixture->hosts[ALPHA];
    struct prng prng = {1};
    struct message_out out;
    struct datagram datagrams[EGRESS_DATAGRAMS_MAX];
    largest_message(fixture, &out);
    out.ask_count = MESSAGE_ASKS_MAX;
    for (unsigned i = 0; i < MESSAGE_ASKS_MAX; i++)
        out.asks[i] = (struct ask){UINT32_MAX, UINT32_MAX, UINT64_MAX};
    out.echo_count = MESSAGE_ECHOES_MAX;
    for (unsigned i = 0; i < MESSAGE_ECHOES_MAX; i++)
        random_echo(&prng, &out.echoes[i]);
    out.question.about_count = NODES_MAX;
    for (unsigned i = 0; i < NODES_MAX; i++)
        out.question.about[i] = UINT32_MAX;
    out.relay_count = NODES_MAX;
    alpha->wire.records[GAMMA] =
        (struct signed_record){.incarnation = 1000 + GAMMA, .seq = 5, .length = RECORD_MAX};
    alpha->core.seq[GAMMA] = 5;
    for (unsigned i = 0; i < out.relay_count; i++) {
        out.relays[i].node = GAMMA;
        out.relays[i].age_ns = UINT64_MAX;
    }
    assert_int_equal(send(fixture, &out, datagrams), EGRESS_DATAGRAMS_MAX);
    for (unsigned i = 0; i < EGRESS_DATAGRAMS_MAX; i++)
        assert_true(datagrams[i].length <= DATAGRAM_MAX);
    assert_true(alpha->wire.sent == EGRESS_DATAGRAMS_MAX);
}

static void test_every_datagram_has_a_counter_of_its_own_per_peer(void **state)
{
    struct fixture *fixture = *state;
    static const uint64_t expected[] = {1, 2, 3};
    for (unsigned i = 0; i < 3; i++) {
        struct header header;
        struct datagram datagram = fixture_send(fixture, ALPHA, BETA, NULL);
        assert_int_equal(datagram_read_header(datagram.bytes, datagram.length, &header), DROP_NONE);
        assert_true(header.counter == expected[i]);
    }
    struct header header;
    struct datagram datagram = fixture_send(fixture, ALPHA, GAMMA, NULL);
    assert_int_equal(datagram_read_header(datagram.bytes, datagram.length, &header), DROP_NONE);
    assert_true(header.counter == 1);
    assert_true(header.incarnation == 1000 + ALPHA);
}

static void test_the_own_record_is_signed_once_per_seq(void **state)
{
    struct fixture *fixture = *state;
    struct host *alpha = &fixture->hosts[ALPHA];
    (void)fixture_send(fixture, ALPHA, BETA, NULL);
    /* A mark that only signing anew would remove. */
    alpha->wire.records[ALPHA].signature.bytes[0] ^= 1;
    const struct signed_record marked = alpha->wire.records[ALPHA];
    (void)fixture_send(fixture, ALPHA, GAMMA, NULL);
    assert_memory_equal(&marked, &alpha->wire.records[ALPHA], sizeof(marked));
    alpha->core.record.seq++;
    (void)fixture_send(fixture, ALPHA, BETA, NULL);
    assert_memory_not_equal(marked.signature.bytes, alpha->wire.records[ALPHA].signature.bytes,
                            SIGNATURE_BYTES);
    assert_true(alpha->wire.records[ALPHA].seq == 2);
}

static void test_only_the_record_that_the_core_names_is_relayed(void **state)
{
    struct fixture *fixture = *state;
    struct host *alpha = &fixture->hosts[ALPHA];
    struct message_in message;
    struct message_out out;
    memset(&out, 0, sizeof(out));
    out.relay_count = 1;
    out.relays[0].node = GAMMA;
    const uint16_t without = fixture_send(fixture, ALPHA, BETA, NULL).length;
    assert_int_equal(fixture_send(fixture, ALPHA, BETA, &out).length, without);

    struct datagram datagram = fixture_send(fixture, GAMMA, ALPHA, NULL);
    assert_int_equal(fixture_receive(fixture, ALPHA, &datagram, &message), DROP_NONE);
    assert_int_equal(fixture_send(fixture, ALPHA, BETA, &out).length, without);
    fixture_learn(fixture, ALPHA, &message);
    assert_true(fixture_send(fixture, ALPHA, BETA, &out).length > without);
    alpha->core.incarnation[GAMMA] = 5;
    assert_int_equal(fixture_send(fixture, ALPHA, BETA, &out).length, without);
}

static void test_a_relayed_record_goes_through_two_relays_as_it_was_signed(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    struct message_out out;
    memset(&out, 0, sizeof(out));
    out.relay_count = 1;
    out.relays[0].node = GAMMA;
    static const enum fixture_node way[] = {GAMMA, ALPHA, BETA, DELTA};
    for (unsigned hop = 0; hop + 1 < sizeof(way) / sizeof(way[0]); hop++) {
        struct datagram datagram =
            fixture_send(fixture, way[hop], way[hop + 1], hop == 0 ? NULL : &out);
        assert_int_equal(fixture_receive(fixture, way[hop + 1], &datagram, &message), DROP_NONE);
        fixture_learn(fixture, way[hop + 1], &message);
    }
    const struct signed_record *sent = &fixture->hosts[GAMMA].wire.records[GAMMA];
    const struct signed_record *kept = &fixture->hosts[DELTA].wire.records[GAMMA];
    assert_int_equal(kept->length, sent->length);
    assert_memory_equal(kept->bytes, sent->bytes, sent->length);
    assert_memory_equal(&kept->signature, &sent->signature, sizeof(sent->signature));
}

static void test_an_age_beyond_what_fits_is_the_oldest_there_is(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        uint64_t age_ns;
        uint64_t seen_ns;
    } cases[] = {
        {0, 0},
        {1, 1000},
        {1000, 1000},
        {1001, 2000},
        {UINT64_C(4294967295000), UINT64_C(4294967295000)},
        {UINT64_MAX, UINT64_C(4294967295000)},
    };
    struct message_in message;
    struct datagram datagram = fixture_send(fixture, GAMMA, ALPHA, NULL);
    assert_int_equal(fixture_receive(fixture, ALPHA, &datagram, &message), DROP_NONE);
    fixture_learn(fixture, ALPHA, &message);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct message_out out;
        memset(&out, 0, sizeof(out));
        out.relay_count = 1;
        out.relays[0].node = GAMMA;
        out.relays[0].age_ns = cases[i].age_ns;
        datagram = fixture_send(fixture, ALPHA, BETA, &out);
        assert_int_equal(fixture_receive(fixture, BETA, &datagram, &message), DROP_NONE);
        assert_int_equal(message.record_count, 2);
        assert_true(message.records[1].age_ns == cases[i].seen_ns);
    }
}

#define WIRE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void test_a_last_will_comes_in_whatever_came_before_it(void **state)
{
    struct fixture *fixture = *state;
    struct host *alpha = &fixture->hosts[ALPHA];
    struct message_in *message = malloc(sizeof(*message));
    struct record record = alpha->core.record;
    struct datagram early = fixture_send(fixture, ALPHA, BETA, NULL);
    struct datagram late = fixture_send(fixture, ALPHA, BETA, NULL);
    struct datagram will;

    assert_non_null(message);
    record.seq = RECORD_SEQ_WILL;
    record.flags = RECORD_LEAVING;
    record.vip_count = 0;
    record.unheard_count = 0;
    wire_will(&alpha->wire, &record, BETA, &will);
    assert_true(will.length <= WIRE_WILL_MAX);
    assert_int_equal(fixture_receive(fixture, BETA, &early, message), DROP_NONE);
    fixture_learn(fixture, BETA, message);
    assert_int_equal(fixture_receive(fixture, BETA, &will, message), DROP_NONE);
    assert_int_equal(message->record_count, 1);
    assert_true(message->records[0].record.seq == RECORD_SEQ_WILL);
    assert_int_equal(message->records[0].record.flags, RECORD_LEAVING);
    fixture_learn(fixture, BETA, message);
    /* It is not measured: nothing was lost. */
    assert_int_equal(wire_loss_permille(&fixture->hosts[BETA].wire, ALPHA), -1);
    /* Ended for ever: copies of the will, beats that were under way. */
    fixture->hosts[BETA].core.dead[ALPHA] = record.incarnation;
    assert_int_equal(fixture_receive(fixture, BETA, &will, message), DROP_DEAD_INCARNATION);
    assert_int_equal(fixture_receive(fixture, BETA, &late, message), DROP_DEAD_INCARNATION);
    /* What comes after it begins anew. */
    fixture_restart(fixture, ALPHA, 4711);
    early = fixture_send(fixture, ALPHA, BETA, NULL);
    assert_int_equal(fixture_receive(fixture, BETA, &early, message), DROP_NONE);
    free(message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIRE_TEST(test_a_last_will_comes_in_whatever_came_before_it),
        WIRE_TEST(test_what_goes_out_comes_in),
        WIRE_TEST(test_the_largest_record_with_answer_and_question_fits_in_one_datagram),
        WIRE_TEST(test_a_record_as_long_as_later_versions_may_make_it_fits_too),
        WIRE_TEST(test_the_largest_message_needs_no_more_datagrams_than_there_are),
        WIRE_TEST(test_every_datagram_has_a_counter_of_its_own_per_peer),
        WIRE_TEST(test_the_own_record_is_signed_once_per_seq),
        WIRE_TEST(test_only_the_record_that_the_core_names_is_relayed),
        WIRE_TEST(test_a_relayed_record_goes_through_two_relays_as_it_was_signed),
        WIRE_TEST(test_an_age_beyond_what_fits_is_the_oldest_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
