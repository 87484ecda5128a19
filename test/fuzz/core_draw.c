// SPDX-License-Identifier: MIT
#include "core_draw.h"

#include <string.h>

#include "core_guard.h"

#define LEASE_MAX_NS (10 * NS_PER_S)

static void draw_vip(struct input *input, struct core_vip *vip)
{
    const uint8_t own = input_u8(input);
    vip->preempt = (own & 1U) == 0;
    vip->preempt_delay_ns = (own & 2U) != 0 ? NS_PER_S : 0;
    vip->priority = (uint8_t)(1 + (own >> 2));
    if ((own & 0x80U) != 0)
        vip->candidates &= input_u8(input);
}

static void draw_checks(struct input *input, struct core_config *config)
{
    config->check_patience_ns = NS_PER_S;
    for (uint8_t check = 0; check < config->check_count; check++) {
        const uint8_t own = input_u8(input);
        config->checks[check] =
            (struct core_check){.rise = (uint8_t)(1 + (own & 3U)),
                                .fall = (uint8_t)(1 + (own >> 2 & 3U)),
                                .weight = (int16_t)((own & 16U) != 0 ? -150 : 0),
                                .is_general = (own & 32U) != 0,
                                .vips = own >> 6};
    }
}

static void draw_witness(struct core_config *config, uint8_t witness)
{
    config->nodes[witness].witness = true;
    for (uint8_t vip = 0; vip < config->vip_count; vip++)
        config->vips[vip].candidates &= ~(UINT64_C(1) << witness);
}

/* Mode quorum wants an interval of which three fit into a lease, and that into ten seconds. */
static void draw_quorum(struct input *input, struct core_config *config)
{
    const uint8_t bits = input_u8(input);
    if (config->interval_ns > LEASE_MAX_NS / 4)
        config->interval_ns = LEASE_MAX_NS / 4;
    config->abstain_ns = (bits & 8U) != 0 ? (uint64_t)(bits >> 4) * 100 * NS_PER_MS : 0;
    for (uint8_t vip = 0; vip < config->vip_count; vip++) {
        const bool longest = (bits & 16U) != 0 && vip == 1;
        if ((bits >> vip & 1U) == 0)
            config->vips[vip].mode = VIP_QUORUM;
        config->vips[vip].lease_ns = longest ? LEASE_MAX_NS : (3 + vip) * config->interval_ns;
    }
}

void draw_config(struct input *input, struct core_config *ret)
{
    static const uint64_t intervals_ms[] = {10, 100, 200, 10000};
    core_guard_config((uint8_t)(1 + input_below(input, DRAW_NODES)),
                      (uint8_t)(1 + input_below(input, DRAW_VIPS)), ret);
    const uint8_t bits = input_u8(input);
    ret->self = input_below(input, ret->node_count);
    ret->interval_ns = intervals_ms[bits & 3U] * NS_PER_MS;
    ret->fail_open = (bits & 4U) == 0;
    ret->seed = input_u8(input);
    for (uint8_t vip = 0; vip < ret->vip_count; vip++)
        draw_vip(input, &ret->vips[vip]);
    if ((bits & 8U) != 0)
        draw_witness(ret, input_below(input, ret->node_count));
    ret->check_count = bits >> 4 & 3U;
    draw_checks(input, ret);
    if ((bits & 64U) != 0)
        draw_quorum(input, ret);
}

static bool has_quorum(const struct core_config *config)
{
    for (uint8_t vip = 0; vip < config->vip_count; vip++)
        if (config->vips[vip].mode == VIP_QUORUM)
            return true;
    return false;
}

static bool is_id_used(const struct core_config *config, uint32_t id)
{
    for (uint8_t vip = 0; vip < config->vip_count; vip++)
        if (config->vips[vip].id == id)
            return true;
    for (uint8_t node = 0; node < config->node_count; node++)
        if (config->nodes[node].id == id)
            return true;
    return false;
}

static uint32_t unused_id(const struct core_config *before, const struct core_config *after,
                          uint32_t id)
{
    while (is_id_used(before, id) || is_id_used(after, id))
        id++;
    return id;
}

