// SPDX-License-Identifier: MIT
/* What is passed on to whom, and what is not [SPEC R12, R13, R22, R24]. */
#include "core_support.h"

static struct core *core_that_hears(uint8_t count_of_peers)
{
    struct core *core = new_core();
    for (uint8_t node = 1; node <= count_of_peers; node++) {
        struct record record = record_of(node, 1, VIP_STANDBY);
        hear(core, node, &record);
    }
    core->now = mono_add(core->now, T_NS);
    return core;
}

/* Node 1 says that it does not hear `node` and wants to hear of it through `relay`. */
static void name_unheard(struct record *record, uint32_t node, uint32_t relay)
{
    record->unheard[record->unheard_count++] =
        (struct record_unheard){.node = node, .relays = {relay, ID_NONE}};
}

static uint8_t relays_to(uint8_t node)
{
    return sends_to(node) ? actions.out[node].relay_count : 0;
}

static void test_who_names_this_node_as_relay_gets_what_is_there_once(void **unused)
{
    (void)unused;
    struct core *core = core_that_hears(2);
    struct record record = record_of(1, 2, VIP_STANDBY);
    name_unheard(&record, 1002, 1000);
    hear(core, 1, &record);
    assert_int_equal(relays_to(1), 1);
    assert_int_equal(actions.out[1].relays[0].node, 2);
    record.seq++;
    hear(core, 1, &record);
    assert_int_equal(relays_to(1), 0); /* the name is not new */
    struct record newer = record_of(2, 2, VIP_STANDBY);
    hear(core, 2, &newer);
    assert_int_equal(relays_to(1), 1); /* the record is */
    free(core);
}

static void test_a_name_that_means_nothing_here_is_passed_over(void **unused)
{
    (void)unused;
    const struct {
        const char *what;
        uint32_t node;
        uint32_t relay;
    } cases[] = {
        {"a node of another configuration", 4242, 1000},
        {"the author itself", 1001, 1000},
        {"this node", 1000, 1000},
        {"a node for which another is the relay", 1002, 1003},
        {"a node that this one does not hear of", 1009, 1000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct core *core = core_that_hears(3);
        struct record record = record_of(1, 2, VIP_STANDBY);
        name_unheard(&record, cases[i].node, cases[i].relay);
        hear(core, 1, &record);
        if (relays_to(1) != 0) {
            fail_msg("%s was relayed", cases[i].what);
        }
        free(core);
    }
}

static void test_a_question_about_nobody_in_particular_gets_an_answer_and_no_relay(void **unused)
{
    (void)unused;
    struct core *core = core_that_hears(2);
    struct message_in *message = say(1);
    message->question.id = 5;
    const uint32_t about[] = {4242, 1001, 1000, 1009}; /* unknown, asker, this node, not alive */
    message->question.about_count = 4;
    memcpy(message->question.about, about, sizeof about);
    deliver(core);
    assert_int_equal(actions.out[1].answer, 5);
    assert_int_equal(relays_to(1), 0);
    free(core);
}

/* A cut kept the farewell from the asker, who need not wait until it believes in a death. */
static void test_a_question_about_who_has_left_is_answered_with_the_farewell(void **unused)
{
    (void)unused;
    struct core *core = core_that_hears(2);
    struct record farewell = record_of(1, 2, VIP_STANDBY);
    farewell.flags |= RECORD_LEAVING;
    hear(core, 1, &farewell);
    struct message_in *message = say(2);
    message->question.id = 5;
    message->question.about[message->question.about_count++] = 1001;
    deliver(core);
    assert_int_equal(relays_to(2), 1);
    assert_int_equal(actions.out[2].relays[0].node, 1);
    assert_false(sends_to(1)); /* it is asked nothing more */
    tick(core, 3 * timing_detection(T_NS));
    message = say(2);
    message->question.id = 6;
    message->question.about[message->question.about_count++] = 1001;
    deliver(core);
    assert_int_equal(relays_to(2), 0); /* nobody can suspect it any more */
    free(core);
}

/* What is asked about twice is passed on once. */
static void test_a_question_is_answered_with_the_newest_of_each(void **unused)
{
    (void)unused;
    struct core *core = core_that_hears(3);
    struct message_in *message = say(1);
    message->question.id = 5;
    const uint32_t about[] = {1002, 1003, 1002};
    message->question.about_count = 3;
    memcpy(message->question.about, about, sizeof about);
    deliver(core);
    assert_int_equal(relays_to(1), 2);
    assert_true(actions.out[1].relays[0].age_ns >= T_NS);
    assert_true(actions.out[2].question.id != 0); /* not fresh: asked for */
    free(core);
}

/* A node that met its own name asks through this one; the proof goes back without a record [R24].
 */
static void test_the_echo_of_a_clone_goes_back_to_who_asked(void **unused)
{
    (void)unused;
    struct core *core = core_that_hears(1);
    struct message_in *message = say(1);
    message->ask_count = 1;
    message->asks[0] = (struct ask){.target = 1001, .asker = 1001, .challenge = 9};
    deliver(core);
    assert_int_equal(actions.out[1].ask_count, 1);
    message = say(1);
    message->incarnation = 4711;
    message->echo_count = 1;
    message->echoes[0] =
        (struct echo){.node = 1001, .incarnation = 4711, .seq = 1, .asker = 1001, .challenge = 9};
    deliver(core);
    assert_int_equal(actions.out[1].echo_count, 1);
    assert_int_equal(relays_to(1), 0);
    free(core);
}

static void test_a_witness_says_so_and_never_claims(void **unused)
{
    (void)unused;
    struct core_config config = default_config();
    config.nodes[0].witness = true;
    config.vips[0].candidates &= ~BIT(0);
    struct core *core = serve_core(&config);
    tick(core, 1000);
    assert_true((core_record(core)->flags & RECORD_WITNESS) != 0);
    run(core, NS_PER_S);
    assert_int_equal(core->arbiters[0].state, VIP_STANDBY);
    assert_int_equal(core_record(core)->vips[0].ready, VIP_READY_NO);
    free(core);
}

/* A check that fails changes the priority, or the fitness for one VIP, and nothing else. */
static void test_what_a_check_changes_is_told_at_once(void **unused)
{
    (void)unused;
    const struct core_check checks[] = {
        {.rise = 1, .fall = 1, .weight = -10, .is_general = true},
        {.rise = 1, .fall = 1, .vips = 1},
    };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        struct core_config config = default_config();
        config.check_count = 1;
        config.check_patience_ns = 60 * NS_PER_S;
        config.checks[0] = checks[i];
        struct core *core = serve_core(&config);
        struct event result = {.type = EVENT_CHECK, .check = {.check = 0, .passed = true}};
        step(core, 1000, (struct event){.type = EVENT_LINK, .link = {.vip = 0, .up = false}});
        step(core, 1000, result);
        uint64_t seq = core_record(core)->seq;
        step(core, 1000, result);
        assert_int_equal(actions.send, 0);
        result.check.passed = false;
        step(core, 1000, result);
        assert_true(sends_to(1) && sends_to(NODES - 1));
        assert_int_equal(core_record(core)->seq, seq + 1);
        free(core);
    }
}

