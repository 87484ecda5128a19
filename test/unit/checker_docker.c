// SPDX-License-Identifier: MIT
/* What the check of a Docker engine makes of each answer that an engine may give. */
#include "checker_support.h"
#include "fake_docker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NO_LEADER "The swarm does not have a leader"

/* GET /_ping of an engine before API 1.42, and of a newer one. */
#define OLD                                         \
    {                                               \
        "/_ping", 200, "Api-Version: 1.41", "OK", 0 \
    }
#define NEW(state)                              \
    {                                           \
        "/_ping", 200, "Swarm: " state, "OK", 0 \
    }
#define NO_NODES                     \
    {                                \
        "/nodes", 200, NULL, "[]", 0 \
    }
#define INFO(state, more)      INFO_TIMES(state, more, 0)
#define INFO_ONCE(state, more) INFO_TIMES(state, more, 1)
#define INFO_TIMES(state, more, times)                                                      \
    {                                                                                       \
        "/info", 200, NULL, "{\"Swarm\":{\"LocalNodeState\":\"" state "\"" more "}}", times \
    }
#define MANAGER        ",\"ControlAvailable\":true"
#define BECAUSE(error) ",\"Error\":\"" error "\""

struct engine_case {
    struct fake_answer answers[FAKE_DOCKER_PATHS];
    enum ipc_outcome outcome;
    const char *detail;
};

static struct run *run_against(const struct fake_docker *docker)
{
    struct run *run = new_run();

    add_check(run, CONF_CHECK_DOCKER, docker->socket);
    return run;
}

static void expect(const struct run *run, enum ipc_outcome outcome, const char *detail)
{
    const struct ipc_result result = next_result(run);

    assert_string_equal(result.detail, detail);
    assert_int_equal(result.outcome, outcome);
}

/* Until it says so; what was asked before may still be under way. */
static void expect_soon(const struct run *run, enum ipc_outcome outcome, const char *detail)
{
    struct ipc_result result = next_result(run);

    for (int n = 0; n < 100 && strcmp(result.detail, detail) != 0; n++)
        result = next_result(run);
    assert_string_equal(result.detail, detail);
    assert_int_equal(result.outcome, outcome);
}

