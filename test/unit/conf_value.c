// SPDX-License-Identifier: MIT
/* One value at a time: the ends of every range, and what is said beyond them. */
#include "conf_support.h"

#include <stdio.h>
#include <string.h>

#define NAME_63  "abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ.0123456:_"
#define NAME_64  NAME_63 "x"
#define BYTES_53 "/23456789/23456789/23456789/23456789/23456789/2345678"
#define ZERO_KEY "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

struct value {
    const char *key;
    const char *text;
    const char *message; /* NULL: allowed */
};

/* Reads files made from `format`, which has a place for the key and one for the text. */
static void assert_values(const char *before, const char *after, const struct value *values,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[2048], message[512];
        struct conf conf;
        struct conf_error error;
        int length = snprintf(text, sizeof(text), "%s%s = \"%s\"%s", before, values[i].key,
                              values[i].text, after);
        assert_in_range(length, 1, sizeof(text) - 1);
        file_write(FILE_NAME, text, (size_t)length);
        int result = conf_read_file(FILE_NAME, NULL, &conf, &error);
        if ((result == 0) != (values[i].message == NULL))
            fail_msg("%s = \"%s\": %s", values[i].key, values[i].text, error.text);
        if (values[i].message == NULL)
            continue;
        (void)snprintf(message, sizeof(message), "f.conf:%d: %s: %s", GOOD_LINES + 1, values[i].key,
                       values[i].message);
        assert_string_equal(error.text, message);
    }
}

#define ASSERT_VALUES(before, after, values) \
    assert_values(before, after, values, sizeof(values) / sizeof((values)[0]))

#define NO_NUMBER  " is no whole number without leading 0, allowed is "
#define NO_SPAN    " is no duration (a whole number and ms, s or m, no blank), allowed is "
#define OUT        " is out of range, allowed is "
#define NO_BOOLEAN " is not allowed, allowed is true, yes, on, false, no or off"
#define NO_NAME    " is no name, allowed are 1 to 63 letters, digits and . _ : -"

static void test_top_keys_at_both_ends(void **state)
{
    (void)state;
    static const struct value values[] = {
        {"port", "1", NULL},
        {"port", "65535", NULL},
        {"port", "0", "0" OUT "1 to 65535"},
        {"port", "65536", "65536" OUT "1 to 65535"},
        {"port", "18446744073709551617", "18446744073709551617" OUT "1 to 65535"},
        {"port", "07112", "\"07112\"" NO_NUMBER "1 to 65535"},
        {"port", "0x1bc8", "\"0x1bc8\"" NO_NUMBER "1 to 65535"},
        {"port", "-1", "\"-1\"" NO_NUMBER "1 to 65535"},
        {"port", "+1", "\"+1\"" NO_NUMBER "1 to 65535"},
        {"port", " 1", "\" 1\"" NO_NUMBER "1 to 65535"},
        {"port", "1.0", "\"1.0\"" NO_NUMBER "1 to 65535"},
        {"port", "", "\"\"" NO_NUMBER "1 to 65535"},
        {"interval", "10ms", NULL},
        {"interval", "10s", NULL},
        {"interval", "10000ms", NULL},
        {"interval", "9ms", "9ms" OUT "10ms to 10s"},
        {"interval", "10001ms", "10001ms" OUT "10ms to 10s"},
        {"interval", "1m", "1m" OUT "10ms to 10s"},
        {"interval", "999999999999999999999s", "999999999999999999999s" OUT "10ms to 10s"},
        {"interval", "100", "\"100\"" NO_SPAN "10ms to 10s"},
        {"interval", "100 ms", "\"100 ms\"" NO_SPAN "10ms to 10s"},
        {"interval", "0100ms", "\"0100ms\"" NO_SPAN "10ms to 10s"},
        {"interval", "0.1s", "\"0.1s\"" NO_SPAN "10ms to 10s"},
        {"interval", "ms", "\"ms\"" NO_SPAN "10ms to 10s"},
        {"interval", "1h", "\"1h\"" NO_SPAN "10ms to 10s"},
        {"interval", "-1s", "\"-1s\"" NO_SPAN "10ms to 10s"},
        {"fail_open", "true", NULL},
        {"fail_open", "off", NULL},
        {"fail_open", "TRUE", "\"TRUE\"" NO_BOOLEAN},
        {"fail_open", "1", "\"1\"" NO_BOOLEAN},
        {"realtime", "false", NULL},
        {"realtime", "true", NULL},
        {"realtime", "maybe", "\"maybe\"" NO_BOOLEAN},
        {"log_level", "error", NULL},
        {"log_level", "trace",
         "\"trace\" is no level, allowed are error, warning, notice, info and debug"},
        {"control_socket", BYTES_53 BYTES_53 "x", NULL},
        {"control_socket", BYTES_53 BYTES_53 "xy",
         "\"" BYTES_53 "/23456789/2\" is no path, allowed "
         "are 1 to 107 bytes"},
        {"control_socket", "", "\"\" is no path, allowed are 1 to 107 bytes"},
        {"key_file", "", "\"\" is no path, allowed are 1 to 255 bytes"},
        {"node_key_file", "", "\"\" is no path, allowed are 1 to 255 bytes"},
    };
    ASSERT_VALUES(GOOD, "\n", values);
}

