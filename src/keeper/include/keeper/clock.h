// SPDX-License-Identifier: MIT
/*
 * clock: the keeper's only clock, CLOCK_BOOTTIME. It counts on while the machine is suspended, so a
 * deadline that passed in the meantime has passed.
 */
#ifndef KEEPER_CLOCK_H
#define KEEPER_CLOCK_H

#include <stdint.h>
#include <time.h>

#define CLOCK_NEVER_NS  UINT64_MAX
#define CLOCK_NS_PER_MS UINT64_C(1000000)
#define CLOCK_NS_PER_S  UINT64_C(1000000000)

static inline uint64_t clock_now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * CLOCK_NS_PER_S + (uint64_t)now.tv_nsec;
}

/* CLOCK_MONOTONIC in microseconds: systemd's. */
static inline uint64_t clock_monotonic_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000) + (uint64_t)now.tv_nsec / 1000;
}

#endif
