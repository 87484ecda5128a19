// SPDX-License-Identifier: MIT
/*
 * Mode quorum, a rule at a time: what a voter promises, what a claimant may count, and by which
 * clock [SPEC R90..R99].
 */
#include "core_quorum.h"

#define USABLE_NS lease_usable(LEASE_NS)

/* --- the voter --- */

static void test_a_voter_promises_its_vote_once_and_says_to_whom(void **unused)
{
    (void)unused;
    struct core *core = voting_core();
    meet(core);
    struct record first = quorum_record(1, 2, VIP_CLAIMING);
    struct record second = quorum_record(2, 2, VIP_CLAIMING);
    assert_verdict(asked(core, &first), VERDICT_GRANTED);
    const struct vote *vote = asked(core, &second);
    assert_verdict(vote, VERDICT_PROMISED);
    assert_int_equal(vote->holder, 1001);
    assert_in_range(vote->rest_ms, 399, 400);
    /* The first one may have more of it, from now on. */
    first.seq = 3;
    step(core, 100 * NS_PER_MS, (struct event){.type = EVENT_TIMER});
    assert_verdict(asked(core, &first), VERDICT_GRANTED);
    second.seq = 3;
    assert_in_range(asked(core, &second)->rest_ms, 399, 400);
    free(core);
}

static void test_a_promise_ends_with_the_lease_that_the_claim_names(void **unused)
{
    (void)unused;
    struct core *core = voting_core();
    meet(core);
    struct record first = quorum_record(1, 2, VIP_HOLDING);
    struct record second = quorum_record(2, 2, VIP_CLAIMING);
    first.vips[0].lease_ms = 100;
    assert_verdict(asked(core, &first), VERDICT_GRANTED);
    core->members[1].state = MEMBER_DEAD; /* which is no reason to vote for another one */
    step(core, 99 * NS_PER_MS, (struct event){.type = EVENT_FRAME});
    assert_verdict(asked(core, &second), VERDICT_PROMISED);
    step(core, NS_PER_MS, (struct event){.type = EVENT_FRAME});
    second.seq = 3;
    assert_verdict(asked(core, &second), VERDICT_GRANTED);
    free(core);
}

static void test_only_a_question_straight_from_the_claimant_is_a_claim(void **unused)
{
    (void)unused;
    struct core *core = voting_core();
    meet(core);
    struct record record = quorum_record(1, 2, VIP_CLAIMING);
    hear(core, 1, &record);
    assert_false(sends_to(1) && actions.out[1].grant.vote_count > 0);
    assert_int_equal(core->leases[0].promise.holder, NODE_NONE);
    record = quorum_record(1, 3, VIP_STANDBY);
    assert_null(asked(core, &record)); /* who claims nothing is told nothing */
    free(core);
}

static void test_a_release_frees_the_vote_and_an_older_one_does_not(void **unused)
{
    (void)unused;
    struct promise promise = {.holder = NODE_NONE};
    struct claim claim = {.node = 1, .incarnation = 9, .seq = 5, .lease_ns = LEASE_NS};
    struct mono now = {NS_PER_S};
    assert_true(lease_promise(&promise, &claim, now));
    struct claim older = {.node = 1, .incarnation = 9, .seq = 4};
    struct claim former = {.node = 1, .incarnation = 8, .seq = 99};
    struct claim other = {.node = 2, .incarnation = 9, .seq = 99};
    assert_false(lease_promise(&promise, &older, now));
    assert_false(lease_free(&promise, &older));
    assert_false(lease_free(&promise, &former));
    assert_false(lease_free(&promise, &other));
    assert_true(lease_is_promised(&promise, now));
    assert_true(lease_free(&promise, &claim));
    assert_false(lease_is_promised(&promise, now));
}

static void test_a_fault_frees_the_vote_and_a_restart_does_not(void **unused)
{
    (void)unused;
    struct core *core = voting_core();
    meet(core);
    struct record first = quorum_record(1, 2, VIP_HOLDING);
    struct record second = quorum_record(2, 2, VIP_CLAIMING);
    assert_verdict(asked(core, &first), VERDICT_GRANTED);
    first = quorum_record(1, 3, VIP_RELEASING); /* what is told until the kernel has confirmed it */
    hear(core, 1, &first);
    assert_verdict(asked(core, &second), VERDICT_PROMISED);
    first = quorum_record(1, 4, VIP_FAULT);
    hear(core, 1, &first);
    second.seq = 3;
    assert_verdict(asked(core, &second), VERDICT_GRANTED);
    /* A machine that was cloned must not have what the first one holds. */
    second = quorum_record(2, 10, VIP_CLAIMING);
    second.incarnation = 4711;
    assert_verdict(asked(core, &second), VERDICT_PROMISED);
    free(core);
}

