// SPDX-License-Identifier: MIT
#include "core_support.h"

struct actions actions;
static struct message_in said;

struct core_config default_config(void)
{
    struct core_config config = {.self = 0,
                                 .node_count = NODES,
                                 .vip_count = 1,
                                 .fail_open = true,
                                 .interval_ns = T_NS,
                                 .incarnation = 1,
                                 .seed = 1};
    for (uint8_t node = 0; node < NODES; node++) {
        config.nodes[node].id = 1000U + node;
    }
    config.vips[0] = (struct core_vip){.id = VIP_ID,
                                       .preempt = true,
                                       .priority = 200,
                                       .announce_refresh_ns = 60 * NS_PER_S,
                                       .address_count = 1,
                                       .candidates = UINT64_MAX};
    return config;
}

struct core *start_core(const struct core_config *config)
{
    struct core *core = calloc(1, sizeof *core);
    assert_non_null(core);
    core_init(core, config, (struct mono){100 * NS_PER_S});
    return core;
}

struct core *serve_core(const struct core_config *config)
{
    struct core *core = start_core(config);
    core->phase = PHASE_SERVING;
    core->peer_heard = true;
    for (uint8_t vip = 0; vip < config->vip_count; vip++) {
        core->arbiters[vip].ever_held = true; /* no claim begins with probes */
    }
    return core;
}

struct core *new_core(void)
{
    struct core_config config = default_config();
    return serve_core(&config);
}

void step(struct core *core, uint64_t after_ns, struct event event)
{
    event.now = mono_add(core->now, after_ns);
    event.raw = event.now; /* both clocks run alike */
    core_step(core, &event, &actions);
}

void tick(struct core *core, uint64_t after_ns)
{
    step(core, after_ns, (struct event){.type = EVENT_TIMER});
}

void run(struct core *core, uint64_t span_ns)
{
    struct mono end = mono_add(core->now, span_ns);
    while (!mono_before(end, core_deadline(core))) {
        tick(core, mono_elapsed(core_deadline(core), core->now));
    }
    core->now = end;
}

void kernel_says(struct core *core, enum address_change change, int32_t error)
{
    step(core, 1000,
         (struct event){.type = EVENT_ADDRESS,
                        .address = {.vip = 0, .change = change, .error = error}});
}

unsigned count(enum action_type type)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < actions.count; i++) {
        n += actions.items[i].type == type ? 1 : 0;
    }
    return n;
}

bool sends_to(uint8_t node)
{
    return (actions.send & BIT(node)) != 0;
}

struct record record_of(uint8_t node, uint64_t seq, enum vip_state state)
{
    struct record record = {.node = 1000U + node,
                            .incarnation = 500U + node,
                            .seq = seq,
                            .interval_ms = 100,
                            .next_ms = 4000,
                            .flags = RECORD_HEALTHY,
                            .vip_count = 1};
    record.vips[0] = (struct record_vip){.vip = VIP_ID,
                                         .ready = VIP_READY_YES,
                                         .state = (uint8_t)state,
                                         .priority = (uint8_t)(200 - node)};
    return record;
}

struct message_in *say(uint8_t peer)
{
    memset(&said, 0, sizeof said);
    said.peer = peer;
    said.incarnation = 500U + peer;
    return &said;
}

void deliver(struct core *core)
{
    step(core, 1000, (struct event){.type = EVENT_MESSAGE, .message = &said});
}

static void say_record(uint8_t peer, const struct record *record, uint64_t age_ns)
{
    struct message_in *message = say(peer);
    message->record_count = 1;
    message->records[0].record = *record;
    message->records[0].age_ns = age_ns;
}

void hear(struct core *core, uint8_t node, const struct record *record)
{
    struct member *member = &core->members[node];
    if (member->incarnation != record->incarnation &&
        !core_incarnation_is_dead(core, node, record->incarnation)) {
        member->incarnation = record->incarnation; /* as an echo would have */
        member->has_record = true;
        member->record = (struct record){.interval_ms = 100, .next_ms = 100};
        member->hears_me = true;
    }
    say_record(node, record, 0);
    said.incarnation = record->incarnation;
    deliver(core);
}

void hear_through(struct core *core, uint8_t relay, const struct record *record, uint64_t age_ns)
{
    say_record(relay, record, age_ns);
    deliver(core);
}

void hold(struct core *core)
{
    tick(core, 1000);
    assert_int_equal(count(ACTION_ADDRESS_ADD), 1);
    kernel_says(core, ADDRESS_ADDED, 0);
    assert_int_equal(core->arbiters[0].state, VIP_HOLDING);
}
