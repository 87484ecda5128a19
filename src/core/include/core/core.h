// SPDX-License-Identifier: MIT
/*
 * core: decides. One node of the protocol in proto/SPEC.md as a pure state machine: events in,
 * actions out. It has no clock, no memory but its own struct, no descriptor, no text, no global;
 * the daemon, the simulator and the tests drive the same code.
 */
#ifndef CORE_CORE_H
#define CORE_CORE_H

#include "core/action.h"
#include "core/event.h"

struct core_node {
    uint32_t id;
    bool witness;
};

struct core_vip {
    uint32_t id;
    uint32_t addresses;     /* hash */
    uint16_t address_count; /* at least 1 */
    enum vip_mode mode;
    bool preempt;
    uint64_t preempt_delay_ns;
    uint64_t lease_ns;
    uint64_t least_ns; /* so much of a lease has to be left for an addition; 0: anything */
    uint64_t announce_refresh_ns;
    uint8_t priority;    /* this node's, 1..255 */
    uint64_t candidates; /* bit per node */
};

/* What this node is asked about its own fitness [SPEC R55]. */
struct core_check {
    uint8_t rise;    /* so many results in a row, and a failed check is ok again; at least 1 */
    uint8_t fall;    /* so many, and it has failed; at least 1 */
    int16_t weight;  /* added to the priority while it fails; 0: it makes the node unhealthy */
    bool is_general; /* for every VIP, and for the node as such */
    uint32_t vips;   /* else: bit per VIP that it is for */
};

struct core_config {
    uint8_t self; /* index of nodes */
    uint8_t node_count;
    uint8_t vip_count;
    bool fail_open;
    uint64_t interval_ns;  /* T */
    uint32_t config;       /* hash of what has to be the same everywhere */
    uint64_t incarnation;  /* random, not 0 */
    uint64_t seed;         /* of the core's own generator (challenges, whom to ask) */
    uint64_t abstain_ns;   /* an earlier run may have promised its vote for that long [SPEC R99] */
    uint64_t lease_max_ns; /* no voter promises for longer, whatever its configuration is or was */
    struct core_node nodes[NODES_MAX];
    struct core_vip vips[VIPS_MAX];
    uint8_t check_count;
    uint64_t check_patience_ns; /* an unknown check without a result for so long has failed */
    struct core_check checks[CHECKS_MAX];
    uint64_t swarm_look_ns; /* a manager's word on its swarm is at most that old, on any node */
};

struct core; /* state.h: embedded by its owner, not opaque to sizeof, but nobody's business */

/* Bytes and alignment of a struct core, for an owner who allocates it. */
unsigned long core_size(void);

/* Prepares `core`; it starts to say hello at `now`. The keeper must have removed every leftover
 * before [SPEC R40]. */
void core_init(struct core *core, const struct core_config *config, struct mono now);

/* What a reload makes of nodes, VIPs and checks: for each index of the new configuration the index
 * that the same thing had before. */
#define CORE_NEW ((uint8_t)255) /* it was not there */
struct core_reload {
    uint8_t node_was[NODES_MAX];
    uint8_t vip_was[VIPS_MAX];
    uint8_t check_was[CHECKS_MAX];
};

/*
 * Prepares `core` as `former` with another configuration: the incarnation goes on, and so does
 * every node, VIP and check that was there before [SPEC R47]. `former` may hold no VIP that goes,
 * see EVENT_RETIRE; it stays as it is. The timer is due at once: the peers are told. Incarnation
 * and seed of `config` do not count.
 */
void core_reconfigure(struct core *core, const struct core *former,
                      const struct core_config *config, const struct core_reload *reload);

/* May a running node take a configuration with other voters? In mode quorum their set changes by
 * one node at a time, and only when the change before is known to be done [SPEC R103]. */
enum voters_answer {
    VOTERS_ALLOWED,
    VOTERS_CHANGING, /* the change before is not done */
    VOTERS_DIFFER,   /* a live node has neither the configuration of this one nor the next */
};
enum voters_answer core_may_change_voters(const struct core *core, const struct core_config *next);

/* Is none of these VIPs (bit each) in the kernel, as far as this node knows? */
bool core_is_free_of(const struct core *core, uint64_t vips);

/*
 * Advances the node by exactly one event at event->now, which must not be before that of the step
 * before. Cannot fail: a bad event is a bug of the caller (asserted); a bad peer was already
 * dropped by ingress. `ret` is overwritten.
 */
void core_step(struct core *core, const struct event *event, struct actions *ret);

/* When to deliver EVENT_TIMER next; MONO_NEVER if the node waits for the world only. */
struct mono core_deadline(const struct core *core);

/* When the next heartbeat is due. Whoever has more to read then delivers EVENT_BEAT before the next
 * datagram, however many wait; EVENT_TIMER is for when all are read. */
struct mono core_beat_deadline(const struct core *core);

/* The node's own record as it has to be signed now. Valid until the next step. */
const struct record *core_record(const struct core *core);

/*
 * The last will of this incarnation: the record that ends it for ever, wherever it comes in. It is
 * deposited with the keeper and sent when the engine has ended by itself [SPEC R44].
 */
void core_will(const struct core *core, struct record *ret);

/* Confirmed incarnation of a node, 0 if none is [SPEC R20]; it may have ended since, see below. */
uint64_t core_member_incarnation(const struct core *core, uint8_t node);
/* seq of the newest record of that incarnation, 0 if none. */
uint64_t core_member_seq(const struct core *core, uint8_t node);
/* Is that incarnation of the node one that has ended? Its datagrams are dropped [SPEC D4]. */
bool core_incarnation_is_dead(const struct core *core, uint8_t node, uint64_t incarnation);
/* Did this node ask that? An echo that nobody waits for is dropped before its signature is looked
 * at. */
bool core_expects_echo(const struct core *core, const struct echo *echo);
/* Index of a node by its id, or NODE_NONE. */
uint8_t core_node_index(const struct core *core, uint32_t id);

#endif
