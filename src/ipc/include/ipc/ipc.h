// SPDX-License-Identifier: MIT
/*
 * ipc: the messages between keeper and engine. All have one size and no pointer, cross a
 * SOCK_SEQPACKET socketpair, and are checked by ipc_valid_from_*() before anybody looks at them:
 * the keeper trusts the engine for nothing but a deadline.
 *
 * The engine is started by the keeper (execve of libexec/vipgossip-engine) with these descriptors:
 *   IPC_FD_KEEPER  the socketpair; the keys come first (ipc/setup.h), then messages
 *   IPC_FD_CONF    a sealed memfd that holds one struct ipc_setup (see ipc/setup.h)
 *   IPC_FD_CONTROL the listening control socket, already bound with the right owner and mode
 *   IPC_FD_CHECKER the socketpair with the checker, see ipc/checker.h; where there is one
 */
#ifndef IPC_IPC_H
#define IPC_IPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IPC_FD_KEEPER  3
#define IPC_FD_CONF    4
#define IPC_FD_CONTROL 5
#define IPC_FD_CHECKER 6

enum ipc_type {
    /* engine to keeper; `vip` is an index of conf.vips */
    IPC_ADD =
        1, /* add all addresses of the VIP; `deadline_ns` as in IPC_DEADLINE. Answer: IPC_ADDED */
    IPC_REMOVE,   /* remove them. Answer: IPC_REMOVED */
    IPC_DEADLINE, /* the VIP's addresses live until CLOCK_BOOTTIME is `deadline_ns`, and no moment
                     longer */
    IPC_ANNOUNCE, /* gratuitous ARP (request and reply) and unsolicited NA for all addresses of the
                     VIP, or for the VIP's `address`-th from 0 alone */
    IPC_PROBE,    /* one ARP probe or neighbour solicitation for each address; foreign answers:
                     IPC_FRAME */
    IPC_VERIFY,   /* the same for one address alone, the VIP's `address`-th from 0 */
    IPC_STOPPED,  /* the ordered stop is done, the engine exits now */
    IPC_WILL,     /* struct ipc_will */
    IPC_DRAIN,    /* keep for the next start which VIPs this node is drained for: `reason` is enum
                     ipc_drain, `vips` the VIPs. Answer: IPC_KEPT, to the newest one */
    IPC_READ,     /* read the configuration anew. Answer: struct ipc_reload or struct ipc_verdict */
    IPC_SWITCH,   /* to struct ipc_reload: `error` 0: every message after this one means the new
                     configuration; else -errno, and the former one stays. Answer to 0: IPC_SWITCHED
                   */
    IPC_AWAKE, /* the engine has read that it lost addresses for being late [IPC_LOST_DEADLINE] */

    /* keeper to engine */
    IPC_ADDED = 32, /* `error` 0: every address is in the kernel; else -errno, and what was added is
                       removed, as far as the kernel does that: IPC_REMOVED tells */
    IPC_REMOVED,    /* `error` 0: none of the addresses is in the kernel any more; else -errno */
    IPC_LOST,  /* an address that the engine holds is gone; `reason` says why; the others may remain
                */
    IPC_FRAME, /* another host, `mac`, speaks for address `address` of `vip`: an ARP packet with
                  that sender, or a neighbour advertisement; `reason` is enum ipc_frame. Limited in
                  number */
    IPC_STOP,  /* stop in order: release everything, tell the peers, answer IPC_STOPPED */
    IPC_LINK,  /* interface of `vip`, which is `interface` now: `reason` is enum ipc_link. Told at
                  the  start, after a reload, and when something of it changes */
    IPC_SWITCHED, /* the keeper's messages mean the new configuration from here on */
    IPC_RELOAD,   /* struct ipc_reload, see ipc/reload.h */
    IPC_VERDICT,  /* struct ipc_verdict, see ipc/reload.h */
    IPC_KEPT,  /* `error` 0: what IPC_DRAIN said outlives a restart; else -errno, and it does not.
                  After  -ETIMEDOUT another may follow, when a disk that hung goes on */
    IPC_ALIVE, /* the keeper's loop runs; each IPC_ALIVE_MS */
    IPC_MAC,   /* `mac` is that of the interface of `vip` now; all zero: there is none. Told at the
                  start, and when it changes */
};

#define IPC_ALIVE_MS 1000

#define IPC_ALL_ADDRESSES UINT16_MAX

/* Why an address is gone [IPC_LOST]. */
enum ipc_lost {
    IPC_LOST_DEADLINE = 1, /* the engine did not renew in time: all addresses of the VIP were
                              removed, and the kernel has confirmed that */
    IPC_LOST_FOREIGN,      /* somebody else removed it; the engine decides whether to put it back
                              (IPC_ADD) */
    IPC_LOST_LINK,         /* the interface is gone or was set down, and the kernel dropped it */
    IPC_LOST_CONFLICT,     /* the address is there without our mark: another program added it */
};

