// SPDX-License-Identifier: MIT
#include "monitor.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>

/* A thousand addresses that come or go at once have to fit. */
#define BUFFER_BYTES (4 * 1024 * 1024)

/* Datagrams in one call; a host that makes news faster than they are read must not hold the keeper
 * here. */
#define READS_MAX 8192

int monitor_open(struct monitor *monitor)
{
    const int bytes = BUFFER_BYTES;
    struct nl_sock *sock = nl_socket_alloc();

    *monitor = (struct monitor){.socket = sock};
    if (sock == NULL)
        return -ENOMEM;
    if (nl_connect(sock, NETLINK_ROUTE) < 0 ||
        nl_socket_add_memberships(sock, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
                                  RTNLGRP_NONE) < 0) {
        monitor_close(monitor);
        return -EIO;
    }
    if (setsockopt(monitor_fd(monitor), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
        (void)setsockopt(monitor_fd(monitor), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    return 0;
}

void monitor_close(struct monitor *monitor)
{
    nl_socket_free(monitor->socket);
    monitor->socket = NULL;
}

int monitor_fd(const struct monitor *monitor)
{
    return nl_socket_get_fd(monitor->socket);
}

int monitor_read(struct monitor *monitor, netlink_visit *visit, void *arg)
{
    const int fd = monitor_fd(monitor);
    _Alignas(struct nlmsghdr) char buffer[32768];
    bool lost = false;

    for (int reads = 0; reads < READS_MAX; reads++) {
        struct sockaddr_nl sender = {0};
        socklen_t sender_length = sizeof(sender);
        const ssize_t received = recvfrom(fd, buffer, sizeof(buffer), MSG_DONTWAIT,
                                          (struct sockaddr *)&sender, &sender_length);
        struct nlmsghdr *message = (struct nlmsghdr *)(void *)buffer;
        int left = (int)received;

        if (received < 0 && errno == ENOBUFS)
            lost = true; /* once per loss; what has queued up since can be read */
        else if (received <= 0 && errno != EINTR)
            break;
        if (received <= 0 || sender.nl_pid != 0)
            continue; /* only the kernel is believed */
        for (; nlmsg_ok(message, left); message = nlmsg_next(message, &left))
            visit(arg, message);
    }
    return lost ? -ENOBUFS : 0;
}
