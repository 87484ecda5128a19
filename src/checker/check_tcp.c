// SPDX-License-Identifier: MIT
/*
 * tcp: a connection is taken. A name may have several addresses; they are tried one after the
 * other. A name is looked up by libuv's threads, which cannot be stopped: a lookup that hangs keeps
 * its memory until it ends, and the task goes on without it. An address needs no lookup.
 */
#include "task.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#define TARGET_TEXT (CONF_HOST_MAX + 16)

struct run {
    struct task *task; /* NULL: over, or given up */
    uv_getaddrinfo_t lookup;
    uv_connect_t connect;
    uv_tcp_t socket;
    bool has_socket;
    int error;                  /* of the last address that was tried */
    struct addrinfo *addresses; /* all of them, to be freed */
    struct addrinfo *next;      /* to be tried */
    char target[TARGET_TEXT];
};

static void try_next(struct run *run);

static void run_free(struct run *run)
{
    if (run->addresses != NULL)
        uv_freeaddrinfo(run->addresses);
    free(run);
}

/* Nothing of the run is in use any more. */
static void finish(struct run *run)
{
    struct task *task = run->task;

    if (task != NULL)
        task_done(task, IPC_OUTCOME_FAILED, "%s: %s", run->target, uv_strerror(run->error));
    run_free(run);
}

static void on_closed(uv_handle_t *handle)
{
    struct run *run = handle->data;

    run->has_socket = false;
    if (run->task != NULL && run->next != NULL)
        try_next(run);
    else
        finish(run);
}

static void close_socket(struct run *run)
{
    if (!uv_is_closing((uv_handle_t *)&run->socket))
        uv_close((uv_handle_t *)&run->socket, on_closed);
}

static void on_connected(uv_connect_t *connect, int status)
{
    struct run *run = connect->handle->data;
    struct task *task = run->task;

    run->error = status;
    if (task != NULL && status == 0) {
        run->task = NULL;
        task_done(task, IPC_OUTCOME_OK, "%s takes connections", run->target);
    }
    close_socket(run);
}

static void try_next(struct run *run)
{
    const struct addrinfo *address = run->next;

    run->next = address->ai_next;
    run->error = uv_tcp_init(run->task->loop, &run->socket);
    if (run->error != 0) {
        finish(run);
        return;
    }
    run->has_socket = true;
    run->socket.data = run;
    run->error = uv_tcp_connect(&run->connect, &run->socket, address->ai_addr, on_connected);
    if (run->error != 0)
        close_socket(run);
}

static void on_found(uv_getaddrinfo_t *lookup, int status, struct addrinfo *addresses)
{
    struct run *run = lookup->data;

    run->addresses = addresses;
    run->next = addresses;
    run->error = status;
    if (run->task != NULL && run->next != NULL)
        try_next(run);
    else
        finish(run);
}

/* Host and service are numbers, or it takes a lookup. */
static void look_up(struct run *run, const char *host, const char *service)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICSERV | AI_NUMERICHOST};
    struct addrinfo *addresses = NULL;

    if (getaddrinfo(host, service, &hints, &addresses) == 0) {
        run->addresses = addresses;
        run->next = addresses;
        try_next(run);
        return;
    }
    hints.ai_flags = AI_NUMERICSERV;
    run->error = uv_getaddrinfo(run->task->loop, &run->lookup, on_found, host, service, &hints);
    if (run->error != 0)
        finish(run);
}

static void start(struct task *task)
{
    const char *target = conf_word(task->conf, &task->check->target, 0);
    char host[CONF_HOST_MAX + 1] = "";
    char service[8];
    uint16_t port = 0;
    struct run *run = calloc(1, sizeof(*run));

    if (run == NULL || !conf_split_host_port(target, host, &port)) {
        free(run);
        task_done(task, IPC_OUTCOME_FAILED, "out of memory");
        return;
    }
    run->task = task;
    task->run = run;
    run->lookup.data = run;
    (void)snprintf(run->target, sizeof(run->target), "%s", target);
    (void)snprintf(service, sizeof(service), "%u", port);
    look_up(run, host, service);
}

static void stop(struct task *task)
{
    struct run *run = task->run;

    run->task = NULL;
    if (run->has_socket)
        close_socket(run);
    else
        (void)uv_cancel((uv_req_t *)&run->lookup); /* on_found() comes, now or later */
}

const struct task_kind check_tcp = {start, stop};
