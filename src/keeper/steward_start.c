// SPDX-License-Identifier: MIT
/*
 * The start of the steward, and its own process. What it reads it reads in a child, for the parser
 * may call exit() and a named pipe would keep it waiting.
 */
#include "steward.h"

#include "host/reader.h"
#include "keeper/clock.h"
#include "launch.h"
#include "place.h"
#include "scribe.h"
#include "supervisor.h"

#include "conf/key.h"
#include "log/log.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the supervisor and its checker need to end, beside the hook. */
#define SLACK_NS CLOCK_NS_PER_S

/* Two socketpairs, the keeper's end first. */
struct ends {
    int orders[2];
    int texts[2]; /* for the scribe */
};

struct work {
    const struct steward_begin *begin;
    int fd;
    struct supervisor supervisor;
    struct supervisor former; /* finishes what it began before a reload */
    struct scribe scribe;
    struct steward_report *report; /* the last one, without keys */
};

static int find_places(struct ipc_setup *setup)
{
    struct place_interfaces interfaces;
    const int self = place_find_self(&setup->conf);

    if (self < 0 || place_find_interfaces(&setup->conf, self, &interfaces) < 0)
        return -1;
    conf_set_self(&setup->conf, self);
    setup->self = (uint8_t)self;
    memcpy(setup->interfaces, interfaces.names, sizeof(setup->interfaces));
    return 0;
}

/* In the child: everything that the daemon does with its files at start. */
static void read_all(void *arg, void *ret)
{
    const struct steward_begin *begin = arg;
    struct steward_report *report = ret;
    struct ipc_setup *setup = &report->setup;

    *report = (struct steward_report){.result = -1};
    setup->magic = IPC_SETUP_MAGIC;
    setup->size = sizeof(*setup);
    setup->verbose = begin->setup->verbose;
    if (conf_read_file(begin->file, begin->setup->conf.self_name, &setup->conf, &report->error) < 0)
        return;
    log_keep_errors(report->error.text, sizeof(report->error.text));
    if (find_places(setup) < 0)
        return;
    report->result = conf_keys_read(&setup->conf, &setup->keys, &report->error);
}

static int send_all(int fd, const void *bytes, size_t length)
{
    const char *next = bytes;

    while (length > 0) {
        const ssize_t sent = send(fd, next, length, MSG_NOSIGNAL);

        if (sent < 0 && errno != EINTR)
            return -errno;
        if (sent > 0) {
            next += sent;
            length -= (size_t)sent;
        }
    }
    return 0;
}

static int read_and_tell(struct work *work)
{
    struct steward_report *report = work->report;
    struct steward_begin begin = *work->begin;
    const struct reader_job job = {.work = read_all,
                                   .arg = &begin,
                                   .report = report,
                                   .size = sizeof(*report),
                                   .what = begin.file};
    struct conf_error error;
    int result;

    if (reader_run(&job, &error) < 0)
        *report = (struct steward_report){.result = -1, .error = error};
    result = send_all(work->fd, report, sizeof(*report));
    explicit_bzero(&report->setup.keys, sizeof(report->setup.keys));
    return result;
}

static int start_checker(struct work *work, const struct ipc_setup *setup, uint32_t generation)
{
    const struct supervisor_begin begin = {.setup = setup,
                                           .user = &work->begin->user,
                                           .checker_fd = work->begin->checker_fd,
                                           .generation = generation,
                                           .former_pidfd =
                                               work->former.pid != 0 ? work->former.pidfd : -1};

    return conf_needs_checker(&setup->conf) ? supervisor_start(&begin, &work->supervisor) : 0;
}

/* A checker that could not be started is told in the log; the results of before count on. */
static void take(struct work *work, uint32_t generation)
{
    supervisor_stop(&work->former, 0);
    supervisor_retire(&work->supervisor);
    work->former = work->supervisor;
    work->supervisor = (struct supervisor){0};
    (void)start_checker(work, &work->report->setup, generation);
}

/* One order. False: the keeper has ended. */
static bool obey(struct work *work)
{
    struct steward_request request;

    if (recv(work->fd, &request, sizeof(request), MSG_WAITALL) != (ssize_t)sizeof(request))
        return false;
    if (request.order == STEWARD_READ)
        return read_and_tell(work) == 0;
    if (request.order == STEWARD_TAKE && work->report->result == 0)
        take(work, request.generation);
    return true;
}

