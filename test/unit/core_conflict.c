// SPDX-License-Identifier: MIT
/* Hosts outside the cluster that use a VIP [SPEC R81..R85]. */
#include "core_support.h"

#define STRANGER UINT64_C(0x020000000109)

static struct event frame_of(uint64_t mac)
{
    struct event event = {.type = EVENT_FRAME, .frame = {.vip = 0}};
    for (unsigned i = 0; i < 6; i++) {
        event.frame.mac[i] = (uint8_t)(mac >> (40 - 8 * i));
    }
    return event;
}

static void set_mac(struct core *core, uint64_t mac)
{
    struct event event = frame_of(mac);
    event.type = EVENT_MAC;
    step(core, 1000, event);
}

/* A record that tells of the link, as one of this version does. */
static struct record record_with(uint8_t node, uint64_t seq, uint64_t own, uint64_t seen)
{
    struct record record = record_of(node, seq, VIP_STANDBY);
    record.link = (struct record_link){.vip = VIP_ID, .own = own, .seen = seen};
    return record;
}

static unsigned conflicts_told(void)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < actions.count; i++) {
        n += actions.items[i].type == ACTION_CHANGE &&
             actions.items[i].change.type == CHANGE_CONFLICT;
    }
    return n;
}

static unsigned run_and_count(struct core *core, uint64_t span_ns, enum action_type type)
{
    struct mono end = mono_add(core->now, span_ns);
    unsigned n = 0;
    while (!mono_before(end, core_deadline(core))) {
        tick(core, mono_elapsed(core_deadline(core), core->now));
        n += count(type);
    }
    core->now = end;
    return n;
}

static struct vip_view view_of(const struct core *core)
{
    struct vip_view view;
    core_view_vip(core, 0, core->now, &view);
    return view;
}

/* A node that holds, has announced itself and knows the MACs of its peers. */
static struct core *holder(void)
{
    struct core *core = new_core();
    hold(core);
    set_mac(core, 2);
    for (uint8_t node = 1; node < NODES; node++) {
        struct record record = record_with(node, 1, 100U + node, MAC_NONE);
        hear(core, node, &record);
    }
    run(core, NS_PER_S);
    return core;
}

static void keep_alive(struct core *core, uint64_t seq)
{
    for (uint8_t node = 1; node < NODES; node++) {
        struct record record = record_with(node, seq, 100U + node, MAC_NONE);
        hear(core, node, &record);
    }
}

static void test_a_stranger_is_named_after_a_moment_and_answered(void **unused)
{
    (void)unused;
    struct core *core = holder();
    keep_alive(core, 5);
    step(core, 1000, frame_of(STRANGER));
    assert_int_equal(conflicts_told(), 0);
    assert_false(view_of(core).in_conflict);
    while (conflicts_told() == 0) {
        tick(core, mono_elapsed(core_deadline(core), core->now));
    }
    assert_int_equal(count(ACTION_ANNOUNCE), 1);
    assert_int_equal(core->arbiters[0].announce_step, 1); /* the series begins again */
    struct vip_view view = view_of(core);
    assert_true(view.in_conflict);
    assert_int_equal(view.conflict_mac[4] << 8 | view.conflict_mac[5], STRANGER & 0xFFFF);
    assert_int_equal(view.conflict_count, 1);
    assert_int_equal(core->counters.conflicts, 1);
    assert_true(sends_to(1) && sends_to(2)); /* at once */
    assert_int_equal(core->record.link.seen, STRANGER);
    free(core);
}

static void test_the_macs_of_this_node_and_of_its_peers_are_no_strangers(void **unused)
{
    (void)unused;
    struct core *core = holder();
    step(core, 1000, frame_of(2));
    step(core, 1000, frame_of(101));
    step(core, 1000, frame_of(102));
    step(core, 1000, frame_of(MAC_NONE));
    step(core, 1000, frame_of(MAC_GROUP | 5));
    keep_alive(core, 5);
    run(core, 300 * NS_PER_MS);
    assert_false(view_of(core).in_conflict);
    free(core);
}

