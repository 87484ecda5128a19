// SPDX-License-Identifier: MIT
/*
 * incarnation: which start of a node is the one that runs. Another incarnation than the confirmed
 * one changes nothing but to cause an ask, and only an echo of a fresh challenge, signed by the
 * node, makes it the confirmed one [SPEC R20..R24].
 */
#include "state.h"

uint64_t core_member_incarnation(const struct core *core, uint8_t node)
{
    return core->members[node].incarnation;
}

bool core_incarnation_is_dead(const struct core *core, uint8_t node, uint64_t incarnation)
{
    const struct member *member = &core->members[node];
    for (uint8_t i = 0; i < DEAD_INCARNATIONS_MAX; i++) {
        if (incarnation != 0 && member->dead[i] == incarnation) {
            return true;
        }
    }
    return false;
}

bool core_expects_echo(const struct core *core, const struct echo *echo)
{
    uint8_t node = core_node_index(core, echo->node);
    return node != NODE_NONE && core->members[node].challenge != 0 &&
           core->members[node].challenge == echo->challenge &&
           !core_incarnation_is_dead(core, node, echo->incarnation);
}

/* An incarnation has ended; nothing of it counts any more. */
void incarnation_bury(struct core *core, uint8_t node)
{
    struct member *member = &core->members[node];
    if (member->incarnation != 0 && !core_incarnation_is_dead(core, node, member->incarnation)) {
        member->dead[member->dead_count % DEAD_INCARNATIONS_MAX] = member->incarnation;
        member->dead_count++;
    }
}

/* Next hop to a node: straight, or through the relay of its newest record while that lives. */
static uint8_t next_hop(const struct core *core, uint8_t node)
{
    const struct member *member = &core->members[node];
    if (member->via != NODE_NONE && membership_is_live(core, member->via) &&
        membership_is_unheard(core, node, core->judged)) {
        return member->via;
    }
    return node;
}

/*
 * Challenges `node` through `peer`, at most once per half a spacing. The challenge is drawn once
 * per episode, so that an attacker who replays old incarnations in between cannot make the right
 * echo late [SPEC R21].
 */
void incarnation_ask(struct core *core, uint8_t node, uint8_t peer)
{
    struct member *member = &core->members[node];
    uint64_t spacing_ns = timing_spacing(core->config.interval_ns);
    struct mono *asked = &member->asked[peer == node ? 0 : 1];
    if (asked->ns != 0 && mono_elapsed(core->now, *asked) < spacing_ns / 2) {
        return;
    }
    struct message_out *out = gossip_to(core, peer);
    if (out->ask_count == MESSAGE_ASKS_MAX) {
        return;
    }
    while (member->challenge == 0) {
        member->challenge = random_draw(core);
    }
    *asked = core->now;
    out->asks[out->ask_count++] = (struct ask){.target = core->config.nodes[node].id,
                                               .asker = core->config.nodes[core->config.self].id,
                                               .challenge = member->challenge};
}

/* Proves to `asked->asker` that this incarnation runs; it goes back the way the ask came [SPEC
 * R22]. */
static void echo(struct core *core, const struct ask *asked, uint8_t peer, bool confirmed)
{
    struct member *member = &core->members[peer];
    uint64_t spacing_ns = timing_spacing(core->config.interval_ns);
    if (!confirmed && member->echoed.ns != 0 &&
        mono_elapsed(core->now, member->echoed) < spacing_ns / 2) {
        return;
    }
    struct message_out *out = gossip_to(core, peer);
    if (out->echo_count == MESSAGE_ECHOES_MAX) {
        return;
    }
    member->echoed = core->now;
    struct echo *proof = &out->echoes[out->echo_count++];
    *proof = (struct echo){.node = core->record.node,
                           .incarnation = core->record.incarnation,
                           .seq = core->record.seq,
                           .asker = asked->asker,
                           .challenge = asked->challenge};
}

/* Where an ask for another node is passed on to, or NODE_NONE: not back to where it comes from, but
 * for a node that asks about itself, because another of its name may be there [SPEC R24]. */
static uint8_t ask_hop(const struct core *core, const struct ask *asked,
                       const struct message_in *message)
{
    uint8_t peer = message->peer;
    uint8_t target = core_node_index(core, asked->target);
    if (target == peer) {
        return asked->asker == asked->target ? peer : NODE_NONE;
    }
    if (target == NODE_NONE || core->members[peer].incarnation != message->incarnation) {
        return NODE_NONE;
    }
    uint8_t hop = next_hop(core, target);
    return hop == peer ? NODE_NONE : hop;
}

