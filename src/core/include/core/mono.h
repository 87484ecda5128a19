// SPDX-License-Identifier: MIT
/*
 * mono: a point on the node's own monotonic clock (CLOCK_BOOTTIME in the daemon, simulated time in
 * tests), as a type of its own so that it cannot be mixed with a span. Spans are plain uint64_t in
 * nanoseconds and their names end in _ns.
 */
#ifndef CORE_MONO_H
#define CORE_MONO_H

#include <stdbool.h>
#include <stdint.h>

struct mono {
    uint64_t ns;
};

#define MONO_NEVER ((struct mono){UINT64_MAX})
#define NS_PER_MS  UINT64_C(1000000)
#define NS_PER_S   UINT64_C(1000000000)

/* `at` plus a span; stays MONO_NEVER, and never wraps. */
static inline struct mono mono_add(struct mono at, uint64_t span_ns)
{
    return (struct mono){span_ns > UINT64_MAX - at.ns ? UINT64_MAX : at.ns + span_ns};
}

/* `at` minus a span, not before the beginning of time. */
static inline struct mono mono_sub(struct mono at, uint64_t span_ns)
{
    return (struct mono){span_ns > at.ns ? 0 : at.ns - span_ns};
}

/* Span from `then` to `now`; 0 if `then` is still to come. The only subtraction of two points. */
static inline uint64_t mono_elapsed(struct mono now, struct mono then)
{
    return now.ns > then.ns ? now.ns - then.ns : 0;
}

static inline bool mono_reached(struct mono now, struct mono deadline)
{
    return now.ns >= deadline.ns;
}

static inline bool mono_before(struct mono a, struct mono b)
{
    return a.ns < b.ns;
}

static inline struct mono mono_min(struct mono a, struct mono b)
{
    return a.ns < b.ns ? a : b;
}

static inline struct mono mono_max(struct mono a, struct mono b)
{
    return a.ns > b.ns ? a : b;
}

#endif
