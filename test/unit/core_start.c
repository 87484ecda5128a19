// SPDX-License-Identifier: MIT
/* The hello of a node, and its ordered stop [SPEC R40..R43, R66]. */
#include "core_support.h"

#define DETECTION_NS timing_detection(T_NS)

/* Three times, 50 ms apart, and an ear for as long: where nobody has held the VIP, nobody misses it
 * [SPEC R66]. */
static void test_the_first_claim_of_all_asks_the_wire_and_nobody_else(void **unused)
{
    (void)unused;
    struct core_config config = default_config();
    config.node_count = 1;
    struct core *core = start_core(&config);
    tick(core, 1000);
    assert_false(core_is_starting(core));
    unsigned probes = count(ACTION_PROBE);
    struct mono began = core->now;
    while (count(ACTION_ADDRESS_ADD) == 0) {
        tick(core, mono_elapsed(core_deadline(core), core->now));
        probes += count(ACTION_PROBE);
    }
    assert_int_equal(probes, 3);
    assert_int_equal(mono_elapsed(core->now, began), 150 * NS_PER_MS);
    free(core);
}

static void test_a_vip_that_a_peer_has_held_is_claimed_without_asking_the_wire(void **unused)
{
    (void)unused;
    struct core_config config = default_config();
    struct core *core = serve_core(&config);
    core->arbiters[0].ever_held = false;
    struct record other = record_of(1, 1, VIP_HOLDING);
    hear(core, 1, &other);
    other.seq++;
    other.vips[0].state = VIP_STANDBY;
    hear(core, 1, &other);
    run(core, 10 * NS_PER_MS);
    assert_true(core->arbiters[0].adding);
    free(core);
}

/* And tells whose MAC it was; peers are heard, so their keys are not to blame. */
static void test_a_first_claim_that_somebody_answers_is_a_fault_until_nobody_does(void **unused)
{
    (void)unused;
    struct core_config config = default_config();
    struct core *core = serve_core(&config);
    core->arbiters[0].ever_held = false;
    tick(core, 1000);
    assert_int_equal(count(ACTION_PROBE), 1);
    struct event frame = {.type = EVENT_FRAME, .frame = {.vip = 0, .mac = {2, 0, 0, 0, 0, 9}}};
    step(core, 1000, frame);
    assert_int_equal(core->arbiters[0].state, VIP_FAULT);
    assert_int_equal(core->arbiters[0].reason, REASON_ADDRESS_USED);
    for (unsigned second = 0; second < 3; second++) {
        run(core, 900 * NS_PER_MS);
        step(core, 0, frame);
        run(core, 100 * NS_PER_MS);
        assert_int_equal(core->arbiters[0].state, VIP_FAULT);
    }
    run(core, 3 * NS_PER_S);
    assert_true(core->arbiters[0].adding || core->arbiters[0].reason == REASON_KERNEL_SILENT);
    free(core);
}

static void test_who_hears_none_of_its_peers_asks_the_wire_first(void **unused)
{
    (void)unused;
    struct core_config config = default_config();
    config.node_count = 2;
    struct core *core = start_core(&config);
    while (core_is_starting(core)) {
        tick(core, mono_elapsed(core_deadline(core), core->now));
    }
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
    for (unsigned probes = count(ACTION_PROBE); probes < 3; probes += count(ACTION_PROBE)) {
        assert_int_equal(count(ACTION_ADDRESS_ADD), 0);
        tick(core, mono_elapsed(core_deadline(core), core->now));
    }
    run(core, T_NS);
    assert_true(core->arbiters[0].adding);
    free(core);
}

/* Somebody shows up after the last of the twelve rounds, without a proof yet [SPEC R41]. */
static void test_a_late_stranger_lengthens_the_hello_once(void **unused)
{
    (void)unused;
    struct core_config config = default_config();
    struct core *core = start_core(&config);
    while (core->phase_rounds < ROUNDS) {
        tick(core, mono_elapsed(core_deadline(core), core->now));
    }
    struct mono end = core->phase_until;
    core->now = mono_sub(end, 10 * NS_PER_MS);
    struct record stranger = record_of(1, 1, VIP_HOLDING);
    struct message_in *message = say(1);
    message->record_count = 1;
    message->records[0].record = stranger;
    deliver(core);
    struct mono longer = core->phase_until;
    assert_int_equal(longer.ns, core->now.ns + DETECTION_NS);
    tick(core, mono_elapsed(end, core->now));
    assert_true(core_is_starting(core));
    message = say(2);
    message->record_count = 1;
    message->records[0].record = record_of(2, 1, VIP_STANDBY);
    deliver(core);
    assert_int_equal(core->phase_until.ns, longer.ns);
    run(core, mono_elapsed(longer, core->now));
    assert_false(core_is_starting(core));
    free(core);
}

