// SPDX-License-Identifier: MIT
/*
 * scribe: the steward's part in what outlives a restart. Each order of the keeper is one text for
 * the file "drained"; it is written, and brought to the disk, by a child that may hang as long as
 * the disk does and holds up nobody. One at a time, in order: the answer is the child's end.
 */
#ifndef KEEPER_SCRIBE_H
#define KEEPER_SCRIBE_H

#include "keeper/drain.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Both cross a SOCK_SEQPACKET socketpair; both ends are the same program. */
struct scribe_order {
    uint64_t sequence;
    uint32_t length; /* of `text`, at most DRAIN_TEXT_MAX */
    char text[DRAIN_TEXT_MAX + 2];
};

struct scribe_answer {
    uint64_t sequence; /* of the order */
    int32_t error;     /* 0: it is on the disk; or -errno */
    uint32_t unused;
};

struct scribe {
    int fd;        /* to the keeper; -1: it has ended */
    int directory; /* of struct drain */
    pid_t pid;     /* of the child that writes, 0: there is none */
    int pidfd;
    uint64_t sequence; /* of what it writes */
};

/* What to wait for. */
struct pollfd scribe_source(const struct scribe *scribe);

/* Begins the next order, or answers the one that is done. Does not wait. */
void scribe_serve(struct scribe *scribe);

/* Gives a child that writes at most that long, then ends it. */
void scribe_stop(struct scribe *scribe, int patience_ms);

#endif
