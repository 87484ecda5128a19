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

static unsigned count_of_family(const struct conf_node *node, uint8_t family)
{
    unsigned count = 0;

    for (unsigned i = 0; i < node->address_count; i++) {
        count += node->addresses[i].family == family ? 1 : 0;
    }
    return count;
}

/* Index of the n-th address of the family; there is one. */
static uint8_t nth_of_family(const struct conf_node *node, uint8_t family, unsigned n)
{
    uint8_t i = 0;

    while (node->addresses[i].family != family || n-- > 0) {
        i++;
    }
    return i;
}

struct ends {
    const struct conf_node *own;
    const struct conf_node *peer;
    uint8_t family;
};

/* The path from the n-th own address of the family to the m-th of the peer. */
static struct path path_between(const struct ends *ends, unsigned n, unsigned m, uint16_t port)
{
    struct path path = {.from = nth_of_family(ends->own, ends->family, n)};
    uint8_t to = nth_of_family(ends->peer, ends->family, m);

    path.to_length = paths_sockaddr(&ends->peer->addresses[to], port, &path.to);
    return path;
}

static void add_family(struct paths *paths, const struct conf *conf, uint8_t peer,
                       const struct ends *ends)
{
    unsigned own_count = count_of_family(ends->own, ends->family);
    unsigned peer_count = count_of_family(ends->peer, ends->family);

    for (unsigned m = 0; m < peer_count; m++) {
        for (unsigned n = 0; n < own_count; n++) {
            if (own_count != peer_count || n == m) {
                paths->items[peer][paths->count[peer]++] = path_between(ends, n, m, conf->port);
            }
        }
    }
}

void paths_init(struct paths *paths, const struct conf *conf, uint8_t self)
{
    memset(paths, 0, sizeof *paths);
    paths->node_count = conf->node_count;
    for (uint8_t peer = 0; peer < conf->node_count; peer++) {
        if (peer != self) {
            struct ends ends = {&conf->nodes[self], &conf->nodes[peer], AF_INET};

            add_family(paths, conf, peer, &ends);
            ends.family = AF_INET6;
            add_family(paths, conf, peer, &ends);
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
