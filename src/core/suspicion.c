// SPDX-License-Identifier: MIT
/*
 * suspicion: silence is questioned, not waited out. A node whose heartbeat is overdue is asked
 * twelve times over every path, directly and through others; it is dead when the twelve rounds have
 * really been sent, the last had time to be answered, and nothing newer came by any way [SPEC
 * R30..R36].
 */
#include "state.h"

static bool holds_something(const struct core *core, uint8_t node)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        const struct record_vip *entry = membership_entry(core, node, vip);
        if (entry != NULL && entry->state != VIP_STANDBY && entry->state != VIP_FAULT) {
            return true;
        }
    }
    return false;
}

/* Is `node` to be among the best `RANK_ASKS_AT_ONCE` of a VIP that `suspect` holds (of any VIP, if
 * it holds none)? */
static bool is_among_first(const struct core *core, uint8_t node, uint8_t suspect)
{
    bool any = !holds_something(core, suspect);
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        const struct record_vip *entry = membership_entry(core, suspect, vip);
        if (!any && (entry == NULL || entry->state == VIP_STANDBY || entry->state == VIP_FAULT)) {
            continue;
        }
        uint64_t excluded = BIT(suspect);
        for (uint8_t rank = 0; rank < RANK_ASKS_AT_ONCE; rank++) {
            uint8_t best = election_best(core, vip, excluded);
            if (best == node) {
                return true;
            }
            if (best == NODE_NONE) {
                break;
            }
            excluded |= BIT(best);
        }
    }
    return false;
}

/* While nobody holds or claims a VIP, the elected node owes a heartbeat [SPEC R35]. */
static struct mono vacancy_due(const struct core *core, uint8_t node, struct mono due)
{
    const struct member *member = &core->members[node];
    uint64_t grace_ns = timing_grace(membership_interval(member), member);
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        const struct arbiter *arbiter = &core->arbiters[vip];
        if (arbiter->elected != node || arbiter->vacant_since.ns == MONO_NEVER.ns) {
            continue;
        }
        bool spoke_since = !mono_before(member->heard, arbiter->vacant_since);
        struct mono owed = spoke_since
                               ? mono_add(member->heard, membership_interval(member) + grace_ns)
                               : mono_add(arbiter->vacant_since, grace_ns);
        due = mono_min(due, owed);
    }
    return due;
}

/* When the silence of a live member becomes suspicious [SPEC R30]. */
static struct mono member_due(const struct core *core, uint8_t node)
{
    const struct member *member = &core->members[node];
    uint64_t grace_ns = timing_grace(membership_interval(member), member);
    if (member->via == NODE_NONE && !member->hears_me) {
        /* It cannot hear the questions, so it cannot answer them: five missed heartbeats instead.
         */
        return mono_add(member->heard, 5 * membership_next(member) + grace_ns);
    }
    return vacancy_due(core, node, mono_add(member->heard, membership_next(member) + grace_ns));
}

static bool is_watched(const struct core *core, uint8_t node)
{
    return node != core->config.self && membership_is_live(core, node);
}

static void begin(struct core *core, uint8_t node, enum suspicion_kind kind, uint8_t holder)
{
    struct suspicion *suspicion = &core->members[node].suspicion;
    *suspicion =
        (struct suspicion){.kind = kind, .holder = holder, .started = core->now, .next = core->now};
    if (kind != SUSPICION_LINKED) {
        membership_set_state(core, node, MEMBER_SUSPECT, REASON_SILENT);
    }
}

/* The two best standbys of a holder are asked in the same rounds: they might have died with it
 * [SPEC R34]. */
static void link_standbys(struct core *core, uint8_t holder)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        const struct record_vip *entry = membership_entry(core, holder, vip);
        if (entry == NULL || entry->state == VIP_STANDBY || entry->state == VIP_FAULT) {
            continue;
        }
        uint64_t excluded = BIT(holder) | BIT(core->config.self);
        for (uint8_t i = 0; i < 2; i++) {
            uint8_t standby = election_best(core, vip, excluded);
            if (standby == NODE_NONE) {
                break;
            }
            excluded |= BIT(standby);
            struct suspicion *suspicion = &core->members[standby].suspicion;
            if (suspicion->kind == SUSPICION_NONE) {
                begin(core, standby, SUSPICION_LINKED, holder);
            } else if (suspicion->holder == NODE_NONE) {
                suspicion->holder = holder; /* suspected already, for itself */
            }
        }
    }
}

