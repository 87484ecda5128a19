// SPDX-License-Identifier: MIT
#include "monitor.h"

#include "host/kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stddef.h>
#include <sys/socket.h>

/* Of the headers of Linux 5.18; older ones do not name it. */
#define ATTRIBUTE_IFA_PROTO 11

/* A thousand addresses that come or go at once have to fit. */
#define BUFFER_BYTES (4 * 1024 * 1024)

/* Datagrams in one call; a host that makes news faster than they are read must not hold the keeper
 * here. */
#define READS_MAX 8192

/* Offsets in a message about an address, and of the first byte of an attribute. */
#define TYPE_OFFSET       offsetof(struct nlmsghdr, nlmsg_type)
#define ATTRIBUTES_OFFSET (sizeof(struct nlmsghdr) + sizeof(struct ifaddrmsg))
#define VALUE_OFFSET      sizeof(struct nlattr)

/*
 * Each renewal of an address comes back as RTM_NEWADDR with our mark, a thousand per second
 * perhaps. What the keeper added it knows by the kernel's answer, so the kernel may keep these to
 * itself: they do not even wake the process. Kernels without marks let all through.
 */
static int ignore_own_renewals(int fd)
{
    struct sock_filter code[] = {
        /* The filter sees 16-bit numbers in network order, netlink writes them in the host's. */
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, TYPE_OFFSET),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWADDR), 0, 6),
        BPF_STMT(BPF_LDX | BPF_IMM, ATTRIBUTE_IFA_PROTO),
        BPF_STMT(BPF_LD | BPF_IMM, ATTRIBUTES_OFFSET),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_NLATTR)),
        BPF_STMT(BPF_MISC | BPF_TAX, 0), /* where the mark is; 0: there is none, and byte 4 */
        BPF_STMT(BPF_LD | BPF_B | BPF_IND, VALUE_OFFSET), /* is of the type, which is no mark */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, KERNEL_MARK, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno : 0;
}

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
    (void)ignore_own_renewals(monitor_fd(monitor)); /* else each is read and changes nothing */
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
