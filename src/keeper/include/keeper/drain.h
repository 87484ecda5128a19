// SPDX-License-Identifier: MIT
/*
 * drain: what has to outlive a restart of this node: that an operator has drained it, as a whole or
 * for some VIPs. It is the file "drained" in state_dir, one line each: the name of a VIP, or "*"
 * for the whole node. No line: nothing is drained.
 */
#ifndef KEEPER_DRAIN_H
#define KEEPER_DRAIN_H

#include "conf/conf.h"

struct drain {
    int fd; /* the file, or -errno */
    bool node;
    uint32_t vips; /* bit per VIP of the configuration */
};

/*
 * Opens the file, making it and the last part of state_dir where they are not there, and reads what
 * is kept. Where nothing can be made that is no error before somebody drains. -1 if a file is there
 * that cannot be read, with the reason in the log: starting as if nothing were drained would be
 * wrong.
 */
int drain_open(struct drain *drain, const struct conf *conf);
void drain_close(struct drain *drain);

/* Replaces what is kept. 0 once it is on the disk, or -errno. */
int drain_keep(struct drain *drain, const struct conf *conf, bool node, uint32_t vips);

#endif
