// SPDX-License-Identifier: MIT
/*
 * conflict: hosts outside the cluster that use the address of a VIP, as the link shows them
 * [SPEC R81..R85, RFC 5227]. Each node tells in its records the MAC addresses of its own
 * interfaces, one VIP at a time; a MAC that is nobody's is a stranger's, and so is that of a node
 * that is not heard any more. It is named, told to the other nodes, and answered by the holder.
 */
#include "state.h"

/* A node announces itself in the moment in which it sends the record that tells its MAC. */
#define JUDGE_AFTER_NS (200 * NS_PER_MS)

/* Patience with nodes that have not told theirs, and with one that was heard until a moment ago. */
#define PATIENCE_NS (10 * NS_PER_S)

/* Without a sign of it for so long, it is gone. */
#define GONE_AFTER_NS (60 * NS_PER_S)

/* Others are told for so long after this node has seen it last: several slow beats. */
#define TELL_NS (20 * NS_PER_S)

/* More often than the ten seconds of RFC 5227: a neighbour that was misled is lost until then. */
#define DEFEND_EVERY_NS NS_PER_S

static uint64_t number_of(const uint8_t mac[static 6])
{
    uint64_t number = 0;
    for (uint8_t i = 0; i < 6; i++) {
        number = number << 8 | mac[i];
    }
    return number;
}

bool conflict_is_mac_of(const struct core *core, uint8_t node, uint64_t mac)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        if (core->members[node].macs[vip] == mac) {
            return true;
        }
    }
    return false;
}

/* Is it of a node that lives, or did until a moment ago? One that is dead and still answers is
 * treated like a stranger, by its name. */
static bool is_of_node(const struct core *core, uint8_t node, uint64_t mac)
{
    return conflict_is_mac_of(core, node, mac) &&
           (membership_is_live(core, node) ||
            mono_elapsed(core->now, core->members[node].heard) < PATIENCE_NS);
}

/* The node that told it, if one did: it is not heard, and its host still answers. */
static uint8_t owner_of(const struct core *core, uint64_t mac)
{
    if (mac == MAC_NONE) {
        return NODE_NONE;
    }
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        if (node != core->config.self && conflict_is_mac_of(core, node, mac)) {
            return node;
        }
    }
    return NODE_NONE;
}

static bool is_known(const struct core *core, uint64_t mac)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        if (core->conflicts[vip].own == mac) {
            return true;
        }
    }
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        if (node != core->config.self && is_of_node(core, node, mac)) {
            return true;
        }
    }
    return false;
}

/* Has every live node that may hold the VIP told its MAC? */
static bool all_have_told(const struct core *core, uint8_t vip)
{
    uint64_t candidates = core->config.vips[vip].candidates & ~BIT(core->config.self);
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        if ((candidates & BIT(node)) != 0 && membership_is_live(core, node) &&
            (core->members[node].links_told & BIT(vip)) == 0) {
            return false;
        }
    }
    return true;
}

static bool untold_has(const struct core *core, uint8_t vip)
{
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        const struct record_vip *entry = membership_entry(core, node, vip);
        if (node != core->config.self && entry != NULL && membership_is_live(core, node) &&
            (core->members[node].links_told & BIT(vip)) == 0 &&
            (entry->state == VIP_CLAIMING || entry->state == VIP_HOLDING ||
             entry->state == VIP_RELEASING)) {
            return true;
        }
    }
    return false;
}

/* A node of a neighbouring version may never tell its MAC. Where such a one has the VIP, or had it
 * until a moment ago, an unknown MAC may be its own [SPEC R82, D9]. */
static bool may_be_untold(struct core *core, uint8_t vip)
{
    struct conflict *conflict = &core->conflicts[vip];
    bool was_untold =
        conflict->untold.ns != 0 && mono_elapsed(core->now, conflict->untold) < JUDGE_AFTER_NS;
    if (untold_has(core, vip)) {
        conflict->untold = core->now;
        conflict->untold_since = was_untold ? conflict->untold_since : core->now;
        return true;
    }
    return was_untold;
}

/* One of this version tells its MAC addresses within a few beats: what has a name keeps it for so
 * long. */
static bool is_untold(struct core *core, uint8_t vip)
{
    return may_be_untold(core, vip) &&
           mono_elapsed(core->now, core->conflicts[vip].untold_since) >= PATIENCE_NS;
}

static void tell(struct core *core, uint8_t vip, bool is_there)
{
    const uint64_t mac = core->conflicts[vip].mac;
    const uint8_t node = core->conflicts[vip].node;
    struct change change = {.type = CHANGE_CONFLICT, .vip = vip, .node = node};
    if (node == NODE_NONE) {
        change.reason = is_there ? REASON_FOREIGN_HOST : REASON_FOREIGN_GONE;
    } else {
        change.reason = is_there ? REASON_UNHEARD_NODE : REASON_UNHEARD_GONE;
    }
    change.from = NODE_NONE;
    change.to = NODE_NONE;
    for (uint8_t i = 0; i < 6; i++) {
        change.mac[i] = (uint8_t)(mac >> (40 - 8 * i));
    }
    core_change(core, &change);
}

