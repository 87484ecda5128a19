// SPDX-License-Identifier: MIT
/*
 * realtime: real-time priority for who has to be in time, where the configuration asks for it.
 */
#ifndef KEEPER_REALTIME_H
#define KEEPER_REALTIME_H

#include <sys/types.h>

/*
 * Gives this process, the keeper, and its engine real-time priority (SCHED_RR): 3 and 2, so that
 * the keeper takes the addresses away from an engine that is stuck in a loop, even on one
 * processor. What either of them starts later has none. Where the system does not allow it there
 * is a warning with the remedy, and both go on as they are.
 */
void realtime_begin(pid_t engine);

#endif
