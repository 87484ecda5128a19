// SPDX-License-Identifier: MIT
/*
 * holding: the addresses of a VIP go into the kernel and out of it. All or none of them: a VIP that
 * is half there would be worse than one that is not.
 */
#include "keeper.h"
#include "keeper/clock.h"

#include "log/log.h"

#include <errno.h>
#include <netlink/msg.h>
#include <string.h>
#include <sys/socket.h>

/* Leftovers are looked for again until there are none; more than this is a rival, no leftover. */
#define LEFTOVER_ROUNDS_MAX 8

/* Items for one batch, and which address each is about. */
struct piece {
    uint32_t valid_s;   /* the kernel's lifetime; VIP_FOR_EVER is what netlink means by that, too */
    uint64_t before_ns; /* from then on it would end too late */
    size_t count;
    struct netlink_item items[NETLINK_BATCH_IPV4];
    uint16_t index[NETLINK_BATCH_IPV4]; /* of conf.addresses */
};

enum job {
    JOB_ADD,    /* renews what is there already */
    JOB_RENEW,  /* skips what is not there: a renewal would bring back what somebody removed */
    JOB_REMOVE, /* skips what others own */
};

static bool choose_verb(const struct address *address, unsigned ifindex, enum job job,
                        enum netlink_verb *ret)
{
    switch (job) {
    case JOB_ADD:
        *ret = address->ours ? NETLINK_RENEW : NETLINK_ADD;
        return true;
    case JOB_RENEW:
        *ret = NETLINK_RENEW;
        return address->ours;
    case JOB_REMOVE:
        *ret = NETLINK_REMOVE;
        return address->foreign_ifindex != ifindex;
    }
    return false;
}

/* Fills `piece` from address `next` of the VIP on; one family, and no more than a batch takes.
 * Returns where the piece after it begins. */
static unsigned piece_fill(const struct keeper *keeper, unsigned vip, unsigned next, enum job job,
                           struct piece *piece)
{
    const struct conf_vip *section = &keeper->conf.vips[vip];
    const unsigned ifindex = keeper->interfaces[keeper->interface_of[vip]].ifindex;
    const uint8_t family = keeper->conf.addresses[section->address_first + next].family;
    const size_t limit = family == AF_INET ? NETLINK_BATCH_IPV4 : NETLINK_BATCH_IPV6;

    piece->count = 0;
    for (; next < section->address_count && piece->count < limit; next++) {
        const unsigned index = section->address_first + next;
        struct netlink_item item = {.address = &keeper->conf.addresses[index],
                                    .ifindex = ifindex,
                                    .valid_s = piece->valid_s};

        if (item.address->family != family)
            break;
        if (!choose_verb(&keeper->addresses[index], ifindex, job, &item.verb))
            continue;
        piece->index[piece->count] = (uint16_t)index;
        piece->items[piece->count++] = item;
    }
    return next;
}

/* Carries a piece out and writes down what the kernel confirmed. 0 or the first error. */
static int piece_run(struct keeper *keeper, struct piece *piece)
{
    const int result =
        netlink_batch(&keeper->netlink, piece->items, piece->count, piece->before_ns);

    for (size_t i = 0; i < piece->count; i++) {
        const struct netlink_item *item = &piece->items[i];
        struct address *address = &keeper->addresses[piece->index[i]];

        if (item->error == 0)
            address->ours = item->verb != NETLINK_REMOVE;
        else if (item->error == -EEXIST)
            address->foreign_ifindex = item->ifindex; /* as long as no dump says that it is ours */
    }
    return result;
}

static void log_refusal(const struct keeper *keeper, unsigned vip, const struct piece *piece)
{
    const char *interface = keeper->interfaces[keeper->interface_of[vip]].name;
    char text[CONF_ADDRESS_TEXT];

    for (size_t i = 0; i < piece->count; i++) {
        const int error = piece->items[i].error;

        if (error == 0 || error == -EEXIST)
            continue;
        log_error("vip %s: the kernel refuses %s on %s: %s%s", keeper->conf.vips[vip].name,
                  conf_address_text(piece->items[i].address, true, text), interface,
                  strerror(-error),
                  error == -EACCES && piece->items[i].address->family == AF_INET6
                      ? " (is net.ipv6.conf disable_ipv6 set for it?)"
                      : "");
        return;
    }
}

/* How long the kernel may keep what it is told now, if not a second is left: not at all. */
static bool piece_may_live(struct keeper *keeper, unsigned vip, uint64_t deadline_ns,
                           struct piece *piece)
{
    struct vip *state = &keeper->vips[vip];

    piece->valid_s = vip_lifetime_s(state, deadline_ns, clock_now_ns());
    if (piece->valid_s == 0)
        return false;
    piece->before_ns = vip_tell_before_ns(state, deadline_ns, piece->valid_s);
    vip_shortened(state, piece->valid_s);
    return true;
}

