// SPDX-License-Identifier: MIT
/*
 * membership: who is alive and what it says. A record counts only for the confirmed incarnation of
 * its node; another incarnation changes nothing but to cause an ask, and only an echo of a fresh
 * challenge makes it the confirmed one [SPEC R20..R24].
 */
#include "state.h"

uint64_t core_member_incarnation(const struct core *core, uint8_t node)
{
    return core->members[node].incarnation;
}

uint64_t core_member_seq(const struct core *core, uint8_t node)
{
    return core->members[node].seq;
}

uint8_t core_node_index(const struct core *core, uint32_t id)
{
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        if (core->config.nodes[node].id == id) {
            return node;
        }
    }
    return NODE_NONE;
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

void membership_init(struct core *core)
{
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        struct member *member = &core->members[node];
        member->state = node == core->config.self ? MEMBER_ALIVE : MEMBER_UNKNOWN;
        member->via = NODE_NONE;
        for (uint8_t i = 0; i < RELAYS_MAX; i++) {
            member->relays[i] = NODE_NONE;
        }
        for (uint8_t vip = 0; vip < VIPS_MAX; vip++) {
            member->entry[vip] = ENTRY_NONE;
        }
    }
}

bool membership_is_live(const struct core *core, uint8_t node)
{
    if (node == core->config.self) {
        return core->phase != PHASE_LEAVING && core->phase != PHASE_STOPPED;
    }
    const struct member *member = &core->members[node];
    return member->has_record && (member->state == MEMBER_ALIVE || member->state == MEMBER_SUSPECT);
}

/* Has its incarnation ended without being stopped? Its last record says so [SPEC R44]. */
bool membership_has_willed(const struct core *core, uint8_t node)
{
    return core->members[node].record.seq == RECORD_SEQ_WILL;
}

bool membership_is_missed(const struct core *core)
{
    bool somebody_lives = false;
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        somebody_lives |= node != core->config.self && membership_is_live(core, node);
    }
    return core->mute && somebody_lives;
}

uint64_t membership_interval(const struct member *member)
{
    ASSERT(member->has_record);
    return member->record.interval_ms * NS_PER_MS;
}

uint64_t membership_next(const struct member *member)
{
    ASSERT(member->has_record);
    return member->record.next_ms * NS_PER_MS;
}

bool membership_is_unheard(const struct core *core, uint8_t node, struct mono now)
{
    const struct member *member = &core->members[node];
    if (node == core->config.self) {
        return false;
    }
    if (!membership_is_live(core, node)) {
        return true; /* one that has left too: it may be back where only others hear it */
    }
    uint64_t patience_ns =
        membership_next(member) + timing_grace(membership_interval(member), member);
    return mono_elapsed(now, member->direct) > patience_ns;
}

/* Does the record say that its author hears this node directly? A full list takes turns [SPEC R14].
 */
static bool hears_me(const struct core *core, const struct record *record, bool before)
{
    for (uint8_t i = 0; i < record->unheard_count; i++) {
        if (record->unheard[i].node == core->config.nodes[core->config.self].id) {
            return false;
        }
    }
    return record->unheard_count < UNHEARD_MAX || before;
}

const struct record_vip *membership_entry(const struct core *core, uint8_t node, uint8_t vip)
{
    if (node == core->config.self) {
        return &core->draft.vips[vip];
    }
    const struct member *member = &core->members[node];
    if (!member->has_record || member->entry[vip] == ENTRY_NONE) {
        return NULL;
    }
    return &member->record.vips[member->entry[vip]];
}

/* The only place that changes a member's state. */
void membership_set_state(struct core *core, uint8_t node, enum member_state state,
                          enum reason reason)
{
    struct member *member = &core->members[node];
    if (member->state == state) {
        return;
    }
    core_change(core, &(struct change){.type = CHANGE_MEMBER,
                                       .node = node,
                                       .from = (uint8_t)member->state,
                                       .to = (uint8_t)state,
                                       .reason = reason});
    member->state = state;
    core->dirty = true;
    if (state == MEMBER_SUSPECT) {
        core->counters.suspicions++;
    } else if (state == MEMBER_DEAD) {
        core->counters.deaths++;
        member->died = core->now;
    }
}

