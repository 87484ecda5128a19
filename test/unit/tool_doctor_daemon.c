// SPDX-License-Identifier: MIT
/* The doctor's checks of the daemon, its rights and files, and its peers. */
#include "doctor_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void test_capabilities_are_those_that_can_be_had(void **state)
{
    struct patient *patient = *state;

    expect(patient, doctor_capabilities, DOCTOR_SKIP, "cannot be read", "");
    lay(patient, "/proc/self/status", "CapEff:\t0000000000003000\nCapBnd:\t0000000000003000\n");
    expect(patient, doctor_capabilities, DOCTOR_OK, "are there", "");
    lay(patient, "/proc/self/status", "CapEff:\t0000000000002000\nCapBnd:\t0000000000002000\n");
    expect(patient, doctor_capabilities, DOCTOR_FAIL, "CAP_NET_ADMIN cannot",
           "--cap-add NET_ADMIN --cap-add NET_RAW");
    lay(patient, "/proc/self/status", "CapEff:\t0000000000000000\nCapBnd:\t000001ffffffffff\n");
    expect(patient, doctor_capabilities, DOCTOR_WARN, "this user has not", "as root");
    lay(patient, "/lib/systemd/system/vipgossipd.service",
        "AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW\n");
    expect(patient, doctor_capabilities, DOCTOR_OK, "vipgossipd.service gives", "");
    patient->doctor.self = 0;
    patient->doctor.conf.nodes[0].witness = true;
    expect(patient, doctor_capabilities, DOCTOR_OK, "witness", "");
}

static void test_kernels_that_lack_something_are_told_what_that_costs(void **state)
{
    struct patient *patient = *state;

    expect(patient, doctor_kernel, DOCTOR_SKIP, "cannot be read", "");
    lay(patient, "/proc/sys/kernel/osrelease", "5.10.0-28-amd64\n");
    expect(patient, doctor_kernel, DOCTOR_WARN, "keeps no mark", "kernel_lease");
    lay(patient, "/proc/sys/kernel/osrelease", "6.1.0-13-amd64\n");
    expect(patient, doctor_kernel, DOCTOR_WARN, "no seccomp", "CONFIG_SECCOMP_FILTER");
    expect(patient, doctor_conntrack, DOCTOR_OK, "not tracked", "");
    lay(patient, "/proc/sys/net/netfilter/nf_conntrack_count", "99\n");
    lay(patient, "/proc/sys/net/netfilter/nf_conntrack_max", "100\n");
    expect(patient, doctor_conntrack, DOCTOR_FAIL, "99 of 100", "nf_conntrack_max=200");
}

static void test_unit_that_is_not_enabled_is_a_warning(void **state)
{
    struct patient *patient = *state;

    expect(patient, doctor_service, DOCTOR_SKIP, "no systemd", "");
    lay(patient, "/run/systemd/system/x", "");
    expect(patient, doctor_service, DOCTOR_SKIP, "no vipgossipd.service", "");
    lay(patient, "/usr/lib/systemd/system/vipgossipd.service", "[Service]\n");
    expect(patient, doctor_service, DOCTOR_WARN, "at boot", "systemctl enable vipgossipd");
    lay(patient, "/etc/systemd/system/multi-user.target.wants/vipgossipd.service", "");
    expect(patient, doctor_service, DOCTOR_OK, "starts at boot", "");
}

