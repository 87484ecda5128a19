// SPDX-License-Identifier: MIT
/*
 * monitor: the kernel's news of links and addresses, as it happens.
 */
#ifndef KEEPER_MONITOR_H
#define KEEPER_MONITOR_H

#include "netlink.h"

struct monitor {
    struct nl_sock *socket;
};

/* From here on news queue up. 0 or -errno. */
int monitor_open(struct monitor *monitor);
void monitor_close(struct monitor *monitor);
int monitor_fd(const struct monitor *monitor);

/*
 * Calls `visit` for all news that have come; never waits. 0, or -ENOBUFS: the kernel had more than
 * the socket could take, something is missing, and only a dump tells what.
 */
int monitor_read(struct monitor *monitor, netlink_visit *visit, void *arg);

#endif
