// SPDX-License-Identifier: MIT
/*
 * local: which node this host is, by its addresses, and which interface a VIP belongs to, by the
 * connected routes. Pure: the lists come from outside.
 */
#ifndef HOST_LOCAL_H
#define HOST_LOCAL_H

#include "conf/conf.h"

#include <stddef.h>
#include <stdint.h>

/* A network that is directly reachable. */
struct local_route {
    struct conf_address network; /* with its prefix */
    unsigned ifindex;
    uint32_t metric;
};

/* What local_find_self() found instead of one node. */
#define LOCAL_SELF_NONE    (-1)
#define LOCAL_SELF_SEVERAL (-2)

/* Index of the one node that has an address among `addresses`, or LOCAL_SELF_*. */
int local_find_self(const struct conf *conf, const struct conf_address *addresses, size_t count);

/* Has the node an address among `addresses`? */
bool local_has_node(const struct conf_node *node, const struct conf_address *addresses,
                    size_t count);

/*
 * The connected route that contains `address`: the longest prefix wins, then the lower metric, then
 * the first. NULL: there is none. A default route contains nothing here, and neither does the
 * link-local network of IPv6, which every interface has.
 */
const struct local_route *local_find_route(const struct conf_address *address,
                                           const struct local_route *routes, size_t count);

/* Its interface index, 0: there is none. */
unsigned local_find_interface(const struct conf_address *address, const struct local_route *routes,
                              size_t count);

/* "10.0.0.1, 10.0.0.2" into `text`, cut with "..." if it is too short; "none" for an empty list. */
void local_list_addresses(const struct conf_address *addresses, size_t count, char *text,
                          size_t size);

#endif
