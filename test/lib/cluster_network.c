// SPDX-License-Identifier: MIT
/*
 * The network, and an attacker on it. Datagrams are lost, late, doubled and overtaken as the
 * weather says; the attacker has no key: he records, sends again, cuts short and turns bits over.
 */
#include "cluster_private.h"

static bool chance(struct cluster *cluster, unsigned permille)
{
    return permille > 0 && cluster_draw(cluster) % 1000 < permille;
}

static uint64_t delay(struct cluster *cluster)
{
    const struct cluster_weather *weather = &cluster->weather;
    uint64_t delay_ns = weather->delay_ns + cluster_draw(cluster) % (weather->delay_spread_ns + 1);
    if (chance(cluster, weather->slow_permille)) {
        delay_ns += cluster_draw(cluster) % (weather->slow_ns + 1);
    }
    return delay_ns;
}

static void carry(struct cluster *cluster, const struct packet *packet)
{
    size_t size = offsetof(struct packet, datagram.bytes) + packet->datagram.length;
    struct packet *copy = malloc(sizeof *copy);
    assert(copy != NULL);
    memcpy(copy, packet, size);
    uint64_t at_ns = cluster->now_ns + delay(cluster);
    uint64_t held_until_ns = cluster->held_until_ns[packet->from][packet->to];
    at_ns = at_ns > held_until_ns ? at_ns : held_until_ns;
    cluster_push(cluster, (struct item){
                              .at_ns = at_ns,
                              .type = ITEM_DATAGRAM,
                              .node = packet->to,
                              .event = {.type = EVENT_MESSAGE},
                              .packet = copy,
                          });
}

/* --- the attacker ------------------------------------------------------------------------------
 */

static void record(struct cluster *cluster, const struct packet *packet)
{
    if (cluster->records == NULL) {
        return;
    }
    unsigned at = cluster->record_count;
    if (at < RECORDS_MAX) {
        cluster->record_count++;
    } else {
        at = (unsigned)(cluster_draw(cluster) % RECORDS_MAX);
    }
    cluster->records[at] = (struct recorded){.packet = *packet};
}

static struct recorded *find_record(struct cluster *cluster, uint64_t id)
{
    for (unsigned i = 0; i < cluster->record_count; i++) {
        if (cluster->records[i].packet.id == id) {
            return &cluster->records[i];
        }
    }
    return NULL;
}

void cluster_record(struct cluster *cluster)
{
    if (cluster->records == NULL) {
        cluster->records = calloc(RECORDS_MAX, sizeof *cluster->records);
        assert(cluster->records != NULL);
    }
}

static void turn_bits(struct cluster *cluster, struct datagram *datagram)
{
    unsigned count = 1 + (unsigned)(cluster_draw(cluster) % 3);
    for (unsigned i = 0; i < count; i++) {
        uint64_t bit = cluster_draw(cluster) % (8U * datagram->length);
        /* Twice the same would be none at all. */
        if (i == 0 || bit / 8 != 0) {
            datagram->bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
    }
}

void cluster_attack(struct cluster *cluster)
{
    if (cluster->record_count == 0) {
        return;
    }
    unsigned at = (unsigned)(cluster_draw(cluster) % cluster->record_count);
    struct packet packet = cluster->records[at].packet;
    struct packet before = packet;
    packet.origin = ORIGIN_FORGED;
    switch (cluster_draw(cluster) % 8) {
    case 0:
        packet.datagram.length = (uint16_t)(cluster_draw(cluster) % packet.datagram.length);
        break;
    case 1:
        turn_bits(cluster, &packet.datagram);
        break;
    case 2:
        packet.to = (uint8_t)(cluster_draw(cluster) % cluster->config.node_count);
        break;
    default:
        packet.origin = ORIGIN_REPLAY;
        break;
    }
    bool same = packet.to == before.to && packet.datagram.length == before.datagram.length &&
                memcmp(packet.datagram.bytes, before.datagram.bytes, before.datagram.length) == 0;
    if (same) {
        packet.origin = ORIGIN_REPLAY;
    }
    carry(cluster, &packet);
}

void cluster_replay(struct cluster *cluster, uint8_t from, uint8_t to)
{
    const struct packet *last = cluster->hosts[to].last[from];
    assert(last != NULL);
    struct packet *copy = malloc(sizeof *copy);
    assert(copy != NULL);
    *copy = *last;
    copy->origin = ORIGIN_REPLAY;
    cluster_observe(cluster);
    cluster_deliver(cluster, to, (struct event){.type = EVENT_MESSAGE}, copy);
}

/* --- sending and receiving ---------------------------------------------------------------------
 */

static void transmit(struct cluster *cluster, const struct packet *packet)
{
    bool cut = (cluster->cuts[packet->from] & (UINT64_C(1) << packet->to)) != 0;
    bool lost = chance(cluster, cluster->weather.loss_permille);
    record(cluster, packet);
    if (cut || lost) {
        return;
    }
    carry(cluster, packet);
    if (chance(cluster, cluster->weather.duplicate_permille)) {
        carry(cluster, packet);
    }
}

static void send_off(struct cluster *cluster, uint8_t from, uint8_t to,
                     const struct datagram *datagram)
{
    struct packet packet;
    packet.from = from;
    packet.to = to;
    packet.origin = ORIGIN_NODE;
    packet.id = cluster->order++;
    packet.datagram.length = datagram->length;
    memcpy(packet.datagram.bytes, datagram->bytes, datagram->length);
    cluster_mix(cluster, (uint64_t)to << 32 | packet.datagram.length);
    transmit(cluster, &packet);
}

void cluster_send_will(struct cluster *cluster, uint8_t from, uint8_t to)
{
    const struct host *host = &cluster->hosts[from];
    struct record record;
    core_will(host->core, &record);
    wire_will(host->wire, &record, to, &cluster->made[0]);
    cluster->datagrams++;
    if (!host->link_down) {
        send_off(cluster, from, to, &cluster->made[0]);
    }
}

bool cluster_send(struct cluster *cluster, uint8_t from, uint8_t to,
                  const struct message_out *message)
{
    struct host *host = &cluster->hosts[from];
    unsigned count = wire_egress(host->wire, host->core, to, message, cluster->made);
    cluster->datagrams += count;
    cluster->questions[from][to] += message->question.id != 0 ? 1U : 0U;
    if (host->link_down) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        send_off(cluster, from, to, &cluster->made[i]);
    }
    return true;
}

