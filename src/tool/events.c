// SPDX-License-Identifier: MIT
/*
 * `vipgossip events`: what changed, when and why, one line each.
 */
#include "command.h"
#include "facts.h"
#include "ipc/control.h"
#include "tool/client.h"
#include "tool/table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct local_time {
    char text[40];
};

static void print_event(const json_t *event, FILE *out);
static struct local_time to_local_time(const char *rfc3339);

int events_command(const struct invocation *invocation)
{
    const bool json = (invocation->flags & FLAG_JSON) != 0;
    const bool follow = (invocation->flags & FLAG_FOLLOW) != 0;
    FILE *out = invocation->streams.out;
    struct client_error error = {.text =
                                     "vipgossipd closed the connection: it stopped or restarts"};
    struct client client;
    json_t *event;
    int result;

    result = client_open(invocation->socket, follow ? CONTROL_EVENTS_FOLLOW : CONTROL_EVENTS,
                         follow, &client, &error);
    if (result == 0) {
        while ((result = client_next(&client, &event, &error)) == 1) {
            if (json) {
                (void)json_dumpf(event, out, JSON_COMPACT | JSON_PRESERVE_ORDER);
                (void)fputc('\n', out);
            } else {
                print_event(event, out);
            }
            json_decref(event);
            /* Who follows reads each line as it happens, also through a pipe. */
            if (follow && fflush(out) != 0)
                break;
        }
        client_close(&client);
    }
    if (result == 1 || (result == 0 && !follow))
        return TOOL_DONE;
    (void)fprintf(invocation->streams.err, "vipgossip: %s\n", error.text);
    return TOOL_NO_DAEMON;
}

/* What stands before "from -> to", by kind. */
static const char *label(const json_t *event)
{
    if (facts_is(event, "kind", "state"))
        return "here";
    return facts_text_or(event, "kind", "-");
}

/* "2026-11-22 14:03:11.123  ingress  holder swarm-1 -> swarm-2  its holder died" */
static void print_event(const json_t *event, FILE *out)
{
    const char *nothing = facts_is(event, "kind", "holder") ? "nobody" : "-";
    const char *subject = facts_text(event, "vip");
    const char *about = subject != NULL ? facts_text(event, "node") : NULL;
    const char *error = facts_text(event, "error");
    const char *mac = facts_text(event, "mac");
    const char *detail = facts_text(event, "detail");
    char *text = NULL;
    size_t size = 0;
    FILE *line = open_memstream(&text, &size);

    if (line == NULL)
        return;
    if (subject == NULL)
        subject = facts_text_or(event, "node", "-");
    (void)fprintf(line, "%s  %-12s  %-8s %s -> %s  %s",
                  to_local_time(facts_text_or(event, "time", "-")).text, subject, label(event),
                  facts_text_or(event, "from", nothing), facts_text_or(event, "to", nothing),
                  facts_text_or(event, "reason", ""));
    if (about != NULL)
        (void)fprintf(line, " (%s)", about);
    if (detail != NULL)
        (void)fprintf(line, " (%s)", detail);
    if (error != NULL)
        (void)fprintf(line, " (%s)", error);
    if (mac != NULL)
        (void)fprintf(line, " (%s)", mac);
    if (fclose(line) == 0) {
        text_clean(text);
        (void)fprintf(out, "%s\n", text);
    }
    free(text);
}

/* "2026-11-22T14:03:11.123Z" as "2026-11-22 15:03:11.123" of the local zone; as it is, if it is
 * something else. */
static struct local_time to_local_time(const char *rfc3339)
{
    struct local_time ret;
    struct tm utc = {.tm_isdst = 0};
    struct tm local;
    const char *fraction = strptime(rfc3339, "%Y-%m-%dT%H:%M:%S", &utc);
    const size_t digits = fraction != NULL ? strspn(fraction, ".0123456789") : 0;
    const time_t seconds = timegm(&utc);
    size_t used;

    (void)snprintf(ret.text, sizeof(ret.text), "%s", rfc3339);
    if (fraction == NULL || strcmp(fraction + digits, "Z") != 0)
        return ret;
    if (localtime_r(&seconds, &local) == NULL)
        return ret;
    used = strftime(ret.text, sizeof(ret.text), "%Y-%m-%d %H:%M:%S", &local);
    (void)snprintf(ret.text + used, sizeof(ret.text) - used, "%.*s", (int)digits, fraction);
    return ret;
}
