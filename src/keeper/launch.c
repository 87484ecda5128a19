// SPDX-License-Identifier: MIT
#include "launch.h"

#include "ipc/ipc.h"
#include "log/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Descriptors are moved up here first, so that none is in the way of its own place. */
#define FD_ASIDE 16

/* What the engine gets of our environment; a key in VIPGOSSIP_KEY is not for it to inherit. */
static const char *const passed_names[] = {"JOURNAL_STREAM", "TZ", "ASAN_OPTIONS", "UBSAN_OPTIONS",
                                           "LSAN_OPTIONS"};
#define PASSED_COUNT (sizeof(passed_names) / sizeof(passed_names[0]))
_Static_assert(PASSED_COUNT < LAUNCH_ENVIRONMENT_MAX, "room for each, and the end");

void launch_find(const char *name, char *path, size_t size)
{
    char self[4096];
    const ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash;

    if (length > 0) {
        self[length] = '\0';
        slash = strrchr(self, '/');
        if (slash != NULL) {
            *slash = '\0';
            if (snprintf(path, size, "%s/libexec/%s", self, name) < (int)size &&
                access(path, X_OK) == 0)
                return;
        }
    }
    (void)snprintf(path, size, "%s/%s", VG_LIBEXEC_DIR, name);
}

int launch_open(const char *name, char *path, size_t size)
{
    int file;

    launch_find(name, path, size);
    if (access(path, X_OK) < 0)
        return -errno;
    file = open(path, O_PATH | O_CLOEXEC);
    return file < 0 ? -errno : file;
}

/* What the child needs, none of it allocated after fork(). */
struct child {
    const struct launch *launch;
    struct launch_program program;
    int report; /* errno of a failure; closed by execve() */
};

/* Puts the descriptors where the program looks for them, and closes all others but `spared`, which
 * execve() closes. */
static int place_fds(const struct launch_program *program, int *spared)
{
    int fds[LAUNCH_FDS_MAX];
    int null;

    for (unsigned i = 0; i < program->fd_count; i++) {
        fds[i] = fcntl(program->fds[i], F_DUPFD_CLOEXEC, FD_ASIDE);
        if (fds[i] < 0)
            return -errno;
    }
    if (*spared >= 0) {
        *spared = fcntl(*spared, F_DUPFD_CLOEXEC, FD_ASIDE);
        if (*spared < 0)
            return -errno;
    }
    for (unsigned i = 0; i < program->fd_count; i++)
        if (dup2(fds[i], LAUNCH_FD_FIRST + (int)i) < 0)
            return -errno;
    null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0)
        return -errno;
    /* Whatever else is open goes away with execve(). Ours would anyway; this is for descriptors
     * that the keeper inherited, and kernels before 5.11 have to do without it. */
    (void)close_range(LAUNCH_FD_FIRST + program->fd_count, ~0U, CLOSE_RANGE_CLOEXEC);
    return 0;
}