/* The frame was faster than the record that tells the MAC. */
static void test_a_node_whose_record_comes_a_moment_later_is_no_stranger(void **unused)
{
    (void)unused;
    struct core *core = holder();
    step(core, 1000, frame_of(STRANGER));
    struct record record = record_with(1, 9, STRANGER, MAC_NONE);
    hear(core, 1, &record);
    run(core, NS_PER_S);
    assert_false(view_of(core).in_conflict);
    free(core);
}

static void hear_untold(struct core *core, uint64_t seq, enum vip_state state)
{
    struct record record = record_of(1, seq, state); /* of a version that tells no MAC */
    record.vips[0].priority = 250;
    hear(core, 1, &record);
}

static void test_a_node_that_has_not_told_its_mac_is_waited_for(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    set_mac(core, 2);
    for (uint64_t seq = 1; seq < 12; seq++) {
        hear_untold(core, seq, VIP_STANDBY);
        if (seq == 1) {
            step(core, 1000, frame_of(STRANGER));
        }
        run(core, NS_PER_S);
        assert_true(seq == 10 || view_of(core).in_conflict == (seq > 10));
    }
    free(core);
}

/* As in the middle of an upgrade. */
static void test_a_holder_that_never_tells_its_mac_is_no_stranger(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    uint64_t seq = 1;
    set_mac(core, 2);
    step(core, 1000, frame_of(STRANGER)); /* it claimed, and its record came a moment later */
    for (; seq < 30; seq++) {
        hear_untold(core, seq, VIP_HOLDING);
        step(core, 1000, frame_of(STRANGER));
        run(core, NS_PER_S);
        assert_false(view_of(core).in_conflict);
    }
    hear_untold(core, seq++, VIP_STANDBY);
    step(core, 1000, frame_of(STRANGER)); /* what its kernel sent before was slower */
    for (unsigned i = 0; i < 15; i++) {
        hear_untold(core, seq++, VIP_STANDBY);
        run(core, NS_PER_S);
        assert_false(view_of(core).in_conflict);
    }
    step(core, 1000, frame_of(STRANGER)); /* but now it uses what is not its own any more */
    for (unsigned i = 0; i < 15; i++) {
        hear_untold(core, seq++, VIP_STANDBY);
        run(core, NS_PER_S);
    }
    assert_true(view_of(core).in_conflict);
    /* And so it is its own again, as after a cut: not at once, because a node that has only begun
     * to claim is about to tell. */
    for (unsigned i = 0; i < 101; i++) {
        hear_untold(core, seq++, VIP_HOLDING);
        assert_true(view_of(core).in_conflict || i == 100);
        run(core, 100 * NS_PER_MS);
    }
    assert_false(view_of(core).in_conflict);
    free(core);
}

static void test_defence_is_one_series_and_then_one_round_a_second(void **unused)
{
    (void)unused;
    struct core *core = holder();
    unsigned announced = 0;
    keep_alive(core, 5);
    step(core, 1000, frame_of(STRANGER));
    announced += run_and_count(core, 300 * NS_PER_MS, ACTION_ANNOUNCE);
    for (unsigned i = 0; i < 100; i++) { /* a hundred frames in each of ten seconds */
        if (i % 10 == 0) {
            keep_alive(core, 6 + i);
        }
        for (unsigned n = 0; n < 10; n++) {
            step(core, 9 * NS_PER_MS, frame_of(STRANGER));
            announced += count(ACTION_ANNOUNCE);
        }
        announced += run_and_count(core, 10 * NS_PER_MS, ACTION_ANNOUNCE);
    }
    assert_in_range(announced, 12, 20); /* a late timer announces too */
    assert_int_equal(view_of(core).conflict_count, 1001);
    assert_int_equal(core->counters.conflicts, 1);
    free(core);
}

#define OTHER UINT64_C(0x020000000208)

/* Two that alternate: the one that was seen first is not forgotten for the other one. */
static void test_two_strangers_that_alternate_are_named_all_the_same(void **unused)
{
    (void)unused;
    struct core *core = holder();
    keep_alive(core, 5);
    for (unsigned i = 0; i < 10; i++) {
        step(core, 1000, frame_of(i % 2 == 0 ? STRANGER : OTHER));
        run(core, 50 * NS_PER_MS);
    }
    assert_true(view_of(core).in_conflict);
    assert_int_equal(core->conflicts[0].mac, STRANGER);
    free(core);
}

