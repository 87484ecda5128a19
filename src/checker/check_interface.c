// SPDX-License-Identifier: MIT
/*
 * interface: it is there, set up, and has a carrier. An interface that flaps is steadied by rise
 * and fall. The interface of a VIP needs no check: the keeper watches it.
 */
#include "task.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void start(struct task *task)
{
    const char *name = conf_word(task->conf, &task->check->target, 0);
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {0};
    int error = 0;

    (void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
    if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
        error = errno;
    if (fd >= 0)
        (void)close(fd);
    if (error != 0)
        task_done(task, IPC_OUTCOME_FAILED, "%s: %s", name, strerror(error));
    else if ((request.ifr_flags & IFF_UP) == 0)
        task_done(task, IPC_OUTCOME_FAILED, "%s is down", name);
    else if ((request.ifr_flags & IFF_RUNNING) == 0)
        task_done(task, IPC_OUTCOME_FAILED, "%s has no carrier", name);
    else
        task_done(task, IPC_OUTCOME_OK, "%s is up", name);
}

/* It is done before start() returns. */
static void stop(struct task *task)
{
    (void)task;
}

const struct task_kind check_interface = {start, stop};
