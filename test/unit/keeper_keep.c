// SPDX-License-Identifier: MIT
/* What a node is drained for, on its way to a disk that may hang: keeper and scribe. */
#include "keeper.h"
#include "keeper/clock.h"

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
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct keeper *keeper;
    struct scribe scribe;
    int engine; /* the engine's end */
    char root[32];
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    int engine[2];
    int texts[2];

    assert_non_null(fixture);
    fixture->keeper = calloc(1, sizeof(*fixture->keeper));
    assert_non_null(fixture->keeper);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, engine), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, texts), 0);
    fixture->engine = engine[1];
    fixture->keeper->engine_fd = engine[0];
    fixture->keeper->steward = (struct steward){.fd = -1, .texts_fd = texts[0]};
    fixture->keeper->keep.end_ns = CLOCK_NEVER_NS;
    (void)snprintf(fixture->root, sizeof(fixture->root), "/tmp/vg-keep-XXXXXX");
    assert_non_null(mkdtemp(fixture->root));
    fixture->scribe =
        (struct scribe){.fd = texts[1], .directory = open(fixture->root, O_RDONLY | O_DIRECTORY)};
    fixture->keeper->conf.vip_count = 2;
    (void)snprintf(fixture->keeper->conf.vips[0].name, CONF_NAME_MAX, "web");
    (void)snprintf(fixture->keeper->conf.vips[1].name, CONF_NAME_MAX, "mail");
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    const int fds[] = {fixture->engine, fixture->keeper->engine_fd,
                       fixture->keeper->steward.texts_fd, fixture->scribe.fd,
                       fixture->scribe.directory};

    scribe_stop(&fixture->scribe, 1000);
    if (fixture->scribe.directory >= 0)
        (void)unlinkat(fixture->scribe.directory, "drained", 0);
    (void)rmdir(fixture->root);
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
    free(fixture->keeper);
    free(fixture);
    return 0;
}

static void ask(const struct fixture *fixture, uint64_t sequence, uint32_t vips)
{
    const struct ipc_message message = {
        .type = IPC_DRAIN, .reason = IPC_DRAIN_VIPS, .vips = vips, .sequence = sequence};

    keep_begin(fixture->keeper, &message);
}

/* The scribe, from the order to its answer. */
static void write_one(struct fixture *fixture)
{
    struct pollfd source;

    scribe_serve(&fixture->scribe);
    while (fixture->scribe.pid != 0) {
        source = scribe_source(&fixture->scribe);
        assert_int_equal(poll(&source, 1, 10000), 1);
        scribe_serve(&fixture->scribe);
    }
}

static void assert_answered(const struct fixture *fixture, uint64_t sequence, int error)
{
    struct ipc_message message = {0};

    assert_int_equal(ipc_receive(fixture->engine, &message), sizeof(message));
    assert_true(ipc_valid_from_keeper(&message, sizeof(message), 2, 2));
    assert_int_equal(message.type, IPC_KEPT);
    assert_int_equal(message.sequence, sequence);
    assert_int_equal(message.error, error);
}

static void assert_silent(const struct fixture *fixture)
{
    struct ipc_message message;

    assert_int_equal(ipc_receive(fixture->engine, &message), -EAGAIN);
}

static void assert_file(const struct fixture *fixture, const char *wanted)
{
    char text[64] = "";
    const int fd = openat(fixture->scribe.directory, "drained", O_RDONLY);

    assert_true(fd >= 0);
    assert_true(read(fd, text, sizeof(text) - 1) >= 0);
    (void)close(fd);
    assert_string_equal(text, wanted);
}

static void test_it_is_kept_once_the_scribe_has_confirmed_it(void **state)
{
    struct fixture *fixture = *state;

    ask(fixture, 7, 3);
    assert_silent(fixture);
    assert_true(keep_next_ns(fixture->keeper) > clock_now_ns());
    write_one(fixture);
    assert_silent(fixture);
    keep_read(fixture->keeper);
    assert_answered(fixture, 7, 0);
    assert_file(fixture, "web\nmail\n");
    assert_int_equal(keep_next_ns(fixture->keeper), CLOCK_NEVER_NS);
}

static void test_orders_are_written_one_after_the_other_and_the_newest_is_answered(void **state)
{
    struct fixture *fixture = *state;

    ask(fixture, 1, 3);
    ask(fixture, 2, 1); /* overtaken before anybody could write it */
    ask(fixture, 3, 2);
    write_one(fixture);
    assert_file(fixture, "web\nmail\n");
    keep_read(fixture->keeper);
    assert_silent(fixture);
    write_one(fixture);
    keep_read(fixture->keeper);
    assert_answered(fixture, 3, 0);
    assert_file(fixture, "mail\n");
    assert_silent(fixture);
}

static void test_a_disk_that_hangs_is_said_in_time_and_mended_when_it_goes_on(void **state)
{
    struct fixture *fixture = *state;

    ask(fixture, 1, 1);
    keep_due(fixture->keeper);
    assert_silent(fixture);
    fixture->keeper->keep.end_ns = clock_now_ns();
    keep_due(fixture->keeper);
    assert_answered(fixture, 1, -ETIMEDOUT);
    keep_due(fixture->keeper);
    assert_silent(fixture);
    write_one(fixture);
    keep_read(fixture->keeper);
    assert_answered(fixture, 1, 0);
}

static void test_an_order_behind_a_disk_that_hangs_is_still_written(void **state)
{
    struct fixture *fixture = *state;

    ask(fixture, 1, 1);
    ask(fixture, 2, 2);
    fixture->keeper->keep.end_ns = clock_now_ns();
    keep_due(fixture->keeper);
    assert_answered(fixture, 2, -ETIMEDOUT);
    write_one(fixture);
    keep_read(fixture->keeper);
    assert_silent(fixture);
    write_one(fixture);
    keep_read(fixture->keeper);
    assert_answered(fixture, 2, 0);
    assert_file(fixture, "mail\n");
}

static void test_what_the_disk_refuses_is_passed_on(void **state)
{
    struct fixture *fixture = *state;

    (void)close(fixture->scribe.directory);
    fixture->scribe.directory = -EROFS; /* as drain_open() left it */
    ask(fixture, 1, 1);
    write_one(fixture);
    keep_read(fixture->keeper);
    assert_answered(fixture, 1, -EROFS);
}

static void test_without_a_scribe_it_is_said_at_once(void **state)
{
    struct fixture *fixture = *state;

    ask(fixture, 1, 1);
    (void)close(fixture->scribe.fd);
    fixture->scribe.fd = -1;
    keep_read(fixture->keeper);
    assert_answered(fixture, 1, -EPIPE);
    assert_int_equal(fixture->keeper->steward.texts_fd, -1);
    ask(fixture, 2, 1);
    assert_answered(fixture, 2, -EPIPE);
}

static void test_a_scribe_does_not_outlive_its_keeper(void **state)
{
    struct fixture *fixture = *state;

    (void)close(fixture->keeper->steward.texts_fd);
    fixture->keeper->steward.texts_fd = -1;
    scribe_serve(&fixture->scribe);
    assert_int_equal(scribe_source(&fixture->scribe).fd, -1);
    scribe_serve(&fixture->scribe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_it_is_kept_once_the_scribe_has_confirmed_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_orders_are_written_one_after_the_other_and_the_newest_is_answered, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_disk_that_hangs_is_said_in_time_and_mended_when_it_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_order_behind_a_disk_that_hangs_is_still_written,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_the_disk_refuses_is_passed_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_a_scribe_it_is_said_at_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_scribe_does_not_outlive_its_keeper, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
