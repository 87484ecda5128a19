// SPDX-License-Identifier: MIT
/* Key files: who may read them, what stands in them, and what is said otherwise. */
#include "conf/key.h"

#include "conf_support.h"

#include "conf_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes 1 to 32, and the Ed25519 public key of that seed. */
#define KEY_1        "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
#define KEY_1_PUBLIC "ebVWLo/mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ="
#define KEY_2        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE="
#define KEY_FILE     "cluster.key"
#define NODE_KEY     "node.key"
#define NO_KEY                                                     \
    "this is no key, which has 44 characters of base64; make one " \
    "with: vipgossip keygen"

static int keys_clear(void **state)
{
    (void)state;
    (void)unlink(KEY_FILE);
    (void)unlink(NODE_KEY);
    return 0;
}

static void key_file_write(const char *name, const char *text, mode_t mode)
{
    (void)unlink(name);
    file_write(name, text, strlen(text));
    assert_int_equal(chmod(name, mode), 0);
}

/* The keys of a configuration whose key_file has `text` in it. */
static int read_key_file(const char *text, struct conf_keys *ret, struct conf_error *error)
{
    static struct conf conf;
    read_good(GOOD "key_file = \"" KEY_FILE "\"\n", &conf);
    key_file_write(KEY_FILE, text, 0600);
    return conf_keys_read(&conf, ret, error);
}

static void test_one_or_two_keys_are_read_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int count;
        uint8_t last_byte; /* of the first key */
    } files[] = {
        {KEY_1, 1, 32},
        {KEY_1 "\n", 1, 32},
        {"\n  " KEY_1 "  \r\n\n", 1, 32},
        {KEY_1 "\n" KEY_2 "\n", 2, 32},
        {KEY_2 "\n" KEY_1, 2, 1},
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct conf_keys keys;
        struct conf_error error;
        assert_int_equal(read_key_file(files[i].text, &keys, &error), 0);
        assert_int_equal(keys.cluster_count, files[i].count);
        assert_int_equal(keys.cluster[0][31], files[i].last_byte);
        assert_false(keys.has_node_key);
    }
}

static void test_what_is_no_key_is_refused_with_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } files[] = {
        {"", "cluster.key: has no key in it; make one with: vipgossip keygen"},
        {"\n\n", "cluster.key: has no key in it; make one with: vipgossip keygen"},
        {"secret\n", "cluster.key:1: " NO_KEY},
        {"\n" KEY_1 "\nAQID\n", "cluster.key:3: " NO_KEY},
        {KEY_1 KEY_2, "cluster.key:1: " NO_KEY},
        {"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHy==", "cluster.key:1: " NO_KEY},
        {"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAh", "cluster.key:1: " NO_KEY},
        {"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHy-=", "cluster.key:1: " NO_KEY},
        {KEY_1 "\n" KEY_2 "\n" KEY_1 "\n",
         "cluster.key:3: this is a third key, allowed are one or two"},
        {KEY_1 "\n" KEY_1 "\n", "cluster.key:2: both keys are the same; leave one of them out"},
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct conf_keys keys;
        struct conf_error error;
        assert_int_equal(read_key_file(files[i].text, &keys, &error), -1);
        assert_string_equal(error.text, files[i].message);
    }
}

static void test_the_message_does_not_show_the_key(void **state)
{
    (void)state;
    struct conf_keys keys;
    struct conf_error error;
    assert_int_equal(read_key_file("SECRETSECRETSECRET\n", &keys, &error), -1);
    assert_null(strstr(error.text, "SECRET"));
}

static void test_refused_keys_leave_the_result_untouched(void **state)
{
    (void)state;
    struct conf_keys keys, before;
    struct conf_error error;
    memset(&keys, 0x5a, sizeof(keys));
    memset(&before, 0x5a, sizeof(before));
    assert_int_equal(read_key_file(KEY_1 "\nx\n", &keys, &error), -1);
    assert_memory_equal(&keys, &before, sizeof(keys));
}

