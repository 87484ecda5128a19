// SPDX-License-Identifier: MIT
/*
 * VIPGOSSIP_* as the whole configuration, for containers. Every virtual address belongs to one VIP,
 * a node's name is its address; all else is as in a file, by the same functions.
 */
#include "conf_internal.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREFIX     "VIPGOSSIP_"
#define SEPARATORS ", \t\n"
#define ITEM_MAX   127 /* bytes of one item of a list: an address and what follows it */

static conf_setter take_peers, take_virtual_ips, take_priority, take_key, take_key_file,
    take_docker;
static int key_set(const struct conf_key *keys, const char *name, struct conf_target *target,
                   const struct conf_place *place, const char *text);
static int list_each(conf_setter *set, struct conf_target *target, const struct conf_place *place,
                     const char *text);
static conf_setter take_peer, take_virtual_ip;
static int names_check(struct conf_draft *draft);
static int name_check(struct conf_draft *draft, const char *name, const char *value);

/*
 * Every variable, in the order in which they are taken: the VIP's defaults follow from interval and
 * nodes. Those with keys are keys of a file under another name; NODE is for conf_self_find().
 */
static const struct {
    const char *name;
    conf_setter *set;
    const struct conf_key *keys;
    const char *key;
    const char *example; /* what is missing, if it is required */
} variables[] = {
    {PREFIX "CLUSTER", NULL, conf_keys_top, "cluster", NULL},
    {PREFIX "KEY", take_key, NULL, NULL, NULL},
    {PREFIX "KEY_FILE", take_key_file, NULL, NULL, NULL},
    {PREFIX "PORT", NULL, conf_keys_top, "port", NULL},
    {PREFIX "INTERVAL", NULL, conf_keys_top, "interval", NULL},
    {PREFIX "LOG_LEVEL", NULL, conf_keys_top, "log_level", NULL},
    {PREFIX "PEERS", take_peers, NULL, NULL, "192.168.4.1=200,192.168.4.2=100"},
    {PREFIX "VIRTUAL_IPS", take_virtual_ips, NULL, NULL, "192.168.4.3"},
    {PREFIX "PRIORITY", take_priority, NULL, NULL, NULL},
    {PREFIX "INTERFACE", NULL, conf_keys_vip, "interface", NULL},
    {PREFIX "MODE", NULL, conf_keys_vip, "mode", NULL},
    {PREFIX "DOCKER", take_docker, NULL, NULL, NULL},
    {PREFIX "NODE", NULL, NULL, NULL, NULL},
};

#define VARIABLE_COUNT (sizeof(variables) / sizeof(variables[0]))

int conf_environment_read(struct conf_draft *draft)
{
    (void)snprintf(draft->conf.cluster, sizeof(draft->conf.cluster), "vipgossip");
    draft->conf.key_file[0] = '\0'; /* no default: a key is never found by chance */
    if (names_check(draft) < 0)
        return -1;
    struct conf_target target = {.draft = draft};
    for (size_t i = 0; i < VARIABLE_COUNT; i++) {
        struct conf_place place = {NULL, 0, variables[i].name, draft->error};
        const char *text = getenv(variables[i].name);
        int result = 0;
        if (text == NULL && variables[i].example != NULL)
            result = conf_fail(&place, "is not set, such as %s", variables[i].example);
        else if (text != NULL && variables[i].set != NULL)
            result = variables[i].set(&target, &place, text);
        else if (text != NULL && variables[i].keys != NULL)
            result = key_set(variables[i].keys, variables[i].key, &target, &place, text);
        if (result < 0)
            return -1;
    }
    struct conf_place place = {NULL, 0, NULL, draft->error};
    if (draft->conf.key_file[0] == '\0' && draft->conf.key_text[0] == '\0')
        return conf_fail(&place, PREFIX "KEY or " PREFIX "KEY_FILE is needed; make a key with "
                                        "vipgossip keygen, the same for every node");
    return 0;
}

static int key_set(const struct conf_key *keys, const char *name, struct conf_target *target,
                   const struct conf_place *place, const char *text)
{
    while (strcmp(keys->name, name) != 0)
        keys++;
    return keys->set(target, place, text);
}

static int take_peers(struct conf_target *target, const struct conf_place *place, const char *text)
{
    return list_each(take_peer, target, place, text);
}

