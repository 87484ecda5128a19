// SPDX-License-Identifier: MIT
/*
 * news: which changes the hook is told of, and as what.
 */
#ifndef ENGINE_NEWS_H
#define ENGINE_NEWS_H

#include "core/action.h"
#include "ipc/checker.h"

/*
 * The news that `change` is for the hook, to be freed; NULL if it is none, or without memory.
 * `conf` says what its indexes mean; `holder` is who holds the VIP now, which does not matter for a
 * check; `reason` says why, for people.
 */
struct ipc_news *news_of_change(const struct change *change, const struct conf *conf,
                                uint8_t holder, const char *reason);

#endif
