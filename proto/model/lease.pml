// SPDX-License-Identifier: MIT
/*
 * lease: one VIP in mode quorum, for spin: claims, grants, renewal, handover, restarts, loss.
 * README.md says what is checked within which bounds, and maps the rules to the code.
 *
 * Time. A tick is the unit of all clocks; it stands for REMOVAL, the longest time that a keeper
 * needs to remove an address. Nobody compares clocks. Only the difference of two rates matters: in
 * one lease a voter's clock may gain DRIFT ticks on a claimant's, chosen anew for each promise.
 *
 * Messages. A candidate sends with each tick: a beat while it claims or has the address, one
 * release when that is over. So a message's age, in ticks, is its seq and the time of its sending
 * in one. Between a candidate and another's voter each direction has room for one beat, one release
 * and one answer. They come in any order, up to AGES ticks late, or never; a new beat replaces the
 * one that is under way, or is lost.
 *
 * -DBUG_... takes one rule away; spin has to find two holders then.
 */
#ifndef VOTERS
#define VOTERS 3
#endif
#define CANDIDATES 2 /* the first of the voters; the others are witnesses */
#ifndef LEASE
#define LEASE 4
#endif
#ifndef LEASE_STEP
#define LEASE_STEP 0 /* candidate 1 names that much more than candidate 0 */
#endif
#ifndef AGES
#define AGES 3
#endif
#ifndef DRIFT
#define DRIFT 1
#endif
#define REMOVAL 1
#ifndef RESTARTS
#define RESTARTS 255 /* how many there may be; 255: any number */
#endif

#define LEASE_OF(c) (LEASE + (c) * LEASE_STEP)
#define LEASE_MAX (LEASE + LEASE_STEP)

/* How much of the lease that it names a holder uses (R95). */
#if defined(BUG_DRIFT_IGNORED)
#define USABLE(c) (LEASE_OF(c) - REMOVAL)
#elif defined(BUG_REMOVAL_TAKES_NO_TIME)
#define USABLE(c) (LEASE_OF(c) - DRIFT)
#else
#define USABLE(c) (LEASE_OF(c) - DRIFT - REMOVAL)
#endif

#ifdef BUG_HALF_IS_ENOUGH
#define MAJORITY (VOTERS / 2)
#else
#define MAJORITY (VOTERS / 2 + 1)
#endif

/* States of a candidate. */
#define STANDBY 0
#define CLAIMING 1  /* asks for grants */
#define ADDING 2    /* the keeper has the order to add the address, and a deadline */
#define HOLDING 3   /* the kernel has confirmed it */
#define RELEASING 4 /* the keeper has the order to remove it */
#define RELEASED 5  /* the kernel has confirmed that; or a claim was withdrawn */

/* Whom a voter has promised the VIP to, beside candidates. */
#define NOBODY CANDIDATES
#define ABSTAINS (CANDIDATES + 1)

typedef links { byte to[VOTERS] }

byte state[CANDIDATES];
bit has[CANDIDATES];    /* the kernel has the address: this is what the outside sees */
byte begun[CANDIDATES]; /* age of the claim, USABLE: at least that */
links granted[CANDIDATES]; /* age of the newest beat that this voter granted, USABLE: too old */

links beat[CANDIDATES];    /* age of the one under way, AGES: none */
links release[CANDIDATES]; /* the same */
links answer[CANDIDATES];  /* age of the beat that is granted, USABLE: none */

byte promised[VOTERS];
byte left[VOTERS]; /* ticks until the promise ends, by the voter's clock */
byte restarts_left = RESTARTS;

#if VOTERS == 3
#define EACH_VOTER(what, c) what(c, 0) what(c, 1) what(c, 2)
#elif VOTERS == 5
#define EACH_VOTER(what, c) what(c, 0) what(c, 1) what(c, 2) what(c, 3) what(c, 4)
#endif

