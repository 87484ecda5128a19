// SPDX-License-Identifier: MIT
/*
 * key files: the cluster key (one or two lines of base64, 32 bytes each; the first is used, both
 * are accepted) and a node's own key (one line). A file that others can read is refused with the
 * remedy, except below /run/secrets, where Docker makes them 0444.
 */
#ifndef CONF_KEY_H
#define CONF_KEY_H

#include "conf/conf.h"

struct conf_keys {
    uint8_t cluster_count; /* 1 or 2 */
    uint8_t cluster[2][CONF_KEY_BYTES];
    bool has_node_key;
    uint8_t node_key[CONF_KEY_BYTES]; /* Ed25519 seed of this node, from node_key_file */
};

/*
 * Reads what conf->key_file (or key_text) and conf->node_key_file name. Where it is known which
 * node this is (after conf_set_self), node_key_file must also belong to the public_key of that
 * node. Returns 0, or -1 and fills `error`; `ret` is untouched then.
 */
int conf_keys_read(const struct conf *conf, struct conf_keys *ret, struct conf_error *error);

/* 32 bytes from one line of standard base64 (44 characters); blanks around it are ignored. 0 or -1.
 */
int conf_key_parse(const char *text, size_t length, uint8_t ret_key[static CONF_KEY_BYTES]);

#define CONF_KEY_TEXT 45
/* Base64 of a key into `text` of at least CONF_KEY_TEXT bytes. */
void conf_key_text(const uint8_t key[static CONF_KEY_BYTES], char text[static CONF_KEY_TEXT]);

#endif
