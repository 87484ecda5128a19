// SPDX-License-Identifier: MIT
/*
 * `vipgossip doctor`: looks at everything that a virtual address needs, before the daemon runs and
 * while it runs, and says of each what to type. It changes nothing.
 *
 * First everything is gathered: the configuration, the host, the daemon's facts, the wire. Then
 * each check of the table judges what there is.
 */
#include "doctor.h"
#include "command.h"
#include "facts.h"
#include "host/reader.h"
#include "ipc/control.h"
#include "tool/client.h"
#include "tool/table.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CONFIG_DEFAULT "/etc/vipgossip/vipgossip.conf"

enum needs {
    NEEDS_CONF = 1U << 0,
    NEEDS_HOST = 1U << 1,
    NEEDS_SELF = 1U << 2,
    NEEDS_DAEMON = 1U << 3,
    NEEDS_HOLDER = 1U << 4, /* means nothing on a witness */
};
#define NEEDS_LINK (NEEDS_CONF | NEEDS_HOST | NEEDS_HOLDER)

static const struct {
    const char *name;
    doctor_check *run;
    unsigned needs;
    const char *about;
} checks[] = {
    {"configuration", doctor_configuration, 0, "readable and valid, as 'vipgossipd -t' says"},
    {"key", doctor_key, NEEDS_CONF, "there, closed to others, and a key"},
    {"node", doctor_node, NEEDS_CONF | NEEDS_HOST, "which one this host is, by its addresses"},
    {"state_dir", doctor_state_dir, NEEDS_CONF, "a drain can be kept for the next start"},
    {"programs", doctor_programs, NEEDS_CONF, "those of checks and hook can be run"},
    {"capabilities", doctor_capabilities, NEEDS_CONF, "NET_ADMIN and NET_RAW can be had"},
    {"limits", doctor_limits, NEEDS_CONF, "keys can be locked in memory"},
    {"kernel", doctor_kernel, 0, "marks addresses, has Landlock and seccomp"},
    {"service", doctor_service, 0, "the unit starts at boot"},
    {"daemon", doctor_daemon, 0, "runs, and what its status is"},
    {"agreement", doctor_agreement, NEEDS_CONF | NEEDS_DAEMON,
     "the same configuration everywhere, and the one of the file"},
    {"port", doctor_port, NEEDS_CONF, "the UDP port is free, or vipgossipd's"},
    {"interface", doctor_interface, NEEDS_LINK, "of each VIP: there, up, with a carrier"},
    {"route", doctor_route, NEEDS_LINK, "a connected network contains each address"},
    {"mtu", doctor_mtu, NEEDS_CONF | NEEDS_HOST | NEEDS_SELF, "no datagram is fragmented"},
    {"address", doctor_address, NEEDS_CONF | NEEDS_HOST,
     "no VIP is on this host that vipgossip did not put there"},
    {"rivals", doctor_rivals, NEEDS_CONF, "keepalived and others that hold addresses"},
    {"manager", doctor_manager, NEEDS_LINK, "who else manages the interfaces"},
    {"arp_ignore", doctor_arp_ignore, NEEDS_LINK, "a VIP is answered for"},
    {"arp_announce", doctor_arp_announce, NEEDS_LINK, "what it means here"},
    {"rp_filter", doctor_rp_filter, NEEDS_LINK, "what comes in for a VIP is not dropped"},
    {"ip_nonlocal_bind", doctor_nonlocal_bind, NEEDS_CONF, "when services need it"},
    {"promote_secondaries", doctor_promote_secondaries, NEEDS_LINK, "whether it matters"},
    {"ipv6", doctor_ipv6, NEEDS_LINK, "on, where a VIP needs it"},
    {"ip_vs", doctor_ip_vs, NEEDS_CONF, "why recipes load it, and who needs it"},
    {"conntrack", doctor_conntrack, 0, "its table is not full"},
    {"peers", doctor_peers, NEEDS_CONF | NEEDS_DAEMON,
     "each is heard and hears this node; else which direction fails"},
    {"reachable", doctor_reachable, NEEDS_CONF | NEEDS_HOST,
     "a datagram to each peer's port: who refuses it"},
    {"duplicate", doctor_duplicate, NEEDS_LINK, "who answers when asked for a VIP"},
    {"vrrp", doctor_vrrp, NEEDS_CONF | NEEDS_HOST,
     "VRRP and CARP on the link, for an address of ours"},
    {"cloud", doctor_cloud, NEEDS_CONF, "one that drops a VIP, and what must be allowed there"},
    {"clock", doctor_clock, 0, "not needed"},
};
#define CHECK_COUNT (sizeof(checks) / sizeof(checks[0]))
#define NAME_WIDTH  19

