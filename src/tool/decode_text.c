// SPDX-License-Identifier: MIT
#include "decode_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#define NS_PER_US UINT64_C(1000)

struct name {
    char text[CONF_NAME_MAX + 1];
};

static struct name node_name(const struct decode_text *text, uint32_t id);
static struct name vip_name(const struct decode_text *text, uint32_t id);
static struct name number_name(uint32_t id);
static const char *signature_text(const struct decode_text *text, const struct keyring *keyring,
                                  uint32_t node, const struct inspect_signed *record);
static void print_record(const struct decode_text *text, const struct message_record *record,
                         const char *signature, bool direct);
static void print_flags(const struct decode_text *text, const struct record *record);
static void print_vip(const struct decode_text *text, const struct record_vip *vip);
static void print_unheard(const struct decode_text *text, const struct record_unheard *unheard);
static void print_swarm(const struct decode_text *text, const struct record_swarm *swarm);
static void print_link(const struct decode_text *text, const struct record_link *link);
static void print_question(const struct decode_text *text, const struct question *question);
static void print_echo(const struct decode_text *text, const struct echo *echo,
                       const struct keyring *keyring);
static void print_grant(const struct decode_text *text, const struct grant *grant);

void decode_text_captured(const struct decode_text *text, uint64_t number,
                          const struct captured *captured)
{
    (void)fprintf(text->out, "datagram %" PRIu64 ": %zu bytes", number, captured->length);
    if (captured->from.address[0] != '\0')
        (void)fprintf(text->out, ", %s port %u to %s port %u", captured->from.address,
                      (unsigned)captured->from.port, captured->to.address,
                      (unsigned)captured->to.port);
    if (captured->has_time) {
        const time_t seconds = (time_t)captured->time_s;
        struct tm local;
        char clock[32] = "";
        if (localtime_r(&seconds, &local) != NULL)
            (void)strftime(clock, sizeof(clock), "%Y-%m-%d %H:%M:%S", &local);
        (void)fprintf(text->out, ", %s.%06" PRIu32, clock, captured->time_us);
    }
    (void)fputc('\n', text->out);
}

void decode_text_header(const struct decode_text *text, const struct inspect_header *header)
{
    struct name cluster = number_name(header->cluster);

    if (text->conf != NULL && conf_id(text->conf->cluster) == header->cluster)
        (void)strcpy(cluster.text, text->conf->cluster);
    decode_text_line(
        text, "header",
        "cluster %s, from %s to %s, incarnation %016" PRIx64 ", counter %" PRIu64 "%s, key id %02x",
        cluster.text, node_name(text, header->sender).text, node_name(text, header->receiver).text,
        header->incarnation, header->counter,
        header->counter == WIRE_COUNTER_WILL ? " (last will)" : "", (unsigned)header->key_id);
}

void decode_text_line(const struct decode_text *text, const char *label, const char *format, ...)
{
    va_list arguments;

    (void)fprintf(text->out, "  %-9s ", label);
    va_start(arguments, format);
    (void)vfprintf(text->out, format, arguments);
    va_end(arguments);
    (void)fputc('\n', text->out);
}

void decode_text_items(const struct decode_text *text, uint32_t sender,
                       const struct inspect_items *items, const struct keyring *keyring)
{
    const struct message_in *message = &items->message;

    for (unsigned i = 0; i < message->record_count; i++) {
        const uint32_t node = message->records[i].record.node;
        print_record(text, &message->records[i],
                     signature_text(text, keyring, node, &items->records[i]), node == sender);
    }
    if (message->answer != 0)
        decode_text_line(text, "answer", "to question %" PRIu64, message->answer);
    if (message->question.id != 0)
        print_question(text, &message->question);
    for (unsigned i = 0; i < message->ask_count; i++)
        decode_text_line(text, "ask", "by %s to %s, challenge %016" PRIx64,
                         node_name(text, message->asks[i].asker).text,
                         node_name(text, message->asks[i].target).text, message->asks[i].challenge);
    for (unsigned i = 0; i < message->echo_count; i++)
        print_echo(text, &message->echoes[i], keyring);
    if (message->grant.vote_count != 0)
        print_grant(text, &message->grant);
}

