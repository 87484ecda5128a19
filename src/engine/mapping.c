// SPDX-License-Identifier: MIT
#include "engine/mapping.h"

#include <string.h>

/* Until a check that was started at once has its result, the checker has to be there: on a slow
 * machine, after having been started a second time. More than a checker lets pass until the next
 * result of one that rises. */
#define CHECKER_START_NS (5 * NS_PER_S)

_Static_assert(CONF_NODES_MAX == NODES_MAX, "conf and core have the same bound of nodes");
_Static_assert(CONF_VIPS_MAX == VIPS_MAX, "conf and core have the same bound of VIPs");
_Static_assert(CONF_CHECKS_MAX == CHECKS_MAX, "conf and core have the same bound of checks");
_Static_assert(CONF_KEY_BYTES == KEY_BYTES, "conf and wire have the same size of keys");

static void map_vip(const struct conf *conf, uint8_t self, uint8_t index, struct core_vip *ret)
{
    const struct conf_vip *vip = &conf->vips[index];
    const uint64_t lateness_ns = conf_vip_lateness_ns(vip);

    ret->id = keyring_id(vip->name);
    ret->addresses = conf_vip_addresses_hash(conf, index);
    ret->address_count = vip->address_count;
    ret->mode = vip->mode == CONF_QUORUM ? VIP_QUORUM : VIP_AVAILABLE;
    ret->preempt = vip->preempt;
    ret->preempt_delay_ns = vip->preempt_delay_ns;
    ret->lease_ns = vip->lease_ns;
    /* Else the keeper has no whole second for the kernel. */
    ret->least_ns = lateness_ns == 0 ? 0 : lateness_ns + NS_PER_S;
    ret->announce_refresh_ns = vip->announce_refresh_ns;
    ret->priority = vip->priority[self];
    ret->candidates = vip->candidates;
}

static void map_check(const struct conf_check *check, struct core_check *ret)
{
    ret->rise = check->rise;
    ret->fall = check->fall;
    ret->weight = check->weight;
    ret->is_general = check->vips == 0;
    ret->vips = check->vips;
}

void mapping_core(const struct conf *conf, uint8_t self, struct core_config *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->self = self;
    ret->node_count = conf->node_count;
    ret->vip_count = conf->vip_count;
    ret->fail_open = conf->fail_open;
    ret->interval_ns = conf->interval_ns;
    ret->config = conf_hash(conf);
    ret->lease_max_ns = CONF_LEASE_MAX_NS;
    for (uint8_t n = 0; n < conf->node_count; n++) {
        ret->nodes[n].id = keyring_id(conf->nodes[n].name);
        ret->nodes[n].witness = conf->nodes[n].witness;
    }
    for (uint8_t v = 0; v < conf->vip_count; v++) {
        map_vip(conf, self, v, &ret->vips[v]);
    }
    ret->check_count = conf->check_count;
    ret->check_patience_ns = CHECKER_START_NS;
    for (uint8_t c = 0; c < conf->check_count; c++) {
        uint64_t patience_ns = conf->checks[c].timeout_ns + CHECKER_START_NS;

        map_check(&conf->checks[c], &ret->checks[c]);
        if (conf->checks[c].kind == CONF_CHECK_DOCKER &&
            conf->checks[c].interval_ns + conf->checks[c].timeout_ns > ret->swarm_look_ns) {
            ret->swarm_look_ns = conf->checks[c].interval_ns + conf->checks[c].timeout_ns;
        }
        if (patience_ns > ret->check_patience_ns) {
            ret->check_patience_ns = patience_ns;
        }
    }
}

_Static_assert(CONF_NEW == CORE_NEW, "what is new to one is new to the other");

void mapping_reload(const struct conf_change *change, struct core_reload *ret)
{
    memcpy(ret->node_was, change->node_was, sizeof ret->node_was);
    memcpy(ret->vip_was, change->vip_was, sizeof ret->vip_was);
    memcpy(ret->check_was, change->check_was, sizeof ret->check_was);
}

void mapping_keyring(const struct conf *conf, const struct conf_keys *keys, uint8_t self,
                     struct keyring_config *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->cluster = conf->cluster;
    ret->self = self;
    ret->node_count = conf->node_count;
    ret->key_count = keys->cluster_count;
    ret->keys = keys->cluster;
    ret->has_node_key = keys->has_node_key;
    memcpy(ret->node_key, keys->node_key, sizeof ret->node_key);
    for (uint8_t n = 0; n < conf->node_count; n++) {
        ret->nodes[n].name = conf->nodes[n].name;
        ret->nodes[n].has_public_key = conf->nodes[n].has_public_key;
        memcpy(ret->nodes[n].public_key, conf->nodes[n].public_key, KEY_BYTES);
    }
}
