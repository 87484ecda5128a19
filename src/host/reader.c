// SPDX-License-Identifier: MIT
#include "host/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A process that was killed ends at once, unless a disk holds it. */
#define KILLED_WAIT_MS 500

/* What crosses the pipe. Both ends are the same program. */
struct report {
    int result;
    struct conf conf;
    struct conf_error error;
};

static void write_report(int fd, const struct reader_job *job)
{
    const char *next = job->report;
    size_t left = job->size;

    while (left > 0) {
        const ssize_t written = write(fd, next, left);

        if (written < 0 && errno != EINTR)
            return;
        if (written > 0) {
            next += written;
            left -= (size_t)written;
        }
    }
}

static _Noreturn void child_main(int fd, const struct reader_job *job)
{
    job->work(job->arg, job->report);
    write_report(fd, job);
    _exit(0);
}

static uint64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Collects the child. False: it has not ended. */
static bool collect(struct reader *reader, siginfo_t *ret)
{
    struct pollfd ended = {.fd = reader->pidfd, .events = POLLIN};

    *ret = (siginfo_t){0};
    (void)poll(&ended, 1, reader->fd < 0 ? 0 : KILLED_WAIT_MS);
    if (waitid(P_PIDFD, (id_t)reader->pidfd, ret, WEXITED | WNOHANG) == 0 && ret->si_pid == 0)
        return false;
    (void)close(reader->pidfd);
    reader->child = 0;
    return true;
}

/* The child's part is over; whether it has ended shows later. */
static void let_go(struct reader *reader)
{
    if (reader->fd >= 0)
        (void)close(reader->fd);
    reader->fd = -1;
}

/* What the child's end without an answer means. */
static void explain(const siginfo_t *end, const struct reader_job *job, struct conf_error *error)
{
    const bool exited = end->si_code == CLD_EXITED;

    if (!exited && end->si_status == SIGKILL)
        (void)snprintf(error->text, sizeof(error->text),
                       "%s: not read within %g s: is it a regular file, on a disk that answers?",
                       job->what, job->patience_ms / 1000.0);
    else
        (void)snprintf(error->text, sizeof(error->text),
                       "%s: the parser gave up without a word (%s %d): is it a readable text file?",
                       job->what, exited ? "exit code" : "signal", end->si_status);
}

/* It has ended already, or hangs. */
static enum reader_state give_up(struct reader *reader, bool is_late, struct conf_error *error)
{
    siginfo_t end;
    bool ended = !is_late && collect(reader, &end);

    if (!ended) {
        (void)kill(reader->child, SIGKILL);
        ended = collect(reader, &end);
    }
    let_go(reader);
    if (ended)
        explain(&end, &reader->job, error);
    else
        (void)snprintf(error->text, sizeof(error->text),
                       "%s: not read within %g s, and the process that reads it cannot be ended: "
                       "its disk does not answer",
                       reader->job.what, reader->job.patience_ms / 1000.0);
    return READER_FAILED;
}

struct pollfd reader_source(const struct reader *reader)
{
    const int fd = reader->child == 0 ? -1 : reader->fd < 0 ? reader->pidfd : reader->fd;

    return (struct pollfd){.fd = fd, .events = POLLIN};
}

int reader_wait_ms(const struct reader *reader)
{
    const uint64_t now = now_ms();

    if (reader->child == 0 || reader->fd < 0)
        return -1;
    return now < reader->end_ms ? (int)(reader->end_ms - now) : 0;
}

enum reader_state reader_serve(struct reader *reader, struct conf_error *error)
{
    const struct reader_job *job = &reader->job;
    struct pollfd source = reader_source(reader);
    siginfo_t end;
    ssize_t length;

    if (reader->child == 0 || reader->fd < 0) {
        if (reader->child != 0)
            (void)collect(reader, &end);
        return READER_WAITS;
    }
    if (poll(&source, 1, 0) != 1)
        return reader_wait_ms(reader) > 0 ? READER_WAITS : give_up(reader, true, error);
    length = read(reader->fd, (char *)job->report + reader->length, job->size - reader->length);
    if (length < 0 && errno == EINTR)
        return READER_WAITS;
    if (length <= 0)
        return give_up(reader, false, error);
    reader->length += (size_t)length;
    if (reader->length < job->size)
        return READER_WAITS;
    (void)collect(reader, &end);
    let_go(reader);
    return READER_DONE;
}

/* Forks. 0 or -errno. */
static int start(struct reader *reader, const int ends[2])
{
    int error;

    reader->child = fork();
    if (reader->child == 0)
        child_main(ends[1], &reader->job);
    if (reader->child < 0)
        return -errno;
    reader->pidfd = pidfd_open(reader->child, 0);
    if (reader->pidfd >= 0)
        return 0;
    error = -errno;
    (void)kill(reader->child, SIGKILL);
    return error;
}

int reader_begin(struct reader *reader, const struct reader_job *job, struct conf_error *error)
{
    siginfo_t end;
    int ends[2];
    int result;

    if (reader->child != 0 && !collect(reader, &end)) {
        (void)snprintf(error->text, sizeof(error->text),
                       "%s: the process that read it before was killed and has not ended: its disk "
                       "does not answer",
                       job->what);
        return -1;
    }
    if (pipe2(ends, O_CLOEXEC) < 0) {
        (void)snprintf(error->text, sizeof(error->text), "pipe: %s", strerror(errno));
        return -1;
    }
    *reader = (struct reader){
        .job = *job, .fd = ends[0], .end_ms = now_ms() + (uint64_t)job->patience_ms};
    result = start(reader, ends);
    (void)close(ends[1]);
    if (result == 0)
        return 0;
    (void)snprintf(error->text, sizeof(error->text), "%s: cannot start a process that reads it: %s",
                   job->what, strerror(-result));
    let_go(reader);
    reader->child = 0;
    return -1;
}

static int run(const struct reader_job *job, struct conf_error *error)
{
    struct reader reader = {.child = 0};
    enum reader_state state = READER_WAITS;

    if (reader_begin(&reader, job, error) < 0)
        return -1;
    while (state == READER_WAITS) {
        struct pollfd source = reader_source(&reader);

        (void)poll(&source, 1, reader_wait_ms(&reader));
        state = reader_serve(&reader, error);
    }
    return state == READER_DONE ? 0 : -1;
}

struct source {
    const char *file; /* NULL: the environment */
    const char *node;
};

static void read_source(void *arg, void *ret)
{
    const struct source *source = arg;
    struct report *report = ret;

    report->result = source->file != NULL
                         ? conf_read_file(source->file, source->node, &report->conf, &report->error)
                         : conf_read_environment(source->node, &report->conf, &report->error);
}

int reader_read(const char *file, const char *node, struct conf *ret, struct conf_error *error)
{
    struct report *report = calloc(1, sizeof(*report));
    struct source source = {file, node};
    const struct reader_job job = {.work = read_source,
                                   .arg = &source,
                                   .report = report,
                                   .size = sizeof(*report),
                                   .what = file != NULL ? file : "the environment",
                                   .patience_ms = READER_PATIENCE_MS};
    int result;

    if (report == NULL) {
        (void)snprintf(error->text, sizeof(error->text), "out of memory");
        return -1;
    }
    result = run(&job, error);
    if (result == 0) {
        result = report->result;
        if (result == 0)
            *ret = report->conf;
        else
            *error = report->error;
    }
    explicit_bzero(report, sizeof(*report)); /* VIPGOSSIP_KEY may be in it */
    free(report);
    return result;
}
