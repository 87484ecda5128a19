// SPDX-License-Identifier: MIT
/* The keeper's side, once it runs. */
#include "steward.h"

#include "keeper/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process that was killed ends at once, unless a disk holds it. */
#define KILLED_WAIT_MS 500

int steward_ask(const struct steward *steward, enum steward_order order, uint32_t generation)
{
    const struct steward_request request = {(uint32_t)order, generation};

    if (send(steward->fd, &request, sizeof(request), MSG_NOSIGNAL | MSG_DONTWAIT) ==
        (ssize_t)sizeof(request))
        return 0;
    return errno == 0 ? -EIO : -errno;
}

int steward_read(const struct steward *steward, struct steward_report *report, size_t *length)
{
    const ssize_t count =
        recv(steward->fd, (char *)report + *length, sizeof(*report) - *length, MSG_DONTWAIT);

    if (count < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    if (count == 0)
        return -EPIPE;
    *length += (size_t)count;
    return *length == sizeof(*report) ? 1 : 0;
}

static void let_go(struct steward *steward)
{
    if (steward->fd >= 0)
        (void)close(steward->fd);
    if (steward->texts_fd >= 0)
        (void)close(steward->texts_fd);
    steward->fd = -1;
    steward->texts_fd = -1;
}

struct pollfd steward_source(const struct steward *steward)
{
    const int fd = steward->fd >= 0 ? steward->fd : steward->pid != 0 ? steward->pidfd : -1;

    return (struct pollfd){.fd = fd, .events = POLLIN};
}

void steward_abandon(struct steward *steward)
{
    let_go(steward);
    if (steward->pid != 0)
        (void)pidfd_send_signal(steward->pidfd, SIGKILL, NULL, 0);
}

void steward_reap(struct steward *steward)
{
    siginfo_t info = {0};

    if (steward->pid == 0 ||
        (waitid(P_PIDFD, (id_t)steward->pidfd, &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0))
        return;
    (void)close(steward->pidfd);
    steward->pid = 0;
}

void steward_stop(struct steward *steward, uint64_t patience_ns)
{
    struct pollfd ended = {.fd = steward->pidfd, .events = POLLIN};

    if (steward->pid == 0)
        return;
    let_go(steward);
    if (poll(&ended, 1, (int)(patience_ns / CLOCK_NS_PER_MS)) != 1) {
        (void)pidfd_send_signal(steward->pidfd, SIGKILL, NULL, 0);
        (void)poll(&ended, 1, KILLED_WAIT_MS);
    }
    steward_reap(steward);
}
