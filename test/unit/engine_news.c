// SPDX-License-Identifier: MIT
/* Which changes the hook is told of, and as what. */
#include "engine/news.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct conf conf = {.node_count = 2, .vip_count = 1, .check_count = 1};

static void test_each_change_is_the_event_that_is_documented(void **state)
{
    static const struct {
        struct change change;
        const char *event; /* NULL: none */
        const char *state;
    } cases[] = {
        {{.type = CHANGE_VIP, .from = VIP_CLAIMING, .to = VIP_HOLDING}, "holding", "holding"},
        {{.type = CHANGE_VIP, .from = VIP_RELEASING, .to = VIP_STANDBY}, "standby", "standby"},
        {{.type = CHANGE_VIP, .from = VIP_FAULT, .to = VIP_STANDBY}, "standby", "standby"},
        {{.type = CHANGE_VIP, .from = VIP_CLAIMING, .to = VIP_STANDBY}, NULL, NULL},
        {{.type = CHANGE_VIP, .from = VIP_STANDBY, .to = VIP_CLAIMING}, NULL, NULL},
        {{.type = CHANGE_VIP, .from = VIP_HOLDING, .to = VIP_RELEASING}, NULL, NULL},
        {{.type = CHANGE_VIP, .from = VIP_CLAIMING, .to = VIP_FAULT}, "fault", "fault"},
        {{.type = CHANGE_RIVAL, .from = NODE_NONE, .to = 1}, "conflict", "holding"},
        {{.type = CHANGE_RIVAL, .from = 1, .to = NODE_NONE}, "reassert", "holding"},
        {{.type = CHANGE_CHECK, .vip = VIP_NONE, .to = CHECK_FAILED}, "health", "failed"},
        {{.type = CHANGE_CHECK, .vip = VIP_NONE, .to = CHECK_OK}, "health", "ok"},
        {{.type = CHANGE_MEMBER, .to = MEMBER_DEAD}, NULL, NULL},
        {{.type = CHANGE_HOLDER, .from = 0, .to = 1}, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ipc_news news;
        bool told = news_of_change(&cases[i].change, 1, "because", &news);

        assert_int_equal(told, cases[i].event != NULL);
        if (told) {
            assert_string_equal(ipc_news_event_name((enum ipc_news_event)news.event),
                                cases[i].event);
            assert_string_equal(news.state, cases[i].state);
            assert_string_equal(news.reason, "because");
            assert_true(ipc_news_are_valid(&news, sizeof news, &conf));
        }
    }
}

static void test_news_of_another_shape_are_not_valid(void **state)
{
    const struct change change = {.type = CHANGE_VIP, .from = VIP_CLAIMING, .to = VIP_HOLDING};
    struct ipc_news good;
    struct ipc_news news;

    (void)state;
    assert_true(news_of_change(&change, NODE_NONE, "a \x01 b", &good));
    assert_string_equal(good.reason, "a ? b");
    assert_true(ipc_news_are_valid(&good, sizeof good, &conf));
    assert_false(ipc_news_are_valid(&good, sizeof good - 1, &conf));
    news = good;
    news.event = IPC_NEWS_HEALTH + 1;
    assert_false(ipc_news_are_valid(&news, sizeof news, &conf));
    news = good;
    news.vip = 1;
    assert_false(ipc_news_are_valid(&news, sizeof news, &conf));
    news = good;
    news.check = 0; /* of a VIP, not of a check */
    assert_false(ipc_news_are_valid(&news, sizeof news, &conf));
    news = good;
    news.holder = 2;
    assert_false(ipc_news_are_valid(&news, sizeof news, &conf));
    news = good;
    news.unused[2] = 1;
    assert_false(ipc_news_are_valid(&news, sizeof news, &conf));
    news = good;
    memset(news.state, 'x', sizeof news.state);
    assert_false(ipc_news_are_valid(&news, sizeof news, &conf));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_change_is_the_event_that_is_documented),
        cmocka_unit_test(test_news_of_another_shape_are_not_valid),
    };

    return cmocka_run_group_tests_name("engine_news", tests, NULL, NULL);
}
