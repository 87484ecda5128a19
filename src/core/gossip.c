// SPDX-License-Identifier: MIT
/*
 * gossip: what is sent to whom. Everything for one peer in one step goes into one message. A holder
 * or claimant beats every T to every configured node, dead or not; others beat slowly, and at once
 * when something changed that an election looks at [SPEC R10..R15].
 */
#include "state.h"

struct message_out *gossip_to(struct core *core, uint8_t peer)
{
    ASSERT(peer < core->config.node_count && peer != core->config.self);
    struct message_out *out = &core->actions->out[peer];
    if ((core->actions->send & BIT(peer)) == 0) {
        core->actions->send |= BIT(peer);
        out->relay_count = 0;
        out->ask_count = 0;
        out->echo_count = 0;
        out->answer = 0;
        out->question.id = 0;
        out->question.about_count = 0;
        out->grant.vote_count = 0;
    }
    return out;
}

/* Asks `peer` for a record signed now, and for the newest that it has of `about` (or NODE_NONE). */
void gossip_question(struct core *core, uint8_t peer, uint8_t about)
{
    struct question *question = &gossip_to(core, peer)->question;
    question->id = core->now.ns;
    ASSERT(about != peer);
    if (about == NODE_NONE) {
        return;
    }
    uint32_t id = core->config.nodes[about].id;
    for (uint8_t i = 0; i < question->about_count; i++) {
        if (question->about[i] == id) {
            return;
        }
    }
    question->about[question->about_count++] = id;
}

static void relay(struct core *core, uint8_t peer, uint8_t node)
{
    const struct member *member = &core->members[node];
    struct message_out *out = gossip_to(core, peer);
    for (uint8_t i = 0; i < out->relay_count; i++) {
        if (out->relays[i].node == node) {
            return;
        }
    }
    out->relays[out->relay_count].node = node;
    out->relays[out->relay_count].age_ns = mono_elapsed(core->now, member->heard);
    out->relay_count++;
}

/* Hands on the newest record of a node, with the time since this node got it [SPEC R13]. */
void gossip_relay(struct core *core, uint8_t peer, uint8_t node)
{
    if (node != peer && node != core->config.self && membership_is_live(core, node)) {
        relay(core, peer, node);
    }
}

/* Sends to the name of a node what runs under it, for another that does too [SPEC R24]. */
void gossip_show(struct core *core, uint8_t node)
{
    ASSERT(membership_is_live(core, node));
    relay(core, node, node);
}

/* Does the record want to hear of `node` through this node? */
static bool names_me_for(const struct core *core, const struct record *record, uint32_t node)
{
    uint32_t self = core->config.nodes[core->config.self].id;
    for (uint8_t i = 0; i < record->unheard_count; i++) {
        const struct record_unheard *unheard = &record->unheard[i];
        if (unheard->node == node && (unheard->relays[0] == self || unheard->relays[1] == self)) {
            return true;
        }
    }
    return false;
}

/* A newer record of `node` came from `from`: to those who asked for it, or named this node for it
 * [SPEC R13]. */
void gossip_news(struct core *core, uint8_t node, uint8_t from)
{
    struct member *member = &core->members[node];
    if (mono_reached(core->now, member->interest_until)) {
        member->interest = 0;
    }
    for (uint8_t peer = 0; peer < core->config.node_count; peer++) {
        if (peer == node || peer == from || peer == core->config.self ||
            !membership_is_live(core, peer)) {
            continue;
        }
        if ((member->interest & BIT(peer)) != 0 ||
            names_me_for(core, &core->members[peer].record, core->config.nodes[node].id)) {
            gossip_relay(core, peer, node);
        }
    }
    member->interest = 0;
}

/* The record of `peer` newly names this node as a relay: it gets what is there at once. */
void gossip_named(struct core *core, uint8_t peer, const struct record *before)
{
    const struct record *record = &core->members[peer].record;
    for (uint8_t i = 0; i < record->unheard_count; i++) {
        uint32_t id = record->unheard[i].node;
        uint8_t node = core_node_index(core, id);
        if (node == NODE_NONE || node == peer || !names_me_for(core, record, id) ||
            names_me_for(core, before, id)) {
            continue;
        }
        gossip_relay(core, peer, node);
    }
}

/* A cut may have kept the farewell from who suspects it now. Later it would only hold up those who
 * start, and do not know that incarnation. */
static bool is_news_that_it_left(const struct core *core, const struct member *member)
{
    return member->state == MEMBER_LEFT && mono_elapsed(core->now, member->heard) <=
                                               2 * timing_detection(membership_interval(member));
}

/*
 * Answers at once: the own record, signed at most T/32 ago, and the newest of each node that is
 * asked about. What is not fresh is asked for, and handed on when it comes; who has left says
 * nothing newer [SPEC R12].
 */
