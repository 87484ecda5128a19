// SPDX-License-Identifier: MIT
/*
 * arbiter: one VIP on this node.
 *
 *   standby -> claiming -> holding -> releasing -> standby;  fault when the kernel refuses
 *
 * It claims when it is elected, adds the address when nobody holds it (or the holder released it),
 * and holds only when the kernel has said so. It needs `votes_needed()` votes; in mode available
 * its own is enough [SPEC R60..R68].
 */
#include "state.h"

#define PROBE_ROUNDS     3U
#define PROBE_SPACING_NS (50 * NS_PER_MS)
#define PROBE_AGAIN_NS   NS_PER_S

/* After a takeover, a conflict or a stall [SPEC R80]. */
static const uint64_t announce_ns[] = {0, 50 * NS_PER_MS, 200 * NS_PER_MS, NS_PER_S, 5 * NS_PER_S};
#define ANNOUNCE_STEPS (sizeof announce_ns / sizeof announce_ns[0])

static uint8_t votes_needed(const struct core *core, uint8_t vip)
{
    (void)core;
    (void)vip;
    return 1;
}

void arbiter_init(struct core *core)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        struct arbiter *arbiter = &core->arbiters[vip];
        arbiter->reason = REASON_STARTED;
        arbiter->elected = NODE_NONE;
        arbiter->holder = NODE_NONE;
        arbiter->released_to = NODE_NONE;
        arbiter->refused = NODE_NONE;
        arbiter->vacant_since = MONO_NEVER;
        arbiter->holder_since = core->now;
        arbiter->announce_next = MONO_NEVER;
        arbiter->ready_at = mono_add(core->now, core->config.vips[vip].preempt_delay_ns);
    }
}

/* The only place that changes a VIP's state. */
void arbiter_set_state(struct core *core, uint8_t vip, enum vip_state state, enum reason reason)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    arbiter->reason = reason;
    if (arbiter->state == state) {
        return;
    }
    uint8_t other =
        state == VIP_CLAIMING || state == VIP_HOLDING ? arbiter->holder : arbiter->released_to;
    core_change(core, &(struct change){.type = CHANGE_VIP,
                                       .vip = vip,
                                       .node = other == core->config.self ? NODE_NONE : other,
                                       .from = (uint8_t)arbiter->state,
                                       .to = (uint8_t)state,
                                       .reason = reason,
                                       .error = arbiter->error});
    arbiter->state = state;
    core->dirty = true;
    gossip_compose(core);
}

/* The addresses are in the kernel, or may be [SPEC R64]. */
bool arbiter_may_hold(const struct core *core, uint8_t vip)
{
    const struct arbiter *arbiter = &core->arbiters[vip];
    return arbiter->in_kernel || arbiter->adding || arbiter->removing;
}

/* A node that still says hello is ready: the others need not claim before it, to hand over at once.
 */
enum vip_ready arbiter_ready(const struct core *core, uint8_t vip)
{
    const struct arbiter *arbiter = &core->arbiters[vip];
    const struct core_config *config = &core->config;
    bool is_candidate = (config->vips[vip].candidates & BIT(config->self)) != 0;
    if (!is_candidate || core->phase > PHASE_SERVING || arbiter->state == VIP_FAULT ||
        arbiter->link_down) {
        return VIP_READY_NO;
    }
    if (arbiter->deaf || !mono_reached(core->now, arbiter->ready_at)) {
        return VIP_READY_VACANT;
    }
    return VIP_READY_YES;
}

/* An order to the keeper; the address lives until others may have declared this node dead. */
void arbiter_order(struct core *core, uint8_t vip, enum action_type type)
{
    struct action *action = core_action(core, type);
    action->address.vip = vip;
    action->address.until = mono_add(core->now, timing_detection(core->config.interval_ns));
    if (type == ACTION_ADDRESS_ADD || type == ACTION_DEADLINE) {
        core->arbiters[vip].until = action->address.until;
    }
}

