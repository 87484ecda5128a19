// SPDX-License-Identifier: MIT
/*
 * What may stand in which section: the tables, and one function per key that checks a value and
 * puts it where it belongs. The environment uses the same functions.
 */
#include "conf_internal.h"

#include "log/log.h"

#include <string.h>

#define NS_PER_M (60 * NS_PER_S)

#define CONTROL_SOCKET_MAX 107 /* sun_path of sockaddr_un, without the NUL */

static const struct conf_range priority_range = {1, 255};
static const struct conf_range port_range = {1, 65535};
static const struct conf_range interval_range = {10 * NS_PER_MS, 10 * NS_PER_S};
static const struct conf_range preempt_delay_range = {0, 60 * NS_PER_M};
static const struct conf_range kernel_lease_range = {1 * NS_PER_S, 60 * NS_PER_M};
static const struct conf_range lease_range = {30 * NS_PER_MS, CONF_LEASE_MAX_NS};
static const struct conf_range announce_refresh_range = {1 * NS_PER_S, 60 * NS_PER_M};

static conf_setter set_cluster, set_key_file, set_node_key_file, set_port, set_interval,
    set_control_socket, set_state_dir, set_fail_open, set_realtime, set_log_level;
static conf_setter set_node_address, set_node_priority, set_node_witness, set_node_public_key;
static conf_setter set_vip_address, set_vip_interface, set_vip_mode, set_vip_preempt,
    set_vip_preempt_delay, set_vip_lease, set_vip_kernel_lease, set_vip_announce_refresh,
    set_vip_nodes, set_vip_node_priority;

const struct conf_key conf_keys_top[] = {
    {"cluster", false, set_cluster},                /* the name that all nodes share; required */
    {"key_file", false, set_key_file},              /* the cluster key */
    {"node_key_file", false, set_node_key_file},    /* this node's own key, with public_key */
    {"port", false, set_port},                      /* UDP, the same on every node */
    {"interval", false, set_interval},              /* T: heartbeat of a holder */
    {"control_socket", false, set_control_socket},  /* what the tool connects to */
    {"state_dir", false, set_state_dir},            /* for what has to outlive a restart */
    {"fail_open", false, set_fail_open},            /* unhealthy and drained nodes may hold, last */
    {"hook", true, conf_set_hook},                  /* a program that is told of every change */
    {"hook_timeout", false, conf_set_hook_timeout}, /* how long it may take */
    {"realtime", false, set_realtime},              /* real-time priority, keeper and engine */
    {"log_level", false, set_log_level},            /* the least grave level that is logged */
    {NULL, false, NULL},
};

const struct conf_key conf_keys_node[] = {
    {"address", true, set_node_address},        /* where it listens; each is a path; required */
    {"priority", false, set_node_priority},     /* the highest one alive holds */
    {"witness", false, set_node_witness},       /* votes and relays, never holds */
    {"public_key", false, set_node_public_key}, /* in place of the one that the cluster key gives */
    {NULL, false, NULL},
};

const struct conf_key conf_keys_vip[] = {
    {"address", true, set_vip_address},              /* they move together; required */
    {"interface", false, set_vip_interface},         /* in place of the one the route names */
    {"mode", false, set_vip_mode},                   /* how many votes a holder needs */
    {"preempt", false, set_vip_preempt},             /* a better node takes it from a holder */
    {"preempt_delay", false, set_vip_preempt_delay}, /* and how long after it came */
    {"lease", false, set_vip_lease},                 /* how long a vote is good, in mode quorum */
    {"kernel_lease", false, set_vip_kernel_lease},   /* lifetime of the address in the kernel */
    {"announce_refresh", false, set_vip_announce_refresh}, /* time between announcements */
    {"nodes", true, set_vip_nodes},                        /* only these are candidates */
    {NULL, false, NULL},
};

const struct conf_key conf_keys_vip_node[] = {
    {"priority", false, set_vip_node_priority}, /* of that node on this VIP; required */
    {NULL, false, NULL},
};

int conf_node_add(struct conf_draft *draft, const struct conf_place *place, const char *name)
{
    struct conf *conf = &draft->conf;
    if (conf->node_count == CONF_NODES_MAX)
        return conf_fail(place, "this is one node too many, allowed are %d", CONF_NODES_MAX);
    struct conf_node *node = &conf->nodes[conf->node_count];
    if (conf_value_name(place, name, node->name) < 0)
        return -1;
    node->priority = 100;
    draft->node_line[conf->node_count] = place->line;
    return conf->node_count++;
}

