// SPDX-License-Identifier: MIT
/*
 * The inside of a simulated cluster: cluster.c runs it, cluster_network.c carries its datagrams,
 * cluster_keeper.c stands for keeper and kernel, cluster_clock.c for the clocks, cluster_faults.c
 * disturbs it, cluster_voters.c gives it other nodes, cluster_view.c answers questions about it.
 */
#ifndef TEST_CLUSTER_PRIVATE_H
#define TEST_CLUSTER_PRIVATE_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"

#define EPOCH_NS       NS_PER_S /* no node is booted at 0 */
#define KERNEL_LATE_NS NS_PER_S /* what a kernel removes may live longer by that */
#define RECORDS_MAX    256U     /* datagrams that an attacker keeps */
#define SOCKET_MAX     2000U    /* datagrams that wait for a node that is not run */

enum item_type {
    ITEM_DATAGRAM,
    ITEM_KERNEL,
    ITEM_WAKE,
    ITEM_DEADLINE,
    ITEM_EXPIRY,
    ITEM_RETRY,
};

struct packet {
    uint8_t from;
    uint8_t to;
    enum cluster_origin origin;
    uint64_t id; /* of the datagram, the same for each copy */
    struct datagram datagram;
};

struct item {
    uint64_t at_ns;
    uint64_t order; /* ties: first in, first out */
    enum item_type type;
    uint8_t node;
    uint64_t life;     /* of the node; an item of a former life is dropped */
    uint64_t sequence; /* ITEM_KERNEL: of the request that it answers; ITEM_EXPIRY and ITEM_RETRY:
                          vip_host.kept that it is about, ITEM_EXPIRY of a frozen keeper: 0 */
    struct event event;
    struct packet *packet; /* ITEM_DATAGRAM; belongs to the item */
};

struct queued {
    struct event event;
    struct packet *packet;
};

struct vip_host {
    bool present;
    bool untold;  /* gone, and the engine has not read why, or puts it back */
    bool leaving; /* it has to go, and the kernel has refused to remove it */
    uint64_t deadline_ns;
    uint64_t sequence; /* of the newest request */
    uint64_t kept;     /* how often that has happened */
};

/* local = base_local + (now - base) x (1 + ppm / 10^6); raw likewise */
struct clock {
    uint64_t base_ns;
    uint64_t base_local_ns;
    uint64_t base_raw_ns;
    int64_t ppm; /* of CLOCK_BOOTTIME */
    int64_t raw_ppm;
};

struct host {
    struct core *core;
    struct wire *wire;
    struct actions *actions;
    struct core_config config;
    struct swarm_news swarm; /* the newest */
    struct clock clock;
    uint64_t life;
    uint8_t priority;
    uint8_t known; /* nodes in its file: the first so many; 0: all */
    bool alive;
    bool link_down;
    bool mute;      /* the last heartbeat could not be sent */
    bool remembers; /* what it may have promised: the host has not been booted since */
    int refuses;
    int keeps;
    uint64_t stalled_until_ns; /* the engine is not run before */
    uint64_t frozen_until_ns;  /* the keeper neither */
    uint64_t wake_ns;          /* pending ITEM_WAKE */
    uint64_t kernel_free_ns;   /* the keeper does one thing after the other */
    uint64_t announcements;
    struct vip_host vips[VIPS_MAX];
    struct queued *queue; /* what came while it was stalled */
    size_t queue_count;
    size_t queue_size;
    struct packet *last[NODES_MAX]; /* newest datagram received from each node, for replays */
};

struct recorded {
    struct packet packet;
    uint64_t life;     /* of the receiver that has had it; 0: nobody has */
    uint64_t taken_ns; /* when it took it last */
};

