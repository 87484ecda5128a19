// SPDX-License-Identifier: MIT
/* Files that are refused, each with its whole message: what is wrong, where, what is allowed. */
#include "conf_support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct refused {
    const char *text;
    const char *message;
};

static void assert_refused(const struct refused *files, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct conf_error error;
        read_bad(files[i].text, &error);
        if (strcmp(error.text, files[i].message) != 0)
            fail_msg("file:\n%s\nsays:   %s\nwanted: %s", files[i].text, error.text,
                     files[i].message);
    }
}

#define ASSERT_REFUSED(files) assert_refused(files, sizeof(files) / sizeof((files)[0]))

/* Found by search: the first four bytes of their BLAKE2b-256 are b1d1fa72. */
#define COLLISION_1 "n109809"
#define COLLISION_2 "n139505"

#define TOP_KEYS                                                                               \
    "cluster, key_file, node_key_file, port, interval, control_socket, state_dir, fail_open, " \
    "hook, hook_timeout, realtime, log_level, node, vip, check"

static void test_text_that_libconfuse_would_misread_is_refused(void **state)
{
    (void)state;
    static const struct refused files[] = {
        {"node \"a\" {\n address = \"192.168.4.1\"\n", "f.conf:1: the { of this line has no }"},
        {"cluster = \"a\"\nvip \"v\" {\n node \"a\" {\n}\n",
         "f.conf:2: the { of this line has no }"},
        {"cluster = \"a\"\n}\n", "f.conf:2: this } has no {"},
        {"cluster = \"a\n\"", "f.conf:1: a string has no closing \" in its line"},
        {"cluster = 'a", "f.conf:1: a string has no closing ' in its line"},
        {"cluster = \"a\\n\"", "f.conf:1: a \\ in a string is allowed only before \" or \\"},
        {"cluster = \"a\\x00b\"", "f.conf:1: a \\ in a string is allowed only before \" or \\"},
        {"\n/* never\nending\n", "f.conf:2: the comment that begins in this line has no end"},
        {"port = 71*12\n", "f.conf:1: unexpected * outside of quotes"},
        {"node \"a\" { address += \"192.168.4.1\" }", "f.conf:1: unexpected + outside of quotes"},
        {"include(\"other\")", "f.conf:1: unexpected ( outside of quotes"},
        {"cluster = ${HOME}", "f.conf:1: unexpected $ outside of quotes"},
        {"\xef\xbb\xbf" GOOD, "f.conf:1: unexpected byte 0xef; is this a text file?"},
        {"cluster = \"a\"\n\"port\" = 1\n",
         "f.conf:2: before = stands the name of a key, without quotes"},
        {"= 1", "f.conf:1: before = stands the name of a key, without quotes"},
        {"node \"a\" { address = {} }",
         "f.conf:1: this list is empty; name at least one value or leave the key out"},
        {"cluster = \"a\"\n\"\" { }", "f.conf:2: an empty string is neither a key nor a name"},
        {"node ''\n{ }", "f.conf:1: an empty string is neither a key nor a name"},
        {"vip v { '' = 1 }", "f.conf:1: an empty string is neither a key nor a name"},
        {"cluster = a node b { address = {''} }",
         "f.conf:1: address: \"\" is no address, allowed is IPv4 such as 192.168.4.3 or IPv6 such "
         "as 2001:db8::3"},
        {"{{{{{", "f.conf:1: this { is in 4 others, which nothing allows"},
    };
    ASSERT_REFUSED(files);
}

static void test_bytes_that_are_no_text_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        const char *message;
    } files[] = {
        {"cluster = \"a\0b\"\n", 16, "f.conf:1: unexpected byte 0x00; is this a text file?"},
        {"cluster = \"a\"\n\0\n", 16, "f.conf:2: unexpected byte 0x00; is this a text file?"},
        {"\0\xff\xfe", 3, "f.conf:1: unexpected byte 0x00; is this a text file?"},
        {"\x7f\x45LF", 4, "f.conf:1: unexpected byte 0x7f; is this a text file?"},
        {"", 0, "f.conf:1: cluster = \"NAME\" is missing"},
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct conf conf;
        struct conf_error error;
        file_write(FILE_NAME, files[i].bytes, files[i].length);
        assert_int_equal(conf_read_file(FILE_NAME, NULL, &conf, &error), -1);
        assert_string_equal(error.text, files[i].message);
    }
}

