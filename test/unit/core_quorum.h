// SPDX-License-Identifier: MIT
/*
 * core_quorum: a core in mode quorum, in the hands of a test that is all its peers, which vote.
 */
#ifndef CORE_QUORUM_H
#define CORE_QUORUM_H

#include "core_support.h"

#define LEASE_NS (400 * NS_PER_MS)

struct core_config quorum_config(uint8_t nodes);
/* It has said hello. */
struct core *quorum_core(uint8_t nodes);
/* A witness of five nodes. */
struct core *voting_core(void);
struct record quorum_record(uint8_t node, uint64_t seq, enum vip_state state);
/* Everybody is there, and idle. */
void meet(struct core *core);
/* A node asks, with a record of its own; what it is told, or NULL. */
const struct vote *asked(struct core *core, const struct record *record);
void assert_verdict(const struct vote *vote, enum verdict verdict);
/* A voter that was told of a record says this, a microsecond later. */
void vote_at(struct core *core, uint8_t voter, uint64_t seq, enum verdict verdict);
/* It claims: its own vote is the first. */
struct core *claiming_core(uint8_t nodes);
struct core *holding_core(uint8_t nodes);

#endif