static void test_key_that_the_unit_cannot_read_fails_though_root_can(void **state)
{
    struct patient *patient = *state;
    struct conf *conf = &patient->doctor.conf;

    (void)snprintf(conf->key_file, sizeof(conf->key_file), "%s/key", patient->root);
    expect(patient, doctor_key, DOCTOR_FAIL, "no such file", "vipgossip keygen");
    lay(patient, "/key", "dmlwZ29zc2lwIHRlc3Qga2V5LCBub3QgYSBzZWNyZXQ=\n");
    assert_int_equal(chmod(conf->key_file, 0604), 0);
    expect(patient, doctor_key, DOCTOR_FAIL, "0604", "Run: chmod 600");
    assert_int_equal(chmod(conf->key_file, 0600), 0);
    expect(patient, doctor_key, DOCTOR_OK, "has one key", "");
    lay(patient, "/lib/systemd/system/vipgossipd.service", "[Service]\nUser=vipgossip\n");
    lay(patient, "/etc/passwd", "root:x:0:0::/:/bin/sh\nvipgossip:x:4711:4711::/:/bin/false\n");
    expect(patient, doctor_key, DOCTOR_FAIL, "cannot be read by the user", "chgrp vipgossip");
    (void)snprintf(conf->state_dir, sizeof(conf->state_dir), "%s/etc", patient->root);
    expect(patient, doctor_state_dir, DOCTOR_WARN, "cannot be written by the user", "chown");
    (void)snprintf(conf->state_dir, sizeof(conf->state_dir), "%s/key", patient->root);
    expect(patient, doctor_state_dir, DOCTOR_FAIL, "is no directory", "mv ");
}

static void test_this_host_is_one_node_or_is_told_why_not(void **state)
{
    struct patient *patient = *state;
    struct doctor *doctor = &patient->doctor;

    expect(patient, doctor_node, DOCTOR_OK, "this host is node one", "");
    doctor->self = 1;
    expect(patient, doctor_node, DOCTOR_FAIL, "10.0.0.2 is not on this host", "node \"two\"");
    doctor->self = -1;
    patient->addresses[0].address = ipv4("10.0.0.9");
    expect(patient, doctor_node, DOCTOR_FAIL,
           "is none of the configured nodes: the nodes' "
           "addresses are 10.0.0.1, 10.0.0.2; this host's "
           "10.0.0.9",
           "VIPGOSSIP_NODE");
    (void)strcpy(doctor->conf.self_name, "three");
    expect(patient, doctor_node, DOCTOR_FAIL, "\"three\" is none", "VIPGOSSIP_NODE");
}

static void test_port_is_free_or_has_an_owner(void **state)
{
    struct patient *patient = *state;
    char path[256];

    expect(patient, doctor_port, DOCTOR_OK, "is free", "");
    lay(patient, "/proc/net/udp",
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "
        "timeout inode ref pointer drops\n"
        "  300: 0100007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        "
        "0 4 2 0 0\n"
        "  382: 0100000A:1BC8 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        "
        "0 777 2 0000000000000000 0\n");
    expect(patient, doctor_port, DOCTOR_FAIL, "another process", "another port");
    lay(patient, "/proc/55/comm", "nc\n");
    lay(patient, "/proc/55/fd/x", "");
    (void)snprintf(path, sizeof(path), "%s/proc/55/fd/3", patient->root);
    assert_int_equal(symlink("socket:[777]", path), 0);
    expect(patient, doctor_port, DOCTOR_FAIL, "used by nc (pid 55)", "kill 55");
    lay(patient, "/proc/55/comm", "vipgossip-engin\n");
    expect(patient, doctor_port, DOCTOR_OK, "by vipgossipd", "");
}

static void test_daemon_that_does_not_answer_is_told_from_one_that_does_not_run(void **state)
{
    struct patient *patient = *state;

    expect(patient, doctor_daemon, DOCTOR_WARN, "does not run", "type 'vipgossipd'");
    lay(patient, "/lib/systemd/system/vipgossipd.service", "[Service]\n");
    expect(patient, doctor_daemon, DOCTOR_WARN, "does not run", "systemctl start vipgossipd");
    lay(patient, "/proc/66/comm", "vipgossipd\n");
    lay(patient, "/proc/66/status", "Name:\tvipgossipd\nState:\tZ (zombie)\n");
    expect(patient, doctor_daemon, DOCTOR_WARN, "does not run", "systemctl start vipgossipd");
    lay(patient, "/proc/66/status", "Name:\tvipgossipd\nState:\tS (sleeping)\n");
    expect(patient, doctor_daemon, DOCTOR_FAIL, "runs (pid 66), but nobody answers", "--socket");
    answer(patient, "{\"version\": \"0.1.0\", \"uptime_ms\": 5000}");
    expect(patient, doctor_daemon, DOCTOR_OK, "runs for 5.0 s, status OK", "");
    answer(patient, "{\"nodes\": [{\"name\": \"two\", \"config\": \"differs\"}], \"vips\": []}");
    expect(patient, doctor_agreement, DOCTOR_WARN, "two has another configuration",
           "vipgossip reload");
    answer(patient, "{\"nodes\": [{\"name\": \"one\", \"self\": true}, {\"name\": \"two\", "
                    "\"config\": \"same\"}], \"vips\": [{\"name\": \"web\", \"addresses\": "
                    "[\"10.0.0.100/32\"]}]}");
    expect(patient, doctor_agreement, DOCTOR_OK, "1 other node has the same", "");
}

