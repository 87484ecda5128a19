// SPDX-License-Identifier: MIT
#include "core_double.h"

const struct record *core_record(const struct core *core)
{
    return &core->record;
}

uint64_t core_member_incarnation(const struct core *core, uint8_t node)
{
    return core->incarnation[node];
}

uint64_t core_member_seq(const struct core *core, uint8_t node)
{
    return core->seq[node];
}

bool core_incarnation_is_dead(const struct core *core, uint8_t node, uint64_t incarnation)
{
    return core->dead[node] != 0 && core->dead[node] == incarnation;
}

bool core_expects_echo(const struct core *core, const struct echo *echo)
{
    return core->expected.node != 0 && core->expected.node == echo->node &&
           core->expected.asker == echo->asker && core->expected.challenge == echo->challenge &&
           !core_incarnation_is_dead(core, core_node_index(core, echo->node), echo->incarnation);
}

uint8_t core_node_index(const struct core *core, uint32_t id)
{
    for (uint8_t i = 0; i < core->node_count; i++)
        if (core->id[i] == id)
            return i;
    return NODE_NONE;
}
