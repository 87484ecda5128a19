// SPDX-License-Identifier: MIT
/*
 * link: the interfaces of the VIPs, as the kernel's news make them. An interface is known by its
 * name, because the one that comes back after it was deleted is the same. Where the configuration
 * names none, the route chose it: then it may be renamed, and when it is gone or became a port of a
 * bridge, the VIP follows its network to wherever that is now.
 *
 * What happens is written down by link_note(); link_settle() acts on what it amounts to.
 */
#include "keeper.h"
#include "keeper/clock.h"

#include "host/host.h"

#include "log/log.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* How often the routes are asked where the network of a VIP is now; and no more than a part in so
 * many of the time, because nothing else goes on meanwhile. */
#define SEEK_EVERY_NS CLOCK_NS_PER_S
#define SEEK_REST     20

static bool is_by_route(const struct keeper *keeper, unsigned vip)
{
    return keeper->conf.vips[vip].interface[0] == '\0';
}

/* The VIPs that this interface carries: how many, and are all of them there by their route? */
static unsigned carries(const struct keeper *keeper, const struct interface *interface,
                        bool *ret_by_route)
{
    unsigned count = 0;

    *ret_by_route = true;
    for (unsigned vip = 0; vip < keeper->conf.vip_count; vip++) {
        if (&keeper->interfaces[keeper->interface_of[vip]] != interface)
            continue;
        count++;
        *ret_by_route = *ret_by_route && is_by_route(keeper, vip);
    }
    return count;
}

/* --- facts --- */

void link_lost(struct keeper *keeper, struct interface *interface)
{
    interface->went_down = interface->went_down || interface->up;
    interface->up = false;
    interface->state = IPC_LINK_GONE;
    interface->ifindex = 0;
    /* What was renamed, not deleted, has the addresses still. */
    keeper->strays = true;
    for (unsigned i = 0; i < keeper->lookup.count; i++) {
        const struct lookup_entry *entry = &keeper->lookup.entries[i];

        if (keeper_interface(keeper, entry->vip) == interface)
            keeper->addresses[entry->index].ours = false;
    }
}

static enum ipc_link state_of(const struct kernel_link *link)
{
    if (link->port_of != 0)
        return IPC_LINK_PORT;
    if (!link->set_up)
        return IPC_LINK_DOWN;
    return link->carrier ? IPC_LINK_UP : IPC_LINK_NO_CARRIER;
}

static void found(struct keeper *keeper, struct interface *interface,
                  const struct kernel_link *link)
{
    const enum ipc_link state = state_of(link);
    const bool up = state == IPC_LINK_UP;

    if (interface->ifindex != 0 && interface->ifindex != link->ifindex)
        link_lost(keeper, interface);
    interface->ifindex = link->ifindex;
    interface->ethernet = link->ethernet;
    memcpy(interface->mac, link->mac, sizeof(interface->mac));
    interface->went_down = interface->went_down || (interface->up && !up);
    interface->came_up = interface->came_up || (!interface->up && up);
    interface->up = up;
    interface->state = (uint16_t)state;
    interface->port_of = link->port_of;
}

static struct interface *find_named(struct keeper *keeper, const char *name)
{
    for (unsigned i = 0; i < keeper->interface_count; i++)
        if (strcmp(keeper->interfaces[i].name, name) == 0)
            return &keeper->interfaces[i];
    return NULL;
}

/* The interface of `from` has the name of `to` now: one entry for all VIPs on it. */
static void join(struct keeper *keeper, struct interface *from, struct interface *to)
{
    listen_close(keeper); /* what is to be heard changes */
    to->went_down = to->went_down || from->went_down || (from->up && !to->up);
    for (unsigned vip = 0; vip < keeper->conf.vip_count; vip++)
        if (keeper_interface(keeper, vip) == from)
            keeper->interface_of[vip] = (uint8_t)(to - keeper->interfaces);
    keeper_interface_init(from, "");
}

/* It has another name now, of which `there` is the entry if there is one. Where nobody chose it by
 * its name it is the same. */
static void renamed(struct keeper *keeper, struct interface *interface, struct interface *there,
                    const struct kernel_link *link)
{
    bool by_route;

    if (carries(keeper, interface, &by_route) == 0 || !by_route) {
        link_lost(keeper, interface);
        return;
    }
    log_notice("interface %s is called %s now", interface->name, link->name);
    if (there != NULL) {
        join(keeper, interface, there);
        return;
    }
    (void)snprintf(interface->name, sizeof(interface->name), "%s", link->name);
    found(keeper, interface, link);
}

