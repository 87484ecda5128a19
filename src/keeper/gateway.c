// SPDX-License-Identifier: MIT
#include "gateway.h"

#include "keeper/clock.h"

#include <linux/neighbour.h>
#include <netlink/addr.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <string.h>
#include <sys/socket.h>

#define USABLE_STATES \
    (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP)

struct search {
    unsigned ifindex;
    bool found;
    struct conf_address address;
    bool has_mac;
    uint8_t mac[FRAME_MAC_BYTES];
};

/* The first default route through the interface that has a gateway; the kernel lists the best
 * metric first. */
static void visit_route(void *arg, struct nlmsghdr *message)
{
    struct search *search = arg;
    struct rtnl_route *route = NULL;
    struct rtnl_nexthop *hop;
    struct nl_addr *gateway;

    if (search->found || rtnl_route_parse(message, &route) < 0)
        return;
    hop = rtnl_route_get_nnexthops(route) > 0 ? rtnl_route_nexthop_n(route, 0) : NULL;
    gateway = hop != NULL ? rtnl_route_nh_get_gateway(hop) : NULL;
    if (gateway != NULL && nl_addr_get_prefixlen(rtnl_route_get_dst(route)) == 0 &&
        rtnl_route_nh_get_ifindex(hop) == (int)search->ifindex &&
        nl_addr_get_len(gateway) <= sizeof(search->address.bytes)) {
        search->found = true;
        search->address.family = (uint8_t)nl_addr_get_family(gateway);
        memcpy(search->address.bytes, nl_addr_get_binary_addr(gateway), nl_addr_get_len(gateway));
    }
    rtnl_route_put(route);
}

static void visit_neighbour(void *arg, struct nlmsghdr *message)
{
    struct search *search = arg;
    struct rtnl_neigh *neighbour = NULL;
    struct nl_addr *mac;

    if (rtnl_neigh_parse(message, &neighbour) < 0)
        return;
    mac = rtnl_neigh_get_lladdr(neighbour);
    if (mac != NULL && nl_addr_get_len(mac) == FRAME_MAC_BYTES &&
        (rtnl_neigh_get_state(neighbour) & USABLE_STATES) != 0) {
        search->has_mac = true;
        memcpy(search->mac, nl_addr_get_binary_addr(mac), FRAME_MAC_BYTES);
    }
    rtnl_neigh_put(neighbour);
}

void gateway_refresh(struct gateway *gateway, struct netlink *netlink, uint8_t family,
                     unsigned ifindex)
{
    struct search search = {.ifindex = ifindex};
    const uint64_t now_ns = clock_now_ns();

    if (gateway->asked_ns != 0 && now_ns - gateway->asked_ns < CLOCK_NS_PER_S)
        return;
    gateway->asked_ns = now_ns;
    gateway->known = false;
    (void)netlink_dump_routes(netlink, family, ifindex, visit_route, &search);
    if (!search.found)
        return;
    (void)netlink_get_neighbour(netlink, &search.address, ifindex, visit_neighbour, &search);
    gateway->known = search.has_mac;
    memcpy(gateway->mac, search.mac, FRAME_MAC_BYTES);
}