static void announce(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    arbiter_order(core, vip, ACTION_ANNOUNCE);
    uint64_t wait_ns = core->config.vips[vip].announce_refresh_ns;
    arbiter->announce_step++;
    if (arbiter->announce_step < ANNOUNCE_STEPS) {
        wait_ns = announce_ns[arbiter->announce_step] - announce_ns[arbiter->announce_step - 1];
    } else {
        arbiter->announce_step = ANNOUNCE_STEPS;
    }
    arbiter->announce_next = mono_add(core->now, wait_ns);
}

/* Neighbours may have learnt another MAC: the schedule starts again. */
void arbiter_announce_again(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (arbiter->state != VIP_HOLDING || !arbiter->in_kernel) {
        return;
    }
    arbiter->announce_step = 0;
    announce(core, vip);
}

void arbiter_fault(struct core *core, uint8_t vip, enum reason reason, int32_t error)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    arbiter->error = error;
    arbiter->fault_count++;
    uint64_t backoff_ns =
        reason == REASON_ADDRESS_ANSWERED ? NS_PER_S : timing_backoff(arbiter->fault_count);
    arbiter->retry_at = mono_add(core->now, backoff_ns);
    arbiter->probe_rounds = 0;
    arbiter_set_state(core, vip, VIP_FAULT, reason);
}

/* Gives the VIP up to `to` (or NODE_NONE); it is released when the kernel has confirmed the
 * removal. */
void arbiter_release(struct core *core, uint8_t vip, uint8_t to, enum reason reason)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    arbiter->released_to = to;
    arbiter->removing = true;
    arbiter->adding = false;
    arbiter->kernel_asked = core->now;
    arbiter->announce_next = MONO_NEVER;
    arbiter_order(core, vip, ACTION_ADDRESS_REMOVE);
    arbiter_set_state(core, vip, VIP_RELEASING, reason);
}

static void add(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    arbiter->adding = true;
    arbiter->kernel_asked = core->now;
    arbiter->released_to = NODE_NONE;
    arbiter_order(core, vip, ACTION_ADDRESS_ADD);
}

enum probe {
    PROBE_RUNS,
    PROBE_CLEAN,
    PROBE_ANSWERED,
};

/* A node that has heard none of its peers may have the wrong key: before a claim it asks the wire
 * [SPEC R66]. */
static enum probe probe(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (core->peer_heard || core->config.node_count == 1) {
        return PROBE_CLEAN;
    }
    if (arbiter->answered) {
        return PROBE_ANSWERED;
    }
    if (arbiter->probe_rounds > 0 && !mono_reached(core->now, arbiter->probe_next)) {
        return PROBE_RUNS;
    }
    if (arbiter->probe_rounds == PROBE_ROUNDS) {
        return PROBE_CLEAN;
    }
    arbiter->probe_rounds++;
    arbiter->probe_next = mono_add(core->now, PROBE_SPACING_NS);
    arbiter_order(core, vip, ACTION_PROBE);
    return PROBE_RUNS;
}

static void probe_again(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (arbiter->answered) {
        arbiter->answered = false;
        arbiter->probe_rounds = 0;
        arbiter->retry_at = mono_add(core->now, PROBE_AGAIN_NS);
        return;
    }
    if (probe(core, vip) == PROBE_CLEAN) {
        arbiter_set_state(core, vip, VIP_STANDBY, REASON_RETRY);
        return;
    }
    arbiter->retry_at = arbiter->probe_next;
}

/* The holder is asked every T/20 for twelve rounds, then every T, until it has released [SPEC R63].
 */
static void ask_holder(struct core *core, uint8_t vip, uint8_t holder)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (!mono_reached(core->now, arbiter->claim_next)) {
        return;
    }
    gossip_question(core, holder, NODE_NONE);
    if (arbiter->claim_rounds < ROUNDS) {
        arbiter->claim_rounds++;
    }
    uint64_t wait_ns = arbiter->claim_rounds < ROUNDS
                           ? timing_claim_spacing(core->config.interval_ns)
                           : core->config.interval_ns;
    arbiter->claim_next = mono_add(core->now, wait_ns);
}

