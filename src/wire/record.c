// SPDX-License-Identifier: MIT
#include "record.h"

#include "cursor.h"

/* Elements that this version knows; later ones append more [SPEC F6]. */
#define RECORD_ELEMENTS  9
#define UNHEARD_ELEMENTS (1 + RELAYS_MAX)
#define VIP_ELEMENTS     7
#define SWARM_ELEMENTS   3
#define LINK_ELEMENTS    3 /* at least; verifies and misses came later */
#define LINK_APPENDED    2
#define ELEMENTS_LIMIT   64

/* state, ready, mode, health and drain of a VIP share one byte, so that 32 VIPs fit [SPEC F4]. */
#define READY_SHIFT  3U
#define MODE_SHIFT   5U
#define HEALTH_SHIFT 6U
#define DRAIN_SHIFT  7U
#define STATE_MASK   7U
#define READY_MASK   3U
#define MODE_MASK    1U
#define CONDUCT_MAX  0xFFU

/* Of a swarm: availability and what kind of word it is [SPEC F7]. */
#define WORD_SHIFT        2U
#define AVAILABILITY_MASK 3U
#define SWARM_CONDUCT_MAX ((SWARM_WORD_COUNT - 1U) << WORD_SHIFT | AVAILABILITY_MASK)
_Static_assert(AVAILABILITY_COUNT == AVAILABILITY_MASK + 1U, "an availability has two bits");
_Static_assert(VIP_STATE_COUNT <= STATE_MASK + 1U, "a state has three bits");
_Static_assert(VIP_READY_COUNT <= READY_MASK + 1U, "a readiness has two bits");
_Static_assert(VIP_MODE_COUNT <= MODE_MASK + 1U, "a mode has one bit");

static const struct cursor_range any_id = {0, UINT32_MAX};
static const struct cursor_range some_id = {1, UINT32_MAX};
static const struct cursor_range some_u64 = {1, UINT64_MAX};
static const struct cursor_range any_u32 = {0, UINT32_MAX};

static int encode_unheard(msgpack_packer *packer, const struct record_unheard *unheard);
static int encode_vip(msgpack_packer *packer, const struct record_vip *vip);
static void decode_unheard(struct cursor *cursor, struct record_unheard *ret);
static void decode_vip(struct cursor *cursor, struct record_vip *ret);
static bool vips_differ(const struct record *record);
static int encode_swarm(msgpack_packer *packer, const struct record_swarm *swarm);
static void decode_swarm(struct cursor *cursor, struct record_swarm *ret);
static int encode_link(msgpack_packer *packer, const struct record_link *link);
static void decode_link(struct cursor *cursor, struct record_link *ret);

/* A node that knows of no swarm does not speak of one. */
static bool has_swarm(const struct record *record)
{
    return record->swarm.availability != AVAILABILITY_UNKNOWN ||
           record->swarm.word != SWARM_WORD_NONE;
}

/* What is appended to a record, as far as it says anything [SPEC F6]. */
static unsigned appended(const struct record *record)
{
    if (record->link.vip != ID_NONE)
        return 2;
    return has_swarm(record) ? 1 : 0;
}

bool record_encode(const struct record *record, struct buffer *buffer)
{
    msgpack_packer packer = buffer_packer(buffer);
    int failed = msgpack_pack_array(&packer, RECORD_ELEMENTS + appended(record));
    failed |= msgpack_pack_uint32(&packer, record->node);
    failed |= msgpack_pack_uint64(&packer, record->incarnation);
    failed |= msgpack_pack_uint64(&packer, record->seq);
    failed |= msgpack_pack_uint32(&packer, record->interval_ms);
    failed |= msgpack_pack_uint32(&packer, record->next_ms);
    failed |= msgpack_pack_uint32(&packer, record->config);
    failed |= msgpack_pack_uint8(&packer, record->flags);
    failed |= msgpack_pack_array(&packer, record->unheard_count);
    for (uint8_t i = 0; i < record->unheard_count; i++)
        failed |= encode_unheard(&packer, &record->unheard[i]);
    failed |= msgpack_pack_array(&packer, record->vip_count);
    for (uint8_t i = 0; i < record->vip_count; i++)
        failed |= encode_vip(&packer, &record->vips[i]);
    if (appended(record) > 0)
        failed |= encode_swarm(&packer, &record->swarm);
    if (appended(record) > 1)
        failed |= encode_link(&packer, &record->link);
    return failed == 0;
}

