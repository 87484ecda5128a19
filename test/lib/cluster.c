// SPDX-License-Identifier: MIT
#include "cluster_private.h"

uint64_t cluster_draw(struct cluster *cluster)
{
    cluster->random += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = cluster->random;
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* --- the queue of what will happen -------------------------------------------------------------
 */

static bool is_earlier(const struct item *a, const struct item *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

void cluster_push(struct cluster *cluster, struct item item)
{
    if (cluster->heap_count == cluster->heap_size) {
        cluster->heap_size = cluster->heap_size == 0 ? 1024 : 2 * cluster->heap_size;
        cluster->heap = realloc(cluster->heap, cluster->heap_size * sizeof *cluster->heap);
        assert(cluster->heap != NULL);
    }
    item.order = cluster->order++;
    size_t i = cluster->heap_count++;
    while (i > 0 && is_earlier(&item, &cluster->heap[(i - 1) / 2])) {
        cluster->heap[i] = cluster->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    cluster->heap[i] = item;
}

static struct item pop(struct cluster *cluster)
{
    struct item first = cluster->heap[0];
    struct item last = cluster->heap[--cluster->heap_count];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= cluster->heap_count) {
            break;
        }
        if (child + 1 < cluster->heap_count &&
            is_earlier(&cluster->heap[child + 1], &cluster->heap[child])) {
            child++;
        }
        if (!is_earlier(&cluster->heap[child], &last)) {
            break;
        }
        cluster->heap[i] = cluster->heap[child];
        i = child;
    }
    cluster->heap[i] = last;
    return first;
}

/* --- what is measured and told -----------------------------------------------------------------
 */

void cluster_mix(struct cluster *cluster, uint64_t number)
{
    uint64_t hash = (cluster->hash ^ number) * UINT64_C(0x9E3779B97F4A7C15);
    cluster->hash = hash ^ hash >> 29;
}

void cluster_tell(struct cluster *cluster, struct cluster_news news)
{
    if (cluster->config.watch != NULL) {
        cluster->config.watch(cluster->config.arg, &news);
    }
}

/* During the span that observe() is about to count. */
static bool is_awake(const struct cluster *cluster, const struct host *host)
{
    return host->alive && cluster->observed_ns >= host->frozen_until_ns;
}

/* Called before anything changes: counts the time since the last change. */
void cluster_observe(struct cluster *cluster)
{
    uint64_t span_ns = cluster->now_ns - cluster->observed_ns;
    bool dual = false;
    for (uint8_t vip = 0; vip < cluster->config.vip_count && span_ns > 0; vip++) {
        unsigned holders = 0;
        for (uint8_t node = 0; node < cluster->config.node_count; node++) {
            const struct host *host = &cluster->hosts[node];
            holders += host->vips[vip].present && is_awake(cluster, host) ? 1U : 0U;
        }
        dual |= holders > 1;
        if (holders > 0) {
            cluster->vacant_since_ns[vip] = cluster->now_ns;
        } else if (cluster->now_ns - cluster->vacant_since_ns[vip] > cluster->gap_ns[vip]) {
            cluster->gap_ns[vip] = cluster->now_ns - cluster->vacant_since_ns[vip];
        }
    }
    cluster->dual_ns += dual ? span_ns : 0;
    cluster->observed_ns = cluster->now_ns;
}

static const char *name_of(const struct cluster *cluster, uint8_t node)
{
    return node == NODE_NONE ? "-" : cluster->names[node];
}

static void trace_change(struct cluster *cluster, uint8_t node, const struct change *change)
{
    FILE *trace = cluster->config.trace;
    if (trace == NULL || (change->type == CHANGE_MEMBER && !cluster->config.trace_members)) {
        return;
    }
    fprintf(trace, "[%9.3f] %s ", (double)(cluster->now_ns - EPOCH_NS) / 1e6,
            name_of(cluster, node));
    switch (change->type) {
    case CHANGE_VIP:
        fprintf(trace, "vip%u %s -> %s", change->vip, vip_state_name(change->from),
                vip_state_name(change->to));
        if (change->node != NODE_NONE) {
            fprintf(trace, " (%s)", name_of(cluster, change->node));
        }
        break;
    case CHANGE_HOLDER:
        fprintf(trace, "vip%u holder %s -> %s", change->vip, name_of(cluster, change->from),
                name_of(cluster, change->to));
        break;
    case CHANGE_MEMBER:
        fprintf(trace, "node %s %s -> %s", name_of(cluster, change->node),
                member_state_name(change->from), member_state_name(change->to));
        break;
    case CHANGE_RIVAL:
        fprintf(trace, "vip%u rival %s -> %s", change->vip, name_of(cluster, change->from),
                name_of(cluster, change->to));
        break;
    case CHANGE_CONFLICT:
        fprintf(trace, "vip%u host ..:%02x", change->vip, change->mac[5]);
        break;
    case CHANGE_VERIFIED:
        fprintf(trace, "vip%u %s -> %s (%s)", change->vip, verified_name(change->from),
                verified_name(change->to), name_of(cluster, change->node));
        break;
    case CHANGE_CHECK:
        fprintf(trace, "check%u %s -> %s", change->check, check_state_name(change->from),
                check_state_name(change->to));
        break;
    case CHANGE_AVAILABILITY:
        fprintf(trace, "swarm %s -> %s (%s)", availability_name(change->from),
                availability_name(change->to), name_of(cluster, change->node));
        break;
    }
    fprintf(trace, ": %s\n", reason_text(change->reason));
}

/* --- the engine's loop -------------------------------------------------------------------------
 */

/* One pending wake counts; those that it replaces are passed over when they come. */
void cluster_wake_at(struct cluster *cluster, uint8_t node, uint64_t at_ns)
{
    struct host *host = &cluster->hosts[node];
    at_ns = at_ns > cluster->now_ns ? at_ns : cluster->now_ns;
    if (at_ns != host->wake_ns) {
        host->wake_ns = at_ns;
        cluster_push(
            cluster,
            (struct item){.at_ns = at_ns, .type = ITEM_WAKE, .node = node, .life = host->life});
    }
}

void cluster_schedule_wake(struct cluster *cluster, uint8_t node)
{
    struct mono deadline = core_deadline(cluster->hosts[node].core);
    if (deadline.ns != MONO_NEVER.ns) {
        cluster_wake_at(cluster, node, cluster_global(cluster, node, deadline.ns));
    }
}

static void mix_action(struct cluster *cluster, const struct action *action)
{
    cluster_mix(cluster, (uint64_t)action->type);
    if (action->type == ACTION_CHANGE) {
        const struct change *change = &action->change;
        cluster_mix(cluster, (uint64_t)change->type << 40 | (uint64_t)change->vip << 32 |
                                 (uint64_t)change->node << 24 | (uint64_t)change->from << 16 |
                                 (uint64_t)change->to << 8 | (uint64_t)change->reason);
    } else {
        cluster_mix(cluster, action->address.until.ns ^ action->address.vip);
    }
}

static void news_of_core(struct cluster *cluster, uint8_t node, const struct action *action)
{
    switch (action->type) {
    case ACTION_CHANGE:
        trace_change(cluster, node, &action->change);
        if (action->change.type == CHANGE_VIP && action->change.to == VIP_HOLDING &&
            action->change.from != VIP_HOLDING) {
            cluster->takeovers++;
        }
        cluster_tell(cluster, (struct cluster_news){
                                  .type = NEWS_CHANGE, .node = node, .change = &action->change});
        break;
    case ACTION_STOPPED:
    case ACTION_CLONED:
        if (cluster->config.trace != NULL) {
            fprintf(cluster->config.trace, "[%9.3f] %s %s\n",
                    (double)(cluster->now_ns - EPOCH_NS) / 1e6, name_of(cluster, node),
                    action->type == ACTION_STOPPED ? "stopped" : "cloned");
        }
        cluster_kill(cluster, node);
        cluster_tell(cluster,
                     (struct cluster_news){.type = action->type == ACTION_STOPPED ? NEWS_STOPPED
                                                                                  : NEWS_CLONED,
                                           .node = node});
        break;
    case ACTION_ADDRESS_ADD:
    case ACTION_ADDRESS_REMOVE:
    case ACTION_ANNOUNCE:
    case ACTION_PROBE:
    case ACTION_VERIFY:
    case ACTION_DEADLINE:
        break;
    }
}

/* In the order of core/action.h. False if there were datagrams and the kernel took none. */
static bool execute(struct cluster *cluster, uint8_t node, const struct actions *actions)
{
    struct host *host = &cluster->hosts[node];
    bool taken = actions->send == 0;
    for (uint32_t i = 0; i < actions->count; i++) {
        mix_action(cluster, &actions->items[i]);
        if (actions->items[i].type <= ACTION_VERIFY) {
            cluster_obey(cluster, node, &actions->items[i]);
        }
    }
    for (uint8_t to = 0; to < cluster->config.node_count; to++) {
        if ((actions->send & (UINT64_C(1) << to)) != 0) {
            taken = cluster_send(cluster, node, to, &actions->out[to]) || taken;
        }
    }
    if (actions->send != 0) {
        cluster_tell(cluster, (struct cluster_news){.type = NEWS_SENT, .node = node});
    }
    for (uint32_t i = 0; i < actions->count && host->alive; i++) {
        const struct action *action = &actions->items[i];
        if (action->type == ACTION_DEADLINE && (taken || host->mute)) {
            cluster_obey(cluster, node, action);
        } else if (action->type > ACTION_DEADLINE) {
            news_of_core(cluster, node, action);
        }
    }
    return taken;
}

/* A heartbeat goes to everybody. */
static bool is_beat(const struct host *host, const struct actions *actions)
{
    return host->config.node_count > 1 &&
           __builtin_popcountll(actions->send) == host->config.node_count - 1;
}

void cluster_step(struct cluster *cluster, uint8_t node, struct event event)
{
    struct host *host = &cluster->hosts[node];
    event.now.ns = cluster_local(cluster, node);
    event.raw.ns = cluster_raw(cluster, node);
    core_step(host->core, &event, host->actions);
    bool beat = is_beat(host, host->actions);
    bool taken = execute(cluster, node, host->actions);
    if (host->alive && beat && taken == host->mute) {
        host->mute = !taken;
        struct event mute = {
            .type = EVENT_MUTE, .now = event.now, .raw = event.raw, .mute.mute = host->mute};
        core_step(host->core, &mute, host->actions);
        (void)execute(cluster, node, host->actions);
    }
    if (host->alive) {
        cluster_schedule_wake(cluster, node);
    }
}

static void take(struct cluster *cluster, uint8_t node, struct event event,
                 const struct packet *packet)
{
    if (packet != NULL) {
        cluster_receive(cluster, packet);
        return;
    }
    if (event.type == EVENT_ADDRESS && event.address.change != ADDRESS_LOST_FOREIGN) {
        struct vip_host *state = &cluster->hosts[node].vips[event.address.vip];
        /* It is told that the address came, and then that it went. */
        state->untold &= event.address.change == ADDRESS_ADDED && !state->present;
    }
    cluster_step(cluster, node, event);
}

static void wait_in_queue(struct host *host, struct event event, struct packet *packet)
{
    if (packet != NULL && host->queue_count >= SOCKET_MAX) {
        free(packet);
        return;
    }
    if (host->queue_count == host->queue_size) {
        host->queue_size = host->queue_size == 0 ? 64 : 2 * host->queue_size;
        host->queue = realloc(host->queue, host->queue_size * sizeof *host->queue);
        assert(host->queue != NULL);
    }
    host->queue[host->queue_count++] = (struct queued){event, packet};
}

/* Its own heartbeat goes before the next datagram is read. */
static void beat_in_time(struct cluster *cluster, uint8_t node)
{
    struct mono now = {cluster_local(cluster, node)};
    if (mono_reached(now, core_beat_deadline(cluster->hosts[node].core))) {
        cluster_step(cluster, node, (struct event){.type = EVENT_BEAT});
    }
}

/* The keeper's news first, then every socket, and only then time is judged. */
static void drain(struct cluster *cluster, uint8_t node)
{
    struct host *host = &cluster->hosts[node];
    struct queued *queue = host->queue;
    size_t count = host->queue_count;
    host->queue = NULL;
    host->queue_count = 0;
    host->queue_size = 0;
    for (unsigned pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < count; i++) {
            if (host->alive && pass == 1 && queue[i].packet != NULL) {
                beat_in_time(cluster, node);
            }
            if (host->alive && (queue[i].packet != NULL) == (pass == 1)) {
                take(cluster, node, queue[i].event, queue[i].packet);
            }
        }
    }
    for (size_t i = 0; i < count; i++) {
        free(queue[i].packet);
    }
    free(queue);
}