/* Of a node that does not list the VIP there is nothing to defend it against [SPEC R67]. */
static void test_a_holder_answers_each_record_of_a_rival_and_of_nobody_else(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    hold(core);
    struct record other = record_of(1, 1, VIP_HOLDING);
    other.vips[0].vip = VIP_ID + 1;
    hear(core, 1, &other);
    core->now = mono_add(core->now, NS_PER_MS);
    other.seq++;
    hear(core, 1, &other);
    assert_false(sends_to(1));
    other.seq++;
    other.vips[0].vip = VIP_ID;
    hear(core, 1, &other);
    assert_true(sends_to(1));
    assert_int_equal(core->arbiters[0].state, VIP_HOLDING);
    free(core);
}

/* --- a heartbeat waits for nobody --- */

static void beat(struct core *core, uint64_t after_ns)
{
    step(core, after_ns, (struct event){.type = EVENT_BEAT});
}

static void test_a_heartbeat_goes_before_what_waits_is_read_and_gives_a_deadline(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    hold(core);
    tick(core, mono_elapsed(core_deadline(core), core->now));
    struct mono due = core_beat_deadline(core);
    uint64_t seq = core->record.seq;
    beat(core, mono_elapsed(due, core->now) - NS_PER_MS);
    assert_int_equal(actions.send, 0); /* not before its time */
    beat(core, 2 * NS_PER_MS);
    for (uint8_t node = 1; node < NODES; node++) {
        assert_true(sends_to(node));
    }
    assert_true(core->record.seq > seq);
    assert_int_equal(count(ACTION_DEADLINE), 1);
    assert_true(core_beat_deadline(core).ns == core->now.ns + T_NS);
    beat(core, 0);
    assert_int_equal(actions.send, 0); /* once */
    free(core);
}

