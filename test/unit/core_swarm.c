// SPDX-License-Identifier: MIT
/*
 * What a node believes of itself in a Docker Swarm, and how a manager says it of all [SPEC R59,
 * F7].
 */
#include "core_support.h"

#define OWN     UINT64_C(400) /* key of node 0 in the swarm */
#define DRAINED AVAILABILITY_DRAINED
#define PAUSED  AVAILABILITY_PAUSED

static struct swarm_news news;

static struct core_config docker_config(uint8_t vips, bool is_general, uint32_t for_vips)
{
    struct core_config config = default_config();
    config.vip_count = vips;
    for (uint8_t vip = 1; vip < vips; vip++) {
        config.vips[vip] = config.vips[0];
        config.vips[vip].id = VIP_ID + vip;
    }
    config.check_count = 1;
    config.check_patience_ns = 5 * NS_PER_S;
    config.checks[0] =
        (struct core_check){.rise = 1, .fall = 1, .is_general = is_general, .vips = for_vips};
    return config;
}

static struct core *docker_core(uint8_t vips, bool is_general, uint32_t for_vips)
{
    struct core_config config = docker_config(vips, is_general, for_vips);
    struct core *core = serve_core(&config);
    step(core, 1000, (struct event){.type = EVENT_CHECK, .check = {.passed = true}});
    return core;
}

/* The engine of this node: it is a worker, and its key is that. */
static void be_worker(struct core *core, uint64_t own)
{
    news = (struct swarm_news){.own = own};
    step(core, 1000, (struct event){.type = EVENT_SWARM, .swarm = {.news = &news}});
}

/* It is a manager that knows of so many nodes, all drained, with keys from 8 on. */
static void be_manager(struct core *core, uint16_t count)
{
    news = (struct swarm_news){.own = OWN, .knows = true, .index = 7, .count = count};
    for (uint16_t i = 0; i < count; i++) {
        news.exceptions[i] = (8U + 4U * i) | (unsigned)DRAINED;
    }
    step(core, 1000, (struct event){.type = EVENT_SWARM, .swarm = {.news = &news}});
}

/* Node 1 is a manager, and names those. */
static void manager_says(struct core *core, enum swarm_word word, const uint64_t *keys,
                         uint8_t count)
{
    static uint64_t seq;
    struct record record = record_of(1, ++seq, VIP_STANDBY);
    record.swarm = (struct record_swarm){
        .word = (uint8_t)word, .index = (uint32_t)seq, .exception_count = count};
    for (uint8_t i = 0; i < count; i++) {
        record.swarm.exceptions[i] = keys[i];
    }
    hear(core, 1, &record);
}

/* Why its availability has changed in the last step. */
static enum reason swarm_reason(void)
{
    for (uint32_t i = 0; i < actions.count; i++) {
        if (actions.items[i].type == ACTION_CHANGE &&
            actions.items[i].change.type == CHANGE_AVAILABILITY) {
            return actions.items[i].change.reason;
        }
    }
    fail_msg("it has not changed");
    return REASON_STARTED;
}

static void test_a_part_of_a_list_says_something_from_its_first_to_its_last_key_only(void **unused)
{
    static const uint64_t before[] = {8 | DRAINED, 100 | DRAINED};
    static const uint64_t behind[] = {800 | DRAINED, 900 | DRAINED};
    static const uint64_t around[] = {8 | DRAINED, 900 | DRAINED};
    static const uint64_t round_end[] = {800 | DRAINED, 8 | DRAINED};
    static const uint64_t round_last[] = {900 | DRAINED, 500 | DRAINED};
    static const uint64_t round_first[] = {300 | DRAINED, 8 | DRAINED};
    static const uint64_t named[] = {8 | DRAINED, OWN | DRAINED, 900 | DRAINED};

    (void)unused;
    struct core *core = docker_core(1, true, 0);
    be_worker(core, OWN);
    manager_says(core, SWARM_WORD_PART, named, 3);
    assert_int_equal(core->swarm.availability, DRAINED);
    manager_says(core, SWARM_WORD_PART, before, 2);
    manager_says(core, SWARM_WORD_PART, behind, 2);
    manager_says(core, SWARM_WORD_PART, round_end, 2);
    manager_says(core, SWARM_WORD_PART, NULL, 0);
    assert_int_equal(core->swarm.availability, DRAINED);
    manager_says(core, SWARM_WORD_PART, around, 2);
    assert_int_equal(core->swarm.availability, AVAILABILITY_ACTIVE);
    manager_says(core, SWARM_WORD_PART, named, 3);
    manager_says(core, SWARM_WORD_PART, round_last, 2); /* from 900 over the end up to 500 */
    assert_int_equal(core->swarm.availability, AVAILABILITY_ACTIVE);
    manager_says(core, SWARM_WORD_PART, named, 3);
    manager_says(core, SWARM_WORD_PART, round_first, 2); /* from 300 over the end up to 8 */
    assert_int_equal(core->swarm.availability, AVAILABILITY_ACTIVE);
    free(core);
}