void cluster_deliver(struct cluster *cluster, uint8_t node, struct event event,
                     struct packet *packet)
{
    struct host *host = &cluster->hosts[node];
    if (!host->alive) {
        free(packet);
    } else if (cluster->now_ns < host->stalled_until_ns) {
        wait_in_queue(host, event, packet);
    } else {
        drain(cluster, node); /* what came before goes before */
        if (host->alive) {
            take(cluster, node, event, packet);
        }
        free(packet);
    }
}

static void wake(struct cluster *cluster, uint8_t node)
{
    struct host *host = &cluster->hosts[node];
    host->wake_ns = UINT64_MAX;
    if (cluster->now_ns < host->stalled_until_ns) {
        cluster_wake_at(cluster, node, host->stalled_until_ns);
        return;
    }
    drain(cluster, node);
    if (!host->alive) {
        return;
    }
    if (mono_reached((struct mono){cluster_local(cluster, node)}, core_deadline(host->core))) {
        cluster_step(cluster, node, (struct event){.type = EVENT_TIMER});
    } else {
        cluster_schedule_wake(cluster, node);
    }
}

static void happen(struct cluster *cluster, struct item *item)
{
    struct host *host = &cluster->hosts[item->node];
    if (item->type == ITEM_DATAGRAM) {
        cluster_deliver(cluster, item->node, item->event, item->packet);
        return;
    }
    if (item->life != host->life || !host->alive) {
        return;
    }
    switch (item->type) {
    case ITEM_DATAGRAM:
        break;
    case ITEM_KERNEL:
        cluster_kernel(cluster, item);
        break;
    case ITEM_WAKE:
        if (item->at_ns == host->wake_ns) {
            wake(cluster, item->node);
        }
        break;
    case ITEM_DEADLINE:
        cluster_pass_deadline(cluster, item);
        break;
    case ITEM_EXPIRY:
        cluster_expire(cluster, item);
        break;
    case ITEM_RETRY:
        cluster_retry(cluster, item);
        break;
    }
}

void cluster_run(struct cluster *cluster, uint64_t span_ns)
{
    uint64_t end_ns = cluster->now_ns + span_ns;
    while (cluster->heap_count > 0 && cluster->heap[0].at_ns <= end_ns && !cluster->halted) {
        struct item item = pop(cluster);
        cluster->now_ns = item.at_ns;
        cluster_observe(cluster);
        cluster_mix(cluster, item.at_ns);
        cluster_mix(cluster, (uint64_t)item.type << 8 | item.node);
        happen(cluster, &item);
    }
    if (!cluster->halted) {
        cluster->now_ns = end_ns;
        cluster_observe(cluster);
    }
}

void cluster_halt(struct cluster *cluster)
{
    cluster->halted = true;
}
