// SPDX-License-Identifier: MIT
/*
 * A core among peers, a keeper and a clock that do whatever the input says, within what the wire
 * and the engine let through: ingress has dropped what is not proved, known or dead, and no event
 * is older than the one before it. Beyond that nothing is plausible: peers contradict themselves,
 * the kernel answers what nobody asked. Now and then another configuration comes, such as a daemon
 * takes while it runs.
 */
#include <string.h>

#include "core_draw.h"
#include "core_guard.h"
#include "input.h"
#include "record.h"

#define NODES          DRAW_NODES
#define VIPS           DRAW_VIPS
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
    struct core *spare; /* for the next configuration */
    struct core_config next;
    struct core_reload reload;
    bool reloads; /* waits until the VIPs that go are given up */
    struct mono now;
    struct mono raw; /* by the other clock */
    struct peer peers[NODES];
    uint64_t question; /* newest that the core has asked */
    struct message_in message;
    struct swarm_news swarm;
};

static uint32_t node_id(const struct world *world, uint8_t node)
{
    return node < world->config.node_count ? world->config.nodes[node].id : 99U;
}

static uint32_t some_id(struct world *world)
{
    return node_id(world, input_below(&world->input, NODES + 1));
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

/* Between two events, as the engine does it: when nothing is left of what goes. */
static void switch_over(struct world *world)
{
    struct core *former = world->guard.core;
    const uint64_t gone = draw_gone(&world->config, &world->next, &world->reload);
    struct peer peers[NODES];
    if (!world->reloads || world->guard.stopping || !core_is_free_of(former, gone))
        return;
    world->reloads = false;
    core_guard_reconfigure(&world->guard, world->spare, &world->next, &world->reload);
    world->spare = former;
    world->config = world->next;
    world->guard.config = &world->config;
    memcpy(peers, world->peers, sizeof(peers));
    for (uint8_t node = 0; node < world->config.node_count; node++)
        world->peers[node] = world->reload.node_was[node] == CORE_NEW
                                 ? (struct peer){.seq = 1, .incarnation = 1}
                                 : peers[world->reload.node_was[node]];
}

static void step(struct world *world, struct event *event)
{
    event->now = world->now;
    event->raw = world->raw;
    core_guard_step(&world->guard, event);
    overhear(world);
    if (!world->guard.ended)
        switch_over(world);
}

/* Both clocks go on. */
static void advance(struct world *world, struct mono to)
{
    world->raw = mono_add(world->raw, mono_elapsed(to, world->now));
    world->now = mono_max(world->now, to);
}

/* Another configuration; the one before it is refused if it still waits. */
static void reload(struct world *world)
{
    struct event event = {.type = EVENT_RETIRE};
    if (world->guard.stopping)
        return;
    if (world->reloads) {
        world->reloads = false;
        step(world, &event);
        return;
    }
    draw_another(&world->input, &world->config, &world->next, &world->reload);
    if (core_may_change_voters(world->guard.core, &world->next) != VOTERS_ALLOWED)
        return;
    event.retire.vips = draw_gone(&world->config, &world->next, &world->reload);
    world->reloads = true;
    if (event.retire.vips != 0)
        step(world, &event);
    else
        switch_over(world);
}

static void fill_vips(struct world *world, struct record *record)
{
    struct input *input = &world->input;
    const uint32_t lease_ms = (uint32_t)(world->config.vips[0].lease_ns / NS_PER_MS);
    const uint8_t first = input_u8(input);
    record->vip_count = (uint8_t)(first % (VIPS + 1)); /* none twice [SPEC F5] */
    for (uint8_t i = 0; i < record->vip_count; i++) {
        const uint8_t conduct = input_u8(input);
        const uint8_t more = input_u8(input);
        record->vips[i] = (struct record_vip){
            .vip = 1000U + (i + (first >> 6)) % (VIPS + 1),
            .addresses = (more & 32U) != 0 ? 2 : 1,
            .lease_ms = (conduct & 0x88U) == 0x88U ? more * 97U : lease_ms,
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
/* A manager's word of nodes whose keys have few bits. */
static void fill_swarm(struct world *world, struct record *record)
{
    struct record_swarm *said = &record->swarm;
    const uint8_t bits = input_u8(&world->input);
    said->availability = bits & 3U;
    said->word = (uint8_t)((bits >> 2 & 3U) % SWARM_WORD_COUNT);
    said->index = said->word == SWARM_WORD_NONE ? 0 : bits >> 4;
    for (uint64_t key = 1; said->word != SWARM_WORD_NONE && key <= 2U; key++)
        if ((bits >> (5 + key) & 1U) != 0)
            said->exceptions[said->exception_count++] = key << 2 | AVAILABILITY_DRAINED;
}

/* What the author's link is like; no bytes of the input, but what they made of the record. */
static void fill_link(struct record *record)
{
    const uint64_t mac = UINT64_C(0x020000000000);
    if (record->vip_count == 0 || (record->seq & 1U) != 0)
        return;
    record->link.vip = record->vips[record->seq / 2 % record->vip_count].vip;
    record->link.own = (record->seq & 2U) != 0 ? mac | (record->node & 15U) : MAC_NONE;
    record->link.seen = (record->seq & 4U) != 0 ? mac | (record->seq >> 3 & 15U) : MAC_NONE;
    record->link.verifies = (record->seq & 8U) != 0 ? record->vips[0].elects : ID_NONE;
    record->link.misses = (record->seq & 16U) != 0 ? record->vips[0].elects : ID_NONE;
}

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
    record->config = (bits & 6U) == 6U ? 1 : world->config.config;
    record->flags = RECORD_HEALTHY;
    if ((bits & 128U) != 0)
        record->flags = input_u8(input) & RECORD_FLAGS_ALL;
    fill_vips(world, record);
    fill_unheard(world, record);
    if (record->interval_ms != 10)
        fill_swarm(world, record);
    fill_link(record);
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

/* What a voter says to the record that the core has sent last, or to another one. */
static void add_grant(struct world *world)
{
    struct grant *grant = &world->message.grant;
    const uint8_t bits = input_u8(&world->input);
    const uint32_t own = core_guard_voters(&world->config);
    const uint32_t other = world->guard.former_voters != 0 ? world->guard.former_voters : own + 1;
    *grant = (struct grant){.incarnation = world->config.incarnation + ((bits & 2U) != 0 ? 1 : 0),
                            .seq = core_record(world->guard.core)->seq - (bits >> 2 & 7U),
                            .voters = (bits & 1U) != 0 ? other : own,
                            .vote_count = world->config.vip_count};
    for (uint8_t i = 0; i < grant->vote_count; i++) {
        const uint8_t word = (bits & 32U) != 0 ? input_u8(&world->input) : 0;
        grant->votes[i] = (struct vote){.vip = 1000U + i + (bits >> 7),
                                        .verdict = word % VERDICT_COUNT,
                                        .holder = (word & 8U) != 0 ? some_id(world) : ID_NONE,
                                        .rest_ms = (word >> 4) * 50U};
    }
    if (grant->seq == 0 || grant->seq > core_record(world->guard.core)->seq)
        grant->vote_count = 0;
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

static void clear_message(struct message_in *message)
{
    message->record_count = 0;
    message->ask_count = 0;
    message->echo_count = 0;
    message->answer = 0;
    message->question.id = 0;
    message->question.about_count = 0;
    message->grant.vote_count = 0;
}

static void receive(struct world *world, bool votes)
{
    struct message_in *message = &world->message;
    const uint8_t bits = input_u8(&world->input);
    clear_message(message);
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
    if (confirmed && votes)
        add_grant(world);
    struct event event = {.type = EVENT_MESSAGE, .message = message};
    step(world, &event);
}

/* A peer as it should be: it proves itself, answers, says its record and votes. */
static void converse(struct world *world, uint8_t node)
{
    struct message_in *message = &world->message;
    struct peer *peer = &world->peers[node % world->config.node_count];
    clear_message(message);
    message->peer = node % world->config.node_count;
    message->incarnation = peer->incarnation;
    message->ended = false;
    if (message->peer == world->config.self ||
        core_incarnation_is_dead(world->guard.core, message->peer, peer->incarnation))
        return;
    struct echo echo = {.node = node_id(world, message->peer),
                        .incarnation = peer->incarnation,
                        .seq = peer->seq + 1,
                        .asker = node_id(world, world->config.self),
                        .challenge = peer->challenge};
    const bool proves = core_expects_echo(world->guard.core, &echo);
    if (proves)
        message->echoes[message->echo_count++] = echo;
    fill_record(world, message->peer, &message->records[0].record);
    message->records[0].record.incarnation = peer->incarnation;
    message->records[0].age_ns = 0;
    const bool confirmed =
        proves || core_member_incarnation(world->guard.core, message->peer) == peer->incarnation;
    message->record_count = record_comes_in(world, &message->records[0].record, confirmed) ? 1 : 0;
    if (confirmed) {
        message->answer = world->question;
        message->question.id = world->now.ns;
        add_grant(world);
    }
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
        event.address.error = (bits & 16U) != 0 ? 62 : 17; /* ETIME, EEXIST */
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
        event.type = flag ? EVENT_MAC : EVENT_FRAME;
        event.frame.vip = vip;
        event.frame.address = bits >> 6 & 1U;
        event.frame.mac[0] = 2; /* a node's, or a stranger's */
        event.frame.mac[5] = bits >> 3 & 15U;
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
            event.type = EVENT_BEAT;
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
        advance(world, due);
        step(world, &event);
    }
    advance(world, end);
}

/* A frozen process, a suspended host whose other clock stopped, or a clock that is slewed. */
static void stand_still(struct world *world, uint8_t op)
{
    const uint64_t span_ns = (uint64_t)(op & 31U) * (op & 31U) * world->config.interval_ns / 16;
    if ((op & 3U) == 1U)
        world->now = mono_add(world->now, span_ns);
    else if ((op & 3U) == 2U)
        world->raw = mono_add(world->raw, span_ns);
    else
        advance(world, mono_add(world->now, span_ns));
}

/* Keys of few bits, so that nodes name each other. */
static void swarm(struct world *world, uint8_t op)
{
    struct swarm_news *news = &world->swarm;
    struct event event = {
        .type = EVENT_SWARM,
        .swarm = {.check = (uint8_t)(op % world->config.check_count), .news = news}};
    const uint8_t bits = input_u8(&world->input);

    *news = (struct swarm_news){.own = (uint64_t)(bits & 3U) << 2, .knows = (bits & 4U) != 0};
    news->index = bits >> 3;
    for (uint64_t key = 1; news->knows && key < (op & 2U ? SWARM_EXCEPTIONS_MAX : 4U); key++)
        if ((op & 2U) != 0 || (bits >> (3 + key) & 1U) != 0)
            news->exceptions[news->count++] =
                key << 2 | ((key ^ bits) & 1U ? AVAILABILITY_DRAINED : AVAILABILITY_PAUSED);
    step(world, &event);
}

static void next(struct world *world)
{
    const uint8_t op = input_u8(&world->input);
    const uint64_t interval_ns = world->config.interval_ns;
    struct event event = {.type = EVENT_TIMER};
    switch (op >> 5) {
    case 0:
    case 1:
        receive(world, (op & 16U) != 0);
        break;
    case 2:
        converse(world, op & 31U);
        break;
    case 3:
        kernel(world);
        break;
    case 4:
        if ((op & 15U) == 15U)
            reload(world);
        else
            news(world);
        break;
    case 5: /* the next deadline, however far it is */
        if (core_deadline(world->guard.core).ns != MONO_NEVER.ns)
            advance(world, core_deadline(world->guard.core));
        advance(world, mono_add(world->now, (op & 31U) == 31U ? interval_ns : 0));
        step(world, &event);
        break;
    case 6:
        wait_for(world, (1 + (op & 31U)) * (interval_ns / 8));
        break;
    default: /* the node itself stands still, a check has a result, its Docker engine speaks */
        if ((op & 28U) == 20U && world->config.check_count > 0) {
            swarm(world, op);
            break;
        }
        if ((op & 24U) == 24U && world->config.check_count > 0) {
            event.type = EVENT_CHECK;
            event.check.check = (uint8_t)((op >> 1 & 3U) % world->config.check_count);
            event.check.passed = (op & 1U) != 0;
            step(world, &event);
            break;
        }
        stand_still(world, op);
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
        world->spare = malloc(core_size());
        MUST(world->spare != NULL);
        world->guard.core = core;
    }
    world->input = (struct input){bytes, length};
    world->now.ns = world->raw.ns = NS_PER_S;
    world->question = 0;
    world->reloads = false;
    draw_config(&world->input, &world->config);
    for (uint8_t node = 0; node < NODES; node++)
        world->peers[node] = (struct peer){.seq = 1, .incarnation = 1};
    core_guard_init(&world->guard, world->guard.core, &world->config, world->now);
    for (unsigned i = 0; i < STEPS_MAX && world->input.left > 0 && !world->guard.ended; i++)
        next(world);
    return 0;
}
