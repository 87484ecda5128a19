// SPDX-License-Identifier: MIT
#include "host/host.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int read_links(struct nl_sock *socket, struct host *host);
static int read_addresses(struct nl_sock *socket, struct host *host);
static int read_routes(struct nl_sock *socket, int family, struct host *host);

int host_read(struct host *ret)
{
    struct host host = {0};
    struct nl_sock *socket = nl_socket_alloc();
    int result = -NLE_NOMEM;

    if (socket != NULL)
        result = nl_connect(socket, NETLINK_ROUTE);
    if (result >= 0)
        result = read_links(socket, &host);
    if (result >= 0)
        result = read_addresses(socket, &host);
    if (result >= 0)
        result = read_routes(socket, AF_INET, &host);
    if (result >= 0)
        result = read_routes(socket, AF_INET6, &host);
    nl_socket_free(socket);
    if (result < 0)
        host_deinit(&host);
    *ret = host;
    return result < 0 ? (result == -NLE_NOMEM ? -ENOMEM : -EIO) : 0;
}

void host_deinit(struct host *host)
{
    free(host->links);
    free(host->addresses);
    free(host->routes);
    *host = (struct host){0};
}

const struct host_link *host_find_link(const struct host *host, unsigned ifindex)
{
    for (size_t i = 0; i < host->link_count; i++)
        if (host->links[i].ifindex == ifindex)
            return &host->links[i];
    return NULL;
}

const struct host_link *host_find_link_named(const struct host *host, const char *name)
{
    for (size_t i = 0; i < host->link_count; i++)
        if (strcmp(host->links[i].name, name) == 0)
            return &host->links[i];
    return NULL;
}

/* Room for one item more in a list of `count`: its new place, or NULL. The room doubles at powers
 * of two. */
static void *grow(void *list, size_t count, size_t size)
{
    if (count != 0 && (count & (count - 1)) != 0)
        return list;
    return reallocarray(list, count == 0 ? 1 : 2 * count, size);
}

static struct host_link describe_link(struct rtnl_link *link)
{
    const unsigned flags = rtnl_link_get_flags(link);
    const char *name = rtnl_link_get_name(link);
    const char *kind = rtnl_link_get_type(link);
    struct nl_addr *mac = rtnl_link_get_addr(link);
    struct host_link ret = {
        .ifindex = (unsigned)rtnl_link_get_ifindex(link),
        .master = (unsigned)rtnl_link_get_master(link),
        .mtu = rtnl_link_get_mtu(link),
        .up = (flags & IFF_UP) != 0,
        .carrier = (flags & IFF_LOWER_UP) != 0,
    };

    (void)snprintf(ret.name, sizeof(ret.name), "%s", name != NULL ? name : "?");
    (void)snprintf(ret.kind, sizeof(ret.kind), "%.15s", kind != NULL ? kind : "");
    if (rtnl_link_get_arptype(link) == ARPHRD_ETHER && mac != NULL &&
        nl_addr_get_len(mac) == KERNEL_MAC_BYTES) {
        ret.ethernet = true;
        memcpy(ret.mac, nl_addr_get_binary_addr(mac), KERNEL_MAC_BYTES);
    }
    return ret;
}

static int read_links(struct nl_sock *socket, struct host *host)
{
    struct nl_cache *cache;
    int result = rtnl_link_alloc_cache(socket, AF_UNSPEC, &cache);

    if (result < 0)
        return result;
    for (struct nl_object *item = nl_cache_get_first(cache); item != NULL;
         item = nl_cache_get_next(item)) {
        struct host_link *links = grow(host->links, host->link_count, sizeof(*links));

        if (links == NULL) {
            result = -NLE_NOMEM;
            break;
        }
        host->links = links;
        links[host->link_count++] = describe_link((struct rtnl_link *)item);
    }
    nl_cache_free(cache);
    return result;
}

static int take_address(struct nl_msg *message, void *arg)
{
    struct host *host = arg;
    struct kernel_address found;
    struct kernel_address *addresses;

    if (nlmsg_hdr(message)->nlmsg_type != RTM_NEWADDR ||
        !kernel_address_parse(nlmsg_hdr(message), &found))
        return NL_OK;
    addresses = grow(host->addresses, host->address_count, sizeof(*addresses));
    if (addresses == NULL)
        return NL_STOP;
    host->addresses = addresses;
    addresses[host->address_count++] = found;
    return NL_OK;
}

/* Sends a dump request and gives each answer to `take`: a host may have more routes than anybody
 * wants to keep. */
static int dump(struct nl_sock *socket, int type, int family, nl_recvmsg_msg_cb_t take, void *arg)
{
    struct nl_cb *callbacks = nl_cb_alloc(NL_CB_DEFAULT);
    int result = -NLE_NOMEM;

    if (callbacks != NULL) {
        (void)nl_cb_set(callbacks, NL_CB_VALID, NL_CB_CUSTOM, take, arg);
        result = nl_rtgen_request(socket, type, family, NLM_F_DUMP);
        if (result >= 0)
            result = nl_recvmsgs(socket, callbacks);
    }
    nl_cb_put(callbacks);
    return result;
}

/* libnl's own addresses do not have IFA_PROTO, our mark. */
static int read_addresses(struct nl_sock *socket, struct host *host)
{
    return dump(socket, RTM_GETADDR, AF_UNSPEC, take_address, host);
}

