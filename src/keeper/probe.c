// SPDX-License-Identifier: MIT
/*
 * probe: does somebody else answer for the VIP? One question per address; the answers come as any
 * other frame (listen.c).
 */
#include "keeper.h"
#include "keeper/clock.h"
#include "packet.h"

#include "log/log.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define PIECE_ADDRESSES PACKET_FRAMES_MAX

void probe_start(struct keeper *keeper, unsigned vip)
{
    const struct interface *interface = keeper_interface(keeper, vip);

    if (!interface->ethernet || interface->ifindex == 0) {
        log_debug("vip %s: %s has no MAC address, nothing to ask", keeper->conf.vips[vip].name,
                  interface->name);
        return;
    }
    sweep_start(&keeper->vips[vip].probe);
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
    if (sweep->next >= section->address_count)
        sweep_stop(sweep);
}