static void test_each_answer_of_an_engine_has_its_sentence(void **state)
{
    static const struct engine_case cases[] = {
        {{OLD, INFO("active", MANAGER), NO_NODES}, IPC_OUTCOME_OK, "swarm active, manager"},
        {{OLD, INFO("active", "")}, IPC_OUTCOME_OK, "swarm active, worker"},
        {{OLD, INFO("active", MANAGER BECAUSE(NO_LEADER))},
         IPC_OUTCOME_OK,
         "swarm active, " NO_LEADER},
        {{OLD, INFO("inactive", "")},
         IPC_OUTCOME_FAILED,
         "this node is in no swarm: docker swarm join"},
        {{OLD, INFO("pending", "")},
         IPC_OUTCOME_FAILED,
         "this node waits to be taken into its swarm"},
        {{OLD, INFO("pending", BECAUSE("remote refuses"))},
         IPC_OUTCOME_FAILED,
         "this node waits to be taken into its swarm: remote refuses"},
        {{OLD, INFO("error", BECAUSE("certificate has expired"))},
         IPC_OUTCOME_FAILED,
         "this node cannot take part in its swarm: certificate has expired"},
        {{OLD, INFO("error", "")},
         IPC_OUTCOME_FAILED,
         "this node cannot take part in its swarm: docker info says why"},
        {{OLD, INFO("locked", "")},
         IPC_OUTCOME_FAILED,
         "the swarm is locked after a restart: docker swarm unlock"},
        {{OLD, INFO("odd", "")}, IPC_OUTCOME_FAILED, "the swarm's state is \"odd\""},
        {{NEW("active/worker"), INFO("active", "")}, IPC_OUTCOME_OK, "swarm active, worker"},
        {{NEW("active/manager"), INFO("active", MANAGER), NO_NODES},
         IPC_OUTCOME_OK,
         "swarm active, manager"},
        {{NEW("inactive")}, IPC_OUTCOME_FAILED, "this node is in no swarm: docker swarm join"},
        {{NEW("pending")}, IPC_OUTCOME_FAILED, "this node waits to be taken into its swarm"},
        {{NEW("locked")},
         IPC_OUTCOME_FAILED,
         "the swarm is locked after a restart: docker swarm unlock"},
        {{NEW("error"), INFO("error", BECAUSE("certificate has expired"))},
         IPC_OUTCOME_FAILED,
         "this node cannot take part in its swarm: certificate has expired"},
        {{{"/_ping", 500, NULL, "", 0}}, IPC_OUTCOME_FAILED, "/_ping: status 500"},
        {{OLD, {"/info", 503, NULL, "", 0}}, IPC_OUTCOME_FAILED, "/info: status 503"},
        {{NEW("active/manager"), {"/info", 503, NULL, "", 0}},
         IPC_OUTCOME_OK,
         "swarm active; /info: status 503"},
        {{OLD, {"/info", 200, NULL, "[1, {", 0}},
         IPC_OUTCOME_FAILED,
         "/info is not what Docker answers"},
        {{OLD, {"/info", 200, NULL, "{\"Swarm\":{}}", 0}},
         IPC_OUTCOME_FAILED,
         "/info is not what Docker answers"},
        {{OLD, {"/info", 200, NULL, "{\"Swarm\":{\"LocalNodeState\":7}}", 0}},
         IPC_OUTCOME_FAILED,
         "/info is not what Docker answers"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fake_docker docker;
        struct run *run;

        fake_docker_init(&docker);
        memcpy(docker.answers, cases[i].answers, sizeof(docker.answers));
        fake_docker_serve(&docker);
        run = run_against(&docker);
        start(run);
        expect(run, cases[i].outcome, cases[i].detail);
        expect(run, cases[i].outcome, cases[i].detail);
        finish(run);
        fake_docker_close(&docker);
    }
}

static void test_an_engine_that_is_down_is_told_from_one_that_was_never_there(void **state)
{
    struct fake_docker docker;
    struct run *run;

    (void)state;
    fake_docker_init(&docker);
    run = run_against(&docker);
    start(run);
    expect(run, IPC_OUTCOME_FAILED,
           "Docker's socket is not there: is Docker installed, and running?");
    fake_docker_hang(&docker, 1);
    fake_docker_stop(&docker);
    expect_soon(run, IPC_OUTCOME_FAILED,
                "the Docker engine is down: its socket takes no connection");
    finish(run);
    fake_docker_close(&docker);
}

static void test_an_engine_that_hangs_is_named_within_the_timeout(void **state)
{
    struct fake_docker docker;
    struct run *run;

    (void)state;
    fake_docker_init(&docker);
    fake_docker_hang(&docker, 2);
    run = run_against(&docker);
    run->setup.conf.checks[0].timeout_ns = 200 * NS_PER_MS;
    start(run);
    expect(run, IPC_OUTCOME_FAILED, "the Docker engine does not answer within 200 ms: it hangs");
    /* Connections that were given up stay in the queue of who accepts none. */
    expect_soon(run, IPC_OUTCOME_FAILED,
                "the Docker engine takes no connection any more: it hangs");
    finish(run);
    fake_docker_close(&docker);
}

/* /info asks other managers: that it does not come says nothing of this node. */
static void test_info_that_does_not_come_counts_where_it_says_something(void **state)
{
    static const struct engine_case cases[] = {
        {{OLD},
         IPC_OUTCOME_FAILED,
         "the Docker engine answers /_ping, but not /info within 200 ms"},
        {{NEW("active/manager")}, IPC_OUTCOME_OK, "swarm active; no /info within 200 ms"},
        {{OLD, INFO_ONCE("active", "")},
         IPC_OUTCOME_FAILED,
         "the Docker engine answers /_ping, but not /info within 200 ms"},
        {{OLD, INFO_ONCE("active", MANAGER)},
         IPC_OUTCOME_UNKNOWN,
         "the engine of a manager answers, but no /info within 200 ms"},
        {{OLD, INFO_ONCE("active", MANAGER), {"/info", 500, NULL, "", 0}},
         IPC_OUTCOME_UNKNOWN,
         "the engine of a manager answers; /info: status 500"},
    };
    struct fake_docker docker;
    struct run *run;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fake_docker_init(&docker);
        memcpy(docker.answers, cases[i].answers, sizeof(docker.answers));
        fake_docker_serve(&docker);
        run = run_against(&docker);
        run->setup.conf.checks[0].timeout_ns = 200 * NS_PER_MS;
        start(run);
        expect_soon(run, cases[i].outcome, cases[i].detail);
        finish(run);
        fake_docker_close(&docker);
    }
}