bool record_decode(const uint8_t *bytes, size_t length, struct record *ret)
{
    struct cursor cursor = cursor_of(bytes, length);
    uint32_t elements =
        cursor_array(&cursor, (struct cursor_range){RECORD_ELEMENTS, ELEMENTS_LIMIT});
    ret->node = (uint32_t)cursor_uint(&cursor, some_id);
    ret->incarnation = cursor_uint(&cursor, some_u64);
    ret->seq = cursor_uint(&cursor, some_u64);
    ret->interval_ms = (uint32_t)cursor_uint(
        &cursor, (struct cursor_range){RECORD_INTERVAL_MS_MIN, RECORD_INTERVAL_MS_MAX});
    ret->next_ms = (uint32_t)cursor_uint(&cursor, (struct cursor_range){0, RECORD_NEXT_MS_MAX});
    ret->config = (uint32_t)cursor_uint(&cursor, any_u32);
    ret->flags = (uint8_t)cursor_uint(&cursor, (struct cursor_range){0, RECORD_FLAGS_ALL});
    ret->unheard_count = (uint8_t)cursor_array(&cursor, (struct cursor_range){0, UNHEARD_MAX});
    for (uint8_t i = 0; i < ret->unheard_count; i++)
        decode_unheard(&cursor, &ret->unheard[i]);
    ret->vip_count = (uint8_t)cursor_array(&cursor, (struct cursor_range){0, VIPS_MAX});
    for (uint8_t i = 0; i < ret->vip_count; i++)
        decode_vip(&cursor, &ret->vips[i]);
    ret->swarm = (struct record_swarm){.availability = AVAILABILITY_UNKNOWN};
    ret->link = (struct record_link){.vip = ID_NONE};
    if (elements > RECORD_ELEMENTS)
        decode_swarm(&cursor, &ret->swarm);
    if (elements > RECORD_ELEMENTS + 1)
        decode_link(&cursor, &ret->link);
    if (!cursor.failed && elements > RECORD_ELEMENTS + 2)
        cursor_skip(&cursor, elements - RECORD_ELEMENTS - 2);
    return cursor_is_done(&cursor) && vips_differ(ret);
}

static int encode_unheard(msgpack_packer *packer, const struct record_unheard *unheard)
{
    int failed = msgpack_pack_array(packer, UNHEARD_ELEMENTS);
    failed |= msgpack_pack_uint32(packer, unheard->node);
    for (unsigned i = 0; i < RELAYS_MAX; i++)
        failed |= msgpack_pack_uint32(packer, unheard->relays[i]);
    return failed;
}

static void decode_unheard(struct cursor *cursor, struct record_unheard *ret)
{
    uint32_t elements =
        cursor_array(cursor, (struct cursor_range){UNHEARD_ELEMENTS, ELEMENTS_LIMIT});
    ret->node = (uint32_t)cursor_uint(cursor, some_id);
    for (unsigned i = 0; i < RELAYS_MAX; i++)
        ret->relays[i] = (uint32_t)cursor_uint(cursor, any_id);
    if (!cursor->failed)
        cursor_skip(cursor, elements - UNHEARD_ELEMENTS);
}

static int encode_vip(msgpack_packer *packer, const struct record_vip *vip)
{
    uint8_t conduct =
        (uint8_t)((unsigned)vip->state | (unsigned)vip->ready << READY_SHIFT |
                  (unsigned)vip->mode << MODE_SHIFT | (unsigned)vip->unhealthy << HEALTH_SHIFT |
                  (unsigned)vip->drained << DRAIN_SHIFT);
    int failed = msgpack_pack_array(packer, VIP_ELEMENTS);
    failed |= msgpack_pack_uint32(packer, vip->vip);
    failed |= msgpack_pack_uint32(packer, vip->addresses);
    failed |= msgpack_pack_uint8(packer, conduct);
    failed |= msgpack_pack_uint8(packer, vip->priority);
    failed |= msgpack_pack_uint32(packer, vip->lease_ms);
    failed |= msgpack_pack_uint32(packer, vip->elects);
    failed |= msgpack_pack_uint32(packer, vip->released_to);
    return failed;
}

static void decode_vip(struct cursor *cursor, struct record_vip *ret)
{
    uint32_t elements = cursor_array(cursor, (struct cursor_range){VIP_ELEMENTS, ELEMENTS_LIMIT});
    ret->vip = (uint32_t)cursor_uint(cursor, some_id);
    ret->addresses = (uint32_t)cursor_uint(cursor, any_u32);
    unsigned conduct = (unsigned)cursor_uint(cursor, (struct cursor_range){0, CONDUCT_MAX});
    ret->state = (uint8_t)(conduct & STATE_MASK);
    ret->ready = (uint8_t)(conduct >> READY_SHIFT & READY_MASK);
    ret->mode = (uint8_t)(conduct >> MODE_SHIFT & MODE_MASK);
    ret->unhealthy = (uint8_t)(conduct >> HEALTH_SHIFT & 1U);
    ret->drained = (uint8_t)(conduct >> DRAIN_SHIFT);
    ret->priority = (uint8_t)cursor_uint(cursor, (struct cursor_range){1, UINT8_MAX});
    ret->lease_ms = (uint32_t)cursor_uint(cursor, (struct cursor_range){0, RECORD_LEASE_MS_MAX});
    ret->elects = (uint32_t)cursor_uint(cursor, any_id);
    ret->released_to = (uint32_t)cursor_uint(cursor, any_id);
    if (ret->state >= VIP_STATE_COUNT || ret->ready >= VIP_READY_COUNT)
        cursor->failed = true;
    if (!cursor->failed)
        cursor_skip(cursor, elements - VIP_ELEMENTS);
}