/* Two swarms in one cluster: their indexes cannot be compared. */
static void test_managers_that_stay_apart_for_a_minute_are_of_two_swarms(void **unused)
{
    uint8_t nodes[2];

    (void)unused;
    struct core *core = docker_core(1, true, 0);
    be_manager(core, 0);
    manager_says(core, SWARM_WORD_WHOLE, NULL, 0);
    core->members[1].record.swarm.index = 7; /* as the own one */
    tick(core, 1000);
    assert_int_equal(core->swarm.split[1], NODE_NONE);
    core->members[1].record.swarm.index = 8;
    tick(core, 1000);
    assert_int_equal(core->swarm.split[1], 1);
    struct mono soon = mono_add(core->swarm.split_since, 59 * NS_PER_S);
    struct mono late = mono_add(core->swarm.split_since, 60 * NS_PER_S);
    assert_false(core_swarm_is_split(core, soon, nodes));
    assert_true(core_swarm_is_split(core, late, nodes));
    assert_int_equal(nodes[0] + nodes[1], 1);
    core->config.swarm_look_ns = NS_PER_S; /* either word may be that old */
    assert_false(core_swarm_is_split(core, late, nodes));
    core->members[1].record.swarm.index = 9; /* it moves: one of them is only behind */
    tick(core, 1000);
    assert_true(mono_before(mono_add(soon, 0), mono_add(core->swarm.split_since, 60 * NS_PER_S)));
    core->members[1].record.swarm.word = SWARM_WORD_NONE;
    tick(core, 1000);
    assert_int_equal(core->swarm.split[1], NODE_NONE);
    free(core);
}

static void test_who_is_paused_drained_and_active_again_is_told_why(void **unused)
{
    static const uint64_t paused[] = {OWN | PAUSED};
    static const uint64_t drained[] = {OWN | DRAINED};

    (void)unused;
    struct core *core = docker_core(1, true, 0);
    be_worker(core, OWN);
    manager_says(core, SWARM_WORD_WHOLE, paused, 1);
    assert_int_equal(swarm_reason(), REASON_SWARM_PAUSED);
    assert_int_equal(core->draft.vips[0].priority, 1);
    manager_says(core, SWARM_WORD_WHOLE, drained, 1);
    assert_int_equal(swarm_reason(), REASON_SWARM_DRAINED);
    assert_int_not_equal(core->draft.flags & RECORD_DRAINED, 0);
    manager_says(core, SWARM_WORD_WHOLE, NULL, 0);
    assert_int_equal(swarm_reason(), REASON_SWARM_ACTIVE);
    manager_says(core, SWARM_WORD_WHOLE, drained, 1);
    be_worker(core, 0);
    assert_int_equal(swarm_reason(), REASON_SWARM_LEFT);
    assert_int_equal(core->draft.flags & RECORD_DRAINED, 0);
    free(core);
}

/* The check of the engine is for the second VIP: only that one is given up. */
static void test_a_drain_is_for_the_vips_of_the_check_that_asked(void **unused)
{
    static const uint64_t drained[] = {OWN | DRAINED};

    (void)unused;
    struct core *core = docker_core(2, false, 2);
    be_worker(core, OWN);
    manager_says(core, SWARM_WORD_WHOLE, drained, 1);
    assert_int_equal(core->draft.flags & RECORD_DRAINED, 0);
    assert_int_equal(core->draft.vips[0].drained, 0);
    assert_int_equal(core->draft.vips[1].drained, 1);
    free(core);
}

/* Until each has been named, and the next one again from the last of the part before. */
static void test_exceptions_without_room_take_turns_from_heartbeat_to_heartbeat(void **unused)
{
    (void)unused;
    struct core *core = docker_core(1, true, 0);
    uint64_t next = 8;
    be_manager(core, 150);
    for (unsigned part = 0; part < 3; part++) {
        const struct record_swarm *said = &core_record(core)->swarm;
        assert_int_equal(said->word, SWARM_WORD_PART);
        assert_int_equal(said->index, 7);
        assert_int_equal(said->exception_count, EXCEPTIONS_MAX);
        assert_int_equal(said->exceptions[0] & ~EXCEPTION_AVAILABILITY, next);
        next = said->exceptions[EXCEPTIONS_MAX - 1] & ~EXCEPTION_AVAILABILITY;
        tick(core, mono_elapsed(core->beat_next, core->now));
    }
    assert_true(next < 150 * 4); /* round to the beginning */
    be_manager(core, 150);
    assert_false(core->swarm.is_news);
    news.exceptions[3] ^= DRAINED ^ PAUSED;
    step(core, 1000, (struct event){.type = EVENT_SWARM, .swarm = {.news = &news}});
    assert_true(sends_to(1)); /* as many as before, and another one: told at once */
    free(core);
}

