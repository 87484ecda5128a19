// SPDX-License-Identifier: MIT
/* What status is told about a VIP and about a node. */
#include "core_support.h"

#include "core/view.h"

static struct vip_view view_of_vip(const struct core *core)
{
    struct vip_view view;
    core_view_vip(core, 0, core->now, &view);
    return view;
}

static struct node_view view_of_node(const struct core *core, uint8_t node)
{
    struct node_view view;
    core_view_node(core, node, core->now, &view);
    return view;
}

static void test_a_vip_is_shown_with_its_holder_and_who_is_next(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct vip_view view = view_of_vip(core);
    assert_int_equal(view.holder, NODE_NONE);
    assert_int_equal(view.next, 0);
    assert_int_equal(view.votes_granted, 0);
    hold(core);
    struct record second = record_of(1, 1, VIP_STANDBY);
    struct record third = record_of(2, 1, VIP_FAULT);
    third.vips[0].ready = VIP_READY_NO;
    hear(core, 1, &second);
    hear(core, 2, &third);
    view = view_of_vip(core);
    assert_int_equal(view.state, VIP_HOLDING);
    assert_int_equal(view.holder, 0);
    assert_int_equal(view.next, 1);
    assert_int_equal(view.votes_granted, 1);
    assert_true(view.in_kernel && !view.answered);
    assert_true(view.holders == BIT(0) && view.faults == BIT(2));
    free(core);
}

static void test_a_claim_shows_its_vote_and_a_dead_holder_nothing(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct record holder = record_of(1, 1, VIP_HOLDING);
    holder.next_ms = 100;
    holder.flags = 0;
    hear(core, 1, &holder);
    struct vip_view view = view_of_vip(core);
    assert_int_equal(view.state, VIP_CLAIMING);
    assert_int_equal(view.votes_granted, 1);
    assert_int_equal(view.holder, 1);
    assert_int_equal(view.tier, 1); /* unhealthy */
    run(core, NS_PER_S);
    view = view_of_vip(core);
    assert_int_equal(core->members[1].state, MEMBER_DEAD);
    assert_true(view.holders == 0);
    free(core);
}

/* How long it may hold on without another vote. */
static void test_the_rest_of_a_lease_is_shown_while_it_is_held(void **unused)
{
    (void)unused;
    struct core_config config = default_config();
    config.node_count = 1;
    config.vips[0].mode = VIP_QUORUM;
    config.vips[0].lease_ns = NS_PER_S;
    struct core *core = serve_core(&config);
    assert_int_equal(view_of_vip(core).lease_ns, 0);
    run(core, T_NS);
    kernel_says(core, ADDRESS_ADDED, 0);
    struct vip_view view = view_of_vip(core);
    assert_in_range(view.lease_ns, NS_PER_S / 2, NS_PER_S);
    assert_int_equal(view.votes_needed, 1);
    free(core);
}

/* Somebody answers for the address and no peer is heard: who does is shown [SPEC R66]. */
static void test_who_answers_for_the_address_is_shown_by_its_mac(void **unused)
{
    (void)unused;
    struct core_config config = default_config();
    config.node_count = 2;
    struct core *core = start_core(&config);
    while (count(ACTION_PROBE) == 0) {
        tick(core, mono_elapsed(core_deadline(core), core->now));
    }
    step(core, 1000,
         (struct event){.type = EVENT_FRAME, .frame = {.vip = 0, .mac = {2, 0, 0, 0, 0, 9}}});
    run(core, T_NS);
    struct vip_view view = view_of_vip(core);
    assert_int_equal(view.state, VIP_FAULT);
    assert_true(view.answered);
    assert_int_equal(view.answered_mac[5], 9);
    free(core);

    core = new_core();
    tick(core, 1000);
    kernel_says(core, ADDRESS_ADD_FAILED, 1);
    view = view_of_vip(core);
    assert_int_equal(view.state, VIP_FAULT);
    assert_int_equal(view.error, 1);
    assert_false(view.answered);
    free(core);
}

