// SPDX-License-Identifier: MIT
#include "item.h"

#include <string.h>

#include "cursor.h"
#include "record.h"

/* Elements of each item that this version knows, the type included; later ones append more. */
#define RECORD_ELEMENTS   5
#define QUESTION_ELEMENTS 3
#define ANSWER_ELEMENTS   2
#define ASK_ELEMENTS      4
#define ECHO_ELEMENTS     8
#define GRANT_ELEMENTS    5
#define VOTE_ELEMENTS     4
#define ELEMENTS_LIMIT    64

#define NS_PER_US UINT64_C(1000)

static const struct cursor_range some_id = {1, UINT32_MAX};
static const struct cursor_range some_u64 = {1, UINT64_MAX};
static const struct cursor_range any_u64 = {0, UINT64_MAX};
static const struct cursor_range any_key_id = {0, UINT8_MAX};
static const struct cursor_range any_id = {0, UINT32_MAX};
static const struct cursor_range signature_length = {SIGNATURE_BYTES, SIGNATURE_BYTES};

/* Everything that the items of one datagram are decoded into. */
struct decoding {
    struct cursor cursor;
    struct message_in *message;
    struct item_record *raw;
};

static void decode_item(struct decoding *decoding);
static void decode_record(struct decoding *decoding);
static void decode_question(struct decoding *decoding);
static void decode_answer(struct decoding *decoding);
static void decode_ask(struct decoding *decoding);
static void decode_echo(struct decoding *decoding);
static void decode_grant(struct decoding *decoding);

/* How an item is decoded and of how many elements, its type included, it consists at least:
 * [SPEC I2] to [SPEC I8]. */
static const struct {
    uint32_t elements;
    void (*decode)(struct decoding *decoding);
} items[] = {
    [ITEM_RECORD] = {RECORD_ELEMENTS, decode_record},
    [ITEM_QUESTION] = {QUESTION_ELEMENTS, decode_question},
    [ITEM_ANSWER] = {ANSWER_ELEMENTS, decode_answer},
    [ITEM_ASK] = {ASK_ELEMENTS, decode_ask},
    [ITEM_ECHO] = {ECHO_ELEMENTS, decode_echo},
    [ITEM_GRANT] = {GRANT_ELEMENTS, decode_grant},
};
#define ITEM_TYPES (sizeof(items) / sizeof(items[0]))

/* All or nothing: an item that did not fit is taken back. */
static bool ended(struct buffer *buffer, size_t before, int failed)
{
    if (failed != 0)
        buffer->length = before;
    return failed == 0;
}

static int pack_bytes(msgpack_packer *packer, const uint8_t *bytes, size_t length)
{
    return msgpack_pack_bin(packer, length) | msgpack_pack_bin_body(packer, bytes, length);
}

bool item_put_record(struct buffer *buffer, const struct signed_record *record, uint64_t age_ns)
{
    size_t before = buffer->length;
    /* Rounded up: a record must not grow younger on its way [SPEC I2]. */
    uint64_t age_us = age_ns / NS_PER_US + (age_ns % NS_PER_US != 0);
    msgpack_packer packer = buffer_packer(buffer);
    int failed = msgpack_pack_array(&packer, RECORD_ELEMENTS);
    failed |= msgpack_pack_uint8(&packer, ITEM_RECORD);
    failed |= msgpack_pack_uint64(&packer, age_us < ITEM_AGE_US_MAX ? age_us : ITEM_AGE_US_MAX);
    failed |= msgpack_pack_uint8(&packer, record->signature.key_id);
    failed |= pack_bytes(&packer, record->signature.bytes, SIGNATURE_BYTES);
    failed |= pack_bytes(&packer, record->bytes, record->length);
    return ended(buffer, before, failed);
}

bool item_put_question(struct buffer *buffer, const struct question *question, uint8_t first)
{
    size_t before = buffer->length;
    unsigned rest = question->about_count - (unsigned)first;
    unsigned count = rest < MESSAGE_ABOUT_MAX ? rest : MESSAGE_ABOUT_MAX;
    msgpack_packer packer = buffer_packer(buffer);
    int failed = msgpack_pack_array(&packer, QUESTION_ELEMENTS);
    failed |= msgpack_pack_uint8(&packer, ITEM_QUESTION);
    failed |= msgpack_pack_uint64(&packer, question->id);
    failed |= msgpack_pack_array(&packer, count);
    for (unsigned i = 0; i < count; i++)
        failed |= msgpack_pack_uint32(&packer, question->about[first + i]);
    return ended(buffer, before, failed);
}

bool item_put_answer(struct buffer *buffer, uint64_t id)
{
    size_t before = buffer->length;
    msgpack_packer packer = buffer_packer(buffer);
    int failed = msgpack_pack_array(&packer, ANSWER_ELEMENTS);
    failed |= msgpack_pack_uint8(&packer, ITEM_ANSWER);
    failed |= msgpack_pack_uint64(&packer, id);
    return ended(buffer, before, failed);
}

