// SPDX-License-Identifier: MIT
/*
 * The state of a VIP follows the kernel's word [SPEC R64, R69], also when that word comes late, not
 * at all, or against the order.
 */
#include "core_support.h"

#define DETECTION_NS timing_detection(T_NS)

static struct core *adding_core(void)
{
    struct core *core = new_core();
    tick(core, 1000);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 1);
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
    return core;
}

static void test_an_address_that_comes_after_its_release_is_not_held(void **unused)
{
    (void)unused;
    struct core *core = adding_core();
    step(core, 1000, (struct event){.type = EVENT_STOP});
    assert_int_equal(count(ACTION_ADDRESS_REMOVE), 1);
    assert_int_equal(core->arbiters[0].state, VIP_RELEASING);
    kernel_says(core, ADDRESS_ADDED, 0);
    assert_int_equal(core->arbiters[0].state, VIP_RELEASING);
    assert_int_equal(core_counters(core)->takeovers, 0);
    assert_int_equal(core->phase, PHASE_STOPPING);
    kernel_says(core, ADDRESS_REMOVED, 0);
    assert_int_equal(core->arbiters[0].state, VIP_STANDBY);
    assert_int_equal(core->phase, PHASE_LEAVING);
    free(core);
}

static void test_a_refusal_that_comes_after_the_release_is_no_fault(void **unused)
{
    (void)unused;
    struct core *core = adding_core();
    step(core, 1000, (struct event){.type = EVENT_STOP});
    kernel_says(core, ADDRESS_ADD_FAILED, 1);
    assert_int_equal(core->arbiters[0].state, VIP_RELEASING);
    assert_int_equal(core->arbiters[0].fault_count, 0);
    free(core);
}

/* Of what another program removed a part may be there still, and clients may reach it. */
static void test_what_could_not_be_put_back_is_being_released_until_nothing_is_there(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    hold(core);
    kernel_says(core, ADDRESS_LOST_FOREIGN, 0);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 1);
    kernel_says(core, ADDRESS_ADD_FAILED, 1);
    assert_int_equal(core->arbiters[0].state, VIP_FAULT);
    assert_int_equal(core_record(core)->vips[0].state, VIP_RELEASING);
    kernel_says(core, ADDRESS_REMOVED, 0);
    assert_int_equal(core_record(core)->vips[0].state, VIP_FAULT);
    free(core);
}

static void test_a_stop_while_it_releases_releases_once(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    hold(core);
    step(core, 1000, (struct event){.type = EVENT_LINK, .link = {.vip = 0, .up = false}});
    assert_int_equal(core->arbiters[0].state, VIP_RELEASING);
    step(core, 1000, (struct event){.type = EVENT_STOP});
    assert_int_equal(core->arbiters[0].state, VIP_RELEASING);
    assert_int_equal(count(ACTION_CHANGE), 0);
    kernel_says(core, ADDRESS_REMOVED, 0);
    assert_int_equal(core->arbiters[0].state, VIP_STANDBY);
    assert_int_equal(core->phase, PHASE_LEAVING);
    kernel_says(core, ADDRESS_REMOVED, 0); /* of the second order */
    assert_int_equal(count(ACTION_CHANGE), 0);
    assert_int_equal(core->arbiters[0].state, VIP_STANDBY);
    free(core);
}

static void test_who_owns_the_address_already_is_told_from_a_kernel_that_refuses(void **unused)
{
    (void)unused;
    const struct {
        int32_t error;
        enum reason reason;
    } cases[] = {{17, REASON_FOREIGN_OWNER}, {1, REASON_KERNEL_REFUSED}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct core *core = adding_core();
        kernel_says(core, ADDRESS_ADD_FAILED, cases[i].error);
        assert_int_equal(core->arbiters[0].state, VIP_FAULT);
        assert_int_equal(core->arbiters[0].reason, cases[i].reason);
        assert_int_equal(core->arbiters[0].error, cases[i].error);
        assert_int_equal(arbiter_ready(core, 0), VIP_READY_NO);
        free(core);
    }
}

/* Of an addition that failed a part may be there, because the keeper's removal of it failed, too:
 * the others hear of a fault only when nothing is. */
