// SPDX-License-Identifier: MIT
/*
 * A core among peers, a keeper and a clock that do whatever the input says, within what the wire
 * and the engine let through: ingress has dropped what is not proved, known or dead, and no event
 * is older than the one before it. Beyond that nothing is plausible: peers contradict themselves,
 * the kernel answers what nobody asked.
 */
#include <string.h>

#include "core_guard.h"
#include "input.h"
#include "record.h"

#define NODES          6U
#define VIPS           3U
#define INCARNATIONS   4U /* of each peer: it restarts, and old ones come back */
#define STEPS_MAX      512U
#define TIMERS_AT_ONCE 40U

struct peer {
    uint64_t seq;
    uint64_t incarnation;
    uint64_t challenge; /* newest that the core has sent about it */
};

struct world {
    struct input input;
    struct core_config config;
    struct core_guard guard;
    struct mono now;
    struct peer peers[NODES];
    uint64_t question; /* newest that the core has asked */
    struct message_in message;
};

static uint32_t node_id(const struct world *world, uint8_t node)
{
    return node < world->config.node_count ? world->config.nodes[node].id : 99U;
}

static uint32_t some_id(struct world *world)
{
    return node_id(world, input_below(&world->input, NODES + 1));
}

static void configure(struct world *world)
{
    static const uint64_t intervals_ms[] = {10, 100, 200, 10000};
    struct input *input = &world->input;
    struct core_config *config = &world->config;
    core_guard_config((uint8_t)(1 + input_below(input, NODES)),
                      (uint8_t)(1 + input_below(input, VIPS)), config);
    const uint8_t bits = input_u8(input);
    config->self = input_below(input, config->node_count);
    config->interval_ns = intervals_ms[bits & 3U] * NS_PER_MS;
    config->fail_open = (bits & 4U) == 0;
    config->seed = input_u8(input);
    for (uint8_t vip = 0; vip < config->vip_count; vip++) {
        struct core_vip *entry = &config->vips[vip];
        const uint8_t own = input_u8(input);
        entry->preempt = (own & 1U) == 0;
        entry->preempt_delay_ns = (own & 2U) != 0 ? NS_PER_S : 0;
        entry->priority = (uint8_t)(1 + (own >> 2));
        if ((own & 0x80U) != 0)
            entry->candidates &= input_u8(input);
    }
    if ((bits & 8U) != 0) {
        const uint8_t witness = input_below(input, config->node_count);
        config->nodes[witness].witness = true;
        for (uint8_t vip = 0; vip < config->vip_count; vip++)
            config->vips[vip].candidates &= ~(UINT64_C(1) << witness);
    }
    config->check_count = bits >> 4 & 3U;
    config->check_patience_ns = NS_PER_S;
    for (uint8_t check = 0; check < config->check_count; check++) {
        const uint8_t own = input_u8(input);
        config->checks[check] =
            (struct core_check){.rise = (uint8_t)(1 + (own & 3U)),
                                .fall = (uint8_t)(1 + (own >> 2 & 3U)),
                                .weight = (int16_t)((own & 16U) != 0 ? -150 : 0),
                                .is_general = (own & 32U) != 0,
                                .vips = own >> 6};
    }
    for (uint8_t node = 0; node < NODES; node++)
        world->peers[node] = (struct peer){.seq = 1, .incarnation = 1};
}

/* Notes what the core asked, so that a peer can prove itself and answer. */
static void overhear(struct world *world)
{
    const struct actions *actions = &world->guard.actions;
    for (uint8_t peer = 0; peer < world->config.node_count; peer++) {
        if ((actions->send >> peer & 1) == 0)
            continue;
        const struct message_out *out = &actions->out[peer];
        if (out->question.id != 0)
            world->question = out->question.id;
        for (uint8_t i = 0; i < out->ask_count; i++) {
            const uint8_t target = core_node_index(world->guard.core, out->asks[i].target);
            if (target < NODES && out->asks[i].asker == node_id(world, world->config.self))
                world->peers[target].challenge = out->asks[i].challenge;
        }
    }
}

static void step(struct world *world, struct event *event)
{
    event->now = world->now;
    core_guard_step(&world->guard, event);
    overhear(world);
}

