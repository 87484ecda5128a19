// SPDX-License-Identifier: MIT
/*
 * Mode quorum, the corners: sets of one node, votes that nobody asked for, orders that came too
 * late [SPEC R91..R102].
 */
#include "core_support.h"

#define LEASE_NS (400 * NS_PER_MS)
#define LATE     62 /* ETIME, as the keeper says it */

static struct core_config quorum_config(uint8_t nodes)
{
    struct core_config config = default_config();
    config.node_count = nodes;
    config.vips[0].mode = VIP_QUORUM;
    config.vips[0].lease_ns = LEASE_NS;
    return config;
}

static struct record quorum_record(uint8_t node, uint64_t seq, enum vip_state state)
{
    struct record record = record_of(node, seq, state);
    record.flags |= RECORD_SEES_MAJORITY;
    record.vips[0].mode = VIP_QUORUM;
    record.vips[0].lease_ms = LEASE_NS / NS_PER_MS;
    return record;
}

/* Node 0 of three, to which the others have just been heard. */
static struct core *claiming_core(uint64_t least_ns)
{
    struct core_config config = quorum_config(3);
    config.vips[0].least_ns = least_ns;
    struct core *core = serve_core(&config);
    for (uint8_t node = 1; node < 3; node++) {
        struct record record = quorum_record(node, 1, VIP_STANDBY);
        hear(core, node, &record);
    }
    tick(core, 1000);
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
    return core;
}

static void grant(struct core *core, uint8_t voter, uint64_t seq)
{
    struct message_in *message = say(voter);
    message->grant =
        (struct grant){.incarnation = 1, .seq = seq, .voters = core->voters.hash, .vote_count = 1};
    message->grant.votes[0] = (struct vote){.vip = VIP_ID, .verdict = VERDICT_GRANTED};
    deliver(core);
}

static struct core *holding_core(uint64_t least_ns)
{
    struct core *core = claiming_core(least_ns);
    grant(core, 1, core->record.seq);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 1);
    kernel_says(core, ADDRESS_ADDED, 0);
    assert_int_equal(core->arbiters[0].state, VIP_HOLDING);
    return core;
}

/* It sends nothing; its own vote is for what it has published all the same. */
static void test_a_cluster_of_one_is_its_own_majority(void **unused)
{
    (void)unused;
    struct core_config config = quorum_config(1);
    struct core *core = serve_core(&config);
    tick(core, 1000);
    while (!core->arbiters[0].adding) {
        tick(core, mono_elapsed(core_deadline(core), core->now));
        assert_true(mono_before(core->now, (struct mono){101 * NS_PER_S}));
    }
    kernel_says(core, ADDRESS_ADDED, 0);
    assert_int_equal(core->arbiters[0].state, VIP_HOLDING);
    run(core, 10 * NS_PER_S);
    assert_int_equal(core->arbiters[0].state, VIP_HOLDING);
    free(core);
}

static void test_a_grant_of_no_record_is_worth_nothing(void **unused)
{
    (void)unused;
    struct core *core = claiming_core(0);
    grant(core, 1, 0);
    assert_int_equal(lease_granted(&core->leases[0], 1).ns, 0);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 0);
    free(core);
}

/* Of a former set of three only one node is still configured: its majority is out of reach. */
static void test_a_set_with_too_few_nodes_left_has_no_majority(void **unused)
{
    (void)unused;
    struct lease lease = {.granted = {{5}, {7}}};
    assert_int_equal(lease_sent_of(&lease, BIT(0), 2).ns, 0);
    assert_int_equal(lease_sent_of(&lease, BIT(0) | BIT(1), 2).ns, 5);
}

/* What another program removed is put back; the keeper finds too little left of the lease. */
static void test_an_address_that_is_put_back_too_late_is_not_held(void **unused)
{
    (void)unused;
    struct core *core = holding_core(200 * NS_PER_MS);
    kernel_says(core, ADDRESS_LOST_FOREIGN, 0);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 1);
    kernel_says(core, ADDRESS_ADD_FAILED, LATE);
    assert_int_equal(core->arbiters[0].state, VIP_RELEASING);
    assert_int_equal(core->arbiters[0].reason, REASON_MAJORITY_LOST);
    kernel_says(core, ADDRESS_REMOVED, 0);
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING); /* it begins anew */
    free(core);
}

/* The kernel is asked, and does not answer; the end of the lease comes first. */
static void test_a_lease_ends_in_time_while_the_kernel_is_asked(void **unused)
{
    (void)unused;
    struct core *core = holding_core(0);
    struct mono end = core->arbiters[0].until;
    run(core, mono_elapsed(end, core->now) - 25 * NS_PER_MS); /* nobody grants anything more */
    kernel_says(core, ADDRESS_LOST_FOREIGN, 0);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 1);
    run(core, mono_elapsed(end, core->now) - NS_PER_MS);
    assert_int_equal(core->arbiters[0].state, VIP_RELEASING);
    assert_int_equal(core->arbiters[0].reason, REASON_MAJORITY_LOST);
    free(core);
}

