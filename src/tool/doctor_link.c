// SPDX-License-Identifier: MIT
/*
 * Of the doctor: the interfaces of the VIPs, the addresses that are there, and who else has his
 * hands on them.
 */
#include "doctor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The largest datagram [SPEC D2] with the headers of UDP and IPv6. */
#define MTU_NEEDED 1448

static void say_no_interface(const struct doctor *doctor, const struct conf_vip *vip,
                             struct doctor_line *line)
{
    char text[CONF_ADDRESS_TEXT];

    doctor_say(line, DOCTOR_FAIL, "VIP %s: no connected network of this host contains %s",
               vip->name,
               conf_address_text(&doctor->conf.addresses[vip->address_first], false, text));
    doctor_remedy(line,
                  "Name the interface: interface = \"eth0\" in vip \"%s\" (VIPGOSSIP_INTERFACE "
                  "without a file); 'ip route' shows the networks",
                  vip->name);
}

/* What an interface is a port of, or NULL. */
static const struct host_link *find_switch(const struct host *host, const struct host_link *link)
{
    const struct host_link *master = link->master != 0 ? host_find_link(host, link->master) : NULL;

    return master != NULL && kernel_is_switch(master->kind) ? master : NULL;
}

/* It tells each client the MAC address of one of its ports, which the others do not know. */
static bool balances_answers(const struct doctor *doctor, const struct host_link *link)
{
    char path[DOCTOR_PATH_MAX];
    char mode[64];

    (void)snprintf(path, sizeof(path), "/sys/class/net/%s/bonding/mode", link->name);
    return doctor_read(doctor, path, mode, sizeof(mode)) &&
           strncmp(mode, "balance-alb", sizeof("balance-alb") - 1) == 0;
}

static void look_at_link(const struct doctor *doctor, const char *name, struct doctor_line *line)
{
    const struct host_link *link = host_find_link_named(&doctor->host, name);
    const struct host_link *master = link != NULL ? find_switch(&doctor->host, link) : NULL;

    if (link == NULL) {
        doctor_say(line, DOCTOR_FAIL, "there is no interface %s", name);
        doctor_remedy(line, "Correct interface in the vip section; 'ip link' shows which there "
                            "are");
    } else if (!link->up) {
        doctor_say(line, DOCTOR_FAIL, "%s is down", name);
        doctor_remedy(line, "Type 'ip link set %s up'", name);
    } else if (!link->carrier) {
        doctor_say(line, DOCTOR_FAIL, "%s has no carrier", name);
        doctor_remedy(line,
                      "Look at its cable and the port of the switch; 'ip link show %s' says "
                      "LOWER_UP once it is well",
                      name);
    } else if (master != NULL) {
        doctor_say(line, DOCTOR_FAIL, "%s is a port of %s: nobody reaches an address there", name,
                   master->name);
        doctor_remedy(line, "Set interface = \"%s\" in the vip section", master->name);
    } else if (balances_answers(doctor, link)) {
        doctor_say(line, DOCTOR_WARN,
                   "%s is a bond in mode balance-alb and answers with the MAC addresses of its "
                   "ports: the other nodes take them for hosts outside the cluster",
                   name);
        doctor_remedy(line, "Give it the mode active-backup, 802.3ad or balance-tlb");
    } else if (!link->ethernet) {
        doctor_say(line, DOCTOR_WARN, "%s is no Ethernet: nobody can be told who holds the VIP",
                   name);
        doctor_remedy(line,
                      "Name another interface in the vip section, or see to it that %s is "
                      "routed to the holder",
                      name);
    } else {
        doctor_say(line, DOCTOR_OK, "%s is up", name);
    }
}

void doctor_interface(const struct doctor *doctor, struct doctor_line *line)
{
    char name[16];

    for (unsigned i = 0; i < doctor->conf.vip_count; i++) {
        doctor_vip_interface(doctor, &doctor->conf.vips[i], name);
        if (name[0] == '\0')
            say_no_interface(doctor, &doctor->conf.vips[i], line);
    }
    doctor_each_interface(doctor, 0, line, look_at_link);
}

