// SPDX-License-Identifier: MIT
/*
 * event: everything that can happen to a node. The event is the only source of time.
 */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include "core/message.h"
#include "core/mono.h"

enum event_type {
    EVENT_TIMER, /* core_deadline() is reached, and every socket was drained after it was [SPEC R31]
                  */
    EVENT_BEAT,  /* core_beat_deadline() is reached, and more is to be read [SPEC R10] */
    EVENT_MESSAGE,     /* an authenticated datagram */
    EVENT_ADDRESS,     /* the kernel's answer, or its news, about the addresses of a VIP */
    EVENT_FRAME,       /* another host speaks for an address of a VIP */
    EVENT_MAC,         /* the MAC address of the interface of a VIP is known, or another one */
    EVENT_UNREACHABLE, /* ICMP says that a peer's port is closed: a hint to ask, no proof */
    EVENT_LINK,        /* the interface of a VIP went down or came up */
    EVENT_MUTE, /* not one datagram of a heartbeat could be sent to anybody, or one could again */
    EVENT_CONDITION, /* health or drain of this node changed */
    EVENT_CHECK,     /* a check of this node has a result */
    EVENT_SWARM,     /* what this node's Docker engine says of its swarm */
    EVENT_RETIRE,    /* VIPs that a reload is about to remove are given up [SPEC R47] */
    EVENT_STOP,      /* stop in order */
};

enum address_change {
    ADDRESS_ADDED,
    ADDRESS_REMOVED,
    ADDRESS_ADD_FAILED,
    ADDRESS_REMOVE_FAILED,
    ADDRESS_LOST_DEADLINE, /* the keeper removed all of them: this node missed its own deadline */
    ADDRESS_LOST_FOREIGN,  /* another program removed one */
    ADDRESS_LOST_LINK,     /* the interface went */
    ADDRESS_LOST_CONFLICT, /* another program has added it itself */
};

/* [SPEC R59] */
struct swarm_news {
    uint64_t own;   /* key of this node in its swarm; 0: it is in none */
    bool knows;     /* it is a manager, and what follows is what the swarm says now */
    uint32_t index; /* of the swarm's log */
    uint16_t count;
    uint64_t exceptions[SWARM_EXCEPTIONS_MAX]; /* as in struct record_swarm; all, ascending */
};

struct event {
    enum event_type type;
    struct mono now;
    struct mono raw; /* CLOCK_MONOTONIC_RAW at the same moment: nothing slews it. Mode quorum
                        believes neither clock alone [SPEC R90] */
    union {
        const struct message_in *message; /* belongs to the caller */
        struct {
            uint8_t vip; /* index of core_config.vips */
            enum address_change change;
            int32_t error; /* errno of a failure, 0 otherwise */
        } address;
        struct {
            uint8_t vip;
            uint16_t address; /* EVENT_FRAME: which one of the VIP's, from 0 */
            bool is_gateway;  /* EVENT_FRAME: it is the default gateway's, which may answer for
                                 others and is no stranger */
            uint8_t mac[6];   /* EVENT_MAC: all zero: there is no interface, or it has none */
        } frame;              /* EVENT_FRAME, EVENT_MAC */
        struct {
            uint8_t peer;
        } unreachable;
        struct {
            uint8_t vip;
            bool up;
        } link;
        struct {
            bool mute;
        } mute;
        struct {
            bool healthy;
            bool drained;          /* for every VIP */
            uint64_t drained_vips; /* bit per VIP that it is drained for, whatever `drained` says */
        } condition;
        struct {
            uint8_t check; /* index of core_config.checks */
            bool passed;
        } check;
        struct {
            uint8_t check;                 /* index of core_config.checks: the one that has asked */
            const struct swarm_news *news; /* belongs to the caller */
        } swarm;
        struct {
            uint64_t vips; /* bit per VIP; those that are not named stay, or stay after all */
        } retire;
    };
};

#endif