/* Returns when the keeper, or the checker for good, has ended. */
static void serve(struct work *work)
{
    bool goes_on = true;

    while (goes_on) {
        struct pollfd sources[] = {
            {.fd = work->fd, .events = POLLIN},
            {.fd = work->supervisor.pid != 0 ? work->supervisor.pidfd : -1, .events = POLLIN},
            scribe_source(&work->scribe),
            {.fd = work->former.pid != 0 ? work->former.pidfd : -1, .events = POLLIN}};

        if (poll(sources, sizeof(sources) / sizeof(sources[0]), -1) < 0)
            continue;
        /* First: the keeper's last word may be one to keep. */
        if (sources[2].revents != 0)
            scribe_serve(&work->scribe);
        if (sources[3].revents != 0)
            supervisor_stop(&work->former, 0); /* it has ended */
        if (sources[0].revents != 0)
            goes_on = obey(work);
        else if (sources[1].revents != 0)
            goes_on = false;
    }
}

static void close_others(const struct work *work)
{
    for (int fd = LAUNCH_FD_FIRST; fd < LAUNCH_FDS_OPEN_MAX; fd++)
        if (fd != work->fd && fd != work->begin->checker_fd && fd != work->scribe.fd &&
            fd != work->scribe.file)
            (void)close(fd);
}

static uint64_t hook_timeout_ns(const struct work *work)
{
    return work->report->result == 0 ? work->report->setup.conf.hook_timeout_ns
                                     : work->begin->setup->conf.hook_timeout_ns;
}

static _Noreturn void steward_main(const struct steward_begin *begin, const struct ends *ends)
{
    const pid_t keeper = getppid();
    struct work work = {.begin = begin,
                        .fd = ends->orders[1],
                        .scribe = {.fd = ends->texts[1], .file = begin->drain_fd}};
    int error;

    close_others(&work);
    launch_leave_signals();
    sandbox_hide();
    work.report = calloc(1, sizeof(*work.report));
    error = work.report == NULL ? -ENOMEM : privilege_drop_steward(&begin->user);
    if (error == 0)
        error = launch_die_with(keeper);
    if (error < 0) {
        log_error("cannot give up what the reader of the configuration must not have: %s",
                  strerror(-error));
        _exit(1);
    }
    work.report->result = -1;
    (void)sandbox_lock_secret(&work.report->setup.keys, sizeof(work.report->setup.keys));
    if (start_checker(&work, begin->setup, 0) < 0 || send_all(work.fd, "", 1) < 0)
        _exit(1);
    serve(&work);
    scribe_stop(&work.scribe, (int)(SLACK_NS / CLOCK_NS_PER_MS));
    supervisor_stop(&work.supervisor, hook_timeout_ns(&work) + SLACK_NS);
    supervisor_stop(&work.former, 0); /* the other one waited for it */
    _exit(0);
}

/* The new process says a byte once it, and the checker, run. */
static int wait_for_start(const struct steward *steward)
{
    char ready = 0;
    ssize_t length;

    do {
        length = read(steward->fd, &ready, 1);
    } while (length < 0 && errno == EINTR);
    return length == 1 ? 0 : -1; /* it has said why */
}

static void close_pair(const int fds[2])
{
    for (unsigned i = 0; i < 2; i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
}

static int start_with(const struct steward_begin *begin, struct ends *ends, struct steward *ret)
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends->orders) < 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends->texts) < 0)
        return -errno;
    ret->pid = fork();
    if (ret->pid == 0)
        steward_main(begin, ends);
    if (ret->pid < 0)
        return -errno;
    ret->pidfd = pidfd_open(ret->pid, 0);
    if (ret->pidfd < 0)
        return -errno;
    ret->fd = ends->orders[0];
    ret->texts_fd = ends->texts[0];
    ends->orders[0] = ends->texts[0] = -1;
    return 0;
}

int steward_start(const struct steward_begin *begin, struct steward *ret)
{
    struct ends ends = {{-1, -1}, {-1, -1}};
    const int error = start_with(begin, &ends, ret);

    /* The steward ends when it sees the end of ours; where it runs, these are its ends alone. */
    close_pair(ends.orders);
    close_pair(ends.texts);
    if (error < 0) {
        log_error("cannot start the process that reads the configuration: %s", strerror(-error));
        ret->pid = 0;
        return -1;
    }
    if (wait_for_start(ret) == 0)
        return 0;
    steward_stop(ret, 0);
    return -1;
}
