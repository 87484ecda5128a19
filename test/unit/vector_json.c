// SPDX-License-Identifier: MIT
#include "vector_json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_US UINT64_C(1000)

void vector_json_require(bool condition)
{
    if (!condition)
        abort();
}

static int digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = strchr(digits, c);
    vector_json_require(c != '\0' && at != NULL);
    return (int)(at - digits);
}

void vector_json_bytes(const json_t *text, uint8_t *ret, size_t length)
{
    const char *digits = json_string_value(text);
    vector_json_require(digits != NULL && strlen(digits) == 2 * length);
    for (size_t i = 0; i < length; i++)
        ret[i] = (uint8_t)(digit(digits[2 * i]) << 4 | digit(digits[2 * i + 1]));
}

json_t *vector_json_hex(const uint8_t *bytes, size_t length)
{
    char *digits = malloc(2 * length + 1);
    vector_json_require(digits != NULL);
    digits[0] = '\0';
    for (size_t i = 0; i < length; i++)
        (void)snprintf(digits + 2 * i, 3, "%02x", bytes[i]);
    json_t *ret = json_string(digits);
    free(digits);
    return ret;
}

static uint64_t number_of(const json_t *text)
{
    const char *digits = json_string_value(text);
    char *end = NULL;
    vector_json_require(digits != NULL);
    uint64_t number = strtoull(digits, &end, 16);
    vector_json_require(*end == '\0');
    return number;
}

uint64_t vector_json_number(const json_t *object, const char *key)
{
    const json_t *text = json_object_get(object, key);
    return text == NULL ? 0 : number_of(text);
}

uint32_t vector_json_small(const json_t *object, const char *key)
{
    return (uint32_t)json_integer_value(json_object_get(object, key));
}

static uint32_t id_of(const json_t *object, const char *key)
{
    return (uint32_t)vector_json_number(object, key);
}

static uint8_t byte_of(const json_t *object, const char *key)
{
    return (uint8_t)vector_json_small(object, key);
}

static uint8_t count_of(const json_t *array, size_t most)
{
    vector_json_require(json_array_size(array) <= most);
    return (uint8_t)json_array_size(array);
}

static void read_vip(const json_t *json, struct record_vip *ret)
{
    *ret = (struct record_vip){
        .vip = id_of(json, "vip"),
        .addresses = id_of(json, "addresses"),
        .lease_ms = vector_json_small(json, "lease_ms"),
        .elects = id_of(json, "elects"),
        .released_to = id_of(json, "released_to"),
        .mode = byte_of(json, "mode"),
        .ready = byte_of(json, "ready"),
        .state = byte_of(json, "state"),
        .priority = byte_of(json, "priority"),
        .unhealthy = byte_of(json, "unhealthy"),
        .drained = byte_of(json, "drained"),
    };
}

static void read_swarm(const json_t *json, struct record_swarm *ret)
{
    const json_t *exceptions = json_object_get(json, "exceptions");
    ret->availability = byte_of(json, "availability");
    ret->word = byte_of(json, "word");
    ret->index = (uint32_t)json_integer_value(json_object_get(json, "index"));
    ret->exception_count = count_of(exceptions, EXCEPTIONS_MAX);
    for (size_t i = 0; i < ret->exception_count; i++)
        ret->exceptions[i] = number_of(json_array_get(exceptions, i));
}

void vector_json_read_record(const json_t *json, struct record *ret)
{
    const json_t *unheard = json_object_get(json, "unheard");
    const json_t *vips = json_object_get(json, "vips");
    memset(ret, 0, sizeof(*ret));
    ret->node = id_of(json, "node");
    ret->incarnation = vector_json_number(json, "incarnation");
    ret->seq = vector_json_number(json, "seq");
    ret->interval_ms = vector_json_small(json, "interval_ms");
    ret->next_ms = vector_json_small(json, "next_ms");
    ret->config = id_of(json, "config");
    ret->flags = byte_of(json, "flags");
    ret->unheard_count = count_of(unheard, UNHEARD_MAX);
    for (size_t i = 0; i < ret->unheard_count; i++) {
        const json_t *entry = json_array_get(unheard, i);
        const json_t *relays = json_object_get(entry, "relays");
        ret->unheard[i].node = id_of(entry, "node");
        for (size_t relay = 0; relay < RELAYS_MAX; relay++)
            ret->unheard[i].relays[relay] = (uint32_t)number_of(json_array_get(relays, relay));
    }
    ret->vip_count = count_of(vips, VIPS_MAX);
    for (size_t i = 0; i < ret->vip_count; i++)
        read_vip(json_array_get(vips, i), &ret->vips[i]);
    if (json_object_get(json, "swarm") != NULL)
        read_swarm(json_object_get(json, "swarm"), &ret->swarm);
    const json_t *link = json_object_get(json, "link");
    if (link != NULL)
        ret->link = (struct record_link){.vip = id_of(link, "vip"),
                                         .own = vector_json_number(link, "own"),
                                         .seen = vector_json_number(link, "seen"),
                                         .verifies = id_of(link, "verifies"),
                                         .misses = id_of(link, "misses")};
}

