// SPDX-License-Identifier: MIT
/* When a suspicion begins, whom it takes along, and what ends it [SPEC R32..R38]. */
#include "core_support.h"

static struct core *core_of_two_vips(void)
{
    struct core_config config = default_config();
    config.vip_count = 2;
    config.vips[1] = config.vips[0];
    config.vips[1].id = VIP_ID + 1;
    config.vips[1].priority = 10;
    return serve_core(&config);
}

static void say_port_is_closed(struct core *core, uint8_t node)
{
    step(core, 0, (struct event){.type = EVENT_UNREACHABLE, .unreachable.peer = node});
}

/* Anybody can forge that message: it must not cost a holder the time that its keeper counts on
 * [SPEC R32, R36]. */
static void test_a_closed_port_makes_no_holder_dead_before_its_time(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct record holder = record_of(1, 1, VIP_HOLDING);
    holder.next_ms = (uint32_t)(T_NS / NS_PER_MS);
    hear(core, 1, &holder);
    struct mono heard = core->members[1].heard;
    say_port_is_closed(core, 1);
    while (core->members[1].state == MEMBER_SUSPECT) {
        tick(core, mono_elapsed(core_deadline(core), core->now));
        assert_true(mono_elapsed(core->now, heard) <= timing_detection(T_NS) + NS_PER_MS);
    }
    assert_int_equal(core->members[1].state, MEMBER_DEAD);
    assert_true(mono_elapsed(core->now, heard) >= timing_detection(T_NS));
    free(core);
}

static void test_a_closed_port_makes_a_standby_dead_early(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct record other = record_of(1, 1, VIP_STANDBY);
    other.next_ms = 10 * (uint32_t)(T_NS / NS_PER_MS);
    hear(core, 1, &other);
    struct mono heard = core->members[1].heard;
    say_port_is_closed(core, 1);
    run(core, T_NS);
    assert_int_equal(core->members[1].state, MEMBER_DEAD);
    assert_true(mono_elapsed(core->members[1].died, heard) < T_NS);
    free(core);
}

static void test_a_closed_port_begins_a_suspicion_once_per_interval(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    say_port_is_closed(core, 1); /* nobody knows that node */
    assert_int_equal(core->members[1].state, MEMBER_UNKNOWN);
    struct record other = record_of(1, 1, VIP_STANDBY);
    hear(core, 1, &other);
    step(core, 1000, (struct event){.type = EVENT_TIMER});
    say_port_is_closed(core, 1);
    assert_int_equal(core->members[1].state, MEMBER_SUSPECT);
    struct mono started = core->members[1].suspicion.started;
    tick(core, NS_PER_MS);
    say_port_is_closed(core, 1); /* it is suspected already */
    assert_int_equal(core->members[1].suspicion.started.ns, started.ns);
    other.seq++;
    hear(core, 1, &other);
    assert_int_equal(core->members[1].state, MEMBER_ALIVE);
    say_port_is_closed(core, 1); /* within T of the hint before */
    assert_int_equal(core->members[1].state, MEMBER_ALIVE);
    core->now = mono_add(started, T_NS);
    say_port_is_closed(core, 1);
    assert_int_equal(core->members[1].state, MEMBER_SUSPECT);
    free(core);
}

static void test_the_standbys_are_asked_only_with_a_holder(void **unused)
{
    (void)unused;
    const enum vip_state states[] = {VIP_STANDBY, VIP_HOLDING};
    for (unsigned i = 0; i < 2; i++) {
        struct core *core = new_core();
        step(core, 1000, (struct event){.type = EVENT_LINK, .link = {.vip = 0, .up = false}});
        core->phase = PHASE_SERVING;
        struct record suspect = record_of(1, 1, states[i]);
        struct record standby = record_of(2, 1, VIP_STANDBY);
        hear(core, 1, &suspect);
        hear(core, 2, &standby);
        say_port_is_closed(core, 1);
        assert_int_equal(core->members[2].suspicion.kind,
                         states[i] == VIP_HOLDING ? SUSPICION_LINKED : SUSPICION_NONE);
        assert_int_equal(core->members[2].state, MEMBER_ALIVE);
        free(core);
    }
}