#define valid(c, v) (granted[c].to[v] < USABLE(c))
#if VOTERS == 3
#define grants(c) (valid(c, 0) + valid(c, 1) + valid(c, 2))
#elif VOTERS == 5
#define grants(c) (valid(c, 0) + valid(c, 1) + valid(c, 2) + valid(c, 3) + valid(c, 4))
#endif
/* The deadline has not passed: the majority-th newest of the granted beats is young enough. */
#define leased(c) (grants(c) >= MAJORITY)
/* Each beat of such a node is a claim (R91). */
#define speaks(c) (state[c] != STANDBY && state[c] != RELEASED)

#ifdef FROZEN
#include "frozen.pml"
#else
/* Rule 1 of what must hold: as long as the keeper runs, it has removed the address REMOVAL after
 * the deadline. */
#define runs(n) true
#define renew(c) skip
#define may_renew(c) true
#define overdue(c) (has[c] && !leased(c))
#endif

#ifdef PROGRESS
#include "progress.pml"
#else
/* Anything may fail at any time, and a candidate may think at any time that it is elected or not:
 * whatever election says, it is among this. */
#define faulty true
#define may_claim(c) true
#define may_yield(c) true
#define answers(v) true
#define may_tick true
#define count_tick() skip
#endif

/* The claim is over: no grant of one of its beats counts any more (R95), so it may as well be
 * lost. */
#ifdef BUG_OLD_CLAIM_COUNTS
#define FORGET(c, v) granted[c].to[v] = USABLE(c);
#else
#define FORGET(c, v) granted[c].to[v] = USABLE(c); answer[c].to[v] = USABLE(c);
#endif

inline forget(c)
{
    EACH_VOTER(FORGET, c)
    begun[c] = 0
}

#ifdef BUG_OLD_CLAIM_COUNTS
#define of_this_claim(c, age) true
#else
#define of_this_claim(c, age) (speaks(c) && age <= begun[c])
#endif

#ifdef BUG_KEEPER_ADDS_LATE
#define in_time(c) true
#else
#define in_time(c) (leased(c) && may_renew(c))
#endif

proctype candidate(byte c)
{
    do
    :: d_step {
        runs(c) && state[c] == STANDBY && may_claim(c) ->
        state[c] = CLAIMING;
        printf("node %d claims\n", c)
    }
    :: d_step {
        runs(c) && state[c] == CLAIMING && leased(c) ->
        state[c] = ADDING;
        printf("node %d has a majority, orders the address\n", c)
    }
    :: d_step { /* the keeper: R96, only if something of the lease is left */
        runs(c) && state[c] == ADDING && in_time(c) ->
        state[c] = HOLDING;
        has[c] = 1;
        renew(c);
        printf("node %d: the kernel has the address\n", c);
        assert(has[0] + has[1] == 1) /* S1 */
    }
    :: d_step { /* withdraws (R60, R98) */
        runs(c) && state[c] == CLAIMING && may_yield(c) ->
        state[c] = RELEASED;
        forget(c);
        printf("node %d withdraws\n", c)
    }
    :: d_step { /* R62 */
        runs(c) && (state[c] == ADDING || state[c] == HOLDING) && may_yield(c) ->
        state[c] = RELEASING;
        printf("node %d orders the address to be removed\n", c)
    }
    :: d_step { /* the keeper, by order or because the deadline has passed */
        runs(c) && (state[c] == RELEASING || has[c] && !leased(c)) ->
        has[c] = 0;
        state[c] = RELEASED;
        forget(c);
        printf("node %d: the kernel has not got the address any more\n", c)
    }
#ifdef FROZEN
    KERNEL_LIFETIME
#endif
    od
}

/* R92: to one at a time, from receipt, for the lease that the claim names. That another incarnation
 * of the same node is somebody else is left out here: more is granted. */
#ifdef BUG_SECOND_PROMISE
#define may_promise(c, v) (promised[v] != ABSTAINS)
#else
#define may_promise(c, v) (promised[v] == NOBODY || promised[v] == c)
#endif
#ifdef BUG_OWN_LEASE
#define PROMISE(c, v) (LEASE_OF(v == 0 -> 0 : 1))
#else
#define PROMISE(c, v) LEASE_OF(c)
#endif

