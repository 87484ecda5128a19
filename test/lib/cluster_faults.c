// SPDX-License-Identifier: MIT
#include "cluster_private.h"

static const char *const letters[] = {
    "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M",
    "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W", "X", "Y", "Z",
};
#define LETTERS (sizeof letters / sizeof letters[0])

static void name_nodes(struct cluster *cluster)
{
    const struct cluster_config *config = &cluster->config;
    for (uint8_t node = 0; node < config->node_count; node++) {
        if (config->node_name != NULL) {
            snprintf(cluster->names[node], CLUSTER_NAME_MAX, "%s",
                     config->node_name(config->arg, node));
        } else if (node < LETTERS) {
            snprintf(cluster->names[node], CLUSTER_NAME_MAX, "%s", letters[node]);
        } else {
            snprintf(cluster->names[node], CLUSTER_NAME_MAX, "%s%s", letters[node / LETTERS - 1],
                     letters[node % LETTERS]);
        }
    }
}

struct cluster *cluster_new(const struct cluster_config *config)
{
    struct cluster *cluster = calloc(1, sizeof *cluster);
    assert(cluster != NULL);
    cluster->config = *config;
    cluster->random = config->seed;
    cluster->now_ns = EPOCH_NS;
    cluster->weather = (struct cluster_weather){.delay_ns = 50000, .delay_spread_ns = 299999};
    name_nodes(cluster);
    for (uint8_t node = 0; node < config->node_count; node++) {
        uint64_t start_ns = EPOCH_NS + cluster_draw(cluster) % (1000 * NS_PER_S);
        cluster->hosts[node].clock = (struct clock){EPOCH_NS, start_ns, start_ns, 0, 0};
        cluster->hosts[node].priority = config->priority[node];
        cluster->hosts[node].remembers = config->hosts_remember;
    }
    memset(cluster->announcer, NODE_NONE, sizeof cluster->announcer);
    cluster_mark(cluster);
    return cluster;
}

static void empty_queue(struct host *host)
{
    for (size_t i = 0; i < host->queue_count; i++) {
        free(host->queue[i].packet);
    }
    free(host->queue);
    host->queue = NULL;
    host->queue_count = 0;
    host->queue_size = 0;
}

static void host_free(struct host *host)
{
    empty_queue(host);
    for (size_t i = 0; i < NODES_MAX; i++) {
        free(host->last[i]);
    }
    free(host->core);
    free(host->wire);
    free(host->actions);
}

void cluster_free(struct cluster *cluster)
{
    for (size_t i = 0; i < cluster->heap_count; i++) {
        free(cluster->heap[i].packet);
    }
    free(cluster->heap);
    for (size_t i = 0; i < NODES_MAX; i++) {
        host_free(&cluster->hosts[i]);
    }
    free(cluster->records);
    free(cluster);
}

static void configure_vips(const struct cluster *cluster, uint8_t self, struct core_config *ret)
{
    static const char *const names[VIPS_MAX] = {
        "vip0",  "vip1",  "vip2",  "vip3",  "vip4",  "vip5",  "vip6",  "vip7",
        "vip8",  "vip9",  "vip10", "vip11", "vip12", "vip13", "vip14", "vip15",
        "vip16", "vip17", "vip18", "vip19", "vip20", "vip21", "vip22", "vip23",
        "vip24", "vip25", "vip26", "vip27", "vip28", "vip29", "vip30", "vip31",
    };
    const struct cluster_config *config = &cluster->config;
    uint64_t lease_ns = config->lease_ns != 0 ? config->lease_ns : 4 * config->interval_ns;
    bool bounded =
        config->mode == VIP_QUORUM && lease_ns >= CLUSTER_KERNEL_LEASE_NS + KERNEL_LATE_NS;
    for (uint8_t vip = 0; vip < config->vip_count; vip++) {
        ret->vips[vip] = (struct core_vip){.id = keyring_id(names[vip]),
                                           .addresses = 1,
                                           .address_count = 1,
                                           .mode = config->mode,
                                           .lease_ns = lease_ns,
                                           .least_ns = bounded ? KERNEL_LATE_NS + NS_PER_S : 0,
                                           .preempt = config->preempt,
                                           .preempt_delay_ns = config->preempt_delay_ns,
                                           .announce_refresh_ns = 60 * NS_PER_S,
                                           .priority = cluster->hosts[self].priority,
                                           .candidates = ~config->witnesses};
    }
}