static void fill_vips(struct world *world, struct record *record)
{
    struct input *input = &world->input;
    record->vip_count = input_below(input, VIPS + 1);
    for (uint8_t i = 0; i < record->vip_count; i++) {
        const uint8_t conduct = input_u8(input);
        const uint8_t more = input_u8(input);
        record->vips[i] = (struct record_vip){
            .vip = 1000U + (i + (more >> 6)) % (VIPS + 1),
            .addresses = (more & 32U) != 0 ? 2 : 1,
            .lease_ms = 400,
            .state = (uint8_t)(conduct % VIP_STATE_COUNT),
            .ready = (uint8_t)((conduct >> 3) % VIP_READY_COUNT),
            .unhealthy = more >> 5 & 1U,
            .drained = more >> 4 & 1U,
            .mode = (uint8_t)(conduct >> 7),
            .priority = (uint8_t)(1 + (more & 31U) * 8),
            .elects = node_id(world, (uint8_t)((conduct >> 4) % (NODES + 1))),
        };
        if ((more & 1U) != 0)
            record->vips[i].released_to = some_id(world);
    }
}

static void fill_unheard(struct world *world, struct record *record)
{
    record->unheard_count = input_below(&world->input, 4);
    for (uint8_t i = 0; i < record->unheard_count; i++) {
        record->unheard[i].node = some_id(world);
        record->unheard[i].relays[0] = some_id(world);
        record->unheard[i].relays[1] = some_id(world);
    }
}

/* What `node` may have said of itself. */
static void fill_record(struct world *world, uint8_t node, struct record *record)
{
    struct input *input = &world->input;
    const uint8_t bits = input_u8(input);
    struct peer *peer = &world->peers[node % NODES];
    memset(record, 0, sizeof(*record));
    record->node = node_id(world, node);
    record->incarnation = (bits & 1U) != 0 ? 1 + (bits >> 1) % INCARNATIONS : peer->incarnation;
    record->seq = (bits & 16U) != 0 ? input_number(input, 2) + 1 : ++peer->seq;
    if (record->seq == UINT16_MAX)
        record->seq = RECORD_SEQ_WILL;
    record->interval_ms =
        (bits & 32U) != 0 ? 10 : (uint32_t)(world->config.interval_ns / NS_PER_MS);
    record->next_ms = (bits & 64U) != 0
                          ? (uint32_t)input_number(input, 3) % (RECORD_NEXT_MS_MAX + 1)
                          : record->interval_ms;
    record->config = 1;
    record->flags = RECORD_HEALTHY;
    if ((bits & 128U) != 0)
        record->flags = input_u8(input) & RECORD_FLAGS_ALL;
    fill_vips(world, record);
    fill_unheard(world, record);
}

/* The rules of ingress for a record [SPEC D6]. */
static bool record_comes_in(const struct world *world, const struct record *record, bool confirmed)
{
    const struct core *core = world->guard.core;
    const struct message_in *message = &world->message;
    const uint8_t node = core_node_index(core, record->node);
    if (node == NODE_NONE || (node != message->peer && !confirmed))
        return false;
    if (node == message->peer && record->incarnation != message->incarnation)
        return false;
    if (node == world->config.self && record->incarnation == world->config.incarnation)
        return false;
    if (core_incarnation_is_dead(core, node, record->incarnation))
        return false;
    return record->incarnation != core_member_incarnation(core, node) ||
           record->seq > core_member_seq(core, node);
}

static void add_records(struct world *world, bool confirmed)
{
    struct message_in *message = &world->message;
    const uint8_t count = input_below(&world->input, 4);
    for (uint8_t i = 0; i < count; i++) {
        struct message_record *carried = &message->records[message->record_count];
        const uint8_t bits = input_u8(&world->input);
        const uint8_t node =
            (bits & 7U) < world->config.node_count ? (uint8_t)(bits & 7U) : message->peer;
        fill_record(world, node, &carried->record);
        if (node == message->peer)
            carried->record.incarnation = message->incarnation;
        carried->age_ns = (bits & 128U) != 0 ? input_number(&world->input, 4) * 1000 : 0;
        if (record_comes_in(world, &carried->record, confirmed))
            message->record_count++;
    }
}