static void test_who_has_left_is_not_asked_in_a_hello(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct record other = record_of(1, 1, VIP_STANDBY);
    hear(core, 1, &other);
    other.seq++;
    other.flags |= RECORD_LEAVING;
    hear(core, 1, &other);
    assert_int_equal(core->members[1].state, MEMBER_LEFT);
    step(core, T_NS, (struct event){.type = EVENT_LINK, .link = {.vip = 0, .up = true}});
    tick(core, 1000);
    assert_true(core_is_asking(core, 0));
    assert_true(actions.out[2].question.id != 0 && sends_to(2));
    assert_true(!sends_to(1) || actions.out[1].question.id == 0);
    free(core);
}

/* Its interface came back in the middle of it: what was asked before may not have been heard. */
static void test_a_vip_says_hello_anew_when_its_interface_comes_back_in_the_middle(void **unused)
{
    (void)unused;
    struct core_config config = default_config();
    config.vip_count = 2;
    config.vips[1] = config.vips[0];
    config.vips[1].id = VIP_ID + 1;
    struct core *core = start_core(&config);
    const struct asking *asking = &core->arbiters[0].asking;
    struct event link = {.type = EVENT_LINK, .link = {.vip = 0, .up = true}};
    step(core, 0, link);
    assert_false(asking->runs); /* the hello for all had not begun */
    while (core->phase_rounds < 5) {
        tick(core, mono_elapsed(core_deadline(core), core->now));
    }
    step(core, 1000, link);
    assert_true(asking->runs);
    uint8_t rounds = 0;
    while (asking->runs) {
        tick(core, mono_elapsed(core_deadline(core), core->now));
        rounds = asking->rounds > rounds ? asking->rounds : rounds;
        /* The other VIP waits for the hello for all, and no longer. */
        assert_int_equal(core_is_asking(core, 1), core->phase == PHASE_HELLO);
    }
    assert_int_equal(rounds, ROUNDS);
    assert_true(mono_elapsed(core->now, asking->since) >= timing_detection(T_NS));
    assert_int_equal(core->phase, PHASE_SERVING);
    free(core);
}

/* An interface that comes and goes all the time keeps nobody from what is on another one. */
static void test_an_interface_that_flaps_keeps_no_other_vip_waiting(void **unused)
{
    (void)unused;
    struct core_config config = default_config();
    config.vip_count = 2;
    config.vips[1] = config.vips[0];
    config.vips[1].id = VIP_ID + 1;
    struct core *core = serve_core(&config);
    struct record holder = record_of(1, 1, VIP_HOLDING);
    holder.vip_count = 2;
    holder.vips[1] = holder.vips[0];
    holder.vips[1].vip = VIP_ID + 1;
    hear(core, 1, &holder);
    step(core, 1000, (struct event){.type = EVENT_LINK, .link = {.vip = 1, .up = true}});
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
    assert_int_equal(core->arbiters[1].state, VIP_STANDBY);
    for (unsigned i = 0; i < 10; i++) {
        step(core, T_NS / 4, (struct event){.type = EVENT_LINK, .link = {.vip = 1, .up = false}});
        step(core, T_NS / 4, (struct event){.type = EVENT_LINK, .link = {.vip = 1, .up = true}});
        assert_false(core_is_asking(core, 0));
        assert_true(core_is_asking(core, 1));
    }
    holder.seq++;
    holder.vips[0].state = holder.vips[1].state = VIP_STANDBY;
    hear(core, 1, &holder);
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 1);
    assert_int_equal(core->arbiters[1].state, VIP_STANDBY);
    free(core);
}

