// SPDX-License-Identifier: MIT
/*
 * voters: whose votes count, while their set changes by one node at a time. A node whose file is
 * new needs a majority of the former set too, until it knows that majorities of both sets have the
 * new one; only then it may go on to a third. So two sets that are used at once have a voter in
 * common in any two majorities [SPEC R100..R104].
 */
#include "state.h"

/* How old a record can be with which a question is answered [SPEC R12]. */
#define RECORD_AGE_PART 32U

static uint32_t hash_of(const struct core_config *config)
{
    uint32_t hash = 0;
    for (uint8_t node = 0; node < config->node_count; node++) {
        hash += (uint32_t)election_mix(config->nodes[node].id); /* a sum: in whatever order */
    }
    return hash;
}

/* The longest lease that any voter may have promised: others may have had another configuration. */
static void note_lease(struct core *core)
{
    if (core->voters.longest_lease_ns < core->config.lease_max_ns) {
        core->voters.longest_lease_ns = core->config.lease_max_ns;
    }
    for (uint8_t vip = 0; vip < core->config.vip_count; vip++) {
        uint64_t lease_ns = core->config.vips[vip].lease_ns;
        struct voters *voters = &core->voters;
        voters->longest_lease_ns =
            lease_ns > voters->longest_lease_ns ? lease_ns : voters->longest_lease_ns;
    }
}

void voters_init(struct core *core)
{
    core->voters = (struct voters){.hash = hash_of(&core->config)};
    note_lease(core);
}

/* What came, and what went. */
static uint8_t count_changes(const struct core *core, const struct core_config *before,
                             const struct core_reload *reload)
{
    uint8_t added = 0;
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        if (reload->node_was[node] == CORE_NEW) {
            added++;
        }
    }
    return (uint8_t)(added + (before->node_count - (core->config.node_count - added)));
}

/* Nodes of this configuration that were in the former one, or of a set that is named by it. */
static uint64_t moved(const struct core *core, const struct core_reload *reload, uint64_t set)
{
    uint64_t ret = 0;
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        uint8_t was = reload->node_was[node];
        ret |= was != CORE_NEW && (set & BIT(was)) != 0 ? BIT(node) : 0;
    }
    return ret;
}

bool voters_move(struct core *core, const struct core *former, const struct core_reload *reload)
{
    const struct voters *before = &former->voters;
    struct voters *voters = &core->voters;
    uint8_t changes = count_changes(core, &former->config, reload);
    note_lease(core);
    voters->former = moved(core, reload, before->former);
    voters->adopted = moved(core, reload, before->adopted);
    if (changes == 0) {
        return false;
    }
    voters->hash = hash_of(&core->config);
    if (!majority_is_used(former)) {
        *voters =
            (struct voters){.hash = voters->hash, .longest_lease_ns = voters->longest_lease_ns};
        return true;
    }
    ASSERT(changes == 1);
    ASSERT(!before->changing || voters->hash == before->former_hash);
    voters->back = before->changing && !before->back;
    voters->changing = true;
    voters->former = moved(core, reload, UINT64_MAX);
    voters->former_count = former->config.node_count;
    voters->former_hash = before->hash;
    voters->former_config = former->config.config;
    voters->adopted = 0;
    voters->settles = (struct mono){0};
    voters->began = mono_add(core->now, core->config.interval_ns / RECORD_AGE_PART);
    return true;
}

/*
 * What was granted before counts on: as a vote of the former set if it came from one of its voters,
 * also where a change is taken back, because the two sets are the same [SPEC R101].
 */
void voters_move_grants(const struct core *former, struct lease *lease)
{
    for (uint8_t node = 0; node < NODES_MAX; node++) {
        struct mono own = lease->granted[node];
        bool both = former->voters.changing;
        lease->of_former[node] = both ? mono_max(own, lease->of_former[node]) : own;
        lease->granted[node] = (struct mono){0};
    }
}

enum voters_answer core_may_change_voters(const struct core *core, const struct core_config *next)
{
    uint32_t hash = hash_of(next);
    if (hash == core->voters.hash || !majority_is_used(core)) {
        return VOTERS_ALLOWED;
    }
    if (core->voters.changing) {
        return hash == core->voters.former_hash ? VOTERS_ALLOWED : VOTERS_CHANGING;
    }
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        uint32_t config = core->members[node].record.config;
        if (node != core->config.self && membership_is_live(core, node) &&
            config != core->config.config && config != next->config) {
            return VOTERS_DIFFER;
        }
    }
    return VOTERS_ALLOWED;
}

