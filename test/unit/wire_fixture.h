// SPDX-License-Identifier: MIT
/*
 * wire_fixture: a small cluster of wires, each with a core_double beside it, for tests, fuzzing and
 * measuring. Every host knows every other: incarnations are confirmed, no record is stored.
 */
#ifndef WIRE_FIXTURE_H
#define WIRE_FIXTURE_H

#include "core_double.h"
#include "datagram.h"
#include "wire/wire.h"

enum fixture_node {
    ALPHA,
    BETA,
    GAMMA,
    DELTA,
    FIXTURE_NODES,
};

struct host {
    struct wire wire;
    struct core core;
};

struct fixture {
    struct host hosts[FIXTURE_NODES];
};

/* Cluster key of all bytes `fill`. */
void fixture_key(uint8_t fill, uint8_t ret[static KEY_BYTES]);
/* How a keyring of the fixture's cluster is made: names, ids, key from fixture_key(1). */
void fixture_config(uint8_t self, const uint8_t (*keys)[KEY_BYTES], struct keyring_config *ret);
/* Keys of the host anew, with everything else that wire keeps forgotten. */
void fixture_rekey(struct fixture *fixture, enum fixture_node node,
                   const uint8_t (*keys)[KEY_BYTES], uint8_t key_count);
/* Allocates; free with free(). */
struct fixture *fixture_new(void);
/* The node starts anew: another incarnation, which nobody has confirmed. */
void fixture_restart(struct fixture *fixture, enum fixture_node node, uint64_t incarnation);

/* Makes the one datagram that `message` (NULL: an empty one) needs. */
struct datagram fixture_send(struct fixture *fixture, enum fixture_node from, enum fixture_node to,
                             const struct message_out *message);
/* A datagram of exactly these items, under a MAC that is good. */
struct datagram fixture_forge(struct fixture *fixture, enum fixture_node from, enum fixture_node to,
                              struct keyring_span items);
/* MAC of a datagram whose header was changed, made anew by that host. */
void fixture_reseal(struct fixture *fixture, enum fixture_node from, enum fixture_node to,
                    struct datagram *datagram);
enum drop fixture_receive(struct fixture *fixture, enum fixture_node to,
                          const struct datagram *datagram, struct message_in *ret);
/* What the core does with a message: the newest records count from now on. */
void fixture_learn(struct fixture *fixture, enum fixture_node to, const struct message_in *message);

/* A generator for tests: the same seed, the same numbers. */
struct prng {
    uint64_t state;
};
uint64_t prng_next(struct prng *prng);
uint64_t prng_between(struct prng *prng, uint64_t min, uint64_t max);
/* Any record that is allowed. */
void prng_record(struct prng *prng, struct record *ret);
/* The record that needs the most bytes. */
void fixture_largest_record(struct record *ret);

#endif
