// SPDX-License-Identifier: MIT
#include "engine/keeper_link.h"

#include <errno.h>
#include <string.h>

/* More than a keeper can have to say at once: a few words per address. */
#define DRAIN_MAX 4096U

static void on_poll(uv_poll_t *poll, int status, int events);

int keeper_link_open(struct keeper_link *link, uv_loop_t *loop, int fd,
                     const struct keeper_link_handlers *handlers)
{
    int error;

    link->fd = fd;
    link->handlers = *handlers;
    error = uv_poll_init(loop, &link->poll, fd);
    if (error != 0) {
        return error;
    }
    link->poll.data = link;
    return uv_poll_start(&link->poll, UV_READABLE, on_poll);
}

void keeper_link_close(struct keeper_link *link)
{
    uv_close((uv_handle_t *)&link->poll, NULL);
}

static void lose(struct keeper_link *link, const char *why)
{
    if (!link->gone) {
        link->gone = true;
        (void)uv_poll_stop(&link->poll);
        link->handlers.gone(link->handlers.arg, why);
    }
}

/* What ipc_send() has said. False if the message has to wait. */
static bool was_sent(struct keeper_link *link, int error)
{
    if (error == 0) {
        return true;
    }
    if (error == -EAGAIN) {
        link->blocked = true;
        (void)uv_poll_start(&link->poll, UV_READABLE | UV_WRITABLE, on_poll);
    } else {
        link->ended = error == -EPIPE;
        lose(link, "it does not take messages any more");
    }
    return false;
}

/* False if it has to wait. */
static bool send_message(struct keeper_link *link, uint16_t type, uint8_t vip, uint64_t deadline_ns)
{
    struct ipc_message message = {.type = type, .vip = vip, .deadline_ns = deadline_ns};

    if (type == IPC_ADD || type == IPC_REMOVE) {
        message.sequence = link->latest[vip];
    }
    return was_sent(link, ipc_send(link->fd, &message));
}

/* No address is asked for before the peers can be told of its end. */
static void flush_wills(struct keeper_link *link)
{
    while (link->wills != 0 && !link->blocked && !link->gone) {
        uint8_t node = (uint8_t)__builtin_ctzll(link->wills);
        struct ipc_will will = {.type = IPC_WILL, .node = node};

        link->handlers.will(link->handlers.arg, node, &will);
        if (was_sent(link, ipc_send_will(link->fd, &will))) {
            link->wills &= link->wills - 1;
        }
    }
}

static bool flush_vip(struct keeper_link *link, uint8_t vip)
{
    struct keeper_link_waiting *waiting = &link->waiting[vip];

    if (waiting->request != 0) {
        if (!send_message(link, waiting->request, vip,
                          waiting->request == IPC_ADD ? waiting->deadline_ns : 0)) {
            return false;
        }
        waiting->request = 0;
    }
    if (waiting->has_deadline) {
        if (!send_message(link, IPC_DEADLINE, vip, waiting->deadline_ns)) {
            return false;
        }
        waiting->has_deadline = false;
    }
    if (waiting->announce) {
        struct ipc_message message = {
            .type = IPC_ANNOUNCE, .vip = vip, .address = waiting->announce_index};

        if (!was_sent(link, ipc_send(link->fd, &message))) {
            return false;
        }
        waiting->announce = false;
    }
    if (waiting->probe) {
        if (!send_message(link, IPC_PROBE, vip, 0)) {
            return false;
        }
        waiting->probe = false;
    }
    if (waiting->verify) {
        struct ipc_message message = {
            .type = IPC_VERIFY, .vip = vip, .address = waiting->verify_index};

        if (!was_sent(link, ipc_send(link->fd, &message))) {
            return false;
        }
        waiting->verify = false;
    }
    return true;
}

/* The keeper must know first what the indexes of all the others mean. */
static void flush_switch(struct keeper_link *link)
{
    struct ipc_message message = {.type = IPC_SWITCH, .error = link->change.error};

    if (link->change.waits && !link->blocked && !link->gone &&
        was_sent(link, ipc_send(link->fd, &message))) {
        link->change.waits = false;
    }
}

static void flush_read(struct keeper_link *link)
{
    struct ipc_message message = {.type = IPC_READ, .sequence = link->reads};

    if (link->reads != 0 && !link->blocked && !link->gone &&
        was_sent(link, ipc_send(link->fd, &message))) {
        link->reads = 0;
    }
}

static void flush(struct keeper_link *link)
{
    flush_switch(link);
    flush_wills(link);
    flush_read(link);
    if (link->awake && !link->blocked && !link->gone && send_message(link, IPC_AWAKE, 0, 0)) {
        link->awake = false;
    }
    for (uint8_t vip = 0; vip < link->vip_count && !link->blocked && !link->gone; vip++) {
        (void)flush_vip(link, vip);
    }
    if (link->has_drain && !link->blocked && !link->gone &&
        was_sent(link, ipc_send(link->fd, &link->drain))) {
        link->has_drain = false;
    }
    if (link->stopped && !link->blocked && !link->gone && send_message(link, IPC_STOPPED, 0, 0)) {
        link->stopped = false;
    }
}

