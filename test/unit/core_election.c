// SPDX-License-Identifier: MIT
/*
 * The election as a property: any records, learnt in any order, give the same winner on every node;
 * the order is total; and each criterion decides as SPEC R51 and R52 say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "state.h"

#define NODES 9
#define VIP   0

static uint64_t random_state;

static uint64_t draw(uint64_t below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (random_state >> 33) % below;
}

static struct core_config config_of(uint8_t self)
{
    struct core_config config = {.self = self,
                                 .node_count = NODES,
                                 .vip_count = 1,
                                 .fail_open = true,
                                 .interval_ns = 100 * NS_PER_MS,
                                 .incarnation = 1,
                                 .seed = 1};
    for (uint8_t node = 0; node < NODES; node++) {
        config.nodes[node].id = 1000U + 7U * node;
    }
    config.vips[VIP] = (struct core_vip){
        .id = 77, .address_count = 1, .preempt = true, .priority = 100, .candidates = UINT64_MAX};
    return config;
}

static struct core *new_core(const struct core_config *config)
{
    struct core *core = calloc(1, sizeof *core);
    assert_non_null(core);
    core_init(core, config, (struct mono){NS_PER_S});
    core->phase = PHASE_SERVING;
    gossip_compose(core);
    return core;
}

/* Puts a live node's record where membership would. */
static void learn(struct core *core, uint8_t node, uint8_t flags, const struct record_vip *entry)
{
    struct member *member = &core->members[node];
    member->state = MEMBER_ALIVE;
    member->has_record = true;
    member->record.flags = flags;
    member->record.vip_count = 1;
    member->record.vips[0] = *entry;
    member->record.vips[0].vip = 77;
    member->entry[VIP] = 0;
}

static struct record_vip ready_at(uint8_t priority)
{
    return (struct record_vip){.ready = VIP_READY_YES, .priority = priority};
}

struct drawn {
    uint8_t flags;
    struct record_vip entry;
};

static struct drawn draw_record(void)
{
    struct drawn drawn = {.flags = (uint8_t)((draw(4) != 0 ? RECORD_HEALTHY : 0U) |
                                             (draw(6) == 0 ? RECORD_DRAINED : 0U))};
    drawn.entry = (struct record_vip){.ready = (uint8_t)draw(VIP_READY_COUNT),
                                      .state = (uint8_t)draw(VIP_STATE_COUNT),
                                      .mode = (uint8_t)(draw(8) == 0 ? VIP_QUORUM : VIP_AVAILABLE),
                                      .priority = (uint8_t)(1 + draw(3)),
                                      .unhealthy = (uint8_t)(draw(4) == 0 ? 1 : 0)};
    return drawn;
}

static void shuffle(uint8_t *order, uint8_t count)
{
    for (uint8_t i = count; i > 1; i--) {
        uint8_t j = (uint8_t)draw(i);
        uint8_t kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
    }
}

/* The own record of each node is that of the others' view, so that all decide on the same records.
 */
static void be(struct core *core, const struct drawn *own)
{
    core->draft.flags = own->flags;
    uint32_t vip = core->draft.vips[VIP].vip;
    core->draft.vips[VIP] = own->entry;
    core->draft.vips[VIP].vip = vip;
}

static void test_any_order_of_records_gives_the_same_winner_on_every_node(void **unused)
{
    (void)unused;
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        random_state = seed;
        struct drawn records[NODES];
        for (uint8_t node = 0; node < NODES; node++) {
            records[node] = draw_record();
        }
        bool preempt = draw(2) == 0;
        uint8_t winner = NODE_NONE;
        for (uint8_t self = 0; self < NODES; self++) {
            struct core_config config = config_of(self);
            config.vips[VIP].preempt = preempt;
            struct core *core = new_core(&config);
            uint8_t order[NODES];
            for (uint8_t i = 0; i < NODES; i++) {
                order[i] = i;
            }
            shuffle(order, NODES);
            for (uint8_t i = 0; i < NODES; i++) {
                if (order[i] == self) {
                    be(core, &records[self]);
                } else {
                    learn(core, order[i], records[order[i]].flags, &records[order[i]].entry);
                }
            }
            uint8_t best = election_best(core, VIP, 0);
            if (self == 0) {
                winner = best;
            } else if (best != winner) {
                fail_msg("seed %llu: node %u elects %u, node 0 elects %u", (unsigned long long)seed,
                         self, best, winner);
            }
            free(core);
        }
    }
}

