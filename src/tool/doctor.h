// SPDX-License-Identifier: MIT
/*
 * doctor: what the checks of `vipgossip doctor` see, and how they say what they found. A check is a
 * function of this view; it changes nothing on the host. doctor.c has the table of them: a new one
 * is a function and a line there.
 *
 * Each check fills one line: the worst of its findings, and for that a sentence that says what to
 * type. Files are read below `root`, so that a test can lay out a /proc, /sys and /etc of its own.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "conf/conf.h"
#include "doctor_frame.h"
#include "host/host.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum doctor_result {
    DOCTOR_SKIP, /* could not be looked at */
    DOCTOR_OK,
    DOCTOR_WARN,
    DOCTOR_FAIL,
    DOCTOR_RESULT_COUNT,
};

struct doctor_line {
    enum doctor_result result;
    bool is_heard; /* the finding said last is part of the line, so its remedy counts */
    char detail[1024];
    char remedy[768]; /* empty: nothing to do */
};

/* --- what the wire said, doctor_wire.c --- */

#define DOCTOR_SPEAKERS_MAX 16
#define DOCTOR_ANSWERS_MAX  32
#define DOCTOR_ASKED_MAX    16 /* addresses that are asked for with ARP */

enum doctor_reach {
    REACH_UNKNOWN,   /* not tried */
    REACH_SILENT,    /* sent, and nothing came back */
    REACH_REFUSED,   /* ICMP: nobody listens on the port */
    REACH_FILTERED,  /* ICMP: a firewall on the way says no */
    REACH_FORBIDDEN, /* the kernel of this host refused to send: its own firewall */
    REACH_NO_ROUTE,
    REACH_NO_HOST, /* nobody answers to ARP or neighbour discovery */
};

/* Who answered for an address of a VIP. */
struct doctor_answer {
    uint16_t address; /* index of conf.addresses */
    uint8_t mac[KERNEL_MAC_BYTES];
};

struct doctor_wire {
    bool listened; /* a packet socket was to be had */
    unsigned speaker_count;
    unsigned answer_count;
    unsigned asked_count; /* of conf.addresses, IPv4, from the first */
    struct frame_speaker speakers[DOCTOR_SPEAKERS_MAX];
    struct doctor_answer answers[DOCTOR_ANSWERS_MAX];
    enum doctor_reach reach[CONF_NODES_MAX][CONF_PATHS_MAX];
};

struct doctor {
    const char *root;                    /* "" but in tests */
    const char *source;                  /* what the configuration was read from, for people */
    const char *file;                    /* path of the configuration, NULL: the environment */
    char daemon_file[CONF_PATH_MAX + 1]; /* that the running daemon was started with */
    const char *socket;
    bool has_conf;
    struct conf conf;
    struct conf_error conf_error; /* why there is none */
    bool has_host;
    struct host host;
    int self;         /* index of conf.nodes, -1: not known */
    json_t *facts;    /* of the running daemon, NULL: none answers */
    int socket_error; /* why not: errno of connecting to it */
    struct doctor_wire wire;
};

/* --- findings, doctor_line.c --- */

