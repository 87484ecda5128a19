// SPDX-License-Identifier: MIT
/*
 * The way of a datagram, as README draws it, with nothing left out but the sockets and the kernel:
 * core_step, egress, bytes, ingress, core_step, action, the kernel's word, core_step, and the beat
 * that says holding. Three real cores with three real wires on a bus without delay.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/core.h"
#include "core/view.h"
#include "wire/wire.h"

#define NODES 3
#define A     0
#define B     1
#define C     2
#define TWIN  3 /* a second host that calls itself swarm-1; it is there in one test only */
#define HOSTS 4

#define TWIN_LIFE 7777 /* incarnation */

static const char *const names[NODES] = {"swarm-1", "swarm-2", "swarm-3"};
static const uint8_t cluster_key[1][KEY_BYTES] = {"the key of this cluster, 32 b.."};

struct node {
    struct core *core;
    struct wire *wire;
    struct actions actions;
    bool has_address;
    bool cloned; /* it met another one of its name */
};

struct bus {
    struct mono now;
    struct node nodes[HOSTS];
    bool cut[HOSTS][HOSTS];
    bool twin_first;
    unsigned hops; /* datagrams handed over in this moment: a storm would never end */
};

static void step(struct bus *bus, uint8_t node, struct event event);

static bool is_up(const struct node *node)
{
    return node->core != NULL && !node->cloned;
}

static void carry(struct bus *bus, uint8_t from, uint8_t to, const struct datagram *datagram)
{
    struct message_in message;
    if (bus->cut[from][to] || !is_up(&bus->nodes[to])) {
        return;
    }
    assert_true(bus->hops++ < 1000);
    if (wire_ingress(bus->nodes[to].wire, bus->nodes[to].core, datagram->bytes, datagram->length,
                     &message) == DROP_NONE) {
        step(bus, to, (struct event){.type = EVENT_MESSAGE, .message = &message});
    }
}

static void obey(struct bus *bus, uint8_t node, const struct action *action)
{
    struct event event = {.type = EVENT_ADDRESS, .address.vip = 0};
    if (action->type == ACTION_ADDRESS_ADD) {
        bus->nodes[node].has_address = true;
        event.address.change = ADDRESS_ADDED;
        step(bus, node, event);
    } else if (action->type == ACTION_ADDRESS_REMOVE) {
        bus->nodes[node].has_address = false;
        event.address.change = ADDRESS_REMOVED;
        step(bus, node, event);
    } else if (action->type == ACTION_CLONED) {
        bus->nodes[node].cloned = true;
        bus->nodes[node].has_address = false;
    }
}

static void step(struct bus *bus, uint8_t node, struct event event)
{
    struct node *self = &bus->nodes[node];
    event.now = bus->now;
    core_step(self->core, &event, &self->actions);
    struct actions *actions = malloc(sizeof *actions); /* carrying may step this node again */
    assert_non_null(actions);
    *actions = self->actions;
    struct datagram(*datagrams)[EGRESS_DATAGRAMS_MAX] = calloc(NODES, sizeof *datagrams);
    assert_non_null(datagrams);
    unsigned counts[NODES] = {0};
    for (uint8_t to = 0; to < NODES; to++) {
        if ((actions->send & (UINT64_C(1) << to)) != 0) {
            counts[to] = wire_egress(self->wire, self->core, to, &actions->out[to], datagrams[to]);
        }
    }
    for (uint32_t i = 0; i < actions->count; i++) {
        obey(bus, node, &actions->items[i]);
    }
    for (uint8_t to = 0; to < NODES; to++) {
        for (unsigned i = 0; i < counts[to]; i++) {
            if (to == A && bus->twin_first) {
                carry(bus, node, TWIN, &datagrams[to][i]);
            }
            carry(bus, node, to, &datagrams[to][i]);
            if (to == A && !bus->twin_first) {
                carry(bus, node, TWIN, &datagrams[to][i]);
            }
        }
    }
    free(datagrams);
    free(actions);
}