void cluster_configure(const struct cluster *cluster, uint8_t self, struct core_config *ret)
{
    const struct cluster_config *config = &cluster->config;
    uint8_t known = cluster->hosts[self].known;
    uint8_t count = known != 0 ? known : config->node_count;
    *ret = (struct core_config){.self = self,
                                .node_count = count,
                                .vip_count = config->vip_count,
                                .fail_open = config->fail_open,
                                .interval_ns = config->interval_ns,
                                .config = 1U + known};
    for (uint8_t node = 0; node < count; node++) {
        ret->nodes[node].id = keyring_id(cluster->names[node]);
        ret->nodes[node].witness = (config->witnesses >> node & 1) != 0;
    }
    configure_vips(cluster, self, ret);
    if (config->configure != NULL) {
        config->configure(config->arg, self, ret);
    }
}

/* The same keys as in the life before: to make them anew costs more than a minute of a cluster. */
static void renew_wire(struct host *host)
{
    uint8_t node_was[NODES_MAX];
    struct keyring keyring = host->wire->keyring;
    memset(node_was, UINT8_MAX, sizeof node_was);
    wire_reconfigure(host->wire, &keyring, node_was);
    host->wire->incarnation = host->config.incarnation;
}

static void make_wire(struct cluster *cluster, uint8_t node)
{
    static const uint8_t keys[1][KEY_BYTES] = {"the key of every simulated node"};
    struct host *host = &cluster->hosts[node];
    struct keyring_config config = {.cluster = "simulated",
                                    .self = node,
                                    .node_count = cluster->config.node_count,
                                    .key_count = 1,
                                    .keys = keys};
    for (uint8_t n = 0; n < config.node_count; n++) {
        config.nodes[n].name = cluster->names[n];
    }
    int result = wire_init(host->wire, &config, host->config.incarnation);
    assert(result == 0);
    (void)result;
    if (!cluster->config.real_signatures) {
        cluster_cheapen(&host->wire->keyring);
    }
}

#define LEASE_MAX_NS (10 * NS_PER_S)

static uint64_t longest_lease_ns(const struct core_config *config)
{
    uint64_t longest_ns = 0;
    for (uint8_t vip = 0; vip < config->vip_count; vip++) {
        uint64_t lease_ns = config->vips[vip].lease_ns;
        longest_ns = lease_ns > longest_ns ? lease_ns : longest_ns;
    }
    return longest_ns;
}

void cluster_start(struct cluster *cluster, uint8_t node)
{
    struct host *host = &cluster->hosts[node];
    assert(!host->alive);
    cluster_observe(cluster);
    cluster_mix(cluster, node);
    empty_queue(host);
    if (host->core == NULL) {
        host->core = calloc(1, core_size());
        host->wire = calloc(1, sizeof *host->wire);
        host->actions = calloc(1, sizeof *host->actions);
        assert(host->core != NULL && host->wire != NULL && host->actions != NULL);
    }
    host->alive = true;
    host->life++;
    host->wake_ns = UINT64_MAX;
    host->stalled_until_ns = 0;
    host->frozen_until_ns = 0;
    host->kernel_free_ns = 0;
    host->refuses = 0;
    host->keeps = 0;
    host->mute = false;
    memset(host->vips, 0, sizeof host->vips);
    cluster_configure(cluster, node, &host->config);
    host->config.incarnation = cluster_draw(cluster) | 1;
    host->config.seed = cluster_draw(cluster);
    host->config.abstain_ns = host->remembers ? longest_lease_ns(&host->config) : LEASE_MAX_NS;
    host->remembers = true;
    if (host->life == 1) {
        make_wire(cluster, node);
    } else {
        renew_wire(host);
    }
    core_init(host->core, &host->config, (struct mono){cluster_local(cluster, node)});
    cluster_schedule_wake(cluster, node);
    /* The keeper says at start how the interface is. */
    for (uint8_t vip = 0; vip < cluster->config.vip_count; vip++) {
        struct event event = {.type = EVENT_MAC, .frame = {.vip = vip, .mac = {2, [5] = node}}};
        cluster_deliver(cluster, node, event, NULL);
    }
    for (uint8_t vip = 0; host->link_down && vip < cluster->config.vip_count; vip++) {
        cluster_deliver(cluster, node, (struct event){.type = EVENT_LINK, .link.vip = vip}, NULL);
    }
}

