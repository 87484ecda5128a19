// SPDX-License-Identifier: MIT
/*
 * Other voters by reload, a rule at a time [SPEC R100..R104].
 */
#include "core_support.h"

#define LEASE_NS (400 * NS_PER_MS)
#define FORMER   1U /* hashes of configurations */
#define OWN      2U

static struct core_config config_of(uint8_t nodes, uint32_t hash)
{
    struct core_config config = default_config();
    config.node_count = nodes;
    for (uint8_t node = 0; node < nodes; node++) {
        config.nodes[node].id = 1000U + node;
    }
    config.config = hash;
    config.vips[0].mode = VIP_QUORUM;
    config.vips[0].lease_ns = LEASE_NS;
    config.vips[0].candidates = ~UINT64_C(1); /* this node votes only */
    return config;
}

static struct record record_with(uint8_t node, uint64_t seq, uint32_t hash)
{
    struct record record = record_of(node, seq, VIP_STANDBY);
    record.flags |= RECORD_SEES_MAJORITY;
    record.config = hash;
    record.vips[0].mode = VIP_QUORUM;
    record.vips[0].lease_ms = LEASE_NS / NS_PER_MS;
    return record;
}

/* It answers a question of now, with that record. */
static void answer(struct core *core, uint8_t node, uint64_t seq, uint32_t hash)
{
    struct record record = record_with(node, seq, hash);
    hear(core, node, &record);
    say(node)->answer = core->now.ns;
    deliver(core);
}

static struct core *core_with(uint8_t nodes)
{
    struct core_config config = config_of(nodes, FORMER);
    struct core *core = serve_core(&config);
    for (uint8_t node = 1; node < nodes; node++) {
        struct record record = record_with(node, 1, FORMER);
        hear(core, node, &record);
    }
    return core;
}

/* The first so many nodes from now on; whatever a voter promises ends within that. */
static struct core *reload_with(struct core *former, uint8_t nodes, uint32_t hash,
                                uint64_t lease_max_ns)
{
    struct core *core = calloc(1, sizeof *core);
    struct core_config config = config_of(nodes, hash);
    struct core_reload places;
    assert_non_null(core);
    config.lease_max_ns = lease_max_ns;
    memset(&places, 0, sizeof places); /* one VIP, no check */
    for (uint8_t node = 0; node < NODES_MAX; node++) {
        places.node_was[node] = node < former->config.node_count ? node : CORE_NEW;
    }
    core_reconfigure(core, former, &config, &places);
    free(former);
    tick(core, 0);
    tick(core, 10 * NS_PER_MS);
    return core;
}

static struct core *reload(struct core *former, uint8_t nodes, uint32_t hash)
{
    return reload_with(former, nodes, hash, 0);
}

static enum voters_answer may_have(const struct core *core, uint8_t nodes, uint32_t hash)
{
    struct core_config config = config_of(nodes, hash);
    return core_may_change_voters(core, &config);
}

static void wait_lease(struct core *core)
{
    tick(core, lease_real(LEASE_NS));
}

static void test_a_change_is_done_when_majorities_of_both_sets_have_had_it_for_a_lease(
    void **unused)
{
    (void)unused;
    struct core *core = core_with(3);
    assert_false(core->voters.changing);
    core = reload(core, 4, OWN);
    assert_true(core->voters.changing);
    assert_int_equal(voters_needed(core), 3);
    answer(core, 3, 1, OWN); /* two of four, one of three */
    wait_lease(core);
    wait_lease(core);
    assert_true(core->voters.changing);
    answer(core, 1, 2, OWN);
    tick(core, lease_real(LEASE_NS) - 10 * NS_PER_MS);
    assert_true(core->voters.changing);
    tick(core, 10 * NS_PER_MS);
    assert_false(core->voters.changing);
    assert_int_equal(voters_needed(core), 3);
    free(core);
}

/* This node's own leases were always shorter, but another one's may not have been. */
static void test_a_change_waits_for_the_longest_promise_that_any_voter_may_have_made(void **unused)
{
    (void)unused;
    struct core *core = core_with(3);
    core = reload_with(core, 4, OWN, 10 * NS_PER_S);
    answer(core, 3, 1, OWN);
    answer(core, 1, 2, OWN);
    tick(core, lease_real(10 * NS_PER_S) - 10 * NS_PER_MS);
    assert_true(core->voters.changing);
    tick(core, 10 * NS_PER_MS);
    assert_false(core->voters.changing);
    free(core);
}

static void test_what_lay_under_way_is_no_word_of_the_new_set(void **unused)
{
    (void)unused;
    struct core *core = core_with(3);
    struct record record = record_with(1, 2, OWN);
    core = reload(core, 4, OWN);
    hear(core, 1, &record);
    assert_true(sends_to(1)); /* it is asked */
    assert_int_not_equal(actions.out[1].question.id, 0);
    record = record_with(2, 2, OWN);
    hear(core, 2, &record);
    say(2)->answer = core->voters.began.ns - 1; /* to an older question */
    deliver(core);
    wait_lease(core);
    wait_lease(core);
    assert_true(core->voters.changing);
    answer(core, 1, 3, OWN);
    answer(core, 2, 3, OWN);
    answer(core, 2, 4, FORMER); /* that it has gone on, or back, changes nothing */
    wait_lease(core);
    assert_false(core->voters.changing);
    free(core);
}

