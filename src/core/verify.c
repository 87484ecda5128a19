// SPDX-License-Identifier: MIT
/*
 * verify: is a VIP where its holder says that it is? A standby asks the wire now and then who has
 * one of its addresses, and tells in its records whether the holder has answered [SPEC R86, R87]. A
 * network that lets heartbeats through and swallows the address, as a cloud's port security does,
 * is seen by nobody else. Nothing is decided by it: people are told.
 */
#include "state.h"

/* The holder has announced itself four times by then [SPEC R80]. */
#define FIRST_NS NS_PER_S

/* An answer takes no longer on one link, busy machines included. */
#define ANSWER_NS NS_PER_S

/* Questions about one address, in a row, that stayed without the holder's answer. */
#define MISSES_MAX 3U

/* Between two answers; and a VIP is asked for about once a second by however many nodes. */
#define SPACING_NS (10 * NS_PER_S)

/* Of moments that must not coincide on all nodes. It is not drawn from the node's own generator,
 * whose numbers decide what others must not foresee. */
static uint64_t spread(const struct core *core, uint8_t vip, uint64_t span_ns)
{
    return random_siphash(core->random_key, core->now.ns ^ (uint64_t)vip << 56) % span_ns;
}

static uint64_t spacing(const struct core *core, uint8_t vip)
{
    uint64_t all_ns = core->config.node_count * NS_PER_S;
    uint64_t span_ns = all_ns > SPACING_NS ? all_ns : SPACING_NS;
    return span_ns / 2 + spread(core, vip, span_ns);
}

/* Whom this node asks for, or ID_NONE: it is no standby of this VIP, or has no interface for it. */
static uint32_t asked_for(const struct core *core, uint8_t vip)
{
    const struct arbiter *arbiter = &core->arbiters[vip];
    uint8_t holder = arbiter->holder;
    bool is_standby = core->phase == PHASE_SERVING && arbiter->state == VIP_STANDBY &&
                      (core->config.vips[vip].candidates & BIT(core->config.self)) != 0;
    bool can_ask = !arbiter->link_down && core->conflicts[vip].own != MAC_NONE;
    if (!is_standby || !can_ask || holder == NODE_NONE || holder == core->config.self) {
        return ID_NONE;
    }
    /* The last one that was news may have released it by now, and another one has not got it. One
     * with other addresses, while a change of the configuration goes round, has not got all. */
    const struct record_vip *entry = membership_entry(core, holder, vip);
    bool holds = entry != NULL && entry->state == VIP_HOLDING && membership_is_live(core, holder) &&
                 entry->addresses == core->config.vips[vip].addresses;
    return holds ? core->config.nodes[holder].id : ID_NONE;
}

/* Until now somebody verified that holder; of a former one nobody wants to know. */
static void note_lost(struct core *core, uint8_t vip, uint32_t holder)
{
    uint8_t present = core->arbiters[vip].holder;
    if (present != NODE_NONE && core->config.nodes[present].id == holder) {
        core->verifies[vip].lost_holder = holder;
        core->verifies[vip].lost = core->now;
    }
}

static void set_verdict(struct core *core, uint8_t vip, enum verified verdict)
{
    struct verify *verify = &core->verifies[vip];
    static const enum reason reasons[VERIFIED_COUNT] = {
        [VERIFIED_UNKNOWN] = REASON_PROXIED,
        [VERIFIED_YES] = REASON_VERIFIED,
        [VERIFIED_NO] = REASON_UNVERIFIED,
    };
    enum verified before = verify->verdict;
    if (before == verdict) {
        return;
    }
    if (before == VERIFIED_YES) {
        note_lost(core, vip, verify->holder);
    }
    verify->verdict = verdict;
    conflict_tell_first(core, vip);
    if (verdict == VERIFIED_NO || before == VERIFIED_NO) {
        core_change(core, &(struct change){.type = CHANGE_VERIFIED,
                                           .vip = vip,
                                           .node = core_node_index(core, verify->holder),
                                           .from = (uint8_t)before,
                                           .to = (uint8_t)verdict,
                                           .reason = reasons[verdict]});
    }
}

/* Another holder: what is known of the former one says nothing about it. */
static void begin(struct core *core, uint8_t vip, uint32_t holder)
{
    struct verify *verify = &core->verifies[vip];
    if (verify->verdict != VERIFIED_UNKNOWN) {
        conflict_tell_first(core, vip);
    }
    verify->holder = holder;
    verify->verdict = VERIFIED_UNKNOWN;
    verify->waits = verify->is_proxied = false;
    verify->misses = 0;
    verify->next = mono_add(core->now, FIRST_NS + spread(core, vip, FIRST_NS));
}

/* The question is done with: the next address, after a while. */
static void rest(struct core *core, uint8_t vip, enum verified verdict)
{
    struct verify *verify = &core->verifies[vip];
    verify->waits = false;
    verify->misses = 0;
    verify->next = mono_add(core->now, spacing(core, vip));
    verify->turn = (uint16_t)((verify->turn + 1U) % core->config.vips[vip].address_count);
    set_verdict(core, vip, verdict);
}

/* The last question stayed without the holder's answer: the same one again, soon or after a while;
 * unless somebody answered of whom it cannot be told whether that was for the holder. */