void doctor_route(const struct doctor *doctor, struct doctor_line *line)
{
    const struct host *host = &doctor->host;
    char text[CONF_ADDRESS_TEXT];
    char name[16];
    unsigned count = 0;

    for (unsigned i = 0; i < doctor->conf.vip_count; i++) {
        const struct conf_vip *vip = &doctor->conf.vips[i];

        doctor_vip_interface(doctor, vip, name);
        for (unsigned j = 0; name[0] != '\0' && j < vip->address_count; j++) {
            const struct conf_address *address = &doctor->conf.addresses[vip->address_first + j];
            const struct host_link *link = host_find_link(
                host, local_find_interface(address, host->routes, host->route_count));

            count++;
            if (link != NULL && strcmp(link->name, name) == 0)
                continue;
            doctor_say(line, DOCTOR_WARN, "%s of VIP %s goes on %s, but %s%s",
                       conf_address_text(address, false, text), vip->name, name,
                       link != NULL ? "its network is on " : "no network there contains it",
                       link != NULL ? link->name : "");
            doctor_remedy(line,
                          "Keep it if routers send it there; else correct interface or address of "
                          "vip \"%s\" ('ip route get %s' shows the way)",
                          vip->name, text);
        }
    }
    if (count > 0)
        doctor_say(line, DOCTOR_OK, "a connected network contains the address%s of every VIP",
                   count == 1 ? "" : "es");
    else
        doctor_say(line, DOCTOR_SKIP, "the interface of no VIP is known");
}

/* Where an address may be written down that somebody adds at boot. */
static bool find_origin(const struct doctor *doctor, const char *address,
                        char found[static DOCTOR_PATH_MAX])
{
    static const char *const files[] = {"/etc/keepalived/keepalived.conf",
                                        "/etc/network/interfaces", "/etc/rc.local"};
    static const char *const directories[] = {
        "/etc/keepalived",      "/etc/network/interfaces.d",
        "/etc/netplan",         "/etc/systemd/network",
        "/run/systemd/network", "/etc/NetworkManager/system-connections",
    };

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        (void)snprintf(found, DOCTOR_PATH_MAX, "%s", files[i]);
        if (doctor_file_mentions(doctor, files[i], address))
            return true;
    }
    for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
        if (doctor_mentions(doctor, directories[i], address, found))
            return true;
    return false;
}

/* Addresses of a VIP that are on this host, and that vipgossip did not put there. */
static void say_foreign(const struct doctor *doctor, const struct kernel_address *address,
                        struct doctor_line *line)
{
    const struct host_link *link = host_find_link(&doctor->host, address->ifindex);
    const char *interface = link != NULL ? link->name : "?";
    char text[CONF_ADDRESS_TEXT];
    char whole[CONF_ADDRESS_TEXT];
    char origin[DOCTOR_PATH_MAX];
    long pid;
    const char *rival = doctor_find_rival(doctor, &pid);

    (void)conf_address_text(&address->address, false, text);
    (void)conf_address_text(&address->address, true, whole);
    if (rival != NULL) {
        doctor_say(line, DOCTOR_FAIL,
                   "%s is on %s and vipgossip did not put it there: %s (pid %ld) runs here, likely "
                   "it did",
                   text, interface, rival, pid);
        doctor_remedy(line,
                      "Type 'systemctl disable --now %s'; then, if the address is still there, "
                      "'ip addr del %s dev %s'",
                      rival, whole, interface);
    } else if (find_origin(doctor, text, origin)) {
        doctor_say(line, DOCTOR_FAIL,
                   "%s is on %s and vipgossip did not put it there: it is written in %s", text,
                   interface, origin);
        doctor_remedy(line, "Remove it from %s, then type 'ip addr del %s dev %s'", origin, whole,
                      interface);
    } else {
        doctor_say(line, DOCTOR_FAIL,
                   "%s is on %s and vipgossip did not put it there; who did is not known", text,
                   interface);
        doctor_remedy(line,
                      "Type 'ip addr del %s dev %s'; vipgossipd never takes such an address "
                      "away",
                      whole, interface);
    }
}

static void say_own(const struct doctor *doctor, const struct kernel_address *address,
                    struct doctor_line *line)
{
    const struct host_link *link = host_find_link(&doctor->host, address->ifindex);
    const char *interface = link != NULL ? link->name : "?";
    char text[CONF_ADDRESS_TEXT];

