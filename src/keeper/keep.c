// SPDX-License-Identifier: MIT
/*
 * keep: what an operator has drained this node for, on its way to the disk. The steward's scribe
 * writes it, for a disk may hang; what the keeper does is to pass on one order at a time, to leave
 * out those that a newer one has overtaken, and to answer the newest in bounded time.
 */
#include "keeper.h"
#include "keeper/clock.h"

#include "log/log.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* The tool waits a little longer. */
#define PATIENCE_NS (3 * CLOCK_NS_PER_S)

static void answer(struct keeper *keeper, int error)
{
    const struct ipc_message message = {
        .type = IPC_KEPT, .error = error, .sequence = keeper->keep.order.sequence};

    keeper->keep.end_ns = CLOCK_NEVER_NS;
    if (error < 0)
        log_warning("%s: what this node is drained for is not kept across restarts: %s",
                    keeper->conf.state_dir,
                    error == -ETIMEDOUT ? "the disk has not answered in time" : strerror(-error));
    keeper_tell(keeper, &message);
}

static void send_order(struct keeper *keeper)
{
    struct keep *keep = &keeper->keep;

    keep->waits = false;
    keep->asked = send(keeper->steward.texts_fd, &keep->order, sizeof(keep->order),
                       MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof(keep->order);
    if (!keep->asked)
        answer(keeper, -EPIPE);
}

void keep_begin(struct keeper *keeper, const struct ipc_message *message)
{
    struct keep *keep = &keeper->keep;

    keep->order = (struct scribe_order){.sequence = message->sequence};
    keep->order.length = (uint32_t)drain_text(&keeper->conf, message->reason == IPC_DRAIN_NODE,
                                              message->vips, keep->order.text);
    keep->end_ns = clock_now_ns() + PATIENCE_NS;
    if (keep->asked)
        keep->waits = true;
    else
        send_order(keeper);
}

void keep_read(struct keeper *keeper)
{
    struct keep *keep = &keeper->keep;
    struct scribe_answer done;
    const ssize_t length = recv(keeper->steward.texts_fd, &done, sizeof(done), MSG_DONTWAIT);

    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (length != (ssize_t)sizeof(done) || !keep->asked || done.error > 0 || done.error < -4095) {
        reload_lose_steward(keeper);
        return;
    }
    keep->asked = false;
    if (keep->waits) {
        send_order(keeper);
    } else {
        if (keep->end_ns == CLOCK_NEVER_NS && done.error == 0)
            log_notice("%s: what this node is drained for is kept now", keeper->conf.state_dir);
        answer(keeper, done.error);
    }
}

uint64_t keep_next_ns(const struct keeper *keeper)
{
    return keeper->keep.end_ns;
}

void keep_due(struct keeper *keeper)
{
    if (clock_now_ns() >= keeper->keep.end_ns)
        answer(keeper, -ETIMEDOUT);
}

void keep_lost(struct keeper *keeper)
{
    keeper->keep.asked = false;
    keeper->keep.waits = false;
    if (keeper->keep.end_ns != CLOCK_NEVER_NS)
        answer(keeper, -EPIPE);
}