/* Words as in /proc/PID/cmdline, which ends in a NUL. */
static void lay_words(const struct patient *patient, const char *words, size_t size)
{
    char path[256];
    FILE *file;

    lay(patient, "/proc/5/cmdline", "");
    (void)snprintf(path, sizeof(path), "%s/proc/5/cmdline", patient->root);
    file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(words, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void test_file_of_a_daemon_is_found_in_its_arguments(void **state)
{
    struct patient *patient = *state;
    static const char found[][40] = {"vipgossipd\0-v\0-c\0/etc/a", "vipgossipd\0-c/etc/a\0-v",
                                     "vipgossipd\0--config=/etc/a", "d\0--config\0/etc/a"};
    static const char none[][40] = {"vipgossipd", "vipgossipd\0-c", "vipgossipd\0-c\0a", ""};
    char path[16];

    for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++) {
        lay_words(patient, found[i], sizeof(found[i]));
        assert_true(doctor_find_file(&patient->doctor, 5, path, sizeof(path)));
        assert_string_equal(path, "/etc/a");
        lay_words(patient, none[i], sizeof(none[i]));
        assert_false(doctor_find_file(&patient->doctor, 5, path, sizeof(path)));
    }
    lay_words(patient, found[0], sizeof(found[0]));
    assert_false(doctor_find_file(&patient->doctor, 5, path, sizeof("/etc"))); /* no room */
    assert_false(doctor_find_file(&patient->doctor, 6, path, sizeof(path)));
    lay(patient, "/proc/6/status", "Name:\tvipgossip-engin\nPPid:\t5\n");
    assert_true(doctor_find_file(&patient->doctor, 6, path, sizeof(path)));
}

#define TWO(rest) "{\"nodes\": [{\"name\": \"two\", " rest "}]}"

static void test_peers_are_told_which_direction_fails(void **state)
{
    struct patient *patient = *state;

    answer(patient, TWO("\"state\": \"alive\", \"path\": \"direct\", \"hears_me\": true"));
    expect(patient, doctor_peers, DOCTOR_OK, "two is heard, and hears this node", "");
    expect(patient, doctor_reachable, DOCTOR_OK, "hears 1 peer directly", "");
    answer(patient, TWO("\"state\": \"alive\", \"path\": \"direct\", \"hears_me\": false"));
    expect(patient, doctor_peers, DOCTOR_FAIL, "blocked from here to 10.0.0.2", "in on two");
    answer(patient, TWO("\"state\": \"alive\", \"path\": \"none\", \"hears_me\": true"));
    expect(patient, doctor_peers, DOCTOR_FAIL, "blocked from 10.0.0.2 to here", "in on this host");
    answer(patient, TWO("\"state\": \"alive\", \"path\": \"none\", \"hears_me\": false"));
    expect(patient, doctor_peers, DOCTOR_FAIL, "in both directions", "on both hosts");
    answer(patient, TWO("\"state\": \"dead\", \"last_heard_ms\": 5000"));
    expect(patient, doctor_peers, DOCTOR_WARN, "last heard 5.0 s ago", "vipgossip doctor");
    answer(patient, TWO("\"state\": \"unknown\""));
    expect(patient, doctor_peers, DOCTOR_WARN, "never heard", "UDP port 7112");
    answer(patient, TWO("\"state\": \"unknown\", \"mac_failures\": 3"));
    expect(patient, doctor_peers, DOCTOR_FAIL, "another key", "key_file");
    answer(patient, TWO("\"state\": \"left\""));
    expect(patient, doctor_peers, DOCTOR_OK, "stopped in order", "");
    answer(patient, TWO("\"state\": \"alive\", \"path\": \"direct\", \"loss_percent\": 20.0"));
    expect(patient, doctor_peers, DOCTOR_WARN, "20 % are lost", "ip -s link");
}

static void test_probe_says_no_more_than_it_can(void **state)
{
    struct patient *patient = *state;
    static const struct {
        enum doctor_reach reach;
        enum doctor_result result;
        const char *detail;
        const char *remedy;
    } cases[] = {
        {REACH_UNKNOWN, DOCTOR_SKIP, "no datagram", ""},
        {REACH_SILENT, DOCTOR_SKIP, "says nothing, as it should", ""},
        {REACH_REFUSED, DOCTOR_OK, "refuses port 7112", "Start vipgossipd on two"},
        {REACH_FILTERED, DOCTOR_FAIL, "a firewall on the way", "Let UDP port 7112 in on two"},
        {REACH_FORBIDDEN, DOCTOR_FAIL, "this host's own firewall", "out here"},
        {REACH_NO_ROUTE, DOCTOR_FAIL, "no way to 10.0.0.2", "ip route get 10.0.0.2"},
        {REACH_NO_HOST, DOCTOR_WARN, "nobody answers at 10.0.0.2", "ping 10.0.0.2"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        patient->doctor.wire.reach[1][0] = cases[i].reach;
        expect(patient, doctor_reachable, cases[i].result, cases[i].detail, cases[i].remedy);
    }
    answer(patient, TWO("\"state\": \"dead\""));
    patient->doctor.wire.reach[1][0] = REACH_REFUSED;
    expect(patient, doctor_reachable, DOCTOR_WARN, "refuses", "Start vipgossipd on two");
    patient->doctor.wire.reach[1][0] = REACH_SILENT;
    expect(patient, doctor_reachable, DOCTOR_WARN, "is not heard", "vipgossip doctor");
    answer(patient, TWO("\"state\": \"left\""));
    patient->doctor.wire.reach[1][0] = REACH_REFUSED;
    expect(patient, doctor_reachable, DOCTOR_OK, "refuses", "Start");
}

static void test_who_answers_for_a_vip_is_judged_by_who_should(void **state)
{
    struct patient *patient = *state;
    struct doctor_wire *wire = &patient->doctor.wire;

    expect(patient, doctor_duplicate, DOCTOR_SKIP, "CAP_NET_RAW", "sudo vipgossip doctor");
    wire->listened = true;
    expect(patient, doctor_duplicate, DOCTOR_SKIP, "no VIP is an IPv4", "");
    wire->asked_count = 1;
    expect(patient, doctor_duplicate, DOCTOR_OK, "nobody else answers", "");
    wire->answers[wire->answer_count++] =
        (struct doctor_answer){.mac = {0x00, 0x00, 0x5e, 0x00, 0x01, 0x33}};
    expect(patient, doctor_duplicate, DOCTOR_WARN, "VRRP or CARP with id 51", "ip link");
    patient->addresses[1] = (struct kernel_address){.address = ipv4("10.0.0.100"), .ifindex = 2};
    patient->doctor.host.address_count = 2;
    expect(patient, doctor_duplicate, DOCTOR_FAIL, "by this host and by 00:00:5e", "ip addr del");
    patient->doctor.host.address_count = 1;
    wire->answers[wire->answer_count++] = (struct doctor_answer){.mac = {2, 0, 0, 0, 0, 1}};
    expect(patient, doctor_duplicate, DOCTOR_FAIL, "02:00:00:00:00:01", "ip addr del 10.0.0.100");
    wire->speakers[wire->speaker_count++] =
        (struct frame_speaker){.from = ipv4("10.0.0.7"), .is_carp = true, .id = 51};
    expect(patient, doctor_vrrp, DOCTOR_FAIL, "its virtual MAC answers for 10.0.0.100", "10.0.0.7");
}

static void test_cloud_is_known_by_dmi_and_a_hook_is_the_answer_to_its_api(void **state)
{
    struct patient *patient = *state;

    expect(patient, doctor_cloud, DOCTOR_SKIP, "cannot be told", "");
    lay(patient, "/sys/class/dmi/id/sys_vendor", "Dell Inc.\n");
    expect(patient, doctor_cloud, DOCTOR_OK, "no cloud", "");
    lay(patient, "/sys/class/dmi/id/product_name", "OpenStack Nova\n");
    expect(patient, doctor_cloud, DOCTOR_WARN, "this is OpenStack",
           "--allowed-address ip-address=10.0.0.100");
    answer(patient, "{\"vips\": [{\"verified_by\": [\"two\"]}]}");
    expect(patient, doctor_cloud, DOCTOR_OK, "lets a VIP pass", "");
    lay(patient, "/sys/class/dmi/id/product_name", "Google Compute Engine\n");
    expect(patient, doctor_cloud, DOCTOR_WARN, "Google Cloud", "--aliases 10.0.0.100/32");
    lay(patient, "/sys/class/dmi/id/product_name", "Virtual Machine\n");
    lay(patient, "/sys/class/dmi/id/sys_vendor", "Amazon EC2\n");
    expect(patient, doctor_cloud, DOCTOR_WARN, "this is AWS", "assign-private-ip-addresses");
    patient->doctor.conf.hook.count = 1;
    expect(patient, doctor_cloud, DOCTOR_OK, "a hook is set", "");
    patient->doctor.conf.hook.count = 0;
    lay(patient, "/sys/class/dmi/id/sys_vendor", "Microsoft Corporation\n");
    expect(patient, doctor_cloud, DOCTOR_OK, "no cloud", ""); /* Hyper-V at home */
    lay(patient, "/sys/class/dmi/id/chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77\n");
    expect(patient, doctor_cloud, DOCTOR_WARN, "Azure", "az network nic");
    expect(patient, doctor_clock, DOCTOR_OK, "not needed", "");
}

static void test_programs_and_sockets_of_checks_have_to_be_there(void **state)
{
    struct patient *patient = *state;
    struct conf *conf = &patient->doctor.conf;
    static const char words[] = "/nonexistent/check\0/nonexistent/docker.sock";

    memcpy(conf->words, words, sizeof(words));
    conf->check_count = 1;
    (void)strcpy(conf->checks[0].name, "disk");
    conf->checks[0].kind = CONF_CHECK_EXEC;
    conf->checks[0].target = (struct conf_words){.first = 0, .count = 1};
    expect(patient, doctor_programs, DOCTOR_FAIL, "check disk: /nonexistent/check", "chmod 755");
    conf->checks[0].kind = CONF_CHECK_DOCKER;
    conf->checks[0].target.first = sizeof("/nonexistent/check");
    expect(patient, doctor_programs, DOCTOR_WARN, "/nonexistent/docker.sock", "start docker");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED(test_capabilities_are_those_that_can_be_had),
        CHECKED(test_kernels_that_lack_something_are_told_what_that_costs),
        CHECKED(test_unit_that_is_not_enabled_is_a_warning),
        CHECKED(test_key_that_the_unit_cannot_read_fails_though_root_can),
        CHECKED(test_this_host_is_one_node_or_is_told_why_not),
        CHECKED(test_port_is_free_or_has_an_owner),
        CHECKED(test_daemon_that_does_not_answer_is_told_from_one_that_does_not_run),
        CHECKED(test_file_of_a_daemon_is_found_in_its_arguments),
        CHECKED(test_peers_are_told_which_direction_fails),
        CHECKED(test_probe_says_no_more_than_it_can),
        CHECKED(test_who_answers_for_a_vip_is_judged_by_who_should),
        CHECKED(test_cloud_is_known_by_dmi_and_a_hook_is_the_answer_to_its_api),
        CHECKED(test_programs_and_sockets_of_checks_have_to_be_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
