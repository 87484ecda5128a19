// SPDX-License-Identifier: MIT
/*
 * core_draw: configurations of a core, and what a running daemon may make of one, as the bytes of a
 * fuzzer say.
 */
#ifndef FUZZ_CORE_DRAW_H
#define FUZZ_CORE_DRAW_H

#include "core/core.h"
#include "input.h"

#define DRAW_NODES 6U
#define DRAW_VIPS  3U

void draw_config(struct input *input, struct core_config *ret);

/* Another configuration that a reload allows after `before`, and what became of what. */
void draw_another(struct input *input, const struct core_config *before, struct core_config *ret,
                  struct core_reload *ret_reload);

/* The VIPs of `before` that are no more, bit each. */
uint64_t draw_gone(const struct core_config *before, const struct core_config *after,
                   const struct core_reload *reload);

#endif
