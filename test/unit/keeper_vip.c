// SPDX-License-Identifier: MIT
#include "keeper/clock.h"
#include "keeper/vip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define S  CLOCK_NS_PER_S
#define MS CLOCK_NS_PER_MS

static struct vip held_vip(uint32_t kernel_lease_s)
{
    struct vip vip;

    vip_init(&vip, kernel_lease_s, 0);
    vip_renewed(&vip, 100 * S, kernel_lease_s == 0 ? VIP_FOR_EVER : kernel_lease_s);
    vip_held(&vip, 100 * S, 100 * S + 400 * MS);
    return vip;
}

static void test_an_absent_vip_needs_nothing(void **state)
{
    struct vip vip;

    (void)state;
    vip_init(&vip, 2, 0);
    assert_int_equal(vip_due(&vip, UINT64_MAX), VIP_DUE_NOTHING);
    assert_true(vip_next_ns(&vip, 0) == CLOCK_NEVER_NS);
    assert_false(vip_may_claim(&vip, 0));
}

static void test_addresses_go_at_the_deadline_and_not_a_moment_later(void **state)
{
    const struct vip vip = held_vip(2);
    const uint64_t deadline = 100 * S + 400 * MS;

    (void)state;
    assert_true(vip_next_ns(&vip, 0) == deadline);
    assert_int_equal(vip_due(&vip, deadline - 1), VIP_DUE_NOTHING);
    assert_true(vip_may_claim(&vip, deadline - 1));
    assert_int_equal(vip_due(&vip, deadline), VIP_DUE_REMOVE);
    assert_false(vip_may_claim(&vip, deadline));
}

static void test_a_new_deadline_counts_at_once_whether_later_or_earlier(void **state)
{
    struct vip vip = held_vip(2);

    (void)state;
    vip_set_deadline(&vip, 100 * S + 900 * MS);
    assert_int_equal(vip_due(&vip, 100 * S + 899 * MS), VIP_DUE_NOTHING);
    vip_set_deadline(&vip, 100 * S + 100 * MS);
    assert_int_equal(vip_due(&vip, 100 * S + 100 * MS), VIP_DUE_REMOVE);
}

static void test_a_deadline_for_a_vip_that_is_gone_comes_too_late(void **state)
{
    struct vip vip = held_vip(2);

    (void)state;
    vip_gone(&vip);
    vip_set_deadline(&vip, UINT64_MAX);
    assert_int_equal(vip.phase, VIP_ABSENT);
    assert_false(vip_may_claim(&vip, 0));
    assert_true(vip_next_ns(&vip, 0) == CLOCK_NEVER_NS);
}

static void test_the_kernels_lifetime_is_renewed_at_half_of_it(void **state)
{
    struct vip vip = held_vip(2);

    (void)state;
    vip_set_deadline(&vip, UINT64_MAX);
    assert_true(vip_next_ns(&vip, 0) == 101 * S);
    assert_int_equal(vip_due(&vip, 101 * S - 1), VIP_DUE_NOTHING);
    assert_int_equal(vip_due(&vip, 101 * S), VIP_DUE_RENEW);
    vip_renewed(&vip, 101 * S, 2);
    assert_int_equal(vip_due(&vip, 101 * S), VIP_DUE_NOTHING);
    assert_true(vip_next_ns(&vip, 0) == 102 * S);
}

static void test_removal_goes_before_renewal(void **state)
{
    struct vip vip = held_vip(2);

    (void)state;
    vip_set_deadline(&vip, 101 * S);
    assert_int_equal(vip_due(&vip, 101 * S), VIP_DUE_REMOVE);
}

static void test_a_keeper_that_overslept_the_kernels_lifetime_gives_up(void **state)
{
    struct vip vip = held_vip(2);

    (void)state;
    vip_set_deadline(&vip, UINT64_MAX);
    assert_int_equal(vip_due(&vip, 102 * S - 1), VIP_DUE_RENEW);
    assert_int_equal(vip_due(&vip, 102 * S), VIP_DUE_REMOVE);
    assert_false(vip_may_claim(&vip, 102 * S));
}

static void test_without_a_kernel_lease_only_the_deadline_counts(void **state)
{
    struct vip vip = held_vip(0);

    (void)state;
    vip_set_deadline(&vip, 5000 * S);
    assert_int_equal(vip_due(&vip, 5000 * S - 1), VIP_DUE_NOTHING);
    assert_true(vip_next_ns(&vip, 0) == 5000 * S);
    assert_int_equal(vip_due(&vip, 5000 * S), VIP_DUE_REMOVE);
}

/* --- the lifetime ends before the deadline --- */

/* Held since 100 s, with that much of a lease left then. */
static struct vip bounded_vip(uint32_t kernel_lease_s, uint64_t left_ns)
{
    struct vip vip;

    vip_init(&vip, kernel_lease_s, S);
    vip_renewed(&vip, 100 * S, vip_lifetime_s(&vip, 100 * S + left_ns, 100 * S));
    vip_held(&vip, 100 * S, 100 * S + left_ns);
    return vip;
}

