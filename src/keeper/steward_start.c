// SPDX-License-Identifier: MIT
/*
 * The start of the steward, and its own process. What it reads it reads in a child, for the parser
 * may call exit(), and a disk may hang.
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

/* Checkers that were replaced by a reload and still have calls of the hook to finish, so many at a
 * time; each waits for the one before it. */
#define FORMERS_MAX 8

/* Two socketpairs, the keeper's end first. */
struct ends {
    int orders[2];
    int texts[2]; /* for the scribe */
};

struct work {
    const struct steward_begin *begin;
    char checker_path[4200];
    int checker_file; /* opened at the start; or -errno */
    int fd;
    struct supervisor supervisor;
    struct supervisor formers[FORMERS_MAX]; /* finish what they began before a reload; in order */
    unsigned former_count;
    struct scribe scribe;
    struct reader reader;
    struct steward_report *report; /* the last one, without keys */
    uint64_t hook_timeout_ns;      /* of the configuration in use */
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

/* What the child that reads must not keep open while it hangs: nobody would see the end of this
 * process. */
static void close_own(const struct work *work)
{
    (void)close(work->fd);
    (void)close(work->scribe.fd);
    if (work->supervisor.pid != 0)
        (void)close(work->supervisor.leash);
    for (unsigned i = 0; i < work->former_count; i++)
        (void)close(work->formers[i].leash);
}

/* In the child: everything that the daemon does with its files at start. */
static void read_all(void *arg, void *ret)
{
    const struct work *work = arg;
    const struct steward_begin *begin = work->begin;
    struct steward_report *report = ret;
    struct ipc_setup *setup = &report->setup;

    close_own(work);
    *report = (struct steward_report){.result = -1};
    setup->magic = IPC_SETUP_MAGIC;
    setup->build = ipc_build();
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

/* 0 or -errno: the keeper has ended. */
static int tell(struct work *work)
{
    const int result = send_all(work->fd, work->report, sizeof(*work->report));

    explicit_bzero(&work->report->setup.keys, sizeof(work->report->setup.keys));
    return result;
}

static int tell_failure(struct work *work, const struct conf_error *error)
{
    *work->report = (struct steward_report){.result = -1, .error = *error};
    return tell(work);
}

/* What is read is told when it is there; meanwhile this process is there for others. */
static int begin_reading(struct work *work)
{
    const struct reader_job job = {.work = read_all,
                                   .arg = work,
                                   .report = work->report,
                                   .size = sizeof(*work->report),
                                   .what = work->begin->file,
                                   .patience_ms = READER_PATIENCE_MS};
    struct conf_error error;

    if (work->former_count == FORMERS_MAX) {
        (void)snprintf(error.text, sizeof(error.text),
                       "the hook has not been told yet of what was before the last %d reloads: "
                       "reload again when its calls have ended",
                       FORMERS_MAX);
        return tell_failure(work, &error);
    }
    work->report->result = -1;
    return reader_begin(&work->reader, &job, &error) < 0 ? tell_failure(work, &error) : 0;
}

static int go_on_reading(struct work *work)
{
    struct conf_error error;

    switch (reader_serve(&work->reader, &error)) {
    case READER_FAILED:
        return tell_failure(work, &error);
    case READER_DONE:
        return tell(work);
    case READER_WAITS:
        break;
    }
    return 0;
}

static int start_checker(struct work *work, const struct ipc_setup *setup, uint32_t generation)
{
    const unsigned count = work->former_count;
    const struct supervisor_begin begin = {.setup = setup,
                                           .user = &work->begin->user,
                                           .path = work->checker_path,
                                           .file = work->checker_file,
                                           .checker_fd = work->begin->checker_fd,
                                           .generation = generation,
                                           .former_pidfd =
                                               count > 0 ? work->formers[count - 1].pidfd : -1};

    work->hook_timeout_ns = setup->conf.hook_timeout_ns;
    return conf_needs_checker(&setup->conf) ? supervisor_start(&begin, &work->supervisor) : 0;
}

/* A checker that could not be started is told in the log; the results of before count on. */
static void take(struct work *work, uint32_t generation)
{
    if (work->supervisor.pid != 0) {
        supervisor_retire(&work->supervisor);
        work->formers[work->former_count++] = work->supervisor;
    }
    work->supervisor = (struct supervisor){0};
    (void)start_checker(work, &work->report->setup, generation);
}

/* Of those that were replaced, whoever has ended. */
static void collect_formers(struct work *work)
{
    unsigned left = 0;

    for (unsigned i = 0; i < work->former_count; i++)
        if (!supervisor_collect(&work->formers[i]))
            work->formers[left++] = work->formers[i];
    work->former_count = left;
}

/* One order. False: the keeper has ended. */
static bool obey(struct work *work)
{
    struct steward_request request;

    if (recv(work->fd, &request, sizeof(request), MSG_WAITALL) != (ssize_t)sizeof(request))
        return false;
    if (request.order == STEWARD_READ)
        return begin_reading(work) == 0;
    if (request.order == STEWARD_TAKE && work->report->result == 0)
        take(work, request.generation);
    return true;
}

enum source {
    SOURCE_KEEPER,
    SOURCE_CHECKER,
    SOURCE_SCRIBE,
    SOURCE_READER,
    SOURCE_FORMERS,
    SOURCE_COUNT = SOURCE_FORMERS + FORMERS_MAX,
};

/* Returns when the keeper, or the checker for good, has ended. */
static void serve(struct work *work)
{
    bool goes_on = true;

    while (goes_on) {
        struct pollfd sources[SOURCE_COUNT] = {
            [SOURCE_KEEPER] = {.fd = work->fd, .events = POLLIN},
            [SOURCE_CHECKER] = {.fd = work->supervisor.pid != 0 ? work->supervisor.pidfd : -1,
                                .events = POLLIN},
            [SOURCE_SCRIBE] = scribe_source(&work->scribe),
            [SOURCE_READER] = reader_source(&work->reader)};

        for (unsigned i = 0; i < FORMERS_MAX; i++)
            sources[SOURCE_FORMERS + i] = (struct pollfd){
                .fd = i < work->former_count ? work->formers[i].pidfd : -1, .events = POLLIN};
        if (poll(sources, SOURCE_COUNT, reader_wait_ms(&work->reader)) < 0)
            continue;
        /* First: the keeper's last word may be one to keep. */
        if (sources[SOURCE_SCRIBE].revents != 0)
            scribe_serve(&work->scribe);
        collect_formers(work);
        goes_on = go_on_reading(work) == 0;
        if (goes_on && sources[SOURCE_KEEPER].revents != 0)
            goes_on = obey(work);
        else if (sources[SOURCE_CHECKER].revents != 0)
            goes_on = false;
    }
}

static void close_others(const struct work *work)
{
    for (int fd = LAUNCH_FD_FIRST; fd < LAUNCH_FDS_OPEN_MAX; fd++)
        if (fd != work->fd && fd != work->begin->checker_fd && fd != work->scribe.fd &&
            fd != work->scribe.directory)
            (void)close(fd);
}

static _Noreturn void steward_main(const struct steward_begin *begin, const struct ends *ends)
{
    const pid_t keeper = getppid();
    struct work work = {.begin = begin,
                        .fd = ends->orders[1],
                        .scribe = {.fd = ends->texts[1], .directory = begin->drain_directory}};
    int error;

    close_others(&work);
    work.checker_file = launch_open(LAUNCH_CHECKER, work.checker_path, sizeof(work.checker_path));
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
    supervisor_stop(&work.supervisor, work.hook_timeout_ns + SLACK_NS);
    for (unsigned i = 0; i < work.former_count; i++)
        supervisor_stop(&work.formers[i], 0); /* the other one waited for them */
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
