// SPDX-License-Identifier: MIT
#include "host/kernel.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Of the headers of Linux 5.18; older ones do not name it. */
#define ATTRIBUTE_IFA_PROTO 11

static uint32_t read_lifetime(struct nlattr *attribute)
{
    struct ifa_cacheinfo info;

    if (attribute == NULL || nla_len(attribute) < (int)sizeof(info))
        return UINT32_MAX;
    memcpy(&info, nla_data(attribute), sizeof(info));
    return info.ifa_valid;
}

bool kernel_address_parse(struct nlmsghdr *message, struct kernel_address *ret)
{
    struct nlattr *attributes[ATTRIBUTE_IFA_PROTO + 1] = {NULL};
    struct kernel_address found = {0};
    const struct nlattr *bytes;
    struct ifaddrmsg header;
    int length;

    if (nlmsg_parse(message, sizeof(header), attributes, ATTRIBUTE_IFA_PROTO, NULL) < 0)
        return false;
    memcpy(&header, nlmsg_data(message), sizeof(header));
    if (header.ifa_family != AF_INET && header.ifa_family != AF_INET6)
        return false;
    length = header.ifa_family == AF_INET ? 4 : 16;
    /* On a point-to-point link IFA_ADDRESS is the other end's. */
    bytes = attributes[IFA_LOCAL] != NULL ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
    if (bytes == NULL || nla_len(bytes) != length)
        return false;
    found.address.family = header.ifa_family;
    found.address.prefix = header.ifa_prefixlen;
    memcpy(found.address.bytes, nla_data(bytes), (size_t)length);
    found.ifindex = header.ifa_index;
    found.scope = header.ifa_scope;
    found.flags = attributes[IFA_FLAGS] != NULL && nla_len(attributes[IFA_FLAGS]) >= 4
                      ? nla_get_u32(attributes[IFA_FLAGS])
                      : header.ifa_flags;
    if (attributes[ATTRIBUTE_IFA_PROTO] != NULL && nla_len(attributes[ATTRIBUTE_IFA_PROTO]) >= 1)
        found.mark = nla_get_u8(attributes[ATTRIBUTE_IFA_PROTO]);
    found.valid_s = read_lifetime(attributes[IFA_CACHEINFO]);
    *ret = found;
    return true;
}

bool kernel_is_switch(const char *kind)
{
    static const char *const kinds[] = {"bridge", "bond", "team", "openvswitch"};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kind, kinds[i]) == 0)
            return true;
    return false;
}

/* The master of a port says in it what kind it is. */
static bool is_port(struct nlattr *info)
{
    struct nlattr *attributes[IFLA_INFO_SLAVE_KIND + 1] = {NULL};
    char kind[16];

    if (info == NULL || nla_parse_nested(attributes, IFLA_INFO_SLAVE_KIND, info, NULL) < 0 ||
        attributes[IFLA_INFO_SLAVE_KIND] == NULL)
        return false;
    (void)nla_strlcpy(kind, attributes[IFLA_INFO_SLAVE_KIND], sizeof(kind));
    return kernel_is_switch(kind);
}

bool kernel_link_parse(struct nlmsghdr *message, struct kernel_link *ret)
{
    struct nlattr *attributes[IFLA_LINKINFO + 1] = {NULL};
    struct kernel_link found = {0};
    struct ifinfomsg header;

    if (nlmsg_parse(message, sizeof(header), attributes, IFLA_LINKINFO, NULL) < 0)
        return false;
    memcpy(&header, nlmsg_data(message), sizeof(header));
    if (header.ifi_family != AF_UNSPEC || header.ifi_index <= 0 || attributes[IFLA_IFNAME] == NULL)
        return false;
    found.ifindex = (unsigned)header.ifi_index;
    if (nla_strlcpy(found.name, attributes[IFLA_IFNAME], sizeof(found.name)) >= sizeof(found.name))
        return false;
    found.set_up = (header.ifi_flags & IFF_UP) != 0 && message->nlmsg_type == RTM_NEWLINK;
    found.carrier = (header.ifi_flags & IFF_LOWER_UP) != 0;
    if (is_port(attributes[IFLA_LINKINFO]) && attributes[IFLA_MASTER] != NULL &&
        nla_len(attributes[IFLA_MASTER]) >= 4)
        found.port_of = nla_get_u32(attributes[IFLA_MASTER]);
    if (header.ifi_type == ARPHRD_ETHER && attributes[IFLA_ADDRESS] != NULL &&
        nla_len(attributes[IFLA_ADDRESS]) == KERNEL_MAC_BYTES) {
        found.ethernet = true;
        memcpy(found.mac, nla_data(attributes[IFLA_ADDRESS]), KERNEL_MAC_BYTES);
    }
    *ret = found;
    return true;
}

bool kernel_address_looks_ours(const struct kernel_address *address)
{
    if (!(address->flags & IFA_F_DEPRECATED) || !(address->flags & IFA_F_NOPREFIXROUTE))
        return false;
    return address->address.family == AF_INET6 || address->scope == RT_SCOPE_HOST;
}

bool kernel_forwarding_parse(struct nlmsghdr *message)
{
    struct nlattr *attributes[NETCONFA_FORWARDING + 1] = {NULL};

    if (message->nlmsg_type != RTM_NEWNETCONF ||
        nlmsg_parse(message, sizeof(struct netconfmsg), attributes, NETCONFA_FORWARDING, NULL) < 0)
        return false;
    return attributes[NETCONFA_FORWARDING] != NULL &&
           nla_len(attributes[NETCONFA_FORWARDING]) >= 4 &&
           nla_get_s32(attributes[NETCONFA_FORWARDING]) != 0;
}

bool kernel_address_is_ours(const struct kernel_address *address, bool kernel_has_mark)
{
    if (kernel_has_mark)
        return address->mark == KERNEL_MARK;
    return address->valid_s != UINT32_MAX && kernel_address_looks_ours(address);
}

bool kernel_release_has_mark(const char *release)
{
    char *end;
    const unsigned long major = strtoul(release, &end, 10);
    const unsigned long minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;

    /* Who does not say a number is taken for a new one. */
    return end == release || major > 5 || (major == 5 && minor >= 18);
}
