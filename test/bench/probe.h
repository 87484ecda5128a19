// SPDX-License-Identifier: MIT
/*
 * probe: the datagram between vg-ping and vg-echo, and what both need of the clock and of
 * addresses. Host byte order: both ends run on one machine, in two network namespaces.
 */
#ifndef BENCH_PROBE_H
#define BENCH_PROBE_H

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define PROBE_MAGIC    0x76677069U
#define PROBE_NAME_MAX 15
#define NS_PER_S       INT64_C(1000000000)
#define NS_PER_MS      INT64_C(1000000)

struct probe {
    uint32_t magic;
    uint32_t seq;
    char name[PROBE_NAME_MAX + 1]; /* empty in the question; who answered, in the answer */
};

static inline int64_t probe_now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* "10.0.0.1" or "fd00::1" with a port into `ret`; its length, or 0 if `text` is no address. */
static inline socklen_t probe_address(const char *text, uint16_t port, struct sockaddr_storage *ret)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

    memset(ret, 0, sizeof *ret);
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        memcpy(ret, &v4, sizeof v4);
        return sizeof v4;
    }
    if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1) {
        memcpy(ret, &v6, sizeof v6);
        return sizeof v6;
    }
    return 0;
}

#endif
