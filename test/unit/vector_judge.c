// SPDX-License-Identifier: MIT
#include "vector_judge.h"

#include <stdlib.h>
#include <string.h>

#include "vector_json.h"

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    vector_json_require(text != NULL);
    return text;
}

static uint8_t index_of(const struct vector_judge *judge, const char *name)
{
    uint8_t node = 0;
    while (node < judge->core.node_count && strcmp(judge->name[node], name) != 0)
        node++;
    vector_json_require(node < judge->core.node_count);
    return node;
}

static void read_nodes(struct vector_judge *judge, const json_t *node,
                       struct keyring_config *config)
{
    const json_t *nodes = json_object_get(node, "nodes");
    vector_json_require(json_array_size(nodes) <= NODES_MAX);
    config->node_count = (uint8_t)json_array_size(nodes);
    judge->core.node_count = config->node_count;
    for (uint8_t i = 0; i < config->node_count; i++) {
        const json_t *entry = json_array_get(nodes, i);
        const json_t *key = json_object_get(entry, "public_key");
        (void)snprintf(judge->name[i], sizeof(judge->name[i]), "%s", text_of(entry, "name"));
        judge->core.id[i] = keyring_id(judge->name[i]);
        config->nodes[i].name = judge->name[i];
        config->nodes[i].has_public_key = key != NULL;
        if (key != NULL)
            vector_json_bytes(key, config->nodes[i].public_key, KEY_BYTES);
    }
}

int vector_judge_init(struct vector_judge *judge, const json_t *node)
{
    memset(judge, 0, sizeof(*judge));
    const json_t *cluster_keys = json_object_get(node, "cluster_keys");
    const json_t *node_key = json_object_get(node, "node_key");
    uint8_t keys[KEYRING_GENERATIONS][KEY_BYTES];
    vector_json_require(json_array_size(cluster_keys) <= KEYRING_GENERATIONS);
    struct keyring_config config = {
        .cluster = text_of(node, "cluster"),
        .key_count = (uint8_t)json_array_size(cluster_keys),
        .keys = (const uint8_t(*)[KEY_BYTES])keys,
        .has_node_key = node_key != NULL,
    };
    for (uint8_t i = 0; i < config.key_count; i++)
        vector_json_bytes(json_array_get(cluster_keys, i), keys[i], KEY_BYTES);
    if (node_key != NULL)
        vector_json_bytes(node_key, config.node_key, KEY_BYTES);
    read_nodes(judge, node, &config);
    config.self = index_of(judge, text_of(node, "self"));
    vector_json_read_record(json_object_get(node, "record"), &judge->core.record);
    judge->core.incarnation[config.self] = judge->core.record.incarnation;
    return wire_init(&judge->wire, &config, judge->core.record.incarnation);
}

static void learn(struct vector_judge *judge, const char *name, const json_t *facts)
{
    struct core *core = &judge->core;
    uint8_t node = index_of(judge, name);
    if (json_object_get(facts, "incarnation") != NULL)
        core->incarnation[node] = vector_json_number(facts, "incarnation");
    if (json_object_get(facts, "seq") != NULL)
        core->seq[node] = vector_json_number(facts, "seq");
    if (json_object_get(facts, "dead") != NULL)
        core->dead[node] = vector_json_number(facts, "dead");
    if (json_object_get(facts, "challenge") != NULL)
        core->expected = (struct echo){
            .node = core->id[node],
            .asker = core->id[judge->wire.keyring.self],
            .challenge = vector_json_number(facts, "challenge"),
        };
}

static json_t *counted(const struct vector_judge *judge, const struct wire *before)
{
    json_t *counts = json_object();
    for (unsigned drop = 0; drop < DROP_COUNT; drop++) {
        uint64_t count = judge->wire.drops[drop] - before->drops[drop];
        if (count != 0)
            (void)json_object_set_new(counts, drop_name((enum drop)drop),
                                      json_integer((json_int_t)count));
    }
    return counts;
}

static json_t *failed_macs(const struct vector_judge *judge, const struct wire *before)
{
    json_t *failures = json_object();
    for (uint8_t node = 0; node < judge->core.node_count; node++) {
        uint64_t count = judge->wire.peers[node].mac_failures - before->peers[node].mac_failures;
        if (count != 0)
            (void)json_object_set_new(failures, judge->name[node], json_integer((json_int_t)count));
    }
    return failures;
}

static json_t *receive(struct vector_judge *judge, const json_t *digits)
{
    struct message_in message;
    struct wire *before = malloc(sizeof(*before));
    size_t length = json_string_length(digits) / 2;
    uint8_t *bytes = malloc(length + 1); /* no byte more, for the sanitizer; and never 0 */
    vector_json_require(before != NULL && bytes != NULL);
    *before = judge->wire;
    vector_json_bytes(digits, bytes, length);
    enum drop drop = wire_ingress(&judge->wire, &judge->core, bytes, length, &message);
    json_t *said = json_null();
    if (drop == DROP_NONE) {
        said = vector_json_write_message(&message);
        (void)json_object_set_new(said, "peer", json_string(judge->name[message.peer]));
    }
    json_t *ret = json_pack("{s:o, s:o, s:o}", "counts", counted(judge, before), "mac_failures",
                            failed_macs(judge, before), "message", said);
    free(bytes);
    free(before);
    return ret;
}

static json_t *send(struct vector_judge *judge, const char *to, const json_t *json)
{
    struct message_out message;
    struct datagram datagrams[EGRESS_DATAGRAMS_MAX];
    const json_t *relays = json_object_get(json, "relays");
    vector_json_read_message(json, &message);
    vector_json_require(json_array_size(relays) <=
                        sizeof(message.relays) / sizeof(message.relays[0]));
    message.relay_count = (uint8_t)json_array_size(relays);
    for (size_t i = 0; i < message.relay_count; i++) {
        const json_t *relay = json_array_get(relays, i);
        message.relays[i].node = index_of(judge, text_of(relay, "node"));
        message.relays[i].age_ns = vector_json_number(relay, "age_ns");
    }
    unsigned count =
        wire_egress(&judge->wire, &judge->core, index_of(judge, to), &message, datagrams);
    json_t *made = json_array();
    for (unsigned i = 0; i < count; i++)
        (void)json_array_append_new(made, vector_json_hex(datagrams[i].bytes, datagrams[i].length));
    return json_pack("{s:o}", "datagrams", made);
}

static json_t *send_will(const struct vector_judge *judge, const char *to, const json_t *json)
{
    struct record record;
    struct datagram datagram;
    vector_json_read_record(json, &record);
    wire_will(&judge->wire, &record, index_of(judge, to), &datagram);
    return json_pack("{s:[o]}", "datagrams", vector_json_hex(datagram.bytes, datagram.length));
}

json_t *vector_judge_step(struct vector_judge *judge, const json_t *step)
{
    const json_t *record = json_object_get(step, "record");
    const json_t *digits = json_object_get(step, "receive");
    const json_t *message = json_object_get(step, "send");
    const json_t *will = json_object_get(step, "will");
    const char *name;
    json_t *facts;
    json_object_foreach(json_object_get(step, "knows"), name, facts) learn(judge, name, facts);
    if (record != NULL)
        vector_json_read_record(record, &judge->core.record);
    if (digits != NULL)
        return receive(judge, digits);
    if (message != NULL)
        return send(judge, text_of(step, "to"), message);
    if (will != NULL)
        return send_will(judge, text_of(step, "to"), will);
    return json_object();
}
