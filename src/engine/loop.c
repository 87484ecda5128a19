// SPDX-License-Identifier: MIT
/*
 * loop: the way of an event through the core. Whatever happens becomes one event, the core answers
 * with actions, and they are carried out in the order of core/action.h before anything else is
 * looked at.
 */
#include <stdio.h>
#include <string.h>

#include "core/view.h"
#include "engine.h"
#include "engine/news.h"
#include "engine/text.h"
#include "log/log.h"

/* What one look at the clock reads at most before it judges. A full receive buffer holds less. */
#define DRAIN_MAX 4096U
/* Deadlines that may be due at once; the rest comes with the next turn of the loop. */
#define TIMERS_MAX 64U

void loop_name_links(struct engine *engine, const struct ipc_setup *setup)
{
    memset(engine->links, 0, sizeof engine->links);
    for (unsigned vip = 0; vip < setup->conf.vip_count; vip++) {
        memcpy(engine->links[vip].interface, setup->interfaces[vip],
               sizeof engine->links[vip].interface);
    }
}

/* Until the keeper says otherwise it is up. */
static bool is_up(const struct ipc_message *link)
{
    return link->reason == 0 || link->reason == IPC_LINK_UP;
}

void loop_start(struct engine *engine)
{
    engine->now = clock_now();
    core_init(engine->core, &engine->core_config, engine->now);
    engine->running = true;
    for (uint8_t vip = 0; vip < engine->core_config.vip_count; vip++) {
        struct event event = {.type = EVENT_LINK, .link = {.vip = vip, .up = false}};

        if (!is_up(&engine->links[vip])) {
            loop_feed(engine, &event); /* told before there was a core to hear it */
        }
        event = (struct event){.type = EVENT_MAC, .frame = {.vip = vip}};
        memcpy(event.frame.mac, engine->macs[vip], sizeof event.frame.mac);
        loop_feed(engine, &event);
    }
    drain_start(engine);
}

void loop_arm(struct engine *engine)
{
    bool wanted = engine->running && !engine->ending;

    clock_timer_set(&engine->timer,
                    wanted ? mono_min(core_deadline(engine->core), orphan_deadline(engine))
                           : MONO_NEVER);
}

/*
 * Before silence is judged, everything that was said is read: the sockets are drained after the
 * deadline was reached, and only deadlines that had been reached before are judged [SPEC R31]. The
 * own heartbeat does not wait for that, see loop_on_datagram().
 */
void loop_on_timer(void *arg)
{
    struct engine *engine = arg;
    struct mono reached = clock_now();

    keeper_link_drain(&engine->keeper);
    udp_drain(&engine->udp, DRAIN_MAX);
    orphan_step(engine, reached);
    for (unsigned n = 0; n < TIMERS_MAX && engine->running && !engine->ending &&
                         mono_reached(reached, core_deadline(engine->core));
         n++) {
        struct event event = {.type = EVENT_TIMER};

        loop_feed(engine, &event);
    }
}

/* However many datagrams wait, the own heartbeat goes before the next one: a flood may cost this
 * node what others say, not what it says itself [SPEC R10]. */
static void beat_in_time(struct engine *engine)
{
    struct event event = {.type = EVENT_BEAT};

    if (engine->running && mono_reached(clock_now(), core_beat_deadline(engine->core))) {
        loop_feed(engine, &event);
    }
}

void loop_on_datagram(void *arg, const uint8_t *bytes, size_t length)
{
    struct engine *engine = arg;
    struct event event = {.type = EVENT_MESSAGE, .message = &engine->message};

    beat_in_time(engine);
    if (engine->running && !engine->ending &&
        wire_ingress(&engine->wire, engine->core, bytes, length, &engine->message) == DROP_NONE) {
        loop_feed(engine, &event);
    }
}

void loop_on_unreachable(void *arg, uint8_t peer)
{
    struct event event = {.type = EVENT_UNREACHABLE, .unreachable = {.peer = peer}};

    loop_feed(arg, &event);
}

void loop_on_result(void *arg, const struct ipc_result *result)
{
    struct engine *engine = arg;
    struct checker_note *note = &engine->checks[result->check];
    struct event event = {
        .type = EVENT_CHECK,
        .check = {.check = (uint8_t)result->check, .passed = result->outcome == IPC_OUTCOME_OK}};

    note->heard = true;
    note->heard_at = clock_now();
    memcpy(note->detail, result->detail, sizeof note->detail);
    if (result->outcome != IPC_OUTCOME_UNKNOWN) {
        loop_feed(engine, &event);
    }
}

_Static_assert(IPC_EXCEPTIONS_MAX == SWARM_EXCEPTIONS_MAX, "what comes has room");

static void feed_swarm(struct engine *engine)
{
    struct event event = {.type = EVENT_SWARM,
                          .swarm = {.check = engine->swarm_check, .news = &engine->swarm}};

    loop_feed(engine, &event);
}

