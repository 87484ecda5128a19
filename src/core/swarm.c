// SPDX-License-Identifier: MIT
/*
 * swarm: what the managers of a Docker Swarm have made of this node. A worker cannot ask whether it
 * is drained, so each manager says in its record who is not active, with the index of the swarm's
 * log that it has seen: the highest index of a live manager counts. Where nobody knows, what was
 * known last stays; so it does where a part of a list does not speak of this node [SPEC R59].
 */
#include "state.h"

/* The most that a record takes besides its exceptions, in bytes [SPEC F6]. */
#define BYTES_RECORD    1214U
#define BYTES_FIXED     38U /* array, node, incarnation, seq, T, X, configuration, flags */
#define BYTES_LIST      3U
#define BYTES_VIP       28U
#define BYTES_UNHEARD   16U
#define BYTES_SWARM     7U /* array, conduct, index */
#define BYTES_EXCEPTION 9U
#define BYTES_LINK      30U /* array, VIP, two MAC addresses, one id of two [SPEC F8] */
#define SHORT_LIST      15U /* elements whose count takes one byte */

/* A swarm has one log: words of two managers that stay different for so long, beyond two looks, and
 * both stand still, are of two swarms. */
#define SPLIT_NS (60 * NS_PER_S)

static uint64_t key_of(uint64_t exception)
{
    return exception & ~EXCEPTION_AVAILABILITY;
}

void swarm_init(struct core *core)
{
    core->swarm.check = CHECK_NONE;
    core->swarm.said_by = NODE_NONE;
    core->swarm.split[0] = core->swarm.split[1] = NODE_NONE;
}

static bool differ(const struct swarm_news *a, const struct swarm_news *b)
{
    return a->knows != b->knows || a->count != b->count ||
           __builtin_memcmp(a->exceptions, b->exceptions, a->count * sizeof a->exceptions[0]) != 0;
}

void swarm_take(struct core *core, uint8_t check, const struct swarm_news *news)
{
    struct swarm *swarm = &core->swarm;
    ASSERT(check < core->config.check_count && news->count <= SWARM_EXCEPTIONS_MAX);
    for (uint16_t i = 1; i < news->count; i++) {
        ASSERT(key_of(news->exceptions[i - 1]) < key_of(news->exceptions[i]));
    }
    if (differ(&swarm->news, news)) {
        swarm->is_news = true;
        swarm->first = swarm->next = 0;
    }
    swarm->check = check;
    swarm->news = *news;
}

/* The words of others, and the own one, are ranked by the index: a swarm has one log. */
uint8_t swarm_speaker(const struct core *core)
{
    uint8_t best = core->swarm.news.knows ? core->config.self : NODE_NONE;
    uint32_t index = core->swarm.news.index;
    for (uint8_t node = 0; node < core->config.node_count; node++) {
        const struct record_swarm *said = &core->members[node].record.swarm;
        if (node != core->config.self && membership_is_live(core, node) &&
            said->word != SWARM_WORD_NONE && (best == NODE_NONE || said->index > index)) {
            best = node;
            index = said->index;
        }
    }
    return best;
}

static enum availability named(const uint64_t *exceptions, uint16_t count, uint64_t key)
{
    for (uint16_t i = 0; i < count; i++) {
        if (key_of(exceptions[i]) == key) {
            return (enum availability)(exceptions[i] & EXCEPTION_AVAILABILITY);
        }
    }
    return AVAILABILITY_UNKNOWN;
}

/* Does the list speak of that key? Round from the end to the beginning, if it goes over the end. */
static bool covers(const struct record_swarm *said, uint64_t key)
{
    if (said->word == SWARM_WORD_WHOLE) {
        return true;
    }
    if (said->exception_count == 0) {
        return false;
    }
    uint64_t first = key_of(said->exceptions[0]);
    uint64_t last = key_of(said->exceptions[said->exception_count - 1]);
    return first <= last ? key >= first && key <= last : key >= first || key <= last;
}

/* What the manager says of this node, or UNKNOWN. */
static enum availability heard_from(const struct core *core, uint8_t node)
{
    const struct swarm_news *own = &core->swarm.news;
    const struct record_swarm *said = &core->members[node].record.swarm;
    bool is_own = node == core->config.self;
    enum availability availability = is_own
                                         ? named(own->exceptions, own->count, own->own)
                                         : named(said->exceptions, said->exception_count, own->own);
    if (availability == AVAILABILITY_UNKNOWN && (is_own || covers(said, own->own))) {
        return AVAILABILITY_ACTIVE;
    }
    return availability;
}

static enum reason reason_of(enum availability availability)
{
    switch (availability) {
    case AVAILABILITY_DRAINED:
        return REASON_SWARM_DRAINED;
    case AVAILABILITY_PAUSED:
        return REASON_SWARM_PAUSED;
    case AVAILABILITY_ACTIVE:
        return REASON_SWARM_ACTIVE;
    case AVAILABILITY_UNKNOWN:
    case AVAILABILITY_COUNT:
        break;
    }
    return REASON_SWARM_LEFT;
}

static void become(struct core *core, enum availability availability, uint8_t said_by)
{
    struct swarm *swarm = &core->swarm;
    enum availability before = swarm->availability;
    swarm->said_by = said_by;
    if (availability == before) {
        return;
    }
    swarm->availability = availability;
    if (availability > AVAILABILITY_ACTIVE || before > AVAILABILITY_ACTIVE) {
        core_change(core, &(struct change){.type = CHANGE_AVAILABILITY,
                                           .vip = VIP_NONE,
                                           .node = said_by,
                                           .from = (uint8_t)before,
                                           .to = (uint8_t)availability,
                                           .reason = reason_of(availability)});
    }
    core->dirty = true;
    gossip_compose(core); /* the election reads it, in this very step */
}

