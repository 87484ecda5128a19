// SPDX-License-Identifier: MIT
/*
 * bench_core: what the rules cost and give, on simulated clusters of the real core: takeover after
 * a death, false takeovers under loss and stalls, handover, datagrams. The figures in docs/BENCH.md
 * under "The rules" are its output.
 */
#include <stdlib.h>

#include "cluster.h"

#define T_NS (100 * NS_PER_MS)

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_row(const char *name, double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
    }
    qsort(values, count, sizeof *values, by_size);
    printf("| %s | %.2f | %.2f | %.2f | %.2f |\n", name, sum / (double)count, values[count / 2],
           values[count * 95 / 100], values[count - 1]);
}

static struct cluster *new_cluster(uint8_t nodes, uint64_t seed)
{
    struct cluster_config config = {.node_count = nodes,
                                    .vip_count = 1,
                                    .interval_ns = T_NS,
                                    .preempt = true,
                                    .fail_open = true,
                                    .seed = seed};
    for (uint8_t node = 0; node < nodes; node++) {
        config.priority[node] = (uint8_t)(250 - node);
    }
    struct cluster *cluster = cluster_new(&config);
    for (uint8_t node = 0; node < nodes; node++) {
        cluster_start(cluster, node);
    }
    cluster_run(cluster, 7 * NS_PER_S + seed % 100 * NS_PER_MS);
    return cluster;
}

#define RUNS 400

static void takeover(uint8_t nodes, unsigned loss_percent)
{
    static double spans[RUNS];
    for (uint64_t seed = 0; seed < RUNS; seed++) {
        struct cluster *cluster = new_cluster(nodes, seed + 1);
        cluster_loss(cluster, loss_percent);
        cluster_run(cluster, NS_PER_S);
        cluster_mark(cluster);
        cluster_crash(cluster, 0);
        cluster_run(cluster, 3 * NS_PER_S);
        spans[seed] = (double)cluster_gap_ns(cluster, 0) / (double)T_NS;
        cluster_free(cluster);
    }
    char name[64];
    snprintf(name, sizeof name, "%u nodes, %u %% loss", nodes, loss_percent);
    print_row(name, spans, RUNS);
}

static void handover(unsigned loss_percent)
{
    static double spans[RUNS];
    double dual_ns = 0;
    for (uint64_t seed = 0; seed < RUNS; seed++) {
        struct cluster *cluster = new_cluster(3, seed + 1);
        cluster_crash(cluster, 0);
        cluster_loss(cluster, loss_percent);
        cluster_run(cluster, 2 * NS_PER_S);
        cluster_mark(cluster);
        cluster_start(cluster, 0);
        cluster_run(cluster, 3 * NS_PER_S);
        spans[seed] = (double)cluster_gap_ns(cluster, 0) / 1e6;
        dual_ns += (double)cluster_dual_ns(cluster);
        cluster_free(cluster);
    }
    char name[64];
    snprintf(name, sizeof name, "%u %% loss (two holders %.3f ms per handover)", loss_percent,
             dual_ns / RUNS / 1e6);
    print_row(name, spans, RUNS);
}

static void false_takeovers(uint8_t nodes, unsigned loss_percent, double hours)
{
    struct cluster *cluster = new_cluster(nodes, 99);
    cluster_loss(cluster, loss_percent);
    cluster_mark(cluster);
    uint64_t span_ns = (uint64_t)(hours * 3600.0 * 1e9);
    cluster_run(cluster, span_ns);
    double seconds = hours * 3600.0;
    printf("| %u | %u %% | %.2f | %.2f | %.0f |\n", nodes, loss_percent,
           (double)cluster_takeovers(cluster) / hours,
           (double)cluster_dual_ns(cluster) / 1e6 / hours,
           (double)cluster_datagrams(cluster) / seconds);
    cluster_free(cluster);
}

int main(void)
{
    printf("Takeover after the death of the holder, in T (mean, median, p95, worst):\n\n");
    printf("| cluster | mean | median | p95 | worst |\n|---|---|---|---|---|\n");
    takeover(3, 0);
    takeover(3, 20);
    takeover(5, 20);
    takeover(16, 0);
    printf("\nHandover to the preferred node that returns, gap in ms:\n\n");
    printf("| network | mean | median | p95 | worst |\n|---|---|---|---|---|\n");
    handover(0);
    handover(5);
    handover(20);
    printf("\nTakeovers without a death, per hour, and datagrams per second in all:\n\n");
    printf("| nodes | loss | takeovers/h | two holders, ms/h | datagrams/s "
           "|\n|---|---|---|---|---|\n");
    false_takeovers(2, 0, 1);
    false_takeovers(2, 20, 1);
    false_takeovers(2, 40, 1);
    false_takeovers(3, 0, 1);
    false_takeovers(3, 20, 1);
    false_takeovers(3, 30, 1);
    false_takeovers(3, 40, 1);
    false_takeovers(5, 40, 0.5);
    false_takeovers(16, 20, 0.1);
    false_takeovers(64, 0, 0.02);
    return 0;
}
