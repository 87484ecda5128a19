// SPDX-License-Identifier: MIT
#include "cluster_private.h"

void cluster_know(struct cluster *cluster, uint8_t node, uint8_t count)
{
    assert(node < count && count <= cluster->config.node_count);
    cluster->hosts[node].known = count;
}

uint8_t cluster_known(const struct cluster *cluster, uint8_t node)
{
    return cluster->hosts[node].known;
}

/* As conf_change_is_allowed() and the engine do. */
static bool is_allowed(const struct host *host, const struct core_config *next)
{
    unsigned changes = (unsigned)abs(next->node_count - host->config.node_count);
    return changes <= 1 && core_may_change_voters(host->core, next) == VOTERS_ALLOWED;
}

bool cluster_change_voters(struct cluster *cluster, uint8_t node, uint8_t count)
{
    struct host *host = &cluster->hosts[node];
    uint8_t before = host->known;
    struct core_config next;
    assert(host->alive && node < count && before != 0);
    host->known = count;
    cluster_configure(cluster, node, &next);
    if (cluster_is_stalled(cluster, node) || !is_allowed(host, &next)) {
        host->known = before;
        return false;
    }
    cluster_reload(cluster, node);
    return true;
}
