// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/control.h"

#define TURNS_MAX 10000

struct server {
    uv_loop_t loop;
    struct control control;
    char directory[64];
    struct sockaddr_un address;
    size_t status_bytes; /* of the answer to `status` */
    bool drained;
    char drained_name[32];
};

static void pack_filler(struct pack *pack, size_t bytes)
{
    char *text = malloc(bytes + 1);

    assert_non_null(text);
    memset(text, 's', bytes);
    text[bytes] = '\0';
    pack_text(pack, text);
    free(text);
}

static void on_status(void *arg, struct pack *pack)
{
    const struct server *server = arg;

    pack_filler(pack, server->status_bytes);
}

static void on_events(void *arg, struct pack *pack)
{
    (void)arg;
    pack_text(pack, "old");
}

static const char *on_drain(void *arg, bool drained, const char *name)
{
    struct server *server = arg;

    if (strcmp(name, "unknown") == 0) {
        return "there is none";
    }
    server->drained = drained;
    (void)snprintf(server->drained_name, sizeof server->drained_name, "%s", name);
    return NULL;
}

static uint64_t on_reload(void *arg)
{
    (void)arg;
    return 7;
}

static void open_server(struct server *server)
{
    const struct control_source source = {.status = on_status,
                                          .events = on_events,
                                          .drain = on_drain,
                                          .reload = on_reload,
                                          .arg = server};
    int fd;

    memset(server, 0, sizeof *server);
    server->status_bytes = 3;
    (void)snprintf(server->directory, sizeof server->directory, "/tmp/vg-control-XXXXXX");
    assert_non_null(mkdtemp(server->directory));
    server->address.sun_family = AF_UNIX;
    (void)snprintf(server->address.sun_path, sizeof server->address.sun_path, "%s/s",
                   server->directory);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&server->address, sizeof server->address),
                     0);
    assert_int_equal(listen(fd, 32), 0);
    assert_int_equal(uv_loop_init(&server->loop), 0);
    assert_int_equal(control_open(&server->control, &server->loop, fd, &source), 0);
}

static void close_server(struct server *server)
{
    control_close(&server->control);
    (void)uv_run(&server->loop, UV_RUN_NOWAIT);
    assert_int_equal(uv_loop_close(&server->loop), 0);
    (void)unlink(server->address.sun_path);
    (void)rmdir(server->directory);
}

static int connect_client(const struct server *server)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&server->address, sizeof server->address),
                     0);
    return fd;
}

static void ask(int fd, const char *request)
{
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
}

/* Lets the server work until the client has read `size` bytes or the end. Returns how many bytes;
 * *ret_ended: did the server close? */
static size_t read_answer(struct server *server, int fd, char *bytes, size_t size, bool *ret_ended)
{
    size_t length = 0;

    *ret_ended = false;
    for (int turn = 0; turn < TURNS_MAX && length < size; turn++) {
        ssize_t count;

        (void)uv_run(&server->loop, UV_RUN_NOWAIT);
        count = recv(fd, bytes + length, size - length, 0);
        if (count == 0 || (count < 0 && errno == ECONNRESET)) {
            *ret_ended = true;
            return length;
        }
        length += count > 0 ? (size_t)count : 0;
    }
    return length;
}

static void turn(struct server *server, int turns)
{
    while (turns-- > 0) {
        (void)uv_run(&server->loop, UV_RUN_NOWAIT);
    }
}

/* "\xa3old": a msgpack string of three bytes. */
static void assert_is_text(const char *bytes, size_t length, const char *text)
{
    assert_int_equal(length, strlen(text) + 1);
    assert_int_equal((unsigned char)bytes[0], 0xa0 | strlen(text));
    assert_memory_equal(bytes + 1, text, strlen(text));
}