static void test_a_file_that_others_can_read_is_refused_with_the_remedy(void **state)
{
    (void)state;
    static const struct {
        mode_t mode;
        const char *message; /* NULL: allowed */
    } files[] = {
        {0600, NULL},          {0400, NULL},          {0640, NULL},          {0644, "(mode 0644)"},
        {0604, "(mode 0604)"}, {0602, "(mode 0602)"}, {0660, "(mode 0660)"}, {0777, "(mode 0777)"},
    };
    static struct conf conf;
    read_good(GOOD "key_file = \"" KEY_FILE "\"\n", &conf);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct conf_keys keys;
        struct conf_error error;
        key_file_write(KEY_FILE, KEY_1 "\n", files[i].mode);
        int result = conf_keys_read(&conf, &keys, &error);
        assert_int_equal(result, files[i].message == NULL ? 0 : -1);
        if (files[i].message == NULL)
            continue;
        assert_non_null(strstr(error.text, files[i].message));
        assert_non_null(strstr(error.text, "run: chmod 600 cluster.key"));
    }
}

static void test_secrets_of_docker_may_be_read_by_all(void **state)
{
    (void)state;
    assert_true(conf_key_path_is_secret("/run/secrets/vipgossip"));
    assert_true(conf_key_path_is_secret("/run/secrets/a/b"));
    assert_false(conf_key_path_is_secret("/run/secrets"));
    assert_false(conf_key_path_is_secret("/run/secretsx/vipgossip"));
    assert_false(conf_key_path_is_secret("/etc/run/secrets/vipgossip"));
    assert_false(conf_key_path_is_secret("run/secrets/vipgossip"));
    assert_false(conf_key_path_is_secret("/run/secrets/../../tmp/key"));
}

static void test_a_missing_file_is_refused_with_the_remedy(void **state)
{
    (void)state;
    static struct conf conf;
    struct conf_keys keys;
    struct conf_error error;
    read_good(GOOD "key_file = \"" KEY_FILE "\"\n", &conf);
    assert_int_equal(conf_keys_read(&conf, &keys, &error), -1);
    assert_string_equal(error.text, "cluster.key: there is no such file; make a key with: "
                                    "vipgossip keygen cluster.key");
}

static void test_what_is_no_file_of_text_is_refused(void **state)
{
    (void)state;
    static struct conf conf;
    struct conf_keys keys;
    struct conf_error error;
    read_good(GOOD "key_file = \"/tmp\"\n", &conf);
    assert_int_equal(conf_keys_read(&conf, &keys, &error), -1);
    assert_string_equal(error.text, "/tmp: is not a regular file");
    static char large[4096];
    memset(large, '\n', sizeof(large));
    read_good(GOOD "key_file = \"" KEY_FILE "\"\n", &conf);
    file_write(KEY_FILE, large, sizeof(large));
    assert_int_equal(conf_keys_read(&conf, &keys, &error), -1);
    assert_string_equal(error.text, "cluster.key: is no key file; make one with: vipgossip keygen");
    file_write(KEY_FILE, KEY_1 "\n\0", 46);
    assert_int_equal(conf_keys_read(&conf, &keys, &error), -1);
    assert_string_equal(error.text, "cluster.key: is no key file; make one with: vipgossip keygen");
}

static void test_the_key_of_the_environment_needs_no_file(void **state)
{
    (void)state;
    static struct conf conf;
    struct conf_keys keys;
    struct conf_error error;
    read_good(GOOD "key_file = \"" KEY_FILE "\"\n", &conf);
    (void)snprintf(conf.key_text, sizeof(conf.key_text), "%s,%s", KEY_2, KEY_1);
    assert_int_equal(conf_keys_read(&conf, &keys, &error), 0);
    assert_int_equal(keys.cluster_count, 2);
    assert_int_equal(keys.cluster[0][31], 1);
    assert_int_equal(keys.cluster[1][31], 32);
}

#define WITH_NODE_KEY  GOOD "key_file = " KEY_FILE " node_key_file = " NODE_KEY "\n"
#define NODE_C(public) "node c { address = 10.0.0.9 public_key = \"" public "\" }\n"

