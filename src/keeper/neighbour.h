// SPDX-License-Identifier: MIT
/*
 * neighbour: does a neighbour answer? That takes packet sockets, which nobody without CAP_NET_RAW
 * can open, and which the checker, with libcurl and other people's programs in it, shall not have.
 * So they are opened before the supervisor gives up its rights, and the supervisor, which runs
 * nothing foreign, puts the checker's questions on the wire: gateway addresses of the configuration
 * and nothing else.
 */
#ifndef KEEPER_NEIGHBOUR_H
#define KEEPER_NEIGHBOUR_H

#include "conf/conf.h"

#include <poll.h>

#define NEIGHBOUR_SOURCES 3

struct neighbour {
    const struct conf *conf;
    int send_fd;       /* -1: there is no gateway check */
    int listen_fds[2]; /* IPv4, IPv6; any interface */
    int fd;            /* our end of the socketpair with the checker */
    int checker_fd;    /* its end */
};

/* While there is CAP_NET_RAW. Opens nothing if no check is for a gateway. 0 or -errno. */
int neighbour_open(struct neighbour *neighbour, const struct conf *conf);

/* What to poll. */
void neighbour_sources(const struct neighbour *neighbour,
                       struct pollfd sources[static NEIGHBOUR_SOURCES]);
/* Asks what the checker wants to be asked, and tells it who has answered. */
void neighbour_serve(const struct neighbour *neighbour);

#endif
