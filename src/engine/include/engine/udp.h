// SPDX-License-Identifier: MIT
/*
 * udp: the sockets that heartbeats travel, one per own address. It moves bytes and knows nothing of
 * what is in them.
 *
 * The sockets are read with recvmmsg under uv_poll rather than through uv_udp, so that one function
 * serves both callers: the loop when something has come, and the timer, which must not judge a
 * peer's silence before it has read what the peer said.
 */
#ifndef ENGINE_UDP_H
#define ENGINE_UDP_H

#include <uv.h>

#include "engine/paths.h"
#include "wire/wire.h"

#define UDP_BATCH 16 /* datagrams per system call */

struct udp_handlers {
    void (*datagram)(void *arg, const uint8_t *bytes, size_t length);
    /* ICMP: the peer's port is closed. */
    void (*unreachable)(void *arg, uint8_t peer);
    void *arg;
};

struct udp_socket {
    uv_poll_t poll;
    struct udp *udp;
    int fd; /* -1: not bound yet */
    bool warned;
};

struct udp_counters {
    uint64_t received;
    uint64_t receive_errors;
    uint64_t sent;
    uint64_t send_errors;
};

struct udp {
    uv_loop_t *loop;
    const struct conf *conf;
    uint8_t self;
    struct udp_handlers handlers;
    struct udp_counters counters;
    struct paths paths;
    uint8_t socket_count;
    struct udp_socket sockets[CONF_PATHS_MAX];
    uint8_t buffers[UDP_BATCH][DATAGRAM_MAX + 1]; /* one more, to see that one is too long */
};

/* Prepares `udp`, no socket yet; warns of peers that no path leads to. `conf` must outlive it, and
 * `udp` must live until the loop has run after udp_close(). */
void udp_init(struct udp *udp, uv_loop_t *loop, const struct conf *conf, uint8_t self,
              const struct udp_handlers *handlers);

/* The peers of the configuration are others; the own addresses and the port are not. */
void udp_reconfigure(struct udp *udp, uint8_t self);

/* Opens the sockets that are not open yet. An address that is not there (yet) costs one warning;
 * call it again later. Returns how many are open. */
unsigned udp_bind(struct udp *udp);

/* Reads all sockets until they are empty, or `max` datagrams. ICMP errors can wait for the loop:
 * they never are what a judgement hangs on. */
void udp_drain(struct udp *udp, unsigned max);

/* Sends to the peer on every path. True if the kernel took it on one of them at least. */
bool udp_send(struct udp *udp, uint8_t peer, const struct datagram *datagram);

void udp_close(struct udp *udp);

#endif