/* Its own vote: not before the kernel's word, and then in the datagram that says fault. */
static void test_who_is_in_fault_gives_its_vote_away(void **unused)
{
    (void)unused;
    struct core *core = claiming_core(3);
    vote_at(core, 1, core->record.seq, VERDICT_GRANTED);
    assert_true(core->arbiters[0].adding);
    kernel_says(core, ADDRESS_ADD_FAILED, 12);
    assert_int_equal(core->arbiters[0].state, VIP_FAULT);
    struct record other = quorum_record(1, 2, VIP_CLAIMING);
    assert_verdict(asked(core, &other), VERDICT_PROMISED); /* a part of it may be there */
    kernel_says(core, ADDRESS_REMOVED, 0);
    assert_int_equal(core->record.vips[0].state, VIP_FAULT);
    assert_true(sends_to(1));
    assert_verdict(&actions.out[1].grant.votes[0], VERDICT_GRANTED);
    assert_int_equal(actions.out[1].grant.vote_count, 1);
    free(core);
}

/* It has ordered nothing: another host answers. */
static void test_who_finds_the_address_used_gives_its_vote_away(void **unused)
{
    (void)unused;
    struct core *core = quorum_core(3);
    core->arbiters[0].ever_held = false;
    meet(core);
    tick(core, 1000);
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
    assert_int_equal(core->arbiters[0].probe_rounds, 1);
    assert_int_equal(core->leases[0].promise.holder, 0); /* by its first beat of the claim */
    step(core, 1000,
         (struct event){.type = EVENT_FRAME, .frame = {.vip = 0, .mac = {2, 0, 0, 0, 0, 9}}});
    assert_int_equal(core->arbiters[0].state, VIP_FAULT);
    assert_int_equal(core->leases[0].promise.holder, NODE_NONE);
    free(core);
}

static void test_who_is_elected_gets_the_vote_with_the_release(void **unused)
{
    (void)unused;
    struct core *core = voting_core();
    meet(core);
    struct record first = quorum_record(2, 2, VIP_HOLDING);
    struct record second = quorum_record(1, 2, VIP_CLAIMING);
    first.vips[0].priority = 240;
    second.vips[0].priority = 250;
    assert_verdict(asked(core, &first), VERDICT_GRANTED);
    assert_verdict(asked(core, &second), VERDICT_PROMISED);
    first = quorum_record(2, 3, VIP_STANDBY);
    hear(core, 2, &first);
    assert_true(sends_to(1));
    assert_int_equal(actions.out[1].grant.vote_count, 1);
    assert_verdict(&actions.out[1].grant.votes[0], VERDICT_GRANTED);
    assert_int_equal(actions.out[1].grant.seq, 2);
    free(core);
}

static void test_who_leaves_frees_the_vote(void **unused)
{
    (void)unused;
    struct core *core = voting_core();
    meet(core);
    struct record first = quorum_record(1, 2, VIP_HOLDING);
    assert_verdict(asked(core, &first), VERDICT_GRANTED);
    first.seq = UINT64_MAX; /* as a last will has it */
    first.flags |= RECORD_LEAVING;
    first.vip_count = 0;
    hear(core, 1, &first);
    assert_int_equal(core->leases[0].promise.holder, NODE_NONE);
    free(core);
}

static void test_a_restarted_voter_abstains(void **unused)
{
    (void)unused;
    struct core_config config = quorum_config(5);
    config.vips[0].candidates = ~UINT64_C(1);
    config.abstain_ns = NS_PER_S;
    struct core *core = serve_core(&config);
    meet(core);
    struct record record = quorum_record(1, 2, VIP_CLAIMING);
    const struct vote *vote = asked(core, &record);
    assert_verdict(vote, VERDICT_ABSTAINED);
    assert_in_range(vote->rest_ms, 999, 1000);
    assert_in_range(core_abstains_ns(core), 999 * NS_PER_MS, NS_PER_S);
    step(core, NS_PER_S, (struct event){.type = EVENT_FRAME});
    assert_int_equal(core_abstains_ns(core), 0);
    record.seq = 3;
    assert_verdict(asked(core, &record), VERDICT_GRANTED);
    free(core);
}

