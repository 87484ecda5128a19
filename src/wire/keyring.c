// SPDX-License-Identifier: MIT
/*
 * Key derivation as proto/SPEC.md, section Keys, gives it. Everything is BLAKE2b, Ed25519 and
 * X25519 as libsodium has them; the only inventions are the strings that keep purposes apart.
 */
#include "wire/keyring.h"

#include <string.h>

#include <sodium.h>

#include "check.h"

static const char domain_key_id[] = "vipgossip-1 key id";
static const char domain_seed[] = "vipgossip-1 node seed";
static const char domain_pair[] = "vipgossip-1 pair";

static const char *const domain_signature[] = {
    [KEYRING_RECORD] = "vipgossip-1 record",
    [KEYRING_ECHO] = "vipgossip-1 echo",
};
_Static_assert(sizeof(domain_signature) / sizeof(domain_signature[0]) == KEYRING_PURPOSE_COUNT,
               "every purpose has a domain string");

#define DOMAIN_MAX 32 /* bytes of a domain string */

static uint8_t key_id_of(const uint8_t key[static KEY_BYTES]);
static int derive_public(struct keyring *keyring, const struct keyring_config *config,
                         uint8_t generation);
static void derive_seed(const struct keyring_config *config, uint8_t generation, uint8_t node,
                        uint8_t ret_seed[static KEY_BYTES]);
static int derive_pairs(struct keyring *keyring, uint8_t generation);
static void derive_pair(const uint8_t shared[static KEY_BYTES], const uint8_t a[static KEY_BYTES],
                        const uint8_t b[static KEY_BYTES], uint8_t ret_pair[static KEY_BYTES]);
static bool public_keys_differ(const struct keyring *keyring, uint8_t generation);
static size_t signed_bytes(const struct keyring *keyring, const struct keyring_message *message,
                           uint8_t ret[static DOMAIN_MAX + 4 + KEYRING_MESSAGE_MAX]);
static bool has_own_key(const struct keyring *keyring, uint8_t node);
static bool pair_is_own(const struct keyring *keyring, uint8_t peer);

/* [SPEC K1] */
uint32_t keyring_id(const char *name)
{
    uint8_t hash[32];
    (void)crypto_generichash(hash, sizeof(hash), (const uint8_t *)name, strlen(name), NULL, 0);
    uint32_t id = (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 | (uint32_t)hash[2] << 8 |
                  (uint32_t)hash[3];
    return id == 0 ? 1 : id;
}

int keyring_init(struct keyring *keyring, const struct keyring_config *config)
{
    CHECK(config->node_count >= 1 && config->node_count <= NODES_MAX);
    CHECK(config->self < config->node_count);
    CHECK(config->key_count >= 1 && config->key_count <= KEYRING_GENERATIONS);

    memset(keyring, 0, sizeof(*keyring));
    if (sodium_init() < 0 || config->has_node_key != config->nodes[config->self].has_public_key)
        return -1;
    keyring->self = config->self;
    keyring->node_count = config->node_count;
    keyring->generations = config->key_count;
    keyring->cluster = keyring_id(config->cluster);
    for (uint8_t n = 0; n < config->node_count; n++) {
        keyring->node_id[n] = keyring_id(config->nodes[n].name);
        keyring->own_keys |= (uint64_t)config->nodes[n].has_public_key << n;
    }
    for (uint8_t g = 0; g < keyring->generations; g++) {
        keyring->key_id[g] = key_id_of(config->keys[g]);
        if (derive_public(keyring, config, g) != 0 || !public_keys_differ(keyring, g) ||
            derive_pairs(keyring, g) != 0) {
            keyring_wipe(keyring);
            return -1;
        }
    }
    return 0;
}

void keyring_wipe(struct keyring *keyring)
{
    sodium_memzero(keyring, sizeof(*keyring));
}

/* [SPEC K6] */
void keyring_sign(const struct keyring *keyring, const struct keyring_message *message,
                  struct keyring_signature *ret)
{
    uint8_t bytes[DOMAIN_MAX + 4 + KEYRING_MESSAGE_MAX];
    size_t length = signed_bytes(keyring, message, bytes);
    ret->key_id = has_own_key(keyring, keyring->self) ? KEY_ID_OWN : keyring->key_id[0];
    CHECK(crypto_sign_detached(ret->bytes, NULL, bytes, length, keyring->secret[0]) == 0);
}

bool keyring_verify(const struct keyring *keyring, uint8_t node,
                    const struct keyring_message *message,
                    const struct keyring_signature *signature)
{
    CHECK(node < keyring->node_count);
    uint8_t bytes[DOMAIN_MAX + 4 + KEYRING_MESSAGE_MAX];
    size_t length = signed_bytes(keyring, message, bytes);
    bool own = has_own_key(keyring, node);
    /* The ids of two generations may be the same byte: then both are tried [SPEC K5]. */
    for (uint8_t g = 0; g < (own ? 1 : keyring->generations); g++) {
        if (signature->key_id != (own ? KEY_ID_OWN : keyring->key_id[g]))
            continue;
        if (crypto_sign_verify_detached(signature->bytes, bytes, length,
                                        keyring->public[g][node]) == 0)
            return true;
    }
    return false;
}

uint8_t keyring_mac_key_id(const struct keyring *keyring, uint8_t peer)
{
    return pair_is_own(keyring, peer) ? KEY_ID_OWN : keyring->key_id[0];
}

static void mac_of(const uint8_t key[static KEY_BYTES], const struct keyring_span parts[static 2],
                   uint8_t ret[static MAC_BYTES])
{
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, key, KEY_BYTES, MAC_BYTES);
    (void)crypto_generichash_update(&state, parts[0].bytes, parts[0].length);
    (void)crypto_generichash_update(&state, parts[1].bytes, parts[1].length);
    (void)crypto_generichash_final(&state, ret, MAC_BYTES);
    sodium_memzero(&state, sizeof(state)); /* it holds the key, and the stack may be swapped out */
}