static void test_node_keys_at_both_ends(void **state)
{
    (void)state;
    static const struct value values[] = {
        {"priority", "1", NULL},
        {"priority", "255", NULL},
        {"priority", "0", "0" OUT "1 to 255"},
        {"priority", "256", "256" OUT "1 to 255"},
        {"priority", "010", "\"010\"" NO_NUMBER "1 to 255"},
        {"priority", "high", "\"high\"" NO_NUMBER "1 to 255"},
        {"witness", "yes", NULL},
        {"witness", "y", "\"y\"" NO_BOOLEAN},
        {"public_key", ZERO_KEY, NULL},
        {"public_key", "AAAA",
         "\"AAAA\" is no public key, allowed are the 44 characters of base64 that vipgossip pubkey "
         "prints"},
    };
    ASSERT_VALUES(GOOD "node \"c\" { address = 192.168.4.9 ", " }\n", values);
}

static void test_addresses_of_nodes(void **state)
{
    (void)state;
    static const struct value values[] = {
        {"address", "10.0.0.1", NULL},
        {"address", "127.0.0.1", NULL},
        {"address", "::1", NULL},
        {"address", "2001:db8::1", NULL},
        {"address", "10.0.0.1/24",
         "\"10.0.0.1/24\" has a prefix, allowed is the address of the host alone, such as "
         "\"192.168.4.1\""},
        {"address", "fe80::1",
         "fe80::1 is link-local and says nothing without an interface, allowed are other unicast "
         "addresses"},
        {"address", "0.0.0.0", "0.0.0.0 is an unspecified address, allowed are unicast addresses"},
        {"address", "::", ":: is the unspecified address, allowed are unicast addresses"},
        {"address", "224.0.0.18",
         "224.0.0.18 is a multicast address, allowed are unicast addresses"},
        {"address", "ff02::1", "ff02::1 is a multicast address, allowed are unicast addresses"},
        {"address", "255.255.255.255",
         "255.255.255.255 is the broadcast address, allowed are unicast addresses"},
        {"address", "::ffff:10.0.0.1",
         "::ffff:10.0.0.1 is an IPv4 address mapped to IPv6, allowed are unicast addresses"},
    };
    ASSERT_VALUES(GOOD "node \"c\" { ", " }\n", values);
}

