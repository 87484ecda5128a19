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

void steward_stop(struct steward *steward, uint64_t patience_ns)
{
    struct pollfd ended = {.fd = steward->pidfd, .events = POLLIN};
    siginfo_t info = {0};

    if (steward->pid == 0)
        return;
    (void)close(steward->fd);
    if (poll(&ended, 1, (int)(patience_ns / CLOCK_NS_PER_MS)) != 1)
        (void)pidfd_send_signal(steward->pidfd, SIGKILL, NULL, 0);
    (void)waitid(P_PIDFD, (id_t)steward->pidfd, &info, WEXITED);
    (void)close(steward->pidfd);
    steward->pid = 0;
}
