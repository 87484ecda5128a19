// SPDX-License-Identifier: MIT
/*
 * The filter itself, by libseccomp. A call that is not allowed is trapped: the kernel sends SIGSYS,
 * the handler writes the name of the call and lets the process die of the same signal. Nobody in
 * the process can prevent that: who blocks or ignores SIGSYS is killed by the kernel at once, and
 * to change its handler is not allowed. A call by another architecture's numbers (32-bit calls on a
 * 64-bit kernel) kills without a word.
 */
#include "sandbox/sandbox.h"

#include "log/log.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TEXT_MAX 200

/* What malloc(), stdio, time, signals, abort() and exit() come down to, on every architecture and
 * by the calls that newer C libraries use. None of them takes a path. */
static const struct sandbox_call common[] = {
    /* memory: never executable */
    {SCMP_SYS(brk), {{0}}},
    {SCMP_SYS(mmap), {{2, PROT_EXEC, 0}}},
    {SCMP_SYS(mmap2), {{2, PROT_EXEC, 0}}},
    {SCMP_SYS(mprotect), {{2, PROT_EXEC, 0}}},
    {SCMP_SYS(mremap), {{0}}},
    {SCMP_SYS(munmap), {{0}}},
    {SCMP_SYS(madvise), {{0}}},
    {SCMP_SYS(mlock), {{0}}},
    {SCMP_SYS(mlock2), {{0}}},
    {SCMP_SYS(munlock), {{0}}},
    /* Descriptors that are there already. Not F_SETOWN and its like: it sends signals. */
    {SCMP_SYS(read), {{0}}},
    {SCMP_SYS(readv), {{0}}},
    {SCMP_SYS(write), {{0}}},
    {SCMP_SYS(writev), {{0}}},
    {SCMP_SYS(close), {{0}}},
    {SCMP_SYS(fcntl), {{1, SANDBOX_WHOLE, F_GETFL}}},
    {SCMP_SYS(fcntl), {{1, SANDBOX_WHOLE, F_SETFL}}},
    {SCMP_SYS(fcntl), {{1, SANDBOX_WHOLE, F_GETFD}}},
    {SCMP_SYS(fcntl), {{1, SANDBOX_WHOLE, F_SETFD}}},
    {SCMP_SYS(fcntl64), {{1, SANDBOX_WHOLE, F_GETFL}}},
    {SCMP_SYS(fcntl64), {{1, SANDBOX_WHOLE, F_SETFL}}},
    {SCMP_SYS(fcntl64), {{1, SANDBOX_WHOLE, F_GETFD}}},
    {SCMP_SYS(fcntl64), {{1, SANDBOX_WHOLE, F_SETFD}}},
    {SCMP_SYS(lseek), {{0}}},
    {SCMP_SYS(_llseek), {{0}}},
    {SCMP_SYS(fstat), {{0}}},
    {SCMP_SYS(fstat64), {{0}}},
    {SCMP_SYS(poll), {{0}}},
    {SCMP_SYS(ppoll), {{0}}},
    {SCMP_SYS(ppoll_time64), {{0}}},
    /* time: most of it without a call, where the machine's clock is good */
    {SCMP_SYS(clock_gettime), {{0}}},
    {SCMP_SYS(clock_gettime64), {{0}}},
    {SCMP_SYS(clock_getres), {{0}}},
    {SCMP_SYS(clock_getres_time64), {{0}}},
    {SCMP_SYS(gettimeofday), {{0}}},
    {SCMP_SYS(time), {{0}}},
    {SCMP_SYS(nanosleep), {{0}}},
    {SCMP_SYS(clock_nanosleep), {{0}}},
    {SCMP_SYS(clock_nanosleep_time64), {{0}}},
    {SCMP_SYS(timerfd_create), {{0}}},
    {SCMP_SYS(timerfd_settime), {{0}}},
    {SCMP_SYS(timerfd_settime64), {{0}}},
    {SCMP_SYS(restart_syscall), {{0}}},
    /* randomness, locks */
    {SCMP_SYS(getrandom), {{0}}},
    {SCMP_SYS(futex), {{0}}},
    {SCMP_SYS(futex_time64), {{0}}},
    {SCMP_SYS(sched_yield), {{0}}},
    /* signals: the only handler that may be set is that of abort() */
    {SCMP_SYS(rt_sigprocmask), {{0}}},
    {SCMP_SYS(rt_sigreturn), {{0}}},
    {SCMP_SYS(sigreturn), {{0}}},
    {SCMP_SYS(rt_sigaction), {{0, SANDBOX_WHOLE, SIGABRT}}},
    /* who am I, how much memory is there (qsort() asks), and the end */
    {SCMP_SYS(getpid), {{0}}},
    {SCMP_SYS(sysinfo), {{0}}},
    {SCMP_SYS(gettid), {{0}}},
    {SCMP_SYS(exit), {{0}}},
    {SCMP_SYS(exit_group), {{0}}},
};

