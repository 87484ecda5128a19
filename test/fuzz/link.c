// SPDX-License-Identifier: MIT
/*
 * The engine's ends of two socketpairs, with the real core behind them. A keeper that answers late,
 * twice, wrongly or in any bytes, does not read, or goes away; and a checker that does the same.
 * The engine hands no message on that is not valid, the core keeps its rules whatever a valid one
 * says, and what the keeper reads is valid and never stale: the last word about each VIP is the
 * last thing that the core wanted.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core_guard.h"
#include "engine/checker_link.h"
#include "engine/keeper_link.h"
#include "engine/news.h"
#include "input.h"

#define VIPS      2U
#define CHECKS    2U
#define ADDRESSES 3U
#define OPS_MAX   200U
#define UNREAD    256U
#define BUFFER    4608 /* a few messages fill it */

struct lab {
    struct input input;
    uv_loop_t loop;
    struct keeper_link link;
    struct core_config config;
    struct core_guard guard;
    struct mono now;
    int keeper; /* its end */
    bool closed;
    struct checker_link checker_link;
    int checker;      /* its end */
    struct conf conf; /* only its numbers */
    bool checker_closed;
    bool checker_nonsense;
    struct swarm_news swarm;
    bool deaf; /* the keeper does not read */
    bool gone;
    bool nonsense;                    /* the keeper sent what no keeper sends */
    struct ipc_message asked[UNREAD]; /* requests that it has read and not answered */
    unsigned asked_count;
    uint64_t sequence[VIPS];            /* of the newest request that it has read */
    uint16_t wanted[VIPS], heard[VIPS]; /* last request, as the core made and the keeper read it */
};

static void tell_checker(struct lab *lab, const struct change *change)
{
    struct vip_view view = {.holder = NODE_NONE};
    struct ipc_news *news;
    if (change->type == CHANGE_VIP || change->type == CHANGE_RIVAL)
        core_view_vip(lab->guard.core, change->vip, lab->now, &view);
    news = news_of_change(change, &lab->conf, view.holder, reason_text(change->reason));
    if (news != NULL)
        checker_link_tell(&lab->checker_link, news);
}

static void carry_out(struct lab *lab, const struct action *action)
{
    const uint8_t vip = action->address.vip;
    switch (action->type) {
    case ACTION_ADDRESS_ADD:
        lab->wanted[vip] = IPC_ADD;
        keeper_link_add(&lab->link, vip, action->address.until);
        break;
    case ACTION_ADDRESS_REMOVE:
        lab->wanted[vip] = IPC_REMOVE;
        keeper_link_remove(&lab->link, vip);
        break;
    case ACTION_ANNOUNCE:
        keeper_link_announce(&lab->link, vip, action->address.index);
        break;
    case ACTION_PROBE:
        keeper_link_probe(&lab->link, vip);
        break;
    case ACTION_VERIFY:
        keeper_link_verify(&lab->link, vip, action->address.index);
        break;
    case ACTION_DEADLINE:
        keeper_link_deadline(&lab->link, vip, action->address.until);
        break;
    case ACTION_STOPPED:
        keeper_link_stopped(&lab->link);
        break;
    case ACTION_CHANGE:
        tell_checker(lab, &action->change);
        break;
    case ACTION_CLONED:
        break;
    }
}

static void step(struct lab *lab, struct event *event)
{
    const struct actions *actions = &lab->guard.actions;
    if (lab->guard.ended || lab->gone)
        return;
    event->now = lab->now;
    core_guard_step(&lab->guard, event);
    for (uint32_t i = 0; i < actions->count; i++)
        if (actions->items[i].type <= ACTION_VERIFY)
            carry_out(lab, &actions->items[i]);
    for (uint32_t i = 0; i < actions->count; i++)
        if (actions->items[i].type > ACTION_VERIFY)
            carry_out(lab, &actions->items[i]);
}

static void on_message(void *arg, const struct ipc_message *message)
{
    struct lab *lab = arg;
    struct event event;
    MUST(ipc_valid_from_keeper(message, sizeof(*message), VIPS, ADDRESSES));
    if (message->type == IPC_LOST && message->reason == IPC_LOST_DEADLINE)
        keeper_link_awake(&lab->link);
    if (keeper_link_event(&lab->link, message, &event))
        step(lab, &event);
}

static void on_gone(void *arg, const char *why)
{
    struct lab *lab = arg;
    MUST(!lab->gone && why[0] != '\0');
    MUST(lab->closed || lab->nonsense);
    lab->gone = true;
}

