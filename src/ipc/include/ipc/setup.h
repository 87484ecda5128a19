// SPDX-License-Identifier: MIT
/*
 * setup: what the keeper hands to the engine at start, in a sealed memfd; all but the keys. They
 * are the first datagram on the socketpair: what waits there is the kernel's own memory, which is
 * never swapped out, and is gone once it is read.
 */
#ifndef IPC_SETUP_H
#define IPC_SETUP_H

#include "conf/conf.h"
#include "conf/key.h"

#define IPC_SETUP_MAGIC 0x76695047U

struct ipc_setup {
    uint32_t magic;
    uint32_t build; /* ipc_build() of the keeper */
    uint8_t self;   /* index of conf.nodes */
    uint8_t verbose;
    uint8_t has_checker;   /* 1: there is a descriptor for one, whether or not one runs */
    uint8_t drained;       /* 1: this node is drained, as an earlier run was told */
    uint32_t drained_vips; /* bit per VIP that it is drained for */
    uint64_t abstain_ns;   /* an earlier run may have promised its vote for that long */
    struct conf conf;
    struct conf_keys keys;
    char interfaces[CONF_VIPS_MAX]
                   [16]; /* of each VIP, as the keeper found it; empty: not found yet */
};

/* Which build this is: the same number in programs of one version that were compiled with the same
 * headers of ipc and conf. Others may mean something else by the same bytes: one that is started by
 * another build refuses to run. */
uint32_t ipc_build(void);

/* Writes `setup` without its keys into a new sealed memfd. The descriptor (close-on-exec), or
 * -errno. */
int ipc_setup_write(const struct ipc_setup *setup);
/* Reads it back from `fd`. 0, or -errno (-EBADMSG: not of this build). */
int ipc_setup_read(int fd, struct ipc_setup *ret);

/* The keys over the socketpair, before any message. 0, or -errno (-EBADMSG: no keys). */
int ipc_keys_send(int fd, const struct conf_keys *keys);
int ipc_keys_receive(int fd, struct conf_keys *ret);

#endif
