// SPDX-License-Identifier: MIT
/*
 * keyring: every key of the node. From the cluster key (or two of them, while a rotation lasts)
 * come the Ed25519 key of each node and from those a MAC key for each pair of nodes [SPEC K1..K5].
 * The only file that signs, verifies or MACs.
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
    uint32_t cluster; /* id of the cluster's name */
    uint32_t node_id[NODES_MAX];
    uint8_t secret[KEYRING_GENERATIONS][64]; /* Ed25519 secret key of this node */
    uint8_t public[KEYRING_GENERATIONS][NODES_MAX][KEY_BYTES];
    uint8_t pair[KEYRING_GENERATIONS][NODES_MAX][KEY_BYTES];
};

/* First four bytes of BLAKE2b(name), big endian; never 0 (1 instead). The id of nodes, VIPs and
 * clusters [SPEC K1]. */
uint32_t keyring_id(const char *name);

/* Errors: -1 if node_key is not the secret of the public key configured for this node, or a public
 * key is not valid. */
int keyring_init(struct keyring *keyring, const struct keyring_config *config);
void keyring_wipe(struct keyring *keyring);

void keyring_sign(const struct keyring *keyring, const uint8_t *bytes, size_t length,
                  uint8_t *ret_key_id, uint8_t ret_signature[static SIGNATURE_BYTES]);
bool keyring_verify(const struct keyring *keyring, uint8_t node, uint8_t key_id,
                    const uint8_t *bytes, size_t length,
                    const uint8_t signature[static SIGNATURE_BYTES]);
void keyring_mac(const struct keyring *keyring, uint8_t peer, const uint8_t *bytes, size_t length,
                 uint8_t ret_mac[static MAC_BYTES]);
bool keyring_mac_is_good(const struct keyring *keyring, uint8_t peer, uint8_t key_id,
                         const uint8_t *bytes, size_t length, const uint8_t mac[static MAC_BYTES]);

/* Public key of the seed, for `vipgossip pubkey` and the tests. */
void keyring_public_of_seed(const uint8_t seed[static KEY_BYTES],
                            uint8_t ret_public[static KEY_BYTES]);

#endif