static void add_asks(struct world *world)
{
    struct message_in *message = &world->message;
    message->ask_count = input_below(&world->input, 3);
    for (uint8_t i = 0; i < message->ask_count; i++)
        message->asks[i] = (struct ask){.target = some_id(world),
                                        .asker = some_id(world),
                                        .challenge = input_u8(&world->input)};
}

/* Proofs: those that the core waits for, and those that it is to pass on. */
static bool add_echoes(struct world *world)
{
    struct message_in *message = &world->message;
    const uint8_t count = input_below(&world->input, 3);
    bool proved = false;
    for (uint8_t i = 0; i < count; i++) {
        const uint8_t bits = input_u8(&world->input);
        const uint8_t node = (uint8_t)((bits & 7U) % world->config.node_count);
        struct echo echo = {.node = node_id(world, node),
                            .incarnation = message->incarnation,
                            .seq = world->peers[node].seq,
                            .asker = node_id(world, world->config.self),
                            .challenge = world->peers[node].challenge};
        if ((bits & 8U) != 0)
            echo.incarnation = 1 + (bits >> 4) % INCARNATIONS;
        if ((bits & 128U) != 0)
            echo.asker = some_id(world);
        if (echo.asker == node_id(world, world->config.self)) {
            if (!core_expects_echo(world->guard.core, &echo))
                continue;
            proved = proved || (node == message->peer && echo.incarnation == message->incarnation);
        }
        message->echoes[message->echo_count++] = echo;
    }
    return proved;
}

static void add_questions(struct world *world)
{
    struct message_in *message = &world->message;
    const uint8_t bits = input_u8(&world->input);
    if ((bits & 1U) != 0)
        message->answer = (bits & 2U) != 0 ? input_number(&world->input, 8) : world->question;
    if ((bits & 4U) == 0)
        return;
    message->question.id = 1 + input_number(&world->input, 2);
    message->question.about_count = (uint8_t)((bits >> 3) % (MESSAGE_ABOUT_MAX + 1));
    for (uint8_t i = 0; i < message->question.about_count; i++)
        message->question.about[i] = some_id(world);
}

/* All that ingress leaves of one whose incarnation has ended [SPEC R24]. */
static void ask_for_itself(struct world *world)
{
    struct message_in *message = &world->message;
    const uint32_t id = node_id(world, message->peer);
    message->ask_count = input_below(&world->input, 2);
    message->asks[0] = (struct ask){id, id, 5};
    if (message->incarnation == core_member_incarnation(world->guard.core, message->peer))
        return;
    struct event event = {.type = EVENT_MESSAGE, .message = message};
    step(world, &event);
}

static void receive(struct world *world)
{
    struct message_in *message = &world->message;
    const uint8_t bits = input_u8(&world->input);
    message->record_count = 0;
    message->ask_count = 0;
    message->echo_count = 0;
    message->answer = 0;
    message->question.id = 0;
    message->question.about_count = 0;
    message->peer = (uint8_t)((bits & 7U) % world->config.node_count);
    if (message->peer == world->config.self)
        return;
    struct peer *peer = &world->peers[message->peer];
    if ((bits & 0x78U) == 0x78U) /* it restarts */
        *peer = (struct peer){.seq = 1, .incarnation = 1 + (peer->incarnation % INCARNATIONS)};
    message->incarnation = (bits & 0x80U) != 0 ? 1 + (bits >> 3) % INCARNATIONS : peer->incarnation;
    message->ended =
        core_incarnation_is_dead(world->guard.core, message->peer, message->incarnation);
    if (message->ended) {
        ask_for_itself(world);
        return;
    }
    bool confirmed =
        message->incarnation == core_member_incarnation(world->guard.core, message->peer);
    confirmed = add_echoes(world) || confirmed;
    add_records(world, confirmed);
    add_asks(world);
    if (confirmed)
        add_questions(world);
    struct event event = {.type = EVENT_MESSAGE, .message = message};
    step(world, &event);
}