static void test_a_preferred_claimant_is_waited_for(void **unused)
{
    (void)unused;
    struct core *core = voting_core();
    meet(core);
    struct record better = quorum_record(1, 2, VIP_CLAIMING);
    better.vips[0].priority = 250;
    hear(core, 1, &better);
    struct record record = quorum_record(2, 2, VIP_CLAIMING);
    const struct vote *vote = asked(core, &record);
    assert_verdict(vote, VERDICT_DEFERRED);
    assert_int_equal(vote->holder, 1001);
    free(core);
}

static void test_a_lease_that_is_too_long_or_another_mode_is_refused(void **unused)
{
    (void)unused;
    struct core *core = voting_core();
    meet(core);
    struct record record = quorum_record(1, 2, VIP_CLAIMING);
    record.vips[0].lease_ms = 401;
    assert_verdict(asked(core, &record), VERDICT_REFUSED);
    record = quorum_record(1, 3, VIP_CLAIMING);
    record.vips[0].lease_ms = 0;
    assert_verdict(asked(core, &record), VERDICT_REFUSED);
    record = quorum_record(1, 4, VIP_CLAIMING);
    record.vips[0].mode = VIP_AVAILABLE;
    assert_verdict(asked(core, &record), VERDICT_REFUSED);
    free(core);
}

/* --- the claimant --- */

static void test_a_grant_counts_from_the_moment_when_the_claim_was_sent(void **unused)
{
    (void)unused;
    struct core *core = claiming_core(3);
    uint64_t seq = core->record.seq;
    struct mono sent = core->sent[seq % SENT_MAX].at;
    assert_int_not_equal(sent.ns, 0);
    step(core, 10 * NS_PER_MS, (struct event){.type = EVENT_FRAME});
    vote_at(core, 1, seq, VERDICT_GRANTED);
    assert_int_equal(core->leases[0].granted[1].ns, sent.ns);
    struct mono end = lease_end(lease_sent(&core->leases[0], 3), LEASE_NS);
    assert_int_equal(end.ns, sent.ns + USABLE_NS);
    free(core);
}

static void test_a_majority_is_of_distinct_voters(void **unused)
{
    (void)unused;
    struct core *core = claiming_core(5);
    for (unsigned i = 0; i < 5; i++) {
        vote_at(core, 1, core->record.seq, VERDICT_GRANTED);
        assert_int_equal(count(ACTION_ADDRESS_ADD), 0);
    }
    assert_int_equal(majority_granted(core, 0), 2);
    vote_at(core, 2, core->record.seq, VERDICT_GRANTED);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 1);
    free(core);
}

static void test_the_oldest_of_the_newest_majority_decides(void **unused)
{
    (void)unused;
    struct lease lease;
    memset(&lease, 0, sizeof lease);
    const uint64_t sent_ms[5] = {500, 100, 400, 300, 200};
    for (uint8_t voter = 0; voter < 5; voter++) {
        assert_int_equal(lease_end(lease_sent(&lease, 5), LEASE_NS).ns,
                         voter < 3    ? 0
                         : voter == 3 ? 100 * NS_PER_MS + USABLE_NS
                                      : 300 * NS_PER_MS + USABLE_NS);
        lease_grant(&lease, voter, (struct mono){sent_ms[voter] * NS_PER_MS});
    }
    assert_int_equal(lease_end(lease_sent(&lease, 5), LEASE_NS).ns, 300 * NS_PER_MS + USABLE_NS);
    lease_grant(&lease, 0, (struct mono){1}); /* an old answer takes nothing away */
    assert_int_equal(lease_end(lease_sent(&lease, 5), LEASE_NS).ns, 300 * NS_PER_MS + USABLE_NS);
}

static void test_a_lease_is_used_for_less_than_it_was_promised_for(void **unused)
{
    (void)unused;
    /* 1 % of both clocks, and 20 ms; of a short one an eighth. */
    assert_in_range(lease_usable(400 * NS_PER_MS), 372 * NS_PER_MS, 373 * NS_PER_MS);
    assert_in_range(lease_usable(10 * NS_PER_S), 9781 * NS_PER_MS, 9783 * NS_PER_MS);
    assert_in_range(lease_usable(40 * NS_PER_MS), 34 * NS_PER_MS, 35 * NS_PER_MS);
}