static void test_grammar_is_refused_with_line(void **state)
{
    (void)state;
    static const struct refused files[] = {
        {"cluster = \"a\"\ncolour = 1\n", "f.conf:2: colour: unknown key, allowed are " TOP_KEYS},
        {"node \"a\" {\n address = \"192.168.4.1\"\n weight = 1\n}\n",
         "f.conf:3: weight: unknown key of a section node, allowed are address, priority, "
         "witness, public_key"},
        {"vip \"v\" { vrid = 1 }",
         "f.conf:1: vrid: unknown key of a section vip, allowed are address, interface, mode, "
         "preempt, preempt_delay, lease, kernel_lease, announce_refresh, nodes, node"},
        {GOOD "vip \"w\" { address = 192.168.4.4\n node \"a\" {\n weight = 1 } }",
         "f.conf:7: weight: unknown key of a section node, allowed are priority"},
        {"port 7112\n", "f.conf:1: port is not followed by ="},
        {"port = {7112}\n", "f.conf:1: unexpected \"{\"; expected a value, or , or } in a list"},
        {"node { address = \"192.168.4.1\" }", "f.conf:1: node is not followed by a name"},
        {"node = \"a\"\n", "f.conf:1: node is not followed by a name"},
        {"node \"a\"\naddress = \"192.168.4.1\"\n",
         "f.conf:2: node and its name are not followed by {"},
        {"node \"a\" { address = {\"192.168.4.1\" \"192.168.4.2\"} }",
         "f.conf:1: unexpected \"192.168.4.2\"; expected a value, or , or } in a list"},
        {"cluster = \"a\"\nport =\n\n# the end\n",
         "f.conf:2: the file ends where a value or a } is missing"},
        {"cluster = \"a\"\nport = 1\ncluster = \"a\"\n",
         "f.conf:3: cluster: is there twice, first in line 1"},
        {"node \"a\" {\n address = \"192.168.4.1\"\n address = \"192.168.4.2\"\n}\n",
         "f.conf:3: address: is there twice, first in line 2"},
        {"node \"a\" { address = {\"192.168.4.1\", \"192.168.4.2\"}\n address = {1, 2, 3} }\n",
         "f.conf:2: address: is there twice, first in line 1"},
        {GOOD "\nnode \"b\" { address = \"192.168.4.9\" }\n",
         "f.conf:6: the name \"b\" is there twice; names are unique"},
        {GOOD "vip \"v\" { address = \"192.168.4.9\" }\n",
         "f.conf:5: the name \"v\" is there twice; names are unique"},
        {"vip \"v\" {\n node \"a\" { priority = 1 }\n node \"a\" { priority = 2 }\n}\n",
         "f.conf:3: the name \"a\" is there twice; names are unique"},
    };
    ASSERT_REFUSED(files);
}

static void test_comments_do_not_shift_the_line(void **state)
{
    (void)state;
    static const struct refused files[] = {
        {"/* one */ /* two */\n# three\n// four\ncolour = 1\n",
         "f.conf:4: colour: unknown key, allowed are " TOP_KEYS},
        {"/* one\n * two\n */ cluster = \"a\" # x\r\nport = 0 /* y */\n",
         "f.conf:4: port: 0 is out of range, allowed is 1 to 65535"},
        {"node \"a\" { address = {\"192.168.4.1\", # the first\n\n /* the second */ \"x\"} }\n"
         "cluster = \"a\"",
         "f.conf:3: address: \"x\" is no address, allowed is IPv4 such as 192.168.4.3 or IPv6 such "
         "as 2001:db8::3"},
    };
    ASSERT_REFUSED(files);
}

static void test_variables_of_the_environment_are_refused_unless_set(void **state)
{
    (void)state;
    static const struct refused files[] = {
        {"\ncluster = \"${VG_TEST_UNSET}\"",
         "f.conf:2: ${VG_TEST_UNSET} is not set in the environment; set it, or write "
         "${VG_TEST_UNSET:-DEFAULT}"},
        {"cluster = \"${VG TEST}\"", "f.conf:1: a ${ in a string begins ${NAME} or "
                                     "${NAME:-DEFAULT}, with letters, digits and _ in NAME"},
        {"cluster = \"${VG_TEST\"\nkey_file = \"}\"",
         "f.conf:1: a ${ in a string begins ${NAME} or ${NAME:-DEFAULT}, with letters, digits and "
         "_ in NAME"},
        {"cluster = \"${VG_TEST_UNSET:-}\"",
         "f.conf:1: cluster: \"\" is no name, allowed are 1 to 63 letters, digits and . _ : -"},
    };
    unsetenv("VG_TEST_UNSET");
    ASSERT_REFUSED(files);
}