    (void)conf_address_text(&address->address, true, text);
    if (doctor->facts != NULL || doctor->socket_error == EACCES) {
        doctor_say(line, DOCTOR_OK, "%s is on %s, held by vipgossipd", text, interface);
    } else if (address->valid_s == UINT32_MAX) {
        doctor_say(line, DOCTOR_WARN, "%s is left on %s by a vipgossipd that was killed", text,
                   interface);
        doctor_remedy(line, "Type '%s', which removes it, or 'ip addr del %s dev %s'",
                      doctor_start_command(doctor), text, interface);
    } else {
        doctor_say(line, DOCTOR_OK, "%s is on %s for %u more seconds, left by an earlier run", text,
                   interface, (unsigned)address->valid_s);
    }
}

void doctor_address(const struct doctor *doctor, struct doctor_line *line)
{
    char release[128];
    bool has_mark;

    (void)doctor_read(doctor, "/proc/sys/kernel/osrelease", release, sizeof(release));
    has_mark = kernel_release_has_mark(release);
    for (size_t i = 0; i < doctor->host.address_count; i++) {
        const struct kernel_address *address = &doctor->host.addresses[i];

        if (doctor_find_vip(doctor, &address->address) == NULL)
            continue;
        if (kernel_address_is_ours(address, has_mark))
            say_own(doctor, address, line);
        else
            say_foreign(doctor, address, line);
    }
    if (line->detail[0] == '\0')
        doctor_say(line, DOCTOR_OK, "no address of a VIP is on this host now");
}

void doctor_rivals(const struct doctor *doctor, struct doctor_line *line)
{
    const struct conf *conf = &doctor->conf;
    char text[CONF_ADDRESS_TEXT];
    char path[DOCTOR_PATH_MAX];
    long pid;
    const char *rival = doctor_find_rival(doctor, &pid);
    bool mentions = false;

    for (unsigned i = 0; i < conf->address_count && !mentions; i++) {
        (void)conf_address_text(&conf->addresses[i], false, text);
        mentions = doctor_mentions(doctor, "/etc/keepalived", text, path);
    }
    if (mentions && rival != NULL) {
        doctor_say(line, DOCTOR_FAIL, "%s runs here (pid %ld), and %s has the VIP %s", rival, pid,
                   path, text);
        doctor_remedy(line, "Type 'systemctl disable --now %s' on every node", rival);
    } else if (mentions) {
        doctor_say(line, DOCTOR_WARN, "%s still has the VIP %s; keepalived does not run now", path,
                   text);
        doctor_remedy(line, "Type 'systemctl disable keepalived', or it is back after a restart");
    } else if (rival != NULL) {
        doctor_say(line, DOCTOR_OK,
                   "%s runs here (pid %ld); nothing shows that it has a VIP of "
                   "ours",
                   rival, pid);
    } else {
        doctor_say(line, DOCTOR_OK, "no keepalived, ucarp or other holder of addresses runs here");
    }
}

/* Does networkd keep addresses on this link that are not its own? The file that it took the link's
 * settings from, and its drop-ins, say so. */
static bool networkd_keeps(const struct doctor *doctor, const char *state, char *file, size_t size)
{
    char dropins[2048];
    char text[DOCTOR_FILE_MAX];
    char value[32];
    char *rest = NULL;

    doctor_find_value(state, "NETWORK_FILE", file, size);
    doctor_find_value(state, "NETWORK_FILE_DROPINS", dropins, sizeof(dropins));
    if (strlen(dropins) + strlen(file) + 2 < sizeof(dropins)) {
        (void)strcat(dropins, " ");
        (void)strcat(dropins, file);
    }
    for (char *path = strtok_r(dropins, " \"", &rest); path != NULL;
         path = strtok_r(NULL, " \"", &rest)) {
        (void)doctor_read(doctor, path, text, sizeof(text));
        doctor_find_value(text, "KeepConfiguration", value, sizeof(value));
        if (strcmp(value, "yes") == 0)
            return true;
    }
    return false;
}

/* True if networkd manages the link and that was said. */
static bool look_for_networkd(const struct doctor *doctor, const struct host_link *link,
                              struct doctor_line *line)
{
    char path[64];
    char state[4096];
    char value[32];
    char file[256];
    const char *name;