void gossip_answer(struct core *core, uint8_t peer, const struct question *question)
{
    gossip_to(core, peer)->answer = question->id;
    for (uint8_t i = 0; i < question->about_count; i++) {
        uint8_t node = core_node_index(core, question->about[i]);
        if (node == NODE_NONE || node == peer || node == core->config.self) {
            continue;
        }
        struct member *member = &core->members[node];
        if (is_news_that_it_left(core, member)) {
            relay(core, peer, node);
            continue;
        }
        if (!membership_is_live(core, node)) {
            continue;
        }
        uint64_t spacing_ns = timing_spacing(membership_interval(member));
        gossip_relay(core, peer, node);
        member->interest |= BIT(peer);
        member->interest_until = mono_add(core->now, timing_detection(core->config.interval_ns));
        if (mono_elapsed(core->now, member->heard) > spacing_ns &&
            mono_elapsed(core->now, member->queried) > spacing_ns / 2) {
            member->queried = core->now;
            gossip_question(core, node, NODE_NONE);
        }
    }
}

static void name_unheard(struct core *core, uint8_t node)
{
    struct record *draft = &core->draft;
    struct record_unheard *unheard = &draft->unheard[draft->unheard_count++];
    unheard->node = core->config.nodes[node].id;
    for (uint8_t i = 0; i < RELAYS_MAX; i++) {
        uint8_t relay = core->members[node].relays[i];
        unheard->relays[i] = relay == NODE_NONE ? ID_NONE : core->config.nodes[relay].id;
    }
}

/* Names those that live, or those that do not, until the record has `most` names; from where the
 * last heartbeat ended. */
static void name_some(struct core *core, bool live, uint8_t most)
{
    uint8_t count = core->config.node_count;
    uint8_t first = core->unheard_first[live];
    core->unheard_next[live] = first;
    for (uint8_t i = 0; i < count && core->draft.unheard_count < most; i++) {
        uint8_t node = (uint8_t)((first + i) % count);
        if (membership_is_live(core, node) == live &&
            membership_is_unheard(core, node, core->judged)) {
            name_unheard(core, node);
            core->unheard_next[live] = (uint8_t)((node + 1) % count);
        }
    }
}

/*
 * Live nodes first, that are heard through others; four names are for the rest, so that nobody
 * stays unknown for lack of room. Each kind takes turns within its names [SPEC R14].
 */
static void compose_unheard(struct core *core)
{
    core->draft.unheard_count = 0;
    unsigned rest = 0;
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        rest += !membership_is_live(core, node) && membership_is_unheard(core, node, core->judged);
    }
    name_some(core, true, (uint8_t)(UNHEARD_MAX - (rest < UNHEARD_REST ? rest : UNHEARD_REST)));
    name_some(core, false, UNHEARD_MAX);
}

static uint32_t id_of(const struct core *core, uint8_t node)
{
    return node == NODE_NONE ? ID_NONE : core->config.nodes[node].id;
}

/* What this node would say now. The election reads its own part of it. */
void gossip_compose(struct core *core)
{
    const struct core_config *config = &core->config;
    struct record *draft = &core->draft;
    bool beats_fast = false;

    draft->flags = (uint8_t)((health_of_node(core) ? RECORD_HEALTHY : 0U) |
                             (core->drained || swarm_drains_node(core) ? RECORD_DRAINED : 0U) |
                             (config->nodes[config->self].witness ? RECORD_WITNESS : 0U) |
                             (core->phase >= PHASE_LEAVING ? RECORD_LEAVING : 0U) |
                             (majority_is_seen(core) ? RECORD_SEES_MAJORITY : 0U));
    for (uint8_t vip = 0; vip < config->vip_count; vip++) {
        const struct arbiter *arbiter = &core->arbiters[vip];
        enum vip_state state = arbiter_told_state(core, vip);
        struct record_vip *entry = &draft->vips[vip];
        entry->vip = config->vips[vip].id;
        entry->addresses = config->vips[vip].addresses;
        entry->lease_ms = (uint32_t)(config->vips[vip].lease_ns / NS_PER_MS);
        entry->mode = (uint8_t)config->vips[vip].mode;
        entry->priority = health_priority(core, vip);
        entry->unhealthy = health_of_vip(core, vip) ? 0 : 1;
        bool drained = (core->drained_vips & BIT(vip)) != 0 ||
                       (swarm_is(core, vip, AVAILABILITY_DRAINED) && !swarm_drains_node(core));
        entry->drained = drained ? 1 : 0;
        entry->ready = (uint8_t)arbiter_ready(core, vip);
        entry->state = (uint8_t)state;
        entry->elects = id_of(core, arbiter->elected);
        entry->released_to = id_of(core, arbiter_told_to(core, vip));
        beats_fast |= state == VIP_CLAIMING || state == VIP_HOLDING || state == VIP_RELEASING;
    }
    uint64_t next_ns =
        beats_fast ? config->interval_ns : timing_slow(config->interval_ns, config->node_count);
    draft->next_ms = (uint32_t)(next_ns / NS_PER_MS);
    compose_unheard(core);
    conflict_compose(core, draft);
    swarm_compose(core, draft);
}

