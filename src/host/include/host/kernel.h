// SPDX-License-Identifier: MIT
/*
 * kernel: what the kernel says over rtnetlink, as plain values, and the answer to one question:
 * did vipgossip put that address there?
 */
#ifndef HOST_KERNEL_H
#define HOST_KERNEL_H

#include "conf/conf.h"

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

/* Our mark: the value of IFA_PROTO of every address that vipgossip adds ("ip -d addr" shows it).
 * The kernel itself uses 1 to 3. */
#define KERNEL_MARK 0x76

#define KERNEL_MAC_BYTES 6

struct kernel_address {
    struct conf_address address;
    unsigned ifindex;
    uint8_t scope; /* RT_SCOPE_... */
    uint8_t mark;  /* IFA_PROTO; 0 if there is none */
    uint32_t flags;
    uint32_t valid_s; /* UINT32_MAX: for ever */
};

struct kernel_link {
    unsigned ifindex;
    char name[16];
    bool set_up; /* administratively */
    bool carrier;
    unsigned port_of; /* ifindex of the bridge, bond or team that it is a port of; 0: of none */
    bool ethernet;    /* `mac` is a MAC address */
    uint8_t mac[KERNEL_MAC_BYTES];
};

/* Reads RTM_NEWADDR or RTM_DELADDR. False: another family, or nothing that makes sense. */
bool kernel_address_parse(struct nlmsghdr *message, struct kernel_address *ret);

/* Reads RTM_NEWLINK or RTM_DELLINK. False: news about a bridge port, or nothing that makes sense.
 */
bool kernel_link_parse(struct nlmsghdr *message, struct kernel_link *ret);

/* A port's frames go to such a master: nothing of IP lives on it. A VRF's member is no port. */
bool kernel_is_switch(const char *kind);

/* Reads RTM_NEWNETCONF: does the interface forward packets? */
bool kernel_forwarding_parse(struct nlmsghdr *message);

/*
 * Is it an address that vipgossip added? By our mark. Kernels before 5.18 keep no mark; there an
 * address counts as ours if it looks like ours and has a lifetime, which nobody else's does. With
 * `kernel_lease` off nothing that an earlier run left is recognised on such a kernel.
 */
bool kernel_address_is_ours(const struct kernel_address *address, bool kernel_has_mark);

/* Does it look as vipgossip makes them: no source address for anybody (deprecated, and IPv4 with
 * scope host), and without a route? */
bool kernel_address_looks_ours(const struct kernel_address *address);

/* Does a kernel of this release ("5.10.0-28-amd64") keep IFA_PROTO? */
bool kernel_release_has_mark(const char *release);

#endif
