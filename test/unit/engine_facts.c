// SPDX-License-Identifier: MIT
/* Two nodes of the real core and the real wire, without a network, and what one says of both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "engine/facts.h"
#include "engine/mapping.h"

#define NODES     3
#define STEPS_MAX 20000

struct peer {
    struct core_config config;
    struct core *core;
    struct wire wire;
    struct actions actions;
};

struct cluster {
    struct conf conf;
    struct conf_keys keys;
    struct mono now;
    struct peer peers[NODES]; /* the last one never starts */
    struct message_in message;
    struct datagram datagrams[EGRESS_DATAGRAMS_MAX];
};

static const struct conf conf = {
    .cluster = "swarm",
    .interval_ns = 100 * NS_PER_MS,
    .fail_open = true,
    .node_count = NODES,
    .vip_count = 1,
    .address_count = 2,
    .nodes = {{.name = "n1",
               .priority = 200,
               .address_count = 1,
               .addresses = {{.family = 2, .prefix = 32, .bytes = {192, 0, 2, 1}}}},
              {.name = "n2",
               .priority = 100,
               .address_count = 1,
               .addresses = {{.family = 2, .prefix = 32, .bytes = {192, 0, 2, 2}}}},
              {.name = "n3",
               .priority = 50,
               .address_count = 1,
               .addresses = {{.family = 2, .prefix = 32, .bytes = {192, 0, 2, 3}}}}},
    .vips = {{.name = "ingress",
              .address_count = 2,
              .preempt = true,
              .lease_ns = 400 * NS_PER_MS,
              .announce_refresh_ns = 60 * NS_PER_S,
              .priority = {200, 100, 50},
              .candidates = 7}},
    .check_count = 1,
    .checks = {{.name = "disk",
                .kind = CONF_CHECK_EXEC,
                .rise = 2,
                .fall = 3,
                .weight = -20,
                .vips = 1,
                .interval_ns = NS_PER_S,
                .timeout_ns = 500 * NS_PER_MS}},
    .addresses = {{.family = 2, .prefix = 32, .bytes = {192, 0, 2, 100}},
                  {.family = 10, .prefix = 128, .bytes = {0xfd, [15] = 1}}},
};

static void step(struct cluster *cluster, int node, struct event *event);

static void deliver(struct cluster *cluster, int from, uint8_t to)
{
    unsigned count = wire_egress(&cluster->peers[from].wire, cluster->peers[from].core, to,
                                 &cluster->peers[from].actions.out[to], cluster->datagrams);

    for (unsigned i = 0; i < count && to < NODES - 1; i++) {
        struct event event = {.type = EVENT_MESSAGE, .message = &cluster->message};
        struct datagram copy = cluster->datagrams[i];

        if (wire_ingress(&cluster->peers[to].wire, cluster->peers[to].core, copy.bytes, copy.length,
                         &cluster->message) == DROP_NONE) {
            step(cluster, to, &event);
        }
    }
}

/* One event, its datagrams to the others, and the kernel's answers. */
static void step(struct cluster *cluster, int node, struct event *event)
{
    struct actions *actions = calloc(1, sizeof *actions);

    assert_non_null(actions);
    event->now = cluster->now;
    core_step(cluster->peers[node].core, event, actions);
    for (uint8_t to = 0; to < NODES; to++) {
        if ((actions->send >> to & 1) != 0) {
            cluster->peers[node].actions = *actions;
            deliver(cluster, node, to);
        }
    }
    for (uint32_t i = 0; i < actions->count; i++) {
        struct event answer = {.type = EVENT_ADDRESS};

        if (actions->items[i].type == ACTION_ADDRESS_ADD) {
            answer.address.change = ADDRESS_ADDED;
            step(cluster, node, &answer);
        } else if (actions->items[i].type == ACTION_ADDRESS_REMOVE) {
            answer.address.change = ADDRESS_REMOVED;
            step(cluster, node, &answer);
        }
    }
    free(actions);
}

static struct cluster *new_cluster(void)
{
    struct cluster *cluster = calloc(1, sizeof *cluster);
    struct keyring_config keyring;
    const struct event passed = {
        .type = EVENT_CHECK, .now = {NS_PER_S}, .check = {.check = 0, .passed = true}};