/* It has no name while the first one has it; the neighbours need the holder's answer all the same
 * [SPEC R84]. */
static void test_a_stranger_beside_the_named_one_is_answered(void **unused)
{
    (void)unused;
    struct core *core = holder();
    keep_alive(core, 5);
    step(core, 1000, frame_of(STRANGER));
    (void)run_and_count(core, 6 * NS_PER_S, ACTION_ANNOUNCE); /* the whole series */
    assert_true(view_of(core).in_conflict);
    keep_alive(core, 6);
    unsigned announced = 0;
    for (unsigned i = 0; i < 8; i++) {
        step(core, 1000, frame_of(OTHER));
        announced += count(ACTION_ANNOUNCE);
        announced += run_and_count(core, NS_PER_S / 4, ACTION_ANNOUNCE);
    }
    assert_in_range(announced, 2, 3); /* one round a second */
    assert_int_equal(core->conflicts[0].mac, STRANGER);
    /* The first one has been silent for ten seconds: the other one is named in its place. */
    for (unsigned i = 0; i < 8; i++) {
        keep_alive(core, 7 + i);
        step(core, 1000, frame_of(OTHER));
        run(core, NS_PER_S);
    }
    assert_int_equal(core->conflicts[0].mac, OTHER);
    free(core);
}

static struct event frame_for(uint16_t address, uint64_t mac)
{
    struct event event = frame_of(mac);
    event.frame.address = address;
    return event;
}

/* What the next round is of, and when it comes. */
static uint16_t announced(struct core *core)
{
    for (;;) {
        for (uint32_t i = 0; i < actions.count; i++) {
            if (actions.items[i].type == ACTION_ANNOUNCE) {
                uint16_t index = actions.items[i].address.index;
                actions.count = 0;
                return index;
            }
        }
        tick(core, mono_elapsed(core_deadline(core), core->now));
    }
}

static void test_a_round_is_of_the_address_in_dispute(void **unused)
{
    (void)unused;
    struct core *core = holder();
    keep_alive(core, 5);
    step(core, 1000, frame_for(3, STRANGER));
    run(core, 6 * NS_PER_S); /* named, and the whole series, of all of them */
    keep_alive(core, 6);
    step(core, 1000, frame_for(3, STRANGER));
    assert_int_equal(count(ACTION_ANNOUNCE), 1);
    assert_int_equal(announced(core), 3);
    struct mono first = core->now;
    step(core, 1000, frame_for(4, STRANGER)); /* not within this second, but not later either */
    assert_int_equal(count(ACTION_ANNOUNCE), 0);
    assert_int_equal(announced(core), 4);
    assert_int_equal(mono_elapsed(core->now, first), NS_PER_S);
    step(core, 1000, frame_for(3, STRANGER));
    step(core, 1000, frame_for(4, STRANGER));
    assert_int_equal(announced(core), ALL_ADDRESSES);
    assert_false(core->conflicts[0].is_disputed);
    free(core);
}

static void test_a_standby_names_the_stranger_and_announces_nothing(void **unused)
{
    (void)unused;
    struct core *core = new_core();
    struct record record = record_of(1, 1, VIP_HOLDING);
    record.link = (struct record_link){.vip = VIP_ID, .own = 101};
    record.vips[0].priority = 250;
    hear(core, 1, &record);
    step(core, 1000, frame_of(STRANGER));
    assert_int_equal(run_and_count(core, 300 * NS_PER_MS, ACTION_ANNOUNCE), 0);
    assert_true(view_of(core).in_conflict);
    free(core);
}

static void test_what_another_node_has_seen_is_named_and_answered_and_not_passed_on(void **unused)
{
    (void)unused;
    struct core *core = holder();
    struct record record = record_with(1, 5, 101, STRANGER);
    hear(core, 1, &record);
    assert_int_equal(conflicts_told(), 1);
    assert_int_equal(count(ACTION_ANNOUNCE), 1);
    assert_true(view_of(core).in_conflict);
    assert_int_equal(core->draft.link.seen, MAC_NONE);
    record.seq++;
    hear(core, 1, &record);
    assert_int_equal(conflicts_told(), 0);
    assert_int_equal(count(ACTION_ANNOUNCE), 0);
    free(core);
}

