// SPDX-License-Identifier: MIT
/*
 * Names and configurations as numbers that every node computes alike, whatever its byte order and
 * the order in its file: each part is hashed by itself, and the parts of a set are added by xor.
 */
#include "conf_internal.h"

#include <sodium.h>
#include <string.h>
#include <sys/socket.h>

#define DIGEST_BYTES 32
#define PART_MAX     256 /* bytes of one part before it is hashed */

struct digest {
    uint8_t bytes[DIGEST_BYTES];
};

/* A part of the configuration as bytes; fields of fixed size, names with their NUL. */
struct part {
    uint8_t bytes[PART_MAX];
    size_t length;
};

static void part_bytes(struct part *part, const void *bytes, size_t length);
static void part_number(struct part *part, uint64_t number);
static struct digest part_digest(const struct part *part);
static void set_add(struct digest *set, struct digest element);
static struct digest addresses_digest(const struct conf_address *addresses, size_t count);
static struct digest node_digest(const struct conf_node *node);
static struct digest vip_digest(const struct conf *conf, const struct conf_vip *vip);
static uint32_t digest_number(struct digest digest);

uint32_t conf_id(const char *name)
{
    struct digest digest;
    (void)crypto_generichash(digest.bytes, sizeof(digest.bytes), (const unsigned char *)name,
                             strlen(name), NULL, 0);
    uint32_t id = digest_number(digest);
    return id != 0 ? id : 1;
}

uint32_t conf_hash(const struct conf *conf)
{
    struct digest nodes = {{0}};
    struct digest vips = {{0}};
    for (int i = 0; i < conf->node_count; i++)
        set_add(&nodes, node_digest(&conf->nodes[i]));
    for (int i = 0; i < conf->vip_count; i++)
        set_add(&vips, vip_digest(conf, &conf->vips[i]));
    struct part part = {.length = 0};
    part_bytes(&part, conf->cluster, strlen(conf->cluster) + 1);
    part_bytes(&part, nodes.bytes, sizeof(nodes.bytes));
    part_bytes(&part, vips.bytes, sizeof(vips.bytes));
    return digest_number(part_digest(&part));
}

uint32_t conf_vip_addresses_hash(const struct conf *conf, int vip)
{
    const struct conf_vip *section = &conf->vips[vip];
    return digest_number(
        addresses_digest(&conf->addresses[section->address_first], section->address_count));
}

static struct digest node_digest(const struct conf_node *node)
{
    struct digest addresses = addresses_digest(node->addresses, node->address_count);
    struct part part = {.length = 0};
    part_bytes(&part, node->name, strlen(node->name) + 1);
    part_bytes(&part, addresses.bytes, sizeof(addresses.bytes));
    part_number(&part, node->witness);
    part_number(&part, node->has_public_key);
    if (node->has_public_key)
        part_bytes(&part, node->public_key, sizeof(node->public_key));
    return part_digest(&part);
}

static struct digest vip_digest(const struct conf *conf, const struct conf_vip *vip)
{
    struct digest addresses =
        addresses_digest(&conf->addresses[vip->address_first], vip->address_count);
    struct digest candidates = {{0}};
    for (int i = 0; i < conf->node_count; i++) {
        struct part name = {.length = 0};
        part_bytes(&name, conf->nodes[i].name, strlen(conf->nodes[i].name) + 1);
        if ((vip->candidates & (UINT64_C(1) << i)) != 0)
            set_add(&candidates, part_digest(&name));
    }
    struct part part = {.length = 0};
    part_bytes(&part, vip->name, strlen(vip->name) + 1);
    part_bytes(&part, addresses.bytes, sizeof(addresses.bytes));
    part_number(&part, (uint64_t)vip->mode);
    part_number(&part, vip->lease_ns);
    part_bytes(&part, candidates.bytes, sizeof(candidates.bytes));
    part_number(&part, vip->preempt);
    return part_digest(&part);
}

static struct digest addresses_digest(const struct conf_address *addresses, size_t count)
{
    struct digest set = {{0}};
    for (size_t i = 0; i < count; i++) {
        struct part part = {.length = 0};
        /* The size of the address says its family, whose number differs between systems. */
        part_number(&part, addresses[i].prefix);
        part_number(&part, addresses[i].family == AF_INET ? 4 : 6);
        part_bytes(&part, addresses[i].bytes, sizeof(addresses[i].bytes));
        set_add(&set, part_digest(&part));
    }
    return set;
}

static void part_bytes(struct part *part, const void *bytes, size_t length)
{
    memcpy(part->bytes + part->length, bytes, length);
    part->length += length;
}

static void part_number(struct part *part, uint64_t number)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(number >> (8 * (7 - i)));
    part_bytes(part, bytes, sizeof(bytes));
}

static struct digest part_digest(const struct part *part)
{
    struct digest digest;
    (void)crypto_generichash(digest.bytes, sizeof(digest.bytes), part->bytes, part->length, NULL,
                             0);
    return digest;
}

static void set_add(struct digest *set, struct digest element)
{
    for (size_t i = 0; i < DIGEST_BYTES; i++)
        set->bytes[i] ^= element.bytes[i];
}

static uint32_t digest_number(struct digest digest)
{
    return ((uint32_t)digest.bytes[0] << 24) | ((uint32_t)digest.bytes[1] << 16) |
           ((uint32_t)digest.bytes[2] << 8) | digest.bytes[3];
}