    assert_non_null(cluster);
    cluster->conf = conf;
    cluster->keys.cluster_count = 1;
    cluster->keys.cluster[0][0] = 7;
    cluster->now.ns = NS_PER_S;
    for (uint8_t n = 0; n < NODES; n++) {
        struct peer *peer = &cluster->peers[n];

        mapping_core(&cluster->conf, n, &peer->config);
        peer->config.incarnation = 1000U + n;
        peer->config.seed = n;
        mapping_keyring(&cluster->conf, &cluster->keys, n, &keyring);
        assert_int_equal(wire_init(&peer->wire, &keyring, peer->config.incarnation), 0);
        peer->core = calloc(1, core_size());
        assert_non_null(peer->core);
        core_init(peer->core, &peer->config, cluster->now);
        for (unsigned i = 0; i < peer->config.checks[0].rise; i++)
            core_step(peer->core, &passed, &peer->actions); /* its datagrams are lost */
    }
    return cluster;
}

static void free_cluster(struct cluster *cluster)
{
    for (int n = 0; n < NODES; n++) {
        wire_wipe(&cluster->peers[n].wire);
        free(cluster->peers[n].core);
    }
    free(cluster);
}

/* Runs both live nodes for a while. */
static void run(struct cluster *cluster, uint64_t span_ns)
{
    struct mono until = mono_add(cluster->now, span_ns);

    for (int n = 0; n < STEPS_MAX && mono_before(cluster->now, until); n++) {
        struct mono a = core_deadline(cluster->peers[0].core);
        struct mono b = core_deadline(cluster->peers[1].core);
        struct event event = {.type = EVENT_TIMER};

        cluster->now = mono_max(cluster->now, mono_min(a, b));
        step(cluster, mono_before(b, a) ? 1 : 0, &event);
    }
    assert_false(mono_before(cluster->now, until));
}

static void pack_of(struct cluster *cluster, int node, struct pack *pack)
{
    static const struct ipc_message links[CONF_VIPS_MAX] = {
        {.reason = IPC_LINK_PORT, .interface = "eth0", .port_of = "br0"}};
    static const struct udp_counters udp = {.received = 5, .sent = 6, .send_errors = 7};
    static const struct checker_note notes[CONF_CHECKS_MAX] = {
        {.heard = true, .heard_at = {NS_PER_S}, .detail = "exit code 0"}};
    const struct facts facts = {
        .conf = &cluster->conf,
        .links = links,
        .core_config = &cluster->peers[node].config,
        .core = cluster->peers[node].core,
        .wire = &cluster->peers[node].wire,
        .udp = &udp,
        .checks = notes,
        .started = {NS_PER_S},
        .now = cluster->now,
    };

    pack_init(pack);
    facts_pack(&facts, pack);
    assert_false(pack->failed);
}

static const msgpack_object *find(const msgpack_object *map, const char *key)
{
    assert_int_equal(map->type, MSGPACK_OBJECT_MAP);
    for (uint32_t i = 0; i < map->via.map.size; i++) {
        const msgpack_object_kv *pair = &map->via.map.ptr[i];

        if (pair->key.via.str.size == strlen(key) &&
            memcmp(pair->key.via.str.ptr, key, strlen(key)) == 0) {
            return &pair->val;
        }
    }
    return NULL;
}

static const msgpack_object *item(const msgpack_object *map, const char *list, uint32_t index)
{
    const msgpack_object *array = find(map, list);

    assert_non_null(array);
    assert_int_equal(array->type, MSGPACK_OBJECT_ARRAY);
    assert_true(index < array->via.array.size);
    return &array->via.array.ptr[index];
}

/* The value as JSON-like text, to compare in one line. */
static void assert_value(const msgpack_object *map, const char *key, const char *expected)
{
    const msgpack_object *value = find(map, key);
    char text[256];

    if (value == NULL) {
        fail_msg("no key %s", key);
        return;
    }
    (void)msgpack_object_print_buffer(text, sizeof text, *value);
    if (strcmp(text, expected) != 0) {
        fail_msg("%s is %s, not %s", key, text, expected);
    }
}