/* A NodeID, as Docker draws them. */
#define OWN_ID  "24ifsmvkjbyhk"
#define NODE_ID ",\"NodeID\":\"" OWN_ID "\""
#define LISTED(id, index, word)                        \
    "{\"ID\":\"" id "\",\"Version\":{\"Index\":" index \
    "},\"Spec\":{\"Role\":\"worker\",\"Availability\":\"" word "\"}}"
#define NODES(list)                          \
    {                                        \
        "/nodes", 200, NULL, "[" list "]", 0 \
    }
#define OLD_MANAGER OLD, INFO("active", MANAGER NODE_ID)

static struct ipc_swarm said_of_swarm(const struct fake_answer *answers, unsigned count,
                                      const char *detail)
{
    struct fake_docker docker;
    struct ipc_result result;
    struct ipc_swarm swarm;
    struct run *run;

    fake_docker_init(&docker);
    memcpy(docker.answers, answers, count * sizeof(answers[0]));
    fake_docker_serve(&docker);
    run = run_against(&docker);
    run->setup.conf.checks[0].timeout_ns = 300 * NS_PER_MS;
    start(run);
    swarm = next_swarm(run, &result);
    assert_string_equal(result.detail, detail);
    finish(run);
    fake_docker_close(&docker);
    return swarm;
}

#define SAID(detail, ...)                                                                         \
    said_of_swarm((const struct fake_answer[]){__VA_ARGS__},                                      \
                  sizeof((const struct fake_answer[]){__VA_ARGS__}) / sizeof(struct fake_answer), \
                  detail)

static void test_a_manager_says_who_is_drained_or_paused(void **state)
{
    const struct ipc_swarm swarm =
        SAID("swarm active, manager", OLD_MANAGER,
             NODES(LISTED("aaa", "7", "active") "," LISTED("bbb", "31", "drain") "," LISTED(
                 "ccc", "12", "pause") "," LISTED(OWN_ID, "9", "drain")));
    unsigned drained = 0;
    bool is_own_named = false;

    (void)state;
    assert_int_equal(swarm.knows, 1);
    assert_int_equal(swarm.index, 31);
    assert_int_equal(swarm.count, 3);
    for (unsigned i = 0; i < swarm.count; i++) {
        drained += (swarm.exceptions[i] & 3U) == 3U;
        is_own_named |= swarm.exceptions[i] == (swarm.own | 3U);
    }
    assert_int_equal(drained, 2);
    assert_true(is_own_named);
}

static void test_what_is_not_known_is_not_said(void **state)
{
    static const struct fake_answer old = OLD;
    const struct fake_answer worker = INFO("active", NODE_ID);
    const struct fake_answer manager = INFO("active", MANAGER NODE_ID);
    const struct fake_answer leaderless = INFO("active", MANAGER NODE_ID BECAUSE(NO_LEADER));
    const struct fake_answer stale = NODES(LISTED("bbb", "31", "drain"));
    const struct fake_answer broken = {"/nodes", 500, NULL, "", 0};
    const struct fake_answer odd = {"/nodes", 200, NULL, "{}", 0};
    const struct ipc_swarm swarms[] = {
        SAID("swarm active, worker", old, worker),
        SAID("swarm active, " NO_LEADER, old, leaderless, stale),
        SAID("swarm active, manager; who is drained is not known: no /nodes within 300 ms", old,
             manager),
        SAID("swarm active, manager; who is drained is not known: /nodes: status 500", old, manager,
             broken),
        SAID(
            "swarm active, manager; who is drained is not known: /nodes is not what Docker answers",
            old, manager, odd),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(swarms) / sizeof(swarms[0]); i++) {
        assert_int_equal(swarms[i].check, 0);
        assert_int_equal(swarms[i].knows, 0);
        assert_true(swarms[i].own == swarms[0].own && swarms[i].own != 0);
    }
}

