// SPDX-License-Identifier: MIT
/*
 * `vipgossip reload`: this node reads its configuration and its keys anew.
 */
#include "command.h"
#include "facts.h"
#include "ipc/control.h"
#include "order.h"

#include <stdbool.h>

/* The daemon gives up earlier: 30 s for a file that is none, 5 s for a kernel that refuses. */
#define PATIENCE_MS 40000
#define POLL_MS     20

/* TOOL_DONE, and `ret` true once there is a verdict; else an exit code after saying why. */
static int look(const struct invocation *invocation, int64_t number, json_t **ret)
{
    json_t *facts = NULL;
    const int code = order_ask(invocation, CONTROL_STATUS, &facts);

    *ret = NULL;
    if (code == TOOL_DONE) {
        json_t *reload = json_object_get(facts, "reload");

        if (facts_number(reload, "number") >= number)
            *ret = json_incref(reload);
        json_decref(facts);
    }
    return code;
}

static int conclude(const struct invocation *invocation, json_t *reload)
{
    const char *applied = facts_text(reload, "applied");

    if (applied != NULL) {
        (void)fprintf(invocation->streams.out, "applied: %s\n", applied);
        return TOOL_DONE;
    }
    (void)fprintf(invocation->streams.err,
                  "vipgossip: %s\n"
                  "vipgossip: the running configuration stays\n",
                  facts_text_or(reload, "error", "no reason was given: see the daemon's log"));
    return TOOL_REFUSED;
}

int reload_command(const struct invocation *invocation)
{
    const int64_t end_ms = order_now_ms() + PATIENCE_MS;
    json_t *answer = NULL;
    json_t *reload = NULL;
    int code = order_ask(invocation, CONTROL_RELOAD, &answer);
    int64_t number;

    if (code != TOOL_DONE)
        return code;
    number = facts_number(answer, "number");
    json_decref(answer);
    while (code == TOOL_DONE && reload == NULL && order_now_ms() < end_ms) {
        order_pause_ms(POLL_MS);
        code = look(invocation, number, &reload);
    }
    if (code != TOOL_DONE)
        return code;
    if (reload == NULL) {
        (void)fprintf(invocation->streams.err,
                      "vipgossip: no verdict after %d s: see the daemon's log\n",
                      PATIENCE_MS / 1000);
        return TOOL_REFUSED;
    }
    code = conclude(invocation, reload);
    json_decref(reload);
    return code;
}
