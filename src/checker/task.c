// SPDX-License-Identifier: MIT
#include "task.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)

/* libuv runs its timers before it reads: a process that was not run for a while sees the timeout
 * before the answer that has come in time. So it looks once more. */
#define LAST_LOOK_MS 1

/* Between two looks at a check that has passed, but not often enough since the start. */
#define RISING_NS (1000 * NS_PER_MS)

static const struct task_kind *const kinds[CONF_CHECK_KIND_COUNT] = {
    [CONF_CHECK_DOCKER] = &check_docker,   [CONF_CHECK_HTTP] = &check_http,
    [CONF_CHECK_TCP] = &check_tcp,         [CONF_CHECK_EXEC] = &check_exec,
    [CONF_CHECK_PROCESS] = &check_process, [CONF_CHECK_INTERFACE] = &check_interface,
    [CONF_CHECK_GATEWAY] = &check_gateway,
};

static void on_due(uv_timer_t *timer);

static void start_in(struct task *task, uint64_t wait_ms)
{
    (void)uv_timer_start(&task->due, on_due, wait_ms, 0);
}

/* From one start to the next. While a check rises the node waits for it, and claims nothing: so
 * long it is asked each second at least [SPEC R55]. */
static uint64_t next_interval_ns(struct task *task, const struct ipc_result *result)
{
    const uint64_t interval_ns = task->check->interval_ns;

    if (result->outcome != IPC_OUTCOME_OK)
        task->passed = 0;
    else if (!task->has_risen)
        task->has_risen = ++task->passed >= task->check->rise;
    return task->has_risen || task->passed == 0 || interval_ns < RISING_NS ? interval_ns
                                                                           : RISING_NS;
}

/* Has run, or is given up: again one interval after the last start. */
static void finish(struct task *task, const struct ipc_result *result)
{
    const uint64_t took_ns = uv_hrtime() - task->started_ns;
    const uint64_t interval_ns = next_interval_ns(task, result);

    task->running = false;
    (void)uv_timer_stop(&task->limit);
    uv_update_time(task->loop);
    if (!task->retired)
        start_in(task, took_ns < interval_ns ? (interval_ns - took_ns) / NS_PER_MS : 0);
    task->report(task->arg, result);
}

static void finish_with(struct task *task, enum ipc_outcome outcome, const char *detail)
{
    struct ipc_result result = {.check = task->index, .outcome = (uint16_t)outcome};
    const uint64_t took_us = (uv_hrtime() - task->started_ns) / NS_PER_US;

    result.took_us = took_us > UINT32_MAX ? UINT32_MAX : (uint32_t)took_us;
    ipc_text_set(result.detail, sizeof(result.detail), detail);
    finish(task, &result);
}

void task_done(struct task *task, enum ipc_outcome outcome, const char *detail, ...)
{
    char text[2 * IPC_DETAIL_MAX];
    va_list arguments;

    va_start(arguments, detail);
    (void)vsnprintf(text, sizeof(text), detail, arguments);
    va_end(arguments);
    task->run = NULL;
    finish_with(task, outcome, text);
}

void task_expect(struct task *task, enum ipc_outcome outcome, const char *detail, ...)
{
    va_list arguments;

    va_start(arguments, detail);
    (void)vsnprintf(task->late_result.detail, sizeof(task->late_result.detail), detail, arguments);
    va_end(arguments);
    task->late_result.outcome = (uint16_t)outcome;
}

static void on_limit(uv_timer_t *timer)
{
    struct task *task = timer->data;
    char text[64];

    if (!task->late) {
        task->late = true;
        (void)uv_timer_start(&task->limit, on_limit, LAST_LOOK_MS, 0);
        return;
    }
    task->kind->stop(task);
    task->run = NULL;
    if (task->late_result.detail[0] != '\0') {
        finish_with(task, (enum ipc_outcome)task->late_result.outcome, task->late_result.detail);
        return;
    }
    (void)snprintf(text, sizeof(text), "not done within its timeout, %" PRIu64 " ms",
                   task->check->timeout_ns / NS_PER_MS);
    finish_with(task, IPC_OUTCOME_FAILED, text);
}

static void on_due(uv_timer_t *timer)
{
    struct task *task = timer->data;

    task->running = true;
    task->late = false;
    task->late_result.detail[0] = '\0';
    task->started_ns = uv_hrtime();
    (void)uv_timer_start(&task->limit, on_limit, task->check->timeout_ns / NS_PER_MS, 0);
    task->kind->start(task);
}

void task_begin(struct task *task)
{
    task->kind = kinds[task->check->kind];
    (void)uv_timer_init(task->loop, &task->due);
    (void)uv_timer_init(task->loop, &task->limit);
    task->due.data = task;
    task->limit.data = task;
    start_in(task, 0);
}

void task_retire(struct task *task)
{
    task->retired = true;
    (void)uv_timer_stop(&task->due);
}

void task_end(struct task *task)
{
    if (task->running)
        task->kind->stop(task);
    task->running = false;
    uv_close((uv_handle_t *)&task->due, NULL);
    uv_close((uv_handle_t *)&task->limit, NULL);
}