static void test_a_node_key_belongs_to_the_public_key_of_this_node(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int self; /* -1: not known yet */
        const char *message;
    } cases[] = {
        {WITH_NODE_KEY NODE_C(KEY_1_PUBLIC), 2, NULL},
        {WITH_NODE_KEY NODE_C(KEY_1_PUBLIC), -1, NULL},
        {WITH_NODE_KEY NODE_C(KEY_2), 2,
         "node.key: the public key of this key is " KEY_1_PUBLIC
         ", but node \"c\" has another public_key"},
        {WITH_NODE_KEY NODE_C(KEY_1_PUBLIC), 0,
         "node.key: node \"a\" needs public_key = \"" KEY_1_PUBLIC "\" to go with this key"},
        {GOOD "key_file = " KEY_FILE "\n" NODE_C(KEY_1_PUBLIC), 2,
         "cluster.key: is not enough: node \"c\" has a public_key, so node_key_file must name the "
         "key that belongs to it"},
        {GOOD "key_file = " KEY_FILE "\n" NODE_C(KEY_1_PUBLIC), 0, NULL},
    };
    key_file_write(KEY_FILE, KEY_2, 0600);
    key_file_write(NODE_KEY, KEY_1, 0600);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        static struct conf conf;
        struct conf_keys keys;
        struct conf_error error;
        read_good(cases[i].text, &conf);
        if (cases[i].self >= 0)
            conf_set_self(&conf, cases[i].self);
        int result = conf_keys_read(&conf, &keys, &error);
        assert_string_equal(result == 0 ? "" : error.text,
                            cases[i].message == NULL ? "" : cases[i].message);
        if (result == 0)
            assert_int_equal(keys.has_node_key, conf.node_key_file[0] != '\0');
        if (result == 0 && keys.has_node_key)
            assert_int_equal(keys.node_key[31], 32);
    }
}

static void test_a_node_key_file_is_looked_at_like_the_cluster_key(void **state)
{
    (void)state;
    static struct conf conf;
    struct conf_keys keys;
    struct conf_error error;
    read_good(WITH_NODE_KEY, &conf);
    key_file_write(KEY_FILE, KEY_2, 0600);
    assert_int_equal(conf_keys_read(&conf, &keys, &error), -1);
    assert_string_equal(error.text, "node.key: there is no such file; make a key with: vipgossip "
                                    "keygen node.key");
    key_file_write(NODE_KEY, KEY_1, 0644);
    assert_int_equal(conf_keys_read(&conf, &keys, &error), -1);
    assert_string_equal(error.text, "node.key: others can read or change it (mode 0644); run: "
                                    "chmod 600 node.key");
    key_file_write(NODE_KEY, KEY_1 "\n" KEY_2, 0600);
    assert_int_equal(conf_keys_read(&conf, &keys, &error), -1);
    assert_string_equal(error.text, "node.key: has two keys, a node has one of its own");
}

static void test_text_of_a_key_is_read_back(void **state)
{
    (void)state;
    uint8_t key[CONF_KEY_BYTES], back[CONF_KEY_BYTES];
    char text[CONF_KEY_TEXT];
    for (int byte = 0; byte < 256; byte++) {
        memset(key, byte, sizeof(key));
        conf_key_text(key, text);
        assert_int_equal(strlen(text), CONF_KEY_TEXT - 1);
        assert_int_equal(conf_key_parse(text, strlen(text), back), 0);
        assert_memory_equal(key, back, sizeof(key));
    }
    assert_int_equal(conf_key_parse(" " KEY_1 "\n", 46, back), 0);
    assert_int_equal(conf_key_parse(KEY_1, 43, back), -1);
    assert_int_equal(conf_key_parse("", 0, back), -1);
}

int main(void)
{
#define KEY_TEST(test) cmocka_unit_test_setup_teardown(test, keys_clear, keys_clear)
    const struct CMUnitTest tests[] = {
        KEY_TEST(test_one_or_two_keys_are_read_in_order),
        KEY_TEST(test_what_is_no_key_is_refused_with_line),
        KEY_TEST(test_the_message_does_not_show_the_key),
        KEY_TEST(test_refused_keys_leave_the_result_untouched),
        KEY_TEST(test_a_file_that_others_can_read_is_refused_with_the_remedy),
        KEY_TEST(test_secrets_of_docker_may_be_read_by_all),
        KEY_TEST(test_a_missing_file_is_refused_with_the_remedy),
        KEY_TEST(test_what_is_no_file_of_text_is_refused),
        KEY_TEST(test_the_key_of_the_environment_needs_no_file),
        KEY_TEST(test_a_node_key_belongs_to_the_public_key_of_this_node),
        KEY_TEST(test_a_node_key_file_is_looked_at_like_the_cluster_key),
        KEY_TEST(test_text_of_a_key_is_read_back),
    };
    return cmocka_run_group_tests(tests, directory_enter, directory_leave);
}
