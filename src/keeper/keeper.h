// SPDX-License-Identifier: MIT
/*
 * keeper: the privileged process. It adds and removes the addresses of the VIPs, claims them on the
 * wire, and listens for others that do; the engine tells it when, and how long an address may live.
 * It adds nothing that is not in the configuration, and it decides nothing: whatever happens, the
 * answer is to remove.
 *
 * One turn of the loop: the engine's messages, the kernel's news, what is due by time, received
 * frames, one piece of each round of work (`struct sweep`). Nothing waits; an engine that died is
 * seen in the same poll() as everything else.
 */
#ifndef KEEPER_KEEPER_H
#define KEEPER_KEEPER_H

#include "gateway.h"
#include "host/kernel.h"
#include "keeper/drain.h"
#include "keeper/lookup.h"
#include "keeper/outbox.h"
#include "keeper/vip.h"
#include "keeper/will.h"
#include "monitor.h"
#include "scribe.h"
#include "steward.h"

#include "conf/conf.h"
#include "ipc/reload.h"

#include <poll.h>
#include <sys/types.h>

#define KEEPER_FAMILIES 2 /* index 0: IPv4, 1: IPv6 */

/* An interface that carries VIPs, see link.c. */
struct interface {
    char name[16];
    unsigned ifindex; /* 0: there is none of that name */
    uint16_t state;   /* enum ipc_link, IPC_LINK_GONE at first */
    unsigned port_of; /* ifindex, in state IPC_LINK_PORT */
    bool up;          /* it is in state IPC_LINK_UP */
    bool went_down;   /* since the engine was last told, even if it is up again */
    bool came_up;
    bool ethernet;
    uint8_t mac[FRAME_MAC_BYTES];
    struct gateway gateways[KEEPER_FAMILIES];
    int listen_fds[KEEPER_FAMILIES]; /* -1: not listening */
    unsigned listen_ifindex;         /* on which they listen */
    uint64_t listen_retry_ns;
    uint64_t quiet_ns[KEEPER_FAMILIES]; /* too much came: nothing is read before */
};

/* A MAC of which the engine was told, and when, and of which address. */
struct heard {
    uint8_t mac[FRAME_MAC_BYTES];
    bool of_others; /* of a second address too, since then */
    uint16_t index;
    uint64_t told_ns; /* 0: never */
};
#define LISTEN_SLOTS 4

struct address {
    bool ours;                /* in the kernel, with our mark, on the VIP's interface */
    unsigned foreign_ifindex; /* in the kernel without our mark, there; 0: nowhere */
    bool seen;                /* while a dump is compared: on the VIP's interface */
    bool foreign_seen;        /* while a dump is compared: without our mark */
};

/* News of one VIP that the engine has to hear. */
struct loss {
    uint16_t reason;  /* enum ipc_lost; 0: none */
    uint16_t address; /* index of conf.addresses */
};

enum reload_phase {
    RELOAD_IDLE,
    RELOAD_READING,  /* the steward reads */
    RELOAD_OFFERING, /* the new configuration is to be sent to the engine */
    RELOAD_OFFERED,  /* the engine has it, and has not answered */
    RELOAD_TELLING,  /* the verdict is to be sent to the engine */
};

struct reload {
    enum reload_phase phase;
    bool again;      /* asked for meanwhile */
    uint64_t asked;  /* sequence of the newest IPC_READ */
    uint64_t covers; /* of the newest one before the file was read */
    bool from_environment;
    bool new_checker;
    bool renamed;        /* in this turn: what was looked at before is not there any more */
    uint32_t generation; /* of the checker that runs */
    uint64_t end_ns;     /* patience with the steward ends */
    size_t length;       /* bytes of the report that are there */
    struct steward_report *report;
    struct ipc_reload *offer;
    struct ipc_verdict verdict;
};

/* What this node is drained for, on its way to the disk. */
struct keep {
    bool asked;                /* the steward's scribe has an order */
    bool waits;                /* `order` comes after that one */
    struct scribe_order order; /* the newest */
    uint64_t end_ns;           /* it is answered by then; CLOCK_NEVER_NS: it has been */
};

struct keeper {
    struct conf conf;
    uint8_t self;
    bool verbose;