static void test_what_is_missing_is_named(void **state)
{
    (void)state;
    static const struct refused files[] = {
        {"port = 1\n", "f.conf:1: cluster = \"NAME\" is missing"},
        {"cluster = \"a\"\n",
         "f.conf:1: no node; at least one section node NAME { address = ... } is needed"},
        {"cluster = \"a\"\nnode \"a\" { address = \"192.168.4.1\" }\n",
         "f.conf:1: no VIP; at least one section vip NAME { address = ... } is needed"},
        {"cluster = \"a\"\nnode \"a\" {\n priority = 3\n}\n",
         "f.conf:4: node: \"a\" ends here without address = \"192.168.4.1\""},
        {GOOD "vip \"w\" { }\n",
         "f.conf:5: vip: \"w\" ends here without address = \"192.168.4.3\""},
        {GOOD "vip \"w\" { address = 192.168.4.4 node \"a\" {\n} }\n",
         "f.conf:6: node: \"a\" ends here without priority = 100"},
    };
    ASSERT_REFUSED(files);
}

static void test_contradictions_between_sections_are_refused(void **state)
{
    (void)state;
    static const struct refused files[] = {
        {GOOD "node \"c\" {\n address = \"192.168.4.1\"\n}\n",
         "f.conf:6: address: 192.168.4.1 is already an address of node \"a\""},
        {GOOD "node \"c\" { address = {\"fd00::1\",\n \"fd00:0::1\"} }\n",
         "f.conf:6: address: fd00::1 is already an address of node \"c\""},
        {GOOD "vip \"w\" {\n address = \"192.168.4.3/24\"\n}\n",
         "f.conf:6: address: 192.168.4.3 is there twice; an address belongs to one VIP, once"},
        {GOOD "vip \"w\" { address = \"192.168.4.2\" }\n",
         "f.conf:5: address: 192.168.4.2 is an address of node \"b\"; a VIP needs one that no host "
         "has"},
        {GOOD "vip \"w\" { address = \"fe80::1\" }\n",
         "f.conf:5: address: fe80::1 is link-local; name the interface too"},
        {GOOD "vip \"w\" { address = 192.168.4.4 nodes = \"c\" }\n",
         "f.conf:5: nodes: \"c\" is no node of this file"},
        {GOOD "vip \"w\" { address = 192.168.4.4\n node \"c\" { priority = 1 } }\n",
         "f.conf:6: node: \"c\" is no node of this file"},
        {GOOD "vip \"w\" { address = 192.168.4.4 nodes = {\"a\"} node \"b\" { priority = 1 } }\n",
         "f.conf:5: priority: \"b\" cannot hold this VIP, so its priority has no meaning"},
        {GOOD "node \"c\" { address = 192.168.4.5 witness = true }\n"
              "vip \"w\" { address = 192.168.4.4 nodes = {\"a\", \"c\"} }\n",
         "f.conf:6: nodes: \"c\" is a witness, which never holds"},
        {"cluster = \"a\"\nnode \"a\" { address = 192.168.4.1 witness = true }\n"
         "vip \"v\" { address = 192.168.4.3 }\n",
         "f.conf:3: vip: \"v\" has no candidate; at least one node must not be a witness"},
    };
    ASSERT_REFUSED(files);
}

static void test_names_with_one_hash_are_refused(void **state)
{
    (void)state;
    static const struct refused files[] = {
        {GOOD "node \"" COLLISION_1 "\" { address = 192.168.4.5 }\n"
              "node \"" COLLISION_2 "\" { address = 192.168.4.6 }\n",
         "f.conf:6: node: \"" COLLISION_2 "\" and \"" COLLISION_1
         "\" have the same hash; rename one of them"},
        {GOOD "vip \"" COLLISION_1 "\" { address = 192.168.4.5 }\n"
              "vip \"" COLLISION_2 "\" { address = 192.168.4.6 }\n",
         "f.conf:6: vip: \"" COLLISION_2 "\" and \"" COLLISION_1
         "\" have the same hash; rename one of them"},
    };
    ASSERT_REFUSED(files);
}