struct cluster {
    struct cluster_config config;
    struct cluster_weather weather;
    struct host hosts[NODES_MAX];
    char names[NODES_MAX][CLUSTER_NAME_MAX];
    struct item *heap;
    size_t heap_count;
    size_t heap_size;
    uint64_t order;
    uint64_t now_ns;
    uint64_t random;
    uint64_t hash;
    bool foreign_answers;
    bool swallows; /* what speaks for a VIP, and no heartbeat */
    bool halted;
    uint64_t cuts[NODES_MAX];                     /* bit: from cannot send to */
    uint64_t held_until_ns[NODES_MAX][NODES_MAX]; /* from, to: kept back until then */
    uint64_t kernel_slow_ns;
    uint64_t dual_ns;
    uint64_t observed_ns; /* dual and gaps are counted up to here */
    uint64_t vacant_since_ns[VIPS_MAX];
    uint64_t gap_ns[VIPS_MAX];
    uint8_t announcer[VIPS_MAX];
    uint64_t datagrams;
    uint64_t questions[NODES_MAX][NODES_MAX]; /* from, to: asked, also if they were lost */
    uint64_t takeovers;
    struct datagram made[EGRESS_DATAGRAMS_MAX];
    struct message_in message;
    struct recorded *records; /* of an attacker; NULL: nobody listens */
    unsigned record_count;
};

/* cluster.c */
uint64_t cluster_draw(struct cluster *cluster);
void cluster_push(struct cluster *cluster, struct item item);
/* Adds a number to the hash of the history. */
void cluster_mix(struct cluster *cluster, uint64_t number);
void cluster_tell(struct cluster *cluster, struct cluster_news news);
/* Called before anything changes: counts the time since the last change. */
void cluster_observe(struct cluster *cluster);
/* Hands an event, or a packet (which it owns then), to a node, at once or when it is run again. */
void cluster_deliver(struct cluster *cluster, uint8_t node, struct event event,
                     struct packet *packet);
void cluster_wake_at(struct cluster *cluster, uint8_t node, uint64_t at_ns);
void cluster_schedule_wake(struct cluster *cluster, uint8_t node);
void cluster_step(struct cluster *cluster, uint8_t node, struct event event);

/* cluster_network.c */
/* Makes the datagrams and sends them off. False if the kernel of the node took none. */
bool cluster_send(struct cluster *cluster, uint8_t from, uint8_t to,
                  const struct message_out *message);
/* The keeper sends what the engine left with it [SPEC R45]. */
void cluster_send_will(struct cluster *cluster, uint8_t from, uint8_t to);
/* The engine reads a datagram. */
void cluster_receive(struct cluster *cluster, const struct packet *packet);

/* cluster_keeper.c */
void cluster_obey(struct cluster *cluster, uint8_t node, const struct action *action);
void cluster_kernel(struct cluster *cluster, struct item *item);
void cluster_pass_deadline(struct cluster *cluster, struct item *item);
void cluster_expire(struct cluster *cluster, const struct item *item);
void cluster_take_away(struct cluster *cluster, uint8_t node, uint8_t vip);
/* Tries again to remove what the kernel did not. */
void cluster_retry(struct cluster *cluster, const struct item *item);

/* cluster_faults.c: nobody renews the kernel's lifetime of an address any more. */
void cluster_let_expire(struct cluster *cluster, uint8_t node, uint8_t vip, uint64_t kept);
/* The core's configuration of a node, by its file. */
void cluster_configure(const struct cluster *cluster, uint8_t self, struct core_config *ret);

/* cluster_clock.c */
uint64_t cluster_local(const struct cluster *cluster, uint8_t node);
uint64_t cluster_raw(const struct cluster *cluster, uint8_t node);
/* When the node's clock will show `local_ns`; at once if it already does. */
uint64_t cluster_global(const struct cluster *cluster, uint8_t node, uint64_t local_ns);

/* cluster_signature.c */
/* Makes the keys of a keyring such that signatures by them are keyed hashes. */
void cluster_cheapen(struct keyring *keyring);

#endif
