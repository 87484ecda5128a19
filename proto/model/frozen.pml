// SPDX-License-Identifier: MIT
/*
 * frozen: keeper and engine of a candidate stop together, for good, and its kernel goes on. Then
 * the lifetime that the kernel was given for the address is all there is. It is never longer than
 * what is left of the lease; BUG_LIFETIME_OUTLIVES_LEASE gives it the whole of KERNEL_LEASE anew
 * as long as anything is left.
 */
#ifndef KERNEL_LEASE
#define KERNEL_LEASE 1 /* ticks; the kernel may be late by REMOVAL */
#endif

bit frozen[CANDIDATES];
byte lifetime[CANDIDATES];

#define runs(n) ((n) >= CANDIDATES || !frozen[(n) % CANDIDATES])
#define overdue(c) (has[c] && (lifetime[c] == 0 || (!frozen[c] && !leased(c))))

#ifdef BUG_LIFETIME_OUTLIVES_LEASE
#define lasts(c, v) valid(c, v)
#else
#define lasts(c, v) (granted[c].to[v] + KERNEL_LEASE <= USABLE(c))
#endif
#if VOTERS == 3
#define may_renew(c) (lasts(c, 0) + lasts(c, 1) + lasts(c, 2) >= MAJORITY)
#else
#define may_renew(c) \
    (lasts(c, 0) + lasts(c, 1) + lasts(c, 2) + lasts(c, 3) + lasts(c, 4) >= MAJORITY)
#endif
#define renew(c) lifetime[c] = KERNEL_LEASE

#define LESS_LIFETIME(c) if :: lifetime[c] > 0 -> lifetime[c]-- :: else fi;

/* More options of a candidate. */
#define KERNEL_LIFETIME \
    :: d_step { \
        !frozen[c] -> \
        frozen[c] = 1; \
        printf("node %d: keeper and engine are frozen\n", c) \
    } \
    :: d_step { \
        runs(c) && has[c] && may_renew(c) && lifetime[c] < KERNEL_LEASE -> \
        renew(c); \
        printf("node %d: the keeper renews the lifetime\n", c) \
    } \
    :: d_step { \
        has[c] && lifetime[c] == 0 -> \
        has[c] = 0; \
        state[c] = RELEASED; \
        forget(c); \
        printf("node %d: the lifetime is over\n", c) \
    }