static int add_once(struct keeper *keeper, unsigned vip, uint64_t deadline_ns)
{
    const struct conf_vip *section = &keeper->conf.vips[vip];
    struct piece piece;

    for (unsigned next = 0; next < section->address_count;) {
        int result;

        if (!piece_may_live(keeper, vip, deadline_ns, &piece))
            return -ETIME;
        next = piece_fill(keeper, vip, next, JOB_ADD, &piece);
        result = piece_run(keeper, &piece);
        if (result < 0) {
            if (result != -ETIME)
                log_refusal(keeper, vip, &piece);
            return result;
        }
        /* This process may have stood still just before the kernel was told. */
        if (clock_now_ns() >= piece.before_ns)
            return -ETIME;
        if (next < section->address_count)
            keeper_due(keeper); /* the other VIPs do not wait for this one */
        if (clock_now_ns() >= deadline_ns)
            return -ETIME;
    }
    return 0;
}

static bool is_owned_by_others(const struct keeper *keeper, unsigned vip)
{
    const struct conf_vip *section = &keeper->conf.vips[vip];

    for (unsigned i = 0; i < section->address_count; i++)
        if (keeper->addresses[section->address_first + i].foreign_ifindex != 0)
            return true;
    return false;
}

static int add_allowed(const struct keeper *keeper, unsigned vip, uint64_t deadline_ns)
{
    const struct interface *interface = &keeper->interfaces[keeper->interface_of[vip]];

    if (clock_now_ns() >= deadline_ns ||
        vip_lifetime_s(&keeper->vips[vip], deadline_ns, clock_now_ns()) == 0)
        return -ETIME;
    if (interface->ifindex == 0)
        return -ENODEV;
    if (!interface->up)
        return -ENETDOWN;
    return is_owned_by_others(keeper, vip) ? -EEXIST : 0;
}

int holding_add(struct keeper *keeper, unsigned vip, uint64_t deadline_ns)
{
    struct vip *state = &keeper->vips[vip];
    const uint64_t start_ns = clock_now_ns();
    int result;

    news_read(keeper);
    result = add_allowed(keeper, vip, deadline_ns);
    /* From here on only the new deadline counts. */
    if (state->phase == VIP_LEAVING)
        vip_gone(state);
    vip_set_deadline(state, deadline_ns);
    vip_renewed(state, start_ns, vip_lifetime_s(state, deadline_ns, start_ns));
    if (result == 0)
        result = add_once(keeper, vip, deadline_ns);
    /* Ours after all (a news message was lost), or another program's? */
    if (result == -EEXIST && news_compare(keeper) == 0 && !is_owned_by_others(keeper, vip))
        result = add_once(keeper, vip, deadline_ns);
    if (result < 0) {
        (void)holding_remove(keeper, vip);
        return result;
    }
    vip_held(state, start_ns, deadline_ns);
    keeper->losses[vip].reason = 0;
    return 0;
}

int holding_remove(struct keeper *keeper, unsigned vip)
{
    const struct conf_vip *section = &keeper->conf.vips[vip];
    struct vip *state = &keeper->vips[vip];
    const bool again = state->phase == VIP_LEAVING;
    struct piece piece = {.valid_s = VIP_FOR_EVER /* of no meaning here */,
                          .before_ns = CLOCK_NEVER_NS};
    int result = 0;

    vip_gone(state);
    if (keeper->strays)
        result = holding_remove_strays(keeper);
    /* Without an interface: the addresses went with it, if it was not renamed. */
    for (unsigned next = keeper_interface(keeper, vip)->ifindex == 0 ? section->address_count : 0;
         next < section->address_count;) {
        int error;

        next = piece_fill(keeper, vip, next, JOB_REMOVE, &piece);
        error = piece_run(keeper, &piece);
        if (error < 0 && result == 0)
            result = error;
    }
    if (result < 0 && !again)
        log_error("vip %s: the kernel does not remove its addresses: %s; trying until it does",
                  section->name, strerror(-result));
    if (result < 0)
        vip_leaving(state, clock_now_ns());
    return result;
}

void holding_remove_one(struct keeper *keeper, unsigned vip, unsigned index)
{
    struct piece piece = {.before_ns = CLOCK_NEVER_NS, .count = 1, .index = {(uint16_t)index}};
    char text[CONF_ADDRESS_TEXT];
    int error;

    piece.items[0] = (struct netlink_item){.verb = NETLINK_REMOVE,
                                           .address = &keeper->conf.addresses[index],
                                           .ifindex = keeper_interface(keeper, vip)->ifindex};
    error = piece.items[0].ifindex == 0 ? 0 : piece_run(keeper, &piece);
    if (error < 0)
        log_error("vip %s: the kernel does not remove %s, which is not configured any more: %s; "
                  "remove it by hand",
                  keeper->conf.vips[vip].name,
                  conf_address_text(&keeper->conf.addresses[index], true, text), strerror(-error));
}