    struct interface interfaces[CONF_VIPS_MAX];
    unsigned interface_count;
    uint8_t interface_of[CONF_VIPS_MAX];
    struct vip vips[CONF_VIPS_MAX];
    struct loss losses[CONF_VIPS_MAX];
    struct address addresses[CONF_ADDRESSES_MAX];
    bool owner_named[CONF_VIPS_MAX]; /* the log has said that another program owns an address */
    struct lookup lookup;
    bool kernel_has_mark;
    bool resync; /* news were lost: compare with a dump */
    bool strays; /* an interface lost its name: addresses of ours may be where they do not belong */
    uint64_t seek_ns; /* where the network of a VIP is now is looked for no sooner */
    struct ipc_message links_told[CONF_VIPS_MAX];

    struct netlink netlink;
    struct monitor monitor;
    int packet_fd; /* sends frames; -1: a witness, which sends none */
    struct heard heard[CONF_VIPS_MAX][LISTEN_SLOTS];
    uint8_t macs_told[CONF_VIPS_MAX][FRAME_MAC_BYTES]; /* of the VIPs' interfaces, to the engine */
    int control_fd; /* kept open so that nobody takes the socket's path meanwhile */
    int timer_fd;
    int signal_fd;
    uint64_t watchdog_every_ns; /* 0: systemd does not watch */
    uint64_t alive_ns;          /* when the engine gets its next sign of life */
    uint64_t watchdog_ns;       /* when it is told next; CLOCK_NEVER_NS: never */

    pid_t engine_pid;
    int engine_fd;
    int engine_pidfd;
    struct outbox outbox;
    struct will will;
    struct drain drain; /* as it was at start */

    struct steward steward; /* reads files, has the checker started */
    struct keep keep;
    struct reload reload;

    bool stopping;
    bool stopped;           /* the engine said so */
    uint64_t stop_end_ns;   /* patience ends; CLOCK_NEVER_NS: not stopping */
    uint64_t repeat_ns;     /* a second signal counts from here on */
    uint64_t silent_end_ns; /* an engine that lost addresses for being late says something until
                               then, or is killed; CLOCK_NEVER_NS: it is not late */
    bool ended;
    bool engine_gone; /* it ended by itself; else it has to be killed */
};

/* keeper.c */

/* Runs until the engine has ended, or has to end; no address is left then. The exit code. */
int keeper_run(struct keeper *keeper);

/* Ends the loop after this turn: the engine is not to be trusted any more. */
void keeper_fail(struct keeper *keeper);

/* Ends the loop after this turn: the engine has closed its socket or ended. */
void keeper_engine_gone(struct keeper *keeper);

/* Sends a message to the engine; one that cannot be sent ends the loop. */
void keeper_tell(struct keeper *keeper, const struct ipc_message *message);

/* One that is not known yet. */
void keeper_interface_init(struct interface *interface, const char *name);

struct interface *keeper_interface(struct keeper *keeper, unsigned vip);

/* Removes, or renews, whatever is due by time. */
void keeper_due(struct keeper *keeper);

/* The same where the kernel may have kept this process waiting, for a lock of its own say: before
 * an address goes, what the engine said meanwhile is read; it may have moved the deadline. Not for
 * who handles a request. */
void keeper_due_after_wait(struct keeper *keeper);

/* request.c */

/* Carries out all messages of the engine that have come. */
void request_read(struct keeper *keeper);

/* Of an engine that has ended: was its last word that it stopped in order? Carries nothing out,
 * but keeps the wills that it still deposited. */
bool request_was_stopped(struct keeper *keeper);

/* holding.c */

/* Adds the addresses of a VIP. 0: all are in the kernel; else -errno, and none is. */
int holding_add(struct keeper *keeper, unsigned vip, uint64_t deadline_ns);

/* Removes the addresses of a VIP. 0: none is in the kernel; else -errno, and it is tried again. */
int holding_remove(struct keeper *keeper, unsigned vip);

/* Removes one address of a VIP, which goes with a reload. */
void holding_remove_one(struct keeper *keeper, unsigned vip, unsigned index);

/* Renews a piece of the kernel's lifetimes. */
void holding_renew(struct keeper *keeper, unsigned vip);

/* Removes everything: the end. 0: the kernel has confirmed it; else -errno, and something is left.
 */
int holding_remove_all(struct keeper *keeper);

/*
 * Before the engine starts: removes what an earlier run left, on any interface, and names what
 * others own. 0 or -errno: something of ours could not be removed.
 */
