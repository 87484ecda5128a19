// SPDX-License-Identifier: MIT
#include "core_guard.h"

#include <string.h>

#include "input.h"
#include "record.h"
#include "wire/wire.h"

void core_guard_config(uint8_t nodes, uint8_t vips, struct core_config *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->node_count = nodes;
    ret->vip_count = vips;
    ret->fail_open = true;
    ret->interval_ns = 100 * NS_PER_MS;
    ret->config = 1;
    ret->incarnation = 7;
    ret->seed = 1;
    for (uint8_t node = 0; node < nodes; node++)
        ret->nodes[node].id = 100U + node;
    for (uint8_t vip = 0; vip < vips; vip++)
        ret->vips[vip] = (struct core_vip){
            .id = 1000U + vip,
            .addresses = 1,
            .address_count = (uint16_t)(1U + vip),
            .preempt = true,
            .lease_ns = 400 * NS_PER_MS,
            .announce_refresh_ns = 60 * NS_PER_S,
            .priority = 100,
            .candidates = nodes == NODES_MAX ? UINT64_MAX : (UINT64_C(1) << nodes) - 1,
        };
}

void core_guard_init(struct core_guard *guard, struct core *core, const struct core_config *config,
                     struct mono now)
{
    guard->core = core;
    guard->config = config;
    guard->stopping = false;
    guard->ended = false;
    core_init(core, config, now);
    for (uint8_t vip = 0; vip < config->vip_count; vip++)
        guard->vips[vip] = (struct core_guard_vip){.holder = NODE_NONE, .pending = PENDING_NONE};
    for (uint8_t node = 0; node < config->node_count; node++)
        guard->members[node] = node == config->self ? MEMBER_ALIVE : MEMBER_UNKNOWN;
    memset(guard->checks, CHECK_UNKNOWN, sizeof(guard->checks));
    guard->record = *core_record(core);
    guard->now = now;
    guard->drained = false;
    guard->drained_vips = 0;
    core_guard_votes_init(guard);
}

static void check_vip_change(struct core_guard *guard, const struct change *change,
                             const struct event *event)
{
    struct core_guard_vip *vip = &guard->vips[change->vip];
    MUST(change->to < VIP_STATE_COUNT && change->from == vip->state);
    MUST(change->node == NODE_NONE || change->node < guard->config->node_count);
    MUST(change->node != guard->config->self);
    MUST(change->from != change->to || change->reason == REASON_FOREIGN_REMOVAL);
    vip->state = change->to;
    if (change->to == VIP_STANDBY || change->to == VIP_FAULT)
        vip->requested = false; /* a claim that failed: the next one is no put-back */
    if (change->from == change->to || change->to != VIP_HOLDING)
        return;
    /* State follows the kernel's word [SPEC R64]. */
    MUST(change->from == VIP_CLAIMING && vip->requested);
    MUST(event->type == EVENT_ADDRESS && event->address.vip == change->vip &&
         event->address.change == ADDRESS_ADDED);
}

static void check_change(struct core_guard *guard, const struct change *change,
                         const struct event *event)
{
    MUST(change->reason < REASON_COUNT && reason_text(change->reason) != NULL);
    switch (change->type) {
    case CHANGE_VIP:
        MUST(change->vip < guard->config->vip_count);
        check_vip_change(guard, change, event);
        break;
    case CHANGE_HOLDER:
        MUST(change->vip < guard->config->vip_count);
        MUST(change->to == NODE_NONE || change->to < guard->config->node_count);
        MUST(change->from == guard->vips[change->vip].holder && change->from != change->to);
        guard->vips[change->vip].holder = change->to;
        break;
    case CHANGE_MEMBER:
        MUST(change->node < guard->config->node_count && change->node != guard->config->self);
        MUST(change->to < MEMBER_STATE_COUNT && change->from == guard->members[change->node]);
        MUST(change->from != change->to || change->reason == REASON_RESTARTED);
        guard->members[change->node] = change->to;
        break;
    case CHANGE_CHECK:
        MUST(change->check < guard->config->check_count && change->to < CHECK_STATE_COUNT);
        MUST(change->from == guard->checks[change->check] && change->from != change->to);
        guard->checks[change->check] = change->to;
        break;
    case CHANGE_RIVAL:
        MUST(change->vip < guard->config->vip_count);
        MUST((change->from == NODE_NONE) != (change->to == NODE_NONE));
        MUST(change->from != guard->config->self && change->to != guard->config->self);
        break;
    case CHANGE_CONFLICT:
        MUST(change->vip < guard->config->vip_count && (change->mac[0] & 1U) == 0);
        MUST(change->node == NODE_NONE
                 ? change->reason == REASON_FOREIGN_HOST || change->reason == REASON_FOREIGN_GONE
                 : change->reason == REASON_UNHEARD_NODE || change->reason == REASON_UNHEARD_GONE);
        MUST(change->node == NODE_NONE || change->node < guard->config->node_count);
        break;
    case CHANGE_VERIFIED:
        MUST(change->vip < guard->config->vip_count && change->from != change->to);
        MUST(change->from == VERIFIED_NO || change->to == VERIFIED_NO);
        MUST(change->node < guard->config->node_count && change->node != guard->config->self);
        break;
    case CHANGE_AVAILABILITY:
        MUST(change->to < AVAILABILITY_COUNT && change->from != change->to);
        MUST(change->from > AVAILABILITY_ACTIVE || change->to > AVAILABILITY_ACTIVE);
        MUST(change->node == NODE_NONE || change->node < guard->config->node_count);
        MUST((change->node == NODE_NONE) == (change->to == AVAILABILITY_UNKNOWN));
        guard->availability = change->to;
        break;
    }
}