static void test_a_stranger_that_is_silent_for_a_minute_is_gone(void **unused)
{
    (void)unused;
    struct core *core = holder();
    keep_alive(core, 5);
    step(core, 1000, frame_of(STRANGER));
    run(core, NS_PER_S);
    assert_true(view_of(core).in_conflict);
    run(core, 60 * NS_PER_S);
    assert_false(view_of(core).in_conflict);
    assert_int_equal(core->draft.link.seen, MAC_NONE);
    free(core);
}

/* What the last step told of a host that uses the address. */
static struct change told(void)
{
    struct change found = {.reason = REASON_NONE};
    for (uint32_t i = 0; i < actions.count; i++) {
        if (actions.items[i].type == ACTION_CHANGE &&
            actions.items[i].change.type == CHANGE_CONFLICT) {
            found = actions.items[i].change;
        }
    }
    return found;
}

/* A kernel that was left alone with the address goes on answering; or a firewall keeps a holder
 * from being heard. */
static void test_a_dead_node_that_still_answers_is_told_by_its_name(void **unused)
{
    (void)unused;
    struct core *core = holder();
    run(core, 6 * NS_PER_S);
    assert_int_equal(core->members[1].state, MEMBER_DEAD);
    step(core, 1000, frame_of(101));
    run(core, NS_PER_S / 2);
    assert_false(view_of(core).in_conflict); /* not yet: its lifetimes may still end */
    run(core, 11 * NS_PER_S);
    step(core, 1000, frame_of(101));
    assert_int_equal(view_of(core).conflict_node, NODE_NONE);
    while (told().reason == REASON_NONE) {
        tick(core, mono_elapsed(core_deadline(core), core->now));
    }
    assert_int_equal(told().reason, REASON_UNHEARD_NODE);
    assert_true(view_of(core).in_conflict);
    assert_int_equal(view_of(core).conflict_node, 1); /* it has told that MAC */
    struct record record = record_with(1, 50, 101, MAC_NONE);
    record.incarnation = 777;
    hear(core, 1, &record);
    assert_int_equal(told().reason, REASON_UNHEARD_GONE);
    assert_int_equal(told().node, 1);
    assert_false(view_of(core).in_conflict);
    free(core);
}

static void test_a_mac_that_changes_is_told_at_once_and_announced(void **unused)
{
    (void)unused;
    struct core *core = holder();
    set_mac(core, 7);
    assert_int_equal(count(ACTION_ANNOUNCE), 1);
    assert_true(sends_to(1) && sends_to(2));
    assert_int_equal(core->record.link.own, 7);
    set_mac(core, 7);
    assert_int_equal(count(ACTION_ANNOUNCE), 0);
    free(core);
}

static void test_a_mac_that_is_none_is_not_told_and_one_of_many_hosts_is_not_taken(void **unused)
{
    (void)unused;
    struct core *core = holder();
    set_mac(core, 7);
    set_mac(core, UINT64_C(0x010000000007));
    assert_int_equal(core->conflicts[0].own, 7);
    set_mac(core, MAC_NONE); /* the interface is gone */
    assert_int_equal(core->conflicts[0].own, MAC_NONE);
    assert_false(sends_to(1));
    set_mac(core, 8);
    assert_int_equal(count(ACTION_ANNOUNCE), 1);
    assert_false(sends_to(1)); /* what was not told before waits for its turn */
    free(core);
}

static void test_a_node_without_a_vip_tells_of_no_link(void **unused)
{
    (void)unused;
    struct core_config config = default_config();
    config.vip_count = 0;
    struct core *core = serve_core(&config);
    run(core, 3 * timing_slow(T_NS, NODES));
    assert_true(core->record.seq > 1);
    assert_int_equal(core->record.link.vip, ID_NONE);
    free(core);
}

