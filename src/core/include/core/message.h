// SPDX-License-Identifier: MIT
/*
 * message: what one datagram says, in the core's terms. ingress makes a message_in of bytes, egress
 * makes bytes of a message_out. A message_out always carries the sender's own newest record beside
 * what it names.
 *
 *   question  "answer at once with a record signed now, and with the newest that you have of the
 * nodes in `about`" answer    the id of the question that is answered: gives the round trip ask
 * "prove that the incarnation that I was told of is running": a challenge to `target` echo      the
 * proof, signed by `node`. Both may pass through one relay.
 */
#ifndef CORE_MESSAGE_H
#define CORE_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/record.h"

struct question {
    uint64_t id; /* 0: no question. Else the asker's clock, in ns: an answer needs no memory of the
                    question */
    uint8_t about_count;
    uint32_t about[NODES_MAX]; /* ids of nodes; what goes beyond MESSAGE_ABOUT_MAX needs more
                                  datagrams */
};

struct ask {
    uint32_t target;
    uint32_t asker;
    uint64_t challenge;
};

struct echo {
    uint32_t node;
    uint64_t incarnation;
    uint64_t seq; /* records of `node` are fresh from this one on */
    uint32_t asker;
    uint64_t challenge;
    uint8_t key_id; /* of the signature */
    uint8_t
        signature[SIGNATURE_BYTES]; /* opaque to the core; egress fills it in for its own echo */
};

/* What a voter says to a claim of a VIP in mode quorum. Only ever added to: they go over the wire.
 */
enum verdict {
    VERDICT_GRANTED,
    VERDICT_PROMISED,  /* to `holder`, for `rest_ms` */
    VERDICT_DEFERRED,  /* `holder` claims it too, and is preferred */
    VERDICT_ABSTAINED, /* this voter has started anew and may have promised it to somebody */
    VERDICT_REFUSED,   /* the lease is too long, or the VIP has another mode here */
    VERDICT_COUNT,
};

struct vote {
    uint32_t vip;
    uint32_t holder; /* id, or ID_NONE */
    uint32_t rest_ms;
    uint8_t verdict; /* enum verdict */
};

/* A voter's answer to the claims in one record. */
struct grant {
    uint64_t incarnation; /* of that record, and its seq */
    uint64_t seq;
    uint32_t voters;    /* hash of the set of voters that this one counts */
    uint8_t vote_count; /* 0: no grant */
    struct vote votes[VIPS_MAX];
};

/* A record as it came: how old the newest it can be, and by which way. */
struct message_record {
    struct record record;
    uint64_t age_ns; /* time it spent at relays */
};

struct message_in {
    uint8_t peer;         /* index of the node whose key made the datagram's MAC */
    uint64_t incarnation; /* of the sender, from the datagram's header */
    bool ended; /* it has; there is nothing here but what it asks about itself [SPEC R24] */
    uint8_t record_count;
    uint8_t ask_count;
    uint8_t echo_count;
    uint64_t answer; /* 0: none */
    struct question question;
    struct grant grant;
    struct message_record records[MESSAGE_RECORDS_MAX];
    struct ask asks[MESSAGE_ASKS_MAX];
    struct echo echoes[MESSAGE_ECHOES_MAX];
};

struct message_out {
    uint8_t relay_count;
    uint8_t ask_count;
    uint8_t echo_count;
    uint64_t answer;
    struct question question;
    struct grant grant;
    struct {
        uint8_t node; /* index: send the signed record of this node that core_member_seq() names */
        uint64_t age_ns; /* since this node got it, plus what it was aged before */
    } relays[NODES_MAX];
    struct ask asks[MESSAGE_ASKS_MAX];
    struct echo echoes[MESSAGE_ECHOES_MAX];
};

#endif
