// SPDX-License-Identifier: MIT
/*
 * change: what a reload changes. Nodes, VIPs and checks are known by their name, wherever they
 * stand in the file: what has the same name before and after is the same thing, and goes on.
 */
#ifndef CONF_CHANGE_H
#define CONF_CHANGE_H

#include "conf/conf.h"

#define CONF_NEW 255 /* was not there before */

/* For each index of the new configuration the index of the old one, or CONF_NEW. */
struct conf_change {
    uint8_t node_was[CONF_NODES_MAX];
    uint8_t vip_was[CONF_VIPS_MAX];     /* on another interface it is another VIP */
    uint8_t check_was[CONF_CHECKS_MAX]; /* a check that looks at something else is another one */
};

struct conf_reload {
    const struct conf *before;
    const struct conf *after;
    unsigned self; /* index of before->nodes */
    const char (*interfaces_before)[16];
    const char (*interfaces_after)[16];
};

/* What became of what. */
void conf_change_find(const struct conf_reload *reload, struct conf_change *ret);

/*
 * Does the checker have to be started anew? Only if a check is another one, stands elsewhere, or
 * runs at other times, if the hook is another one, or for what else the checker itself uses: not
 * for what its results mean (rise, fall, weight, vip), nor for nodes and VIPs.
 */
bool conf_change_is_for_checker(const struct conf_reload *reload);

/* May a running daemon take the new configuration? 0, or -1 with a sentence in `error`. */
int conf_change_is_allowed(const struct conf_reload *reload, struct conf_error *error);

/* Index of the new configuration for an index of the old one, or CONF_NEW: it is gone. */
uint8_t conf_change_now(const uint8_t *was, unsigned count, uint8_t index);

/* "2 nodes added, VIP addresses changed: web": for people. `text` has room for `size` bytes. */
void conf_change_text(const struct conf_reload *reload, const struct conf_change *change,
                      char *text, size_t size);

/* Are all counts and indexes of `conf` within their bounds, and its names ended? */
bool conf_is_sound(const struct conf *conf);

#endif