static void claim(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (arbiter->adding) {
        return; /* the kernel's word comes first */
    }
    if (arbiter->elected != core->config.self) {
        arbiter_set_state(core, vip, VIP_STANDBY, REASON_NOT_ELECTED);
        return;
    }
    uint8_t holder = election_holder(core, vip);
    if (holder != NODE_NONE) {
        ask_holder(core, vip, holder);
        return;
    }
    if (arbiter->votes < votes_needed(core, vip)) {
        return;
    }
    switch (probe(core, vip)) {
    case PROBE_RUNS:
        break;
    case PROBE_CLEAN:
        add(core, vip);
        break;
    case PROBE_ANSWERED:
        arbiter->answered = false;
        arbiter_fault(core, vip, REASON_ADDRESS_ANSWERED, 0);
        break;
    }
}

/* Why does this node claim? */
static enum reason claim_reason(const struct core *core, uint8_t vip)
{
    const struct arbiter *arbiter = &core->arbiters[vip];
    if (arbiter->refused != NODE_NONE && mono_before(core->now, arbiter->refused_until)) {
        return REASON_TAKEN_BACK;
    }
    uint8_t holder = election_holder(core, vip);
    if (holder != NODE_NONE) {
        bool releases = membership_entry(core, holder, vip)->state == VIP_RELEASING;
        return releases ? REASON_HANDED_OVER : REASON_PREFERRED;
    }
    if (arbiter->holder != NODE_NONE && arbiter->holder != core->config.self) {
        enum member_state state = core->members[arbiter->holder].state;
        if (state == MEMBER_DEAD) {
            return REASON_HOLDER_DEAD;
        }
        if (state == MEMBER_LEFT) {
            return REASON_HOLDER_LEFT;
        }
    }
    return REASON_VACANT;
}

/* The node that this one released to has not taken it within one detection time: not it, for a
 * while [SPEC R65]. */
static void judge_successor(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    uint8_t successor = arbiter->released_to;
    if (successor == NODE_NONE) {
        return;
    }
    if (arbiter->elected != successor || election_holder(core, vip) != NODE_NONE) {
        arbiter->released_to = NODE_NONE; /* somebody has it, or another one is to have it */
        return;
    }
    if (mono_elapsed(core->now, arbiter->released_at) >=
        timing_detection(core->config.interval_ns)) {
        arbiter->refused = successor;
        arbiter->refused_count++;
        arbiter->refused_until = mono_add(core->now, timing_backoff(arbiter->refused_count));
        arbiter->released_to = NODE_NONE;
        arbiter->elected = election_best(core, vip, 0);
    }
}

static void stand_by(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    judge_successor(core, vip);
    if (arbiter->elected != core->config.self || core->phase != PHASE_SERVING) {
        return;
    }
    arbiter->claim_rounds = 0;
    arbiter->claim_next = core->now;
    arbiter->probe_rounds = 0;
    arbiter->answered = false;
    arbiter->error = 0;
    arbiter->votes = 1; /* its own, the only one that mode available needs */
    arbiter_set_state(core, vip, VIP_CLAIMING, claim_reason(core, vip));
    arbiter->elected = election_best(core, vip, 0);
    claim(core, vip);
}

/* A lower holder that does not hear this node will never yield: after 4 T this one does [SPEC R68].
 */
static void judge_deafness(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    uint32_t self_id = core->config.nodes[core->config.self].id;
    bool unheard = false;
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        const struct record_vip *entry = membership_entry(core, node, vip);
        unheard |= node != core->config.self && entry != NULL && membership_is_live(core, node) &&
                   entry->state == VIP_HOLDING && !membership_hears(core, node, self_id);
    }
    if (!unheard) {
        core->dirty |= arbiter->deaf;
        arbiter->deaf = false;
        arbiter->deaf_since = MONO_NEVER;
        return;
    }
    arbiter->deaf_since = mono_min(arbiter->deaf_since, core->now);
    if (arbiter->state == VIP_HOLDING && !arbiter->deaf &&
        mono_reached(core->now, mono_add(arbiter->deaf_since, 4 * core->config.interval_ns))) {
        arbiter->deaf = true;
        arbiter_release(core, vip, NODE_NONE, REASON_NOT_HEARD);
    }
}