/* R20: what is not newer than the newest message known is dropped. */
#ifdef BUG_SEQ_IGNORED
#define drop_older(what, c, v, age)
#else
#define drop_older(what, c, v, age) \
    if :: what[c].to[v] >= age -> what[c].to[v] = AGES :: else fi
#endif

#define TAKE_BEAT(gain) \
    :: d_step { \
        beat[c].to[v] < AGES && answers(v) && runs(v) -> \
        drop_older(release, c, v, beat[c].to[v]); \
        if \
        :: may_promise(c, v) -> \
            promised[v] = c; \
            left[v] = PROMISE(c, v) - gain; \
            printf("voter %d grants the beat of age %d of node %d for %d ticks\n", \
                v, beat[c].to[v], c, left[v]); \
            if \
            :: of_this_claim(c, beat[c].to[v]) && beat[c].to[v] < granted[c].to[v] -> \
                answer[c].to[v] = beat[c].to[v] \
            :: else \
            fi \
        :: else -> printf("voter %d refuses node %d\n", v, c) \
        fi; \
        beat[c].to[v] = AGES \
    }

#ifdef BUG_COUNTS_FROM_RECEIPT
#define AGE_OF_GRANT(c, v) 0
#else
#define AGE_OF_GRANT(c, v) answer[c].to[v]
#endif

/* What candidate c and the voter of another node have to do with each other. */
proctype link(byte c; byte v)
{
    do
    TAKE_BEAT(0)
#if DRIFT > 0
    TAKE_BEAT(DRIFT)
#endif
    :: d_step { /* R94 */
        release[c].to[v] < AGES && answers(v) && runs(v) ->
        drop_older(beat, c, v, release[c].to[v]);
        release[c].to[v] = AGES;
        if
        :: promised[v] == c ->
            promised[v] = NOBODY;
            left[v] = 0;
            printf("voter %d hears that node %d has released\n", v, c)
        :: else
        fi
    }
    :: d_step { /* R95: counts from the beat's sending */
        answer[c].to[v] < USABLE(c) && speaks(c) && runs(c) ->
        granted[c].to[v] = AGE_OF_GRANT(c, v);
        answer[c].to[v] = USABLE(c);
        printf("node %d gets the grant of voter %d\n", c, v)
    }
#ifdef BUG_VOTERS_NOT_DISTINCT
    :: d_step { /* the same answer once more, counted beside the first */
        answer[c].to[v] < USABLE(c) && speaks(c) && runs(c) ->
        granted[c].to[(v + 1) % VOTERS] = answer[c].to[v];
        printf("node %d gets the grant of voter %d once more\n", c, v)
    }
#endif
    od
}

#ifdef BUG_RESTARTED_VOTER_VOTES
#define VOTE_AFTER_RESTART NOBODY
#else
#define VOTE_AFTER_RESTART ABSTAINS
#endif
#ifdef BUG_ABSTAINS_FOR_OWN_LEASE
#define ABSTENTION LEASE
#else
#define ABSTENTION LEASE_MAX
#endif

/* R99: the promises are forgotten. R23: what was sent to the former incarnation is lost. If it was
 * a candidate its keeper removes the address; the release after that is the last will (R45). */
#define RESTART(n) \
    :: d_step { \
        faulty && restarts_left > 0 && runs(n) -> \
        if :: restarts_left < 255 -> restarts_left-- :: else fi; \
        promised[n] = VOTE_AFTER_RESTART; \
        left[n] = (promised[n] == ABSTAINS -> ABSTENTION - DRIFT : 0); \
        beat[0].to[n] = AGES; \
        beat[1].to[n] = AGES; \
        release[0].to[n] = AGES; \
        release[1].to[n] = AGES; \
        printf("node %d restarts\n", n); \
        if \
        :: n < CANDIDATES && state[n % CANDIDATES] != STANDBY -> \
            state[n % CANDIDATES] = (has[n % CANDIDATES] -> RELEASING : RELEASED); \
            forget(n % CANDIDATES) \
        :: else \
        fi \
    }