static void test_next_change_waits_and_may_only_be_taken_back(void **unused)
{
    (void)unused;
    struct core *core = core_with(3);
    assert_int_equal(may_have(core, 4, OWN), VOTERS_ALLOWED);
    core = reload(core, 4, OWN);
    assert_int_equal(may_have(core, 5, 9), VOTERS_CHANGING);
    assert_int_equal(may_have(core, 4, 9), VOTERS_ALLOWED); /* the same nodes */
    assert_int_equal(may_have(core, 3, FORMER), VOTERS_ALLOWED);
    core = reload(core, 3, FORMER);
    assert_true(core->voters.changing);
    assert_int_equal(voters_told(core, 1), core->voters.hash);
    answer(core, 1, 2, FORMER);
    answer(core, 2, 2, FORMER); /* three of four */
    wait_lease(core);
    assert_false(core->voters.changing);
    assert_int_equal(core->voters.former_count, 0);
    free(core);
}

static void test_next_change_waits_for_a_live_node_that_lags(void **unused)
{
    (void)unused;
    struct core *core = core_with(3);
    struct record record = record_with(2, 2, 9);
    hear(core, 2, &record);
    assert_int_equal(may_have(core, 4, OWN), VOTERS_DIFFER);
    assert_int_equal(may_have(core, 4, 9), VOTERS_ALLOWED); /* that is what it has already */
    free(core);
}

static void test_a_vote_says_for_which_set_it_counts(void **unused)
{
    (void)unused;
    struct core *core = core_with(3);
    uint32_t former = core->voters.hash;
    core = reload(core, 4, OWN);
    uint32_t own = core->voters.hash;
    assert_int_not_equal(own, former);
    answer(core, 1, 2, OWN);
    answer(core, 3, 1, OWN);
    assert_int_equal(voters_told(core, 1), former); /* it has not been settled on the new one */
    assert_int_equal(voters_told(core, 2), former);
    wait_lease(core);
    assert_int_equal(voters_told(core, 1), own);
    assert_int_equal(voters_told(core, 2), former); /* who still has the former file */
    free(core);
}

static void grant(const struct core *core, struct lease *lease, uint8_t voter, uint32_t voters)
{
    struct ballot ballot = {.voter = voter, .voters = voters, .sent = {7}};
    voters_grant(core, lease, &ballot);
}

static void test_majorities_of_both_sets_are_needed_while_it_changes(void **unused)
{
    (void)unused;
    struct core *core = core_with(4);
    uint32_t former = core->voters.hash;
    core = reload(core, 5, OWN);
    uint32_t own = core->voters.hash;
    struct lease lease;
    memset(&lease, 0, sizeof lease);
    grant(core, &lease, 4, own);
    grant(core, &lease, 3, former);
    grant(core, &lease, 2, former);
    assert_int_equal(voters_sent(core, &lease).ns, 0); /* three of five, but two of four */
    grant(core, &lease, 1, former);
    assert_int_equal(voters_sent(core, &lease).ns, 7);
    assert_false(voters_are_known(core, own + 1));
    core->voters.changing = false;
    memset(&lease, 0, sizeof lease);
    grant(core, &lease, 4, own);
    grant(core, &lease, 3, own);
    grant(core, &lease, 2, former);
    assert_int_equal(voters_sent(core, &lease).ns, 0); /* two of five by its own set */
    grant(core, &lease, 2, own);
    assert_int_equal(voters_sent(core, &lease).ns, 7);
    free(core);
}

static void test_what_was_promised_stays_promised(void **unused)
{
    (void)unused;
    struct core *core = core_with(3);
    struct claim claim = {.node = 2, .incarnation = 502, .seq = 5, .lease_ns = LEASE_NS};
    assert_true(lease_promise(&core->leases[0].promise, &claim, core->vote_now));
    core = reload(core, 4, OWN);
    claim.node = 1;
    assert_false(lease_promise(&core->leases[0].promise, &claim, core->vote_now));
    free(core);
}

/* Its grants of before count as those of the former set. */
static void test_a_holder_holds_on_through_the_change(void **unused)
{
    (void)unused;
    struct core *core = core_with(3);
    struct lease *lease = &core->leases[0];
    grant(core, lease, 0, core->voters.hash);
    grant(core, lease, 1, core->voters.hash);
    grant(core, lease, 2, core->voters.hash);
    core = reload(core, 4, OWN);
    assert_int_equal(voters_sent(core, &core->leases[0]).ns, 7);
    core = reload(core, 3, FORMER);
    assert_int_equal(voters_sent(core, &core->leases[0]).ns, 7);
    free(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_a_change_is_done_when_majorities_of_both_sets_have_had_it_for_a_lease),
        cmocka_unit_test(test_a_change_waits_for_the_longest_promise_that_any_voter_may_have_made),
        cmocka_unit_test(test_what_lay_under_way_is_no_word_of_the_new_set),
        cmocka_unit_test(test_next_change_waits_and_may_only_be_taken_back),
        cmocka_unit_test(test_next_change_waits_for_a_live_node_that_lags),
        cmocka_unit_test(test_a_vote_says_for_which_set_it_counts),
        cmocka_unit_test(test_majorities_of_both_sets_are_needed_while_it_changes),
        cmocka_unit_test(test_what_was_promised_stays_promised),
        cmocka_unit_test(test_a_holder_holds_on_through_the_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