/* The rest is for when everything is read [SPEC R31]. */
static void test_a_heartbeat_before_what_waits_is_read_judges_nobody(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    hold(core);
    struct record other = record_of(1, 1, VIP_STANDBY);
    hear(core, 1, &other);
    uint64_t slow_ns = other.next_ms * NS_PER_MS;
    beat(core, 2 * slow_ns);
    assert_int_equal(core->members[1].state, MEMBER_ALIVE);
    assert_true(mono_reached(core->now, core_deadline(core))); /* and it is still to be done */
    tick(core, 0);
    assert_int_equal(core->members[1].state, MEMBER_SUSPECT);
    free(core);
}

/* Who was not run for a while names nobody as not heard whose datagrams wait to be read; one may
 * take his silence for a reason to wait longer, or for the end of its majority [SPEC R14, R31]. */
static void test_nobody_is_named_as_not_heard_before_what_waits_is_read(void **unused)
{
    (void)unused;
    struct core_config config = default_config();
    config.node_count = 4;
    struct core *core = serve_core(&config);
    hold(core);
    for (uint8_t node = 1; node < 4; node++) {
        struct record other = record_of(node, 1, VIP_STANDBY);
        hear(core, node, &other);
    }
    run(core, NS_PER_S);
    beat(core, 10 * NS_PER_S);
    assert_true(sends_to(1));
    assert_int_equal(core->record.unheard_count, 0);
    struct record other = record_of(1, 2, VIP_STANDBY);
    struct message_in *message = say(1);
    message->record_count = 1;
    message->records[0].record = other;
    message->question.id = 7;
    deliver(core); /* the first of those that wait, which is answered */
    assert_true(sends_to(1));
    assert_int_equal(core->record.unheard_count, 0);
    tick(core, 1000);
    assert_int_equal(core->draft.unheard_count, 2);
    free(core);
}

static void test_a_late_heartbeat_is_one_stall_however_it_came(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct record other = record_of(1, 1, VIP_STANDBY);
    hold(core);
    hear(core, 1, &other);
    run(core, 3900 * NS_PER_MS);
    tick(core, 0);
    uint64_t stalls = core->counters.stalls;
    beat(core, 190 * NS_PER_MS); /* somebody was to be suspected, too */
    assert_int_equal(core->counters.stalls, stalls + 1);
    tick(core, NS_PER_MS);
    assert_int_equal(core->counters.stalls, stalls + 1);
    free(core);
}

/* Waking, it releases: a heartbeat that said "holding" would be a lie [SPEC R37]. */
static void test_a_holder_past_its_own_deadline_releases_and_does_not_beat_on(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    hold(core);
    beat(core, 3 * T_NS);
    assert_int_equal(core->arbiters[0].state, VIP_RELEASING);
    assert_int_equal(core->record.vips[0].state, VIP_RELEASING);
    assert_int_equal(count(ACTION_DEADLINE), 0);
    free(core);
}

static void test_a_node_that_has_stopped_owes_no_heartbeat(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    step(core, 1000, (struct event){.type = EVENT_STOP});
    run(core, NS_PER_S);
    assert_int_equal(core->phase, PHASE_STOPPED);
    assert_true(core_beat_deadline(core).ns == MONO_NEVER.ns);
    free(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_names_this_node_as_relay_gets_what_is_there_once),
        cmocka_unit_test(test_a_name_that_means_nothing_here_is_passed_over),
        cmocka_unit_test(test_a_question_about_nobody_in_particular_gets_an_answer_and_no_relay),
        cmocka_unit_test(test_a_question_about_who_has_left_is_answered_with_the_farewell),
        cmocka_unit_test(test_a_question_is_answered_with_the_newest_of_each),
        cmocka_unit_test(test_the_echo_of_a_clone_goes_back_to_who_asked),
        cmocka_unit_test(test_a_witness_says_so_and_never_claims),
        cmocka_unit_test(test_what_a_check_changes_is_told_at_once),
        cmocka_unit_test(test_a_holder_answers_each_record_of_a_rival_and_of_nobody_else),
        cmocka_unit_test(test_a_heartbeat_goes_before_what_waits_is_read_and_gives_a_deadline),
        cmocka_unit_test(test_a_heartbeat_before_what_waits_is_read_judges_nobody),
        cmocka_unit_test(test_nobody_is_named_as_not_heard_before_what_waits_is_read),
        cmocka_unit_test(test_a_late_heartbeat_is_one_stall_however_it_came),
        cmocka_unit_test(test_a_holder_past_its_own_deadline_releases_and_does_not_beat_on),
        cmocka_unit_test(test_a_node_that_has_stopped_owes_no_heartbeat),
    };
    return cmocka_run_group_tests_name("core_gossip", tests, NULL, NULL);
}