void core_will(const struct core *core, struct record *ret)
{
    *ret = (struct record){.node = core->record.node,
                           .incarnation = core->record.incarnation,
                           .seq = RECORD_SEQ_WILL,
                           .interval_ms = core->record.interval_ms,
                           .next_ms = core->record.interval_ms,
                           .config = core->record.config,
                           .flags = (uint8_t)(RECORD_LEAVING | RECORD_HEALTHY |
                                              (core->record.flags & RECORD_WITNESS))};
}

/* Something that another node acts on: it is told at once. */
static bool is_urgent(const struct record *before, const struct record *now)
{
    if (before->flags != now->flags || before->next_ms != now->next_ms) {
        return true;
    }
    for (uint8_t vip = 0; vip < now->vip_count; vip++) {
        const struct record_vip *a = &before->vips[vip];
        const struct record_vip *b = &now->vips[vip];
        if (a->ready != b->ready || a->state != b->state || a->priority != b->priority ||
            a->unhealthy != b->unhealthy || a->drained != b->drained) {
            return true;
        }
    }
    return false;
}

static bool elects_others(const struct record *before, const struct record *now)
{
    for (uint8_t vip = 0; vip < now->vip_count; vip++) {
        if (before->vips[vip].elects != now->vips[vip].elects) {
            return true;
        }
    }
    return false;
}

static bool hears_others(const struct record *before, const struct record *now)
{
    if (before->unheard_count != now->unheard_count) {
        return true;
    }
    for (uint8_t i = 0; i < now->unheard_count; i++) {
        const struct record_unheard *a = &before->unheard[i];
        const struct record_unheard *b = &now->unheard[i];
        if (a->node != b->node || a->relays[0] != b->relays[0] || a->relays[1] != b->relays[1]) {
            return true;
        }
    }
    return false;
}

/* Unknown and dead nodes: other relays each time, so that one that can introduce them is found. */
static void draw_new_relays(struct core *core)
{
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        if (node != core->config.self && !membership_is_live(core, node)) {
            membership_draw_relays(core, node, core->members[node].relays);
        }
    }
}

static void beat(struct core *core)
{
    const struct record *draft = &core->draft;
    uint64_t next_ns = draft->next_ms * NS_PER_MS;
    uint64_t slow_ns = timing_slow(core->config.interval_ns, core->config.node_count);
    bool measure = mono_elapsed(core->now, core->measured_at) >= GOSSIP_SPANS_PER_MEASURE * slow_ns;
    bool claims = majority_is_claimed(core);
    if (measure) {
        core->measured_at = core->now;
    }
    for (uint8_t peer = 0; peer < core->config.node_count; peer++) {
        if (peer == core->config.self) {
            continue;
        }
        (void)gossip_to(core, peer);
        bool few = core->members[peer].samples < TIMING_SAMPLES_FEW;
        if (claims || ((measure || few) && membership_is_live(core, peer))) {
            gossip_question(core, peer, NODE_NONE);
        }
    }
    core->beat_next = mono_add(core->now, next_ns);
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        const struct arbiter *arbiter = &core->arbiters[vip];
        bool wanted = arbiter->state == VIP_HOLDING || arbiter->adding;
        if (wanted && !majority_decides(core, vip) && !membership_is_missed(core)) {
            arbiter_order(core, vip, ACTION_DEADLINE);
        }
    }
    if (draft->unheard_count == UNHEARD_MAX) {
        core->unheard_first[false] = core->unheard_next[false];
        core->unheard_first[true] = core->unheard_next[true];
    }
}

/* The end of every step: is a heartbeat due, and which record goes with what is sent? */
void gossip_finish(struct core *core, bool beats)
{
    if (core->phase == PHASE_STOPPED) {
        return;
    }
    gossip_compose(core);
    struct record *published = &core->record;
    struct record *draft = &core->draft;
    bool due = beats && mono_reached(core->now, core->beat_next);
    bool urgent = is_urgent(published, draft) || core->swarm.is_news || conflict_is_news(core);
    bool changed = elects_others(published, draft);
    if (due || urgent) {
        draw_new_relays(core);
        compose_unheard(core);
        conflict_compose(core, draft);
        swarm_compose(core, draft);
        beat(core);
    } else if (changed) {
        /* Nobody acts on it, people look at it: soon, and not all nodes in one moment. */
        uint64_t interval_ns = core->config.interval_ns;
        struct mono soon = mono_add(core->now, interval_ns / 2 + random_draw(core) % interval_ns);
        core->beat_next = mono_min(core->beat_next, soon);
    }
    if (core->actions->send == 0 && !due && !urgent) {
        return; /* who is alone publishes too: its own vote is for what it has published */
    }
    uint64_t fresh_ns = core->config.interval_ns / 32;
    if (due || urgent || changed || hears_others(published, draft) ||
        mono_elapsed(core->now, core->signed_at) >= fresh_ns) {
        draft->seq++;
        *published = *draft;
        core->signed_at = core->now;
        majority_published(core, due || urgent);
        if (due || urgent) {
            swarm_published(core);
            conflict_published(core);
        }
    }
}