/* Two VIPs, and the suspect lists only one of them, held: the other concerns nobody. */
static void test_a_vip_that_the_suspect_does_not_list_is_none_of_its_own(void **unused)
{
    (void)unused;
    for (uint8_t listed = 0; listed < 2; listed++) {
        struct core *core = core_of_two_vips();
        struct record suspect = record_of(1, 1, VIP_HOLDING);
        suspect.next_ms = 100;
        suspect.vips[0].vip = VIP_ID + listed;
        struct record standby = record_of(2, 1, VIP_STANDBY);
        standby.vips[0].vip = VIP_ID + 1; /* second, behind the suspect, for that one only */
        hear(core, 1, &suspect);
        hear(core, 2, &standby);
        while (core->members[1].suspicion.rounds < 2) {
            tick(core, mono_elapsed(core_deadline(core), core->now));
        }
        assert_int_equal(core->members[1].state, MEMBER_SUSPECT);
        assert_int_equal(core->members[2].suspicion.kind,
                         listed == 1 ? SUSPICION_LINKED : SUSPICION_NONE);
        free(core);
    }
}

/* Of a VIP that the suspect cannot hold nobody has to be asked with it. */
static void test_a_vip_in_fault_takes_no_standby_along(void **unused)
{
    (void)unused;
    struct core *core = core_of_two_vips();
    struct record suspect = record_of(1, 1, VIP_FAULT);
    suspect.next_ms = 100;
    suspect.vip_count = 2;
    suspect.vips[1] = suspect.vips[0];
    suspect.vips[1].vip = VIP_ID + 1;
    suspect.vips[1].state = VIP_HOLDING;
    struct record first = record_of(2, 1, VIP_STANDBY); /* of the VIP in fault */
    struct record second = record_of(3, 1, VIP_STANDBY);
    second.vips[0].vip = VIP_ID + 1;
    hear(core, 1, &suspect);
    hear(core, 2, &first);
    hear(core, 3, &second);
    while (core->members[1].suspicion.rounds < 1) {
        tick(core, mono_elapsed(core_deadline(core), core->now));
    }
    assert_int_equal(core->members[2].suspicion.kind, SUSPICION_NONE);
    assert_int_equal(core->members[3].suspicion.kind, SUSPICION_LINKED);
    free(core);
}

/* A record exactly as old as the suspicion: it may have been sent before the question. */
static void test_a_record_as_old_as_the_suspicion_ends_it_only_after_a_question(void **unused)
{
    (void)unused;
    for (unsigned asked = 0; asked < 2; asked++) {
        struct core *core = new_core();
        struct record other = record_of(1, 1, VIP_STANDBY);
        struct record relay = record_of(2, 1, VIP_STANDBY);
        hear(core, 1, &other);
        hear(core, 2, &relay);
        core->now = mono_add(core->now, NS_PER_MS);
        say_port_is_closed(core, 1);
        if (asked == 1) {
            tick(core, 0);
            assert_int_equal(core->members[1].suspicion.rounds, 1);
        }
        other.seq++;
        hear_through(core, 2, &other, 1000); /* the microsecond of the delivery */
        assert_int_equal(core->members[1].heard.ns, core->members[1].suspicion.started.ns);
        assert_int_equal(core->members[1].state, asked == 1 ? MEMBER_ALIVE : MEMBER_SUSPECT);
        free(core);
    }
}

/* Holder and next one are overdue, and somebody has a record of the next one that is not: it is
 * older than the questions, so it does not show that this one outlived the holder. */
