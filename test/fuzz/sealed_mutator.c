// SPDX-License-Identifier: MIT
/*
 * Changes an input of sealed.c without losing its frames: in most cases it adds a datagram of whole
 * items, or changes the items of one; now and then any bytes.
 */
#include <string.h>

#include "input.h"
#include "item.h"
#include "record.h"
#include "sealed.h"
#include "wire/keyring.h"

#define FRAME_HEAD 4U
#define FRAMES_MAX 32U

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t length, size_t length_max);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t length_max, unsigned seed);

/* SplitMix64 */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static uint32_t draw_id(uint64_t *state)
{
    static const char *const names[] = {"alpha", "beta", "gamma", "delta", "nobody"};
    return keyring_id(names[draw(state) % (sizeof(names) / sizeof(names[0]))]);
}

/* Of a peer, or of one that it has after a restart. */
static uint64_t draw_incarnation(uint64_t *state)
{
    return SEALED_INCARNATION(draw(state) % SEALED_NODES) + draw(state) % 3;
}

static void draw_record(uint64_t *state, struct record *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->node = draw_id(state);
    ret->incarnation = draw_incarnation(state);
    ret->seq = 1 + (draw(state) % 4 == 0 ? draw(state) : draw(state) % 16);
    ret->interval_ms = draw(state) % 2 == 0 ? 100 : 10;
    ret->next_ms = (uint32_t)(draw(state) % 2000);
    ret->config = 1;
    ret->flags = draw(state) % 2 == 0 ? RECORD_HEALTHY : draw(state) & RECORD_FLAGS_ALL;
    ret->unheard_count = (uint8_t)(draw(state) % 3);
    for (uint8_t i = 0; i < ret->unheard_count; i++)
        ret->unheard[i] = (struct record_unheard){draw_id(state), {draw_id(state), draw_id(state)}};
    ret->vip_count = (uint8_t)(draw(state) % 3);
    for (uint8_t i = 0; i < ret->vip_count; i++)
        ret->vips[i] = (struct record_vip){
            .vip = 1000U + i,
            .addresses = 1,
            .lease_ms = 400,
            .elects = draw_id(state),
            .released_to = draw(state) % 2 == 0 ? ID_NONE : draw_id(state),
            .mode = (uint8_t)(draw(state) % 8 == 0),
            .ready = (uint8_t)(draw(state) % VIP_READY_COUNT),
            .state = (uint8_t)(draw(state) % VIP_STATE_COUNT),
            .priority = (uint8_t)(1 + draw(state) % 255),
        };
}

static void put_record(uint64_t *state, struct buffer *items)
{
    struct signed_record stored;
    struct buffer bytes = {stored.bytes, 0, sizeof(stored.bytes)};
    struct record record;
    memset(&stored, 0, sizeof(stored));
    draw_record(state, &record);
    if (!record_encode(&record, &bytes))
        return;
    stored.length = (uint16_t)bytes.length;
    (void)item_put_record(items, &stored, draw(state) % 2 == 0 ? 0 : draw(state) % NS_PER_S);
}

static void put_item(uint64_t *state, struct buffer *items)
{
    struct question question = {.id = 1 + draw(state) % 1000, .about_count = draw(state) % 5};
    struct echo echo = {.node = draw_id(state),
                        .incarnation = draw_incarnation(state),
                        .seq = 1 + draw(state) % 8,
                        .asker = draw_id(state),
                        .challenge = draw(state)};
    const struct ask ask = {draw_id(state), draw_id(state), draw(state) % 4};
    switch (draw(state) % 6) {
    case 0:
        for (uint8_t i = 0; i < question.about_count; i++)
            question.about[i] = draw_id(state);
        (void)item_put_question(items, &question, 0);
        break;
    case 1:
        (void)item_put_answer(items, draw(state) % 2 == 0 ? NS_PER_S : draw(state));
        break;
    case 2:
        (void)item_put_ask(items, &ask);
        break;
    case 3:
        (void)item_put_echo(items, &echo);
        break;
    default:
        put_record(state, items);
        break;
    }
}

/* Where the frames begin; the last entry is the end of the last whole one. */
static size_t find_frames(const uint8_t *bytes, size_t length, size_t frames[static FRAMES_MAX])
{
    size_t count = 0;
    size_t at = 0;
    frames[0] = 0;
    while (count + 1 < FRAMES_MAX && length - at >= FRAME_HEAD) {
        const size_t items = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        if (items > length - at - FRAME_HEAD)
            break;
        at += FRAME_HEAD + items;
        frames[++count] = at;
    }
    return count;
}

static size_t insert_frame(uint8_t *bytes, size_t length, size_t length_max, uint64_t *state)
{
    size_t frames[FRAMES_MAX];
    uint8_t body[DATAGRAM_MAX];
    struct buffer items = {body, 0, DATAGRAM_MAX - DATAGRAM_HEADER};
    const size_t at = frames[draw(state) % (find_frames(bytes, length, frames) + 1)];
    for (uint64_t n = 1 + draw(state) % 3; n > 0; n--)
        put_item(state, &items);
    if (length > length_max || length_max - length < FRAME_HEAD + items.length)
        return length;
    memmove(bytes + at + FRAME_HEAD + items.length, bytes + at, length - at);
    bytes[at] = (uint8_t)(draw(state) % 8 == 0 ? draw(state) : 0);
    bytes[at + 1] = (uint8_t)(draw(state) % 4 == 0 ? draw(state) : HOW_SIGNED | draw(state) % 3);
    bytes[at + 2] = (uint8_t)(items.length >> 8);
    bytes[at + 3] = (uint8_t)items.length;
    memcpy(bytes + at + FRAME_HEAD, body, items.length);
    return length + FRAME_HEAD + items.length;
}

/* The items of one frame get longer or shorter, and its length with them. */
static size_t change_frame(uint8_t *bytes, size_t length, size_t length_max, uint64_t *state)
{
    size_t frames[FRAMES_MAX];
    const size_t count = find_frames(bytes, length, frames);
    if (count == 0 || length > length_max)
        return LLVMFuzzerMutate(bytes, length, length_max);
    const size_t chosen = draw(state) % count;
    const size_t begin = frames[chosen] + FRAME_HEAD;
    const size_t rest = length - frames[chosen + 1];
    const size_t room = length_max - begin - rest;
    uint8_t body[UINT16_MAX];
    size_t body_length = frames[chosen + 1] - begin;
    if (room == 0)
        return length;
    memcpy(body, bytes + begin, body_length);
    body_length = LLVMFuzzerMutate(body, body_length, room < sizeof(body) ? room : sizeof(body));
    memmove(bytes + begin + body_length, bytes + frames[chosen + 1], rest);
    memcpy(bytes + begin, body, body_length);
    bytes[begin - 2] = (uint8_t)(body_length >> 8);
    bytes[begin - 1] = (uint8_t)body_length;
    return begin + body_length + rest;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t length_max, unsigned seed)
{
    uint64_t state = seed;
    switch (draw(&state) % 8) {
    case 0:
        return LLVMFuzzerMutate(bytes, length, length_max);
    case 1:
    case 2:
    case 3:
        return insert_frame(bytes, length, length_max, &state);
    default:
        return change_frame(bytes, length, length_max, &state);
    }
}
