// SPDX-License-Identifier: MIT
/*
 * wire: bytes to core types and back. ingress is the only door: what it hands on is authentic, well
 * formed, bounded and new. Nothing it drops changes anything but a counter.
 */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include "core/core.h"
#include "wire/keyring.h"

#define DATAGRAM_MAX    1400
#define DATAGRAM_HEADER 48 /* proto/SPEC.md, D1 */
/*
 * Bytes of an encoded record without its signature. The largest that this version makes has 1196
 * (32 VIPs, 16 nodes unheard; a test computes it). The rest is what later versions may append: the
 * first datagram still has room for an answer and a question beside it [SPEC F6].
 */
#define RECORD_MAX 1214

/* In the order in which ingress looks, cheapest first. Only ever added to: they are metric labels.
 */
#define DROPS(X)                                                      \
    X(NONE, "none")                                                   \
    X(TOO_SHORT, "too_short")                                         \
    X(TOO_LONG, "too_long")                                           \
    X(MAGIC, "magic")                                                 \
    X(VERSION, "version")                                             \
    X(CLUSTER, "unknown_cluster")                                     \
    X(REFLECTED, "reflected")                                         \
    X(SENDER, "unknown_sender")                                       \
    X(RECEIVER, "wrong_receiver")                                     \
    X(MAC, "mac")                                                     \
    X(DEAD_INCARNATION, "dead_incarnation")                           \
    X(REPLAYED, "replayed")                                           \
    X(MALFORMED, "malformed")                                         \
    /* of a record or an echo inside a datagram whose rest is used */ \
    X(ECHO_UNASKED, "echo_unasked")                                   \
    X(ECHO_SIGNATURE, "echo_signature")                               \
    X(RECORD_NODE, "record_unknown_node")                             \
    X(RECORD_UNCONFIRMED, "record_unconfirmed_sender")                \
    X(RECORD_OLD, "record_known")                                     \
    X(RECORD_DEAD, "record_dead_incarnation")                         \
    X(RECORD_SIGNATURE, "record_signature")

enum drop {
#define X(name, text) DROP_##name,
    DROPS(X)
#undef X
    DROP_COUNT,
};

/* The metric label. */
const char *drop_name(enum drop drop);

/* Replay window of one incarnation of one sender, after RFC 6479 [SPEC D5]. */
struct replay_window {
    uint64_t incarnation; /* 0: empty */
    uint64_t newest;      /* counter; 0: nothing seen */
    uint64_t first;       /* least counter that came */
    uint64_t seen;        /* bit n: counter newest - n was seen */
    uint32_t gone;        /* counters that have left the window, of late */
    uint32_t gone_lost;   /* of these, never seen */
};

/* Those of one sender. */
struct replay_windows {
    struct replay_window confirmed; /* of the incarnation that the core has confirmed */
    struct replay_window tentative; /* of any other that has not ended */
    struct replay_window ended;     /* of the one that was confirmed before */
};

struct signed_record {
    uint64_t incarnation; /* 0: empty */
    uint64_t seq;
    struct keyring_signature signature;
    uint16_t length; /* of the signed bytes */
    uint8_t bytes[RECORD_MAX];
};

struct wire_peer {
    struct replay_windows windows;
    uint64_t counter;      /* of the next datagram to this node */
    uint64_t mac_failures; /* datagrams that name this node as sender and whose MAC is wrong */
};

struct wire {
    struct keyring keyring;
    uint64_t incarnation;
    struct wire_peer peers[NODES_MAX];
    struct signed_record records[NODES_MAX]; /* newest of each node, as signed; own included */
    uint64_t drops[DROP_COUNT];
    uint64_t received; /* datagrams that came, dropped or not */
    uint64_t sent;     /* datagrams made */
};

/* Errors: as keyring_init(). `incarnation` is that of core_config; so is the order of the nodes. */
int wire_init(struct wire *wire, const struct keyring_config *config, uint64_t incarnation);
/*
 * Goes on with other keys, or other nodes: `keyring` takes the place of the former one. What is
 * known of a node that was there before stays: node_was[n] is its former index, 255: it was not
 * there. No datagram that was taken before is taken again, and no counter is used twice.
 */
void wire_reconfigure(struct wire *wire, const struct keyring *keyring,
                      const uint8_t node_was[static NODES_MAX]);
/* Forgets every key. */
void wire_wipe(struct wire *wire);

/*
 * Takes one datagram apart [SPEC D2] to [SPEC D6]. DROP_NONE: `ret` is what it says, feed it to
 * core_step() at once (the core is asked which incarnations and records it knows, so the two must
 * not drift apart). Anything else: counted, `ret` is undefined.
 */
enum drop wire_ingress(struct wire *wire, const struct core *core, const uint8_t *bytes,
                       size_t length, struct message_in *ret);

struct datagram {
    uint16_t length;
    uint8_t bytes[DATAGRAM_MAX];
};

/*
 * At worst the first has room for nothing but the own record, the answer and eight nodes of the
 * question; each eight more open one of their own, the last of which takes asks and echoes too, and
 * each relayed record needs one.
 */
#define EGRESS_DATAGRAMS_MAX (NODES_MAX / MESSAGE_ABOUT_MAX + NODES_MAX)

/*
 * Makes the datagrams that carry `message` to `peer`: one, or as many as it takes (at most
 * EGRESS_DATAGRAMS_MAX); the first carries the own record, the question and the answer. Signs the
 * own record if core_record() is newer than the last one signed, and echoes of this node always.
 * A relayed record that is not the one that the core knows is left out. Returns how many.
 */
unsigned wire_egress(struct wire *wire, const struct core *core, uint8_t peer,
                     const struct message_out *message,
                     struct datagram ret[static EGRESS_DATAGRAMS_MAX]);

/* Counter of the last will: no datagram of an incarnation comes after it [SPEC R44]. */
#define WIRE_COUNTER_WILL UINT64_MAX

/* Makes the datagram that carries the last will `record` (core_will()) to `peer` [SPEC R44]. At
 * most WIRE_WILL_MAX bytes. */
void wire_will(const struct wire *wire, const struct record *record, uint8_t peer,
               struct datagram *ret);
#define WIRE_WILL_MAX 176

/* Loss of datagrams from that node in tenths of a percent, over the last thousand or two, or -1 if
 * too few came to say. */
int wire_loss_permille(const struct wire *wire, uint8_t peer);

#endif
