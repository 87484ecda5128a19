// SPDX-License-Identifier: MIT
#include "cluster_private.h"

#define DELAY_MIN_NS    UINT64_C(50000)
#define DELAY_SPREAD_NS UINT64_C(300000)
#define ADD_NS          UINT64_C(100000)
#define REMOVE_NS       UINT64_C(60000)
#define ERRNO_ENETDOWN  100

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

/* --- what is measured --------------------------------------------------------------------------
 */

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
    for (uint8_t vip = 0; vip < cluster->config.vip_count; vip++) {
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

static char node_letter(uint8_t node)
{
    return node == NODE_NONE ? '-' : (char)('A' + node);
}

static void trace_change(struct cluster *cluster, uint8_t node, const struct change *change)
{
    FILE *trace = cluster->config.trace;
    if (trace == NULL || (change->type == CHANGE_MEMBER && !cluster->config.trace_members)) {
        return;
    }
    fprintf(trace, "[%9.3f] %c ", (double)(cluster->now_ns - EPOCH_NS) / 1e6, node_letter(node));
    switch (change->type) {
    case CHANGE_VIP:
        fprintf(trace, "vip%u %s -> %s", change->vip, vip_state_name(change->from),
                vip_state_name(change->to));
        if (change->node != NODE_NONE) {
            fprintf(trace, " (%c)", node_letter(change->node));
        }
        break;
    case CHANGE_HOLDER:
        fprintf(trace, "vip%u holder %c -> %c", change->vip, node_letter(change->from),
                node_letter(change->to));
        break;
    case CHANGE_MEMBER:
        fprintf(trace, "node %c %s -> %s", node_letter(change->node),
                member_state_name(change->from), member_state_name(change->to));
        break;
    }
    fprintf(trace, ": %s\n", reason_text(change->reason));
}

/* --- wire --------------------------------------------------------------------------------------
 */

static const struct record *record_of(const struct cluster *cluster, uint8_t at, uint8_t node)
{
    struct node_view view;
    core_view_node(cluster->hosts[at].core, node, (struct mono){cluster->now_ns}, &view);
    return view.record;
}

static void send_message(struct cluster *cluster, uint8_t from, uint8_t to,
                         const struct message_out *out)
{
    struct host *sender = &cluster->hosts[from];
    cluster->datagrams++;
    if ((cluster->cuts[from] & (UINT64_C(1) << to)) != 0 || sender->link_down ||
        cluster->hosts[to].link_down || !cluster->hosts[to].alive ||
        cluster_draw(cluster) % 100 < cluster->loss_percent) {
        return;
    }
    struct message_in *in = calloc(1, sizeof *in);
    assert(in != NULL);
    in->peer = from;
    in->incarnation = sender->incarnation;
    in->records[in->record_count++].record = *core_record(sender->core);
    for (uint8_t i = 0; i < out->relay_count; i++) {
        const struct record *record = record_of(cluster, from, out->relays[i].node);
        if (record != NULL && core_member_seq(sender->core, out->relays[i].node) == record->seq) {
            in->records[in->record_count].record = *record;
            in->records[in->record_count++].age_ns = out->relays[i].age_ns;
        }
    }
    in->question = out->question;
    in->answer = out->answer;
    in->ask_count = out->ask_count;
    memcpy(in->asks, out->asks, sizeof in->asks);
    in->echo_count = out->echo_count;
    memcpy(in->echoes, out->echoes, sizeof in->echoes);
    cluster_push(cluster, (struct item){.at_ns = cluster->now_ns + DELAY_MIN_NS +
                                                 cluster_draw(cluster) % DELAY_SPREAD_NS,
                                        .type = ITEM_MESSAGE,
                                        .node = to,
                                        .life = cluster->hosts[to].life,
                                        .from = from,
                                        .message = in});
}

/* What ingress does before the core sees a message. False: dropped. */
static bool ingress(const struct core *core, struct message_in *message)
{
    if (core_incarnation_is_dead(core, message->peer, message->incarnation)) {
        return false;
    }
    bool confirmed = core_member_incarnation(core, message->peer) == message->incarnation;
    uint8_t kept = 0;
    for (uint8_t i = 0; i < message->record_count; i++) {
        const struct record *record = &message->records[i].record;
        uint8_t node = core_node_index(core, record->node);
        bool known = core_member_incarnation(core, node) == record->incarnation &&
                     record->seq <= core_member_seq(core, node);
        bool own = record->incarnation == core_record(core)->incarnation;
        if (!known && !own && (confirmed || node == message->peer)) {
            message->records[kept++] = message->records[i];
        }
    }
    message->record_count = kept;
    if (!confirmed) {
        message->question.id = 0;
        message->answer = 0;
    }
    return true;
}

/* --- engine and keeper -------------------------------------------------------------------------
 */

static void step(struct cluster *cluster, uint8_t node, struct event event);

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
        cluster_wake_at(cluster, node, deadline.ns);
    }
}

