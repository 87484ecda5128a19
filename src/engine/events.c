// SPDX-License-Identifier: MIT
#include "engine/events.h"

#include <stdio.h>
#include <time.h>

#include "engine/text.h"

#define TIME_TEXT 48

const struct events_entry *events_add(struct events *events, const struct change *change,
                                      const char *detail, int64_t wall_ms)
{
    struct events_entry *entry = &events->entries[events->count % EVENTS_MAX];

    entry->wall_ms = wall_ms;
    entry->change = *change;
    (void)snprintf(entry->detail, sizeof entry->detail, "%s", detail);
    events->count++;
    return entry;
}

static bool rename_node(const struct conf *conf, const struct conf_change *map, uint8_t *node)
{
    const uint8_t now = conf_change_now(map->node_was, conf->node_count, *node);
    const bool is_known = *node == NODE_NONE || now != CONF_NEW;

    *node = now;
    return is_known;
}

/* False: what it is about is gone. */
static bool rename_change(const struct conf *conf, const struct conf_change *map,
                          struct change *change)
{
    switch (change->type) {
    case CHANGE_MEMBER:
        return rename_node(conf, map, &change->node);
    case CHANGE_CHECK:
        change->check = conf_change_now(map->check_was, conf->check_count, change->check);
        return change->check != CONF_NEW;
    case CHANGE_VIP:
    case CHANGE_VERIFIED:
        change->vip = conf_change_now(map->vip_was, conf->vip_count, change->vip);
        return change->vip != CONF_NEW && rename_node(conf, map, &change->node);
    case CHANGE_AVAILABILITY:
        return rename_node(conf, map, &change->node);
    case CHANGE_CONFLICT:
        change->vip = conf_change_now(map->vip_was, conf->vip_count, change->vip);
        return change->vip != CONF_NEW && rename_node(conf, map, &change->node);
    case CHANGE_HOLDER:
    case CHANGE_RIVAL:
        change->vip = conf_change_now(map->vip_was, conf->vip_count, change->vip);
        return change->vip != CONF_NEW && rename_node(conf, map, &change->from) &&
               rename_node(conf, map, &change->to);
    }
    return false;
}

_Static_assert(CONF_NEW == NODE_NONE, "nobody is nobody before and after");

void events_reconfigure(struct events *events, const struct conf *conf,
                        const struct conf_change *change)
{
    const struct events former = *events;
    const uint64_t first = former.count > EVENTS_MAX ? former.count - EVENTS_MAX : 0;

    /* From the start of the ring on: no slot may be left that still has former indexes. */
    events->count = 0;
    for (uint64_t n = first; n < former.count; n++) {
        struct events_entry entry = former.entries[n % EVENTS_MAX];

        if (rename_change(conf, change, &entry.change)) {
            events->entries[events->count++] = entry;
        }
    }
}

/* RFC 3339 in UTC with milliseconds: one notation on every host, whatever its time zone. */
static void time_text(int64_t wall_ms, char text[static TIME_TEXT])
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm utc;
    char date[32];

    (void)gmtime_r(&seconds, &utc);
    (void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(text, TIME_TEXT, "%s.%03dZ", date, (int)(wall_ms % 1000));
}

void events_pack_entry(const struct events_entry *entry, const struct conf *conf, struct pack *pack)
{
    const struct change *change = &entry->change;
    bool is_swarm = change->type == CHANGE_AVAILABILITY;
    bool has_vip = change->type != CHANGE_MEMBER && change->type != CHANGE_CHECK && !is_swarm;
    bool has_node = change->type == CHANGE_VIP || change->type == CHANGE_MEMBER || is_swarm ||
                    change->type == CHANGE_CONFLICT;
    bool is_check = change->type == CHANGE_CHECK;
    bool has_mac = reason_has_mac(change->reason);
    char time[TIME_TEXT];
    char mac[TEXT_MAC];

    time_text(entry->wall_ms, time);
    pack_map(pack, 11);
    pack_key_text(pack, "time", time);
    pack_key_text(pack, "kind", text_change_kind(change->type));
    pack_key_text(pack, "vip", has_vip ? conf->vips[change->vip].name : NULL);
    pack_key_text(pack, "node", has_node ? text_node(conf, change->node) : NULL);
    pack_key_text(pack, "check", is_check ? conf->checks[change->check].name : NULL);
    pack_key_text(pack, "from", text_change_from(conf, change));
    pack_key_text(pack, "to", text_change_to(conf, change));
    pack_key_text(pack, "reason", reason_text(change->reason));
    pack_key_text(pack, "detail", entry->detail[0] != '\0' ? entry->detail : NULL);
    pack_key_text(pack, "error", change->error != 0 ? text_error(change->error) : NULL);
    pack_key_text(pack, "mac", has_mac ? text_mac(change->mac, mac) : NULL);
}

void events_pack(const struct events *events, const struct conf *conf, struct pack *pack)
{
    uint64_t first = events->count > EVENTS_MAX ? events->count - EVENTS_MAX : 0;

    for (uint64_t n = first; n < events->count; n++) {
        events_pack_entry(&events->entries[n % EVENTS_MAX], conf, pack);
    }
}
