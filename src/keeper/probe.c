// SPDX-License-Identifier: MIT
/*
 * probe: who answers for the VIP? A question for each of its addresses, or for one of them; the
 * answers come as any other frame (listen.c).
 */
#include "keeper.h"
#include "keeper/clock.h"
#include "packet.h"

#include "log/log.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define PIECE_ADDRESSES PACKET_FRAMES_MAX

static bool can_ask(struct keeper *keeper, unsigned vip)
{
    const struct interface *interface = keeper_interface(keeper, vip);

    if (interface->ethernet && interface->ifindex != 0)
        return true;
    log_debug("vip %s: %s has no MAC address, nothing to ask", keeper->conf.vips[vip].name,
              interface->name);
    return false;
}

/* With no sender's address: it changes nobody's table. */
static void fill(const struct interface *interface, const struct conf_address *address,
                 struct frame *ret)
{
    if (address->family == AF_INET)
        frame_arp_probe(interface->mac, address->bytes, ret);
    else
        frame_solicitation(interface->mac, address->bytes, ret);
}

void probe_start(struct keeper *keeper, unsigned vip)
{
    if (can_ask(keeper, vip))
        sweep_start(&keeper->vips[vip].probe);
}

void probe_start_of(struct keeper *keeper, unsigned vip, uint16_t index)
{
    if (index < keeper->conf.vips[vip].address_count && can_ask(keeper, vip))
        sweep_start_of(&keeper->vips[vip].probe, index);
}

void probe_step(struct keeper *keeper, unsigned vip)
{
    const struct conf_vip *section = &keeper->conf.vips[vip];
    const struct interface *interface = keeper_interface(keeper, vip);
    struct sweep *sweep = &keeper->vips[vip].probe;
    struct frame frames[PIECE_ADDRESSES];
    const unsigned end = sweep_end(sweep, section->address_count);
    unsigned count = 0;
    int result;

    while (count < PIECE_ADDRESSES && sweep->next + count < end) {
        fill(interface, &keeper->conf.addresses[section->address_first + sweep->next + count],
             &frames[count]);
        count++;
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
    if (sweep->next >= end)
        sweep_stop(sweep);
}