static void read_question(const json_t *json, struct question *ret)
{
    const json_t *about = json_object_get(json, "about");
    ret->id = vector_json_number(json, "id");
    ret->about_count = count_of(about, sizeof(ret->about) / sizeof(ret->about[0]));
    for (size_t i = 0; i < ret->about_count; i++)
        ret->about[i] = (uint32_t)number_of(json_array_get(about, i));
}

static void read_echo(const json_t *json, struct echo *ret)
{
    ret->node = id_of(json, "node");
    ret->incarnation = vector_json_number(json, "incarnation");
    ret->seq = vector_json_number(json, "seq");
    ret->asker = id_of(json, "asker");
    ret->challenge = vector_json_number(json, "challenge");
    ret->key_id = byte_of(json, "key_id");
    vector_json_bytes(json_object_get(json, "signature"), ret->signature, SIGNATURE_BYTES);
}

static void read_grant(const json_t *json, struct grant *ret)
{
    const json_t *votes = json_object_get(json, "votes");
    ret->incarnation = vector_json_number(json, "incarnation");
    ret->seq = vector_json_number(json, "seq");
    ret->voters = id_of(json, "voters");
    ret->vote_count = count_of(votes, VIPS_MAX);
    for (size_t i = 0; i < ret->vote_count; i++) {
        const json_t *vote = json_array_get(votes, i);
        ret->votes[i] = (struct vote){
            .vip = id_of(vote, "vip"),
            .holder = id_of(vote, "holder"),
            .rest_ms = (uint32_t)json_integer_value(json_object_get(vote, "rest_ms")),
            .verdict = byte_of(vote, "verdict"),
        };
    }
}

void vector_json_read_message(const json_t *json, struct message_out *ret)
{
    const json_t *question = json_object_get(json, "question");
    const json_t *asks = json_object_get(json, "asks");
    const json_t *echoes = json_object_get(json, "echoes");
    const json_t *grant = json_object_get(json, "grant");
    memset(ret, 0, sizeof(*ret));
    ret->answer = vector_json_number(json, "answer");
    if (question != NULL)
        read_question(question, &ret->question);
    if (grant != NULL)
        read_grant(grant, &ret->grant);
    ret->ask_count = count_of(asks, MESSAGE_ASKS_MAX);
    for (size_t i = 0; i < ret->ask_count; i++) {
        const json_t *ask = json_array_get(asks, i);
        ret->asks[i] = (struct ask){id_of(ask, "target"), id_of(ask, "asker"),
                                    vector_json_number(ask, "challenge")};
    }
    ret->echo_count = count_of(echoes, MESSAGE_ECHOES_MAX);
    for (size_t i = 0; i < ret->echo_count; i++)
        read_echo(json_array_get(echoes, i), &ret->echoes[i]);
}

static json_t *number(uint64_t value)
{
    char digits[17];
    (void)snprintf(digits, sizeof(digits), "%016" PRIx64, value);
    return json_string(digits);
}

static json_t *id(uint32_t value)
{
    char digits[9];
    (void)snprintf(digits, sizeof(digits), "%08" PRIx32, value);
    return json_string(digits);
}

static json_t *write_vip(const struct record_vip *vip)
{
    return json_pack("{s:o, s:o, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:o, s:o}", "vip", id(vip->vip),
                     "addresses", id(vip->addresses), "state", vip->state, "ready", vip->ready,
                     "mode", vip->mode, "unhealthy", vip->unhealthy, "drained", vip->drained,
                     "priority", vip->priority, "lease_ms", (int)vip->lease_ms, "elects",
                     id(vip->elects), "released_to", id(vip->released_to));
}

static json_t *write_swarm(const struct record_swarm *swarm)
{
    json_t *exceptions = json_array();
    for (uint8_t i = 0; i < swarm->exception_count; i++)
        (void)json_array_append_new(exceptions, number(swarm->exceptions[i]));
    return json_pack("{s:i, s:i, s:I, s:o}", "availability", swarm->availability, "word",
                     swarm->word, "index", (json_int_t)swarm->index, "exceptions", exceptions);
}