/* [SPEC K7] */
void keyring_mac(const struct keyring *keyring, uint8_t peer,
                 const struct keyring_span parts[static 2], struct keyring_mac *ret)
{
    CHECK(peer < keyring->node_count && peer != keyring->self);
    ret->key_id = keyring_mac_key_id(keyring, peer);
    mac_of(keyring->pair[0][peer], parts, ret->bytes);
}

bool keyring_mac_is_good(const struct keyring *keyring, uint8_t peer,
                         const struct keyring_span parts[static 2], const struct keyring_mac *mac)
{
    CHECK(peer < keyring->node_count && peer != keyring->self);
    bool own = pair_is_own(keyring, peer);
    for (uint8_t g = 0; g < (own ? 1 : keyring->generations); g++) {
        uint8_t expected[MAC_BYTES];
        if (mac->key_id != (own ? KEY_ID_OWN : keyring->key_id[g]))
            continue;
        mac_of(keyring->pair[g][peer], parts, expected);
        if (sodium_memcmp(expected, mac->bytes, MAC_BYTES) == 0)
            return true;
    }
    return false;
}

void keyring_public_of_seed(const uint8_t seed[static KEY_BYTES],
                            uint8_t ret_public[static KEY_BYTES])
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    (void)crypto_sign_seed_keypair(ret_public, secret, seed);
    sodium_memzero(secret, sizeof(secret));
}

static bool has_own_key(const struct keyring *keyring, uint8_t node)
{
    return (keyring->own_keys >> node & 1U) != 0;
}

/* The key of such a pair is the same whatever the cluster key is. */
static bool pair_is_own(const struct keyring *keyring, uint8_t peer)
{
    return has_own_key(keyring, keyring->self) && has_own_key(keyring, peer);
}

/* [SPEC K5] */
static uint8_t key_id_of(const uint8_t key[static KEY_BYTES])
{
    uint8_t hash[32];
    (void)crypto_generichash(hash, sizeof(hash), (const uint8_t *)domain_key_id,
                             strlen(domain_key_id), key, KEY_BYTES);
    return hash[0] == KEY_ID_OWN ? 1 : hash[0];
}

/* Public keys of all nodes and the secret key of this one [SPEC K2] [SPEC K3]. */
static int derive_public(struct keyring *keyring, const struct keyring_config *config,
                         uint8_t generation)
{
    for (uint8_t n = 0; n < keyring->node_count; n++) {
        uint8_t *public = keyring->public[generation][n];
        uint8_t seed[KEY_BYTES];
        uint8_t secret[crypto_sign_SECRETKEYBYTES];
        bool own = has_own_key(keyring, n);
        if (own && n != keyring->self) {
            memcpy(public, config->nodes[n].public_key, KEY_BYTES);
            continue;
        }
        if (own)
            memcpy(seed, config->node_key, KEY_BYTES);
        else
            derive_seed(config, generation, n, seed);
        (void)crypto_sign_seed_keypair(public, secret, seed);
        if (n == keyring->self)
            memcpy(keyring->secret[generation], secret, sizeof(secret));
        sodium_memzero(seed, sizeof(seed));
        sodium_memzero(secret, sizeof(secret));
        if (own && memcmp(public, config->nodes[n].public_key, KEY_BYTES) != 0)
            return -1;
    }
    return 0;
}

