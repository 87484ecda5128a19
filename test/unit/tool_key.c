// SPDX-License-Identifier: MIT
#include "tool/tool.h"
#include "tool_support.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define KEY_LINE 45 /* 44 characters and the newline */

static void test_keygen_prints_a_new_key_each_time(void **state)
{
    struct run first = run_tool((const char *const[]){"keygen", NULL}, "");
    struct run second = run_tool((const char *const[]){"keygen", NULL}, "");
    (void)state;

    assert_int_equal(first.code, TOOL_DONE);
    assert_int_equal(strlen(first.out), KEY_LINE);
    assert_int_equal(first.out[KEY_LINE - 1], '\n');
    assert_string_equal(first.err, "");
    assert_string_not_equal(first.out, second.out);
    run_free(&first);
    run_free(&second);
}

static void test_keygen_makes_a_file_for_its_owner_alone_whatever_the_umask(void **state)
{
    const struct directory directory = directory_make();
    const struct path path = path_in(&directory, "cluster.key");
    const mode_t before = umask(0);
    struct stat status;
    (void)state;

    struct run run = run_tool((const char *const[]){"keygen", path.text, NULL}, "");
    (void)umask(before);
    assert_int_equal(run.code, TOOL_DONE);
    assert_string_equal(run.out, "");
    assert_int_equal(stat(path.text, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(status.st_size, KEY_LINE);
    run_free(&run);
    directory_remove(&directory);
}

static void test_keygen_never_overwrites_a_key(void **state)
{
    const struct directory directory = directory_make();
    const struct path path = path_in(&directory, "cluster.key");
    char content[16] = "";
    FILE *file = fopen(path.text, "we");
    (void)state;

    assert_non_null(file);
    assert_true(fputs("precious\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    struct run run = run_tool((const char *const[]){"keygen", path.text, NULL}, "");
    assert_int_equal(run.code, TOOL_REFUSED);
    assert_non_null(strstr(run.err, "exists and is not overwritten"));
    assert_non_null(strstr(run.err, path.text));
    file = fopen(path.text, "re");
    assert_non_null(file);
    assert_non_null(fgets(content, sizeof(content), file));
    assert_string_equal(content, "precious\n");
    assert_int_equal(fclose(file), 0);
    run_free(&run);
    directory_remove(&directory);
}

static void test_keygen_follows_no_symbolic_link(void **state)
{
    const struct directory directory = directory_make();
    const struct path path = path_in(&directory, "cluster.key");
    const struct path target = path_in(&directory, "target");
    (void)state;

    assert_int_equal(symlink(target.text, path.text), 0);
    struct run run = run_tool((const char *const[]){"keygen", path.text, NULL}, "");
    assert_int_equal(run.code, TOOL_REFUSED);
    assert_int_equal(access(target.text, F_OK), -1);
    run_free(&run);
    directory_remove(&directory);
}

static void test_keygen_names_a_missing_directory(void **state)
{
    const struct directory directory = directory_make();
    const struct path path = path_in(&directory, "missing/cluster.key");
    (void)state;

    struct run run = run_tool((const char *const[]){"keygen", path.text, NULL}, "");
    assert_int_equal(run.code, TOOL_REFUSED);
    assert_non_null(strstr(run.err, "its directory does not exist"));
    run_free(&run);
    directory_remove(&directory);
}

/* keygen > file, with that mode: the warning on standard error. */
static void check_warning(mode_t mode, bool expected)
{
    const struct directory directory = directory_make();
    const struct path path = path_in(&directory, "redirected");
    FILE *out = fopen(path.text, "we");

    assert_non_null(out);
    assert_int_equal(fchmod(fileno(out), mode), 0);
    struct run run = run_tool_to((const char *const[]){"keygen", NULL}, "", out);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(run.code, TOOL_DONE);
    assert_int_equal(strstr(run.err, "everybody can read") != NULL, expected);
    run_free(&run);
    directory_remove(&directory);
}

static void test_keygen_warns_when_its_output_goes_to_a_file_that_everybody_can_read(void **state)
{
    (void)state;

    check_warning(0644, true);
    check_warning(0640, false);
    check_warning(0600, false);
}

static void test_a_key_that_could_not_be_written_is_a_failure(void **state)
{
    FILE *out = fopen("/dev/full", "we");
    (void)state;

    assert_non_null(out);
    struct run run = run_tool_to((const char *const[]){"keygen", NULL}, "", out);
    (void)fclose(out);
    assert_int_equal(run.code, TOOL_REFUSED);
    assert_non_null(strstr(run.err, "cannot write the output"));
    run_free(&run);
}

/* [RFC 8032 7.1], tests 1 to 3: secret key and public key, in base64. */
static const char *const known_keys[][2] = {
    {"nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=\n",
     "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"},
    {"TM0Imyj/ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U+4pvs=\n",
     "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n"},
    {"xaqN9D+fg3vtt0QvMdy3sWbThTUHbwlLhc46LgtEWPc=\n",
     "/FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU=\n"},
};

static void test_pubkey_gives_the_public_key_of_rfc_8032(void **state)
{
    (void)state;

    for (size_t i = 0; i < sizeof(known_keys) / sizeof(known_keys[0]); i++) {
        struct run run = run_tool((const char *const[]){"pubkey", NULL}, known_keys[i][0]);
        assert_int_equal(run.code, TOOL_DONE);
        assert_string_equal(run.out, known_keys[i][1]);
        run_free(&run);
    }
}

static void test_pubkey_refuses_what_is_no_key(void **state)
{
    static const char *const inputs[] = {
        "",
        "\n",
        "short",
        "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\n",
        "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2!=\n",
        "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=AAAA\n",
    };
    char longest[600];
    (void)state;

    for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
        struct run run = run_tool((const char *const[]){"pubkey", NULL}, inputs[i]);
        assert_int_equal(run.code, TOOL_REFUSED);
        assert_string_equal(run.out, "");
        assert_non_null(strstr(run.err, "standard input is no key"));
        run_free(&run);
    }
    memset(longest, ' ', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    memcpy(longest, known_keys[0][0], KEY_LINE - 1);
    struct run run = run_tool((const char *const[]){"pubkey", NULL}, longest);
    assert_int_equal(run.code, TOOL_REFUSED);
    run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keygen_prints_a_new_key_each_time),
        cmocka_unit_test(test_keygen_makes_a_file_for_its_owner_alone_whatever_the_umask),
        cmocka_unit_test(test_keygen_never_overwrites_a_key),
        cmocka_unit_test(test_keygen_follows_no_symbolic_link),
        cmocka_unit_test(test_keygen_names_a_missing_directory),
        cmocka_unit_test(test_keygen_warns_when_its_output_goes_to_a_file_that_everybody_can_read),
        cmocka_unit_test(test_a_key_that_could_not_be_written_is_a_failure),
        cmocka_unit_test(test_pubkey_gives_the_public_key_of_rfc_8032),
        cmocka_unit_test(test_pubkey_refuses_what_is_no_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