bool item_put_ask(struct buffer *buffer, const struct ask *ask)
{
    size_t before = buffer->length;
    msgpack_packer packer = buffer_packer(buffer);
    int failed = msgpack_pack_array(&packer, ASK_ELEMENTS);
    failed |= msgpack_pack_uint8(&packer, ITEM_ASK);
    failed |= msgpack_pack_uint32(&packer, ask->target);
    failed |= msgpack_pack_uint32(&packer, ask->asker);
    failed |= msgpack_pack_uint64(&packer, ask->challenge);
    return ended(buffer, before, failed);
}

bool item_put_echo(struct buffer *buffer, const struct echo *echo)
{
    size_t before = buffer->length;
    msgpack_packer packer = buffer_packer(buffer);
    int failed = msgpack_pack_array(&packer, ECHO_ELEMENTS);
    failed |= msgpack_pack_uint8(&packer, ITEM_ECHO);
    failed |= msgpack_pack_uint32(&packer, echo->node);
    failed |= msgpack_pack_uint64(&packer, echo->incarnation);
    failed |= msgpack_pack_uint64(&packer, echo->seq);
    failed |= msgpack_pack_uint32(&packer, echo->asker);
    failed |= msgpack_pack_uint64(&packer, echo->challenge);
    failed |= msgpack_pack_uint8(&packer, echo->key_id);
    failed |= pack_bytes(&packer, echo->signature, SIGNATURE_BYTES);
    return ended(buffer, before, failed);
}

bool item_put_grant(struct buffer *buffer, const struct grant *grant)
{
    size_t before = buffer->length;
    msgpack_packer packer = buffer_packer(buffer);
    int failed = msgpack_pack_array(&packer, GRANT_ELEMENTS);
    failed |= msgpack_pack_uint8(&packer, ITEM_GRANT);
    failed |= msgpack_pack_uint64(&packer, grant->incarnation);
    failed |= msgpack_pack_uint64(&packer, grant->seq);
    failed |= msgpack_pack_uint32(&packer, grant->voters);
    failed |= msgpack_pack_array(&packer, grant->vote_count);
    for (unsigned i = 0; i < grant->vote_count; i++) {
        const struct vote *vote = &grant->votes[i];
        failed |= msgpack_pack_array(&packer, VOTE_ELEMENTS);
        failed |= msgpack_pack_uint32(&packer, vote->vip);
        failed |= msgpack_pack_uint8(&packer, vote->verdict);
        failed |= msgpack_pack_uint32(&packer, vote->holder);
        failed |= msgpack_pack_uint32(&packer, vote->rest_ms);
    }
    return ended(buffer, before, failed);
}

bool item_decode_all(struct keyring_span span, struct message_in *ret,
                     struct item_record raw[static MESSAGE_RECORDS_MAX])
{
    struct decoding decoding = {cursor_of(span.bytes, span.length), ret, raw};
    ret->record_count = 0;
    ret->ask_count = 0;
    ret->echo_count = 0;
    ret->answer = 0;
    ret->question.id = 0;
    ret->question.about_count = 0;
    ret->grant.vote_count = 0;
    while (!decoding.cursor.failed && !cursor_is_done(&decoding.cursor))
        decode_item(&decoding);
    return span.length > 0 && cursor_is_done(&decoding.cursor);
}

void item_echo_signed(const struct echo *echo, uint8_t ret[static ITEM_ECHO_SIGNED])
{
    const struct {
        uint64_t number;
        unsigned width;
    } parts[] = {
        {echo->node, 4},  {echo->incarnation, 8}, {echo->seq, 8},
        {echo->asker, 4}, {echo->challenge, 8},
    };
    size_t at = 0;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        for (unsigned left = parts[i].width; left > 0; left--)
            ret[at++] = (uint8_t)(parts[i].number >> (8 * (left - 1)) & 0xFFU);
}

static void decode_item(struct decoding *decoding)
{
    struct cursor *cursor = &decoding->cursor;
    uint32_t elements = cursor_array(cursor, (struct cursor_range){1, ELEMENTS_LIMIT});
    uint64_t type = cursor_uint(cursor, any_u64);
    if (cursor->failed)
        return;
    uint32_t known = 1;
    if (type < ITEM_TYPES) {
        known = items[type].elements;
        if (elements < known) {
            cursor->failed = true;
            return;
        }
        items[type].decode(decoding);
    }
    if (!cursor->failed)
        cursor_skip(cursor, elements - known);
}

