// SPDX-License-Identifier: MIT
#include "conf/change.h"

#include <stdio.h>
#include <string.h>

/* A VIP may move from one interface to another only by being released and claimed again. */
static bool is_same_vip(const struct conf_reload *reload, unsigned before, unsigned after)
{
    return strcmp(reload->before->vips[before].name, reload->after->vips[after].name) == 0 &&
           strncmp(reload->interfaces_before[before], reload->interfaces_after[after],
                   sizeof(reload->interfaces_after[0])) == 0;
}

static bool words_equal(const struct conf_reload *reload, const struct conf_words *before,
                        const struct conf_words *after)
{
    if (before->count != after->count)
        return false;
    for (unsigned i = 0; i < before->count; i++)
        if (strcmp(conf_word(reload->before, before, i), conf_word(reload->after, after, i)) != 0)
            return false;
    return true;
}

/* How often it runs, and what its result means, may change: what it has found stays true. */
static bool is_same_check(const struct conf_reload *reload, const struct conf_check *before,
                          const struct conf_check *after)
{
    return strcmp(before->name, after->name) == 0 && before->kind == after->kind &&
           before->status_min == after->status_min && before->status_max == after->status_max &&
           words_equal(reload, &before->target, &after->target) &&
           words_equal(reload, &before->socket, &after->socket) &&
           words_equal(reload, &before->contains, &after->contains) &&
           words_equal(reload, &before->headers, &after->headers);
}

void conf_change_find(const struct conf_reload *reload, struct conf_change *ret)
{
    const struct conf *before = reload->before;
    const struct conf *after = reload->after;

    memset(ret, CONF_NEW, sizeof(*ret));
    for (uint8_t i = 0; i < after->node_count; i++) {
        const int was = conf_node_index(before, after->nodes[i].name);

        ret->node_was[i] = was < 0 ? CONF_NEW : (uint8_t)was;
    }
    for (uint8_t i = 0; i < after->vip_count; i++)
        for (uint8_t was = 0; was < before->vip_count; was++)
            if (is_same_vip(reload, was, i))
                ret->vip_was[i] = was;
    for (uint8_t i = 0; i < after->check_count; i++)
        for (uint8_t was = 0; was < before->check_count; was++)
            if (is_same_check(reload, &before->checks[was], &after->checks[i]))
                ret->check_was[i] = was;
}

static bool addresses_equal(const struct conf *a, const struct conf *b)
{
    if (a->address_count != b->address_count)
        return false;
    for (unsigned i = 0; i < a->address_count; i++)
        if (!conf_address_equal(&a->addresses[i], &b->addresses[i]))
            return false;
    return true;
}

static bool check_runs_on(const struct conf_reload *reload, unsigned index)
{
    const struct conf_check *before = &reload->before->checks[index];
    const struct conf_check *after = &reload->after->checks[index];

    /* What a swarm says of this node is compared with the addresses of the VIPs. */
    return is_same_check(reload, before, after) && before->interval_ns == after->interval_ns &&
           before->timeout_ns == after->timeout_ns &&
           (after->kind != CONF_CHECK_DOCKER || addresses_equal(reload->before, reload->after));
}

bool conf_change_is_for_checker(const struct conf_reload *reload)
{
    const struct conf *before = reload->before;
    const struct conf *after = reload->after;

    if (before->check_count != after->check_count || before->log_level != after->log_level ||
        !words_equal(reload, &before->hook, &after->hook) ||
        (after->hook.count > 0 && before->hook_timeout_ns != after->hook_timeout_ns))
        return true;
    for (unsigned i = 0; i < after->check_count; i++)
        if (!check_runs_on(reload, i))
            return true;
    return false;
}

uint8_t conf_change_now(const uint8_t *was, unsigned count, uint8_t index)
{
    for (unsigned i = 0; i < count; i++)
        if (was[i] == index && index != CONF_NEW)
            return (uint8_t)i;
    return CONF_NEW;
}

static int refuse(struct conf_error *error, const char *what)
{
    (void)snprintf(error->text, sizeof(error->text),
                   "%s: a running daemon keeps that, start it anew to change it", what);
    return -1;
}

static bool address_is_equal(const struct conf_address *a, const struct conf_address *b)
{
    return a->prefix == b->prefix && conf_address_equal(a, b);
}

static bool paths_are_equal(const struct conf_node *a, const struct conf_node *b)
{
    if (a->address_count != b->address_count)
        return false;
    for (unsigned i = 0; i < a->address_count; i++)
        if (!address_is_equal(&a->addresses[i], &b->addresses[i]))
            return false;
    return true;
}