    (void)snprintf(path, sizeof(path), "/run/systemd/netif/links/%u", link->ifindex);
    if (!doctor_read(doctor, path, state, sizeof(state)))
        return false;
    doctor_find_value(state, "ADMIN_STATE", value, sizeof(value));
    if (strcmp(value, "configured") != 0 && strcmp(value, "configuring") != 0)
        return false;
    if (networkd_keeps(doctor, state, file, sizeof(file))) {
        doctor_say(line, DOCTOR_OK, "systemd-networkd manages %s and keeps what others add",
                   link->name);
        return true;
    }
    name = strrchr(file, '/') != NULL ? strrchr(file, '/') + 1 : file;
    doctor_say(line, DOCTOR_WARN,
               "systemd-networkd manages %s and removes a VIP at 'networkctl reconfigure'; "
               "vipgossipd puts it back",
               link->name);
    doctor_remedy(line,
                  "Write '[Network]' and 'KeepConfiguration=yes' into "
                  "/etc/systemd/network/%s.d/vipgossip.conf, then type 'networkctl reload'",
                  name);
    return true;
}

static bool look_for_manager(const struct doctor *doctor, const struct host_link *link,
                             struct doctor_line *line)
{
    char path[64];
    char state[4096];
    char uuid[64];

    (void)snprintf(path, sizeof(path), "/run/NetworkManager/devices/%u", link->ifindex);
    if (!doctor_read(doctor, path, state, sizeof(state)))
        return false;
    doctor_find_value(state, "connection-uuid", uuid, sizeof(uuid));
    if (uuid[0] == '\0')
        return false;
    doctor_say(line, DOCTOR_WARN,
               "NetworkManager manages %s and removes a VIP when its connection is applied anew; "
               "vipgossipd puts it back",
               link->name);
    doctor_remedy(line,
                  "Drain first when you type 'nmcli device reapply %s' or 'nmcli connection "
                  "up': 'vipgossip drain --wait 10s'",
                  link->name);
    return true;
}

static void look_for_managers(const struct doctor *doctor, const char *name,
                              struct doctor_line *line)
{
    const struct host_link *link = host_find_link_named(&doctor->host, name);
    char state[4096];
    bool found;

    if (link == NULL)
        return;
    found = look_for_networkd(doctor, link, line);
    found = look_for_manager(doctor, link, line) || found;
    if (doctor_read(doctor, "/run/network/ifstate", state, sizeof(state))) {
        char value[64];

        doctor_find_value(state, name, value, sizeof(value));
        if (value[0] != '\0') {
            doctor_say(line, DOCTOR_OK,
                       "ifupdown configures %s; 'ifdown %s' takes the VIPs with it", name, name);
            found = true;
        }
    }
    if (doctor_find_process(doctor, "dhcpcd") != 0) {
        doctor_say(line, DOCTOR_OK, "dhcpcd runs, and removes no address but its own");
        found = true;
    }
    if (!found)
        doctor_say(line, DOCTOR_OK, "nobody else is seen to manage %s", name);
}

void doctor_manager(const struct doctor *doctor, struct doctor_line *line)
{
    doctor_each_interface(doctor, 0, line, look_for_managers);
    if (line->detail[0] == '\0')
        doctor_say(line, DOCTOR_SKIP, "the interface of no VIP is known");
}

void doctor_mtu(const struct doctor *doctor, struct doctor_line *line)
{
    const struct conf_node *self = &doctor->conf.nodes[doctor->self];

    for (size_t i = 0; i < doctor->host.address_count; i++) {
        const struct kernel_address *address = &doctor->host.addresses[i];
        const struct host_link *link = host_find_link(&doctor->host, address->ifindex);

        if (link == NULL || !local_has_node(self, &address->address, 1))
            continue;
        if (link->mtu >= MTU_NEEDED) {
            doctor_say(line, DOCTOR_OK, "%u on %s", (unsigned)link->mtu, link->name);
            continue;
        }
        doctor_say(line, DOCTOR_WARN,
                   "%u on %s: large datagrams (many VIPs, many nodes) travel in fragments, which "
                   "firewalls like to drop",
                   (unsigned)link->mtu, link->name);
        doctor_remedy(line, "Type 'ip link set %s mtu 1500' if the network bears it", link->name);
    }
    if (line->detail[0] == '\0')
        doctor_say(line, DOCTOR_SKIP, "no address of this node is here");
}
