// SPDX-License-Identifier: MIT
/*
 * Of the doctor: the settings that guides for virtual addresses like to change, and what they mean
 * for an address of /32 and scope host.
 */
#include "doctor.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define IPV4_CONF "/proc/sys/net/ipv4/conf/%s/%s"

/* What counts for an interface: the larger of its own and that of all. -1: cannot be read. */
static long read_conf(const struct doctor *doctor, const char *interface, const char *name)
{
    const long own = doctor_read_number(doctor, IPV4_CONF, interface, name);
    const long all = doctor_read_number(doctor, IPV4_CONF, "all", name);

    return own > all ? own : all;
}

/* Nothing to look at without an IPv4 VIP whose interface is known. */
static void finish(const struct doctor *doctor, struct doctor_line *line)
{
    if (line->result != DOCTOR_SKIP || line->detail[0] != '\0')
        return;
    if (!doctor_has_family(doctor, AF_INET))
        doctor_say(line, DOCTOR_OK, "no VIP is an IPv4 address");
    else
        doctor_say(line, DOCTOR_SKIP, "the interface of no VIP is known");
}

/* Is the address in a network that the interface has an address of? */
static bool is_local_net(const struct doctor *doctor, const struct conf_vip *vip,
                         const char *interface)
{
    const struct host *host = &doctor->host;
    const struct host_link *link = host_find_link_named(host, interface);

    return link != NULL && local_find_interface(&doctor->conf.addresses[vip->address_first],
                                                host->routes, host->route_count) == link->ifindex;
}

static bool all_local(const struct doctor *doctor, const char *interface)
{
    char name[16];

    for (unsigned i = 0; i < doctor->conf.vip_count; i++) {
        doctor_vip_interface(doctor, &doctor->conf.vips[i], name);
        if (strcmp(name, interface) == 0 && !is_local_net(doctor, &doctor->conf.vips[i], name))
            return false;
    }
    return true;
}

/* net/ipv4/arp.c, arp_ignore(): 3 wants more than scope host, which a VIP has; 2 wants the asker in
 * a network of the interface that the VIP is in as well. */
static void visit_arp_ignore(const struct doctor *doctor, const char *interface,
                             struct doctor_line *line)
{
    const long value = read_conf(doctor, interface, "arp_ignore");
    char name[16];

    doctor_sysctl_name(interface, name);
    if (value < 0) {
        doctor_say(line, DOCTOR_SKIP, "arp_ignore of %s cannot be read", interface);
    } else if (value == 3 || value >= 8 || (value == 2 && !all_local(doctor, interface))) {
        doctor_say(line, DOCTOR_FAIL,
                   "arp_ignore of %s is %ld: this host would not answer when asked for a VIP",
                   interface, value);
        doctor_remedy(
            line,
            "Type 'sysctl -w net.ipv4.conf.%s.arp_ignore=1 net.ipv4.conf.all.arp_ignore=0'"
            ", and mend the file in /etc/sysctl.d that sets it",
            name);
    } else {
        doctor_say(line, DOCTOR_OK, "%ld on %s: a VIP there is answered for", value, interface);
    }
    if (read_conf(doctor, interface, "drop_gratuitous_arp") > 0) {
        doctor_say(line, DOCTOR_WARN,
                   "drop_gratuitous_arp is on for %s: after a takeover this host goes on sending "
                   "to the former holder",
                   interface);
        doctor_remedy(line,
                      "Type 'sysctl -w net.ipv4.conf.%s.drop_gratuitous_arp=0 "
                      "net.ipv4.conf.all.drop_gratuitous_arp=0'",
                      name);
    }
}

/* A VIP that belongs on `interface`, and whose network another interface is in, too; or NULL. */
static const struct conf_vip *find_shared(const struct doctor *doctor, const char *interface,
                                          const struct local_route *route)
{
    const struct host_link *link = host_find_link_named(&doctor->host, interface);
    char name[16];

    for (unsigned i = 0; i < doctor->conf.vip_count; i++) {
        const struct conf_vip *vip = &doctor->conf.vips[i];

        doctor_vip_interface(doctor, vip, name);
        if (strcmp(name, interface) != 0 || link == NULL || link->ifindex == route->ifindex)
            continue;
        for (unsigned j = 0; j < vip->address_count; j++)
            if (local_find_route(&doctor->conf.addresses[vip->address_first + j], route, 1) != NULL)
                return vip;
    }
    return NULL;
}

/* Linux answers on each interface for all addresses of the host, unless it is told otherwise. The
 * others know the MAC addresses of the VIPs' interfaces only. */
