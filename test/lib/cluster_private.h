// SPDX-License-Identifier: MIT
/*
 * The inside of a simulated cluster: cluster.c runs it, cluster_faults.c disturbs it and asks it.
 */
#ifndef TEST_CLUSTER_PRIVATE_H
#define TEST_CLUSTER_PRIVATE_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"

#define EPOCH_NS NS_PER_S /* no node is booted at 0 */

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

uint64_t cluster_draw(struct cluster *cluster);
void cluster_push(struct cluster *cluster, struct item item);
/* Called before anything changes: counts the time since the last change. */
void cluster_observe(struct cluster *cluster);
/* Hands an event, or a message, to the core of a node, at once or when it is run again. */
void cluster_deliver(struct cluster *cluster, uint8_t node, struct event event,
                     struct message_in *message);
void cluster_wake_at(struct cluster *cluster, uint8_t node, uint64_t at_ns);
void cluster_schedule_wake(struct cluster *cluster, uint8_t node);

#endif