int conf_vip_add(struct conf_draft *draft, const struct conf_place *place, const char *name)
{
    struct conf *conf = &draft->conf;
    if (conf->vip_count == CONF_VIPS_MAX)
        return conf_fail(place, "this is one vip too many, allowed are %d", CONF_VIPS_MAX);
    struct conf_vip *vip = &conf->vips[conf->vip_count];
    if (conf_value_name(place, name, vip->name) < 0)
        return -1;
    vip->address_first = conf->address_count;
    vip->mode = CONF_AVAILABLE;
    vip->preempt = true;
    vip->lease_ns = 4 * conf->interval_ns;
    vip->kernel_lease_s = 2;
    vip->announce_refresh_ns = 60 * NS_PER_S;
    for (int i = 0; i < conf->node_count; i++) {
        vip->priority[i] = conf->nodes[i].priority;
        if (!conf->nodes[i].witness)
            vip->candidates |= UINT64_C(1) << i;
    }
    draft->vip_line[conf->vip_count] = place->line;
    return conf->vip_count++;
}

static int set_cluster(struct conf_target *target, const struct conf_place *place, const char *text)
{
    return conf_value_name(place, text, target->draft->conf.cluster);
}

static int set_key_file(struct conf_target *target, const struct conf_place *place,
                        const char *text)
{
    return conf_value_path(place, text, CONF_PATH_MAX, target->draft->conf.key_file);
}

static int set_node_key_file(struct conf_target *target, const struct conf_place *place,
                             const char *text)
{
    return conf_value_path(place, text, CONF_PATH_MAX, target->draft->conf.node_key_file);
}

static int set_port(struct conf_target *target, const struct conf_place *place, const char *text)
{
    uint64_t port;
    if (conf_value_number(place, text, port_range, &port) < 0)
        return -1;
    target->draft->conf.port = (uint16_t)port;
    return 0;
}

static int set_interval(struct conf_target *target, const struct conf_place *place,
                        const char *text)
{
    return conf_value_duration(place, text, interval_range, &target->draft->conf.interval_ns);
}

static int set_control_socket(struct conf_target *target, const struct conf_place *place,
                              const char *text)
{
    return conf_value_path(place, text, CONTROL_SOCKET_MAX, target->draft->conf.control_socket);
}

static int set_state_dir(struct conf_target *target, const struct conf_place *place,
                         const char *text)
{
    return conf_value_path(place, text, CONF_PATH_MAX, target->draft->conf.state_dir);
}

static int set_fail_open(struct conf_target *target, const struct conf_place *place,
                         const char *text)
{
    return conf_value_boolean(place, text, &target->draft->conf.fail_open);
}

static int set_realtime(struct conf_target *target, const struct conf_place *place,
                        const char *text)
{
    return conf_value_boolean(place, text, &target->draft->conf.realtime);
}

static int set_log_level(struct conf_target *target, const struct conf_place *place,
                         const char *text)
{
    int level = log_level_parse(text);
    if (level < 0)
        return conf_fail(place,
                         "\"%.64s\" is no level, allowed are error, warning, notice, info and "
                         "debug",
                         text);
    target->draft->conf.log_level = (uint8_t)level;
    return 0;
}

static int set_node_address(struct conf_target *target, const struct conf_place *place,
                            const char *text)
{
    struct conf_node *node = &target->draft->conf.nodes[target->node];
    if (node->address_count == CONF_PATHS_MAX)
        return conf_fail(place, "%.64s is one address too many, a node has at most %d", text,
                         CONF_PATHS_MAX);
    if (conf_value_node_address(place, text, &node->addresses[node->address_count]) < 0)
        return -1;
    target->draft->node_address_line[target->node][node->address_count] = place->line;
    node->address_count++;
    return 0;
}

static int set_node_priority(struct conf_target *target, const struct conf_place *place,
                             const char *text)
{
    uint64_t priority;
    if (conf_value_number(place, text, priority_range, &priority) < 0)
        return -1;
    target->draft->conf.nodes[target->node].priority = (uint8_t)priority;
    return 0;
}

static int set_node_witness(struct conf_target *target, const struct conf_place *place,
                            const char *text)
{
    return conf_value_boolean(place, text, &target->draft->conf.nodes[target->node].witness);
}