static void test_only_what_is_about_a_host_has_its_mac(void **unused)
{
    (void)unused;
    unsigned with_mac = 0;
    for (unsigned reason = 0; reason < REASON_COUNT; reason++) {
        with_mac += reason_has_mac((enum reason)reason) ? 1 : 0;
    }
    assert_int_equal(with_mac, 6);
    assert_true(reason_has_mac(REASON_ADDRESS_ANSWERED) && reason_has_mac(REASON_FOREIGN_GONE));
}

static void test_vips_take_turns_in_the_records(void **unused)
{
    (void)unused;
    struct core_config config = default_config();
    config.vip_count = 3;
    for (uint8_t vip = 0; vip < 3; vip++) {
        config.vips[vip] = config.vips[0];
        config.vips[vip].id = VIP_ID + vip;
        config.vips[vip].candidates = 0;
    }
    struct core *core = serve_core(&config);
    for (uint8_t vip = 0; vip < 3; vip++) {
        struct event event = {.type = EVENT_MAC, .frame = {.vip = vip, .mac = {2, [5] = vip}}};
        step(core, 1000, event);
    }
    uint64_t told = 0;
    for (unsigned beat = 0; beat < 3; beat++) {
        run(core, timing_slow(T_NS, NODES));
        told |= BIT(core->record.link.vip - VIP_ID);
        assert_int_equal(core->record.link.own & 0xFF, core->record.link.vip - VIP_ID);
    }
    assert_int_equal(told, 7);
    free(core);
}

static void test_a_reload_keeps_what_is_known(void **unused)
{
    (void)unused;
    struct core *former = holder();
    keep_alive(former, 5);
    step(former, 1000, frame_of(STRANGER));
    run(former, NS_PER_S);
    struct core_config config = former->config;
    struct core_reload reload;
    config.vip_count = 2;
    config.vips[1] = config.vips[0];
    config.vips[0].id = VIP_ID + 1;
    memset(&reload, CORE_NEW, sizeof reload);
    for (uint8_t node = 0; node < NODES; node++) {
        reload.node_was[node] = node;
    }
    reload.vip_was[1] = 0;
    struct core *core = calloc(1, sizeof *core);
    assert_non_null(core);
    core_reconfigure(core, former, &config, &reload);
    assert_int_equal(core->conflicts[0].mac, MAC_NONE);
    assert_int_equal(core->conflicts[1].mac, STRANGER);
    assert_int_equal(core->members[1].macs[1], 101);
    assert_int_equal(core->members[1].links_told, 2);
    free(former);
    free(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stranger_is_named_after_a_moment_and_answered),
        cmocka_unit_test(test_the_macs_of_this_node_and_of_its_peers_are_no_strangers),
        cmocka_unit_test(test_a_node_whose_record_comes_a_moment_later_is_no_stranger),
        cmocka_unit_test(test_a_node_that_has_not_told_its_mac_is_waited_for),
        cmocka_unit_test(test_a_holder_that_never_tells_its_mac_is_no_stranger),
        cmocka_unit_test(test_defence_is_one_series_and_then_one_round_a_second),
        cmocka_unit_test(test_two_strangers_that_alternate_are_named_all_the_same),
        cmocka_unit_test(test_a_stranger_beside_the_named_one_is_answered),
        cmocka_unit_test(test_a_round_is_of_the_address_in_dispute),
        cmocka_unit_test(test_a_standby_names_the_stranger_and_announces_nothing),
        cmocka_unit_test(test_what_another_node_has_seen_is_named_and_answered_and_not_passed_on),
        cmocka_unit_test(test_a_stranger_that_is_silent_for_a_minute_is_gone),
        cmocka_unit_test(test_a_dead_node_that_still_answers_is_told_by_its_name),
        cmocka_unit_test(test_a_mac_that_changes_is_told_at_once_and_announced),
        cmocka_unit_test(test_a_mac_that_is_none_is_not_told_and_one_of_many_hosts_is_not_taken),
        cmocka_unit_test(test_a_node_without_a_vip_tells_of_no_link),
        cmocka_unit_test(test_only_what_is_about_a_host_has_its_mac),
        cmocka_unit_test(test_vips_take_turns_in_the_records),
        cmocka_unit_test(test_a_reload_keeps_what_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
