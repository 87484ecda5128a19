// SPDX-License-Identifier: MIT
/*
 * The clocks of the nodes: each starts elsewhere and runs at a rate of its own.
 */
#include "cluster_private.h"

#define MILLION INT64_C(1000000)

/* span x (1 + ppm / 10^6) without an overflow; never falls when the span rises. */
static uint64_t scale(uint64_t span_ns, int64_t ppm)
{
    int64_t span = (int64_t)span_ns;
    return (uint64_t)(span + span / MILLION * ppm + span % MILLION * ppm / MILLION);
}

uint64_t cluster_local(const struct cluster *cluster, uint8_t node)
{
    const struct clock *clock = &cluster->hosts[node].clock;
    return clock->base_local_ns + scale(cluster->now_ns - clock->base_ns, clock->ppm);
}

uint64_t cluster_global(const struct cluster *cluster, uint8_t node, uint64_t local_ns)
{
    const struct clock *clock = &cluster->hosts[node].clock;
    if (local_ns <= clock->base_local_ns) {
        return cluster->now_ns;
    }
    uint64_t local_span_ns = local_ns - clock->base_local_ns;
    int64_t span = (int64_t)local_span_ns;
    int64_t rate = MILLION + clock->ppm;
    uint64_t guess_ns = (uint64_t)(span / rate * MILLION + span % rate * MILLION / rate);
    while (scale(guess_ns, clock->ppm) < local_span_ns) {
        guess_ns++;
    }
    while (guess_ns > 0 && scale(guess_ns - 1, clock->ppm) >= local_span_ns) {
        guess_ns--;
    }
    uint64_t at_ns = clock->base_ns + guess_ns;
    return at_ns > cluster->now_ns ? at_ns : cluster->now_ns;
}

uint64_t cluster_raw(const struct cluster *cluster, uint8_t node)
{
    const struct clock *clock = &cluster->hosts[node].clock;
    return clock->base_raw_ns + scale(cluster->now_ns - clock->base_ns, clock->raw_ppm);
}

static void set_rates(struct cluster *cluster, uint8_t node, int64_t ppm, int64_t raw_ppm)
{
    struct clock *clock = &cluster->hosts[node].clock;
    clock->base_local_ns = cluster_local(cluster, node);
    clock->base_raw_ns = cluster_raw(cluster, node);
    clock->base_ns = cluster->now_ns;
    clock->ppm = ppm;
    clock->raw_ppm = raw_ppm;
    if (!cluster->hosts[node].alive) {
        return;
    }
    cluster_schedule_wake(cluster, node);
    for (uint8_t vip = 0; vip < cluster->config.vip_count; vip++) {
        uint64_t deadline_ns = cluster->hosts[node].vips[vip].deadline_ns;
        cluster_push(cluster, (struct item){.at_ns = cluster_global(cluster, node, deadline_ns),
                                            .type = ITEM_DEADLINE,
                                            .node = node,
                                            .life = cluster->hosts[node].life,
                                            .event = {.address.vip = vip}});
    }
}

void cluster_clock_rate(struct cluster *cluster, uint8_t node, int parts_per_million)
{
    set_rates(cluster, node, parts_per_million, parts_per_million);
}

void cluster_clock_slew(struct cluster *cluster, uint8_t node, int parts_per_million)
{
    int64_t raw_ppm = cluster->hosts[node].clock.raw_ppm;
    set_rates(cluster, node, raw_ppm + parts_per_million, raw_ppm);
}
