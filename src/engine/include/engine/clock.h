// SPDX-License-Identifier: MIT
/*
 * clock: where the engine's time comes from. CLOCK_BOOTTIME, so that a node that was suspended
 * wakes up knowing how long it was away, and a timerfd on the same clock: a timer of libuv has
 * whole milliseconds and runs before the sockets are read.
 */
#ifndef ENGINE_CLOCK_H
#define ENGINE_CLOCK_H

#include <uv.h>

#include "core/mono.h"

/* CLOCK_BOOTTIME now. */
struct mono clock_now(void);
/* CLOCK_MONOTONIC_RAW, which nothing slews: beside clock_now(), never instead of it. */
struct mono clock_raw(void);

/* Milliseconds since 1970, for people only: nothing is ever decided by it. */
int64_t clock_wall_ms(void);

struct clock_timer {
    uv_poll_t poll;
    int fd;
    struct mono armed; /* MONO_NEVER: not running */
    void (*expired)(void *arg);
    void *arg;
};

/* Makes the timer, not running, and calls expired(arg) from the loop each time it expires.
 * Returns 0 or -errno. `timer` must live until the loop has run after clock_timer_close(). */
int clock_timer_open(struct clock_timer *timer, uv_loop_t *loop, void (*expired)(void *arg),
                     void *arg);

/* Lets it expire once at `at` (at once if that is past); MONO_NEVER stops it. */
void clock_timer_set(struct clock_timer *timer, struct mono at);

void clock_timer_close(struct clock_timer *timer);

#endif
