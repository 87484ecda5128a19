// SPDX-License-Identifier: MIT
/*
 * The inside of the judge: judge.c follows what happens, judge_weather.c the paths and the spans,
 * judge_spans.c looks for what lasts too long, judge_received.c at what comes through the door,
 * judge_duties.c for what a node owes whatever the others do.
 */
#ifndef SIM_JUDGE_PRIVATE_H
#define SIM_JUDGE_PRIVATE_H

#include <string.h>

#include "judge.h"

#define NEVER      UINT64_MAX
#define BIT(index) (UINT64_C(1) << (index))
#define LOSS_GOOD  50U /* permille up to which S2 is promised on direct paths */
#define SLACK_NS   (2 * NS_PER_MS)
#define PROBE_NS   (50 * NS_PER_MS) /* between two looks at the wire [SPEC R66] */

static inline uint64_t longest(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static inline uint64_t shortest(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* What a slow clock makes of a span of the fastest one: wrong by 1 %, or slewed by 8.33 % as well.
 */
static inline uint64_t by_any_clock(const struct judge *judge, uint64_t span_ns)
{
    return span_ns + span_ns / (judge->slewed ? 9 : 49);
}

static inline uint64_t now_of(const struct judge *judge)
{
    return cluster_now(judge->cluster);
}

static inline uint64_t since(const struct judge *judge, uint64_t then_ns)
{
    uint64_t now_ns = now_of(judge);
    return then_ns < now_ns ? now_ns - then_ns : 0;
}

/* Good for so long that what was before has ended. */
bool judge_is_settled(const struct judge *judge);
/* Run, alive and with a link for that long, and known to be. */
bool judge_is_steady(const struct judge *judge, uint8_t node, uint64_t span_ns);
/* Between two rounds of questions. */
uint64_t judge_spacing_ns(const struct judge *judge);
/* Do two nodes not hear each other straight, and have not had to notice yet? */
bool judge_parted_lately(const struct judge *judge, uint8_t a, uint8_t b);
/* Nodes that are not frozen and have the VIP. */
uint64_t judge_awake_holders(const struct judge *judge, uint8_t vip);
/* A datagram came that somebody had held back: the weather is good again from now on at most. */
void judge_late(struct judge *judge);
/* Somebody got or lost it, or is frozen, or is run again. */
void judge_count_holders(struct judge *judge, uint8_t vip);
/* An address that its kernel does not remove is one that a claim is kept for: as long as the claim
 * comes to a majority. Looks whether it does, and did. */
void judge_follow_kept(struct judge *judge);
/* The kernel has refused to remove it. */
void judge_keeps(struct judge *judge, uint8_t node, uint8_t vip);
/* Nodes that must not have the VIP beside each other. */
uint64_t judge_rivals(const struct judge *judge, uint8_t vip);
/* Mode quorum: somebody lost its votes. A fifth of all datagrams may be lost, for a short lease. */
void judge_votes(struct judge *judge, uint8_t node, const struct change *change);
/* Mode quorum: two that have it, for any time at all [SPEC S1]. */
void judge_two(struct judge *judge);
/* May the node have the votes of a majority? They travel straight and both ways [SPEC R91]. */
bool judge_hears_majority(const struct judge *judge, uint8_t node);
/* What mode quorum adds to the bounds of S3: a voter that has started says nothing at first. */
uint64_t judge_voting_ns(const struct judge *judge);
/* A standby says that a holder does not answer. */
void judge_unverified(struct judge *judge, uint8_t node, const struct change *change);
/* Dead, or not run: who is not answers as little. */
bool judge_is_silent(const struct judge *judge, uint8_t node);
/* Does anything last too long? */
void judge_look(struct judge *judge);
/* judge_duties.c: a node claims; a node has published its record; and whatever happens. */
void judge_claim(struct judge *judge, uint8_t node, const struct change *change);
void judge_own_deadline(struct judge *judge, uint8_t node);
void judge_put_back(struct judge *judge);
void judge_questions(struct judge *judge, uint8_t node);
/* A newer record of the other one has come. Who comes or goes beside a holder, or begins or ends to
 * say that it released the VIP, may have left its MAC with the neighbours: the holder announces
 * itself in the same moment [SPEC R67, R80]. */
void judge_rival(struct judge *judge, uint8_t node, uint8_t other);
/* Before and after a node looks at a datagram. */
void judge_receiving(struct judge *judge, uint8_t node);
void judge_received(struct judge *judge, const struct cluster_news *news);

#endif
