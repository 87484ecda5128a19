// SPDX-License-Identifier: MIT
/*
 * `vipgossip status`: the verdict, and tables of the VIPs and the nodes; or all of it as JSON.
 */
#include "command.h"
#include "facts.h"
#include "ipc/control.h"
#include "status_notes.h"
#include "tool/client.h"
#include "tool/duration.h"
#include "tool/table.h"
#include "tool/verdict.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define VIPS_NAMED_MAX 4 /* in the line "OK: ..." */

/* How to print one block. */
struct style {
    FILE *out;
    bool coloured;
    bool json;
    bool watch;
    bool redraw; /* --watch on a terminal: each block takes the place of the one before */
};

static const struct {
    const char *word;
    enum colour colour;
} headlines[] = {
    [VERDICT_OK] = {"OK", COLOUR_GREEN},
    [VERDICT_WARNING] = {"WARNING", COLOUR_YELLOW},
    [VERDICT_CRITICAL] = {"CRITICAL", COLOUR_RED},
    [VERDICT_UNKNOWN] = {"UNKNOWN", COLOUR_RED},
};

static int show(const char *socket, const struct style *style, FILE *err);
static int fetch(const char *socket, json_t **ret, struct client_error *error);
static void print_json(json_t *facts, const struct style *style);
static void print_text(const json_t *facts, const struct verdict *verdict,
                       const struct style *style);
static void print_headline(const struct style *style, enum verdict_status status,
                           const char *sentence);
static void print_ok(const json_t *facts, const struct style *style);
static void print_vips(const json_t *facts, const struct style *style);
static void print_nodes(const json_t *facts, const struct style *style);
static void print_checks(const json_t *facts, const struct style *style);

int status_command(const struct invocation *invocation)
{
    FILE *out = invocation->streams.out;
    const bool json = (invocation->flags & FLAG_JSON) != 0;
    const bool watch = (invocation->flags & FLAG_WATCH) != 0;
    const struct style style = {
        .out = out,
        .coloured = colour_is_wanted(out),
        .json = json,
        .watch = watch,
        .redraw = watch && !json && isatty(fileno(out)) == 1,
    };
    const struct timespec second = {.tv_sec = 1};
    int code;

    for (;;) {
        code = show(invocation->socket, &style, invocation->streams.err);
        if (!watch || fflush(out) != 0)
            return code;
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &second, NULL);
    }
}

/* One block, from question to verdict, whose number it returns. */
static int show(const char *socket, const struct style *style, FILE *err)
{
    struct client_error error;
    struct verdict verdict;
    json_t *facts = NULL;
    const int result = fetch(socket, &facts, &error);
    int code = VERDICT_UNKNOWN;

    if (style->redraw)
        (void)fputs("\033[H\033[2J", style->out); /* cursor home, clear the screen */
    if (result != 0 && style->json) {
        (void)fprintf(err, "vipgossip: %s\n", error.text);
        return code;
    }
    if (result != 0) {
        print_headline(style, VERDICT_UNKNOWN, error.text);
        return code;
    }
    verdict_judge(facts, &verdict);
    verdict_write(&verdict, facts);
    code = (int)verdict.status;
    if (style->json)
        print_json(facts, style);
    else
        print_text(facts, &verdict, style);
    if (style->watch && !style->redraw && !style->json)
        (void)fputc('\n', style->out);
    verdict_deinit(&verdict);
    json_decref(facts);
    return code;
}

/* The facts as a new reference in `ret`, or -1 and `error`. */
static int fetch(const char *socket, json_t **ret, struct client_error *error)
{
    struct client client;
    int result;

    if (client_open(socket, CONTROL_STATUS, false, &client, error) != 0)
        return -1;
    result = client_next(&client, ret, error);
    client_close(&client);
    if (result == 0)
        (void)snprintf(error->text, sizeof(error->text),
                       "vipgossipd at %s closed the connection without an answer: see its log",
                       socket);
    return result == 1 ? 0 : -1;
}

