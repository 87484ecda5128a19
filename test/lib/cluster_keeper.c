// SPDX-License-Identifier: MIT
/*
 * Keeper and kernel of a node. The keeper does what the core orders, one thing after the other, and
 * removes an address when its deadline passes, whatever the engine does; the kernel forgets one
 * that a frozen keeper does not renew.
 */
#include "cluster_private.h"

#define ERRNO_ETIME    62
#define RETRY_NS       (100 * NS_PER_MS) /* of a removal that the kernel refused */
#define ERRNO_ENETDOWN 100

static void request(struct cluster *cluster, uint8_t node, uint64_t cost_ns, struct event event)
{
    struct host *host = &cluster->hosts[node];
    if (cluster->kernel_slow_ns > 0) {
        cost_ns += cluster_draw(cluster) % cluster->kernel_slow_ns;
    }
    uint64_t begin_ns =
        host->kernel_free_ns > cluster->now_ns ? host->kernel_free_ns : cluster->now_ns;
    host->kernel_free_ns = begin_ns + cost_ns;
    event.type = EVENT_ADDRESS;
    cluster_push(cluster, (struct item){.at_ns = host->kernel_free_ns,
                                        .type = ITEM_KERNEL,
                                        .node = node,
                                        .life = host->life,
                                        .sequence = ++host->vips[event.address.vip].sequence,
                                        .event = event});
}

/* Where the kernel's lifetime has to end before the deadline, it is not renewed at the end. */
static void keep_deadline(struct cluster *cluster, uint8_t node, uint8_t vip, uint64_t deadline_ns)
{
    struct host *host = &cluster->hosts[node];
    deadline_ns -= host->config.vips[vip].least_ns != 0 ? KERNEL_LATE_NS : 0;
    host->vips[vip].deadline_ns = deadline_ns;
    cluster_push(cluster, (struct item){.at_ns = cluster_global(cluster, node, deadline_ns),
                                        .type = ITEM_DEADLINE,
                                        .node = node,
                                        .life = host->life,
                                        .event = {.address.vip = vip}});
}

static void announce(struct cluster *cluster, uint8_t node, uint8_t vip)
{
    struct host *host = &cluster->hosts[node];
    bool may_claim = host->vips[vip].present && !host->link_down &&
                     cluster_local(cluster, node) < host->vips[vip].deadline_ns;
    if (!may_claim) {
        return;
    }
    host->announcements++;
    cluster->announcer[vip] = node;
    cluster_tell(cluster, (struct cluster_news){.type = NEWS_ANNOUNCED, .node = node, .vip = vip});
}

static void probe(struct cluster *cluster, uint8_t node, uint8_t vip)
{
    struct item item = {.at_ns = cluster->now_ns + CLUSTER_ADD_NS,
                        .type = ITEM_KERNEL,
                        .node = node,
                        .life = cluster->hosts[node].life};
    item.event.type = EVENT_FRAME;
    item.event.frame.vip = vip;
    item.event.frame.mac[0] = 2;
    item.event.frame.mac[4] = 1;
    if (cluster->foreign_answers) {
        cluster_push(cluster, item);
    }
}

static bool is_cut(const struct cluster *cluster, uint8_t a, uint8_t b)
{
    return cluster->hosts[a].link_down || cluster->hosts[b].link_down ||
           (cluster->cuts[a] >> b & 1) != 0 || (cluster->cuts[b] >> a & 1) != 0;
}

/* The kernel of whoever has the address answers, whether anything else of that node runs or not. */
static void ask_who_has(struct cluster *cluster, uint8_t node, const struct action *action)
{
    uint8_t vip = action->address.vip;
    for (uint8_t other = 0; other < cluster->config.node_count && !cluster->swallows; other++) {
        struct event event = {
            .type = EVENT_FRAME,
            .frame = {.vip = vip, .address = action->address.index, .mac = {2, [5] = other}}};
        if (other != node && cluster->hosts[other].vips[vip].present &&
            !is_cut(cluster, node, other)) {
            cluster_push(cluster, (struct item){.at_ns = cluster->now_ns + CLUSTER_ADD_NS,
                                                .type = ITEM_KERNEL,
                                                .node = node,
                                                .life = cluster->hosts[node].life,
                                                .event = event});
        }
    }
}

