// SPDX-License-Identifier: MIT
/*
 * What can be asked of a simulated cluster. Asking changes nothing.
 */
#include "cluster_private.h"

uint64_t cluster_now(const struct cluster *cluster)
{
    return cluster->now_ns - EPOCH_NS;
}

uint8_t cluster_node_count(const struct cluster *cluster)
{
    return cluster->config.node_count;
}

uint8_t cluster_vip_count(const struct cluster *cluster)
{
    return cluster->config.vip_count;
}

bool cluster_is_alive(const struct cluster *cluster, uint8_t node)
{
    return cluster->hosts[node].alive;
}

bool cluster_is_stalled(const struct cluster *cluster, uint8_t node)
{
    return cluster->now_ns < cluster->hosts[node].stalled_until_ns;
}

bool cluster_is_frozen(const struct cluster *cluster, uint8_t node)
{
    return cluster->now_ns < cluster->hosts[node].frozen_until_ns;
}

bool cluster_is_joined(const struct cluster *cluster, uint8_t from, uint8_t to)
{
    const struct host *a = &cluster->hosts[from];
    const struct host *b = &cluster->hosts[to];
    return a->alive && b->alive && !a->link_down && !b->link_down &&
           (cluster->cuts[from] & (UINT64_C(1) << to)) == 0 &&
           cluster->now_ns >= cluster->held_until_ns[from][to];
}

bool cluster_has_address(const struct cluster *cluster, uint8_t node, uint8_t vip)
{
    return cluster->hosts[node].vips[vip].present;
}

bool cluster_is_untold(const struct cluster *cluster, uint8_t node, uint8_t vip)
{
    return cluster->hosts[node].vips[vip].untold;
}

bool cluster_is_overdue(const struct cluster *cluster, uint8_t node, uint8_t vip)
{
    const struct host *host = &cluster->hosts[node];
    /* The keeper gives up earlier where the kernel's lifetime has to end before the deadline. */
    uint64_t early_ns = host->config.vips[vip].least_ns != 0 ? KERNEL_LATE_NS : 0;
    return host->vips[vip].deadline_ns + early_ns < cluster_local(cluster, node);
}

uint64_t cluster_holders(const struct cluster *cluster, uint8_t vip)
{
    uint64_t holders = 0;
    for (uint8_t node = 0; node < cluster->config.node_count; node++) {
        holders |= cluster->hosts[node].vips[vip].present ? UINT64_C(1) << node : 0;
    }
    return holders;
}

uint64_t cluster_dual_ns(const struct cluster *cluster)
{
    return cluster->dual_ns;
}

uint64_t cluster_gap_ns(const struct cluster *cluster, uint8_t vip)
{
    return cluster->gap_ns[vip];
}

void cluster_mark(struct cluster *cluster)
{
    cluster_observe(cluster);
    cluster->dual_ns = 0;
    cluster->observed_ns = cluster->now_ns;
    cluster->takeovers = 0;
    cluster->datagrams = 0;
    memset(cluster->gap_ns, 0, sizeof cluster->gap_ns);
    for (uint8_t vip = 0; vip < VIPS_MAX; vip++) {
        cluster->vacant_since_ns[vip] = cluster->now_ns;
    }
}

uint64_t cluster_takeovers(const struct cluster *cluster)
{
    return cluster->takeovers;
}

uint64_t cluster_questions(const struct cluster *cluster, uint8_t from, uint8_t to)
{
    return cluster->questions[from][to];
}

uint64_t cluster_datagrams(const struct cluster *cluster)
{
    return cluster->datagrams;
}

uint64_t cluster_announcements(const struct cluster *cluster, uint8_t node)
{
    return cluster->hosts[node].announcements;
}

uint8_t cluster_announcer(const struct cluster *cluster, uint8_t vip)
{
    return cluster->announcer[vip];
}

const struct core *cluster_core(const struct cluster *cluster, uint8_t node)
{
    return cluster->hosts[node].core;
}

const struct core_config *cluster_core_config(const struct cluster *cluster, uint8_t node)
{
    return &cluster->hosts[node].config;
}

const char *cluster_node_name(const struct cluster *cluster, uint8_t node)
{
    return cluster->names[node];
}

void cluster_view_vip(const struct cluster *cluster, uint8_t node, uint8_t vip,
                      struct vip_view *ret)
{
    struct mono now = {cluster_local(cluster, node)};
    core_view_vip(cluster->hosts[node].core, vip, now, ret);
}

void cluster_view_node(const struct cluster *cluster, uint8_t node, uint8_t other,
                       struct node_view *ret)
{
    struct mono now = {cluster_local(cluster, node)};
    core_view_node(cluster->hosts[node].core, other, now, ret);
}

uint64_t cluster_hash(const struct cluster *cluster)
{
    return cluster->hash;
}
