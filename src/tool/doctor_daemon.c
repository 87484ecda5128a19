// SPDX-License-Identifier: MIT
/*
 * Of the doctor: the running daemon, its port, its unit.
 */
#include "doctor.h"
#include "facts.h"
#include "tool/duration.h"
#include "tool/verdict.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAEMON "vipgossipd"

void doctor_service(const struct doctor *doctor, struct doctor_line *line)
{
    char unit[DOCTOR_FILE_MAX];

    if (!doctor_exists(doctor, "/run/systemd/system")) {
        doctor_say(line, DOCTOR_SKIP,
                   "no systemd runs here: what starts " DAEMON " at boot is not known");
        return;
    }
    if (!doctor_read_unit(doctor, unit, sizeof(unit))) {
        doctor_say(line, DOCTOR_SKIP, "no vipgossipd.service is installed");
        return;
    }
    if (doctor_exists(doctor, "/etc/systemd/system/multi-user.target.wants/vipgossipd.service")) {
        doctor_say(line, DOCTOR_OK, "vipgossipd.service starts at boot");
        return;
    }
    doctor_say(line, DOCTOR_WARN, "vipgossipd.service is installed, but does not start at boot");
    doctor_remedy(line, "Type 'systemctl enable vipgossipd'");
}

static void say_no_daemon(const struct doctor *doctor, struct doctor_line *line)
{
    const long pid = doctor_find_process(doctor, DAEMON);

    if (doctor->socket_error == EACCES || doctor->socket_error == EPERM) {
        doctor_say(line, DOCTOR_SKIP, "%s may not be used by this user", doctor->socket);
        doctor_remedy(line, "Type 'sudo vipgossip doctor'");
    } else if (pid != 0) {
        doctor_say(line, DOCTOR_FAIL,
                   DAEMON " runs (pid %ld), but nobody answers at %s: it hangs, or its "
                          "control_socket is another one",
                   pid, doctor->socket);
        doctor_remedy(line, "Read its log ('journalctl -u vipgossipd'), or name its socket: "
                            "'vipgossip doctor --socket PATH'");
    } else {
        doctor_say(line, DOCTOR_WARN, DAEMON " does not run: nobody answers at %s", doctor->socket);
        doctor_remedy(line, "Once the rest is well, type '%s'", doctor_start_command(doctor));
    }
}

/* The verdict of `vipgossip status`, by its first sentence. */
void doctor_daemon(const struct doctor *doctor, struct doctor_line *line)
{
    static const enum doctor_result results[VERDICT_STATUS_COUNT] = {
        [VERDICT_OK] = DOCTOR_OK,
        [VERDICT_WARNING] = DOCTOR_WARN,
        [VERDICT_CRITICAL] = DOCTOR_FAIL,
        [VERDICT_UNKNOWN] = DOCTOR_SKIP,
    };
    struct verdict verdict;
    const json_t *problems;

    if (doctor->facts == NULL) {
        say_no_daemon(doctor, line);
        return;
    }
    verdict_judge(doctor->facts, &verdict);
    problems = verdict.status == VERDICT_CRITICAL ? verdict.critical : verdict.warnings;
    if (verdict.status == VERDICT_OK) {
        doctor_say(line, DOCTOR_OK, DAEMON " %s runs for %s, status OK",
                   facts_text_or(doctor->facts, "version", "?"),
                   duration_from_ms(facts_number(doctor->facts, "uptime_ms")).text);
    } else {
        const char *sentence = json_string_value(json_array_get(problems, 0));

        doctor_say(line, results[verdict.status], "%s", sentence != NULL ? sentence : "?");
        doctor_remedy(line, "Type 'vipgossip status' for the whole, 'vipgossip events' for what "
                            "led to it");
    }
    verdict_deinit(&verdict);
}

/* Has the daemon this VIP with these addresses? */
static bool daemon_has_vip(const struct doctor *doctor, const struct conf_vip *vip)
{
    const json_t *item;
    size_t i;

    json_array_foreach(json_object_get(doctor->facts, "vips"), i, item)
    {
        const json_t *addresses = json_object_get(item, "addresses");
        char text[CONF_ADDRESS_TEXT];
        unsigned same = 0;

        if (!facts_is(item, "name", vip->name))
            continue;
        for (unsigned j = 0; j < vip->address_count; j++) {
            const struct conf_address *own = &doctor->conf.addresses[vip->address_first + j];
            const char *theirs = json_string_value(json_array_get(addresses, j));

            same += theirs != NULL && strcmp(theirs, conf_address_text(own, true, text)) == 0;
        }
        return same == vip->address_count && json_array_size(addresses) == same;
    }
    return false;
}

