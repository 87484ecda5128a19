// SPDX-License-Identifier: MIT
#include "tool/client.h"
#include "tool/tool.h"
#include "tool_support.h"

#include <msgpack.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct usage_case {
    const char *arguments[5];
    int code;
    const char *out; /* occurs there; "" : nothing is there */
    const char *err;
};

static const struct usage_case usage_cases[] = {
    {{NULL}, TOOL_USAGE, "", "Usage: vipgossip"},
    {{"--help"}, TOOL_DONE, "Usage: vipgossip", ""},
    {{"-h"}, TOOL_DONE, "keygen [FILE]", ""},
    {{"help"}, TOOL_DONE, "Usage: vipgossip", ""},
    {{"help", "status"}, TOOL_DONE, "Usage: vipgossip status [--json] [--watch]", ""},
    {{"help", "nothing"}, TOOL_USAGE, "", "unknown command 'nothing'"},
    {{"status", "--help"}, TOOL_DONE, "Usage: vipgossip status", ""},
    {{"--version"}, TOOL_DONE, "vipgossip ", ""},
    {{"-V"}, TOOL_DONE, "vipgossip ", ""},
    {{"nothing"},
     TOOL_USAGE,
     "",
     "unknown command 'nothing'; there are status, events, metrics, drain, undrain, doctor, "
     "reload, "
     "keygen, pubkey, decode and help"},
    {{"--nothing"}, TOOL_USAGE, "", "unknown option '--nothing'"},
    {{"events", "--nothing"}, TOOL_USAGE, "", "unknown option '--nothing'"},
    {{"events", "-x"}, TOOL_USAGE, "", "unknown option '-x'"},
    {{"events", "--watch"}, TOOL_USAGE, "", "events does not know --watch"},
    {{"events", "now"}, TOOL_USAGE, "", "'now' is too much"},
    {{"events", "--socket"}, TOOL_USAGE, "", "option '--socket' needs a value"},
    {{"keygen", "--json"}, TOOL_USAGE, "", "keygen does not know --json"},
    {{"keygen", "a", "b"}, TOOL_USAGE, "", "'b' is too much"},
    {{"pubkey", "a"}, TOOL_USAGE, "", "'a' is too much"},
    {{"doctor", "--help"}, TOOL_DONE, "ip_nonlocal_bind", ""},
    {{"doctor", "-c"}, TOOL_USAGE, "", "option '-c' needs a value"},
    {{"doctor", "--watch"}, TOOL_USAGE, "", "doctor does not know --watch"},
    {{"doctor", "now"}, TOOL_USAGE, "", "'now' is too much"},
    {{"decode", "--json"}, TOOL_USAGE, "", "decode does not know --json"},
    {{"decode", "--config"}, TOOL_USAGE, "", "option '--config' needs a value"},
    {{"status", "--config", "a"}, 3, "", "status does not know --config"},
    {{"pubkey", "--follow"}, TOOL_USAGE, "", "pubkey does not know --follow"},
    /* status has the codes of monitoring plugins: a usage error is UNKNOWN */
    {{"status", "--nothing"}, 3, "", "unknown option '--nothing'"},
    {{"--nothing", "status"}, 3, "", "unknown option '--nothing'"},
    {{"status", "--json=yes"}, 3, "", "option '--json=yes' takes no value"},
    {{"status", "--follow"}, 3, "", "status does not know --follow"},
    {{"status", "now"}, 3, "", "'now' is too much"},
    {{"status", "--socket"}, 3, "", "option '--socket' needs a value"},
};

static void assert_said(const char *text, const char *expected)
{
    if (expected[0] == '\0')
        assert_string_equal(text, "");
    else if (strstr(text, expected) == NULL)
        fail_msg("'%s' is not in '%s'", expected, text);
}

static void test_arguments_that_are_wrong_are_named_with_the_right_exit_code(void **state)
{
    (void)state;

    for (size_t i = 0; i < sizeof(usage_cases) / sizeof(usage_cases[0]); i++) {
        struct run run = run_tool(usage_cases[i].arguments, "");
        assert_said(run.err, usage_cases[i].err);
        assert_said(run.out, usage_cases[i].out);
        assert_int_equal(run.code, usage_cases[i].code);
        run_free(&run);
    }
}