void incarnation_take_ask(struct core *core, const struct ask *asked,
                          const struct message_in *message)
{
    uint8_t target = core_node_index(core, asked->target);
    if (target == core->config.self) {
        bool confirmed = core->members[message->peer].incarnation == message->incarnation;
        echo(core, asked, message->peer, confirmed);
        return;
    }
    uint8_t hop = ask_hop(core, asked, message);
    if (hop == NODE_NONE) {
        return;
    }
    /* Passed on towards the target; at most once per spacing, so that no loop can carry it for
     * long. */
    struct member *member = &core->members[target];
    if (mono_elapsed(core->now, member->passed_at) < timing_spacing(core->config.interval_ns) / 2) {
        return;
    }
    struct message_out *out = gossip_to(core, hop);
    if (out->ask_count < MESSAGE_ASKS_MAX) {
        uint8_t asker = core_node_index(core, asked->asker);
        out->asks[out->ask_count++] = *asked;
        member->passed_at = core->now;
        member->passed |= asker == NODE_NONE ? 0 : BIT(asker);
    }
}

/*
 * Somebody else runs under the name of a node, and counts for nothing here: it is shown the record
 * of the one that does, and may ask that one through this node [SPEC R24].
 */
static void show(struct core *core, uint8_t node)
{
    struct member *member = &core->members[node];
    uint64_t spacing_ns = timing_spacing(core->config.interval_ns);
    if (mono_elapsed(core->now, member->shown) >= spacing_ns) {
        member->shown = core->now;
        gossip_show(core, node);
    }
}

/* A challenge came back: that incarnation runs, the former one is dead for ever [SPEC R23]. */
static void confirm(struct core *core, uint8_t node, const struct echo *proof, uint8_t peer)
{
    struct member *member = &core->members[node];
    member->challenge = 0;
    if (node == core->config.self) {
        if (proof->incarnation != core->config.incarnation) {
            (void)core_action(core, ACTION_CLONED);
        }
        return;
    }
    bool doubted = member->doubted;
    member->doubted = false;
    if (proof->incarnation == member->incarnation) {
        if (doubted && membership_is_live(core, node)) {
            show(core, node);
        }
        return;
    }
    bool restarted = member->incarnation != 0;
    incarnation_bury(core, node);
    suspicion_clear(core, node);
    member->incarnation = proof->incarnation;
    member->seq = proof->seq == 0 ? 0 : proof->seq - 1;
    /* Until its own record comes, which is with the echo as a rule: alive, and no candidate for
     * anything. */
    member->record = (struct record){.node = proof->node,
                                     .incarnation = proof->incarnation,
                                     .interval_ms = core->record.interval_ms,
                                     .next_ms = core->record.next_ms};
    member->has_record = true;
    membership_index_entries(core, member);
    rivals_forget(core, node);
    verify_forget(core, node);
    member->heard = core->now;
    member->answered = core->now;
    member->via = peer == node ? NODE_NONE : peer;
    member->direct = peer == node ? core->now : (struct mono){0};
    member->srtt_ns = member->rttvar_ns = 0;
    member->samples = 0;
    member->hears_me = true;
    core->peer_heard = true;
    if (peer == node) {
        (void)gossip_to(core, node); /* what it has of this node says that it is not heard */
    }
    core->dirty = true;
    membership_set_state(core, node, MEMBER_ALIVE, restarted ? REASON_RESTARTED : REASON_HEARD);
}

void incarnation_take_echo(struct core *core, const struct echo *proof, uint8_t peer)
{
    uint8_t node = core_node_index(core, proof->node);
    uint8_t asker = core_node_index(core, proof->asker);
    if (node == NODE_NONE || asker == NODE_NONE) {
        return;
    }
    if (asker == core->config.self) {
        if (core_expects_echo(core, proof)) {
            confirm(core, node, proof, peer);
        }
        return;
    }
    /* Passed on if the ask was, and once: nobody can make this node repeat itself [SPEC R22]. */
    struct member *member = &core->members[node];
    uint8_t hop = next_hop(core, asker);
    if ((member->passed & BIT(asker)) == 0 || (hop == peer && hop != asker)) {
        return;
    }
    member->passed &= ~BIT(asker);
    struct message_out *out = gossip_to(core, hop);
    /* Echoes are looked at before anything else, and no message has more of them. */
    ASSERT(out->echo_count < MESSAGE_ECHOES_MAX);
    out->echoes[out->echo_count++] = *proof;
    gossip_relay(core, hop, node);
}

/* Whose incarnation has ended for this node runs on: another answers under its name. */
void incarnation_meet_ended(struct core *core, const struct message_in *message)
{
    for (uint8_t i = 0; i < message->ask_count; i++) {
        incarnation_take_ask(core, &message->asks[i], message);
    }
    if (message->ask_count == 0 && membership_is_live(core, message->peer)) {
        show(core, message->peer);
    }
}
