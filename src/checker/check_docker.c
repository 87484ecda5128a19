// SPDX-License-Identifier: MIT
/*
 * docker: the engine answers, and its swarm is active. /_ping says both in one cheap answer from
 * API 1.42 on (header Swarm); older engines are asked for /info each time, and newer ones now and
 * then, for the address that the swarm knows this node by.
 *
 * A manager whose swarm has lost its quorum is healthy: its tasks run on. /info may take long there
 * (it asks the other managers), which says nothing of this node either.
 *
 * A manager is asked for /nodes each time as well: who is drained or paused. That is polled, not
 * heard by /events: the list has to be had anew after each connection that breaks, a stream that
 * hangs says nothing, and once per interval is soon enough for what an operator does by hand. The
 * list is believed only while /info has no complaint: without quorum it is stale for a while, and
 * hangs then.
 */
#include "fetch.h"
#include "nodes.h"
#include "task.h"

#include "log/log.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS UINT64_C(1000000)

/* Starts between two looks at /info, where /_ping says enough: so often is found that the node has
 * left its swarm for another one meanwhile. */
#define LOOK_EVERY 30

#define MANAGER_UNSURE "swarm active, manager; who is drained is not known: "

/* Why a state of the swarm other than active is no good, for people. */
static const struct {
    const char *state;
    const char *sentence;
    const char *remedy; /* unless the engine says why */
} states[] = {
    {"inactive", "this node is in no swarm", "docker swarm join"},
    {"pending", "this node waits to be taken into its swarm", ""},
    {"error", "this node cannot take part in its swarm", "docker info says why"},
    {"locked", "the swarm is locked after a restart: docker swarm unlock", ""},
};

static void ask(struct task *task, const char *url, fetch_done *done);
static void on_info(void *arg, const struct fetch_answer *answer);

static uint64_t timeout_ms(const struct task *task)
{
    return task->check->timeout_ns / NS_PER_MS;
}

/* What is known of the swarm, if anything is: the engine has said what this node is in it. */
static void tell(const struct task *task, struct ipc_swarm *swarm)
{
    swarm->check = task->index;
    swarm->own = task->docker.own;
    if (task->tell != NULL && task->docker.is_known)
        task->tell(task->arg, swarm);
}

static void tell_unknown(const struct task *task)
{
    struct ipc_swarm nothing = {.knows = 0};

    tell(task, &nothing);
}

/* The next start asks /info: the node may be in another swarm by then. */
static void fail(struct task *task, const char *sentence, const char *more)
{
    task->docker.looks = 0;
    task->docker.is_manager = false;
    tell_unknown(task);
    task_done(task, IPC_OUTCOME_FAILED, "%s%s%s", sentence, more[0] != '\0' ? ": " : "", more);
}

/* A swarm that is not active; `why` is what the engine says, or empty. */
static void fail_state(struct task *task, const char *state, const char *why)
{
    char sentence[64];

    if (strcmp(state, "inactive") == 0) {
        task->docker.is_known = true;
        task->docker.own = 0;
    }
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (strcmp(state, states[i].state) == 0) {
            fail(task, states[i].sentence, why[0] != '\0' ? why : states[i].remedy);
            return;
        }
    }
    (void)snprintf(sentence, sizeof(sentence), "the swarm's state is \"%.32s\"", state);
    fail(task, sentence, why);
}

/* The swarm must reach this node where it stays, not where the VIP goes. */
static void look_at_address(struct task *task, const char *address)
{
    const struct conf *conf = task->conf;

    if (strcmp(task->docker.address, address) == 0)
        return;
    (void)snprintf(task->docker.address, sizeof(task->docker.address), "%s", address);
    for (unsigned i = 0; i < conf->address_count; i++) {
        char text[CONF_ADDRESS_TEXT];

        if (strcmp(conf_address_text(&conf->addresses[i], false, text), address) == 0)
            log_warning("check %s: the swarm knows this node by the virtual address %s, and loses "
                        "it when that moves: leave the swarm and join it again with "
                        "--advertise-addr and an address of this node",
                        task->check->name, address);
    }
}