/* Only one of these carries addresses: IPC_LINK_UP. */
enum ipc_link {
    IPC_LINK_DOWN = 1, /* administratively, or it was down for a moment */
    IPC_LINK_UP,
    IPC_LINK_NO_CARRIER,
    IPC_LINK_GONE, /* there is none of that name */
    IPC_LINK_PORT, /* it is a port of `port_of`, a bridge or a bond */
    IPC_LINK_COUNT,
};

#define IPC_INTERFACE_BYTES 16 /* IFNAMSIZ */

enum ipc_frame {
    IPC_FRAME_HOST = 1,
    IPC_FRAME_GATEWAY, /* the default gateway, which may answer for others (proxy ARP) */
};

enum ipc_drain {
    IPC_DRAIN_VIPS = 1, /* those in `vips`, which may be none */
    IPC_DRAIN_NODE,     /* every VIP, now and later */
};

struct ipc_message {
    uint16_t type;    /* enum ipc_type */
    uint16_t vip;     /* index of conf.vips */
    uint16_t address; /* IPC_FRAME, IPC_LOST: index of conf.addresses. IPC_VERIFY, IPC_ANNOUNCE: of
                         the VIP's, from 0; or IPC_ALL_ADDRESSES */
    uint16_t reason;  /* enum ipc_lost, enum ipc_frame, enum ipc_link, enum ipc_drain */
    union {
        struct {
            int32_t error;        /* 0 or -errno */
            uint8_t mac[6];       /* IPC_FRAME, IPC_MAC: of one host */
            uint8_t unused[2];    /* zero; no padding is left to the compiler */
            uint32_t vips;        /* IPC_DRAIN: bit per VIP */
            uint64_t deadline_ns; /* CLOCK_BOOTTIME */
            uint64_t sequence; /* of IPC_ADD, IPC_REMOVE, IPC_READ and IPC_DRAIN; the answer carries
                                  the same: an old answer is recognised */
        };
        struct {                                 /* IPC_LINK; both end in a zero */
            char interface[IPC_INTERFACE_BYTES]; /* empty: a witness has none */
            char port_of[IPC_INTERFACE_BYTES];   /* empty but for IPC_LINK_PORT */
        };
    };
};

_Static_assert(sizeof(struct ipc_message) == 40, "ipc messages have one size");

/*
 * The engine's last will for one node: a datagram that the keeper sends there when the engine has
 * ended by itself, and never while it may still run [SPEC R44]. A later one for the same node
 * replaces it. The keeper looks at its size only: where it goes is the configuration's word.
 */
#define IPC_WILL_BYTES_MAX 250

struct ipc_will {
    uint16_t type;                     /* IPC_WILL */
    uint16_t node;                     /* index of conf.nodes, not the engine's own */
    uint16_t length;                   /* of the datagram, not 0 */
    uint8_t bytes[IPC_WILL_BYTES_MAX]; /* zero beyond `length` */
};

_Static_assert(sizeof(struct ipc_will) == 256, "no padding is left to the compiler");

/* Whatever the engine may send. `type` is at the same place in all of them. */
union ipc_request {
    uint16_t type;
    struct ipc_message message;
    struct ipc_will will;
};

/* Is this a message that the engine may send (towards the keeper)? It has the right length and a
 * known type, its indexes are in range, and every field that its type does not use is zero. */
bool ipc_valid_from_engine(const void *bytes, size_t length, unsigned vip_count);
/* Is this a last will that the engine of node `self` may deposit? */
bool ipc_valid_will(const void *bytes, size_t length, unsigned node_count, unsigned self);
/* Is this a message that the keeper may send? */
bool ipc_valid_from_keeper(const void *bytes, size_t length, unsigned vip_count,
                           unsigned address_count);

/* Does a message of that type, from the keeper, name a VIP? */
bool ipc_names_vip(uint16_t type);

/* Sends one message. 0, -EAGAIN if the peer does not read, -EPIPE if it is gone, or another -errno.
 */
int ipc_send(int fd, const struct ipc_message *message);
int ipc_send_will(int fd, const struct ipc_will *will);
/* Receives one datagram of at most sizeof *ret bytes. Its length, 0 at end of file, or -errno
 * (-EAGAIN: none). */
long ipc_receive(int fd, struct ipc_message *ret);
/* The same for what an engine may send. */
long ipc_receive_request(int fd, union ipc_request *ret);

#endif
