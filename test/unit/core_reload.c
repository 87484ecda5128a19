// SPDX-License-Identifier: MIT
/*
 * Another configuration for a node that runs on [SPEC R47, R58].
 */
#include "core_support.h"

/* Nothing is new, and everything is where it was. */
static struct core_reload same_places(void)
{
    struct core_reload reload;
    for (uint8_t i = 0; i < NODES_MAX; i++) {
        reload.node_was[i] = i;
    }
    for (uint8_t i = 0; i < VIPS_MAX; i++) {
        reload.vip_was[i] = i;
    }
    for (uint8_t i = 0; i < CHECKS_MAX; i++) {
        reload.check_was[i] = i;
    }
    return reload;
}

static struct core *reconfigure(struct core *former, const struct core_config *config,
                                const struct core_reload *reload)
{
    struct core *core = calloc(1, sizeof *core);
    assert_non_null(core);
    core_reconfigure(core, former, config, reload);
    free(former);
    return core;
}

static void test_what_did_not_change_stays_as_it_was_and_the_peers_are_told_at_once(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct core_config config = default_config();
    struct core_reload reload = same_places();
    struct record peer = record_of(1, 1, VIP_STANDBY);
    hold(core);
    hear(core, 1, &peer);
    config.config = 77;
    config.incarnation = 99; /* does not count */
    core = reconfigure(core, &config, &reload);
    assert_int_equal(core->arbiters[0].state, VIP_HOLDING);
    assert_int_equal(core->members[1].state, MEMBER_ALIVE);
    assert_int_equal(core->phase, PHASE_SERVING);
    tick(core, 0);
    assert_true(sends_to(1));
    assert_int_equal(core_record(core)->config, 77);
    assert_int_equal(core_record(core)->incarnation, 1);
    assert_int_equal(count(ACTION_ADDRESS_ADD) + count(ACTION_ADDRESS_REMOVE), 0);
    free(core);
}

/* Whoever asks before the timer comes gets a record with another seq: what was signed before said
 * something else [SPEC R11]. */
static void test_the_first_record_after_it_has_a_seq_of_its_own(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct core_config config = default_config();
    struct core_reload reload = same_places();
    struct record peer = record_of(1, 1, VIP_STANDBY);
    hold(core);
    hear(core, 1, &peer);
    say(1)->question.id = 5;
    deliver(core);
    assert_true(sends_to(1));
    uint64_t seq = core_record(core)->seq;
    config.config = 77;
    core = reconfigure(core, &config, &reload);
    say(1)->question.id = 6;
    deliver(core);
    assert_true(sends_to(1));
    assert_int_equal(core_record(core)->config, 77);
    assert_true(core_record(core)->seq > seq);
    free(core);
}

/* Node 1 goes, and node 2 takes its place in the list; a VIP comes before the other. */
static void test_nodes_and_vips_are_known_by_what_they_were(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct core_config config = default_config();
    struct core_reload reload = same_places();
    struct record holder = record_of(2, 1, VIP_HOLDING);
    holder.vips[0].priority = 250;
    hear(core, 2, &holder);
    assert_int_equal(core->arbiters[0].holder, 2);
    config.node_count = NODES - 1;
    config.vip_count = 2;
    for (uint8_t node = 1; node < NODES - 1; node++) {
        config.nodes[node].id = 1001U + node;
        reload.node_was[node] = node + 1;
    }
    config.vips[1] = config.vips[0];
    config.vips[0].id = VIP_ID + 1;
    reload.vip_was[0] = CORE_NEW;
    reload.vip_was[1] = 0;
    core = reconfigure(core, &config, &reload);
    assert_int_equal(core->arbiters[1].holder, 1);
    assert_int_equal(core->members[1].incarnation, 502);
    assert_int_equal(core->members[1].state, MEMBER_ALIVE);
    assert_int_equal(core->arbiters[0].holder, NODE_NONE);
    assert_int_equal(core->phase, PHASE_HELLO); /* somebody may hold what is new */
    tick(core, 0);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 0);
    assert_int_equal(core_record(core)->vip_count, 2);
    assert_int_equal(core_record(core)->vips[1].vip, VIP_ID);
    free(core);
}