static char *append(char *to, const char *end, const char *text)
{
    while (*text != '\0' && to < end)
        *to++ = *text++;
    return to;
}

static char *append_number(char *to, const char *end, unsigned number)
{
    char digits[12];
    size_t at = sizeof(digits) - 1;

    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return append(to, end, digits + at);
}

static void on_violation(int number, siginfo_t *info, void *context)
{
    const char *name = sandbox_call_name(info->si_syscall);
    char text[TEXT_MAX];
    const char *end = text + sizeof(text) - 1;
    char *at = append(text, end, "the sandbox does not allow the system call ");

    (void)context;
    at = append(at, end, name != NULL ? name : "without a name");
    at = append(at, end, " (number ");
    at = append_number(at, end, (unsigned)info->si_syscall);
    at = append(at, end, "); the process ends: a fault of vipgossip, or somebody has broken in");
    *at = '\0';
    log_from_handler(text);
    (void)raise(number); /* the handler is gone, SA_RESETHAND: this is the end */
    _exit(128 + number);
}

static int set_handler(void)
{
    struct sigaction action = {.sa_sigaction = on_violation,
                               .sa_flags = (int)(SA_SIGINFO | SA_RESETHAND | SA_NODEFER)};

    (void)sigemptyset(&action.sa_mask);
    return sigaction(SIGSYS, &action, NULL) < 0 ? -errno : 0;
}

static int add(scmp_filter_ctx filter, const struct sandbox_call *call)
{
    struct scmp_arg_cmp compares[SANDBOX_COMPARES_MAX];
    unsigned count = 0;

    while (count < SANDBOX_COMPARES_MAX && call->compares[count].mask != 0) {
        const struct sandbox_compare *compare = &call->compares[count];

        compares[count++] = (struct scmp_arg_cmp){
            .arg = compare->argument,
            .op = SCMP_CMP_MASKED_EQ,
            .datum_a = compare->mask,
            .datum_b = compare->value,
        };
    }
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call->number, count, compares);
}

static int add_list(scmp_filter_ctx filter, const struct sandbox_list *list)
{
    int result = 0;

    for (size_t i = 0; i < list->count && result == 0; i++)
        result = add(filter, &list->calls[i]);
    return result;
}

static int fill(scmp_filter_ctx filter, const struct sandbox_list *list)
{
    const struct sandbox_list needed = {common, sizeof(common) / sizeof(common[0])};
    /* raise() and abort(): to itself and to nobody else. */
    const struct sandbox_call own_signal = {SCMP_SYS(tgkill),
                                            {{0, SANDBOX_WHOLE, (uint64_t)getpid()}}};
    int result = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

    /* A tree in place of a list, where libseccomp can: a call costs the same wherever it stands. */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (result == 0)
        result = add_list(filter, &needed);
    if (result == 0)
        result = add(filter, &own_signal);
    return result == 0 ? add_list(filter, list) : result;
}

int sandbox_filter_calls(const struct sandbox_list *list)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
    int result = filter == NULL ? -ENOMEM : fill(filter, list);

    if (result == 0)
        result = set_handler();
    if (result == 0)
        result = seccomp_load(filter); /* sets no_new_privs too */
    seccomp_release(filter);
    /* libseccomp says ECANCELED for whatever the kernel said. */
    return result == -ECANCELED || result == -EINVAL ? -ENOSYS : result;
}