void cluster_reload(struct cluster *cluster, uint8_t node)
{
    struct host *host = &cluster->hosts[node];
    struct core_reload map;
    assert(host->alive && cluster->now_ns >= host->stalled_until_ns);
    cluster_observe(cluster);
    cluster_mix(cluster, node);
    for (unsigned i = 0; i < sizeof map.node_was; i++) {
        map.node_was[i] = i < host->config.node_count ? (uint8_t)i : CORE_NEW;
    }
    for (unsigned i = 0; i < sizeof map.vip_was; i++) {
        map.vip_was[i] = (uint8_t)i;
    }
    for (unsigned i = 0; i < sizeof map.check_was; i++) {
        map.check_was[i] = (uint8_t)i;
    }
    struct core_config config;
    cluster_configure(cluster, node, &config);
    config.incarnation = host->config.incarnation;
    config.seed = host->config.seed;
    config.abstain_ns = host->config.abstain_ns;
    host->config = config;
    struct core *core = calloc(1, core_size());
    assert(core != NULL);
    core_reconfigure(core, host->core, &config, &map);
    free(host->core);
    host->core = core;
    cluster_schedule_wake(cluster, node);
}

void cluster_kill(struct cluster *cluster, uint8_t node)
{
    struct host *host = &cluster->hosts[node];
    cluster_observe(cluster);
    cluster_mix(cluster, node);
    host->alive = false;
    for (uint8_t vip = 0; vip < cluster->config.vip_count; vip++) {
        cluster_take_away(cluster, node, vip);
    }
}

void cluster_crash(struct cluster *cluster, uint8_t node)
{
    cluster_kill(cluster, node);
    cluster->hosts[node].remembers = false;
}

void cluster_end_engine(struct cluster *cluster, uint8_t node)
{
    cluster_kill(cluster, node);
    for (uint8_t peer = 0; peer < cluster->config.node_count; peer++) {
        if (peer != node) {
            cluster_send_will(cluster, node, peer);
        }
    }
}

void cluster_stop(struct cluster *cluster, uint8_t node)
{
    cluster_observe(cluster);
    cluster_deliver(cluster, node, (struct event){.type = EVENT_STOP}, NULL);
}

void cluster_stall(struct cluster *cluster, uint8_t node, uint64_t span_ns)
{
    struct host *host = &cluster->hosts[node];
    if (host->alive) {
        host->stalled_until_ns = cluster->now_ns + span_ns;
        cluster_wake_at(cluster, node, host->stalled_until_ns);
    }
}

/*
 * How much of the kernel's lifetime is left at a node whose keeper renews no more, by its clock.
 * The keeper renewed it at most half of it ago; but where it has to end before the deadline, to the
 * end of what that allowed at most.
 */
static uint64_t lifetime_left(struct cluster *cluster, uint8_t node, uint8_t vip)
{
    const struct host *host = &cluster->hosts[node];
    uint64_t now_ns = cluster_local(cluster, node);
    uint64_t deadline_ns = host->vips[vip].deadline_ns;
    uint64_t left_ns =
        CLUSTER_KERNEL_LEASE_NS - cluster_draw(cluster) % (CLUSTER_KERNEL_LEASE_NS / 2);
    if (host->config.vips[vip].least_ns == 0) {
        return left_ns;
    }
    uint64_t most_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
    return most_ns < left_ns ? most_ns : left_ns;
}

void cluster_let_expire(struct cluster *cluster, uint8_t node, uint8_t vip, uint64_t kept)
{
    uint64_t left_ns = lifetime_left(cluster, node, vip);
    uint64_t late_ns = cluster_draw(cluster) % KERNEL_LATE_NS;
    uint64_t local_ns = cluster_local(cluster, node);
    cluster_push(cluster,
                 (struct item){.at_ns = cluster_global(cluster, node, local_ns + left_ns + late_ns),
                               .type = ITEM_EXPIRY,
                               .node = node,
                               .life = cluster->hosts[node].life,
                               .sequence = kept,
                               .event = {.address.vip = vip}});
}