void loop_on_swarm(void *arg, const struct ipc_swarm *swarm)
{
    struct engine *engine = arg;

    engine->swarm_check = (uint8_t)swarm->check;
    engine->swarm = (struct swarm_news){.own = swarm->own,
                                        .knows = swarm->knows != 0,
                                        .index = swarm->index,
                                        .count = (uint16_t)swarm->count};
    memcpy(engine->swarm.exceptions, swarm->exceptions, sizeof engine->swarm.exceptions);
    feed_swarm(engine);
}

void loop_lose_swarm(struct engine *engine)
{
    if (engine->swarm.knows) {
        engine->swarm = (struct swarm_news){.own = engine->swarm.own};
        feed_swarm(engine);
    }
}

void loop_on_keeper(void *arg, const struct ipc_message *message)
{
    struct engine *engine = arg;
    struct event event;

    if (message->type == IPC_LOST && message->reason == IPC_LOST_DEADLINE) {
        keeper_link_awake(&engine->keeper);
    }
    if (!engine->running && message->type == IPC_STOP) {
        keeper_link_stopped(&engine->keeper); /* no own address was ever there: nobody to tell */
        engine_end(engine, 0);
        return;
    }
    if (message->type == IPC_SWITCHED) {
        reload_on_switched(engine);
        return;
    }
    if (message->type == IPC_KEPT) {
        drain_kept(engine, message->error);
        return;
    }
    if (!keeper_link_event(&engine->keeper, message, &event)) {
        return;
    }
    if (event.type == EVENT_LINK) {
        bool was_up = is_up(&engine->links[event.link.vip]);

        engine->links[event.link.vip] = *message;
        if (was_up == event.link.up) {
            return; /* another name, or another reason why it is down */
        }
    }
    if (event.type == EVENT_FRAME) {
        event.frame.address =
            (uint16_t)(message->address - engine->conf.vips[message->vip].address_first);
    }
    if (event.type == EVENT_MAC && !engine->running) {
        memcpy(engine->macs[event.frame.vip], event.frame.mac, sizeof event.frame.mac);
    }
    loop_feed(engine, &event);
}

_Static_assert(ALL_ADDRESSES == IPC_ALL_ADDRESSES, "one word for all");
_Static_assert(WIRE_WILL_MAX <= IPC_WILL_BYTES_MAX, "a last will fits into its message");

void loop_on_will(void *arg, uint8_t node, struct ipc_will *ret)
{
    const struct engine *engine = arg;
    struct record record;
    struct datagram datagram;

    core_will(engine->core, &record);
    wire_will(&engine->wire, &record, node, &datagram);
    ret->length = datagram.length;
    memcpy(ret->bytes, datagram.bytes, datagram.length);
}

static void carry_out_address(struct engine *engine, const struct action *action)
{
    struct keeper_link *keeper = &engine->keeper;
    uint8_t vip = action->address.vip;

    switch (action->type) {
    case ACTION_ADDRESS_ADD:
        keeper_link_add(keeper, vip, action->address.until);
        break;
    case ACTION_ADDRESS_REMOVE:
        keeper_link_remove(keeper, vip);
        break;
    case ACTION_ANNOUNCE:
        keeper_link_announce(keeper, vip, action->address.index);
        break;
    case ACTION_PROBE:
        keeper_link_probe(keeper, vip);
        break;
    case ACTION_VERIFY:
        keeper_link_verify(keeper, vip, action->address.index);
        break;
    case ACTION_DEADLINE:
        keeper_link_deadline(keeper, vip, action->address.until);
        break;
    case ACTION_CHANGE:
    case ACTION_STOPPED:
    case ACTION_CLONED:
        break;
    }
}

/* Sends the datagrams of the step. False if there were some and the kernel took none. */
static bool carry_out_sends(struct engine *engine)
{
    const struct actions *actions = &engine->actions;
    bool taken = actions->send == 0;

    for (uint8_t peer = 0; peer < engine->core_config.node_count; peer++) {
        unsigned count;

        if ((actions->send >> peer & 1) == 0) {
            continue;
        }
        count =
            wire_egress(&engine->wire, engine->core, peer, &actions->out[peer], engine->datagrams);
        for (unsigned i = 0; i < count; i++) {
            taken = udp_send(&engine->udp, peer, &engine->datagrams[i]) || taken;
        }
    }
    return taken;
}

/* Says why, with what a check said or the kernel, or whose MAC it is. */
static void tell_hook(struct engine *engine, const struct change *change, const char *detail)
{
    struct ipc_news *news;
    struct vip_view view = {.holder = NODE_NONE};
    char reason[TEXT_MAX / 2];
    char who[TEXT_MAX / 4];
    char mac[TEXT_MAC];

    if (engine->conf.hook.count == 0) {
        return;
    }
    if (change->type == CHANGE_VIP || change->type == CHANGE_RIVAL ||
        change->type == CHANGE_CONFLICT) {
        core_view_vip(engine->core, change->vip, engine->now, &view);
    }
    /* Every node names a foreign host; whoever holds calls. */
    if (change->type == CHANGE_CONFLICT && view.state != VIP_HOLDING) {
        return;
    }
    if (change->type == CHANGE_CONFLICT && change->node != NODE_NONE) {
        (void)snprintf(who, sizeof who, "%s, %s", text_node(&engine->conf, change->node),
                       text_mac(change->mac, mac));
        detail = who;
    }
    text_reason(change, detail, reason);
    news = news_of_change(change, &engine->conf, view.holder, reason);
    if (news != NULL) {
        checker_link_tell(&engine->checker, news);
    }
}

