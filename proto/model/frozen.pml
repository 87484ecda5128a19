// SPDX-License-Identifier: MIT
/*
 * frozen: keeper and engine of a candidate stop together, for good, and its kernel goes on. Then
 * the lifetime that the kernel was given for the address is all there is. It is KERNEL_LEASE or
 * less, in whole ticks, and never longer than what is left of the lease in that moment;
 * BUG_LIFETIME_OUTLIVES_LEASE gives it the whole of KERNEL_LEASE anew as long as anything is left.
 */
#ifndef KERNEL_LEASE
#define KERNEL_LEASE 2 /* ticks, 1 or 2; the kernel may be late by REMOVAL */
#endif

bit frozen[CANDIDATES];
byte lifetime[CANDIDATES];

#define runs(n) ((n) >= CANDIDATES || !frozen[(n) % CANDIDATES])
#define overdue(c) (has[c] && (lifetime[c] == 0 || (!frozen[c] && !leased(c))))

#ifdef BUG_LIFETIME_OUTLIVES_LEASE
#define lasts(c, v, ticks) valid(c, v)
#else
#define lasts(c, v, ticks) (granted[c].to[v] + (ticks) <= USABLE(c))
#endif
#if VOTERS == 3
#define leaves(c, ticks) \
    (lasts(c, 0, ticks) + lasts(c, 1, ticks) + lasts(c, 2, ticks) >= MAJORITY)
#else
#define leaves(c, ticks) \
    (lasts(c, 0, ticks) + lasts(c, 1, ticks) + lasts(c, 2, ticks) + lasts(c, 3, ticks) + \
     lasts(c, 4, ticks) >= MAJORITY)
#endif
/* The longest lifetime that the lease leaves; 0: not a tick. */
#define most(c) (leaves(c, KERNEL_LEASE) -> KERNEL_LEASE : (leaves(c, 1) -> 1 : 0))
#define may_renew(c) (most(c) > 0)
#define renew(c) lifetime[c] = most(c)

#define LESS_LIFETIME(c) if :: lifetime[c] > 0 -> lifetime[c]-- :: else fi;

/* More options of a candidate. */
#define KERNEL_LIFETIME \
    :: d_step { \
        !frozen[c] -> \
        frozen[c] = 1; \
        printf("node %d: keeper and engine are frozen\n", c) \
    } \
    :: d_step { \
        runs(c) && has[c] && lifetime[c] < most(c) -> \
        renew(c); \
        printf("node %d: the keeper renews the lifetime: %d ticks\n", c, lifetime[c]) \
    } \
    :: d_step { \
        has[c] && lifetime[c] == 0 -> \
        has[c] = 0; \
        state[c] = RELEASED; \
        forget(c); \
        printf("node %d: the lifetime is over\n", c) \
    }
