// SPDX-License-Identifier: MIT
/*
 * Of the doctor: the configuration, the keys, and which node this is.
 */
#include "conf/key.h"
#include "doctor.h"

#include <errno.h>
#include <pwd.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIST_BYTES 300
#define UNIT_USER  "vipgossip"

void doctor_configuration(const struct doctor *doctor, struct doctor_line *line)
{
    const struct conf *conf = &doctor->conf;

    if (doctor->has_conf) {
        doctor_say(line, DOCTOR_OK, "%s is valid: cluster %s, %u node%s, %u VIP%s", doctor->source,
                   conf->cluster, (unsigned)conf->node_count, doctor_plural(conf->node_count),
                   (unsigned)conf->vip_count, doctor_plural(conf->vip_count));
        return;
    }
    doctor_say(line, DOCTOR_FAIL, "%s", doctor->conf_error.text);
    if (doctor->file != NULL && access(doctor->file, F_OK) < 0 && errno == ENOENT)
        doctor_remedy(line, "Write it (vipgossip.conf(5) has examples), or say where it is: "
                            "'vipgossip doctor -c FILE'");
    else if (doctor->file != NULL)
        doctor_remedy(line, "Correct that, then type 'vipgossipd -t -c %s' until it is valid",
                      doctor->file);
    else
        doctor_remedy(line, "Correct that, then type 'vipgossipd -t' until it is valid");
}

/* Has a user with these ids the right `bit` (4 to read, 2 to write) by these permissions? */
static bool may(const struct stat *status, const struct passwd *user, unsigned bit)
{
    if (status->st_uid == user->pw_uid)
        return (status->st_mode & (bit << 6)) != 0;
    if (status->st_gid == user->pw_gid)
        return (status->st_mode & (bit << 3)) != 0;
    return (status->st_mode & bit) != 0;
}

/* The user that the unit runs the daemon as, if there is such a unit and user. */
static bool find_unit_user(const struct doctor *doctor, struct passwd *ret)
{
    char unit[DOCTOR_FILE_MAX];
    char path[DOCTOR_PATH_MAX];
    char name[64] = "";
    const struct passwd *entry;
    FILE *file;

    if (doctor_read_unit(doctor, unit, sizeof(unit)))
        doctor_find_value(unit, "User", name, sizeof(name));
    (void)snprintf(path, sizeof(path), "%s/etc/passwd", doctor->root);
    file = name[0] != '\0' ? fopen(path, "re") : NULL;
    if (file == NULL)
        return false;
    do {
        entry = fgetpwent(file);
    } while (entry != NULL && strcmp(entry->pw_name, name) != 0);
    if (entry != NULL)
        *ret = *entry;
    (void)fclose(file);
    return entry != NULL;
}

/* Root reads it here, but under systemd the daemon is not root. */
static void look_as_unit(const struct doctor *doctor, const char *path, struct doctor_line *line)
{
    struct passwd user;
    struct stat status;

    if (path[0] == '\0' || stat(path, &status) < 0 || !find_unit_user(doctor, &user) ||
        user.pw_uid == 0 || may(&status, &user, 4))
        return;
    doctor_say(line, doctor->facts != NULL ? DOCTOR_WARN : DOCTOR_FAIL,
               "%s cannot be read by the user that vipgossipd.service runs as", path);
    doctor_remedy(line, "Type 'chgrp " UNIT_USER " %s && chmod 640 %s'", path, path);
}

static bool is_hidden(const char *path)
{
    return path[0] != '\0' && access(path, R_OK) < 0 && errno == EACCES && geteuid() != 0;
}

void doctor_key(const struct doctor *doctor, struct doctor_line *line)
{
    const struct conf *conf = &doctor->conf;
    const bool in_text = conf->key_text[0] != '\0';
    struct conf_keys keys;
    struct conf_error error;

    if ((!in_text && is_hidden(conf->key_file)) || is_hidden(conf->node_key_file)) {
        doctor_say(line, DOCTOR_SKIP, "%s may not be read by this user", conf->key_file);
        doctor_remedy(line, "Type 'sudo vipgossip doctor'");
        return;
    }
    if (conf_keys_read(conf, &keys, &error) < 0) {
        doctor_say_error(line, DOCTOR_FAIL, error.text,
                         "Make it a file with one key: 'vipgossip keygen FILE' makes such a one");
        return;
    }
    doctor_say(line, DOCTOR_OK, "%s has %s", in_text ? "VIPGOSSIP_KEY" : conf->key_file,
               keys.cluster_count == 2 ? "two keys, of which the first is used" : "one key");
    if (keys.has_node_key)
        doctor_say(line, DOCTOR_OK, "%s belongs to this node's public_key", conf->node_key_file);
    sodium_memzero(&keys, sizeof(keys));
    if (!in_text)
        look_as_unit(doctor, conf->key_file, line);
    look_as_unit(doctor, conf->node_key_file, line);
}

static void list_nodes(const struct conf *conf, char text[static LIST_BYTES])
{
    struct conf_address all[CONF_NODES_MAX * CONF_PATHS_MAX] = {{0}};
    size_t count = 0;

    for (unsigned node = 0; node < conf->node_count; node++)
        for (unsigned path = 0; path < conf->nodes[node].address_count; path++)
            all[count++] = conf->nodes[node].addresses[path];
    local_list_addresses(all, count, text, LIST_BYTES);
}

#define LOCAL_MAX 64 /* addresses of this host that are listed at most */

static size_t local_addresses(const struct host *host, struct conf_address list[static LOCAL_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < host->address_count && count < LOCAL_MAX; i++) {
        const struct conf_address *address = &host->addresses[i].address;
        const bool is_loopback = address->family == AF_INET && address->bytes[0] == 127;

        if (!is_loopback && host->addresses[i].ifindex != 1)
            list[count++] = *address;
    }
    return count;
}