void holding_renew(struct keeper *keeper, unsigned vip)
{
    const struct conf_vip *section = &keeper->conf.vips[vip];
    struct sweep *sweep = &keeper->vips[vip].renew;
    struct piece piece;
    unsigned next;
    int result;

    news_read(keeper);
    if (!vip_may_claim(&keeper->vips[vip], clock_now_ns()))
        return;
    if (!piece_may_live(keeper, vip, keeper->vips[vip].deadline_ns, &piece)) {
        vip_not_renewed(&keeper->vips[vip]);
        sweep_stop(sweep);
        return;
    }
    next = piece_fill(keeper, vip, sweep->next, JOB_RENEW, &piece);
    result = piece_run(keeper, &piece);
    if (clock_now_ns() >= piece.before_ns) {
        /* This process stood still. What has ended meanwhile may be there again, and goes at once
         * if it must not be; else it is told a shorter lifetime. */
        vip_not_renewed(&keeper->vips[vip]);
        sweep_stop(sweep);
        keeper_due_after_wait(keeper);
        return;
    }
    /* What went wrong comes as news, if it matters: an address that is gone is told as such. */
    if (result < 0)
        log_debug("vip %s: not every lifetime was renewed", section->name);
    sweep->next = (uint16_t)next;
    if (sweep->next >= section->address_count)
        sweep_stop(sweep);
}

int holding_remove_all(struct keeper *keeper)
{
    int result = 0;

    for (unsigned vip = 0; vip < keeper->conf.vip_count; vip++) {
        const int error = keeper->vips[vip].phase != VIP_ABSENT ? holding_remove(keeper, vip) : 0;

        if (error < 0)
            result = error;
    }
    return result;
}

struct leftovers {
    struct keeper *keeper;
    bool strays_only; /* not those on the interface of their VIP */
    size_t count;
    struct kernel_address found[NETLINK_BATCH_IPV4];
};

static void collect_leftover(void *arg, struct nlmsghdr *message)
{
    struct leftovers *leftovers = arg;
    struct keeper *keeper = leftovers->keeper;
    const struct lookup_entry *entry;
    struct kernel_address address;
    bool ours;

    if (leftovers->count == NETLINK_BATCH_IPV4 || !kernel_address_parse(message, &address))
        return;
    entry = lookup_find(&keeper->lookup, &address.address);
    if (entry == NULL)
        return;
    ours = kernel_address_is_ours(&address, keeper->kernel_has_mark);
    if (leftovers->strays_only) {
        /* Without marks, what this run added without a lifetime is known by its looks. */
        ours = ours || (!keeper->kernel_has_mark && kernel_address_looks_ours(&address));
        ours = ours && address.ifindex != keeper_interface(keeper, entry->vip)->ifindex;
    }
    if (!ours)
        return;
    leftovers->found[leftovers->count++] = address;
}

/* How many were removed, or -errno. */
static int remove_all(struct keeper *keeper, bool strays_only)
{
    size_t removed = 0;

    for (int round = 0; round < LEFTOVER_ROUNDS_MAX; round++) {
        struct leftovers leftovers = {.keeper = keeper, .strays_only = strays_only};
        struct netlink_item items[NETLINK_BATCH_IPV4];
        int result = netlink_dump_addresses(&keeper->netlink, collect_leftover, &leftovers);

        if (result == -EINTR)
            continue;
        if (result < 0)
            return result;
        if (leftovers.count == 0)
            return (int)removed;
        for (size_t i = 0; i < leftovers.count; i++)
            items[i] = (struct netlink_item){.verb = NETLINK_REMOVE,
                                             .address = &leftovers.found[i].address,
                                             .ifindex = leftovers.found[i].ifindex};
        result = netlink_batch(&keeper->netlink, items, leftovers.count, CLOCK_NEVER_NS);
        if (result < 0)
            return result;
        removed += leftovers.count;
    }
    return -EBUSY;
}

int holding_remove_leftovers(struct keeper *keeper)
{
    const int removed = remove_all(keeper, false);

    if (removed > 0)
        log_notice("removed %d addresses that an earlier run left", removed);
    return removed < 0 ? removed : 0;
}

int holding_remove_strays(struct keeper *keeper)
{
    const int removed = remove_all(keeper, true);

    if (removed > 0)
        log_notice("removed %d addresses from an interface that was renamed", removed);
    keeper->strays = removed < 0;
    return removed < 0 ? removed : 0;
}
