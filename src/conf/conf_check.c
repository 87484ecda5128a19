// SPDX-License-Identifier: MIT
/*
 * What can be said of a configuration only when all of it is known. File and environment come
 * through here alike.
 */
#include "conf_internal.h"

#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

static int check_is_complete(const struct conf_draft *draft);
static int check_node_names(const struct conf_draft *draft);
static int check_vip_names(const struct conf_draft *draft);
static int check_name_pair(const struct conf_place *place, const char *name, const char *earlier);
static int check_node_addresses(const struct conf_draft *draft);
static int check_node_address(const struct conf_draft *draft, int node, int path);
static int check_vip_addresses(const struct conf_draft *draft);
static int check_vip_address(const struct conf_draft *draft, int address);
static int check_link_local(const struct conf_draft *draft);
static int check_candidates(const struct conf_draft *draft);
static int check_leases(const struct conf_draft *draft);
static struct conf_place place_of(const struct conf_draft *draft, int line, const char *key,
                                  const char *variable);

int conf_check(struct conf_draft *draft)
{
    if (check_is_complete(draft) < 0 || check_node_names(draft) < 0 || check_vip_names(draft) < 0 ||
        check_node_addresses(draft) < 0 || check_vip_addresses(draft) < 0 ||
        check_link_local(draft) < 0)
        return -1;
    return check_candidates(draft) < 0 ? -1 : check_leases(draft);
}

static int check_is_complete(const struct conf_draft *draft)
{
    struct conf_place place = {draft->file, 1, NULL, draft->error};
    if (draft->conf.node_count == 0)
        return conf_fail(&place, "no node; at least one section node NAME { address = ... } is "
                                 "needed");
    if (draft->conf.vip_count == 0)
        return conf_fail(&place, "no VIP; at least one section vip NAME { address = ... } is "
                                 "needed");
    return 0;
}

static int check_node_names(const struct conf_draft *draft)
{
    const struct conf_node *nodes = draft->conf.nodes;
    for (int i = 0; i < draft->conf.node_count; i++) {
        struct conf_place place = place_of(draft, draft->node_line[i], "node", "VIPGOSSIP_PEERS");
        for (int j = 0; j < i; j++) {
            if (check_name_pair(&place, nodes[i].name, nodes[j].name) < 0)
                return -1;
        }
    }
    return 0;
}

static int check_vip_names(const struct conf_draft *draft)
{
    const struct conf_vip *vips = draft->conf.vips;
    for (int i = 0; i < draft->conf.vip_count; i++) {
        struct conf_place place =
            place_of(draft, draft->vip_line[i], "vip", "VIPGOSSIP_VIRTUAL_IPS");
        for (int j = 0; j < i; j++) {
            if (check_name_pair(&place, vips[i].name, vips[j].name) < 0)
                return -1;
        }
    }
    return 0;
}

/* On the wire a name is its conf_id(); two names with one id would be one node or one VIP. */
static int check_name_pair(const struct conf_place *place, const char *name, const char *earlier)
{
    if (strcmp(name, earlier) == 0)
        return conf_fail(place, "\"%s\" is there twice; names are unique", name);
    if (conf_id(name) == conf_id(earlier))
        return conf_fail(place, "\"%s\" and \"%s\" have the same hash; rename one of them", name,
                         earlier);
    return 0;
}

static int check_node_addresses(const struct conf_draft *draft)
{
    for (int node = 0; node < draft->conf.node_count; node++) {
        for (int path = 0; path < draft->conf.nodes[node].address_count; path++) {
            if (check_node_address(draft, node, path) < 0)
                return -1;
        }
    }
    return 0;
}

/* Against all addresses of nodes that stand before it. */
static int check_node_address(const struct conf_draft *draft, int node, int path)
{
    const struct conf_node *nodes = draft->conf.nodes;
    const struct conf_address *address = &nodes[node].addresses[path];
    struct conf_place place =
        place_of(draft, draft->node_address_line[node][path], "address", "VIPGOSSIP_PEERS");
    char text[CONF_ADDRESS_TEXT];
    for (int i = 0; i <= node; i++) {
        int path_end = i == node ? path : nodes[i].address_count;
        for (int j = 0; j < path_end; j++) {
            if (conf_address_equal(address, &nodes[i].addresses[j]))
                return conf_fail(&place, "%s is already an address of node \"%s\"",
                                 conf_address_text(address, false, text), nodes[i].name);
        }
    }
    return 0;
}

