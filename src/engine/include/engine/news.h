// SPDX-License-Identifier: MIT
/*
 * news: which changes the hook is told of, and as what.
 */
#ifndef ENGINE_NEWS_H
#define ENGINE_NEWS_H

#include "core/action.h"
#include "ipc/checker.h"

/*
 * True and `ret` filled if `change` is for the hook. `holder` is who holds the VIP now, which
 * does not matter for a check; `reason` says why, for people.
 */
bool news_of_change(const struct change *change, uint8_t holder, const char *reason,
                    struct ipc_news *ret);

#endif