/* The node is fit whatever becomes of this question. */
static void on_nodes(void *arg, const struct fetch_answer *answer)
{
    struct task *task = arg;
    struct ipc_swarm swarm = {.knows = 0};
    const char *error = answer->error;

    if (error == NULL && answer->cut)
        error = "/nodes is longer than 1 MiB";
    if (error == NULL && answer->status == 200)
        error = nodes_parse(answer->body, answer->length, &swarm);
    if (swarm.knows != 0) {
        tell(task, &swarm);
        task_done(task, IPC_OUTCOME_OK, "swarm active, manager");
        return;
    }
    tell_unknown(task);
    if (error != NULL)
        task_done(task, IPC_OUTCOME_OK, MANAGER_UNSURE "%s", error);
    else
        task_done(task, IPC_OUTCOME_OK, MANAGER_UNSURE "/nodes: status %ld", answer->status);
}

static void ask_nodes(struct task *task)
{
    task_expect(task, IPC_OUTCOME_OK, MANAGER_UNSURE "no /nodes within %" PRIu64 " ms",
                timeout_ms(task));
    ask(task, "http://docker/nodes", on_nodes);
}

/* What /info says of the swarm; the texts belong to `document`. */
struct swarm_info {
    json_t *document;
    const char *state;
    const char *error;
    const char *address;
    const char *node_id;
    int is_manager;
};

static bool parse_info(const struct fetch_answer *answer, struct swarm_info *ret)
{
    *ret = (struct swarm_info){.error = "", .address = "", .node_id = ""};
    ret->document = json_loadb(answer->body, answer->length, 0, NULL);
    return ret->document != NULL &&
           json_unpack(ret->document, "{s:{s:s, s?s, s?s, s?s, s?b}}", "Swarm", "LocalNodeState",
                       &ret->state, "Error", &ret->error, "NodeAddr", &ret->address, "NodeID",
                       &ret->node_id, "ControlAvailable", &ret->is_manager) == 0;
}

static void judge_info(struct task *task, const struct swarm_info *info)
{
    if (strcmp(info->state, "active") != 0) {
        fail_state(task, info->state, info->error);
        return;
    }
    look_at_address(task, info->address);
    task->docker.is_manager = info->is_manager != 0;
    task->docker.is_known = info->node_id[0] != '\0';
    task->docker.own = task->docker.is_known ? nodes_key(info->node_id) : 0;
    if (info->is_manager != 0 && info->error[0] == '\0') {
        ask_nodes(task);
        return;
    }
    tell_unknown(task);
    if (info->error[0] != '\0')
        task_done(task, IPC_OUTCOME_OK, "swarm active, %s", info->error);
    else
        task_done(task, IPC_OUTCOME_OK, "swarm active, %s",
                  info->is_manager ? "manager" : "worker");
}

/* Is nothing wrong with the node when only /info is? On a manager that asks the others, and an
 * engine that says "active" with /_ping has said enough. */
static bool may_lack_info(const struct task *task)
{
    return task->late_result.outcome != IPC_OUTCOME_FAILED;
}

static void lack_info(struct task *task, const char *why)
{
    if (!may_lack_info(task)) {
        fail(task, why, "");
        return;
    }
    task->docker.looks = 0;
    tell_unknown(task);
    task_done(task, (enum ipc_outcome)task->late_result.outcome, "%s; %s",
              task->docker.is_manager ? "the engine of a manager answers" : "swarm active", why);
}

