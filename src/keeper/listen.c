// SPDX-License-Identifier: MIT
/*
 * listen: who else speaks for an address of a VIP? A socket per interface and family, whose filter
 * in the kernel lets nothing through but ARP packets and neighbour advertisements about addresses
 * of VIPs there. The engine is told who it was, not what was in the frame, and not too often.
 */
#include "keeper.h"
#include "keeper/clock.h"
#include "packet.h"

#include "log/log.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Frames read in one turn; after that many the socket is left alone for a moment. A flood of them
 * holds nothing up, and does not keep the keeper busy. */
#define READS_MAX 64
#define QUIET_NS  (5 * CLOCK_NS_PER_MS)

/* The engine is told of the same MAC no more often than that. */
#define TELL_EVERY_NS (100 * CLOCK_NS_PER_MS)

/* After a socket could not be opened. */
#define RETRY_NS CLOCK_NS_PER_S

static uint8_t family_of(unsigned index)
{
    return index == 0 ? AF_INET : AF_INET6;
}

/* The addresses of that family on the interface, as its filter knows them. */
static void collect(const struct keeper *keeper, const struct interface *interface, uint8_t family,
                    struct packet_wanted *ret)
{
    ret->count = 0;
    for (unsigned i = 0; i < keeper->lookup.count; i++) {
        const struct lookup_entry *entry = &keeper->lookup.entries[i];

        if (entry->address.family == family &&
            &keeper->interfaces[keeper->interface_of[entry->vip]] == interface)
            ret->words[ret->count++] = packet_word(&entry->address);
    }
}

static void close_one(struct interface *interface, unsigned family)
{
    if (interface->listen_fds[family] >= 0)
        (void)close(interface->listen_fds[family]);
    interface->listen_fds[family] = -1;
}

static void open_one(struct keeper *keeper, struct interface *interface, unsigned family)
{
    struct packet_wanted wanted;
    int fd;

    collect(keeper, interface, family_of(family), &wanted);
    if (wanted.count == 0)
        return;
    fd = packet_listen(interface->ifindex, family_of(family), &wanted);
    interface->listen_fds[family] = fd < 0 ? -1 : fd;
    interface->listen_ifindex = interface->ifindex;
    if (fd < 0) {
        interface->listen_retry_ns = clock_now_ns() + RETRY_NS;
        log_warning("cannot listen on %s for other owners of a VIP: %s", interface->name,
                    strerror(-fd));
    }
}

void listen_open(struct keeper *keeper)
{
    if (keeper->packet_fd < 0)
        return; /* a witness, which has no right to, and nothing to lose */
    for (unsigned i = 0; i < keeper->interface_count; i++) {
        struct interface *interface = &keeper->interfaces[i];
        const bool can = interface->ethernet && interface->ifindex != 0 && interface->up;

        for (unsigned family = 0; family < KEEPER_FAMILIES; family++) {
            if (interface->listen_ifindex != interface->ifindex)
                close_one(interface, family);
            if (can && interface->listen_fds[family] < 0 &&
                clock_now_ns() >= interface->listen_retry_ns)
                open_one(keeper, interface, family);
        }
    }
}

void listen_close(struct keeper *keeper)
{
    for (unsigned i = 0; i < keeper->interface_count; i++)
        for (unsigned family = 0; family < KEEPER_FAMILIES; family++)
            close_one(&keeper->interfaces[i], family);
}

/* One of this host's own MAC addresses, or a group's, which has no host. */
static bool is_nobody_else(const struct keeper *keeper, const uint8_t *mac)
{
    static const uint8_t none[FRAME_MAC_BYTES];

    if ((mac[0] & 1) != 0 || memcmp(mac, none, FRAME_MAC_BYTES) == 0)
        return true;
    for (unsigned i = 0; i < keeper->interface_count; i++)
        if (memcmp(keeper->interfaces[i].mac, mac, FRAME_MAC_BYTES) == 0)
            return true;
    return false;
}

static bool is_gateway(struct keeper *keeper, struct interface *interface, uint8_t family,
                       const uint8_t *mac)
{
    struct gateway *gateway = &interface->gateways[family == AF_INET ? 0 : 1];

    gateway_refresh(gateway, &keeper->netlink, family, interface->ifindex);
    return gateway->known && memcmp(gateway->mac, mac, FRAME_MAC_BYTES) == 0;
}

/* Has the engine not heard of that MAC for a moment, or is there a slot for one more? That a MAC
 * uses more than one address it hears at once: it answers for one otherwise. */
static bool is_due(struct heard slots[static LISTEN_SLOTS], const uint8_t *mac, uint16_t index)
{
    const uint64_t now_ns = clock_now_ns();
    struct heard *slot = &slots[0];

    for (unsigned i = 0; i < LISTEN_SLOTS; i++) {
        if (memcmp(slots[i].mac, mac, FRAME_MAC_BYTES) == 0) {
            slot = &slots[i];
            break;
        }
        if (slots[i].told_ns < slot->told_ns)
            slot = &slots[i];
    }
    if (slot->told_ns != 0 && now_ns - slot->told_ns < TELL_EVERY_NS) {
        const bool is_second = memcmp(slot->mac, mac, FRAME_MAC_BYTES) == 0 &&
                               slot->index != index && !slot->of_others;

        slot->of_others |= is_second;
        return is_second;
    }
    *slot = (struct heard){.told_ns = now_ns, .index = index};
    memcpy(slot->mac, mac, FRAME_MAC_BYTES);
    return true;
}

