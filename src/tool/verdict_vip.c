// SPDX-License-Identifier: MIT
/*
 * verdict_vip: what the facts about one VIP mean.
 */
#include "facts.h"
#include "tool/duration.h"
#include "verdict_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A VIP may be without a holder for this many intervals before that is a problem: a takeover takes
 * two on average, five at worst, and a start one more. */
#define VACANT_INTERVALS 10

enum tier {
    TIER_UNHEALTHY = 1,
    TIER_DRAINED = 2,
};

/* A node that is not heard, and whose host still answers: two may serve. True if it was that. */
static bool judge_unheard(const struct view *view, const json_t *vip)
{
    const json_t *conflict = json_object_get(vip, "conflict");
    const char *node = facts_text(conflict, "node");
    const struct duration_text last = duration_from_ms(facts_number(conflict, "last_ms"));

    if (node == NULL)
        return false;
    verdict_problem(
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
    const bool refrains = facts_is(vip, "reason", "another host answers for the address");

    if (!json_is_object(conflict) || judge_unheard(view, vip))
        return;
    verdict_problem(
        view, VERDICT_CRITICAL,
        "VIP %s is used by a host outside the cluster too, %s, last seen %s ago; %s: find it "
        "by that MAC address (the switch knows its port) and take the address away from it",
        name, facts_text_or(conflict, "mac", "?"), last.text,
        holder != NULL ? "the holder defends it"
        : refrains     ? "nobody claims it before that host is gone"
                       : "nobody else holds it");
}

/* What is wrong with the interface, and what to do. */
static void say_link(const struct view *view, const json_t *vip, enum verdict_status status)
{
    const char *interface = facts_text_or(vip, "interface", "?");
    const char *port_of = facts_text_or(vip, "port_of", "?");
    char text[512];

    if (facts_is(vip, "link", "no carrier"))
        (void)snprintf(text, sizeof(text),
                       "interface %s has no carrier: look at its cable and at the port of the "
                       "switch",
                       interface);
    else if (facts_is(vip, "link", "missing"))
        (void)snprintf(text, sizeof(text),
                       "there is no interface %s: bring it back, or correct interface in the vip "
                       "section and call 'vipgossip reload'",
                       interface);
    else if (facts_is(vip, "link", "port"))
        (void)snprintf(text, sizeof(text),
                       "interface %s is a port of %s, where nobody reaches an address: give %s the "
                       "host's address of that network, which the VIP follows, or set interface = "
                       "\"%s\" in the vip section and call 'vipgossip reload'",
                       interface, port_of, port_of, port_of);
    else
        (void)snprintf(text, sizeof(text),
                       "interface %s is down: type 'ip link set %s up', or look for who set it "
                       "down",
                       interface, interface);
    verdict_problem(view, status, "VIP %s cannot be held on %s, held by %s, because %s",
                    facts_text_or(vip, "name", "?"), view->self,
                    facts_text_or(vip, "holder", "nobody"), text);
}

/* A node whose interface carries nothing. True if nobody holds the VIP, and that is why. */
static bool judge_link(const struct view *view, const json_t *vip)
{
    const char *link = facts_text(vip, "link");
    const enum verdict_status status =
        facts_text(vip, "holder") != NULL ? VERDICT_WARNING : VERDICT_CRITICAL;

    if (link == NULL || strcmp(link, "up") == 0 || facts_text(vip, "interface") == NULL)
        return false;
    say_link(view, vip, status);
    return status == VERDICT_CRITICAL;
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
        verdict_problem(
            view, status,
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
        verdict_problem(
            view, status,
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
    verdict_problem(
        view, VERDICT_CRITICAL,
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
        verdict_problem(
            view, VERDICT_CRITICAL,
            "VIP %s has had no holder for %s, though %s should take it: read the log of "
            "vipgossipd on %s",
            name, since.text, next, next);
    else
        verdict_problem(
            view, VERDICT_CRITICAL,
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
        verdict_problem(
            view, VERDICT_WARNING,
            "VIP %s is held by %s although it is unhealthy, because no healthy candidate "
            "lives: mend %s or start another candidate",
            name, holder, holder);
    if (tier == TIER_DRAINED && is_drained_in_swarm(view, holder))
        verdict_problem(
            view, VERDICT_WARNING,
            "VIP %s is held by %s although it is drained in the swarm, because no other "
            "candidate lives: docker node update --availability active %s, or start another "
            "candidate",
            name, holder, holder);
    else if (tier == TIER_DRAINED)
        verdict_problem(
            view, VERDICT_WARNING,
            "VIP %s is held by %s although it is drained, because no other candidate lives: "
            "start another candidate",
            name, holder);
}

/* A standby that is started anew has asked the wire again after that. */
#define RESTART_MS 15000

/* The network carries heartbeats and swallows the address. One standby that reaches it shows that
 * it does not; another that does not is a note (status_notes.c). */
static void judge_reach(const struct view *view, const json_t *vip)
{
    const char *name = facts_text_or(vip, "name", "?");
    const char *holder = facts_text(vip, "holder");
    const json_t *unverified = json_object_get(vip, "unverified_by");
    const int64_t verified_ms = facts_number(vip, "verified_ms");

    if (holder == NULL || json_array_size(unverified) == 0 ||
        json_array_size(json_object_get(vip, "verified_by")) > 0)
        return;
    /* The one that did verify it may be starting anew. */
    if (verified_ms >= 0 && verified_ms < RESTART_MS)
        return;
    verdict_problem(
        view, VERDICT_CRITICAL,
        "VIP %s is held by %s and reached by nobody: %s asked on the wire who has it and got "
        "no answer from there. Allow the address on the port of every node (OpenStack: "
        "allowed-address-pairs; AWS, GCP: source/destination check; a switch or hypervisor: "
        "port security, MAC and ARP filters), and run 'vipgossip doctor' on %s",
        name, holder, verdict_join(unverified).text, holder);
}

void verdict_judge_vip(const struct view *view, const json_t *vip)
{
    const char *name = facts_text_or(vip, "name", "?");
    const json_t *holders = json_object_get(vip, "holders");
    const char *answered_by = facts_text(vip, "answered_by");
    bool explained;

    if (json_array_size(holders) > 1)
        verdict_problem(
            view, VERDICT_CRITICAL,
            "VIP %s is held by %s at once: they do not hear each other, mend the network or "
            "the firewall between them",
            name, verdict_join(holders).text);
    if (answered_by != NULL)
        verdict_problem(
            view, VERDICT_CRITICAL,
            "VIP %s is answered for by %s while %s hears none of its peers, so %s does not "
            "claim it: make key_file the same on all nodes and let UDP through between them",
            name, answered_by, view->self, view->self);
    else
        judge_conflict(view, vip);
    explained = judge_link(view, vip);
    explained = judge_faults(view, vip) || explained;
    explained = judge_majority(view, vip) || explained;
    if (!explained && answered_by == NULL)
        judge_vacancy(view, vip);
    judge_tier(view, vip);
    judge_reach(view, vip);
}