static void request(struct keeper_link *link, uint8_t vip, uint16_t type, uint64_t deadline_ns)
{
    link->latest[vip] = ++link->sequence;
    link->waiting[vip] = (struct keeper_link_waiting){.request = type, .deadline_ns = deadline_ns};
    flush(link);
}

void keeper_link_add(struct keeper_link *link, uint8_t vip, struct mono until)
{
    request(link, vip, IPC_ADD, until.ns);
}

void keeper_link_remove(struct keeper_link *link, uint8_t vip)
{
    request(link, vip, IPC_REMOVE, 0);
}

void keeper_link_deadline(struct keeper_link *link, uint8_t vip, struct mono until)
{
    struct keeper_link_waiting *waiting = &link->waiting[vip];

    if (waiting->request == IPC_REMOVE) {
        return; /* nothing to keep */
    }
    waiting->deadline_ns = until.ns;
    /* An addition that still waits takes the newer deadline with it. */
    waiting->has_deadline = waiting->request != IPC_ADD;
    flush(link);
}

void keeper_link_announce(struct keeper_link *link, uint8_t vip, uint16_t index)
{
    struct keeper_link_waiting *waiting = &link->waiting[vip];

    waiting->announce_index =
        waiting->announce && waiting->announce_index != index ? ALL_ADDRESSES : index;
    waiting->announce = true;
    flush(link);
}

void keeper_link_probe(struct keeper_link *link, uint8_t vip)
{
    link->waiting[vip].probe = true;
    flush(link);
}

void keeper_link_verify(struct keeper_link *link, uint8_t vip, uint16_t index)
{
    link->waiting[vip].verify = true;
    link->waiting[vip].verify_index = index;
    flush(link);
}

void keeper_link_awake(struct keeper_link *link)
{
    link->awake = true;
    flush(link);
}

void keeper_link_keep_drain(struct keeper_link *link, bool node, uint32_t vips)
{
    link->drain = (struct ipc_message){.type = IPC_DRAIN,
                                       .reason = node ? IPC_DRAIN_NODE : IPC_DRAIN_VIPS,
                                       .vips = vips,
                                       .sequence = ++link->sequence};
    link->has_drain = true;
    link->keeping = true;
    flush(link);
}

bool keeper_link_is_keeping(const struct keeper_link *link)
{
    return link->keeping;
}

void keeper_link_read(struct keeper_link *link, uint64_t sequence)
{
    link->reads = sequence;
    flush(link);
}

void keeper_link_refuse(struct keeper_link *link, int error)
{
    link->change.waits = true;
    link->change.error = error;
    flush(link);
}

static void rename_waiting(struct keeper_link *link)
{
    uint64_t latest[VIPS_MAX];
    struct keeper_link_waiting waiting[VIPS_MAX];

    memcpy(latest, link->latest, sizeof latest);
    memcpy(waiting, link->waiting, sizeof waiting);
    memset(link->latest, 0, sizeof link->latest);
    memset(link->waiting, 0, sizeof link->waiting);
    for (uint8_t vip = 0; vip < link->vip_count; vip++) {
        uint8_t now = link->change.vip_now[vip];

        if (now != VIP_NONE) {
            link->latest[now] = latest[vip];
            link->waiting[now] = waiting[vip];
        }
    }
}

void keeper_link_switch(struct keeper_link *link, const struct conf *conf,
                        const struct conf_change *change)
{
    link->change.waits = true;
    link->change.error = 0;
    link->change.pending = true;
    for (uint8_t vip = 0; vip < VIPS_MAX; vip++) {
        link->change.vip_now[vip] = conf_change_now(change->vip_was, conf->vip_count, vip);
    }
    rename_waiting(link);
    link->change.former_count = link->vip_count;
    link->change.former_address_count = link->address_count;
    link->vip_count = conf->vip_count;
    link->address_count = conf->address_count;
    link->node_count = conf->node_count;
    flush(link);
}

void keeper_link_deposit(struct keeper_link *link, uint64_t nodes)
{
    link->wills |= nodes;
    flush(link);
}

void keeper_link_stopped(struct keeper_link *link)
{
    link->stopped = true;
    flush(link);
}

bool keeper_link_is_flushed(const struct keeper_link *link)
{
    return !link->blocked && !link->stopped;
}

/* A message of before the keeper has switched means a VIP by its former index. False: it is about
 * one that is gone, or not valid, which `ret_valid` says. */
static bool take_former(const struct keeper_link *link, struct ipc_message *message, size_t length,
                        bool *ret_valid)
{
    *ret_valid = ipc_valid_from_keeper(message, length, link->change.former_count,
                                       link->change.former_address_count);
    if (!*ret_valid || !ipc_names_vip(message->type)) {
        return *ret_valid;
    }
    message->vip = link->change.vip_now[message->vip];
    message->address = 0;
    return message->vip != VIP_NONE;
}