static void test_the_order_is_total(void **unused)
{
    (void)unused;
    struct core_config config = config_of(0);
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        random_state = seed;
        struct core *core = new_core(&config);
        for (uint8_t node = 1; node < NODES; node++) {
            struct drawn drawn = draw_record();
            learn(core, node, drawn.flags, &drawn.entry);
        }
        for (uint8_t a = 0; a < NODES; a++) {
            for (uint8_t b = 0; b < NODES; b++) {
                if (a != b) {
                    assert_true(election_prefers(core, VIP, a, b) !=
                                election_prefers(core, VIP, b, a));
                }
                for (uint8_t c = 0; c < NODES; c++) {
                    if (election_prefers(core, VIP, a, b) && election_prefers(core, VIP, b, c)) {
                        assert_true(election_prefers(core, VIP, a, c));
                    }
                }
            }
        }
        free(core);
    }
}

/* Node 1 against node 2; the rest is not there, and node 0 (self) is no candidate. */
struct duel {
    const char *name;
    uint8_t flags_1;
    struct record_vip entry_1;
    uint8_t flags_2;
    struct record_vip entry_2;
    bool no_preempt;
    uint8_t winner;
};

#define ENTRY(READY, STATE, PRIORITY)                                            \
    {                                                                            \
        .ready = VIP_READY_##READY, .state = VIP_##STATE, .priority = (PRIORITY) \
    }

static const struct duel duels[] = {
    {"higher priority", RECORD_HEALTHY, ENTRY(YES, STANDBY, 100), RECORD_HEALTHY,
     ENTRY(YES, STANDBY, 200), false, 2},
    {"healthy before unhealthy", RECORD_HEALTHY, ENTRY(YES, STANDBY, 1), 0,
     ENTRY(YES, HOLDING, 200), false, 1},
    {"unhealthy before drained", 0, ENTRY(YES, STANDBY, 1), RECORD_HEALTHY | RECORD_DRAINED,
     ENTRY(YES, HOLDING, 200), false, 1},
    {"unhealthy for this VIP is unhealthy",
     RECORD_HEALTHY,
     ENTRY(YES, STANDBY, 1),
     RECORD_HEALTHY,
     {.ready = VIP_READY_YES, .state = VIP_HOLDING, .priority = 200, .unhealthy = 1},
     false,
     1},
    {"not ready is no candidate", RECORD_HEALTHY, ENTRY(NO, STANDBY, 200), RECORD_HEALTHY,
     ENTRY(YES, STANDBY, 1), false, 2},
    {"preempt: the preferred wins over the holder", RECORD_HEALTHY, ENTRY(YES, STANDBY, 200),
     RECORD_HEALTHY, ENTRY(YES, HOLDING, 100), false, 1},
    {"nopreempt: the holder stays", RECORD_HEALTHY, ENTRY(YES, STANDBY, 200), RECORD_HEALTHY,
     ENTRY(YES, HOLDING, 100), true, 2},
    {"nopreempt: the claimant stays", RECORD_HEALTHY, ENTRY(YES, STANDBY, 200), RECORD_HEALTHY,
     ENTRY(YES, CLAIMING, 100), true, 2},
    {"nopreempt: of two holders the higher priority", RECORD_HEALTHY, ENTRY(YES, HOLDING, 200),
     RECORD_HEALTHY, ENTRY(YES, HOLDING, 100), true, 1},
    {"among the unhealthy the holder stays", 0, ENTRY(YES, STANDBY, 200), 0,
     ENTRY(YES, HOLDING, 100), false, 2},
    {"only if vacant yields to a holder", RECORD_HEALTHY, ENTRY(VACANT, STANDBY, 200),
     RECORD_HEALTHY, ENTRY(YES, HOLDING, 100), false, 2},
    {"only if vacant wins when it is vacant", RECORD_HEALTHY, ENTRY(VACANT, STANDBY, 200),
     RECORD_HEALTHY, ENTRY(YES, STANDBY, 100), false, 1},
    {"only if vacant, and it holds it itself", RECORD_HEALTHY, ENTRY(VACANT, HOLDING, 200),
     RECORD_HEALTHY, ENTRY(YES, STANDBY, 100), false, 1},
};

