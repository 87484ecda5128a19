// SPDX-License-Identifier: MIT
/* What is handed on of a datagram that was let in, and what is kept [SPEC D6]. */
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

static uint64_t drops_of(const struct fixture *fixture, enum fixture_node node)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < DROP_COUNT; i++)
        sum += fixture->hosts[node].wire.drops[i];
    return sum;
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

static void test_the_first_message_of_a_new_peer_passes(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    fixture->hosts[BETA].core.incarnation[ALPHA] = 0;
    struct datagram datagram = fixture_send(fixture, ALPHA, BETA, NULL);
    assert_accepted(fixture, BETA, &datagram, &message);
    assert_int_equal(message.record_count, 1);
    assert_true(fixture->hosts[BETA].wire.records[ALPHA].incarnation == 0);
    assert_int_equal(fixture_receive(fixture, BETA, &datagram, &message), DROP_REPLAYED);
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

static void test_an_echo_proves_the_datagram_that_carries_it(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    struct core *beta = &fixture->hosts[BETA].core;
    fixture_restart(fixture, ALPHA, 77);
    struct message_out out;
    memset(&out, 0, sizeof(out));
    out.question.id = 6;
    out.echo_count = 1;
    out.echoes[0] = (struct echo){.node = beta->id[ALPHA],
                                  .incarnation = 77,
                                  .seq = 1,
                                  .asker = beta->id[BETA],
                                  .challenge = 4711};
    struct datagram datagram = fixture_send(fixture, ALPHA, BETA, &out);
    assert_accepted(fixture, BETA, &datagram, &message);
    assert_true(message.question.id == 0);
    assert_true(fixture->hosts[BETA].wire.records[ALPHA].incarnation == 0);

    beta->expected = out.echoes[0];
    datagram = fixture_send(fixture, ALPHA, BETA, &out);
    assert_accepted(fixture, BETA, &datagram, &message);
    assert_true(message.question.id == 6);
    assert_int_equal(message.echo_count, 1);
    assert_int_equal(message.record_count, 1);
    assert_true(fixture->hosts[BETA].wire.records[ALPHA].incarnation == 77);
}

static void test_an_echo_of_another_incarnation_proves_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct message_in message;
    struct core *beta = &fixture->hosts[BETA].core;
    fixture_restart(fixture, ALPHA, 77);
    struct message_out out;
    memset(&out, 0, sizeof(out));
    out.question.id = 6;
    out.echo_count = 1;
    out.echoes[0] = (struct echo){.node = beta->id[ALPHA],
                                  .incarnation = 78,
                                  .seq = 1,
                                  .asker = beta->id[BETA],
                                  .challenge = 4711};
    beta->expected = out.echoes[0];
    struct datagram datagram = fixture_send(fixture, ALPHA, BETA, &out);
    assert_accepted(fixture, BETA, &datagram, &message);
    assert_true(message.question.id == 0);
    assert_true(fixture->hosts[BETA].wire.records[ALPHA].incarnation == 0);
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

#define WIRE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIRE_TEST(test_a_beat_arrives_with_its_sender_and_its_record),
        WIRE_TEST(test_both_keys_are_accepted_while_a_rotation_lasts),
        WIRE_TEST(test_the_first_message_of_a_new_peer_passes),
        WIRE_TEST(test_a_sender_whose_incarnation_is_not_confirmed_may_only_introduce_itself),
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
        WIRE_TEST(test_an_echo_proves_the_datagram_that_carries_it),
        WIRE_TEST(test_an_echo_of_another_incarnation_proves_nothing),
        WIRE_TEST(test_an_echo_that_nobody_asked_for_is_dropped),
        WIRE_TEST(test_an_echo_of_somebody_else_with_a_bad_signature_is_dropped),
        WIRE_TEST(test_an_echo_for_another_asker_passes_untouched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
