// SPDX-License-Identifier: MIT
/*
 * mapping: the configuration in the terms of the core and of the keyring. Nodes and VIPs keep their
 * index: node 3 of the configuration is node 3 of the core, and so is VIP 3.
 */
#ifndef ENGINE_MAPPING_H
#define ENGINE_MAPPING_H

#include "conf/change.h"
#include "conf/key.h"
#include "core/core.h"
#include "wire/keyring.h"

/* Fills `ret` for node `self`; incarnation and seed are random numbers and stay 0 here. */
void mapping_core(const struct conf *conf, uint8_t self, struct core_config *ret);

/* What a reload changes, in the core's terms. */
void mapping_reload(const struct conf_change *change, struct core_reload *ret);

/* Fills `ret`, which points into `conf` and `keys`: both must outlive it. */
void mapping_keyring(const struct conf *conf, const struct conf_keys *keys, uint8_t self,
                     struct keyring_config *ret);

#endif
