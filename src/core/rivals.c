// SPDX-License-Identifier: MIT
/*
 * rivals: others that hold what this node holds. Two holders are the exception that ends as soon as
 * they hear each other; this is how [SPEC R67, R68].
 */
#include "state.h"

/*
 * A live holder that is still there after 4 T does not hear this node: it would have yielded. So
 * this one does, and is not ready as long as the record of the other says so; one that does not
 * know this incarnation cannot say it [SPEC R68].
 */
void rivals_judge_deafness(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    bool rival = false;
    bool unheard = false;
    if (majority_decides(core, vip)) {
        return; /* leases alone decide */
    }
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        const struct record_vip *entry = membership_entry(core, node, vip);
        bool holds = node != core->config.self && entry != NULL && membership_is_live(core, node) &&
                     entry->state == VIP_HOLDING;
        rival |= holds;
        unheard |= holds && !core->members[node].hears_me;
    }
    if (!unheard && arbiter->deaf) {
        arbiter->deaf = false;
        core->dirty = true;
        gossip_compose(core); /* ready again: the election reads that from the draft */
    }
    if (!rival || arbiter->state != VIP_HOLDING) {
        arbiter->deaf_since = MONO_NEVER;
        return;
    }
    arbiter->deaf_since = mono_min(arbiter->deaf_since, core->now);
    if (mono_reached(core->now, mono_add(arbiter->deaf_since, 4 * core->config.interval_ns))) {
        arbiter->deaf = unheard;
        arbiter_release(core, vip, NODE_NONE, REASON_NOT_HEARD);
    }
}

static void tell(struct core *core, uint8_t vip, uint8_t rival, enum reason reason)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    bool is_there = reason == REASON_RIVAL;
    core_change(core, &(struct change){.type = CHANGE_RIVAL,
                                       .vip = vip,
                                       .node = NODE_NONE,
                                       .from = is_there ? NODE_NONE : rival,
                                       .to = is_there ? rival : NODE_NONE,
                                       .reason = reason});
    arbiter->rival = is_there ? rival : NODE_NONE;
}

/*
 * News for people and for the hook, at the beginning and at the end of two holders. One that hears
 * this node first yields at once, and is heard of only then: `yielded` are those that say so since
 * the last look. (One that was cut off and had lost it before says the same.) Whoever handed it
 * over to this node had said so before the first one.
 */
static void tell_rivals(struct core *core, uint8_t vip, uint64_t holds, uint64_t yielded)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (holds != 0 && arbiter->rival == NODE_NONE) {
        tell(core, vip, (uint8_t)__builtin_ctzll(holds), REASON_RIVAL);
    } else if (holds == 0 && arbiter->rival != NODE_NONE) {
        tell(core, vip, arbiter->rival, REASON_RIVAL_GONE);
    } else if (holds == 0 && yielded != 0 && arbiter->has_looked) {
        tell(core, vip, (uint8_t)__builtin_ctzll(yielded), REASON_RIVAL_YIELDED);
    }
    arbiter->has_looked = true;
}

/*
 * Live nodes that hold it beside this one. Whoever comes or goes among them, or says that it has
 * released it to anybody, or was out of sight and may have held it there, may have left its MAC
 * with the neighbours: the survivor announces itself again; once more when the name of whom it was
 * released to goes, because it may have been released twice meanwhile [SPEC R67].
 */
void rivals_look(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    uint64_t rivals = 0;
    uint64_t holds = 0;
    uint64_t seen = 0;
    uint64_t yielded = 0;
    uint64_t released = 0;
    uint32_t own_id = core->config.nodes[core->config.self].id;
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        const struct record_vip *entry = membership_entry(core, node, vip);
        if (node == core->config.self || entry == NULL || !membership_is_live(core, node)) {
            continue;
        }
        bool has_it = entry->state == VIP_HOLDING || entry->state == VIP_RELEASING;
        rivals |= has_it ? BIT(node) : 0;
        holds |= entry->state == VIP_HOLDING ? BIT(node) : 0;
        seen |= BIT(node);
        yielded |= entry->released_to == own_id ? BIT(node) : 0;
        released |= entry->released_to != ID_NONE ? BIT(node) : 0;
    }
    tell_rivals(core, vip, holds, yielded & ~arbiter->yielded);
    bool news =
        rivals != arbiter->rivals || (seen & ~arbiter->seen) != 0 || released != arbiter->released;
    arbiter->rivals = rivals;
    arbiter->seen = seen;
    arbiter->yielded = yielded;
    arbiter->released = released;
    if (news) {
        announce_again(core, vip);
    }
}

