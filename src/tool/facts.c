// SPDX-License-Identifier: MIT
#include "facts.h"

#include <stddef.h>
#include <string.h>

static const char *const top_keys[] = {
    "version",     "cluster", "node",     "interval_ms", "uptime_ms", "starting", "abstains_ms",
    "mute",        "status",  "problems", "vips",        "nodes",     "checks",   "checker_lost",
    "swarm_split", "drain",   "reload",   "counters",    NULL,
};

static const char *const vip_keys[] = {
    "name",
    "addresses",
    "interface",
    "mode",
    "state",
    "holder",
    "holders",
    "faults",
    "next",
    "since_ms",
    "reason",
    "error",
    "in_kernel",
    "votes",
    "sees_majority",
    "tier",
    "foreign_removals",
    "link",
    "port_of",
    "answered_by",
    "verified_by",
    "unverified_by",
    "verified_ms",
    "conflict",
    NULL,
};

static const char *const node_keys[] = {
    "name",
    "self",
    "state",
    "addresses",
    "priority",
    "effective_priority",
    "healthy",
    "witness",
    "drained",
    "drained_vips",
    "last_heard_ms",
    "rtt_us",
    "loss_percent",
    "path",
    "hears_me",
    "config",
    "elects",
    "mac_failures",
    "unhealthy_vips",
    "availability",
    "availability_by",
    NULL,
};

static const char *const check_keys[] = {
    "name",   "ok",          "detail",     "since_ms", "kind", "heard_ms",
    "streak", "interval_ms", "timeout_ms", "weight",   "vips", NULL,
};

static json_t *map_in_order(json_t *map, const char *const keys[]);
static json_t *list_in_order(json_t *list, const char *const keys[]);

const char *facts_text(const json_t *map, const char *key)
{
    return json_string_value(json_object_get(map, key));
}

const char *facts_text_or(const json_t *map, const char *key, const char *fallback)
{
    const char *text = facts_text(map, key);

    return text != NULL ? text : fallback;
}

int64_t facts_number(const json_t *map, const char *key)
{
    const json_t *value = json_object_get(map, key);

    return json_is_integer(value) ? (int64_t)json_integer_value(value) : FACTS_UNKNOWN;
}

bool facts_is(const json_t *map, const char *key, const char *text)
{
    const char *value = facts_text(map, key);

    return value != NULL && strcmp(value, text) == 0;
}

bool facts_is_true(const json_t *map, const char *key)
{
    return json_is_true(json_object_get(map, key));
}

bool facts_is_false(const json_t *map, const char *key)
{
    return json_is_false(json_object_get(map, key));
}

json_t *facts_in_order(json_t *facts)
{
    json_t *copy = map_in_order(facts, top_keys);

    if (json_is_array(json_object_get(copy, "vips")))
        (void)json_object_set_new(copy, "vips",
                                  list_in_order(json_object_get(copy, "vips"), vip_keys));
    if (json_is_array(json_object_get(copy, "nodes")))
        (void)json_object_set_new(copy, "nodes",
                                  list_in_order(json_object_get(copy, "nodes"), node_keys));
    if (json_is_array(json_object_get(copy, "checks")))
        (void)json_object_set_new(copy, "checks",
                                  list_in_order(json_object_get(copy, "checks"), check_keys));
    return copy;
}

static json_t *map_in_order(json_t *map, const char *const keys[])
{
    json_t *copy = json_object();
    const char *key;
    json_t *value;

    for (size_t i = 0; keys[i] != NULL; i++) {
        value = json_object_get(map, keys[i]);
        if (value != NULL)
            (void)json_object_set(copy, keys[i], value);
    }
    json_object_foreach(map, key, value)
    {
        if (json_object_get(copy, key) == NULL)
            (void)json_object_set(copy, key, value);
    }
    return copy;
}

static json_t *list_in_order(json_t *list, const char *const keys[])
{
    json_t *copy = json_array();
    json_t *value;
    size_t i;

    json_array_foreach(list, i, value)
    {
        (void)json_array_append_new(copy, map_in_order(value, keys));
    }
    return copy;
}