static void test_a_node_is_shown_as_far_as_it_is_known(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct node_view view = view_of_node(core, 0);
    assert_int_equal(view.incarnation, 1);
    assert_true(view.direct && view.config_same && view.record == core_record(core));
    view = view_of_node(core, 1);
    assert_int_equal(view.state, MEMBER_UNKNOWN);
    assert_true(view.last_heard_ns == VIEW_UNKNOWN_NS && view.rtt_ns == VIEW_UNKNOWN_NS);
    assert_true(view.record == NULL && !view.direct && !view.hears_me && !view.config_same);

    struct record other = record_of(1, 1, VIP_STANDBY);
    hear(core, 1, &other);
    struct message_in *message = say(1);
    message->answer = core->now.ns;
    deliver(core);
    step(core, 5 * NS_PER_MS, (struct event){.type = EVENT_TIMER});
    view = view_of_node(core, 1);
    assert_int_equal(view.state, MEMBER_ALIVE);
    assert_int_equal(view.last_heard_ns, 5 * NS_PER_MS + 1000);
    assert_int_equal(view.rtt_ns, 1000);
    assert_true(view.direct && view.hears_me && view.config_same);
    assert_int_equal(view.record->seq, 1);

    other.seq++;
    other.config = 99;
    other.unheard_count = 1;
    other.unheard[0].node = 1000;
    hear(core, 1, &other);
    view = view_of_node(core, 1);
    assert_false(view.config_same || view.hears_me);
    free(core);
}

/* Its echo has come, its record has not. */
static void test_a_node_that_has_only_proved_to_run_is_alive_and_no_more_is_known(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct record other = record_of(1, 1, VIP_STANDBY);
    hear(core, 1, &other);
    uint64_t restarted = 4711;
    other.incarnation = restarted;
    core->now = mono_add(core->now, T_NS);
    struct message_in *message = say(1);
    message->incarnation = restarted;
    message->record_count = 1;
    message->records[0].record = other;
    deliver(core);
    message->record_count = 0;
    message->echo_count = 1;
    message->echoes[0] = (struct echo){.node = 1001,
                                       .incarnation = restarted,
                                       .seq = 1,
                                       .asker = 1000,
                                       .challenge = actions.out[1].asks[0].challenge};
    deliver(core);
    struct node_view view = view_of_node(core, 1);
    assert_int_equal(view.state, MEMBER_ALIVE);
    assert_int_equal(view.incarnation, restarted);
    assert_true(view.last_heard_ns == VIEW_UNKNOWN_NS && view.record == NULL);
    assert_int_equal(election_best(core, 0, BIT(0)), NODE_NONE);
    free(core);
}

static void test_a_node_that_ended_without_a_stop_is_shown_so(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct record other = record_of(1, 1, VIP_STANDBY);
    hear(core, 1, &other);
    assert_false(view_of_node(core, 1).crashed);
    struct record will = record_of(1, RECORD_SEQ_WILL, VIP_STANDBY);
    will.flags |= RECORD_LEAVING;
    will.vip_count = 0;
    hear(core, 1, &will);
    struct node_view view = view_of_node(core, 1);
    assert_int_equal(view.state, MEMBER_LEFT);
    assert_true(view.crashed);
    free(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_vip_is_shown_with_its_holder_and_who_is_next),
        cmocka_unit_test(test_a_claim_shows_its_vote_and_a_dead_holder_nothing),
        cmocka_unit_test(test_the_rest_of_a_lease_is_shown_while_it_is_held),
        cmocka_unit_test(test_who_answers_for_the_address_is_shown_by_its_mac),
        cmocka_unit_test(test_a_node_is_shown_as_far_as_it_is_known),
        cmocka_unit_test(test_a_node_that_has_only_proved_to_run_is_alive_and_no_more_is_known),
        cmocka_unit_test(test_a_node_that_ended_without_a_stop_is_shown_so),
    };
    return cmocka_run_group_tests_name("core_view", tests, NULL, NULL);
}
