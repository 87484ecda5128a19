// SPDX-License-Identifier: MIT
/*
 * What a holder does about others that hold what it holds, or did where it could not see them
 * [SPEC R67, R68].
 */
#include "core_support.h"

/* Holds, and has announced itself so long ago that only news would make it do so now. */
static struct core *holder(void)
{
    struct core *core = new_core();
    hold(core);
    run(core, 10 * NS_PER_S);
    return core;
}

static void hear_state(struct core *core, uint64_t seq, enum vip_state state, uint32_t released_to)
{
    struct record record = record_of(1, seq, state);
    record.vips[0].released_to = released_to;
    hear(core, 1, &record);
}

/* It was released to somebody else, whom its former holder took for the holder. */
static void test_a_holder_announces_itself_when_a_node_has_released_it_to_anybody(void **unused)
{
    (void)unused;
    struct core *core = holder();
    hear_state(core, 1, VIP_STANDBY, ID_NONE);
    hear_state(core, 2, VIP_STANDBY, ID_NONE);
    assert_int_equal(count(ACTION_ANNOUNCE), 0);
    hear_state(core, 3, VIP_STANDBY, 1002);
    assert_int_equal(count(ACTION_ANNOUNCE), 1);
    free(core);
}

/* The second release is not seen: the record said the same before. */
static void test_a_holder_announces_itself_again_when_the_name_goes(void **unused)
{
    (void)unused;
    struct core *core = holder();
    hear_state(core, 1, VIP_STANDBY, 1000);
    hear_state(core, 7, VIP_STANDBY, 1000);
    assert_int_equal(count(ACTION_ANNOUNCE), 0);
    hear_state(core, 8, VIP_STANDBY, ID_NONE);
    assert_int_equal(count(ACTION_ANNOUNCE), 1);
    free(core);
}

/* Before its records came it may have held the VIP where this node did not hear it. */
static void test_a_holder_announces_itself_when_a_node_has_started_anew(void **unused)
{
    (void)unused;
    struct core *core = holder();
    hear_state(core, 1, VIP_STANDBY, ID_NONE);
    hear_state(core, 2, VIP_STANDBY, ID_NONE);
    assert_int_equal(count(ACTION_ANNOUNCE), 0);
    core->members[1].challenge = 5;
    struct message_in *message = say(1);
    message->incarnation = 99;
    message->echo_count = 1;
    message->echoes[0] =
        (struct echo){.node = 1001, .incarnation = 99, .seq = 1, .asker = 1000, .challenge = 5};
    message->record_count = 1;
    message->records[0].record = record_of(1, 1, VIP_STANDBY);
    message->records[0].record.incarnation = 99;
    deliver(core);
    assert_int_equal(core->members[1].incarnation, 99);
    assert_int_equal(count(ACTION_ANNOUNCE), 1);
    free(core);
}

/* One that has restarted behind a cut is not known to the other, whose record names nobody. */
static void test_a_holder_yields_after_4_t_to_a_lower_one_whatever_that_says(void **unused)
{
    (void)unused;
    struct core *core = holder();
    for (unsigned i = 1; i <= 5; i++) {
        assert_int_equal(core->arbiters[0].state, VIP_HOLDING);
        hear_state(core, i, VIP_HOLDING, ID_NONE);
        run(core, T_NS - NS_PER_MS);
    }
    assert_int_not_equal(core->arbiters[0].state, VIP_HOLDING);
    assert_int_equal(core->arbiters[0].reason, REASON_NOT_HEARD);
    assert_int_equal(core->draft.vips[0].ready, VIP_READY_YES);
    free(core);
}

/* It is there no more than 4 T after it came: nothing is counted from an earlier one. */
static void test_a_rival_that_goes_is_forgotten(void **unused)
{
    (void)unused;
    struct core *core = holder();
    for (unsigned i = 1; i <= 12; i++) {
        hear_state(core, i, i % 3 == 0 ? VIP_STANDBY : VIP_HOLDING, ID_NONE);
        run(core, T_NS);
        assert_int_equal(core->arbiters[0].state, VIP_HOLDING);
    }
    free(core);
}

