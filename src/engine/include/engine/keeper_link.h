// SPDX-License-Identifier: MIT
/*
 * keeper_link: the conversation with the keeper.
 *
 * A keeper that is busy with the kernel does not read for a while, and no message to it may be
 * lost. What waits is kept per VIP and not as a queue: a newer request replaces the older one, a
 * newer deadline the older one. So what waits is bounded, and what the keeper reads is never stale.
 */
#ifndef ENGINE_KEEPER_LINK_H
#define ENGINE_KEEPER_LINK_H

#include <uv.h>

#include "core/action.h"
#include "core/event.h"
#include "core/limits.h"
#include "ipc/ipc.h"
#include "ipc/reload.h"

struct keeper_link_handlers {
    void (*message)(void *arg, const struct ipc_message *message);
    /* The keeper is gone, or talks nonsense: the engine cannot go on. `why` is a phrase. */
    void (*gone)(void *arg, const char *why);
    /* Makes the last will for one node, now that the keeper takes it. */
    void (*will)(void *arg, uint8_t node, struct ipc_will *ret);
    /* A new configuration; its keys are to be wiped once they are taken. */
    void (*reload)(void *arg, struct ipc_reload *reload);
    void (*verdict)(void *arg, const struct ipc_verdict *verdict);
    void *arg;
};

/* What waits for the keeper to read, of one VIP, in the order in which it is sent. */
struct keeper_link_waiting {
    uint16_t request; /* IPC_ADD, IPC_REMOVE, 0: none */
    bool has_deadline;
    bool announce;
    uint16_t announce_index; /* of the VIP's addresses, or ALL_ADDRESSES */
    bool probe;
    bool verify;
    uint16_t verify_index; /* of the VIP's addresses */
    uint64_t deadline_ns;  /* of IPC_ADD too */
};

struct keeper_link {
    uv_poll_t poll;
    int fd;
    uint8_t vip_count;
    uint8_t node_count;
    uint16_t address_count;
    bool gone;
    bool ended;       /* it is gone because its process has ended, or stands still */
    bool silent;      /* it stands still */
    unsigned silence; /* calls of keeper_link_watch() since it said something */
    bool blocked;     /* the keeper does not read: wait until it does */
    bool awake;       /* IPC_AWAKE waits to be sent */
    bool stopped;     /* IPC_STOPPED waits to be sent, after everything else */
    bool has_drain;   /* `drain` waits to be sent */
    bool keeping;     /* it is not answered */
    struct ipc_message drain;
    uint64_t reads; /* sequence of IPC_READ that waits to be sent, 0: none */
    uint64_t wills; /* bit per node: its last will waits to be sent, before everything else */
    uint64_t sequence;
    uint64_t latest[VIPS_MAX]; /* sequence of the newest request of each VIP */
    struct keeper_link_waiting waiting[VIPS_MAX];
    struct {
        bool waits;   /* IPC_SWITCH waits to be sent, before everything else */
        int error;    /* that it carries */
        bool pending; /* until the keeper has switched too, its messages have the former indexes */
        uint8_t former_count; /* of VIPs */
        uint16_t former_address_count;
        uint8_t vip_now[VIPS_MAX]; /* new index of a former one; VIP_NONE: it is gone */
    } change;
    struct keeper_link_handlers handlers;
    union ipc_answer answer; /* what came last; keys are wiped by who takes them */
};

/* Starts to listen on `fd`, which stays the caller's. Returns 0 or -errno. `link` must live until
 * the loop has run after keeper_link_close(). */
int keeper_link_open(struct keeper_link *link, uv_loop_t *loop, int fd,
                     const struct keeper_link_handlers *handlers);
void keeper_link_close(struct keeper_link *link);

/* Requests; see ipc/ipc.h. They never fail: what cannot be sent now waits. */
void keeper_link_add(struct keeper_link *link, uint8_t vip, struct mono until);
void keeper_link_remove(struct keeper_link *link, uint8_t vip);
void keeper_link_deadline(struct keeper_link *link, uint8_t vip, struct mono until);
/* One address of the VIP, or ALL_ADDRESSES. Two that wait are all. */
void keeper_link_announce(struct keeper_link *link, uint8_t vip, uint16_t index);
void keeper_link_probe(struct keeper_link *link, uint8_t vip);
void keeper_link_verify(struct keeper_link *link, uint8_t vip, uint16_t index);
void keeper_link_awake(struct keeper_link *link);
void keeper_link_stopped(struct keeper_link *link);
/* Deposits the last will for each of these nodes (bit each) [SPEC R44]. */
void keeper_link_deposit(struct keeper_link *link, uint64_t nodes);

/* Asks the keeper to read the configuration anew [IPC_READ]. */
void keeper_link_read(struct keeper_link *link, uint64_t sequence);
/* The configuration that the keeper has sent is not taken: -errno. */
void keeper_link_refuse(struct keeper_link *link, int error);
/* From here on the new configuration counts: every request that follows has its indexes. What waits
 * to be sent is renamed. `conf` is the new one. */
void keeper_link_switch(struct keeper_link *link, const struct conf *conf,
                        const struct conf_change *change);

/* What is to be kept for the next start; see IPC_DRAIN. */
void keeper_link_keep_drain(struct keeper_link *link, bool node, uint32_t vips);
/* Is the keeper's answer to that still to come? */
bool keeper_link_is_keeping(const struct keeper_link *link);

/* Is everything sent? */
bool keeper_link_is_flushed(const struct keeper_link *link);

/* Reads what the keeper has sent, bounded, and hands it to the handlers. */
void keeper_link_drain(struct keeper_link *link);

/* To be called each second: after `patience` calls in which the keeper said nothing it is taken for
 * ended. Not the clock counts but the calls: where this process stood still as well, nobody knows
 * what the keeper did. */
void keeper_link_watch(struct keeper_link *link, unsigned patience);

/* The message as an event for the core, without its time. False if it is none: the answer to a
 * request that a newer one has replaced. */
bool keeper_link_event(const struct keeper_link *link, const struct ipc_message *message,
                       struct event *ret);

#endif
