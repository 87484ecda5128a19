// SPDX-License-Identifier: MIT
#include "hook.h"

#include "spawn.h"

#include "log/log.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS     UINT64_C(1000000)
#define LOOK_AGAIN_MS 1000
#define VARIABLES     9
#define VARIABLE_TEXT 320
#define ADDRESS_TEXT  ((size_t)CONF_ADDRESSES_MAX * CONF_ADDRESS_TEXT + 32)

/* What the program finds in its environment. */
struct environment {
    char texts[VARIABLES][VARIABLE_TEXT];
    char addresses[ADDRESS_TEXT];
    const char *list[VARIABLES + 3];
};

static void call_next(struct hook *hook);

static const char *event_name(const struct hook *hook)
{
    return ipc_news_event_name((enum ipc_news_event)hook->current->event);
}

/* The addresses of the VIP without their prefixes, separated by blanks. */
static void write_addresses(const struct ipc_news *news, char *text, size_t size)
{
    size_t length = (size_t)snprintf(text, size, "VIPGOSSIP_ADDRESSES=");

    for (unsigned i = 0; i < news->address_count && length < size; i++) {
        char address[CONF_ADDRESS_TEXT];

        length += (size_t)snprintf(text + length, size - length, "%s%s", i > 0 ? " " : "",
                                   conf_address_text(&news->addresses[i], false, address));
    }
}

static struct environment *make_environment(const struct hook *hook)
{
    const struct {
        const char *name;
        const char *value;
    } variables[VARIABLES] = {
        {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
        {"VIPGOSSIP_EVENT", event_name(hook)},
        {"VIPGOSSIP_VIP", hook->current->vip},
        {"VIPGOSSIP_STATE", hook->current->state},
        {"VIPGOSSIP_HOLDER", hook->current->holder},
        {"VIPGOSSIP_REASON", hook->current->reason},
        {"VIPGOSSIP_NODE", hook->node},
        {"VIPGOSSIP_CLUSTER", hook->conf->cluster},
        {"VIPGOSSIP_CHECK", hook->current->check},
    };
    struct environment *environment = calloc(1, sizeof(*environment));

    if (environment == NULL)
        return NULL;
    for (unsigned i = 0; i < VARIABLES; i++) {
        (void)snprintf(environment->texts[i], VARIABLE_TEXT, "%s=%s", variables[i].name,
                       variables[i].value);
        environment->list[i] = environment->texts[i];
    }
    write_addresses(hook->current, environment->addresses, sizeof(environment->addresses));
    environment->list[VARIABLES] = environment->addresses;
    return environment;
}

static json_t *text_or_null(const char *text)
{
    return text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *list_addresses(const struct ipc_news *news)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < news->address_count; i++) {
        char text[CONF_ADDRESS_TEXT];

        (void)json_array_append_new(
            list, json_string(conf_address_text(&news->addresses[i], true, text)));
    }
    return list;
}

/* One object and a newline; NULL without memory. To be freed. */
static char *make_input(const struct hook *hook)
{
    json_t *object =
        json_pack("{s:s, s:o, s:o, s:s, s:o, s:s, s:s, s:s, s:o}", "event", event_name(hook), "vip",
                  text_or_null(hook->current->vip), "addresses", list_addresses(hook->current),
                  "state", hook->current->state, "holder", text_or_null(hook->current->holder),
                  "reason", hook->current->reason, "node", hook->node, "cluster",
                  hook->conf->cluster, "check", text_or_null(hook->current->check));
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    char *line = NULL;

    if (text != NULL && asprintf(&line, "%s\n", text) < 0)
        line = NULL;
    free(text);
    json_decref(object);
    return line;
}

static void on_ended(void *arg, enum spawn_end end, int number, const char *line)
{
    struct hook *hook = arg;
    const char *program = conf_word(hook->conf, &hook->conf->hook, 0);
    const char *colon = line[0] != '\0' ? ": " : "";

    hook->spawn = NULL;
    (void)uv_timer_stop(&hook->limit);
    if (end == SPAWN_FLOODED)
        log_warning("hook %s, %s: it printed more than %d KiB and was killed", program,
                    event_name(hook), SPAWN_OUTPUT_MAX / 1024);
    else if (end == SPAWN_SIGNALED)
        log_warning("hook %s, %s: killed by signal %d (%s)%s%s", program, event_name(hook), number,
                    strsignal(number), colon, line);
    else if (number != 0)
        log_warning("hook %s, %s: exit code %d%s%s", program, event_name(hook), number, colon,
                    line);
    else
        log_info("hook %s, %s: done%s%s", program, event_name(hook), colon, line);
    call_next(hook);
}

