// SPDX-License-Identifier: MIT
#include "tool/verdict.h"

#include "facts.h"
#include "tool/duration.h"
#include "verdict_view.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A check without a result for so long beyond its interval and timeout is not run. A checker that
 * died is back after a second or two, so nobody is told of that. */
#define STALE_MS 5000

#define NAMES_SHOWN_MAX 4

static const char *const status_names[] = {
    [VERDICT_OK] = "ok",
    [VERDICT_WARNING] = "warning",
    [VERDICT_CRITICAL] = "critical",
    [VERDICT_UNKNOWN] = "unknown",
};
static_assert(sizeof(status_names) / sizeof(status_names[0]) == VERDICT_STATUS_COUNT,
              "a name per status");

static void judge_node(const struct view *view, const json_t *node);
static void judge_silence(const struct view *view, const json_t *node);
static void judge_fitness(const struct view *view, const json_t *node);
static void judge_path(const struct view *view, const json_t *node);
static void judge_check(const struct view *view, const json_t *check);
static void judge_swarm(const struct view *view, const json_t *split);
static void judge_reload(const struct view *view, const json_t *reload);

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
        .mute = facts_is_true(facts, "mute"),
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
        verdict_judge_vip(&view, item);
    }
    if (view.mute)
        verdict_problem(&view, VERDICT_WARNING,
                        "%s can send no heartbeat to any node: see to it that its address is on "
                        "this host, its interface up, and UDP not blocked by a firewall",
                        view.self);
    json_array_foreach(json_object_get(facts, "nodes"), i, item)
    {
        judge_node(&view, item);
    }
    json_array_foreach(json_object_get(facts, "checks"), i, item)
    {
        judge_check(&view, item);
    }
    if (view.checker_lost)
        verdict_problem(
            &view, VERDICT_WARNING,
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

struct names verdict_join(const json_t *list)
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

static void judge_node(const struct view *view, const json_t *node)
{
    const char *name = facts_text_or(node, "name", "?");

    if (facts_is_true(node, "self"))
        return;
    judge_silence(view, node);
    if (!facts_is(node, "state", "alive") && !facts_is(node, "state", "suspect"))
        return;
    if (facts_is(node, "config", "differs"))
        verdict_problem(
            view, VERDICT_WARNING,
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
        verdict_problem(
            view, VERDICT_WARNING,
            "node %s is unhealthy: run 'vipgossip status' on %s and mend what the check that "
            "fails looks at",
            name, name);
    else if (json_array_size(vips) > 0)
        verdict_problem(
            view, VERDICT_WARNING,
            "node %s is unhealthy for VIP %s: run 'vipgossip status' on %s and mend what the "
            "check that fails looks at",
            name, verdict_join(vips).text, name);
}

/* A node that does not say what it should. `left` is no problem if somebody stopped it in order. */
static void judge_silence(const struct view *view, const json_t *node)
{
    const char *name = facts_text_or(node, "name", "?");
    const struct duration_text heard = duration_from_ms(facts_number(node, "last_heard_ms"));
    const int64_t mac_failures = facts_number(node, "mac_failures");
    const bool dead = facts_is(node, "state", "dead");
    const bool unknown = facts_is(node, "state", "unknown");

    if (view->mute)
        return;
    if (facts_is(node, "state", "suspect"))
        verdict_problem(
            view, VERDICT_WARNING,
            "node %s is suspect, last heard %s ago: if it stays so, look at its load and at "
            "the network to it",
            name, heard.text);
    if (facts_is_true(node, "crashed"))
        verdict_problem(
            view, VERDICT_WARNING,
            "node %s ended %s ago without being stopped: look at the log of vipgossipd there, "
            "and start it again",
            name, heard.text);
    if ((dead || unknown) && mac_failures > 0)
        verdict_problem(view, VERDICT_WARNING,
                        "node %s is %s, and %" PRId64
                        " datagrams in its name had a wrong MAC: if the key "
                        "there is another one, copy key_file from %s to it",
                        name, dead ? "dead" : "not heard", mac_failures, view->self);
    else if (dead)
        verdict_problem(
            view, VERDICT_WARNING,
            "node %s is dead, last heard %s ago: start vipgossipd there, or take the node out "
            "of the configuration",
            name, heard.text);
    else if (unknown && !view->starting)
        verdict_problem(
            view, VERDICT_WARNING,
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
        verdict_problem(
            view, VERDICT_WARNING,
            "node %s is heard by %s only through %s: mend the network or the firewall between "
            "%s and %s",
            name, view->self, path + sizeof(relayed) - 1, name, view->self);
    else if (facts_is_false(node, "hears_me") && !view->starting)
        verdict_problem(
            view, VERDICT_WARNING,
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
        verdict_problem(
            view, VERDICT_WARNING,
            "check %s counts as failed on %s, because it has had no result since the start: "
            "read the log of vipgossipd for what it says of the checker",
            name, view->self);
    else if (facts_is_false(check, "ok"))
        verdict_problem(view, VERDICT_WARNING, "check %s fails on %s (%s): mend what it looks at",
                        name, view->self, detail);
    if (heard_ms > patience_ms && !view->checker_lost)
        verdict_problem(
            view, VERDICT_WARNING,
            "check %s has had no result on %s for %s, the last one counts on: read the log of "
            "vipgossipd for what it says of the checker",
            name, view->self, duration_from_ms(heard_ms).text);
}

/* The only place where the status gets worse. */
void verdict_problem(const struct view *view, enum verdict_status status, const char *format, ...)
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
        verdict_problem(
            view, VERDICT_WARNING,
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
        verdict_problem(
            view, VERDICT_WARNING,
            "%s and %s are managers of different Docker Swarms, and who is drained in one of "
            "them may be missed: compare 'docker node ls' on both, and give each swarm a "
            "cluster of its own",
            one, other);
}