static int self_is_allowed(const struct conf_node *before, const struct conf_node *after,
                           struct conf_error *error)
{
    if (!paths_are_equal(before, after))
        return refuse(error, "the addresses of this node have changed");
    if (before->witness != after->witness)
        return refuse(error, "\"witness\" of this node has changed");
    if (before->has_public_key != after->has_public_key ||
        memcmp(before->public_key, after->public_key, sizeof(before->public_key)) != 0)
        return refuse(error, "\"public_key\" of this node has changed");
    return 0;
}

/* The first VIP in mode quorum, or NULL. */
static const char *quorum_name(const struct conf *conf)
{
    for (unsigned i = 0; i < conf->vip_count; i++)
        if (conf->vips[i].mode == CONF_QUORUM)
            return conf->vips[i].name;
    return NULL;
}

/* How many nodes came, and how many went. */
static unsigned count_new(const struct conf *before, const struct conf *after)
{
    unsigned count = 0;

    for (unsigned i = 0; i < after->node_count; i++)
        if (conf_node_index(before, after->nodes[i].name) < 0)
            count++;
    return count;
}

static int refuse_quorum(struct conf_error *error, const char *what)
{
    (void)snprintf(error->text, sizeof(error->text),
                   "%s, and a VIP is in mode quorum: what was promised as a voter must not be "
                   "forgotten; stop every node and start them anew",
                   what);
    return -1;
}

/* Was it there, with a lease at least as long? That is what is remembered over a restart. */
static bool lease_was_there(const struct conf_reload *reload, unsigned vip)
{
    for (unsigned was = 0; was < reload->before->vip_count; was++)
        if (is_same_vip(reload, was, vip))
            return reload->before->vips[was].lease_ns >= reload->after->vips[vip].lease_ns;
    return false;
}

/* Every node votes, and no two sets of voters that are in use may differ by more than one [SPEC
 * R103]. */
static int set_is_allowed(const struct conf_reload *reload, struct conf_error *error)
{
    const unsigned added = count_new(reload->before, reload->after);
    const unsigned removed = count_new(reload->after, reload->before);
    const char *vip = quorum_name(reload->after);

    if (vip == NULL)
        vip = quorum_name(reload->before);
    if (added + removed > 1) {
        (void)snprintf(
            error->text, sizeof(error->text),
            "vip \"%.63s\" is in mode quorum, where every node is a voter, and only one "
            "voter may be added or removed at a time: here %u came and %u went; take one "
            "of these changes to every node, and when \"vipgossip status\" warns of no "
            "node with another configuration any more, the next",
            vip, added, removed);
        return -1;
    }
    if (removed > 0 && reload->after->node_count == 1) {
        (void)snprintf(error->text, sizeof(error->text),
                       "vip \"%.63s\" is in mode quorum: one of two voters is no majority of them, "
                       "so neither can take the other out while it runs; stop both and start the "
                       "one that stays anew",
                       vip);
        return -1;
    }
    return 0;
}

static int voters_are_allowed(const struct conf_reload *reload, struct conf_error *error)
{
    const struct conf *after = reload->after;

    if (quorum_name(reload->before) == NULL && quorum_name(after) == NULL)
        return 0;
    if (set_is_allowed(reload, error) < 0)
        return -1;
    for (unsigned i = 0; i < after->vip_count; i++)
        if (after->vips[i].mode == CONF_QUORUM && !lease_was_there(reload, i))
            return refuse_quorum(
                error, "a VIP in mode quorum is new, on another interface, or its lease is longer");
    return 0;
}

static int modes_are_allowed(const struct conf *before, const struct conf *after,
                             struct conf_error *error)
{
    for (unsigned i = 0; i < after->vip_count; i++)
        for (unsigned was = 0; was < before->vip_count; was++)
            if (strcmp(after->vips[i].name, before->vips[was].name) == 0 &&
                after->vips[i].mode != before->vips[was].mode) {
                (void)snprintf(error->text, sizeof(error->text),
                               "\"mode\" of vip \"%.63s\" has changed: nodes of different modes "
                               "could both hold it; stop every node and start them anew",
                               after->vips[i].name);
                return -1;
            }
    return 0;
}

int conf_change_is_allowed(const struct conf_reload *reload, struct conf_error *error)
{
    const struct conf *before = reload->before;
    const struct conf *after = reload->after;
    const int self = conf_node_index(after, before->nodes[reload->self].name);

    if (strcmp(before->cluster, after->cluster) != 0)
        return refuse(error, "\"cluster\" has changed");
    if (self < 0)
        return refuse(error, "this node is not in the file any more");
    if (before->port != after->port)
        return refuse(error, "\"port\" has changed");
    if (strcmp(before->control_socket, after->control_socket) != 0)
        return refuse(error, "\"control_socket\" has changed");
    if (strcmp(before->state_dir, after->state_dir) != 0)
        return refuse(error, "\"state_dir\" has changed");
    if (before->realtime != after->realtime)
        return refuse(error, "\"realtime\" has changed");
    if (self_is_allowed(&before->nodes[reload->self], &after->nodes[self], error) < 0)
        return -1;
    if (modes_are_allowed(before, after, error) < 0)
        return -1;
    return voters_are_allowed(reload, error);
}