void link_note(struct keeper *keeper, const struct kernel_link *link, bool gone)
{
    struct interface *there = gone ? NULL : find_named(keeper, link->name);

    if (there != NULL)
        found(keeper, there, link);
    for (unsigned i = 0; i < keeper->interface_count; i++) {
        struct interface *interface = &keeper->interfaces[i];

        if (interface == there || interface->ifindex != link->ifindex)
            continue;
        if (gone)
            link_lost(keeper, interface);
        else
            renamed(keeper, interface, there, link);
    }
}

/* --- acts --- */

static void tell(struct keeper *keeper, unsigned vip, enum ipc_link state)
{
    const struct interface *interface = keeper_interface(keeper, vip);
    struct ipc_message message = {
        .type = IPC_LINK, .vip = (uint16_t)vip, .reason = (uint16_t)state};

    memcpy(message.interface, interface->name, sizeof(message.interface));
    if (state == IPC_LINK_PORT && if_indextoname(interface->port_of, message.port_of) == NULL)
        (void)snprintf(message.port_of, sizeof(message.port_of), "?");
    if (memcmp(&message, &keeper->links_told[vip], sizeof(message)) == 0)
        return;
    keeper->links_told[vip] = message;
    keeper_tell(keeper, &message);
}

void link_tell(struct keeper *keeper)
{
    for (unsigned vip = 0; vip < keeper->conf.vip_count; vip++)
        tell(keeper, vip, (enum ipc_link)keeper_interface(keeper, vip)->state);
}

void link_tell_anew(struct keeper *keeper)
{
    memset(keeper->links_told, 0, sizeof(keeper->links_told));
    link_tell(keeper);
}

/* Removes what is left of a VIP whose interface carries nothing: when the link comes back, another
 * node may hold it. */
static void settle_down(struct keeper *keeper, unsigned vip)
{
    const struct interface *interface = keeper_interface(keeper, vip);
    const struct ipc_message lost = {.type = IPC_LOST,
                                     .vip = (uint16_t)vip,
                                     .address = keeper->conf.vips[vip].address_first,
                                     .reason = IPC_LOST_LINK};

    keeper->losses[vip].reason = 0;
    tell(keeper, vip, interface->up ? IPC_LINK_DOWN : (enum ipc_link)interface->state);
    if (keeper->vips[vip].phase != VIP_HELD)
        return;
    (void)holding_remove(keeper, vip);
    keeper_tell(keeper, &lost);
}

/* In words, for the log. */
static const char *trouble(const struct interface *interface, char text[static 64])
{
    char master[IF_NAMESIZE] = "another one";

    switch (interface->up ? IPC_LINK_DOWN : (enum ipc_link)interface->state) {
    case IPC_LINK_NO_CARRIER:
        return "has no carrier";
    case IPC_LINK_GONE:
        return "is not there";
    case IPC_LINK_PORT:
        (void)if_indextoname(interface->port_of, master);
        (void)snprintf(text, 64, "is a port of %s, where nobody reaches an address", master);
        return text;
    case IPC_LINK_DOWN:
    case IPC_LINK_UP:
    case IPC_LINK_COUNT:
        break;
    }
    return "is down";
}

static void settle(struct keeper *keeper, struct interface *interface)
{
    const bool went_down = interface->went_down;
    const bool came_up = interface->came_up && interface->up;
    char text[64];

    interface->went_down = false;
    interface->came_up = false;
    if (went_down)
        log_warning("interface %s %s", interface->name, trouble(interface, text));
    if (came_up)
        log_notice("interface %s is up", interface->name);
    for (unsigned vip = 0; vip < keeper->conf.vip_count; vip++)
        if (went_down && keeper_interface(keeper, vip) == interface)
            settle_down(keeper, vip);
}

bool link_is_pending(const struct keeper *keeper)
{
    for (unsigned i = 0; i < keeper->interface_count; i++)
        if (keeper->interfaces[i].went_down || keeper->interfaces[i].came_up)
            return true;
    return keeper->strays;
}

void link_settle(struct keeper *keeper)
{
    if (keeper->strays)
        (void)holding_remove_strays(keeper);
    for (unsigned i = 0; i < keeper->interface_count; i++)
        settle(keeper, &keeper->interfaces[i]);
    link_tell(keeper);
}

void link_begin(struct interface *interface)
{
    char text[64];

    interface->came_up = false;
    interface->went_down = false;
    if (!interface->up && interface->name[0] != '\0')
        log_warning("interface %s %s; waiting for it", interface->name, trouble(interface, text));
}

