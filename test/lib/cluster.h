// SPDX-License-Identifier: MIT
/*
 * cluster: whole nodes on a simulated network, clock and kernel; everything from one seed. A node
 * is the real core and the real wire: what it says travels as bytes with MAC and signature, and is
 * taken apart by the ingress of whoever gets it. Time is virtual, nothing sleeps. The rest stands
 * where sockets, engine loop, keeper and kernel stand in the daemon: it carries datagrams, answers
 * for the kernel, and keeps the deadline of an address whatever the engine of its node does. The
 * golden stories, the tests under random weather and vipgossip-sim share it.
 */
#ifndef TEST_CLUSTER_H
#define TEST_CLUSTER_H

#include <stdio.h>

#include "core/core.h"
#include "core/view.h"
#include "wire/wire.h"

#define CLUSTER_NAME_MAX 64

/* How long the kernel takes, and how long it keeps an address that nobody renews. */
#define CLUSTER_ADD_NS          UINT64_C(100000)
#define CLUSTER_REMOVE_NS       UINT64_C(60000)
#define CLUSTER_KERNEL_LEASE_NS (2 * NS_PER_S)

/* What happens, for whoever watches a cluster; called at the moment, before anything follows. */
enum cluster_news_type {
    NEWS_CHANGE,    /* `change` on `node` */
    NEWS_INSTALLED, /* the kernel of `node` has `vip` now */
    NEWS_REMOVED,   /* and now it has not */
    NEWS_EXPIRED,   /* NEWS_REMOVED follows, or NEWS_KEPT: the keeper saw the deadline pass */
    NEWS_KEPT,      /* the kernel of `node` refuses to remove `vip`, or a part of it */
    NEWS_ANNOUNCED, /* `node` told its neighbours that `vip` is there */
    NEWS_SENT,      /* `node` has made datagrams: its own record is published */
    NEWS_RECEIVING, /* `node` is about to look at a datagram of `peer`: `origin` */
    NEWS_RECEIVED,  /* it has, and has done what follows from it: `drop` */
    NEWS_STOPPED,
    NEWS_CLONED,
};

/* Where a datagram comes from. */
enum cluster_origin {
    ORIGIN_NODE,   /* its sender, perhaps late, perhaps twice */
    ORIGIN_REPLAY, /* an attacker who sends it once more to the same incarnation that had it */
    ORIGIN_LATE,   /* an attacker who sends what that incarnation has not had yet */
    ORIGIN_FORGED, /* an attacker who changed it, or sends it to somebody else */
};

struct cluster_news {
    enum cluster_news_type type;
    uint8_t node;
    uint8_t vip;
    uint8_t peer;
    enum cluster_origin origin;
    uint64_t incarnation; /* of the sender, as the datagram says */
    uint64_t taken_ns;    /* of a replay: when `node` took the datagram last, 0 never */
    enum drop drop;
    const struct change *change;
};

struct cluster_config {
    uint8_t node_count;
    uint8_t vip_count;
    uint64_t interval_ns;
    bool preempt;
    bool fail_open;
    uint64_t preempt_delay_ns;
    enum vip_mode mode;
    uint64_t lease_ns;   /* 0: four intervals */
    bool hosts_remember; /* at their first start too, for how long they may have voted */
    uint64_t witnesses;  /* bit per node */
    uint8_t priority[NODES_MAX];
    uint64_t seed;
    FILE *trace; /* one line for each change, NULL: none */
    bool trace_members;
    bool real_signatures; /* Ed25519; else a keyed hash in its place */
    /* Instead of what stands above, for each node; may be NULL. */
    void (*configure)(void *arg, uint8_t self, struct core_config *ret);
    const char *(*node_name)(void *arg, uint8_t node); /* canonical; NULL: "A", "B"... */
    void (*watch)(void *arg, const struct cluster_news *news);
    void *arg;
};