/* Of one address or of several: what is defended next. */
static uint16_t merge(bool is_first, uint16_t before, uint16_t address)
{
    return is_first || before == address ? address : ALL_ADDRESSES;
}

static void dispute(struct conflict *conflict, uint16_t address)
{
    conflict->disputed = merge(!conflict->is_disputed, conflict->disputed, address);
    conflict->is_disputed = true;
}

/* The neighbours are told again where the address is: the whole series, of all of them, when it
 * begins, and then one round a second at most, of what is in dispute [SPEC R84]. */
static void defend(struct core *core, uint8_t vip, bool begins)
{
    struct conflict *conflict = &core->conflicts[vip];
    if (core->arbiters[vip].state != VIP_HOLDING) {
        conflict->is_disputed = false;
        return;
    }
    if (mono_before(core->now, conflict->defended_until)) {
        return; /* conflict_step() does when it may */
    }
    conflict->defended_until = mono_add(core->now, DEFEND_EVERY_NS);
    if (begins) {
        announce_again(core, vip);
    } else {
        struct action *action = core_action(core, ACTION_ANNOUNCE);
        action->address.vip = vip;
        action->address.index = conflict->disputed;
    }
    conflict->is_disputed = false;
}

/* A sign of that host: so many frames, or what another node tells. */
static void note(struct core *core, uint8_t vip, uint64_t mac, uint32_t count)
{
    struct conflict *conflict = &core->conflicts[vip];
    bool is_news = conflict->mac != mac;
    conflict->mac = mac;
    conflict->count = is_news ? (count > 0 ? count : 1) : conflict->count + count;
    conflict->last = core->now;
    if (is_news) {
        core->link_urgent |= BIT(vip);
        core->counters.conflicts++;
        conflict->node = owner_of(core, mac);
        tell(core, vip, true);
    }
    /* What others tell again is no new frame. */
    if (is_news || count > 0) {
        defend(core, vip, is_news);
    }
}

/* One at a time has a name: another one takes its place when it has been silent for a while. */
static bool has_place(const struct core *core, uint8_t vip, uint64_t mac)
{
    const struct conflict *conflict = &core->conflicts[vip];
    return conflict->mac == MAC_NONE || conflict->mac == mac ||
           mono_elapsed(core->now, conflict->last) >= PATIENCE_NS;
}

/* Somebody unknown used the address: it may be a node whose record is still on its way. */
static void judge_stranger(struct core *core, uint8_t vip)
{
    struct conflict *conflict = &core->conflicts[vip];
    uint64_t waited_ns = mono_elapsed(core->now, conflict->strange_since);
    if (may_be_untold(core, vip)) {
        conflict->strange = MAC_NONE;
        return;
    }
    if (conflict->strange == MAC_NONE || waited_ns < JUDGE_AFTER_NS) {
        return;
    }
    bool known = is_known(core, conflict->strange);
    if (!known && waited_ns < PATIENCE_NS && !all_have_told(core, vip)) {
        return;
    }
    if (!known && has_place(core, vip, conflict->strange)) {
        conflict->seen = core->now;
        note(core, vip, conflict->strange, conflict->strange_count);
    } else if (!known) {
        dispute(conflict, conflict->strange_address);
        defend(core, vip, false); /* without a name it misleads neighbours all the same */
    }
    conflict->strange = MAC_NONE;
}

void conflict_frame(struct core *core, const struct event *event)
{
    uint8_t vip = event->frame.vip;
    uint16_t address = event->frame.address;
    ASSERT(vip < core->config.vip_count);
    struct conflict *conflict = &core->conflicts[vip];
    uint64_t number = number_of(event->frame.mac);
    if (number == MAC_NONE || (number & MAC_GROUP) != 0 || number == conflict->own) {
        return;
    }
    verify_frame(core, event, number);
    if (event->frame.is_gateway) {
        return;
    }
    core->arbiters[vip].answered = true;
    __builtin_memcpy(core->arbiters[vip].answered_mac, event->frame.mac, 6);
    if (is_known(core, number)) {
        return;
    }
    if (number == conflict->mac) {
        conflict->seen = core->now;
        dispute(conflict, address);
        note(core, vip, number, 1);
        return;
    }
    if (may_be_untold(core, vip)) {
        return;
    }
    /* The first one is judged first: two that alternate would keep each other from a name. */
    if (conflict->strange == MAC_NONE) {
        conflict->strange = number;
        conflict->strange_since = core->now;
        conflict->strange_count = 0;
    }
    if (number == conflict->strange) {
        conflict->strange_address =
            merge(conflict->strange_count == 0, conflict->strange_address, address);
        conflict->strange_count++;
    }
    judge_stranger(core, vip);
}

void conflict_own(struct core *core, uint8_t vip, const uint8_t mac[static 6])
{
    ASSERT(vip < core->config.vip_count);
    uint64_t number = number_of(mac);
    uint64_t before = core->conflicts[vip].own;
    if (before == number || (number & MAC_GROUP) != 0) {
        return;
    }
    core->conflicts[vip].own = number;
    core->link_urgent |= before != MAC_NONE && number != MAC_NONE ? BIT(vip) : 0;
    announce_again(core, vip);
}

