// SPDX-License-Identifier: MIT
#include "wire_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "record.h"

static const char *const names[FIXTURE_NODES] = {"alpha", "beta", "gamma", "delta"};

static void require(bool condition)
{
    if (!condition)
        abort();
}

void fixture_key(uint8_t fill, uint8_t ret[static KEY_BYTES])
{
    memset(ret, fill, KEY_BYTES);
}

void fixture_config(uint8_t self, const uint8_t (*keys)[KEY_BYTES], struct keyring_config *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->cluster = "fixture";
    ret->self = self;
    ret->node_count = FIXTURE_NODES;
    ret->key_count = 1;
    ret->keys = keys;
    for (unsigned n = 0; n < FIXTURE_NODES; n++)
        ret->nodes[n].name = names[n];
}

void fixture_rekey(struct fixture *fixture, enum fixture_node node,
                   const uint8_t (*keys)[KEY_BYTES], uint8_t key_count)
{
    struct host *host = &fixture->hosts[node];
    struct keyring_config config;
    fixture_config((uint8_t)node, keys, &config);
    config.key_count = key_count;
    require(wire_init(&host->wire, &config, host->core.record.incarnation) == 0);
}

struct fixture *fixture_new(void)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    require(fixture != NULL);
    uint8_t key[1][KEY_BYTES];
    fixture_key(1, key[0]);
    for (unsigned n = 0; n < FIXTURE_NODES; n++) {
        struct core *core = &fixture->hosts[n].core;
        core->node_count = FIXTURE_NODES;
        core->record.incarnation = 1000 + n;
        core->record.seq = 1;
        core->record.interval_ms = 200;
        core->record.next_ms = 2000;
        core->record.flags = RECORD_HEALTHY;
        fixture_rekey(fixture, (enum fixture_node)n, (const uint8_t(*)[KEY_BYTES])key, 1);
        for (unsigned peer = 0; peer < FIXTURE_NODES; peer++) {
            core->id[peer] = keyring_id(names[peer]);
            core->incarnation[peer] = 1000 + peer;
        }
        core->seq[n] = 1;
        core->record.node = core->id[n];
    }
    return fixture;
}

void fixture_restart(struct fixture *fixture, enum fixture_node node, uint64_t incarnation)
{
    struct host *host = &fixture->hosts[node];
    uint8_t key[1][KEY_BYTES];
    fixture_key(1, key[0]);
    host->core.record.incarnation = incarnation;
    host->core.record.seq = 1;
    host->core.incarnation[node] = incarnation;
    host->core.seq[node] = 1;
    fixture_rekey(fixture, node, (const uint8_t(*)[KEY_BYTES])key, 1);
}

struct datagram fixture_send(struct fixture *fixture, enum fixture_node from, enum fixture_node to,
                             const struct message_out *message)
{
    struct datagram datagrams[EGRESS_DATAGRAMS_MAX];
    struct host *host = &fixture->hosts[from];
    struct message_out empty;
    memset(&empty, 0, sizeof(empty));
    require(wire_egress(&host->wire, &host->core, (uint8_t)to, message != NULL ? message : &empty,
                        datagrams) == 1);
    return datagrams[0];
}

struct datagram fixture_forge(struct fixture *fixture, enum fixture_node from, enum fixture_node to,
                              struct keyring_span items)
{
    struct wire *wire = &fixture->hosts[from].wire;
    const struct header header = {
        .cluster = wire->keyring.cluster,
        .sender = wire->keyring.node_id[from],
        .receiver = wire->keyring.node_id[to],
        .incarnation = wire->incarnation,
        .counter = wire->peers[to].counter++,
    };
    struct datagram datagram;
    require(items.length <= DATAGRAM_ITEMS_MAX);
    datagram.length = (uint16_t)(DATAGRAM_HEADER + items.length);
    if (items.length > 0)
        memcpy(datagram.bytes + DATAGRAM_HEADER, items.bytes, items.length);
    datagram_seal(&datagram, &wire->keyring, (uint8_t)to, &header);
    return datagram;
}

void fixture_reseal(struct fixture *fixture, enum fixture_node from, enum fixture_node to,
                    struct datagram *datagram)
{
    struct keyring_span parts[2];
    struct keyring_mac mac;
    datagram_mac_parts(datagram->bytes, datagram->length, parts);
    keyring_mac(&fixture->hosts[from].wire.keyring, (uint8_t)to, parts, &mac);
    memcpy(datagram->bytes + DATAGRAM_MAC_OFFSET, mac.bytes, MAC_BYTES);
}

enum drop fixture_receive(struct fixture *fixture, enum fixture_node to,
                          const struct datagram *datagram, struct message_in *ret)
{
    struct host *host = &fixture->hosts[to];
    return wire_ingress(&host->wire, &host->core, datagram->bytes, datagram->length, ret);
}

void fixture_learn(struct fixture *fixture, enum fixture_node to, const struct message_in *message)
{
    struct core *core = &fixture->hosts[to].core;
    for (uint8_t i = 0; i < message->record_count; i++) {
        const struct record *record = &message->records[i].record;
        uint8_t node = core_node_index(core, record->node);
        if (core->incarnation[node] == record->incarnation && core->seq[node] < record->seq)
            core->seq[node] = record->seq;
    }
}

