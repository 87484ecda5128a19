// SPDX-License-Identifier: MIT
/*
 * gateway: a neighbour answers ARP or neighbour solicitations. The question is put by the
 * supervisor (keeper/neighbour.h), because this process may open no packet socket.
 */
#include "gateway.h"

#include "ipc/checker.h"

#include <errno.h>
#include <string.h>

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct gateway *gateway = poll->data;
    struct ipc_neighbour answer;

    (void)status;
    (void)events;
    while (ipc_packet_receive(gateway->fd, &answer, sizeof(answer)) == sizeof(answer)) {
        struct task *task = answer.check < CONF_CHECKS_MAX ? gateway->waiting[answer.check] : NULL;

        if (task == NULL)
            continue; /* somebody else had asked, or it comes too late */
        gateway->waiting[answer.check] = NULL;
        if (answer.error != 0)
            task_done(task, IPC_OUTCOME_FAILED, "%s: %s",
                      conf_word(task->conf, &task->check->target, 0), strerror(answer.error));
        else
            task_done(task, IPC_OUTCOME_OK, "%s is at %02x:%02x:%02x:%02x:%02x:%02x",
                      conf_word(task->conf, &task->check->target, 0), answer.mac[0], answer.mac[1],
                      answer.mac[2], answer.mac[3], answer.mac[4], answer.mac[5]);
    }
}

int gateway_open(struct gateway *gateway, uv_loop_t *loop, int fd)
{
    int error;

    gateway->fd = fd;
    if (fd < 0)
        return 0;
    error = uv_poll_init(loop, &gateway->poll, fd);
    if (error != 0)
        return error;
    gateway->poll.data = gateway;
    return uv_poll_start(&gateway->poll, UV_READABLE, on_poll);
}

void gateway_close(struct gateway *gateway)
{
    if (gateway->fd >= 0)
        uv_close((uv_handle_t *)&gateway->poll, NULL);
}

static void start(struct task *task)
{
    const struct ipc_neighbour question = {.check = task->index};
    int error;

    task->gateway->waiting[task->index] = task;
    error = ipc_packet_send(task->gateway->fd, &question, sizeof(question));
    if (error < 0) {
        task->gateway->waiting[task->index] = NULL;
        task_done(task, IPC_OUTCOME_FAILED, "cannot ask: %s", strerror(-error));
    }
}

static void stop(struct task *task)
{
    task->gateway->waiting[task->index] = NULL;
}

const struct task_kind check_gateway = {start, stop};
