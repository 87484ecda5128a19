// SPDX-License-Identifier: MIT
#include "host/local.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

bool local_has_node(const struct conf_node *node, const struct conf_address *addresses,
                    size_t count)
{
    for (unsigned path = 0; path < node->address_count; path++)
        for (size_t i = 0; i < count; i++)
            if (conf_address_equal(&node->addresses[path], &addresses[i]))
                return true;
    return false;
}

int local_find_self(const struct conf *conf, const struct conf_address *addresses, size_t count)
{
    int self = LOCAL_SELF_NONE;

    for (int node = 0; node < conf->node_count; node++) {
        if (!local_has_node(&conf->nodes[node], addresses, count))
            continue;
        if (self != LOCAL_SELF_NONE)
            return LOCAL_SELF_SEVERAL;
        self = node;
    }
    return self;
}

static bool route_contains(const struct local_route *route, const struct conf_address *address)
{
    const unsigned bytes = route->network.prefix / 8;
    const unsigned bits = route->network.prefix % 8;

    if (route->network.family != address->family || route->network.prefix == 0)
        return false;
    if (address->family == AF_INET6 && route->network.bytes[0] == 0xfe &&
        (route->network.bytes[1] & 0xc0) == 0x80)
        return false;
    if (memcmp(route->network.bytes, address->bytes, bytes) != 0)
        return false;
    return bits == 0 || (route->network.bytes[bytes] ^ address->bytes[bytes]) >> (8 - bits) == 0;
}

static bool route_is_better(const struct local_route *route, const struct local_route *than)
{
    if (route->network.prefix != than->network.prefix)
        return route->network.prefix > than->network.prefix;
    return route->metric < than->metric;
}

const struct local_route *local_find_route(const struct conf_address *address,
                                           const struct local_route *routes, size_t count)
{
    const struct local_route *best = NULL;

    for (size_t i = 0; i < count; i++)
        if (route_contains(&routes[i], address) &&
            (best == NULL || route_is_better(&routes[i], best)))
            best = &routes[i];
    return best;
}

unsigned local_find_interface(const struct conf_address *address, const struct local_route *routes,
                              size_t count)
{
    const struct local_route *best = local_find_route(address, routes, count);

    return best == NULL ? 0 : best->ifindex;
}

void local_list_addresses(const struct conf_address *addresses, size_t count, char *text,
                          size_t size)
{
    char address[CONF_ADDRESS_TEXT];
    size_t used = 0;

    (void)snprintf(text, size, "none");
    for (size_t i = 0; i < count; i++) {
        const int length = snprintf(text + used, size - used, "%s%s", i == 0 ? "" : ", ",
                                    conf_address_text(&addresses[i], false, address));
        if (length < 0 || (size_t)length >= size - used) {
            if (size > 4)
                memcpy(text + size - 4, "...", 4);
            return;
        }
        used += (size_t)length;
    }
}