/* False: it is none of this version. */
static bool take_message(struct keeper_link *link, struct ipc_message *message, size_t length)
{
    bool valid;

    if (!link->change.pending) {
        valid = ipc_valid_from_keeper(message, length, link->vip_count, link->address_count);
        if (!valid) {
            return false;
        }
    } else if (!take_former(link, message, length, &valid)) {
        return valid;
    }
    if (message->type == IPC_SWITCHED) {
        link->change.pending = false;
    }
    if (message->type == IPC_KEPT) {
        if (message->sequence != link->drain.sequence) {
            return true; /* overtaken by a newer order */
        }
        link->keeping = false;
    }
    link->handlers.message(link->handlers.arg, message);
    return true;
}

static bool take(struct keeper_link *link, union ipc_answer *answer, size_t length)
{
    const struct keeper_link_handlers *handlers = &link->handlers;
    bool fits = length >= sizeof answer->type && !link->change.pending;

    if (fits && answer->type == IPC_RELOAD) {
        if (!ipc_valid_reload(&answer->reload, length, link->vip_count, link->node_count)) {
            return false;
        }
        handlers->reload(handlers->arg, &answer->reload);
        return true;
    }
    if (fits && answer->type == IPC_VERDICT) {
        if (!ipc_valid_verdict(&answer->verdict, length)) {
            return false;
        }
        handlers->verdict(handlers->arg, &answer->verdict);
        return true;
    }
    return take_message(link, &answer->message, length);
}

void keeper_link_drain(struct keeper_link *link)
{
    for (unsigned n = 0; n < DRAIN_MAX && !link->gone; n++) {
        long length = ipc_receive_answer(link->fd, &link->answer);

        if (length == -EAGAIN) {
            return;
        }
        if (length <= 0) {
            link->ended = length == 0;
            lose(link, "it has ended");
            return;
        }
        if (!take(link, &link->answer, (size_t)length)) {
            lose(link, "it sent a message that is none of this version");
            return;
        }
        link->silence = 0;
    }
}

void keeper_link_watch(struct keeper_link *link, unsigned patience)
{
    keeper_link_drain(link);
    if (!link->gone && ++link->silence > patience) {
        link->ended = true;
        link->silent = true;
        lose(link, "it stands still");
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct keeper_link *link = poll->data;

    if (status == 0 && (events & UV_WRITABLE) != 0) {
        link->blocked = false;
        (void)uv_poll_start(&link->poll, UV_READABLE, on_poll);
        flush(link);
    }
    keeper_link_drain(link);
    if (status < 0) {
        lose(link, "the connection to it broke");
    }
}

static bool answer_event(const struct keeper_link *link, const struct ipc_message *message,
                         struct event *ret)
{
    bool added = message->type == IPC_ADDED;

    if (message->sequence != link->latest[message->vip]) {
        return false;
    }
    ret->type = EVENT_ADDRESS;
    ret->address.vip = (uint8_t)message->vip;
    ret->address.error = -message->error;
    if (message->error == 0) {
        ret->address.change = added ? ADDRESS_ADDED : ADDRESS_REMOVED;
    } else {
        ret->address.change = added ? ADDRESS_ADD_FAILED : ADDRESS_REMOVE_FAILED;
    }
    return true;
}

static bool lost_event(const struct ipc_message *message, struct event *ret)
{
    static const enum address_change changes[] = {
        [IPC_LOST_DEADLINE] = ADDRESS_LOST_DEADLINE,
        [IPC_LOST_FOREIGN] = ADDRESS_LOST_FOREIGN,
        [IPC_LOST_LINK] = ADDRESS_LOST_LINK,
        [IPC_LOST_CONFLICT] = ADDRESS_LOST_CONFLICT,
    };

    if (message->reason < IPC_LOST_DEADLINE || message->reason > IPC_LOST_CONFLICT) {
        return false;
    }
    ret->type = EVENT_ADDRESS;
    ret->address.vip = (uint8_t)message->vip;
    ret->address.change = changes[message->reason];
    return true;
}

bool keeper_link_event(const struct keeper_link *link, const struct ipc_message *message,
                       struct event *ret)
{
    memset(ret, 0, sizeof *ret);
    switch (message->type) {
    case IPC_ADDED:
    case IPC_REMOVED:
        return answer_event(link, message, ret);
    case IPC_LOST:
        return lost_event(message, ret);
    case IPC_FRAME:
        ret->type = EVENT_FRAME;
        ret->frame.vip = (uint8_t)message->vip;
        ret->frame.is_gateway = message->reason == IPC_FRAME_GATEWAY;
        memcpy(ret->frame.mac, message->mac, sizeof ret->frame.mac);
        return true;
    case IPC_MAC:
        ret->type = EVENT_MAC;
        ret->frame.vip = (uint8_t)message->vip;
        memcpy(ret->frame.mac, message->mac, sizeof ret->frame.mac);
        return true;
    case IPC_LINK:
        ret->type = EVENT_LINK;
        ret->link.vip = (uint8_t)message->vip;
        ret->link.up = message->reason == IPC_LINK_UP;
        return true;
    case IPC_STOP:
        ret->type = EVENT_STOP;
        return true;
    default:
        return false;
    }
}