/* The facts of one node; the map points into the bytes. */
struct answer {
    struct pack pack;
    msgpack_unpacked map;
};

static void unpack(struct cluster *cluster, int node, struct answer *ret)
{
    size_t offset = 0;

    pack_of(cluster, node, &ret->pack);
    msgpack_unpacked_init(&ret->map);
    assert_int_equal(msgpack_unpack_next(&ret->map, ret->pack.bytes, ret->pack.length, &offset),
                     MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(offset, ret->pack.length);
}

static void free_answer(struct answer *answer)
{
    msgpack_unpacked_destroy(&answer->map);
    pack_free(&answer->pack);
}

/* Looks up every `name` of a row's first cell, and counts them. */
static unsigned check_row(const char *row, const msgpack_object *map)
{
    const char *end = strchr(row + 1, '|');
    unsigned count = 0;

    for (const char *open = strchr(row, '`'); open != NULL && open < end;
         open = strchr(open + 1, '`')) {
        const char *close = strchr(open + 1, '`');
        char name[64];

        (void)snprintf(name, sizeof name, "%.*s", (int)(close - open - 1), open + 1);
        if (strchr(name, '[') != NULL) {
            *strchr(name, '[') = '\0';
        }
        if (find(map, name[0] == '.' ? name + 1 : name) == NULL) {
            fail_msg("docs/STATUS.md names %s, the facts do not have it", name);
        }
        count++;
        open = close;
    }
    return count;
}

static void test_the_facts_are_those_that_the_documentation_lists(void **state)
{
    struct cluster *cluster = new_cluster();
    struct answer facts;
    FILE *file = fopen(VG_SOURCE_DIR "/docs/STATUS.md", "r");
    char line[512];
    const msgpack_object *inner = NULL;
    unsigned top = 0;
    unsigned nested = 0;

    (void)state;
    assert_non_null(file);
    unpack(cluster, 0, &facts);
    while (fgets(line, sizeof line, file) != NULL && strncmp(line, "## ", 3) != 0 &&
           strstr(line, "| `time` |") == NULL) {
        if (strncmp(line, "| `.", 4) == 0) {
            assert_non_null(inner);
            nested += check_row(line, inner);
        } else if (strncmp(line, "| `", 3) == 0 && strstr(line, "(added by the tool)") == NULL) {
            if (inner != NULL) {
                assert_int_equal(nested, inner->via.map.size);
            }
            nested = 0;
            top += check_row(line, &facts.map.data);
            inner = strstr(line, "`vips[]`") != NULL     ? item(&facts.map.data, "vips", 0)
                    : strstr(line, "`nodes[]`") != NULL  ? item(&facts.map.data, "nodes", 0)
                    : strstr(line, "`checks[]`") != NULL ? item(&facts.map.data, "checks", 0)
                    : strstr(line, "`counters`") != NULL ? find(&facts.map.data, "counters")
                                                         : NULL;
        }
    }
    (void)fclose(file);
    assert_non_null(inner);
    assert_int_equal(nested, inner->via.map.size);
    assert_int_equal(top, facts.map.data.via.map.size);
    free_answer(&facts);
    free_cluster(cluster);
}

static void test_a_node_that_just_started_knows_nothing_of_the_others(void **state)
{
    struct cluster *cluster = new_cluster();
    struct answer facts;
    const msgpack_object *node;

    (void)state;
    unpack(cluster, 0, &facts);
    assert_value(&facts.map.data, "cluster", "\"swarm\"");
    assert_value(&facts.map.data, "node", "\"n1\"");
    assert_value(&facts.map.data, "starting", "true");
    assert_value(&facts.map.data, "abstains_ms", "0");
    assert_value(&facts.map.data, "interval_ms", "100");
    assert_value(&facts.map.data, "uptime_ms", "0");
    assert_value(item(&facts.map.data, "vips", 0), "holder", "nil");
    node = item(&facts.map.data, "nodes", 1);
    assert_value(node, "state", "\"unknown\"");
    assert_value(node, "last_heard_ms", "nil");
    assert_value(node, "rtt_us", "nil");
    assert_value(node, "loss_percent", "nil");
    assert_value(node, "healthy", "nil");
    assert_value(node, "config", "nil");
    assert_value(node, "hears_me", "nil");
    assert_value(node, "path", "\"none\"");
    free_answer(&facts);
    free_cluster(cluster);
}

static void test_the_holder_is_the_same_to_both(void **state)
{
    struct cluster *cluster = new_cluster();

    (void)state;
    run(cluster, 20 * NS_PER_S);
    for (int n = 0; n < NODES - 1; n++) {
        struct answer facts;
        const msgpack_object *vip;

        unpack(cluster, n, &facts);
        vip = item(&facts.map.data, "vips", 0);
        assert_value(&facts.map.data, "starting", "false");
        assert_value(vip, "name", "\"ingress\"");
        assert_value(vip, "addresses", "[\"192.0.2.100/32\", \"fd00::1/128\"]");
        assert_value(vip, "interface", "\"eth0\"");
        assert_value(vip, "mode", "\"available\"");
        assert_value(vip, "state", n == 0 ? "\"holding\"" : "\"standby\"");
        assert_value(vip, "in_kernel", n == 0 ? "true" : "false");
        assert_value(vip, "holder", "\"n1\"");
        assert_value(vip, "holders", "[\"n1\"]");
        assert_value(vip, "faults", "[]");
        assert_value(vip, "next", "\"n2\"");
        assert_value(vip, "error", "nil");
        assert_value(vip, "tier", "0");
        free_answer(&facts);
    }
    free_cluster(cluster);
}

static void test_of_a_peer_it_says_what_the_peer_says_and_what_it_measures(void **state)
{
    struct cluster *cluster = new_cluster();
    struct answer facts;
    const msgpack_object *node;

    (void)state;
    run(cluster, 20 * NS_PER_S);
    unpack(cluster, 1, &facts);
    node = item(&facts.map.data, "nodes", 0);
    assert_value(node, "self", "false");
    assert_value(node, "state", "\"alive\"");
    assert_value(node, "addresses", "[\"192.0.2.1\"]");
    assert_value(node, "priority", "200");
    assert_value(node, "effective_priority", "{\"ingress\"=>200}");
    assert_value(node, "elects", "{\"ingress\"=>\"n1\"}");
    assert_value(node, "healthy", "true");
    assert_value(node, "drained", "false");
    assert_value(node, "path", "\"direct\"");
    assert_value(node, "hears_me", "true");
    assert_value(node, "config", "\"same\"");
    assert_value(node, "mac_failures", "0");
    assert_value(item(&facts.map.data, "checks", 0), "name", "\"disk\"");
    assert_value(item(&facts.map.data, "checks", 0), "ok", "true");
    assert_value(item(&facts.map.data, "checks", 0), "weight", "-20");
    assert_value(item(&facts.map.data, "nodes", 2), "state", "\"unknown\"");
    free_answer(&facts);
    free_cluster(cluster);
}

static void test_of_itself_it_measures_nothing(void **state)
{
    static const char *const keys[] = {"last_heard_ms", "rtt_us", "loss_percent", "path",
                                       "hears_me"};
    struct cluster *cluster = new_cluster();
    struct answer facts;
    const msgpack_object *self;

    (void)state;
    run(cluster, 5 * NS_PER_S);
    unpack(cluster, 1, &facts);
    self = item(&facts.map.data, "nodes", 1);
    assert_value(self, "self", "true");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assert_value(self, keys[i], "nil");
    }
    free_answer(&facts);
    free_cluster(cluster);
}

