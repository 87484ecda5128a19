// SPDX-License-Identifier: MIT
#include "cluster.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define DELAY_MIN_NS    UINT64_C(50000)
#define DELAY_SPREAD_NS UINT64_C(300000)
#define ADD_NS          UINT64_C(100000)
#define REMOVE_NS       UINT64_C(60000)
#define ERRNO_ENETDOWN  100
#define EPOCH_NS        NS_PER_S /* no node is booted at 0 */

enum item_type {
    ITEM_MESSAGE,
    ITEM_KERNEL,
    ITEM_WAKE,
    ITEM_DEADLINE
};

struct item {
    uint64_t at_ns;
    uint64_t order; /* ties: first in, first out */
    enum item_type type;
    uint8_t node;
    uint64_t life; /* of the node; an item of a former life is dropped */
    struct event event;
    struct message_in *message;
    uint8_t from;
};

struct queued {
    struct event event;
    struct message_in *message;
};

struct vip_host {
    bool present;
    uint64_t deadline_ns;
};

struct host {
    struct core *core;
    struct actions *actions;
    uint64_t life;
    uint64_t incarnation;
    bool alive;
    bool link_down;
    int refuses;
    uint64_t stalled_until_ns; /* the engine is not run before */
    uint64_t frozen_until_ns;  /* the keeper neither */
    uint64_t wake_ns;          /* pending ITEM_WAKE */
    uint64_t announcements;
    uint8_t vip_count;
    struct vip_host vips[VIPS_MAX];
    struct queued *queue; /* what came while it was stalled */
    size_t queue_count;
    struct message_in *last[NODES_MAX]; /* newest message received from each node, for replays */
};

struct cluster {
    struct cluster_config config;
    struct host hosts[NODES_MAX];
    struct item *heap;
    size_t heap_count;
    size_t heap_size;
    uint64_t order;
    uint64_t now_ns;
    uint64_t random;
    unsigned loss_percent;
    bool foreign_answers;
    uint64_t cuts[NODES_MAX]; /* bit: from cannot send to */
    uint64_t dual_ns;
    uint64_t observed_ns; /* dual and gaps are counted up to here */
    uint64_t vacant_since_ns[VIPS_MAX];
    uint64_t gap_ns[VIPS_MAX];
    uint64_t datagrams;
    uint64_t takeovers;
};

static uint64_t draw(struct cluster *cluster)
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