static bool is_put_back(const struct event *event, uint8_t vip)
{
    return event->type == EVENT_ADDRESS && event->address.vip == vip &&
           event->address.change == ADDRESS_LOST_FOREIGN;
}

static void check_address(struct core_guard *guard, const struct action *action,
                          const struct event *event)
{
    MUST(action->address.vip < guard->config->vip_count);
    struct core_guard_vip *vip = &guard->vips[action->address.vip];
    const struct core_vip *config = &guard->config->vips[action->address.vip];
    switch (action->type) {
    case ACTION_ADDRESS_ADD:
        /* After a reload it may be none any more, and holds until another one claims. */
        MUST((config->candidates >> guard->config->self & 1) != 0 ||
             is_put_back(event, action->address.vip));
        MUST(!guard->stopping);
        MUST(vip->state == VIP_CLAIMING || vip->state == VIP_HOLDING);
        if (vip->requested && is_put_back(event, action->address.vip)) {
            /* What is put back keeps the deadline that it had [SPEC R69]. */
            MUST(action->address.until.ns == vip->until_ns);
        } else {
            vip->interval_ns = guard->config->interval_ns;
            MUST(action->address.until.ns > event->now.ns);
            /* Nothing is claimed before everybody was asked [SPEC R40]. */
            MUST((guard->asking >> action->address.vip & 1) == 0 ||
                 !core_is_asking(guard->core, action->address.vip));
        }
        vip->requested = true;
        vip->may_be_there = true;
        vip->pending = ADDRESS_ADDED;
        vip->until_ns = action->address.until.ns;
        break;
    case ACTION_ADDRESS_REMOVE:
        vip->requested = false;
        vip->pending = ADDRESS_REMOVED;
        break;
    case ACTION_DEADLINE: /* only of what was asked for, never back, never from the past */
        MUST(vip->requested && action->address.until.ns >= event->now.ns);
        /* Two clocks that disagree make the end of a lease uncertain, and the worst case counts. */
        MUST(action->address.until.ns > event->now.ns || guard->slewed);
        MUST(action->address.until.ns >= vip->until_ns || guard->slewed ||
             vip->interval_ns != guard->config->interval_ns);
        vip->until_ns = action->address.until.ns;
        vip->interval_ns = guard->config->interval_ns;
        break;
    case ACTION_ANNOUNCE:
        MUST(vip->state == VIP_HOLDING && vip->requested);
        break;
    case ACTION_PROBE:
        MUST(vip->state == VIP_CLAIMING || vip->state == VIP_FAULT);
        break;
    case ACTION_VERIFY: /* who holds it does not ask who has it */
        MUST(vip->state == VIP_STANDBY && action->address.index < config->address_count);
        MUST(vip->holder != NODE_NONE && vip->holder != guard->config->self);
        break;
    case ACTION_CHANGE:
    case ACTION_STOPPED:
    case ACTION_CLONED:
        break;
    }
}