proctype restarts()
{
    do
    RESTART(0)
    RESTART(1)
    RESTART(2)
#if VOTERS == 5
    RESTART(3)
    RESTART(4)
#endif
    od
}

#define OLDER(age, limit) if :: age < limit -> age++ :: else fi;
#define OLDER_LINK(c, v) \
    OLDER(beat[c].to[v], AGES) \
    OLDER(release[c].to[v], AGES) \
    OLDER(answer[c].to[v], USABLE(c)) \
    OLDER(granted[c].to[v], USABLE(c))
#define OLDER_PROMISE(unused, v) \
    if \
    :: left[v] > 1 -> left[v]-- \
    :: left[v] == 1 -> left[v] = 0; promised[v] = NOBODY \
    :: else \
    fi;

inline pass_time()
{
    printf("tick\n");
    EACH_VOTER(OLDER_PROMISE, 0)
    EACH_VOTER(OLDER_LINK, 0)
    EACH_VOTER(OLDER_LINK, 1)
    if :: speaks(0) -> OLDER(begun[0], USABLE(0)) :: else fi;
    if :: speaks(1) -> OLDER(begun[1], USABLE(1)) :: else fi
#ifdef FROZEN
    LESS_LIFETIME(0)
    LESS_LIFETIME(1)
#endif
}

#ifdef BUG_RELEASED_BEFORE_REMOVED
#define says_release(c) (state[c] == RELEASED || state[c] == RELEASING)
#else
#define says_release(c) (state[c] == RELEASED)
#endif

#define SEND_RELEASE(c, v) if :: v != c -> release[c].to[v] = 0 :: else fi;
#define SEND_BEAT(c, v) \
    if \
    :: v == c && !may_promise(c, v) \
    :: v == c && may_promise(c, v) -> \
        promised[v] = c; \
        granted[c].to[v] = 0; \
        left[v] = PROMISE(c, v) \
    :: v != c -> beat[c].to[v] = 0 \
    :: v != c && faulty && beat[c].to[v] < AGES /* lost; the older one is still under way */ \
    fi;

/* Its own voter hears it at once. The vote that it gives away in the same datagram (R94) is a beat
 * of the other one that its voter takes right after this. */
inline say_release(c)
{
    printf("node %d says released\n", c);
    if :: state[c] == RELEASED -> state[c] = STANDBY :: else fi;
    if :: promised[c] == c -> promised[c] = NOBODY; left[c] = 0 :: else fi;
    EACH_VOTER(SEND_RELEASE, c)
}

/* R97: with a new seq each time. Its own voter grants or refuses at once; as a voter a node's time
 * never passes faster than as a claimant (R90). */
inline say_beat(c)
{
    printf("node %d beats\n", c);
    EACH_VOTER(SEND_BEAT, c)
}

inline speak(c)
{
    if
    :: runs(c) && says_release(c) -> say_release(c)
    :: runs(c) && !says_release(c) && speaks(c) -> say_beat(c)
    :: else
    fi
}

proctype clock()
{
    do
    :: atomic {
        !overdue(0) && !overdue(1) && may_tick ->
        d_step { count_tick(); pass_time() };
        speak(0);
        speak(1)
    }
    od
}

#define CLEAR_LINK(c, v) \
    granted[c].to[v] = USABLE(c); \
    answer[c].to[v] = USABLE(c); \
    beat[c].to[v] = AGES; \
    release[c].to[v] = AGES;
#define CLEAR_PROMISE(unused, v) promised[v] = NOBODY;
#define RUN_LINK(c, v) if :: v != c -> run link(c, v) :: else fi;

init {
    atomic {
        EACH_VOTER(CLEAR_PROMISE, 0)
        EACH_VOTER(CLEAR_LINK, 0)
        EACH_VOTER(CLEAR_LINK, 1)
#ifdef PROGRESS
        start();
        run heal();
#endif
        run clock();
        run restarts();
        run candidate(0);
        run candidate(1);
        EACH_VOTER(RUN_LINK, 0)
        EACH_VOTER(RUN_LINK, 1)
    }
}
