// SPDX-License-Identifier: MIT
#include "spawn.h"

#include "warden.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct spawn {
    uv_poll_t end;    /* its pidfd */
    uv_poll_t output; /* our end of its pipe */
    int end_fd;
    int output_fd;
    unsigned open_handles;
    pid_t pid; /* of the warden */
    bool over; /* nobody wants to know any more */
    unsigned *lingering;
    size_t printed;
    size_t length; /* of `line` */
    bool line_is_whole;
    char line[IPC_DETAIL_MAX];
    spawn_ended *ended;
    void *arg;
};

/* Input is a file in memory: whoever does not read it holds up nobody. */
static int open_input(const char *text)
{
    const size_t length = text != NULL ? strlen(text) : 0;
    int fd;

    if (text == NULL)
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    fd = memfd_create("vipgossip-hook", MFD_CLOEXEC);
    if (fd >= 0 && (write(fd, text, length) != (ssize_t)length || lseek(fd, 0, SEEK_SET) != 0)) {
        (void)close(fd);
        errno = EIO;
        return -1;
    }
    return fd;
}

static void on_closed(uv_handle_t *handle)
{
    struct spawn *spawn = handle->data;

    if (--spawn->open_handles > 0)
        return;
    (void)close(spawn->end_fd);
    (void)close(spawn->output_fd);
    free(spawn);
}

static void close_handles(struct spawn *spawn)
{
    uv_close((uv_handle_t *)&spawn->end, on_closed);
    uv_close((uv_handle_t *)&spawn->output, on_closed);
}

/* Nobody waits for the end: a program that hangs in the kernel, on a file system that does not
 * answer say, ends when the kernel lets it. */
static void give_up(struct spawn *spawn)
{
    spawn->over = true;
    (*spawn->lingering)++;
    (void)uv_poll_stop(&spawn->output);
    (void)kill(spawn->pid, WARDEN_SIGNAL);
}

static void keep_line(struct spawn *spawn, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count && !spawn->line_is_whole; i++) {
        if (bytes[i] == '\n' || bytes[i] == '\0')
            spawn->line_is_whole = spawn->length > 0;
        else if (spawn->length < sizeof(spawn->line) - 1)
            spawn->line[spawn->length++] = bytes[i];
    }
}

/* Reads what is there. False: it has printed too much. */
static bool read_output(struct spawn *spawn)
{
    char bytes[4096];
    ssize_t count;

    while ((count = read(spawn->output_fd, bytes, sizeof(bytes))) > 0) {
        keep_line(spawn, bytes, (size_t)count);
        spawn->printed += (size_t)count;
        if (spawn->printed > SPAWN_OUTPUT_MAX)
            return false;
    }
    if (count == 0)
        (void)uv_poll_stop(&spawn->output);
    return true;
}

static void finish(struct spawn *spawn, enum spawn_end end, int number)
{
    close_handles(spawn); /* frees it later */
    spawn->ended(spawn->arg, end, number, spawn->line);
}

static void on_output(uv_poll_t *handle, int status, int events)
{
    struct spawn *spawn = handle->data;

    (void)status;
    (void)events;
    if (spawn->over || read_output(spawn))
        return;
    give_up(spawn);
    spawn->ended(spawn->arg, SPAWN_FLOODED, 0, spawn->line);
}

static void on_end(uv_poll_t *handle, int status, int events)
{
    struct spawn *spawn = handle->data;
    int how = 0;

    (void)status;
    (void)events;
    if (waitpid(spawn->pid, &how, WNOHANG) != spawn->pid)
        return;
    if (spawn->over) {
        (*spawn->lingering)--;
        close_handles(spawn);
    } else if (!read_output(spawn))
        finish(spawn, SPAWN_FLOODED, 0);
    else if (WIFSIGNALED(how))
        finish(spawn, SPAWN_SIGNALED, WTERMSIG(how));
    else
        finish(spawn, SPAWN_EXITED, WEXITSTATUS(how));
}

static int watch(uv_loop_t *loop, struct spawn *spawn)
{
    int error = uv_poll_init(loop, &spawn->end, spawn->end_fd);

    if (error != 0)
        return error;
    error = uv_poll_init(loop, &spawn->output, spawn->output_fd);
    if (error != 0) {
        uv_close((uv_handle_t *)&spawn->end, NULL);
        return error;
    }
    spawn->end.data = spawn;
    spawn->output.data = spawn;
    spawn->open_handles = 2;
    (void)uv_poll_start(&spawn->end, UV_READABLE, on_end);
    (void)uv_poll_start(&spawn->output, UV_READABLE, on_output);
    return 0;
}

/* Forks. 0 or -errno. */
static int start(struct spawn *spawn, const struct spawn_plan *plan, int input)
{
    const pid_t self = getpid();
    struct warden warden = {.arguments = plan->arguments,
                            .environment = plan->environment,
                            .work = plan->work,
                            .work_arg = plan->work_arg,
                            .input = input,
                            .keep_others = plan->keep_others};
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK); /* its end must not be: it is the program's */
    warden.output = ends[1];
    spawn->pid = fork();
    if (spawn->pid == 0)
        warden_run(&warden, self);
    (void)close(ends[1]);
    spawn->output_fd = ends[0];
    if (spawn->pid < 0)
        return -errno;
    spawn->end_fd = pidfd_open(spawn->pid, 0);
    return spawn->end_fd < 0 ? -errno : 0;
}

int spawn_start(uv_loop_t *loop, const struct spawn_plan *plan, struct spawn **ret)
{
    struct spawn *spawn = calloc(1, sizeof(*spawn));
    const int input = open_input(plan->input);
    int error = spawn == NULL ? -ENOMEM : input < 0 ? -errno : 0;

    if (error == 0) {
        spawn->pid = -1;
        spawn->output_fd = -1;
        spawn->end_fd = -1;
        spawn->lingering = plan->lingering;
        spawn->ended = plan->ended;
        spawn->arg = plan->arg;
        error = start(spawn, plan, input);
        if (error == 0)
            error = watch(loop, spawn);
    }
    if (input >= 0)
        (void)close(input);
    if (error == 0) {
        *ret = spawn;
        return 0;
    }
    if (spawn != NULL && spawn->pid > 0) {
        (void)kill(spawn->pid, WARDEN_SIGNAL);
        (void)waitpid(spawn->pid, NULL, 0);
    }
    if (spawn != NULL && spawn->output_fd >= 0)
        (void)close(spawn->output_fd);
    if (spawn != NULL && spawn->end_fd >= 0)
        (void)close(spawn->end_fd);
    free(spawn);
    return error;
}

void spawn_kill(struct spawn *spawn)
{
    if (!spawn->over)
        give_up(spawn);
}