static void test_drops_and_wrong_macs_are_counted(void **state)
{
    struct cluster *cluster = new_cluster();
    struct answer facts;
    const msgpack_object *drops;
    const msgpack_object *counters;

    (void)state;
    (void)wire_ingress(&cluster->peers[0].wire, cluster->peers[0].core, (const uint8_t *)"x", 1,
                       &cluster->message);
    cluster->peers[0].wire.peers[2].mac_failures = 4;
    unpack(cluster, 0, &facts);
    counters = find(&facts.map.data, "counters");
    assert_non_null(counters);
    assert_value(counters, "received", "5");
    assert_value(counters, "sent", "6");
    assert_value(counters, "send_errors", "7");
    drops = find(counters, "drops");
    assert_non_null(drops);
    assert_int_equal(drops->via.map.size, DROP_COUNT - 1);
    assert_value(drops, "too_short", "1");
    assert_value(drops, "mac", "0");
    assert_value(item(&facts.map.data, "nodes", 2), "mac_failures", "4");
    free_answer(&facts);
    free_cluster(cluster);
}

static void test_the_largest_cluster_fits(void **state)
{
    struct cluster *cluster = new_cluster();
    struct core_config config;
    struct keyring_config keyring;
    struct pack pack;

    (void)state;
    cluster->conf.node_count = CONF_NODES_MAX;
    cluster->conf.vip_count = CONF_VIPS_MAX;
    cluster->conf.address_count = CONF_ADDRESSES_MAX;
    for (int n = 0; n < CONF_NODES_MAX; n++) {
        struct conf_node *node = &cluster->conf.nodes[n];

        (void)snprintf(node->name, sizeof node->name, "%063d", n);
        node->address_count = CONF_PATHS_MAX;
        for (int i = 0; i < CONF_PATHS_MAX; i++) {
            node->addresses[i] = (struct conf_address){10, 128, {0xfd}};
            memset(node->addresses[i].bytes, 0xfd, sizeof node->addresses[i].bytes);
        }
    }
    for (int v = 0; v < CONF_VIPS_MAX; v++) {
        cluster->conf.vips[v] = conf.vips[0];
        (void)snprintf(cluster->conf.vips[v].name, sizeof conf.vips[v].name, "%063d", v);
        cluster->conf.vips[v].address_count = CONF_ADDRESSES_MAX / CONF_VIPS_MAX;
    }
    mapping_core(&cluster->conf, 0, &config);
    config.incarnation = 1;
    cluster->peers[0].config = config;
    mapping_keyring(&cluster->conf, &cluster->keys, 0, &keyring);
    assert_int_equal(wire_init(&cluster->peers[0].wire, &keyring, 1), 0);
    core_init(cluster->peers[0].core, &config, cluster->now);
    pack_of(cluster, 0, &pack);
    /* Each other node's two maps of all VIPs are empty yet: 32 names and values of 65 bytes. */
    assert_true(pack.length + 2 * 64 * 32 * 2 * 65 / 2 < PACK_BYTES_MAX);
    pack_free(&pack);
    free_cluster(cluster);
}

