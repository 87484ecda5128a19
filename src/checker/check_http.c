// SPDX-License-Identifier: MIT
/* http: an answer comes, its status is in a range, and a text is in it. */
#include "fetch.h"
#include "task.h"

#include <string.h>

static void judge(struct task *task, const struct fetch_answer *answer)
{
    const struct conf_check *check = task->check;
    const char *text = conf_word(task->conf, &check->contains, 0);

    if (answer->error != NULL)
        task_done(task, IPC_OUTCOME_FAILED, "%s", answer->error);
    else if (answer->status < check->status_min || answer->status > check->status_max)
        task_done(task, IPC_OUTCOME_FAILED, "status %ld, wanted is %u to %u", answer->status,
                  check->status_min, check->status_max);
    else if (text[0] != '\0' && memmem(answer->body, answer->length, text, strlen(text)) == NULL)
        task_done(task, IPC_OUTCOME_FAILED, "status %ld, but \"%s\" is not in the %s",
                  answer->status, text, answer->cut ? "first MiB of the answer" : "answer");
    else
        task_done(task, IPC_OUTCOME_OK, "status %ld", answer->status);
}

static void on_done(void *arg, const struct fetch_answer *answer)
{
    judge(arg, answer);
}

static void start(struct task *task)
{
    const struct conf_check *check = task->check;
    const struct fetch_plan plan = {
        .url = conf_word(task->conf, &check->target, 0),
        .socket = check->socket.count > 0 ? conf_word(task->conf, &check->socket, 0) : NULL,
        .conf = task->conf,
        .headers = &check->headers,
        .keep_body = check->contains.count > 0,
        .done = on_done,
        .arg = task,
    };

    task->run = fetch_start(task->fetcher, &plan);
    if (task->run == NULL)
        task_done(task, IPC_OUTCOME_FAILED, "out of memory");
}

static void stop(struct task *task)
{
    fetch_stop(task->run);
}

const struct task_kind check_http = {start, stop};
