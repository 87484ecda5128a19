// SPDX-License-Identifier: MIT
/*
 * What a node does when its own means fail it: the kernel does not remove, no heartbeat can be
 * sent, a full list of unheard nodes, a relay that is asked to repeat itself. The core is looked at
 * from inside, one event at a time.
 */
#include "core_support.h"

static void test_who_cannot_be_heard_lets_the_deadline_pass_if_somebody_lives(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    hold(core);
    struct record other = record_of(1, 1, VIP_STANDBY);
    hear(core, 1, &other);
    step(core, 1000, (struct event){.type = EVENT_MUTE, .mute.mute = true});
    assert_int_equal(arbiter_ready(core, 0), VIP_READY_NO);
    for (unsigned i = 0; i < 3; i++) {
        step(core, T_NS, (struct event){.type = EVENT_TIMER});
        assert_int_equal(count(ACTION_DEADLINE), 0);
    }
    assert_int_equal(core->arbiters[0].state, VIP_RELEASING);
    assert_int_equal(core->arbiters[0].reason, REASON_MUTE);
    free(core);
}

static void test_who_cannot_be_heard_and_is_alone_keeps_its_address(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    hold(core);
    step(core, 1000, (struct event){.type = EVENT_MUTE, .mute.mute = true});
    for (unsigned i = 0; i < 10; i++) {
        step(core, T_NS, (struct event){.type = EVENT_TIMER});
        assert_int_equal(count(ACTION_DEADLINE), 1);
    }
    assert_int_equal(core->arbiters[0].state, VIP_HOLDING);
    free(core);
}

static void test_a_removal_that_fails_is_repeated_in_fault_too(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    hold(core);
    struct event conflict = {.type = EVENT_ADDRESS,
                             .address = {.vip = 0, .change = ADDRESS_LOST_CONFLICT}};
    struct event failed = {.type = EVENT_ADDRESS,
                           .address = {.vip = 0, .change = ADDRESS_REMOVE_FAILED, .error = 5}};
    step(core, 1000, conflict);
    assert_int_equal(core->arbiters[0].state, VIP_FAULT);
    step(core, 1000, failed);
    struct record other = record_of(1, 1, VIP_HOLDING);
    hear(core, 1, &other);
    unsigned removals = 0;
    for (unsigned i = 0; i < 150; i++) {
        step(core, T_NS, (struct event){.type = EVENT_TIMER});
        assert_int_equal(count(ACTION_DEADLINE), 0);
        assert_int_equal(core->arbiters[0].state, VIP_FAULT);
        if (count(ACTION_ADDRESS_REMOVE) > 0) {
            removals++;
            step(core, 1000, failed);
        }
    }
    assert_true(removals > 100);
    free(core);
}

static void test_a_full_list_of_unheard_nodes_that_does_not_name_me_says_nothing(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct record other = record_of(1, 1, VIP_STANDBY);
    other.unheard_count = 1;
    other.unheard[0].node = 1000;
    hear(core, 1, &other);
    assert_false(core->members[1].hears_me);
    other.seq++;
    other.unheard_count = UNHEARD_MAX;
    for (uint8_t i = 0; i < UNHEARD_MAX; i++) {
        other.unheard[i].node = 1002U + i;
    }
    hear(core, 1, &other);
    assert_false(core->members[1].hears_me);
    other.seq++;
    other.unheard_count--;
    hear(core, 1, &other);
    assert_true(core->members[1].hears_me);
    other.seq++;
    other.unheard_count++;
    hear(core, 1, &other);
    assert_true(core->members[1].hears_me);
    free(core);
}

static void test_live_nodes_that_are_not_heard_are_always_named(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct record other = record_of(NODES - 1, 1, VIP_STANDBY);
    other.next_ms = 60000;
    hear(core, NODES - 1, &other);
    core->members[NODES - 1].direct = (struct mono){0};
    core->members[NODES - 1].heard = core->now;
    core->members[NODES - 1].record.next_ms = 100;
    for (uint8_t turn = 0; turn < NODES; turn++) {
        core->unheard_first[false] = turn;
        core->unheard_first[true] = turn;
        gossip_compose(core);
        assert_int_equal(core->draft.unheard_count, UNHEARD_MAX);
        assert_int_equal(core->draft.unheard[0].node, 1000 + NODES - 1);
    }
    free(core);
}

static void test_an_echo_is_passed_on_once_and_only_if_the_ask_was(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct record asker = record_of(1, 1, VIP_STANDBY);
    struct record target = record_of(2, 1, VIP_STANDBY);
    hear(core, 1, &asker);
    hear(core, 2, &target);
    struct message_in *message = calloc(1, sizeof *message);
    assert_non_null(message);
    message->peer = 2;
    message->incarnation = 502;
    message->echo_count = 1;
    message->echoes[0] =
        (struct echo){.node = 1002, .incarnation = 502, .seq = 1, .asker = 1001, .challenge = 42};
    struct event echo = {.type = EVENT_MESSAGE, .message = message};
    step(core, 1000, echo);
    assert_false((actions.send & BIT(1)) != 0);

    struct message_in *ask = calloc(1, sizeof *ask);
    assert_non_null(ask);
    ask->peer = 1;
    ask->incarnation = 501;
    ask->ask_count = 1;
    ask->asks[0] = (struct ask){.target = 1002, .asker = 1001, .challenge = 42};
    step(core, T_NS / 2, (struct event){.type = EVENT_MESSAGE, .message = ask});
    assert_int_equal(actions.out[2].ask_count, 1);
    step(core, 1000, echo);
    assert_true((actions.send & BIT(1)) != 0);
    assert_int_equal(actions.out[1].echo_count, 1);
    step(core, 1000, echo);
    assert_false((actions.send & BIT(1)) != 0);
    free(ask);
    free(message);
    free(core);
}