/* Its interface is nothing that anybody has to mend. */
static void test_a_node_that_is_no_candidate_says_nothing_of_the_interface(void **state)
{
    struct cluster *cluster = new_cluster();
    struct answer facts;

    (void)state;
    unpack(cluster, 0, &facts);
    assert_value(item(&facts.map.data, "vips", 0), "link", "\"port\"");
    assert_value(item(&facts.map.data, "vips", 0), "port_of", "\"br0\"");
    free_answer(&facts);
    cluster->conf.vips[0].candidates = 6;
    unpack(cluster, 0, &facts);
    assert_value(item(&facts.map.data, "vips", 0), "interface", "\"eth0\"");
    assert_value(item(&facts.map.data, "vips", 0), "link", "nil");
    assert_value(item(&facts.map.data, "vips", 0), "port_of", "nil");
    free_answer(&facts);
    free_cluster(cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_facts_are_those_that_the_documentation_lists),
        cmocka_unit_test(test_a_node_that_just_started_knows_nothing_of_the_others),
        cmocka_unit_test(test_the_holder_is_the_same_to_both),
        cmocka_unit_test(test_of_a_peer_it_says_what_the_peer_says_and_what_it_measures),
        cmocka_unit_test(test_of_itself_it_measures_nothing),
        cmocka_unit_test(test_drops_and_wrong_macs_are_counted),
        cmocka_unit_test(test_a_node_that_is_no_candidate_says_nothing_of_the_interface),
        cmocka_unit_test(test_the_largest_cluster_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