int holding_remove_leftovers(struct keeper *keeper);

/* Removes what is ours and not on the interface of its VIP. 0 or -errno: it is tried again. */
int holding_remove_strays(struct keeper *keeper);

/* reload.c */

/* Has the configuration read anew, or once more if that is under way. */
void reload_begin(struct keeper *keeper);

/* Reads what the steward says. */
void reload_read(struct keeper *keeper);

/* Gives it up. */
void reload_lose_steward(struct keeper *keeper);

/* When patience with it ends; CLOCK_NEVER_NS: it is asked nothing. */
uint64_t reload_next_ns(const struct keeper *keeper);
void reload_due(struct keeper *keeper);

/* Is something to be sent to the engine, which may not read at the moment? */
bool reload_waits(const struct keeper *keeper);
void reload_send(struct keeper *keeper);

/* The engine's answer: 0, all its messages from here on mean the new configuration; or -errno. */
void reload_answer(struct keeper *keeper, int error);

/* keep.c */

/* Has what the message says kept for the next start; IPC_KEPT follows in bounded time. */
void keep_begin(struct keeper *keeper, const struct ipc_message *message);

/* Reads what the scribe says. */
void keep_read(struct keeper *keeper);

/* When patience with it ends; CLOCK_NEVER_NS: nothing is to be answered. */
uint64_t keep_next_ns(const struct keeper *keeper);
void keep_due(struct keeper *keeper);

/* The steward has been given up. */
void keep_lost(struct keeper *keeper);

/* link.c */

/* Writes down what the kernel says of a link; acts on nothing. */
void link_note(struct keeper *keeper, const struct kernel_link *link, bool gone);
/* The interface of this name is gone. */
void link_lost(struct keeper *keeper, struct interface *interface);
/* Acts on what was written down: VIPs whose interface carries nothing are removed. */
void link_settle(struct keeper *keeper);
bool link_is_pending(const struct keeper *keeper);
/* Of one that the start or a reload brought, once it was looked at: what is down now was never up,
 * and the log says so. */
void link_begin(struct interface *interface);
/* Tells the engine what it does not know of the interfaces; or all. */
void link_tell(struct keeper *keeper);
void link_tell_anew(struct keeper *keeper);
/* When the routes are asked where a VIP belongs whose interface is of no use any more. */
uint64_t link_next_ns(const struct keeper *keeper);
void link_due(struct keeper *keeper);

/* news.c */

/* Reads the kernel's news into the keeper's state; acts on nothing. */
void news_read(struct keeper *keeper);

/* Acts on the news: what was lost is removed whole where needed, and the engine is told. */
void news_settle(struct keeper *keeper);

/* Is there something left to settle? */
bool news_is_pending(const struct keeper *keeper);

/* Compares everything with the kernel. 0 or -errno. */
int news_compare(struct keeper *keeper);

/* Says once per VIP that another program owns one of its addresses, and once when that is over. */
void news_name_owners(struct keeper *keeper);

/* announce.c */

/* Sends a piece of a round of claims. */
void announce_step(struct keeper *keeper, unsigned vip);

/* probe.c */

/* Starts a round of questions. */
void probe_start(struct keeper *keeper, unsigned vip);
/* Sends a piece of it. */
void probe_step(struct keeper *keeper, unsigned vip);
/* One question, for the VIP's `index`-th address; nothing if it has fewer. */
void probe_start_of(struct keeper *keeper, unsigned vip, uint16_t index);

/* listen.c */

/* Opens what can be opened and is not. */
void listen_open(struct keeper *keeper);
void listen_close(struct keeper *keeper);
/* After a reload: what is listened for, and what the engine was told, was for another one. */
void listen_reconfigure(struct keeper *keeper);
/* For poll(); KEEPER_FAMILIES per interface. Returns how many. */
unsigned listen_sources(const struct keeper *keeper, struct pollfd *ret);
/* When a socket that was left alone is read again. */
uint64_t listen_next_ns(const struct keeper *keeper);
/* Reads received frames, and tells the engine who speaks for a VIP. */
void listen_read(struct keeper *keeper, const struct pollfd *sources, unsigned count);
/* Tells the engine the MAC addresses of the VIPs' interfaces that it does not know. */
void listen_tell_macs(struct keeper *keeper);

#endif
