// SPDX-License-Identifier: MIT
/*
 * Incarnations, asks and echoes, and which record counts [SPEC R20..R25, R38]. What comes from a
 * peer may be anything that is well formed: another configuration, an attacker with a key, or two
 * daemons under one name.
 */
#include "core_support.h"

static struct core *core_that_hears(uint8_t count_of_peers)
{
    struct core *core = new_core();
    for (uint8_t node = 1; node <= count_of_peers; node++) {
        struct record record = record_of(node, 1, VIP_STANDBY);
        hear(core, node, &record);
    }
    core->now = mono_add(core->now, T_NS); /* every limit on repetition is over */
    return core;
}

/* --- echoes --- */

static void test_an_echo_is_expected_only_of_the_challenge_that_was_sent(void **unused)
{
    (void)unused;
    struct core *core = core_that_hears(1);
    struct echo echo = {.node = 1001, .incarnation = 501, .seq = 1, .asker = 1000};
    assert_false(core_expects_echo(core, &echo)); /* nothing was asked */
    core->members[1].challenge = 42;
    assert_false(core_expects_echo(core, &echo));
    echo.challenge = 42;
    assert_true(core_expects_echo(core, &echo));
    echo.node = 4242;
    assert_false(core_expects_echo(core, &echo));
    echo.node = 1001;
    core->members[1].dead[3] = 501;
    assert_false(core_expects_echo(core, &echo));
    free(core);
}

static void test_an_unexpected_echo_confirms_nothing(void **unused)
{
    (void)unused;
    struct core *core = core_that_hears(1);
    struct message_in *message = say(1);
    message->echo_count = 1;
    message->echoes[0] =
        (struct echo){.node = 1002, .incarnation = 502, .seq = 1, .asker = 1000, .challenge = 7};
    deliver(core);
    assert_int_equal(core->members[2].state, MEMBER_UNKNOWN);
    assert_int_equal(core_member_incarnation(core, 2), 0);
    free(core);
}

static void test_no_incarnation_is_not_a_dead_one(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    assert_false(core_incarnation_is_dead(core, 1, 0));
    free(core);
}

static void test_an_echo_of_what_is_confirmed_changes_nothing(void **unused)
{
    (void)unused;
    struct core *core = core_that_hears(1);
    struct record former = record_of(1, 1, VIP_HOLDING);
    former.incarnation = 33; /* recorded in a life that this node never saw */
    struct message_in *message = say(1);
    message->incarnation = 33;
    message->record_count = 1;
    message->records[0].record = former;
    deliver(core);
    uint64_t challenge = actions.out[1].asks[0].challenge;
    message = say(1);
    message->echo_count = 1;
    message->echoes[0] = (struct echo){
        .node = 1001, .incarnation = 501, .seq = 1, .asker = 1000, .challenge = challenge};
    deliver(core);
    assert_int_equal(core_member_incarnation(core, 1), 501);
    assert_int_equal(core->members[1].challenge, 0);
    assert_int_equal(count(ACTION_CHANGE), 0);
    assert_int_equal(core->members[1].record.seq, 1);
    free(core);
}

/* Another incarnation of node 1 is heard, by the way of `peer`; the confirmed one answers the ask.
 */
static void doubt(struct core *core, uint8_t peer)
{
    struct message_in *message = say(peer);
    message->incarnation = peer == 1 ? 33 : message->incarnation;
    message->record_count = 1;
    message->records[0].record = record_of(1, 1, VIP_HOLDING);
    message->records[0].record.incarnation = 33;
    deliver(core);
}

static void settle_doubt(struct core *core)
{
    struct message_in *message = say(1);
    message->echo_count = 1;
    message->echoes[0] = (struct echo){.node = 1001,
                                       .incarnation = 501,
                                       .seq = 1,
                                       .asker = 1000,
                                       .challenge = core->members[1].challenge};
    deliver(core);
}

