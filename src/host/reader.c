// SPDX-License-Identifier: MIT
#include "host/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Nobody writes a configuration for that long; a named pipe without a writer does not either. */
#define PATIENCE_MS 10000

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

/* True if the whole report came in time. */
static bool read_report(int fd, const struct reader_job *job)
{
    char *next = job->report;
    size_t left = job->size;
    struct pollfd source = {.fd = fd, .events = POLLIN};

    while (left > 0) {
        ssize_t length;

        if (poll(&source, 1, PATIENCE_MS) != 1)
            return false;
        length = read(fd, next, left);
        if (length < 0 && errno == EINTR)
            continue;
        if (length <= 0)
            return false;
        next += length;
        left -= (size_t)length;
    }
    return true;
}

/* What the child's end without an answer means. */
static void explain(int status, const char *what, struct conf_error *error)
{
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        (void)snprintf(error->text, sizeof(error->text),
                       "%s: not read within %d s: is it a regular file?", what, PATIENCE_MS / 1000);
    else
        (void)snprintf(error->text, sizeof(error->text),
                       "%s: the parser gave up without a word (%s %d): is it a readable text file?",
                       what, WIFSIGNALED(status) ? "signal" : "exit code",
                       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static int collect(pid_t child, int fd, const struct reader_job *job, struct conf_error *error)
{
    const bool complete = read_report(fd, job);
    int status = 0;

    if (!complete) {
        /* It is dead already, or it hangs. */
        if (waitpid(child, &status, WNOHANG) != child) {
            (void)kill(child, SIGKILL);
            (void)waitpid(child, &status, 0);
        }
        explain(status, job->what, error);
        return -1;
    }
    (void)waitpid(child, &status, 0);
    return 0;
}

int reader_run(const struct reader_job *job, struct conf_error *error)
{
    int ends[2];
    int result;
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) < 0) {
        (void)snprintf(error->text, sizeof(error->text), "pipe: %s", strerror(errno));
        return -1;
    }
    child = fork();
    if (child == 0)
        child_main(ends[1], job);
    (void)close(ends[1]);
    if (child < 0) {
        (void)snprintf(error->text, sizeof(error->text), "fork: %s", strerror(errno));
        result = -1;
    } else {
        result = collect(child, ends[0], job, error);
    }
    (void)close(ends[0]);
    return result;
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
                                   .what = file != NULL ? file : "the environment"};
    int result;

    if (report == NULL) {
        (void)snprintf(error->text, sizeof(error->text), "out of memory");
        return -1;
    }
    result = reader_run(&job, error);
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
