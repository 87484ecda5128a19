// SPDX-License-Identifier: MIT
/* Which changes the hook is told of, and as what. */
#include "engine/news.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

static const struct conf conf = {
    .node_count = 2,
    .vip_count = 2,
    .check_count = 1,
    .address_count = 3,
    .nodes = {{.name = "one"}, {.name = "two"}},
    .vips = {{.name = "web", .address_first = 0, .address_count = 1},
             {.name = "mail", .address_first = 1, .address_count = 2}},
    .addresses = {{AF_INET, 32, {10, 0, 0, 1}}, {AF_INET, 32, {10, 0, 0, 2}}, {AF_INET6, 128, {0}}},
    .checks = {{.name = "up"}},
};

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
        {{.type = CHANGE_CONFLICT, .reason = REASON_FOREIGN_HOST}, "conflict", "holding"},
        {{.type = CHANGE_CONFLICT, .reason = REASON_FOREIGN_GONE}, "reassert", "holding"},
        {{.type = CHANGE_CONFLICT, .reason = REASON_UNHEARD_NODE}, "conflict", "holding"},
        {{.type = CHANGE_CONFLICT, .reason = REASON_UNHEARD_GONE}, "reassert", "holding"},
        {{.type = CHANGE_CHECK, .vip = VIP_NONE, .to = CHECK_FAILED}, "health", "failed"},
        {{.type = CHANGE_CHECK, .vip = VIP_NONE, .to = CHECK_OK}, "health", "ok"},
        {{.type = CHANGE_MEMBER, .to = MEMBER_DEAD}, NULL, NULL},
        {{.type = CHANGE_HOLDER, .from = 0, .to = 1}, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ipc_news *news = news_of_change(&cases[i].change, &conf, 1, "because");
        bool is_check = cases[i].change.type == CHANGE_CHECK;

        assert_int_equal(news != NULL, cases[i].event != NULL);
        if (news != NULL) {
            assert_string_equal(ipc_news_event_name((enum ipc_news_event)news->event),
                                cases[i].event);
            assert_string_equal(news->state, cases[i].state);
            assert_string_equal(news->reason, "because");
            assert_string_equal(news->vip, is_check ? "" : "web");
            assert_string_equal(news->holder, is_check ? "" : "two");
            assert_string_equal(news->check, is_check ? "up" : "");
            assert_int_equal(news->address_count, is_check ? 0 : 1);
            assert_true(ipc_news_are_valid(news, ipc_news_size(news->address_count)));
        }
        free(news);
    }
}

static void test_names_and_addresses_are_those_of_the_moment(void **state)
{
    const struct change change = {
        .type = CHANGE_VIP, .vip = 1, .from = VIP_CLAIMING, .to = VIP_HOLDING};
    struct ipc_news *news = news_of_change(&change, &conf, NODE_NONE, "a \x01 b");

    (void)state;
    assert_non_null(news);
    assert_string_equal(news->reason, "a ? b");
    assert_string_equal(news->vip, "mail");
    assert_string_equal(news->holder, "");
    assert_int_equal(news->address_count, 2);
    assert_memory_equal(news->addresses, &conf.addresses[1], 2 * sizeof conf.addresses[0]);
    free(news);
}

static bool is_valid_but_for(void (*spoil)(struct ipc_news *news), size_t more)
{
    const struct change change = {.type = CHANGE_VIP, .from = VIP_CLAIMING, .to = VIP_HOLDING};
    struct ipc_news *news = news_of_change(&change, &conf, NODE_NONE, "because");
    bool valid;

    assert_non_null(news);
    spoil(news);
    valid = ipc_news_are_valid(news, ipc_news_size(1) + more);
    free(news);
    return valid;
}

#define SPOIL(name, statement)                      \
    static void spoil_##name(struct ipc_news *news) \
    {                                               \
        statement;                                  \
    }

SPOIL(nothing, (void)news)
SPOIL(event, news->event = IPC_NEWS_HEALTH + 1)
SPOIL(vip, news->vip[0] = '\0')
SPOIL(check, news->check[0] = 'c')
SPOIL(state, memset(news->state, 'x', sizeof news->state))
SPOIL(holder, news->holder[CONF_NAME_MAX] = 'x')
SPOIL(count, news->address_count = 2)
SPOIL(family, news->addresses[0].family = 77)

static void test_news_of_another_shape_are_not_valid(void **state)
{
    (void)state;
    assert_true(is_valid_but_for(spoil_nothing, 0));
    assert_false(is_valid_but_for(spoil_nothing, (size_t)-1));
    assert_false(is_valid_but_for(spoil_event, 0));
    assert_false(is_valid_but_for(spoil_vip, 0));
    assert_false(is_valid_but_for(spoil_check, 0));
    assert_false(is_valid_but_for(spoil_state, 0));
    assert_false(is_valid_but_for(spoil_holder, 0));
    assert_false(is_valid_but_for(spoil_count, 0));
    assert_false(is_valid_but_for(spoil_family, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_change_is_the_event_that_is_documented),
        cmocka_unit_test(test_names_and_addresses_are_those_of_the_moment),
        cmocka_unit_test(test_news_of_another_shape_are_not_valid),
    };

    return cmocka_run_group_tests_name("engine_news", tests, NULL, NULL);
}