/* SplitMix64 */
uint64_t prng_next(struct prng *prng)
{
    uint64_t z = prng->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

uint64_t prng_between(struct prng *prng, uint64_t min, uint64_t max)
{
    uint64_t span = max - min + 1;
    return min + (span == 0 ? prng_next(prng) : prng_next(prng) % span);
}

/* Small numbers as often as large ones, so that every width of an integer comes up. */
static uint64_t prng_u64(struct prng *prng)
{
    return prng_next(prng) >> prng_between(prng, 0, 63);
}

static uint32_t prng_id(struct prng *prng)
{
    return (uint32_t)prng_next(prng) >> prng_between(prng, 0, 31);
}

static uint32_t prng_some_id(struct prng *prng)
{
    uint32_t id = prng_id(prng);
    return id == 0 ? 1 : id;
}

void prng_record(struct prng *prng, struct record *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->node = prng_some_id(prng);
    ret->incarnation = prng_u64(prng) | 1;
    ret->seq = prng_u64(prng) | 1;
    ret->interval_ms = (uint32_t)prng_between(prng, RECORD_INTERVAL_MS_MIN, RECORD_INTERVAL_MS_MAX);
    ret->next_ms = (uint32_t)prng_between(prng, 0, RECORD_NEXT_MS_MAX);
    ret->config = prng_id(prng);
    ret->flags = (uint8_t)prng_between(prng, 0, RECORD_FLAGS_ALL);
    ret->unheard_count = (uint8_t)prng_between(prng, 0, UNHEARD_MAX);
    for (uint8_t i = 0; i < ret->unheard_count; i++)
        ret->unheard[i] = (struct record_unheard){
            .node = prng_some_id(prng),
            .relays = {prng_id(prng), prng_id(prng)},
        };
    ret->vip_count = (uint8_t)prng_between(prng, 0, VIPS_MAX);
    for (uint8_t i = 0; i < ret->vip_count; i++)
        ret->vips[i] = (struct record_vip){
            .vip = (uint32_t)prng_between(prng, 1, 100000) * 64 + i, /* no two are the same */
            .addresses = prng_id(prng),
            .lease_ms = (uint32_t)prng_between(prng, 0, RECORD_LEASE_MS_MAX),
            .elects = prng_id(prng),
            .released_to = prng_id(prng),
            .mode = (uint8_t)prng_between(prng, 0, VIP_MODE_COUNT - 1),
            .ready = (uint8_t)prng_between(prng, 0, VIP_READY_COUNT - 1),
            .state = (uint8_t)prng_between(prng, 0, VIP_STATE_COUNT - 1),
            .priority = (uint8_t)prng_between(prng, 1, UINT8_MAX),
            .unhealthy = (uint8_t)prng_between(prng, 0, 1),
            .drained = (uint8_t)prng_between(prng, 0, 1),
        };
    ret->swarm.availability = (uint8_t)prng_between(prng, 0, AVAILABILITY_COUNT - 1);
    ret->swarm.word = (uint8_t)prng_between(prng, 0, SWARM_WORD_COUNT - 1);
    if (ret->swarm.word == SWARM_WORD_NONE)
        return;
    ret->swarm.index = prng_id(prng);
    ret->swarm.exception_count = (uint8_t)prng_between(prng, 0, 1);
    ret->swarm.exceptions[0] = prng_u64(prng) | AVAILABILITY_PAUSED;
}

void fixture_largest_record(struct record *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->node = UINT32_MAX;
    ret->incarnation = UINT64_MAX;
    ret->seq = UINT64_MAX;
    ret->interval_ms = RECORD_INTERVAL_MS_MAX;
    ret->next_ms = RECORD_NEXT_MS_MAX;
    ret->config = UINT32_MAX;
    ret->flags = RECORD_FLAGS_ALL;
    ret->unheard_count = UNHEARD_MAX;
    for (unsigned i = 0; i < UNHEARD_MAX; i++)
        ret->unheard[i] = (struct record_unheard){UINT32_MAX, {UINT32_MAX, UINT32_MAX}};
    ret->vip_count = VIPS_MAX;
    for (unsigned i = 0; i < VIPS_MAX; i++)
        ret->vips[i] = (struct record_vip){
            .vip = UINT32_MAX - i,
            .addresses = UINT32_MAX,
            .lease_ms = RECORD_LEASE_MS_MAX,
            .elects = UINT32_MAX,
            .released_to = UINT32_MAX,
            .mode = VIP_QUORUM,
            .ready = VIP_READY_YES,
            .state = VIP_FAULT,
            .priority = UINT8_MAX,
            .unhealthy = 1,
            .drained = 1,
        };
    ret->swarm = (struct record_swarm){.availability = AVAILABILITY_DRAINED,
                                       .word = SWARM_WORD_PART,
                                       .index = UINT32_MAX,
                                       .exception_count = 1,
                                       .exceptions = {UINT64_MAX}};
}
