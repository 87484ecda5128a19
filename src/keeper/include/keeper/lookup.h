// SPDX-License-Identifier: MIT
/*
 * lookup: which VIP an address belongs to. The kernel tells of every address of the host, and each
 * renewal of ours comes back as news, so this is asked often.
 */
#ifndef KEEPER_LOOKUP_H
#define KEEPER_LOOKUP_H

#include "conf/conf.h"

struct lookup_entry {
    struct conf_address address;
    uint16_t index; /* of conf.addresses */
    uint8_t vip;
};

struct lookup {
    unsigned count;
    struct lookup_entry entries[CONF_ADDRESSES_MAX]; /* sorted by family and bytes */
};

void lookup_build(const struct conf *conf, struct lookup *ret);

/* The entry with this host address, whatever its prefix, or NULL. */
const struct lookup_entry *lookup_find(const struct lookup *lookup,
                                       const struct conf_address *address);

#endif
