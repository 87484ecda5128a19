// SPDX-License-Identifier: MIT
/* Does the holder answer on the wire [SPEC R86, R87]? */
#include "core_support.h"

#define HOLDER_MAC UINT64_C(0x020000000101)
#define OTHER_MAC  UINT64_C(0x020000000102)

static uint16_t asked_index;

static struct event frame_of(uint16_t address, uint64_t mac)
{
    struct event event = {.type = EVENT_FRAME, .frame = {.vip = 0, .address = address}};
    for (unsigned i = 0; i < 6; i++) {
        event.frame.mac[i] = (uint8_t)(mac >> (40 - 8 * i));
    }
    return event;
}

static bool has_asked(void)
{
    for (uint32_t i = 0; i < actions.count; i++) {
        if (actions.items[i].type == ACTION_VERIFY) {
            asked_index = actions.items[i].address.index;
            return true;
        }
    }
    return false;
}

/* Node 1 says that it holds, which link its interface has, and goes on saying so. */
static void holder_beats(struct core *core)
{
    static uint64_t seq;
    struct record record = record_of(1, ++seq, VIP_HOLDING);
    record.link = (struct record_link){.vip = VIP_ID, .own = HOLDER_MAC};
    record.vips[0].priority = 250;
    hear(core, 1, &record);
}

/* Until the node asks, or that much time is over; ret_ns: how long that took. */
static bool wait_asked(struct core *core, uint64_t span_ns, uint64_t *ret_ns)
{
    uint64_t start_ns = core->now.ns;
    while (core->now.ns - start_ns < span_ns) {
        holder_beats(core);
        if (has_asked()) {
            break;
        }
        tick(core, T_NS / 2);
        if (has_asked()) {
            break;
        }
    }
    *ret_ns = core->now.ns - start_ns;
    return has_asked();
}

static struct vip_view view_of(const struct core *core)
{
    struct vip_view view;
    core_view_vip(core, 0, core->now, &view);
    return view;
}

static struct core *standby_core(uint16_t address_count)
{
    struct core_config config = default_config();
    config.node_count = 3;
    config.vips[0].address_count = address_count;
    struct core *core = serve_core(&config);
    struct event mac = frame_of(0, 0x020000000100);
    mac.type = EVENT_MAC;
    holder_beats(core); /* or this node would claim it */
    step(core, 1000, mac);
    return core;
}

static void test_the_holder_is_asked_for_soon_and_then_rarely(void **unused)
{
    (void)unused;
    struct core *core = standby_core(1);
    uint64_t span_ns;
    assert_true(wait_asked(core, 3 * NS_PER_S, &span_ns));
    assert_in_range(span_ns, NS_PER_S / 2, 2 * NS_PER_S + T_NS);
    assert_int_equal(view_of(core).verified | view_of(core).unverified, 0);
    step(core, 1000, frame_of(0, HOLDER_MAC));
    assert_int_equal(view_of(core).verified, BIT(0));
    for (unsigned i = 0; i < 5; i++) {
        assert_true(wait_asked(core, 20 * NS_PER_S, &span_ns));
        assert_in_range(span_ns, 5 * NS_PER_S - T_NS, 15 * NS_PER_S + T_NS);
        step(core, 1000, frame_of(0, HOLDER_MAC));
    }
    assert_int_equal(core->draft.link.verifies, 1001);
    free(core);
}

static void test_three_questions_without_an_answer_and_the_holder_is_missed(void **unused)
{
    (void)unused;
    struct core *core = standby_core(1);
    uint64_t span_ns;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(view_of(core).unverified, 0);
        assert_true(wait_asked(core, 3 * NS_PER_S, &span_ns));
    }
    assert_false(wait_asked(core, 3 * NS_PER_S, &span_ns));
    assert_int_equal(view_of(core).unverified, BIT(0));
    assert_int_equal(view_of(core).verified, 0);
    assert_int_equal(core->draft.link.misses, 1001);
    /* And when it answers again, it is verified again. */
    assert_true(wait_asked(core, 20 * NS_PER_S, &span_ns));
    step(core, 1000, frame_of(0, HOLDER_MAC));
    assert_int_equal(view_of(core).verified, BIT(0));
    assert_int_equal(view_of(core).unverified, 0);
    free(core);
}