static bool shows_node_1_to_its_name(void)
{
    return sends_to(1) && actions.out[1].relay_count == 1 && actions.out[1].relays[0].node == 1;
}

/* Two run under the name of node 1: who is not believed is shown the record of the other [R24]. */
static void test_a_doubt_that_ends_well_shows_who_is_believed_once_per_spacing(void **unused)
{
    (void)unused;
    struct core *core = core_that_hears(2);
    doubt(core, 1);
    settle_doubt(core);
    assert_true(shows_node_1_to_its_name());
    core->now = mono_add(core->now, timing_spacing(T_NS) / 2); /* may ask again, not show */
    doubt(core, 1);
    settle_doubt(core);
    assert_false(shows_node_1_to_its_name());
    free(core);
}

static void test_a_doubt_that_came_through_a_relay_or_about_the_dead_shows_nothing(void **unused)
{
    (void)unused;
    struct core *core = core_that_hears(2);
    doubt(core, 2);
    settle_doubt(core);
    assert_false(shows_node_1_to_its_name());
    core->now = mono_add(core->now, T_NS);
    doubt(core, 1);
    core->members[1].state = MEMBER_DEAD;
    settle_doubt(core);
    assert_false(shows_node_1_to_its_name());

    struct message_in *message = say(1); /* an incarnation that has ended, and runs all the same */
    message->incarnation = 33;
    message->ended = true;
    deliver(core);
    assert_false(shows_node_1_to_its_name());
    core->members[1].state = MEMBER_ALIVE;
    deliver(core);
    assert_true(shows_node_1_to_its_name());
    free(core);
}

/* Ingress lets none in; the core does not lock a node out for it. */
static void test_an_echo_from_seq_0_on_makes_every_record_fresh(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    core->members[1].challenge = 42;
    struct message_in *message = say(1);
    message->echo_count = 1;
    message->echoes[0] =
        (struct echo){.node = 1001, .incarnation = 501, .asker = 1000, .challenge = 42};
    message->record_count = 1;
    message->records[0].record = record_of(1, 1, VIP_STANDBY);
    deliver(core);
    assert_int_equal(core_member_seq(core, 1), 1);
    free(core);
}

static void test_echoes_that_concern_unknown_nodes_are_not_passed_on(void **unused)
{
    (void)unused;
    struct core *core = core_that_hears(2);
    const struct echo echoes[] = {
        {.node = 4242, .incarnation = 1, .seq = 1, .asker = 1002, .challenge = 1},
        {.node = 1001, .incarnation = 501, .seq = 1, .asker = 4242, .challenge = 1}};
    core->members[1].passed = UINT64_MAX;
    struct message_in *message = say(1);
    message->echo_count = 2;
    memcpy(message->echoes, echoes, sizeof echoes);
    deliver(core);
    assert_true(!sends_to(2) || actions.out[2].echo_count == 0);
    free(core);
}

/* The way to the asker leads back to where the echo came from: it would go round. */
static void test_an_echo_is_not_sent_back_to_its_relay(void **unused)
{
    (void)unused;
    struct core *core = core_that_hears(3);
    core->members[3].via = 2;
    core->members[3].direct = (struct mono){0};
    core->members[1].passed = BIT(3);
    struct message_in *message = say(2);
    message->echo_count = 1;
    message->echoes[0] =
        (struct echo){.node = 1001, .incarnation = 501, .seq = 1, .asker = 1003, .challenge = 1};
    deliver(core);
    assert_true(!sends_to(2) || actions.out[2].echo_count == 0);
    assert_true((core->members[1].passed & BIT(3)) != 0);
    free(core);
}