static void test_without_a_daemon_every_question_ends_with_3_and_names_the_socket(void **state)
{
    const struct directory directory = directory_make();
    const struct path path = path_in(&directory, "control.sock");
    const char *const status[] = {"status", "--socket", path.text, NULL};
    const char *const json[] = {"--socket", path.text, "status", "--json", NULL};
    const char *const events[] = {"events", "--socket", path.text, NULL};
    (void)state;

    struct run run = run_tool(status, "");
    assert_int_equal(run.code, 3);
    assert_memory_equal(run.out, "UNKNOWN: ", 9);
    assert_said(run.out, path.text);
    assert_said(run.out, "is vipgossipd running?");
    run_free(&run);

    run = run_tool(json, "");
    assert_int_equal(run.code, 3);
    assert_said(run.out, "");
    assert_said(run.err, "is vipgossipd running?");
    run_free(&run);

    run = run_tool(events, "");
    assert_int_equal(run.code, TOOL_NO_DAEMON);
    assert_said(run.err, path.text);
    run_free(&run);
    directory_remove(&directory);
}

static void test_a_socket_path_that_is_too_long_is_refused(void **state)
{
    char path[109];
    (void)state;

    memset(path, 'a', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    struct run run = run_tool((const char *const[]){"status", "--socket", path, NULL}, "");
    assert_int_equal(run.code, 3);
    assert_said(run.out, "give 1 to 107 bytes");
    run_free(&run);
}

/* Facts as msgpack: {"node": "a", "cluster": "c", "vips": [], "nodes": []} and more. */
struct packed {
    msgpack_sbuffer buffer;
    msgpack_packer packer;
};

static void pack_text(struct packed *packed, const char *text)
{
    (void)msgpack_pack_str_with_body(&packed->packer, text, strlen(text));
}

static void pack_init(struct packed *packed)
{
    msgpack_sbuffer_init(&packed->buffer);
    msgpack_packer_init(&packed->packer, &packed->buffer, msgpack_sbuffer_write);
}

/* One VIP, held or not for 10 s at an interval of 200 ms. The keys are out of order on purpose. */
static void pack_facts(struct packed *packed, const char *holder)
{
    pack_init(packed);
    (void)msgpack_pack_map(&packed->packer, 4);
    pack_text(packed, "vips");
    (void)msgpack_pack_array(&packed->packer, 1);
    (void)msgpack_pack_map(&packed->packer, 4);
    pack_text(packed, "since_ms");
    (void)msgpack_pack_int(&packed->packer, 10000);
    pack_text(packed, "name");
    pack_text(packed, "ingress");
    pack_text(packed, "holder");
    if (holder != NULL)
        pack_text(packed, holder);
    else
        (void)msgpack_pack_nil(&packed->packer);
    pack_text(packed, "addresses");
    (void)msgpack_pack_array(&packed->packer, 2);
    pack_text(packed, "192.168.4.3/32");
    pack_text(packed, "192.168.4.4/32");
    pack_text(packed, "interval_ms");
    (void)msgpack_pack_int(&packed->packer, 200);
    pack_text(packed, "node");
    pack_text(packed, "swarm-1");
    pack_text(packed, "new key");
    (void)msgpack_pack_double(&packed->packer, 0.1 + 0.2);
}

/* Runs the tool against a daemon that says `answer`; checks what it was asked. */
static struct run run_against(const char *const arguments[4], const msgpack_sbuffer *answer,
                              const char *request)
{
    const struct directory directory = directory_make();
    const struct path path = path_in(&directory, "control.sock");
    const char *all[7] = {"--socket", path.text};
    struct daemon daemon = daemon_start(path.text, answer->data, answer->size);

    for (size_t i = 0; i < 4 && arguments[i] != NULL; i++)
        all[i + 2] = arguments[i];
    struct run run = run_tool(all, "");
    assert_string_equal(daemon_finish(&daemon).text, request);
    directory_remove(&directory);
    return run;
}

static void test_status_is_a_verdict_then_tables_and_exits_with_the_verdict(void **state)
{
    struct packed facts;
    (void)state;

    pack_facts(&facts, "swarm-2");
    struct run run = run_against((const char *const[4]){"status"}, &facts.buffer, "status");
    assert_int_equal(run.code, 0);
    assert_string_equal(run.err, "");
    assert_memory_equal(run.out, "OK: ingress held by swarm-2 for 10 s\n", 37);
    assert_said(run.out, "ingress  192.168.4.3/32 + 1 more  swarm-2  10 s   -");
    assert_null(strchr(run.out, '\033'));
    run_free(&run);
    msgpack_sbuffer_destroy(&facts.buffer);

    pack_facts(&facts, NULL);
    run = run_against((const char *const[4]){"status"}, &facts.buffer, "status");
    assert_int_equal(run.code, 2);
    assert_memory_equal(run.out, "CRITICAL: VIP ingress has had no holder for 10 s", 48);
    run_free(&run);
    msgpack_sbuffer_destroy(&facts.buffer);
}

static void test_json_has_the_keys_in_the_order_of_the_schema_and_new_ones_last(void **state)
{
    struct packed facts;
    (void)state;

    pack_facts(&facts, "swarm-2");
    struct run run =
        run_against((const char *const[4]){"status", "--json"}, &facts.buffer, "status");
    assert_int_equal(run.code, 0);
    assert_string_equal(run.out, "{\n"
                                 "  \"node\": \"swarm-1\",\n"
                                 "  \"interval_ms\": 200,\n"
                                 "  \"status\": \"ok\",\n"
                                 "  \"problems\": [],\n"
                                 "  \"vips\": [\n"
                                 "    {\n"
                                 "      \"name\": \"ingress\",\n"
                                 "      \"addresses\": [\n"
                                 "        \"192.168.4.3/32\",\n"
                                 "        \"192.168.4.4/32\"\n"
                                 "      ],\n"
                                 "      \"holder\": \"swarm-2\",\n"
                                 "      \"since_ms\": 10000\n"
                                 "    }\n"
                                 "  ],\n"
                                 "  \"new key\": 0.3\n"
                                 "}\n");
    run_free(&run);
    msgpack_sbuffer_destroy(&facts.buffer);
}

/* The first key and value of each kind of event. */
static void pack_event(struct packed *packed, const char *const pairs[][2], uint32_t count)
{
    (void)msgpack_pack_map(&packed->packer, count);
    for (uint32_t i = 0; i < count; i++) {
        pack_text(packed, pairs[i][0]);
        if (pairs[i][1] != NULL)
            pack_text(packed, pairs[i][1]);
        else
            (void)msgpack_pack_nil(&packed->packer);
    }
}

static void pack_events(struct packed *packed)
{
    static const char *const taken[][2] = {
        {"time", "2026-11-22T14:03:11.123Z"},
        {"kind", "holder"},
        {"vip", "ingress"},
        {"node", NULL},
        {"from", "swarm-1"},
        {"to", NULL},
        {"reason", "its holder died"},
        {"error", NULL},
    };
    static const char *const refused[][2] = {
        {"time", "2026-11-22T14:03:11.500Z"},
        {"kind", "state"},
        {"vip", "ingress"},
        {"node", NULL},
        {"from", "claiming"},
        {"to", "fault"},
        {"reason", "the kernel refused"},
        {"error", "Operation not permitted"},
    };
    static const char *const silent[][2] = {
        {"time", "2026-11-22T14:03:12.000Z"},
        {"kind", "node"},
        {"vip", NULL},
        {"node", "swarm-1"},
        {"from", "alive"},
        {"to", "suspect"},
        {"reason", "missed its\nheartbeat"},
    };

    pack_init(packed);
    pack_event(packed, taken, sizeof(taken) / sizeof(taken[0]));
    pack_event(packed, refused, sizeof(refused) / sizeof(refused[0]));
    pack_event(packed, silent, sizeof(silent) / sizeof(silent[0]));
}

static void test_events_are_lines_in_the_time_of_the_reader(void **state)
{
    struct packed events;
    (void)state;

    pack_events(&events);
    assert_int_equal(setenv("TZ", "EAST-1", 1), 0); /* one hour east of Greenwich */
    struct run run = run_against((const char *const[4]){"events"}, &events.buffer, "events");
    assert_int_equal(unsetenv("TZ"), 0);
    assert_int_equal(run.code, TOOL_DONE);
    assert_string_equal(
        run.out,
        "2026-11-22 15:03:11.123  ingress       holder   swarm-1 -> nobody  its holder died\n"
        "2026-11-22 15:03:11.500  ingress       here     claiming -> fault  the kernel refused "
        "(Operation not permitted)\n"
        "2026-11-22 15:03:12.000  swarm-1       node     alive -> suspect  missed its?heartbeat\n");
    run_free(&run);
    msgpack_sbuffer_destroy(&events.buffer);
}

static void test_events_json_is_one_object_per_line_as_the_daemon_said_it(void **state)
{
    static const char first[] =
        "{\"time\":\"2026-11-22T14:03:11.123Z\",\"kind\":\"holder\",\"vip\":\"ingress\","
        "\"node\":null,\"from\":\"swarm-1\",\"to\":null,\"reason\":\"its holder died\","
        "\"error\":null}\n";
    struct packed events;
    size_t lines = 0;
    (void)state;

    pack_events(&events);
    struct run run =
        run_against((const char *const[4]){"events", "--json"}, &events.buffer, "events");
    assert_int_equal(run.code, TOOL_DONE);
    assert_memory_equal(run.out, first, sizeof(first) - 1);
    for (const char *p = run.out; *p != '\0'; p++)
        lines += *p == '\n';
    assert_int_equal(lines, 3);
    run_free(&run);
    msgpack_sbuffer_destroy(&events.buffer);
}

static void test_following_ends_with_3_when_the_daemon_goes(void **state)
{
    struct packed events;
    (void)state;

    pack_events(&events);
    struct run run =
        run_against((const char *const[4]){"events", "--follow"}, &events.buffer, "events follow");
    assert_int_equal(run.code, TOOL_NO_DAEMON);
    assert_said(run.out, "its holder died");
    assert_said(run.err, "it stopped or restarts");
    run_free(&run);
    msgpack_sbuffer_destroy(&events.buffer);
}

static void test_answers_that_are_none_end_with_unknown(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *said;
    } answers[] = {
        {"", 0, "closed the connection without an answer"},
        {"\x82\xa1", 2, "is cut short"},
        {"\xc1", 1, "is no msgpack"},
        {"\x93\x01\x02\x03", 4, "is not understood"},
        {"\x81\x01\x02", 3, "is not understood"},
        {"\xdd\xff\xff\xff\xff", 5, "is larger than 4194304 bytes"},
        {"\x81\xa5"
         "error\xa2no",
         10, "vipgossipd refuses: no"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        const msgpack_sbuffer answer = {.data = (char *)(uintptr_t)answers[i].bytes,
                                        .size = answers[i].length};
        struct run run = run_against((const char *const[4]){"status"}, &answer, "status");
        assert_int_equal(run.code, 3);
        assert_memory_equal(run.out, "UNKNOWN: ", 9);
        assert_said(run.out, answers[i].said);
        run_free(&run);
    }
}

static void test_an_answer_larger_than_the_bound_is_refused(void **state)
{
    const size_t length = CLIENT_VALUE_BYTES_MAX + 100000;
    msgpack_sbuffer answer = {.size = length, .data = calloc(1, length)};
    const struct directory directory = directory_make();
    const struct path path = path_in(&directory, "control.sock");
    (void)state;

    assert_non_null(answer.data);
    /* An array of 1000 strings of 65535 bytes: no header alone says too much. */
    memcpy(answer.data, "\xdc\x03\xe8", 3);
    for (size_t at = 3; at + 3 < length; at += 3 + 65535)
        memcpy(answer.data + at, "\xda\xff\xff", 3);
    struct daemon daemon = daemon_start(path.text, answer.data, answer.size);
    struct run run = run_tool((const char *const[]){"status", "--socket", path.text, NULL}, "");
    assert_int_equal(run.code, 3);
    assert_said(run.out, "is larger than 4194304 bytes");
    (void)daemon_finish(&daemon);
    run_free(&run);
    free(answer.data);
    directory_remove(&directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arguments_that_are_wrong_are_named_with_the_right_exit_code),
        cmocka_unit_test(test_without_a_daemon_every_question_ends_with_3_and_names_the_socket),
        cmocka_unit_test(test_a_socket_path_that_is_too_long_is_refused),
        cmocka_unit_test(test_status_is_a_verdict_then_tables_and_exits_with_the_verdict),
        cmocka_unit_test(test_json_has_the_keys_in_the_order_of_the_schema_and_new_ones_last),
        cmocka_unit_test(test_events_are_lines_in_the_time_of_the_reader),
        cmocka_unit_test(test_events_json_is_one_object_per_line_as_the_daemon_said_it),
        cmocka_unit_test(test_following_ends_with_3_when_the_daemon_goes),
        cmocka_unit_test(test_answers_that_are_none_end_with_unknown),
        cmocka_unit_test(test_an_answer_larger_than_the_bound_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
