// SPDX-License-Identifier: MIT
/*
 * core_support: the core of one node in the hands of a test, which is its clock, its kernel and all
 * its peers. What the last step wanted done is in `actions`.
 */
#ifndef CORE_SUPPORT_H
#define CORE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "state.h"

#define NODES  20 /* this one is node 0 */
#define T_NS   (100 * NS_PER_MS)
#define VIP_ID 77

extern struct actions actions;

/* Node 0 of NODES with one VIP, priority 200; the others have 200 less their index. */
struct core_config default_config(void);
/* At 100 s, about to say hello. */
struct core *start_core(const struct core_config *config);
/* It has said hello, and heard of somebody. */
struct core *serve_core(const struct core_config *config);
struct core *new_core(void);

void step(struct core *core, uint64_t after_ns, struct event event);
void tick(struct core *core, uint64_t after_ns);
/* Timers at each deadline until that much time is over. */
void run(struct core *core, uint64_t span_ns);
void kernel_says(struct core *core, enum address_change change, int32_t error);
/* How many actions of that type the last step wanted. */
unsigned count(enum action_type type);
bool sends_to(uint8_t node);

struct record record_of(uint8_t node, uint64_t seq, enum vip_state state);
/* A datagram of a peer, empty but for its header; and its delivery, a microsecond later. */
struct message_in *say(uint8_t peer);
void deliver(struct core *core);
/* A record straight from its node, whose incarnation is confirmed unless it has ended. */
void hear(struct core *core, uint8_t node, const struct record *record);
/* A record of a node as `relay` passes it on. */
void hear_through(struct core *core, uint8_t relay, const struct record *record, uint64_t age_ns);
/* From standby, alone or elected, to holding. */
void hold(struct core *core);

#endif