void conflict_heard(struct core *core, uint8_t node)
{
    struct member *member = &core->members[node];
    const struct record_link *link = &member->record.link;
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        if (link->vip != core->config.vips[vip].id) {
            continue;
        }
        member->macs[vip] = link->own;
        member->links_told |= BIT(vip);
        verify_heard(core, node, vip);
        if (link->seen != MAC_NONE && !is_known(core, link->seen) && !may_be_untold(core, vip) &&
            has_place(core, vip, link->seen)) {
            note(core, vip, link->seen, 0);
        }
    }
}

/* Seen by this node, and lately: what others have told it is not passed on, or it would never end.
 */
static uint64_t seen(const struct core *core, uint8_t vip)
{
    const struct conflict *conflict = &core->conflicts[vip];
    bool lately = conflict->seen.ns != 0 && mono_elapsed(core->now, conflict->seen) < TELL_NS;
    return lately ? conflict->mac : MAC_NONE;
}

/* News first, then each in turn. */
static uint8_t next_vip(const struct core *core)
{
    uint64_t first = core->link_urgent != 0 ? core->link_urgent : core->link_first;
    return first != 0 ? (uint8_t)__builtin_ctzll(first)
                      : (uint8_t)(core->link_turn % core->config.vip_count);
}

void conflict_tell_first(struct core *core, uint8_t vip)
{
    core->link_first |= BIT(vip);
}

void conflict_compose(const struct core *core, struct record *draft)
{
    draft->link = (struct record_link){.vip = ID_NONE};
    if (core->config.vip_count == 0 || !swarm_leaves_room(draft)) {
        return;
    }
    uint8_t vip = next_vip(core);
    if (core->conflicts[vip].own != MAC_NONE || seen(core, vip) != MAC_NONE) {
        draft->link = (struct record_link){.vip = core->config.vips[vip].id,
                                           .own = core->conflicts[vip].own,
                                           .seen = seen(core, vip)};
        verify_compose(core, vip, &draft->link);
    }
}

bool conflict_is_news(const struct core *core)
{
    return core->link_urgent != 0 && core->draft.link.vip != ID_NONE;
}

void conflict_published(struct core *core)
{
    if (core->config.vip_count == 0) {
        return;
    }
    uint64_t told = BIT(next_vip(core));
    if (core->link_urgent == 0 && core->link_first == 0) {
        core->link_turn++;
    }
    core->link_urgent &= ~told;
    core->link_first &= ~told;
}

void conflict_step(struct core *core)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        struct conflict *conflict = &core->conflicts[vip];
        judge_stranger(core, vip);
        if (conflict->is_disputed) {
            defend(core, vip, false);
        }
        if (conflict->mac != MAC_NONE &&
            (is_known(core, conflict->mac) || is_untold(core, vip) ||
             mono_elapsed(core->now, conflict->last) >= GONE_AFTER_NS)) {
            tell(core, vip, false);
            conflict->mac = MAC_NONE;
            conflict->count = 0;
            conflict->seen = (struct mono){0};
        }
    }
}

struct mono conflict_deadline(const struct core *core)
{
    struct mono deadline = MONO_NEVER;
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        const struct conflict *conflict = &core->conflicts[vip];
        if (conflict->strange != MAC_NONE) {
            struct mono soon = mono_add(conflict->strange_since, JUDGE_AFTER_NS);
            struct mono late = mono_add(conflict->strange_since, PATIENCE_NS);
            deadline = mono_min(deadline, mono_reached(core->now, soon) ? late : soon);
        }
        if (conflict->is_disputed) {
            deadline = mono_min(deadline, conflict->defended_until);
        }
        if (conflict->mac != MAC_NONE) {
            deadline = mono_min(deadline, mono_add(conflict->last, GONE_AFTER_NS));
        }
    }
    return deadline;
}

void conflict_move(struct core *core, const struct core *former, const struct core_reload *reload)
{
    const struct conflict nothing = {.own = MAC_NONE};
    core->link_urgent = 0;
    core->link_first = 0;
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        uint8_t was = reload->vip_was[vip];
        core->conflicts[vip] = was == CORE_NEW ? nothing : former->conflicts[was];
        core->conflicts[vip].disputed = ALL_ADDRESSES; /* they may be others now */
        core->conflicts[vip].strange_address = ALL_ADDRESSES;
    }
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        uint8_t node_was = reload->node_was[node];
        struct member *member = &core->members[node];
        member->links_told = 0;
        for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
            uint8_t was = reload->vip_was[vip];
            bool is_new = was == CORE_NEW || node_was == CORE_NEW;
            const struct member *before = is_new ? NULL : &former->members[node_was];
            member->macs[vip] = is_new ? MAC_NONE : before->macs[was];
            member->links_told |= is_new || (before->links_told & BIT(was)) == 0 ? 0 : BIT(vip);
        }
    }
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        core->conflicts[vip].node = owner_of(core, core->conflicts[vip].mac);
    }
}
