// SPDX-License-Identifier: MIT
#include "cluster_private.h"

struct cluster *cluster_new(const struct cluster_config *config)
{
    struct cluster *cluster = calloc(1, sizeof *cluster);
    assert(cluster != NULL);
    cluster->config = *config;
    cluster->random = config->seed;
    cluster->now_ns = EPOCH_NS;
    cluster_mark(cluster);
    return cluster;
}

static void host_free(struct host *host)
{
    for (size_t i = 0; i < host->queue_count; i++) {
        free(host->queue[i].message);
    }
    free(host->queue);
    for (size_t i = 0; i < NODES_MAX; i++) {
        free(host->last[i]);
    }
    free(host->core);
    free(host->actions);
}

void cluster_free(struct cluster *cluster)
{
    for (size_t i = 0; i < cluster->heap_count; i++) {
        free(cluster->heap[i].message);
    }
    free(cluster->heap);
    for (size_t i = 0; i < NODES_MAX; i++) {
        host_free(&cluster->hosts[i]);
    }
    free(cluster);
}

static void configure(const struct cluster *cluster, uint8_t self, struct core_config *ret)
{
    const struct cluster_config *config = &cluster->config;
    *ret = (struct core_config){.self = self,
                                .node_count = config->node_count,
                                .vip_count = config->vip_count,
                                .fail_open = config->fail_open,
                                .interval_ns = config->interval_ns,
                                .config = 1};
    for (uint8_t node = 0; node < config->node_count; node++) {
        ret->nodes[node].id = 0xA0000000U + node;
    }
    for (uint8_t vip = 0; vip < config->vip_count; vip++) {
        ret->vips[vip] = (struct core_vip){.id = 0xB0000000U + vip,
                                           .addresses = 1,
                                           .preempt = config->preempt,
                                           .preempt_delay_ns = config->preempt_delay_ns,
                                           .announce_refresh_ns = 60 * NS_PER_S,
                                           .priority = config->priority[self],
                                           .candidates = UINT64_MAX};
    }
}

void cluster_start(struct cluster *cluster, uint8_t node)
{
    struct host *host = &cluster->hosts[node];
    assert(!host->alive);
    cluster_observe(cluster);
    uint64_t life = host->life;
    uint64_t announcements = host->announcements;
    bool link_down = host->link_down;
    host_free(host);
    *host = (struct host){.alive = true,
                          .life = life + 1,
                          .announcements = announcements,
                          .link_down = link_down,
                          .wake_ns = UINT64_MAX,
                          .vip_count = cluster->config.vip_count};
    host->core = calloc(1, core_size());
    host->actions = calloc(1, sizeof *host->actions);
    assert(host->core != NULL && host->actions != NULL);
    struct core_config config;
    configure(cluster, node, &config);
    config.incarnation = cluster_draw(cluster) | 1;
    config.seed = cluster_draw(cluster);
    host->incarnation = config.incarnation;
    core_init(host->core, &config, (struct mono){cluster->now_ns});
    cluster_schedule_wake(cluster, node);
}

void cluster_crash(struct cluster *cluster, uint8_t node)
{
    struct host *host = &cluster->hosts[node];
    cluster_observe(cluster);
    host->alive = false;
    memset(host->vips, 0, sizeof host->vips);
}

void cluster_stop(struct cluster *cluster, uint8_t node)
{
    cluster_observe(cluster);
    cluster_deliver(cluster, node, (struct event){.type = EVENT_STOP}, NULL);
}

void cluster_stall(struct cluster *cluster, uint8_t node, uint64_t span_ns)
{
    struct host *host = &cluster->hosts[node];
    host->stalled_until_ns = cluster->now_ns + span_ns;
    cluster_wake_at(cluster, node, host->stalled_until_ns);
}

void cluster_freeze(struct cluster *cluster, uint8_t node, uint64_t span_ns)
{
    cluster_observe(cluster);
    struct host *host = &cluster->hosts[node];
    host->frozen_until_ns = cluster->now_ns + span_ns;
    for (uint8_t vip = 0; vip < cluster->config.vip_count; vip++) {
        /* The keeper's timer is due before its engine can ask for more time. */
        struct item item = {.at_ns = host->frozen_until_ns,
                            .type = ITEM_DEADLINE,
                            .node = node,
                            .life = host->life};
        item.event.address.vip = vip;
        cluster_push(cluster, item);
    }
    cluster_stall(cluster, node, span_ns);
}

void cluster_cut(struct cluster *cluster, uint8_t from, uint8_t to, bool cut)
{
    uint64_t bit = UINT64_C(1) << to;
    cluster->cuts[from] = cut ? cluster->cuts[from] | bit : cluster->cuts[from] & ~bit;
}

void cluster_loss(struct cluster *cluster, unsigned percent)
{
    cluster->loss_percent = percent;
}

void cluster_refuse(struct cluster *cluster, uint8_t node, int error)
{
    cluster->hosts[node].refuses = error;
}

void cluster_delete_address(struct cluster *cluster, uint8_t node, uint8_t vip)
{
    cluster_observe(cluster);
    cluster->hosts[node].vips[vip].present = false;
    struct event event = {.type = EVENT_ADDRESS,
                          .address = {.vip = vip, .change = ADDRESS_LOST_FOREIGN}};
    cluster_deliver(cluster, node, event, NULL);
}

void cluster_link(struct cluster *cluster, uint8_t node, bool up)
{
    cluster_observe(cluster);
    cluster->hosts[node].link_down = !up;
    for (uint8_t vip = 0; vip < cluster->config.vip_count; vip++) {
        struct event event = {.type = EVENT_LINK, .link = {.vip = vip, .up = up}};
        cluster_deliver(cluster, node, event, NULL);
    }
}

void cluster_condition(struct cluster *cluster, uint8_t node, bool healthy, bool drained)
{
    cluster_observe(cluster);
    struct event event = {.type = EVENT_CONDITION,
                          .condition = {.healthy = healthy, .drained = drained}};
    cluster_deliver(cluster, node, event, NULL);
}

void cluster_foreign_answer(struct cluster *cluster, bool answers)
{
    cluster->foreign_answers = answers;
}

void cluster_replay(struct cluster *cluster, uint8_t from, uint8_t to)
{
    struct host *host = &cluster->hosts[to];
    assert(host->last[from] != NULL);
    struct message_in *copy = malloc(sizeof *copy);
    assert(copy != NULL);
    *copy = *host->last[from];
    cluster_observe(cluster);
    cluster_deliver(cluster, to, (struct event){.type = EVENT_MESSAGE}, copy);
}

void cluster_unreachable(struct cluster *cluster, uint8_t node, uint8_t peer)
{
    struct event event = {.type = EVENT_UNREACHABLE, .unreachable = {.peer = peer}};
    cluster_deliver(cluster, node, event, NULL);
}

uint64_t cluster_now(const struct cluster *cluster)
{
    return cluster->now_ns - EPOCH_NS;
}

uint64_t cluster_clock(const struct cluster *cluster)
{
    return cluster->now_ns;
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

uint64_t cluster_datagrams(const struct cluster *cluster)
{
    return cluster->datagrams;
}

uint64_t cluster_announcements(const struct cluster *cluster, uint8_t node)
{
    return cluster->hosts[node].announcements;
}

const struct core *cluster_core(const struct cluster *cluster, uint8_t node)
{
    return cluster->hosts[node].core;
}