/* The weather on every path; cluster_new() sets a quiet LAN. */
struct cluster_weather {
    unsigned loss_permille;
    unsigned duplicate_permille;
    unsigned slow_permille; /* datagrams that take up to `slow_ns` longer, and are overtaken */
    uint64_t slow_ns;
    uint64_t delay_ns; /* at least */
    uint64_t delay_spread_ns;
};

struct cluster;

struct cluster *cluster_new(const struct cluster_config *config);
void cluster_free(struct cluster *cluster);

void cluster_start(struct cluster *cluster, uint8_t node);
/* Only the daemon is gone, and the addresses with it: when it starts anew, its host still knows for
 * how long it may have promised its vote. */
void cluster_kill(struct cluster *cluster, uint8_t node);
/* The file of that node names the first so many nodes, which is what its next start takes. */
void cluster_know(struct cluster *cluster, uint8_t node, uint8_t count);
uint8_t cluster_known(const struct cluster *cluster, uint8_t node);
/* The running node is given such a file. False: it refuses, and its file is put back. */
bool cluster_change_voters(struct cluster *cluster, uint8_t node, uint8_t count);
/* Host gone: engine, keeper and addresses. */
void cluster_crash(struct cluster *cluster, uint8_t node);
/* The engine ends by itself: its keeper takes the addresses away, and then sends the last will. */
void cluster_end_engine(struct cluster *cluster, uint8_t node);
/* Ordered stop. */
void cluster_stop(struct cluster *cluster, uint8_t node);
/* Engine not run for that long; the keeper is. */
void cluster_stall(struct cluster *cluster, uint8_t node, uint64_t span_ns);
/* Engine and keeper not run for that long; the kernel's lifetime still ends. */
void cluster_freeze(struct cluster *cluster, uint8_t node, uint64_t span_ns);
void cluster_cut(struct cluster *cluster, uint8_t from, uint8_t to, bool cut);
void cluster_loss(struct cluster *cluster, unsigned percent);
void cluster_set_weather(struct cluster *cluster, const struct cluster_weather *weather);
/* The kernel refuses to add addresses on that node with this errno; 0: it does as it is told. */
void cluster_refuse(struct cluster *cluster, uint8_t node, int error);
/* It refuses to remove them, too: then a failed addition leaves a part behind. */
void cluster_keep(struct cluster *cluster, uint8_t node, int error);
/* Another program removes the address. */
void cluster_delete_address(struct cluster *cluster, uint8_t node, uint8_t vip);
void cluster_link(struct cluster *cluster, uint8_t node, bool up);
/* An interface that has this VIP alone, and no heartbeats. */
void cluster_link_vip(struct cluster *cluster, uint8_t node, uint8_t vip, bool up);
void cluster_condition(struct cluster *cluster, uint8_t node, bool healthy, bool drained);
/* From the next start, or reload, of the node on. */
void cluster_set_priority(struct cluster *cluster, uint8_t node, uint8_t priority);
/* The running node reads its configuration anew; nodes, VIPs and checks are the same as before. */
void cluster_reload(struct cluster *cluster, uint8_t node);
/* The Docker engine of that node has said so; its check is the first one (configure()). */
void cluster_swarm(struct cluster *cluster, uint8_t node, const struct swarm_news *news);
/* The check of that node (configure() makes it the first one) has a result. */
void cluster_check(struct cluster *cluster, uint8_t node, bool passed);
/* Every kernel takes up to that much longer for an address, from now on. */
void cluster_slow_kernel(struct cluster *cluster, uint64_t span_ns);
/* The path keeps back what it carries, and hands over all of it when the span is over. */
void cluster_hold(struct cluster *cluster, uint8_t from, uint8_t to, uint64_t span_ns);
/* The node's clocks run that much too fast, from now on. */
void cluster_clock_rate(struct cluster *cluster, uint8_t node, int parts_per_million);
/* NTP slews CLOCK_BOOTTIME by that much, from now on, and CLOCK_MONOTONIC_RAW not at all. */
void cluster_clock_slew(struct cluster *cluster, uint8_t node, int parts_per_million);
/* Another machine answers ARP for the VIPs. */
void cluster_foreign_answer(struct cluster *cluster, bool answers);
/* The network drops what speaks for a VIP, and nothing else. */
void cluster_swallow(struct cluster *cluster, bool swallows);
/* A machine outside the cluster speaks for the VIP, and that node sees it; 02:..:`host` is its MAC.
 */
