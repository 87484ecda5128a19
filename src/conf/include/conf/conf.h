// SPDX-License-Identifier: MIT
/*
 * conf: the configuration as one flat value.
 *
 * `struct conf` has no pointer in it, so that the child which parses a file can hand it over a
 * pipe, the keeper can hand it to the engine, and a comparison is a loop over arrays. Every bound
 * of the cluster is checked here, when the configuration is read; nothing later runs into one. conf
 * knows files, environment and spelling; it does not know sockets, interfaces or keys in use.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONF_NODES_MAX     64   /* nodes of a cluster */
#define CONF_VIPS_MAX      32   /* vip sections */
#define CONF_ADDRESSES_MAX 1000 /* addresses of all VIPs together */
#define CONF_PATHS_MAX     4    /* addresses of one node */
#define CONF_NAME_MAX      63   /* bytes of a name, without the NUL */
#define CONF_PATH_MAX      255  /* bytes of a file path, without the NUL */
#define CONF_STATE_DIR     "/var/lib/vipgossip"
#define CONF_KEY_BYTES     32
#define CONF_CHECKS_MAX    32   /* check sections */
#define CONF_ARGUMENTS_MAX 64   /* of a check or the hook, the program included */
#define CONF_WORDS_BYTES   8192 /* text of all checks and the hook */
/* The longest lease that there is, in mode quorum. */
#define CONF_LEASE_MAX_NS UINT64_C(10000000000)

/* An IPv4 or IPv6 address; `bytes` in network order, IPv4 in the first four, the rest zero. */
struct conf_address {
    uint8_t family; /* AF_INET or AF_INET6 */
    uint8_t prefix; /* 32 or 128 unless the file says otherwise; of a node's address always full */
    uint8_t bytes[16];
};

enum conf_mode {
    CONF_AVAILABLE,
    CONF_QUORUM,
};

struct conf_node {
    char name[CONF_NAME_MAX + 1]; /* canonical: as in the file, or inet_ntop of the address */
    struct conf_address addresses[CONF_PATHS_MAX];
    uint8_t address_count;
    uint8_t priority; /* 1..255 */
    bool witness;
    bool has_public_key;
    uint8_t public_key[CONF_KEY_BYTES];
};

struct conf_vip {
    char name[CONF_NAME_MAX + 1];
    char interface[16]; /* empty: found by the connected route that contains the first address */
    uint16_t address_first; /* into conf.addresses */
    uint16_t address_count;
    enum conf_mode mode;
    bool preempt;
    uint64_t preempt_delay_ns;
    uint64_t lease_ns;
    uint32_t kernel_lease_s; /* whole seconds; 0: off, the address has no lifetime */
    uint64_t announce_refresh_ns;
    uint8_t priority[CONF_NODES_MAX]; /* per node: its own on this VIP, or the node's */
    uint64_t candidates;              /* bit per node: may hold (no witness; `nodes`, if given) */
};

/*
 * Text of any length (the program and arguments of a check or hook, an URL): `count` strings, each
 * ended by a NUL, one after the other from conf.words[first] on. Read them with conf_word().
 */
struct conf_words {
    uint16_t first;
    uint16_t count;
};

enum conf_check_kind {
    CONF_CHECK_NONE, /* while it is read */
    CONF_CHECK_DOCKER,
    CONF_CHECK_HTTP,
    CONF_CHECK_TCP,
    CONF_CHECK_EXEC,
    CONF_CHECK_PROCESS,
    CONF_CHECK_INTERFACE,
    CONF_CHECK_GATEWAY,
    CONF_CHECK_KIND_COUNT,
};

struct conf_check {
    char name[CONF_NAME_MAX + 1];
    uint8_t kind; /* enum conf_check_kind */
    uint8_t rise; /* results in a row */
    uint8_t fall;
    int16_t weight;             /* added to the priority while it fails; 0: none, it makes the node
                                   unhealthy */
    uint32_t vips;              /* bit per VIP that it is for; 0: for all */
    uint64_t interval_ns;       /* between two starts of it */
    uint64_t timeout_ns;        /* after which it has failed */
    struct conf_words target;   /* what the key of its kind says */
    struct conf_words socket;   /* http: the Unix socket instead of host and port */
    struct conf_words contains; /* http: what the answer must have in it */
    struct conf_words headers;  /* http: sent with the question, "Name: value" */
    uint16_t status_min;        /* http: the answer's status is in this range */
    uint16_t status_max;
};