static void run(struct bus *bus, uint64_t span_ns)
{
    struct mono end = mono_add(bus->now, span_ns);
    while (mono_before(bus->now, end)) {
        struct mono next = end;
        for (uint8_t node = 0; node < HOSTS; node++) {
            if (is_up(&bus->nodes[node])) {
                next = mono_min(next, core_deadline(bus->nodes[node].core));
            }
        }
        bus->now = mono_max(mono_add(bus->now, 1000), next);
        for (uint8_t node = 0; node < HOSTS; node++) {
            bus->hops = 0;
            if (is_up(&bus->nodes[node]) &&
                mono_reached(bus->now, core_deadline(bus->nodes[node].core))) {
                step(bus, node, (struct event){.type = EVENT_TIMER});
            }
        }
    }
}

static void boot(struct bus *bus, uint8_t host, uint64_t incarnation)
{
    uint8_t self = host == TWIN ? A : host;
    struct core_config config = {.self = self,
                                 .node_count = NODES,
                                 .vip_count = 1,
                                 .fail_open = true,
                                 .interval_ns = 100 * NS_PER_MS,
                                 .incarnation = incarnation,
                                 .seed = incarnation};
    struct keyring_config keys = {
        .cluster = "swarm", .self = self, .node_count = NODES, .key_count = 1, .keys = cluster_key};
    for (uint8_t node = 0; node < NODES; node++) {
        config.nodes[node].id = keyring_id(names[node]);
        keys.nodes[node].name = names[node];
    }
    config.vips[0] = (struct core_vip){.id = keyring_id("ingress"),
                                       .preempt = true,
                                       .priority = (uint8_t)(200 - self),
                                       .announce_refresh_ns = 60 * NS_PER_S,
                                       .address_count = 1,
                                       .candidates = UINT64_MAX};
    struct node *node = &bus->nodes[host];
    free(node->core);
    free(node->wire);
    node->core = calloc(1, core_size());
    node->wire = calloc(1, sizeof *node->wire);
    assert_true(node->core != NULL && node->wire != NULL);
    node->has_address = false;
    core_init(node->core, &config, bus->now);
    assert_int_equal(wire_init(node->wire, &keys, incarnation), 0);
}

static int set_up(void **state)
{
    struct bus *bus = calloc(1, sizeof *bus);
    assert_non_null(bus);
    bus->now.ns = 100 * NS_PER_S;
    for (uint8_t node = 0; node < NODES; node++) {
        boot(bus, node, 1000U + node);
    }
    *state = bus;
    return 0;
}

static int tear_down(void **state)
{
    struct bus *bus = *state;
    for (uint8_t node = 0; node < HOSTS; node++) {
        free(bus->nodes[node].core);
        free(bus->nodes[node].wire);
    }
    free(bus);
    return 0;
}

static uint8_t holder_as_seen_by(const struct bus *bus, uint8_t node)
{
    struct vip_view view;
    core_view_vip(bus->nodes[node].core, 0, bus->now, &view);
    return view.holder;
}

static void assert_only_holder(const struct bus *bus, uint8_t holder)
{
    for (uint8_t node = 0; node < NODES; node++) {
        assert_int_equal(bus->nodes[node].has_address, node == holder);
        assert_int_equal(holder_as_seen_by(bus, node), holder);
    }
}

static void test_a_beat_makes_a_holder_that_everybody_knows(void **state)
{
    struct bus *bus = *state;
    run(bus, NS_PER_S);
    assert_only_holder(bus, A);
    for (uint8_t node = 0; node < NODES; node++) {
        assert_int_equal(bus->nodes[node].wire->drops[DROP_MAC], 0);
        assert_int_equal(bus->nodes[node].wire->drops[DROP_MALFORMED], 0);
        assert_int_equal(bus->nodes[node].wire->drops[DROP_RECORD_SIGNATURE], 0);
    }
}

/* Records and echoes pass through B, with the signatures that A and C made. */
static void test_what_comes_through_a_relay_counts_as_if_it_came_straight(void **state)
{
    struct bus *bus = *state;
    bus->cut[A][C] = bus->cut[C][A] = true;
    run(bus, 5 * NS_PER_S);
    assert_only_holder(bus, A);
    struct node_view view;
    core_view_node(bus->nodes[C].core, A, bus->now, &view);
    assert_int_equal(view.state, MEMBER_ALIVE);
    assert_int_equal(view.via, B);
    assert_false(view.direct);
    assert_true(view.last_heard_ns < 150 * NS_PER_MS);
}

