// SPDX-License-Identifier: MIT
#include "place.h"

#include "host/host.h"
#include "host/local.h"

#include "log/log.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_BYTES 512

/* The addresses of this host. */
struct addresses {
    size_t count;
    struct conf_address *items;
};

static int read_host(struct host *ret)
{
    const int result = host_read(ret);

    if (result < 0)
        log_error("cannot list the links, addresses and routes of this host: %s",
                  strerror(-result));
    return result;
}

static int list_addresses(struct addresses *ret)
{
    struct host host;

    if (read_host(&host) < 0)
        return -1;
    ret->items = calloc(host.address_count + 1, sizeof(*ret->items));
    for (size_t i = 0; ret->items != NULL && i < host.address_count; i++)
        ret->items[ret->count++] = host.addresses[i].address;
    host_deinit(&host);
    if (ret->items != NULL)
        return 0;
    log_error("out of memory");
    return -1;
}

static void list_node_addresses(const struct conf *conf, char *text, size_t size)
{
    struct conf_address all[CONF_NODES_MAX * CONF_PATHS_MAX];
    size_t count = 0;

    for (unsigned node = 0; node < conf->node_count; node++)
        for (unsigned path = 0; path < conf->nodes[node].address_count; path++)
            all[count++] = conf->nodes[node].addresses[path];
    local_list_addresses(all, count, text, size);
}

/* Says what did not fit: both lists. */
static void log_mismatch(const struct conf *conf, const struct addresses *local, const char *what)
{
    char configured[LIST_BYTES];
    char here[LIST_BYTES];

    list_node_addresses(conf, configured, sizeof(configured));
    local_list_addresses(local->items, local->count, here, sizeof(here));
    log_error("%s: the nodes' addresses are %s; this host's are %s; correct them, or say which "
              "node this is with -n NODE or VIPGOSSIP_NODE",
              what, configured, here);
}

static int named_self(const struct conf *conf, const struct addresses *local)
{
    const int self = conf_node_index(conf, conf->self_name);

    if (self < 0) {
        log_error("\"%s\" is none of the configured nodes", conf->self_name);
        return -1;
    }
    if (!local_has_node(&conf->nodes[self], local->items, local->count))
        log_warning("none of the addresses of node %s is on this host yet; waiting for it",
                    conf->self_name);
    return self;
}

int place_find_self(const struct conf *conf)
{
    struct addresses local = {0};
    int self = -1;

    if (list_addresses(&local) == 0) {
        if (conf->self_name[0] != '\0') {
            self = named_self(conf, &local);
        } else {
            self = local_find_self(conf, local.items, local.count);
            if (self == LOCAL_SELF_NONE)
                log_mismatch(conf, &local, "this host is none of the configured nodes");
            else if (self == LOCAL_SELF_SEVERAL)
                log_mismatch(conf, &local, "this host has addresses of several nodes");
        }
    }
    free(local.items);
    return self < 0 ? -1 : self;
}

static int interface_by_route(const struct conf *conf, const struct conf_vip *vip,
                              const struct host *host, char name[static IF_NAMESIZE])
{
    const struct conf_address *address = &conf->addresses[vip->address_first];
    const unsigned ifindex = local_find_interface(address, host->routes, host->route_count);
    char text[CONF_ADDRESS_TEXT];

    if (ifindex != 0 && if_indextoname(ifindex, name) != NULL)
        return 0;
    log_error("vip %s: no connected network of this host contains %s; name the interface: "
              "interface = \"eth0\" in vip \"%s\" (VIPGOSSIP_INTERFACE without a file)",
              vip->name, conf_address_text(address, false, text), vip->name);
    return -1;
}

int place_find_interfaces(const struct conf *conf, int self, struct place_interfaces *ret)
{
    struct place_interfaces found = {0};
    struct host host;
    int result = read_host(&host);

    for (unsigned i = 0; result == 0 && i < conf->vip_count && !conf->nodes[self].witness; i++) {
        const struct conf_vip *vip = &conf->vips[i];

        if (vip->interface[0] != '\0')
            memcpy(found.names[i], vip->interface, sizeof(found.names[i]));
        else
            result = interface_by_route(conf, vip, &host, found.names[i]);
    }
    host_deinit(&host);
    if (result < 0)
        return -1;
    *ret = found;
    return 0;
}

unsigned place_find_neighbour(const struct conf_address *address)
{
    struct host host;
    unsigned ifindex = 0;

    if (read_host(&host) == 0)
        ifindex = local_find_interface(address, host.routes, host.route_count);
    host_deinit(&host);
    return ifindex;
}