static void test_a_dead_node_rises_with_an_answer_not_with_a_datagram_held_back(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct record other = record_of(1, 1, VIP_HOLDING);
    hear(core, 1, &other);
    core->members[1].state = MEMBER_DEAD;
    core->members[1].died = core->now;
    other.seq++;
    hear(core, 1, &other);
    assert_int_equal(core->members[1].state, MEMBER_DEAD);
    assert_true((actions.send & BIT(1)) != 0);
    struct message_in *answer = calloc(1, sizeof *answer);
    assert_non_null(answer);
    answer->peer = 1;
    answer->incarnation = 501;
    answer->answer = actions.out[1].question.id;
    assert_true(answer->answer != 0);
    step(core, 1000, (struct event){.type = EVENT_MESSAGE, .message = answer});
    assert_int_equal(core->members[1].state, MEMBER_ALIVE);
    free(answer);
    free(core);
}

static void test_putting_back_is_not_told_a_thousand_times(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    hold(core);
    unsigned adds = 0;
    unsigned announcements = 0;
    for (unsigned i = 0; i < 1000; i++) {
        step(core, NS_PER_MS / 2,
             (struct event){.type = EVENT_ADDRESS,
                            .address = {.vip = 0, .change = ADDRESS_LOST_FOREIGN}});
        adds += count(ACTION_ADDRESS_ADD);
        announcements += count(ACTION_ANNOUNCE);
        step(core, NS_PER_MS / 2,
             (struct event){.type = EVENT_ADDRESS, .address = {.vip = 0, .change = ADDRESS_ADDED}});
        if (mono_reached(core->now, core_deadline(core))) {
            step(core, 0, (struct event){.type = EVENT_TIMER});
        }
    }
    assert_int_equal(adds, 1000);
    assert_int_equal(announcements, 1);
    assert_int_equal(core->arbiters[0].foreign_removals, 1000);
    free(core);
}

/* The vector of the paper's appendix has 15 bytes; this one is of the reference code, 8 bytes. */
static void test_the_generator_is_siphash(void **unused)
{
    (void)unused;
    const uint64_t key[2] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
    assert_true(random_siphash(key, UINT64_C(0x0706050403020100)) == UINT64_C(0x93f5f5799a932462));
}

static enum reason reason_of(enum change_type type)
{
    for (uint32_t i = 0; i < actions.count; i++) {
        if (actions.items[i].type == ACTION_CHANGE && actions.items[i].change.type == type) {
            return actions.items[i].change.reason;
        }
    }
    return REASON_NONE;
}

static void test_a_last_will_moves_the_vip_in_that_very_step(void **state)
{
    struct core *core = new_core();
    struct record record = record_of(1, 5, VIP_HOLDING);
    struct record will;

    (void)state;
    record.vips[0].priority = 255;
    hear(core, 1, &record);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 0);
    core_will(core, &will);
    assert_true(will.incarnation == core->config.incarnation);
    assert_int_equal(will.vip_count, 0);
    will.node = record.node;
    will.incarnation = record.incarnation;
    hear(core, 1, &will);
    assert_int_equal(core->members[1].state, MEMBER_LEFT);
    assert_int_equal(reason_of(CHANGE_MEMBER), REASON_ENDED);
    assert_int_equal(reason_of(CHANGE_VIP), REASON_HOLDER_ENDED);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 1);
    assert_int_equal(core->counters.suspicions, 0);
    /* Nothing of that incarnation counts any more. */
    record.seq = 6;
    assert_true(core_incarnation_is_dead(core, 1, record.incarnation));
    hear(core, 1, &record);
    assert_int_equal(core->members[1].state, MEMBER_LEFT);
    free(core);
}

static void test_a_last_will_of_another_incarnation_changes_nothing(void **state)
{
    struct core *core = new_core();
    struct record record = record_of(1, 5, VIP_HOLDING);
    struct message_in *message = calloc(1, sizeof *message);
    struct record will;

    (void)state;
    assert_non_null(message);
    record.vips[0].priority = 255;
    hear(core, 1, &record);
    core_will(core, &will);
    will.node = record.node;
    will.incarnation = record.incarnation + 1;
    message->peer = 1;
    message->incarnation = will.incarnation;
    message->record_count = 1;
    message->records[0].record = will;
    step(core, 1000, (struct event){.type = EVENT_MESSAGE, .message = message});
    assert_int_equal(core->members[1].state, MEMBER_ALIVE);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 0);
    free(message);
    free(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_last_will_moves_the_vip_in_that_very_step),
        cmocka_unit_test(test_a_last_will_of_another_incarnation_changes_nothing),
        cmocka_unit_test(test_who_cannot_be_heard_lets_the_deadline_pass_if_somebody_lives),
        cmocka_unit_test(test_who_cannot_be_heard_and_is_alone_keeps_its_address),
        cmocka_unit_test(test_a_removal_that_fails_is_repeated_in_fault_too),
        cmocka_unit_test(test_a_full_list_of_unheard_nodes_that_does_not_name_me_says_nothing),
        cmocka_unit_test(test_live_nodes_that_are_not_heard_are_always_named),
        cmocka_unit_test(test_an_echo_is_passed_on_once_and_only_if_the_ask_was),
        cmocka_unit_test(test_a_dead_node_rises_with_an_answer_not_with_a_datagram_held_back),
        cmocka_unit_test(test_putting_back_is_not_told_a_thousand_times),
        cmocka_unit_test(test_the_generator_is_siphash),
    };
    return cmocka_run_group_tests_name("core_faults", tests, NULL, NULL);
}