static void test_only_the_holder_s_answer_for_that_address_counts(void **unused)
{
    (void)unused;
    struct core *core = standby_core(3);
    uint64_t span_ns;
    assert_true(wait_asked(core, 3 * NS_PER_S, &span_ns));
    assert_int_equal(asked_index, 0);
    step(core, 1000, frame_of(0, OTHER_MAC));
    step(core, 1000, frame_of(1, HOLDER_MAC));
    assert_int_equal(view_of(core).verified, 0);
    step(core, 1000, frame_of(0, HOLDER_MAC));
    assert_int_equal(view_of(core).verified, BIT(0));
    step(core, 1000, frame_of(1, HOLDER_MAC)); /* nobody has asked */
    for (uint16_t turn = 1; turn < 4; turn++) {
        assert_true(wait_asked(core, 20 * NS_PER_S, &span_ns));
        assert_int_equal(asked_index, turn % 3);
        step(core, 1000, frame_of(asked_index, HOLDER_MAC));
    }
    free(core);
}

/* Proxy ARP: it may answer for everybody. Where the holder is the gateway it answers for itself. */
static void test_the_answer_of_a_gateway_says_nothing_unless_it_is_the_holder(void **unused)
{
    (void)unused;
    struct core *core = standby_core(1);
    uint64_t span_ns;
    struct event gateway = frame_of(0, OTHER_MAC);
    gateway.frame.is_gateway = true;
    for (unsigned i = 0; i < 4; i++) {
        assert_true(wait_asked(core, 20 * NS_PER_S, &span_ns));
        step(core, 1000, gateway);
        assert_int_equal(view_of(core).verified | view_of(core).unverified, 0);
    }
    assert_false(core->arbiters[0].answered || view_of(core).in_conflict);
    gateway = frame_of(0, HOLDER_MAC);
    gateway.frame.is_gateway = true;
    assert_true(wait_asked(core, 20 * NS_PER_S, &span_ns));
    step(core, 1000, gateway);
    assert_int_equal(view_of(core).verified, BIT(0));
    free(core);
}

static void test_a_holder_with_other_addresses_is_not_asked_for(void **unused)
{
    (void)unused;
    struct core *core = standby_core(1);
    uint64_t span_ns;
    core->config.vips[0].addresses = 7; /* as after a reload that the holder has not had yet */
    assert_false(wait_asked(core, 4 * NS_PER_S, &span_ns));
    assert_int_equal(view_of(core).unverified, 0);
    free(core);
}

static void test_it_is_known_since_when_nobody_verifies_it(void **unused)
{
    (void)unused;
    struct core *core = standby_core(1);
    assert_int_equal(view_of(core).verified_ns, VIEW_UNKNOWN_NS);
    struct record record = record_of(2, 1, VIP_STANDBY);
    record.link = (struct record_link){.vip = VIP_ID, .own = OTHER_MAC, .verifies = 1001};
    hear(core, 2, &record);
    assert_int_equal(view_of(core).verified_ns, 0);
    record.seq++;
    record.flags |= RECORD_LEAVING;
    hear(core, 2, &record);
    assert_int_equal(view_of(core).verified, 0);
    tick(core, T_NS);
    assert_int_equal(view_of(core).verified_ns, T_NS);
    free(core);
}

static void test_an_address_that_is_not_answered_for_is_asked_for_until_it_is(void **unused)
{
    (void)unused;
    struct core *core = standby_core(2);
    uint64_t span_ns;
    assert_true(wait_asked(core, 3 * NS_PER_S, &span_ns));
    step(core, 1000, frame_of(0, HOLDER_MAC));
    for (unsigned i = 0; i < 6; i++) {
        assert_true(wait_asked(core, 20 * NS_PER_S, &span_ns));
        assert_int_equal(asked_index, 1);
    }
    assert_int_equal(view_of(core).unverified, BIT(0));
    free(core);
}

static void test_another_holder_is_asked_for_anew(void **unused)
{
    (void)unused;
    struct core *core = standby_core(1);
    uint64_t span_ns;
    assert_true(wait_asked(core, 3 * NS_PER_S, &span_ns));
    step(core, 1000, frame_of(0, HOLDER_MAC));
    struct record gone = record_of(1, 1000000, VIP_STANDBY);
    struct record next = record_of(2, 1, VIP_HOLDING);
    next.vips[0].priority = 249;
    hear(core, 2, &next);
    hear(core, 1, &gone);
    tick(core, T_NS / 4);
    assert_int_equal(view_of(core).holder, 2);
    assert_int_equal(view_of(core).verified | view_of(core).unverified, 0);
    assert_int_equal(core->verifies[0].holder, 1002);
    free(core);
}

