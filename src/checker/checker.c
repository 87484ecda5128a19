// SPDX-License-Identifier: MIT
#include "checker/checker.h"

#include "fetch.h"
#include "gateway.h"
#include "hook.h"
#include "task.h"

#include "log/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct checker {
    uv_loop_t loop;
    uv_poll_t engine;
    uv_poll_t former;
    uv_signal_t retire;
    uv_timer_t alive;
    struct checker_descriptors descriptors;
    const struct ipc_checker_setup *setup;
    struct fetcher *fetcher;
    struct gateway gateway;
    struct hook hook;
    bool ending;  /* nothing more is read of the engine: what the hook has to be told is told */
    bool retired; /* and checks that run go on to their end */
    struct task tasks[CONF_CHECKS_MAX];
    _Alignas(struct ipc_news) char inbox[IPC_NEWS_BYTES_MAX];
    int exit_code;
};

static bool is_done(const struct checker *checker)
{
    for (unsigned i = 0; checker->retired && i < checker->setup->conf.check_count; i++)
        if (checker->tasks[i].running)
            return false;
    return checker->ending && hook_is_idle(&checker->hook);
}

static void end_if_done(struct checker *checker)
{
    if (is_done(checker))
        uv_stop(&checker->loop);
}

/* An engine that does not read is about to end, or has other things to do: the next result says the
 * same. */
static void on_result(void *arg, const struct ipc_result *result)
{
    struct checker *checker = arg;
    struct ipc_result sent = *result;

    sent.generation = checker->setup->generation;
    (void)ipc_packet_send(checker->descriptors.engine, &sent, sizeof(sent));
    end_if_done(checker);
}

static void on_swarm(void *arg, const struct ipc_swarm *swarm)
{
    const struct checker *checker = arg;
    struct ipc_swarm sent = *swarm;

    sent.generation = checker->setup->generation;
    (void)ipc_packet_send(checker->descriptors.engine, &sent, sizeof(sent));
}

static void on_hook_idle(void *arg)
{
    end_if_done(arg);
}

static void end(struct checker *checker)
{
    checker->ending = true;
    (void)uv_poll_stop(&checker->engine);
    end_if_done(checker);
}

/* Another checker reads what the engine says from here on. */
static void on_retire(uv_signal_t *signal, int number)
{
    struct checker *checker = signal->data;

    (void)number;
    for (unsigned i = 0; i < checker->setup->conf.check_count; i++)
        task_retire(&checker->tasks[i]);
    checker->retired = true;
    end(checker);
}

/* The checker before has ended. */
static void on_former(uv_poll_t *poll, int status, int events)
{
    struct checker *checker = poll->data;

    (void)status;
    (void)events;
    (void)uv_poll_stop(poll);
    hook_release(&checker->hook);
}

static void on_engine(uv_poll_t *poll, int status, int events)
{
    struct checker *checker = poll->data;

    (void)status;
    (void)events;
    while (!checker->ending) {
        const struct ipc_news *news = (const void *)checker->inbox;
        const long length =
            ipc_packet_receive(checker->descriptors.engine, checker->inbox, sizeof(checker->inbox));

        if (length == -EAGAIN || length == -EINTR)
            return;
        if (length <= 0) {
            end(checker);
        } else if (ipc_news_are_valid(news, (size_t)length)) {
            hook_call(&checker->hook, news);
        } else {
            log_error("the engine sent a message that is none of this version");
            checker->exit_code = 1;
            end(checker);
        }
    }
}

static void on_alive(uv_timer_t *timer)
{
    const struct checker *checker = timer->data;

    (void)!write(checker->descriptors.alive, "", 1); /* a full pipe says it too */
}

static void listen_to_retire(struct checker *checker)
{
    sigset_t retire;

    (void)uv_signal_init(&checker->loop, &checker->retire);
    checker->retire.data = checker;
    (void)uv_signal_start(&checker->retire, on_retire, IPC_CHECKER_RETIRE);
    (void)sigemptyset(&retire);
    (void)sigaddset(&retire, IPC_CHECKER_RETIRE);
    (void)pthread_sigmask(SIG_UNBLOCK, &retire, NULL);
}

