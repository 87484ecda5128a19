// SPDX-License-Identifier: MIT
/*
 * vg-watch NAME...: reports every address that comes or goes in the network namespaces
 * /run/netns/NAME, first what is there, then "ready", then each change as it happens, one line
 * each:
 *
 *   NANOSECONDS NAME add|del ADDRESS/PREFIX valid=SECONDS scope=N proto=N
 *
 * Nanoseconds are CLOCK_MONOTONIC when the kernel's event was seen. valid=-1 is for ever. One
 * process with one socket per namespace: times of different namespaces compare. What was seen at
 * one look has one time, because nobody knows its order: a witness that was late must not see two
 * holders where there was a handover. Ends when its standard input does.
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NAMESPACES_MAX 16
#define SOCKET_BYTES   (16 * 1024 * 1024)
#define READ_BYTES     (256 * 1024)
#define REALTIME_PRIO  11
#define READS_MAX      64 /* of one namespace at one look */
#define VALID_FOREVER  UINT32_MAX

static int fail(const char *what, const char *name)
{
    (void)fprintf(stderr, "vg-watch: %s: %s: %s\n", name, what, strerror(errno));
    exit(1);
}

/* A netlink socket stays in the namespace in which it was made, wherever the process goes next. */
static int open_socket(const char *name)
{
    struct sockaddr_nl local = {.nl_family = AF_NETLINK,
                                .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
    const int bytes = SOCKET_BYTES;
    char path[300];
    int namespace_fd;
    int fd;

    (void)snprintf(path, sizeof path, "/run/netns/%s", name);
    namespace_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (namespace_fd < 0 || setns(namespace_fd, CLONE_NEWNET) < 0) {
        return fail("enter", name);
    }
    (void)close(namespace_fd);
    fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&local, sizeof local) < 0) {
        return fail("netlink", name);
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
    return fd;
}

static void print_address(int64_t at_ns, const char *name, const struct nlmsghdr *header)
{
    struct nlattr *attributes[IFA_MAX + 1] = {0};
    struct ifaddrmsg message;
    struct ifa_cacheinfo cache = {.ifa_valid = VALID_FOREVER};
    const struct nlattr *address;
    char text[INET6_ADDRSTRLEN];

    memcpy(&message, nlmsg_data(header), sizeof message);
    /* libnl's signature lacks a const; it does not write. */
    if (nlmsg_parse((struct nlmsghdr *)(uintptr_t)header, sizeof message, attributes, IFA_MAX,
                    NULL) < 0) {
        return;
    }
    address = attributes[IFA_LOCAL] != NULL ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
    if (address == NULL ||
        inet_ntop(message.ifa_family, nla_data(address), text, sizeof text) == NULL) {
        return;
    }
    if (attributes[IFA_CACHEINFO] != NULL) {
        memcpy(&cache, nla_data(attributes[IFA_CACHEINFO]), sizeof cache);
    }
    (void)printf("%lld %s %s %s/%u valid=%lld scope=%u proto=%u\n", (long long)at_ns, name,
                 header->nlmsg_type == RTM_NEWADDR ? "add" : "del", text, message.ifa_prefixlen,
                 cache.ifa_valid == VALID_FOREVER ? -1LL : (long long)cache.ifa_valid,
                 message.ifa_scope,
                 attributes[IFA_PROTO] != NULL ? nla_get_u8(attributes[IFA_PROTO]) : 0U);
}

/* Reads one datagram of events. 1 when it ended a dump, 0 when not, -1 when there was none. */
static int read_events(int fd, const char *name, int64_t at_ns)
{
    static _Alignas(struct nlmsghdr) char buffer[READ_BYTES];
    ssize_t length = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    const struct nlmsghdr *header = (const void *)buffer;
    int done = 0;

    if (length < 0) {
        if (errno == ENOBUFS) {
            (void)fail("events were lost", name);
        }
        return -1;
    }
    for (int left = (int)length; nlmsg_ok(header, left);
         header = nlmsg_next((struct nlmsghdr *)(uintptr_t)header, &left)) {
        if (header->nlmsg_type == NLMSG_DONE) {
            done = 1;
        } else if (header->nlmsg_type == RTM_NEWADDR || header->nlmsg_type == RTM_DELADDR) {
            print_address(at_ns, name, header);
        }
    }
    return done;
}

static void dump(int fd, const char *name)
{
    struct {
        struct nlmsghdr header;
        struct ifaddrmsg message;
    } request = {.header = {.nlmsg_len = sizeof request,
                            .nlmsg_type = RTM_GETADDR,
                            .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    int done = 0;

    if (send(fd, &request, sizeof request, 0) < 0) {
        (void)fail("dump", name);
    }
    while (done != 1 && poll(&poll_fd, 1, 2000) == 1) {
        done = read_events(fd, name, probe_now_ns());
    }
}

int main(int argc, char **argv)
{
    static struct pollfd fds[NAMESPACES_MAX + 1];
    const struct sched_param priority = {.sched_priority = REALTIME_PRIO};
    int count = argc - 1;

    if (count < 1 || count > NAMESPACES_MAX) {
        (void)fprintf(stderr, "usage: vg-watch NAMESPACE...\n");
        return 2;
    }
    (void)sched_setscheduler(0, SCHED_RR, &priority);
    for (int i = 0; i < count; i++) {
        fds[i] = (struct pollfd){.fd = open_socket(argv[i + 1]), .events = POLLIN};
        dump(fds[i].fd, argv[i + 1]);
    }
    fds[count] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
    (void)printf("ready\n");
    (void)fflush(stdout);
    while (poll(fds, (nfds_t)count + 1, -1) > 0 && fds[count].revents == 0) {
        int64_t at_ns = probe_now_ns();

        for (int i = 0; i < count; i++) {
            for (int n = 0; n < READS_MAX && fds[i].revents != 0 &&
                            read_events(fds[i].fd, argv[i + 1], at_ns) >= 0;
                 n++) {
            }
        }
        (void)fflush(stdout);
    }
    return 0;
}