/* --- the way of a network to another interface --- */

/* Does the route decide where it belongs, and is it of no use where it is? */
static bool is_lost(const struct keeper *keeper, unsigned vip)
{
    const struct interface *interface = &keeper->interfaces[keeper->interface_of[vip]];

    return is_by_route(keeper, vip) && interface->name[0] != '\0' &&
           keeper->vips[vip].phase == VIP_ABSENT && !keeper->strays &&
           (interface->state == IPC_LINK_GONE || interface->state == IPC_LINK_PORT);
}

static const struct conf_address *address_of(const struct keeper *keeper, unsigned vip)
{
    return &keeper->conf.addresses[keeper->conf.vips[vip].address_first];
}

struct search {
    const struct keeper *keeper;
    struct local_route best[CONF_VIPS_MAX]; /* for each lost VIP; to no network: none so far */
};

static void visit_route(void *arg, struct nlmsghdr *message)
{
    struct search *search = arg;
    struct local_route next;

    if (!host_connected_parse(message, &next))
        return;
    for (unsigned vip = 0; vip < search->keeper->conf.vip_count; vip++) {
        const struct local_route routes[] = {search->best[vip], next};
        const struct local_route *best =
            is_lost(search->keeper, vip)
                ? local_find_route(address_of(search->keeper, vip), routes, 2)
                : NULL;

        if (best != NULL)
            search->best[vip] = *best;
    }
}

/* An entry for the interface of that name. If there is none yet: one that no other VIP is on. */
static struct interface *place_for(struct keeper *keeper, unsigned vip, const char *name)
{
    struct interface *place = find_named(keeper, name);

    if (place != NULL)
        return place;
    for (unsigned i = 0; i < keeper->interface_count; i++) {
        struct interface *interface = &keeper->interfaces[i];
        bool by_route;

        if (carries(keeper, interface, &by_route) <=
            (keeper_interface(keeper, vip) == interface ? 1U : 0U))
            place = interface;
    }
    if (place == NULL)
        place = &keeper->interfaces[keeper->interface_count++];
    keeper_interface_init(place, name);
    return place;
}

static void move(struct keeper *keeper, unsigned vip, const char *name)
{
    log_notice("vip %s: its network is on %s now, no longer on %s, and the VIP follows it",
               keeper->conf.vips[vip].name, name, keeper_interface(keeper, vip)->name);
    listen_close(keeper); /* what is to be heard changes */
    keeper->interface_of[vip] = (uint8_t)(place_for(keeper, vip, name) - keeper->interfaces);
    keeper->resync = true;
}

static bool is_any_lost(const struct keeper *keeper, uint8_t family)
{
    for (unsigned vip = 0; vip < keeper->conf.vip_count; vip++)
        if (is_lost(keeper, vip) && address_of(keeper, vip)->family == family)
            return true;
    return false;
}

/* All VIPs of that family in one dump: a router may have the routes of the world. */
static void seek(struct keeper *keeper, uint8_t family)
{
    struct search search = {.keeper = keeper};
    char name[IF_NAMESIZE];

    if (!is_any_lost(keeper, family) ||
        netlink_dump_routes(&keeper->netlink, family, 0, visit_route, &search) < 0)
        return;
    for (unsigned vip = 0; vip < keeper->conf.vip_count; vip++) {
        const unsigned ifindex = search.best[vip].ifindex;

        if (ifindex != 0 && ifindex != keeper_interface(keeper, vip)->ifindex &&
            if_indextoname(ifindex, name) != NULL)
            move(keeper, vip, name);
    }
}

uint64_t link_next_ns(const struct keeper *keeper)
{
    for (unsigned vip = 0; vip < keeper->conf.vip_count; vip++)
        if (is_lost(keeper, vip))
            return keeper->seek_ns;
    return CLOCK_NEVER_NS;
}

void link_due(struct keeper *keeper)
{
    static const uint8_t families[] = {AF_INET, AF_INET6};
    uint64_t rest_ns = SEEK_EVERY_NS;

    if (clock_now_ns() < link_next_ns(keeper))
        return;
    for (unsigned i = 0; i < 2 && !keeper->ended; i++) {
        const uint64_t start_ns = clock_now_ns();

        seek(keeper, families[i]);
        rest_ns += (clock_now_ns() - start_ns) * SEEK_REST;
        keeper_due_after_wait(keeper);
    }
    keeper->seek_ns = clock_now_ns() + rest_ns;
}