/*
 * Live nodes that hold it beside this one. Whoever comes or goes among them, or was out of sight
 * and may have held it there, may have left its MAC with the neighbours: the survivor announces
 * itself again [SPEC R67].
 */
void arbiter_look_for_rivals(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    uint64_t rivals = 0;
    uint64_t seen = 0;
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        const struct record_vip *entry = membership_entry(core, node, vip);
        if (node == core->config.self || entry == NULL || !membership_is_live(core, node)) {
            continue;
        }
        bool has_it = entry->state == VIP_HOLDING || entry->state == VIP_RELEASING;
        rivals |= has_it ? BIT(node) : 0;
        seen |= BIT(node);
    }
    bool news = rivals != arbiter->rivals || (seen & ~arbiter->seen) != 0;
    arbiter->rivals = rivals;
    arbiter->seen = seen;
    if (news) {
        arbiter_announce_again(core, vip);
    }
}

/* Two holders have met: does another one rank before this one? */
static uint8_t better_rival(const struct core *core, uint8_t vip)
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

static void hold(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    arbiter_look_for_rivals(core, vip);
    uint8_t rival = better_rival(core, vip);
    if (rival != NODE_NONE) {
        arbiter_release(core, vip, rival, REASON_BETTER_HOLDS);
        return;
    }
    if (arbiter->link_down) {
        arbiter_release(core, vip, arbiter->elected, REASON_LINK);
        return;
    }
    uint8_t elected = arbiter->elected;
    if (elected == core->config.self) {
        return;
    }
    if (elected == NODE_NONE) {
        arbiter_release(core, vip, NODE_NONE, REASON_UNHEALTHY);
        return;
    }
    const struct record_vip *entry = membership_entry(core, elected, vip);
    if (entry->state == VIP_CLAIMING) {
        arbiter_release(core, vip, elected, REASON_BETTER_CLAIMS);
    }
}

static void release_again(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (mono_elapsed(core->now, arbiter->kernel_asked) >= core->config.interval_ns) {
        arbiter->removing = true;
        arbiter->kernel_asked = core->now;
        arbiter_order(core, vip, ACTION_ADDRESS_REMOVE);
    }
}

/* Why is there another holder than before? */
static enum reason holder_reason(const struct core *core, uint8_t vip)
{
    const struct arbiter *arbiter = &core->arbiters[vip];
    if (arbiter->holder == NODE_NONE) {
        bool first_news = arbiter->holder_since.ns == core->started_at.ns;
        return first_news && arbiter->state != VIP_HOLDING ? REASON_HEARD : REASON_VACANT;
    }
    if (arbiter->holder == core->config.self) {
        return arbiter->reason;
    }
    switch (core->members[arbiter->holder].state) {
    case MEMBER_DEAD:
        return REASON_HOLDER_DEAD;
    case MEMBER_LEFT:
        return REASON_HOLDER_LEFT;
    case MEMBER_UNKNOWN:
    case MEMBER_ALIVE:
    case MEMBER_SUSPECT:
    case MEMBER_STATE_COUNT:
        break;
    }
    return REASON_HANDED_OVER;
}

/* Who holds it as this node sees it: the news for people, and the start of a vacancy [SPEC R35]. */
static void observe(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (!election_is_vacant(core, vip, 0)) {
        arbiter->vacant_since = MONO_NEVER;
    } else if (arbiter->vacant_since.ns == MONO_NEVER.ns) {
        arbiter->vacant_since = core->now;
    }
    uint8_t holder = election_holder(core, vip);
    bool is_claimed = holder == NODE_NONE && arbiter->vacant_since.ns == MONO_NEVER.ns;
    bool is_news = holder != NODE_NONE ||
                   mono_elapsed(core->now, arbiter->vacant_since) >= core->config.interval_ns;
    if (holder == arbiter->holder || is_claimed || !is_news) {
        return; /* between two holders there is no news yet */
    }
    enum reason reason = holder_reason(core, vip);
    core_change(core, &(struct change){.type = CHANGE_HOLDER,
                                       .vip = vip,
                                       .node = NODE_NONE,
                                       .from = arbiter->holder,
                                       .to = holder,
                                       .reason = reason});
    if (arbiter->state == VIP_STANDBY && holder != NODE_NONE) {
        arbiter->reason = reason;
    }
    arbiter->holder = holder;
    arbiter->holder_since = holder == NODE_NONE ? arbiter->vacant_since : core->now;
}