static void push(struct cluster *cluster, struct item item)
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
static void observe(struct cluster *cluster)
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
        draw(cluster) % 100 < cluster->loss_percent) {
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
    push(cluster,
         (struct item){.at_ns = cluster->now_ns + DELAY_MIN_NS + draw(cluster) % DELAY_SPREAD_NS,
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
static void wake_at(struct cluster *cluster, uint8_t node, uint64_t at_ns)
{
    struct host *host = &cluster->hosts[node];
    at_ns = at_ns > cluster->now_ns ? at_ns : cluster->now_ns;
    if (at_ns != host->wake_ns) {
        host->wake_ns = at_ns;
        push(cluster,
             (struct item){.at_ns = at_ns, .type = ITEM_WAKE, .node = node, .life = host->life});
    }
}

static void schedule_wake(struct cluster *cluster, uint8_t node)
{
    struct mono deadline = core_deadline(cluster->hosts[node].core);
    if (deadline.ns != MONO_NEVER.ns) {
        wake_at(cluster, node, deadline.ns);
    }
}

static void answer_of_kernel(struct cluster *cluster, uint8_t node, uint64_t delay_ns,
                             struct event event)
{
    event.type = EVENT_ADDRESS;
    push(cluster, (struct item){.at_ns = cluster->now_ns + delay_ns,
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
    push(cluster, (struct item){.at_ns = deadline_ns,
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
            push(cluster, item);
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
        schedule_wake(cluster, node);
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

static void deliver(struct cluster *cluster, uint8_t node, struct event event,
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
        wake_at(cluster, node, host->stalled_until_ns);
        return;
    }
    drain(cluster, node);
    if (!host->alive) {
        return;
    }
    if (mono_reached((struct mono){cluster->now_ns}, core_deadline(host->core))) {
        step(cluster, node, (struct event){.type = EVENT_TIMER});
    } else {
        schedule_wake(cluster, node);
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
    deliver(cluster, item->node, item->event, NULL);
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
        push(cluster, *item);
        return;
    }
    host->vips[vip].present = false;
    struct event event = {.type = EVENT_ADDRESS,
                          .address = {.vip = vip, .change = ADDRESS_LOST_DEADLINE}};
    deliver(cluster, item->node, event, NULL);
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
        deliver(cluster, item->node, item->event, item->message);
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

/* --- the public part ---------------------------------------------------------------------------
 */

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
    observe(cluster);
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
    config.incarnation = draw(cluster) | 1;
    config.seed = draw(cluster);
    host->incarnation = config.incarnation;
    core_init(host->core, &config, (struct mono){cluster->now_ns});
    schedule_wake(cluster, node);
}

void cluster_crash(struct cluster *cluster, uint8_t node)
{
    struct host *host = &cluster->hosts[node];
    observe(cluster);
    host->alive = false;
    memset(host->vips, 0, sizeof host->vips);
}

void cluster_stop(struct cluster *cluster, uint8_t node)
{
    observe(cluster);
    deliver(cluster, node, (struct event){.type = EVENT_STOP}, NULL);
}

void cluster_stall(struct cluster *cluster, uint8_t node, uint64_t span_ns)
{
    struct host *host = &cluster->hosts[node];
    host->stalled_until_ns = cluster->now_ns + span_ns;
    wake_at(cluster, node, host->stalled_until_ns);
}

void cluster_freeze(struct cluster *cluster, uint8_t node, uint64_t span_ns)
{
    observe(cluster);
    struct host *host = &cluster->hosts[node];
    host->frozen_until_ns = cluster->now_ns + span_ns;
    for (uint8_t vip = 0; vip < cluster->config.vip_count; vip++) {
        /* The keeper's timer is due before its engine can ask for more time. */
        struct item item = {.at_ns = host->frozen_until_ns,
                            .type = ITEM_DEADLINE,
                            .node = node,
                            .life = host->life};
        item.event.address.vip = vip;
        push(cluster, item);
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
    observe(cluster);
    cluster->hosts[node].vips[vip].present = false;
    struct event event = {.type = EVENT_ADDRESS,
                          .address = {.vip = vip, .change = ADDRESS_LOST_FOREIGN}};
    deliver(cluster, node, event, NULL);
}

void cluster_link(struct cluster *cluster, uint8_t node, bool up)
{
    observe(cluster);
    cluster->hosts[node].link_down = !up;
    for (uint8_t vip = 0; vip < cluster->config.vip_count; vip++) {
        struct event event = {.type = EVENT_LINK, .link = {.vip = vip, .up = up}};
        deliver(cluster, node, event, NULL);
    }
}

void cluster_condition(struct cluster *cluster, uint8_t node, bool healthy, bool drained)
{
    observe(cluster);
    struct event event = {.type = EVENT_CONDITION,
                          .condition = {.healthy = healthy, .drained = drained}};
    deliver(cluster, node, event, NULL);
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
    observe(cluster);
    deliver(cluster, to, (struct event){.type = EVENT_MESSAGE}, copy);
}

void cluster_unreachable(struct cluster *cluster, uint8_t node, uint8_t peer)
{
    struct event event = {.type = EVENT_UNREACHABLE, .unreachable = {.peer = peer}};
    deliver(cluster, node, event, NULL);
}

void cluster_run(struct cluster *cluster, uint64_t span_ns)
{
    uint64_t end_ns = cluster->now_ns + span_ns;
    while (cluster->heap_count > 0 && cluster->heap[0].at_ns <= end_ns) {
        struct item item = pop(cluster);
        cluster->now_ns = item.at_ns;
        observe(cluster);
        happen(cluster, &item);
    }
    cluster->now_ns = end_ns;
    observe(cluster);
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
    observe(cluster);
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