/* They come, go and change places; of voters one at a time. */
static void draw_nodes(uint8_t bits, const struct core_config *before, struct core_config *ret,
                       struct core_reload *ret_reload)
{
    bool changes = false;
    ret->node_count = 0;
    for (uint8_t i = 0; i < before->node_count; i++) {
        const uint8_t was = (uint8_t)((i + bits) % before->node_count);
        if (was != before->self && (bits & 8U) != 0 && i == (bits >> 4) % 8U) {
            changes = true;
            continue;
        }
        if (was == before->self)
            ret->self = ret->node_count;
        ret->nodes[ret->node_count] = before->nodes[was];
        ret_reload->node_was[ret->node_count++] = was;
    }
    changes = changes && has_quorum(before);
    if (!changes && (bits & 128U) != 0 && ret->node_count < DRAW_NODES) {
        ret_reload->node_was[ret->node_count] = CORE_NEW;
        ret->nodes[ret->node_count] = (struct core_node){.id = 0, .witness = false};
        ret->nodes[ret->node_count].id = unused_id(before, ret, 100);
        ret->node_count++;
    }
}

/* A VIP that was there may have another priority or other addresses, and a shorter lease. */
static void draw_vips(struct input *input, const struct core_config *before,
                      struct core_config *ret, struct core_reload *ret_reload)
{
    const uint8_t bits = input_u8(input);
    ret->vip_count = 0;
    for (uint8_t i = 0; i < before->vip_count; i++) {
        const uint8_t was = (uint8_t)((i + bits) % before->vip_count);
        struct core_vip *vip = &ret->vips[ret->vip_count];
        if ((bits & 4U) != 0 && i == (bits >> 3 & 3U) && before->vip_count > 1)
            continue;
        *vip = before->vips[was];
        vip->candidates = (UINT64_C(1) << ret->node_count) - 1;
        vip->addresses += bits >> 5 & 1U;
        if (vip->lease_ns > 4 * ret->interval_ns)
            vip->lease_ns = 4 * ret->interval_ns;
        draw_vip(input, vip);
        ret_reload->vip_was[ret->vip_count++] = was;
        /* The same name on another interface. */
        if (vip->mode == VIP_AVAILABLE && (bits & 64U) != 0 && i == 0)
            ret_reload->vip_was[ret->vip_count - 1] = CORE_NEW;
    }
    if ((bits & 128U) != 0 && ret->vip_count < DRAW_VIPS) {
        struct core_config plain;
        core_guard_config(ret->node_count, 1, &plain);
        plain.vips[0].id = unused_id(before, ret, 1000);
        ret->vips[ret->vip_count] = plain.vips[0];
        ret_reload->vip_was[ret->vip_count++] = CORE_NEW;
    }
}

void draw_another(struct input *input, const struct core_config *before, struct core_config *ret,
                  struct core_reload *ret_reload)
{
    const uint8_t bits = input_u8(input);
    memset(ret_reload, CORE_NEW, sizeof(*ret_reload));
    *ret = *before;
    ret->config = before->config + 1;
    draw_nodes(bits, before, ret, ret_reload);
    draw_vips(input, before, ret, ret_reload);
    const uint8_t rest = input_u8(input);
    ret->fail_open = (rest & 1U) == 0;
    if ((rest & 2U) != 0 && !has_quorum(before))
        ret->interval_ns = (rest & 4U) != 0 ? 50 * NS_PER_MS : 500 * NS_PER_MS;
    for (uint8_t node = 0; node < ret->node_count; node++)
        if (ret->nodes[node].witness)
            draw_witness(ret, node);
    ret->check_count = rest >> 4 & 3U;
    draw_checks(input, ret);
    for (uint8_t check = 0; check < ret->check_count; check++)
        if (check < before->check_count && (rest & 64U) == 0)
            ret_reload->check_was[check] = (uint8_t)(before->check_count - 1 - check);
}

uint64_t draw_gone(const struct core_config *before, const struct core_config *after,
                   const struct core_reload *reload)
{
    uint64_t gone = (UINT64_C(1) << before->vip_count) - 1;
    for (uint8_t vip = 0; vip < after->vip_count; vip++)
        if (reload->vip_was[vip] != CORE_NEW)
            gone &= ~(UINT64_C(1) << reload->vip_was[vip]);
    return gone;
}