static void on_info(void *arg, const struct fetch_answer *answer)
{
    struct task *task = arg;
    struct swarm_info info;
    char text[IPC_DETAIL_MAX];

    if (answer->error != NULL || answer->status != 200) {
        (void)snprintf(text, sizeof(text), "/info: status %ld%s%s", answer->status,
                       answer->error != NULL ? ", " : "",
                       answer->error != NULL ? answer->error : "");
        lack_info(task, text);
        return;
    }
    if (answer->cut) {
        lack_info(task, "/info is longer than 1 MiB");
        return;
    }
    if (parse_info(answer, &info))
        judge_info(task, &info);
    else
        fail(task, "/info is not what Docker answers", "");
    json_decref(info.document);
}

/* What it means if /info does not come: see may_lack_info(). `is_active`: /_ping has said that the
 * swarm is. */
static void ask_info(struct task *task, bool is_active)
{
    task->docker.looks = 1;
    if (is_active)
        task_expect(task, IPC_OUTCOME_OK, "swarm active; no /info within %" PRIu64 " ms",
                    timeout_ms(task));
    else if (task->docker.is_manager)
        task_expect(task, IPC_OUTCOME_UNKNOWN,
                    "the engine of a manager answers, but no /info within %" PRIu64 " ms",
                    timeout_ms(task));
    else
        task_expect(task, IPC_OUTCOME_FAILED,
                    "the Docker engine answers /_ping, but not /info within %" PRIu64 " ms",
                    timeout_ms(task));
    ask(task, "http://docker/info", on_info);
}

/* "active/manager": the state, and what the node is in it. Only /info knows more of an error. */
static void judge_header(struct task *task, const char *header)
{
    char state[32] = "";
    const char *slash = strchr(header, '/');
    const size_t length = slash != NULL ? (size_t)(slash - header) : strlen(header);
    const char *role = slash != NULL ? slash + 1 : "";
    const bool is_active = length == strlen("active") && strncmp(header, "active", length) == 0;

    (void)snprintf(state, sizeof(state), "%.*s", (int)(length < 31 ? length : 31), header);
    if (!is_active && strcmp(state, "error") != 0) {
        fail_state(task, state, "");
    } else if (!is_active || strcmp(role, "manager") == 0 || task->docker.is_manager ||
               task->docker.looks == 0 || task->docker.looks >= LOOK_EVERY) {
        ask_info(task, is_active); /* also of one that is a manager no more: its word has to go */
    } else {
        task->docker.looks++;
        task_done(task, IPC_OUTCOME_OK, "swarm active%s%s", role[0] != '\0' ? ", " : "", role);
    }
}

/* No connection: each has another remedy. */
static void fail_connection(struct task *task, const struct fetch_answer *answer)
{
    switch (answer->os_error) {
    case ENOENT:
        fail(task, "Docker's socket is not there: is Docker installed, and running?", "");
        break;
    case ECONNREFUSED:
        fail(task, "the Docker engine is down: its socket takes no connection", "");
        break;
    case EACCES:
        fail(task, "no permission to connect to Docker's socket: which group may?", "");
        break;
    case EAGAIN: /* the queue of a listener that accepts nothing is full */
        fail(task, "the Docker engine takes no connection any more: it hangs", "");
        break;
    default:
        fail(task, answer->error, "");
    }
}

static void on_ping(void *arg, const struct fetch_answer *answer)
{
    struct task *task = arg;
    const char *swarm = fetch_header(answer->fetch, "Swarm");
    char text[32];

    if (answer->error != NULL) {
        fail_connection(task, answer);
    } else if (answer->status != 200) {
        (void)snprintf(text, sizeof(text), "/_ping: status %ld", answer->status);
        fail(task, text, "");
    } else if (swarm != NULL) {
        judge_header(task, swarm);
    } else {
        ask_info(task, false);
    }
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
    task_expect(task, IPC_OUTCOME_FAILED,
                "the Docker engine does not answer within %" PRIu64 " ms: it hangs",
                timeout_ms(task));
    ask(task, "http://docker/_ping", on_ping);
}

static void stop(struct task *task)
{
    task->docker.looks = 0;
    tell_unknown(task);
    fetch_stop(task->run);
}

const struct task_kind check_docker = {start, stop};
