// SPDX-License-Identifier: MIT
#include "nodes.h"

#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* The last two bits of an exception: enum availability on the wire [SPEC F7]. */
#define PAUSED  2U
#define DRAINED 3U
#define KEY     (~UINT64_C(3))

uint64_t nodes_key(const char *node_id)
{
    unsigned char digest[crypto_generichash_BYTES_MIN];
    uint64_t key = 0;

    (void)crypto_generichash(digest, sizeof(digest), (const unsigned char *)node_id,
                             strlen(node_id), NULL, 0);
    for (unsigned i = 0; i < 8; i++)
        key = key << 8 | digest[i];
    key &= KEY;
    return key != 0 ? key : PAUSED << 1;
}

/* 0: it is active, or what a later Docker may call it. */
static unsigned availability_of(const char *word)
{
    if (strcmp(word, "drain") == 0)
        return DRAINED;
    return strcmp(word, "pause") == 0 ? PAUSED : 0;
}

static const char *take_node(json_t *node, struct ipc_swarm *ret)
{
    const char *id = NULL;
    const char *word = "active";
    json_int_t index = 0;
    unsigned availability;

    if (json_unpack(node, "{s:s, s:{s:I}, s:{s?s}}", "ID", &id, "Version", "Index", &index, "Spec",
                    "Availability", &word) != 0 ||
        index < 0)
        return "/nodes is not what Docker answers";
    if (index > UINT32_MAX)
        index = UINT32_MAX;
    if ((uint32_t)index > ret->index)
        ret->index = (uint32_t)index;
    availability = availability_of(word);
    if (availability == 0)
        return NULL;
    if (ret->count == IPC_EXCEPTIONS_MAX)
        return "more than 256 nodes are drained or paused";
    ret->exceptions[ret->count++] = nodes_key(id) | availability;
    return NULL;
}

static int by_key(const void *a, const void *b)
{
    const uint64_t *left = a;
    const uint64_t *right = b;

    return *left < *right ? -1 : *left > *right;
}

/* Two NodeIDs with one key will not be met; the list has to be one that is valid all the same. */
static void leave_out_doubles(struct ipc_swarm *swarm)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < swarm->count; i++)
        if (kept == 0 || (swarm->exceptions[kept - 1] & KEY) != (swarm->exceptions[i] & KEY))
            swarm->exceptions[kept++] = swarm->exceptions[i];
    for (uint32_t i = kept; i < swarm->count; i++)
        swarm->exceptions[i] = 0;
    swarm->count = kept;
}

const char *nodes_parse(const char *body, size_t length, struct ipc_swarm *ret)
{
    json_t *nodes = json_loadb(body, length, 0, NULL);
    const char *error = json_is_array(nodes) ? NULL : "/nodes is not what Docker answers";
    size_t at;
    json_t *node;

    if (error == NULL) {
        json_array_foreach(nodes, at, node)
        {
            error = take_node(node, ret);
            if (error != NULL)
                break;
        }
    }
    json_decref(nodes);
    if (error != NULL)
        return error;
    qsort(ret->exceptions, ret->count, sizeof(ret->exceptions[0]), by_key);
    leave_out_doubles(ret);
    ret->knows = 1;
    return NULL;
}