static void on_limit(uv_timer_t *timer)
{
    struct hook *hook = timer->data;

    if (hook->spawn == NULL) {
        call_next(hook); /* those that could not begin */
        return;
    }
    log_warning("hook %s, %s: not done within hook_timeout, %" PRIu64 " ms; it was killed",
                conf_word(hook->conf, &hook->conf->hook, 0), event_name(hook),
                hook->conf->hook_timeout_ns / NS_PER_MS);
    spawn_kill(hook->spawn);
    hook->spawn = NULL;
    call_next(hook);
}

/* Starts the program for the current news. 0 or -errno. */
static int start(struct hook *hook)
{
    const struct conf_words *words = &hook->conf->hook;
    const char *arguments[CONF_ARGUMENTS_MAX + 1] = {NULL};
    struct environment *environment = make_environment(hook);
    char *input = make_input(hook);
    struct spawn_plan plan = {.arguments = arguments,
                              .keep_others = true,
                              .lingering = &hook->lingering,
                              .ended = on_ended,
                              .arg = hook};
    int error = -ENOMEM;

    for (unsigned i = 0; i < words->count && i < CONF_ARGUMENTS_MAX; i++)
        arguments[i] = conf_word(hook->conf, words, i);
    if (environment != NULL && input != NULL) {
        plan.environment = environment->list;
        plan.input = input;
        error = spawn_start(hook->loop, &plan, &hook->spawn);
    }
    free(environment);
    free(input);
    return error;
}

/* The oldest of those that wait, to be freed. */
static struct ipc_news *take_first(struct hook *hook)
{
    struct ipc_news *news = hook->waiting[hook->first];

    hook->first = (hook->first + 1) % HOOK_WAITING_MAX;
    hook->count--;
    return news;
}

/* What was killed, and hangs in the kernel, is not made more; it ends when the kernel lets it. */
static bool is_stuck(const struct hook *hook)
{
    return hook->lingering >= SPAWN_LINGERING_MAX;
}

/* Looks again soon, and says so once. */
static void wait_for_room(struct hook *hook)
{
    if (!hook->waits)
        log_warning("hook %s: calls wait: %u were killed and have not ended: they hang in the "
                    "kernel, on a file system that does not answer?",
                    conf_word(hook->conf, &hook->conf->hook, 0), hook->lingering);
    hook->waits = true;
    (void)uv_timer_start(&hook->limit, on_limit, LOOK_AGAIN_MS, 0);
}

static void call_next(struct hook *hook)
{
    while (!hook->held && hook->spawn == NULL && hook->count > 0) {
        int error;

        if (is_stuck(hook)) {
            wait_for_room(hook);
            break;
        }
        hook->waits = false;
        free(hook->current);
        hook->current = take_first(hook);
        error = start(hook);
        if (error == 0)
            (void)uv_timer_start(&hook->limit, on_limit, hook->conf->hook_timeout_ns / NS_PER_MS,
                                 0);
        else
            log_warning("hook %s, %s: cannot be started: %s",
                        conf_word(hook->conf, &hook->conf->hook, 0), event_name(hook),
                        strerror(-error));
    }
    if (hook_is_idle(hook))
        hook->idle(hook->arg);
}

void hook_open(struct hook *hook)
{
    (void)uv_timer_init(hook->loop, &hook->limit);
    hook->limit.data = hook;
}

void hook_close(struct hook *hook)
{
    if (hook->spawn != NULL)
        spawn_kill(hook->spawn);
    hook->spawn = NULL;
    if (hook->count > 0)
        log_warning("hook %s: %u calls that wait are left out",
                    conf_word(hook->conf, &hook->conf->hook, 0), hook->count);
    while (hook->count > 0)
        free(take_first(hook));
    free(hook->current);
    hook->current = NULL;
    uv_close((uv_handle_t *)&hook->limit, NULL);
}

void hook_call(struct hook *hook, const struct ipc_news *news)
{
    const size_t size = ipc_news_size(news->address_count);
    struct ipc_news *copy = malloc(size);

    if (copy == NULL) {
        log_warning("hook %s: out of memory, a call is left out",
                    conf_word(hook->conf, &hook->conf->hook, 0));
        return;
    }
    memcpy(copy, news, size);
    if (hook->count == HOOK_WAITING_MAX) {
        free(take_first(hook));
        log_warning("hook %s: %d calls wait, the oldest is left out",
                    conf_word(hook->conf, &hook->conf->hook, 0), HOOK_WAITING_MAX);
    }
    hook->waiting[(hook->first + hook->count) % HOOK_WAITING_MAX] = copy;
    hook->count++;
    if (hook->spawn == NULL)
        call_next(hook);
}

bool hook_is_idle(const struct hook *hook)
{
    return !hook->held && hook->spawn == NULL && (hook->count == 0 || is_stuck(hook));
}

void hook_release(struct hook *hook)
{
    hook->held = false;
    call_next(hook);
}