static void test_control_characters_do_not_reach_the_message(void **state)
{
    (void)state;
    struct conf_error error;
    read_bad("cluster = \"a\x1b[31m\"", &error);
    assert_string_equal(error.text, "f.conf:1: cluster: \"a?[31m\" is no name, allowed are 1 to 63 "
                                    "letters, digits and . _ : -");
}

static void test_a_long_value_does_not_hide_what_is_allowed(void **state)
{
    (void)state;
    static char text[8192];
    memcpy(text, "port = ", 7);
    memset(text + 7, 'x', sizeof(text) - 8);
    struct conf_error error;
    read_bad(text, &error);
    assert_non_null(strstr(error.text, "allowed is 1 to 65535"));
}

static void test_a_long_path_does_not_hide_what_is_wrong(void **state)
{
    (void)state;
    static char path[4000];
    struct conf conf;
    struct conf_error error;
    for (size_t i = 0; i + 2 < sizeof(path); i += 2)
        memcpy(path + i, "./", 3);
    assert_int_equal(conf_read_file(path, NULL, &conf, &error), -1);
    assert_non_null(strstr(error.text, ": is a directory, not a file"));
}

static void test_what_is_no_file_is_refused(void **state)
{
    (void)state;
    struct conf conf;
    struct conf_error error;
    assert_int_equal(conf_read_file("/tmp", NULL, &conf, &error), -1);
    assert_string_equal(error.text, "/tmp: is a directory, not a file");
    assert_int_equal(conf_read_file("/dev/null", NULL, &conf, &error), -1);
    assert_string_equal(error.text, "/dev/null: is not a regular file");
    assert_int_equal(conf_read_file("nothing", NULL, &conf, &error), -1);
    assert_string_equal(error.text, "nothing: cannot be opened: No such file or directory");
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(conf_read_file("fifo", NULL, &conf, &error), -1);
    assert_string_equal(error.text, "fifo: is not a regular file");
    assert_int_equal(unlink("fifo"), 0);
}

static void test_a_file_of_more_than_a_mebibyte_is_refused(void **state)
{
    (void)state;
    static char text[1024 * 1024 + 1];
    struct conf conf;
    struct conf_error error;
    memset(text, ' ', sizeof(text));
    memcpy(text, GOOD, strlen(GOOD));
    file_write(FILE_NAME, text, sizeof(text) - 1);
    assert_int_equal(conf_read_file(FILE_NAME, NULL, &conf, &error), 0);
    file_write(FILE_NAME, text, sizeof(text));
    assert_int_equal(conf_read_file(FILE_NAME, NULL, &conf, &error), -1);
    assert_string_equal(error.text, "f.conf: has more than 1048576 bytes");
}

static void test_a_refused_file_leaves_the_result_untouched(void **state)
{
    (void)state;
    struct conf conf, before;
    struct conf_error error;
    memset(&conf, 0x5a, sizeof(conf));
    memset(&before, 0x5a, sizeof(before));
    file_write(FILE_NAME, GOOD "port = 0\n", strlen(GOOD "port = 0\n"));
    assert_int_equal(conf_read_file(FILE_NAME, NULL, &conf, &error), -1);
    assert_memory_equal(&conf, &before, sizeof(conf));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_that_libconfuse_would_misread_is_refused),
        cmocka_unit_test(test_bytes_that_are_no_text_are_refused),
        cmocka_unit_test(test_grammar_is_refused_with_line),
        cmocka_unit_test(test_comments_do_not_shift_the_line),
        cmocka_unit_test(test_variables_of_the_environment_are_refused_unless_set),
        cmocka_unit_test(test_what_is_missing_is_named),
        cmocka_unit_test(test_contradictions_between_sections_are_refused),
        cmocka_unit_test(test_names_with_one_hash_are_refused),
        cmocka_unit_test(test_control_characters_do_not_reach_the_message),
        cmocka_unit_test(test_a_long_value_does_not_hide_what_is_allowed),
        cmocka_unit_test(test_a_long_path_does_not_hide_what_is_wrong),
        cmocka_unit_test(test_what_is_no_file_is_refused),
        cmocka_unit_test(test_a_file_of_more_than_a_mebibyte_is_refused),
        cmocka_unit_test(test_a_refused_file_leaves_the_result_untouched),
    };
    return cmocka_run_group_tests(tests, directory_enter, directory_leave);
}