static void test_twelve_orders_that_came_too_late_end_the_claim(void **unused)
{
    (void)unused;
    struct core *core = claiming_core(200 * NS_PER_MS);
    for (unsigned i = 0; core->arbiters[0].state == VIP_CLAIMING; i++) {
        assert_true(i <= ROUNDS);
        grant(core, 1, core->record.seq);
        if (core->arbiters[0].adding) {
            kernel_says(core, ADDRESS_ADD_FAILED, LATE);
            kernel_says(core, ADDRESS_REMOVED, 0);
        }
        if (core->arbiters[0].state == VIP_CLAIMING) {
            tick(core, T_NS / 8);
        }
    }
    assert_int_equal(core->arbiters[0].state, VIP_STANDBY);
    assert_false(mono_reached(core->now, core->leases[0].out_until)); /* it makes room */
    free(core);
}

/* A record says standby of what the voter has promised to it; but the voter has started anew since,
 * and promises nothing. */
static void test_who_abstains_passes_no_vote_on(void **unused)
{
    (void)unused;
    struct core_config config = quorum_config(3);
    config.vips[0].candidates = ~UINT64_C(1);
    struct core *core = serve_core(&config);
    struct record next = quorum_record(2, 1, VIP_CLAIMING);
    struct record holder = quorum_record(1, 2, VIP_STANDBY);
    holder.vips[0].ready = VIP_READY_NO;
    hear(core, 2, &next);
    core->leases[0].promise = (struct promise){.holder = 1, .incarnation = 501, .seq = 1};
    core->abstain_until = mono_add(core->vote_now, NS_PER_S);
    hear(core, 1, &holder);
    assert_int_equal(core->leases[0].promise.holder, NODE_NONE);
    assert_true(!sends_to(2) || actions.out[2].grant.vote_count == 0);
    free(core);
}

static void test_without_a_vip_in_mode_quorum_any_set_of_nodes_may_follow(void **unused)
{
    (void)unused;
    struct core_config config = default_config();
    struct core *core = serve_core(&config);
    config.node_count -= 7;
    assert_int_equal(core_may_change_voters(core, &config), VOTERS_ALLOWED);
    free(core);
}

/* The same set with another configuration, and then another set: a grant goes out in the name of
 * the former set only to whom that configuration is still the newest [SPEC R102]. */
static void test_a_grant_names_the_former_set_for_whom_has_the_former_file(void **unused)
{
    (void)unused;
    struct core *core = claiming_core(0);
    core->voters.former_count = 2;
    core->voters.former_hash = 99;
    core->voters.former_config = core->config.config;
    assert_int_equal(voters_told(core, 1), core->voters.hash); /* the same file: the same set */
    core->config.config++;
    assert_int_equal(voters_told(core, 1), 99);
    core->members[1].record.config = core->config.config;
    assert_int_equal(voters_told(core, 1), core->voters.hash);
    free(core);
}

/* What the kernel refused is in fault once the kernel has confirmed that nothing is there. */
static void test_who_is_in_fault_asks_for_no_votes(void **unused)
{
    (void)unused;
    struct core *core = claiming_core(0);
    grant(core, 1, core->record.seq);
    kernel_says(core, ADDRESS_ADD_FAILED, 1);
    kernel_says(core, ADDRESS_REMOVED, 0);
    assert_int_equal(core->arbiters[0].state, VIP_FAULT);
    assert_false(majority_is_claimed(core));
    free(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cluster_of_one_is_its_own_majority),
        cmocka_unit_test(test_a_grant_of_no_record_is_worth_nothing),
        cmocka_unit_test(test_a_set_with_too_few_nodes_left_has_no_majority),
        cmocka_unit_test(test_an_address_that_is_put_back_too_late_is_not_held),
        cmocka_unit_test(test_a_lease_ends_in_time_while_the_kernel_is_asked),
        cmocka_unit_test(test_twelve_orders_that_came_too_late_end_the_claim),
        cmocka_unit_test(test_who_abstains_passes_no_vote_on),
        cmocka_unit_test(test_who_is_in_fault_asks_for_no_votes),
        cmocka_unit_test(test_without_a_vip_in_mode_quorum_any_set_of_nodes_may_follow),
        cmocka_unit_test(test_a_grant_names_the_former_set_for_whom_has_the_former_file),
    };
    return cmocka_run_group_tests_name("core_votes", tests, NULL, NULL);
}
