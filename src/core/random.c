// SPDX-License-Identifier: MIT
/*
 * random: the core's own generator, SipHash-2-4 (Aumasson, Bernstein 2012) of a counter under the
 * secret seed. Challenges are sent in clear: whoever has seen some must not know the next. Own
 * code, because a pure core links no library that reads the system's generator or keeps a state.
 */
#include "state.h"

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_rounds(uint64_t v[static 4], unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        v[0] += v[1];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[0] = rotate(v[0], 32);
        v[2] += v[3];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[2] = rotate(v[2], 32);
    }
}

/* SipHash-2-4 of the eight bytes of `word`, little endian. */
uint64_t random_siphash(const uint64_t key[static 2], uint64_t word)
{
    const uint64_t length = UINT64_C(8) << 56;
    uint64_t v[4] = {key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
                     key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573)};
    v[3] ^= word;
    sip_rounds(v, 2);
    v[0] ^= word;
    v[3] ^= length;
    sip_rounds(v, 2);
    v[0] ^= length;
    v[2] ^= 0xff;
    sip_rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t random_draw(struct core *core)
{
    return random_siphash(core->random_key, core->random_count++);
}
