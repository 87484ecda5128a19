// SPDX-License-Identifier: MIT
/*
 * announce: "this address is here" on the wire, for every address of a VIP or one. To everybody,
 * then to the default gateway alone. In pieces, and each only while the VIP may be claimed: a claim
 * that comes too late would undo the next holder's.
 */
#include "keeper.h"
#include "keeper/clock.h"
#include "packet.h"

#include "log/log.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* Addresses in one piece; IPv4 sends two frames for each. */
#define PIECE_ADDRESSES 16U
_Static_assert(2 * PIECE_ADDRESSES <= PACKET_FRAMES_MAX, "a piece is sent at once");

/* The interface's queue is full: it drains a few hundred frames in that time. */
#define QUEUE_WAIT_NS CLOCK_NS_PER_MS

struct batch {
    unsigned count;
    struct frame frames[PACKET_FRAMES_MAX];
};

static void visit_settings(void *arg, struct nlmsghdr *message)
{
    bool *forwarding = arg;

    *forwarding = kernel_forwarding_parse(message);
}

/* An IPv6 router says so in its advertisements, or its neighbours drop it from their lists
 * [RFC 4861 7.2.5]. */
static bool is_router(struct keeper *keeper, const struct interface *interface)
{
    bool forwarding = false;

    (void)netlink_get_ipv6_settings(&keeper->netlink, interface->ifindex, visit_settings,
                                    &forwarding);
    return forwarding;
}

static void batch_add(struct batch *batch, const struct interface *interface,
                      const struct conf_address *address, bool router)
{
    if (address->family == AF_INET) {
        frame_arp_request(interface->mac, address->bytes, &batch->frames[batch->count++]);
        frame_arp_reply(interface->mac, address->bytes, &batch->frames[batch->count++]);
    } else {
        frame_advertisement(interface->mac, address->bytes, router, &batch->frames[batch->count++]);
    }
}

/* The gateway of a family, if it is known to the kernel. */
static const struct gateway *gateway_of(struct keeper *keeper, struct interface *interface,
                                        uint8_t family)
{
    struct gateway *gateway = &interface->gateways[family == AF_INET ? 0 : 1];

    gateway_refresh(gateway, &keeper->netlink, family, interface->ifindex);
    return gateway->known ? gateway : NULL;
}

/* Frames for the next addresses of the round. Returns the address after them. */
static unsigned fill(struct keeper *keeper, unsigned vip, struct batch *batch)
{
    const struct conf_vip *section = &keeper->conf.vips[vip];
    const struct sweep *sweep = &keeper->vips[vip].announce;
    struct interface *interface = keeper_interface(keeper, vip);
    bool asked = false;
    bool router = false;
    const unsigned last = sweep_end(sweep, section->address_count);
    const unsigned end = sweep->next + PIECE_ADDRESSES;
    unsigned next = sweep->next;

    batch->count = 0;
    for (; next < last && next < end; next++) {
        const struct conf_address *address = &keeper->conf.addresses[section->address_first + next];
        const unsigned first = batch->count;
        const struct gateway *gateway = NULL;

        if (sweep->to_gateway) {
            gateway = gateway_of(keeper, interface, address->family);
            if (gateway == NULL)
                continue;
        }
        if (address->family == AF_INET6 && !asked) {
            router = is_router(keeper, interface);
            asked = true;
        }
        batch_add(batch, interface, address, router);
        for (unsigned i = first; gateway != NULL && i < batch->count; i++)
            frame_set_destination(&batch->frames[i], gateway->mac);
    }
    return next;
}

void announce_step(struct keeper *keeper, unsigned vip)
{
    const struct conf_vip *section = &keeper->conf.vips[vip];
    const struct interface *interface = keeper_interface(keeper, vip);
    struct sweep *sweep = &keeper->vips[vip].announce;
    struct batch batch;
    unsigned next;
    int result;

    if (!interface->ethernet || interface->ifindex == 0) {
        log_debug("vip %s: %s has no MAC address, nothing to announce", section->name,
                  interface->name);
        sweep_stop(sweep);
        return;
    }
    next = fill(keeper, vip, &batch);
    if (!vip_may_claim(&keeper->vips[vip], clock_now_ns())) {
        sweep_stop(sweep);
        return;
    }
    result = packet_send(keeper->packet_fd, interface->ifindex, batch.frames, batch.count);
    if (result == -EAGAIN) {
        sweep->not_before_ns = clock_now_ns() + QUEUE_WAIT_NS;
        return;
    }
    if (result < 0)
        log_debug("vip %s: cannot announce on %s: %s", section->name, interface->name,
                  strerror(-result));
    sweep->next = (uint16_t)next;
    if (next < sweep_end(sweep, section->address_count))
        return;
    if (sweep->to_gateway)
        sweep_stop(sweep);
    else
        sweep_start_to_gateway(sweep);
}