static void test_what_other_voters_count_does_not_count(void **unused)
{
    (void)unused;
    struct core *core = claiming_core(3);
    struct message_in *message = say(1);
    message->grant = (struct grant){.incarnation = 1,
                                    .seq = core->record.seq,
                                    .voters = core->voters.hash + 1,
                                    .vote_count = 1};
    message->grant.votes[0].vip = VIP_ID;
    deliver(core);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 0);
    message = say(1);
    message->grant.incarnation = 2; /* a former life's */
    message->grant.seq = core->record.seq;
    message->grant.voters = core->voters.hash;
    message->grant.vote_count = 1;
    message->grant.votes[0].vip = VIP_ID;
    deliver(core);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 0);
    vote_at(core, 1, core->record.seq + 1, VERDICT_GRANTED); /* of a record that was never sent */
    assert_int_equal(count(ACTION_ADDRESS_ADD), 0);
    free(core);
}

static void test_a_grant_of_before_the_release_is_worth_nothing(void **unused)
{
    (void)unused;
    struct core *core = holding_core(3);
    uint64_t before = core->record.seq;
    struct record better = quorum_record(1, 2, VIP_CLAIMING);
    better.vips[0].priority = 250;
    hear(core, 1, &better);
    kernel_says(core, ADDRESS_REMOVED, 0);
    assert_int_equal(core->arbiters[0].state, VIP_STANDBY);
    assert_true(sends_to(1)); /* its own vote goes with the release */
    assert_verdict(&actions.out[1].grant.votes[0], VERDICT_GRANTED);
    better = quorum_record(1, 3, VIP_STANDBY);
    better.vips[0].ready = VIP_READY_NO;
    hear(core, 1, &better);
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
    vote_at(core, 2, before, VERDICT_GRANTED);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 0);
    vote_at(core, 2, core->record.seq, VERDICT_GRANTED);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 1);
    free(core);
}

/* A deadline that stays in the past would wake the daemon ten thousand times a second. */
static void test_a_holder_sleeps_until_there_is_something_to_do(void **unused)
{
    (void)unused;
    struct core *core = holding_core(3);
    unsigned timers = 0;
    uint64_t end_ns = core->now.ns + NS_PER_S;
    while (core->now.ns < end_ns) {
        tick(core, mono_elapsed(core_deadline(core), core->now));
        vote_at(core, 1, core->record.seq, VERDICT_GRANTED);
        timers++;
    }
    assert_int_equal(core->arbiters[0].state, VIP_HOLDING);
    assert_in_range(timers, 5, 100);
    free(core);
}

static void test_the_keeper_gets_the_end_of_the_lease(void **unused)
{
    (void)unused;
    struct core *core = holding_core(3);
    tick(core, T_NS);
    struct mono sent = core->claim_now;
    vote_at(core, 1, core->record.seq, VERDICT_GRANTED);
    assert_int_equal(count(ACTION_DEADLINE), 1);
    uint64_t left_ns = sent.ns + USABLE_NS - core->claim_now.ns;
    uint64_t until_ns = actions.items[0].address.until.ns;
    assert_in_range(until_ns, core->now.ns + left_ns / 100 * 88, core->now.ns + left_ns / 100 * 90);
    free(core);
}

static void test_who_loses_the_majority_stops_holding_by_itself(void **unused)
{
    (void)unused;
    struct core *core = holding_core(3);
    struct mono until = core->arbiters[0].until;
    run(core, LEASE_NS);
    assert_int_equal(core->arbiters[0].state, VIP_RELEASING);
    assert_int_equal(core->arbiters[0].reason, REASON_MAJORITY_LOST);
    assert_true(mono_before(core->arbiters[0].kernel_asked, until));
    free(core);
}

static void test_a_heartbeat_that_no_majority_answers_is_sent_again_with_a_new_seq(void **unused)
{
    (void)unused;
    struct core *core = holding_core(3);
    tick(core, T_NS);
    uint64_t seq = core->record.seq;
    assert_true(sends_to(1));
    tick(core, T_NS / 8);
    assert_true(sends_to(1));
    assert_true(actions.out[1].question.id != 0);
    assert_int_equal(core->record.seq, seq + 1);
    vote_at(core, 1, seq + 1, VERDICT_GRANTED);
    tick(core, T_NS / 8);
    assert_false(sends_to(1));
    free(core);
}

static void test_who_asks_in_vain_makes_room(void **unused)
{
    (void)unused;
    struct core *core = claiming_core(3);
    run(core, 3 * T_NS);
    assert_int_equal(core->arbiters[0].state, VIP_STANDBY);
    assert_int_equal(core->arbiters[0].reason, REASON_NO_MAJORITY);
    assert_int_equal(arbiter_ready(core, 0), VIP_READY_NO);
    assert_int_equal(core->leases[0].promise.holder, NODE_NONE);
    core->now = mono_add(core->now, 2 * LEASE_NS);
    assert_int_equal(arbiter_ready(core, 0), VIP_READY_YES);
    free(core);
}

