// SPDX-License-Identifier: MIT
/*
 * request: the engine's messages, one after the other. Each is checked before it is looked at; one
 * that is not valid ends everything, because it means that the engine is not what it was.
 */
#include "keeper.h"
#include "keeper/clock.h"

#include "log/log.h"

#include <errno.h>
#include <string.h>

/* Messages in one turn, so that time is looked at even if the engine never stops talking. */
#define MESSAGES_MAX 256

static void answer(struct keeper *keeper, const struct ipc_message *request, enum ipc_type type,
                   int error)
{
    const struct ipc_message message = {
        .type = (uint16_t)type, .vip = request->vip, .error = error, .sequence = request->sequence};

    keeper_tell(keeper, &message);
}

static void handle(struct keeper *keeper, const struct ipc_message *message)
{
    const char *name = keeper->conf.vips[message->vip].name;
    struct vip *vip = &keeper->vips[message->vip];
    int result;

    switch (message->type) {
    case IPC_ADD:
        result = holding_add(keeper, message->vip, message->deadline_ns);
        log_debug("vip %s: add: %s", name, strerror(-result));
        answer(keeper, message, IPC_ADDED, result);
        break;
    case IPC_REMOVE:
        result = holding_remove(keeper, message->vip);
        log_debug("vip %s: remove: %s", name, strerror(-result));
        answer(keeper, message, IPC_REMOVED, result);
        break;
    case IPC_DEADLINE:
        vip_set_deadline(vip, message->deadline_ns);
        break;
    case IPC_ANNOUNCE:
        if (message->address == IPC_ALL_ADDRESSES)
            sweep_start(&vip->announce);
        else
            sweep_start_of(&vip->announce, message->address);
        break;
    case IPC_PROBE:
        probe_start(keeper, message->vip);
        break;
    case IPC_VERIFY:
        probe_start_of(keeper, message->vip, message->address);
        break;
    case IPC_DRAIN:
        keep_begin(keeper, message);
        break;
    case IPC_READ:
        keeper->reload.asked = message->sequence;
        reload_begin(keeper);
        break;
    case IPC_SWITCH:
        reload_answer(keeper, message->error);
        break;
    case IPC_AWAKE:
        log_notice("the engine runs again");
        break;
    default: /* IPC_STOPPED: ipc_valid_from_engine() lets nothing else through */
        keeper->stopped = true;
        break;
    }
}

/* Last wills have a shape of their own. */
static bool is_valid(const struct keeper *keeper, const union ipc_request *request, size_t length)
{
    if (length >= sizeof(request->type) && request->type == IPC_WILL)
        return ipc_valid_will(request, length, keeper->conf.node_count, keeper->self);
    return ipc_valid_from_engine(request, length, keeper->conf.vip_count);
}

void request_read(struct keeper *keeper)
{
    for (int i = 0; i < MESSAGES_MAX && !keeper->ended; i++) {
        union ipc_request request = {0};
        const long length = ipc_receive_request(keeper->engine_fd, &request);

        if (length == -EAGAIN || length == -EINTR)
            return;
        if (length <= 0) {
            keeper_engine_gone(keeper);
            return;
        }
        if (!is_valid(keeper, &request, (size_t)length)) {
            log_error("the engine sent a message that is not valid (%ld bytes, type %u); it is "
                      "not to be trusted any more",
                      length, (unsigned)request.type);
            keeper_fail(keeper);
            return;
        }
        keeper->silent_end_ns = CLOCK_NEVER_NS;
        if (request.type == IPC_WILL)
            will_deposit(&keeper->will, &request.will);
        else
            handle(keeper, &request.message);
    }
}

bool request_was_stopped(struct keeper *keeper)
{
    for (int i = 0; i < MESSAGES_MAX && !keeper->stopped; i++) {
        union ipc_request request = {0};
        const long length = ipc_receive_request(keeper->engine_fd, &request);

        if (length <= 0 || !is_valid(keeper, &request, (size_t)length))
            break;
        if (request.type == IPC_WILL)
            will_deposit(&keeper->will, &request.will);
        keeper->stopped = request.type == IPC_STOPPED;
    }
    return keeper->stopped;
}
