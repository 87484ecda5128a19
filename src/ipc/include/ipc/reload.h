// SPDX-License-Identifier: MIT
/*
 * reload: what the keeper tells the engine of a configuration that was read while it runs. Both are
 * one datagram each of the socketpair: what waits there is the kernel's own memory, never swapped
 * out, and nothing of it can be changed once it was sent.
 */
#ifndef IPC_RELOAD_H
#define IPC_RELOAD_H

#include "conf/change.h"
#include "ipc/ipc.h"
#include "ipc/setup.h"

#define IPC_SENTENCE_MAX 512

/* A new configuration. The engine gives up the VIPs that are gone, and answers IPC_SWITCH. */
struct ipc_reload {
    uint16_t type;                   /* IPC_RELOAD */
    uint16_t unused;                 /* zero */
    uint32_t generation;             /* of the checker that belongs to it */
    uint64_t sequence;               /* of the newest IPC_READ before it was read */
    struct conf_change change;       /* what is what of the former one */
    char text[IPC_SENTENCE_MAX / 2]; /* what changes, for people */
    struct ipc_setup setup;          /* with the keys */
};

/* There is no new configuration; the former one stays. */
struct ipc_verdict {
    uint16_t type;               /* IPC_VERDICT */
    uint16_t unused[3];          /* zero */
    uint64_t sequence;           /* as above */
    char text[IPC_SENTENCE_MAX]; /* why, a sentence that begins with the place in the file */
};

/* Room for whatever a keeper may send. */
union ipc_answer {
    uint16_t type;
    struct ipc_message message;
    struct ipc_verdict verdict;
    struct ipc_reload reload;
};

/* Sends one of them, whole or not at all. 0, -EAGAIN: the engine does not read; -EPIPE, -errno. */
int ipc_send_reload(int fd, const struct ipc_reload *reload);
int ipc_send_verdict(int fd, const struct ipc_verdict *verdict);

/* Receives one datagram, as ipc_receive(). */
long ipc_receive_answer(int fd, union ipc_answer *ret);

/* Is it one that a keeper may send? Its configuration is sound, and so are its indexes. */
bool ipc_valid_reload(const struct ipc_reload *reload, size_t length, unsigned vip_count,
                      unsigned node_count);
bool ipc_valid_verdict(const struct ipc_verdict *verdict, size_t length);

#endif
