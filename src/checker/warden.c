// SPDX-License-Identifier: MIT
/* The checker has threads (libuv, libcurl), and this is a fork of it: what is called here must be
 * async-signal-safe. */
#include "warden.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_NOT_STARTED 127 /* as shells have it */

static _Noreturn void become_program(const struct warden *warden, pid_t parent)
{
    static const char not_started[] = "cannot be started: ";
    const char *why;
    sigset_t none;

    (void)setsid();
    (void)sigemptyset(&none);
    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (dup2(warden->input, STDIN_FILENO) >= 0 && dup2(warden->output, STDOUT_FILENO) >= 0 &&
        dup2(warden->output, STDERR_FILENO) >= 0 &&
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == parent) {
        if (warden->work != NULL) {
            (void)close_range(STDERR_FILENO + 1, ~0U, 0);
            _exit(warden->work(warden->work_arg));
        }
        (void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
        /* execve() changes neither list, whatever its type says. */
        (void)execve(warden->arguments[0], (char *const *)(uintptr_t)warden->arguments,
                     (char *const *)(uintptr_t)warden->environment);
    }
    why = strerrordesc_np(errno);
    (void)!write(STDERR_FILENO, not_started, sizeof(not_started) - 1);
    (void)!write(STDERR_FILENO, why, why != NULL ? strlen(why) : 0);
    _exit(EXIT_NOT_STARTED);
}

/* Kills every child in the list that the kernel has, numbers with a blank behind each; none where
 * it does not tell. All in one round: a program that forks in a loop would outrun one at a time. */
static void kill_children(int children)
{
    char text[4096];
    pid_t child = 0;
    off_t at = 0;
    ssize_t length;

    while ((length = pread(children, text, sizeof(text), at)) > 0) {
        for (ssize_t i = 0; i < length; i++) {
            if (text[i] >= '0' && text[i] <= '9') {
                child = child * 10 + (text[i] - '0');
                continue;
            }
            if (child > 0)
                (void)kill(child, SIGKILL);
            child = 0;
        }
        at += length;
    }
}

struct ward {
    pid_t program;
    bool collected;
    int how;      /* it ended; of waitpid() */
    int children; /* the kernel's list of them, -1: there is none */
};

/* Collects one child. False: there is none, or none that has ended with WNOHANG. */
static bool collect(struct ward *ward, int flags)
{
    int status = 0;
    const pid_t pid = waitpid(-1, &status, flags);

    if (pid == ward->program) {
        ward->how = status;
        ward->collected = true;
    }
    return pid > 0;
}

/*
 * Kills and collects until there is nobody left. The group first, which is one call for most; then
 * whoever has left it, in rounds: what a dead one leaves behind comes to be a child of the warden.
 * Where the kernel lists no children, those are out of reach.
 */
static void end_all(struct ward *ward)
{
    bool goes_on = true;

    while (goes_on) {
        (void)kill(-ward->program, SIGKILL);
        if (!ward->collected)
            (void)kill(ward->program, SIGKILL); /* it may not have made its group yet */
        kill_children(ward->children);
        goes_on = collect(ward, ward->children < 0 && ward->collected ? WNOHANG : 0);
        while (goes_on && collect(ward, WNOHANG)) {
        }
    }
}

/* Waits for the program's end, or for the word to end it. */
static void watch(struct ward *ward)
{
    sigset_t awaited;
    int number = 0;

    (void)sigemptyset(&awaited);
    (void)sigaddset(&awaited, SIGCHLD);
    (void)sigaddset(&awaited, WARDEN_SIGNAL);
    while (number != WARDEN_SIGNAL && !ward->collected) {
        (void)sigwait(&awaited, &number);
        while (collect(ward, WNOHANG)) {
        }
    }
}

/* So that who waits for the warden learns how the program ended. */
static _Noreturn void end_as(int how)
{
    sigset_t none;

    if (WIFSIGNALED(how)) {
        (void)signal(WTERMSIG(how), SIG_DFL);
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        (void)kill(getpid(), WTERMSIG(how));
    }
    _exit(WEXITSTATUS(how));
}

_Noreturn void warden_run(const struct warden *warden, pid_t parent)
{
    const pid_t self = getpid();
    struct ward ward = {.how = EXIT_NOT_STARTED << 8};
    sigset_t all;

    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    (void)signal(SIGCHLD, SIG_DFL);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    if (prctl(PR_SET_PDEATHSIG, WARDEN_SIGNAL, 0, 0, 0) < 0 || getppid() != parent)
        _exit(EXIT_NOT_STARTED);
    ward.program = fork();
    if (ward.program == 0)
        become_program(warden, self);
    (void)close_range(STDERR_FILENO + 1, ~0U, 0);
    ward.children = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    if (ward.program > 0) {
        watch(&ward);
        if (!ward.collected || !warden->keep_others)
            end_all(&ward);
    }
    end_as(ward.how);
}
