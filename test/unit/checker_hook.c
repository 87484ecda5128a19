// SPDX-License-Identifier: MIT
/* The hook from the inside: calls that cannot be ended do not pile up. */
#include "hook.h"
#include "spawn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "log/log.h"

struct fixture {
    uv_loop_t loop;
    struct conf conf;
    struct hook hook;
    unsigned idle;
};

static void on_idle(void *arg)
{
    struct fixture *fixture = arg;

    fixture->idle++;
}

static struct fixture *begin(void)
{
    static const char program[] = "/bin/true";
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    log_open("hook", LOG_LEVEL_ERROR);
    memcpy(fixture->conf.words, program, sizeof(program));
    fixture->conf.words_length = sizeof(program);
    fixture->conf.hook.count = 1;
    fixture->conf.hook_timeout_ns = UINT64_C(10000000000);
    assert_int_equal(uv_loop_init(&fixture->loop), 0);
    fixture->hook = (struct hook){.loop = &fixture->loop,
                                  .conf = &fixture->conf,
                                  .node = "n1",
                                  .idle = on_idle,
                                  .arg = fixture};
    hook_open(&fixture->hook);
    return fixture;
}

static void call(struct fixture *fixture)
{
    struct ipc_news *news = calloc(1, ipc_news_size(0));

    assert_non_null(news);
    news->event = IPC_NEWS_HOLDING;
    hook_call(&fixture->hook, news);
    free(news);
}

static void end(struct fixture *fixture)
{
    hook_close(&fixture->hook);
    (void)uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
    free(fixture);
}

static void test_a_call_runs_and_the_hook_is_idle_again(void **state)
{
    struct fixture *fixture = begin();

    (void)state;
    call(fixture);
    assert_non_null(fixture->hook.spawn);
    (void)uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_int_equal(fixture->idle, 1);
    assert_true(hook_is_idle(&fixture->hook));
    end(fixture);
}

static void test_no_call_is_made_while_too_many_of_before_cannot_be_ended(void **state)
{
    struct fixture *fixture = begin();

    (void)state;
    fixture->hook.lingering = SPAWN_LINGERING_MAX;
    call(fixture);
    assert_null(fixture->hook.spawn);
    assert_true(hook_is_idle(&fixture->hook));
    assert_int_equal(fixture->idle, 1);
    fixture->hook.lingering--; /* one has ended */
    call(fixture);
    assert_non_null(fixture->hook.spawn);
    assert_int_equal(fixture->hook.count, 1); /* the one that waited went first */
    (void)uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_int_equal(fixture->hook.count, 0);
    assert_int_equal(fixture->idle, 2);
    end(fixture);
}

/* A file system answers again: what happened meanwhile is told, though nothing new does. */
static void test_a_call_that_waited_is_made_when_one_of_before_has_ended(void **state)
{
    struct fixture *fixture = begin();

    (void)state;
    fixture->hook.lingering = SPAWN_LINGERING_MAX;
    call(fixture);
    assert_int_equal(fixture->hook.count, 1);
    (void)uv_run(&fixture->loop, UV_RUN_ONCE);
    assert_int_equal(fixture->hook.count, 1);
    fixture->hook.lingering--;
    (void)uv_run(&fixture->loop, UV_RUN_ONCE);
    assert_int_equal(fixture->hook.count, 0);
    assert_non_null(fixture->hook.spawn);
    (void)uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_true(hook_is_idle(&fixture->hook));
    end(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_call_runs_and_the_hook_is_idle_again),
        cmocka_unit_test(test_no_call_is_made_while_too_many_of_before_cannot_be_ended),
        cmocka_unit_test(test_a_call_that_waited_is_made_when_one_of_before_has_ended),
    };

    return cmocka_run_group_tests_name("checker_hook", tests, NULL, NULL);
}