/* A record of a node came that may hold what this node holds: it learns at once what this one says
 * [SPEC R67]. */
void arbiter_rival(struct core *core, uint8_t node)
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

static void timers(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (arbiter->state == VIP_HOLDING && arbiter->in_kernel &&
        mono_reached(core->now, arbiter->announce_next)) {
        announce(core, vip);
    }
    if (arbiter->state == VIP_FAULT && !arbiter->removing &&
        mono_reached(core->now, arbiter->retry_at)) {
        if (arbiter->reason == REASON_ADDRESS_ANSWERED) {
            probe_again(core, vip);
        } else {
            arbiter_set_state(core, vip, VIP_STANDBY, REASON_RETRY);
        }
    }
    arbiter_kernel_timer(core, vip);
}

/* Lets the arbiter of a VIP act on what is known now. */
void arbiter_step(struct core *core, uint8_t vip, bool timer)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (timer) {
        timers(core, vip);
    }
    judge_deafness(core, vip);
    arbiter->elected = election_best(core, vip, 0);
    switch (arbiter->state) {
    case VIP_STANDBY:
        stand_by(core, vip);
        break;
    case VIP_CLAIMING:
        claim(core, vip);
        break;
    case VIP_HOLDING:
        hold(core, vip);
        break;
    case VIP_RELEASING:
        if (!arbiter->removing) {
            release_again(core, vip);
        }
        break;
    case VIP_FAULT:
    case VIP_STATE_COUNT:
        break;
    }
    arbiter->elected = election_best(core, vip, 0);
    observe(core, vip);
}

struct mono arbiter_deadline(const struct core *core, uint8_t vip)
{
    const struct arbiter *arbiter = &core->arbiters[vip];
    const uint64_t detection_ns = timing_detection(core->config.interval_ns);
    struct mono deadline = MONO_NEVER;
    if (arbiter->adding || arbiter->removing) {
        deadline = mono_add(arbiter->kernel_asked, detection_ns);
    }
    if (arbiter->deaf_since.ns != MONO_NEVER.ns && arbiter->state == VIP_HOLDING) {
        deadline = mono_min(deadline, mono_add(arbiter->deaf_since, 4 * core->config.interval_ns));
    }
    if (!mono_reached(core->now, arbiter->ready_at)) {
        deadline = mono_min(deadline, arbiter->ready_at);
    }
    if (arbiter->refused != NODE_NONE && !mono_reached(core->now, arbiter->refused_until)) {
        deadline = mono_min(deadline, arbiter->refused_until);
    }
    if (arbiter->holder != NODE_NONE && arbiter->vacant_since.ns != MONO_NEVER.ns) {
        deadline = mono_min(deadline, mono_add(arbiter->vacant_since, core->config.interval_ns));
    }
    switch (arbiter->state) {
    case VIP_STANDBY:
        if (arbiter->released_to != NODE_NONE) {
            struct mono judged = mono_add(arbiter->released_at, detection_ns);
            deadline = mono_reached(core->now, judged) ? deadline : mono_min(deadline, judged);
        }
        return deadline;
    case VIP_CLAIMING:
        if (!arbiter->adding && election_holder(core, vip) != NODE_NONE) {
            deadline = mono_min(deadline, arbiter->claim_next);
        } else if (!arbiter->adding && arbiter->probe_rounds > 0) {
            deadline = mono_min(deadline, arbiter->probe_next);
        }
        return deadline;
    case VIP_HOLDING:
        return mono_min(deadline, arbiter->announce_next);
    case VIP_FAULT:
        return arbiter->removing ? deadline : mono_min(deadline, arbiter->retry_at);
    case VIP_RELEASING:
        if (!arbiter->removing) {
            deadline =
                mono_min(deadline, mono_add(arbiter->kernel_asked, core->config.interval_ns));
        }
        return deadline;
    case VIP_STATE_COUNT:
        break;
    }
    return deadline;
}