void cluster_freeze(struct cluster *cluster, uint8_t node, uint64_t span_ns)
{
    cluster_observe(cluster);
    struct host *host = &cluster->hosts[node];
    if (!host->alive) {
        return;
    }
    uint64_t until_ns = cluster->now_ns + span_ns;
    host->frozen_until_ns = host->frozen_until_ns > until_ns ? host->frozen_until_ns : until_ns;
    for (uint8_t vip = 0; vip < cluster->config.vip_count; vip++) {
        /* The keeper's timer is due before its engine can ask for more time. */
        cluster_push(cluster, (struct item){.at_ns = host->frozen_until_ns,
                                            .type = ITEM_DEADLINE,
                                            .node = node,
                                            .life = host->life,
                                            .event = {.address.vip = vip}});
        cluster_let_expire(cluster, node, vip, 0);
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
    cluster->weather.loss_permille = 10 * percent;
}

void cluster_set_weather(struct cluster *cluster, const struct cluster_weather *weather)
{
    cluster->weather = *weather;
}

void cluster_refuse(struct cluster *cluster, uint8_t node, int error)
{
    cluster->hosts[node].refuses = error;
}

void cluster_keep(struct cluster *cluster, uint8_t node, int error)
{
    cluster->hosts[node].keeps = error;
}

void cluster_delete_address(struct cluster *cluster, uint8_t node, uint8_t vip)
{
    struct host *host = &cluster->hosts[node];
    cluster_observe(cluster);
    if (host->alive && host->vips[vip].present) {
        struct event event = {.type = EVENT_ADDRESS,
                              .address = {.vip = vip, .change = ADDRESS_LOST_FOREIGN}};
        host->vips[vip].untold = true;
        cluster_take_away(cluster, node, vip);
        cluster_deliver(cluster, node, event, NULL);
    }
}

/* The keeper says that the link is down, removes what is there, and says that too. */
void cluster_link_vip(struct cluster *cluster, uint8_t node, uint8_t vip, bool up)
{
    struct host *host = &cluster->hosts[node];
    bool lost = host->vips[vip].present && !up;
    if (lost) {
        host->vips[vip].untold = true;
        cluster_take_away(cluster, node, vip);
    }
    struct event event = {.type = EVENT_LINK, .link = {.vip = vip, .up = up}};
    cluster_deliver(cluster, node, event, NULL);
    if (lost) {
        event = (struct event){.type = EVENT_ADDRESS,
                               .address = {.vip = vip, .change = ADDRESS_LOST_LINK}};
        cluster_deliver(cluster, node, event, NULL);
    }
}

void cluster_link(struct cluster *cluster, uint8_t node, bool up)
{
    struct host *host = &cluster->hosts[node];
    cluster_observe(cluster);
    if (host->link_down == !up) {
        return;
    }
    host->link_down = !up;
    for (uint8_t vip = 0; vip < cluster->config.vip_count; vip++) {
        cluster_link_vip(cluster, node, vip, up);
    }
}

void cluster_condition(struct cluster *cluster, uint8_t node, bool healthy, bool drained)
{
    cluster_observe(cluster);
    struct event event = {.type = EVENT_CONDITION,
                          .condition = {.healthy = healthy, .drained = drained}};
    cluster_deliver(cluster, node, event, NULL);
}

void cluster_check(struct cluster *cluster, uint8_t node, bool passed)
{
    cluster_observe(cluster);
    struct event event = {.type = EVENT_CHECK, .check = {.passed = passed}};
    cluster_deliver(cluster, node, event, NULL);
}

void cluster_swarm(struct cluster *cluster, uint8_t node, const struct swarm_news *news)
{
    struct host *host = &cluster->hosts[node];
    struct event event = {.type = EVENT_SWARM, .swarm = {.check = 0, .news = &host->swarm}};
    cluster_observe(cluster);
    host->swarm = *news;
    cluster_deliver(cluster, node, event, NULL);
}

void cluster_slow_kernel(struct cluster *cluster, uint64_t span_ns)
{
    cluster->kernel_slow_ns = span_ns;
}

void cluster_hold(struct cluster *cluster, uint8_t from, uint8_t to, uint64_t span_ns)
{
    cluster->held_until_ns[from][to] = cluster->now_ns + span_ns;
}

void cluster_set_priority(struct cluster *cluster, uint8_t node, uint8_t priority)
{
    cluster->hosts[node].priority = priority;
}

void cluster_foreign_answer(struct cluster *cluster, bool answers)
{
    cluster->foreign_answers = answers;
}

void cluster_swallow(struct cluster *cluster, bool swallows)
{
    cluster->swallows = swallows;
}

void cluster_foreign_frame(struct cluster *cluster, uint8_t node, uint8_t vip, uint8_t host)
{
    struct event event = {.type = EVENT_FRAME, .frame = {.vip = vip, .mac = {2, 0, 0, 0, 1, host}}};
    cluster_deliver(cluster, node, event, NULL);
}

void cluster_unreachable(struct cluster *cluster, uint8_t node, uint8_t peer)
{
    struct event event = {.type = EVENT_UNREACHABLE, .unreachable = {.peer = peer}};
    cluster_deliver(cluster, node, event, NULL);
}