static void test_a_vip_that_goes_is_released_and_not_claimed_again(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct record peer = record_of(1, 1, VIP_STANDBY);
    hold(core);
    hear(core, 1, &peer);
    step(core, 1000, (struct event){.type = EVENT_RETIRE, .retire = {.vips = 1}});
    assert_int_equal(count(ACTION_ADDRESS_REMOVE), 1);
    assert_false(core_is_free_of(core, 1));
    assert_int_equal(core->arbiters[0].released_to, 1);
    kernel_says(core, ADDRESS_REMOVED, 0);
    assert_true(core_is_free_of(core, 1));
    tick(core, 1000);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 0);
    assert_int_equal(core->arbiters[0].state, VIP_STANDBY);
    assert_int_equal(core_record(core)->vips[0].ready, VIP_READY_NO);
    /* It stays after all: the reload was given up. */
    step(core, 1000, (struct event){.type = EVENT_RETIRE, .retire = {.vips = 0}});
    assert_int_equal(core_record(core)->vips[0].ready, VIP_READY_YES);
    free(core);
}

static void test_other_addresses_are_announced_and_the_vip_stays(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct core_config config = default_config();
    struct core_reload reload = same_places();
    hold(core);
    config.vips[0].addresses = 5;
    core = reconfigure(core, &config, &reload);
    tick(core, 0);
    assert_int_equal(count(ACTION_ANNOUNCE), 1);
    assert_int_equal(count(ACTION_ADDRESS_REMOVE), 0);
    assert_int_equal(core->arbiters[0].state, VIP_HOLDING);
    free(core);
}

static struct core_config with_checks(uint8_t checks)
{
    struct core_config config = default_config();
    config.check_count = checks;
    config.check_patience_ns = 5 * NS_PER_S;
    for (uint8_t i = 0; i < checks; i++) {
        config.checks[i] = (struct core_check){.rise = 1, .fall = 1, .is_general = true};
    }
    return config;
}

static void check_says(struct core *core, uint8_t check, bool passed)
{
    step(core, 1000,
         (struct event){.type = EVENT_CHECK, .check = {.check = check, .passed = passed}});
}

static void test_a_holder_does_not_give_up_for_a_check_that_was_never_asked(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct core_config config = with_checks(1);
    struct core_reload reload = same_places();
    struct record peer = record_of(1, 1, VIP_STANDBY);
    hold(core);
    hear(core, 1, &peer);
    reload.check_was[0] = CORE_NEW;
    core = reconfigure(core, &config, &reload);
    tick(core, 0);
    assert_int_equal(core->arbiters[0].state, VIP_HOLDING);
    assert_int_equal(core_record(core)->vips[0].ready, VIP_READY_YES);
    check_says(core, 0, false);
    assert_int_equal(core_record(core)->flags & RECORD_HEALTHY, 0);
    free(core);
}

static void test_a_check_that_is_new_to_a_holder_has_failed_after_fall_results(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct core_config config = with_checks(1);
    struct core_reload reload = same_places();
    struct record peer = record_of(1, 1, VIP_STANDBY);
    hold(core);
    hear(core, 1, &peer);
    reload.check_was[0] = CORE_NEW;
    config.checks[0].rise = config.checks[0].fall = 2;
    core = reconfigure(core, &config, &reload);
    check_says(core, 0, false);
    assert_int_equal(core_record(core)->flags & RECORD_HEALTHY, RECORD_HEALTHY);
    check_says(core, 0, true);
    check_says(core, 0, false);
    assert_int_equal(core->arbiters[0].state, VIP_HOLDING);
    assert_int_equal(core_record(core)->flags & RECORD_HEALTHY, RECORD_HEALTHY);
    check_says(core, 0, false);
    assert_int_equal(core_record(core)->flags & RECORD_HEALTHY, 0);
    free(core);
}

static void test_a_standby_waits_for_a_new_check_and_a_known_one_keeps_its_result(void **unused)
{
    (void)unused;
    struct core_config config = with_checks(1);
    struct core *core = serve_core(&config);
    struct core_reload reload = same_places();
    struct record holder = record_of(1, 1, VIP_HOLDING);
    holder.vips[0].priority = 255;
    hear(core, 1, &holder);
    check_says(core, 0, true);
    core = reconfigure(core, &config, &reload);
    tick(core, 0);
    assert_int_equal(core_record(core)->vips[0].ready, VIP_READY_YES);
    config = with_checks(2);
    reload.check_was[0] = CORE_NEW;
    reload.check_was[1] = 0;
    core = reconfigure(core, &config, &reload);
    tick(core, 0);
    assert_int_equal(core->health[1].state, CHECK_OK);
    assert_int_equal(core_record(core)->vips[0].ready, VIP_READY_NO);
    check_says(core, 0, true);
    assert_int_equal(core_record(core)->vips[0].ready, VIP_READY_YES);
    free(core);
}

