// SPDX-License-Identifier: MIT
/* The hello of a node, and its ordered stop [SPEC R40..R43, R66]. */
#include "core_support.h"

#define DETECTION_NS timing_detection(T_NS)

static void test_who_is_alone_by_configuration_asks_nobody_and_no_wire(void **unused)
{
    (void)unused;
    struct core_config config = default_config();
    config.node_count = 1;
    struct core *core = start_core(&config);
    tick(core, 1000);
    assert_false(core_is_starting(core));
    assert_int_equal(count(ACTION_PROBE), 0);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 1);
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
    assert_true(core_is_starting(core));
    assert_true(actions.out[2].question.id != 0 && sends_to(2));
    assert_true(!sends_to(1) || actions.out[1].question.id == 0);
    free(core);
}

/* Its interface came back in the middle of it: what was asked before may not have been heard. */
static void test_a_hello_begins_anew_when_the_interface_comes_back(void **unused)
{
    (void)unused;
    struct core_config config = default_config();
    struct core *core = start_core(&config);
    struct event link = {.type = EVENT_LINK, .link = {.vip = 0, .up = true}};
    step(core, 0, link);
    assert_int_equal(core->phase_started.ns, 100 * NS_PER_S); /* it had not begun */
    while (core->phase_rounds < 5) {
        tick(core, mono_elapsed(core_deadline(core), core->now));
    }
    step(core, 1000, link);
    assert_int_equal(core->phase_rounds, 0);
    assert_int_equal(core->phase_started.ns, core->now.ns);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        tick(core, mono_elapsed(core_deadline(core), core->now));
        assert_int_equal(core->phase_rounds, round);
    }
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
    assert_true(core_is_starting(core));
    assert_int_equal(count(ACTION_ADDRESS_ADD), 0);
    while (core_is_starting(core)) {
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
    assert_false(core_is_starting(core));
    kernel_says(core, ADDRESS_REMOVED, 0);
    assert_int_equal(core->phase, PHASE_LEAVING);
    free(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_is_alone_by_configuration_asks_nobody_and_no_wire),
        cmocka_unit_test(test_who_hears_none_of_its_peers_asks_the_wire_first),
        cmocka_unit_test(test_a_late_stranger_lengthens_the_hello_once),
        cmocka_unit_test(test_who_has_left_is_not_asked_in_a_hello),
        cmocka_unit_test(test_a_hello_begins_anew_when_the_interface_comes_back),
        cmocka_unit_test(test_a_claim_waits_for_a_hello_that_begins_anew),
        cmocka_unit_test(test_who_stops_says_no_hello_when_its_interface_comes_back),
    };
    return cmocka_run_group_tests_name("core_start", tests, NULL, NULL);
}