/* Not a second is left that the kernel might be told. */
static bool is_too_late(const struct cluster *cluster, uint8_t node, const struct action *action)
{
    uint64_t least_ns = cluster->hosts[node].config.vips[action->address.vip].least_ns;
    return least_ns != 0 && action->address.until.ns < cluster_local(cluster, node) + least_ns;
}

void cluster_obey(struct cluster *cluster, uint8_t node, const struct action *action)
{
    struct host *host = &cluster->hosts[node];
    uint8_t vip = action->address.vip;
    struct event event = {.address = {.vip = vip}};
    switch (action->type) {
    case ACTION_ADDRESS_ADD:
        event.address.error = is_too_late(cluster, node, action) ? ERRNO_ETIME : host->refuses;
        event.address.change = event.address.error != 0 ? ADDRESS_ADD_FAILED : ADDRESS_ADDED;
        request(cluster, node, CLUSTER_ADD_NS, event);
        keep_deadline(cluster, node, vip, action->address.until.ns);
        break;
    case ACTION_ADDRESS_REMOVE:
        event.address.change = ADDRESS_REMOVED;
        request(cluster, node, CLUSTER_REMOVE_NS, event);
        break;
    case ACTION_ANNOUNCE:
        announce(cluster, node, vip);
        break;
    case ACTION_PROBE:
        probe(cluster, node, vip);
        break;
    case ACTION_VERIFY:
        ask_who_has(cluster, node, action);
        break;
    case ACTION_DEADLINE:
        keep_deadline(cluster, node, vip, action->address.until.ns);
        break;
    case ACTION_CHANGE:
    case ACTION_STOPPED:
    case ACTION_CLONED:
        break;
    }
}

static void install(struct cluster *cluster, uint8_t node, uint8_t vip)
{
    struct vip_host *state = &cluster->hosts[node].vips[vip];
    if (!state->present) {
        state->present = true;
        state->untold = false;
        state->leaving = false;
        cluster_tell(cluster,
                     (struct cluster_news){.type = NEWS_INSTALLED, .node = node, .vip = vip});
    }
}

void cluster_take_away(struct cluster *cluster, uint8_t node, uint8_t vip)
{
    struct vip_host *state = &cluster->hosts[node].vips[vip];
    if (state->present) {
        state->present = false;
        state->leaving = false;
        cluster_tell(cluster,
                     (struct cluster_news){.type = NEWS_REMOVED, .node = node, .vip = vip});
    }
}

static void try_later(struct cluster *cluster, uint8_t node, uint8_t vip)
{
    cluster_push(cluster, (struct item){.at_ns = cluster->now_ns + RETRY_NS,
                                        .type = ITEM_RETRY,
                                        .node = node,
                                        .life = cluster->hosts[node].life,
                                        .sequence = cluster->hosts[node].vips[vip].kept,
                                        .event = {.address.vip = vip}});
}

/*
 * The kernel removes the address, or does not. Then the keeper tries again, and renews nothing: the
 * kernel's lifetime goes on, and ends.
 */
static bool remove_or_keep(struct cluster *cluster, uint8_t node, uint8_t vip)
{
    struct host *host = &cluster->hosts[node];
    struct vip_host *state = &host->vips[vip];
    if (host->keeps == 0 || !state->present) {
        cluster_take_away(cluster, node, vip);
        return true;
    }
    if (!state->leaving) {
        state->leaving = true;
        state->kept++;
        try_later(cluster, node, vip);
        cluster_let_expire(cluster, node, vip, state->kept);
        cluster_tell(cluster, (struct cluster_news){.type = NEWS_KEPT, .node = node, .vip = vip});
    }
    return false;
}

void cluster_retry(struct cluster *cluster, const struct item *item)
{
    uint8_t vip = item->event.address.vip;
    const struct vip_host *state = &cluster->hosts[item->node].vips[vip];
    if (state->leaving && state->kept == item->sequence &&
        (cluster->now_ns < cluster->hosts[item->node].frozen_until_ns ||
         !remove_or_keep(cluster, item->node, vip))) {
        try_later(cluster, item->node, vip);
    }
}