static void answer_of_kernel(struct cluster *cluster, uint8_t node, uint64_t delay_ns,
                             struct event event)
{
    event.type = EVENT_ADDRESS;
    cluster_push(cluster, (struct item){.at_ns = cluster->now_ns + delay_ns,
                                        .type = ITEM_KERNEL,
                                        .node = node,
                                        .life = cluster->hosts[node].life,
                                        .event = event});
}

static void keep_deadline(struct cluster *cluster, uint8_t node, uint8_t vip, uint64_t deadline_ns)
{
    struct host *host = &cluster->hosts[node];
    host->vips[vip].deadline_ns = deadline_ns;
    struct event event = {.address.vip = vip};
    cluster_push(cluster, (struct item){.at_ns = deadline_ns,
                                        .type = ITEM_DEADLINE,
                                        .node = node,
                                        .life = host->life,
                                        .event = event});
}

static void keeper(struct cluster *cluster, uint8_t node, const struct action *action)
{
    struct host *host = &cluster->hosts[node];
    struct event event = {.address = {.vip = action->address.vip}};
    switch (action->type) {
    case ACTION_ADDRESS_ADD:
        event.address.change = host->refuses != 0 ? ADDRESS_ADD_FAILED : ADDRESS_ADDED;
        event.address.error = host->refuses;
        keep_deadline(cluster, node, action->address.vip, action->address.until.ns);
        answer_of_kernel(cluster, node, ADD_NS, event);
        break;
    case ACTION_ADDRESS_REMOVE:
        event.address.change = ADDRESS_REMOVED;
        answer_of_kernel(cluster, node, REMOVE_NS, event);
        break;
    case ACTION_ANNOUNCE:
        host->announcements++;
        break;
    case ACTION_PROBE:
        if (cluster->foreign_answers) {
            struct item item = {.at_ns = cluster->now_ns + ADD_NS,
                                .type = ITEM_KERNEL,
                                .node = node,
                                .life = host->life};
            item.event.type = EVENT_FRAME;
            item.event.frame.vip = action->address.vip;
            cluster_push(cluster, item);
        }
        break;
    case ACTION_DEADLINE:
        keep_deadline(cluster, node, action->address.vip, action->address.until.ns);
        break;
    case ACTION_CHANGE:
        trace_change(cluster, node, &action->change);
        if (action->change.type == CHANGE_VIP && action->change.to == VIP_HOLDING &&
            action->change.from != VIP_HOLDING) {
            cluster->takeovers++;
        }
        break;
    case ACTION_STOPPED:
    case ACTION_CLONED:
        if (cluster->config.trace != NULL) {
            fprintf(cluster->config.trace, "[%9.3f] %c %s\n",
                    (double)(cluster->now_ns - EPOCH_NS) / 1e6, node_letter(node),
                    action->type == ACTION_STOPPED ? "stopped" : "cloned");
        }
        cluster_crash(cluster, node);
        break;
    }
}

static void execute(struct cluster *cluster, uint8_t node, const struct actions *actions)
{
    struct host *host = &cluster->hosts[node];
    for (uint32_t i = 0; i < actions->count; i++) {
        if (actions->items[i].type <= ACTION_PROBE) {
            keeper(cluster, node, &actions->items[i]);
        }
    }
    for (uint8_t to = 0; to < cluster->config.node_count; to++) {
        if ((actions->send & (UINT64_C(1) << to)) != 0) {
            send_message(cluster, node, to, &actions->out[to]);
        }
    }
    for (uint32_t i = 0; i < actions->count && host->alive; i++) {
        if (actions->items[i].type > ACTION_PROBE) {
            keeper(cluster, node, &actions->items[i]);
        }
    }
}

