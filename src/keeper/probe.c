// SPDX-License-Identifier: MIT
/*
 * probe: does somebody else answer for the VIP? One question per address, and an ear for a second
 * after the last one. Each address is reported once per round of questions.
 */
#include "keeper.h"
#include "keeper/clock.h"
#include "packet.h"

#include "log/log.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTEN_NS       CLOCK_NS_PER_S
#define PIECE_ADDRESSES PACKET_FRAMES_MAX

/* Frames read in one turn: a flood of them holds nothing up. */
#define READS_MAX 64

static void listen_for(struct interface *interface, uint8_t family)
{
    int *fd = &interface->probe_fds[family == AF_INET ? 0 : 1];

    if (*fd >= 0)
        return;
    *fd = packet_listen(interface->ifindex, family);
    if (*fd < 0)
        log_warning("cannot listen on %s for other owners of a VIP: %s", interface->name,
                    strerror(-*fd));
}

void probe_start(struct keeper *keeper, unsigned vip)
{
    const struct conf_vip *section = &keeper->conf.vips[vip];
    struct interface *interface = keeper_interface(keeper, vip);

    if (!interface->ethernet || interface->ifindex == 0) {
        log_debug("vip %s: %s has no MAC address, nothing to ask", section->name, interface->name);
        return;
    }
    for (unsigned i = 0; i < section->address_count; i++) {
        const unsigned index = section->address_first + i;

        keeper->addresses[index].answered = false;
        listen_for(interface, keeper->conf.addresses[index].family);
    }
    sweep_start(&keeper->vips[vip].probe);
    keeper->probe_end_ns = clock_now_ns() + LISTEN_NS;
}

void probe_step(struct keeper *keeper, unsigned vip)
{
    const struct conf_vip *section = &keeper->conf.vips[vip];
    const struct interface *interface = keeper_interface(keeper, vip);
    struct sweep *sweep = &keeper->vips[vip].probe;
    struct frame frames[PIECE_ADDRESSES];
    unsigned count = 0;
    int result;

    while (count < PIECE_ADDRESSES && sweep->next + count < section->address_count) {
        const struct conf_address *address =
            &keeper->conf.addresses[section->address_first + sweep->next + count];

        if (address->family == AF_INET)
            frame_arp_probe(interface->mac, address->bytes, &frames[count++]);
        else
            frame_solicitation(interface->mac, address->bytes, &frames[count++]);
    }
    result = packet_send(keeper->packet_fd, interface->ifindex, frames, count);
    if (result == -EAGAIN) {
        sweep->not_before_ns = clock_now_ns() + CLOCK_NS_PER_MS;
        return;
    }
    if (result < 0)
        log_debug("vip %s: cannot ask on %s: %s", section->name, interface->name,
                  strerror(-result));
    sweep->next = (uint16_t)(sweep->next + count);
    keeper->probe_end_ns = clock_now_ns() + LISTEN_NS;
    if (sweep->next >= section->address_count)
        sweep_stop(sweep);
}

/* Is it one of this host's own MAC addresses, or the default gateway's (which may answer for
 * others: proxy ARP)? */
static bool is_no_rival(struct keeper *keeper, struct interface *interface, uint8_t family,
                        const uint8_t *mac)
{
    struct gateway *gateway = &interface->gateways[family == AF_INET ? 0 : 1];

    for (unsigned i = 0; i < keeper->interface_count; i++)
        if (memcmp(keeper->interfaces[i].mac, mac, FRAME_MAC_BYTES) == 0)
            return true;
    gateway_refresh(gateway, &keeper->netlink, family, interface->ifindex);
    return gateway->known && memcmp(gateway->mac, mac, FRAME_MAC_BYTES) == 0;
}

static void handle_claim(struct keeper *keeper, struct interface *interface,
                         const struct frame_claim *claim)
{
    const struct lookup_entry *entry = lookup_find(&keeper->lookup, &claim->address);
    struct ipc_message message = {.type = IPC_FRAME};
    char text[CONF_ADDRESS_TEXT];

    if (entry == NULL || keeper_interface(keeper, entry->vip) != interface ||
        keeper->addresses[entry->index].answered ||
        is_no_rival(keeper, interface, claim->address.family, claim->mac))
        return;
    keeper->addresses[entry->index].answered = true;
    message.vip = entry->vip;
    message.address = entry->index;
    memcpy(message.mac, claim->mac, sizeof(message.mac));
    log_debug("vip %s: %02x:%02x:%02x:%02x:%02x:%02x answers for %s",
              keeper->conf.vips[entry->vip].name, claim->mac[0], claim->mac[1], claim->mac[2],
              claim->mac[3], claim->mac[4], claim->mac[5],
              conf_address_text(&claim->address, false, text));
    /* The engine counts VIPs, not answers: when it is slow, they can be missed. */
    if (keeper->outbox.count < OUTBOX_MESSAGES_MAX / 2)
        keeper_tell(keeper, &message);
}

void probe_read(struct keeper *keeper, struct interface *interface, unsigned family)
{
    uint8_t bytes[256];

    for (int reads = 0; reads < READS_MAX; reads++) {
        const long length = packet_receive(interface->probe_fds[family], bytes, sizeof(bytes));
        struct frame_claim claim;

        if (length == -EAGAIN)
            return;
        if (length < 0 && length != -EINTR) {
            /* The interface went down (the socket says so once) or away. */
            (void)close(interface->probe_fds[family]);
            interface->probe_fds[family] = -1;
            return;
        }
        if (length > 0 && frame_parse(bytes, (size_t)length, &claim))
            handle_claim(keeper, interface, &claim);
    }
}

void probe_stop(struct keeper *keeper)
{
    for (unsigned i = 0; i < keeper->interface_count; i++) {
        for (unsigned family = 0; family < KEEPER_FAMILIES; family++) {
            int *fd = &keeper->interfaces[i].probe_fds[family];

            if (*fd >= 0)
                (void)close(*fd);
            *fd = -1;
        }
    }
    keeper->probe_end_ns = CLOCK_NEVER_NS;
}