/* What a replay is depends on whether its receiver had it before. */
static enum cluster_origin judge_origin(const struct cluster *cluster, const struct packet *packet,
                                        struct recorded *recorded)
{
    const struct host *host = &cluster->hosts[packet->to];
    if (recorded == NULL) {
        return packet->origin == ORIGIN_REPLAY ? ORIGIN_LATE : packet->origin;
    }
    bool again = recorded->life == host->life;
    recorded->life = host->life;
    recorded->taken_ns = again ? recorded->taken_ns : 0;
    return packet->origin == ORIGIN_REPLAY && !again ? ORIGIN_LATE : packet->origin;
}

static void remember_last(struct cluster *cluster, const struct packet *packet)
{
    struct packet **last = &cluster->hosts[packet->to].last[packet->from];
    if (*last == NULL) {
        *last = malloc(sizeof **last);
        assert(*last != NULL);
    }
    memcpy(*last, packet, offsetof(struct packet, datagram.bytes) + packet->datagram.length);
}

/* [SPEC D1] */
static uint64_t incarnation_of(const struct datagram *datagram)
{
    uint64_t incarnation = 0;
    for (unsigned i = 16; i < 24 && datagram->length >= DATAGRAM_HEADER; i++) {
        incarnation = incarnation << 8 | datagram->bytes[i];
    }
    return incarnation;
}

void cluster_receive(struct cluster *cluster, const struct packet *packet)
{
    struct host *host = &cluster->hosts[packet->to];
    if (host->link_down || packet->from >= host->config.node_count) {
        return; /* or a sender that is in no file of that node */
    }
    struct recorded *recorded =
        packet->origin == ORIGIN_FORGED ? NULL : find_record(cluster, packet->id);
    struct cluster_news news = {.type = NEWS_RECEIVING,
                                .node = packet->to,
                                .peer = packet->from,
                                .origin = judge_origin(cluster, packet, recorded),
                                .incarnation = incarnation_of(&packet->datagram)};
    news.taken_ns = recorded == NULL ? 0 : recorded->taken_ns;
    cluster_tell(cluster, news);
    /* A buffer of its own size, so that a sanitizer sees every byte too far. */
    uint8_t *bytes = malloc(packet->datagram.length == 0 ? 1 : packet->datagram.length);
    assert(bytes != NULL);
    memcpy(bytes, packet->datagram.bytes, packet->datagram.length);
    news.drop =
        wire_ingress(host->wire, host->core, bytes, packet->datagram.length, &cluster->message);
    free(bytes);
    cluster_mix(cluster, (uint64_t)news.drop);
    if (news.drop == DROP_NONE) {
        if (recorded != NULL) {
            recorded->taken_ns = cluster_now(cluster);
        }
        if (packet->origin == ORIGIN_NODE) {
            remember_last(cluster, packet);
        }
        cluster_step(cluster, packet->to,
                     (struct event){.type = EVENT_MESSAGE, .message = &cluster->message});
    }
    news.type = NEWS_RECEIVED;
    cluster_tell(cluster, news);
}