/* Does the node give a word now? `ret`: how new it is. */
static bool gives_word(const struct core *core, uint8_t node, uint32_t *ret)
{
    const struct record_swarm *said = &core->members[node].record.swarm;
    bool is_own = node == core->config.self;
    *ret = is_own ? core->swarm.news.index : said->index;
    return is_own ? core->swarm.news.knows
                  : membership_is_live(core, node) && said->word != SWARM_WORD_NONE;
}

/* Two managers whose words differ, and for how long. */
static void watch_words(struct core *core)
{
    struct swarm *swarm = &core->swarm;
    uint8_t found[2] = {NODE_NONE, NODE_NONE};
    uint32_t index[2] = {0};
    for (uint8_t node = 0; node < core->config.node_count && found[1] == NODE_NONE; node++) {
        unsigned place = found[0] == NODE_NONE ? 0 : 1;
        if (gives_word(core, node, &index[place]) && (place == 0 || index[1] != index[0])) {
            found[place] = node;
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        if (swarm->split[i] != found[i] || swarm->split_index[i] != index[i]) {
            swarm->split_since = core->now;
        }
        swarm->split[i] = found[i];
        swarm->split_index[i] = index[i];
    }
}

bool core_swarm_is_split(const struct core *core, struct mono now, uint8_t ret[static 2])
{
    const struct swarm *swarm = &core->swarm;
    uint64_t patience_ns = SPLIT_NS + 2 * core->config.swarm_look_ns;
    if (swarm->split[1] == NODE_NONE || mono_elapsed(now, swarm->split_since) < patience_ns) {
        return false;
    }
    ret[0] = swarm->split[0];
    ret[1] = swarm->split[1];
    return true;
}

void swarm_step(struct core *core)
{
    if (core->swarm.news.own == 0) {
        core->swarm.split[1] = NODE_NONE;
        become(core, AVAILABILITY_UNKNOWN, NODE_NONE);
        return;
    }
    watch_words(core);
    uint8_t speaker = swarm_speaker(core);
    if (speaker == NODE_NONE) {
        return;
    }
    enum availability availability = heard_from(core, speaker);
    if (availability != AVAILABILITY_UNKNOWN) {
        become(core, availability, speaker);
    }
}

bool swarm_is(const struct core *core, uint8_t vip, enum availability availability)
{
    const struct swarm *swarm = &core->swarm;
    return swarm->check != CHECK_NONE && swarm->availability == availability &&
           health_concerns(core, swarm->check, vip);
}

bool swarm_drains_node(const struct core *core)
{
    const struct swarm *swarm = &core->swarm;
    return swarm->check != CHECK_NONE && swarm->availability == AVAILABILITY_DRAINED &&
           core->config.checks[swarm->check].is_general;
}

/* By all but the exceptions, and their count. */
static uint32_t taken_by(const struct record *draft)
{
    return BYTES_FIXED + 2 * BYTES_LIST + BYTES_VIP * draft->vip_count +
           BYTES_UNHEARD * draft->unheard_count + BYTES_SWARM +
           (draft->link.vip != ID_NONE ? BYTES_LINK : 0);
}

bool swarm_leaves_room(const struct record *draft)
{
    return taken_by(draft) + 1 + BYTES_LINK <= BYTES_RECORD;
}

/* How many exceptions have room in a record with so many VIPs and nodes not heard. */
static uint16_t room(const struct record *draft)
{
    uint32_t taken = taken_by(draft);
    uint32_t count = (BYTES_RECORD - taken - 1) / BYTES_EXCEPTION;
    if (count > SHORT_LIST) {
        count = (BYTES_RECORD - taken - BYTES_LIST) / BYTES_EXCEPTION;
    }
    return (uint16_t)(count < EXCEPTIONS_MAX ? count : EXCEPTIONS_MAX);
}

void swarm_compose(struct core *core, struct record *draft)
{
    struct swarm *swarm = &core->swarm;
    const struct swarm_news *news = &swarm->news;
    struct record_swarm *said = &draft->swarm;
    uint16_t most = room(draft);
    bool is_whole = news->count <= most;
    uint16_t count = is_whole ? news->count : most;
    said->availability = (uint8_t)swarm->availability;
    said->word = SWARM_WORD_NONE;
    said->index = 0;
    said->exception_count = 0;
    if (!news->knows) {
        return;
    }
    uint16_t first = is_whole ? 0 : swarm->first;
    said->word = is_whole ? SWARM_WORD_WHOLE : SWARM_WORD_PART;
    said->index = news->index;
    for (uint16_t i = 0; i < count; i++) {
        said->exceptions[said->exception_count++] = news->exceptions[(first + i) % news->count];
    }
    /* The next part begins with the last one of this part, so that nothing between them is left
     * out. */
    swarm->next = is_whole ? 0 : (uint16_t)((first + (count > 1 ? count - 1 : 1)) % news->count);
}

void swarm_published(struct core *core)
{
    core->swarm.is_news = false;
    core->swarm.first = core->swarm.next;
}

void swarm_move(struct core *core, uint8_t check, const uint8_t now[static NODE_NONE + 1])
{
    struct swarm *swarm = &core->swarm;
    swarm->said_by = now[swarm->said_by];
    swarm->split[0] = swarm->split[1] = NODE_NONE;
    if (swarm->check == CHECK_NONE || check != CHECK_NONE) {
        swarm->check = check;
        return;
    }
    /* Nobody asks the engine any more. */
    *swarm = (struct swarm){.check = CHECK_NONE,
                            .said_by = NODE_NONE,
                            .split = {NODE_NONE, NODE_NONE},
                            .is_news = true};
}
