// SPDX-License-Identifier: MIT
/*
 * paths: from which own address a datagram goes to which address of a peer.
 *
 * Every address of a peer is one path, and every datagram to the peer travels all of them. Which
 * own address is a path's source is the rule of conf_is_path(). A family that this node does not
 * have is no path.
 */
#ifndef ENGINE_PATHS_H
#define ENGINE_PATHS_H

#include <netinet/in.h>

#include "conf/conf.h"
#include "core/limits.h"

union paths_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct path {
    uint8_t from; /* index of this node's addresses */
    socklen_t to_length;
    union paths_address to;
};

#define PATHS_PER_PEER_MAX (CONF_PATHS_MAX * CONF_PATHS_MAX)

struct paths {
    uint8_t node_count;
    uint8_t count[NODES_MAX];
    struct path items[NODES_MAX][PATHS_PER_PEER_MAX];
};

/* Socket address of `address` and a port of the host's byte order; its length. */
socklen_t paths_sockaddr(const struct conf_address *address, uint16_t port,
                         union paths_address *ret);

void paths_init(struct paths *paths, const struct conf *conf, uint8_t self);

/* Index of the peer that a path leads to at exactly this address and port, or -1. */
int paths_peer(const struct paths *paths, const union paths_address *address);

#endif