static int check_vip_addresses(const struct conf_draft *draft)
{
    for (int address = 0; address < draft->conf.address_count; address++) {
        if (check_vip_address(draft, address) < 0)
            return -1;
    }
    return 0;
}

/* Against all addresses of nodes, and those of VIPs that stand before it. */
static int check_vip_address(const struct conf_draft *draft, int address)
{
    const struct conf *conf = &draft->conf;
    const struct conf_address *wanted = &conf->addresses[address];
    struct conf_place place =
        place_of(draft, draft->vip_address_line[address], "address", "VIPGOSSIP_VIRTUAL_IPS");
    char text[CONF_ADDRESS_TEXT];
    for (int node = 0; node < conf->node_count; node++) {
        for (int path = 0; path < conf->nodes[node].address_count; path++) {
            if (conf_address_equal(wanted, &conf->nodes[node].addresses[path]))
                return conf_fail(&place,
                                 "%s is an address of node \"%s\"; a VIP needs one that no host "
                                 "has",
                                 conf_address_text(wanted, false, text), conf->nodes[node].name);
        }
    }
    for (int i = 0; i < address; i++) {
        if (conf_address_equal(wanted, &conf->addresses[i]))
            return conf_fail(&place, "%s is there twice; an address belongs to one VIP, once",
                             conf_address_text(wanted, false, text));
    }
    return 0;
}

/* Every interface has the route fe80::/64, so that no route can name the interface. */
static int check_link_local(const struct conf_draft *draft)
{
    const struct conf *conf = &draft->conf;
    for (int i = 0; i < conf->vip_count; i++) {
        const struct conf_vip *vip = &conf->vips[i];
        for (int j = 0; j < vip->address_count && vip->interface[0] == '\0'; j++) {
            int address = vip->address_first + j;
            struct conf_place place = place_of(draft, draft->vip_address_line[address], "address",
                                               "VIPGOSSIP_VIRTUAL_IPS");
            char text[CONF_ADDRESS_TEXT];
            if (conf_address_is_link_local_v6(&conf->addresses[address]))
                return conf_fail(&place, "%s is link-local; name the interface too",
                                 conf_address_text(&conf->addresses[address], false, text));
        }
    }
    return 0;
}

static int check_candidates(const struct conf_draft *draft)
{
    for (int i = 0; i < draft->conf.vip_count; i++) {
        struct conf_place place =
            place_of(draft, draft->vip_line[i], "vip", "VIPGOSSIP_VIRTUAL_IPS");
        if (draft->conf.vips[i].candidates == 0)
            return conf_fail(&place,
                             "\"%s\" has no candidate; at least one node must not be a "
                             "witness",
                             draft->conf.vips[i].name);
    }
    return 0;
}

/* Three heartbeats at least, so that a lease outlives a lost one; by default it is four. */
static int check_leases(const struct conf_draft *draft)
{
    const struct conf *conf = &draft->conf;
    for (int i = 0; i < conf->vip_count; i++) {
        const struct conf_vip *vip = &conf->vips[i];
        struct conf_place place = place_of(draft, draft->vip_line[i], "lease", "VIPGOSSIP_MODE");
        if (vip->mode == CONF_QUORUM &&
            (vip->lease_ns < 3 * conf->interval_ns || vip->lease_ns > CONF_LEASE_MAX_NS))
            return conf_fail(&place,
                             "%" PRIu64 "ms is not allowed for \"%s\", allowed are 3 x interval "
                             "(%" PRIu64 "ms) to 10s in mode quorum; the default is 4 x interval",
                             vip->lease_ns / NS_PER_MS, vip->name,
                             3 * conf->interval_ns / NS_PER_MS);
    }
    return 0;
}

static struct conf_place place_of(const struct conf_draft *draft, int line, const char *key,
                                  const char *variable)
{
    return (struct conf_place){draft->file, line, draft->file != NULL ? key : variable,
                               draft->error};
}