/* Default routes of the main table: the one with the lowest metric counts. */
static void note_default(struct rtnl_route *route, struct host *host, uint32_t *metric_min)
{
    struct rtnl_nexthop *hop = rtnl_route_nexthop_n(route, 0);
    unsigned *ifindex = rtnl_route_get_family(route) == AF_INET ? &host->default_ifindex_ipv4
                                                                : &host->default_ifindex_ipv6;

    if (hop == NULL || (*ifindex != 0 && rtnl_route_get_priority(route) >= *metric_min))
        return;
    *ifindex = (unsigned)rtnl_route_nh_get_ifindex(hop);
    *metric_min = rtnl_route_get_priority(route);
}

static bool is_of_main_table(struct rtnl_route *route)
{
    return rtnl_route_get_type(route) == RTN_UNICAST &&
           rtnl_route_get_table(route) == RT_TABLE_MAIN;
}

static bool is_default(struct rtnl_route *route)
{
    const struct nl_addr *network = rtnl_route_get_dst(route);

    return network == NULL || nl_addr_get_prefixlen(network) == 0;
}

/* To a network, through one interface, without a gateway? */
static bool read_connected(struct rtnl_route *route, struct local_route *ret)
{
    struct rtnl_nexthop *hop =
        rtnl_route_get_nnexthops(route) == 1 ? rtnl_route_nexthop_n(route, 0) : NULL;
    struct nl_addr *network = rtnl_route_get_dst(route);
    struct local_route found = {.metric = rtnl_route_get_priority(route)};

    if (hop == NULL || rtnl_route_nh_get_gateway(hop) != NULL ||
        rtnl_route_nh_get_ifindex(hop) <= 0 ||
        nl_addr_get_len(network) > sizeof(found.network.bytes))
        return false;
    found.ifindex = (unsigned)rtnl_route_nh_get_ifindex(hop);
    found.network.family = (uint8_t)nl_addr_get_family(network);
    found.network.prefix = (uint8_t)nl_addr_get_prefixlen(network);
    memcpy(found.network.bytes, nl_addr_get_binary_addr(network), nl_addr_get_len(network));
    *ret = found;
    return true;
}

bool host_connected_parse(struct nlmsghdr *message, struct local_route *ret)
{
    struct rtnl_route *route = NULL;
    bool result;

    /* Most routes of a router have a gateway, and libnl takes its time for each. */
    if (message->nlmsg_type != RTM_NEWROUTE ||
        nlmsg_find_attr(message, sizeof(struct rtmsg), RTA_GATEWAY) != NULL ||
        rtnl_route_parse(message, &route) < 0)
        return false;
    result = is_of_main_table(route) && !is_default(route) && read_connected(route, ret);
    rtnl_route_put(route);
    return result;
}

/* Keeps a connected route. */
static int note_connected(struct rtnl_route *route, struct host *host)
{
    struct local_route found;
    struct local_route *routes;

    if (!read_connected(route, &found))
        return 0;
    routes = grow(host->routes, host->route_count, sizeof(*routes));
    if (routes == NULL)
        return -NLE_NOMEM;
    host->routes = routes;
    routes[host->route_count++] = found;
    return 0;
}

struct routes {
    struct host *host;
    uint32_t metric_min; /* of the default routes */
};

static int take_route(struct nl_msg *message, void *arg)
{
    struct routes *routes = arg;
    struct rtnl_route *route = NULL;
    int result = 0;

    if (nlmsg_hdr(message)->nlmsg_type != RTM_NEWROUTE ||
        rtnl_route_parse(nlmsg_hdr(message), &route) < 0)
        return NL_OK;
    if (is_of_main_table(route)) {
        if (is_default(route))
            note_default(route, routes->host, &routes->metric_min);
        else
            result = note_connected(route, routes->host);
    }
    rtnl_route_put(route);
    return result < 0 ? NL_STOP : NL_OK;
}

static int read_routes(struct nl_sock *socket, int family, struct host *host)
{
    struct routes routes = {.host = host};

    return dump(socket, RTM_GETROUTE, family, take_route, &routes);
}

static bool is_neighbour(struct rtnl_neigh *neighbour, const struct conf_address *address)
{
    struct nl_addr *found = rtnl_neigh_get_dst(neighbour);
    const size_t length = address->family == AF_INET ? 4 : 16;

    return found != NULL && nl_addr_get_family(found) == address->family &&
           nl_addr_get_len(found) == length &&
           memcmp(nl_addr_get_binary_addr(found), address->bytes, length) == 0;
}

bool host_find_neighbour(const struct conf_address *address, uint8_t ret_mac[KERNEL_MAC_BYTES],
                         bool *ret_failed)
{
    struct nl_sock *socket = nl_socket_alloc();
    struct nl_cache *cache = NULL;
    bool found = false;

    *ret_failed = false;
    if (socket == NULL || nl_connect(socket, NETLINK_ROUTE) < 0 ||
        rtnl_neigh_alloc_cache(socket, &cache) < 0) {
        nl_socket_free(socket);
        return false;
    }
    for (struct nl_object *item = nl_cache_get_first(cache); item != NULL && !found;
         item = nl_cache_get_next(item)) {
        struct rtnl_neigh *neighbour = (struct rtnl_neigh *)item;
        struct nl_addr *mac = rtnl_neigh_get_lladdr(neighbour);
        const int state = rtnl_neigh_get_state(neighbour);

        if (!is_neighbour(neighbour, address))
            continue;
        *ret_failed = (state & (NUD_INCOMPLETE | NUD_FAILED)) != 0;
        found = !*ret_failed && mac != NULL && nl_addr_get_len(mac) == KERNEL_MAC_BYTES;
        if (found)
            memcpy(ret_mac, nl_addr_get_binary_addr(mac), KERNEL_MAC_BYTES);
    }
    nl_cache_free(cache);
    nl_socket_free(socket);
    return found;
}
