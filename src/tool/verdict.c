// SPDX-License-Identifier: MIT
#include "tool/verdict.h"

#include "facts.h"
#include "tool/duration.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A VIP may be without a holder for this many intervals before that is a problem: a takeover takes
 * two on average, five at worst, and a start one more. */
#define VACANT_INTERVALS 10

/* A check without a result for so long beyond its interval and timeout is not run. A checker that
 * died is back after a second or two, so nobody is told of that. */
#define STALE_MS 5000

#define NAMES_SHOWN_MAX 4

enum tier {
    TIER_UNHEALTHY = 1,
    TIER_DRAINED = 2,
};

static const char *const status_names[] = {
    [VERDICT_OK] = "ok",
    [VERDICT_WARNING] = "warning",
    [VERDICT_CRITICAL] = "critical",
    [VERDICT_UNKNOWN] = "unknown",
};
static_assert(sizeof(status_names) / sizeof(status_names[0]) == VERDICT_STATUS_COUNT,
              "a name per status");

/* What every rule needs beside the thing it looks at. */
struct view {
    const json_t *facts;
    const char *self; /* name of this node */
    int64_t interval_ms;
    bool starting;
    bool checker_lost;
    struct verdict *verdict;
};

static void judge_vip(const struct view *view, const json_t *vip);
static bool judge_faults(const struct view *view, const json_t *vip);
static void judge_conflict(const struct view *view, const json_t *vip);
static void judge_vacancy(const struct view *view, const json_t *vip);
static bool judge_majority(const struct view *view, const json_t *vip);
static void judge_tier(const struct view *view, const json_t *vip);
static void judge_reach(const struct view *view, const json_t *vip);
static void judge_node(const struct view *view, const json_t *node);
static void judge_silence(const struct view *view, const json_t *node);
static void judge_fitness(const struct view *view, const json_t *node);
static void judge_path(const struct view *view, const json_t *node);
static void judge_check(const struct view *view, const json_t *check);
static void judge_swarm(const struct view *view, const json_t *split);
static void judge_reload(const struct view *view, const json_t *reload);
static void problem(const struct view *view, enum verdict_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

const char *verdict_status_name(enum verdict_status status)
{
    assert(status < VERDICT_STATUS_COUNT);
    return status_names[status];
}

void verdict_judge(const json_t *facts, struct verdict *ret)
{
    const struct view view = {
        .facts = facts,
        .self = facts_text_or(facts, "node", "this node"),
        .interval_ms = facts_number(facts, "interval_ms"),
        .starting = facts_is_true(facts, "starting"),
        .checker_lost = facts_is_true(facts, "checker_lost"),
        .verdict = ret,
    };
    const json_t *item;
    size_t i;

    *ret = (struct verdict){
        .status = VERDICT_OK,
        .critical = json_array(),
        .warnings = json_array(),
    };
    json_array_foreach(json_object_get(facts, "vips"), i, item)
    {
        judge_vip(&view, item);
    }
    json_array_foreach(json_object_get(facts, "nodes"), i, item)
    {
        judge_node(&view, item);
    }
    json_array_foreach(json_object_get(facts, "checks"), i, item)
    {
        judge_check(&view, item);
    }
    if (view.checker_lost)
        problem(&view, VERDICT_WARNING,
                "the checker of %s has ended for good, the last results of its checks count on: "
                "restart vipgossipd",
                view.self);
    judge_swarm(&view, json_object_get(facts, "swarm_split"));
    judge_reload(&view, json_object_get(facts, "reload"));
}

void verdict_write(const struct verdict *verdict, json_t *facts)
{
    json_t *problems = json_array();

    (void)json_array_extend(problems, verdict->critical);
    (void)json_array_extend(problems, verdict->warnings);
    (void)json_object_set_new(facts, "status", json_string(status_names[verdict->status]));
    (void)json_object_set_new(facts, "problems", problems);
}

void verdict_deinit(struct verdict *verdict)
{
    json_decref(verdict->critical);
    json_decref(verdict->warnings);
    *verdict = (struct verdict){.status = VERDICT_UNKNOWN};
}

/* "swarm-1, swarm-2 and swarm-3" */
struct names {
    char text[512];
};

static struct names join(const json_t *list)
{
    struct names ret = {.text = ""};
    const size_t count = json_array_size(list);
    const size_t shown = count > NAMES_SHOWN_MAX ? NAMES_SHOWN_MAX - 1 : count;
    size_t used = 0;

    for (size_t i = 0; i < shown && used < sizeof(ret.text); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        const char *before = i == 0 ? "" : i + 1 == count ? " and " : ", ";
        used += (size_t)snprintf(ret.text + used, sizeof(ret.text) - used, "%s%s", before,
                                 name != NULL ? name : "?");
    }
    if (shown < count && used < sizeof(ret.text))
        (void)snprintf(ret.text + used, sizeof(ret.text) - used, " and %zu more", count - shown);
    return ret;
}

static void judge_vip(const struct view *view, const json_t *vip)
{
    const char *name = facts_text_or(vip, "name", "?");
    const json_t *holders = json_object_get(vip, "holders");
    const char *answered_by = facts_text(vip, "answered_by");
    bool explained;

    if (json_array_size(holders) > 1)
        problem(view, VERDICT_CRITICAL,
                "VIP %s is held by %s at once: they do not hear each other, mend the network or "
                "the firewall between them",
                name, join(holders).text);
    if (answered_by != NULL)
        problem(view, VERDICT_CRITICAL,
                "VIP %s is answered for by %s while %s hears none of its peers, so %s does not "
                "claim it: make key_file the same on all nodes and let UDP through between them",
                name, answered_by, view->self, view->self);
    else
        judge_conflict(view, vip);
    explained = judge_faults(view, vip);
    explained = judge_majority(view, vip) || explained;
    if (!explained && answered_by == NULL)
        judge_vacancy(view, vip);
    judge_tier(view, vip);
    judge_reach(view, vip);
}

/* A node that is not heard, and whose host still answers: two may serve. True if it was that. */
static bool judge_unheard(const struct view *view, const json_t *vip)
{
    const json_t *conflict = json_object_get(vip, "conflict");
    const char *node = facts_text(conflict, "node");
    const struct duration_text last = duration_from_ms(facts_number(conflict, "last_ms"));

    if (node == NULL)
        return false;
    problem(
        view, VERDICT_CRITICAL,
        "VIP %s is used by node %s too, which is not heard by %s, %s, last seen %s ago: look on "
        "%s whether a firewall drops UDP between the nodes, or whether its daemon ended and left "
        "the address behind (ip address)",
        facts_text_or(vip, "name", "?"), node, view->self, facts_text_or(conflict, "mac", "?"),
        last.text, node);
    return true;
}

/* A host outside the cluster. One that answers before anybody has claimed the VIP keeps it so. */
static void judge_conflict(const struct view *view, const json_t *vip)
{
    const char *name = facts_text_or(vip, "name", "?");
    const char *holder = facts_text(vip, "holder");
    const json_t *conflict = json_object_get(vip, "conflict");
    const struct duration_text last = duration_from_ms(facts_number(conflict, "last_ms"));

    if (!json_is_object(conflict) || judge_unheard(view, vip))
        return;
    problem(view, VERDICT_CRITICAL,
            "VIP %s is used by a host outside the cluster too, %s, last seen %s ago; %s: find it "
            "by that MAC address (the switch knows its port) and take the address away from it",
            name, facts_text_or(conflict, "mac", "?"), last.text,
            holder != NULL ? "the holder defends it" : "nobody claims it before that host is gone");
}

/* The nodes in fault on the VIP: critical while nobody holds it. True if that was said. */
static bool judge_faults(const struct view *view, const json_t *vip)
{
    const char *name = facts_text_or(vip, "name", "?");
    const char *holder = facts_text(vip, "holder");
    const char *detail = facts_text(vip, "error");
    const enum verdict_status status = holder != NULL ? VERDICT_WARNING : VERDICT_CRITICAL;
    bool found = false;
    const json_t *fault;
    size_t i;

    if (facts_is(vip, "state", "fault")) {
        found = true;
        if (detail == NULL)
            detail = facts_text_or(vip, "reason", "no reason known");
        problem(view, status,
                "VIP %s is in fault on %s (%s), held by %s: mend that, vipgossipd then tries again "
                "by itself",
                name, view->self, detail, holder != NULL ? holder : "nobody");
    }
    json_array_foreach(json_object_get(vip, "faults"), i, fault)
    {
        const char *node = json_string_value(fault);
        if (node == NULL || strcmp(node, view->self) == 0)
            continue;
        found = true;
        problem(view, status,
                "VIP %s is in fault on %s, held by %s: run 'vipgossip status' on %s and mend what "
                "it names",
                name, node, holder != NULL ? holder : "nobody", node);
    }
    return found && status == VERDICT_CRITICAL;
}

/* Mode quorum, on the wrong side of a cut. True if it was said. */
static bool judge_majority(const struct view *view, const json_t *vip)
{
    const char *name = facts_text_or(vip, "name", "?");
    const int64_t needed = facts_number(json_object_get(vip, "votes"), "needed");

    if (!facts_is_false(vip, "sees_majority") || view->starting)
        return false;
    problem(view, VERDICT_CRITICAL,
            "VIP %s: %s and %" PRId64 " voters, itself included, do not hear each other, so it can "
            "neither hold it nor take it: mend the network between them, or start vipgossipd on "
            "those that are dead",
            name, view->self, needed);
    return true;
}

static void judge_vacancy(const struct view *view, const json_t *vip)
{
    const char *name = facts_text_or(vip, "name", "?");
    const char *next = facts_text(vip, "next");
    const int64_t since_ms = facts_number(vip, "since_ms");
    const struct duration_text since = duration_from_ms(since_ms);

    if (facts_text(vip, "holder") != NULL || view->interval_ms < 0)
        return;
    if (since_ms <= VACANT_INTERVALS * view->interval_ms)
        return;
    if (next != NULL)
        problem(view, VERDICT_CRITICAL,
                "VIP %s has had no holder for %s, though %s should take it: read the log of "
                "vipgossipd on %s",
                name, since.text, next, next);
    else
        problem(view, VERDICT_CRITICAL,
                "VIP %s has had no holder for %s and no node can take it: start vipgossipd on one "
                "of its candidates",
                name, since.text);
}

static bool is_drained_in_swarm(const struct view *view, const char *name)
{
    const json_t *node;
    size_t i;

    json_array_foreach(json_object_get(view->facts, "nodes"), i, node)
    {
        if (facts_is(node, "name", name))
            return facts_is(node, "availability", "drain");
    }
    return false;
}

/* Unhealthy or drained nodes serve when nobody else lives (fail_open). */
static void judge_tier(const struct view *view, const json_t *vip)
{
    const char *name = facts_text_or(vip, "name", "?");
    const char *holder = facts_text(vip, "holder");
    const int64_t tier = facts_number(vip, "tier");

    if (holder == NULL)
        return;
    if (tier == TIER_UNHEALTHY)
        problem(view, VERDICT_WARNING,
                "VIP %s is held by %s although it is unhealthy, because no healthy candidate "
                "lives: mend %s or start another candidate",
                name, holder, holder);
    if (tier == TIER_DRAINED && is_drained_in_swarm(view, holder))
        problem(view, VERDICT_WARNING,
                "VIP %s is held by %s although it is drained in the swarm, because no other "
                "candidate lives: docker node update --availability active %s, or start another "
                "candidate",
                name, holder, holder);
    else if (tier == TIER_DRAINED)
        problem(view, VERDICT_WARNING,
                "VIP %s is held by %s although it is drained, because no other candidate lives: "
                "start another candidate",
                name, holder);
}

/* The network carries heartbeats and swallows the address. One standby that reaches it shows that
 * it does not; another that does not is a note (status.c). */
static void judge_reach(const struct view *view, const json_t *vip)
{
    const char *name = facts_text_or(vip, "name", "?");
    const char *holder = facts_text(vip, "holder");
    const json_t *unverified = json_object_get(vip, "unverified_by");

    if (holder == NULL || json_array_size(unverified) == 0 ||
        json_array_size(json_object_get(vip, "verified_by")) > 0)
        return;
    problem(view, VERDICT_CRITICAL,
            "VIP %s is held by %s and reached by nobody: %s asked on the wire who has it and got "
            "no answer from there. Allow the address on the port of every node (OpenStack: "
            "allowed-address-pairs; AWS, GCP: source/destination check; a switch or hypervisor: "
            "port security, MAC and ARP filters), and run 'vipgossip doctor' on %s",
            name, holder, join(unverified).text, holder);
}

static void judge_node(const struct view *view, const json_t *node)
{
    const char *name = facts_text_or(node, "name", "?");

    if (facts_is_true(node, "self"))
        return;
    judge_silence(view, node);
    if (!facts_is(node, "state", "alive") && !facts_is(node, "state", "suspect"))
        return;
    if (facts_is(node, "config", "differs"))
        problem(view, VERDICT_WARNING,
                "the configuration of node %s differs from that of %s: make the file the same on "
                "all nodes and call 'vipgossip reload' where it changed",
                name, view->self);
    judge_fitness(view, node);
    judge_path(view, node);
}

/* What the checks of another node say; those of this one are known one by one. */
static void judge_fitness(const struct view *view, const json_t *node)
{
    const char *name = facts_text_or(node, "name", "?");
    const json_t *vips = json_object_get(node, "unhealthy_vips");

    if (facts_is_false(node, "healthy"))
        problem(view, VERDICT_WARNING,
                "node %s is unhealthy: run 'vipgossip status' on %s and mend what the check that "
                "fails looks at",
                name, name);
    else if (json_array_size(vips) > 0)
        problem(view, VERDICT_WARNING,
                "node %s is unhealthy for VIP %s: run 'vipgossip status' on %s and mend what the "
                "check that fails looks at",
                name, join(vips).text, name);
}

/* A node that does not say what it should. `left` is no problem if somebody stopped it in order. */
static void judge_silence(const struct view *view, const json_t *node)
{
    const char *name = facts_text_or(node, "name", "?");
    const struct duration_text heard = duration_from_ms(facts_number(node, "last_heard_ms"));
    const int64_t mac_failures = facts_number(node, "mac_failures");
    const bool dead = facts_is(node, "state", "dead");
    const bool unknown = facts_is(node, "state", "unknown");

    if (facts_is(node, "state", "suspect"))
        problem(view, VERDICT_WARNING,
                "node %s is suspect, last heard %s ago: if it stays so, look at its load and at "
                "the network to it",
                name, heard.text);
    if (facts_is_true(node, "crashed"))
        problem(view, VERDICT_WARNING,
                "node %s ended %s ago without being stopped: look at the log of vipgossipd there, "
                "and start it again",
                name, heard.text);
    if ((dead || unknown) && mac_failures > 0)
        problem(view, VERDICT_WARNING,
                "node %s is %s, and %" PRId64 " datagrams in its name had a wrong MAC: if the key "
                "there is another one, copy key_file from %s to it",
                name, dead ? "dead" : "not heard", mac_failures, view->self);
    else if (dead)
        problem(view, VERDICT_WARNING,
                "node %s is dead, last heard %s ago: start vipgossipd there, or take the node out "
                "of the configuration",
                name, heard.text);
    else if (unknown && !view->starting)
        problem(view, VERDICT_WARNING,
                "node %s has not been heard since vipgossipd started on %s: start vipgossipd "
                "there, or mend its address in the configuration or the firewall for UDP",
                name, view->self);
}

/* "Direct" has two directions: what this node hears, and what the other one says that it hears. */
static void judge_path(const struct view *view, const json_t *node)
{
    static const char relayed[] = "relayed via ";
    const char *name = facts_text_or(node, "name", "?");
    const char *path = facts_text_or(node, "path", "");

    if (strncmp(path, relayed, sizeof(relayed) - 1) == 0)
        problem(view, VERDICT_WARNING,
                "node %s is heard by %s only through %s: mend the network or the firewall between "
                "%s and %s",
                name, view->self, path + sizeof(relayed) - 1, name, view->self);
    else if (facts_is_false(node, "hears_me") && !view->starting)
        problem(view, VERDICT_WARNING,
                "node %s does not hear %s directly: mend the network or the firewall between %s "
                "and %s",
                name, view->self, view->self, name);
}

static void judge_check(const struct view *view, const json_t *check)
{
    const char *name = facts_text_or(check, "name", "?");
    const char *detail = facts_text(check, "detail");
    const int64_t heard_ms = facts_number(check, "heard_ms");
    const int64_t patience_ms =
        facts_number(check, "interval_ms") + facts_number(check, "timeout_ms") + STALE_MS;

    if (facts_is_false(check, "ok") && detail == NULL)
        problem(view, VERDICT_WARNING,
                "check %s counts as failed on %s, because it has had no result since the start: "
                "read the log of vipgossipd for what it says of the checker",
                name, view->self);
    else if (facts_is_false(check, "ok"))
        problem(view, VERDICT_WARNING, "check %s fails on %s (%s): mend what it looks at", name,
                view->self, detail);
    if (heard_ms > patience_ms && !view->checker_lost)
        problem(view, VERDICT_WARNING,
                "check %s has had no result on %s for %s, the last one counts on: read the log of "
                "vipgossipd for what it says of the checker",
                name, view->self, duration_from_ms(heard_ms).text);
}

/* The only place where the status gets worse. */
static void problem(const struct view *view, enum verdict_status status, const char *format, ...)
{
    json_t *list = status == VERDICT_CRITICAL ? view->verdict->critical : view->verdict->warnings;
    va_list arguments;

    va_start(arguments, format);
    (void)json_array_append_new(list, json_vsprintf(format, arguments));
    va_end(arguments);
    if (status > view->verdict->status)
        view->verdict->status = status;
}

/* The file and what runs may differ until the next one. */
static void judge_reload(const struct view *view, const json_t *reload)
{
    const char *error = facts_text(reload, "error");

    if (error != NULL)
        problem(view, VERDICT_WARNING,
                "the last reload of %s failed and what was before stays: %s; correct it and call "
                "'vipgossip reload'",
                view->self, error);
}

/* The words of managers are compared by the index of their swarm's log. */
static void judge_swarm(const struct view *view, const json_t *split)
{
    const char *one = json_string_value(json_array_get(split, 0));
    const char *other = json_string_value(json_array_get(split, 1));

    if (one != NULL && other != NULL)
        problem(view, VERDICT_WARNING,
                "%s and %s are managers of different Docker Swarms, and who is drained in one of "
                "them may be missed: compare 'docker node ls' on both, and give each swarm a "
                "cluster of its own",
                one, other);
}