static uint8_t count_of(uint64_t set)
{
    uint8_t count = 0;
    for (; set != 0; set &= set - 1) {
        count++;
    }
    return count;
}

uint8_t voters_needed(const struct core *core)
{
    uint8_t now = core->config.node_count;
    uint8_t former = core->voters.changing ? core->voters.former_count : 0;
    return LEASE_MAJORITY(now > former ? now : former);
}

bool voters_are_enough(const struct core *core, uint64_t nodes)
{
    const struct voters *voters = &core->voters;
    return count_of(nodes) >= LEASE_MAJORITY(core->config.node_count) &&
           (!voters->changing ||
            count_of(nodes & voters->former) >= LEASE_MAJORITY(voters->former_count));
}

/* It has said since the change began that its configuration, so its set of voters, is the same. */
static bool adopts(const struct core *core, uint8_t node)
{
    const struct member *member = &core->members[node];
    return node == core->config.self ||
           (member->has_record && member->record.config == core->config.config &&
            !mono_before(member->answered, core->voters.began));
}

/* Who has the same file is asked whether it still has: what lay under way proves nothing. */
void voters_heard(struct core *core, uint8_t node)
{
    const struct member *member = &core->members[node];
    if (core->voters.changing && (core->voters.adopted & BIT(node)) == 0 &&
        member->record.config == core->config.config &&
        mono_before(member->answered, core->voters.began)) {
        gossip_question(core, node, NODE_NONE);
    }
}

void voters_step(struct core *core)
{
    struct voters *voters = &core->voters;
    for (uint8_t node = 0; voters->changing && node < core->config.node_count; node++) {
        voters->adopted |= adopts(core, node) ? BIT(node) : 0;
    }
    if (!voters->changing || !voters_are_enough(core, voters->adopted)) {
        return;
    }
    if (voters->settles.ns == 0) {
        /* What was promised to those who count the former set alone runs out meanwhile. */
        voters->settles = mono_add(core->vote_now, lease_real(voters->longest_lease_ns));
    }
    if (mono_reached(core->vote_now, voters->settles)) {
        voters->changing = false;
        if (voters->back) { /* nobody here has counted the other set alone */
            voters->back = false;
            voters->former_count = 0;
            voters->former = 0;
        }
        voters->settles = (struct mono){0};
        core->dirty = true;
    }
}

struct mono voters_deadline(const struct core *core)
{
    const struct voters *voters = &core->voters;
    return voters->settles.ns == 0
               ? MONO_NEVER
               : mono_add(core->now, mono_elapsed(voters->settles, core->vote_now));
}

uint32_t voters_told(const struct core *core, uint8_t peer)
{
    const struct voters *voters = &core->voters;
    if (voters->changing) {
        return voters->back ? voters->hash : voters->former_hash;
    }
    bool lags = voters->former_count > 0 && voters->former_config != core->config.config &&
                core->members[peer].record.config == voters->former_config;
    return lags ? voters->former_hash : voters->hash;
}

void voters_grant(const struct core *core, struct lease *lease, const struct ballot *ballot)
{
    const struct voters *voters = &core->voters;
    if (ballot->voters == voters->hash) {
        lease_grant(lease, ballot->voter, ballot->sent);
    } else {
        lease->of_former[ballot->voter] = mono_max(lease->of_former[ballot->voter], ballot->sent);
        lease->refused[ballot->voter] = (struct mono){0};
    }
}

bool voters_are_known(const struct core *core, uint32_t hash)
{
    const struct voters *voters = &core->voters;
    return hash == voters->hash || (voters->former_count > 0 && hash == voters->former_hash);
}

struct mono voters_sent(const struct core *core, const struct lease *lease)
{
    const struct voters *voters = &core->voters;
    uint8_t count = core->config.node_count;
    struct mono own = lease_sent(lease, count);
    if (voters->former_count == 0) {
        return own;
    }
    uint64_t all = UINT64_MAX >> (NODES_MAX - count);
    struct mono both =
        mono_min(lease_sent_of(lease, all, LEASE_MAJORITY(count)),
                 lease_sent_of(lease, voters->former, LEASE_MAJORITY(voters->former_count)));
    return voters->changing ? both : mono_max(own, both);
}
