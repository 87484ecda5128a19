// SPDX-License-Identifier: MIT
/*
 * record: what one node says of itself. It is the whole truth that travels: the election is a
 * function of the newest records of the live nodes and of nothing else.
 *
 * Nodes and VIPs are named by the first four bytes of a hash of their name, never by their position
 * in a file: two nodes whose files differ still mean the same. 0 names nobody; `vipgossipd -t`
 * refuses a collision.
 */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include <stdint.h>

#include "core/limits.h"

#define ID_NONE 0U

enum record_flag {
    RECORD_HEALTHY = 1U << 0,
    RECORD_DRAINED = 1U << 1,
    RECORD_WITNESS = 1U << 2,
    RECORD_LEAVING = 1U << 3,       /* this incarnation ends with this record */
    RECORD_SEES_MAJORITY = 1U << 4, /* mode quorum */
};
#define RECORD_FLAGS_ALL 0x1FU

/* seq of the last will: nothing of an incarnation comes after it [SPEC R44]. */
#define RECORD_SEQ_WILL UINT64_MAX

enum vip_mode {
    VIP_AVAILABLE,
    VIP_QUORUM,
    VIP_MODE_COUNT,
};

/* May the node take the VIP? */
enum vip_ready {
    VIP_READY_NO,     /* no candidate, in fault, not started, leaving */
    VIP_READY_VACANT, /* only if nobody holds or claims it (preempt_delay runs, or the holder does
                         not hear this node) */
    VIP_READY_YES,
    VIP_READY_COUNT,
};

enum vip_state {
    VIP_STANDBY,
    VIP_CLAIMING,
    VIP_HOLDING,
    VIP_RELEASING,
    VIP_FAULT, /* the kernel refused, or somebody else owns the address */
    VIP_STATE_COUNT,
};

/* "standby", "claiming", "holding", "releasing", "fault". */
const char *vip_state_name(enum vip_state state);

struct record_vip {
    uint32_t vip;       /* id of its name */
    uint32_t addresses; /* hash of its addresses, to see that files differ */
    uint32_t lease_ms;
    uint32_t elects;      /* whom this node elects, or ID_NONE */
    uint32_t released_to; /* handover: to whom this node released the VIP last, or ID_NONE */
    uint8_t mode;         /* enum vip_mode */
    uint8_t ready;        /* enum vip_ready */
    uint8_t state;        /* enum vip_state */
    uint8_t priority;     /* in effect: with the weights of checks, 1..255 */
    uint8_t unhealthy;    /* 1: a check that is for this VIP alone fails on the author */
    uint8_t drained;      /* 1: the author is to hold this VIP last */
};

/* A node that the author does not hear directly, and the relays through which it wants to hear of
 * it. */
struct record_unheard {
    uint32_t node;
    uint32_t relays[RELAYS_MAX]; /* ID_NONE: no choice */
};

/* What the managers of a swarm have made of a node. Only ever added to: it goes over the wire. */
enum availability {
    AVAILABILITY_UNKNOWN, /* in no swarm, or no manager has said yet */
    AVAILABILITY_ACTIVE,
    AVAILABILITY_PAUSED,
    AVAILABILITY_DRAINED,
    AVAILABILITY_COUNT,
};

/* In Docker's words: "unknown", "active", "pause", "drain". */
const char *availability_name(enum availability availability);

/* What the author, a manager, says of the nodes of its swarm. */
enum swarm_word {
    SWARM_WORD_NONE,  /* nothing: it is no manager, or does not know now */
    SWARM_WORD_PART,  /* of those from the first to the last one that it names */
    SWARM_WORD_WHOLE, /* of all: who is not named is active */
    SWARM_WORD_COUNT,
};

/* A node that is not active: its key (the hash of its NodeID without the last two bits) and its
 * enum availability in those. */
#define EXCEPTION_AVAILABILITY UINT64_C(3)

/* Of the swarm that the author is in [SPEC F7]. */
struct record_swarm {
    uint8_t availability; /* enum availability: the author's own, as it believes */
    uint8_t word;         /* enum swarm_word */
    uint8_t exception_count;
    uint32_t index;                      /* of the swarm's log: the higher, the newer is the word */
    uint64_t exceptions[EXCEPTIONS_MAX]; /* ascending, and round from the end to the beginning */
};

/* A MAC address is a number: its first byte in the highest of 48 bits. */
#define MAC_NONE  UINT64_C(0)
#define MAC_MAX   UINT64_C(0xFFFFFFFFFFFF)
#define MAC_GROUP (UINT64_C(1) << 40) /* no host has one with this bit */

/* Of a VIP on the author's link; one per record, in turn [SPEC F8]. */
struct record_link {
    uint32_t vip;      /* id of its name; ID_NONE: nothing is said */
    uint64_t own;      /* of the author's interface for it, MAC_NONE: it has none */
    uint64_t seen;     /* of a host outside the cluster that uses it, MAC_NONE: none */
    uint32_t verifies; /* id of the holder that answers the author for it, or ID_NONE */
    uint32_t misses;   /* id of the holder that does not, or ID_NONE [SPEC R87] */
};

struct record {
    uint32_t node;        /* id of its canonical name */
    uint64_t incarnation; /* random at each start */
    uint64_t seq;         /* rises with every record that is signed anew */
    uint32_t interval_ms; /* T of the author */
    uint32_t next_ms;     /* X: the author's next heartbeat comes within this */
    uint32_t config;      /* hash of what has to be the same on all nodes */
    uint8_t flags;        /* enum record_flag */
    uint8_t unheard_count;
    uint8_t vip_count;
    struct record_unheard unheard[UNHEARD_MAX];
    struct record_vip vips[VIPS_MAX];
    struct record_swarm swarm;
    struct record_link link;
};

#endif
