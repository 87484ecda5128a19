// SPDX-License-Identifier: MIT
/* Numbers by which nodes compare their configurations. */
#include "conf_support.h"

#include <string.h>

#define BASE_TOP  "cluster = c interval = 200ms\n"
#define BASE_A    "node a { address = {10.0.0.1, fd00::1} priority = 200 }\n"
#define BASE_B    "node b { address = 10.0.0.2 }\n"
#define BASE_W    "node w { address = 10.0.0.3 witness = true }\n"
#define BASE_V    "vip v { address = {10.0.0.8, fd00::8} }\n"
#define BASE_X    "vip x { address = 10.0.0.9 }\n"
#define BASE_FILE BASE_TOP BASE_A BASE_B BASE_W BASE_V BASE_X

static uint32_t hash_of(const char *text)
{
    static struct conf conf;
    read_good(text, &conf);
    return conf_hash(&conf);
}

static void test_what_is_local_or_order_does_not_count(void **state)
{
    (void)state;
    static const char *const files[] = {
        BASE_X BASE_W BASE_V BASE_B BASE_A BASE_TOP,
        BASE_TOP "node a { address = {fd00::1, 10.0.0.1} priority = 1 }\n" BASE_B BASE_W
                 "vip v { address = {fd00::8, 10.0.0.8/32} interface = eth0 kernel_lease = off\n"
                 "preempt_delay = 1s announce_refresh = 1s node b { priority = 3 } }\n" BASE_X,
        BASE_FILE "port = 1 key_file = k node_key_file = n control_socket = s fail_open = no\n"
                  "log_level = debug",
        BASE_TOP BASE_A BASE_B BASE_W "vip v { address = {10.0.0.8, fd00::8} nodes = {b, a} }\n"
                                      "vip x { address = 10.0.0.9 }\n",
    };
    uint32_t hash = hash_of(BASE_FILE);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        assert_int_equal(hash_of(files[i]), hash);
}

static void test_what_every_node_must_agree_on_counts(void **state)
{
    (void)state;
    static const char *const files[] = {
        BASE_FILE,
        "cluster = d interval = 200ms\n" BASE_A BASE_B BASE_W BASE_V BASE_X,
        "cluster = c interval = 100ms\n" BASE_A BASE_B BASE_W BASE_V BASE_X,
        BASE_TOP BASE_A BASE_B BASE_V BASE_X,
        BASE_TOP BASE_A BASE_B BASE_W BASE_V,
        BASE_TOP "node a { address = 10.0.0.1 }\n" BASE_B BASE_W BASE_V BASE_X,
        BASE_TOP "node c { address = {10.0.0.1, fd00::1} }\n" BASE_B BASE_W BASE_V BASE_X,
        BASE_TOP BASE_A BASE_B "node w { address = 10.0.0.3 }\n" BASE_V BASE_X,
        BASE_TOP BASE_A BASE_B BASE_W BASE_V "vip y { address = 10.0.0.9 }\n",
        BASE_TOP BASE_A BASE_B BASE_W BASE_V "vip x { address = 10.0.0.10 }\n",
        BASE_TOP BASE_A BASE_B BASE_W BASE_V "vip x { address = 10.0.0.9/24 }\n",
        BASE_TOP BASE_A BASE_B BASE_W BASE_V "vip x { address = 10.0.0.9 preempt = no }\n",
        BASE_TOP BASE_A BASE_B BASE_W BASE_V "vip x { address = 10.0.0.9 nodes = a }\n",
        BASE_TOP BASE_A BASE_B BASE_W BASE_V "vip x { address = 10.0.0.9 nodes = b }\n",
        BASE_TOP BASE_A BASE_B BASE_W "vip v { address = {10.0.0.8, 10.0.0.9} }\n"
                                      "vip x { address = fd00::8 }\n",
        BASE_TOP BASE_A "node b { address = 10.0.0.2 public_key = "
                        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\" }\n" BASE_W BASE_V BASE_X,
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        for (size_t j = 0; j < i; j++) {
            if (hash_of(files[i]) == hash_of(files[j]))
                fail_msg("the same:\n%s\n%s", files[i], files[j]);
        }
    }
}

static void test_addresses_of_a_vip_count_in_any_order(void **state)
{
    (void)state;
    static struct conf conf;
    read_good(GOOD "vip w { address = {10.0.0.1, fd00::1} }\n", &conf);
    uint32_t hash = conf_vip_addresses_hash(&conf, 1);
    read_good("vip w { address = {fd00::1, 10.0.0.1} preempt = no }\n" GOOD, &conf);
    assert_string_equal(conf.vips[0].name, "w");
    assert_int_equal(conf_vip_addresses_hash(&conf, 0), hash);
    assert_int_not_equal(conf_vip_addresses_hash(&conf, 1), hash);
    read_good(GOOD "vip w { address = {10.0.0.1, fd00::2} }\n", &conf);
    assert_int_not_equal(conf_vip_addresses_hash(&conf, 1), hash);
    read_good(GOOD "vip w { address = {10.0.0.1/8, fd00::1} }\n", &conf);
    assert_int_not_equal(conf_vip_addresses_hash(&conf, 1), hash);
}

static void test_ids_are_the_first_bytes_of_blake2b(void **state)
{
    (void)state;
    /* Computed with Python: hashlib.blake2b(NAME, digest_size=32).hexdigest()[:8] */
    assert_int_equal(conf_id("swarm-1"), 0xd1462cc0);
    assert_int_equal(conf_id("n109809"), 0xb1d1fa72);
    assert_int_equal(conf_id("n139505"), 0xb1d1fa72);
    assert_int_equal(conf_id(""), 0x0e5751c0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_local_or_order_does_not_count),
        cmocka_unit_test(test_what_every_node_must_agree_on_counts),
        cmocka_unit_test(test_addresses_of_a_vip_count_in_any_order),
        cmocka_unit_test(test_ids_are_the_first_bytes_of_blake2b),
    };
    return cmocka_run_group_tests(tests, directory_enter, directory_leave);
}
