// SPDX-License-Identifier: MIT
/*
 * process: one of that name runs, or the one that a pidfile names. The name is that of the program
 * file, of the first argument or of the process itself, which the kernel cuts after 15 bytes. One
 * that has ended and was not collected does not run.
 */
#include "task.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define COMM_MAX 15

/* Up to `size` - 1 bytes of /proc/PID/NAME, ended by a NUL. False: it is gone, or hidden. */
static bool read_proc(const char *pid, const char *name, char *ret, size_t size)
{
    char path[64];
    size_t length;
    FILE *file;

    (void)snprintf(path, sizeof(path), "/proc/%.20s/%s", pid, name);
    file = fopen(path, "re");
    if (file == NULL)
        return false;
    length = fread(ret, 1, size - 1, file);
    ret[length] = '\0';
    (void)fclose(file);
    return length > 0;
}

/* /proc/PID/stat is "PID (NAME) STATE ...", with anything at all in the name. */
static bool is_running(const char *pid, char name[static COMM_MAX + 1])
{
    char stat[512];
    const char *begin, *end;

    if (!read_proc(pid, "stat", stat, sizeof(stat)))
        return false;
    begin = strchr(stat, '(');
    end = strrchr(stat, ')');
    if (begin == NULL || end == NULL || end[1] == '\0')
        return false;
    (void)snprintf(name, COMM_MAX + 1, "%.*s", (int)(end - begin - 1), begin + 1);
    return end[2] != 'Z' && end[2] != 'X';
}

static bool is_named(const char *pid, const char *comm, const char *wanted)
{
    char command[4096];
    const char *slash;

    if (strncmp(comm, wanted, COMM_MAX) == 0 && strlen(wanted) <= COMM_MAX)
        return true;
    if (!read_proc(pid, "cmdline", command, sizeof(command)))
        return false;
    slash = strrchr(command, '/');
    return strcmp(slash != NULL ? slash + 1 : command, wanted) == 0;
}

static void find_by_name(struct task *task, const char *wanted)
{
    DIR *processes = opendir("/proc");
    const struct dirent *entry;
    char found[24] = "";

    if (processes == NULL) {
        task_done(task, IPC_OUTCOME_FAILED, "/proc: %s", strerror(errno));
        return;
    }
    while (found[0] == '\0' && (entry = readdir(processes)) != NULL) {
        char comm[COMM_MAX + 1];

        if (isdigit((unsigned char)entry->d_name[0]) && is_running(entry->d_name, comm) &&
            is_named(entry->d_name, comm, wanted))
            (void)snprintf(found, sizeof(found), "%.20s", entry->d_name);
    }
    (void)closedir(processes);
    if (found[0] != '\0')
        task_done(task, IPC_OUTCOME_OK, "%s runs as process %s", wanted, found);
    else
        task_done(task, IPC_OUTCOME_FAILED, "no process is called %s", wanted);
}

static void find_by_file(struct task *task, const char *path)
{
    FILE *file = fopen(path, "re");
    char comm[COMM_MAX + 1];
    char pid[24];
    unsigned long number = 0;
    bool read = false;

    if (file == NULL) {
        task_done(task, IPC_OUTCOME_FAILED, "%s: %s", path, strerror(errno));
        return;
    }
    if (fgets(pid, sizeof(pid), file) != NULL) {
        number = strtoul(pid, NULL, 10);
        read = number > 0;
    }
    (void)fclose(file);
    (void)snprintf(pid, sizeof(pid), "%lu", number);
    if (!read)
        task_done(task, IPC_OUTCOME_FAILED, "%s holds no number", path);
    else if (is_running(pid, comm))
        task_done(task, IPC_OUTCOME_OK, "process %s, %s", pid, comm);
    else
        task_done(task, IPC_OUTCOME_FAILED, "process %s of %s does not run", pid, path);
}

static void start(struct task *task)
{
    const char *target = conf_word(task->conf, &task->check->target, 0);

    if (target[0] == '/')
        find_by_file(task, target);
    else
        find_by_name(task, target);
}

/* It is done before start() returns. */
static void stop(struct task *task)
{
    (void)task;
}

const struct task_kind check_process = {start, stop};