static void on_result(void *arg, const struct ipc_result *result)
{
    struct lab *lab = arg;
    struct event event = {.type = EVENT_CHECK};
    MUST(ipc_result_is_valid(result, sizeof(*result), lab->config.check_count));
    MUST(memchr(result->detail, '\0', sizeof(result->detail)) != NULL);
    event.check.check = (uint8_t)result->check;
    event.check.passed = result->outcome == IPC_OUTCOME_OK;
    if (result->outcome != IPC_OUTCOME_UNKNOWN)
        step(lab, &event);
}

static void on_swarm(void *arg, const struct ipc_swarm *swarm)
{
    struct lab *lab = arg;
    struct event event = {.type = EVENT_SWARM,
                          .swarm = {.check = (uint8_t)swarm->check, .news = &lab->swarm}};
    MUST(ipc_swarm_is_valid(swarm, sizeof(*swarm), lab->config.check_count));
    lab->swarm = (struct swarm_news){.own = swarm->own,
                                     .knows = swarm->knows != 0,
                                     .index = swarm->index,
                                     .count = (uint16_t)swarm->count};
    memcpy(lab->swarm.exceptions, swarm->exceptions, sizeof(lab->swarm.exceptions));
    step(lab, &event);
}

/* The engine goes on without it: the last results count. */
static void on_checker_gone(void *arg, const char *why)
{
    const struct lab *lab = arg;
    MUST(why[0] != '\0' && (lab->checker_closed || lab->checker_nonsense));
}

static void checker_send(struct lab *lab, const void *bytes, size_t length)
{
    if (!lab->checker_closed && length > 0 &&
        send(lab->checker, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)length)
        lab->checker_nonsense |= !ipc_result_is_valid(bytes, length, lab->config.check_count) &&
                                 !ipc_swarm_is_valid(bytes, length, lab->config.check_count);
}

/* A result, a text that is as long as it may be, any bytes, or nothing more. */
static void checker_act(struct lab *lab)
{
    const uint8_t bits = input_u8(&lab->input);
    struct ipc_result result = {.check = bits & 1U,
                                .outcome = (uint16_t)(IPC_OUTCOME_OK + (bits >> 1) % 3)};
    struct ipc_swarm swarm;
    struct input part;
    switch (bits >> 5) {
    case 7:
        if (!lab->checker_closed)
            (void)close(lab->checker);
        lab->checker_closed = true;
        break;
    case 6:
        part = input_take(&lab->input, input_u8(&lab->input) % (sizeof(result) + 8U));
        checker_send(lab, part.bytes, part.left);
        break;
    case 4:
        swarm = (struct ipc_swarm){.check = bits & 1U, .own = 4, .knows = bits >> 1 & 1U};
        swarm.count = input_u8(&lab->input) % 4U * swarm.knows;
        for (unsigned i = 0; i < swarm.count; i++)
            swarm.exceptions[i] = (uint64_t)input_u8(&lab->input) << (8 * i);
        checker_send(lab, &swarm, sizeof(swarm));
        break;
    case 5:
        memset(result.detail, input_u8(&lab->input), sizeof(result.detail) - (bits >> 3 & 1U));
        checker_send(lab, &result, sizeof(result));
        break;
    default:
        ipc_text_set(result.detail, sizeof(result.detail), "said \xff");
        checker_send(lab, &result, sizeof(result));
        break;
    }
}

static void on_will(void *arg, uint8_t node, struct ipc_will *ret)
{
    const struct lab *lab = arg;
    MUST(node != lab->config.self);
    ret->length = IPC_WILL_BYTES_MAX;
    memset(ret->bytes, 1, sizeof(ret->bytes));
}

static void hear(struct lab *lab, const struct ipc_message *message)
{
    if (message->type != IPC_ADD && message->type != IPC_REMOVE)
        return;
    /* Never an old one after a new one. */
    MUST(message->sequence > lab->sequence[message->vip]);
    lab->sequence[message->vip] = message->sequence;
    lab->heard[message->vip] = message->type;
    if (lab->asked_count < UNREAD)
        lab->asked[lab->asked_count++] = *message;
}

static void keeper_read(struct lab *lab)
{
    union ipc_request request;
    long length;
    while (!lab->closed && (length = ipc_receive_request(lab->keeper, &request)) > 0) {
        if (request.type == IPC_WILL) {
            MUST(
                ipc_valid_will(&request, (size_t)length, lab->config.node_count, lab->config.self));
            continue;
        }
        MUST(ipc_valid_from_engine(&request, (size_t)length, VIPS));
        hear(lab, &request.message);
    }
}

static void checker_read(struct lab *lab)
{
    static _Alignas(struct ipc_news) char inbox[IPC_NEWS_BYTES_MAX];
    long length;
    while (!lab->checker_closed &&
           (length = ipc_packet_receive(lab->checker, inbox, sizeof(inbox))) > 0)
        MUST(ipc_news_are_valid(inbox, (size_t)length));
}

