// SPDX-License-Identifier: MIT
/*
 * `vipgossip metrics`: what `status` knows as OpenMetrics text, for whoever collects numbers. Each
 * family is a line of a table: which fact it is, and in which unit it comes; what is not known has
 * no sample. Names and units follow the rules of OpenMetrics: base units, `_total` at what only
 * rises.
 */
#include "tool/metrics.h"
#include "command.h"
#include "facts.h"
#include "ipc/control.h"
#include "order.h"
#include "tool/verdict.h"

#include <stdbool.h>
#include <stddef.h>

enum unit {
    UNIT_PLAIN,
    UNIT_MS,      /* to seconds */
    UNIT_US,      /* to seconds */
    UNIT_PERCENT, /* to a ratio */
};

/* A number, a truth or the length of a list in the facts. */
struct family {
    const char *name; /* without vipgossip_, and _total of a counter */
    const char *help;
    const char *part; /* map in which `key` stands; NULL: in the thing itself */
    const char *key;
    enum unit unit;
    bool is_counter;
};

static const struct family whole_families[] = {
    {"uptime_seconds", "Since this daemon started.", NULL, "uptime_ms", UNIT_MS, false},
    {"starting", "1: it says hello and claims nothing yet.", NULL, "starting", UNIT_PLAIN, false},
    {"mute", "1: the last heartbeat could be sent to nobody.", NULL, "mute", UNIT_PLAIN, false},
};

static const struct family vip_families[] = {
    {"vip_holder_age_seconds", "How long its holder, or that there is none, has lasted.", NULL,
     "since_ms", UNIT_MS, false},
    {"vip_holders", "Live nodes that say that they hold it; more than one is a conflict.", NULL,
     "holders", UNIT_PLAIN, false},
    {"vip_faults", "Live nodes that are in fault on it.", NULL, "faults", UNIT_PLAIN, false},
    {"vip_in_kernel", "1: the kernel of this node has confirmed its addresses.", NULL, "in_kernel",
     UNIT_PLAIN, false},
    {"vip_verified", "Standbys that asked on the wire and were answered by its holder.", NULL,
     "verified_by", UNIT_PLAIN, false},
    {"vip_unverified", "Standbys that asked on the wire and were not.", NULL, "unverified_by",
     UNIT_PLAIN, false},
    {"vip_votes_needed", "Votes that a holder needs.", "votes", "needed", UNIT_PLAIN, false},
    {"vip_votes_granted", "Votes that this node has, while it claims or holds.", "votes", "granted",
     UNIT_PLAIN, false},
    {"vip_lease_seconds", "Until this node's keeper removes the addresses; 0 in mode available.",
     "votes", "lease_ms", UNIT_MS, false},
    {"vip_sees_majority", "Mode quorum: 1 if this node and a majority hear each other.", NULL,
     "sees_majority", UNIT_PLAIN, false},
    {"vip_tier", "Of its holder: 0 healthy, 1 unhealthy, 2 drained.", NULL, "tier", UNIT_PLAIN,
     false},
    {"vip_foreign_removals", "Times another program removed an address, and it was put back.", NULL,
     "foreign_removals", UNIT_PLAIN, true},
};

static const struct family node_families[] = {
    {"node_last_heard_seconds", "Age of its newest record.", NULL, "last_heard_ms", UNIT_MS, false},
    {"node_rtt_seconds", "Smoothed round trip to it.", NULL, "rtt_us", UNIT_US, false},
    {"node_loss_ratio", "Of datagrams from it.", NULL, "loss_percent", UNIT_PERCENT, false},
    {"node_hears_me", "1: it hears this node directly, by its record.", NULL, "hears_me",
     UNIT_PLAIN, false},
    {"node_healthy", "1: its checks pass, as it says.", NULL, "healthy", UNIT_PLAIN, false},
    {"node_drained", "1: it is drained for every VIP, as it says.", NULL, "drained", UNIT_PLAIN,
     false},
    {"node_wrong_macs", "Datagrams that named it as sender and had a wrong MAC.", NULL,
     "mac_failures", UNIT_PLAIN, true},
};

static const struct family check_families[] = {
    {"check_ok", "1: it counts as passed.", NULL, "ok", UNIT_PLAIN, false},
    {"check_heard_seconds", "Age of its newest result.", NULL, "heard_ms", UNIT_MS, false},
};