static void test_the_word_of_others_counts_for_the_holder_that_it_names(void **unused)
{
    (void)unused;
    struct core *core = standby_core(1);
    struct record record = record_of(2, 1, VIP_STANDBY);
    record.link = (struct record_link){.vip = VIP_ID, .own = OTHER_MAC, .verifies = 1001};
    hear(core, 2, &record);
    assert_int_equal(view_of(core).verified, BIT(2));
    record.seq++;
    record.link.verifies = ID_NONE;
    record.link.misses = 1001;
    hear(core, 2, &record);
    assert_int_equal(view_of(core).verified, 0);
    assert_int_equal(view_of(core).unverified, BIT(2));
    record.seq++;
    record.link.misses = 1002; /* of a former holder, as this node sees it */
    hear(core, 2, &record);
    assert_int_equal(view_of(core).unverified, 0);
    free(core);
}

static void test_who_has_no_interface_or_is_no_candidate_does_not_ask(void **unused)
{
    (void)unused;
    struct core *core = standby_core(1);
    uint64_t span_ns;
    step(core, 1000, (struct event){.type = EVENT_LINK, .link = {.vip = 0, .up = false}});
    assert_false(wait_asked(core, 4 * NS_PER_S, &span_ns));
    free(core);

    struct core_config config = default_config();
    config.vips[0].candidates &= ~BIT(0);
    core = serve_core(&config);
    struct event mac = frame_of(0, 0x020000000100);
    mac.type = EVENT_MAC;
    step(core, 1000, mac);
    assert_false(wait_asked(core, 4 * NS_PER_S, &span_ns));
    free(core);
}

static void test_a_word_outlives_a_reload_and_not_a_restart(void **unused)
{
    (void)unused;
    struct core *core = standby_core(1);
    struct record record = record_of(2, 1, VIP_STANDBY);
    record.link = (struct record_link){.vip = VIP_ID, .own = OTHER_MAC, .verifies = 1001};
    hear(core, 2, &record);
    struct core *after = malloc(core_size());
    struct core_reload reload;
    for (unsigned i = 0; i < sizeof reload.node_was; i++) {
        reload.node_was[i] = i < 3 ? (uint8_t)i : CORE_NEW;
    }
    memset(reload.vip_was, 0, sizeof reload.vip_was);
    memset(reload.check_was, 0, sizeof reload.check_was);
    struct core_config config = core->config;
    assert_non_null(after);
    core_reconfigure(after, core, &config, &reload);
    assert_int_equal(view_of(after).verified, BIT(2));
    after->members[2].challenge = 9; /* asked, as of any unknown incarnation */
    struct message_in *message = say(2);
    message->incarnation = 9;
    message->echo_count = 1;
    message->echoes[0] =
        (struct echo){.node = 1002, .incarnation = 9, .seq = 1, .asker = 1000, .challenge = 9};
    deliver(after);
    assert_int_equal(core_member_incarnation(after, 2), 9);
    assert_int_equal(view_of(after).verified, 0);
    free(core);
    free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_holder_is_asked_for_soon_and_then_rarely),
        cmocka_unit_test(test_three_questions_without_an_answer_and_the_holder_is_missed),
        cmocka_unit_test(test_only_the_holder_s_answer_for_that_address_counts),
        cmocka_unit_test(test_the_answer_of_a_gateway_says_nothing_unless_it_is_the_holder),
        cmocka_unit_test(test_a_holder_with_other_addresses_is_not_asked_for),
        cmocka_unit_test(test_it_is_known_since_when_nobody_verifies_it),
        cmocka_unit_test(test_an_address_that_is_not_answered_for_is_asked_for_until_it_is),
        cmocka_unit_test(test_another_holder_is_asked_for_anew),
        cmocka_unit_test(test_the_word_of_others_counts_for_the_holder_that_it_names),
        cmocka_unit_test(test_who_has_no_interface_or_is_no_candidate_does_not_ask),
        cmocka_unit_test(test_a_word_outlives_a_reload_and_not_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