static void keeper_send(struct lab *lab, const void *bytes, size_t length)
{
    if (!lab->closed && length > 0 &&
        send(lab->keeper, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)length)
        lab->nonsense |= !ipc_valid_from_keeper(bytes, length, VIPS, ADDRESSES); /* or a reload */
}

/* The answer to a request, the oldest as a rule; it may be answered again. */
static void keeper_answer(struct lab *lab)
{
    const uint8_t bits = input_u8(&lab->input);
    if (lab->asked_count == 0)
        return;
    const unsigned index = (bits & 1U) != 0 ? lab->asked_count - 1 : 0;
    const struct ipc_message request = lab->asked[index];
    bool added = request.type == IPC_ADD;
    if ((bits & 6U) == 6U)
        added = !added;
    const struct ipc_message answer = {.type = added ? IPC_ADDED : IPC_REMOVED,
                                       .vip = request.vip,
                                       .error = (bits & 24U) == 24U ? -(bits >> 5) - 13 : 0,
                                       .sequence = request.sequence};
    if ((bits & 0xE0U) != 0xE0U)
        memmove(lab->asked + index, lab->asked + index + 1,
                (--lab->asked_count - index) * sizeof(request));
    keeper_send(lab, &answer, sizeof(answer));
}

static void keeper_tell(struct lab *lab)
{
    const uint8_t bits = input_u8(&lab->input);
    struct ipc_message message = {.vip = bits >> 2 & 1U};
    switch (bits & 3U) {
    case 0:
        message.type = IPC_LOST;
        message.address = (uint16_t)((bits >> 3) % ADDRESSES);
        message.reason = (uint16_t)(IPC_LOST_DEADLINE + (bits >> 5) % IPC_LOST_CONFLICT);
        break;
    case 1:
        message.type = IPC_LINK;
        message.reason = (bits & 8U) != 0 ? IPC_LINK_UP : IPC_LINK_DOWN;
        break;
    case 2:
        message.type = (bits & 4U) != 0 ? IPC_FRAME : IPC_MAC;
        if (message.type == IPC_FRAME) {
            message.address = (uint16_t)((bits >> 3) % ADDRESSES);
            message.reason = (bits & 64U) != 0 ? IPC_FRAME_GATEWAY : IPC_FRAME_HOST;
        }
        message.mac[5] = bits;
        break;
    default:
        message = (struct ipc_message){.type = (bits & 0xF0U) == 0 ? IPC_STOP : IPC_KEPT};
        if (message.type == IPC_KEPT && (bits & 8U) != 0)
            message.error = -5;
        break;
    }
    keeper_send(lab, &message, sizeof(message));
}

static void keeper_send_bytes(struct lab *lab)
{
    const struct input part = input_take(&lab->input, input_u8(&lab->input) % 64U);
    keeper_send(lab, part.bytes, part.left);
}

static void pass(struct lab *lab, uint64_t span_ns)
{
    const struct mono end = mono_add(lab->now, span_ns);
    for (unsigned i = 0; i < 32 && !lab->guard.ended && !lab->gone; i++) {
        struct event event = {.type = EVENT_TIMER};
        if (mono_before(end, core_deadline(lab->guard.core)))
            break;
        lab->now = mono_max(lab->now, core_deadline(lab->guard.core));
        step(lab, &event);
    }
    lab->now = mono_max(lab->now, end);
}

static void act(struct lab *lab)
{
    const uint8_t op = input_u8(&lab->input);
    switch (op & 7U) {
    case 0:
    case 1:
        keeper_answer(lab);
        break;
    case 2:
        keeper_tell(lab);
        break;
    case 3:
        keeper_send_bytes(lab);
        break;
    case 4:
        lab->deaf = !lab->deaf;
        break;
    case 5:
        if ((op & 8U) != 0)
            keeper_link_keep_drain(&lab->link, (op & 16U) != 0, op >> 5 & ((1U << VIPS) - 1));
        else
            keeper_link_deposit(&lab->link, (UINT64_C(1) << lab->config.node_count) - 2);
        break;
    case 6:
        pass(lab, (1U + (op >> 3)) * 20 * NS_PER_MS);
        break;
    default:
        if (op == 0xFF && !lab->closed) {
            lab->closed = true;
            (void)close(lab->keeper);
        } else if ((op & 8U) != 0) {
            checker_act(lab);
        } else {
            pass(lab, 10 * NS_PER_MS);
        }
        break;
    }
    (void)uv_run(&lab->loop, UV_RUN_NOWAIT);
    if (!lab->deaf) {
        keeper_read(lab);
        checker_read(lab);
    }
}