/* One object, indented; with --watch one per line, for a program that reads them as they come. */
static void print_json(json_t *facts, const struct style *style)
{
    const size_t layout = style->watch ? JSON_COMPACT : JSON_INDENT(2);
    json_t *ordered = facts_in_order(facts);

    (void)json_dumpf(ordered, style->out, layout | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
    (void)fputc('\n', style->out);
    json_decref(ordered);
}

static void print_text(const json_t *facts, const struct verdict *verdict,
                       const struct style *style)
{
    const json_t *sentence;
    size_t i;

    json_array_foreach(verdict->critical, i, sentence)
    {
        print_headline(style, VERDICT_CRITICAL, json_string_value(sentence));
    }
    json_array_foreach(verdict->warnings, i, sentence)
    {
        print_headline(style, VERDICT_WARNING, json_string_value(sentence));
    }
    if (verdict->status == VERDICT_OK)
        print_ok(facts, style);
    status_print_notes(facts, style->out);
    (void)fprintf(style->out, "Cluster %s as %s sees it, vipgossipd %s, up %s.\n",
                  facts_text_or(facts, "cluster", "-"), facts_text_or(facts, "node", "-"),
                  facts_text_or(facts, "version", "-"),
                  duration_from_ms(facts_number(facts, "uptime_ms")).text);
    (void)fputc('\n', style->out);
    print_vips(facts, style);
    (void)fputc('\n', style->out);
    print_nodes(facts, style);
    print_checks(facts, style);
}

/* "WARNING: node swarm-2 is dead..." */
static void print_headline(const struct style *style, enum verdict_status status,
                           const char *sentence)
{
    char *clean = strdup(sentence);

    colour_print(style->out, style->coloured, headlines[status].colour, headlines[status].word);
    if (clean != NULL)
        text_clean(clean);
    (void)fprintf(style->out, ": %s\n", clean != NULL ? clean : "out of memory");
    free(clean);
}

/* "OK: ingress held by swarm-1 for 2 h 3 m; swarm-3 left" */
static void print_ok(const json_t *facts, const struct style *style)
{
    const json_t *vips = json_object_get(facts, "vips");
    const json_t *item;
    char *text = NULL;
    size_t size = 0;
    FILE *line = open_memstream(&text, &size);
    size_t held = 0;
    size_t i;

    if (line == NULL)
        return;
    json_array_foreach(vips, i, item)
    {
        const char *holder = facts_text(item, "holder");
        held += holder != NULL;
        if (json_array_size(vips) > VIPS_NAMED_MAX)
            continue;
        (void)fprintf(line, "%s%s ", i == 0 ? "" : ", ", facts_text_or(item, "name", "?"));
        (void)fprintf(line, holder != NULL ? "held by %s" : "changes hands, held by %s",
                      holder != NULL ? holder : "nobody");
        (void)fprintf(line, " for %s", duration_from_ms(facts_number(item, "since_ms")).text);
    }
    if (json_array_size(vips) > VIPS_NAMED_MAX)
        (void)fprintf(line, "%zu of %zu VIPs held", held, json_array_size(vips));
    json_array_foreach(json_object_get(facts, "nodes"), i, item)
    {
        if (facts_is(item, "state", "left"))
            (void)fprintf(line, "; %s left", facts_text_or(item, "name", "?"));
        else if (facts_is_true(item, "drained"))
            (void)fprintf(line, "; %s drained%s", facts_text_or(item, "name", "?"),
                          facts_is(item, "availability", "drain") ? " in the swarm" : "");
        else if (json_array_size(json_object_get(item, "drained_vips")) > 0)
            (void)fprintf(
                line, "; %s drained for %zu of %zu VIPs", facts_text_or(item, "name", "?"),
                json_array_size(json_object_get(item, "drained_vips")), json_array_size(vips));
    }
    if (fclose(line) == 0)
        print_headline(style, VERDICT_OK, text);
    free(text);
}

/* "192.168.4.3/32 + 2 more" */
static void add_addresses(struct table *table, const json_t *addresses)
{
    const char *first = json_string_value(json_array_get(addresses, 0));
    const size_t count = json_array_size(addresses);

    if (first == NULL)
        first = "-";
    if (count > 1)
        table_add(table, COLOUR_NONE, "%s + %zu more", first, count - 1);
    else
        table_add(table, COLOUR_NONE, "%s", first);
}

static enum colour vip_state_colour(const json_t *vip)
{
    if (facts_is(vip, "state", "fault"))
        return COLOUR_RED;
    return facts_is(vip, "state", "holding") ? COLOUR_GREEN : COLOUR_NONE;
}

/* By how many standbys: "by 2", "by 1, not by 1", "not by 2"; "-" while nobody has asked. */
static void add_reach(struct table *table, const json_t *vip)
{
    const size_t reached = json_array_size(json_object_get(vip, "verified_by"));
    const size_t missed = json_array_size(json_object_get(vip, "unverified_by"));

    if (reached > 0 && missed > 0)
        table_add(table, COLOUR_NONE, "by %zu, not by %zu", reached, missed);
    else if (missed > 0)
        table_add(table, COLOUR_RED, "not by %zu", missed);
    else if (reached > 0)
        table_add(table, COLOUR_NONE, "by %zu", reached);
    else
        table_add(table, COLOUR_NONE, "-");
}

static void print_vips(const json_t *facts, const struct style *style)
{
    static const char *const headings[] = {"VIP",        "ADDRESSES", "HOLDER",   "SINCE",
                                           "STATE HERE", "NEXT",      "VERIFIED", "WHY"};
    const json_t *vip;
    struct table table;
    size_t i;

    table_init(&table, headings, sizeof(headings) / sizeof(headings[0]));
    json_array_foreach(json_object_get(facts, "vips"), i, vip)
    {
        const char *holder = facts_text(vip, "holder");
        const char *reason = facts_text_or(vip, "reason", "");
        table_add(&table, COLOUR_NONE, "%s", facts_text_or(vip, "name", "?"));
        add_addresses(&table, json_object_get(vip, "addresses"));
        table_add(&table, holder != NULL ? COLOUR_NONE : COLOUR_RED, "%s",
                  holder != NULL ? holder : "nobody");
        table_add(&table, COLOUR_NONE, "%s", duration_from_ms(facts_number(vip, "since_ms")).text);
        table_add(&table, vip_state_colour(vip), "%s", facts_text_or(vip, "state", "-"));
        table_add(&table, COLOUR_NONE, "%s", facts_text_or(vip, "next", "nobody"));
        add_reach(&table, vip);
        table_add(&table, COLOUR_NONE, "%s", reason[0] != '\0' ? reason : "-");
    }
    table_print(&table, style->coloured, style->out);
    table_deinit(&table);
}

static const char *drained_text(const json_t *node)
{
    if (facts_is(node, "availability", "drain"))
        return ", drained in the swarm";
    if (facts_is(node, "availability", "pause"))
        return ", paused in the swarm";
    if (facts_is_true(node, "drained"))
        return ", drained";
    return json_array_size(json_object_get(node, "drained_vips")) > 0 ? ", drained in part" : "";
}

/* "alive", "alive, witness", "this node, drained" */
static void add_node_state(struct table *table, const json_t *node)
{
    const char *state = facts_text_or(node, "state", "-");
    enum colour colour = COLOUR_NONE;

    if (facts_is(node, "state", "dead"))
        colour = COLOUR_RED;
    else if (facts_is(node, "state", "suspect") || facts_is(node, "state", "unknown"))
        colour = COLOUR_YELLOW;
    table_add(table, colour, "%s%s%s%s", facts_is_true(node, "self") ? "this node" : state,
              facts_is_true(node, "witness") ? ", witness" : "",
              facts_is_false(node, "healthy") ? ", unhealthy" : "", drained_text(node));
}

/* "200", or "200 (web 150)", "200 (web 150 and 2 more)" where it differs on some VIPs. */
static void add_priority(struct table *table, json_t *node)
{
    const int64_t priority = facts_number(node, "priority");
    const char *first = NULL;
    int64_t first_value = 0;
    size_t differing = 0;
    const char *vip;
    json_t *value;

    if (facts_is_true(node, "witness") || priority < 0) {
        table_add(table, COLOUR_NONE, "-");
        return;
    }
    json_object_foreach(json_object_get(node, "effective_priority"), vip, value)
    {
        if (!json_is_integer(value) || json_integer_value(value) == priority)
            continue;
        if (differing++ == 0) {
            first = vip;
            first_value = json_integer_value(value);
        }
    }
    if (differing == 0)
        table_add(table, COLOUR_NONE, "%" PRId64, priority);
    else if (differing == 1)
        table_add(table, COLOUR_NONE, "%" PRId64 " (%s %" PRId64 ")", priority, first, first_value);
    else
        table_add(table, COLOUR_NONE, "%" PRId64 " (%s %" PRId64 " and %zu more)", priority, first,
                  first_value, differing - 1);
}

static void add_heard(struct table *table, const json_t *node)
{
    const int64_t heard_ms = facts_number(node, "last_heard_ms");
    const json_t *loss = json_object_get(node, "loss_percent");

    if (heard_ms < 0)
        table_add(table, COLOUR_NONE, "%s", facts_is_true(node, "self") ? "-" : "never");
    else
        table_add(table, COLOUR_NONE, "%s ago", duration_from_ms(heard_ms).text);
    table_add(table, COLOUR_NONE, "%s", duration_from_us(facts_number(node, "rtt_us")).text);
    if (json_is_number(loss))
        table_add(table, COLOUR_NONE, "%.3g %%", json_number_value(loss));
    else
        table_add(table, COLOUR_NONE, "-");
}

static void print_nodes(const json_t *facts, const struct style *style)
{
    static const char *const headings[] = {"NODE", "STATE", "ADDRESS", "PRIORITY", "HEARD",
                                           "RTT",  "LOSS",  "PATH",    "CONFIG"};
    json_t *node;
    struct table table;
    size_t i;

    table_init(&table, headings, sizeof(headings) / sizeof(headings[0]));
    json_array_foreach(json_object_get(facts, "nodes"), i, node)
    {
        table_add(&table, COLOUR_NONE, "%s", facts_text_or(node, "name", "?"));
        add_node_state(&table, node);
        add_addresses(&table, json_object_get(node, "addresses"));
        add_priority(&table, node);
        add_heard(&table, node);
        table_add(&table, COLOUR_NONE, "%s", facts_text_or(node, "path", "-"));
        table_add(&table, facts_is(node, "config", "differs") ? COLOUR_YELLOW : COLOUR_NONE, "%s",
                  facts_text_or(node, "config", "-"));
    }
    table_print(&table, style->coloured, style->out);
    table_deinit(&table);
}

static void add_check_state(struct table *table, const json_t *check)
{
    if (facts_is_true(check, "ok"))
        table_add(table, COLOUR_NONE, "ok");
    else if (facts_is_false(check, "ok"))
        table_add(table, COLOUR_RED, "failed");
    else if (facts_number(check, "streak") > 0)
        table_add(table, COLOUR_YELLOW, "rising");
    else
        table_add(table, COLOUR_YELLOW, "unknown");
}

/* What a failure of it does: "unhealthy", "priority -20", "unhealthy for web". */
static void add_check_effect(struct table *table, const json_t *check)
{
    const int64_t weight = json_integer_value(json_object_get(check, "weight"));
    const json_t *vips = json_object_get(check, "vips");
    const char *vip = json_string_value(json_array_get(vips, 0));
    const size_t count = json_array_size(vips);
    char text[160] = "unhealthy";

    if (weight != 0)
        (void)snprintf(text, sizeof(text), "priority %+" PRId64, weight);
    if (vip == NULL)
        table_add(table, COLOUR_NONE, "%s", text);
    else if (count == 1)
        table_add(table, COLOUR_NONE, "%s for %s", text, vip);
    else
        table_add(table, COLOUR_NONE, "%s for %s + %zu more", text, vip, count - 1);
}

static void print_checks(const json_t *facts, const struct style *style)
{
    static const char *const headings[] = {"CHECK", "KIND",        "STATE",
                                           "SINCE", "IF IT FAILS", "DETAIL"};
    const json_t *checks = json_object_get(facts, "checks");
    const json_t *check;
    struct table table;
    size_t i;

    if (json_array_size(checks) == 0)
        return;
    (void)fputc('\n', style->out);
    table_init(&table, headings, sizeof(headings) / sizeof(headings[0]));
    json_array_foreach(checks, i, check)
    {
        const char *detail = facts_text_or(check, "detail", "");
        table_add(&table, COLOUR_NONE, "%s", facts_text_or(check, "name", "?"));
        table_add(&table, COLOUR_NONE, "%s", facts_text_or(check, "kind", "-"));
        add_check_state(&table, check);
        table_add(&table, COLOUR_NONE, "%s",
                  duration_from_ms(facts_number(check, "since_ms")).text);
        add_check_effect(&table, check);
        table_add(&table, COLOUR_NONE, "%s", detail[0] != '\0' ? detail : "-");
    }
    table_print(&table, style->coloured, style->out);
    table_deinit(&table);
}
