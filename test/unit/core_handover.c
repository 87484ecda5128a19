// SPDX-License-Identifier: MIT
/*
 * A VIP on its way from one node to another: who takes it back, when, and what is said to be the
 * reason [SPEC R53, R65].
 */
#include "core_support.h"

#define DETECTION_NS timing_detection(T_NS)

static struct record preferred(uint64_t seq, enum vip_state state)
{
    struct record record = record_of(1, seq, state);
    record.vips[0].priority = 250;
    return record;
}

/* Node 1 claims what this node holds, and gets it. */
static void hand_over(struct core *core, uint64_t seq)
{
    struct record claimant = preferred(seq, VIP_CLAIMING);
    hear(core, 1, &claimant);
    assert_int_equal(count(ACTION_ADDRESS_REMOVE), 1);
    kernel_says(core, ADDRESS_REMOVED, 0);
    assert_int_equal(core->arbiters[0].state, VIP_STANDBY);
    assert_int_equal(core->arbiters[0].released_to, 1);
}

static void test_what_the_successor_does_not_take_is_taken_back(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    hold(core);
    hand_over(core, 1);
    tick(core, DETECTION_NS - 1);
    assert_int_equal(core->arbiters[0].state, VIP_STANDBY);
    tick(core, 1);
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
    assert_int_equal(core->arbiters[0].reason, REASON_TAKEN_BACK);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 1);
    free(core);
}

/* Ten seconds, twenty, forty: whoever never takes what it claims must not cost an outage each time
 * that the back-off is over. It is a new beginning when it has taken it once [SPEC R3, R65]. */
static void test_the_back_off_of_a_successor_doubles_until_it_takes_the_vip(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    hold(core);
    uint64_t seq = 1;
    for (unsigned i = 0; i < 4; i++) {
        hand_over(core, seq++);
        tick(core, DETECTION_NS);
        assert_int_equal(core->arbiters[0].reason, REASON_TAKEN_BACK);
        uint64_t backoff_ns = mono_elapsed(core->arbiters[0].refused_until, core->now);
        assert_int_equal(backoff_ns, (UINT64_C(10) << i) * NS_PER_S);
        kernel_says(core, ADDRESS_ADDED, 0);
        assert_int_equal(core->arbiters[0].state, VIP_HOLDING);
        struct record waiting = preferred(seq++, VIP_STANDBY);
        hear(core, 1, &waiting);
        core->arbiters[0].refused_until = core->now;
    }
    hand_over(core, seq++);
    struct record holder = preferred(seq, VIP_HOLDING);
    hear(core, 1, &holder);
    assert_int_equal(core->arbiters[0].refused_count, 0);
    free(core);
}

/* Sockets are drained before a timer: what was due must not be lost by that. */
static void test_the_successor_is_judged_though_a_datagram_comes_first(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    hold(core);
    hand_over(core, 1);
    tick(core, DETECTION_NS - 2000);
    struct record claimant = preferred(2, VIP_CLAIMING);
    core->now = mono_add(core->now, 2000);
    hear(core, 1, &claimant);
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
    assert_int_equal(core->arbiters[0].reason, REASON_TAKEN_BACK);
    free(core);
}

static void test_preempt_delay_ends_though_a_datagram_comes_first(void **unused)
{
    (void)unused;
    struct core_config config = default_config();
    config.vips[0].preempt_delay_ns = 10 * NS_PER_S;
    struct core *core = start_core(&config);
    struct record holder = record_of(1, 1, VIP_HOLDING);
    hear(core, 1, &holder);
    holder.seq++;
    core->phase = PHASE_SERVING;
    for (unsigned i = 0; i < 5; i++) {
        hear(core, 1, &holder);
        holder.seq++;
        run(core, 19 * NS_PER_S / 10);
    }
    assert_int_equal(core->arbiters[0].state, VIP_STANDBY);
    struct mono ready_at = core->arbiters[0].ready_at;
    assert_true(mono_before(core->now, ready_at));
    core->now = ready_at;
    hear(core, 1, &holder);
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
    assert_int_equal(core->arbiters[0].reason, REASON_PREFERRED);
    free(core);
}

