// SPDX-License-Identifier: MIT
/*
 * keyring: every key of the node. From the cluster key (or two of them, while a rotation lasts)
 * come the Ed25519 key of each node and from those a MAC key for each pair of nodes [SPEC K1] to
 * [SPEC K7]. The only file that signs, verifies or MACs. It knows nodes by index and bytes by their
 * purpose, and nothing of what the bytes mean.
 */
#ifndef WIRE_KEYRING_H
#define WIRE_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/limits.h"

#define KEYRING_GENERATIONS 2 /* keys accepted at a time; the first one is used */
#define KEY_BYTES           32
#define MAC_BYTES           16
#define KEY_ID_OWN          0U /* a key that does not come from a cluster key [SPEC K5] */

struct keyring_node {
    const char *name; /* canonical */
    bool has_public_key;
    uint8_t public_key[KEY_BYTES]; /* instead of the one derived from the cluster key */
};

struct keyring_config {
    const char *cluster;
    uint8_t self;
    uint8_t node_count;
    uint8_t key_count; /* 1 or 2 */
    const uint8_t (*keys)[KEY_BYTES];
    bool has_node_key;
    uint8_t node_key[KEY_BYTES]; /* Ed25519 seed of this node's own key */
    struct keyring_node nodes[NODES_MAX];
};

struct keyring {
    uint8_t self;
    uint8_t node_count;
    uint8_t generations;
    uint8_t key_id[KEYRING_GENERATIONS];
    uint32_t cluster;  /* id of the cluster's name */
    uint64_t own_keys; /* bit per node: its key does not come from a cluster key */
    uint32_t node_id[NODES_MAX];
    uint8_t secret[KEYRING_GENERATIONS][64]; /* Ed25519 secret key of this node */
    uint8_t public[KEYRING_GENERATIONS][NODES_MAX][KEY_BYTES];
    uint8_t pair[KEYRING_GENERATIONS][NODES_MAX][KEY_BYTES];
};

struct keyring_span {
    const uint8_t *bytes;
    size_t length;
};

/* What a signature is for; a signature made for one is never good for the other [SPEC K6]. */
enum keyring_purpose {
    KEYRING_RECORD,
    KEYRING_ECHO,
    KEYRING_PURPOSE_COUNT,
};

struct keyring_message {
    enum keyring_purpose purpose;
    struct keyring_span span; /* at most KEYRING_MESSAGE_MAX bytes */
};

#define KEYRING_MESSAGE_MAX 1400

struct keyring_signature {
    uint8_t key_id;
    uint8_t bytes[SIGNATURE_BYTES];
};

struct keyring_mac {
    uint8_t key_id;
    uint8_t bytes[MAC_BYTES];
};

/* First four bytes of BLAKE2b(name), big endian; never 0 (1 instead). The id of nodes, VIPs and
 * clusters [SPEC K1]. */
uint32_t keyring_id(const char *name);

/*
 * Derives every key. `config` and what it points to are not needed afterwards.
 * Errors: -1 if this node has a node_key without a configured public key or the other way round, if
 * the two do not belong together, if a public key is not valid or given to two nodes, or if
 * libsodium does not start. `keyring` is wiped then.
 */
int keyring_init(struct keyring *keyring, const struct keyring_config *config);
void keyring_wipe(struct keyring *keyring);

/* Signs as this node, with the key in use [SPEC K6]. */
void keyring_sign(const struct keyring *keyring, const struct keyring_message *message,
                  struct keyring_signature *ret);
/* Is it the signature of `node`, by any key that is accepted now? */
bool keyring_verify(const struct keyring *keyring, uint8_t node,
                    const struct keyring_message *message,
                    const struct keyring_signature *signature);

/* Key id that a datagram to `peer` has to name. */
uint8_t keyring_mac_key_id(const struct keyring *keyring, uint8_t peer);
/* MAC over both parts, one after the other, for `peer`; with the key in use [SPEC K7]. */
void keyring_mac(const struct keyring *keyring, uint8_t peer,
                 const struct keyring_span parts[static 2], struct keyring_mac *ret);
/* Did `peer` make it, by any key that is accepted now? Constant time. */
bool keyring_mac_is_good(const struct keyring *keyring, uint8_t peer,
                         const struct keyring_span parts[static 2], const struct keyring_mac *mac);

/* Public key of the seed, for `vipgossip pubkey` and the tests. */
void keyring_public_of_seed(const uint8_t seed[static KEY_BYTES],
                            uint8_t ret_public[static KEY_BYTES]);

#endif