struct conf {
    char cluster[CONF_NAME_MAX + 1];
    char key_file[CONF_PATH_MAX + 1];
    char node_key_file[CONF_PATH_MAX + 1];  /* empty: derived from the cluster key */
    char control_socket[CONF_PATH_MAX + 1]; /* at most 107 bytes, a Unix socket's limit */
    char state_dir[CONF_PATH_MAX + 1];
    char self_name[CONF_NAME_MAX +
                   1];  /* -n or VIPGOSSIP_NODE; empty: find out by the local addresses */
    char key_text[256]; /* VIPGOSSIP_KEY (base64), instead of key_file; wiped once the keys are read
                         */
    uint16_t port;
    uint8_t self_priority; /* VIPGOSSIP_PRIORITY; 0: none. conf_set_self() applies it */
    uint64_t interval_ns;
    bool fail_open;
    bool realtime;
    uint8_t log_level; /* enum log_level of log/log.h */
    uint8_t node_count;
    uint8_t vip_count;
    uint16_t address_count;
    struct conf_node nodes[CONF_NODES_MAX];
    struct conf_vip vips[CONF_VIPS_MAX];
    struct conf_address addresses[CONF_ADDRESSES_MAX];
    struct conf_words hook; /* program and arguments; count 0: none */
    uint64_t hook_timeout_ns;
    uint8_t check_count;
    uint16_t words_length; /* bytes in use */
    struct conf_check checks[CONF_CHECKS_MAX];
    char words[CONF_WORDS_BYTES];
};

/* What went wrong, ready to be printed: "FILE:LINE: what is wrong and what is allowed". */
struct conf_error {
    char text[512];
};

/*
 * Reads the file at `path`. `self_name` (may be NULL) is -n; without it VIPGOSSIP_NODE counts.
 * Returns 0 and fills `ret`, or -1 and fills `error`. `ret` is untouched on failure.
 * libconfuse may exit() on odd input (a directory): call it in a child that may die.
 */
int conf_read_file(const char *path, const char *self_name, struct conf *ret,
                   struct conf_error *error);

/* Is VIPGOSSIP_PEERS set, so that the environment is the configuration? */
bool conf_environment_is_used(void);

/* The same as conf_read_file from VIPGOSSIP_* alone. */
int conf_read_environment(const char *self_name, struct conf *ret, struct conf_error *error);

/*
 * Says which node this is: self_name becomes its name, and VIPGOSSIP_PRIORITY its priority, also on
 * every VIP. `index` is one of conf->nodes.
 */
void conf_set_self(struct conf *conf, int index);

/*
 * Sentences about what `-t` could not check, and about what is allowed but unwise (a VIP with one
 * candidate, kernel_lease = "off"...). Calls `note` once per sentence, without a newline at its
 * end.
 */
void conf_notes(const struct conf *conf, void (*note)(void *arg, const char *text), void *arg);

/* "192.168.4.3/32" or "fe80::1/128"; `text` of at least CONF_ADDRESS_TEXT bytes. Returns `text`. */
#define CONF_ADDRESS_TEXT 52
const char *conf_address_text(const struct conf_address *address, bool with_prefix, char *text);

/* True if both are the same host address; prefixes are not compared. */
bool conf_address_equal(const struct conf_address *a, const struct conf_address *b);

/* String number `index` of `words`, "" if there is none. */
const char *conf_word(const struct conf *conf, const struct conf_words *words, unsigned index);

#define CONF_HOST_MAX 253
/*
 * Takes "host:port" or "[IPv6]:port" apart. True, or false if it is neither; then nothing is
 * written.
 */
bool conf_split_host_port(const char *text, char ret_host[static CONF_HOST_MAX + 1],
                          uint16_t *ret_port);

/* "tcp", "exec"...: the key that makes a check one of that kind. */
const char *conf_check_kind_name(enum conf_check_kind kind);

/* Is there something for the checker to do? */
bool conf_needs_checker(const struct conf *conf);

/* Index of the node with that name, or -1. */
int conf_node_index(const struct conf *conf, const char *name);

/*
 * Do datagrams from the own address `from` (index) go to the peer's address `to`? Every address of
 * a peer is a path. Where both have equally many addresses of the family, the first goes to the
 * first, the second to the second (two networks, each with its own subnet); else each goes from
 * every own one, so that one that is missing does not silence the rest.
 */
bool conf_is_path(const struct conf_node *own, unsigned from, const struct conf_node *peer,
                  unsigned to);

/*
 * The id by which nodes and VIPs are named on the wire: the first four bytes, big endian, of the
 * BLAKE2b-256 of the name; 1 in place of 0. No two nodes and no two VIPs of a configuration that
 * was read have the same.
 */
uint32_t conf_id(const char *name);

/*
 * What must be the same on every node, as one number: cluster, nodes (name, addresses, witness,
 * public_key) and VIPs (name, addresses, mode, lease, candidates, preempt). The order in the file
 * does not count, nor does anything local. Two nodes compare it for "config same|differs".
 */
uint32_t conf_hash(const struct conf *conf);

/*
 * In mode quorum, with a lease of kernel_lease + 1 s or more: what the keeper gives the kernel of
 * the lifetime has to end that long before its own deadline, so that nobody else has the address
 * yet if keeper and engine are frozen. 0: the lifetime is always the whole kernel_lease.
 */
uint64_t conf_vip_lateness_ns(const struct conf_vip *vip);

/* From such a lease on that holds whatever other programs do to the host's addresses. */
#define CONF_LEASE_FROZEN_NS UINT64_C(2500000000)

/* The addresses (with prefix) of conf->vips[vip] as one number, in whatever order they stand. */
uint32_t conf_vip_addresses_hash(const struct conf *conf, int vip);

#endif
