// SPDX-License-Identifier: MIT
/*
 * netlink: requests to the kernel over rtnetlink. Batches of addresses to add, renew or remove,
 * each with the kernel's own answer; and dumps. Knows nothing of VIPs.
 */
#ifndef KEEPER_NETLINK_H
#define KEEPER_NETLINK_H

#include "conf/conf.h"

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nl_msg;
struct nl_sock;

/* The most messages in one batch. IPv6 gets fewer: the kernel's work per address grows with their
 * number, and deadlines wait as long as a batch takes. */
#define NETLINK_BATCH_IPV4 128
#define NETLINK_BATCH_IPV6 16

enum netlink_verb {
    NETLINK_ADD,    /* a new address; -EEXIST if it is there */
    NETLINK_RENEW,  /* set the lifetime of an address that is there, and repeat our mark */
    NETLINK_REMOVE, /* an address that is not there, or on no interface, counts as removed */
};

struct netlink_item {
    enum netlink_verb verb;
    const struct conf_address *address;
    unsigned ifindex;
    uint32_t valid_s; /* UINT32_MAX: for ever */
    int error;        /* the kernel's answer: 0 or -errno */
};

struct netlink {
    struct nl_sock *batch; /* requests that are answered at once */
    struct nl_sock *query; /* dumps */
    uint32_t sequence;
};

/* 0 or -errno. */
int netlink_open(struct netlink *netlink);
void netlink_close(struct netlink *netlink);

/*
 * Carries `count` items out, at most NETLINK_BATCH_IPV4, in their order and in one system call, and
 * fills the `error` of each. 0 if every item succeeded, else the first error. From `before_ns` on
 * nothing is done (-ETIME). The clock is looked at last of all, because no flag keeps the kernel
 * from making an address anew that is to be renewed and has ended meanwhile.
 */
int netlink_batch(struct netlink *netlink, struct netlink_item *items, size_t count,
                  uint64_t before_ns);

typedef void netlink_visit(void *arg, struct nlmsghdr *message);

/* Calls `visit` for each answer to a dump of addresses or links. 0 or -errno; -EINTR: something
 * changed meanwhile, and the answers may be incomplete. */
int netlink_dump_addresses(struct netlink *netlink, netlink_visit *visit, void *arg);
int netlink_dump_links(struct netlink *netlink, netlink_visit *visit, void *arg);
/* The unicast routes of the main table, of one family, through one interface (0: through any). */
int netlink_dump_routes(struct netlink *netlink, uint8_t family, unsigned ifindex,
                        netlink_visit *visit, void *arg);
/* The entry of one neighbour, if the kernel has one. */
int netlink_get_neighbour(struct netlink *netlink, const struct conf_address *address,
                          unsigned ifindex, netlink_visit *visit, void *arg);
/* The IPv6 settings of an interface, for kernel_forwarding_parse(). */
int netlink_get_ipv6_settings(struct netlink *netlink, unsigned ifindex, netlink_visit *visit,
                              void *arg);

#endif