/* Ends a suspicion without a verdict; those that were linked to it go back to what they were. */
void suspicion_clear(struct core *core, uint8_t node)
{
    struct suspicion *suspicion = &core->members[node].suspicion;
    if (suspicion->kind == SUSPICION_NONE) {
        return;
    }
    suspicion->kind = SUSPICION_NONE;
    for (uint8_t other = 0; other < core->config.node_count; other++) {
        struct suspicion *linked = &core->members[other].suspicion;
        if (linked->kind != SUSPICION_NONE && linked->holder == node) {
            linked->kind = linked->kind == SUSPICION_LINKED ? SUSPICION_NONE : linked->kind;
            linked->holder = NODE_NONE;
        }
    }
}

/*
 * A newer record says that it is not overdue. Whoever is asked beside a holder is asked on all the
 * same: it may have died with that one since, and has to show a record younger than the beginning
 * [SPEC R34].
 */
static void end_due(struct core *core, uint8_t node)
{
    struct suspicion *suspicion = &core->members[node].suspicion;
    const struct suspicion was = *suspicion;
    suspicion_clear(core, node);
    if (was.holder != NODE_NONE && core->members[was.holder].suspicion.kind != SUSPICION_NONE) {
        *suspicion = was;
        suspicion->kind = SUSPICION_LINKED;
    }
}

/* A newer record of the node came. Does it end the suspicion? */
void suspicion_heard(struct core *core, uint8_t node)
{
    struct member *member = &core->members[node];
    bool answered =
        mono_before(member->suspicion.started, member->heard) ||
        (member->suspicion.started.ns == member->heard.ns && member->suspicion.rounds > 0);
    bool in_time =
        member->suspicion.kind == SUSPICION_DUE && mono_before(core->now, member_due(core, node));
    if (member->suspicion.kind == SUSPICION_NONE || (!answered && !in_time)) {
        return;
    }
    if (answered) {
        suspicion_clear(core, node);
    } else {
        end_due(core, node);
    }
    if (member->state == MEMBER_SUSPECT) {
        membership_set_state(core, node, MEMBER_ALIVE, REASON_HEARD);
    }
}

/* ICMP said that its port is closed: ask early, at most once per T; the rounds are not shortened
 * [SPEC R36]. */
void suspicion_hint(struct core *core, uint8_t node)
{
    struct member *member = &core->members[node];
    if (!is_watched(core, node) || member->suspicion.kind != SUSPICION_NONE ||
        (member->hinted.ns != 0 &&
         mono_elapsed(core->now, member->hinted) < membership_interval(member))) {
        return;
    }
    member->hinted = core->now;
    begin(core, node, SUSPICION_HINT, NODE_NONE);
    if (holds_something(core, node)) {
        link_standbys(core, node);
    }
}

/*
 * A live node that is not heard straight may be again: this node knows of a path that has healed
 * only when the next heartbeat comes over it, and then another one may have been cut meanwhile.
 */
static void ask_unheard(struct core *core, uint8_t node, uint8_t most)
{
    uint8_t pool[NODES_MAX];
    uint8_t count = 0;
    for (uint8_t other = 0; other < core->config.node_count; other++) {
        if (other != node && is_watched(core, other) &&
            membership_is_unheard(core, other, core->judged)) {
            pool[count++] = other;
        }
    }
    for (uint8_t i = 0; i < most && count > 0; i++) {
        uint8_t pick = (uint8_t)(random_draw(core) % count);
        gossip_question(core, pool[pick], node);
        pool[pick] = pool[--count];
    }
}

/*
 * Asks two nodes drawn at random, of those that are heard directly, for the newest that they have
 * of `node`; while it is not heard directly they become its relays [SPEC R14]. Of those that are
 * not heard one is asked too, and one more for each of the two that is missing [SPEC R32].
 */
void suspicion_ask_others(struct core *core, uint8_t node)
{
    struct member *member = &core->members[node];
    uint8_t relays[RELAYS_MAX];
    uint8_t unheard = 1;
    membership_draw_relays(core, node, relays);
    for (uint8_t i = 0; i < RELAYS_MAX; i++) {
        bool works = i == 0 && member->via != NODE_NONE && member->via == member->relays[0] &&
                     membership_is_live(core, member->via);
        if (!works && membership_is_unheard(core, node, core->judged)) {
            member->relays[i] = relays[i];
        }
        if (relays[i] != NODE_NONE) {
            gossip_question(core, relays[i], node);
        } else {
            unheard++;
        }
    }
    ask_unheard(core, node, unheard);
}

/* One round of questions about a suspect: itself; from the second on two candidates and two others
 * too [SPEC R32]. */