/* It runs anew: what it did before its records came was out of sight. */
void rivals_forget(struct core *core, uint8_t node)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        core->arbiters[vip].seen &= ~BIT(node);
    }
}

static bool claims_or_holds(const struct record_vip *entry)
{
    return entry != NULL && (entry->state == VIP_CLAIMING || entry->state == VIP_HOLDING);
}

/* Two holders have met: does another one rank before this one? */
uint8_t rivals_better(const struct core *core, uint8_t vip)
{
    uint8_t self = core->config.self;
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        if ((core->arbiters[vip].rivals & BIT(node)) != 0 &&
            membership_entry(core, node, vip)->state == VIP_HOLDING &&
            election_prefers(core, vip, node, self)) {
            return node;
        }
    }
    return NODE_NONE;
}

/* A record of a node came that may hold what this node holds: it learns at once what this one says
 * [SPEC R67]. */
void rivals_answer(struct core *core, uint8_t node)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        const struct record_vip *entry = membership_entry(core, node, vip);
        if (core->arbiters[vip].state == VIP_HOLDING && entry != NULL &&
            entry->state == VIP_HOLDING && membership_is_live(core, node) &&
            election_prefers(core, vip, core->config.self, node)) {
            (void)gossip_to(core, node);
        }
    }
}

/* What was told of it, or is told to it, is not the newest any more. */
static void introduce_again(struct core *core, uint8_t node)
{
    core->members[node].introduced = 0;
    for (uint8_t other = 0; other < core->config.node_count; other++) {
        core->members[other].introduced &= ~BIT(node);
    }
}

/* Live nodes, beside this one, that claim or hold what that one claims or holds. */
static uint64_t rivals_of(const struct core *core, uint8_t node)
{
    uint64_t ret = 0;
    for (uint8_t vip = 0; membership_is_live(core, node) && vip < core->config.vip_count; vip++) {
        if (majority_decides(core, vip) || !claims_or_holds(membership_entry(core, node, vip))) {
            continue;
        }
        for (uint8_t other = 0; other < core->config.node_count; other++) {
            if (other != node && other != core->config.self && membership_is_live(core, other) &&
                claims_or_holds(membership_entry(core, other, vip))) {
                ret |= BIT(other);
            }
        }
    }
    return ret;
}

/*
 * A node says straight that it claims or holds what a third one claims or holds too. If those two
 * do not hear each other since a moment ago, neither has missed a heartbeat of the other one yet;
 * so each is told what the other one says, unasked: at once, and with each heartbeat from then on,
 * because that may be lost; but not with every question of a claimant [SPEC R13].
 */
void rivals_introduce(struct core *core, uint8_t node, bool straight, bool news)
{
    struct member *member = &core->members[node];
    if (news) {
        introduce_again(core, node);
    }
    uint64_t rivals = straight ? rivals_of(core, node) : 0;
    if (rivals == 0) {
        return;
    }
    if (mono_elapsed(core->now, member->introduced_at) >= membership_interval(member) / 2) {
        member->introduced = 0;
        member->introduced_at = core->now;
    }
    for (uint64_t left = rivals & ~member->introduced; left != 0; left &= left - 1) {
        uint8_t other = (uint8_t)__builtin_ctzll(left);
        gossip_relay(core, node, other);
        gossip_relay(core, other, node);
    }
    member->introduced |= rivals;
}
