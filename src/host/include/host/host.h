// SPDX-License-Identifier: MIT
/*
 * host: this host's links, addresses and connected networks, as the kernel tells them in one
 * moment. It only asks.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include "host/kernel.h"
#include "host/local.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host_link {
    unsigned ifindex;
    unsigned master; /* interface that this one is a port of, 0: none */
    uint32_t mtu;
    char name[16];
    char kind[16]; /* "bridge", "veth"...; empty for hardware */
    bool up;       /* set up */
    bool carrier;
    bool ethernet;
    uint8_t mac[KERNEL_MAC_BYTES]; /* if ethernet */
};

struct host {
    size_t link_count;
    size_t address_count;
    size_t route_count;
    struct host_link *links;
    struct kernel_address *addresses;
    struct local_route *routes;    /* connected: to a network, through one interface */
    unsigned default_ifindex_ipv4; /* of the default route with the lowest metric, 0: none */
    unsigned default_ifindex_ipv6;
};

/* 0, and `ret` is to be given to host_deinit(); or -errno, and it is empty. */
int host_read(struct host *ret);
void host_deinit(struct host *host);

/* The link, or NULL. It belongs to `host`. */
const struct host_link *host_find_link(const struct host *host, unsigned ifindex);
const struct host_link *host_find_link_named(const struct host *host, const char *name);

/* Reads RTM_NEWROUTE. False: it is not a connected route of the main table, or a default one. */
bool host_connected_parse(struct nlmsghdr *message, struct local_route *ret);

/* MAC that the kernel's neighbour table has for `address`. False: none, or the neighbour does not
 * answer; then `ret_failed` says whether it was asked in vain. */
bool host_find_neighbour(const struct conf_address *address, uint8_t ret_mac[KERNEL_MAC_BYTES],
                         bool *ret_failed);

#endif