static const struct {
    const char *word;
    enum colour colour;
} results[DOCTOR_RESULT_COUNT] = {
    [DOCTOR_SKIP] = {"skip", COLOUR_NONE},
    [DOCTOR_OK] = {"ok", COLOUR_GREEN},
    [DOCTOR_WARN] = {"warn", COLOUR_YELLOW},
    [DOCTOR_FAIL] = {"fail", COLOUR_RED},
};

void doctor_list_checks(FILE *out)
{
    (void)fprintf(out, "\nIts checks are:\n");
    for (size_t i = 0; i < CHECK_COUNT; i++)
        (void)fprintf(out, "  %-*s  %s\n", NAME_WIDTH, checks[i].name, checks[i].about);
}

/* --- gathering --- */

/* Connects to the daemon's socket: 0, or the errno, which says more than a sentence. The process
 * that listens there in `ret_pid`, 0 if it is in another pid namespace. */
static int try_socket(const char *path, long *ret_pid)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct ucred peer = {0};
    socklen_t size = sizeof(peer);
    int result = 0;

    *ret_pid = 0;
    if (fd < 0 || strlen(path) >= sizeof(address.sun_path)) {
        result = fd < 0 ? errno : ENAMETOOLONG;
    } else {
        memcpy(address.sun_path, path, strlen(path) + 1);
        if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
            result = errno;
        else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0)
            *ret_pid = peer.pid;
    }
    if (fd >= 0)
        (void)close(fd);
    return result;
}

/* As vipgossipd chooses, but without -c and the environment the file of the one that runs counts
 * before the default. The parser may take its process with it, so a child has it. */
static void read_configuration(struct doctor *doctor, const char *given)
{
    const bool environment = conf_environment_is_used();
    long pid;

    if (environment && given != NULL) {
        (void)snprintf(doctor->conf_error.text, sizeof(doctor->conf_error.text),
                       "-c and VIPGOSSIP_PEERS cannot be used together: the configuration is "
                       "either the file or the environment");
        doctor->source = given;
        return;
    }
    if (environment) {
        doctor->source = "the environment";
    } else {
        doctor->file = given != NULL ? given : CONFIG_DEFAULT;
        if (given == NULL && try_socket(doctor->socket, &pid) == 0 &&
            doctor_find_file(doctor, pid, doctor->daemon_file, sizeof(doctor->daemon_file)))
            doctor->file = doctor->daemon_file;
        doctor->source = doctor->file;
    }
    doctor->has_conf = reader_read(doctor->file, NULL, &doctor->conf, &doctor->conf_error) == 0;
}

static void ask_daemon(struct doctor *doctor)
{
    struct client_error error;
    struct client client;
    long pid;

    doctor->socket_error = try_socket(doctor->socket, &pid);
    if (doctor->socket_error != 0 ||
        client_open(doctor->socket, CONTROL_STATUS, false, &client, &error) != 0)
        return;
    if (client_next(&client, &doctor->facts, &error) != 1)
        doctor->facts = NULL;
    client_close(&client);
}

static int find_self(const struct doctor *doctor)
{
    const char *name = facts_text_or(doctor->facts, "node", doctor->conf.self_name);
    struct conf_address *addresses;
    int self;

    if (name[0] != '\0' || !doctor->has_host)
        return conf_node_index(&doctor->conf, name);
    addresses = calloc(doctor->host.address_count + 1, sizeof(*addresses));
    if (addresses == NULL)
        return -1;
    for (size_t i = 0; i < doctor->host.address_count; i++)
        addresses[i] = doctor->host.addresses[i].address;
    self = local_find_self(&doctor->conf, addresses, doctor->host.address_count);
    free(addresses);
    return self < 0 ? -1 : self;
}

static void gather(struct doctor *doctor, const struct invocation *invocation)
{
    doctor->socket = invocation->socket;
    read_configuration(doctor, invocation->config);
    doctor->has_host = host_read(&doctor->host) == 0;
    if (!invocation->socket_is_given && doctor->has_conf)
        doctor->socket = doctor->conf.control_socket;
    ask_daemon(doctor);
    doctor->self = -1;
    if (!doctor->has_conf)
        return;
    doctor->self = find_self(doctor);
    if (doctor->self >= 0)
        conf_set_self(&doctor->conf, doctor->self);
    if (doctor->has_host)
        doctor_wire_ask(doctor);
}

/* --- judging --- */