/* The kernel's word: the answer that it owes, or anything. */
static void kernel(struct world *world)
{
    const uint8_t bits = input_u8(&world->input);
    const uint8_t vip = (uint8_t)((bits & 3U) % world->config.vip_count);
    struct core_guard_vip *state = &world->guard.vips[vip];
    struct event event = {.type = EVENT_ADDRESS, .address = {.vip = vip}};
    if ((bits & 4U) != 0) {
        event.address.change = (enum address_change)((bits >> 3) % (ADDRESS_LOST_CONFLICT + 1));
    } else if (state->pending != PENDING_NONE) {
        const bool failed = (bits & 8U) != 0;
        event.address.change =
            (enum address_change)(state->pending + (failed ? ADDRESS_ADD_FAILED : 0));
        state->pending = PENDING_NONE;
    } else {
        return;
    }
    if (event.address.change == ADDRESS_ADD_FAILED || event.address.change == ADDRESS_REMOVE_FAILED)
        event.address.error = 17;
    step(world, &event);
}

/* What the node is told beside messages and the kernel. */
static void news(struct world *world)
{
    struct input *input = &world->input;
    const uint8_t bits = input_u8(input);
    const uint8_t vip = (uint8_t)((bits >> 3) % world->config.vip_count);
    const uint8_t peer = (uint8_t)((bits >> 3) % world->config.node_count);
    const bool flag = (bits & 128U) != 0;
    struct event event = {.type = EVENT_STOP};
    switch (bits & 7U) {
    case 0:
        event.type = EVENT_FRAME;
        event.frame.vip = vip;
        break;
    case 1:
        if (peer == world->config.self)
            return;
        event.type = EVENT_UNREACHABLE;
        event.unreachable.peer = peer;
        break;
    case 2:
    case 3:
        event.type = EVENT_LINK;
        event.link.vip = vip;
        event.link.up = flag;
        break;
    case 4:
        event.type = EVENT_MUTE;
        event.mute.mute = flag;
        break;
    case 5:
    case 6:
        event.type = EVENT_CONDITION;
        event.condition.healthy = flag;
        event.condition.drained = (bits & 64U) != 0;
        event.condition.drained_vips = input_u8(input);
        break;
    default:
        if (!flag)
            return;
        break;
    }
    step(world, &event);
}

/* Time passes, and every deadline in it is met. */
static void wait_for(struct world *world, uint64_t span_ns)
{
    const struct mono end = mono_add(world->now, span_ns);
    for (unsigned i = 0; i < TIMERS_AT_ONCE && !world->guard.ended; i++) {
        const struct mono due = core_deadline(world->guard.core);
        if (mono_before(end, due))
            break;
        struct event event = {.type = EVENT_TIMER};
        world->now = mono_max(world->now, due);
        step(world, &event);
    }
    world->now = mono_max(world->now, end);
}

static void next(struct world *world)
{
    const uint8_t op = input_u8(&world->input);
    const uint64_t interval_ns = world->config.interval_ns;
    struct event event = {.type = EVENT_TIMER};
    switch (op >> 5) {
    case 0:
    case 1:
    case 2:
        receive(world);
        break;
    case 3:
        kernel(world);
        break;
    case 4:
        news(world);
        break;
    case 5: /* the next deadline, however far it is */
        if (core_deadline(world->guard.core).ns != MONO_NEVER.ns)
            world->now = mono_max(world->now, core_deadline(world->guard.core));
        world->now = mono_add(world->now, (op & 31U) == 31U ? interval_ns : 0);
        step(world, &event);
        break;
    case 6:
        wait_for(world, (1 + (op & 31U)) * (interval_ns / 8));
        break;
    default: /* the node itself stands still, or a check has a result */
        if ((op & 24U) == 24U && world->config.check_count > 0) {
            event.type = EVENT_CHECK;
            event.check.check = (uint8_t)((op >> 1 & 3U) % world->config.check_count);
            event.check.passed = (op & 1U) != 0;
            step(world, &event);
            break;
        }
        world->now = mono_add(world->now, (uint64_t)(op & 31U) * (op & 31U) * interval_ns / 16);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct world *world;
    static struct core *core;
    if (world == NULL) {
        world = calloc(1, sizeof(*world));
        core = malloc(core_size());
        MUST(world != NULL && core != NULL);
    }
    world->input = (struct input){bytes, length};
    world->now.ns = NS_PER_S;
    world->question = 0;
    configure(world);
    core_guard_init(&world->guard, core, &world->config, world->now);
    for (unsigned i = 0; i < STEPS_MAX && world->input.left > 0 && !world->guard.ended; i++)
        next(world);
    return 0;
}