static void visit_neighbours(const struct doctor *doctor, const char *interface,
                             struct doctor_line *line)
{
    for (size_t i = 0; i < doctor->host.route_count; i++) {
        const struct local_route *route = &doctor->host.routes[i];
        const struct conf_vip *vip = find_shared(doctor, interface, route);
        const struct host_link *other = host_find_link(&doctor->host, route->ifindex);
        char name[16];

        if (route->network.family != AF_INET || vip == NULL || other == NULL || !other->ethernet ||
            read_conf(doctor, other->name, "arp_ignore") != 0)
            continue;
        doctor_sysctl_name(other->name, name);
        doctor_say(line, DOCTOR_WARN,
                   "%s is in the network of VIP %s as well and answers for it: the other nodes "
                   "take its MAC address for that of a host outside the cluster",
                   other->name, vip->name);
        doctor_remedy(line,
                      "Type 'sysctl -w net.ipv4.conf.%s.arp_ignore=1 "
                      "net.ipv4.conf.%s.arp_announce=2', and keep it in /etc/sysctl.d",
                      name, name);
    }
}

void doctor_arp_ignore(const struct doctor *doctor, struct doctor_line *line)
{
    doctor_each_interface(doctor, AF_INET, line, visit_arp_ignore);
    doctor_each_interface(doctor, AF_INET, line, visit_neighbours);
    finish(doctor, line);
}

static void visit_arp_announce(const struct doctor *doctor, const char *interface,
                               struct doctor_line *line)
{
    const long value = read_conf(doctor, interface, "arp_announce");

    if (value < 0)
        doctor_say(line, DOCTOR_SKIP, "arp_announce of %s cannot be read", interface);
    else
        doctor_say(line, DOCTOR_OK,
                   "%ld on %s; every value will do, since vipgossipd writes its announcements "
                   "itself",
                   value, interface);
}

void doctor_arp_announce(const struct doctor *doctor, struct doctor_line *line)
{
    doctor_each_interface(doctor, AF_INET, line, visit_arp_announce);
    finish(doctor, line);
}

/* The filter looks at the way back to the sender, never at the address that was asked for: it hurts
 * where answers leave by another interface. */
static void visit_rp_filter(const struct doctor *doctor, const char *interface,
                            struct doctor_line *line)
{
    const long value = read_conf(doctor, interface, "rp_filter");
    const struct host_link *link = host_find_link_named(&doctor->host, interface);
    const unsigned way_out = doctor->host.default_ifindex_ipv4;
    const struct host_link *out = host_find_link(&doctor->host, way_out);
    char name[16];

    if (value < 0) {
        doctor_say(line, DOCTOR_SKIP, "rp_filter of %s cannot be read", interface);
        return;
    }
    if (value != 1 || link == NULL || out == NULL || link->ifindex == way_out) {
        doctor_say(line, DOCTOR_OK, "%ld on %s: what comes in for a VIP is not dropped", value,
                   interface);
        return;
    }
    doctor_sysctl_name(interface, name);
    doctor_say(line, DOCTOR_WARN,
               "rp_filter of %s is 1 (strict), and the default route leaves by %s: clients from "
               "other networks that come in on %s are dropped",
               interface, out->name, interface);
    doctor_remedy(line, "Type 'sysctl -w net.ipv4.conf.%s.rp_filter=2'", name);
}

void doctor_rp_filter(const struct doctor *doctor, struct doctor_line *line)
{
    doctor_each_interface(doctor, AF_INET, line, visit_rp_filter);
    finish(doctor, line);
}

void doctor_nonlocal_bind(const struct doctor *doctor, struct doctor_line *line)
{
    const bool ipv6 = !doctor_has_family(doctor, AF_INET) && doctor_has_family(doctor, AF_INET6);
    const char *family = ipv6 ? "ipv6" : "ipv4";
    const long value = doctor_read_number(doctor, "/proc/sys/net/%s/ip_nonlocal_bind", family);

    if (value < 0)
        doctor_say(line, DOCTOR_SKIP, "net.%s.ip_nonlocal_bind cannot be read", family);
    else if (value == 0)
        doctor_say(line, DOCTOR_OK,
                   "0: a service that binds to the VIP itself would not start on a standby; those "
                   "on 0.0.0.0, as all published ports of Docker, need nothing ('sysctl -w "
                   "net.%s.ip_nonlocal_bind=1' allows the others)",
                   family);
    else
        doctor_say(line, DOCTOR_OK, "%ld: a service may bind to the VIP on a standby", value);
}