static void hash_name(crypto_generichash_state *state, const char *name)
{
    size_t length = strlen(name);
    CHECK(length <= UINT16_MAX);
    const uint8_t prefix[2] = {(uint8_t)(length >> 8), (uint8_t)(length & 0xFFU)};
    (void)crypto_generichash_update(state, prefix, sizeof(prefix));
    (void)crypto_generichash_update(state, (const uint8_t *)name, length);
}

/* [SPEC K2] */
static void derive_seed(const struct keyring_config *config, uint8_t generation, uint8_t node,
                        uint8_t ret_seed[static KEY_BYTES])
{
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, config->keys[generation], KEY_BYTES, KEY_BYTES);
    (void)crypto_generichash_update(&state, (const uint8_t *)domain_seed, strlen(domain_seed));
    hash_name(&state, config->cluster);
    hash_name(&state, config->nodes[node].name);
    (void)crypto_generichash_final(&state, ret_seed, KEY_BYTES);
    sodium_memzero(&state, sizeof(state));
}

/*
 * [SPEC K4] libsodium refuses what is no point, points of small order and points outside of the
 * main subgroup; with any of them the pair key would be known to others. No number that is not
 * canonical passes these checks.
 */
static int derive_pairs(struct keyring *keyring, uint8_t generation)
{
    uint8_t secret[crypto_scalarmult_SCALARBYTES];
    uint8_t public[crypto_scalarmult_BYTES];
    uint8_t shared[crypto_scalarmult_BYTES];
    const uint8_t *own = keyring->public[generation][keyring->self];
    int result = crypto_sign_ed25519_sk_to_curve25519(secret, keyring->secret[generation]);
    for (uint8_t n = 0; result == 0 && n < keyring->node_count; n++) {
        const uint8_t *peer = keyring->public[generation][n];
        if (n == keyring->self)
            continue;
        if (crypto_sign_ed25519_pk_to_curve25519(public, peer) != 0 ||
            crypto_scalarmult(shared, secret, public) != 0)
            result = -1;
        else
            derive_pair(shared, own, peer, keyring->pair[generation][n]);
    }
    sodium_memzero(secret, sizeof(secret));
    sodium_memzero(shared, sizeof(shared));
    return result;
}

static void derive_pair(const uint8_t shared[static KEY_BYTES], const uint8_t a[static KEY_BYTES],
                        const uint8_t b[static KEY_BYTES], uint8_t ret_pair[static KEY_BYTES])
{
    bool a_first = memcmp(a, b, KEY_BYTES) < 0;
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, shared, KEY_BYTES, KEY_BYTES);
    (void)crypto_generichash_update(&state, (const uint8_t *)domain_pair, strlen(domain_pair));
    (void)crypto_generichash_update(&state, a_first ? a : b, KEY_BYTES);
    (void)crypto_generichash_update(&state, a_first ? b : a, KEY_BYTES);
    (void)crypto_generichash_final(&state, ret_pair, KEY_BYTES);
    sodium_memzero(&state, sizeof(state));
}

/* Two nodes with one key could speak for each other. */
static bool public_keys_differ(const struct keyring *keyring, uint8_t generation)
{
    for (uint8_t a = 0; a < keyring->node_count; a++)
        for (uint8_t b = 0; b < a; b++)
            if (memcmp(keyring->public[generation][a], keyring -> public[generation][b],
                       KEY_BYTES) == 0)
                return false;
    return true;
}

/* Domain string, cluster id, bytes; the length of it all [SPEC K6]. */
static size_t signed_bytes(const struct keyring *keyring, const struct keyring_message *message,
                           uint8_t ret[static DOMAIN_MAX + 4 + KEYRING_MESSAGE_MAX])
{
    const char *domain = domain_signature[message->purpose];
    size_t prefix = strlen(domain);
    CHECK(prefix <= DOMAIN_MAX);
    CHECK(message->span.length <= KEYRING_MESSAGE_MAX);
    memcpy(ret, domain, prefix);
    for (unsigned i = 0; i < 4; i++)
        ret[prefix + i] = (uint8_t)(keyring->cluster >> (24 - 8 * i) & 0xFFU);
    memcpy(ret + prefix + 4, message->span.bytes, message->span.length);
    return prefix + 4 + message->span.length;
}