int decode_text_node(const struct conf *conf, uint32_t id)
{
    for (int n = 0; n < conf->node_count; n++) {
        if (conf_id(conf->nodes[n].name) == id)
            return n;
    }
    return -1;
}

static struct name node_name(const struct decode_text *text, uint32_t id)
{
    const int node = text->conf == NULL ? -1 : decode_text_node(text->conf, id);
    struct name name = number_name(id);

    if (node >= 0)
        (void)strcpy(name.text, text->conf->nodes[node].name);
    return name;
}

static struct name vip_name(const struct decode_text *text, uint32_t id)
{
    struct name name = number_name(id);

    for (int v = 0; text->conf != NULL && v < text->conf->vip_count; v++) {
        if (conf_id(text->conf->vips[v].name) == id)
            (void)strcpy(name.text, text->conf->vips[v].name);
    }
    return name;
}

static struct name number_name(uint32_t id)
{
    struct name name;

    if (id == ID_NONE)
        (void)strcpy(name.text, "nobody");
    else
        (void)snprintf(name.text, sizeof(name.text), "%08" PRIx32, id);
    return name;
}

static const char *signature_text(const struct decode_text *text, const struct keyring *keyring,
                                  uint32_t node, const struct inspect_signed *record)
{
    const int index = text->conf == NULL ? -1 : decode_text_node(text->conf, node);

    if (index < 0)
        return "of no node of the configuration";
    return inspect_record_is_signed(keyring, (uint8_t)index, record) ? "signature good"
                                                                     : "signature WRONG";
}

static void print_record(const struct decode_text *text, const struct message_record *message,
                         const char *signature, bool direct)
{
    const struct record *record = &message->record;

    decode_text_line(text, "record", "of %s, incarnation %016" PRIx64 ", seq %" PRIu64 "%s, %s, %s",
                     node_name(text, record->node).text, record->incarnation, record->seq,
                     record->seq == RECORD_SEQ_WILL ? " (last will)" : "",
                     direct ? "direct" : "relayed", signature);
    if (message->age_ns != 0)
        decode_text_line(text, "", "age at relays %" PRIu64 " us", message->age_ns / NS_PER_US);
    print_flags(text, record);
    for (unsigned v = 0; v < record->vip_count; v++)
        print_vip(text, &record->vips[v]);
    for (unsigned u = 0; u < record->unheard_count; u++)
        print_unheard(text, &record->unheard[u]);
    print_swarm(text, &record->swarm);
    print_link(text, &record->link);
}

static void print_flags(const struct decode_text *text, const struct record *record)
{
    const unsigned flags = record->flags;

    decode_text_line(text, "",
                     "interval %" PRIu32 " ms, next within %" PRIu32 " ms, configuration %08" PRIx32
                     ", %s%s%s%s%s",
                     record->interval_ms, record->next_ms, record->config,
                     (flags & RECORD_HEALTHY) != 0 ? "healthy" : "unhealthy",
                     (flags & RECORD_DRAINED) != 0 ? ", drained" : "",
                     (flags & RECORD_WITNESS) != 0 ? ", witness" : "",
                     (flags & RECORD_LEAVING) != 0 ? ", leaving" : "",
                     (flags & RECORD_SEES_MAJORITY) != 0 ? ", sees a majority" : "");
}

static void print_vip(const struct decode_text *text, const struct record_vip *vip)
{
    static const char *const ready[VIP_READY_COUNT] = {
        [VIP_READY_NO] = "not ready",
        [VIP_READY_VACANT] = "ready if it is vacant",
        [VIP_READY_YES] = "ready",
    };
    static const char *const modes[VIP_MODE_COUNT] = {
        [VIP_AVAILABLE] = "available",
        [VIP_QUORUM] = "quorum",
    };

    decode_text_line(text, "",
                     "vip %s %s, %s%s, mode %s, priority %u, lease %" PRIu32
                     " ms, addresses %08" PRIx32 ", elects %s, released to %s",
                     vip_name(text, vip->vip).text, vip_state_name((enum vip_state)vip->state),
                     ready[vip->ready], vip->unhealthy != 0 ? ", unhealthy" : "", modes[vip->mode],
                     (unsigned)vip->priority, vip->lease_ms, vip->addresses,
                     node_name(text, vip->elects).text, node_name(text, vip->released_to).text);
}

