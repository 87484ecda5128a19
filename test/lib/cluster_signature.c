// SPDX-License-Identifier: MIT
/*
 * Signatures that cost nothing: a keyed hash in place of Ed25519, for long campaigns. The linker
 * hands every call of the wire's signature functions to the two below (--wrap). A key that is
 * marked gets the hash, any other the real thing. Whoever knows the public key could forge it:
 * good enough against attackers who only replay and disturb, and in no program but tests.
 */
#include <sodium.h>

#include "cluster_private.h"

#define MARK "a cheap signature key"

/* The linker's names for the real functions and for these, see CMakeLists.txt. */
int __real_crypto_sign_detached(unsigned char *signature, unsigned long long *length,
                                const unsigned char *message, unsigned long long message_length,
                                const unsigned char *secret);
int __wrap_crypto_sign_detached(unsigned char *signature, unsigned long long *length,
                                const unsigned char *message, unsigned long long message_length,
                                const unsigned char *secret);
int __real_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
                                       unsigned long long length, const unsigned char *key);
int __wrap_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
                                       unsigned long long length, const unsigned char *key);

static bool is_marked(const unsigned char *key)
{
    return memcmp(key, MARK, sizeof MARK) == 0;
}

static void mark(uint8_t key[static KEY_BYTES])
{
    memcpy(key, MARK, sizeof MARK);
}

void cluster_cheapen(struct keyring *keyring)
{
    for (uint8_t g = 0; g < keyring->generations; g++) {
        for (uint8_t n = 0; n < keyring->node_count; n++) {
            mark(keyring->public[g][n]);
        }
        /* libsodium keeps the public key in the second half of the secret one. */
        memcpy(keyring->secret[g] + KEY_BYTES, keyring->public[g][keyring->self], KEY_BYTES);
    }
}

static void hash(const unsigned char *message, unsigned long long length, const unsigned char *key,
                 unsigned char ret[static SIGNATURE_BYTES])
{
    (void)crypto_generichash(ret, SIGNATURE_BYTES, message, length, key, KEY_BYTES);
}

int __wrap_crypto_sign_detached(unsigned char *signature, unsigned long long *length,
                                const unsigned char *message, unsigned long long message_length,
                                const unsigned char *secret)
{
    if (!is_marked(secret + KEY_BYTES)) {
        return __real_crypto_sign_detached(signature, length, message, message_length, secret);
    }
    hash(message, message_length, secret + KEY_BYTES, signature);
    return 0;
}

int __wrap_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
                                       unsigned long long length, const unsigned char *key)
{
    if (!is_marked(key)) {
        return __real_crypto_sign_verify_detached(signature, message, length, key);
    }
    unsigned char expected[SIGNATURE_BYTES];
    hash(message, length, key, expected);
    return memcmp(signature, expected, sizeof expected) == 0 ? 0 : -1;
}
