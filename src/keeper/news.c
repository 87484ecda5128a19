// SPDX-License-Identifier: MIT
/*
 * news: what the kernel says about links and addresses. First the facts are written down, whatever
 * their number; then news_settle() acts on what they amount to. So a thousand messages about one
 * VIP become one removal and one word to the engine.
 *
 * The keeper's own doings come back as news as well, but for renewals (monitor.c leaves them to the
 * kernel). They change nothing here, because the facts were written down when the kernel confirmed
 * them; and holding_add() reads the news before it
 * adds, so that a removal of the past is never taken for one of the future.
 */
#include "keeper.h"

#include "log/log.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

/* Acting makes news of its own; it dies down at once, and what remains waits for the next turn. */
#define SETTLE_ROUNDS_MAX 4

static void note_loss(struct keeper *keeper, unsigned vip, unsigned address, enum ipc_lost reason)
{
    struct loss *loss = &keeper->losses[vip];

    /* The reasons are numbered so that the graver one wins. */
    if (keeper->vips[vip].phase == VIP_HELD && reason > loss->reason)
        *loss = (struct loss){.reason = (uint16_t)reason, .address = (uint16_t)address};
}

/* On `ifindex` there is none of another program any more, and perhaps on yet another interface. */
static void forget_foreign(struct keeper *keeper, struct address *address, unsigned ifindex)
{
    if (ifindex == 0 || ifindex != address->foreign_ifindex)
        return;
    address->foreign_ifindex = 0;
    keeper->resync = true;
}

static void note_address_gone(struct keeper *keeper, const struct lookup_entry *entry,
                              unsigned ifindex)
{
    const struct interface *interface = keeper_interface(keeper, entry->vip);
    struct address *address = &keeper->addresses[entry->index];

    if (address->ours && ifindex == interface->ifindex) {
        address->ours = false;
        note_loss(keeper, entry->vip, entry->index,
                  interface->up ? IPC_LOST_FOREIGN : IPC_LOST_LINK);
    }
    forget_foreign(keeper, address, ifindex);
}

static void note_address(struct keeper *keeper, const struct kernel_address *found, bool gone)
{
    const struct lookup_entry *entry = lookup_find(&keeper->lookup, &found->address);
    const struct interface *interface;
    struct address *address;

    if (entry == NULL)
        return;
    if (gone) {
        note_address_gone(keeper, entry, found->ifindex);
        return;
    }
    interface = keeper_interface(keeper, entry->vip);
    address = &keeper->addresses[entry->index];
    if (found->ifindex == interface->ifindex) {
        /* Without marks, what we added without a lifetime is known by having been added. */
        address->ours =
            kernel_address_is_ours(found, keeper->kernel_has_mark) ||
            (!keeper->kernel_has_mark && address->ours && kernel_address_looks_ours(found));
        address->seen = true;
        if (address->ours) {
            forget_foreign(keeper, address, found->ifindex);
            return;
        }
    }
    address->foreign_ifindex = found->ifindex;
    address->foreign_seen = true;
    note_loss(keeper, entry->vip, entry->index, IPC_LOST_CONFLICT);
}

static void note(void *arg, struct nlmsghdr *message)
{
    struct keeper *keeper = arg;
    struct kernel_address address;
    struct kernel_link link;

    switch (message->nlmsg_type) {
    case RTM_NEWADDR:
    case RTM_DELADDR:
        if (kernel_address_parse(message, &address))
            note_address(keeper, &address, message->nlmsg_type == RTM_DELADDR);
        break;
    case RTM_NEWLINK:
    case RTM_DELLINK:
        if (kernel_link_parse(message, &link))
            link_note(keeper, &link, message->nlmsg_type == RTM_DELLINK);
        break;
    default:
        break;
    }
}

void news_read(struct keeper *keeper)
{
    if (monitor_read(&keeper->monitor, note, keeper) < 0)
        keeper->resync = true;
}

/* Links that the dump did not name are gone. */
static int compare_links(struct keeper *keeper)
{
    const int result = netlink_dump_links(&keeper->netlink, note, keeper);

    for (unsigned i = 0; result == 0 && i < keeper->interface_count; i++) {
        struct interface *interface = &keeper->interfaces[i];

        if (interface->ifindex != 0 && if_nametoindex(interface->name) == 0)
            link_lost(keeper, interface);
    }
    return result;
}

