// SPDX-License-Identifier: MIT
/*
 * events: the last changes with the wall-clock time at which they were seen, for `vipgossip
 * events`. A ring: the oldest is forgotten first. It keeps indexes, the words are made when
 * somebody asks.
 */
#ifndef ENGINE_EVENTS_H
#define ENGINE_EVENTS_H

#include "conf/change.h"
#include "core/action.h"
#include "engine/pack.h"

#define EVENTS_MAX    256
#define EVENTS_DETAIL 96

struct events_entry {
    int64_t wall_ms; /* since 1970 */
    struct change change;
    char detail[EVENTS_DETAIL]; /* what a check said, or what is wrong with an interface */
};

struct events {
    uint64_t count; /* added since the start or a reload; entry n lies at n % EVENTS_MAX */
    struct events_entry entries[EVENTS_MAX];
};

/* Remembers `change`, and what of `detail` fits; returns its entry, which lives until EVENTS_MAX
 * more were added. */
const struct events_entry *events_add(struct events *events, const struct change *change,
                                      const char *detail, int64_t wall_ms);

/* Renames what is remembered to the indexes of a new configuration; what was said of nodes, VIPs
 * and checks that are gone is forgotten. */
void events_reconfigure(struct events *events, const struct conf *conf,
                        const struct conf_change *change);

/* Writes one map with the keys that docs/STATUS.md lists. */
void events_pack_entry(const struct events_entry *entry, const struct conf *conf,
                       struct pack *pack);

/* Writes one map for each remembered change, oldest first. */
void events_pack(const struct events *events, const struct conf *conf, struct pack *pack);

#endif
