// SPDX-License-Identifier: MIT
/*
 * election: who shall hold a VIP, as a pure function of the records of the live nodes. The same
 * records give the same winner on every node, in whatever order they came [SPEC R50]. Nothing else
 * ranks nodes.
 */
#include "state.h"

static uint8_t node_flags(const struct core *core, uint8_t node)
{
    return node == core->config.self ? core->draft.flags : core->members[node].record.flags;
}

/* Of a node that lists the VIP. */
uint8_t election_tier(const struct core *core, uint8_t vip, uint8_t node)
{
    uint8_t flags = node_flags(core, node);
    const struct record_vip *entry = membership_entry(core, node, vip);
    if ((flags & RECORD_DRAINED) != 0 || entry->drained != 0) {
        return TIER_DRAINED;
    }
    bool healthy = (flags & RECORD_HEALTHY) != 0 && entry->unhealthy == 0;
    return healthy ? TIER_HEALTHY : TIER_UNHEALTHY;
}

/* Holds the address, or is about to. */
static bool possesses(enum vip_state state)
{
    return state == VIP_CLAIMING || state == VIP_HOLDING;
}

/* True if no live node outside of `excluded` claims, holds or is releasing the VIP. */
bool election_is_vacant(const struct core *core, uint8_t vip, uint64_t excluded)
{
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        const struct record_vip *entry = membership_entry(core, node, vip);
        if ((excluded & BIT(node)) == 0 && entry != NULL && membership_is_live(core, node) &&
            (possesses(entry->state) || entry->state == VIP_RELEASING)) {
            return false;
        }
    }
    return true;
}

/* 1. A candidate of this VIP, alive, ready, of the same mode; in mode quorum with a majority in
 * sight [SPEC R51]. */
static bool is_eligible(const struct core *core, uint8_t vip, uint8_t node, uint64_t excluded)
{
    const struct core_vip *config = &core->config.vips[vip];
    const struct arbiter *arbiter = &core->arbiters[vip];
    const struct record_vip *entry = membership_entry(core, node, vip);

    if ((config->candidates & BIT(node)) == 0 || entry == NULL || !membership_is_live(core, node)) {
        return false;
    }
    if (entry->mode != config->mode || entry->ready == VIP_READY_NO) {
        return false;
    }
    if (config->mode == VIP_QUORUM && (node_flags(core, node) & RECORD_SEES_MAJORITY) == 0) {
        return false;
    }
    if (arbiter->refused == node && mono_before(core->now, arbiter->refused_until)) {
        return false;
    }
    return entry->ready != VIP_READY_VACANT || possesses(entry->state) ||
           election_is_vacant(core, vip, excluded | BIT(node));
}

/* Of VIP and node: spreads equal priorities over the VIPs, and moves few when a node comes or goes.
 */
uint64_t election_mix(uint64_t hash)
{
    hash = (hash ^ (hash >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    hash = (hash ^ (hash >> 27)) * UINT64_C(0x94D049BB133111EB);
    return hash ^ (hash >> 31);
}

/*
 * Does `a` rank before `b`? Both list the VIP. A total order [SPEC R52]; 1 is is_eligible().
 */
bool election_prefers(const struct core *core, uint8_t vip, uint8_t a, uint8_t b)
{
    const struct core_vip *config = &core->config.vips[vip];
    const struct record_vip *entry_a = membership_entry(core, a, vip);
    const struct record_vip *entry_b = membership_entry(core, b, vip);

    /* 2. The better tier: healthy, then unhealthy, then drained. */
    uint8_t tier_a = election_tier(core, vip, a);
    uint8_t tier_b = election_tier(core, vip, b);
    if (tier_a != tier_b) {
        return tier_a < tier_b;
    }
    /* 3. Who has it, where it must not move without need: preempt is off, or all are equally unfit.
     */
    bool has_a = possesses(entry_a->state);
    bool has_b = possesses(entry_b->state);
    if ((!config->preempt || tier_a != TIER_HEALTHY) && has_a != has_b) {
        return has_a;
    }
    /* 4. The higher priority for this VIP. */
    if (entry_a->priority != entry_b->priority) {
        return entry_a->priority > entry_b->priority;
    }
    /* 5. The higher rendezvous hash of VIP and node. */
    uint32_t id_a = core->config.nodes[a].id;
    uint32_t id_b = core->config.nodes[b].id;
    uint64_t hash_a = election_mix((uint64_t)config->id << 32 | id_a);
    uint64_t hash_b = election_mix((uint64_t)config->id << 32 | id_b);
    if (hash_a != hash_b) {
        return hash_a > hash_b;
    }
    /* 6. The ids themselves, which differ. */
    ASSERT(a == b || id_a != id_b);
    return id_a > id_b;
}

/* The node that shall hold the VIP if those in `excluded` did not exist, or NODE_NONE. */
uint8_t election_best(const struct core *core, uint8_t vip, uint64_t excluded)
{
    uint8_t best = NODE_NONE;
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        if ((excluded & BIT(node)) != 0 || !is_eligible(core, vip, node, excluded)) {
            continue;
        }
        if (best == NODE_NONE || election_prefers(core, vip, node, best)) {
            best = node;
        }
    }
    return best;
}

/* Who holds the VIP by the records of the live nodes; the one that ranks first if several say so.
 */
uint8_t election_holder(const struct core *core, uint8_t vip)
{
    uint8_t holder = NODE_NONE;
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        const struct record_vip *entry = membership_entry(core, node, vip);
        if (entry == NULL || !membership_is_live(core, node) ||
            (entry->state != VIP_HOLDING && entry->state != VIP_RELEASING)) {
            continue;
        }
        if (holder == NODE_NONE || election_prefers(core, vip, node, holder)) {
            holder = node;
        }
    }
    return holder;
}
