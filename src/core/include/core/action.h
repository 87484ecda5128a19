// SPDX-License-Identifier: MIT
/*
 * action: what the core wants done after a step. The caller executes it in this order:
 *
 *   1. `items` up to and including ACTION_VERIFY (what the keeper does), in their order,
 *   2. the datagrams: for each bit p of `send`, `out[p]` to node p, on every path,
 *   3. the rest of `items`, in their order.
 *
 * ACTION_DEADLINE comes after the datagrams on purpose: a deadline counts from a heartbeat that the
 * kernel has taken; if no datagram of the step could be sent to anybody, the caller must not carry
 * the deadlines of that step out.
 */
#ifndef CORE_ACTION_H
#define CORE_ACTION_H

#include "core/message.h"
#include "core/mono.h"

enum action_type {
    /* first: the keeper */
    ACTION_ADDRESS_ADD,    /* `address`: add all addresses of the VIP, they live until `until` */
    ACTION_ADDRESS_REMOVE, /* `address` */
    ACTION_ANNOUNCE,       /* `address`: one round of gratuitous ARP and unsolicited NA, for
                              address `index` or for all */
    ACTION_PROBE,          /* `address`: one round of ARP probes */
    ACTION_VERIFY,         /* `address`: one ARP probe, for address `index` alone */
    /* last: after the datagrams */
    ACTION_DEADLINE, /* `address`: the addresses of the VIP live until `until` */
    ACTION_CHANGE,   /* `change`: news for the log, the list of events and hooks */
    ACTION_STOPPED,  /* the ordered stop is complete */
    ACTION_CLONED,   /* another running daemon has proved to be this node: stop with a message */
};

/* Why something changed; each has a sentence. */
#define REASONS(X)                                                                                \
    X(NONE, "")                                                                                   \
    X(STARTED, "started")                                                                         \
    X(HEARD, "heard from it")                                                                     \
    X(SILENT, "missed its heartbeat")                                                             \
    X(NO_ANSWER, "twelve rounds of questions stayed without an answer")                           \
    X(LEFT, "stopped in order")                                                                   \
    X(ENDED, "ended without being stopped; its last will said so")                                \
    X(RESTARTED, "restarted")                                                                     \
    X(VACANT, "nobody held it")                                                                   \
    X(HOLDER_DEAD, "its holder died")                                                             \
    X(HOLDER_LEFT, "its holder stopped in order")                                                 \
    X(HOLDER_ENDED, "its holder ended without being stopped; its last will said so")              \
    X(PREFERRED, "this node is preferred to the holder")                                          \
    X(HANDED_OVER, "the holder handed it over")                                                   \
    X(BETTER_CLAIMS, "a preferred node claims it")                                                \
    X(BETTER_HOLDS, "a preferred node holds it too")                                              \
    X(NOT_HEARD, "another holder does not hear this node")                                        \
    X(NOT_ELECTED, "another node is elected")                                                     \
    X(ASKS_AGAIN, "this node may have missed something and asks everybody first")                 \
    X(TAKEN_BACK, "the node that it was released to did not take it")                             \
    X(ADDED, "the kernel has the address")                                                        \
    X(REMOVED, "the kernel removed the address")                                                  \
    X(STOPPING, "this node stops in order")                                                       \
    X(STALLED, "this node missed its own deadline and the keeper removed the address")            \
    X(MUTE, "this node can send no heartbeat to anybody")                                         \
    X(FOREIGN_REMOVAL, "another program removed the address; put back")                           \
    X(LINK, "the interface went down")                                                            \
    X(FOREIGN_OWNER, "the address is there, but another program added it")                        \
    X(ADDRESS_ANSWERED, "somebody answers for the address and this node hears none of its peers") \
    X(ADDRESS_USED, "another host answers for the address")                                       \
    X(FOREIGN_HOST, "a host outside the cluster uses the address")                                \
    X(FOREIGN_GONE, "no host outside the cluster uses the address any more")                      \
    X(UNHEARD_NODE, "a node of the cluster that is not heard uses the address")                   \
    X(UNHEARD_GONE, "no node of the cluster that is not heard uses the address any more")         \
    X(KERNEL_REFUSED, "the kernel refused the address")                                           \
    X(KERNEL_SILENT, "the kernel did not confirm the address in time")                            \
    X(NO_MAJORITY, "a majority of the voters did not grant it")                                   \
    X(MAJORITY_LOST, "the majority of the voters was lost")                                       \
    X(RETRY, "trying again after a fault")                                                        \
    X(UNHEALTHY, "this node is not fit to serve")                                                 \
    X(HOLDER_UNHEALTHY, "the holder is not healthy")                                              \
    X(HOLDER_DRAINED, "the holder is drained")                                                    \
    X(RIVAL, "another node holds it too")                                                         \
    X(RIVAL_GONE, "no other node holds it any more")                                              \
    X(RIVAL_YIELDED, "a node that was not heard has released it to this one")                     \
    X(RETIRED, "it is no longer configured on this node")                                         \
    X(CHECK_OK, "the check passes")                                                               \
    X(CHECK_FAILED, "the check fails")                                                            \
    X(CHECK_SILENT, "the check has had no result for too long")                                   \
    X(SWARM_DRAINED, "drained in the swarm: docker node update --availability drain")             \
    X(SWARM_PAUSED, "paused in the swarm: docker node update --availability pause")               \
    X(SWARM_ACTIVE, "active in the swarm again")                                                  \
    X(SWARM_LEFT, "in no swarm any more")                                                         \
    X(UNVERIFIED, "asked on the wire who has the address, the holder does not answer")            \
    X(VERIFIED, "the holder answers on the wire")                                                 \
    X(PROXIED, "who may answer for others answers, which says nothing of the holder")