void launch_leave_signals(void)
{
    sigset_t none;

    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

int launch_die_with(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return -errno;
    return getppid() == parent ? 0 : -ESRCH;
}

int launch_become(const struct launch_program *program, pid_t parent)
{
    char *const arguments[] = {program->name, NULL};
    int file = program->file;
    int result = place_fds(program, &file);

    if (result == 0)
        result = launch_die_with(parent);
    if (result < 0)
        return result;
    (void)execveat(file, "", arguments, program->environment, AT_EMPTY_PATH);
    return -errno;
}

/* Returns only with an error: -errno. */
static int become_engine(struct child *child)
{
    char *const arguments[] = {child->program.name, NULL};
    int result = place_fds(&child->program, &child->report);

    if (result < 0)
        return result;
    launch_leave_signals();
    result = privilege_drop_engine(&child->launch->user);
    if (result < 0)
        return result;
    (void)execve(child->program.path, arguments, child->program.environment);
    return -errno;
}

void launch_fill_environment(struct launch_program *program)
{
    size_t count = 0;

    for (size_t i = 0; i < PASSED_COUNT; i++) {
        const char *value = getenv(passed_names[i]);

        if (value != NULL &&
            asprintf(&program->environment[count], "%s=%s", passed_names[i], value) >= 0)
            count++;
    }
    program->environment[count] = NULL;
}

void launch_free_environment(const struct launch_program *program)
{
    for (size_t i = 0; program->environment[i] != NULL; i++)
        free(program->environment[i]);
}

/* Forks; 0 once the engine's program runs, else -errno. */
static int start(struct child *child, pid_t *ret_pid)
{
    int ends[2];
    int error = 0;
    ssize_t length;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    child->report = ends[1];
    pid = fork();
    if (pid == 0) {
        error = become_engine(child);
        (void)!write(child->report, &error, sizeof(error));
        _exit(127);
    }
    if (pid < 0)
        error = -errno;
    (void)close(ends[1]);
    do {
        length = pid < 0 ? 0 : read(ends[0], &error, sizeof(error));
    } while (length < 0 && errno == EINTR);
    (void)close(ends[0]);
    if (error < 0 && pid > 0)
        (void)waitpid(pid, NULL, 0);
    *ret_pid = pid;
    return error;
}

static int start_with(struct child *child, struct launch_result *ret)
{
    int ends[2];
    int result;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return -errno;
    child->program.fds[0] = ends[1];
    result = ipc_keys_send(ends[0], &child->launch->setup->keys);
    if (result == 0) {
        launch_fill_environment(&child->program);
        result = start(child, &ret->pid);
        launch_free_environment(&child->program);
    }
    (void)close(ends[1]); /* or its end would never be seen */
    if (result < 0) {
        (void)close(ends[0]);
        return result;
    }
    ret->fd = ends[0];
    ret->pidfd = pidfd_open(ret->pid, 0);
    return ret->pidfd < 0 ? -errno : 0;
}

int launch_engine(const struct launch *launch, struct launch_result *ret)
{
    struct child child = {.launch = launch,
                          .program = {.path = launch->path, .name = (char[]){LAUNCH_ENGINE}}};
    const int setup = ipc_setup_write(launch->setup);
    int result = setup;

    if (setup >= 0) {
        child.program.fds[IPC_FD_CONF - LAUNCH_FD_FIRST] = setup;
        child.program.fds[IPC_FD_CONTROL - LAUNCH_FD_FIRST] = launch->control_fd;
        child.program.fds[IPC_FD_CHECKER - LAUNCH_FD_FIRST] = launch->checker_fd;
        child.program.fd_count = launch->checker_fd >= 0 ? 4 : 3;
        result = start_with(&child, ret);
        (void)close(setup);
    }
    if (result < 0) {
        log_error("cannot start the engine, %s: %s", launch->path, strerror(-result));
        return -1;
    }
    return 0;
}

enum launch_end launch_reap(const struct launch_result *engine, int wait_ms, char *text,
                            size_t size)
{
    struct pollfd ended = {.fd = engine->pidfd, .events = POLLIN};
    siginfo_t info = {0};
    const char *hint;
    bool killed = false;

    if (poll(&ended, 1, wait_ms) != 1) {
        killed = true;
        if (pidfd_send_signal(engine->pidfd, SIGKILL, NULL, 0) < 0) {
            (void)snprintf(text, size, "cannot be killed: %s", strerror(errno));
            return LAUNCH_END_UNKNOWN;
        }
    }
    while (waitid(P_PIDFD, (id_t)engine->pidfd, &info, WEXITED) < 0) {
        if (errno != EINTR) {
            (void)snprintf(text, size, "ended unseen: %s", strerror(errno));
            return LAUNCH_END_UNKNOWN;
        }
    }
    hint = info.si_status == SIGSYS ? ": its own line in the log names the system call" : "";
    if (info.si_code == CLD_EXITED)
        (void)snprintf(text, size, "exited with code %d", info.si_status);
    else
        (void)snprintf(text, size, "was killed by signal %d (%s)%s", info.si_status,
                       strsignal(info.si_status), killed ? ", sent by its keeper" : hint);
    return info.si_code == CLD_EXITED && info.si_status == 0 ? LAUNCH_END_CLEAN : LAUNCH_END_FAILED;
}
