// SPDX-License-Identifier: MIT
/* What the results of checks do to a node and its VIPs, one core alone in its cluster. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "state.h"

#define PATIENCE_NS (5 * NS_PER_S)

static struct core core;
static struct actions actions;
static uint64_t now_ns;

static void step(struct event event)
{
    event.now = (struct mono){now_ns};
    core_step(&core, &event, &actions);
}

static void begin(const struct core_check *checks, uint8_t count)
{
    struct core_config config = {.node_count = 1,
                                 .vip_count = 2,
                                 .fail_open = true,
                                 .interval_ns = 100 * NS_PER_MS,
                                 .incarnation = 1,
                                 .seed = 1,
                                 .check_count = count,
                                 .check_patience_ns = PATIENCE_NS};
    config.nodes[0].id = 1;
    for (uint8_t vip = 0; vip < 2; vip++) {
        config.vips[vip] = (struct core_vip){
            .id = 70U + vip, .address_count = 1, .preempt = true, .priority = 100, .candidates = 1};
    }
    memcpy(config.checks, checks, count * sizeof *checks);
    now_ns = NS_PER_S;
    core_init(&core, &config, (struct mono){now_ns});
    step((struct event){.type = EVENT_TIMER}); /* the hello of a node alone is over at once */
}

static void result(uint8_t check, bool passed)
{
    now_ns += NS_PER_MS;
    step((struct event){.type = EVENT_CHECK, .check = {.check = check, .passed = passed}});
}

static const struct record_vip *entry(uint8_t vip)
{
    return &core.draft.vips[vip];
}

static bool is_healthy(void)
{
    return (core.draft.flags & RECORD_HEALTHY) != 0;
}

static void test_only_a_check_without_a_result_has_failed_when_patience_ends(void **state)
{
    static const struct core_check checks[] = {{1, 1, 0, true, 0}, {1, 1, -10, false, 1}};

    (void)state;
    begin(checks, 2);
    result(0, true);
    now_ns += PATIENCE_NS;
    step((struct event){.type = EVENT_TIMER});
    assert_int_equal(core.health[0].state, CHECK_OK);
    assert_int_equal(core.health[1].state, CHECK_FAILED);
    assert_true(is_healthy());
    assert_int_equal(entry(0)->priority, 90);
    assert_int_equal(entry(1)->priority, 100);
}

static void test_nothing_is_claimed_before_every_check_has_a_result(void **state)
{
    static const struct core_check checks[] = {{1, 1, 0, true, 0}, {3, 3, 0, false, 1}};

    (void)state;
    begin(checks, 2);
    assert_int_equal(entry(0)->ready, VIP_READY_NO);
    assert_int_equal(core.arbiters[0].state, VIP_STANDBY);
    result(0, true);
    assert_int_equal(entry(0)->ready, VIP_READY_NO);
    assert_int_equal(entry(1)->ready, VIP_READY_YES); /* the other check does not concern it */
    assert_int_equal(core.arbiters[1].state, VIP_CLAIMING);
    result(1, false); /* it has failed at once, and the node is the last resort */
    assert_int_equal(core.arbiters[0].state, VIP_CLAIMING);
}

static void test_nothing_is_claimed_before_every_check_has_risen(void **state)
{
    static const struct core_check checks[] = {{3, 3, 0, true, 0}, {1, 1, -5, true, 0}};

    (void)state;
    begin(checks, 2);
    result(1, true);
    result(0, true);
    result(0, true);
    assert_int_equal(core.health[0].state, CHECK_UNKNOWN);
    assert_int_equal(entry(0)->ready, VIP_READY_NO);
    assert_int_equal(core.arbiters[0].state, VIP_STANDBY);
    result(0, true);
    assert_int_equal(core.health[0].state, CHECK_OK);
    assert_int_equal(core.arbiters[0].state, VIP_CLAIMING);
}

static void test_a_check_that_fails_while_it_rises_begins_again(void **state)
{
    static const struct core_check checks[] = {{3, 3, 0, true, 0}};

    (void)state;
    begin(checks, 1);
    result(0, true);
    result(0, true);
    result(0, false);
    assert_int_equal(core.health[0].state, CHECK_FAILED);
    result(0, true);
    result(0, true);
    assert_int_equal(core.health[0].state, CHECK_FAILED);
    result(0, true);
    assert_int_equal(core.health[0].state, CHECK_OK);
}

/* The node must not wait for ever for the rest. */
static void test_a_check_that_rises_and_falls_silent_has_failed_after_a_while(void **state)
{
    static const struct core_check checks[] = {{3, 3, 0, true, 0}};

    (void)state;
    begin(checks, 1);
    now_ns += PATIENCE_NS - NS_PER_S;
    result(0, true);
    now_ns += PATIENCE_NS - NS_PER_MS;
    step((struct event){.type = EVENT_TIMER});
    assert_int_equal(core.health[0].state, CHECK_UNKNOWN);
    now_ns += NS_PER_MS;
    assert_false(mono_before((struct mono){now_ns}, core_deadline(&core)));
    step((struct event){.type = EVENT_TIMER});
    assert_int_equal(core.health[0].state, CHECK_FAILED);
}

