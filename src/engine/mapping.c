// SPDX-License-Identifier: MIT
#include "engine/mapping.h"

#include <string.h>

_Static_assert(CONF_NODES_MAX == NODES_MAX, "conf and core have the same bound of nodes");
_Static_assert(CONF_VIPS_MAX == VIPS_MAX, "conf and core have the same bound of VIPs");
_Static_assert(CONF_KEY_BYTES == KEY_BYTES, "conf and wire have the same size of keys");

static void map_vip(const struct conf *conf, uint8_t self, uint8_t index, struct core_vip *ret)
{
    const struct conf_vip *vip = &conf->vips[index];

    ret->id = keyring_id(vip->name);
    ret->addresses = conf_vip_addresses_hash(conf, index);
    ret->mode = vip->mode == CONF_QUORUM ? VIP_QUORUM : VIP_AVAILABLE;
    ret->preempt = vip->preempt;
    ret->preempt_delay_ns = vip->preempt_delay_ns;
    ret->lease_ns = vip->lease_ns;
    ret->announce_refresh_ns = vip->announce_refresh_ns;
    ret->priority = vip->priority[self];
    ret->candidates = vip->candidates;
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
    for (uint8_t n = 0; n < conf->node_count; n++) {
        ret->nodes[n].id = keyring_id(conf->nodes[n].name);
        ret->nodes[n].witness = conf->nodes[n].witness;
    }
    for (uint8_t v = 0; v < conf->vip_count; v++) {
        map_vip(conf, self, v, &ret->vips[v]);
    }
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
