// SPDX-License-Identifier: MIT
/*
 * The checks of the doctor, one by one, on hosts that are laid out below a directory: /proc, /sys,
 * /etc and /run are files there, links and addresses a list, the daemon an answer in JSON.
 */
#include "doctor.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A host with one interface, eth0, in 10.0.0.0/24: node one of two, with one VIP. */
struct patient {
    struct doctor doctor;
    char root[64];
    struct host_link links[3];
    struct kernel_address addresses[3];
    struct local_route routes[1];
};

static struct conf_address ipv4(const char *text)
{
    struct conf_address ret = {.family = AF_INET, .prefix = 32};

    assert_int_equal(inet_pton(AF_INET, text, ret.bytes), 1);
    return ret;
}

static int set_up(void **state)
{
    struct patient *patient = calloc(1, sizeof(*patient));
    struct doctor *doctor = &patient->doctor;
    struct conf *conf = &doctor->conf;

    assert_non_null(patient);
    (void)strcpy(patient->root, "/tmp/vipgossip-doctor-XXXXXX");
    assert_non_null(mkdtemp(patient->root));
    patient->links[0] = (struct host_link){.ifindex = 1, .name = "lo", .up = true};
    patient->links[1] = (struct host_link){
        .ifindex = 2, .name = "eth0", .up = true, .carrier = true, .ethernet = true, .mtu = 1500};
    patient->addresses[0] = (struct kernel_address){.address = ipv4("10.0.0.1"), .ifindex = 2};
    patient->routes[0] = (struct local_route){.network = ipv4("10.0.0.0"), .ifindex = 2};
    patient->routes[0].network.prefix = 24;
    doctor->host = (struct host){.link_count = 2,
                                 .address_count = 1,
                                 .route_count = 1,
                                 .links = patient->links,
                                 .addresses = patient->addresses,
                                 .routes = patient->routes};
    doctor->root = patient->root;
    doctor->source = doctor->file = "vipgossip.conf";
    doctor->socket = "control.sock";
    doctor->has_conf = doctor->has_host = true;
    (void)strcpy(conf->cluster, "test");
    conf->port = 7112;
    conf->node_count = 2;
    (void)strcpy(conf->nodes[0].name, "one");
    (void)strcpy(conf->nodes[1].name, "two");
    conf->nodes[0].address_count = conf->nodes[1].address_count = 1;
    conf->nodes[0].addresses[0] = ipv4("10.0.0.1");
    conf->nodes[1].addresses[0] = ipv4("10.0.0.2");
    conf->vip_count = 1;
    (void)strcpy(conf->vips[0].name, "web");
    conf->vips[0].address_count = conf->address_count = 1;
    conf->addresses[0] = ipv4("10.0.0.100");
    *state = patient;
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

static int tear_down(void **state)
{
    struct patient *patient = *state;

    assert_int_equal(nftw(patient->root, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    json_decref(patient->doctor.facts);
    free(patient);
    return 0;
}

/* A file below the root, with the directories above it. */
static void lay(const struct patient *patient, const char *path, const char *text)
{
    char whole[256];
    FILE *file;

    (void)snprintf(whole, sizeof(whole), "%s%s", patient->root, path);
    for (char *slash = strchr(whole + strlen(patient->root) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(whole, 0755);
        *slash = '/';
    }
    file = fopen(whole, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void answer(struct patient *patient, const char *json)
{
    json_decref(patient->doctor.facts);
    patient->doctor.facts = json_loads(json, 0, NULL);
    assert_non_null(patient->doctor.facts);
}

/* Runs the check; its detail and its remedy have these words in them ("": no remedy). */
static void expect(const struct patient *patient, doctor_check *check, enum doctor_result result,
                   const char *detail, const char *remedy)
{
    struct doctor_line line = {0};

    check(&patient->doctor, &line);
    if (line.result != result || strstr(line.detail, detail) == NULL ||
        strstr(line.remedy, remedy) == NULL || (remedy[0] == '\0' && line.remedy[0] != '\0'))
        fail_msg("%d '%s' '%s', and not %d '%s' '%s'", (int)line.result, line.detail, line.remedy,
                 (int)result, detail, remedy);
}

static void test_worst_finding_is_the_line_and_equals_stand_beside_each_other(void **state)
{
    struct doctor_line line = {0};
    (void)state;

    doctor_say(&line, DOCTOR_SKIP, "a");
    doctor_say(&line, DOCTOR_OK, "b");
    assert_string_equal(line.detail, "a; b");
    doctor_say(&line, DOCTOR_WARN, "c\n");
    doctor_remedy(&line, "Type 'c'");
    doctor_say(&line, DOCTOR_OK, "d");
    doctor_remedy(&line, "Type 'd'");
    doctor_say(&line, DOCTOR_WARN, "e");
    doctor_remedy(&line, "Type 'e'");
    assert_int_equal(line.result, DOCTOR_WARN);
    assert_string_equal(line.detail, "c?; e");
    assert_string_equal(line.remedy, "Type 'c'; type 'e'");
    doctor_say_error(&line, DOCTOR_FAIL, "f; run: g", "fallback");
    assert_string_equal(line.detail, "f");
    assert_string_equal(line.remedy, "Run: g");
    doctor_say_error(&line, DOCTOR_FAIL, "h", "Fallback");
    assert_string_equal(line.remedy, "Run: g; fallback");
}

static void test_names_that_are_no_utf8_and_endless_details_stay_within_the_line(void **state)
{
    struct doctor_line line = {0};
    (void)state;

    doctor_say(&line, DOCTOR_FAIL, "\xff\x1b[2J");
    assert_string_equal(line.detail, "??[2J");
    for (int i = 0; i < 500; i++)
        doctor_say(&line, DOCTOR_FAIL, "%d is wrong", i);
    assert_int_equal(strlen(line.detail), sizeof(line.detail) - 1);
    assert_string_equal(line.detail + sizeof(line.detail) - 4, "...");
}

static void test_words_are_found_whole_in_the_files_of_a_directory(void **state)
{
    struct patient *patient = *state;
    char found[DOCTOR_PATH_MAX];
    char value[32];

    lay(patient, "/etc/x/a", "10.0.0.1001 110.0.0.100 10.0.0.100.1");
    assert_false(doctor_mentions(&patient->doctor, "/etc/x", "10.0.0.100", found));
    lay(patient, "/etc/x/b", "  address 10.0.0.100/24\n");
    assert_true(doctor_mentions(&patient->doctor, "/etc/x", "10.0.0.100", found));
    assert_string_equal(found, "/etc/x/b");
    assert_false(doctor_mentions(&patient->doctor, "/etc/nowhere", "10.0.0.100", found));
    doctor_find_value("[Service]\nUserX=a\nUser=b\r\n", "User", value, sizeof(value));
    assert_string_equal(value, "b");
}

static void test_interface_that_cannot_carry_a_vip_is_named(void **state)
{
    struct patient *patient = *state;

    expect(patient, doctor_interface, DOCTOR_OK, "eth0 is up", "");
    patient->links[1].master = 3;
    patient->links[2] = (struct host_link){.ifindex = 3, .name = "br0", .kind = "bridge"};
    patient->doctor.host.link_count = 3;
    expect(patient, doctor_interface, DOCTOR_FAIL, "eth0 is a port of br0", "\"br0\"");
    (void)strcpy(patient->links[2].kind, "vrf");
    expect(patient, doctor_interface, DOCTOR_OK, "eth0 is up", "");
    patient->links[1].carrier = false;
    expect(patient, doctor_interface, DOCTOR_FAIL, "no carrier", "cable");
    patient->links[1].up = false;
    expect(patient, doctor_interface, DOCTOR_FAIL, "eth0 is down", "ip link set eth0 up");
    (void)strcpy(patient->doctor.conf.vips[0].interface, "lo");
    patient->links[0].carrier = true;
    expect(patient, doctor_interface, DOCTOR_WARN, "lo is no Ethernet", "vip section");
    (void)strcpy(patient->doctor.conf.vips[0].interface, "eth7");
    expect(patient, doctor_interface, DOCTOR_FAIL, "no interface eth7", "ip link");
    expect(patient, doctor_route, DOCTOR_WARN, "its network is on eth0", "ip route get 10.0.0.100");
    patient->doctor.conf.vips[0].interface[0] = '\0';
    patient->doctor.host.route_count = 0;
    expect(patient, doctor_interface, DOCTOR_FAIL, "contains 10.0.0.100", "interface = ");
    expect(patient, doctor_route, DOCTOR_SKIP, "of no VIP is known", "");
}

static void test_address_is_ours_by_its_mark_and_else_somebody_is_named(void **state)
{
    struct patient *patient = *state;
    struct kernel_address *vip = &patient->addresses[1];

    lay(patient, "/proc/sys/kernel/osrelease", "6.1.0-13-amd64\n");
    expect(patient, doctor_address, DOCTOR_OK, "no address", "");
    *vip = (struct kernel_address){
        .address = ipv4("10.0.0.100"), .ifindex = 2, .mark = KERNEL_MARK, .valid_s = 2};
    patient->doctor.host.address_count = 2;
    expect(patient, doctor_address, DOCTOR_OK, "for 2 more seconds", "");
    vip->valid_s = UINT32_MAX;
    expect(patient, doctor_address, DOCTOR_WARN, "left on eth0", "ip addr del 10.0.0.100/32");
    answer(patient, "{}");
    expect(patient, doctor_address, DOCTOR_OK, "held by vipgossipd", "");
    vip->mark = 0;
    expect(patient, doctor_address, DOCTOR_FAIL, "not known", "ip addr del 10.0.0.100/32 dev eth0");
    lay(patient, "/etc/network/interfaces", "iface eth0:1\n  address 10.0.0.100/24\n");
    expect(patient, doctor_address, DOCTOR_FAIL, "/etc/network/interfaces", "Remove it from");
    lay(patient, "/proc/812/comm", "keepalived\n");
    lay(patient, "/proc/813/comm", "keepalived\n");
    expect(patient, doctor_address, DOCTOR_FAIL, "keepalived (pid 812)",
           "disable --now keepalived");
}

static void test_keepalived_is_a_rival_by_its_configuration(void **state)
{
    struct patient *patient = *state;

    expect(patient, doctor_rivals, DOCTOR_OK, "no keepalived", "");
    lay(patient, "/etc/keepalived/keepalived.conf", "virtual_ipaddress {\n 10.0.0.100/32\n}\n");
    expect(patient, doctor_rivals, DOCTOR_WARN, "does not run now", "systemctl disable keepalived");
    lay(patient, "/proc/812/comm", "keepalived\n");
    expect(patient, doctor_rivals, DOCTOR_FAIL, "(pid 812)", "disable --now keepalived");
    lay(patient, "/etc/keepalived/keepalived.conf", "virtual_ipaddress {\n 10.0.0.55\n}\n");
    expect(patient, doctor_rivals, DOCTOR_OK, "nothing shows", "");
}

static void test_who_manages_the_interface_is_read_from_its_state(void **state)
{
    struct patient *patient = *state;

    expect(patient, doctor_manager, DOCTOR_OK, "nobody else", "");
    lay(patient, "/run/systemd/netif/links/2",
        "ADMIN_STATE=configured\nNETWORK_FILE=/etc/systemd/network/10-lan.network\n"
        "NETWORK_FILE_DROPINS=\"/etc/systemd/network/10-lan.network.d/a.conf\"\n");
    expect(patient, doctor_manager, DOCTOR_WARN, "systemd-networkd manages eth0",
           "/etc/systemd/network/10-lan.network.d/vipgossip.conf");
    lay(patient, "/etc/systemd/network/10-lan.network.d/a.conf",
        "[Network]\nKeepConfiguration=yes\n");
    expect(patient, doctor_manager, DOCTOR_OK, "keeps what others add", "");
    lay(patient, "/run/systemd/netif/links/2", "ADMIN_STATE=unmanaged\n");
    lay(patient, "/run/network/ifstate", "lo=lo\neth0=eth0\n");
    lay(patient, "/proc/9/comm", "dhcpcd\n");
    expect(patient, doctor_manager, DOCTOR_OK, "ifupdown configures eth0", "");
    expect(patient, doctor_manager, DOCTOR_OK, "dhcpcd", "");
    lay(patient, "/run/NetworkManager/devices/2", "[device]\nconnection-uuid=1-2\n");
    expect(patient, doctor_manager, DOCTOR_WARN, "NetworkManager manages eth0", "vipgossip drain");
}

static void lay_ipv4(const struct patient *patient, const char *name, const char *all,
                     const char *own)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/all/%s", name);
    lay(patient, path, all);
    (void)snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/eth0/%s", name);
    lay(patient, path, own);
}

static void test_arp_settings_are_judged_for_an_address_of_scope_host(void **state)
{
    struct patient *patient = *state;

    expect(patient, doctor_arp_ignore, DOCTOR_SKIP, "cannot be read", "");
    lay_ipv4(patient, "arp_ignore", "0\n", "0\n");
    expect(patient, doctor_arp_ignore, DOCTOR_OK, "0 on eth0", "");
    lay_ipv4(patient, "arp_ignore", "2\n", "1\n"); /* the larger counts */
    expect(patient, doctor_arp_ignore, DOCTOR_OK, "2 on eth0", "");
    patient->doctor.host.route_count = 0;
    (void)strcpy(patient->doctor.conf.vips[0].interface, "eth0");
    expect(patient, doctor_arp_ignore, DOCTOR_FAIL, "is 2", "net.ipv4.conf.eth0.arp_ignore=1");
    lay_ipv4(patient, "arp_ignore", "3\n", "0\n");
    expect(patient, doctor_arp_ignore, DOCTOR_FAIL, "is 3", "net.ipv4.conf.all.arp_ignore=0");
    lay_ipv4(patient, "arp_ignore", "0\n", "1\n");
    lay_ipv4(patient, "drop_gratuitous_arp", "0\n", "1\n");
    expect(patient, doctor_arp_ignore, DOCTOR_WARN, "former holder", "drop_gratuitous_arp=0");
    lay_ipv4(patient, "arp_announce", "0\n", "2\n");
    expect(patient, doctor_arp_announce, DOCTOR_OK, "2 on eth0", "");
}

static void test_strict_filter_hurts_where_answers_leave_elsewhere(void **state)
{
    struct patient *patient = *state;

    lay_ipv4(patient, "rp_filter", "1\n", "0\n");
    patient->doctor.host.default_ifindex_ipv4 = 2;
    expect(patient, doctor_rp_filter, DOCTOR_OK, "1 on eth0", "");
    patient->doctor.host.default_ifindex_ipv4 = 1;
    expect(patient, doctor_rp_filter, DOCTOR_WARN, "leaves by lo", "eth0.rp_filter=2");
    lay_ipv4(patient, "rp_filter", "2\n", "1\n");
    expect(patient, doctor_rp_filter, DOCTOR_OK, "2 on eth0", "");
}

static void test_other_settings_matter_only_where_they_do(void **state)
{
    struct patient *patient = *state;
    struct conf *conf = &patient->doctor.conf;

    expect(patient, doctor_nonlocal_bind, DOCTOR_SKIP, "cannot be read", "");
    lay(patient, "/proc/sys/net/ipv4/ip_nonlocal_bind", "0\n");
    expect(patient, doctor_nonlocal_bind, DOCTOR_OK, "published ports of Docker", "");
    lay(patient, "/proc/sys/net/ipv4/ip_nonlocal_bind", "1\n");
    expect(patient, doctor_nonlocal_bind, DOCTOR_OK, "1: ", "");
    lay_ipv4(patient, "promote_secondaries", "0\n", "0\n");
    expect(patient, doctor_promote_secondaries, DOCTOR_OK, "does not matter", "");
    conf->addresses[0].prefix = 24;
    expect(patient, doctor_promote_secondaries, DOCTOR_WARN, "10.0.0.100/24",
           "promote_secondaries=1");
    lay_ipv4(patient, "promote_secondaries", "1\n", "0\n");
    expect(patient, doctor_promote_secondaries, DOCTOR_OK, "does not matter", "");
    expect(patient, doctor_ipv6, DOCTOR_OK, "no VIP is an IPv6 address", "");
    conf->addresses[0] = (struct conf_address){.family = AF_INET6, .prefix = 128};
    (void)strcpy(conf->vips[0].interface, "eth0.10");
    expect(patient, doctor_arp_ignore, DOCTOR_OK, "no VIP is an IPv4 address", "");
    lay(patient, "/proc/sys/net/ipv6/conf/eth0.10/disable_ipv6", "1\n");
    expect(patient, doctor_ipv6, DOCTOR_FAIL, "IPv6 is off", "conf.eth0/10.disable_ipv6=0");
}

static void test_ip_vs_is_explained_and_a_service_on_a_vip_is_named(void **state)
{
    struct patient *patient = *state;

    expect(patient, doctor_ip_vs, DOCTOR_OK, "not loaded, and vipgossip does not need it", "");
    lay(patient, "/proc/net/ip_vs",
        "IP Virtual Server version 1.2.1 (size=4096)\n"
        "Prot LocalAddress:Port Scheduler Flags\n"
        "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n"
        "TCP  0A000037:0050 rr \n");
    expect(patient, doctor_ip_vs, DOCTOR_OK, "loaded", "");
    lay(patient, "/proc/net/ip_vs", "IP\nProt\n  ->\nTCP  0A000064:0050 rr \n");
    expect(patient, doctor_ip_vs, DOCTOR_WARN, "stands on VIP web", "ipvsadm -D");
}

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

#define CHECKED(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worst_finding_is_the_line_and_equals_stand_beside_each_other),
        cmocka_unit_test(test_names_that_are_no_utf8_and_endless_details_stay_within_the_line),
        CHECKED(test_words_are_found_whole_in_the_files_of_a_directory),
        CHECKED(test_interface_that_cannot_carry_a_vip_is_named),
        CHECKED(test_address_is_ours_by_its_mark_and_else_somebody_is_named),
        CHECKED(test_keepalived_is_a_rival_by_its_configuration),
        CHECKED(test_who_manages_the_interface_is_read_from_its_state),
        CHECKED(test_arp_settings_are_judged_for_an_address_of_scope_host),
        CHECKED(test_strict_filter_hurts_where_answers_leave_elsewhere),
        CHECKED(test_other_settings_matter_only_where_they_do),
        CHECKED(test_ip_vs_is_explained_and_a_service_on_a_vip_is_named),
        CHECKED(test_capabilities_are_those_that_can_be_had),
        CHECKED(test_kernels_that_lack_something_are_told_what_that_costs),
        CHECKED(test_unit_that_is_not_enabled_is_a_warning),
        CHECKED(test_key_that_the_unit_cannot_read_fails_though_root_can),
        CHECKED(test_this_host_is_one_node_or_is_told_why_not),
        CHECKED(test_port_is_free_or_has_an_owner),
        CHECKED(test_daemon_that_does_not_answer_is_told_from_one_that_does_not_run),
        CHECKED(test_peers_are_told_which_direction_fails),
        CHECKED(test_probe_says_no_more_than_it_can),
        CHECKED(test_who_answers_for_a_vip_is_judged_by_who_should),
        CHECKED(test_cloud_is_known_by_dmi_and_a_hook_is_the_answer_to_its_api),
        CHECKED(test_programs_and_sockets_of_checks_have_to_be_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
