// SPDX-License-Identifier: MIT
/*
 * will: the engine's last will, one datagram for each other node, kept here while the engine runs
 * and sent when it has ended by itself: "this incarnation has ended" [SPEC R44]. What the datagrams
 * say is the engine's; where they go is the configuration's.
 *
 * They may be sent only when no address of ours is in the kernel and the engine is known to have
 * ended: whoever hears one takes over in that moment.
 */
#ifndef KEEPER_WILL_H
#define KEEPER_WILL_H

#include "conf/change.h"
#include "ipc/ipc.h"

struct will {
    const struct conf *conf;
    unsigned self;
    int fds[CONF_PATHS_MAX];                  /* one for each own address; -1: none */
    struct ipc_will deposits[CONF_NODES_MAX]; /* by node; length 0: none */
};

/* Opens the sockets, not bound yet. `conf` must outlive `will`. 0 or -errno. */
int will_open(struct will *will, const struct conf *conf, unsigned self);
/* Also of one that is all zero. */
void will_close(struct will *will);

/* Keeps a last will that ipc_valid_will() has accepted, in place of an earlier one. */
void will_deposit(struct will *will, const struct ipc_will *one);

/* The nodes are others: `conf` will be the new configuration, of `node_count` nodes. What was
 * deposited for those that stay is kept until it is replaced. */
void will_rename(struct will *will, const struct conf_change *change, unsigned node_count,
                 unsigned self);

/* Sends every deposited will, three times, over every path; takes up to 200 ms. Returns how many
 * nodes there were that the kernel took one for. */
unsigned will_send(const struct will *will);

#endif