static void test_results_count_after_rise_or_fall_and_the_first_bad_one_at_once(void **state)
{
    static const struct core_check checks[] = {{2, 3, 0, true, 0}};

    (void)state;
    begin(checks, 1);
    result(0, true);
    result(0, true);
    assert_true(is_healthy());
    result(0, false);
    result(0, false);
    assert_true(is_healthy());
    result(0, true); /* not in a row */
    result(0, false);
    result(0, false);
    assert_true(is_healthy());
    result(0, false);
    assert_false(is_healthy());
    result(0, true);
    assert_false(is_healthy());
    result(0, true);
    assert_true(is_healthy());
    begin(checks, 1);
    result(0, false);
    assert_false(is_healthy());
    assert_int_equal(entry(0)->ready, VIP_READY_YES); /* fail_open */
}

static void test_a_check_for_one_vip_concerns_no_other(void **state)
{
    static const struct core_check checks[] = {{1, 1, 0, false, 2}};

    (void)state;
    begin(checks, 1);
    result(0, false);
    assert_true(is_healthy());
    assert_int_equal(entry(0)->unhealthy, 0);
    assert_int_equal(entry(1)->unhealthy, 1);
    assert_int_equal(election_tier(&core, 0, 0), 0);
    assert_int_equal(election_tier(&core, 1, 0), 1);
    core.config.fail_open = false;
    assert_int_equal(arbiter_ready(&core, 0), VIP_READY_YES);
    assert_int_equal(arbiter_ready(&core, 1), VIP_READY_NO);
}

static void test_weights_add_up_and_the_priority_stays_within_1_and_255(void **state)
{
    static const struct core_check checks[] = {
        {1, 1, -30, true, 0}, {1, 1, -90, false, 1}, {1, 1, 250, false, 2}};

    (void)state;
    begin(checks, 3);
    result(0, true);
    result(1, true);
    result(2, true);
    assert_int_equal(entry(0)->priority, 100);
    result(0, false);
    assert_int_equal(entry(0)->priority, 70);
    assert_true(is_healthy());
    result(1, false);
    assert_int_equal(entry(0)->priority, 1);
    result(2, false);
    assert_int_equal(entry(1)->priority, 255);
    result(0, true);
    result(1, true);
    assert_int_equal(entry(0)->priority, 100);
}

static void test_checks_without_a_result_have_failed_after_a_while(void **state)
{
    static const struct core_check checks[] = {{2, 3, 0, true, 0}};
    struct check_view view;

    (void)state;
    begin(checks, 1);
    now_ns += PATIENCE_NS - NS_PER_MS;
    step((struct event){.type = EVENT_TIMER});
    assert_int_equal(entry(0)->ready, VIP_READY_NO);
    now_ns = core.config.check_patience_ns + NS_PER_S;
    assert_false(mono_before((struct mono){now_ns}, core_deadline(&core)));
    step((struct event){.type = EVENT_TIMER});
    assert_false(is_healthy());
    assert_int_equal(entry(0)->ready, VIP_READY_YES);
    core_view_check(&core, 0, (struct mono){now_ns}, &view);
    assert_int_equal(view.state, CHECK_FAILED);
    assert_false(view.has_result);
}

/* One has been configured a second after the other: its patience ends a second later. */
static void test_each_check_has_a_patience_of_its_own(void **state)
{
    static const struct core_check checks[] = {{1, 1, 0, true, 0}, {1, 1, -10, false, 1}};

    (void)state;
    begin(checks, 2);
    core.health[1].since.ns += NS_PER_S;
    now_ns += PATIENCE_NS;
    step((struct event){.type = EVENT_TIMER});
    assert_int_equal(core.health[0].state, CHECK_FAILED);
    assert_int_equal(core.health[1].state, CHECK_UNKNOWN);
    now_ns += NS_PER_S;
    step((struct event){.type = EVENT_TIMER});
    assert_int_equal(core.health[1].state, CHECK_FAILED);
}

static void test_each_change_is_told_once_with_a_reason(void **state)
{
    static const struct core_check checks[] = {{1, 1, 0, true, 0}};
    const struct change *change = &actions.items[0].change;

    (void)state;
    begin(checks, 1);
    result(0, true);
    assert_int_equal(actions.items[0].type, ACTION_CHANGE);
    assert_int_equal(change->type, CHANGE_CHECK);
    assert_int_equal(change->from, CHECK_UNKNOWN);
    assert_int_equal(change->to, CHECK_OK);
    assert_int_equal(change->reason, REASON_CHECK_OK);
    result(0, true);
    for (uint32_t i = 0; i < actions.count; i++) {
        assert_true(actions.items[i].type != ACTION_CHANGE || change->type != CHANGE_CHECK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_a_check_without_a_result_has_failed_when_patience_ends),
        cmocka_unit_test(test_nothing_is_claimed_before_every_check_has_a_result),
        cmocka_unit_test(test_nothing_is_claimed_before_every_check_has_risen),
        cmocka_unit_test(test_a_check_that_fails_while_it_rises_begins_again),
        cmocka_unit_test(test_a_check_that_rises_and_falls_silent_has_failed_after_a_while),
        cmocka_unit_test(test_results_count_after_rise_or_fall_and_the_first_bad_one_at_once),
        cmocka_unit_test(test_a_check_for_one_vip_concerns_no_other),
        cmocka_unit_test(test_weights_add_up_and_the_priority_stays_within_1_and_255),
        cmocka_unit_test(test_checks_without_a_result_have_failed_after_a_while),
        cmocka_unit_test(test_each_check_has_a_patience_of_its_own),
        cmocka_unit_test(test_each_change_is_told_once_with_a_reason),
    };
    return cmocka_run_group_tests_name("core_health", tests, NULL, NULL);
}
