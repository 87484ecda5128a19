// SPDX-License-Identifier: MIT
#include "scribe.h"

#include "launch.h"

#include <errno.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child. What it must not keep open while it hangs: the keeper would never see the end of
 * the steward, nor the supervisor. */
static _Noreturn void write_order(const struct scribe *scribe, const struct scribe_order *order)
{
    for (int fd = LAUNCH_FD_FIRST; fd < LAUNCH_FDS_OPEN_MAX; fd++)
        if (fd != scribe->directory)
            (void)close(fd);
    _exit(-drain_write(scribe->directory, order->text, order->length)); /* an errno fits in it */
}

static void answer(struct scribe *scribe, int error)
{
    const struct scribe_answer answer = {.sequence = scribe->sequence, .error = error};

    if (scribe->fd >= 0)
        (void)send(scribe->fd, &answer, sizeof(answer), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void begin(struct scribe *scribe)
{
    const pid_t steward = getpid();
    struct scribe_order order;

    if (recv(scribe->fd, &order, sizeof(order), MSG_DONTWAIT) != (ssize_t)sizeof(order) ||
        order.length > DRAIN_TEXT_MAX) {
        (void)close(scribe->fd);
        scribe->fd = -1;
        return;
    }
    scribe->sequence = order.sequence;
    scribe->pid = fork();
    if (scribe->pid == 0) {
        if (launch_die_with(steward) < 0)
            _exit(EIO);
        write_order(scribe, &order);
    }
    scribe->pidfd = scribe->pid < 0 ? -1 : pidfd_open(scribe->pid, 0);
    if (scribe->pidfd >= 0)
        return;
    answer(scribe, -errno);
    if (scribe->pid > 0) {
        (void)kill(scribe->pid, SIGKILL);
        (void)waitpid(scribe->pid, NULL, WNOHANG);
    }
    scribe->pid = 0;
}

static void finish(struct scribe *scribe)
{
    siginfo_t info = {0};

    if (waitid(P_PIDFD, (id_t)scribe->pidfd, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
        return;
    (void)close(scribe->pidfd);
    scribe->pid = 0;
    answer(scribe, info.si_code == CLD_EXITED ? -info.si_status : -EIO);
}

struct pollfd scribe_source(const struct scribe *scribe)
{
    return (struct pollfd){.fd = scribe->pid != 0 ? scribe->pidfd : scribe->fd, .events = POLLIN};
}

void scribe_serve(struct scribe *scribe)
{
    if (scribe->pid != 0)
        finish(scribe);
    else if (scribe->fd >= 0)
        begin(scribe);
}

void scribe_stop(struct scribe *scribe, int patience_ms)
{
    struct pollfd ended = {.fd = scribe->pidfd, .events = POLLIN};

    if (scribe->pid == 0)
        return;
    /* One that the disk holds goes when the disk lets it go. */
    if (poll(&ended, 1, patience_ms) != 1)
        (void)pidfd_send_signal(scribe->pidfd, SIGKILL, NULL, 0);
    finish(scribe);
}