/* The vote came with the release, for a record so new that none had to be signed since: its own
 * vote must not wait for the next heartbeat. */
static void test_a_released_vip_is_taken_with_its_own_vote_at_once(void **unused)
{
    (void)unused;
    struct core *core = quorum_core(2);
    struct record holder = quorum_record(1, 1, VIP_HOLDING);
    assert_verdict(asked(core, &holder), VERDICT_GRANTED);
    tick(core, 1000);
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
    assert_int_equal(core->leases[0].promise.holder, 1);
    uint64_t seq = core->record.seq;
    vote_at(core, 1, seq, VERDICT_GRANTED);
    holder = quorum_record(1, 2, VIP_STANDBY);
    hear(core, 1, &holder);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 1);
    assert_int_equal(core->record.seq, seq);
    assert_int_equal(core->leases[0].promise.holder, 0);
    assert_int_equal(core->leases[0].granted[0].ns, core->sent[seq % SENT_MAX].at.ns);
    free(core);
}

static void test_a_refused_claimant_asks_again_when_the_promise_has_ended(void **unused)
{
    (void)unused;
    struct core *core = claiming_core(3);
    for (uint8_t voter = 1; voter < 3; voter++) {
        struct message_in *message = say(voter);
        message->grant = (struct grant){.incarnation = 1,
                                        .seq = core->record.seq,
                                        .voters = core->voters.hash,
                                        .vote_count = 1};
        message->grant.votes[0] = (struct vote){
            .vip = VIP_ID, .verdict = VERDICT_PROMISED, .holder = 1019, .rest_ms = 77 + voter};
        deliver(core);
    }
    uint64_t refused_ns = core->now.ns - 1000;
    assert_int_equal(core->leases[0].ask_next.ns, refused_ns + 78 * NS_PER_MS);
    free(core);
}

/* The voter may have promised to a newer claim of that node, of which this one has not heard. */
static void test_a_voter_is_not_shown_a_release_for_ever(void **unused)
{
    (void)unused;
    struct core *core = claiming_core(3);
    unsigned shown = 0;
    for (unsigned i = 0; i < 20; i++) {
        struct message_in *message = say(1);
        message->grant = (struct grant){.incarnation = 1,
                                        .seq = core->record.seq,
                                        .voters = core->voters.hash,
                                        .vote_count = 1};
        message->grant.votes[0] = (struct vote){.vip = VIP_ID,
                                                .verdict = VERDICT_PROMISED,
                                                .holder = core->config.nodes[2].id,
                                                .rest_ms = 300};
        deliver(core);
        shown += sends_to(1) && actions.out[1].relay_count > 0 ? 1 : 0;
    }
    assert_int_equal(shown, 3);
    assert_false(mono_reached(core->now, core->leases[0].refused[1]));
    free(core);
}

static void test_a_dead_voter_is_not_waited_for(void **unused)
{
    (void)unused;
    struct core *core = claiming_core(3);
    core->members[2].state = MEMBER_DEAD;
    struct message_in *message = say(1);
    message->grant = (struct grant){
        .incarnation = 1, .seq = core->record.seq, .voters = core->voters.hash, .vote_count = 1};
    message->grant.votes[0] =
        (struct vote){.vip = VIP_ID, .verdict = VERDICT_PROMISED, .holder = 1002, .rest_ms = 150};
    deliver(core);
    /* Its twelve questions are not used up before the only one that can answer is free. */
    assert_int_equal(core->leases[0].ask_next.ns, core->now.ns + 150 * NS_PER_MS);
    free(core);
}

static void test_only_who_sees_a_majority_is_elected(void **unused)
{
    (void)unused;
    struct core *core = quorum_core(5);
    struct record record = quorum_record(1, 1, VIP_STANDBY);
    hear(core, 1, &record);
    tick(core, 1000);
    assert_int_equal(core->draft.flags & RECORD_SEES_MAJORITY, 0);
    assert_int_equal(core->arbiters[0].elected, 1);
    record = quorum_record(2, 1, VIP_STANDBY);
    hear(core, 2, &record);
    tick(core, 1000);
    assert_true((core->draft.flags & RECORD_SEES_MAJORITY) != 0);
    assert_int_equal(core->arbiters[0].elected, 0);
    free(core);
}