/* Four echoes go back to one asker: a fifth has no room, and is not written beyond it. */
static void test_what_has_no_room_is_left_out(void **unused)
{
    (void)unused;
    struct core *core = core_that_hears(6);
    struct message_in *message = say(1);
    for (uint8_t i = 0; i < MESSAGE_ECHOES_MAX; i++) {
        core->members[2 + i].passed = BIT(1);
        message->echoes[message->echo_count++] = (struct echo){
            .node = 1002U + i, .incarnation = 502U + i, .seq = 1, .asker = 1001, .challenge = 1};
    }
    message->ask_count = 1;
    message->asks[0] = (struct ask){.target = 1000, .asker = 1001, .challenge = 9};
    deliver(core);
    assert_int_equal(actions.out[1].echo_count, MESSAGE_ECHOES_MAX);
    for (uint8_t i = 0; i < MESSAGE_ECHOES_MAX; i++) {
        assert_int_equal(actions.out[1].echoes[i].node, 1002 + i);
    }
    free(core);
}

/* --- asks --- */

static void test_an_ask_goes_to_its_target_and_nowhere_else(void **unused)
{
    (void)unused;
    const struct {
        const char *what;
        uint32_t target;
        uint32_t asker;
        uint8_t reaches; /* or NODE_NONE */
    } cases[] = {
        {"for another node", 1002, 1001, 2},
        {"of somebody whom this node does not know", 1002, 4242, 2},
        {"for nobody", 4242, 1001, NODE_NONE},
        {"for the sender, of another", 1001, 1003, NODE_NONE},
        {"for the sender, of itself: it has met its own name", 1001, 1001, 1},
        {"for a node that is heard through the sender only", 1003, 1002, NODE_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct core *core = core_that_hears(3);
        core->members[3].via = 1;
        core->members[3].direct = (struct mono){0};
        struct message_in *message = say(1);
        message->ask_count = 1;
        message->asks[0] =
            (struct ask){.target = cases[i].target, .asker = cases[i].asker, .challenge = 9};
        deliver(core);
        for (uint8_t node = 1; node < NODES; node++) {
            bool reached = sends_to(node) && actions.out[node].ask_count > 0;
            if (reached != (node == cases[i].reaches)) {
                fail_msg("an ask %s: node %u", cases[i].what, node);
            }
        }
        free(core);
    }
}

static void test_who_has_not_proved_to_run_has_no_ask_passed_on(void **unused)
{
    (void)unused;
    struct core *core = core_that_hears(2);
    struct message_in *message = say(3);
    message->ask_count = 1;
    message->asks[0] = (struct ask){.target = 1002, .asker = 1003, .challenge = 9};
    deliver(core);
    assert_true(!sends_to(2) || actions.out[2].ask_count == 0);
    free(core);
}

static void test_an_ask_is_passed_on_once_per_half_a_spacing(void **unused)
{
    (void)unused;
    struct core *core = core_that_hears(2);
    for (unsigned i = 0; i < 2; i++) {
        struct message_in *message = say(1);
        message->ask_count = 1;
        message->asks[0] = (struct ask){.target = 1002, .asker = 1001, .challenge = 9};
        deliver(core);
        assert_int_equal(sends_to(2) && actions.out[2].ask_count > 0, i == 0);
    }
    free(core);
}

/* More strangers in one datagram than asks fit into one. */
static void test_asks_beyond_what_a_datagram_carries_wait(void **unused)
{
    (void)unused;
    struct core *core = core_that_hears(1);
    struct message_in *message = say(1);
    for (uint8_t node = 2; node < 8; node++) {
        message->records[message->record_count++].record = record_of(node, 1, VIP_STANDBY);
    }
    deliver(core);
    assert_int_equal(actions.out[1].ask_count, MESSAGE_ASKS_MAX);
    assert_int_equal(core->members[7].challenge, 0);
    free(core);
}

static void test_asks_for_many_nodes_behind_one_relay_go_there_together(void **unused)
{
    (void)unused;
    struct core *core = core_that_hears(7);
    struct message_in *message = say(1);
    for (uint8_t i = 0; i < MESSAGE_ASKS_MAX; i++) {
        core->members[3 + i].via = 2;
        core->members[3 + i].direct = (struct mono){0};
        message->asks[message->ask_count++] =
            (struct ask){.target = 1003U + i, .asker = 1001, .challenge = 9};
    }
    deliver(core);
    assert_int_equal(actions.out[2].ask_count, MESSAGE_ASKS_MAX);
    free(core);
}

static void test_no_ask_goes_through_a_relay_that_is_dead(void **unused)
{
    (void)unused;
    struct core *core = core_that_hears(3);
    core->members[3].via = 2;
    core->members[3].direct = (struct mono){0};
    core->members[2].state = MEMBER_DEAD;
    struct message_in *message = say(1);
    message->ask_count = 1;
    message->asks[0] = (struct ask){.target = 1003, .asker = 1001, .challenge = 9};
    deliver(core);
    assert_true(!sends_to(2) || actions.out[2].ask_count == 0);
    assert_true(sends_to(3));
    assert_int_equal(actions.out[3].ask_count, 1); /* straight: it may be heard again */
    free(core);
}

/* Its own asks have filled the datagram to a node that also asks about itself. */
static void test_an_ask_that_has_no_room_is_left_out_and_may_come_again(void **unused)
{
    (void)unused;
    struct core *core = core_that_hears(1);
    struct message_in *message = say(1);
    for (uint8_t node = 2; node < 2 + MESSAGE_ASKS_MAX; node++) {
        message->records[message->record_count++].record = record_of(node, 1, VIP_STANDBY);
    }
    message->ask_count = 1;
    message->asks[0] = (struct ask){.target = 1001, .asker = 1001, .challenge = 9};
    deliver(core);
    assert_int_equal(actions.out[1].ask_count, MESSAGE_ASKS_MAX);
    assert_true(actions.out[1].asks[MESSAGE_ASKS_MAX - 1].target != 1001);
    message->record_count = 0;
    deliver(core);
    assert_int_equal(actions.out[1].ask_count, 1);
    assert_int_equal(actions.out[1].asks[0].target, 1001);
    free(core);
}

/* --- this node's own name --- */

static void say_own_name(struct core *core, uint64_t incarnation)
{
    struct message_in *message = say(1);
    message->record_count = 1;
    message->records[0].record = record_of(0, 1, VIP_HOLDING);
    message->records[0].record.incarnation = incarnation;
    deliver(core);
}

static void test_another_daemon_of_this_name_is_asked_and_its_proof_stops_this_one(void **unused)
{
    (void)unused;
    struct core *core = core_that_hears(1);
    say_own_name(core, 1); /* its own record, come round */
    assert_true(!sends_to(1) || actions.out[1].ask_count == 0);
    say_own_name(core, 4711);
    assert_int_equal(actions.out[1].ask_count, 1);
    assert_int_equal(actions.out[1].asks[0].target, 1000);
    uint64_t challenge = actions.out[1].asks[0].challenge;

    /* Its own echo, had it answered its own ask, proves nothing. */
    struct message_in *message = say(1);
    message->echo_count = 1;
    message->echoes[0] = (struct echo){
        .node = 1000, .incarnation = 1, .seq = 1, .asker = 1000, .challenge = challenge};
    deliver(core);
    assert_int_equal(count(ACTION_CLONED), 0);

    core->now = mono_add(core->now, T_NS);
    say_own_name(core, 4711);
    message = say(1);
    message->echo_count = 1;
    message->echoes[0] = (struct echo){.node = 1000,
                                       .incarnation = 4711,
                                       .seq = 1,
                                       .asker = 1000,
                                       .challenge = actions.out[1].asks[0].challenge};
    deliver(core);
    assert_int_equal(count(ACTION_CLONED), 1);
    free(core);
}

/* --- records --- */

static void test_a_record_that_does_not_count_changes_nothing(void **unused)
{
    (void)unused;
    const struct {
        const char *what;
        uint8_t peer;
        uint32_t node;
        uint64_t incarnation;
        uint64_t seq;
    } cases[] = {
        {"of a node that is not configured", 1, 4242, 1, 9},
        {"of an incarnation that has ended", 1, 1002, 66, 9},
        {"with the seq that is known", 1, 1002, 502, 1},
        {"with a seq before", 2, 1002, 502, 0},
        {"of another, by a node that has not proved to run", 3, 1002, 502, 9},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct core *core = core_that_hears(2);
        core->members[2].dead[0] = 66;
        struct message_in *message = say(cases[i].peer);
        message->record_count = 1;
        message->records[0].record = record_of(2, cases[i].seq, VIP_HOLDING);
        message->records[0].record.node = cases[i].node;
        message->records[0].record.incarnation = cases[i].incarnation;
        deliver(core);
        if (core->members[2].seq != 1 || core->members[2].record.vips[0].state != VIP_STANDBY ||
            election_holder(core, 0) != NODE_NONE) {
            fail_msg("a record %s counted", cases[i].what);
        }
        assert_int_equal(core->members[2].challenge, 0);
        free(core);
    }
}

/* What an election looks at is looked at in the very step in which it changes. */
static void test_a_record_that_means_something_else_moves_the_election_at_once(void **unused)
{
    (void)unused;
    enum what {
        NOTHING,
        PRIORITY,
        MODE,
        NO_VIP,
        READY,
        FLAGS,
        UNHEALTHY,
        DRAINED,
        RELEASED,
        CASES
    };
    const uint8_t elected[CASES] = {1, 2, 2, 2, 2, 2, 2, 2, 1};
    for (unsigned what = 0; what < CASES; what++) {
        struct core *core = core_that_hears(2);
        step(core, 1000, (struct event){.type = EVENT_LINK, .link = {.vip = 0, .up = false}});
        assert_int_equal(core->arbiters[0].elected, 1);
        struct record record = record_of(1, 2, VIP_STANDBY);
        record.vips[0].priority = what == PRIORITY ? 1 : record.vips[0].priority;
        record.vips[0].mode = what == MODE ? VIP_QUORUM : VIP_AVAILABLE;
        record.vips[0].vip = what == NO_VIP ? 78 : VIP_ID;
        record.vips[0].ready = what == READY ? VIP_READY_NO : VIP_READY_YES;
        record.flags = what == FLAGS ? 0 : RECORD_HEALTHY;
        record.vips[0].unhealthy = what == UNHEALTHY;
        record.vips[0].drained = what == DRAINED;
        record.vips[0].released_to = what == RELEASED ? 1002 : 0;
        hear(core, 1, &record);
        if (core->arbiters[0].elected != elected[what]) {
            fail_msg("change %u: elected %u", what, core->arbiters[0].elected);
        }
        free(core);
    }
}

/* --- the dead --- */

static struct core *core_with_a_dead_node(void)
{
    struct core *core = core_that_hears(2);
    core->members[1].state = MEMBER_DEAD;
    core->members[1].died = core->now;
    return core;
}

static void test_a_record_that_is_overdue_raises_no_dead_node(void **unused)
{
    (void)unused;
    struct core *core = core_with_a_dead_node();
    struct record record = record_of(1, 2, VIP_HOLDING);
    core->members[1].heard = (struct mono){0};
    hear_through(core, 2, &record, 5 * NS_PER_S);
    assert_int_equal(core->members[1].state, MEMBER_DEAD);
    record.seq++;
    hear_through(core, 2, &record, NS_PER_MS);
    assert_int_equal(core->members[1].state, MEMBER_ALIVE);
    free(core);
}

/* Somebody may have held back what a node that is dead too had to say of it [SPEC R38]. */
static void test_a_relay_that_is_dead_raises_no_dead_node(void **unused)
{
    (void)unused;
    struct core *core = core_with_a_dead_node();
    struct record relay = record_of(2, 1, VIP_STANDBY);
    struct record record = record_of(1, 2, VIP_HOLDING);
    hear(core, 2, &relay);
    core->members[2].state = MEMBER_DEAD;
    hear_through(core, 2, &record, NS_PER_MS);
    assert_int_equal(core->members[1].state, MEMBER_DEAD);
    assert_false(sends_to(1));
    core->members[2].state = MEMBER_ALIVE;
    record.seq++;
    hear_through(core, 2, &record, NS_PER_MS);
    assert_int_equal(core->members[1].state, MEMBER_ALIVE);
    free(core);
}

/* What is passed on for others leaves the question to a node that is back its own time. */
static void test_a_node_that_is_back_is_asked_whatever_others_ask_it(void **unused)
{
    (void)unused;
    struct core *core = core_with_a_dead_node();
    struct record record = record_of(1, 2, VIP_STANDBY);
    core->members[1].queried = core->now;
    core->members[1].passed_at = core->now;
    hear(core, 1, &record);
    assert_int_equal(core->members[1].state, MEMBER_DEAD);
    assert_true(sends_to(1));
    assert_int_not_equal(actions.out[1].question.id, 0);
    free(core);
}

/* An answer names the asker's own clock: one that names the future was made up. */
static void test_an_answer_from_the_future_is_none(void **unused)
{
    (void)unused;
    struct core *core = core_with_a_dead_node();
    uint8_t samples = core->members[1].samples;
    struct message_in *message = say(1);
    message->record_count = 1;
    message->records[0].record = record_of(1, 2, VIP_STANDBY);
    message->answer = core->now.ns + NS_PER_S;
    deliver(core);
    assert_int_equal(core->members[1].state, MEMBER_DEAD);
    assert_int_equal(core->members[1].samples, samples);
    free(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_echo_is_expected_only_of_the_challenge_that_was_sent),
        cmocka_unit_test(test_an_unexpected_echo_confirms_nothing),
        cmocka_unit_test(test_no_incarnation_is_not_a_dead_one),
        cmocka_unit_test(test_an_echo_of_what_is_confirmed_changes_nothing),
        cmocka_unit_test(test_a_doubt_that_ends_well_shows_who_is_believed_once_per_spacing),
        cmocka_unit_test(test_a_doubt_that_came_through_a_relay_or_about_the_dead_shows_nothing),
        cmocka_unit_test(test_an_echo_from_seq_0_on_makes_every_record_fresh),
        cmocka_unit_test(test_echoes_that_concern_unknown_nodes_are_not_passed_on),
        cmocka_unit_test(test_an_echo_is_not_sent_back_to_its_relay),
        cmocka_unit_test(test_what_has_no_room_is_left_out),
        cmocka_unit_test(test_an_ask_goes_to_its_target_and_nowhere_else),
        cmocka_unit_test(test_who_has_not_proved_to_run_has_no_ask_passed_on),
        cmocka_unit_test(test_an_ask_is_passed_on_once_per_half_a_spacing),
        cmocka_unit_test(test_asks_beyond_what_a_datagram_carries_wait),
        cmocka_unit_test(test_no_ask_goes_through_a_relay_that_is_dead),
        cmocka_unit_test(test_asks_for_many_nodes_behind_one_relay_go_there_together),
        cmocka_unit_test(test_an_ask_that_has_no_room_is_left_out_and_may_come_again),
        cmocka_unit_test(test_another_daemon_of_this_name_is_asked_and_its_proof_stops_this_one),
        cmocka_unit_test(test_a_record_that_does_not_count_changes_nothing),
        cmocka_unit_test(test_a_record_that_means_something_else_moves_the_election_at_once),
        cmocka_unit_test(test_a_record_that_is_overdue_raises_no_dead_node),
        cmocka_unit_test(test_a_relay_that_is_dead_raises_no_dead_node),
        cmocka_unit_test(test_a_node_that_is_back_is_asked_whatever_others_ask_it),
        cmocka_unit_test(test_an_answer_from_the_future_is_none),
    };
    return cmocka_run_group_tests_name("core_membership", tests, NULL, NULL);
}
