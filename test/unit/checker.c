// SPDX-License-Identifier: MIT
/* The checker in this process, with a child as its engine's other end: what it reports of checks.
 */
#include "checker_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static void add_shell(struct run *run, const char *script)
{
    struct conf_check *check = add_check(run, CONF_CHECK_EXEC, "/bin/sh");

    add_word(&run->setup.conf, &check->target, "-c");
    add_word(&run->setup.conf, &check->target, script);
}

static void test_a_program_is_judged_by_its_end(void **state)
{
    static const struct {
        const char *script;
        enum ipc_outcome outcome;
        const char *detail;
    } cases[] = {
        {"exit 0", IPC_OUTCOME_OK, "exit code 0"},
        {"echo; echo fine; echo more", IPC_OUTCOME_OK, "fine"},
        {"echo sad >&2; exit 3", IPC_OUTCOME_FAILED, "exit code 3: sad"},
        {"kill -9 $$", IPC_OUTCOME_FAILED, "killed by signal 9 (Killed)"},
        {"while :; do echo flood; done", IPC_OUTCOME_FAILED,
         "it printed more than 64 KiB and was killed"},
        {"test -z \"$HOME$SHLVL$SHELL\" && echo $VIPGOSSIP_NODE $VIPGOSSIP_CHECK $#",
         IPC_OUTCOME_OK, "n1 c6 0"},
        {"read line || echo no input", IPC_OUTCOME_OK, "no input"},
        {"exec 1>&- 2>&-; sleep 0.1", IPC_OUTCOME_OK, "exit code 0"},
    };
    struct run *run = new_run();
    unsigned seen = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        add_shell(run, cases[i].script);
    start(run);
    while (seen != (1U << sizeof(cases) / sizeof(cases[0])) - 1) {
        const struct ipc_result result = next_result(run);

        assert_string_equal(result.detail, cases[result.check].detail);
        assert_int_equal(result.outcome, cases[result.check].outcome);
        seen |= 1U << result.check;
    }
    finish(run);
}

static void test_a_program_that_hangs_is_killed_with_its_children(void **state)
{
    struct run *run = new_run();
    char script[128];
    char path[] = "/tmp/vipgossip-checker-XXXXXX";
    const int fd = mkstemp(path);
    struct ipc_result result;
    FILE *file;
    int pid = 0;

    (void)state;
    assert_true(fd >= 0);
    (void)snprintf(script, sizeof(script), "sleep 1000 & echo $! > %s; sleep 1000", path);
    add_shell(run, script);
    run->setup.conf.checks[0].timeout_ns = 1000 * NS_PER_MS;
    run->setup.conf.checks[0].interval_ns = 60000 * NS_PER_MS;
    start(run);
    result = next_result(run);
    assert_int_equal(result.outcome, IPC_OUTCOME_FAILED);
    assert_string_equal(result.detail, "not done within its timeout, 1000 ms");
    assert_true(result.took_us >= 1000000);
    file = fdopen(fd, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%d", &pid), 1);
    (void)fclose(file);
    (void)unlink(path);
    /* A zombie may be left, where nobody collects orphans. */
    for (int n = 0; n < 1000 && kill(pid, 0) == 0; n++) {
        char stat_path[64];
        char text[256] = "";

        (void)snprintf(stat_path, sizeof(stat_path), "/proc/%d/stat", pid);
        file = fopen(stat_path, "re");
        if (file == NULL || fgets(text, sizeof(text), file) == NULL || strstr(text, ") Z ") != NULL)
            pid = -1;
        if (file != NULL)
            (void)fclose(file);
        if (pid < 0)
            break;
        (void)poll(NULL, 0, 10);
    }
    assert_true(pid < 0 || kill(pid, 0) != 0);
    finish(run);
}

static void test_tcp_tells_a_listener_from_none(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct run *run = new_run();
    char target[64];
    char expected[128];
    unsigned seen = 0;

    (void)state;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    assert_int_equal(listen(listener, 16), 0);
    (void)snprintf(target, sizeof(target), "127.0.0.1:%u", ntohs(address.sin_port));
    add_check(run, CONF_CHECK_TCP, target);
    add_check(run, CONF_CHECK_TCP, "127.0.0.1:1");
    add_check(run, CONF_CHECK_TCP, "no-such-host.invalid:80");
    start(run);
    while (seen != 7) {
        const struct ipc_result result = next_result(run);

        (void)snprintf(expected, sizeof(expected), "%s takes connections", target);
        if (result.check == 0)
            assert_string_equal(result.detail, expected);
        if (result.check == 1)
            assert_string_equal(result.detail, "127.0.0.1:1: connection refused");
        assert_int_equal(result.outcome, result.check == 0 ? IPC_OUTCOME_OK : IPC_OUTCOME_FAILED);
        seen |= 1U << result.check;
    }
    (void)close(listener);
    finish(run);
}

static void test_it_runs_each_check_again_and_says_that_it_lives(void **state)
{
    struct run *run = new_run();
    char byte;

    (void)state;
    add_shell(run, "exit 0");
    start(run);
    for (int n = 0; n < 5; n++)
        assert_int_equal(next_result(run).outcome, IPC_OUTCOME_OK);
    assert_int_equal(read(run->alive, &byte, 1), 1);
    finish(run);
}

static void test_results_of_another_shape_are_not_valid(void **state)
{
    struct ipc_result result = {.check = 1, .outcome = IPC_OUTCOME_OK};

    (void)state;
    ipc_text_set(result.detail, sizeof(result.detail), "fine\x01\xff");
    assert_string_equal(result.detail, "fine??");
    assert_true(ipc_result_is_valid(&result, sizeof(result), 2));
    assert_false(ipc_result_is_valid(&result, sizeof(result) - 1, 2));
    assert_false(ipc_result_is_valid(&result, sizeof(result), 1));
    result.detail[IPC_DETAIL_MAX - 1] = 'x'; /* after the end of the text */
    assert_false(ipc_result_is_valid(&result, sizeof(result), 2));
    memset(result.detail, 'x', sizeof(result.detail));
    assert_false(ipc_result_is_valid(&result, sizeof(result), 2));
    ipc_text_set(result.detail, sizeof(result.detail), "");
    result.outcome = IPC_OUTCOME_UNKNOWN + 1;
    assert_false(ipc_result_is_valid(&result, sizeof(result), 2));
    result.outcome = 0;
    assert_false(ipc_result_is_valid(&result, sizeof(result), 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_program_is_judged_by_its_end),
        cmocka_unit_test(test_a_program_that_hangs_is_killed_with_its_children),
        cmocka_unit_test(test_tcp_tells_a_listener_from_none),
        cmocka_unit_test(test_it_runs_each_check_again_and_says_that_it_lives),
        cmocka_unit_test(test_results_of_another_shape_are_not_valid),
    };

    return cmocka_run_group_tests_name("checker", tests, NULL, NULL);
}