static void report(struct engine *engine, const struct change *change)
{
    char link[TEXT_MAX / 2] = "";
    const char *detail = change->type == CHANGE_CHECK ? engine->checks[change->check].detail : link;
    const struct events_entry *entry;
    const char *colon;
    char text[TEXT_MAX];
    struct pack pack;

    if (change->type == CHANGE_VIP && change->reason == REASON_LINK) {
        text_link(&engine->links[change->vip], link);
    }
    entry = events_add(&engine->events, change, detail, clock_wall_ms());
    colon = detail[0] != '\0' ? ": " : "";
    tell_hook(engine, change, detail);
    (void)text_change(&engine->conf, change, text);
    if ((change->type == CHANGE_VIP && change->to == VIP_FAULT) ||
        (change->type == CHANGE_VERIFIED && change->to == VERIFIED_NO) ||
        (change->type == CHANGE_CHECK && change->to == CHECK_FAILED)) {
        log_warning("%s%s%s", text, colon, detail);
    } else {
        log_notice("%s%s%s", text, colon, detail);
    }
    if (control_is_followed(&engine->control)) {
        pack_init(&pack);
        events_pack_entry(entry, &engine->conf, &pack);
        control_publish(&engine->control, &pack);
        pack_free(&pack);
    }
}

static void carry_out_rest(struct engine *engine, const struct action *action, bool sent)
{
    switch (action->type) {
    case ACTION_DEADLINE:
        if (sent || engine->mute) {
            carry_out_address(engine, action); /* mute: the core knows, and gives it all the same */
        }
        break;
    case ACTION_CHANGE:
        report(engine, &action->change);
        break;
    case ACTION_STOPPED:
        keeper_link_stopped(&engine->keeper);
        engine_end(engine, engine->orphaned ? 1 : 0);
        break;
    case ACTION_CLONED:
        log_error("another running daemon has proved to be node %s of cluster %s: a machine was "
                  "cloned, or a name is used twice; give this host a node section and an address "
                  "of its own (or -n NODE), and start it again",
                  engine->conf.nodes[engine->core_config.self].name, engine->conf.cluster);
        engine_end(engine, 1);
        break;
    case ACTION_ADDRESS_ADD:
    case ACTION_ADDRESS_REMOVE:
    case ACTION_ANNOUNCE:
    case ACTION_PROBE:
    case ACTION_VERIFY:
        break;
    }
}

/* Carries out the actions of a step. False if it was a heartbeat that nobody could be sent. */
static bool carry_out(struct engine *engine)
{
    const struct actions *actions = &engine->actions;
    bool sent;

    for (uint32_t i = 0; i < actions->count; i++) {
        if (actions->items[i].type <= ACTION_VERIFY) {
            carry_out_address(engine, &actions->items[i]);
        }
    }
    sent = carry_out_sends(engine);
    for (uint32_t i = 0; i < actions->count; i++) {
        if (actions->items[i].type > ACTION_VERIFY) {
            carry_out_rest(engine, &actions->items[i], sent);
        }
    }
    return sent;
}

/* Was the step a heartbeat, to everybody? Only that tells whether this node can be heard at all. */
static bool is_beat(const struct engine *engine)
{
    return engine->core_config.node_count > 1 &&
           __builtin_popcountll(engine->actions.send) == engine->core_config.node_count - 1;
}

/* One event through the core, and what it wants done. Never called from within a step: nothing that
 * carry_out() calls produces an event. */
void loop_feed(struct engine *engine, struct event *event)
{
    struct event mute = {.type = EVENT_MUTE};
    bool sent;

    if (!engine->running || engine->ending) {
        return;
    }
    engine->now = mono_max(engine->now, clock_now());
    event->now = engine->now;
    event->raw = clock_raw();
    core_step(engine->core, event, &engine->actions);
    sent = carry_out(engine);
    if (!is_beat(engine) || sent != engine->mute || engine->ending) {
        return;
    }
    engine->mute = !sent;
    if (engine->mute) {
        log_warning("no heartbeat can be sent to any node: are this node's address, its interface "
                    "and its firewall as they should be?");
    } else {
        log_notice("heartbeats can be sent again");
    }
    mute.now = engine->now;
    mute.raw = event->raw;
    mute.mute.mute = engine->mute;
    core_step(engine->core, &mute, &engine->actions);
    (void)carry_out(engine);
}