static int compare_addresses(struct keeper *keeper)
{
    int result;

    for (unsigned i = 0; i < keeper->conf.address_count; i++) {
        keeper->addresses[i].seen = false;
        keeper->addresses[i].foreign_seen = false;
    }
    result = netlink_dump_addresses(&keeper->netlink, note, keeper);
    for (unsigned i = 0; result == 0 && i < keeper->lookup.count; i++) {
        const struct lookup_entry *entry = &keeper->lookup.entries[i];
        struct address *address = &keeper->addresses[entry->index];

        if (!address->foreign_seen)
            address->foreign_ifindex = 0;
        if (!address->seen)
            note_address_gone(keeper, entry, keeper_interface(keeper, entry->vip)->ifindex);
    }
    return result;
}

int news_compare(struct keeper *keeper)
{
    int result;

    news_read(keeper);
    keeper->resync = false;
    result = compare_links(keeper);
    if (result == 0)
        result = compare_addresses(keeper);
    if (result < 0)
        keeper->resync = true;
    return result;
}

bool news_is_pending(const struct keeper *keeper)
{
    for (unsigned vip = 0; vip < keeper->conf.vip_count; vip++)
        if (keeper->losses[vip].reason != 0)
            return true;
    return keeper->resync || link_is_pending(keeper);
}

static void settle_loss(struct keeper *keeper, unsigned vip)
{
    const struct loss loss = keeper->losses[vip];
    const struct ipc_message message = {
        .type = IPC_LOST, .vip = (uint16_t)vip, .address = loss.address, .reason = loss.reason};
    char text[CONF_ADDRESS_TEXT];

    keeper->losses[vip].reason = 0;
    if (loss.reason == 0 || keeper->vips[vip].phase != VIP_HELD)
        return;
    (void)conf_address_text(&keeper->conf.addresses[loss.address], true, text);
    if (loss.reason == IPC_LOST_FOREIGN)
        log_warning("vip %s: another program removed %s", keeper->conf.vips[vip].name, text);
    keeper_tell(keeper, &message);
}

void news_settle(struct keeper *keeper)
{
    for (int round = 0; round < SETTLE_ROUNDS_MAX && news_is_pending(keeper); round++) {
        if (keeper->resync)
            (void)news_compare(keeper);
        link_settle(keeper);
        for (unsigned vip = 0; vip < keeper->conf.vip_count; vip++)
            settle_loss(keeper, vip);
    }
    link_tell(keeper);
    listen_tell_macs(keeper);
    news_name_owners(keeper);
}

/* The first address of a VIP that is in the kernel without our mark, or NULL. */
static const struct address *foreign_address(const struct keeper *keeper, unsigned vip)
{
    const struct conf_vip *section = &keeper->conf.vips[vip];

    for (unsigned i = 0; i < section->address_count; i++)
        if (keeper->addresses[section->address_first + i].foreign_ifindex != 0)
            return &keeper->addresses[section->address_first + i];
    return NULL;
}

void news_name_owners(struct keeper *keeper)
{
    for (unsigned vip = 0; vip < keeper->conf.vip_count; vip++) {
        const struct address *address = foreign_address(keeper, vip);
        char interface[IF_NAMESIZE] = "an interface";
        char text[CONF_ADDRESS_TEXT];

        if ((address != NULL) == keeper->owner_named[vip])
            continue;
        keeper->owner_named[vip] = address != NULL;
        if (address == NULL) {
            log_notice("vip %s: the address of another program is gone",
                       keeper->conf.vips[vip].name);
            continue;
        }
        (void)if_indextoname(address->foreign_ifindex, interface);
        (void)conf_address_text(&keeper->conf.addresses[address - keeper->addresses], false, text);
        log_warning("vip %s: %s is on %s without vipgossip's mark, so another program or a person "
                    "added it (keepalived? a static configuration?); this node cannot hold the VIP "
                    "until it is removed there: ip address del %s dev %s",
                    keeper->conf.vips[vip].name, text, interface, text, interface);
    }
}