static void check_message(const struct core_guard *guard, uint8_t peer)
{
    const struct message_out *out = &guard->actions.out[peer];
    uint64_t relayed = 0;
    MUST(out->question.about_count <= guard->config->node_count);
    MUST(out->question.id != 0 || out->question.about_count == 0);
    MUST(out->ask_count <= MESSAGE_ASKS_MAX && out->echo_count <= MESSAGE_ECHOES_MAX);
    MUST(out->relay_count < guard->config->node_count);
    for (uint8_t i = 0; i < out->relay_count; i++) {
        const uint8_t node = out->relays[i].node;
        MUST(node < guard->config->node_count && node != guard->config->self);
        MUST(core_member_incarnation(guard->core, node) != 0);
        MUST((relayed >> node & 1) == 0);
        relayed |= UINT64_C(1) << node;
    }
    for (uint8_t i = 0; i < out->ask_count; i++)
        MUST(core_node_index(guard->core, out->asks[i].target) != NODE_NONE);
}

/* Everybody hears of a drain, by a command or by the swarm, and of no VIP that this node does not
 * know [SPEC F4, R59]. */
static void check_entries(const struct core_guard *guard)
{
    const struct record *record = &guard->record;
    const uint8_t availability = record->swarm.availability;
    const bool by_swarm = availability == AVAILABILITY_DRAINED;
    const bool is_drained = (record->flags & RECORD_DRAINED) != 0;
    MUST(availability <= AVAILABILITY_ACTIVE || availability == guard->availability);
    MUST(is_drained == guard->drained || (is_drained && by_swarm));
    MUST(record->vip_count == guard->config->vip_count);
    for (uint8_t vip = 0; vip < record->vip_count; vip++) {
        const struct record_vip *entry = &record->vips[vip];
        const bool drained = (guard->drained_vips >> vip & 1) != 0;
        MUST(entry->vip == guard->config->vips[vip].id);
        MUST(entry->mode == (uint8_t)guard->config->vips[vip].mode);
        MUST((entry->drained != 0) == drained || (entry->drained != 0 && by_swarm));
        /* Without fail_open who is drained is ready for nothing [SPEC R51]. */
        MUST(guard->config->fail_open || (entry->drained == 0 && !is_drained) ||
             entry->ready == VIP_READY_NO);
    }
}

/* The same record has the same seq, another one a higher seq [SPEC R11], and the wire can say it.
 */
static void check_record(struct core_guard *guard)
{
    const struct record *record = core_record(guard->core);
    struct record again;
    if (guard->actions.send == 0)
        return; /* nobody has seen it */
    uint8_t bytes[RECORD_MAX];
    struct buffer buffer = {bytes, 0, sizeof(bytes)};
    MUST(record->incarnation == guard->record.incarnation);
    MUST(record->seq >= guard->record.seq);
    again = guard->record;
    if (record->seq == guard->record.seq) {
        MUST(memcmp(&again, record, sizeof(again)) == 0);
        return;
    }
    guard->record = *record;
    core_will(guard->core, &again);
    MUST(again.seq == RECORD_SEQ_WILL && (again.flags & RECORD_LEAVING) != 0);
    MUST(record_encode(record, &buffer) && record_decode(bytes, buffer.length, &again));
    MUST(again.seq == record->seq && again.flags == record->flags);
    check_entries(guard);
}

static void check_views(const struct core_guard *guard, struct mono now)
{
    for (uint8_t vip = 0; vip < guard->config->vip_count; vip++) {
        struct vip_view view;
        core_view_vip(guard->core, vip, now, &view);
        MUST(view.state == guard->vips[vip].state);
        MUST(view.holder == NODE_NONE || view.holder < guard->config->node_count);
        MUST(view.state != VIP_HOLDING || view.in_kernel);
        MUST(view.next == NODE_NONE || view.next < guard->config->node_count);
    }
    for (uint8_t node = 0; node < guard->config->node_count; node++) {
        struct node_view view;
        core_view_node(guard->core, node, now, &view);
        MUST(view.state == guard->members[node]);
        MUST(view.via == NODE_NONE || view.via < guard->config->node_count);
    }
    for (uint8_t check = 0; check < guard->config->check_count; check++) {
        struct check_view view;
        core_view_check(guard->core, check, now, &view);
        MUST(view.state == guard->checks[check]);
    }
}

static void follow_kernel(struct core_guard *guard, const struct event *event)
{
    if (event->type != EVENT_ADDRESS)
        return;
    struct core_guard_vip *vip = &guard->vips[event->address.vip];
    const enum address_change change = event->address.change;
    /* Also when nobody asked: a deadline that passes in this very step may have done so. */
    if (change == ADDRESS_LOST_DEADLINE || change == ADDRESS_REMOVED ||
        change == ADDRESS_ADD_FAILED)
        vip->may_be_there = false;
}

