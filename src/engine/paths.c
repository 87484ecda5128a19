// SPDX-License-Identifier: MIT
#include "engine/paths.h"

#include <string.h>

socklen_t paths_sockaddr(const struct conf_address *address, uint16_t port,
                         union paths_address *ret)
{
    memset(ret, 0, sizeof *ret);
    if (address->family == AF_INET) {
        ret->v4.sin_family = AF_INET;
        ret->v4.sin_port = htons(port);
        memcpy(&ret->v4.sin_addr, address->bytes, sizeof ret->v4.sin_addr);
        return sizeof ret->v4;
    }
    ret->v6.sin6_family = AF_INET6;
    ret->v6.sin6_port = htons(port);
    memcpy(&ret->v6.sin6_addr, address->bytes, sizeof ret->v6.sin6_addr);
    return sizeof ret->v6;
}

void paths_init(struct paths *paths, const struct conf *conf, uint8_t self)
{
    const struct conf_node *own = &conf->nodes[self];

    memset(paths, 0, sizeof *paths);
    paths->node_count = conf->node_count;
    for (uint8_t p = 0; p < conf->node_count; p++) {
        const struct conf_node *peer = &conf->nodes[p];

        for (uint8_t to = 0; p != self && to < peer->address_count; to++) {
            for (uint8_t from = 0; from < own->address_count; from++) {
                if (conf_is_path(own, from, peer, to)) {
                    struct path *path = &paths->items[p][paths->count[p]++];

                    path->from = from;
                    path->to_length = paths_sockaddr(&peer->addresses[to], conf->port, &path->to);
                }
            }
        }
    }
}

static bool same_endpoint(const union paths_address *a, const union paths_address *b)
{
    if (a->any.sa_family != b->any.sa_family) {
        return false;
    }
    if (a->any.sa_family == AF_INET) {
        return a->v4.sin_port == b->v4.sin_port && a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
    }
    return a->v6.sin6_port == b->v6.sin6_port &&
           memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof a->v6.sin6_addr) == 0;
}

int paths_peer(const struct paths *paths, const union paths_address *address)
{
    for (int peer = 0; peer < paths->node_count; peer++) {
        for (unsigned i = 0; i < paths->count[peer]; i++) {
            if (same_endpoint(&paths->items[peer][i].to, address)) {
                return peer;
            }
        }
    }
    return -1;
}