/* ADDRESS, ADDRESS=PRIORITY or ADDRESS=witness. */
static int take_peer(struct conf_target *target, const struct conf_place *place, const char *text)
{
    char host[ITEM_MAX + 1];
    char name[CONF_ADDRESS_TEXT];
    size_t length = strcspn(text, "=");
    memcpy(host, text, length);
    host[length] = '\0';
    struct conf_address address;
    if (conf_value_node_address(place, host, &address) < 0)
        return -1;
    /* The name goes into the keys of the nodes: every spelling of the address must give one. */
    target->node = conf_node_add(target->draft, place, conf_address_text(&address, false, name));
    if (target->node < 0 || key_set(conf_keys_node, "address", target, place, host) < 0)
        return -1;
    if (text[length] == '\0')
        return 0;
    if (strcmp(text + length, "=witness") == 0)
        return key_set(conf_keys_node, "witness", target, place, "true");
    return key_set(conf_keys_node, "priority", target, place, text + length + 1);
}

static int take_virtual_ips(struct conf_target *target, const struct conf_place *place,
                            const char *text)
{
    target->vip = conf_vip_add(target->draft, place, "vip");
    return target->vip < 0 ? -1 : list_each(take_virtual_ip, target, place, text);
}

static int take_virtual_ip(struct conf_target *target, const struct conf_place *place,
                           const char *text)
{
    return key_set(conf_keys_vip, "address", target, place, text);
}

/* Kept until conf_set_self(): which node this is may still be unknown. */
static int take_priority(struct conf_target *target, const struct conf_place *place,
                         const char *text)
{
    uint64_t priority;
    if (conf_value_number(place, text, (struct conf_range){1, 255}, &priority) < 0)
        return -1;
    target->draft->conf.self_priority = (uint8_t)priority;
    return 0;
}

static int take_key(struct conf_target *target, const struct conf_place *place, const char *text)
{
    struct conf *conf = &target->draft->conf;
    if (getenv(PREFIX "KEY_FILE") != NULL)
        return conf_fail(place, "only one of " PREFIX "KEY and " PREFIX "KEY_FILE is allowed");
    if (strlen(text) >= sizeof(conf->key_text))
        return conf_fail(place, "is too long, allowed are one or two keys of 44 characters");
    (void)snprintf(conf->key_text, sizeof(conf->key_text), "%s", text);
    struct conf_keys keys;
    int result = conf_keys_read_text(place, conf->key_text, &keys);
    sodium_memzero(&keys, sizeof(keys));
    return result;
}

static int take_key_file(struct conf_target *target, const struct conf_place *place,
                         const char *text)
{
    return key_set(conf_keys_top, "key_file", target, place, text);
}

/* The path of Docker's socket, of which one check is made. */
static int take_docker(struct conf_target *target, const struct conf_place *place, const char *text)
{
    target->check = conf_check_add(target->draft, place, "docker");
    return target->check < 0 ? -1 : key_set(conf_keys_check, "docker", target, place, text);
}

/* Calls `set` for each item of a list separated by commas or blanks; an empty list is refused. */
static int list_each(conf_setter *set, struct conf_target *target, const struct conf_place *place,
                     const char *text)
{
    char item[ITEM_MAX + 1];
    size_t count = 0;
    for (text += strspn(text, SEPARATORS); *text != '\0'; text += strspn(text, SEPARATORS)) {
        size_t length = strcspn(text, SEPARATORS);
        if (length > ITEM_MAX)
            return conf_fail(place, "\"%.64s\" is too long for an address", text);
        memcpy(item, text, length);
        item[length] = '\0';
        if (set(target, place, item) < 0)
            return -1;
        text += length;
        count++;
    }
    return count > 0 ? 0 : conf_fail(place, "names no address");
}

/* A misspelt variable must not be taken for one that was left out. */
static int names_check(struct conf_draft *draft)
{
    for (char *const *entry = environ; entry != NULL && *entry != NULL; entry++) {
        if (strncmp(*entry, PREFIX, strlen(PREFIX)) != 0)
            continue;
        char name[64] = "";
        size_t length = strcspn(*entry, "=");
        (void)snprintf(name, sizeof(name), "%.*s", (int)(length < 64 ? length : 64), *entry);
        const char *value = (*entry)[length] == '=' ? *entry + length + 1 : "";
        if (name_check(draft, name, value) < 0)
            return -1;
    }
    return 0;
}

static int name_check(struct conf_draft *draft, const char *name, const char *value)
{
    struct conf_place place = {NULL, 0, name, draft->error};
    char names[256] = "";
    for (size_t i = 0; i < VARIABLE_COUNT; i++) {
        if (strcmp(name, variables[i].name) == 0)
            return value[0] != '\0' ? 0 : conf_fail(&place, "is empty; set it or unset it");
        conf_append(names, sizeof(names), "%s%s", i == 0 ? "" : ", ",
                    variables[i].name + strlen(PREFIX));
    }
    return conf_fail(&place, "is unknown; known after " PREFIX " are %s", names);
}