static void test_a_standby_that_is_not_due_after_all_is_asked_on_beside_the_holder(void **unused)
{
    (void)unused;
    for (unsigned first = 1; first <= 2; first++) {
        struct core *core = new_core();
        struct record records[] = {record_of(1, 1, VIP_HOLDING), record_of(2, 1, VIP_STANDBY),
                                   record_of(3, 1, VIP_STANDBY)};
        records[0].next_ms = records[1].next_ms = 100;
        hear(core, (uint8_t)first, &records[first - 1]);
        hear(core, (uint8_t)(3 - first), &records[2 - first]);
        hear(core, 3, &records[2]);
        run(core, 126 * NS_PER_MS);
        assert_int_equal(core->members[1].state, MEMBER_SUSPECT);
        assert_int_equal(core->members[2].state, MEMBER_SUSPECT);
        records[1].seq++;
        records[1].next_ms = 4000;
        hear_through(core, 3, &records[1], 50 * NS_PER_MS);
        assert_int_equal(core->members[2].state, MEMBER_ALIVE);
        assert_int_equal(core->members[2].suspicion.kind, SUSPICION_LINKED);
        records[2].seq++;
        hear(core, 3, &records[2]);
        run(core, timing_detection(T_NS) - 126 * NS_PER_MS + NS_PER_MS);
        assert_int_equal(core->members[1].state, MEMBER_DEAD);
        assert_int_equal(core->members[2].state, MEMBER_DEAD);
        assert_int_equal(core->members[3].state, MEMBER_ALIVE);
        free(core);
    }
}

/* The holder is dead already; its standby is still asked for itself, and is not due. */
static void test_a_standby_that_is_not_due_is_left_alone_when_its_holder_is_dead(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct record records[] = {record_of(1, 1, VIP_HOLDING), record_of(2, 1, VIP_STANDBY),
                               record_of(3, 1, VIP_STANDBY)};
    records[0].next_ms = records[1].next_ms = 100;
    for (uint8_t node = 1; node <= 3; node++) {
        hear(core, node, &records[node - 1]);
    }
    run(core, 126 * NS_PER_MS);
    assert_int_equal(core->members[2].suspicion.holder, 1);
    core->members[1].suspicion.kind = SUSPICION_NONE; /* as the verdict leaves it */
    core->members[1].state = MEMBER_DEAD;
    records[1].seq++;
    records[1].next_ms = 4000;
    hear_through(core, 3, &records[1], 50 * NS_PER_MS);
    assert_int_equal(core->members[2].state, MEMBER_ALIVE);
    assert_int_equal(core->members[2].suspicion.kind, SUSPICION_NONE);
    free(core);
}

/* Node 2 was cut off from this one, and may be back: nobody knows before its next heartbeat. It is
 * the only one that still hears node 1. */
static void test_a_live_node_that_is_not_heard_is_asked_about_a_suspect_too(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct record suspect = record_of(1, 1, VIP_HOLDING);
    struct record relay = record_of(3, 1, VIP_STANDBY);
    struct record unheard = record_of(2, 1, VIP_STANDBY);
    unsigned asked = 0;
    unheard.vips[0].ready = VIP_READY_NO; /* it is not asked as a candidate */
    hear(core, 2, &unheard);
    core->members[2].direct = (struct mono){1};
    hear(core, 3, &relay);
    suspect.next_ms = 100;
    hear(core, 1, &suspect);
    while (core->members[1].suspicion.rounds < 3) {
        tick(core, mono_elapsed(core_deadline(core), core->now));
        const struct question *question = &actions.out[2].question;
        asked += sends_to(2) && question->about_count > 0 && question->about[0] == 1001;
    }
    assert_int_equal(asked, 2); /* in every round but the first */
    free(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_closed_port_begins_a_suspicion_once_per_interval),
        cmocka_unit_test(test_a_closed_port_makes_no_holder_dead_before_its_time),
        cmocka_unit_test(test_a_closed_port_makes_a_standby_dead_early),
        cmocka_unit_test(test_the_standbys_are_asked_only_with_a_holder),
        cmocka_unit_test(test_a_vip_that_the_suspect_does_not_list_is_none_of_its_own),
        cmocka_unit_test(test_a_vip_in_fault_takes_no_standby_along),
        cmocka_unit_test(test_a_record_as_old_as_the_suspicion_ends_it_only_after_a_question),
        cmocka_unit_test(test_a_standby_that_is_not_due_after_all_is_asked_on_beside_the_holder),
        cmocka_unit_test(test_a_standby_that_is_not_due_is_left_alone_when_its_holder_is_dead),
        cmocka_unit_test(test_a_live_node_that_is_not_heard_is_asked_about_a_suspect_too),
    };
    return cmocka_run_group_tests_name("core_suspicion", tests, NULL, NULL);
}