static void test_each_criterion_decides(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof duels / sizeof duels[0]; i++) {
        const struct duel *duel = &duels[i];
        struct core_config config = config_of(0);
        config.vips[VIP].candidates = BIT(1) | BIT(2);
        config.vips[VIP].preempt = !duel->no_preempt;
        struct core *core = new_core(&config);
        learn(core, 1, duel->flags_1, &duel->entry_1);
        learn(core, 2, duel->flags_2, &duel->entry_2);
        if (election_best(core, VIP, 0) != duel->winner) {
            fail_msg("%s: elected %u", duel->name, election_best(core, VIP, 0));
        }
        free(core);
    }
}

static void test_without_fail_open_an_unhealthy_node_is_not_ready(void **unused)
{
    (void)unused;
    struct core_config config = config_of(0);
    config.fail_open = false;
    struct core *core = new_core(&config);
    assert_int_equal(arbiter_ready(core, VIP), VIP_READY_YES);
    core->healthy = false;
    assert_int_equal(arbiter_ready(core, VIP), VIP_READY_NO);
    core->config.fail_open = true;
    assert_int_equal(arbiter_ready(core, VIP), VIP_READY_YES);
    free(core);
}

static void test_a_node_of_another_mode_or_without_the_vip_is_no_candidate(void **unused)
{
    (void)unused;
    struct core_config config = config_of(0);
    struct core *core = new_core(&config);
    struct record_vip entry = ready_at(200);
    entry.mode = VIP_QUORUM;
    learn(core, 1, RECORD_HEALTHY, &entry);
    learn(core, 2, RECORD_HEALTHY, &entry);
    core->members[2].entry[VIP] = ENTRY_NONE;
    assert_int_equal(election_best(core, VIP, 0), 0);
    free(core);
}

static void test_equal_priorities_spread_and_a_death_moves_only_its_own(void **unused)
{
    (void)unused;
    unsigned held[NODES] = {0};
    for (uint32_t vip_id = 1; vip_id <= 900; vip_id++) {
        struct core_config config = config_of(0);
        config.vips[VIP].id = vip_id;
        struct core *core = new_core(&config);
        for (uint8_t node = 1; node < NODES; node++) {
            struct record_vip entry = ready_at(100);
            learn(core, node, RECORD_HEALTHY, &entry);
        }
        uint8_t winner = election_best(core, VIP, 0);
        held[winner]++;
        uint8_t other = winner == 3 ? 4 : 3;
        assert_int_equal(election_best(core, VIP, BIT(other)), winner);
        free(core);
    }
    for (uint8_t node = 0; node < NODES; node++) {
        assert_in_range(held[node], 60, 140); /* 100 each on average */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_order_of_records_gives_the_same_winner_on_every_node),
        cmocka_unit_test(test_the_order_is_total),
        cmocka_unit_test(test_each_criterion_decides),
        cmocka_unit_test(test_without_fail_open_an_unhealthy_node_is_not_ready),
        cmocka_unit_test(test_a_node_of_another_mode_or_without_the_vip_is_no_candidate),
        cmocka_unit_test(test_equal_priorities_spread_and_a_death_moves_only_its_own),
    };
    return cmocka_run_group_tests_name("core_election", tests, NULL, NULL);
}