static void test_a_fault_is_told_when_the_kernel_has_confirmed_that_nothing_is_there(void **unused)
{
    (void)unused;
    struct core *core = adding_core();
    kernel_says(core, ADDRESS_ADD_FAILED, 1);
    assert_int_equal(count(ACTION_ADDRESS_REMOVE), 1);
    assert_int_equal(core->arbiters[0].state, VIP_FAULT);
    assert_int_equal(core_record(core)->vips[0].state, VIP_CLAIMING);
    assert_int_equal(core_record(core)->next_ms, T_NS / NS_PER_MS);
    for (unsigned i = 0; i < 3; i++) {
        kernel_says(core, ADDRESS_REMOVE_FAILED, 5);
        run(core, T_NS - 10000);
        tick(core, 10000);
        assert_int_equal(count(ACTION_ADDRESS_REMOVE), 1);
        assert_int_equal(core_record(core)->vips[0].state, VIP_RELEASING);
    }
    kernel_says(core, ADDRESS_REMOVED, 0);
    assert_int_equal(core->arbiters[0].state, VIP_FAULT);
    assert_int_equal(core_record(core)->vips[0].state, VIP_FAULT);
    assert_true(sends_to(1));
    free(core);
}

static void test_an_interface_that_goes_while_it_adds_is_a_fault_until_all_is_removed(void **unused)
{
    (void)unused;
    struct core *core = adding_core();
    kernel_says(core, ADDRESS_LOST_LINK, 0);
    assert_int_equal(core->arbiters[0].state, VIP_FAULT);
    assert_int_equal(core->arbiters[0].reason, REASON_LINK);
    assert_int_equal(count(ACTION_ADDRESS_REMOVE), 1);
    kernel_says(core, ADDRESS_REMOVED, 0);
    assert_int_equal(core->arbiters[0].state, VIP_FAULT);
    assert_false(arbiter_may_hold(core, 0));
    free(core);
}

/* The first order to add and each removal are repeated or given up after one detection time. */
static void test_a_kernel_that_does_not_answer_is_a_fault_and_is_asked_again(void **unused)
{
    (void)unused;
    struct core *core = adding_core();
    tick(core, DETECTION_NS - 1);
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
    tick(core, 1);
    assert_int_equal(core->arbiters[0].state, VIP_FAULT);
    assert_int_equal(core->arbiters[0].reason, REASON_KERNEL_SILENT);
    assert_int_equal(count(ACTION_ADDRESS_REMOVE), 1);
    tick(core, DETECTION_NS - 1);
    assert_int_equal(count(ACTION_ADDRESS_REMOVE), 0);
    tick(core, 1);
    assert_int_equal(count(ACTION_ADDRESS_REMOVE), 1);
    /* While the removal is not confirmed nothing is tried again, however long that takes. */
    run(core, 30 * NS_PER_S);
    assert_int_equal(core->arbiters[0].state, VIP_FAULT);
    kernel_says(core, ADDRESS_REMOVED, 0);
    tick(core, 1000);
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 1);
    free(core);
}

static void test_a_deadline_that_the_keeper_saw_first_is_believed(void **unused)
{
    (void)unused;
    const struct {
        bool mute;
        enum reason reason;
    } cases[] = {{true, REASON_MUTE}, {false, REASON_STALLED}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct core *core = new_core();
        hold(core);
        struct record other = record_of(1, 1, VIP_STANDBY);
        hear(core, 1, &other);
        if (cases[i].mute) {
            step(core, 1000, (struct event){.type = EVENT_MUTE, .mute.mute = true});
        }
        kernel_says(core, ADDRESS_LOST_DEADLINE, 0);
        assert_int_equal(core->arbiters[0].state, VIP_RELEASING);
        assert_int_equal(core->arbiters[0].reason, cases[i].reason);
        assert_true(core_is_starting(core)); /* others may hold it by now */
        assert_int_equal(count(ACTION_ADDRESS_REMOVE), 1);
        kernel_says(core, ADDRESS_REMOVED, 0);
        assert_int_equal(core->arbiters[0].state, VIP_STANDBY);
        assert_int_equal(core->arbiters[0].reason, cases[i].reason);
        assert_int_equal(count(ACTION_ADDRESS_ADD), 0);
        free(core);
    }
}

static void test_a_deadline_that_passed_releases_nothing_that_the_kernel_keeps(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    hold(core);
    kernel_says(core, ADDRESS_LOST_DEADLINE, 0);
    for (unsigned i = 0; i < 3; i++) {
        kernel_says(core, ADDRESS_REMOVE_FAILED, 5);
        assert_int_equal(core->arbiters[0].state, VIP_RELEASING);
        assert_int_equal(core_record(core)->vips[0].state, VIP_RELEASING);
        run(core, T_NS - 10000);
        tick(core, 10000);
        assert_int_equal(count(ACTION_ADDRESS_REMOVE), 1);
    }
    kernel_says(core, ADDRESS_REMOVED, 0);
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING); /* anew: the hello is over */
    free(core);
}

