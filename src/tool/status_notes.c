// SPDX-License-Identifier: MIT
#include "status_notes.h"

#include "facts.h"

#include <inttypes.h>
#include <stdbool.h>

/* A swarm's manager has told it to serve last; that is what it does. */
static void print_availability(const json_t *node, FILE *out)
{
    const char *name = facts_text_or(node, "name", "?");
    const char *by = facts_text(node, "availability_by");
    const bool is_drained = facts_is(node, "availability", "drain");

    if (!is_drained && !facts_is(node, "availability", "pause"))
        return;
    (void)fprintf(
        out, "Note: %s is %s in the swarm, %s%s: docker node update --availability active %s\n",
        name, is_drained ? "drained" : "paused", by != NULL ? "says " : "as a manager said last",
        by != NULL ? by : "", name);
}

/* Some reach the holder and some do not. */
static void print_reach(const json_t *vip, FILE *out)
{
    const json_t *unverified = json_object_get(vip, "unverified_by");
    const char *holder = facts_text(vip, "holder");
    const json_t *node;
    size_t i;

    if (holder == NULL || json_array_size(json_object_get(vip, "verified_by")) == 0)
        return;
    json_array_foreach(unverified, i, node)
    {
        (void)fprintf(out,
                      "Note: %s asked on the wire who has VIP %s and gets no answer from %s, "
                      "though others do: look at the network between the two.\n",
                      json_string_value(node), facts_text_or(vip, "name", "?"), holder);
    }
}

void status_print_notes(const json_t *facts, FILE *out)
{
    const json_t *vip;
    const json_t *node;
    size_t i;

    if (facts_is_true(facts, "starting"))
        (void)fprintf(out, "Note: %s is starting and claims nothing yet.\n",
                      facts_text_or(facts, "node", "this node"));
    if (facts_number(facts, "abstains_ms") > 0)
        (void)fprintf(
            out,
            "Note: %s has started anew and gives no vote for another %.1f s; wait so long "
            "before you stop another node.\n",
            facts_text_or(facts, "node", "this node"),
            (double)facts_number(facts, "abstains_ms") / 1e3);
    json_array_foreach(json_object_get(facts, "vips"), i, vip)
    {
        const int64_t removals = facts_number(vip, "foreign_removals");
        print_reach(vip, out);
        if (removals <= 0)
            continue;
        (void)fprintf(out,
                      "Note: another program removed an address of VIP %s from this node (%" PRId64
                      " so far), and it was put back; systemd-networkd stops that with "
                      "KeepConfiguration=yes.\n",
                      facts_text_or(vip, "name", "?"), removals);
    }
    json_array_foreach(json_object_get(facts, "nodes"), i, node)
    {
        print_availability(node, out);
    }
}