static int open_all(struct checker *checker)
{
    int error = uv_loop_init(&checker->loop);

    if (error != 0)
        return error;
    error = uv_poll_init(&checker->loop, &checker->engine, checker->descriptors.engine);
    if (error != 0)
        return error;
    checker->fetcher = fetcher_new(&checker->loop);
    if (checker->fetcher == NULL)
        return UV_ENOMEM;
    error = gateway_open(&checker->gateway, &checker->loop, checker->descriptors.ask);
    if (error != 0)
        return error;
    checker->engine.data = checker;
    checker->hook.loop = &checker->loop;
    checker->hook.conf = &checker->setup->conf;
    checker->hook.node = checker->setup->conf.nodes[checker->setup->self].name;
    checker->hook.idle = on_hook_idle;
    checker->hook.arg = checker;
    hook_open(&checker->hook);
    listen_to_retire(checker);
    if (checker->descriptors.former >= 0) {
        error = uv_poll_init(&checker->loop, &checker->former, checker->descriptors.former);
        if (error != 0)
            return error;
        checker->former.data = checker;
        checker->hook.held = true;
        (void)uv_poll_start(&checker->former, UV_READABLE, on_former);
    }
    (void)uv_timer_init(&checker->loop, &checker->alive);
    checker->alive.data = checker;
    if (checker->descriptors.alive >= 0)
        (void)uv_timer_start(&checker->alive, on_alive, 0, IPC_CHECKER_ALIVE_MS);
    return uv_poll_start(&checker->engine, UV_READABLE, on_engine);
}

static void begin_tasks(struct checker *checker)
{
    const struct conf *conf = &checker->setup->conf;
    bool is_first = true; /* of the Docker engines: the node is in the swarm of that one */

    for (uint16_t i = 0; i < conf->check_count; i++) {
        struct task *task = &checker->tasks[i];
        const bool tells = is_first && conf->checks[i].kind == CONF_CHECK_DOCKER;

        is_first = is_first && !tells;

        *task = (struct task){.loop = &checker->loop,
                              .conf = conf,
                              .check = &conf->checks[i],
                              .node = conf->nodes[checker->setup->self].name,
                              .fetcher = checker->fetcher,
                              .gateway = &checker->gateway,
                              .index = i,
                              .report = on_result,
                              .tell = tells ? on_swarm : NULL,
                              .arg = checker};
        task_begin(task);
    }
}

static void close_all(struct checker *checker)
{
    for (unsigned i = 0; i < checker->setup->conf.check_count; i++)
        task_end(&checker->tasks[i]);
    hook_close(&checker->hook);
    fetcher_close(checker->fetcher);
    gateway_close(&checker->gateway);
    uv_close((uv_handle_t *)&checker->engine, NULL);
    uv_close((uv_handle_t *)&checker->alive, NULL);
    uv_close((uv_handle_t *)&checker->retire, NULL);
    if (checker->descriptors.former >= 0)
        uv_close((uv_handle_t *)&checker->former, NULL);
    /* Programs that run are being ended; the supervisor ends a checker that waits for too long. */
    (void)uv_run(&checker->loop, UV_RUN_DEFAULT);
    fetcher_free(checker->fetcher);
    (void)uv_loop_close(&checker->loop);
}

int checker_run(const struct ipc_checker_setup *setup,
                const struct checker_descriptors *descriptors)
{
    struct checker *checker = calloc(1, sizeof(*checker));
    int exit_code = 1;
    int error;

    if (checker == NULL) {
        log_error("out of memory");
        return 1;
    }
    checker->descriptors = *descriptors;
    checker->setup = setup;
    error = open_all(checker);
    if (error != 0) {
        log_error("cannot start: %s", uv_strerror(error));
    } else {
        begin_tasks(checker);
        (void)uv_run(&checker->loop, UV_RUN_DEFAULT);
        exit_code = checker->exit_code;
        close_all(checker);
    }
    free(checker);
    return exit_code;
}