/* A VIP of a shorter prefix becomes a secondary of the host's own address, and goes with it. */
void doctor_promote_secondaries(const struct doctor *doctor, struct doctor_line *line)
{
    const struct conf *conf = &doctor->conf;
    char name[16];
    char text[CONF_ADDRESS_TEXT];

    for (unsigned i = 0; i < conf->vip_count; i++) {
        const struct conf_vip *vip = &conf->vips[i];

        doctor_vip_interface(doctor, vip, name);
        for (unsigned j = 0; j < vip->address_count; j++) {
            const struct conf_address *address = &conf->addresses[vip->address_first + j];

            if (address->family != AF_INET || address->prefix == 32 || name[0] == '\0' ||
                read_conf(doctor, name, "promote_secondaries") != 0)
                continue;
            doctor_say(line, DOCTOR_WARN,
                       "%s is removed by the kernel together with the first "
                       "address of its network on %s",
                       conf_address_text(address, true, text), name);
            doctor_sysctl_name(name, text);
            doctor_remedy(line,
                          "Leave the prefix out in vip \"%s\" (a VIP is a /32), or type "
                          "'sysctl -w net.ipv4.conf.%s.promote_secondaries=1'",
                          vip->name, text);
        }
    }
    doctor_say(line, DOCTOR_OK, "does not matter: a VIP is nobody's secondary address");
}

static void visit_ipv6(const struct doctor *doctor, const char *interface, struct doctor_line *line)
{
    const long disabled =
        doctor_read_number(doctor, "/proc/sys/net/ipv6/conf/%s/disable_ipv6", interface);
    char name[16];

    if (disabled == 0) {
        doctor_say(line, DOCTOR_OK, "IPv6 is on for %s", interface);
        return;
    }
    doctor_sysctl_name(interface, name);
    doctor_say(line, DOCTOR_FAIL, "IPv6 is off for %s: the kernel would refuse the VIP", interface);
    doctor_remedy(line, "Type 'sysctl -w net.ipv6.conf.%s.disable_ipv6=0'", name);
}

void doctor_ipv6(const struct doctor *doctor, struct doctor_line *line)
{
    doctor_each_interface(doctor, AF_INET6, line, visit_ipv6);
    if (!doctor_has_family(doctor, AF_INET6))
        doctor_say(line, DOCTOR_OK, "no VIP is an IPv6 address");
    else if (line->detail[0] == '\0')
        doctor_say(line, DOCTOR_SKIP, "the interface of no VIP is known");
}

/* A virtual service of IPVS on a VIP: "TCP  0A4D0064:0050 rr". */
static const struct conf_vip *find_service(const struct doctor *doctor, const char *table)
{
    for (const char *at = strchr(table, '\n'); at != NULL; at = strchr(at + 1, '\n')) {
        struct conf_address address = {.family = AF_INET, .prefix = 32};
        const struct conf_vip *vip;
        unsigned long ipv4;
        char *end;

        if (strncmp(at + 1, "TCP ", 4) != 0 && strncmp(at + 1, "UDP ", 4) != 0)
            continue;
        ipv4 = strtoul(at + 5, &end, 16);
        if (*end != ':')
            continue;
        for (unsigned i = 0; i < 4; i++)
            address.bytes[i] = (uint8_t)(ipv4 >> (24 - 8 * i));
        vip = doctor_find_vip(doctor, &address);
        if (vip != NULL)
            return vip;
    }
    return NULL;
}

void doctor_ip_vs(const struct doctor *doctor, struct doctor_line *line)
{
    char table[DOCTOR_FILE_MAX];
    const bool loaded =
        doctor_exists(doctor, "/sys/module/ip_vs") || doctor_exists(doctor, "/proc/net/ip_vs");
    const struct conf_vip *vip = NULL;

    if (doctor_read(doctor, "/proc/net/ip_vs", table, sizeof(table)))
        vip = find_service(doctor, table);
    if (vip != NULL) {
        doctor_say(line, DOCTOR_WARN,
                   "an IPVS service stands on VIP %s: keepalived or ipvsadm put it there, and "
                   "vipgossip does not look after it",
                   vip->name);
        doctor_remedy(line, "Keep it if it is meant; 'ipvsadm -L -n' shows it, 'ipvsadm -D' "
                            "removes it");
    } else {
        doctor_say(line, DOCTOR_OK,
                   "%s, and vipgossip does not need it: recipes load it for keepalived's "
                   "virtual_server, and Docker loads it itself for the routing mesh",
                   loaded ? "loaded" : "not loaded");
    }
}
