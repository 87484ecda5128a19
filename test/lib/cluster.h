// SPDX-License-Identifier: MIT
/*
 * cluster: real cores on a simulated network, clock and kernel; everything from one seed. Time is
 * virtual, nothing sleeps. It stands where wire, engine and keeper stand in the daemon: it carries
 * messages, answers for the kernel, and keeps the deadline of an address whatever the core of its
 * node does.
 */
#ifndef TEST_CLUSTER_H
#define TEST_CLUSTER_H

#include <stdio.h>

#include "core/core.h"
#include "core/view.h"

struct cluster_config {
    uint8_t node_count;
    uint8_t vip_count;
    uint64_t interval_ns;
    bool preempt;
    bool fail_open;
    uint64_t preempt_delay_ns;
    uint8_t priority[NODES_MAX];
    uint64_t seed;
    FILE *trace; /* one line for each change, NULL: none */
    bool trace_members;
};

struct cluster;

struct cluster *cluster_new(const struct cluster_config *config);
void cluster_free(struct cluster *cluster);

void cluster_start(struct cluster *cluster, uint8_t node);
/* Host gone: engine, keeper and addresses. */
void cluster_crash(struct cluster *cluster, uint8_t node);
/* Ordered stop. */
void cluster_stop(struct cluster *cluster, uint8_t node);
/* Engine not run for that long; the keeper is. */
void cluster_stall(struct cluster *cluster, uint8_t node, uint64_t span_ns);
/* Engine and keeper not run for that long. */
void cluster_freeze(struct cluster *cluster, uint8_t node, uint64_t span_ns);
void cluster_cut(struct cluster *cluster, uint8_t from, uint8_t to, bool cut);
void cluster_loss(struct cluster *cluster, unsigned percent);
/* The kernel refuses to add addresses on that node with this errno; 0: it does as it is told. */
void cluster_refuse(struct cluster *cluster, uint8_t node, int error);
/* Another program removes the address. */
void cluster_delete_address(struct cluster *cluster, uint8_t node, uint8_t vip);
void cluster_link(struct cluster *cluster, uint8_t node, bool up);
void cluster_condition(struct cluster *cluster, uint8_t node, bool healthy, bool drained);
/* Another machine answers ARP for the VIPs. */
void cluster_foreign_answer(struct cluster *cluster, bool answers);
/* Sends the newest datagram from `from` to `to` of that long ago once more. */
void cluster_replay(struct cluster *cluster, uint8_t from, uint8_t to);
void cluster_unreachable(struct cluster *cluster, uint8_t node, uint8_t peer);

void cluster_run(struct cluster *cluster, uint64_t span_ns);

uint64_t cluster_now(const struct cluster *cluster);
/* What the nodes read from their clocks. */
uint64_t cluster_clock(const struct cluster *cluster);
uint8_t cluster_node_count(const struct cluster *cluster);
uint8_t cluster_vip_count(const struct cluster *cluster);
bool cluster_is_alive(const struct cluster *cluster, uint8_t node);
/* Nodes whose kernel has the address. */
uint64_t cluster_holders(const struct cluster *cluster, uint8_t vip);
/* Time in which two nodes that were run at all had the address. */
uint64_t cluster_dual_ns(const struct cluster *cluster);
/* The longest time without any holder since cluster_mark(). */
uint64_t cluster_gap_ns(const struct cluster *cluster, uint8_t vip);
void cluster_mark(struct cluster *cluster);
uint64_t cluster_takeovers(const struct cluster *cluster);
uint64_t cluster_datagrams(const struct cluster *cluster);
uint64_t cluster_announcements(const struct cluster *cluster, uint8_t node);
const struct core *cluster_core(const struct cluster *cluster, uint8_t node);

#endif