static void test_after_the_back_off_a_claim_has_a_reason_of_its_own(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    hold(core);
    hand_over(core, 1);
    run(core, DETECTION_NS);
    assert_int_equal(core->arbiters[0].reason, REASON_TAKEN_BACK);
    kernel_says(core, ADDRESS_ADDED, 0);
    struct record other = preferred(2, VIP_STANDBY);
    for (unsigned i = 0; i < 6; i++) {
        hear(core, 1, &other);
        other.seq++;
        assert_int_equal(core->arbiters[0].elected, i < 5 ? 0 : 1); /* ten seconds are over */
        run(core, 2 * NS_PER_S);
        assert_int_equal(core->arbiters[0].state, VIP_HOLDING);
    }
    hand_over(core, other.seq++);
    struct record holder = preferred(other.seq, VIP_HOLDING);
    holder.next_ms = 100;
    hear(core, 1, &holder);
    while (core->arbiters[0].state == VIP_STANDBY) {
        tick(core, mono_elapsed(core_deadline(core), core->now));
    }
    assert_int_equal(core->members[1].state, MEMBER_DEAD);
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
    assert_int_equal(core->arbiters[0].reason, REASON_HOLDER_DEAD);
    free(core);
}

static enum reason reason_of_holder(void)
{
    for (uint32_t i = 0; i < actions.count; i++) {
        if (actions.items[i].type == ACTION_CHANGE &&
            actions.items[i].change.type == CHANGE_HOLDER) {
            return actions.items[i].change.reason;
        }
    }
    return REASON_NONE;
}

/* As a bystander tells it. */
static void test_why_there_is_another_holder_is_said(void **unused)
{
    (void)unused;
    enum end {
        LEAVES,
        ENDS,
        HANDS_OVER
    };
    const enum reason reasons[] = {REASON_HOLDER_LEFT, REASON_HOLDER_ENDED, REASON_HANDED_OVER};
    for (unsigned end = LEAVES; end <= HANDS_OVER; end++) {
        struct core *core = new_core();
        step(core, 1000, (struct event){.type = EVENT_LINK, .link = {.vip = 0, .up = false}});
        core->phase = PHASE_SERVING;
        struct record holder = record_of(1, 1, VIP_HOLDING);
        struct record next = record_of(2, 1, VIP_STANDBY);
        hear(core, 1, &holder);
        hear(core, 2, &next);
        holder.seq = end == ENDS ? RECORD_SEQ_WILL : 2;
        holder.flags |= end == HANDS_OVER ? 0 : RECORD_LEAVING;
        holder.vips[0].state = VIP_STANDBY;
        hear(core, 1, &holder);
        next.seq++;
        next.vips[0].state = VIP_HOLDING;
        hear(core, 2, &next);
        assert_int_equal(reason_of_holder(), reasons[end]);
        free(core);
    }
}

/* Its kernel may have added the address, and it was not run since: until it says otherwise, or its
 * keeper's deadline is over, somebody better does not add it, too. */
static void test_another_claimant_is_waited_for_until_its_deadline(void **unused)
{
    (void)unused;
    for (unsigned answers = 0; answers < 2; answers++) {
        struct core *core = new_core();
        struct record other = record_of(1, 1, VIP_CLAIMING);
        other.vips[0].priority = 1;
        hear(core, 1, &other);
        assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
        assert_int_equal(count(ACTION_ADDRESS_ADD), 0);
        assert_true(sends_to(1));
        run(core, timing_detection(T_NS) - NS_PER_MS);
        assert_false(core->arbiters[0].adding);
        if (answers == 1) {
            other.seq++;
            other.vips[0].state = VIP_STANDBY;
            hear(core, 1, &other);
            assert_int_equal(count(ACTION_ADDRESS_ADD), 1);
        }
        run(core, 2 * NS_PER_MS);
        assert_true(core->arbiters[0].adding);
        free(core);
    }
}

