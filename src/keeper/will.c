// SPDX-License-Identifier: MIT
#include "keeper/will.h"

#include "log/log.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One lost datagram costs the peers a detection time; three lost ones are a dead network. */
#define ROUNDS 3

/* Between two rounds: T/8, but this process has to end soon and be started anew. */
#define SPACING_NS_MAX UINT64_C(100000000)
#define NS_PER_MS      UINT64_C(1000000)

union socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static socklen_t fill_address(const struct conf_address *address, uint16_t port,
                              union socket_address *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->any.sa_family = address->family;
    if (address->family == AF_INET) {
        ret->v4.sin_port = htons(port);
        memcpy(&ret->v4.sin_addr, address->bytes, sizeof(ret->v4.sin_addr));
        return sizeof(ret->v4);
    }
    ret->v6.sin6_port = htons(port);
    memcpy(&ret->v6.sin6_addr, address->bytes, sizeof(ret->v6.sin6_addr));
    return sizeof(ret->v6);
}

int will_open(struct will *will, const struct conf *conf, unsigned self)
{
    const struct conf_node *own = &conf->nodes[self];

    will->conf = conf;
    will->self = self;
    for (unsigned i = 0; i < CONF_PATHS_MAX; i++)
        will->fds[i] = -1;
    for (unsigned i = 0; i < own->address_count; i++) {
        will->fds[i] =
            socket(own->addresses[i].family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (will->fds[i] < 0 && errno != EAFNOSUPPORT)
            return -errno;
    }
    return 0;
}

void will_close(struct will *will)
{
    for (unsigned i = 0; will->conf != NULL && i < CONF_PATHS_MAX; i++)
        if (will->fds[i] >= 0)
            (void)close(will->fds[i]);
    will->conf = NULL;
}

void will_deposit(struct will *will, const struct ipc_will *one)
{
    will->deposits[one->node] = *one;
}

void will_rename(struct will *will, const struct conf_change *change, unsigned node_count,
                 unsigned self)
{
    struct ipc_will former[CONF_NODES_MAX];

    memcpy(former, will->deposits, sizeof(former));
    memset(will->deposits, 0, sizeof(will->deposits));
    for (unsigned node = 0; node < node_count; node++)
        if (change->node_was[node] != CONF_NEW)
            will->deposits[node] = former[change->node_was[node]];
    will->self = self;
}

/* The engine's sockets closed when it ended, so its addresses and port are free. Where they are not
 * (another program was faster) the kernel chooses: no receiver looks at it, a firewall may. */
static void bind_sockets(const struct will *will)
{
    const struct conf_node *own = &will->conf->nodes[will->self];

    for (unsigned i = 0; i < own->address_count; i++) {
        union socket_address from;
        const socklen_t length = fill_address(&own->addresses[i], will->conf->port, &from);

        if (will->fds[i] >= 0 && bind(will->fds[i], &from.any, length) < 0)
            log_debug("last will: bind: %s", strerror(errno));
    }
}

/* To one node, over every path. Returns whether the kernel took it on one of them. */
static bool send_to(const struct will *will, unsigned node)
{
    const struct conf_node *own = &will->conf->nodes[will->self];
    const struct conf_node *peer = &will->conf->nodes[node];
    const struct ipc_will *deposit = &will->deposits[node];
    bool taken = false;

    for (unsigned to = 0; to < peer->address_count; to++) {
        union socket_address target;
        const socklen_t length = fill_address(&peer->addresses[to], will->conf->port, &target);

        for (unsigned from = 0; from < own->address_count; from++)
            if (will->fds[from] >= 0 && conf_is_path(own, from, peer, to) &&
                sendto(will->fds[from], deposit->bytes, deposit->length, MSG_NOSIGNAL, &target.any,
                       length) == deposit->length)
                taken = true;
    }
    return taken;
}

unsigned will_send(const struct will *will)
{
    uint64_t spacing_ns = will->conf->interval_ns / 8;
    unsigned told = 0;

    bind_sockets(will);
    if (spacing_ns > SPACING_NS_MAX)
        spacing_ns = SPACING_NS_MAX;
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned taken = 0;

        for (unsigned node = 0; node < will->conf->node_count; node++)
            if (will->deposits[node].length != 0 && send_to(will, node))
                taken++;
        if (taken > told)
            told = taken;
        if (told > 0 && round + 1 < ROUNDS)
            (void)poll(NULL, 0, (int)(spacing_ns / NS_PER_MS));
    }
    return told;
}
