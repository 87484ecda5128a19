// SPDX-License-Identifier: MIT
/*
 * `vipgossip drain` and `vipgossip undrain`: this node gives its VIPs away, and takes none while
 * another candidate lives, also after a restart.
 */
#include "command.h"
#include "facts.h"
#include "ipc/control.h"
#include "order.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* The keeper writes one small file: longer than that is a disk that hangs. */
#define KEPT_WAIT_MS 5000
#define POLL_MS      20

struct order {
    const struct invocation *invocation;
    bool drained;
    int64_t begin_ms;
};

static int send_order(const struct order *order)
{
    const char *word = order->drained ? CONTROL_DRAIN : CONTROL_UNDRAIN;
    const char *vip = order->invocation->vip;
    char request[CONTROL_REQUEST_MAX];
    json_t *answer = NULL;
    int length = snprintf(request, sizeof(request), "%s%s%s", word, vip != NULL ? " " : "",
                          vip != NULL ? vip : "");

    if (length >= (int)sizeof(request) - 1 || strchr(request, '\n') != NULL) {
        (void)fprintf(order->invocation->streams.err,
                      "vipgossip: '%s' is no name of a VIP: 'vipgossip status' lists them\n", vip);
        return TOOL_REFUSED;
    }
    length = order_ask(order->invocation, request, &answer);
    json_decref(answer);
    return length;
}

/* Is the order about that VIP? */
static bool concerns(const struct order *order, const json_t *vip)
{
    const char *name = order->invocation->vip;

    return name == NULL || facts_is(vip, "name", name);
}

/* Is that VIP served by another node? */
static bool is_elsewhere(const json_t *facts, const json_t *vip)
{
    const char *holder = facts_text(vip, "holder");

    return holder != NULL && !facts_is(facts, "node", holder) &&
           facts_is(vip, "state", "standby") && !facts_is_true(vip, "in_kernel");
}

static bool all_are_elsewhere(const struct order *order, const json_t *facts)
{
    const json_t *vip;
    size_t i;

    json_array_foreach(json_object_get(facts, "vips"), i, vip)
    {
        if (concerns(order, vip) && !is_elsewhere(facts, vip))
            return false;
    }
    return true;
}

/* "ingress: held by swarm-2", and why not if it is not. */
static void print_vip(const json_t *facts, const json_t *vip, FILE *out)
{
    const char *name = facts_text_or(vip, "name", "?");
    const char *holder = facts_text(vip, "holder");
    const char *next = facts_text(vip, "next");

    if (is_elsewhere(facts, vip))
        (void)fprintf(out, "%s: held by %s\n", name, holder);
    else if (holder == NULL)
        (void)fprintf(out, "%s: held by nobody at the moment; see 'vipgossip status'\n", name);
    else if (next != NULL)
        (void)fprintf(out, "%s: still here, it goes to %s\n", name, next);
    else
        (void)fprintf(out,
                      "%s: stays here, no other candidate lives; it goes when one does. See "
                      "'vipgossip status'\n",
                      name);
}

static void print_state(const struct order *order, const json_t *facts)
{
    FILE *out = order->invocation->streams.out;
    const char *vip = order->invocation->vip;
    const json_t *item;
    size_t i;

    (void)fprintf(out, "%s is %s%s%s\n", facts_text_or(facts, "node", "this node"),
                  order->drained ? "drained" : "not drained any more", vip != NULL ? " for " : "",
                  vip != NULL ? vip : "");
    if (!order->drained)
        return;
    json_array_foreach(json_object_get(facts, "vips"), i, item)
    {
        if (concerns(order, item))
            print_vip(facts, item, out);
    }
}

/* Is there nothing left to wait for? */
static bool is_over(const struct order *order, const json_t *facts)
{
    const json_t *kept = json_object_get(json_object_get(facts, "drain"), "kept");
    const int64_t waited_ms = order_now_ms() - order->begin_ms;
    const int64_t wait_ms = order->invocation->wait_ms;

    if (json_is_null(kept) && waited_ms < KEPT_WAIT_MS)
        return false;
    return wait_ms < 0 || all_are_elsewhere(order, facts) || waited_ms >= wait_ms;
}

static int conclude(const struct order *order, const json_t *facts)
{
    const json_t *drain = json_object_get(facts, "drain");
    FILE *err = order->invocation->streams.err;
    int code = TOOL_DONE;

    print_state(order, facts);
    if (!facts_is_true(drain, "kept")) {
        (void)fprintf(
            err,
            "vipgossip: this holds until the daemon is started again, since it cannot be "
            "kept (%s): state_dir has to be a directory that vipgossipd can write to, on a "
            "disk that answers\n",
            facts_text_or(drain, "error", "no answer from the disk"));
        code = TOOL_REFUSED;
    }
    if (order->invocation->wait_ms >= 0 && !all_are_elsewhere(order, facts)) {
        (void)fprintf(err, "vipgossip: not every VIP is served elsewhere after %" PRId64 " ms\n",
                      order->invocation->wait_ms);
        code = TOOL_REFUSED;
    }
    return code;
}

static int run(const struct order *order)
{
    json_t *facts = NULL;
    int code = send_order(order);

    while (code == TOOL_DONE) {
        code = order_ask(order->invocation, CONTROL_STATUS, &facts);
        if (code == TOOL_DONE && is_over(order, facts)) {
            code = conclude(order, facts);
            json_decref(facts);
            break;
        }
        json_decref(facts);
        facts = NULL;
        order_pause_ms(POLL_MS);
    }
    return code;
}

int drain_command(const struct invocation *invocation)
{
    return run(
        &(struct order){.invocation = invocation, .drained = true, .begin_ms = order_now_ms()});
}

int undrain_command(const struct invocation *invocation)
{
    return run(
        &(struct order){.invocation = invocation, .drained = false, .begin_ms = order_now_ms()});
}
