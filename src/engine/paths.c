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

static void add_family(struct paths *paths, const struct conf *conf, uint8_t self, uint8_t peer,
                       uint8_t family)
{
    const struct conf_node *own = &conf->nodes[self];
    const struct conf_node *other = &conf->nodes[peer];
    unsigned own_count = count_of_family(own, family);
    unsigned other_count = count_of_family(other, family);

    for (unsigned n = 0; n < other_count && own_count > 0; n++) {
        struct path *path = &paths->items[peer][paths->count[peer]++];

        path->from = nth_of_family(own, family, own_count == other_count ? n : 0);
        path->to_length = paths_sockaddr(&other->addresses[nth_of_family(other, family, n)],
                                         conf->port, &path->to);
    }
}

void paths_init(struct paths *paths, const struct conf *conf, uint8_t self)
{
    memset(paths, 0, sizeof *paths);
    paths->node_count = conf->node_count;
    for (uint8_t peer = 0; peer < conf->node_count; peer++) {
        if (peer != self) {
            add_family(paths, conf, self, peer, AF_INET);
            add_family(paths, conf, self, peer, AF_INET6);
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
