// SPDX-License-Identifier: MIT
/*
 * Mode quorum: what is left of a lease when an address is to be added, and votes that stay where
 * they are until the kernel has confirmed a removal [SPEC R92, R96].
 */
#include "core_quorum.h"

/* The keeper needs so much of a lease to tell the kernel of a lifetime that ends before it. */
static struct core *bounded_core(uint64_t least_ns)
{
    struct core_config config = quorum_config(3);
    config.vips[0].least_ns = least_ns;
    struct core *core = serve_core(&config);
    meet(core);
    tick(core, 1000);
    return core;
}

static void test_a_lease_with_too_little_left_is_not_worth_an_addition(void **unused)
{
    (void)unused;
    struct core *core = bounded_core(300 * NS_PER_MS);
    uint64_t seq = core->record.seq;
    step(core, 30 * NS_PER_MS, (struct event){.type = EVENT_FRAME});
    vote_at(core, 1, seq, VERDICT_GRANTED); /* 89 % of 372 ms, less 30 ms: 304 ms are left */
    assert_int_equal(count(ACTION_ADDRESS_ADD), 0);
    tick(core, T_NS / 8);
    assert_true(sends_to(2));
    vote_at(core, 2, core->record.seq, VERDICT_GRANTED);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 1);
    /* The order came late: the next answers make the lease longer; what is there of it goes first.
     */
    kernel_says(core, ADDRESS_ADD_FAILED, 62);
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
    assert_int_equal(count(ACTION_ADDRESS_REMOVE), 1);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 0);
    kernel_says(core, ADDRESS_REMOVED, 0);
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 1);
    free(core);
}

/* What came too late is told as gone by nobody but the kernel: no vote is free before that. */
static void test_no_vote_is_free_while_the_kernel_keeps_what_came_too_late(void **unused)
{
    (void)unused;
    for (unsigned held = 0; held < 2; held++) {
        struct core *core = held != 0 ? holding_core(3) : claiming_core(3);
        struct record rival = quorum_record(1, 2, VIP_CLAIMING);
        if (held != 0) {
            kernel_says(core, ADDRESS_LOST_FOREIGN, 0);
        } else {
            vote_at(core, 1, core->record.seq, VERDICT_GRANTED);
        }
        assert_int_equal(count(ACTION_ADDRESS_ADD), 1);
        kernel_says(core, ADDRESS_ADD_FAILED, 62);
        assert_int_equal(count(ACTION_ADDRESS_REMOVE), 1);
        kernel_says(core, ADDRESS_REMOVE_FAILED, 5);
        assert_int_equal(core->arbiters[0].state, VIP_RELEASING);
        assert_int_equal(core_record(core)->vips[0].state, VIP_RELEASING);
        /* Its own promise has ended, and it asks the others for theirs. */
        run(core, 2 * LEASE_NS);
        assert_false(lease_is_promised(&core->leases[0].promise, core->vote_now));
        assert_verdict(asked(core, &rival), VERDICT_PROMISED);
        tick(core, mono_elapsed(core->beat_next, core->now));
        assert_true(sends_to(2));
        assert_int_not_equal(actions.out[2].question.id, 0);
        step(core, 1000, (struct event){.type = EVENT_LINK, .link = {.vip = 0, .up = false}});
        kernel_says(core, ADDRESS_REMOVED, 0);
        rival = quorum_record(1, 3, VIP_CLAIMING);
        assert_verdict(asked(core, &rival), VERDICT_GRANTED);
        free(core);
    }
}

static void test_what_another_program_removes_late_in_a_lease_is_claimed_anew(void **unused)
{
    (void)unused;
    struct core *core = bounded_core(200 * NS_PER_MS);
    vote_at(core, 1, core->record.seq, VERDICT_GRANTED);
    kernel_says(core, ADDRESS_ADDED, 0);
    assert_int_equal(core->arbiters[0].state, VIP_HOLDING);
    kernel_says(core, ADDRESS_LOST_FOREIGN, 0);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 1); /* put back at once */
    kernel_says(core, ADDRESS_ADDED, 0);
    step(core, 90 * NS_PER_MS, (struct event){.type = EVENT_FRAME});
    step(core, 50 * NS_PER_MS, (struct event){.type = EVENT_FRAME});
    kernel_says(core, ADDRESS_LOST_FOREIGN, 0);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 0);
    assert_int_equal(core->arbiters[0].state, VIP_RELEASING);
    kernel_says(core, ADDRESS_REMOVED, 0);
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
    assert_int_equal(core->arbiters[0].foreign_removals, 2);
    free(core);
}

/* The kernel's lifetime has ended before the deadline, for lack of votes and not of time. */
static void test_a_lifetime_that_could_not_be_renewed_was_the_majoritys_loss(void **unused)
{
    (void)unused;
    struct core *core = bounded_core(200 * NS_PER_MS);
    vote_at(core, 1, core->record.seq, VERDICT_GRANTED);
    kernel_says(core, ADDRESS_ADDED, 0);
    step(core, 90 * NS_PER_MS, (struct event){.type = EVENT_FRAME});
    step(core, 90 * NS_PER_MS, (struct event){.type = EVENT_FRAME});
    kernel_says(core, ADDRESS_LOST_DEADLINE, 0);
    assert_int_equal(core->arbiters[0].state, VIP_RELEASING);
    assert_int_equal(core->arbiters[0].reason, REASON_MAJORITY_LOST);
    kernel_says(core, ADDRESS_REMOVED, 0);
    assert_int_equal(core->phase, PHASE_SERVING); /* it was not deaf: it claims again at once */
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
    free(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_lease_with_too_little_left_is_not_worth_an_addition),
        cmocka_unit_test(test_no_vote_is_free_while_the_kernel_keeps_what_came_too_late),
        cmocka_unit_test(test_what_another_program_removes_late_in_a_lease_is_claimed_anew),
        cmocka_unit_test(test_a_lifetime_that_could_not_be_renewed_was_the_majoritys_loss),
    };
    return cmocka_run_group_tests_name("core_removal", tests, NULL, NULL);
}
