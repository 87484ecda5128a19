// SPDX-License-Identifier: MIT
#include "confine_support.h"

#include "log/log.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define EXIT_CONFINE 1
#define EXIT_REFUSED 2

/* The status of the child. */
static int run(int (*confine)(void), void (*deed)(void))
{
    int status = 0;
    const pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        log_open("confined", LOG_LEVEL_ERROR);
        (void)dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
        (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (confine() != 0)
            _exit(EXIT_CONFINE);
        deed();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_CONFINE);
    return status;
}

static void ask_for_the_system(void)
{
    struct utsname system;

    (void)uname(&system);
}

static void skip_without_filter(int (*confine)(void))
{
    if (WIFEXITED(run(confine, ask_for_the_system)))
        skip();
}

void confine_assert_deadly(int (*confine)(void), const struct deed *deeds, size_t count)
{
    skip_without_filter(confine);
    for (size_t i = 0; i < count; i++) {
        const int status = run(confine, deeds[i].try);

        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
            fail_msg("%s: status 0x%x", deeds[i].what, (unsigned)status);
    }
}

void confine_assert_possible(int (*confine)(void), const struct deed *deeds, size_t count)
{
    skip_without_filter(confine);
    for (size_t i = 0; i < count; i++) {
        const int status = run(confine, deeds[i].try);

        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            fail_msg("%s: status 0x%x", deeds[i].what, (unsigned)status);
    }
}

void confine_refused(void)
{
    _exit(EXIT_REFUSED);
}

static void execute(void)
{
    char *const arguments[] = {(char[]){"true"}, NULL};

    (void)execv("/bin/true", arguments);
}

static void start_a_process(void)
{
    (void)!fork();
}

static void open_a_file(void)
{
    (void)open("/etc/hostname", O_RDONLY | O_CLOEXEC);
}

static void make_a_directory(void)
{
    (void)mkdir("/tmp/vg-never", 0700);
}

static void change_a_mode(void)
{
    (void)chmod("/tmp", 01777);
}

static void mount_something(void)
{
    (void)mount("none", "/mnt", "tmpfs", 0, NULL);
}

static void kill_somebody(void)
{
    (void)kill(getppid(), 0);
}

static void kill_a_group(void)
{
    (void)kill(0, 0);
}

static void trace_somebody(void)
{
    (void)ptrace(PTRACE_SEIZE, 1, NULL, NULL);
}

static void write_to_somebody(void)
{
    struct iovec part = {NULL, 0};

    (void)process_vm_writev(1, &part, 1, &part, 1, 0);
}

static void open_netlink(void)
{
    (void)socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

static void open_raw_ip(void)
{
    (void)socket(AF_INET, SOCK_RAW, 1);
}

static void open_a_connection(void)
{
    (void)socket(AF_INET, SOCK_STREAM, 0);
}

static void open_a_local_connection(void)
{
    (void)socket(AF_UNIX, SOCK_STREAM, 0);
}

static void change_user(void)
{
    (void)!setuid(1);
}

static void change_capabilities(void)
{
    (void)syscall(SYS_capset, NULL, NULL);
}

static void enter_namespace(void)
{
    (void)syscall(SYS_unshare, 0);
}

static void load_a_program_into_the_kernel(void)
{
    (void)syscall(SYS_bpf, 0, NULL, 0);
}

static void change_the_filter(void)
{
    (void)prctl(PR_SET_SECCOMP, 0, 0, 0, 0);
}

static void become_visible(void)
{
    (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

const struct deed confine_common[] = {
    {"execve", execute},
    {"fork", start_a_process},
    {"open", open_a_file},
    {"mkdir", make_a_directory},
    {"chmod", change_a_mode},
    {"mount", mount_something},
    {"kill another process", kill_somebody},
    {"kill a group", kill_a_group},
    {"ptrace", trace_somebody},
    {"process_vm_writev", write_to_somebody},
    {"a netlink socket", open_netlink},
    {"a raw IP socket", open_raw_ip},
    {"a TCP socket", open_a_connection},
    {"a Unix stream socket", open_a_local_connection},
    {"setuid", change_user},
    {"capset", change_capabilities},
    {"unshare", enter_namespace},
    {"bpf", load_a_program_into_the_kernel},
    {"another filter", change_the_filter},
    {"dumpable again", become_visible},
};
const size_t confine_common_count = sizeof(confine_common) / sizeof(confine_common[0]);
