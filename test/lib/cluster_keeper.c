// SPDX-License-Identifier: MIT
/*
 * Keeper and kernel of a node. The keeper does what the core orders, one thing after the other, and
 * removes an address when its deadline passes, whatever the engine does; the kernel forgets one
 * that a frozen keeper does not renew.
 */
#include "cluster_private.h"

#define ERRNO_ETIME    62
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
    if (cluster->foreign_answers) {
        cluster_push(cluster, item);
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
        cluster_tell(cluster,
                     (struct cluster_news){.type = NEWS_INSTALLED, .node = node, .vip = vip});
    }
}

void cluster_take_away(struct cluster *cluster, uint8_t node, uint8_t vip)
{
    struct vip_host *state = &cluster->hosts[node].vips[vip];
    if (state->present) {
        state->present = false;
        cluster_tell(cluster,
                     (struct cluster_news){.type = NEWS_REMOVED, .node = node, .vip = vip});
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
        uint8_t vip = item->event.address.vip;
        if (item->event.address.change == ADDRESS_ADDED && host->link_down) {
            item->event.address.change = ADDRESS_ADD_FAILED;
            item->event.address.error = ERRNO_ENETDOWN;
        } else if (item->event.address.change == ADDRESS_ADDED) {
            install(cluster, item->node, vip);
        } else if (item->event.address.change == ADDRESS_REMOVED) {
            cluster_take_away(cluster, item->node, vip);
        }
        if (item->sequence != host->vips[vip].sequence) {
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
    if (!host->vips[vip].present) {
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
    cluster_take_away(cluster, item->node, vip);
    tell_deadline(cluster, item->node, vip);
}

/* The keeper was frozen for longer than the kernel keeps an address that is not renewed. When it
 * runs again it does not trust what may have happened meanwhile. */
void cluster_expire(struct cluster *cluster, const struct item *item)
{
    const struct host *host = &cluster->hosts[item->node];
    uint8_t vip = item->event.address.vip;
    if (cluster->now_ns >= host->frozen_until_ns || !host->vips[vip].present) {
        return;
    }
    cluster_take_away(cluster, item->node, vip);
    tell_deadline(cluster, item->node, vip);
}
