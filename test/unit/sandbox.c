// SPDX-License-Identifier: MIT
/* Each test sends a child into the sandbox and looks at how it ends and what it says. */
#include "sandbox/sandbox.h"

#include "log/log.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define EXIT_NO_FILTER 77

/* How a child ended, and its standard error. */
struct end {
    int status;
    char text[4096];
};

static void run(void (*child)(void), struct end *ret)
{
    size_t length = 0;
    ssize_t added;
    int ends[2];
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        log_open("child", LOG_LEVEL_INFO);
        sandbox_hide();
        child();
        _exit(0);
    }
    (void)close(ends[1]);
    while ((added = read(ends[0], ret->text + length, sizeof(ret->text) - 1 - length)) > 0)
        length += (size_t)added;
    ret->text[length] = '\0';
    (void)close(ends[0]);
    assert_int_equal(waitpid(pid, &ret->status, 0), pid);
    if (WIFEXITED(ret->status) && WEXITSTATUS(ret->status) == EXIT_NO_FILTER)
        skip(); /* built for a sanitizer, or on a kernel without */
}

static void enter(void)
{
    static const struct sandbox_call one[] = {{SYS_getppid, {{0}}}};
    const struct sandbox_list list = {one, 1};
    const int result = sandbox_filter_calls(&list);

    if (result == -ENOSYS)
        _exit(EXIT_NO_FILTER);
    if (result != 0)
        _exit(1);
}

static void assert_named(void (*child)(void), const char *name)
{
    char expected[80];
    struct end end;

    run(child, &end);
    (void)snprintf(expected, sizeof(expected), "the system call %s (", name);
    if (!WIFSIGNALED(end.status) || WTERMSIG(end.status) != SIGSYS ||
        strstr(end.text, expected) == NULL)
        fail_msg("%s: status %d, \"%s\"", name, end.status, end.text);
    assert_memory_equal(end.text, "child: error: ", strlen("child: error: "));
}

