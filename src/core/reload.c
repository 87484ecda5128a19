// SPDX-License-Identifier: MIT
/*
 * reload: another configuration for a node that runs on. What is in both, by name, keeps its state;
 * what is new begins as at a start; what goes must have been given up before [SPEC R47].
 */
#include "state.h"

static uint8_t now_of(const struct core_reload *reload, uint8_t count, uint8_t was)
{
    for (uint8_t node = 0; was != NODE_NONE && node < count; node++) {
        if (reload->node_was[node] == was) {
            return node;
        }
    }
    return NODE_NONE;
}

/* Nodes by their new indexes. */
struct renumber {
    uint8_t now[NODE_NONE + 1];
    uint8_t count;
};

static void renumber_init(struct renumber *renumber, const struct core *core,
                          const struct core_reload *reload)
{
    renumber->count = core->config.node_count;
    for (unsigned was = 0; was <= NODE_NONE; was++) {
        renumber->now[was] = now_of(reload, renumber->count, (uint8_t)was);
    }
}

/* The check that asked this node's Docker engine, as it is numbered now. */
static uint8_t now_of_check(const struct core *core, const struct core_reload *reload)
{
    for (uint8_t check = 0; check < core->config.check_count; check++) {
        if (core->swarm.check != CHECK_NONE && reload->check_was[check] == core->swarm.check) {
            return check;
        }
    }
    return CHECK_NONE;
}

static uint64_t renumber_set(const struct renumber *renumber, uint64_t set)
{
    uint64_t ret = 0;
    for (uint8_t was = 0; was < NODES_MAX; was++) {
        if ((set & BIT(was)) != 0 && renumber->now[was] != NODE_NONE) {
            ret |= BIT(renumber->now[was]);
        }
    }
    return ret;
}

static void move_member(struct core *core, uint8_t node, const struct member *former,
                        const struct renumber *renumber)
{
    struct member *member = &core->members[node];
    *member = *former;
    member->via = renumber->now[former->via];
    for (uint8_t i = 0; i < RELAYS_MAX; i++) {
        member->relays[i] = renumber->now[former->relays[i]];
    }
    member->passed = renumber_set(renumber, former->passed);
    member->interest = renumber_set(renumber, former->interest);
    member->introduced = renumber_set(renumber, former->introduced);
    member->suspicion.holder = renumber->now[former->suspicion.holder];
    if (former->suspicion.kind == SUSPICION_LINKED && member->suspicion.holder == NODE_NONE) {
        member->suspicion = (struct suspicion){.kind = SUSPICION_NONE};
    }
    if (former->via != NODE_NONE && member->via == NODE_NONE) {
        member->relays[0] = member->relays[1] = NODE_NONE; /* it was heard through one that went */
    }
    for (uint8_t vip = 0; vip < VIPS_MAX; vip++) {
        member->entry[vip] = ENTRY_NONE;
    }
    if (member->has_record) {
        membership_index_entries(core, member);
    }
}

static void move_arbiter(struct core *core, uint8_t vip, const struct arbiter *former,
                         const struct renumber *renumber)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    *arbiter = *former;
    arbiter->elected = renumber->now[former->elected];
    arbiter->holder = renumber->now[former->holder];
    arbiter->released_to = renumber->now[former->released_to];
    arbiter->told_to = renumber->now[former->told_to];
    arbiter->refused = renumber->now[former->refused];
    arbiter->rival = renumber->now[former->rival];
    arbiter->claimants = renumber_set(renumber, former->claimants);
    arbiter->rivals = renumber_set(renumber, former->rivals);
    arbiter->released = renumber_set(renumber, former->released);
    arbiter->yielded = renumber_set(renumber, former->yielded);
    arbiter->seen = renumber_set(renumber, former->seen);
}

static void move_lease(struct core *core, uint8_t vip, const struct lease *former,
                       const struct core_reload *reload, const struct renumber *renumber)
{
    const struct mono never_asked = {0};
    struct lease *lease = &core->leases[vip];
    *lease = *former;
    lease->promise.holder = renumber->now[former->promise.holder];
    __builtin_memset(lease->shown, 0, sizeof lease->shown);
    for (uint8_t node = 0; node < NODES_MAX; node++) {
        uint8_t was = node < core->config.node_count ? reload->node_was[node] : CORE_NEW;
        lease->granted[node] = was == CORE_NEW ? never_asked : former->granted[was];
        lease->of_former[node] = was == CORE_NEW ? never_asked : former->of_former[was];
        lease->refused[node] = was == CORE_NEW ? never_asked : former->refused[was];
    }
}