void cluster_foreign_frame(struct cluster *cluster, uint8_t node, uint8_t vip, uint8_t host);
/* Sends the newest datagram from `from` to `to` of that long ago once more. */
void cluster_replay(struct cluster *cluster, uint8_t from, uint8_t to);
/* From now on somebody on the wire records what passes, as much as he has room for. */
void cluster_record(struct cluster *cluster);
/* He sends something of it: as it was, to somebody else, cut short, or with bits turned over. */
void cluster_attack(struct cluster *cluster);
void cluster_unreachable(struct cluster *cluster, uint8_t node, uint8_t peer);

void cluster_run(struct cluster *cluster, uint64_t span_ns);
/* From now on time stands still: whoever watches has seen enough. */
void cluster_halt(struct cluster *cluster);

uint64_t cluster_now(const struct cluster *cluster);
uint8_t cluster_node_count(const struct cluster *cluster);
uint8_t cluster_vip_count(const struct cluster *cluster);
bool cluster_is_alive(const struct cluster *cluster, uint8_t node);
bool cluster_is_stalled(const struct cluster *cluster, uint8_t node);
bool cluster_is_frozen(const struct cluster *cluster, uint8_t node);
/* Can a datagram of `from` come to `to`: both alive, links up, no cut, nothing kept back? */
bool cluster_is_joined(const struct cluster *cluster, uint8_t from, uint8_t to);
bool cluster_has_address(const struct cluster *cluster, uint8_t node, uint8_t vip);
/* The kernel lost it, and the core of the node has not been told or is putting it back. */
bool cluster_is_untold(const struct cluster *cluster, uint8_t node, uint8_t vip);
/* By its own clock the node's address had to be gone before now [SPEC R37]. */
bool cluster_is_overdue(const struct cluster *cluster, uint8_t node, uint8_t vip);
/* Nodes whose kernel has the address. */
uint64_t cluster_holders(const struct cluster *cluster, uint8_t vip);
/* Time in which two nodes that were run at all had the address. */
uint64_t cluster_dual_ns(const struct cluster *cluster);
/* The longest time without any holder since cluster_mark(). */
uint64_t cluster_gap_ns(const struct cluster *cluster, uint8_t vip);
void cluster_mark(struct cluster *cluster);
uint64_t cluster_takeovers(const struct cluster *cluster);
/* That `from` had for `to` so far, in whatever life: messages with a question [SPEC R12]. */
uint64_t cluster_questions(const struct cluster *cluster, uint8_t from, uint8_t to);
uint64_t cluster_datagrams(const struct cluster *cluster);
uint64_t cluster_announcements(const struct cluster *cluster, uint8_t node);
/* Of the last one of the VIP, or NODE_NONE: whom the neighbours believe. */
uint8_t cluster_announcer(const struct cluster *cluster, uint8_t vip);
const struct core *cluster_core(const struct cluster *cluster, uint8_t node);
const struct core_config *cluster_core_config(const struct cluster *cluster, uint8_t node);
const char *cluster_node_name(const struct cluster *cluster, uint8_t node);
/* What the node knows, by its own clock. */
void cluster_view_vip(const struct cluster *cluster, uint8_t node, uint8_t vip,
                      struct vip_view *ret);
void cluster_view_node(const struct cluster *cluster, uint8_t node, uint8_t other,
                       struct node_view *ret);
/* Over everything that happened; the same seed gives the same on every machine. */
uint64_t cluster_hash(const struct cluster *cluster);

#endif