struct words {
    char *text;
    size_t size;
    size_t length;
};

static void add_count(struct words *words, unsigned count, const char *thing, const char *what)
{
    if (count == 0 || words->length >= words->size)
        return;
    words->length +=
        (size_t)snprintf(words->text + words->length, words->size - words->length, "%s%u %s%s %s",
                         words->length > 0 ? ", " : "", count, thing, count == 1 ? "" : "s", what);
}

static unsigned count_of(const uint8_t *was, unsigned count, uint8_t wanted)
{
    unsigned found = 0;

    for (unsigned i = 0; i < count; i++)
        found += was[i] == wanted ? 1 : 0;
    return found;
}

static void add_things(struct words *words, const uint8_t *was, unsigned after, unsigned before,
                       const char *thing)
{
    const unsigned added = count_of(was, after, CONF_NEW);

    add_count(words, added, thing, "added");
    add_count(words, before - (after - added), thing, "removed");
}

void conf_change_text(const struct conf_reload *reload, const struct conf_change *change,
                      char *text, size_t size)
{
    const struct conf *before = reload->before;
    const struct conf *after = reload->after;
    struct words words = {.text = text, .size = size};
    unsigned moved = 0;

    text[0] = '\0';
    add_things(&words, change->node_was, after->node_count, before->node_count, "node");
    add_things(&words, change->vip_was, after->vip_count, before->vip_count, "VIP");
    for (int i = 0; i < after->vip_count; i++)
        if (change->vip_was[i] != CONF_NEW &&
            conf_vip_addresses_hash(after, i) !=
                conf_vip_addresses_hash(before, change->vip_was[i]))
            moved++;
    add_count(&words, moved, "VIP", "with other addresses");
    add_things(&words, change->check_was, after->check_count, before->check_count, "check");
    if (words.length == 0)
        (void)snprintf(text, size, "no node, VIP or check came or went");
}

static bool is_ended(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

#define IS_ENDED(field) is_ended(field, sizeof(field))

static bool vip_is_sound(const struct conf *conf, const struct conf_vip *vip)
{
    return IS_ENDED(vip->name) && IS_ENDED(vip->interface) && vip->address_count > 0 &&
           (unsigned)vip->address_first + vip->address_count <= conf->address_count;
}

/* So many strings begin and end there. */
static bool words_are_sound(const struct conf *conf, const struct conf_words *words)
{
    unsigned ends = 0;

    if (words->first > conf->words_length)
        return false;
    for (unsigned i = words->first; i < conf->words_length && ends < words->count; i++)
        ends += conf->words[i] == '\0' ? 1 : 0;
    return ends == words->count;
}

static bool check_is_sound(const struct conf *conf, const struct conf_check *check)
{
    return IS_ENDED(check->name) && check->kind < CONF_CHECK_KIND_COUNT &&
           words_are_sound(conf, &check->target) && words_are_sound(conf, &check->socket) &&
           words_are_sound(conf, &check->contains) && words_are_sound(conf, &check->headers);
}

static bool counts_are_sound(const struct conf *conf)
{
    return conf->node_count > 0 && conf->node_count <= CONF_NODES_MAX &&
           conf->vip_count <= CONF_VIPS_MAX && conf->address_count <= CONF_ADDRESSES_MAX &&
           conf->check_count <= CONF_CHECKS_MAX && conf->words_length <= CONF_WORDS_BYTES;
}

bool conf_is_sound(const struct conf *conf)
{
    if (!IS_ENDED(conf->cluster) || !IS_ENDED(conf->key_file) || !IS_ENDED(conf->node_key_file) ||
        !IS_ENDED(conf->control_socket) || !IS_ENDED(conf->state_dir) ||
        !IS_ENDED(conf->self_name) || !counts_are_sound(conf) ||
        !words_are_sound(conf, &conf->hook))
        return false;
    for (unsigned i = 0; i < conf->node_count; i++)
        if (!IS_ENDED(conf->nodes[i].name) || conf->nodes[i].address_count > CONF_PATHS_MAX)
            return false;
    for (unsigned i = 0; i < conf->vip_count; i++)
        if (!vip_is_sound(conf, &conf->vips[i]))
            return false;
    for (unsigned i = 0; i < conf->check_count; i++)
        if (!check_is_sound(conf, &conf->checks[i]))
            return false;
    return true;
}
