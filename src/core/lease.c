// SPDX-License-Identifier: MIT
/*
 * lease: the arithmetic that makes two holders impossible in mode quorum, of one VIP. A voter
 * promises it to one claim at a time, from the moment when the claim came; a claimant counts what
 * was promised from the moment when it sent the claim, which was earlier, and for less. Two
 * majorities have a voter in common, and that one breaks no promise [SPEC R92, R95].
 */
#include "state.h"

/* Two clocks that are both wrong by 1 % in the worst way: 0.99 / 1.01. */
#define DRIFT_NUMERATOR   99U
#define DRIFT_DENOMINATOR 101U

bool lease_is_promised(const struct promise *promise, struct mono vote_now)
{
    return promise->holder != NODE_NONE && mono_before(vote_now, promise->until);
}

uint64_t lease_rest(const struct promise *promise, struct mono vote_now)
{
    return lease_is_promised(promise, vote_now) ? mono_elapsed(promise->until, vote_now) : 0;
}

/* Another incarnation is another claimant, also under the same name: a cloned machine must not have
 * what the first one holds [SPEC R92]. */
bool lease_promise(struct promise *promise, const struct claim *claim, struct mono vote_now)
{
    bool same = promise->holder == claim->node && promise->incarnation == claim->incarnation;
    if (lease_is_promised(promise, vote_now) && (!same || claim->seq < promise->seq)) {
        return false;
    }
    struct mono until = mono_add(vote_now, claim->lease_ns);
    *promise = (struct promise){.holder = claim->node,
                                .incarnation = claim->incarnation,
                                .seq = claim->seq,
                                .until = same ? mono_max(until, promise->until) : until};
    return true;
}

bool lease_free(struct promise *promise, const struct claim *release)
{
    if (promise->holder != release->node || promise->incarnation != release->incarnation ||
        promise->seq > release->seq) {
        return false;
    }
    promise->holder = NODE_NONE;
    return true;
}

/* The latest that a timer of a busy machine was seen to be is 15 ms. A lease too short for that
 * says so when the configuration is tested. */
#define REMOVAL_NS (20 * NS_PER_MS)

uint64_t lease_removal(uint64_t lease_ns)
{
    return lease_ns / 8 < REMOVAL_NS ? lease_ns / 8 : REMOVAL_NS;
}

/* How much of a lease a claimant may use: less by the drift of both clocks, and by the time that
 * the removal takes [SPEC R95]. */
uint64_t lease_usable(uint64_t lease_ns)
{
    return lease_ns / DRIFT_DENOMINATOR * DRIFT_NUMERATOR - lease_removal(lease_ns);
}

void lease_grant(struct lease *lease, uint8_t voter, struct mono sent)
{
    lease->granted[voter] = mono_max(lease->granted[voter], sent);
    lease->refused[voter] = (struct mono){0};
}

struct mono lease_granted(const struct lease *lease, uint8_t voter)
{
    return mono_max(lease->granted[voter], lease->of_former[voter]);
}

/* The newest point is of rank 1. Each voter has one, so no vote counts twice. */
static struct mono nth_newest(const struct mono *points, uint8_t count, uint8_t rank)
{
    for (uint8_t i = 0; i < count; i++) {
        unsigned newer = 0;
        unsigned as_new = 0;
        for (uint8_t j = 0; j < count; j++) {
            newer += points[j].ns > points[i].ns ? 1U : 0U;
            as_new += points[j].ns == points[i].ns ? 1U : 0U;
        }
        if (newer < rank && rank <= newer + as_new) {
            return points[i];
        }
    }
    return (struct mono){0};
}

struct mono lease_sent(const struct lease *lease, uint8_t voters)
{
    return nth_newest(lease->granted, voters, LEASE_MAJORITY(voters));
}

struct mono lease_sent_of(const struct lease *lease, uint64_t set, uint8_t needed)
{
    struct mono points[NODES_MAX];
    uint8_t count = 0;
    for (uint8_t node = 0; node < NODES_MAX; node++) {
        if ((set & BIT(node)) != 0) {
            points[count++] = lease_granted(lease, node);
        }
    }
    return nth_newest(points, count, needed);
}

uint64_t lease_real(uint64_t lease_ns)
{
    return (lease_ns / DRIFT_NUMERATOR + 1) * DRIFT_DENOMINATOR;
}

struct mono lease_end(struct mono sent, uint64_t lease_ns)
{
    return sent.ns == 0 ? sent : mono_add(sent, lease_usable(lease_ns));
}

/* Nothing that was granted before counts any more, whenever it comes [SPEC R95]. */
void lease_begin(struct lease *lease, uint64_t first_seq)
{
    __builtin_memset(lease->granted, 0, sizeof lease->granted);
    __builtin_memset(lease->of_former, 0, sizeof lease->of_former);
    __builtin_memset(lease->refused, 0, sizeof lease->refused);
    __builtin_memset(lease->shown, 0, sizeof lease->shown);
    lease->first_seq = first_seq;
    lease->until = (struct mono){0};
    lease->rounds = 0;
}
