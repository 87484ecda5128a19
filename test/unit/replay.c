// SPDX-License-Identifier: MIT
/* The window of counters and the loss that it measures [SPEC D5]. */
#include "replay.h"

#include <stdarg.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "wire_fixture.h"

static bool take(struct replay_window *window, uint64_t counter)
{
    bool fresh = replay_is_new(window, counter);
    if (fresh)
        replay_accept(window, counter);
    return fresh;
}

static void test_a_counter_is_new_once(void **state)
{
    (void)state;
    static const struct {
        uint64_t counter;
        bool fresh;
    } steps[] = {
        {0, false},
        {5, true},
        {5, false},
        {3, true},
        {3, false},
        {6, true},
        {4, true},
        {0, false},
        {100, true},
        {36, false},
        {37, true},
        {37, false},
        {99, true},
        {6, false},
        {164, true},
        {100, false},
        {101, true},
        {UINT64_MAX, true},
        {UINT64_MAX, false},
        {UINT64_MAX - 64, false},
        {UINT64_MAX - 63, true},
        {1, false},
    };
    struct replay_window window = replay_empty(1);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        if (take(&window, steps[i].counter) != steps[i].fresh)
            fail_msg("step %zu, counter %llu", i, (unsigned long long)steps[i].counter);
}

/* Against a plain set, counters in an order that a network may give them. */
static void test_the_window_agrees_with_a_set_of_all_counters(void **state)
{
    (void)state;
    enum {
        COUNTERS = 4000
    };
    bool *seen = calloc(COUNTERS, sizeof(*seen));
    assert_non_null(seen);
    struct prng prng = {11};
    struct replay_window window = replay_empty(1);
    uint64_t newest = 0;
    for (unsigned round = 0; round < 20000; round++) {
        uint64_t low = newest > 90 ? newest - 90 : 1;
        uint64_t counter = prng_between(&prng, low, newest + 2);
        if (counter >= COUNTERS)
            break;
        bool in_window = counter > newest || newest - counter < REPLAY_WINDOW;
        assert_int_equal(take(&window, counter), in_window && !seen[counter]);
        seen[counter] = seen[counter] || in_window;
        newest = counter > newest ? counter : newest;
    }
    assert_true(newest > 500);
    free(seen);
}

static void test_too_few_datagrams_say_nothing_of_loss(void **state)
{
    (void)state;
    struct replay_window window = replay_empty(1);
    assert_int_equal(replay_loss_permille(&window), -1);
    for (uint64_t counter = 1; counter < 20; counter++)
        assert_true(take(&window, counter));
    assert_int_equal(replay_loss_permille(&window), -1);
    assert_true(take(&window, 20));
    assert_int_equal(replay_loss_permille(&window), 0);
}

static void test_loss_is_the_share_of_counters_that_never_came(void **state)
{
    (void)state;
    static const unsigned every[] = {2, 5, 10, 100};
    for (size_t i = 0; i < sizeof(every) / sizeof(every[0]); i++) {
        struct replay_window window = replay_empty(1);
        for (uint64_t counter = 1; counter <= 5000; counter++)
            if (counter % every[i] != 0)
                assert_true(take(&window, counter));
        assert_in_range(replay_loss_permille(&window), 1000 / every[i] - 3, 1000 / every[i] + 3);
    }
}

static void test_the_first_counter_that_comes_is_where_counting_begins(void **state)
{
    (void)state;
    struct replay_window window = replay_empty(1);
    for (uint64_t counter = 100000; counter < 100050; counter++)
        assert_true(take(&window, counter));
    assert_int_equal(replay_loss_permille(&window), 0);
}

static void test_datagrams_out_of_order_are_not_lost(void **state)
{
    (void)state;
    struct replay_window window = replay_empty(1);
    for (uint64_t counter = 1; counter <= 3000; counter += 2) {
        assert_true(take(&window, counter + 1));
        assert_true(take(&window, counter));
    }
    assert_int_equal(replay_loss_permille(&window), 0);
}

static void test_loss_is_forgotten_when_it_is_over(void **state)
{
    (void)state;
    struct replay_window window = replay_empty(1);
    uint64_t counter = 0;
    while ((counter += 2) <= 4000)
        assert_true(take(&window, counter));
    assert_true(replay_loss_permille(&window) > 400);
    for (unsigned i = 0; i < 8000; i++)
        assert_true(take(&window, ++counter));
    assert_true(replay_loss_permille(&window) < 10);
}

static void test_a_long_silence_counts_as_loss_no_longer_than_the_measure_lasts(void **state)
{
    (void)state;
    struct replay_window window = replay_empty(1);
    assert_true(take(&window, 1));
    assert_true(take(&window, UINT64_C(1) << 40));
    assert_in_range(replay_loss_permille(&window), 990, 1000);
    for (uint64_t i = 1; i <= 8000; i++)
        assert_true(take(&window, (UINT64_C(1) << 40) + i));
    assert_true(replay_loss_permille(&window) < 10);
}

static void test_wire_tells_the_loss_of_a_peer(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_new();
    struct message_in message;
    assert_int_equal(wire_loss_permille(&fixture->hosts[BETA].wire, ALPHA), -1);
    for (unsigned i = 0; i < 400; i++) {
        struct datagram datagram = fixture_send(fixture, ALPHA, BETA, NULL);
        if (i % 4 != 0)
            assert_int_equal(fixture_receive(fixture, BETA, &datagram, &message), DROP_NONE);
    }
    assert_in_range(wire_loss_permille(&fixture->hosts[BETA].wire, ALPHA), 245, 255);
    assert_int_equal(wire_loss_permille(&fixture->hosts[BETA].wire, GAMMA), -1);
    free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_counter_is_new_once),
        cmocka_unit_test(test_the_window_agrees_with_a_set_of_all_counters),
        cmocka_unit_test(test_too_few_datagrams_say_nothing_of_loss),
        cmocka_unit_test(test_loss_is_the_share_of_counters_that_never_came),
        cmocka_unit_test(test_the_first_counter_that_comes_is_where_counting_begins),
        cmocka_unit_test(test_datagrams_out_of_order_are_not_lost),
        cmocka_unit_test(test_loss_is_forgotten_when_it_is_over),
        cmocka_unit_test(test_a_long_silence_counts_as_loss_no_longer_than_the_measure_lasts),
        cmocka_unit_test(test_wire_tells_the_loss_of_a_peer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