/* The file may have been changed since the daemon read it. */
static bool file_is_what_runs(const struct doctor *doctor)
{
    const struct conf *conf = &doctor->conf;
    bool same = json_array_size(json_object_get(doctor->facts, "nodes")) == conf->node_count &&
                json_array_size(json_object_get(doctor->facts, "vips")) == conf->vip_count;

    for (unsigned i = 0; same && i < conf->node_count; i++)
        same = doctor_node_facts(doctor, conf->nodes[i].name) != NULL;
    for (unsigned i = 0; same && i < conf->vip_count; i++)
        same = daemon_has_vip(doctor, &conf->vips[i]);
    return same;
}

void doctor_agreement(const struct doctor *doctor, struct doctor_line *line)
{
    const char *version = facts_text_or(doctor->facts, "version", VG_VERSION);
    const json_t *node;
    unsigned same = 0;
    size_t i;

    json_array_foreach(json_object_get(doctor->facts, "nodes"), i, node)
    {
        same += facts_is(node, "config", "same") && !facts_is_true(node, "self");
        if (!facts_is(node, "config", "differs"))
            continue;
        doctor_say(line, DOCTOR_WARN, "%s has another configuration",
                   facts_text_or(node, "name", "?"));
        doctor_remedy(line, "Copy the file to it and type 'vipgossip reload' there");
    }
    if (!file_is_what_runs(doctor)) {
        doctor_say(line, DOCTOR_WARN, "%s is not what " DAEMON " runs with", doctor->source);
        doctor_remedy(line, "Type 'vipgossip reload'; it says what changed");
    }
    if (strcmp(version, VG_VERSION) != 0) {
        doctor_say(line, DOCTOR_WARN, DAEMON " is version %s, this command is " VG_VERSION,
                   version);
        doctor_remedy(line, "Type 'systemctl restart vipgossipd'");
    }
    doctor_say(line, DOCTOR_OK, "%s is what runs here, and %u other node%s the same",
               doctor->source, same, same == 1 ? " has" : "s have");
}

/* The begin of field number `index` of a line, or its end. */
static const char *find_field(const char *line, unsigned index)
{
    line += strspn(line, " ");
    for (; index > 0; index--) {
        line += strcspn(line, " \n");
        line += strspn(line, " ");
    }
    return line;
}

/* Fields of a line of /proc/net/udp:
 * "12: 0A4D0001:1BC8 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 777 ..." */
#define FIELD_LOCAL 1
#define FIELD_INODE 9

/* The inode of the first UDP socket on that port, 0: there is none. */
static unsigned long find_port(const char *table, unsigned port)
{
    for (const char *at = strchr(table, '\n'); at != NULL; at = strchr(at + 1, '\n')) {
        const char *local = find_field(at + 1, FIELD_LOCAL);
        const char *colon = local + strcspn(local, ": \n");

        if (*colon == ':' && strtoul(colon + 1, NULL, 16) == port)
            return strtoul(find_field(at + 1, FIELD_INODE), NULL, 10);
    }
    return 0;
}

static unsigned long find_port_in(const struct doctor *doctor, const char *path)
{
    const size_t size = 1024UL * 1024UL;
    char *table = malloc(size);
    unsigned long inode = 0;

    if (table != NULL && doctor_read(doctor, path, table, size))
        inode = find_port(table, doctor->conf.port);
    free(table);
    return inode;
}

void doctor_port(const struct doctor *doctor, struct doctor_line *line)
{
    const unsigned port = doctor->conf.port;
    unsigned long inode = find_port_in(doctor, "/proc/net/udp");
    char name[16] = "";
    long pid;

    if (inode == 0)
        inode = find_port_in(doctor, "/proc/net/udp6");
    if (inode == 0 && doctor->facts == NULL) {
        doctor_say(line, DOCTOR_OK, "UDP port %u is free", port);
        return;
    }
    if (inode == 0) {
        doctor_say(line, DOCTOR_FAIL, DAEMON " runs, but nobody has UDP port %u open here", port);
        doctor_remedy(line, "Is this the container that it runs in? Else type 'vipgossip reload'");
        return;
    }
    pid = doctor_find_socket(doctor, inode, name);
    if (strncmp(name, "vipgossip", strlen("vipgossip")) == 0 ||
        (pid == 0 && doctor->facts != NULL)) {
        doctor_say(line, DOCTOR_OK, "UDP port %u is open, by " DAEMON, port);
        return;
    }
    doctor_say(line, DOCTOR_FAIL, "UDP port %u is used by %s (pid %ld)", port,
               pid != 0 ? name : "another process", pid);
    doctor_remedy(line, "Stop it ('kill %ld'), or set another port on every node", pid);
}
