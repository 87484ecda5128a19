// SPDX-License-Identifier: MIT
/*
 * place: asks the kernel for this host's addresses and routes, and finds from them which node it is
 * and where the VIPs belong. The questions are put here, the answers are local.h's.
 */
#ifndef KEEPER_PLACE_H
#define KEEPER_PLACE_H

#include "conf/conf.h"

struct place_interfaces {
    char names[CONF_VIPS_MAX][16];
};

/*
 * Index of this host's node: conf->self_name if it is given, else by the local addresses. -1: the
 * log says why, and lists what was compared.
 */
int place_find_self(const struct conf *conf);

/* The interface of each VIP, configured or by route; a witness needs none. 0, or -1 with the reason
 * in the log. */
int place_find_interfaces(const struct conf *conf, int self, struct place_interfaces *ret);

/* Index of the interface of the connected network that has this address, 0: none has. */
unsigned place_find_neighbour(const struct conf_address *address);

#endif
