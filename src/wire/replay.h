// SPDX-License-Identifier: MIT
/*
 * replay: which counters of a sender have been seen [SPEC D5], after RFC 6479, and what share of
 * them never came.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdbool.h>

#include "wire/wire.h"

#define REPLAY_WINDOW 64U /* counters older than the newest by so many are refused */

/* A window for that incarnation that has seen nothing. */
struct replay_window replay_empty(uint64_t incarnation);
/* Would the counter be new? Changes nothing. */
bool replay_is_new(const struct replay_window *window, uint64_t counter);
/* Remembers a counter that is new. */
void replay_accept(struct replay_window *window, uint64_t counter);
/* Loss among the counters up to the newest in tenths of a percent, or -1 if too few came. */
int replay_loss_permille(const struct replay_window *window);

#endif
