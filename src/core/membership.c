// SPDX-License-Identifier: MIT
/*
 * membership: who is alive and what it says. A record counts only for the confirmed incarnation of
 * its node, and only the newest one; which incarnation that is, incarnation.c finds out [SPEC R20].
 */
#include "state.h"

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

void membership_init_node(struct core *core, uint8_t node)
{
    struct member *member = &core->members[node];
    *member = (struct member){.via = NODE_NONE};
    member->state = node == core->config.self ? MEMBER_ALIVE : MEMBER_UNKNOWN;
    for (uint8_t i = 0; i < RELAYS_MAX; i++) {
        member->relays[i] = NODE_NONE;
    }
    for (uint8_t vip = 0; vip < VIPS_MAX; vip++) {
        member->entry[vip] = ENTRY_NONE;
    }
}

void membership_init(struct core *core)
{
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        membership_init_node(core, node);
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
    if (state == MEMBER_DEAD || state == MEMBER_LEFT) {
        verify_lost(core, node);
    }
    member->state = state;
    core->dirty = true;
    if (state == MEMBER_SUSPECT) {
        core->counters.suspicions++;
    } else if (state == MEMBER_DEAD) {
        core->counters.deaths++;
        member->died = core->now;
    }
}

/* Two nodes drawn at random among those that are heard directly. */
void membership_draw_relays(struct core *core, uint8_t node, uint8_t relays[static RELAYS_MAX])
{
    uint8_t pool[NODES_MAX];
    uint8_t count = 0;
    for (uint8_t other = 0; other < core->config.node_count; other++) {
        if (other != node && other != core->config.self && membership_is_live(core, other) &&
            !membership_is_unheard(core, other, core->judged)) {
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

void membership_index_entries(struct core *core, struct member *member)
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
    incarnation_bury(core, node);
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
            incarnation_ask(core, node, peer); /* [SPEC R24] */
        }
        return;
    }
    if (record->incarnation != member->incarnation) {
        start_unconfirmed(core, node);
        member->doubted = peer == node && membership_is_live(core, node);
        incarnation_ask(core, node, peer);
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
    membership_index_entries(core, member);
    bool heard_me = member->hears_me;
    member->hears_me = hears_me(core, record, heard_me);
    bool news = !means_the_same(&before, record);
    core->dirty |= news || member->hears_me != heard_me;
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
    if (peer != node && membership_is_unheard(core, node, core->judged) &&
        member->relays[0] != peer && member->relays[1] != peer) {
        member->relays[1] = member->relays[0]; /* this way works: name it, and tell it [SPEC R14] */
        member->relays[0] = peer;
        (void)gossip_to(core, peer);
    }
    gossip_news(core, node, peer);
    gossip_named(core, node, &before);
    rivals_answer(core, node);
    rivals_introduce(core, node, peer == node, news);
    conflict_heard(core, node);
    voter_heard(core, node, busy);
    voters_heard(core, node);
}

/* One datagram: proofs first, because they decide what the rest is worth. */
void membership_message(struct core *core, const struct message_in *message)
{
    uint8_t peer = message->peer;
    struct member *member = &core->members[peer];
    ASSERT(peer < core->config.node_count && peer != core->config.self);

    if (message->ended) {
        incarnation_meet_ended(core, message);
        return;
    }
    for (uint8_t i = 0; i < message->echo_count; i++) {
        incarnation_take_echo(core, &message->echoes[i], peer);
    }
    bool confirmed = member->incarnation == message->incarnation;
    if (confirmed) {
        if (membership_is_unheard(core, peer, core->judged)) {
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
        incarnation_take_ask(core, &message->asks[i], message);
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
