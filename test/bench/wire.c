// SPDX-License-Identifier: MIT
/* What a datagram costs: ns per call of ingress and egress, each the least of several rounds, so
 * that other work on the machine does not count. No arguments; a few seconds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wire_fixture.h"

#define ROUNDS    20
#define DATAGRAMS 200

struct bench {
    struct fixture *fixture;
    struct datagram *datagrams; /* made anew for each round */
    struct message_in message;
};

struct subject {
    const char *what;
    void (*prepare)(struct bench *bench, unsigned at); /* datagram number `at`, not measured */
    void (*run)(struct bench *bench, unsigned at);
};

static uint64_t now_ns(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC_RAW, &now) != 0)
        abort();
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void next_record(struct bench *bench, enum fixture_node node)
{
    bench->fixture->hosts[node].core.record.seq++;
}

static void prepare_beat(struct bench *bench, unsigned at)
{
    next_record(bench, ALPHA);
    bench->datagrams[at] = fixture_send(bench->fixture, ALPHA, BETA, NULL);
}

static void prepare_largest(struct bench *bench, unsigned at)
{
    struct record *own = &bench->fixture->hosts[ALPHA].core.record;
    const struct record small = *own;
    fixture_largest_record(own);
    own->node = small.node;
    own->incarnation = small.incarnation;
    own->seq = small.seq + 1;
    bench->datagrams[at] = fixture_send(bench->fixture, ALPHA, BETA, NULL);
    *own = small;
    own->seq++;
}

static void prepare_garbage(struct bench *bench, unsigned at)
{
    prepare_beat(bench, at);
    bench->datagrams[at].bytes[DATAGRAM_MAC_OFFSET] ^= 1;
}

static void prepare_long_garbage(struct bench *bench, unsigned at)
{
    prepare_garbage(bench, at);
    memset(bench->datagrams[at].bytes + DATAGRAM_HEADER, 0x91, DATAGRAM_ITEMS_MAX);
    bench->datagrams[at].length = DATAGRAM_MAX;
}

static void prepare_noise(struct bench *bench, unsigned at)
{
    memset(&bench->datagrams[at], (int)(at & 0xFFU), sizeof(bench->datagrams[at]));
    bench->datagrams[at].length = DATAGRAM_MAX;
}

static void prepare_relayed(struct bench *bench, unsigned at)
{
    struct message_out out;
    memset(&out, 0, sizeof(out));
    out.relay_count = 1;
    out.relays[0].node = GAMMA;
    next_record(bench, GAMMA);
    const struct datagram datagram = fixture_send(bench->fixture, GAMMA, ALPHA, NULL);
    if (fixture_receive(bench->fixture, ALPHA, &datagram, &bench->message) != DROP_NONE)
        abort();
    fixture_learn(bench->fixture, ALPHA, &bench->message);
    next_record(bench, ALPHA);
    bench->datagrams[at] = fixture_send(bench->fixture, ALPHA, BETA, &out);
}

static void prepare_nothing(struct bench *bench, unsigned at)
{
    (void)bench;
    (void)at;
}

static void run_ingress(struct bench *bench, unsigned at)
{
    if (fixture_receive(bench->fixture, BETA, &bench->datagrams[at], &bench->message) == DROP_NONE)
        fixture_learn(bench->fixture, BETA, &bench->message);
}

static void run_egress(struct bench *bench, unsigned at)
{
    bench->datagrams[at] = fixture_send(bench->fixture, ALPHA, BETA, NULL);
}

static void run_egress_signing(struct bench *bench, unsigned at)
{
    next_record(bench, ALPHA);
    run_egress(bench, at);
}

static const struct subject subjects[] = {
    {"ingress: noise of 1400 bytes", prepare_noise, run_ingress},
    {"ingress: bad MAC, as long as a beat", prepare_garbage, run_ingress},
    {"ingress: bad MAC, 1400 bytes", prepare_long_garbage, run_ingress},
    {"ingress: direct beat, one VIP", prepare_beat, run_ingress},
    {"ingress: direct beat, 32 VIPs", prepare_largest, run_ingress},
    {"ingress: beat with one relayed record", prepare_relayed, run_ingress},
    {"egress: beat, signed before", prepare_nothing, run_egress},
    {"egress: beat with a new signature", prepare_nothing, run_egress_signing},
};

static uint64_t measure(struct bench *bench, const struct subject *subject)
{
    uint64_t least_ns = UINT64_MAX;
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned at = 0; at < DATAGRAMS; at++)
            subject->prepare(bench, at);
        uint64_t begin_ns = now_ns();
        for (unsigned at = 0; at < DATAGRAMS; at++)
            subject->run(bench, at);
        uint64_t span_ns = (now_ns() - begin_ns) / DATAGRAMS;
        least_ns = span_ns < least_ns ? span_ns : least_ns;
    }
    return least_ns;
}

int main(void)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    if (bench == NULL)
        abort();
    bench->fixture = fixture_new();
    bench->datagrams = calloc(DATAGRAMS, sizeof(*bench->datagrams));
    if (bench->datagrams == NULL)
        abort();
    for (unsigned n = 0; n < FIXTURE_NODES; n++) {
        struct record *record = &bench->fixture->hosts[n].core.record;
        record->vip_count = 1;
        record->vips[0] = (struct record_vip){.vip = 0x12345678, .priority = 100};
    }
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
        printf("%-40s %7llu ns\n", subjects[i].what,
               (unsigned long long)measure(bench, &subjects[i]));
    free(bench->datagrams);
    free(bench->fixture);
    free(bench);
    return 0;
}