/* Node 1 goes: who was suspected with it, and was heard through it, is neither any more. */
static void test_nothing_points_to_a_node_that_went(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct core_config config = default_config();
    struct core_reload reload = same_places();
    struct record peer = record_of(2, 1, VIP_STANDBY);
    hear(core, 2, &peer);
    core->members[2].suspicion = (struct suspicion){.kind = SUSPICION_LINKED, .holder = 1};
    core->members[2].via = 1;
    core->members[2].interest = BIT(1) | BIT(3);
    config.node_count--;
    for (uint8_t node = 1; node < config.node_count; node++) {
        config.nodes[node] = config.nodes[node + 1];
        reload.node_was[node] = (uint8_t)(node + 1);
    }
    reload.node_was[config.node_count] = CORE_NEW;
    core = reconfigure(core, &config, &reload);
    assert_int_equal(core->members[1].state, MEMBER_ALIVE);
    assert_int_equal(core->members[1].suspicion.kind, SUSPICION_NONE);
    assert_int_equal(core->members[1].via, NODE_NONE);
    assert_int_equal(core->members[1].relays[0], NODE_NONE);
    assert_int_equal(core->members[1].interest, BIT(2));
    free(core);
}

static void test_what_is_being_released_is_not_released_again_for_a_reload(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    hold(core);
    step(core, 1000, (struct event){.type = EVENT_RETIRE, .retire = {.vips = 1}});
    assert_int_equal(count(ACTION_ADDRESS_REMOVE), 1);
    step(core, 1000, (struct event){.type = EVENT_RETIRE, .retire = {.vips = 1}});
    assert_int_equal(count(ACTION_ADDRESS_REMOVE), 0);
    kernel_says(core, ADDRESS_REMOVED, 0);
    assert_true(core_is_free_of(core, 1));
    free(core);
}

/* Node 2 is asked beside node 1; both stay, under other numbers. */
static void test_who_is_asked_beside_a_holder_is_asked_on(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct core_config config = default_config();
    struct core_reload reload = same_places();
    struct record peer = record_of(2, 1, VIP_STANDBY);
    hear(core, 2, &peer);
    core->members[2].suspicion = (struct suspicion){.kind = SUSPICION_LINKED, .holder = 1};
    core = reconfigure(core, &config, &reload);
    assert_int_equal(core->members[2].suspicion.kind, SUSPICION_LINKED);
    assert_int_equal(core->members[2].suspicion.holder, 1);
    free(core);
}

/* The engine does not reload what stops; but the core is asked to move everything that it knows. */
static void test_an_ordered_stop_remembers_what_it_released(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct core_config config = default_config();
    struct core_reload reload = same_places();
    hold(core);
    step(core, 1000, (struct event){.type = EVENT_STOP});
    assert_int_equal(core->stop_vips, 1);
    core = reconfigure(core, &config, &reload);
    assert_int_equal(core->stop_vips, 1);
    free(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_is_asked_beside_a_holder_is_asked_on),
        cmocka_unit_test(test_an_ordered_stop_remembers_what_it_released),
        cmocka_unit_test(test_nothing_points_to_a_node_that_went),
        cmocka_unit_test(test_what_is_being_released_is_not_released_again_for_a_reload),
        cmocka_unit_test(test_what_did_not_change_stays_as_it_was_and_the_peers_are_told_at_once),
        cmocka_unit_test(test_the_first_record_after_it_has_a_seq_of_its_own),
        cmocka_unit_test(test_nodes_and_vips_are_known_by_what_they_were),
        cmocka_unit_test(test_a_vip_that_goes_is_released_and_not_claimed_again),
        cmocka_unit_test(test_other_addresses_are_announced_and_the_vip_stays),
        cmocka_unit_test(test_a_holder_does_not_give_up_for_a_check_that_was_never_asked),
        cmocka_unit_test(test_a_check_that_is_new_to_a_holder_has_failed_after_fall_results),
        cmocka_unit_test(test_a_standby_waits_for_a_new_check_and_a_known_one_keeps_its_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
