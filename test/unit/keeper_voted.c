// SPDX-License-Identifier: MIT
/* The note of how long a vote may still be promised [SPEC R99]. */
#include "keeper/voted.h"

#include "keeper/clock.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#define S  CLOCK_NS_PER_S
#define MS CLOCK_NS_PER_MS

static char directory[64];
static char control_socket[128];
static char note[160];

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(directory, sizeof(directory), "/tmp/vg-voted-XXXXXX");
    assert_non_null(mkdtemp(directory));
    (void)snprintf(control_socket, sizeof(control_socket), "%s/control.sock", directory);
    (void)snprintf(note, sizeof(note), "%s.voted", control_socket);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(note);
    return rmdir(directory);
}

static uint64_t begin(uint64_t lease_ns)
{
    int error = -1;
    const uint64_t abstain_ns = voted_begin(control_socket, lease_ns, &error);

    assert_int_equal(error, 0);
    return abstain_ns;
}

static void test_a_voter_without_a_note_abstains_for_the_longest_lease(void **state)
{
    (void)state;
    assert_int_equal(begin(1 * S), 10 * S);
}

static void test_what_the_note_of_this_boot_says_is_enough(void **state)
{
    (void)state;
    static const struct voted former = {.boot_id = "b", .lease_ms = 800, .former_ms = 5000};

    assert_int_equal(voted_abstain_ms(&former, "b", 5000), 800);
    assert_int_equal(voted_abstain_ms(&former, "b", 3000), 2000); /* a run before that */
    assert_int_equal(voted_abstain_ms(&former, "another", 5000), 10000);
    assert_int_equal(voted_abstain_ms(NULL, "b", 5000), 10000);
}

static void test_a_lease_that_was_lowered_is_not_forgotten(void **state)
{
    (void)state;
    assert_int_equal(begin(9 * S), 10 * S);
    (void)unlink(note);
    assert_int_equal(begin(9 * S), 10 * S);
    /* The run with 9 s ends at once, one with 1 s too: both may have promised, the first one 9 s.
     */
    assert_in_range(begin(1 * S), 9 * S, 10 * S);
    assert_in_range(begin(1 * S), 9 * S, 10 * S);
}

static void test_what_is_no_note_counts_as_none(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "vipgossip-voted 1 x", "vipgossip-voted 2 b 1 1\n",
                                        "nothing\n", "vipgossip-voted 1 b 1 1 1\n"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        FILE *file = fopen(note, "w");

        assert_non_null(file);
        (void)fputs(texts[i], file);
        (void)fclose(file);
        assert_int_equal(begin(1 * S), 10 * S);
    }
}

static void test_without_a_place_for_the_note_the_next_run_abstains(void **state)
{
    (void)state;
    int error = -1;

    assert_int_equal(voted_begin("/nonexistent/control.sock", S, &error), 10 * S);
    assert_int_equal(error, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_voter_without_a_note_abstains_for_the_longest_lease,
                                        set_up, tear_down),
        cmocka_unit_test(test_what_the_note_of_this_boot_says_is_enough),
        cmocka_unit_test_setup_teardown(test_a_lease_that_was_lowered_is_not_forgotten, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_note_counts_as_none, set_up, tear_down),
        cmocka_unit_test(test_without_a_place_for_the_note_the_next_run_abstains),
    };
    return cmocka_run_group_tests_name("keeper_voted", tests, NULL, NULL);
}
