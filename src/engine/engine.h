// SPDX-License-Identifier: MIT
/*
 * The engine's own memory: everything is allocated once, at start. engine.c owns its life, loop.c
 * drives the core with it.
 */
#ifndef ENGINE_ENGINE_PRIVATE_H
#define ENGINE_ENGINE_PRIVATE_H

#include "engine/checker_link.h"
#include "engine/clock.h"
#include "engine/control.h"
#include "engine/events.h"
#include "engine/keeper_link.h"
#include "engine/udp.h"
#include "ipc/setup.h"

enum reload_phase {
    RELOAD_IDLE,
    RELOAD_RELEASING, /* VIPs that go are given up */
    RELOAD_SWITCHING, /* done here, and not by the keeper yet */
};

/* See reload.c. */
struct reload {
    enum reload_phase phase;
    uint64_t asked;  /* how often */
    uint64_t number; /* the last verdict answers so many of these; there may be others, by SIGHUP */
    bool any;        /* verdict; the last one: */
    bool failed;
    char text[IPC_SENTENCE_MAX];
    uint64_t retired;       /* bit per VIP that goes */
    struct mono until;      /* patience with the kernel ends */
    struct ipc_reload next; /* without keys */
    struct keyring keyring; /* of it; wiped once it is in use */
    struct core *core;      /* spare: the next one is made of the one that runs */
};

struct engine {
    uv_loop_t loop;
    uv_prepare_t prepare; /* sets the timer before the loop waits */
    uv_timer_t bind;      /* until the first own address is open */
    uv_timer_t second;    /* what may wait a second: addresses that come late, hints for people */
    struct clock_timer timer; /* core_deadline() */
    struct udp udp;
    struct keeper_link keeper;
    struct checker_link checker;
    struct checker_note checks[CONF_CHECKS_MAX];
    struct swarm_news swarm; /* of the last EVENT_SWARM */
    uint8_t swarm_check;     /* the check that it came from */
    struct control control;
    struct conf conf;
    struct ipc_message links[CONF_VIPS_MAX]; /* IPC_LINK of each VIP, as it was told last */
    struct core_config core_config;
    struct core *core;
    struct wire wire;
    struct events events;
    struct {
        bool node;     /* for every VIP */
        uint32_t vips; /* bit per VIP, beside `node` */
        int error;     /* the last one that was to be kept is not: errno, 0 */
    } drain;
    struct reload reload;
    struct mono started;
    struct mono now;          /* of the last event: the core's time never runs backwards */
    bool running;             /* an own address is open: the core lives */
    bool ending;              /* nothing reaches the core any more */
    bool orphaned;            /* the keeper has ended, nobody can remove an address; see orphan.c */
    struct mono orphan_until; /* the kernel's lifetimes are over; MONO_NEVER: said already */
    bool orphan_endless;      /* an address has no lifetime */
    int exit_code;            /* once it ends */
    uint64_t mac_hinted;      /* bit per node: the hint about its MACs was given */
    bool cluster_hinted;
    struct message_in message;
    struct actions actions;
    struct datagram datagrams[EGRESS_DATAGRAMS_MAX];
    uint8_t macs[VIPS_MAX][6]; /* of their interfaces, likewise; until the core runs */
    bool mute;                 /* the last heartbeat could be sent to nobody */
};

/* engine.c: leaves the loop with this exit code. The first code stays. */
void engine_end(struct engine *engine, int exit_code);

/* orphan.c: the keeper has ended: stops, but claims what it holds until the kernel has let go of it
 * [SPEC R46]. Not from within a step. */
void orphan_begin(struct engine *engine);
/* orphan.c: each second: does the keeper still run? */
void orphan_watch(struct engine *engine);
/* orphan.c: when orphan_step() has something to do; MONO_NEVER: never. */
struct mono orphan_deadline(const struct engine *engine);
void orphan_step(struct engine *engine, struct mono now);

/* loop.c: the interface of each VIP by the setup; nothing else is known of it yet. */
void loop_name_links(struct engine *engine, const struct ipc_setup *setup);

/* engine.c: the last will for every other node, anew [SPEC R44]. */
void engine_deposit_wills(struct engine *engine);

/* reload.c: where keys will be. 0 or -errno: it cannot be locked in memory. */
int reload_lock(struct engine *engine);
/* reload.c: see control_source.reload. */
uint64_t reload_request(void *arg);
bool reload_is_pending(const struct engine *engine);
/* reload.c: what the keeper says. Not from within a step. */
void reload_on_configuration(void *arg, struct ipc_reload *from);
void reload_on_verdict(void *arg, const struct ipc_verdict *verdict);
void reload_on_switched(struct engine *engine);
/* reload.c: switches over once every VIP that goes is given up. Not from within a step. */
void reload_step(struct engine *engine);

/* drain.c: what an earlier run was told; to the core once it runs. */
void drain_begin(struct engine *engine, const struct ipc_setup *setup);
void drain_start(struct engine *engine);
/* drain.c: see control_source.drain. Not from within a step. */
const char *drain_set(void *arg, bool drained, const char *name);
/* drain.c: the keeper's answer, 0 or -errno. */
void drain_kept(struct engine *engine, int error);

/* loop.c: one event through the core, and what it wants done. Not from within a step. */
void loop_feed(struct engine *engine, struct event *event);
/* loop.c: starts the core; it says hello from now on. */
void loop_start(struct engine *engine);
/* loop.c: the timer for the core's next deadline. */
void loop_arm(struct engine *engine);
/* loop.c: what the others call. `arg` is the engine. */
void loop_on_timer(void *arg);
void loop_on_datagram(void *arg, const uint8_t *bytes, size_t length);
void loop_on_unreachable(void *arg, uint8_t peer);
void loop_on_will(void *arg, uint8_t node, struct ipc_will *ret);
void loop_on_result(void *arg, const struct ipc_result *result);
void loop_on_swarm(void *arg, const struct ipc_swarm *swarm);
/* loop.c: nobody asks the Docker engine any more: this node's word counts no longer. */
void loop_lose_swarm(struct engine *engine);
void loop_on_keeper(void *arg, const struct ipc_message *message);

#endif