/* Why a check cannot be made, or NULL. */
static const char *obstacle(const struct doctor *doctor, unsigned needs)
{
    if ((needs & NEEDS_CONF) != 0 && !doctor->has_conf)
        return "needs a valid configuration";
    if ((needs & NEEDS_HOST) != 0 && !doctor->has_host)
        return "the kernel does not tell its links and addresses";
    if ((needs & NEEDS_DAEMON) != 0 && doctor->facts == NULL)
        return "no daemon answers that could be asked";
    if ((needs & NEEDS_SELF) != 0 && doctor->self < 0)
        return "which node this is is not known";
    if ((needs & NEEDS_HOLDER) != 0 && doctor_is_witness(doctor))
        return "this node is a witness and never holds a VIP";
    return NULL;
}

static void judge(const struct doctor *doctor, struct doctor_line lines[static CHECK_COUNT])
{
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        const char *reason = obstacle(doctor, checks[i].needs);

        if (reason == NULL)
            checks[i].run(doctor, &lines[i]);
        else
            doctor_say(&lines[i], DOCTOR_SKIP, "%s", reason);
        if (lines[i].result == DOCTOR_OK)
            lines[i].remedy[0] = '\0'; /* of what could not be looked at beside what is well */
    }
}

/* --- telling --- */

static const char *own_name(const struct doctor *doctor)
{
    if (doctor->self >= 0)
        return doctor->conf.nodes[doctor->self].name;
    return facts_text(doctor->facts, "node");
}

static void print_json(const struct doctor *doctor, const struct doctor_line *lines,
                       enum doctor_result worst, FILE *out)
{
    json_t *list = json_array();
    json_t *whole;

    for (size_t i = 0; i < CHECK_COUNT; i++) {
        const char *remedy = lines[i].remedy[0] != '\0' ? lines[i].remedy : NULL;

        (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s?}", "name", checks[i].name,
                                                    "result", results[lines[i].result].word,
                                                    "detail", lines[i].detail, "remedy", remedy));
    }
    whole = json_pack("{s:s, s:s?, s:s, s:o}", "version", VG_VERSION, "node", own_name(doctor),
                      "result", results[worst].word, "checks", list);
    (void)json_dumpf(whole, out, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    (void)fputc('\n', out);
    json_decref(whole);
}

static void print_text(const struct doctor_line *lines, enum doctor_result worst, FILE *out)
{
    const bool coloured = colour_is_wanted(out);
    unsigned counts[DOCTOR_RESULT_COUNT] = {0};

    for (size_t i = 0; i < CHECK_COUNT; i++) {
        const struct doctor_line *line = &lines[i];
        const char *word = results[line->result].word;

        counts[line->result]++;
        colour_print(out, coloured, results[line->result].colour, word);
        (void)fprintf(out, "%*s%-*s  %s.%s%s%s\n", 6 - (int)strlen(word), "", NAME_WIDTH,
                      checks[i].name, line->detail, line->remedy[0] != '\0' ? " " : "",
                      line->remedy, line->remedy[0] != '\0' ? "." : "");
    }
    (void)fputc('\n', out);
    colour_print(out, coloured, results[worst].colour, results[worst].word);
    (void)fprintf(out, ": %u fail, %u warn, %u ok, %u skipped\n", counts[DOCTOR_FAIL],
                  counts[DOCTOR_WARN], counts[DOCTOR_OK], counts[DOCTOR_SKIP]);
}

int doctor_command(const struct invocation *invocation)
{
    struct doctor *doctor = calloc(1, sizeof(*doctor));
    struct doctor_line *lines = calloc(CHECK_COUNT, sizeof(*lines));
    enum doctor_result worst = DOCTOR_OK;

    if (doctor == NULL || lines == NULL || sodium_init() < 0) {
        (void)fprintf(invocation->streams.err, "vipgossip: out of memory\n");
        free(doctor);
        free(lines);
        return TOOL_REFUSED;
    }
    doctor->root = "";
    gather(doctor, invocation);
    judge(doctor, lines);
    for (size_t i = 0; i < CHECK_COUNT; i++)
        worst = lines[i].result > worst ? lines[i].result : worst;
    if ((invocation->flags & FLAG_JSON) != 0)
        print_json(doctor, lines, worst, invocation->streams.out);
    else
        print_text(lines, worst, invocation->streams.out);
    json_decref(doctor->facts);
    host_deinit(&doctor->host);
    sodium_memzero(doctor, sizeof(*doctor)); /* VIPGOSSIP_KEY may be in it */
    free(doctor);
    free(lines);
    return (int)worst - (int)DOCTOR_OK;
}