static void test_a_lifetime_and_the_kernels_lateness_end_before_the_deadline(void **state)
{
    struct vip vip;

    (void)state;
    vip_init(&vip, 2, S);
    assert_int_equal(vip_lifetime_s(&vip, 100 * S, 0), 2);
    assert_int_equal(vip_lifetime_s(&vip, 3 * S, 0), 2);
    assert_int_equal(vip_lifetime_s(&vip, 3 * S, 1), 1);
    assert_int_equal(vip_lifetime_s(&vip, 3 * S, S), 1);
    assert_int_equal(vip_lifetime_s(&vip, 3 * S, S + 1), 0);
    assert_int_equal(vip_lifetime_s(&vip, 3 * S, 4 * S), 0);
    /* Until when that is true. */
    assert_true(vip_tell_before_ns(&vip, 3 * S, 2) == 1);
    assert_true(vip_tell_before_ns(&vip, 3 * S, 1) == S + 1);
    vip_init(&vip, 2, 0);
    assert_int_equal(vip_lifetime_s(&vip, 1, 0), 2);
    vip_init(&vip, 0, 0);
    assert_int_equal(vip_lifetime_s(&vip, 1, 0), VIP_FOR_EVER);
}

/* Whatever the moments at which a deadline moves and somebody looks, no lifetime that the kernel is
 * told may end, late as it can be, after the deadline of that moment. */
static void test_no_renewal_outlives_the_deadline_and_a_holder_that_is_heard_stays(void **state)
{
    const uint64_t lease_ns = 2163 * MS; /* what is left of 2500 ms, if nothing took any time */
    uint64_t now = 100 * S;
    struct vip vip = bounded_vip(1, lease_ns);

    (void)state;
    for (unsigned turn = 0; turn < 20000; turn++) {
        const uint64_t next = vip_next_ns(&vip, now);
        const uint64_t beat = vip.deadline_ns - lease_ns + 625 * MS;

        assert_true(next > now || vip_due(&vip, now) != VIP_DUE_NOTHING);
        now = next < beat ? next : beat;
        if (now == beat)
            vip_set_deadline(&vip, beat + lease_ns - turn % 3 * 50 * MS);
        assert_int_not_equal(vip_due(&vip, now), VIP_DUE_REMOVE);
        if (vip_due(&vip, now) != VIP_DUE_RENEW)
            continue;
        vip_renewed(&vip, now, vip_lifetime_s(&vip, vip.deadline_ns, now));
        assert_true(vip.lifetime_ns >= S);
        assert_true(now + vip.lifetime_ns + S <= vip.deadline_ns);
    }
}

static void test_who_is_cut_off_renews_as_long_as_a_second_is_left(void **state)
{
    struct vip vip = bounded_vip(2, 3500 * MS);

    (void)state;
    assert_true(vip.lifetime_ns == 2 * S);
    /* In the half of it another whole second is longer than what is left. */
    assert_true(vip_next_ns(&vip, 100 * S) == 101 * S + 1);
    assert_int_equal(vip_due(&vip, 101 * S), VIP_DUE_NOTHING);
    assert_int_equal(vip_due(&vip, 101 * S + 1), VIP_DUE_RENEW);
    vip_renewed(&vip, 101 * S + 1, vip_lifetime_s(&vip, vip.deadline_ns, 101 * S + 1));
    assert_true(vip.lifetime_ns == S);
    /* In the half of that not a second is left any more. */
    assert_true(vip_next_ns(&vip, 101 * S + 2) == 102 * S + 1);
    assert_int_equal(vip_due(&vip, 102 * S), VIP_DUE_NOTHING);
    assert_int_equal(vip_due(&vip, 102 * S + 1), VIP_DUE_REMOVE);
}

static void test_a_renewal_that_not_every_address_had_counts_for_nothing(void **state)
{
    struct vip vip = bounded_vip(2, 4 * S);

    (void)state;
    vip_renewed(&vip, 101 * S, 2);
    vip_shortened(&vip, 1);
    assert_true(vip.lifetime_ns == S);
    vip_not_renewed(&vip);
    assert_true(vip.renewed_ns == 100 * S && vip.lifetime_ns == 2 * S);
    assert_int_equal(vip_due(&vip, 101 * S), VIP_DUE_RENEW);
    assert_int_equal(vip_due(&vip, 102 * S), VIP_DUE_REMOVE);
}

static void test_another_kernel_lease_is_told_at_once(void **state)
{
    struct vip vip = held_vip(2);

    (void)state;
    vip_set_deadline(&vip, UINT64_MAX);
    vip_set_kernel_lease(&vip, 2, 0);
    assert_int_equal(vip_due(&vip, 100 * S), VIP_DUE_NOTHING);
    vip_set_kernel_lease(&vip, 60, 0);
    assert_int_equal(vip_due(&vip, 100 * S), VIP_DUE_RENEW);
    vip_renewed(&vip, 100 * S, 60);
    vip_set_kernel_lease(&vip, 2, S);
    vip_set_deadline(&vip, 101 * S); /* not a second is left: as soon as one is */
    assert_int_equal(vip_due(&vip, 100 * S), VIP_DUE_NOTHING);
    vip_set_deadline(&vip, 103 * S);
    assert_int_equal(vip_due(&vip, 100 * S), VIP_DUE_RENEW);
}