enum reason {
#define X(name, text) REASON_##name,
    REASONS(X)
#undef X
    REASON_COUNT,
};

/* The sentence, for logs and JSON. */
const char *reason_text(enum reason reason);
/* Does `mac` of a change with that reason say something? */
bool reason_has_mac(enum reason reason);

enum member_state {
    MEMBER_UNKNOWN, /* never heard since this node started */
    MEMBER_ALIVE,
    MEMBER_SUSPECT,
    MEMBER_DEAD,
    MEMBER_LEFT,
    MEMBER_STATE_COUNT,
};

/* "unknown", "alive", "suspect", "dead", "left". */
const char *member_state_name(enum member_state state);

enum check_state {
    CHECK_UNKNOWN, /* no result since the start, or it rises */
    CHECK_OK,
    CHECK_FAILED,
    CHECK_STATE_COUNT,
};

/* "unknown", "ok", "failed". */
const char *check_state_name(enum check_state state);

/* Does the holder of a VIP answer on the wire [SPEC R86]? */
enum verified {
    VERIFIED_UNKNOWN,
    VERIFIED_YES,
    VERIFIED_NO,
    VERIFIED_COUNT,
};

/* "unknown", "verified", "unverified". */
const char *verified_name(enum verified verified);

enum change_type {
    CHANGE_VIP,      /* the state of a VIP on this node */
    CHANGE_HOLDER,   /* who holds a VIP, as this node sees it; from and to are node indexes,
                        NODE_NONE: nobody */
    CHANGE_MEMBER,   /* the state of a node */
    CHANGE_CHECK,    /* the state of a check of this node */
    CHANGE_RIVAL,    /* another node that holds what this one holds; from and to are node indexes,
                        NODE_NONE: there is none */
    CHANGE_CONFLICT, /* a host outside the cluster, `mac`, that uses the address; or `node`, which
                        is not heard */
    CHANGE_VERIFIED, /* whether the holder of a VIP, `node`, answers on the wire; from and to are
                        enum verified */
    CHANGE_AVAILABILITY, /* this node in its swarm; node is the manager whose word it is */
};

#define NODE_NONE ((uint8_t)255)
#define VIP_NONE  ((uint8_t)255)

struct change {
    enum change_type type;
    uint8_t vip;   /* CHANGE_VIP, CHANGE_HOLDER, CHANGE_RIVAL, CHANGE_CONFLICT, CHANGE_VERIFIED */
    uint8_t node;  /* CHANGE_MEMBER, CHANGE_AVAILABILITY, CHANGE_VERIFIED; CHANGE_VIP,
                      CHANGE_CONFLICT: the other node that it is about, or NODE_NONE */
    uint8_t check; /* CHANGE_CHECK */
    uint8_t from;  /* enum vip_state, node index, enum member_state or enum check_state */
    uint8_t to;
    enum reason reason;
    int32_t error;  /* errno behind KERNEL_REFUSED, else 0 */
    uint8_t mac[6]; /* of ADDRESS_ANSWERED, ADDRESS_USED, FOREIGN_HOST, FOREIGN_GONE, UNHEARD_NODE,
                       UNHEARD_GONE */
};

struct action {
    enum action_type type;
    union {
        struct {
            uint8_t vip;
            uint16_t index; /* ACTION_VERIFY, ACTION_ANNOUNCE: of the VIP's addresses, or
                               ALL_ADDRESSES */
            struct mono until;
        } address;
        struct change change;
    };
};

#define ACTIONS_MAX 512

struct actions {
    uint32_t count;
    struct action items[ACTIONS_MAX];
    uint64_t send; /* bit per node */
    struct message_out out[NODES_MAX];
};

#endif