/* Nobody leaves an address behind [SPEC R43]. */
static void check_leaving(const struct core_guard *guard)
{
    if ((core_record(guard->core)->flags & RECORD_LEAVING) == 0)
        return;
    for (uint8_t vip = 0; vip < guard->config->vip_count; vip++)
        MUST(!guard->vips[vip].may_be_there);
}

static uint8_t now_of(const uint8_t *was, uint8_t count, uint8_t index)
{
    for (uint8_t i = 0; i < count && index != NODE_NONE; i++)
        if (was[i] == index)
            return i;
    return NODE_NONE;
}

void core_guard_reconfigure(struct core_guard *guard, struct core *core,
                            const struct core_config *config, const struct core_reload *reload)
{
    struct core_guard_vip vips[VIPS_MAX];
    uint8_t members[NODES_MAX];
    uint8_t checks[CHECKS_MAX];
    uint64_t drained_vips = 0;
    const struct core_config *before = guard->config;
    for (uint8_t vip = 0; vip < before->vip_count; vip++) /* nothing is left behind */
        MUST(now_of(reload->vip_was, config->vip_count, vip) != NODE_NONE ||
             !guard->vips[vip].may_be_there);
    for (uint8_t vip = 0; vip < config->vip_count; vip++) {
        const uint8_t was = reload->vip_was[vip];
        vips[vip] = (struct core_guard_vip){.holder = NODE_NONE, .pending = PENDING_NONE};
        if (was == CORE_NEW)
            continue;
        vips[vip] = guard->vips[was];
        vips[vip].holder = now_of(reload->node_was, config->node_count, vips[vip].holder);
        drained_vips |= (guard->drained_vips >> was & 1) << vip;
    }
    for (uint8_t node = 0; node < config->node_count; node++)
        members[node] = reload->node_was[node] == CORE_NEW ? (uint8_t)MEMBER_UNKNOWN
                                                           : guard->members[reload->node_was[node]];
    for (uint8_t check = 0; check < config->check_count; check++)
        checks[check] = reload->check_was[check] == CORE_NEW
                            ? (uint8_t)CHECK_UNKNOWN
                            : guard->checks[reload->check_was[check]];
    core_guard_votes_reconfigure(guard, config, reload);
    core_reconfigure(core, guard->core, config, reload);
    memcpy(guard->vips, vips, sizeof(vips));
    memcpy(guard->members, members, sizeof(members));
    memcpy(guard->checks, checks, sizeof(checks));
    guard->drained_vips = drained_vips;
    guard->core = core;
    guard->config = config;
    MUST(core_record(core)->incarnation == guard->record.incarnation);
    check_views(guard, guard->now);
}

void core_guard_step(struct core_guard *guard, const struct event *event)
{
    struct actions *actions = &guard->actions;
    MUST(!guard->ended);
    if (event->type == EVENT_CONDITION) {
        guard->drained = event->condition.drained;
        guard->drained_vips = event->condition.drained_vips;
    }
    core_guard_votes_before(guard, event);
    guard->stopping = guard->stopping || event->type == EVENT_STOP;
    guard->asking = 0;
    for (uint8_t vip = 0; vip < guard->config->vip_count; vip++)
        guard->asking |= (uint64_t)core_is_asking(guard->core, vip) << vip;
    follow_kernel(guard, event);
    core_step(guard->core, event, actions);
    MUST(actions->count <= ACTIONS_MAX);
    for (uint32_t i = 0; i < actions->count; i++) {
        const struct action *action = &actions->items[i];
        if (action->type == ACTION_CHANGE)
            check_change(guard, &action->change, event);
        else if (action->type == ACTION_STOPPED)
            guard->ended = guard->stopping;
        else if (action->type == ACTION_CLONED)
            guard->ended = true;
        else
            check_address(guard, action, event);
    }
    if (guard->config->node_count < 64)
        MUST(actions->send >> guard->config->node_count == 0);
    MUST((actions->send >> guard->config->self & 1) == 0);
    for (uint8_t peer = 0; peer < guard->config->node_count; peer++)
        if ((actions->send >> peer & 1) != 0)
            check_message(guard, peer);
    core_guard_votes_after(guard, event);
    check_record(guard);
    check_leaving(guard);
    check_views(guard, event->now);
    /* A deadline in the past would make the loop spin. */
    MUST(event->type != EVENT_TIMER || core_deadline(guard->core).ns > event->now.ns);
    MUST(event->type != EVENT_BEAT || core_beat_deadline(guard->core).ns > event->now.ns);
}
