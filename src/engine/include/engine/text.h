// SPDX-License-Identifier: MIT
/*
 * text: a change in words that a person understands. Every name comes from the configuration.
 */
#ifndef ENGINE_TEXT_H
#define ENGINE_TEXT_H

#include <stddef.h>

#include "conf/conf.h"
#include "core/action.h"
#include "ipc/ipc.h"

/* Room for any of the texts below. */
#define TEXT_MAX 512

#define TEXT_MAC 18
/* "02:00:5e:10:00:01" into `text` of at least TEXT_MAC bytes. Returns `text`. */
const char *text_mac(const uint8_t mac[static 6], char *text);

/* The node's name, or NULL for NODE_NONE. */
const char *text_node(const struct conf *conf, uint8_t node);

/* "state", "holder" or "node", as the key `kind` of an event says it. */
const char *text_change_kind(enum change_type type);

/* What it was before, and what it is now: a state, or for CHANGE_HOLDER a node's name or NULL for
 * nobody. */
const char *text_change_from(const struct conf *conf, const struct change *change);
const char *text_change_to(const struct conf *conf, const struct change *change);

/* Of an IPC_LINK: "up", "down", "no carrier", "missing", "port"; NULL: nothing was told yet. */
const char *text_link_state(const struct ipc_message *link);

/* "eth0 is a port of br0" */
void text_link(const struct ipc_message *link, char text[static TEXT_MAX / 2]);

/* What the kernel said, in its words. */
const char *text_error(int32_t error);

/* Why, with `detail`; where that is empty, with the error or the MAC address that belongs to the
 * reason. */
void text_reason(const struct change *change, const char *detail, char text[static TEXT_MAX / 2]);

/* The line for the log: "vip ingress: standby -> holding: its holder died (swarm-2)". */
const char *text_change(const struct conf *conf, const struct change *change,
                        char text[static TEXT_MAX]);

#endif