static void handle_claim(struct keeper *keeper, struct interface *interface,
                         const struct frame_claim *claim)
{
    const struct lookup_entry *entry = lookup_find(&keeper->lookup, &claim->address);
    struct ipc_message message = {.type = IPC_FRAME};

    if (entry == NULL || keeper_interface(keeper, entry->vip) != interface ||
        is_nobody_else(keeper, claim->mac) ||
        !is_due(keeper->heard[entry->vip], claim->mac, entry->index))
        return;
    message.vip = entry->vip;
    message.address = entry->index;
    message.reason = is_gateway(keeper, interface, claim->address.family, claim->mac)
                         ? IPC_FRAME_GATEWAY
                         : IPC_FRAME_HOST;
    memcpy(message.mac, claim->mac, sizeof(message.mac));
    /* When the engine is slow, some can be missed. */
    if (keeper->outbox.count < OUTBOX_MESSAGES_MAX / 2)
        keeper_tell(keeper, &message);
}

static void read_one(struct keeper *keeper, struct interface *interface, unsigned family)
{
    uint8_t bytes[256];

    for (int reads = 0; reads < READS_MAX; reads++) {
        const long length = packet_receive(interface->listen_fds[family], interface->listen_ifindex,
                                           bytes, sizeof(bytes));
        struct frame_claim claim;

        if (length == -EAGAIN)
            return;
        if (length < 0 && length != -EINTR) {
            close_one(interface, family); /* the interface went down or away; listen_open() */
            return;
        }
        if (length > 0 && frame_parse(bytes, (size_t)length, &claim))
            handle_claim(keeper, interface, &claim);
    }
    interface->quiet_ns[family] = clock_now_ns() + QUIET_NS;
}

unsigned listen_sources(const struct keeper *keeper, struct pollfd *ret)
{
    const uint64_t now_ns = clock_now_ns();
    unsigned count = 0;

    for (unsigned i = 0; i < keeper->interface_count; i++)
        for (unsigned family = 0; family < KEEPER_FAMILIES; family++) {
            const struct interface *interface = &keeper->interfaces[i];
            const bool quiet = now_ns < interface->quiet_ns[family];

            ret[count++] =
                (struct pollfd){.fd = quiet ? -1 : interface->listen_fds[family], .events = POLLIN};
        }
    return count;
}

uint64_t listen_next_ns(const struct keeper *keeper)
{
    const uint64_t now_ns = clock_now_ns();
    uint64_t next = CLOCK_NEVER_NS;

    for (unsigned i = 0; i < keeper->interface_count; i++)
        for (unsigned family = 0; family < KEEPER_FAMILIES; family++) {
            const uint64_t quiet_ns = keeper->interfaces[i].quiet_ns[family];

            if (quiet_ns > now_ns && quiet_ns < next)
                next = quiet_ns;
        }
    return next;
}

void listen_read(struct keeper *keeper, const struct pollfd *sources, unsigned count)
{
    for (unsigned i = 0; i < count && i < KEEPER_FAMILIES * keeper->interface_count; i++)
        if (sources[i].revents != 0)
            read_one(keeper, &keeper->interfaces[i / KEEPER_FAMILIES], i % KEEPER_FAMILIES);
}

/* The MAC that others are to take for this node's; all zero: the interface has none. */
static void own_mac(struct keeper *keeper, unsigned vip, uint8_t ret[static FRAME_MAC_BYTES])
{
    const struct interface *interface = keeper_interface(keeper, vip);

    memset(ret, 0, FRAME_MAC_BYTES);
    if (interface->ifindex != 0 && interface->ethernet && (interface->mac[0] & 1) == 0)
        memcpy(ret, interface->mac, FRAME_MAC_BYTES);
}

void listen_tell_macs(struct keeper *keeper)
{
    for (unsigned vip = 0; vip < keeper->conf.vip_count; vip++) {
        struct ipc_message message = {.type = IPC_MAC, .vip = (uint16_t)vip};

        own_mac(keeper, vip, message.mac);
        if (memcmp(message.mac, keeper->macs_told[vip], sizeof(message.mac)) == 0)
            continue;
        memcpy(keeper->macs_told[vip], message.mac, sizeof(message.mac));
        keeper_tell(keeper, &message);
    }
}

void listen_reconfigure(struct keeper *keeper)
{
    listen_close(keeper); /* other addresses, another filter */
    memset(keeper->heard, 0, sizeof(keeper->heard));
    memset(keeper->macs_told, 0xff, sizeof(keeper->macs_told)); /* each is told anew */
}