static void test_what_is_no_address_is_refused(void **state)
{
    (void)state;
#define NO_ADDRESS " is no address, allowed is IPv4 such as 192.168.4.3 or IPv6 such as 2001:db8::3"
    static const struct value values[] = {
        {"address", "", "\"\"" NO_ADDRESS},
        {"address", "10.0.0", "\"10.0.0\"" NO_ADDRESS},
        {"address", "10.0.0.256", "\"10.0.0.256\"" NO_ADDRESS},
        {"address", "010.0.0.1", "\"010.0.0.1\"" NO_ADDRESS},
        {"address", "10.0.0.1 ", "\"10.0.0.1 \"" NO_ADDRESS},
        {"address", "swarm-1", "\"swarm-1\"" NO_ADDRESS},
        {"address", "2001:db8::1::2", "\"2001:db8::1::2\"" NO_ADDRESS},
        {"address", "fe80::1%eth0", "\"fe80::1%eth0\"" NO_ADDRESS},
        {"address", "10.0.0.1:7112", "\"10.0.0.1:7112\"" NO_ADDRESS},
        {"address", "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa",
         "\"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa\"" NO_ADDRESS},
    };
    ASSERT_VALUES(GOOD "node \"c\" { ", " }\n", values);
    ASSERT_VALUES(GOOD "vip \"w\" { ", " }\n", values);
}

static void test_addresses_of_vips(void **state)
{
    (void)state;
#define EDGE " is the network or broadcast address of its prefix, allowed are the addresses between"
    static const struct value values[] = {
        {"address", "10.0.0.1/1", NULL},
        {"address", "10.0.0.1/32", NULL},
        {"address", "10.0.0.0/31", NULL},
        {"address", "10.0.0.255/31", NULL},
        {"address", "10.0.0.0", NULL},
        {"address", "2001:db8::/64", NULL},
        {"address", "2001:db8::1/128", NULL},
        {"address", "10.0.0.1/0", "\"10.0.0.1/0\" has no valid prefix, allowed is /1 to /32"},
        {"address", "10.0.0.1/33", "\"10.0.0.1/33\" has no valid prefix, allowed is /1 to /32"},
        {"address", "10.0.0.1/024", "\"10.0.0.1/024\" has no valid prefix, allowed is /1 to /32"},
        {"address", "10.0.0.1/", "\"10.0.0.1/\" has no valid prefix, allowed is /1 to /32"},
        {"address", "10.0.0.1/24/", "\"10.0.0.1/24/\" has no valid prefix, allowed is /1 to /32"},
        {"address", "fd00::1/129", "\"fd00::1/129\" has no valid prefix, allowed is /1 to /128"},
        {"address", "10.0.0.0/24", "10.0.0.0/24" EDGE},
        {"address", "10.0.0.255/24", "10.0.0.255/24" EDGE},
        {"address", "10.0.0.3/30", "10.0.0.3/30" EDGE},
        {"address", "127.0.0.9",
         "127.0.0.9 is a loopback address, allowed are other unicast addresses"},
        {"address", "::1", "::1 is a loopback address, allowed are other unicast addresses"},
        {"address", "0.0.0.0", "0.0.0.0 is an unspecified address, allowed are unicast addresses"},
        {"address", "::", ":: is the unspecified address, allowed are unicast addresses"},
        {"address", "239.255.255.255",
         "239.255.255.255 is a multicast address, allowed are unicast addresses"},
        {"address", "ff02::12", "ff02::12 is a multicast address, allowed are unicast addresses"},
        {"address", "255.255.255.255",
         "255.255.255.255 is the broadcast address, allowed are unicast addresses"},
        {"address", "::ffff:10.0.0.1",
         "::ffff:10.0.0.1 is an IPv4 address mapped to IPv6, allowed are unicast addresses"},
    };
    ASSERT_VALUES(GOOD "vip \"w\" { ", " }\n", values);
}