/* Two on one interface share their rounds, and a stranger lengthens both once. */
static void test_vips_that_say_hello_together_share_their_rounds(void **unused)
{
    (void)unused;
    struct core_config config = default_config();
    config.vip_count = 2;
    config.vips[1] = config.vips[0];
    config.vips[1].id = VIP_ID + 1;
    struct core *core = serve_core(&config);
    const struct arbiter *arbiters = core->arbiters;
    step(core, 1000, (struct event){.type = EVENT_LINK, .link = {.vip = 0, .up = true}});
    step(core, 1000, (struct event){.type = EVENT_LINK, .link = {.vip = 1, .up = true}});
    for (unsigned round = 1; round <= 3; round++) {
        tick(core, mono_elapsed(core_deadline(core), core->now));
        assert_int_equal(arbiters[0].asking.rounds, round);
        assert_int_equal(arbiters[1].asking.rounds, round);
    }
    struct mono until = arbiters[0].asking.until;
    struct record stranger = record_of(5, 1, VIP_STANDBY);
    struct message_in *message = say(5);
    message->incarnation = 5;
    message->record_count = 1;
    message->records[0] = (struct message_record){.record = stranger};
    deliver(core);
    assert_true(mono_before(until, arbiters[0].asking.until));
    assert_int_equal(arbiters[0].asking.until.ns, arbiters[1].asking.until.ns);
    until = arbiters[0].asking.until;
    deliver(core);
    assert_int_equal(arbiters[0].asking.until.ns, until.ns);
    run(core, 4 * T_NS);
    assert_false(core_is_asking(core, 0) || core_is_asking(core, 1));
    free(core);
}

/* It claims and then says hello anew, because its interface was down or it stalled: what it knows
 * of the VIP is old [SPEC R40]. */
static void test_a_claim_waits_for_a_hello_that_begins_anew(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct record other = record_of(1, 1, VIP_HOLDING);
    hear(core, 1, &other);
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
    step(core, 1000, (struct event){.type = EVENT_LINK, .link = {.vip = 0, .up = true}});
    assert_int_equal(core->arbiters[0].state, VIP_STANDBY);
    other.seq++;
    other.vips[0].state = VIP_STANDBY;
    hear(core, 1, &other);
    assert_true(core_is_asking(core, 0));
    assert_int_equal(count(ACTION_ADDRESS_ADD), 0);
    while (core_is_asking(core, 0)) {
        tick(core, mono_elapsed(core_deadline(core), core->now));
    }
    assert_int_equal(count(ACTION_ADDRESS_ADD), 1);
    free(core);
}

static void test_who_stops_says_no_hello_when_its_interface_comes_back(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    hold(core);
    step(core, 1000, (struct event){.type = EVENT_STOP});
    step(core, 1000, (struct event){.type = EVENT_LINK, .link = {.vip = 0, .up = true}});
    assert_false(core_is_asking(core, 0));
    kernel_says(core, ADDRESS_REMOVED, 0);
    assert_int_equal(core->phase, PHASE_LEAVING);
    free(core);
}

/* The second one says hello when the first has asked twelve times and waits for the end. */
static void test_a_vip_that_asked_twelve_times_waits_while_another_one_asks(void **unused)
{
    (void)unused;
    struct core_config config = default_config();
    config.vip_count = 2;
    config.vips[1] = config.vips[0];
    config.vips[1].id = VIP_ID + 1;
    struct core *core = serve_core(&config);
    const struct asking *first = &core->arbiters[0].asking;
    step(core, 1000, (struct event){.type = EVENT_LINK, .link = {.vip = 0, .up = true}});
    while (first->rounds < ROUNDS) {
        tick(core, mono_elapsed(core_deadline(core), core->now));
    }
    step(core, 1000, (struct event){.type = EVENT_LINK, .link = {.vip = 1, .up = true}});
    tick(core, timing_spacing(T_NS));
    assert_int_equal(first->rounds, ROUNDS);
    assert_true(first->runs);
    assert_int_equal(core->arbiters[1].asking.rounds, 1);
    struct mono until = first->until;
    while (first->runs) {
        tick(core, mono_elapsed(core_deadline(core), core->now));
    }
    assert_true(mono_reached(core->now, until));
    assert_true(core_is_asking(core, 1));
    free(core);
}

static void unmute(struct core *core)
{
    step(core, 1000, (struct event){.type = EVENT_MUTE, .mute.mute = true});
    step(core, 1000, (struct event){.type = EVENT_MUTE, .mute.mute = false});
}

