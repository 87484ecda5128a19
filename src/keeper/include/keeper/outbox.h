// SPDX-License-Identifier: MIT
/*
 * outbox: messages to an engine that does not read at the moment. The socket itself holds some
 * hundred; an engine that leaves these and all of ours unread is not one to wait for.
 */
#ifndef KEEPER_OUTBOX_H
#define KEEPER_OUTBOX_H

#include "ipc/ipc.h"

#define OUTBOX_MESSAGES_MAX 256

struct outbox {
    unsigned first;
    unsigned count;
    struct ipc_message messages[OUTBOX_MESSAGES_MAX];
};

/* Sends `message` after all that wait. 0 (sent or kept), -EPIPE, or -ENOBUFS: there is no room. */
int outbox_send(struct outbox *outbox, int fd, const struct ipc_message *message);

/* Sends what waits, as far as the engine takes it. 0 or -EPIPE. */
int outbox_flush(struct outbox *outbox, int fd);

#endif