/* A worker's engine need not be asked for /info each time; one that was a manager before is. */
static void test_a_manager_that_is_one_no_more_takes_its_word_back_at_once(void **state)
{
    const struct fake_answer answers[] = {{"/_ping", 200, "Swarm: active/manager", "OK", 1},
                                          {"/_ping", 200, "Swarm: active/worker", "OK", 0},
                                          INFO_ONCE("active", MANAGER NODE_ID),
                                          INFO("active", NODE_ID),
                                          NODES(LISTED("bbb", "31", "drain"))};
    struct fake_docker docker;
    struct ipc_result result;
    struct ipc_swarm swarm;
    struct run *run;

    (void)state;
    fake_docker_init(&docker);
    memcpy(docker.answers, answers, sizeof(answers));
    fake_docker_serve(&docker);
    run = run_against(&docker);
    start(run);
    swarm = next_swarm(run, &result);
    assert_string_equal(result.detail, "swarm active, manager");
    assert_int_equal(swarm.knows, 1);
    swarm = next_swarm(run, &result);
    assert_string_equal(result.detail, "swarm active, worker");
    assert_int_equal(swarm.check, 0);
    assert_int_equal(swarm.knows, 0);
    assert_true(swarm.own != 0);
    finish(run);
    fake_docker_close(&docker);
}

/* What is too long to be read says nothing of the node where /_ping has said that all is well. */
static void test_an_info_without_end_is_named(void **state)
{
    static const struct engine_case cases[] = {
        {{OLD}, IPC_OUTCOME_FAILED, "/info is longer than 1 MiB"},
        {{NEW("active/worker")}, IPC_OUTCOME_OK, "swarm active; /info is longer than 1 MiB"},
    };
    const size_t size = 2 * 1024 * 1024;
    char *body = malloc(size);

    (void)state;
    assert_non_null(body);
    memset(body, ' ', size);
    body[size - 1] = '\0';
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fake_docker docker;
        struct run *run;

        fake_docker_init(&docker);
        memcpy(docker.answers, cases[i].answers, sizeof(docker.answers));
        docker.answers[1] = (struct fake_answer){"/info", 200, NULL, body, 0};
        fake_docker_serve(&docker);
        run = run_against(&docker);
        start(run);
        expect(run, cases[i].outcome, cases[i].detail);
        finish(run);
        fake_docker_close(&docker);
    }
    free(body);
}

static void test_a_node_that_is_in_no_swarm_says_so(void **state)
{
    const struct ipc_swarm swarm =
        SAID("this node is in no swarm: docker swarm join", OLD, INFO("inactive", NODE_ID));

    (void)state;
    assert_int_equal(swarm.check, 0);
    assert_true(swarm.own == 0);
}

static void test_what_no_checker_says_of_a_swarm_is_not_valid(void **state)
{
    struct ipc_swarm good = {.own = 8, .knows = 1, .index = 1, .count = 2, .exceptions = {6, 11}};
    struct ipc_swarm bad[9];

    (void)state;
    assert_true(ipc_swarm_is_valid(&good, sizeof(good), 1));
    assert_false(ipc_swarm_is_valid(&good, sizeof(good), 0));
    assert_false(ipc_swarm_is_valid(&good, sizeof(good) - 1, 1));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        bad[i] = good;
    bad[0].own = 9;
    bad[1].knows = 2;
    bad[2].knows = 0;
    bad[3].count = IPC_EXCEPTIONS_MAX + 1;
    bad[4].exceptions[0] = 5;
    bad[5].exceptions[0] = 14;
    bad[6].exceptions[1] = 7;
    bad[7].exceptions[2] = 1;
    bad[8].unused = 1;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(ipc_swarm_is_valid(&bad[i], sizeof(bad[i]), 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_answer_of_an_engine_has_its_sentence),
        cmocka_unit_test(test_an_engine_that_is_down_is_told_from_one_that_was_never_there),
        cmocka_unit_test(test_an_engine_that_hangs_is_named_within_the_timeout),
        cmocka_unit_test(test_info_that_does_not_come_counts_where_it_says_something),
        cmocka_unit_test(test_a_manager_says_who_is_drained_or_paused),
        cmocka_unit_test(test_what_is_not_known_is_not_said),
        cmocka_unit_test(test_a_manager_that_is_one_no_more_takes_its_word_back_at_once),
        cmocka_unit_test(test_an_info_without_end_is_named),
        cmocka_unit_test(test_a_node_that_is_in_no_swarm_says_so),
        cmocka_unit_test(test_what_no_checker_says_of_a_swarm_is_not_valid),
    };

    return cmocka_run_group_tests_name("checker_docker", tests, NULL, NULL);
}