/* --- the clocks --- */

static void test_a_claimants_clock_is_the_faster_and_a_voters_the_slower_one(void **unused)
{
    (void)unused;
    struct core *core = quorum_core(3);
    struct mono claim = core->claim_now;
    struct mono vote = core->vote_now;
    struct event event = {.type = EVENT_TIMER, .now = core->now, .raw = core->raw};
    core_step(core, &event, &actions);
    claim = core->claim_now;
    vote = core->vote_now;
    for (unsigned i = 0; i < 10; i++) { /* each of them is the faster one in turn */
        event.now = mono_add(event.now, i % 2 == 0 ? 11000000 : 10000000);
        event.raw = mono_add(event.raw, i % 2 == 0 ? 10000000 : 11000000);
        core_step(core, &event, &actions);
    }
    assert_int_equal(core->claim_now.ns - claim.ns, 110 * NS_PER_MS);
    assert_int_equal(core->vote_now.ns - vote.ns, 100 * NS_PER_MS);
    free(core);
}

/* The kernel has not answered, this node was not run, and then comes a grant whose time is over. */
static void test_a_grant_that_comes_after_its_end_moves_no_deadline(void **unused)
{
    (void)unused;
    struct core *core = claiming_core(3);
    vote_at(core, 1, core->record.seq, VERDICT_GRANTED);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 1);
    tick(core, T_NS);
    uint64_t seq = core->record.seq;
    step(core, NS_PER_S, (struct event){.type = EVENT_FRAME, .frame = {.vip = 0}});
    vote_at(core, 1, seq, VERDICT_GRANTED);
    assert_int_equal(count(ACTION_DEADLINE), 0);
    free(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_grant_that_comes_after_its_end_moves_no_deadline),
        cmocka_unit_test(test_a_voter_promises_its_vote_once_and_says_to_whom),
        cmocka_unit_test(test_a_promise_ends_with_the_lease_that_the_claim_names),
        cmocka_unit_test(test_only_a_question_straight_from_the_claimant_is_a_claim),
        cmocka_unit_test(test_a_release_frees_the_vote_and_an_older_one_does_not),
        cmocka_unit_test(test_a_fault_frees_the_vote_and_a_restart_does_not),
        cmocka_unit_test(test_who_is_in_fault_gives_its_vote_away),
        cmocka_unit_test(test_who_finds_the_address_used_gives_its_vote_away),
        cmocka_unit_test(test_who_is_elected_gets_the_vote_with_the_release),
        cmocka_unit_test(test_who_leaves_frees_the_vote),
        cmocka_unit_test(test_a_restarted_voter_abstains),
        cmocka_unit_test(test_a_preferred_claimant_is_waited_for),
        cmocka_unit_test(test_a_lease_that_is_too_long_or_another_mode_is_refused),
        cmocka_unit_test(test_a_grant_counts_from_the_moment_when_the_claim_was_sent),
        cmocka_unit_test(test_a_majority_is_of_distinct_voters),
        cmocka_unit_test(test_the_oldest_of_the_newest_majority_decides),
        cmocka_unit_test(test_a_lease_is_used_for_less_than_it_was_promised_for),
        cmocka_unit_test(test_what_other_voters_count_does_not_count),
        cmocka_unit_test(test_a_grant_of_before_the_release_is_worth_nothing),
        cmocka_unit_test(test_a_holder_sleeps_until_there_is_something_to_do),
        cmocka_unit_test(test_the_keeper_gets_the_end_of_the_lease),
        cmocka_unit_test(test_who_loses_the_majority_stops_holding_by_itself),
        cmocka_unit_test(test_a_heartbeat_that_no_majority_answers_is_sent_again_with_a_new_seq),
        cmocka_unit_test(test_who_asks_in_vain_makes_room),
        cmocka_unit_test(test_a_released_vip_is_taken_with_its_own_vote_at_once),
        cmocka_unit_test(test_a_refused_claimant_asks_again_when_the_promise_has_ended),
        cmocka_unit_test(test_a_voter_is_not_shown_a_release_for_ever),
        cmocka_unit_test(test_a_dead_voter_is_not_waited_for),
        cmocka_unit_test(test_only_who_sees_a_majority_is_elected),
        cmocka_unit_test(test_a_claimants_clock_is_the_faster_and_a_voters_the_slower_one),
    };
    return cmocka_run_group_tests_name("core_lease", tests, NULL, NULL);
}