static void step(struct cluster *cluster, uint8_t node, struct event event)
{
    struct host *host = &cluster->hosts[node];
    event.now.ns = cluster->now_ns;
    core_step(host->core, &event, host->actions);
    execute(cluster, node, host->actions);
    if (host->alive) {
        cluster_schedule_wake(cluster, node);
    }
}

static void take(struct cluster *cluster, uint8_t node, struct event event,
                 struct message_in *message)
{
    if (message == NULL) {
        step(cluster, node, event);
        return;
    }
    if (ingress(cluster->hosts[node].core, message)) {
        step(cluster, node, (struct event){.type = EVENT_MESSAGE, .message = message});
    }
}

void cluster_deliver(struct cluster *cluster, uint8_t node, struct event event,
                     struct message_in *message)
{
    struct host *host = &cluster->hosts[node];
    if (!host->alive) {
        free(message);
        return;
    }
    if (cluster->now_ns < host->stalled_until_ns) {
        host->queue = realloc(host->queue, (host->queue_count + 1) * sizeof *host->queue);
        assert(host->queue != NULL);
        host->queue[host->queue_count++] = (struct queued){event, message};
        return;
    }
    take(cluster, node, event, message);
    free(message);
}

/* Sockets are drained before time is judged. */
static void drain(struct cluster *cluster, uint8_t node)
{
    struct host *host = &cluster->hosts[node];
    struct queued *queue = host->queue;
    size_t count = host->queue_count;
    host->queue = NULL;
    host->queue_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (host->alive) {
            take(cluster, node, queue[i].event, queue[i].message);
        }
        free(queue[i].message);
    }
    free(queue);
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
    if (mono_reached((struct mono){cluster->now_ns}, core_deadline(host->core))) {
        step(cluster, node, (struct event){.type = EVENT_TIMER});
    } else {
        cluster_schedule_wake(cluster, node);
    }
}

static void kernel(struct cluster *cluster, struct item *item)
{
    struct host *host = &cluster->hosts[item->node];
    if (item->event.type == EVENT_ADDRESS) {
        struct vip_host *vip = &host->vips[item->event.address.vip];
        if (item->event.address.change == ADDRESS_ADDED) {
            if (host->link_down) {
                item->event.address.change = ADDRESS_ADD_FAILED;
                item->event.address.error = ERRNO_ENETDOWN;
            } else {
                vip->present = true;
            }
        } else if (item->event.address.change == ADDRESS_REMOVED) {
            vip->present = false;
        }
    }
    cluster_deliver(cluster, item->node, item->event, NULL);
}

static void pass_deadline(struct cluster *cluster, struct item *item)
{
    struct host *host = &cluster->hosts[item->node];
    uint8_t vip = item->event.address.vip;
    if (!host->vips[vip].present || cluster->now_ns < host->vips[vip].deadline_ns) {
        return;
    }
    if (cluster->now_ns < host->frozen_until_ns) {
        item->at_ns = host->frozen_until_ns;
        cluster_push(cluster, *item);
        return;
    }
    host->vips[vip].present = false;
    struct event event = {.type = EVENT_ADDRESS,
                          .address = {.vip = vip, .change = ADDRESS_LOST_DEADLINE}};
    cluster_deliver(cluster, item->node, event, NULL);
}

static void happen(struct cluster *cluster, struct item *item)
{
    struct host *host = &cluster->hosts[item->node];
    if (item->life != host->life || !host->alive) {
        free(item->message);
        return;
    }
    switch (item->type) {
    case ITEM_MESSAGE:
        free(host->last[item->from]);
        host->last[item->from] = malloc(sizeof *item->message);
        assert(host->last[item->from] != NULL);
        *host->last[item->from] = *item->message;
        cluster_deliver(cluster, item->node, item->event, item->message);
        break;
    case ITEM_KERNEL:
        kernel(cluster, item);
        break;
    case ITEM_WAKE:
        if (item->at_ns == host->wake_ns) {
            wake(cluster, item->node);
        }
        break;
    case ITEM_DEADLINE:
        pass_deadline(cluster, item);
        break;
    }
}

void cluster_run(struct cluster *cluster, uint64_t span_ns)
{
    uint64_t end_ns = cluster->now_ns + span_ns;
    while (cluster->heap_count > 0 && cluster->heap[0].at_ns <= end_ns) {
        struct item item = pop(cluster);
        cluster->now_ns = item.at_ns;
        cluster_observe(cluster);
        happen(cluster, &item);
    }
    cluster->now_ns = end_ns;
    cluster_observe(cluster);
}
