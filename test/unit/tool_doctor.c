// SPDX-License-Identifier: MIT
/* The doctor's lines, and its checks of links, addresses and settings. */
#include "doctor_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

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

static void test_a_second_interface_in_the_network_of_a_vip_must_not_answer_for_it(void **state)
{
    struct patient *patient = *state;
    struct host *host = &patient->doctor.host;

    lay_ipv4(patient, "arp_ignore", "0\n", "0\n");
    patient->links[2] = (struct host_link){
        .ifindex = 3, .name = "eth1.7", .up = true, .carrier = true, .ethernet = true};
    host->link_count = 3;
    patient->routes[1] = patient->routes[0];
    patient->routes[1].ifindex = 3;
    patient->routes[1].metric = 100;
    host->route_count = 2;
    lay(patient, "/proc/sys/net/ipv4/conf/eth1.7/arp_ignore", "0\n");
    expect(patient, doctor_arp_ignore, DOCTOR_WARN, "eth1.7 is in the network of VIP web as well",
           "net.ipv4.conf.eth1/7.arp_ignore=1 net.ipv4.conf.eth1/7.arp_announce=2");
    lay(patient, "/proc/sys/net/ipv4/conf/eth1.7/arp_ignore", "1\n");
    expect(patient, doctor_arp_ignore, DOCTOR_OK, "0 on eth0", "");
    lay(patient, "/proc/sys/net/ipv4/conf/eth1.7/arp_ignore", "0\n");
    patient->routes[1].network = ipv4("10.1.0.0");
    patient->routes[1].network.prefix = 24;
    expect(patient, doctor_arp_ignore, DOCTOR_OK, "0 on eth0", "");
}

static void test_a_bond_that_balances_its_answers_looks_like_foreign_hosts(void **state)
{
    struct patient *patient = *state;

    lay(patient, "/sys/class/net/eth0/bonding/mode", "active-backup 1\n");
    expect(patient, doctor_interface, DOCTOR_OK, "eth0 is up", "");
    lay(patient, "/sys/class/net/eth0/bonding/mode", "balance-alb 6\n");
    expect(patient, doctor_interface, DOCTOR_WARN, "balance-alb", "active-backup");
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
        CHECKED(test_a_second_interface_in_the_network_of_a_vip_must_not_answer_for_it),
        CHECKED(test_a_bond_that_balances_its_answers_looks_like_foreign_hosts),
        CHECKED(test_strict_filter_hurts_where_answers_leave_elsewhere),
        CHECKED(test_other_settings_matter_only_where_they_do),
        CHECKED(test_ip_vs_is_explained_and_a_service_on_a_vip_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
