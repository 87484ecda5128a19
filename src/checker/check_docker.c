// SPDX-License-Identifier: MIT
/*
 * docker: the engine answers, and its swarm is active. /_ping says both in one cheap answer from
 * API 1.42 on (header Swarm); older engines are asked for /info, and so is each one at first, for
 * the address that the swarm knows this node by.
 *
 * A manager whose swarm has lost its quorum is healthy: its tasks run on.
 */
#include "fetch.h"
#include "task.h"

#include "log/log.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Why a state of the swarm other than active is no good, for people. */
static const struct {
    const char *state;
    const char *sentence;
} states[] = {
    {"inactive", "this node is in no swarm: docker swarm join"},
    {"pending", "this node waits to be taken into its swarm"},
    {"error", "this node cannot take part in its swarm: docker info says why"},
    {"locked", "the swarm is locked after a restart: docker swarm unlock"},
};

static void ask(struct task *task, const char *url, fetch_done *done);

static void judge(struct task *task, const char *state, const char *more)
{
    if (strcmp(state, "active") == 0) {
        task_done(task, IPC_OUTCOME_OK, "swarm active%s%s", more[0] != '\0' ? ", " : "", more);
        return;
    }
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (strcmp(state, states[i].state) == 0) {
            task_done(task, IPC_OUTCOME_FAILED, "%s", states[i].sentence);
            return;
        }
    }
    task_done(task, IPC_OUTCOME_FAILED, "the swarm's state is \"%s\"", state);
}

/* "active/manager": the state, and what the node is in it. */
static void judge_header(struct task *task, const char *header)
{
    char state[32] = "";
    const char *slash = strchr(header, '/');
    const size_t length = slash != NULL ? (size_t)(slash - header) : strlen(header);

    (void)snprintf(state, sizeof(state), "%.*s", (int)(length < 31 ? length : 31), header);
    judge(task, state, slash != NULL ? slash + 1 : "");
}

/* The swarm must reach this node where it stays, not where the VIP goes. */
static void warn_of_address(struct task *task, const char *address)
{
    const struct conf *conf = task->conf;

    for (unsigned i = 0; i < conf->address_count; i++) {
        char text[CONF_ADDRESS_TEXT];

        if (strcmp(conf_address_text(&conf->addresses[i], false, text), address) == 0)
            log_warning("check %s: the swarm knows this node by the virtual address %s, and loses "
                        "it when that moves: leave the swarm and join it again with "
                        "--advertise-addr and an address of this node",
                        task->check->name, address);
    }
}

static void on_info(void *arg, const struct fetch_answer *answer)
{
    struct task *task = arg;
    json_t *info = NULL;
    const char *state = NULL;
    const char *error = "";
    const char *address = "";
    int manager = 0;

    if (answer->error != NULL || answer->status != 200) {
        task_done(task, IPC_OUTCOME_FAILED, "/info: status %ld%s%s", answer->status,
                  answer->error != NULL ? ", " : "", answer->error != NULL ? answer->error : "");
        return;
    }
    info = json_loadb(answer->body, answer->length, 0, NULL);
    if (info == NULL ||
        json_unpack(info, "{s:{s:s, s?s, s?s, s?b}}", "Swarm", "LocalNodeState", &state, "Error",
                    &error, "NodeAddr", &address, "ControlAvailable", &manager) != 0) {
        task_done(task, IPC_OUTCOME_FAILED, "/info is not what Docker answers");
    } else {
        if (!task->was_looked_at)
            warn_of_address(task, address);
        task->was_looked_at = true;
        if (error[0] != '\0' && strcmp(state, "active") == 0)
            judge(task, state, error);
        else
            judge(task, state, manager != 0 ? "manager" : "worker");
    }
    json_decref(info);
}

static void on_ping(void *arg, const struct fetch_answer *answer)
{
    struct task *task = arg;
    const char *swarm = fetch_header(answer->fetch, "Swarm");

    if (answer->error != NULL)
        task_done(task, IPC_OUTCOME_FAILED, "%s", answer->error);
    else if (answer->status != 200)
        task_done(task, IPC_OUTCOME_FAILED, "/_ping: status %ld", answer->status);
    else if (swarm != NULL && task->was_looked_at)
        judge_header(task, swarm);
    else
        ask(task, "http://docker/info", on_info);
}

static void ask(struct task *task, const char *url, fetch_done *done)
{
    const struct fetch_plan plan = {.url = url,
                                    .socket = conf_word(task->conf, &task->check->target, 0),
                                    .keep_body = true,
                                    .done = done,
                                    .arg = task};

    task->run = fetch_start(task->fetcher, &plan);
    if (task->run == NULL)
        task_done(task, IPC_OUTCOME_FAILED, "out of memory");
}

static void start(struct task *task)
{
    ask(task, "http://docker/_ping", on_ping);
}

static void stop(struct task *task)
{
    fetch_stop(task->run);
}

const struct task_kind check_docker = {start, stop};