static void test_a_deadline_that_passed_before_the_kernel_added_ends_the_claim(void **unused)
{
    (void)unused;
    struct core *core = adding_core();
    kernel_says(core, ADDRESS_LOST_DEADLINE, 0);
    /* The keeper may read the addition after that: it is not released before the kernel says so. */
    assert_int_equal(core->arbiters[0].state, VIP_RELEASING);
    assert_int_equal(count(ACTION_ADDRESS_REMOVE), 1);
    assert_true(core_is_starting(core));
    kernel_says(core, ADDRESS_ADDED, 0);
    assert_int_equal(core->arbiters[0].state, VIP_RELEASING);
    kernel_says(core, ADDRESS_REMOVED, 0);
    assert_int_equal(core->arbiters[0].state, VIP_STANDBY);
    free(core);
}

/* A node that was not run reads that it has the address, and then that its keeper took it away:
 * somebody else holds the VIP by now, and must not hear of a rival. */
static void test_an_address_that_is_told_of_after_its_deadline_is_never_held(void **unused)
{
    (void)unused;
    struct core *core = adding_core();
    uint64_t late_ns = mono_elapsed(core->arbiters[0].until, core->now);
    struct event event = {.type = EVENT_ADDRESS, .address = {.vip = 0, .change = ADDRESS_ADDED}};
    step(core, late_ns, event);
    assert_int_equal(core->arbiters[0].state, VIP_RELEASING);
    assert_int_equal(core->arbiters[0].reason, REASON_STALLED);
    assert_int_equal(core_record(core)->vips[0].state, VIP_RELEASING);
    assert_int_equal(count(ACTION_ANNOUNCE), 0);
    assert_int_equal(count(ACTION_ADDRESS_REMOVE), 1);
    assert_int_equal(core_counters(core)->takeovers, 0);
    assert_true(core_is_starting(core));
    kernel_says(core, ADDRESS_LOST_DEADLINE, 0);
    assert_int_equal(core->arbiters[0].state, VIP_RELEASING);
    kernel_says(core, ADDRESS_REMOVED, 0);
    assert_int_equal(core->arbiters[0].state, VIP_STANDBY);
    free(core);
}

/* What was ordered and not confirmed may be there: a removal that fails leaves it there. */
static void test_a_removal_that_fails_is_repeated_though_the_address_was_not_confirmed(
    void **unused)
{
    (void)unused;
    struct core *core = adding_core();
    step(core, 1000, (struct event){.type = EVENT_STOP});
    for (unsigned i = 0; i < 5; i++) {
        kernel_says(core, ADDRESS_REMOVE_FAILED, 5);
        assert_int_equal(core->arbiters[0].state, VIP_RELEASING);
        assert_int_equal(core->phase, PHASE_STOPPING); /* it has not left, and says so */
        assert_int_equal(count(ACTION_ADDRESS_REMOVE), 0);
        run(core, T_NS - 10000);
        tick(core, 10000);
        assert_int_equal(count(ACTION_ADDRESS_REMOVE), 1);
    }
    kernel_says(core, ADDRESS_REMOVED, 0);
    assert_int_equal(core->phase, PHASE_LEAVING);
    kernel_says(core, ADDRESS_REMOVE_FAILED, 5); /* of an order that nobody waits for */
    assert_int_equal(core->arbiters[0].state, VIP_STANDBY);
    assert_false(arbiter_may_hold(core, 0));
    free(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_address_that_comes_after_its_release_is_not_held),
        cmocka_unit_test(test_a_refusal_that_comes_after_the_release_is_no_fault),
        cmocka_unit_test(test_what_could_not_be_put_back_is_being_released_until_nothing_is_there),
        cmocka_unit_test(test_a_stop_while_it_releases_releases_once),
        cmocka_unit_test(test_who_owns_the_address_already_is_told_from_a_kernel_that_refuses),
        cmocka_unit_test(test_a_fault_is_told_when_the_kernel_has_confirmed_that_nothing_is_there),
        cmocka_unit_test(test_an_interface_that_goes_while_it_adds_is_a_fault_until_all_is_removed),
        cmocka_unit_test(test_a_kernel_that_does_not_answer_is_a_fault_and_is_asked_again),
        cmocka_unit_test(test_a_deadline_that_the_keeper_saw_first_is_believed),
        cmocka_unit_test(test_a_deadline_that_passed_releases_nothing_that_the_kernel_keeps),
        cmocka_unit_test(test_a_deadline_that_passed_before_the_kernel_added_ends_the_claim),
        cmocka_unit_test(test_an_address_that_is_told_of_after_its_deadline_is_never_held),
        cmocka_unit_test(
            test_a_removal_that_fails_is_repeated_though_the_address_was_not_confirmed),
    };
    return cmocka_run_group_tests_name("core_kernel", tests, NULL, NULL);
}
