// SPDX-License-Identifier: MIT
/* Which node is which. Apart from conf.c, so that the engine does not link the parser. */
#include "conf/conf.h"

#include <string.h>

void conf_set_self(struct conf *conf, int index)
{
    struct conf_node *self = &conf->nodes[index];
    memcpy(conf->self_name, self->name, sizeof(conf->self_name));
    if (conf->self_priority == 0)
        return;
    self->priority = conf->self_priority;
    /* The environment cannot give a priority for one VIP alone, so none is overwritten here. */
    for (int vip = 0; vip < conf->vip_count; vip++)
        conf->vips[vip].priority[index] = conf->self_priority;
}

int conf_node_index(const struct conf *conf, const char *name)
{
    for (int i = 0; i < conf->node_count; i++) {
        if (strcmp(conf->nodes[i].name, name) == 0)
            return i;
    }
    return -1;
}

/* Addresses of the family among the first `count`. */
static unsigned count_family(const struct conf_node *node, uint8_t family, unsigned count)
{
    unsigned found = 0;

    for (unsigned i = 0; i < count; i++)
        found += node->addresses[i].family == family ? 1 : 0;
    return found;
}

bool conf_is_path(const struct conf_node *own, unsigned from, const struct conf_node *peer,
                  unsigned to)
{
    const uint8_t family = own->addresses[from].family;

    if (peer->addresses[to].family != family)
        return false;
    if (count_family(own, family, own->address_count) !=
        count_family(peer, family, peer->address_count))
        return true;
    return count_family(own, family, from) == count_family(peer, family, to);
}
