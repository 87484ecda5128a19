// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "engine/events.h"
#include "engine/text.h"

static const struct conf conf = {
    .node_count = 3,
    .vip_count = 1,
    .nodes = {{.name = "swarm-1"}, {.name = "swarm-2"}, {.name = "swarm-3"}},
    .vips = {{.name = "ingress"}},
    .check_count = 1,
    .checks = {{.name = "docker"}},
};

static const struct change held = {.type = CHANGE_VIP,
                                   .node = 1,
                                   .from = VIP_STANDBY,
                                   .to = VIP_HOLDING,
                                   .reason = REASON_HANDED_OVER};
static const struct change holder = {
    .type = CHANGE_HOLDER, .node = 0, .from = 0, .to = 1, .reason = REASON_HOLDER_DEAD};
static const struct change first_holder = {
    .type = CHANGE_HOLDER, .from = NODE_NONE, .to = 2, .reason = REASON_VACANT};
static const struct change member = {.type = CHANGE_MEMBER,
                                     .node = 2,
                                     .from = MEMBER_ALIVE,
                                     .to = MEMBER_SUSPECT,
                                     .reason = REASON_SILENT};
static const struct change refused = {.type = CHANGE_VIP,
                                      .node = NODE_NONE,
                                      .from = VIP_CLAIMING,
                                      .to = VIP_FAULT,
                                      .reason = REASON_KERNEL_REFUSED,
                                      .error = EPERM};
static const struct change answered = {.type = CHANGE_VIP,
                                       .node = NODE_NONE,
                                       .from = VIP_CLAIMING,
                                       .to = VIP_STANDBY,
                                       .reason = REASON_ADDRESS_ANSWERED,
                                       .mac = {2, 0, 0x5e, 0x10, 0, 0xff}};

static const struct change foreign = {.type = CHANGE_CONFLICT,
                                      .node = NODE_NONE,
                                      .from = NODE_NONE,
                                      .to = NODE_NONE,
                                      .reason = REASON_FOREIGN_HOST,
                                      .mac = {2, 0, 0x5e, 0x10, 0, 0xfe}};

static const struct change unheard = {.type = CHANGE_CONFLICT,
                                      .node = 1,
                                      .from = NODE_NONE,
                                      .to = NODE_NONE,
                                      .reason = REASON_UNHEARD_NODE,
                                      .mac = {2, 0, 0x5e, 0x10, 0, 0xfd}};

static const struct change check = {.type = CHANGE_CHECK,
                                    .vip = VIP_NONE,
                                    .node = NODE_NONE,
                                    .from = CHECK_OK,
                                    .to = CHECK_FAILED,
                                    .reason = REASON_CHECK_FAILED};

static void test_the_log_line_says_who_and_why(void **state)
{
    static const struct {
        const struct change *change;
        const char *line;
    } cases[] = {
        {&held, "vip ingress: standby -> holding: the holder handed it over (swarm-2)"},
        {&holder, "vip ingress: holder swarm-1 -> swarm-2: its holder died"},
        {&first_holder, "vip ingress: holder nobody -> swarm-3: nobody held it"},
        {&member, "node swarm-3: alive -> suspect: missed its heartbeat"},
        {&refused, "vip ingress: claiming -> fault: the kernel refused the address: "
                   "Operation not permitted"},
        {&check, "check docker: ok -> failed: the check fails"},
        {&answered,
         "vip ingress: claiming -> standby: somebody answers for the address and this node hears "
         "none of its peers: 02:00:5e:10:00:ff"},
        {&foreign, "vip ingress: a host outside the cluster uses the address: 02:00:5e:10:00:fe"},
        {&unheard, "vip ingress: a node of the cluster that is not heard uses the address: "
                   "02:00:5e:10:00:fd (swarm-2)"},
    };
    char text[TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(text_change(&conf, cases[i].change, text), cases[i].line);
    }
}

static void test_a_change_without_reason_ends_after_the_states(void **state)
{
    struct change change = member;
    char text[TEXT_MAX];

    (void)state;
    change.reason = REASON_NONE;
    assert_string_equal(text_change(&conf, &change, text), "node swarm-3: alive -> suspect");
}