/* A record with the flag leaving of a node that said that it holds: it has released it. */
static void test_the_place_of_a_holder_that_leaves_is_taken_at_once(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct record holder = preferred(1, VIP_HOLDING);
    hear(core, 1, &holder);
    holder.seq = 2;
    holder.flags |= RECORD_LEAVING;
    holder.vip_count = 0;
    hear(core, 1, &holder);
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
    assert_int_equal(core->arbiters[0].reason, REASON_HOLDER_LEFT);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 1);
    free(core);
}

/* fail_open is off, and nobody else is there. */
static void test_who_is_unfit_gives_it_up_though_nobody_can_take_it(void **unused)
{
    (void)unused;
    struct core_config config = default_config();
    config.fail_open = false;
    struct core *core = serve_core(&config);
    hold(core);
    step(core, 1000, (struct event){.type = EVENT_CONDITION, .condition = {.healthy = false}});
    assert_int_equal(count(ACTION_ADDRESS_REMOVE), 1);
    assert_int_equal(core->arbiters[0].state, VIP_RELEASING);
    assert_int_equal(core->arbiters[0].reason, REASON_UNHEALTHY);
    free(core);
}

/* Not one that began with this node's own, which waited for somebody else. */
static void assert_waits_a_detection(struct core *core)
{
    assert_false(core->arbiters[0].adding);
    run(core, DETECTION_NS - NS_PER_MS);
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
    assert_false(core->arbiters[0].adding);
    run(core, 2 * NS_PER_MS);
    assert_true(core->arbiters[0].adding);
    free(core);
}

static void test_the_wait_for_another_claimant_begins_when_the_holder_is_gone(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct record holder = record_of(1, 1, VIP_HOLDING);
    struct record other = record_of(2, 1, VIP_CLAIMING);
    other.vips[0].priority = 1;
    hear(core, 1, &holder);
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
    hear(core, 2, &other);
    for (unsigned i = 0; i < 4; i++) {
        run(core, T_NS - NS_PER_MS);
        holder.seq++;
        hear(core, 1, &holder);
        other.seq++;
        hear(core, 2, &other);
    }
    holder.seq++;
    holder.vips[0].state = VIP_STANDBY;
    hear(core, 1, &holder);
    assert_waits_a_detection(core);
}

static void test_the_wait_for_another_claimant_begins_when_it_is_heard_of(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct record first = record_of(1, 1, VIP_CLAIMING);
    struct record second = record_of(2, 1, VIP_CLAIMING);
    first.vips[0].priority = second.vips[0].priority = 1;
    hear(core, 1, &first);
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
    run(core, DETECTION_NS / 2);
    hear(core, 2, &second);
    first.seq++;
    first.vips[0].state = VIP_STANDBY;
    hear(core, 1, &first);
    assert_waits_a_detection(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_place_of_a_holder_that_leaves_is_taken_at_once),
        cmocka_unit_test(test_who_is_unfit_gives_it_up_though_nobody_can_take_it),
        cmocka_unit_test(test_another_claimant_is_waited_for_until_its_deadline),
        cmocka_unit_test(test_the_wait_for_another_claimant_begins_when_the_holder_is_gone),
        cmocka_unit_test(test_the_wait_for_another_claimant_begins_when_it_is_heard_of),
        cmocka_unit_test(test_what_the_successor_does_not_take_is_taken_back),
        cmocka_unit_test(test_the_back_off_of_a_successor_doubles_until_it_takes_the_vip),
        cmocka_unit_test(test_the_successor_is_judged_though_a_datagram_comes_first),
        cmocka_unit_test(test_preempt_delay_ends_though_a_datagram_comes_first),
        cmocka_unit_test(test_after_the_back_off_a_claim_has_a_reason_of_its_own),
        cmocka_unit_test(test_why_there_is_another_holder_is_said),
    };
    return cmocka_run_group_tests_name("core_handover", tests, NULL, NULL);
}
