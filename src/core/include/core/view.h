// SPDX-License-Identifier: MIT
/*
 * view: what the core knows, for `vipgossip status`. Reading changes nothing.
 */
#ifndef CORE_VIEW_H
#define CORE_VIEW_H

#include "core/core.h"

#define VIEW_UNKNOWN_NS UINT64_MAX

struct vip_view {
    enum vip_state state; /* on this node */
    uint8_t holder;       /* node index or NODE_NONE; this node included */
    uint64_t holders;     /* bit per live node that says it holds: more than one is a conflict */
    uint64_t faults;      /* bit per live node that is in fault on it */
    uint8_t next;         /* who takes it if the holder goes, or NODE_NONE */
    uint64_t since_ns;  /* how long the holder (or its absence) has lasted, as this node knows it */
    enum reason reason; /* of the last change of this node's state or of the holder */
    int32_t error;      /* errno behind a fault */
    bool in_kernel;     /* the kernel has confirmed the addresses on this node */
    bool may_be_there;  /* or has been asked, and has not answered */
    uint8_t votes_needed;
    uint8_t votes_granted;
    uint64_t lease_ns;  /* what is left of the lease, 0 in mode available */
    bool sees_majority; /* mode quorum: this node and a majority of the voters hear each other */
    uint8_t tier;       /* of the holder: 0 healthy, 1 unhealthy, 2 drained */
    uint32_t foreign_removals;
    bool ever_held;   /* by whomever, since this node started; else a claim begins with probes */
    bool in_conflict; /* a host outside the cluster uses the address */
    uint8_t conflict_mac[6];
    uint8_t conflict_node;   /* whose MAC that is, of those that do not live; NODE_NONE: nobody's */
    uint32_t conflict_count; /* of its frames that this node saw, at least 1 */
    uint64_t conflict_last_ns; /* since the last sign of it, here or at another node */
    uint64_t verified;         /* bit per live standby that the holder answers on the wire */
    uint64_t verified_ns;      /* since a standby verified the present holder; 0: one does;
                                  VIEW_UNKNOWN_NS: none ever has */
    uint64_t unverified;       /* that it does not answer; who does not know yet is in neither */
    bool answered;             /* start-up: somebody answers for it while no peer is heard */
    uint8_t answered_mac[6];
};

struct node_view {
    enum member_state state;
    uint64_t incarnation;   /* 0: none */
    uint64_t last_heard_ns; /* age of the newest record; VIEW_UNKNOWN_NS: never */
    uint64_t rtt_ns;        /* smoothed; VIEW_UNKNOWN_NS: not measured */
    bool direct;            /* heard directly of late */
    uint8_t via;            /* the relay of its newest record, NODE_NONE if that came directly */
    bool hears_me;          /* by its record */
    bool config_same;
    bool crashed;     /* it ended without being stopped: its last record is its last will */
    uint8_t swarm_by; /* whose word its availability in the swarm is, NODE_NONE: nobody's now */
    const struct record *record; /* newest, NULL: none; own for self */
};

struct check_view {
    enum check_state state;
    uint64_t since_ns; /* how long it has been so */
    bool has_result;   /* since the start; without one a check has failed by patience alone */
    uint8_t streak;    /* results in a row that say otherwise, fewer than rise or fall; of a check
                        * that is unknown: that say it passes */
};

struct core_counters {
    uint64_t takeovers; /* times this node came to hold a VIP */
    uint64_t handovers; /* of these, handed over by a live holder */
    uint64_t suspicions;
    uint64_t deaths;
    uint64_t lateness_max_ns; /* how late EVENT_TIMER or EVENT_BEAT came at worst */
    uint64_t stalls;          /* times it was later than T/2 */
    uint64_t conflicts;       /* hosts outside the cluster that began to use a VIP */
};

void core_view_vip(const struct core *core, uint8_t vip, struct mono now, struct vip_view *ret);
void core_view_node(const struct core *core, uint8_t node, struct mono now, struct node_view *ret);
void core_view_check(const struct core *core, uint8_t check, struct mono now,
                     struct check_view *ret);
const struct core_counters *core_counters(const struct core *core);
/* Have two nodes been saying for a minute what cannot be of one Docker Swarm [SPEC R59]? These. */
bool core_swarm_is_split(const struct core *core, struct mono now, uint8_t ret[static 2]);
/* Still saying hello, no claim yet? */
bool core_is_starting(const struct core *core);
/* How long this node, as a voter, gives its vote to nobody yet, because it has started anew [SPEC
 * R99]; 0: it votes, or no VIP is in mode quorum. */
uint64_t core_abstains_ns(const struct core *core);
/* The same as core_is_starting() of one VIP, which may also say hello alone because its interface
 * came back [SPEC R40].
 */
bool core_is_asking(const struct core *core, uint8_t vip);

#endif