static void test_a_restart_behind_a_relay_is_confirmed_through_it(void **state)
{
    struct bus *bus = *state;
    bus->cut[A][C] = bus->cut[C][A] = true;
    run(bus, 3 * NS_PER_S);
    boot(bus, A, 5555);
    run(bus, 5 * NS_PER_S);
    assert_only_holder(bus, A);
    assert_int_equal(core_member_incarnation(bus->nodes[C].core, A), 5555);
    assert_true(core_incarnation_is_dead(bus->nodes[C].core, A, 1000));
}

static void test_a_partial_cut_is_bridged_without_a_takeover(void **state)
{
    struct bus *bus = *state;
    run(bus, 3 * NS_PER_S);
    bus->cut[A][B] = bus->cut[B][A] = true;
    for (unsigned i = 0; i < 200; i++) {
        run(bus, 100 * NS_PER_MS);
        assert_only_holder(bus, A);
    }
}

static void test_a_dead_holder_is_replaced_by_the_next(void **state)
{
    struct bus *bus = *state;
    run(bus, 3 * NS_PER_S);
    for (uint8_t node = 0; node < NODES; node++) {
        bus->cut[A][node] = bus->cut[node][A] = true;
    }
    run(bus, 300 * NS_PER_MS);
    assert_true(bus->nodes[B].has_address);
    assert_false(bus->nodes[C].has_address);
    assert_int_equal(holder_as_seen_by(bus, C), B);
}

/* The peers believe whose echo is the first. */
static void meet_twin(struct bus *bus, bool twin_first, uint64_t heard)
{
    bus->twin_first = twin_first;
    run(bus, 3 * NS_PER_S);
    assert_only_holder(bus, A);
    boot(bus, TWIN, TWIN_LIFE);
    run(bus, 5 * NS_PER_S);
    assert_int_equal(core_member_incarnation(bus->nodes[B].core, A), heard);
    assert_int_equal(core_member_incarnation(bus->nodes[C].core, A), heard);
    assert_int_equal(bus->nodes[A].cloned, heard == TWIN_LIFE);
    assert_int_equal(bus->nodes[TWIN].cloned, heard != TWIN_LIFE);
    assert_int_equal(bus->nodes[A].has_address, heard != TWIN_LIFE);
    assert_int_equal(bus->nodes[TWIN].has_address, heard == TWIN_LIFE);
    assert_int_equal(holder_as_seen_by(bus, B), A);
}

/* [SPEC R24] */
static void test_a_host_whose_name_somebody_else_runs_under_stops(void **state)
{
    meet_twin(*state, false, 1000 + A);
}

/* [SPEC R24] The first one has held the address all the time, and is not heard any more. */
static void test_a_host_whose_name_somebody_else_took_over_stops(void **state)
{
    meet_twin(*state, true, TWIN_LIFE);
}

/* What somebody recorded of a life that has ended does not disturb the next one. */
static void test_an_ended_life_that_is_heard_late_stops_nobody(void **state)
{
    struct bus *bus = *state;
    run(bus, 3 * NS_PER_S);
    struct message_out *out = calloc(1, sizeof *out);
    struct datagram *late = calloc(EGRESS_DATAGRAMS_MAX, sizeof *late);
    assert_true(out != NULL && late != NULL);
    assert_int_equal(wire_egress(bus->nodes[A].wire, bus->nodes[A].core, B, out, late), 1);
    boot(bus, A, 5555);
    run(bus, 3 * NS_PER_S);
    for (unsigned i = 0; i < 3; i++) {
        bus->hops = 0;
        carry(bus, A, B, late);
        run(bus, NS_PER_S);
    }
    assert_only_holder(bus, A);
    assert_int_equal(core_member_incarnation(bus->nodes[B].core, A), 5555);
    assert_int_equal(bus->nodes[B].wire->drops[DROP_DEAD_INCARNATION], 3);
    free(late);
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_beat_makes_a_holder_that_everybody_knows, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_what_comes_through_a_relay_counts_as_if_it_came_straight, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_restart_behind_a_relay_is_confirmed_through_it,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_partial_cut_is_bridged_without_a_takeover, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_dead_holder_is_replaced_by_the_next, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_host_whose_name_somebody_else_runs_under_stops,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_host_whose_name_somebody_else_took_over_stops,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_ended_life_that_is_heard_late_stops_nobody, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("datagram_path", tests, NULL, NULL);
}
