// SPDX-License-Identifier: MIT
/* The child that reads: what becomes of one that hangs, dies or cannot even be killed. */
#include "host/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 300

static void work(void *arg, void *report)
{
    const char *what = arg;

    (void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
    if (strcmp(what, "hang") == 0)
        for (;;)
            (void)pause();
    if (strcmp(what, "exit") == 0)
        _exit(3);
    (void)snprintf(report, 16, "%s", what);
}

static struct reader_job job_of(char *what, char *report)
{
    return (struct reader_job){.work = work,
                               .arg = what,
                               .report = report,
                               .size = 16,
                               .what = "FILE",
                               .patience_ms = PATIENCE_MS};
}

static enum reader_state go_on(struct reader *reader, struct conf_error *error)
{
    enum reader_state state = READER_WAITS;

    while (state == READER_WAITS) {
        struct pollfd source = reader_source(reader);

        (void)poll(&source, 1, reader_wait_ms(reader));
        state = reader_serve(reader, error);
    }
    return state;
}

static void test_each_end_of_the_child_has_its_sentence(void **state)
{
    static const struct {
        char what[8];
        enum reader_state state;
        const char *text;
    } cases[] = {
        {"fine", READER_DONE, ""},
        {"hang", READER_FAILED,
         "FILE: not read within 0.3 s: is it a regular file, on a disk that answers?"},
        {"exit", READER_FAILED,
         "FILE: the parser gave up without a word (exit code 3): is it a readable text file?"},
        {"again", READER_DONE, ""},
    };
    struct reader reader = {.child = 0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct conf_error error = {.text = ""};
        char what[8];
        char report[16] = "";
        struct reader_job job;

        memcpy(what, cases[i].what, sizeof(what));
        job = job_of(what, report);
        assert_int_equal(reader_begin(&reader, &job, &error), 0);
        assert_int_equal(go_on(&reader, &error), cases[i].state);
        assert_string_equal(error.text, cases[i].text);
        assert_string_equal(report, cases[i].state == READER_DONE ? what : "");
        assert_int_equal(reader.child, 0);
    }
}

/* Takes the child's end for itself, and does not collect it: to its parent it has not ended. False:
 * it may not do that here. */
static bool hold(pid_t child, pid_t *ret)
{
    int ends[2];
    char done = 0;

    assert_int_equal(pipe(ends), 0);
    *ret = fork();
    if (*ret == 0) {
        done = ptrace(PTRACE_SEIZE, child, NULL, NULL) == 0 ? 'y' : 'n';
        (void)!write(ends[1], &done, 1);
        for (;;)
            (void)pause();
    }
    assert_int_equal(read(ends[0], &done, 1), 1);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return done == 'y';
}

static void let_go(pid_t holder)
{
    assert_int_equal(kill(holder, SIGKILL), 0);
    assert_int_equal(waitpid(holder, NULL, 0), holder);
}

/* Who waits for a child that a dead disk holds waits for ever. */
static void test_a_child_that_cannot_be_ended_is_left_behind_and_collected_later(void **state)
{
    char hang[] = "hang";
    char fine[] = "fine";
    char report[16] = "";
    struct reader_job job = job_of(hang, report);
    struct reader reader = {.child = 0};
    struct conf_error error;
    pid_t child;
    pid_t holder;
    bool held;
    struct pollfd source;

    (void)state;
    assert_int_equal(reader_begin(&reader, &job, &error), 0);
    child = reader.child;
    held = hold(child, &holder);
    if (!held) {
        (void)go_on(&reader, &error);
        let_go(holder);
        skip();
    }
    assert_int_equal(go_on(&reader, &error), READER_FAILED);
    assert_string_equal(error.text, "FILE: not read within 0.3 s, and the process that reads it "
                                    "cannot be ended: its disk does not answer");
    job = job_of(fine, report);
    assert_int_equal(reader_begin(&reader, &job, &error), -1);
    assert_string_equal(error.text, "FILE: the process that read it before was killed and has not "
                                    "ended: its disk does not answer");
    assert_int_equal(reader.child, child);
    let_go(holder);
    source = reader_source(&reader);
    assert_int_equal(poll(&source, 1, 10000), 1);
    assert_int_equal(reader_serve(&reader, &error), READER_WAITS);
    assert_int_equal(reader.child, 0);
    assert_int_equal(reader_begin(&reader, &job, &error), 0);
    assert_int_equal(go_on(&reader, &error), READER_DONE);
    assert_string_equal(report, "fine");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_end_of_the_child_has_its_sentence),
        cmocka_unit_test(test_a_child_that_cannot_be_ended_is_left_behind_and_collected_later),
    };

    return cmocka_run_group_tests_name("host_reader", tests, NULL, NULL);
}
