// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "state.h"

#define MS   NS_PER_MS
#define T_NS (100 * MS)

static void test_a_holder_is_dead_two_intervals_after_its_last_beat(void **unused)
{
    (void)unused;
    assert_int_equal(timing_detection(100 * MS), 200 * MS);
    assert_int_equal(timing_detection(200 * MS), 400 * MS);
    assert_int_equal(timing_detection(10000 * MS), 20000 * MS);
}

static void test_the_floors_keep_a_short_interval_above_the_stalls_of_a_machine(void **unused)
{
    (void)unused;
    assert_int_equal(timing_grace(10 * MS, NULL), 5 * MS);
    assert_int_equal(timing_spacing(10 * MS), 1250000);
    /* 10 + 5 + 11 x 1.25 + 1.25 = 30 ms, 3 T: the prototype's 2.6 T on average */
    assert_int_equal(timing_detection(10 * MS), 30 * MS);
    assert_int_equal(timing_claim_spacing(10 * MS), 2 * MS);
}

static void test_slow_heartbeats_are_bounded(void **unused)
{
    (void)unused;
    assert_int_equal(timing_slow(100 * MS, 3), 1000 * MS);
    assert_int_equal(timing_slow(100 * MS, 10), 2000 * MS);
    assert_int_equal(timing_slow(100 * MS, 64), 5000 * MS);
    assert_int_equal(timing_slow(1000 * MS, 64), 10000 * MS);
}

static void test_the_back_off_doubles_up_to_five_minutes(void **unused)
{
    (void)unused;
    assert_int_equal(timing_backoff(1), 10 * NS_PER_S);
    assert_int_equal(timing_backoff(2), 20 * NS_PER_S);
    assert_int_equal(timing_backoff(5), 160 * NS_PER_S);
    assert_int_equal(timing_backoff(6), 300 * NS_PER_S);
    assert_int_equal(timing_backoff(UINT32_MAX), 300 * NS_PER_S);
}

static void test_a_far_peer_is_given_the_time_that_its_answers_take(void **unused)
{
    (void)unused;
    struct member member = {0};
    for (unsigned i = 0; i < 50; i++) {
        timing_sample(&member, (i % 2 == 0 ? 60 : 100) * MS, T_NS);
    }
    assert_in_range(member.srtt_ns, 75 * MS, 85 * MS);
    assert_in_range(timing_grace(200 * MS, &member), 60 * MS, 100 * MS);
    assert_in_range(timing_last_wait(200 * MS, &member), 150 * MS, 170 * MS);
}

/* A stalled node's answers on a LAN must not blunt the detection for minutes. */
static void test_late_answers_on_a_lan_change_nothing(void **unused)
{
    (void)unused;
    struct member member = {0};
    for (unsigned i = 0; i < 20; i++) {
        timing_sample(&member, MS / 5, T_NS);
    }
    for (unsigned i = 0; i < 3; i++) {
        timing_sample(&member, 900 * MS, T_NS);
    }
    assert_int_equal(timing_grace(100 * MS, &member), 25 * MS);
    assert_int_equal(timing_last_wait(100 * MS, &member), timing_spacing(100 * MS));
}

static void test_a_late_first_answer_is_forgotten_soon(void **unused)
{
    (void)unused;
    struct member member = {0};
    timing_sample(&member, 80 * MS, T_NS);
    for (unsigned i = 0; i < 6; i++) {
        timing_sample(&member, MS / 5, T_NS);
    }
    assert_int_equal(timing_last_wait(100 * MS, &member), timing_spacing(100 * MS));
}

static void test_points_in_time_never_wrap(void **unused)
{
    (void)unused;
    assert_int_equal(mono_add(MONO_NEVER, 1).ns, UINT64_MAX);
    assert_int_equal(mono_add((struct mono){UINT64_MAX - 1}, 5).ns, UINT64_MAX);
    assert_int_equal(mono_sub((struct mono){3}, 5).ns, 0);
    assert_int_equal(mono_elapsed((struct mono){3}, (struct mono){5}), 0);
    assert_int_equal(mono_elapsed((struct mono){5}, (struct mono){3}), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_holder_is_dead_two_intervals_after_its_last_beat),
        cmocka_unit_test(test_the_floors_keep_a_short_interval_above_the_stalls_of_a_machine),
        cmocka_unit_test(test_slow_heartbeats_are_bounded),
        cmocka_unit_test(test_the_back_off_doubles_up_to_five_minutes),
        cmocka_unit_test(test_a_far_peer_is_given_the_time_that_its_answers_take),
        cmocka_unit_test(test_late_answers_on_a_lan_change_nothing),
        cmocka_unit_test(test_a_late_first_answer_is_forgotten_soon),
        cmocka_unit_test(test_points_in_time_never_wrap),
    };
    return cmocka_run_group_tests_name("core_timing", tests, NULL, NULL);
}