/* What the kernel was asked happens, as far as it does; the event says how far. */
static void touch(struct cluster *cluster, uint8_t node, struct event *event)
{
    struct host *host = &cluster->hosts[node];
    uint8_t vip = event->address.vip;
    switch (event->address.change) {
    case ADDRESS_ADDED:
        if (host->link_down) {
            event->address.change = ADDRESS_ADD_FAILED;
            event->address.error = ERRNO_ENETDOWN;
            return;
        }
        install(cluster, node, vip);
        return;
    case ADDRESS_ADD_FAILED: /* of several addresses one was there already, and stays */
        if (event->address.error != ERRNO_ETIME && host->keeps != 0 && !host->link_down) {
            install(cluster, node, vip);
            (void)remove_or_keep(cluster, node, vip);
        }
        return;
    case ADDRESS_REMOVED:
        if (!remove_or_keep(cluster, node, vip)) {
            event->address.change = ADDRESS_REMOVE_FAILED;
            event->address.error = host->keeps;
        }
        return;
    case ADDRESS_REMOVE_FAILED:
    case ADDRESS_LOST_DEADLINE:
    case ADDRESS_LOST_FOREIGN:
    case ADDRESS_LOST_LINK:
    case ADDRESS_LOST_CONFLICT:
        return;
    }
}

/* The kernel has done, or refused, what it was asked. */
void cluster_kernel(struct cluster *cluster, struct item *item)
{
    struct host *host = &cluster->hosts[item->node];
    if (cluster->now_ns < host->frozen_until_ns) {
        item->at_ns = host->frozen_until_ns;
        cluster_push(cluster, *item);
        return;
    }
    if (item->event.type == EVENT_ADDRESS) {
        touch(cluster, item->node, &item->event);
        if (item->sequence != host->vips[item->event.address.vip].sequence) {
            return; /* the engine has asked for something else since */
        }
    }
    cluster_deliver(cluster, item->node, item->event, NULL);
}

static void tell_deadline(struct cluster *cluster, uint8_t node, uint8_t vip)
{
    struct event event = {.type = EVENT_ADDRESS,
                          .address = {.vip = vip, .change = ADDRESS_LOST_DEADLINE}};
    cluster->hosts[node].vips[vip].untold = true;
    cluster_deliver(cluster, node, event, NULL);
}

void cluster_pass_deadline(struct cluster *cluster, struct item *item)
{
    struct host *host = &cluster->hosts[item->node];
    uint8_t vip = item->event.address.vip;
    if (!host->vips[vip].present || host->vips[vip].leaving) {
        return;
    }
    if (cluster->now_ns < host->frozen_until_ns) {
        item->at_ns = host->frozen_until_ns;
        cluster_push(cluster, *item);
        return;
    }
    uint64_t deadline_ns = host->vips[vip].deadline_ns;
    if (cluster_local(cluster, item->node) < deadline_ns) {
        /* A newer deadline has an item of its own, unless the clock's rate has changed. */
        return;
    }
    cluster_tell(cluster,
                 (struct cluster_news){.type = NEWS_EXPIRED, .node = item->node, .vip = vip});
    /* The worst that a keeper may do is to say so although the kernel keeps it. */
    (void)remove_or_keep(cluster, item->node, vip);
    tell_deadline(cluster, item->node, vip);
}

/* The keeper was frozen for longer than the kernel keeps an address that is not renewed, or has not
 * renewed what it could not remove. When it runs again it does not trust what may have happened
 * meanwhile. */
void cluster_expire(struct cluster *cluster, const struct item *item)
{
    const struct host *host = &cluster->hosts[item->node];
    uint8_t vip = item->event.address.vip;
    bool kept = host->vips[vip].leaving && item->sequence == host->vips[vip].kept;
    bool frozen = cluster->now_ns < host->frozen_until_ns && item->sequence == 0;
    if (!host->vips[vip].present || !(kept || frozen)) {
        return;
    }
    cluster_take_away(cluster, item->node, vip);
    tell_deadline(cluster, item->node, vip);
}