/* An incarnation has ended; nothing of it counts any more. */
static void bury(struct core *core, uint8_t node)
{
    struct member *member = &core->members[node];
    if (member->incarnation != 0 && !core_incarnation_is_dead(core, node, member->incarnation)) {
        member->dead[member->dead_count % DEAD_INCARNATIONS_MAX] = member->incarnation;
        member->dead_count++;
    }
}

/* Two nodes drawn at random among those that are heard directly. */
void membership_draw_relays(struct core *core, uint8_t node, uint8_t relays[static RELAYS_MAX])
{
    uint8_t pool[NODES_MAX];
    uint8_t count = 0;
    for (uint8_t other = 0; other < core->config.node_count; other++) {
        if (other != node && other != core->config.self && membership_is_live(core, other) &&
            !membership_is_unheard(core, other, core->now)) {
            pool[count++] = other;
        }
    }
    for (uint8_t i = 0; i < RELAYS_MAX; i++) {
        relays[i] = NODE_NONE;
        if (count > 0) {
            uint8_t pick = (uint8_t)(random_draw(core) % count);
            relays[i] = pool[pick];
            pool[pick] = pool[--count];
        }
    }
}

/* Next hop to a node: straight, or through the relay of its newest record. */
static uint8_t next_hop(const struct core *core, uint8_t node)
{
    const struct member *member = &core->members[node];
    if (member->via != NODE_NONE && membership_is_unheard(core, node, core->now)) {
        return member->via;
    }
    return node;
}

/*
 * Challenges `node` through `peer`, at most once per spacing. The challenge is drawn once per
 * episode, so that an attacker who replays old incarnations in between cannot make the right echo
 * late [SPEC R21].
 */
static void ask(struct core *core, uint8_t node, uint8_t peer)
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