static void decode_record(struct decoding *decoding)
{
    struct cursor *cursor = &decoding->cursor;
    struct message_in *message = decoding->message;
    if (message->record_count == MESSAGE_RECORDS_MAX) {
        cursor->failed = true;
        return;
    }
    struct message_record *record = &message->records[message->record_count];
    struct item_record *raw = &decoding->raw[message->record_count];
    size_t length = 0;
    record->age_ns = cursor_uint(cursor, (struct cursor_range){0, ITEM_AGE_US_MAX}) * NS_PER_US;
    raw->signature.key_id = (uint8_t)cursor_uint(cursor, any_key_id);
    const uint8_t *signature = cursor_bytes(cursor, signature_length, &length);
    raw->span.bytes = cursor_bytes(cursor, (struct cursor_range){1, RECORD_MAX}, &raw->span.length);
    if (cursor->failed)
        return;
    memcpy(raw->signature.bytes, signature, SIGNATURE_BYTES);
    if (record_decode(raw->span.bytes, raw->span.length, &record->record))
        message->record_count++;
    else
        cursor->failed = true;
}

static void decode_question(struct decoding *decoding)
{
    struct cursor *cursor = &decoding->cursor;
    struct question *question = &decoding->message->question;
    if (question->id != 0)
        cursor->failed = true; /* a datagram has one at most */
    question->id = cursor_uint(cursor, some_u64);
    question->about_count =
        (uint8_t)cursor_array(cursor, (struct cursor_range){0, MESSAGE_ABOUT_MAX});
    for (uint8_t i = 0; i < question->about_count; i++)
        question->about[i] = (uint32_t)cursor_uint(cursor, some_id);
}

static void decode_answer(struct decoding *decoding)
{
    if (decoding->message->answer != 0)
        decoding->cursor.failed = true; /* a datagram has one at most */
    decoding->message->answer = cursor_uint(&decoding->cursor, some_u64);
}

static void decode_ask(struct decoding *decoding)
{
    struct cursor *cursor = &decoding->cursor;
    struct message_in *message = decoding->message;
    if (message->ask_count == MESSAGE_ASKS_MAX) {
        cursor->failed = true;
        return;
    }
    struct ask *ask = &message->asks[message->ask_count++];
    ask->target = (uint32_t)cursor_uint(cursor, some_id);
    ask->asker = (uint32_t)cursor_uint(cursor, some_id);
    ask->challenge = cursor_uint(cursor, any_u64);
}

static void decode_echo(struct decoding *decoding)
{
    struct cursor *cursor = &decoding->cursor;
    struct message_in *message = decoding->message;
    if (message->echo_count == MESSAGE_ECHOES_MAX) {
        cursor->failed = true;
        return;
    }
    struct echo *echo = &message->echoes[message->echo_count++];
    size_t length = 0;
    echo->node = (uint32_t)cursor_uint(cursor, some_id);
    echo->incarnation = cursor_uint(cursor, some_u64);
    echo->seq = cursor_uint(cursor, some_u64);
    echo->asker = (uint32_t)cursor_uint(cursor, some_id);
    echo->challenge = cursor_uint(cursor, any_u64);
    echo->key_id = (uint8_t)cursor_uint(cursor, any_key_id);
    const uint8_t *signature = cursor_bytes(cursor, signature_length, &length);
    if (signature != NULL)
        memcpy(echo->signature, signature, SIGNATURE_BYTES);
}

static void decode_vote(struct cursor *cursor, struct vote *ret)
{
    uint32_t elements = cursor_array(cursor, (struct cursor_range){VOTE_ELEMENTS, ELEMENTS_LIMIT});
    ret->vip = (uint32_t)cursor_uint(cursor, some_id);
    ret->verdict = (uint8_t)cursor_uint(cursor, (struct cursor_range){0, VERDICT_COUNT - 1});
    ret->holder = (uint32_t)cursor_uint(cursor, any_id);
    ret->rest_ms = (uint32_t)cursor_uint(cursor, (struct cursor_range){0, ITEM_REST_MS_MAX});
    if (!cursor->failed)
        cursor_skip(cursor, elements - VOTE_ELEMENTS);
}

static void decode_grant(struct decoding *decoding)
{
    struct cursor *cursor = &decoding->cursor;
    struct grant *grant = &decoding->message->grant;
    if (grant->vote_count != 0)
        cursor->failed = true; /* a datagram has one at most */
    grant->incarnation = cursor_uint(cursor, some_u64);
    grant->seq = cursor_uint(cursor, some_u64);
    grant->voters = (uint32_t)cursor_uint(cursor, any_id);
    grant->vote_count = (uint8_t)cursor_array(cursor, (struct cursor_range){1, VIPS_MAX});
    for (uint8_t i = 0; i < grant->vote_count; i++)
        decode_vote(cursor, &grant->votes[i]);
    for (uint8_t a = 0; a < grant->vote_count && !cursor->failed; a++)
        for (uint8_t b = 0; b < a; b++)
            if (grant->votes[a].vip == grant->votes[b].vip)
                cursor->failed = true; /* which of the two would count? */
}