static void test_a_hello_that_has_not_begun_does_not_begin_anew(void **unused)
{
    (void)unused;
    struct core_config config = default_config();
    struct core *core = start_core(&config);
    unmute(core);
    assert_int_equal(core->phase_started.ns, 100 * NS_PER_S);
    free(core);
}

static void test_who_stops_says_no_hello_when_it_can_be_heard_again(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    step(core, 1000, (struct event){.type = EVENT_STOP});
    unmute(core);
    assert_int_equal(core->phase, PHASE_LEAVING);
    run(core, 2 * T_NS);
    assert_int_equal(core->phase, PHASE_STOPPED);
    unmute(core);
    assert_int_equal(core->phase, PHASE_STOPPED);
    assert_int_equal(actions.send, 0);
    free(core);
}

/* Stops a core that holds the VIP, or does not; how many rounds of leaving it sends. */
static unsigned count_leaving_rounds(struct core *core, struct record *peer)
{
    unsigned rounds = 0;
    bool holds = core->arbiters[0].state == VIP_HOLDING;
    step(core, 1000, (struct event){.type = EVENT_STOP});
    if (holds) {
        kernel_says(core, ADDRESS_REMOVED, 0);
    }
    for (; core->phase == PHASE_LEAVING; rounds++) {
        assert_true(sends_to(1));
        if (peer != NULL) {
            peer->seq++;
            hear(core, 1, peer);
            assert_int_equal(core->phase, PHASE_LEAVING); /* not before its time */
        }
        tick(core, timing_claim_spacing(T_NS));
    }
    assert_int_equal(count(ACTION_STOPPED), 1);
    free(core);
    return rounds;
}

/* Three rounds, and twelve while somebody who could take the VIP has not taken it [SPEC R43]. */
static void test_who_stops_waits_for_its_successor_for_twelve_rounds_at_most(void **unused)
{
    (void)unused;
    struct record peer = record_of(1, 1, VIP_STANDBY);
    struct core *core = new_core();
    hold(core);
    hear(core, 1, &peer);
    assert_int_equal(count_leaving_rounds(core, &peer), ROUNDS);

    core = new_core();
    hold(core);
    hear(core, 1, &peer);
    peer.vips[0].state = VIP_HOLDING;
    assert_int_equal(count_leaving_rounds(core, &peer), 3);

    core = new_core();
    hear(core, 1, &peer); /* it holds it all the time */
    assert_int_equal(count_leaving_rounds(core, &peer), 3);

    core = new_core(); /* nobody is there */
    hold(core);
    assert_int_equal(count_leaving_rounds(core, NULL), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_stops_waits_for_its_successor_for_twelve_rounds_at_most),
        cmocka_unit_test(test_the_first_claim_of_all_asks_the_wire_and_nobody_else),
        cmocka_unit_test(test_a_vip_that_a_peer_has_held_is_claimed_without_asking_the_wire),
        cmocka_unit_test(test_a_first_claim_that_somebody_answers_is_a_fault_until_nobody_does),
        cmocka_unit_test(test_who_hears_none_of_its_peers_asks_the_wire_first),
        cmocka_unit_test(test_a_late_stranger_lengthens_the_hello_once),
        cmocka_unit_test(test_who_has_left_is_not_asked_in_a_hello),
        cmocka_unit_test(test_a_vip_says_hello_anew_when_its_interface_comes_back_in_the_middle),
        cmocka_unit_test(test_an_interface_that_flaps_keeps_no_other_vip_waiting),
        cmocka_unit_test(test_vips_that_say_hello_together_share_their_rounds),
        cmocka_unit_test(test_a_vip_that_asked_twelve_times_waits_while_another_one_asks),
        cmocka_unit_test(test_a_hello_that_has_not_begun_does_not_begin_anew),
        cmocka_unit_test(test_who_stops_says_no_hello_when_it_can_be_heard_again),
        cmocka_unit_test(test_a_claim_waits_for_a_hello_that_begins_anew),
        cmocka_unit_test(test_who_stops_says_no_hello_when_its_interface_comes_back),
    };
    return cmocka_run_group_tests_name("core_start", tests, NULL, NULL);
}