static void test_a_request_is_answered_and_the_connection_closed(void **state)
{
    static const struct {
        const char *request;
        const char *answer;
    } cases[] = {{"status\n", "sss"}, {"events\n", "old"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct server server;
        char bytes[64];
        bool ended;
        int fd;

        open_server(&server);
        fd = connect_client(&server);
        ask(fd, cases[i].request);
        assert_is_text(bytes, read_answer(&server, fd, bytes, sizeof bytes, &ended),
                       cases[i].answer);
        assert_true(ended);
        (void)close(fd);
        close_server(&server);
    }
}

static void test_an_order_to_drain_reaches_the_source_or_is_answered_with_its_refusal(void **state)
{
    static const struct {
        const char *request;
        const char *name;
        bool drained;
        const char *refusal;
    } cases[] = {{"drain\n", "", true, NULL},
                 {"drain web\n", "web", true, NULL},
                 {"undrain\n", "", false, NULL},
                 {"undrain web\n", "web", false, NULL},
                 {"drain unknown\n", NULL, false, "there is none"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct server server;
        char bytes[256] = "";
        bool ended;
        int fd;

        open_server(&server);
        server.drained = !cases[i].drained;
        fd = connect_client(&server);
        ask(fd, cases[i].request);
        (void)read_answer(&server, fd, bytes, sizeof bytes, &ended);
        assert_true(ended);
        if (cases[i].refusal == NULL) {
            assert_int_equal((uint8_t)bytes[0], 0x80); /* an empty map */
            assert_int_equal(server.drained, cases[i].drained);
            assert_string_equal(server.drained_name, cases[i].name);
        } else {
            assert_non_null(
                memmem(bytes, sizeof bytes, cases[i].refusal, strlen(cases[i].refusal)));
        }
        (void)close(fd);
        close_server(&server);
    }
}

static void test_a_request_may_come_in_pieces(void **state)
{
    struct server server;
    char bytes[64];
    bool ended;
    int fd;

    (void)state;
    open_server(&server);
    fd = connect_client(&server);
    ask(fd, "sta");
    turn(&server, 3);
    ask(fd, "tus");
    turn(&server, 3);
    ask(fd, "\n");
    assert_is_text(bytes, read_answer(&server, fd, bytes, sizeof bytes, &ended), "sss");
    assert_true(ended);
    (void)close(fd);
    close_server(&server);
}

static void test_a_client_that_closed_its_side_still_gets_its_answer(void **state)
{
    struct server server;
    char bytes[64];
    bool ended;
    int fd;

    (void)state;
    open_server(&server);
    fd = connect_client(&server);
    ask(fd, "status\n");
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    assert_is_text(bytes, read_answer(&server, fd, bytes, sizeof bytes, &ended), "sss");
    assert_true(ended);
    (void)close(fd);
    close_server(&server);
}

static void test_a_line_that_is_no_request_is_answered_with_an_error(void **state)
{
    static const char *const requests[] = {
        "metrics\n",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct server server;
        char bytes[256];
        bool ended;
        int fd;

        open_server(&server);
        fd = connect_client(&server);
        ask(fd, requests[i]);
        assert_true(read_answer(&server, fd, bytes, sizeof bytes, &ended) > 8);
        assert_memory_equal(bytes,
                            "\x81\xa5"
                            "error",
                            7);
        assert_true(ended);
        (void)close(fd);
        close_server(&server);
    }
}

static void test_a_follower_gets_what_is_published_until_it_closes(void **state)
{
    struct server server;
    struct pack pack;
    char bytes[64];
    bool ended;
    int fd;

    (void)state;
    open_server(&server);
    assert_false(control_is_followed(&server.control));
    fd = connect_client(&server);
    ask(fd, "events follow\n");
    assert_is_text(bytes, read_answer(&server, fd, bytes, 4, &ended), "old");
    assert_false(ended);
    assert_true(control_is_followed(&server.control));
    pack_init(&pack);
    pack_text(&pack, "new");
    control_publish(&server.control, &pack);
    pack_free(&pack);
    assert_is_text(bytes, read_answer(&server, fd, bytes, 4, &ended), "new");
    (void)close(fd);
    turn(&server, 5);
    assert_false(control_is_followed(&server.control));
    close_server(&server);
}

static void test_a_follower_that_does_not_read_is_dropped(void **state)
{
    struct server server;
    struct pack pack;
    int published = 0;
    int fd;

    (void)state;
    open_server(&server);
    fd = connect_client(&server);
    ask(fd, "events follow\n");
    turn(&server, 5);
    pack_init(&pack);
    pack_filler(&pack, 4000);
    while (control_is_followed(&server.control)) {
        control_publish(&server.control, &pack);
        assert_true(++published < 1000);
    }
    pack_free(&pack);
    assert_true(published * 4000 > PACK_BYTES_MAX);
    (void)close(fd);
    close_server(&server);
}

static void test_a_large_answer_arrives_whole(void **state)
{
    struct server server;
    char *bytes = malloc(PACK_BYTES_MAX);
    bool ended;
    int fd;

    (void)state;
    assert_non_null(bytes);
    open_server(&server);
    server.status_bytes = 900000;
    fd = connect_client(&server);
    ask(fd, "status\n");
    assert_int_equal(read_answer(&server, fd, bytes, PACK_BYTES_MAX, &ended), 900000 + 5);
    assert_true(ended);
    (void)close(fd);
    close_server(&server);
    free(bytes);
}

static void test_an_answer_that_does_not_fit_closes_the_connection(void **state)
{
    struct server server;
    char bytes[64];
    bool ended;
    int fd;

    (void)state;
    open_server(&server);
    server.status_bytes = PACK_BYTES_MAX;
    fd = connect_client(&server);
    ask(fd, "status\n");
    assert_int_equal(read_answer(&server, fd, bytes, sizeof bytes, &ended), 0);
    assert_true(ended);
    (void)close(fd);
    close_server(&server);
}

static void test_one_client_too_many_is_told_so(void **state)
{
    struct server server;
    int fds[CONTROL_CLIENTS_MAX + 1];
    char bytes[256];
    bool ended;

    (void)state;
    open_server(&server);
    for (int i = 0; i <= CONTROL_CLIENTS_MAX; i++) {
        fds[i] = connect_client(&server);
        turn(&server, 2);
    }
    assert_true(read_answer(&server, fds[CONTROL_CLIENTS_MAX], bytes, sizeof bytes, &ended) > 8);
    assert_memory_equal(bytes,
                        "\x81\xa5"
                        "error",
                        7);
    assert_true(ended);
    (void)close(fds[0]);
    turn(&server, 5);
    (void)close(fds[CONTROL_CLIENTS_MAX]);
    fds[0] = connect_client(&server);
    ask(fds[0], "status\n");
    assert_is_text(bytes, read_answer(&server, fds[0], bytes, sizeof bytes, &ended), "sss");
    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        (void)close(fds[i]);
    }
    close_server(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request_is_answered_and_the_connection_closed),
        cmocka_unit_test(test_an_order_to_drain_reaches_the_source_or_is_answered_with_its_refusal),
        cmocka_unit_test(test_a_request_may_come_in_pieces),
        cmocka_unit_test(test_a_client_that_closed_its_side_still_gets_its_answer),
        cmocka_unit_test(test_a_line_that_is_no_request_is_answered_with_an_error),
        cmocka_unit_test(test_a_follower_gets_what_is_published_until_it_closes),
        cmocka_unit_test(test_a_follower_that_does_not_read_is_dropped),
        cmocka_unit_test(test_a_large_answer_arrives_whole),
        cmocka_unit_test(test_an_answer_that_does_not_fit_closes_the_connection),
        cmocka_unit_test(test_one_client_too_many_is_told_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