static json_t *write_link(const struct record_link *link)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "vip", id(link->vip), "own", number(link->own),
                     "seen", number(link->seen), "verifies", id(link->verifies), "misses",
                     id(link->misses));
}

static json_t *write_record(const struct record *record)
{
    json_t *unheard = json_array();
    json_t *vips = json_array();
    for (uint8_t i = 0; i < record->unheard_count; i++) {
        const struct record_unheard *entry = &record->unheard[i];
        (void)json_array_append_new(unheard,
                                    json_pack("{s:o, s:[o, o]}", "node", id(entry->node), "relays",
                                              id(entry->relays[0]), id(entry->relays[1])));
    }
    for (uint8_t i = 0; i < record->vip_count; i++)
        (void)json_array_append_new(vips, write_vip(&record->vips[i]));
    const struct record_swarm *swarm = &record->swarm;
    bool has_swarm = swarm->availability != AVAILABILITY_UNKNOWN || swarm->word != SWARM_WORD_NONE;
    const struct record_link *link = &record->link;
    return json_pack("{s:o, s:o, s:o, s:i, s:i, s:o, s:i, s:o, s:o, s:o*, s:o*}", "node",
                     id(record->node), "incarnation", number(record->incarnation), "seq",
                     number(record->seq), "interval_ms", (int)record->interval_ms, "next_ms",
                     (int)record->next_ms, "config", id(record->config), "flags", record->flags,
                     "unheard", unheard, "vips", vips, "swarm",
                     has_swarm ? write_swarm(swarm) : NULL, "link",
                     link->vip == ID_NONE ? NULL : write_link(link));
}

static json_t *write_question(const struct question *question)
{
    if (question->id == 0)
        return json_null();
    json_t *about = json_array();
    for (uint8_t i = 0; i < question->about_count; i++)
        (void)json_array_append_new(about, id(question->about[i]));
    return json_pack("{s:o, s:o}", "id", number(question->id), "about", about);
}

static json_t *write_echo(const struct echo *echo)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:i, s:o}", "node", id(echo->node), "incarnation",
                     number(echo->incarnation), "seq", number(echo->seq), "asker", id(echo->asker),
                     "challenge", number(echo->challenge), "key_id", echo->key_id, "signature",
                     vector_json_hex(echo->signature, SIGNATURE_BYTES));
}

static json_t *write_grant(const struct grant *grant)
{
    json_t *votes = json_array();
    for (uint8_t i = 0; i < grant->vote_count; i++) {
        const struct vote *vote = &grant->votes[i];
        (void)json_array_append_new(
            votes, json_pack("{s:o, s:i, s:o, s:i}", "vip", id(vote->vip), "verdict", vote->verdict,
                             "holder", id(vote->holder), "rest_ms", (int)vote->rest_ms));
    }
    return json_pack("{s:o, s:o, s:o, s:o}", "incarnation", number(grant->incarnation), "seq",
                     number(grant->seq), "voters", id(grant->voters), "votes", votes);
}

json_t *vector_json_write_message(const struct message_in *message)
{
    json_t *records = json_array();
    json_t *asks = json_array();
    json_t *echoes = json_array();
    for (uint8_t i = 0; i < message->record_count; i++) {
        const struct message_record *record = &message->records[i];
        vector_json_require(record->age_ns % NS_PER_US == 0);
        (void)json_array_append_new(records, json_pack("{s:I, s:o}", "age_us",
                                                       (json_int_t)(record->age_ns / NS_PER_US),
                                                       "record", write_record(&record->record)));
    }
    for (uint8_t i = 0; i < message->ask_count; i++) {
        const struct ask *ask = &message->asks[i];
        (void)json_array_append_new(asks,
                                    json_pack("{s:o, s:o, s:o}", "target", id(ask->target), "asker",
                                              id(ask->asker), "challenge", number(ask->challenge)));
    }
    for (uint8_t i = 0; i < message->echo_count; i++)
        (void)json_array_append_new(echoes, write_echo(&message->echoes[i]));
    json_t *said =
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "incarnation", number(message->incarnation),
                  "records", records, "question", write_question(&message->question), "answer",
                  number(message->answer), "asks", asks, "echoes", echoes);
    if (message->ended)
        (void)json_object_set_new(said, "ended", json_true());
    if (message->grant.vote_count > 0)
        (void)json_object_set_new(said, "grant", write_grant(&message->grant));
    return said;
}