static void move_members(struct core *core, const struct core *former,
                         const struct core_reload *reload)
{
    struct renumber renumber;
    renumber_init(&renumber, core, reload);
    bool other_voters = voters_move(core, former, reload);
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        if (reload->node_was[node] == CORE_NEW) {
            membership_init_node(core, node);
        } else {
            move_member(core, node, &former->members[reload->node_was[node]], &renumber);
        }
    }
    swarm_move(core, now_of_check(core, reload), renumber.now);
    for (uint8_t live = 0; live < 2; live++) {
        core->unheard_first[live] = core->unheard_next[live] = 0;
    }
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        if (reload->vip_was[vip] != CORE_NEW) {
            uint8_t was = reload->vip_was[vip];
            move_arbiter(core, vip, &former->arbiters[was], &renumber);
            move_lease(core, vip, &former->leases[was], reload, &renumber);
            if (other_voters) {
                voters_move_grants(former, &core->leases[vip]);
            }
        } else {
            arbiter_init_vip(core, vip);
            core->leases[vip] = (struct lease){.promise = {.holder = NODE_NONE}};
        }
    }
}

/* What this node has said of its VIPs, in their new order: so that what changed is seen. */
static void move_record(struct core *core, const struct core *former,
                        const struct core_reload *reload)
{
    core->record.vip_count = core->config.vip_count;
    core->record.config = core->config.config;
    core->record.interval_ms = (uint32_t)(core->config.interval_ns / NS_PER_MS);
    core->drained_vips = 0;
    core->stop_vips = 0;
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        const struct record_vip nothing = {.vip = ID_NONE};
        uint8_t was = reload->vip_was[vip];
        core->record.vips[vip] = was == CORE_NEW ? nothing : former->record.vips[was];
        if (was != CORE_NEW) {
            core->drained_vips |= (former->drained_vips & BIT(was)) != 0 ? BIT(vip) : 0;
            core->stop_vips |= (former->stop_vips & BIT(was)) != 0 ? BIT(vip) : 0;
        }
    }
    core->draft = core->record;
    core->signed_at = (struct mono){0}; /* another record needs another seq [SPEC R11] */
    core->retired = 0;
}

static bool holds_something(const struct core *core)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        if (arbiter_may_hold(core, vip)) {
            return true;
        }
    }
    return false;
}

static void move_health(struct core *core, const struct core *former,
                        const struct core_reload *reload)
{
    bool holds = holds_something(core);
    for (uint8_t check = 0; check < core->config.check_count; check++) {
        uint8_t was = reload->check_was[check];
        core->health[check] = was != CORE_NEW
                                  ? former->health[was]
                                  : (struct health){.trusted = holds, .since = core->now};
        core->health[check].streak = 0;
    }
}

/* Neighbours have to learn of addresses that came. */
static void announce_changed(struct core *core, const struct core *former,
                             const struct core_reload *reload)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        uint8_t was = reload->vip_was[vip];
        struct arbiter *arbiter = &core->arbiters[vip];
        if (was != CORE_NEW && arbiter->state == VIP_HOLDING &&
            core->config.vips[vip].addresses != former->config.vips[was].addresses) {
            arbiter->announce_step = 0;
            arbiter->announce_next = core->now;
        }
    }
}

/* Somebody may hold what is new here, unheard by this node until now. */
static bool is_something_new(const struct core *core, const struct core_reload *reload)
{
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        if (reload->node_was[node] == CORE_NEW) {
            return true;
        }
    }
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        if (reload->vip_was[vip] == CORE_NEW) {
            return true;
        }
    }
    return false;
}

void core_reconfigure(struct core *core, const struct core *former,
                      const struct core_config *config, const struct core_reload *reload)
{
    ASSERT(config->node_count > 0 && config->node_count <= NODES_MAX);
    ASSERT(config->vip_count <= VIPS_MAX && config->check_count <= CHECKS_MAX);
    ASSERT(config->self < config->node_count);
    ASSERT(reload->node_was[config->self] == former->config.self);
    ASSERT(config->nodes[config->self].id == former->config.nodes[former->config.self].id);

    *core = *former;
    core->config = *config;
    core->config.incarnation = former->config.incarnation;
    core->config.seed = former->config.seed;
    core->actions = NULL;
    move_members(core, former, reload);
    conflict_move(core, former, reload);
    verify_move(core, former, reload);
    move_record(core, former, reload);
    move_health(core, former, reload);
    announce_changed(core, former, reload);
    if (is_something_new(core, reload)) {
        start_hello(core);
    }
    core->dirty = true;
    gossip_compose(core);
    core->beat_next = core->now;
    core->due = core->now;
}

void reload_retire(struct core *core, uint64_t vips)
{
    core->retired = vips;
    gossip_compose(core); /* ready for nothing: the election looks at others */
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        struct arbiter *arbiter = &core->arbiters[vip];
        if ((vips & BIT(vip)) != 0 && (arbiter->in_kernel || arbiter->adding) &&
            arbiter->state != VIP_RELEASING) {
            arbiter_release(core, vip, election_best(core, vip, BIT(core->config.self)),
                            REASON_RETIRED);
        }
    }
}

bool core_is_free_of(const struct core *core, uint64_t vips)
{
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        if ((vips & BIT(vip)) != 0 && arbiter_may_hold(core, vip)) {
            return false;
        }
    }
    return true;
}