static int set_node_public_key(struct conf_target *target, const struct conf_place *place,
                               const char *text)
{
    struct conf_node *node = &target->draft->conf.nodes[target->node];
    if (conf_key_parse(text, strlen(text), node->public_key) < 0)
        return conf_fail(place,
                         "\"%.64s\" is no public key, allowed are the 44 characters of base64 "
                         "that vipgossip pubkey prints",
                         text);
    node->has_public_key = true;
    return 0;
}

static int set_vip_address(struct conf_target *target, const struct conf_place *place,
                           const char *text)
{
    struct conf *conf = &target->draft->conf;
    if (conf->address_count == CONF_ADDRESSES_MAX)
        return conf_fail(place, "%.64s is one address too many, all VIPs together have at most %d",
                         text, CONF_ADDRESSES_MAX);
    if (conf_value_vip_address(place, text, &conf->addresses[conf->address_count]) < 0)
        return -1;
    target->draft->vip_address_line[conf->address_count] = place->line;
    conf->address_count++;
    conf->vips[target->vip].address_count++;
    return 0;
}

static int set_vip_interface(struct conf_target *target, const struct conf_place *place,
                             const char *text)
{
    return conf_value_interface(place, text, target->draft->conf.vips[target->vip].interface);
}

static int set_vip_mode(struct conf_target *target, const struct conf_place *place,
                        const char *text)
{
    struct conf_vip *vip = &target->draft->conf.vips[target->vip];
    bool quorum = strcmp(text, "quorum") == 0;
    if (!quorum && strcmp(text, "available") != 0)
        return conf_fail(place, "\"%.64s\" is no mode, allowed are \"available\" and \"quorum\"",
                         text);
    vip->mode = quorum ? CONF_QUORUM : CONF_AVAILABLE;
    return 0;
}

static int set_vip_preempt(struct conf_target *target, const struct conf_place *place,
                           const char *text)
{
    return conf_value_boolean(place, text, &target->draft->conf.vips[target->vip].preempt);
}

static int set_vip_preempt_delay(struct conf_target *target, const struct conf_place *place,
                                 const char *text)
{
    return conf_value_duration(place, text, preempt_delay_range,
                               &target->draft->conf.vips[target->vip].preempt_delay_ns);
}

static int set_vip_lease(struct conf_target *target, const struct conf_place *place,
                         const char *text)
{
    return conf_value_duration(place, text, lease_range,
                               &target->draft->conf.vips[target->vip].lease_ns);
}

/* Whole seconds: the kernel counts the lifetime of an address in them. */
static int set_vip_kernel_lease(struct conf_target *target, const struct conf_place *place,
                                const char *text)
{
    struct conf_vip *vip = &target->draft->conf.vips[target->vip];
    uint64_t lease_ns = 0;
    if (strcmp(text, "off") != 0 &&
        conf_value_duration(place, text, kernel_lease_range, &lease_ns) < 0) {
        return -1;
    }
    if (lease_ns % NS_PER_S != 0)
        return conf_fail(place, "%.64s is not allowed, allowed are whole seconds and \"off\"",
                         text);
    vip->kernel_lease_s = (uint32_t)(lease_ns / NS_PER_S);
    return 0;
}

static int set_vip_announce_refresh(struct conf_target *target, const struct conf_place *place,
                                    const char *text)
{
    return conf_value_duration(place, text, announce_refresh_range,
                               &target->draft->conf.vips[target->vip].announce_refresh_ns);
}

static int set_vip_nodes(struct conf_target *target, const struct conf_place *place,
                         const char *text)
{
    struct conf *conf = &target->draft->conf;
    struct conf_vip *vip = &conf->vips[target->vip];
    int node = conf_node_index(conf, text);
    if (node < 0)
        return conf_fail(place, "\"%.64s\" is no node of this file", text);
    if (conf->nodes[node].witness)
        return conf_fail(place, "\"%.64s\" is a witness, which never holds", text);
    if (!target->nodes_are_given)
        vip->candidates = 0;
    target->nodes_are_given = true;
    vip->candidates |= UINT64_C(1) << node;
    return 0;
}

static int set_vip_node_priority(struct conf_target *target, const struct conf_place *place,
                                 const char *text)
{
    uint64_t priority;
    if (conf_value_number(place, text, priority_range, &priority) < 0)
        return -1;
    struct conf_vip *vip = &target->draft->conf.vips[target->vip];
    if ((vip->candidates & (UINT64_C(1) << target->node)) == 0)
        return conf_fail(place, "\"%.64s\" cannot hold this VIP, so its priority has no meaning",
                         target->draft->conf.nodes[target->node].name);
    vip->priority[target->node] = (uint8_t)priority;
    return 0;
}
