// SPDX-License-Identifier: MIT
#include "keeper/outbox.h"

#include <errno.h>

int outbox_flush(struct outbox *outbox, int fd)
{
    while (outbox->count > 0) {
        const int result = ipc_send(fd, &outbox->messages[outbox->first]);

        if (result == -EAGAIN)
            return 0;
        if (result < 0)
            return -EPIPE;
        outbox->first = (outbox->first + 1) % OUTBOX_MESSAGES_MAX;
        outbox->count--;
    }
    return 0;
}

int outbox_send(struct outbox *outbox, int fd, const struct ipc_message *message)
{
    const int result = outbox_flush(outbox, fd);

    if (result < 0)
        return result;
    if (outbox->count == OUTBOX_MESSAGES_MAX)
        return -ENOBUFS;
    outbox->messages[(outbox->first + outbox->count) % OUTBOX_MESSAGES_MAX] = *message;
    outbox->count++;
    return outbox_flush(outbox, fd);
}
