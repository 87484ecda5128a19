// SPDX-License-Identifier: MIT
/*
 * confine: the keeper gives up what it does not need any more, once the engine runs: capabilities
 * (privilege.h), the file system, and system calls.
 */
#ifndef KEEPER_CONFINE_H
#define KEEPER_CONFINE_H

#include <stdbool.h>

struct confine {
    bool is_witness;            /* it needs no capability at all */
    bool may_kill;              /* see privilege_drop_keeper() */
    const char *control_socket; /* removed at the end */
};

/* What the kernel cannot do is said in the log. 0; -1: something that it must do failed. */
int confine_keeper(const struct confine *confine);

#endif
