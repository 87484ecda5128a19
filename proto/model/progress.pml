// SPDX-License-Identifier: MIT
/*
 * progress: the second half of a run of lease.pml: the faults end. From then on no message is lost
 * and each comes within its tick, nobody restarts, and who lives knows who else does (R30 to R38),
 * but one node may be gone for good. Then the best live candidate gets the VIP and keeps it (S3).
 *
 * -DANY_START begins with the end of the faults, from any promises whatever with any rest of their
 * time, and with the VIP held by nobody or by the second candidate.
 */
#ifndef BOUND
#define BOUND (LEASE_MAX + 1) /* ticks after the end of the faults */
#endif

bit healed;
byte gone = VOTERS; /* the node that is dead, VOTERS: none */
byte since;         /* ticks since the faults ended, BOUND: at least that */

/* Election: node 0 is the better candidate (R50 to R52). */
#define BEST (gone == 0 -> 1 : 0)
#define faulty (!healed)
#define may_claim(c) (!healed || c == BEST)                               /* R60 */
#define may_yield(c) (!healed || (c != BEST && state[BEST] != STANDBY)) /* R62, withdrawal */
#define answers(v) (v != gone)

/* Everything that is due in this tick has been done. */
#define HEARD(c, v) && (v == gone || (beat[c].to[v] == AGES && release[c].to[v] == AGES)) \
    && answer[c].to[v] == USABLE(c)
#define settled(c) \
    (!(state[c] == STANDBY && c == BEST) && !(state[c] == CLAIMING && leased(c)) \
        && !(state[c] == ADDING && leased(c)) && state[c] != RELEASING \
        && (!may_yield(c) || state[c] == STANDBY || state[c] == RELEASED))
#define quiet (settled(0) && settled(1) EACH_VOTER(HEARD, 0) EACH_VOTER(HEARD, 1))
#define may_tick (!healed || quiet)

inline count_tick()
{
    if
    :: healed && since < BOUND -> since++
    :: else
    fi;
    assert(since < BOUND || has[BEST]) /* S3 */
}

#ifdef ANY_START
#define ANY_PROMISE(unused, v) \
    if \
    :: true \
    :: promised[v] = 0; left[v] = LEASE_OF(0) \
    :: promised[v] = 1; left[v] = LEASE_OF(1) \
    :: promised[v] = ABSTAINS; left[v] = LEASE_MAX \
    fi; \
    do \
    :: left[v] > 1 -> left[v]-- \
    :: break \
    od;

inline start()
{
    healed = 1;
    EACH_VOTER(ANY_PROMISE, 0)
    if
    :: gone = VOTERS
    :: gone = 0
    :: gone = 1
    :: gone = VOTERS - 1
    fi;
    if
    :: true
    :: gone != 1 && promised[1] == 1 && promised[2] == 1 ->
        state[1] = HOLDING;
        has[1] = 1;
        granted[1].to[1] = 0;
        granted[1].to[2] = 0
    fi
}
#else
inline start() { skip }
#endif

/* A node that is gone has nothing in its kernel. */
proctype heal()
{
    do
    :: d_step { !healed -> healed = 1 }
    :: d_step { !healed && state[0] == STANDBY -> healed = 1; gone = 0 }
    :: d_step { !healed && state[1] == STANDBY -> healed = 1; gone = 1 }
    :: d_step { !healed -> healed = 1; gone = VOTERS - 1 }
    :: healed -> break
    od
}

#ifdef LTL
#define regained (healed && ((gone == 0 && has[1]) || (gone != 0 && has[0])))
ltl progress { <> [] (regained) }
#endif
