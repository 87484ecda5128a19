// SPDX-License-Identifier: MIT
/* exec: a program that ends with exit code 0. The first line that it prints is the detail. */
#include "spawn.h"
#include "task.h"

#include <stdio.h>
#include <string.h>

#define NAME_TEXT (CONF_NAME_MAX + 32)

static const char search_path[] =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* ": detail", or nothing. */
static const char *colon(const char *text)
{
    return text[0] != '\0' ? ": " : "";
}

static void on_ended(void *arg, enum spawn_end end, int number, const char *line)
{
    struct task *task = arg;

    switch (end) {
    case SPAWN_EXITED:
        if (number == 0)
            task_done(task, IPC_OUTCOME_OK, "%s", line[0] != '\0' ? line : "exit code 0");
        else
            task_done(task, IPC_OUTCOME_FAILED, "exit code %d%s%s", number, colon(line), line);
        break;
    case SPAWN_SIGNALED:
        task_done(task, IPC_OUTCOME_FAILED, "killed by signal %d (%s)%s%s", number,
                  strsignal(number), colon(line), line);
        break;
    case SPAWN_FLOODED:
        task_done(task, IPC_OUTCOME_FAILED, "it printed more than %d KiB and was killed",
                  SPAWN_OUTPUT_MAX / 1024);
        break;
    }
}

static void start(struct task *task)
{
    const struct conf_words *words = &task->check->target;
    const char *arguments[CONF_ARGUMENTS_MAX + 1] = {NULL};
    char node[NAME_TEXT];
    char check[NAME_TEXT];
    const char *const environment[] = {search_path, node, check, NULL};
    const struct spawn_plan plan = {.arguments = arguments,
                                    .environment = environment,
                                    .lingering = &task->lingering,
                                    .ended = on_ended,
                                    .arg = task};
    struct spawn *spawn = NULL;
    int error;

    if (task->lingering >= SPAWN_LINGERING_MAX) {
        task_done(task, IPC_OUTCOME_FAILED,
                  "it was killed %d times and has not ended: it hangs in "
                  "the kernel, on a file system that does not answer?",
                  SPAWN_LINGERING_MAX);
        return;
    }
    for (unsigned i = 0; i < words->count && i < CONF_ARGUMENTS_MAX; i++)
        arguments[i] = conf_word(task->conf, words, i);
    (void)snprintf(node, sizeof(node), "VIPGOSSIP_NODE=%s", task->node);
    (void)snprintf(check, sizeof(check), "VIPGOSSIP_CHECK=%s", task->check->name);
    error = spawn_start(task->loop, &plan, &spawn);
    if (error == 0)
        task->run = spawn;
    else
        task_done(task, IPC_OUTCOME_FAILED, "cannot be started: %s", strerror(-error));
}

static void stop(struct task *task)
{
    spawn_kill(task->run);
}

const struct task_kind check_exec = {start, stop};