/* The value of `key` in a map, as text; "null" for nil, "missing" if it is not there. */
static const char *value_of(const msgpack_object *map, const char *key, char text[TEXT_MAX])
{
    for (uint32_t i = 0; i < map->via.map.size; i++) {
        const msgpack_object_kv *pair = &map->via.map.ptr[i];

        if (pair->key.via.str.size != strlen(key) ||
            memcmp(pair->key.via.str.ptr, key, strlen(key)) != 0) {
            continue;
        }
        if (pair->val.type == MSGPACK_OBJECT_NIL) {
            return "null";
        }
        assert_int_equal(pair->val.type, MSGPACK_OBJECT_STR);
        memcpy(text, pair->val.via.str.ptr, pair->val.via.str.size);
        text[pair->val.via.str.size] = '\0';
        return text;
    }
    return "missing";
}

static void check_event(const struct change *change, const char *const expected[11])
{
    static const char *const keys[11] = {"time",   "kind",  "vip", "node",  "from",  "to",
                                         "reason", "error", "mac", "check", "detail"};
    struct events_entry entry = {.wall_ms = 1795101845007, .change = *change};

    if (change->type == CHANGE_CHECK) {
        (void)snprintf(entry.detail, sizeof entry.detail, "connection refused");
    }
    msgpack_unpacked unpacked;
    struct pack pack;
    size_t offset = 0;
    char text[TEXT_MAX];

    pack_init(&pack);
    msgpack_unpacked_init(&unpacked);
    events_pack_entry(&entry, &conf, &pack);
    assert_false(pack.failed);
    assert_int_equal(msgpack_unpack_next(&unpacked, pack.bytes, pack.length, &offset),
                     MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(offset, pack.length);
    assert_int_equal(unpacked.data.type, MSGPACK_OBJECT_MAP);
    assert_int_equal(unpacked.data.via.map.size, 11);
    for (int i = 0; i < 11; i++) {
        assert_string_equal(value_of(&unpacked.data, keys[i], text), expected[i]);
    }
    msgpack_unpacked_destroy(&unpacked);
    pack_free(&pack);
}

static void test_an_event_has_every_key_that_is_documented(void **state)
{
    static const char time[] = "2026-11-19T15:24:05.007Z";
    static const struct {
        const struct change *change;
        const char *expected[11];
    } cases[] = {
        {&held,
         {time, "state", "ingress", "swarm-2", "standby", "holding", "the holder handed it over",
          "null", "null", "null", "null"}},
        {&holder,
         {time, "holder", "ingress", "null", "swarm-1", "swarm-2", "its holder died", "null",
          "null", "null", "null"}},
        {&first_holder,
         {time, "holder", "ingress", "null", "null", "swarm-3", "nobody held it", "null", "null",
          "null", "null"}},
        {&member,
         {time, "node", "null", "swarm-3", "alive", "suspect", "missed its heartbeat", "null",
          "null", "null", "null"}},
        {&refused,
         {time, "state", "ingress", "null", "claiming", "fault", "the kernel refused the address",
          "Operation not permitted", "null", "null", "null"}},
        {&answered,
         {time, "state", "ingress", "null", "claiming", "standby",
          "somebody answers for the address and this node hears none of its peers", "null",
          "02:00:5e:10:00:ff", "null", "null"}},
        {&check,
         {time, "check", "null", "null", "ok", "failed", "the check fails", "null", "null",
          "docker", "connection refused"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_event(cases[i].change, cases[i].expected);
    }
}

static void test_the_ring_forgets_the_oldest_first(void **state)
{
    static struct events events;
    msgpack_unpacked unpacked;
    struct pack pack;
    size_t offset = 0;
    unsigned count = 0;
    char text[TEXT_MAX];

    (void)state;
    for (int64_t n = 0; n < EVENTS_MAX + 10; n++) {
        (void)events_add(&events, &member, "", n);
    }
    pack_init(&pack);
    events_pack(&events, &conf, &pack);
    assert_false(pack.failed);
    msgpack_unpacked_init(&unpacked);
    while (msgpack_unpack_next(&unpacked, pack.bytes, pack.length, &offset) ==
           MSGPACK_UNPACK_SUCCESS) {
        char expected[32];

        (void)snprintf(expected, sizeof expected, "1970-01-01T00:00:00.%03uZ", 10 + count);
        assert_string_equal(value_of(&unpacked.data, "time", text), expected);
        count++;
    }
    assert_int_equal(count, EVENTS_MAX);
    msgpack_unpacked_destroy(&unpacked);
    pack_free(&pack);
}

static void test_no_event_is_no_answer(void **state)
{
    static struct events events;
    struct pack pack;

    (void)state;
    pack_init(&pack);
    events_pack(&events, &conf, &pack);
    assert_int_equal(pack.length, 0);
    pack_free(&pack);
}

/* After the reload swarm-1 is gone, swarm-3 stands before swarm-2, and a VIP before the other. */
static const struct conf after = {
    .node_count = 3,
    .vip_count = 2,
    .nodes = {{.name = "swarm-3"}, {.name = "swarm-2"}, {.name = "swarm-4"}},
    .vips = {{.name = "egress"}, {.name = "ingress"}},
    .check_count = 2,
    .checks = {{.name = "gateway"}, {.name = "docker"}},
};

static struct conf_change reloaded(void)
{
    struct conf_change map;

    memset(&map, CONF_NEW, sizeof map);
    map.node_was[0] = 2;
    map.node_was[1] = 1;
    map.vip_was[1] = 0;
    map.check_was[1] = 0;
    return map;
}

static void test_events_of_before_a_reload_name_the_same_things_after_it(void **state)
{
    static const struct change *const changes[] = {&held, &holder, &first_holder, &member, &check};
    static const char *const lines[] = {
        "vip ingress: standby -> holding: the holder handed it over (swarm-2)",
        "vip ingress: holder nobody -> swarm-3: nobody held it",
        "node swarm-3: alive -> suspect: missed its heartbeat",
        "check docker: ok -> failed: the check fails",
    };
    static struct events events;
    struct conf_change map = reloaded();

    (void)state;
    memset(&events, 0, sizeof events);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        (void)events_add(&events, changes[i], "", (int64_t)i);
    }
    events_reconfigure(&events, &after, &map);
    assert_int_equal(events.count, 4); /* swarm-1 is gone, and what was said of it */
    for (size_t i = 0; i < 4; i++) {
        char line[TEXT_MAX];

        (void)text_change(&after, &events.entries[i].change, line);
        assert_string_equal(line, lines[i]);
    }
}

static void test_a_full_ring_stays_in_order_over_a_reload(void **state)
{
    static struct events events;
    struct conf_change map = reloaded();

    (void)state;
    memset(&events, 0, sizeof events);
    for (int64_t i = 0; i < EVENTS_MAX + 100; i++) { /* every third one is of swarm-1 */
        (void)events_add(&events, i % 3 == 0 ? &holder : &held, "", i);
    }
    events_reconfigure(&events, &after, &map);
    (void)events_add(&events, &held, "", 1000);
    assert_int_equal(events.count, 172); /* two thirds of those that were remembered, and one */
    for (size_t n = 0; n < events.count; n++) {
        const struct events_entry *entry = &events.entries[n];

        assert_int_equal(entry->change.type, CHANGE_VIP);
        assert_int_equal(entry->change.vip, n < 171 ? 1 : held.vip);
        assert_true(n == 0 || entry->wall_ms > events.entries[n - 1].wall_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_log_line_says_who_and_why),
        cmocka_unit_test(test_a_change_without_reason_ends_after_the_states),
        cmocka_unit_test(test_an_event_has_every_key_that_is_documented),
        cmocka_unit_test(test_the_ring_forgets_the_oldest_first),
        cmocka_unit_test(test_no_event_is_no_answer),
        cmocka_unit_test(test_events_of_before_a_reload_name_the_same_things_after_it),
        cmocka_unit_test(test_a_full_ring_stays_in_order_over_a_reload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