static int encode_swarm(msgpack_packer *packer, const struct record_swarm *swarm)
{
    int failed = msgpack_pack_array(packer, SWARM_ELEMENTS);
    failed |= msgpack_pack_uint8(
        packer, (uint8_t)((unsigned)swarm->availability | (unsigned)swarm->word << WORD_SHIFT));
    failed |= msgpack_pack_uint32(packer, swarm->index);
    failed |= msgpack_pack_array(packer, swarm->exception_count);
    for (uint8_t i = 0; i < swarm->exception_count; i++)
        failed |= msgpack_pack_uint64(packer, swarm->exceptions[i]);
    return failed;
}

static void decode_swarm(struct cursor *cursor, struct record_swarm *ret)
{
    uint32_t elements = cursor_array(cursor, (struct cursor_range){SWARM_ELEMENTS, ELEMENTS_LIMIT});
    unsigned conduct = (unsigned)cursor_uint(cursor, (struct cursor_range){0, SWARM_CONDUCT_MAX});
    ret->availability = (uint8_t)(conduct & AVAILABILITY_MASK);
    ret->word = (uint8_t)(conduct >> WORD_SHIFT);
    ret->index = (uint32_t)cursor_uint(cursor, any_u32);
    ret->exception_count = (uint8_t)cursor_array(cursor, (struct cursor_range){0, EXCEPTIONS_MAX});
    for (uint8_t i = 0; i < ret->exception_count; i++) {
        ret->exceptions[i] = cursor_uint(cursor, some_u64);
        if ((ret->exceptions[i] & EXCEPTION_AVAILABILITY) < AVAILABILITY_PAUSED)
            cursor->failed = true;
    }
    if (ret->word == SWARM_WORD_NONE && ret->exception_count > 0)
        cursor->failed = true;
    if (!cursor->failed)
        cursor_skip(cursor, elements - SWARM_ELEMENTS);
}

static int encode_link(msgpack_packer *packer, const struct record_link *link)
{
    unsigned appended = link->misses != ID_NONE ? 2 : link->verifies != ID_NONE ? 1 : 0;
    int failed = msgpack_pack_array(packer, LINK_ELEMENTS + appended);
    failed |= msgpack_pack_uint32(packer, link->vip);
    failed |= msgpack_pack_uint64(packer, link->own);
    failed |= msgpack_pack_uint64(packer, link->seen);
    if (appended > 0)
        failed |= msgpack_pack_uint32(packer, link->verifies);
    if (appended > 1)
        failed |= msgpack_pack_uint32(packer, link->misses);
    return failed;
}

/* A MAC address of one host, or none. */
static uint64_t decode_mac(struct cursor *cursor)
{
    uint64_t mac = cursor_uint(cursor, (struct cursor_range){MAC_NONE, MAC_MAX});
    if ((mac & MAC_GROUP) != 0)
        cursor->failed = true;
    return mac;
}

static void decode_link(struct cursor *cursor, struct record_link *ret)
{
    uint32_t elements = cursor_array(cursor, (struct cursor_range){LINK_ELEMENTS, ELEMENTS_LIMIT});
    ret->vip = (uint32_t)cursor_uint(cursor, any_id);
    ret->own = decode_mac(cursor);
    ret->seen = decode_mac(cursor);
    if (elements > LINK_ELEMENTS)
        ret->verifies = (uint32_t)cursor_uint(cursor, any_id);
    if (elements > LINK_ELEMENTS + 1)
        ret->misses = (uint32_t)cursor_uint(cursor, any_id);
    if (ret->vip == ID_NONE)
        *ret = (struct record_link){.vip = ID_NONE}; /* of nothing */
    if (!cursor->failed && elements > LINK_ELEMENTS + LINK_APPENDED)
        cursor_skip(cursor, elements - LINK_ELEMENTS - LINK_APPENDED);
}

/* Which of two entries of one VIP would count is nobody's guess [SPEC F5]. */
static bool vips_differ(const struct record *record)
{
    for (uint8_t a = 0; a < record->vip_count; a++)
        for (uint8_t b = 0; b < a; b++)
            if (record->vips[a].vip == record->vips[b].vip)
                return false;
    return true;
}