/* Is the record of `node` in what the last step sent to `peer`? */
static bool is_shown(uint8_t peer, uint8_t node)
{
    for (uint8_t i = 0; sends_to(peer) && i < actions.out[peer].relay_count; i++) {
        if (actions.out[peer].relays[i].node == node) {
            return true;
        }
    }
    return false;
}

/* Neither has named the other one: they do not know yet that they do not hear each other. */
static void test_two_that_want_the_same_vip_are_shown_to_each_other(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct record first = record_of(1, 1, VIP_HOLDING);
    struct record second = record_of(2, 1, VIP_STANDBY);
    struct record third = record_of(3, 1, VIP_STANDBY);
    hear(core, 1, &first);
    hear(core, 2, &second);
    hear(core, 3, &third);
    assert_false(is_shown(1, 2) || is_shown(2, 1));
    second.vips[0].state = VIP_CLAIMING;
    second.seq++;
    hear_through(core, 3, &second, 0); /* whoever hears it straight has done so already */
    assert_false(is_shown(1, 2) || is_shown(2, 1));
    second.seq++;
    hear(core, 2, &second);
    assert_true(is_shown(1, 2) && is_shown(2, 1));
    assert_false(is_shown(3, 1) || is_shown(3, 2) || is_shown(1, 3));
    core->config.vips[0].mode = VIP_QUORUM; /* there the votes decide */
    second.seq++;
    second.vips[0].mode = VIP_QUORUM;
    hear(core, 2, &second);
    assert_false(is_shown(1, 2) || is_shown(2, 1));
    free(core);
}

/* A claimant that asks on sends a record with each question: what it says is not news [SPEC R13].
 */
static void test_two_are_not_shown_to_each_other_with_every_record(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct record first = record_of(1, 1, VIP_HOLDING);
    struct record second = record_of(2, 1, VIP_CLAIMING);
    struct record third = record_of(3, 1, VIP_STANDBY);
    hear(core, 3, &third);
    hear(core, 1, &first);
    hear(core, 2, &second);
    assert_true(is_shown(1, 2) && is_shown(2, 1));
    second.seq++;
    hear(core, 2, &second);
    assert_false(is_shown(1, 2) || is_shown(2, 1));
    second.seq++;
    second.vips[0].state = VIP_HOLDING; /* that is */
    hear(core, 2, &second);
    assert_true(is_shown(1, 2) && is_shown(2, 1));
    second.seq++;
    hear(core, 2, &second);
    assert_false(is_shown(1, 2) || is_shown(2, 1));
    first.seq++;
    first.vips[0].state = VIP_CLAIMING; /* whichever of the two says it, and whoever passes it on */
    hear_through(core, 3, &first, 0);
    second.seq++;
    hear(core, 2, &second);
    assert_true(is_shown(1, 2) && is_shown(2, 1));
    step(core, T_NS / 2, (struct event){.type = EVENT_FRAME}); /* with each beat: it may be lost */
    second.seq++;
    hear(core, 2, &second);
    assert_true(is_shown(1, 2) && is_shown(2, 1));
    free(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_holder_announces_itself_when_a_node_has_released_it_to_anybody),
        cmocka_unit_test(test_a_holder_announces_itself_again_when_the_name_goes),
        cmocka_unit_test(test_a_holder_announces_itself_when_a_node_has_started_anew),
        cmocka_unit_test(test_a_holder_yields_after_4_t_to_a_lower_one_whatever_that_says),
        cmocka_unit_test(test_a_rival_that_goes_is_forgotten),
        cmocka_unit_test(test_two_that_want_the_same_vip_are_shown_to_each_other),
        cmocka_unit_test(test_two_are_not_shown_to_each_other_with_every_record),
    };
    return cmocka_run_group_tests_name("core_rivals", tests, NULL, NULL);
}
