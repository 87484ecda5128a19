// SPDX-License-Identifier: MIT
#include "core_quorum.h"

struct core_config quorum_config(uint8_t nodes)
{
    struct core_config config = default_config();
    config.node_count = nodes;
    config.vips[0].mode = VIP_QUORUM;
    config.vips[0].lease_ns = LEASE_NS;
    return config;
}

struct core *quorum_core(uint8_t nodes)
{
    struct core_config config = quorum_config(nodes);
    return serve_core(&config);
}

/* A witness of five nodes. */
struct core *voting_core(void)
{
    struct core_config config = quorum_config(5);
    config.vips[0].candidates = ~UINT64_C(1);
    return serve_core(&config);
}

struct record quorum_record(uint8_t node, uint64_t seq, enum vip_state state)
{
    struct record record = record_of(node, seq, state);
    record.flags |= RECORD_SEES_MAJORITY;
    record.vips[0].mode = VIP_QUORUM;
    record.vips[0].lease_ms = LEASE_NS / NS_PER_MS;
    return record;
}

/* Everybody is there, and idle. */
void meet(struct core *core)
{
    for (uint8_t node = 1; node < core->config.node_count; node++) {
        struct record record = quorum_record(node, 1, VIP_STANDBY);
        hear(core, node, &record);
    }
}

/* A node asks, with a record of its own; what it is told, or NULL. */
const struct vote *asked(struct core *core, const struct record *record)
{
    uint8_t node = (uint8_t)(record->node - 1000U);
    hear(core, node, record);
    struct message_in *message = say(node);
    message->incarnation = record->incarnation;
    message->question.id = 7;
    deliver(core);
    const struct grant *grant = &actions.out[node].grant;
    if (!sends_to(node) || grant->vote_count == 0) {
        return NULL;
    }
    assert_int_equal(grant->incarnation, record->incarnation);
    assert_int_equal(grant->seq, record->seq);
    return &grant->votes[0];
}

void assert_verdict(const struct vote *vote, enum verdict verdict)
{
    assert_non_null(vote);
    assert_int_equal(vote->vip, VIP_ID);
    assert_int_equal(vote->verdict, verdict);
}

/* A voter that was told of a record says this, a microsecond later. */
void vote_at(struct core *core, uint8_t voter, uint64_t seq, enum verdict verdict)
{
    struct message_in *message = say(voter);
    message->grant =
        (struct grant){.incarnation = 1, .seq = seq, .voters = core->voters.hash, .vote_count = 1};
    message->grant.votes[0] = (struct vote){.vip = VIP_ID, .verdict = (uint8_t)verdict};
    deliver(core);
}

/* It claims: its own vote is the first. */
struct core *claiming_core(uint8_t nodes)
{
    struct core *core = quorum_core(nodes);
    meet(core);
    tick(core, 1000);
    assert_int_equal(core->arbiters[0].state, VIP_CLAIMING);
    return core;
}

struct core *holding_core(uint8_t nodes)
{
    struct core *core = claiming_core(nodes);
    for (uint8_t voter = 1; voter <= nodes / 2; voter++) {
        vote_at(core, voter, core->record.seq, VERDICT_GRANTED);
    }
    assert_int_equal(count(ACTION_ADDRESS_ADD), 1);
    kernel_says(core, ADDRESS_ADDED, 0);
    assert_int_equal(core->arbiters[0].state, VIP_HOLDING);
    return core;
}
