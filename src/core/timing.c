// SPDX-License-Identifier: MIT
/*
 * timing: every span of the protocol as a function of T, the interval of the node that is judged.
 * The floors keep a short T from being shorter than the stalls of an ordinary machine [SPEC R3].
 */
#include "state.h"

#define OUTLIER_NS (2 * NS_PER_MS) /* what a LAN may be late without news */

static uint64_t longest(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t shortest(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/*
 * How long after the promised time a node is suspected. 4 rttvar covers a far peer's jitter, but no
 * more than 2 srtt: on a LAN one stalled answer must not blunt the detection for minutes.
 */
uint64_t timing_grace(uint64_t interval_ns, const struct member *member)
{
    uint64_t jitter_ns = 0;
    if (member != NULL && member->samples > 0) {
        jitter_ns = shortest(4 * member->rttvar_ns, 2 * member->srtt_ns);
    }
    return longest(longest(interval_ns / 4, 5 * NS_PER_MS), jitter_ns);
}

/* Between two rounds of questions. */
uint64_t timing_spacing(uint64_t interval_ns)
{
    return longest(interval_ns / 16, 1250000);
}

/* After the last round: long enough for its answer to come back. */
uint64_t timing_last_wait(uint64_t interval_ns, const struct member *member)
{
    uint64_t round_trips_ns = member != NULL && member->samples > 0 ? 2 * member->srtt_ns : 0;
    return longest(timing_spacing(interval_ns), round_trips_ns);
}

/* From a holder's last heartbeat until others may take over: 2 T where no floor is reached. */
uint64_t timing_detection(uint64_t interval_ns)
{
    return interval_ns + timing_grace(interval_ns, NULL) +
           (ROUNDS - 1) * timing_spacing(interval_ns) + timing_last_wait(interval_ns, NULL);
}

/* Heartbeat of a node that holds nothing. */
uint64_t timing_slow(uint64_t interval_ns, uint8_t node_count)
{
    uint64_t factor = longest(10, 2 * (uint64_t)node_count);
    return shortest(interval_ns * factor, longest(5 * NS_PER_S, 10 * interval_ns));
}

/* Between two questions of a claimant to the holder. */
uint64_t timing_claim_spacing(uint64_t interval_ns)
{
    return longest(interval_ns / 20, 2 * NS_PER_MS);
}

/* Between two questions to a voter that does not answer. */
uint64_t timing_ask_spacing(uint64_t interval_ns)
{
    return longest(interval_ns / 8, 2 * NS_PER_MS);
}

/* 10 s, doubled with every failure in a row, at most 5 min. */
uint64_t timing_backoff(uint32_t count)
{
    uint64_t backoff_ns = 10 * NS_PER_S;
    for (uint32_t i = 1; i < count && backoff_ns < 300 * NS_PER_S; i++) {
        backoff_ns *= 2;
    }
    return shortest(backoff_ns, 300 * NS_PER_S);
}

/*
 * Smoothed round trip after RFC 6298. A stalled machine answers late without being far away: of the
 * first few samples the least counts, none counts for more than T, and later what is far above the
 * usual counts little, what is far below at once [SPEC R15].
 */
void timing_sample(struct member *member, uint64_t rtt_ns, uint64_t interval_ns)
{
    rtt_ns = shortest(rtt_ns, interval_ns);
    if (member->samples < TIMING_SAMPLES_FEW) {
        bool first = member->samples == 0;
        member->samples++;
        member->srtt_ns = first ? rtt_ns : shortest(member->srtt_ns, rtt_ns);
        member->rttvar_ns = member->srtt_ns / 2;
        return;
    }
    if (rtt_ns < member->srtt_ns / 2) {
        member->srtt_ns = (member->srtt_ns + rtt_ns) / 2;
        member->rttvar_ns = shortest(member->rttvar_ns, member->srtt_ns);
        return;
    }
    rtt_ns = shortest(rtt_ns, 4 * member->srtt_ns + OUTLIER_NS);
    uint64_t deviation_ns =
        rtt_ns > member->srtt_ns ? rtt_ns - member->srtt_ns : member->srtt_ns - rtt_ns;
    member->rttvar_ns = (3 * member->rttvar_ns + deviation_ns) / 4;
    member->srtt_ns = (7 * member->srtt_ns + rtt_ns) / 8;
}
