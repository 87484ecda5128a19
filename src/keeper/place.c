// SPDX-License-Identifier: MIT
#include "place.h"

#include "host/kernel.h"
#include "host/local.h"
#include "netlink.h"

#include "log/log.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/addr.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define LIST_BYTES 512

/* A list that grows; a host with containers has thousands of addresses. */
struct addresses {
    size_t count;
    size_t room;
    struct conf_address *items;
};

struct routes {
    size_t count;
    size_t room;
    struct local_route *items;
};

static void visit_address(void *arg, struct nlmsghdr *message)
{
    struct addresses *list = arg;
    struct kernel_address found;

    if (message->nlmsg_type != RTM_NEWADDR || !kernel_address_parse(message, &found))
        return;
    if (list->count == list->room) {
        const size_t room = list->room == 0 ? 64 : 2 * list->room;
        struct conf_address *items = reallocarray(list->items, room, sizeof(*items));

        if (items == NULL)
            return;
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = found.address;
}

static void keep_route(struct routes *list, const struct local_route *route)
{
    if (list->count == list->room) {
        const size_t room = list->room == 0 ? 16 : 2 * list->room;
        struct local_route *items = reallocarray(list->items, room, sizeof(*items));

        if (items == NULL)
            return;
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = *route;
}

/* Keeps connected routes: to a network, through one interface, without a gateway. */
static void visit_route(void *arg, struct nlmsghdr *message)
{
    struct rtnl_route *route = NULL;
    struct rtnl_nexthop *hop;
    struct nl_addr *network;

    if (rtnl_route_parse(message, &route) < 0)
        return;
    hop = rtnl_route_get_nnexthops(route) == 1 ? rtnl_route_nexthop_n(route, 0) : NULL;
    network = rtnl_route_get_dst(route);
    if (hop != NULL && network != NULL && rtnl_route_nh_get_gateway(hop) == NULL &&
        rtnl_route_get_type(route) == RTN_UNICAST && rtnl_route_get_table(route) == RT_TABLE_MAIN &&
        rtnl_route_nh_get_ifindex(hop) > 0) {
        struct local_route found = {.ifindex = (unsigned)rtnl_route_nh_get_ifindex(hop),
                                    .metric = rtnl_route_get_priority(route)};

        found.network.family = (uint8_t)nl_addr_get_family(network);
        found.network.prefix = (uint8_t)nl_addr_get_prefixlen(network);
        if (nl_addr_get_len(network) <= sizeof(found.network.bytes))
            memcpy(found.network.bytes, nl_addr_get_binary_addr(network), nl_addr_get_len(network));
        keep_route(arg, &found);
    }
    rtnl_route_put(route);
}

static int list_addresses(struct addresses *ret)
{
    struct netlink netlink;
    int result = netlink_open(&netlink);

    if (result == 0) {
        result = netlink_dump_addresses(&netlink, visit_address, ret);
        netlink_close(&netlink);
    }
    if (result < 0)
        log_error("cannot list the local addresses: %s", strerror(-result));
    return result;
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

static int list_routes(struct routes *ret)
{
    struct netlink netlink;
    int result = netlink_open(&netlink);

    if (result == 0) {
        result = netlink_dump_routes(&netlink, AF_INET, 0, visit_route, ret);
        if (result == 0)
            result = netlink_dump_routes(&netlink, AF_INET6, 0, visit_route, ret);
        netlink_close(&netlink);
    }
    if (result < 0)
        log_error("cannot list the routes: %s", strerror(-result));
    return result;
}

static int interface_by_route(const struct conf *conf, const struct conf_vip *vip,
                              const struct routes *routes, char name[static IF_NAMESIZE])
{
    const struct conf_address *address = &conf->addresses[vip->address_first];
    const unsigned ifindex = local_find_interface(address, routes->items, routes->count);
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
    struct routes routes = {0};
    int result = list_routes(&routes);

    for (unsigned i = 0; result == 0 && i < conf->vip_count && !conf->nodes[self].witness; i++) {
        const struct conf_vip *vip = &conf->vips[i];

        if (vip->interface[0] != '\0')
            memcpy(found.names[i], vip->interface, sizeof(found.names[i]));
        else
            result = interface_by_route(conf, vip, &routes, found.names[i]);
    }
    free(routes.items);
    if (result < 0)
        return -1;
    *ret = found;
    return 0;
}

unsigned place_find_neighbour(const struct conf_address *address)
{
    struct routes routes = {0};
    unsigned ifindex = 0;

    if (list_routes(&routes) == 0)
        ifindex = local_find_interface(address, routes.items, routes.count);
    free(routes.items);
    return ifindex;
}