static void test_vip_keys_at_both_ends(void **state)
{
    (void)state;
#define NO_INTERFACE " is no interface name, allowed are 1 to 15 bytes without blanks, / and :"
    static const struct value values[] = {
        {"interface", "e", NULL},
        {"interface", "enp0s31f6.12345", NULL},
        {"interface", "enp0s31f6.123456", "\"enp0s31f6.123456\"" NO_INTERFACE},
        {"interface", "", "\"\"" NO_INTERFACE},
        {"interface", "eth0:1", "\"eth0:1\"" NO_INTERFACE},
        {"interface", "a/b", "\"a/b\"" NO_INTERFACE},
        {"interface", "a b", "\"a b\"" NO_INTERFACE},
        {"interface", "..", "\"..\"" NO_INTERFACE},
        {"mode", "available", NULL},
        {"mode", "quorum", NULL},
        {"mode", "master", "\"master\" is no mode, allowed are \"available\" and \"quorum\""},
        {"lease", "30ms", NULL},
        {"lease", "10s", NULL},
        {"lease", "29ms", "29ms" OUT "30ms to 10s"},
        {"lease", "11s", "11s" OUT "30ms to 10s"},
        {"preempt", "on", NULL},
        {"preempt", "nopreempt", "\"nopreempt\"" NO_BOOLEAN},
        {"preempt_delay", "0s", NULL},
        {"preempt_delay", "60m", NULL},
        {"preempt_delay", "61m", "61m" OUT "0ms to 60m"},
        {"preempt_delay", "00s", "\"00s\"" NO_SPAN "0ms to 60m"},
        {"kernel_lease", "off", NULL},
        {"kernel_lease", "1s", NULL},
        {"kernel_lease", "2000ms", NULL},
        {"kernel_lease", "60m", NULL},
        {"kernel_lease", "0s", "0s" OUT "1s to 60m"},
        {"kernel_lease", "61m", "61m" OUT "1s to 60m"},
        {"kernel_lease", "1500ms", "1500ms is not allowed, allowed are whole seconds and \"off\""},
        {"announce_refresh", "1s", NULL},
        {"announce_refresh", "60m", NULL},
        {"announce_refresh", "999ms", "999ms" OUT "1s to 60m"},
        {"announce_refresh", "3601s", "3601s" OUT "1s to 60m"},
    };
    ASSERT_VALUES(GOOD "vip \"w\" { address = 192.168.4.9 ", " }\n", values);
}

static void test_priority_on_a_vip_at_both_ends(void **state)
{
    (void)state;
    static const struct value values[] = {
        {"priority", "1", NULL},
        {"priority", "255", NULL},
        {"priority", "0", "0" OUT "1 to 255"},
        {"priority", "256", "256" OUT "1 to 255"},
    };
    ASSERT_VALUES(GOOD "vip \"w\" { address = 192.168.4.9 node \"b\" { ", " } }\n", values);
}

static void test_names_at_both_ends(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool is_good;
    } names[] = {
        {"x", true},    {NAME_63, true}, {NAME_64, false},           {"a b", false},
        {"a/b", false}, {"a\"b", false}, {"n\xc3\xb6rdlich", false}, {"2001:db8::1", true},
    };
    static const char *const formats[] = {
        GOOD "node '%s' { address = 192.168.4.9 }\n",
        GOOD "vip '%s' { address = 192.168.4.9 }\n",
        "cluster = '%s' node a { address = 192.168.4.1 } vip v { address = 192.168.4.2 }",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        for (size_t j = 0; j < sizeof(formats) / sizeof(formats[0]); j++) {
            char text[1024];
            static struct conf conf;
            struct conf_error error;
            const char *place = strstr(formats[j], "%s");
            (void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(place - formats[j]), formats[j],
                           names[i].name, place + 2);
            if (names[i].is_good) {
                read_good(text, &conf);
            } else {
                read_bad(text, &error);
                assert_non_null(strstr(error.text, NO_NAME));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_top_keys_at_both_ends),
        cmocka_unit_test(test_node_keys_at_both_ends),
        cmocka_unit_test(test_addresses_of_nodes),
        cmocka_unit_test(test_what_is_no_address_is_refused),
        cmocka_unit_test(test_addresses_of_vips),
        cmocka_unit_test(test_vip_keys_at_both_ends),
        cmocka_unit_test(test_priority_on_a_vip_at_both_ends),
        cmocka_unit_test(test_names_at_both_ends),
    };
    return cmocka_run_group_tests(tests, directory_enter, directory_leave);
}
