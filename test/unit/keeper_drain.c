// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "keeper/drain.h"

struct place {
    char root[64];
    char file[128];
    struct conf conf;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    assert_non_null(place);
    (void)snprintf(place->root, sizeof place->root, "/tmp/vg-drain-XXXXXX");
    assert_non_null(mkdtemp(place->root));
    (void)snprintf(place->conf.state_dir, sizeof place->conf.state_dir, "%s/state", place->root);
    (void)snprintf(place->file, sizeof place->file, "%s/state/drained", place->root);
    place->conf.vip_count = 3;
    (void)snprintf(place->conf.vips[0].name, sizeof place->conf.vips[0].name, "web");
    (void)snprintf(place->conf.vips[1].name, sizeof place->conf.vips[1].name, "mail");
    memset(place->conf.vips[2].name, 'x', CONF_NAME_MAX);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;

    char fresh[160];

    (void)snprintf(fresh, sizeof fresh, "%s.new", place->file);
    (void)unlink(fresh);
    (void)unlink(place->file);
    (void)rmdir(place->file);
    (void)unlink(place->conf.state_dir);
    (void)rmdir(place->conf.state_dir);
    (void)rmdir(place->root);
    free(place);
    return 0;
}

static void write_file(const struct place *place, const char *text, size_t length)
{
    int fd;

    (void)mkdir(place->conf.state_dir, 0755);
    fd = open(place->file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, length), (ssize_t)length);
    (void)close(fd);
}

static int keep(const struct place *place, const struct drain *drain, bool node, uint32_t vips)
{
    char text[DRAIN_TEXT_MAX + 1];

    return drain_write(drain->directory, text, drain_text(&place->conf, node, vips, text));
}

static void assert_kept(const struct place *place, bool node, uint32_t vips)
{
    struct drain drain;

    assert_int_equal(drain_open(&drain, &place->conf), 0);
    assert_int_equal(drain.node, node);
    assert_int_equal(drain.vips, vips);
    drain_close(&drain);
}

static void test_what_is_kept_is_read_at_the_next_start(void **state)
{
    static const struct {
        bool node;
        uint32_t vips;
    } cases[] = {{true, 0}, {false, 1}, {false, 6}, {true, 7}, {false, 0}, {true, 2}};
    const struct place *place = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct drain drain;

        assert_int_equal(drain_open(&drain, &place->conf), 0);
        assert_int_equal(keep(place, &drain, cases[i].node, cases[i].vips), 0);
        drain_close(&drain);
        assert_kept(place, cases[i].node, cases[i].vips);
    }
}

static void test_a_vip_that_is_not_configured_any_more_is_left_out(void **state)
{
    const struct place *place = *state;

    write_file(place, "gone\nmail\n\nweb", 14);
    assert_kept(place, false, 3);
}

static void test_a_file_that_cannot_be_ours_keeps_the_daemon_from_starting(void **state)
{
    const struct place *place = *state;
    struct drain drain;
    static char large[CONF_VIPS_MAX * (CONF_NAME_MAX + 1) + 3];

    memset(large, 'a', sizeof large);
    write_file(place, large, sizeof large);
    assert_int_equal(drain_open(&drain, &place->conf), -1);
    drain_close(&drain);
    assert_int_equal(unlink(place->file), 0);
    assert_int_equal(symlink("/etc/passwd", place->file), 0);
    assert_int_equal(drain_open(&drain, &place->conf), -1);
    drain_close(&drain);
}

static void test_a_directory_that_cannot_be_is_an_error_only_when_something_is_to_be_kept(
    void **state)
{
    struct place *place = *state;
    struct drain drain;

    (void)snprintf(place->conf.state_dir, sizeof place->conf.state_dir, "%s/no/state", place->root);
    assert_int_equal(drain_open(&drain, &place->conf), 0);
    assert_int_equal(keep(place, &drain, true, 0), -ENOENT);
    drain_close(&drain);
}

/* The write of a new order that the loss of power, or a full disk, ends anywhere. */
static void test_a_write_that_is_cut_anywhere_leaves_what_was_kept_before(void **state)
{
    const struct place *place = *state;
    const struct rlimit nothing = {1, RLIM_INFINITY};
    struct rlimit before;
    struct drain drain;
    char fresh[160];

    assert_int_equal(drain_open(&drain, &place->conf), 0);
    assert_int_equal(keep(place, &drain, false, 6), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &nothing), 0);
    assert_true(keep(place, &drain, true, 1) < 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)snprintf(fresh, sizeof fresh, "%s.new", place->file);
    assert_int_equal(access(fresh, F_OK), 0); /* cut behind its first byte, which means all */
    assert_kept(place, false, 6);
    assert_int_equal(unlink(fresh), 0);
    assert_int_equal(symlink("/etc/passwd", fresh), 0); /* nobody's bait is followed */
    assert_int_equal(keep(place, &drain, true, 1), 0);
    assert_int_equal(access(fresh, F_OK), -1);
    assert_kept(place, true, 1);
    drain_close(&drain);
}

static void test_the_longest_text_there_is_fits(void **state)
{
    struct place *place = *state;
    char text[DRAIN_TEXT_MAX + 1];

    place->conf.vip_count = CONF_VIPS_MAX;
    for (unsigned vip = 0; vip < CONF_VIPS_MAX; vip++)
        memset(place->conf.vips[vip].name, 'a' + (int)(vip % 26), CONF_NAME_MAX);
    assert_int_equal(drain_text(&place->conf, true, UINT32_MAX, text), DRAIN_TEXT_MAX);
    assert_int_equal(strlen(text), DRAIN_TEXT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_kept_is_read_at_the_next_start, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_vip_that_is_not_configured_any_more_is_left_out,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_file_that_cannot_be_ours_keeps_the_daemon_from_starting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_directory_that_cannot_be_is_an_error_only_when_something_is_to_be_kept, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_write_that_is_cut_anywhere_leaves_what_was_kept_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_longest_text_there_is_fits, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
