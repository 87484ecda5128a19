// SPDX-License-Identifier: MIT
/*
 * vg-echo PORT NAME: answers each probe from the very address that it was sent to, so that a client
 * which asks a VIP hears the VIP. One socket for IPv6 and IPv4, bound to every address: it needs no
 * word when a VIP comes or goes.
 */
#include "probe.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CONTROL_BYTES 256

static int open_socket(uint16_t port)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    const int off = 0;
    const int on = 1;
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) < 0 ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on) < 0 ||
        bind(fd, (const struct sockaddr *)&any, sizeof any) < 0) {
        perror("vg-echo: socket");
        exit(1);
    }
    return fd;
}

/* The interface index in the packet information would pin the answer to the way in; only the
 * address is wanted. */
static void forget_interface(struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        struct in6_pktinfo info;

        if (c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_PKTINFO) {
            continue;
        }
        memcpy(&info, CMSG_DATA(c), sizeof info);
        info.ipi6_ifindex = 0;
        memcpy(CMSG_DATA(c), &info, sizeof info);
    }
}

static void answer_one(int fd, const char *name)
{
    struct probe probe;
    struct sockaddr_storage from;
    _Alignas(struct cmsghdr) char control[CONTROL_BYTES];
    struct iovec part = {.iov_base = &probe, .iov_len = sizeof probe};
    struct msghdr message = {.msg_name = &from,
                             .msg_namelen = sizeof from,
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t length = recvmsg(fd, &message, 0);

    if (length != (ssize_t)sizeof probe || probe.magic != PROBE_MAGIC) {
        return;
    }
    memset(probe.name, 0, sizeof probe.name);
    memcpy(probe.name, name, strnlen(name, PROBE_NAME_MAX));
    forget_interface(&message);
    /* EINVAL: the address went between question and answer; the question is lost, as it would be
     * for any service. */
    (void)sendmsg(fd, &message, 0);
}

int main(int argc, char **argv)
{
    int fd;

    if (argc != 3 || atoi(argv[1]) <= 0 || atoi(argv[1]) > UINT16_MAX) {
        (void)fprintf(stderr, "usage: vg-echo PORT NAME\n");
        return 2;
    }
    fd = open_socket((uint16_t)atoi(argv[1]));
    (void)printf("ready\n");
    (void)fflush(stdout);
    for (;;) {
        answer_one(fd, argv[2]);
    }
}
