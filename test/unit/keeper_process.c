// SPDX-License-Identifier: MIT
/* What the keeper does with processes and sockets that need no privilege. */
#include "host/reader.h"
#include "keeper/control_socket.h"
#include "keeper/notify.h"
#include "keeper/outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char directory[32];
    char path[64];
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    if (fixture == NULL)
        return -1;
    (void)snprintf(fixture->directory, sizeof(fixture->directory), "/tmp/keeper-XXXXXX");
    if (mkdtemp(fixture->directory) == NULL)
        return -1;
    (void)snprintf(fixture->path, sizeof(fixture->path), "%s/run/file", fixture->directory);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    char run[64];

    (void)snprintf(run, sizeof(run), "%s/run", fixture->directory);
    (void)unlink(fixture->path);
    (void)rmdir(run);
    (void)rmdir(fixture->directory);
    free(fixture);
    return 0;
}

static void make_file(const struct fixture *fixture, const char *text)
{
    char run[64];
    FILE *file;

    (void)snprintf(run, sizeof(run), "%s/run", fixture->directory);
    (void)mkdir(run, 0755);
    file = fopen(fixture->path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void test_the_control_socket_is_open_to_owner_and_group_only(void **state)
{
    const struct fixture *fixture = *state;
    const int fd = control_socket_open(fixture->path);
    struct stat status;

    assert_true(fd >= 0);
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_true(S_ISSOCK(status.st_mode));
    assert_int_equal(status.st_mode & 07777, 0660);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    control_socket_close(fd, fixture->path);
    assert_int_equal(stat(fixture->path, &status), -1);
}

static void test_a_second_daemon_is_refused_and_harms_nothing(void **state)
{
    const struct fixture *fixture = *state;
    const int first = control_socket_open(fixture->path);
    int client;

    assert_true(first >= 0);
    assert_int_equal(control_socket_open(fixture->path), -1);
    client = accept(first, NULL, NULL); /* it knocked, and was heard */
    assert_true(client >= 0);
    (void)close(client);
    assert_int_equal(access(fixture->path, F_OK), 0);
    control_socket_close(first, fixture->path);
}

static void test_a_stale_socket_is_replaced(void **state)
{
    const struct fixture *fixture = *state;
    const int first = control_socket_open(fixture->path);
    int second;

    assert_true(first >= 0);
    (void)close(first); /* as when the daemon was killed */
    second = control_socket_open(fixture->path);
    assert_true(second >= 0);
    control_socket_close(second, fixture->path);
}

static void test_a_file_that_is_no_socket_stays_where_it_is(void **state)
{
    const struct fixture *fixture = *state;

    make_file(fixture, "precious");
    assert_int_equal(control_socket_open(fixture->path), -1);
    assert_int_equal(access(fixture->path, F_OK), 0);
}

/* Binds a datagram socket; `name` begins with '@' for the abstract space. */
static int bind_listener(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    assert_int_equal(bind(fd, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
                     0);
    return fd;
}

static void assert_notified(const char *name)
{
    const int fd = bind_listener(name);
    char text[64] = "";

    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    notify_send("READY=1\nSTATUS=fine");
    assert_int_equal(recv(fd, text, sizeof(text) - 1, 0), 19);
    assert_string_equal(text, "READY=1\nSTATUS=fine");
    (void)close(fd);
    (void)unsetenv("NOTIFY_SOCKET");
}

static void test_systemd_is_told_by_path_and_by_abstract_name(void **state)
{
    const struct fixture *fixture = *state;
    char name[64];

    make_file(fixture, "");
    (void)unlink(fixture->path);
    assert_notified(fixture->path);
    (void)snprintf(name, sizeof(name), "@keeper-test-%d", (int)getpid());
    assert_notified(name);
}

static void test_the_watchdog_is_told_twice_as_often_as_asked(void **state)
{
    char own[16];

    (void)state;
    (void)unsetenv("WATCHDOG_PID");
    (void)unsetenv("WATCHDOG_USEC");
    assert_int_equal(notify_watchdog_ns(), 0);
    (void)setenv("WATCHDOG_USEC", "10000000", 1);
    assert_int_equal(notify_watchdog_ns(), UINT64_C(5000000000));
    (void)snprintf(own, sizeof(own), "%d", (int)getpid());
    (void)setenv("WATCHDOG_PID", own, 1);
    assert_int_equal(notify_watchdog_ns(), UINT64_C(5000000000));
    (void)setenv("WATCHDOG_PID", "1", 1);
    assert_int_equal(notify_watchdog_ns(), 0); /* meant for another process */
    (void)unsetenv("WATCHDOG_PID");
    (void)setenv("WATCHDOG_USEC", "-1", 1);
    assert_int_equal(notify_watchdog_ns(), 0);
    (void)setenv("WATCHDOG_USEC", "soon", 1);
    assert_int_equal(notify_watchdog_ns(), 0);
    (void)unsetenv("WATCHDOG_USEC");
}

static void test_nobody_is_told_when_nobody_asked(void **state)
{
    char name[64];
    char text[8];
    int fd;

    (void)state;
    (void)snprintf(name, sizeof(name), "@keeper-test-%d", (int)getpid());
    fd = bind_listener(name);
    (void)unsetenv("NOTIFY_SOCKET");
    notify_send("READY=1");
    (void)setenv("NOTIFY_SOCKET", "relative/path", 1);
    notify_send("READY=1");
    (void)setenv("NOTIFY_SOCKET", "", 1);
    notify_send("READY=1");
    assert_int_equal(recv(fd, text, sizeof(text), 0), -1);
    (void)unsetenv("NOTIFY_SOCKET");
    (void)close(fd);
}

static void test_messages_wait_for_an_engine_that_does_not_read_and_keep_their_order(void **state)
{
    static struct outbox outbox;
    struct ipc_message message = {.type = IPC_REMOVED};
    uint64_t sent = 0;
    uint64_t received = 0;
    int result = 0;
    int ends[2];

    (void)state;
    outbox = (struct outbox){.count = 0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    while (sent < 100000 && result == 0) {
        message.sequence = sent + 1;
        result = outbox_send(&outbox, ends[0], &message);
        sent += result == 0 ? 1 : 0;
    }
    assert_int_equal(result, -ENOBUFS);
    assert_int_equal(outbox.count, OUTBOX_MESSAGES_MAX);
    while (ipc_receive(ends[1], &message) > 0) {
        assert_int_equal(message.sequence, ++received);
        assert_int_equal(outbox_flush(&outbox, ends[0]), 0);
    }
    assert_int_equal(received, sent);
    assert_int_equal(outbox.count, 0);
    (void)close(ends[1]);
    assert_int_equal(outbox_send(&outbox, ends[0], &message), -EPIPE);
    (void)close(ends[0]);
}

static void test_a_configuration_comes_back_from_the_child(void **state)
{
    const struct fixture *fixture = *state;
    struct conf *conf = calloc(1, sizeof(*conf));
    struct conf_error error = {""};

    assert_non_null(conf);
    make_file(fixture, "cluster = \"swarm\"\nkey_file = \"/key\"\n"
                       "node \"a\" { address = {\"10.0.0.1\"} }\n"
                       "node \"b\" { address = {\"10.0.0.2\"} }\n"
                       "vip \"v\" { address = {\"10.0.0.3\"} }\n");
    if (reader_read(fixture->path, "b", conf, &error) != 0)
        fail_msg("%s", error.text);
    assert_string_equal(conf->cluster, "swarm");
    assert_string_equal(conf->self_name, "b");
    assert_int_equal(conf->node_count, 2);
    free(conf);
}

static void test_what_is_wrong_with_a_file_comes_back_with_its_line(void **state)
{
    const struct fixture *fixture = *state;
    struct conf *conf = calloc(1, sizeof(*conf));
    struct conf_error error = {""};
    char expected[80];

    assert_non_null(conf);
    make_file(fixture, "cluster = \"swarm\"\ncolour = \"blue\"\n");
    assert_int_equal(reader_read(fixture->path, NULL, conf, &error), -1);
    (void)snprintf(expected, sizeof(expected), "%s:2: ", fixture->path);
    assert_memory_equal(error.text, expected, strlen(expected));
    assert_int_equal(reader_read(fixture->directory, NULL, conf, &error), -1);
    assert_non_null(strstr(error.text, fixture->directory));
    assert_string_equal(conf->cluster, "");
    free(conf);
}

int main(void)
{
#define WITH_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_DIRECTORY(test_the_control_socket_is_open_to_owner_and_group_only),
        WITH_DIRECTORY(test_a_second_daemon_is_refused_and_harms_nothing),
        WITH_DIRECTORY(test_a_stale_socket_is_replaced),
        WITH_DIRECTORY(test_a_file_that_is_no_socket_stays_where_it_is),
        WITH_DIRECTORY(test_systemd_is_told_by_path_and_by_abstract_name),
        cmocka_unit_test(test_nobody_is_told_when_nobody_asked),
        cmocka_unit_test(test_the_watchdog_is_told_twice_as_often_as_asked),
        cmocka_unit_test(test_messages_wait_for_an_engine_that_does_not_read_and_keep_their_order),
        WITH_DIRECTORY(test_a_configuration_comes_back_from_the_child),
        WITH_DIRECTORY(test_what_is_wrong_with_a_file_comes_back_with_its_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
