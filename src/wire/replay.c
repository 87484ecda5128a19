// SPDX-License-Identifier: MIT
#include "replay.h"

/*
 * A counter that leaves the window unseen is lost: until then its datagram may still be on a slower
 * path. What left is counted in two sums that are halved whenever they reach LOSS_SPAN, so that
 * they speak of the last thousand or two.
 */
#define LOSS_SPAN      1000U
#define LOSS_COUNT_MIN 20U /* fewer say nothing */

struct replay_window replay_empty(uint64_t incarnation)
{
    return (struct replay_window){.incarnation = incarnation};
}

bool replay_is_new(const struct replay_window *window, uint64_t counter)
{
    if (counter > window->newest)
        return true;
    uint64_t age = window->newest - counter;
    return counter != 0 && age < REPLAY_WINDOW && (window->seen >> age & 1U) == 0;
}

/* Counters inside the window that the sender has used since the first one that came. */
static unsigned window_span(const struct replay_window *window)
{
    uint64_t span = window->newest - window->first + 1;
    return span < REPLAY_WINDOW ? (unsigned)span : REPLAY_WINDOW;
}

static unsigned window_seen(const struct replay_window *window)
{
    return (unsigned)__builtin_popcountll(window->seen);
}

/* Moves the window up to `counter`, which is newer than the newest. */
static void advance(struct replay_window *window, uint64_t counter)
{
    uint64_t steps = counter - window->newest;
    unsigned span_before = window_span(window);
    unsigned seen_before = window_seen(window);
    window->newest = counter;
    window->seen = steps < REPLAY_WINDOW ? window->seen << steps | 1U : 1U;

    /* What a leap skipped beyond the window was never in it; a leap as long as the whole measure
     * says no more than one of its length. */
    uint64_t leap = steps < LOSS_SPAN ? steps : LOSS_SPAN;
    uint64_t gone = span_before + leap - window_span(window);
    unsigned gone_seen = seen_before + 1 - window_seen(window);
    window->gone += (uint32_t)gone;
    window->gone_lost += (uint32_t)(gone - gone_seen);
    while (window->gone > LOSS_SPAN) {
        window->gone /= 2;
        window->gone_lost /= 2;
    }
}

void replay_accept(struct replay_window *window, uint64_t counter)
{
    if (window->newest == 0) {
        window->first = counter;
        window->newest = counter;
        window->seen = 1;
    } else if (counter > window->newest) {
        advance(window, counter);
    } else {
        window->seen |= UINT64_C(1) << (window->newest - counter);
        if (counter < window->first)
            window->first = counter;
    }
}

int replay_loss_permille(const struct replay_window *window)
{
    /* After a last will the window no longer says what came before it. */
    if (window->newest == 0 || window->newest == WIRE_COUNTER_WILL)
        return -1;
    unsigned span = window_span(window);
    uint64_t count = (uint64_t)window->gone + span;
    uint64_t lost = (uint64_t)window->gone_lost + span - window_seen(window);
    return count < LOSS_COUNT_MIN ? -1 : (int)(lost * 1000 / count);
}