/* Adds a finding. A worse one takes the place of those before, one as bad stands beside them. */
void doctor_say(struct doctor_line *line, enum doctor_result result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What to type about the finding just said: a whole sentence without its full stop. */
void doctor_remedy(struct doctor_line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Takes a sentence "what is wrong; what to do" apart; `fallback` is the remedy if it has none. */
void doctor_say_error(struct doctor_line *line, enum doctor_result result, const char *text,
                      const char *fallback);

/* --- reading below the root, doctor_read.c --- */

#define DOCTOR_FILE_MAX 16384 /* bytes that are looked at of a file */
#define DOCTOR_PATH_MAX 512

/* The whole text of a file, NUL-terminated and without its last newline; "" and false if there is
 * none. `path` begins with a slash. */
bool doctor_read(const struct doctor *doctor, const char *path, char *text, size_t size);
bool doctor_exists(const struct doctor *doctor, const char *path);
/* The number in a file, or -1. */
long doctor_read_number(const struct doctor *doctor, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The value of "KEY=value" lines, "" if there is none. */
void doctor_find_value(const char *text, const char *key, char *value, size_t size);
/* Is `word` in a file of this directory, as a word of its own? The file's path in `found`. */
bool doctor_mentions(const struct doctor *doctor, const char *directory, const char *word,
                     char found[static DOCTOR_PATH_MAX]);
bool doctor_file_mentions(const struct doctor *doctor, const char *path, const char *word);

/* --- processes in this network namespace, doctor_process.c --- */

/* The configuration that a vipgossipd was told on its command line, by its absolute path; of its
 * engine, what its parent was told. */
bool doctor_find_file(const struct doctor *doctor, long pid, char *path, size_t size);
/* The pid of a process of that name, 0: there is none. */
long doctor_find_process(const struct doctor *doctor, const char *name);
/* The process that has this socket open: its pid and name, or 0. */
long doctor_find_socket(const struct doctor *doctor, unsigned long inode, char name[static 16]);
/* A process that is known to hold virtual addresses, other than vipgossipd: its name, or NULL. */
const char *doctor_find_rival(const struct doctor *doctor, long *ret_pid);

/* --- shorthands, doctor_view.c --- */

bool doctor_is_witness(const struct doctor *doctor);
/* The interface of a VIP, configured or by route: its name, or "" if no route says it. */
void doctor_vip_interface(const struct doctor *doctor, const struct conf_vip *vip,
                          char name[static 16]);
/* Calls `visit` once for each interface that a VIP of this family (0: any) is on. */
typedef void doctor_visit_interface(const struct doctor *doctor, const char *name,
                                    struct doctor_line *line);
void doctor_each_interface(const struct doctor *doctor, int family, struct doctor_line *line,
                           doctor_visit_interface *visit);
bool doctor_has_family(const struct doctor *doctor, int family);
/* VIP that has the address, or NULL. */
const struct conf_vip *doctor_find_vip(const struct doctor *doctor,
                                       const struct conf_address *address);
/* What the daemon says of a node, NULL: nothing. */
const json_t *doctor_node_facts(const struct doctor *doctor, const char *name);
/* Does the daemon hear this node directly? Then nobody needs to ask whether it can be reached. */
bool doctor_is_heard(const struct doctor *doctor, const char *name);
/* The name of an interface as sysctl(8) wants it: eth0.10 is eth0/10 there. */
void doctor_sysctl_name(const char *interface, char name[static 16]);
/* What starts the daemon on this host, for a remedy: "systemctl start vipgossipd"... */
const char *doctor_start_command(const struct doctor *doctor);
/* The text of the unit of vipgossipd; false: there is none. */
bool doctor_read_unit(const struct doctor *doctor, char *text, size_t size);
/* The end of a plural: "s", or "" for one. */
const char *doctor_plural(unsigned count);
/* "02:00:00:00:00:01" */
#define DOCTOR_MAC_TEXT 18
void doctor_mac_text(const uint8_t mac[static KERNEL_MAC_BYTES], char text[static DOCTOR_MAC_TEXT]);

/* Asks and listens on the wire for about two seconds. */
void doctor_wire_ask(struct doctor *doctor);

/* --- the checks --- */

typedef void doctor_check(const struct doctor *doctor, struct doctor_line *line);

doctor_check doctor_configuration, doctor_key, doctor_node, doctor_state_dir, doctor_programs;
doctor_check doctor_capabilities, doctor_limits, doctor_kernel, doctor_service, doctor_daemon,
    doctor_agreement, doctor_port;
doctor_check doctor_interface, doctor_route, doctor_address, doctor_manager, doctor_rivals,
    doctor_mtu;
doctor_check doctor_arp_ignore, doctor_arp_announce, doctor_rp_filter, doctor_nonlocal_bind,
    doctor_promote_secondaries, doctor_ipv6, doctor_ip_vs, doctor_conntrack;
doctor_check doctor_peers, doctor_reachable, doctor_duplicate, doctor_vrrp;
doctor_check doctor_cloud, doctor_clock;

#endif