static void test_a_refused_removal_is_tried_again_and_claims_nothing(void **state)
{
    struct vip vip = held_vip(2);

    (void)state;
    vip_leaving(&vip, 100 * S);
    assert_false(vip_may_claim(&vip, 100 * S));
    assert_int_equal(vip_due(&vip, 100 * S + VIP_RETRY_NS - 1), VIP_DUE_NOTHING);
    assert_true(vip_next_ns(&vip, 0) == 100 * S + VIP_RETRY_NS);
    assert_int_equal(vip_due(&vip, 100 * S + VIP_RETRY_NS), VIP_DUE_REMOVE);
}

static void test_a_vip_that_goes_takes_its_claims_with_it(void **state)
{
    struct vip vip = held_vip(2);

    (void)state;
    sweep_start(&vip.announce);
    sweep_start(&vip.renew);
    sweep_start(&vip.probe);
    vip_gone(&vip);
    assert_false(sweep_is_ready(&vip.announce, UINT64_MAX));
    assert_false(sweep_is_ready(&vip.renew, UINT64_MAX));
    assert_true(sweep_is_ready(&vip.probe, UINT64_MAX)); /* questions are for the absent */
}

/* One address that a host outside the cluster uses, or all of them. */
static void test_a_round_of_one_address_ends_with_it(void **state)
{
    struct sweep sweep = {.active = false};

    (void)state;
    sweep_start_of(&sweep, 2);
    assert_int_equal(sweep.next, 2);
    assert_int_equal(sweep_end(&sweep, 5), 3);
    sweep_start_to_gateway(&sweep);
    assert_true(sweep.active && sweep.to_gateway);
    assert_int_equal(sweep.next, 2);
    assert_int_equal(sweep_end(&sweep, 5), 3);
    sweep_start_of(&sweep, 2);
    assert_false(sweep.to_gateway);
    sweep_start_of(&sweep, 3); /* two are all */
    assert_int_equal(sweep.next, 0);
    assert_int_equal(sweep_end(&sweep, 5), 5);
    sweep.next = 4;
    sweep_start_of(&sweep, 0); /* all go on */
    assert_int_equal(sweep.next, 4);
    sweep_start(&sweep);
    assert_int_equal(sweep.next, 0);
    sweep_stop(&sweep);
    sweep_start_of(&sweep, 8); /* there is none: nothing to do */
    assert_true(sweep.next >= sweep_end(&sweep, 5));
}

static void test_a_sweep_waits_for_the_queue_and_starts_over_when_asked(void **state)
{
    struct sweep sweep = {.active = false};

    (void)state;
    assert_true(sweep_next_ns(&sweep) == CLOCK_NEVER_NS);
    sweep_start(&sweep);
    assert_true(sweep_next_ns(&sweep) == 0);
    sweep.next = 7;
    sweep.not_before_ns = 50;
    assert_false(sweep_is_ready(&sweep, 49));
    assert_true(sweep_is_ready(&sweep, 50));
    assert_true(sweep_next_ns(&sweep) == 50);
    sweep_start(&sweep);
    assert_int_equal(sweep.next, 0);
    assert_true(sweep_is_ready(&sweep, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_absent_vip_needs_nothing),
        cmocka_unit_test(test_addresses_go_at_the_deadline_and_not_a_moment_later),
        cmocka_unit_test(test_a_new_deadline_counts_at_once_whether_later_or_earlier),
        cmocka_unit_test(test_a_deadline_for_a_vip_that_is_gone_comes_too_late),
        cmocka_unit_test(test_the_kernels_lifetime_is_renewed_at_half_of_it),
        cmocka_unit_test(test_removal_goes_before_renewal),
        cmocka_unit_test(test_a_keeper_that_overslept_the_kernels_lifetime_gives_up),
        cmocka_unit_test(test_without_a_kernel_lease_only_the_deadline_counts),
        cmocka_unit_test(test_a_lifetime_and_the_kernels_lateness_end_before_the_deadline),
        cmocka_unit_test(test_no_renewal_outlives_the_deadline_and_a_holder_that_is_heard_stays),
        cmocka_unit_test(test_who_is_cut_off_renews_as_long_as_a_second_is_left),
        cmocka_unit_test(test_a_renewal_that_not_every_address_had_counts_for_nothing),
        cmocka_unit_test(test_another_kernel_lease_is_told_at_once),
        cmocka_unit_test(test_a_refused_removal_is_tried_again_and_claims_nothing),
        cmocka_unit_test(test_a_vip_that_goes_takes_its_claims_with_it),
        cmocka_unit_test(test_a_round_of_one_address_ends_with_it),
        cmocka_unit_test(test_a_sweep_waits_for_the_queue_and_starts_over_when_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