static void child_opens(void)
{
    enter();
    (void)open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static void child_executes(void)
{
    char *const arguments[] = {(char[]){"true"}, NULL};

    enter();
    (void)execv("/bin/true", arguments);
}

static void child_kills_its_parent(void)
{
    const pid_t parent = getppid();

    enter();
    (void)kill(parent, 0);
}

static void child_signals_its_parent(void)
{
    const pid_t parent = getppid();

    enter();
    (void)syscall(SYS_tgkill, parent, parent, 0);
}

static void child_asks_for_a_signal_to_its_parent(void)
{
    const pid_t parent = getppid();

    enter();
    (void)fcntl(STDERR_FILENO, F_SETOWN, parent);
}

static void child_makes_code(void)
{
    enter();
    (void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void child_makes_memory_executable(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    enter();
    (void)mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static void child_hides_the_signal(void)
{
    enter();
    (void)signal(SIGSYS, SIG_IGN);
}

static void child_starts_another(void)
{
    enter();
    (void)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static void child_does_it_while_the_signal_is_blocked(void)
{
    struct utsname system;
    sigset_t all;

    enter();
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, NULL);
    (void)uname(&system);
}

static void test_what_is_not_allowed_ends_the_process_and_is_named(void **state)
{
    (void)state;
    assert_named(child_opens, "openat");
    assert_named(child_executes, "execve");
    assert_named(child_kills_its_parent, "kill");
    assert_named(child_starts_another, "clone");
}

static void test_an_allowed_call_is_not_allowed_with_any_argument(void **state)
{
    (void)state;
    assert_named(child_signals_its_parent, "tgkill");
    assert_named(child_asks_for_a_signal_to_its_parent, "fcntl");
    assert_named(child_makes_code, "mmap");
    assert_named(child_makes_memory_executable, "mprotect");
    assert_named(child_hides_the_signal, "rt_sigaction");
}

static void test_blocking_the_signal_does_not_help(void **state)
{
    struct end end;

    (void)state;
    run(child_does_it_while_the_signal_is_blocked, &end);
    assert_true(WIFSIGNALED(end.status));
    assert_int_equal(WTERMSIG(end.status), SIGSYS);
}

static void child_lives(void)
{
    const struct timespec moment = {0, 1000000};
    struct timespec now;
    char *memory;

    enter();
    /* Small, large, moved, given back; then time, randomness and a failure that is printed. */
    for (size_t bytes = 16; bytes <= ((size_t)64 << 20); bytes *= 8) {
        memory = malloc(bytes);
        if (memory == NULL)
            _exit(2);
        memset(memory, 1, bytes);
        memory = realloc(memory, bytes * 2);
        free(memory);
    }
    (void)syscall(SYS_clock_gettime, CLOCK_BOOTTIME, &now);
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL);
    if (getrandom(&now, sizeof(now), 0) < 0)
        _exit(3);
    (void)getppid();
    log_error("still here: %s", strerror(ENOENT));
    (void)fflush(stderr);
    exit(0);
}

static void test_the_c_library_has_what_it_needs(void **state)
{
    struct end end;

    (void)state;
    run(child_lives, &end);
    if (!WIFEXITED(end.status) || WEXITSTATUS(end.status) != 0)
        fail_msg("status %d, \"%s\"", end.status, end.text);
    assert_non_null(strstr(end.text, "still here: No such file or directory"));
}

static void child_aborts(void)
{
    enter();
    abort();
}

static void child_frees_twice(void)
{
    char *volatile memory;

    enter();
    memory = malloc(24);
    free(memory);
    free(memory);
}

static void assert_aborted(void (*child)(void), const char *says)
{
    struct end end;

    run(child, &end);
    if (!WIFSIGNALED(end.status) || WTERMSIG(end.status) != SIGABRT ||
        strstr(end.text, says) == NULL)
        fail_msg("status %d, \"%s\"", end.status, end.text);
}

static void test_a_failure_ends_as_it_would_without_a_sandbox(void **state)
{
    (void)state;
    assert_aborted(child_aborts, "");
    assert_aborted(child_frees_twice, "free()");
}

static void child_is_stopped_while_it_sleeps(void)
{
    const struct timespec a_while = {0, 300000000};

    enter();
    if (nanosleep(&a_while, NULL) != 0)
        _exit(3);
}

static void test_a_stop_and_a_continue_do_no_harm(void **state)
{
    const pid_t pid = fork();
    int status;

    (void)state;
    if (pid == 0) {
        child_is_stopped_while_it_sleeps();
        _exit(0);
    }
    (void)kill(pid, SIGSTOP);
    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    (void)kill(pid, SIGCONT);
    if (WIFSTOPPED(status))
        assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_FILTER)
        skip();
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void child_has_no_files(void)
{
    char path[] = "/tmp/vg-sandbox-XXXXXX";
    char kept[] = "/tmp/vg-sandbox-XXXXXX";
    char file[64];
    int result;

    if (mkdtemp(path) == NULL || mkdtemp(kept) == NULL)
        _exit(1);
    (void)snprintf(file, sizeof(file), "%s/x", path);
    (void)close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    result = sandbox_close_files(path);
    if (result == -ENOSYS || result == -EOPNOTSUPP) {
        (void)unlink(file);
        (void)rmdir(path);
        (void)rmdir(kept);
        _exit(EXIT_NO_FILTER);
    }
    if (result != 0)
        _exit(2);
    if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
        _exit(3);
    if (open(file, O_WRONLY | O_CLOEXEC) >= 0 || errno != EACCES)
        _exit(4);
    if (rmdir(kept) == 0 || errno != EACCES)
        _exit(5);
    if (unlink(file) != 0)
        _exit(6);
    (void)dprintf(STDERR_FILENO, "%s %s", path, kept);
}

static void test_no_file_can_be_touched_but_one_may_be_removed(void **state)
{
    struct end end;
    char *second;

    (void)state;
    run(child_has_no_files, &end);
    if (!WIFEXITED(end.status) || WEXITSTATUS(end.status) != 0)
        fail_msg("status %d", end.status);
    second = strchr(end.text, ' ');
    assert_non_null(second);
    *second = '\0';
    assert_int_equal(rmdir(end.text), 0);
    assert_int_equal(rmdir(second + 1), 0);
}

/* A directory that is not there cannot be spared. */
static void child_cannot_close_its_files(void)
{
    const int result = sandbox_close_files("/nonexistent/directory");

    if (result == -ENOSYS || result == -EOPNOTSUPP)
        _exit(EXIT_NO_FILTER);
    sandbox_shut_files("/nonexistent/directory", "baker");
}

static void test_files_that_stay_open_for_another_reason_are_a_warning(void **state)
{
    struct end end;

    (void)state;
    run(child_cannot_close_its_files, &end);
    assert_int_equal(end.status, 0);
    assert_non_null(strstr(end.text, "warning: the file system is not closed to the baker"));
    assert_non_null(strstr(end.text, "No such file or directory"));
}

static void child_shows_itself(void)
{
    struct rlimit limit;

    if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 || getrlimit(RLIMIT_CORE, &limit) != 0 ||
        limit.rlim_max != 0)
        _exit(1);
}

static void test_there_is_no_core_file_and_no_debugger(void **state)
{
    struct end end;

    (void)state;
    run(child_shows_itself, &end);
    assert_true(WIFEXITED(end.status));
    assert_int_equal(WEXITSTATUS(end.status), 0);
}

static void test_calls_have_names(void **state)
{
    (void)state;
    assert_string_equal(sandbox_call_name(SYS_read), "read");
    assert_string_equal(sandbox_call_name(SYS_seccomp), "seccomp");
    assert_null(sandbox_call_name(-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_allowed_ends_the_process_and_is_named),
        cmocka_unit_test(test_an_allowed_call_is_not_allowed_with_any_argument),
        cmocka_unit_test(test_blocking_the_signal_does_not_help),
        cmocka_unit_test(test_the_c_library_has_what_it_needs),
        cmocka_unit_test(test_a_failure_ends_as_it_would_without_a_sandbox),
        cmocka_unit_test(test_a_stop_and_a_continue_do_no_harm),
        cmocka_unit_test(test_no_file_can_be_touched_but_one_may_be_removed),
        cmocka_unit_test(test_files_that_stay_open_for_another_reason_are_a_warning),
        cmocka_unit_test(test_there_is_no_core_file_and_no_debugger),
        cmocka_unit_test(test_calls_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