static void on_reload(void *arg, struct ipc_reload *reload)
{
    (void)arg;
    MUST(conf_is_sound(&reload->setup.conf));
}

static void on_verdict(void *arg, const struct ipc_verdict *verdict)
{
    (void)arg;
    MUST(memchr(verdict->text, '\0', sizeof(verdict->text)) != NULL);
}

static void open_lab(struct lab *lab)
{
    const struct keeper_link_handlers handlers = {.message = on_message,
                                                  .gone = on_gone,
                                                  .will = on_will,
                                                  .reload = on_reload,
                                                  .verdict = on_verdict,
                                                  .arg = lab};
    const int bytes = BUFFER;
    int ends[2];
    const struct checker_link_handlers checker = {
        .result = on_result, .swarm = on_swarm, .gone = on_checker_gone, .arg = lab};
    core_guard_config((uint8_t)(1 + input_below(&lab->input, 3)), VIPS, &lab->config);
    lab->config.check_count = input_below(&lab->input, CHECKS + 1);
    lab->config.check_patience_ns = NS_PER_S;
    lab->conf.node_count = lab->config.node_count;
    lab->conf.vip_count = VIPS;
    lab->conf.check_count = lab->config.check_count;
    for (unsigned i = 0; i < VIPS; i++)
        lab->conf.vips[i].name[0] = 'v';
    for (unsigned i = 0; i < CHECKS; i++)
        lab->conf.checks[i].name[0] = 'c';
    lab->config.checks[0] = (struct core_check){.rise = 1, .fall = 2, .is_general = true};
    lab->config.checks[1] = (struct core_check){.rise = 2, .fall = 1, .weight = -9, .vips = 2};
    lab->now.ns = NS_PER_S;
    core_guard_init(&lab->guard, lab->guard.core, &lab->config, lab->now);
    MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    MUST(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)) == 0);
    memset(&lab->link, 0, sizeof(lab->link));
    lab->keeper = ends[1];
    lab->link.vip_count = VIPS;
    lab->link.address_count = ADDRESSES;
    MUST(uv_loop_init(&lab->loop) == 0);
    MUST(keeper_link_open(&lab->link, &lab->loop, ends[0], &handlers) == 0);
    MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    memset(&lab->checker_link, 0, sizeof(lab->checker_link));
    lab->checker = ends[1];
    lab->checker_link.check_count = lab->config.check_count;
    MUST(checker_link_open(&lab->checker_link, &lab->loop, ends[0], &checker) == 0);
}

/* A keeper that reads at last has heard the last word about every VIP. */
static void settle(struct lab *lab)
{
    for (unsigned i = 0; i < UNREAD && !keeper_link_is_flushed(&lab->link) && !lab->gone; i++) {
        keeper_read(lab);
        (void)uv_run(&lab->loop, UV_RUN_NOWAIT);
    }
    keeper_read(lab);
    if (lab->gone || lab->closed)
        return;
    MUST(keeper_link_is_flushed(&lab->link));
    for (unsigned vip = 0; vip < VIPS; vip++)
        MUST(lab->heard[vip] == lab->wanted[vip]);
}

static void close_lab(struct lab *lab)
{
    const int fd = lab->link.fd;
    const int checker_fd = lab->checker_link.fd;
    keeper_link_close(&lab->link);
    checker_link_close(&lab->checker_link);
    (void)uv_run(&lab->loop, UV_RUN_NOWAIT);
    MUST(uv_loop_close(&lab->loop) == 0);
    (void)close(fd);
    (void)close(checker_fd);
    if (!lab->closed)
        (void)close(lab->keeper);
    if (!lab->checker_closed)
        (void)close(lab->checker);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct lab *lab;
    static struct core *core;
    if (lab == NULL) {
        lab = calloc(1, sizeof(*lab));
        core = malloc(core_size());
        MUST(lab != NULL && core != NULL);
        lab->guard.core = core;
    }
    lab->input = (struct input){bytes, length};
    lab->checker_closed = lab->checker_nonsense = false;
    lab->closed = lab->deaf = lab->gone = lab->nonsense = false;
    lab->asked_count = 0;
    memset(lab->sequence, 0, sizeof(lab->sequence));
    memset(lab->wanted, 0, sizeof(lab->wanted));
    memset(lab->heard, 0, sizeof(lab->heard));
    open_lab(lab);
    for (unsigned i = 0; i < OPS_MAX && lab->input.left > 0 && !lab->gone; i++)
        act(lab);
    settle(lab);
    close_lab(lab);
    return 0;
}