static void say_stranger(const struct doctor *doctor, struct doctor_line *line)
{
    struct conf_address addresses[LOCAL_MAX] = {{0}};
    char configured[LIST_BYTES];
    char here[LIST_BYTES];
    const size_t count = local_addresses(&doctor->host, addresses);
    unsigned matches = 0;

    for (unsigned i = 0; i < doctor->conf.node_count; i++)
        matches += local_has_node(&doctor->conf.nodes[i], addresses, count) ? 1 : 0;
    list_nodes(&doctor->conf, configured);
    local_list_addresses(addresses, count, here, sizeof(here));
    if (doctor->conf.self_name[0] != '\0')
        doctor_say(line, DOCTOR_FAIL, "\"%s\" is none of the configured nodes",
                   doctor->conf.self_name);
    else
        doctor_say(line, DOCTOR_FAIL, "this host %s: the nodes' addresses are %s; this host's %s",
                   matches > 1 ? "has addresses of several nodes"
                               : "is none of the configured nodes",
                   configured, here);
    doctor_remedy(line, "Correct the address in its node section on every node, or say which node "
                        "this is: 'vipgossipd -n NODE' or VIPGOSSIP_NODE=NODE");
}

void doctor_node(const struct doctor *doctor, struct doctor_line *line)
{
    const struct conf_node *node;
    char list[LIST_BYTES];
    bool is_here = false;

    if (doctor->self < 0) {
        say_stranger(doctor, line);
        return;
    }
    node = &doctor->conf.nodes[doctor->self];
    local_list_addresses(node->addresses, node->address_count, list, sizeof(list));
    for (size_t i = 0; i < doctor->host.address_count; i++)
        is_here = is_here || local_has_node(node, &doctor->host.addresses[i].address, 1);
    if (is_here) {
        doctor_say(line, DOCTOR_OK, "this host is node %s%s (%s)", node->name,
                   node->witness ? ", a witness" : "", list);
        return;
    }
    doctor_say(line, DOCTOR_FAIL, "this is node %s, but its address %s is not on this host",
               node->name, list);
    doctor_remedy(line, "Give this host that address, or correct the one of node \"%s\"",
                  node->name);
}

/* What it would be like for the user of the unit; root may write anywhere. */
void doctor_state_dir(const struct doctor *doctor, struct doctor_line *line)
{
    const char *path = doctor->conf.state_dir;
    struct passwd user;
    struct stat status;

    if (stat(path, &status) < 0 && errno == ENOENT) {
        doctor_say(line, DOCTOR_OK, "%s does not exist yet; vipgossipd or its unit makes it", path);
        return;
    }
    if (stat(path, &status) < 0) {
        doctor_say(line, DOCTOR_SKIP, "%s cannot be looked at: %s", path, strerror(errno));
        doctor_remedy(line, "Type 'sudo vipgossip doctor'");
        return;
    }
    if (!S_ISDIR(status.st_mode)) {
        doctor_say(line, DOCTOR_FAIL, "%s is no directory: a drain would not outlive a restart",
                   path);
        doctor_remedy(line, "Move it away: 'mv %s %s.old'", path, path);
    } else if (find_unit_user(doctor, &user) && !may(&status, &user, 2)) {
        doctor_say(line, DOCTOR_WARN,
                   "%s cannot be written by the user that vipgossipd.service runs as: a drain "
                   "would not outlive a restart",
                   path);
        doctor_remedy(line, "Type 'chown -R " UNIT_USER ": %s'", path);
    } else if (geteuid() == 0 && access(path, W_OK) < 0) {
        doctor_say(line, DOCTOR_FAIL, "%s cannot be written: %s", path, strerror(errno));
        doctor_remedy(line, "Set state_dir to a directory that vipgossipd can write to");
    } else {
        doctor_say(line, DOCTOR_OK, "%s keeps what this node is drained for", path);
    }
}

static void look_at_program(const char *what, const char *name, const char *program,
                            struct doctor_line *line)
{
    struct stat status;

    if (program[0] != '/')
        return;
    if (stat(program, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 0111) != 0)
        return;
    doctor_say(line, DOCTOR_FAIL, "%s%s: %s is no program that can be run", what, name, program);
    doctor_remedy(line, "Install %s, or type 'chmod 755 %s'", program, program);
}

static void look_at_socket(const char *name, const char *path, struct doctor_line *line)
{
    struct stat status;

    if (stat(path, &status) == 0 && S_ISSOCK(status.st_mode))
        return;
    doctor_say(line, DOCTOR_WARN, "check %s: nobody has a socket at %s", name, path);
    doctor_remedy(line, "Start what listens there ('systemctl start docker'), or mount it into "
                        "this container");
}

void doctor_programs(const struct doctor *doctor, struct doctor_line *line)
{
    const struct conf *conf = &doctor->conf;

    doctor_say(line, DOCTOR_OK, "%u check%s%s", (unsigned)conf->check_count,
               doctor_plural(conf->check_count),
               conf->hook.count > 0 ? " and a hook" : ", no hook");
    for (unsigned i = 0; i < conf->check_count; i++) {
        const struct conf_check *check = &conf->checks[i];

        if (check->kind == CONF_CHECK_EXEC)
            look_at_program("check ", check->name, conf_word(conf, &check->target, 0), line);
        else if (check->kind == CONF_CHECK_DOCKER)
            look_at_socket(check->name, conf_word(conf, &check->target, 0), line);
        else if (check->socket.count > 0)
            look_at_socket(check->name, conf_word(conf, &check->socket, 0), line);
    }
    if (conf->hook.count > 0)
        look_at_program("hook", "", conf_word(conf, &conf->hook, 0), line);
}