/* An ask of the hello rounds: to the node itself. */
void membership_ask(struct core *core, uint8_t node)
{
    ask(core, node, node);
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

static void take_ask(struct core *core, const struct ask *asked, const struct message_in *message)
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

/* Where each of this node's VIPs stands in the record. */
static void index_entries(struct core *core, struct member *member)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        member->entry[vip] = ENTRY_NONE;
        for (uint8_t i = 0; i < member->record.vip_count; i++) {
            if (member->record.vips[i].vip == core->config.vips[vip].id) {
                member->entry[vip] = i;
            }
        }
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
    bury(core, node);
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
    index_entries(core, member);
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

static void take_echo(struct core *core, const struct echo *proof, uint8_t peer)
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

/* Does anything differ that the election or an arbiter looks at? */
static bool means_the_same(const struct record *a, const struct record *b)
{
    if (a->flags != b->flags || a->vip_count != b->vip_count ||
        a->unheard_count != b->unheard_count) {
        return false;
    }
    for (uint8_t i = 0; i < a->vip_count; i++) {
        const struct record_vip *x = &a->vips[i];
        const struct record_vip *y = &b->vips[i];
        if (x->vip != y->vip || x->mode != y->mode || x->ready != y->ready ||
            x->state != y->state || x->priority != y->priority || x->unhealthy != y->unhealthy ||
            x->drained != y->drained || x->released_to != y->released_to) {
            return false;
        }
    }
    return true;
}

static void leave(struct core *core, uint8_t node)
{
    suspicion_clear(core, node);
    bury(core, node);
    membership_set_state(core, node, MEMBER_LEFT,
                         membership_has_willed(core, node) ? REASON_ENDED : REASON_LEFT);
    voter_left(core, node);
}

static bool is_overdue(const struct core *core, const struct member *member)
{
    return mono_elapsed(core->now, member->heard) >
           membership_next(member) + timing_grace(membership_interval(member), member);
}

/*
 * A newer record of a dead node, straight from it, may have been held back by somebody on the way:
 * it causes a question, and the answer to a question that was asked after the verdict raises the
 * node. A relay that lives vouches for the age of what it passes on [SPEC R38].
 */
static void rise(struct core *core, uint8_t node, const struct message_in *message)
{
    struct member *member = &core->members[node];
    if (member->state != MEMBER_DEAD || is_overdue(core, member)) {
        return;
    }
    bool proved = message->answer > member->died.ns && message->answer <= core->now.ns;
    bool vouched = node != message->peer && membership_is_live(core, message->peer);
    if (proved || vouched) {
        membership_set_state(core, node, MEMBER_ALIVE, REASON_HEARD);
        rivals_answer(core, node);
    } else if (node == message->peer && mono_elapsed(core->now, member->tested) >=
                                            timing_spacing(core->config.interval_ns) / 2) {
        member->tested = core->now;
        gossip_question(core, node, NODE_NONE);
    }
}

static void take_record(struct core *core, const struct message_in *message,
                        const struct message_record *carried)
{
    const struct record *record = &carried->record;
    uint8_t peer = message->peer;
    uint8_t node = core_node_index(core, record->node);
    if (node == NODE_NONE || core_incarnation_is_dead(core, node, record->incarnation)) {
        return;
    }
    struct member *member = &core->members[node];
    if (node == core->config.self) {
        if (record->incarnation != core->config.incarnation) {
            ask(core, node, peer); /* [SPEC R24] */
        }
        return;
    }
    if (record->incarnation != member->incarnation) {
        start_unconfirmed(core, node);
        member->doubted = peer == node && membership_is_live(core, node);
        ask(core, node, peer);
        return;
    }
    if (record->seq <= member->seq) {
        return;
    }
    struct record before = member->record;
    uint32_t busy = voter_busy(core, node);
    member->record = *record;
    member->seq = record->seq;
    member->heard = mono_max(member->heard, mono_sub(core->now, carried->age_ns));
    member->via = peer == node ? NODE_NONE : peer;
    index_entries(core, member);
    bool heard_me = member->hears_me;
    member->hears_me = hears_me(core, record, heard_me);
    if (member->hears_me != heard_me || !means_the_same(&before, record)) {
        core->dirty = true;
    }
    if ((record->flags & RECORD_LEAVING) != 0) {
        gossip_news(core, node, peer);
        leave(core, node);
        return;
    }
    suspicion_heard(core, node);
    rise(core, node, message);
    if (member->state != MEMBER_SUSPECT && member->state != MEMBER_DEAD) {
        membership_set_state(core, node, MEMBER_ALIVE, REASON_HEARD);
    }
    if (peer != node && membership_is_unheard(core, node, core->now) && member->relays[0] != peer &&
        member->relays[1] != peer) {
        member->relays[1] = member->relays[0]; /* this way works: name it, and tell it [SPEC R14] */
        member->relays[0] = peer;
        (void)gossip_to(core, peer);
    }
    gossip_news(core, node, peer);
    gossip_named(core, node, &before);
    rivals_answer(core, node);
    voter_heard(core, node, busy);
}

/* Whose incarnation has ended for this node runs on: another answers under its name. */
static void meet_ended(struct core *core, const struct message_in *message)
{
    for (uint8_t i = 0; i < message->ask_count; i++) {
        take_ask(core, &message->asks[i], message);
    }
    if (message->ask_count == 0 && membership_is_live(core, message->peer)) {
        show(core, message->peer);
    }
}

/* One datagram: proofs first, because they decide what the rest is worth. */
void membership_message(struct core *core, const struct message_in *message)
{
    uint8_t peer = message->peer;
    struct member *member = &core->members[peer];
    ASSERT(peer < core->config.node_count && peer != core->config.self);

    if (message->ended) {
        meet_ended(core, message);
        return;
    }
    for (uint8_t i = 0; i < message->echo_count; i++) {
        take_echo(core, &message->echoes[i], peer);
    }
    bool confirmed = member->incarnation == message->incarnation;
    if (confirmed) {
        if (membership_is_unheard(core, peer, core->now)) {
            (void)gossip_to(core, peer); /* as in confirm() */
        }
        member->direct = core->now;
    }
    for (uint8_t i = 0; i < message->record_count; i++) {
        if (confirmed || message->records[i].record.node == core->config.nodes[peer].id) {
            take_record(core, message, &message->records[i]);
        }
    }
    for (uint8_t i = 0; i < message->ask_count; i++) {
        take_ask(core, &message->asks[i], message);
    }
    if (!confirmed) {
        return;
    }
    rise(core, peer, message);
    if (message->answer <= core->now.ns && message->answer > member->answered.ns) {
        member->answered.ns = message->answer;
        timing_sample(member, core->now.ns - message->answer, core->config.interval_ns);
    }
    if (message->grant.vote_count > 0) {
        majority_take(core, message);
    }
    if (message->question.id != 0) {
        gossip_answer(core, peer, &message->question);
        voter_answer(core, peer);
    }
}