static const struct family counter_families[] = {
    {"received_datagrams", "Datagrams that came, on every path.", "counters", "received",
     UNIT_PLAIN, true},
    {"sent_datagrams", "Datagrams that went, on every path.", "counters", "sent", UNIT_PLAIN, true},
    {"receive_errors", "Times the kernel refused.", "counters", "receive_errors", UNIT_PLAIN, true},
    {"send_errors", "Times the kernel refused.", "counters", "send_errors", UNIT_PLAIN, true},
    {"takeovers", "Times this node came to hold a VIP.", "counters", "takeovers", UNIT_PLAIN, true},
    {"handovers", "Of these, handed over by a live holder.", "counters", "handovers", UNIT_PLAIN,
     true},
    {"suspicions", "Of other nodes.", "counters", "suspicions", UNIT_PLAIN, true},
    {"deaths", "Of other nodes, as this one judged.", "counters", "deaths", UNIT_PLAIN, true},
    {"stalls", "Times a timer was later than T/2.", "counters", "stalls", UNIT_PLAIN, true},
    {"lateness_max_seconds", "How late a timer was at worst.", "counters", "lateness_max_us",
     UNIT_US, false},
    {"conflicts", "Hosts outside the cluster that began to use a VIP.", "counters", "conflicts",
     UNIT_PLAIN, true},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const vip_states[] = {"standby", "claiming", "holding", "releasing", "fault"};
static const char *const node_states[] = {"alive", "suspect", "dead", "left", "unknown"};

static void print_head(FILE *out, const char *name, const char *type, const char *help)
{
    (void)fprintf(out, "# TYPE vipgossip_%s %s\n# HELP vipgossip_%s %s\n", name, type, name, help);
}

/* A name comes from a configuration: nothing in it may end the label. */
static void print_label(FILE *out, const char *name, const char *value, const char *before)
{
    (void)fprintf(out, "%s%s=\"", before, name);
    for (const char *at = value; *at != '\0'; at++) {
        if (*at == '\n')
            (void)fputs("\\n", out);
        else if (*at == '"' || *at == '\\')
            (void)fprintf(out, "\\%c", *at);
        else
            (void)fputc(*at, out);
    }
    (void)fputc('"', out);
}

/* False: it is not known. */
static bool value_of(const json_t *fact, enum unit unit, double *ret)
{
    static const double parts[] = {
        [UNIT_PLAIN] = 1, [UNIT_MS] = 1e3, [UNIT_US] = 1e6, [UNIT_PERCENT] = 100};

    if (json_is_number(fact))
        *ret = json_number_value(fact) / parts[unit];
    else if (json_is_boolean(fact))
        *ret = json_is_true(fact) ? 1 : 0;
    else if (json_is_array(fact))
        *ret = (double)json_array_size(fact);
    else
        return false;
    return true;
}

static const json_t *fact_of(const struct family *family, const json_t *thing)
{
    const json_t *map = family->part != NULL ? json_object_get(thing, family->part) : thing;

    return json_object_get(map, family->key);
}

/* `label` is what a thing is called in its labels; NULL: there is one such thing. */
static void print_sample(FILE *out, const struct family *family, const char *label,
                         const json_t *thing)
{
    double value;

    if (!value_of(fact_of(family, thing), family->unit, &value))
        return;
    (void)fprintf(out, "vipgossip_%s%s", family->name, family->is_counter ? "_total" : "");
    if (label != NULL) {
        print_label(out, label, facts_text_or(thing, "name", "?"), "{");
        (void)fputc('}', out);
    }
    (void)fprintf(out, " %.15g\n", value);
}

static void print_family_head(FILE *out, const struct family *family)
{
    print_head(out, family->name, family->is_counter ? "counter" : "gauge", family->help);
}

static void print_families(FILE *out, const struct family *families, size_t count,
                           const json_t *facts)
{
    for (size_t i = 0; i < count; i++) {
        print_family_head(out, &families[i]);
        print_sample(out, &families[i], NULL, facts);
    }
}

/* What of a list of the facts: its things, and what one is called. */
struct things {
    const json_t *list;
    const char *label;
};

static void print_families_of(FILE *out, const struct family *families, size_t count,
                              const struct things *things)
{
    const json_t *thing;
    size_t at;

    for (size_t i = 0; i < count; i++) {
        print_family_head(out, &families[i]);
        json_array_foreach(things->list, at, thing)
        {
            print_sample(out, &families[i], things->label, thing);
        }
    }
}

/* One sample for each state that a thing may be in: 1 for the one that it is in. */
static void print_states(FILE *out, const struct things *things, const char *const *states,
                         size_t count)
{
    char name[32];
    const json_t *thing;
    size_t at;

    (void)snprintf(name, sizeof(name), "%s_state", things->label);
    (void)fprintf(out, "# TYPE vipgossip_%s stateset\n# HELP vipgossip_%s As this node sees it.\n",
                  name, name);
    json_array_foreach(things->list, at, thing)
    {
        for (size_t i = 0; i < count; i++) {
            (void)fprintf(out, "vipgossip_%s", name);
            print_label(out, things->label, facts_text_or(thing, "name", "?"), "{");
            (void)fprintf(out, ",vipgossip_%s=\"%s\"} %d\n", name, states[i],
                          facts_is(thing, "state", states[i]) ? 1 : 0);
        }
    }
}

/* Who holds each VIP; one that nobody holds has no sample. */
static void print_holders(FILE *out, const json_t *vips)
{
    const json_t *vip;
    size_t at;

    print_head(out, "vip_holder", "gauge", "1, with the node that holds it.");
    json_array_foreach(vips, at, vip)
    {
        const char *holder = facts_text(vip, "holder");

        if (holder == NULL)
            continue;
        (void)fputs("vipgossip_vip_holder", out);
        print_label(out, "vip", facts_text_or(vip, "name", "?"), "{");
        print_label(out, "node", holder, ",");
        (void)fputs("} 1\n", out);
    }
}

static void print_foreign_hosts(FILE *out, const json_t *vips)
{
    const json_t *vip;
    size_t at;

    print_head(out, "vip_conflict", "gauge",
               "Frames of a host that uses it and must not, by its MAC address; gone with it.");
    json_array_foreach(vips, at, vip)
    {
        const json_t *conflict = json_object_get(vip, "conflict");

        if (!json_is_object(conflict))
            continue;
        (void)fputs("vipgossip_vip_conflict", out);
        print_label(out, "vip", facts_text_or(vip, "name", "?"), "{");
        print_label(out, "mac", facts_text_or(conflict, "mac", "?"), ",");
        (void)fprintf(out, "} %" JSON_INTEGER_FORMAT "\n",
                      (json_int_t)facts_number(conflict, "count"));
    }
}

static void print_drops(FILE *out, const json_t *counters)
{
    json_t *drops = json_object_get(counters, "drops");
    const char *reason;
    json_t *count;

    print_head(out, "drops", "counter",
               "Datagrams, and records inside of them, that were not used.");
    json_object_foreach(drops, reason, count)
    {
        (void)fputs("vipgossip_drops_total", out);
        print_label(out, "reason", reason, "{");
        (void)fprintf(out, "} %" JSON_INTEGER_FORMAT "\n", json_integer_value(count));
    }
}

static void print_whole(FILE *out, const json_t *facts)
{
    struct verdict verdict;

    print_head(out, "build", "info", "The daemon, its cluster and its node.");
    (void)fputs("vipgossip_build_info", out);
    print_label(out, "version", facts_text_or(facts, "version", "?"), "{");
    print_label(out, "cluster", facts_text_or(facts, "cluster", "?"), ",");
    print_label(out, "node", facts_text_or(facts, "node", "?"), ",");
    (void)fputs("} 1\n", out);
    verdict_judge(facts, &verdict);
    print_head(out, "status", "gauge", "As vipgossip status: 0 OK, 1 WARNING, 2 CRITICAL.");
    (void)fprintf(out, "vipgossip_status %d\n", (int)verdict.status);
    verdict_deinit(&verdict);
    print_families(out, whole_families, COUNT(whole_families), facts);
}

void metrics_print(const json_t *facts, FILE *out)
{
    const struct things vips = {json_object_get(facts, "vips"), "vip"};
    const struct things nodes = {json_object_get(facts, "nodes"), "node"};
    const struct things checks = {json_object_get(facts, "checks"), "check"};

    print_whole(out, facts);
    print_states(out, &vips, vip_states, COUNT(vip_states));
    print_holders(out, vips.list);
    print_families_of(out, vip_families, COUNT(vip_families), &vips);
    print_foreign_hosts(out, vips.list);
    print_states(out, &nodes, node_states, COUNT(node_states));
    print_families_of(out, node_families, COUNT(node_families), &nodes);
    print_families_of(out, check_families, COUNT(check_families), &checks);
    print_families(out, counter_families, COUNT(counter_families), facts);
    print_drops(out, json_object_get(facts, "counters"));
    (void)fputs("# EOF\n", out);
}

int metrics_command(const struct invocation *invocation)
{
    json_t *facts = NULL;
    const int code = order_ask(invocation, CONTROL_STATUS, &facts);

    if (code != TOOL_DONE)
        return code;
    metrics_print(facts, invocation->streams.out);
    json_decref(facts);
    return TOOL_DONE;
}