static void print_unheard(const struct decode_text *text, const struct record_unheard *unheard)
{
    decode_text_line(text, "", "does not hear %s; relays %s, %s",
                     node_name(text, unheard->node).text, node_name(text, unheard->relays[0]).text,
                     node_name(text, unheard->relays[1]).text);
}

static void print_swarm(const struct decode_text *text, const struct record_swarm *swarm)
{
    static const char *const words[SWARM_WORD_COUNT] = {
        [SWARM_WORD_NONE] = "says nothing of others",
        [SWARM_WORD_PART] = "names some that are not active",
        [SWARM_WORD_WHOLE] = "names all that are not active",
    };

    if (swarm->availability == AVAILABILITY_UNKNOWN && swarm->word == SWARM_WORD_NONE)
        return;
    decode_text_line(text, "", "in its swarm: %s; %s, index %" PRIu32,
                     availability_name((enum availability)swarm->availability), words[swarm->word],
                     swarm->index);
    for (unsigned i = 0; i < swarm->exception_count; i++)
        decode_text_line(
            text, "", "key %016" PRIx64 ": %s", swarm->exceptions[i] & ~EXCEPTION_AVAILABILITY,
            availability_name((enum availability)(swarm->exceptions[i] & EXCEPTION_AVAILABILITY)));
}

static void print_link(const struct decode_text *text, const struct record_link *link)
{
    if (link->vip != ID_NONE)
        decode_text_line(text, "",
                         "on the link of VIP %08" PRIx32 ": own MAC %012" PRIx64
                         ", of a foreign host %012" PRIx64,
                         link->vip, link->own, link->seen);
}

static void print_question(const struct decode_text *text, const struct question *question)
{
    (void)fprintf(text->out, "  %-9s %" PRIu64 "%s", "question", question->id,
                  question->about_count > 0 ? ", about" : "");
    for (unsigned i = 0; i < question->about_count; i++)
        (void)fprintf(text->out, "%s%s", i == 0 ? " " : ", ",
                      node_name(text, question->about[i]).text);
    (void)fputc('\n', text->out);
}

static void print_echo(const struct decode_text *text, const struct echo *echo,
                       const struct keyring *keyring)
{
    const int node = text->conf == NULL ? -1 : decode_text_node(text->conf, echo->node);
    const char *signature = "of no node of the configuration";

    if (node >= 0)
        signature = inspect_echo_is_signed(keyring, (uint8_t)node, echo) ? "signature good"
                                                                         : "signature WRONG";
    decode_text_line(text, "echo",
                     "of %s, incarnation %016" PRIx64 ", seq %" PRIu64
                     ", asked by %s, challenge %016" PRIx64 ", %s",
                     node_name(text, echo->node).text, echo->incarnation, echo->seq,
                     node_name(text, echo->asker).text, echo->challenge, signature);
}

static void print_grant(const struct decode_text *text, const struct grant *grant)
{
    static const char *const verdicts[VERDICT_COUNT] = {
        [VERDICT_GRANTED] = "granted",   [VERDICT_PROMISED] = "promised to another",
        [VERDICT_DEFERRED] = "deferred", [VERDICT_ABSTAINED] = "abstained",
        [VERDICT_REFUSED] = "refused",
    };

    decode_text_line(text, "grant",
                     "to incarnation %016" PRIx64 ", seq %" PRIu64 ", voters %08" PRIx32,
                     grant->incarnation, grant->seq, grant->voters);
    for (unsigned i = 0; i < grant->vote_count; i++) {
        const struct vote *vote = &grant->votes[i];
        decode_text_line(text, "", "vip %s %s: %s, %" PRIu32 " ms", vip_name(text, vote->vip).text,
                         verdicts[vote->verdict], node_name(text, vote->holder).text,
                         vote->rest_ms);
    }
}
