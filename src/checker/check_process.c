// SPDX-License-Identifier: MIT
/*
 * process: one of that name runs, or the one that a pidfile names. The name is that of the program
 * file, of the first argument or of the process itself, which the kernel cuts after 15 bytes. One
 * that has ended and was not collected does not run.
 *
 * A child looks, because a disk may hang, and so may /proc where it asks for the memory of a
 * process that does. It is a fork of a program with threads: all that it calls is
 * async-signal-safe.
 */
#include "spawn.h"
#include "task.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define COMM_MAX  15
#define PID_TEXT  24
#define PATH_TEXT 64

enum verdict {
    RUNS = 0, /* exit codes */
    RUNS_NOT = 1,
};

/* Says the words to people, in one line, and what they mean. */
static enum verdict say(enum verdict verdict, const char *const words[])
{
    for (size_t i = 0; words[i] != NULL; i++)
        (void)!write(STDOUT_FILENO, words[i], strlen(words[i]));
    return verdict;
}

#define SAY(verdict, ...) say(verdict, (const char *const[]){__VA_ARGS__, NULL})

/* Up to `size` - 1 bytes of the file, ended by a NUL. Their number, or -errno. */
static long read_file(const char *path, char *ret, size_t size)
{
    /* A named pipe must not keep it waiting for who writes. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    ssize_t length;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &status) < 0)
        length = -errno;
    else if (!S_ISREG(status.st_mode))
        length = -ENOTSUP;
    else
        length = read(fd, ret, size - 1);
    if (length == -1)
        length = -errno;
    (void)close(fd);
    ret[length > 0 ? length : 0] = '\0';
    return length;
}

/* Of /proc/PID/NAME. False: it is gone, or hidden. */
static bool read_proc(const char *pid, const char *name, char *ret, size_t size)
{
    char path[PATH_TEXT];

    if (strlen(pid) + strlen(name) + sizeof("/proc//") > sizeof(path))
        return false;
    (void)stpcpy(stpcpy(stpcpy(stpcpy(path, "/proc/"), pid), "/"), name);
    return read_file(path, ret, size) > 0;
}

/* /proc/PID/stat is "PID (NAME) STATE ...", with anything at all in the name. */
static bool is_running(const char *pid, char name[static COMM_MAX + 1])
{
    char stat[512];
    const char *begin, *end;
    size_t length;

    if (!read_proc(pid, "stat", stat, sizeof(stat)))
        return false;
    begin = strchr(stat, '(');
    end = strrchr(stat, ')');
    if (begin == NULL || end == NULL || end < begin || end[1] == '\0')
        return false;
    length = (size_t)(end - begin - 1);
    length = length < COMM_MAX ? length : COMM_MAX;
    memcpy(name, begin + 1, length);
    name[length] = '\0';
    return end[2] != 'Z' && end[2] != 'X';
}

static bool is_named(const char *pid, const char *comm, const char *wanted)
{
    char command[4096];
    const char *slash;

    if (strlen(wanted) <= COMM_MAX && strcmp(comm, wanted) == 0)
        return true;
    if (!read_proc(pid, "cmdline", command, sizeof(command)))
        return false;
    slash = strrchr(command, '/');
    return strcmp(slash != NULL ? slash + 1 : command, wanted) == 0;
}

static bool is_wanted(const char *pid, const char *wanted)
{
    char comm[COMM_MAX + 1];

    return pid[0] >= '0' && pid[0] <= '9' && is_running(pid, comm) && is_named(pid, comm, wanted);
}

static enum verdict find_by_name(const char *wanted)
{
    _Alignas(struct dirent64) char entries[8192];
    const int processes = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ssize_t length = 0;

    if (processes < 0)
        return SAY(RUNS_NOT, "/proc: ", strerrordesc_np(errno));
    while ((length = getdents64(processes, entries, sizeof(entries))) > 0) {
        for (ssize_t at = 0; at < length;) {
            const struct dirent64 *entry = (const void *)(entries + at);

            if (is_wanted(entry->d_name, wanted))
                return SAY(RUNS, wanted, " runs as process ", entry->d_name);
            at += entry->d_reclen;
        }
    }
    return SAY(RUNS_NOT, "no process is called ", wanted);
}

/* The number at the beginning of `text`, which is cut behind it; empty: there is none but 0. */
static const char *find_number(char *text)
{
    char *begin = text + strspn(text, " \t\n0");

    begin[strspn(begin, "0123456789")] = '\0';
    return begin;
}

static enum verdict find_by_file(const char *path)
{
    char text[PID_TEXT];
    char comm[COMM_MAX + 1];
    const long length = read_file(path, text, sizeof(text));
    const char *pid;

    if (length == -ENOTSUP)
        return SAY(RUNS_NOT, path, " is not a regular file");
    if (length < 0)
        return SAY(RUNS_NOT, path, ": ", strerrordesc_np((int)-length));
    pid = find_number(text);
    if (pid[0] == '\0')
        return SAY(RUNS_NOT, path, " holds no number");
    if (is_running(pid, comm))
        return SAY(RUNS, "process ", pid, ", ", comm);
    return SAY(RUNS_NOT, "process ", pid, " of ", path, " does not run");
}

/* In the child. */
static int look(const void *arg)
{
    const char *target = arg;

    return (int)(target[0] == '/' ? find_by_file(target) : find_by_name(target));
}

static void on_ended(void *arg, enum spawn_end end, int number, const char *line)
{
    struct task *task = arg;

    if (end == SPAWN_EXITED && (number == RUNS || number == RUNS_NOT))
        task_done(task, number == RUNS ? IPC_OUTCOME_OK : IPC_OUTCOME_FAILED, "%s", line);
    else
        task_done(task, IPC_OUTCOME_FAILED, "the process that looks for it ended with %s %d",
                  end == SPAWN_EXITED ? "exit code" : "signal", number);
}

static void start(struct task *task)
{
    const char *target = conf_word(task->conf, &task->check->target, 0);
    const struct spawn_plan plan = {.work = look,
                                    .work_arg = target,
                                    .lingering = &task->lingering,
                                    .ended = on_ended,
                                    .arg = task};
    struct spawn *spawn = NULL;
    int error;

    if (task->lingering >= SPAWN_LINGERING_MAX) {
        task_done(task, IPC_OUTCOME_FAILED,
                  "%s: %d processes that look for it were killed and have not ended: a disk does "
                  "not answer?",
                  target, SPAWN_LINGERING_MAX);
        return;
    }
    task_expect(task, IPC_OUTCOME_FAILED, "%s: not found out within %" PRIu64 " ms%s", target,
                task->check->timeout_ns / UINT64_C(1000000),
                target[0] == '/' ? ": does its disk answer?" : "");
    error = spawn_start(task->loop, &plan, &spawn);
    if (error == 0)
        task->run = spawn;
    else
        task_done(task, IPC_OUTCOME_FAILED, "cannot be looked for: %s", strerror(-error));
}

static void stop(struct task *task)
{
    spawn_kill(task->run);
}

const struct task_kind check_process = {start, stop};