static void miss(struct core *core, uint8_t vip)
{
    struct verify *verify = &core->verifies[vip];
    if (verify->is_proxied) {
        rest(core, vip, VERIFIED_UNKNOWN);
        return;
    }
    verify->waits = false;
    if (verify->misses < MISSES_MAX) {
        verify->misses++;
    }
    if (verify->misses == MISSES_MAX) {
        set_verdict(core, vip, VERIFIED_NO);
        verify->next = mono_add(core->now, spacing(core, vip));
    }
}

static void step_vip(struct core *core, uint8_t vip)
{
    struct verify *verify = &core->verifies[vip];
    uint32_t holder = asked_for(core, vip);
    if (holder != verify->holder) {
        begin(core, vip, holder);
    }
    if (holder == ID_NONE || !mono_reached(core->now, verify->next)) {
        return;
    }
    if (verify->waits) {
        miss(core, vip);
    }
    if (mono_reached(core->now, verify->next)) {
        struct action *action = core_action(core, ACTION_VERIFY);
        action->address.vip = vip;
        action->address.index = verify->turn;
        verify->waits = true;
        verify->is_proxied = false;
        verify->next = mono_add(core->now, ANSWER_NS);
    }
}

void verify_step(struct core *core)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        step_vip(core, vip);
    }
}

void verify_frame(struct core *core, const struct event *event, uint64_t mac)
{
    uint8_t vip = event->frame.vip;
    struct verify *verify = &core->verifies[vip];
    uint8_t holder = core_node_index(core, verify->holder);
    if (!verify->waits || holder == NODE_NONE || event->frame.address != verify->turn) {
        return;
    }
    if (conflict_is_mac_of(core, holder, mac)) {
        rest(core, vip, VERIFIED_YES);
    } else if (event->frame.is_gateway || (core->members[holder].links_told & BIT(vip)) == 0) {
        verify->is_proxied = true;
    } /* else somebody else's: R82 judges it */
}

void verify_heard(struct core *core, uint8_t node, uint8_t vip)
{
    struct member *member = &core->members[node];
    const struct record_link *link = &member->record.link;
    if (member->verifies[vip] != ID_NONE && member->verifies[vip] != link->verifies) {
        note_lost(core, vip, member->verifies[vip]);
    }
    member->verifies[vip] = link->verifies;
    member->misses[vip] = link->misses;
}

void verify_lost(struct core *core, uint8_t node)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        if (core->members[node].verifies[vip] != ID_NONE) {
            note_lost(core, vip, core->members[node].verifies[vip]);
        }
    }
}

void verify_forget(struct core *core, uint8_t node)
{
    struct member *member = &core->members[node];
    verify_lost(core, node);
    __builtin_memset(member->verifies, 0, sizeof member->verifies);
    __builtin_memset(member->misses, 0, sizeof member->misses);
}

void verify_compose(const struct core *core, uint8_t vip, struct record_link *link)
{
    const struct verify *verify = &core->verifies[vip];
    link->verifies = verify->verdict == VERIFIED_YES ? verify->holder : ID_NONE;
    link->misses = verify->verdict == VERIFIED_NO ? verify->holder : ID_NONE;
}

enum verified verify_verdict(const struct core *core, uint8_t vip, uint8_t node)
{
    uint8_t holder = election_holder(core, vip);
    struct record_link said = {.vip = ID_NONE};
    if (holder == NODE_NONE || holder == node || !membership_is_live(core, node)) {
        return VERIFIED_UNKNOWN;
    }
    if (node == core->config.self) {
        verify_compose(core, vip, &said);
    } else {
        said.verifies = core->members[node].verifies[vip];
        said.misses = core->members[node].misses[vip];
    }
    uint32_t id = core->config.nodes[holder].id;
    return said.misses == id ? VERIFIED_NO : said.verifies == id ? VERIFIED_YES : VERIFIED_UNKNOWN;
}

uint64_t verify_lost_ns(const struct core *core, uint8_t vip, struct mono now)
{
    const struct verify *verify = &core->verifies[vip];
    uint8_t holder = election_holder(core, vip);
    bool is_known = holder != NODE_NONE && verify->lost_holder == core->config.nodes[holder].id;
    return is_known ? mono_elapsed(now, verify->lost) : VIEW_UNKNOWN_NS;
}

struct mono verify_deadline(const struct core *core)
{
    struct mono deadline = MONO_NEVER;
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        const struct verify *verify = &core->verifies[vip];
        if (verify->holder != ID_NONE) {
            deadline = mono_min(deadline, verify->next);
        }
    }
    return deadline;
}

void verify_move(struct core *core, const struct core *former, const struct core_reload *reload)
{
    const struct verify nothing = {.holder = ID_NONE};
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        uint8_t was = reload->vip_was[vip];
        bool is_same = was != CORE_NEW &&
                       core->config.vips[vip].addresses == former->config.vips[was].addresses;
        core->verifies[vip] = is_same ? former->verifies[was] : nothing;
        for (uint8_t node = 0; node < core->config.node_count; node++) {
            uint8_t node_was = reload->node_was[node];
            bool is_new = was == CORE_NEW || node_was == CORE_NEW;
            struct member *member = &core->members[node];
            member->verifies[vip] = is_new ? ID_NONE : former->members[node_was].verifies[was];
            member->misses[vip] = is_new ? ID_NONE : former->members[node_was].misses[was];
        }
    }
}