static void ask_round(struct core *core, uint8_t node)
{
    struct member *member = &core->members[node];
    gossip_question(core, node, NODE_NONE);
    member->suspicion.rounds++;
    if (member->suspicion.rounds == 1) {
        return;
    }
    suspicion_ask_others(core, node);
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        const struct record_vip *entry = membership_entry(core, node, vip);
        if (vip > 0 && (entry == NULL || entry->state == VIP_STANDBY)) {
            continue;
        }
        uint64_t excluded = BIT(node) | BIT(core->config.self);
        for (uint8_t i = 0; i < 2; i++) {
            uint8_t candidate = election_best(core, vip, excluded);
            if (candidate == NODE_NONE) {
                break;
            }
            excluded |= BIT(candidate);
            gossip_question(core, candidate, node);
        }
    }
}

/* The keeper of a node that has a VIP lets it live for one detection after the last heartbeat, also
 * when the questions began before that one was overdue: with those about another node, or because
 * of an ICMP message that anybody may have forged [SPEC R32, R36]. */
static struct mono earliest_verdict(const struct core *core, uint8_t node)
{
    const struct member *member = &core->members[node];
    uint64_t interval_ns = membership_interval(member);
    if (!holds_something(core, node)) {
        return member->suspicion.next;
    }
    uint64_t rounds_ns = (ROUNDS - 1) * timing_spacing(interval_ns);
    return mono_add(member->heard, membership_next(member) + timing_grace(interval_ns, member) +
                                       rounds_ns + timing_last_wait(interval_ns, member));
}

static void advance(struct core *core, uint8_t node)
{
    struct member *member = &core->members[node];
    struct suspicion *suspicion = &member->suspicion;
    if (suspicion->rounds == ROUNDS) {
        suspicion->next = mono_max(suspicion->next, earliest_verdict(core, node));
    }
    if (!mono_reached(core->now, suspicion->next)) {
        return;
    }
    if (suspicion->rounds == ROUNDS) {
        suspicion->kind = SUSPICION_NONE;
        membership_set_state(core, node, MEMBER_DEAD, REASON_NO_ANSWER);
        return;
    }
    ask_round(core, node);
    uint64_t interval_ns = membership_interval(member);
    uint64_t wait_ns = suspicion->rounds < ROUNDS ? timing_spacing(interval_ns)
                                                  : timing_last_wait(interval_ns, member);
    suspicion->next = mono_add(core->now, wait_ns);
}

/* Starts the suspicion of a node that is overdue, unless its rank lets others ask first [SPEC R33].
 */
static void watch(struct core *core, uint8_t node)
{
    struct member *member = &core->members[node];
    struct mono due = member_due(core, node);
    bool is_due = mono_reached(core->now, due);
    if (member->suspicion.kind == SUSPICION_DUE && !is_due) {
        end_due(core, node);
        membership_set_state(core, node, MEMBER_ALIVE, REASON_HEARD);
        return;
    }
    if (!is_due || member->suspicion.kind == SUSPICION_DUE ||
        member->suspicion.kind == SUSPICION_HINT) {
        return;
    }
    struct mono allowed = due;
    if (!is_among_first(core, core->config.self, node)) {
        allowed = mono_add(due, membership_interval(member));
    }
    if (!mono_reached(core->now, allowed)) {
        member->ask_after = allowed;
        return;
    }
    if (member->suspicion.kind == SUSPICION_LINKED) {
        member->suspicion.kind = SUSPICION_DUE; /* its rounds go on */
        membership_set_state(core, node, MEMBER_SUSPECT, REASON_SILENT);
        return;
    }
    begin(core, node, SUSPICION_DUE, NODE_NONE);
    if (holds_something(core, node)) {
        link_standbys(core, node);
    }
}

/* Judges silence. Only on a timer, when every socket was drained [SPEC R31]. */
void suspicion_timer(struct core *core)
{
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        if (is_watched(core, node)) {
            watch(core, node);
        }
    }
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        if (is_watched(core, node) && core->members[node].suspicion.kind != SUSPICION_NONE) {
            advance(core, node);
        }
    }
}

struct mono suspicion_deadline(const struct core *core)
{
    struct mono deadline = MONO_NEVER;
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        if (!is_watched(core, node)) {
            continue;
        }
        const struct member *member = &core->members[node];
        if (member->suspicion.kind != SUSPICION_NONE) {
            deadline = mono_min(deadline, member->suspicion.next);
        }
        if (member->suspicion.kind != SUSPICION_DUE && member->suspicion.kind != SUSPICION_HINT) {
            struct mono due = member_due(core, node);
            if (mono_reached(core->now, due)) {
                due = mono_max(due, member->ask_after);
            }
            deadline = mono_min(deadline, due);
        }
    }
    return deadline;
}