/* 32 VIPs and 16 nodes that are not heard leave room for one. */
static void test_a_full_record_names_one_exception_at_a_time(void **unused)
{
    (void)unused;
    struct core *core = docker_core(VIPS_MAX, true, 0);
    be_manager(core, 3);
    assert_int_equal(core_record(core)->unheard_count, UNHEARD_MAX);
    for (unsigned part = 0; part < 4; part++) {
        const struct record_swarm *said = &core_record(core)->swarm;
        assert_int_equal(said->word, SWARM_WORD_PART);
        assert_int_equal(said->exception_count, 1);
        assert_int_equal(said->exceptions[0] & ~EXCEPTION_AVAILABILITY, 8 + 4 * (part % 3));
        tick(core, mono_elapsed(core->beat_next, core->now));
    }
    free(core);
}

/* 25 VIPs: there is room for more than a short list, and for fewer than a record may name. */
static void test_exceptions_take_the_room_that_is_left(void **unused)
{
    (void)unused;
    struct core *core = docker_core(25, true, 0);
    be_manager(core, 60);
    uint8_t count = core_record(core)->swarm.exception_count;
    assert_int_equal(core_record(core)->swarm.word, SWARM_WORD_PART);
    assert_in_range(count, 16, EXCEPTIONS_MAX - 1);
    free(core);
}

static struct core *reconfigure(struct core *former, const struct core_config *config,
                                uint8_t check_was)
{
    struct core_reload reload;
    struct core *core = calloc(1, sizeof *core);
    assert_non_null(core);
    memset(&reload, 0, sizeof reload);
    for (uint8_t i = 0; i < NODES_MAX; i++) {
        reload.node_was[i] = i;
    }
    memset(reload.check_was, CORE_NEW, sizeof reload.check_was);
    reload.check_was[1] = check_was;
    core_reconfigure(core, former, config, &reload);
    free(former);
    return core;
}

/* It is the second one now; and when it goes nobody asks the engine any more. */
static void test_what_the_swarm_says_stays_with_the_check_that_asks(void **unused)
{
    static const uint64_t drained[] = {OWN | DRAINED};
    struct core_config config = docker_config(1, true, 0);

    (void)unused;
    struct core *core = docker_core(1, true, 0);
    config.check_count = 2;
    config.checks[1] = config.checks[0];
    core = reconfigure(core, &config, 0); /* it has not said anything yet */
    assert_int_equal(core->swarm.check, CHECK_NONE);
    free(core);

    core = docker_core(1, true, 0);
    be_worker(core, OWN);
    manager_says(core, SWARM_WORD_WHOLE, drained, 1);
    core = reconfigure(core, &config, 0);
    assert_int_equal(core->swarm.check, 1);
    assert_int_equal(core->swarm.availability, DRAINED);
    assert_int_equal(core->swarm.said_by, 1);
    config.check_count = 1;
    core = reconfigure(core, &config, 0);
    assert_int_equal(core->swarm.check, CHECK_NONE);
    assert_int_equal(core->swarm.availability, AVAILABILITY_UNKNOWN);
    assert_int_equal(core->swarm.said_by, NODE_NONE);
    tick(core, 0);
    assert_int_equal(core_record(core)->flags & RECORD_DRAINED, 0);
    free(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_managers_that_stay_apart_for_a_minute_are_of_two_swarms),
        cmocka_unit_test(test_a_part_of_a_list_says_something_from_its_first_to_its_last_key_only),
        cmocka_unit_test(test_who_is_paused_drained_and_active_again_is_told_why),
        cmocka_unit_test(test_a_drain_is_for_the_vips_of_the_check_that_asked),
        cmocka_unit_test(test_exceptions_without_room_take_turns_from_heartbeat_to_heartbeat),
        cmocka_unit_test(test_a_full_record_names_one_exception_at_a_time),
        cmocka_unit_test(test_exceptions_take_the_room_that_is_left),
        cmocka_unit_test(test_what_the_swarm_says_stays_with_the_check_that_asks),
    };
    return cmocka_run_group_tests_name("core_swarm", tests, NULL, NULL);
}
