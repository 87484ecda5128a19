// SPDX-License-Identifier: MIT
/*
 * checker: the messages between the checker and the engine, over a SOCK_SEQPACKET socketpair of
 * their own: results of checks and what a Docker engine says of its swarm one way, news for the
 * hook the other way. Each kind has a size of its own and no pointer, and is checked before anybody
 * looks at it. The engine links nothing that a check needs, and never waits for one.
 *
 * The checker is started by its supervisor (execve of libexec/vipgossip-checker) with these
 * descriptors, whenever conf_needs_checker():
 *   IPC_CHECKER_FD_ENGINE the socketpair
 *   IPC_CHECKER_FD_CONF   a sealed memfd that holds one struct ipc_checker_setup
 *   IPC_CHECKER_FD_ALIVE  a pipe: a byte each second says that its loop runs
 *   IPC_CHECKER_FD_ASK    a socketpair with the supervisor, struct ipc_neighbour both ways; where a
 *                         check is for a gateway
 *   IPC_CHECKER_FD_FORMER a pidfd of the supervisor before, where `follows`: its checker finishes
 *                         what runs and the calls of the hook that wait; those of this one begin
 *                         when it has ended
 * The supervisor tells it by IPC_CHECKER_RETIRE, which is blocked when it starts, that another one
 * takes its place.
 */
#ifndef IPC_CHECKER_H
#define IPC_CHECKER_H

#include "conf/conf.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IPC_CHECKER_FD_ENGINE 3
#define IPC_CHECKER_FD_CONF   4
#define IPC_CHECKER_FD_ALIVE  5
#define IPC_CHECKER_FD_ASK    6
#define IPC_CHECKER_FD_FORMER 7

#define IPC_CHECKER_RETIRE SIGUSR2

#define IPC_CHECKER_ALIVE_MS 1000 /* between two bytes of the pipe */

#define IPC_CHECKER_MAGIC 0x76695043U

#define IPC_DETAIL_MAX 96 /* bytes of a result's text, the NUL included */

enum ipc_outcome {
    IPC_OUTCOME_OK = 1,
    IPC_OUTCOME_FAILED,
    IPC_OUTCOME_UNKNOWN, /* it cannot be said: what was known stays */
};

/* Checker to engine: a check has run. */
struct ipc_result {
    uint16_t check;              /* index of conf.checks */
    uint16_t outcome;            /* enum ipc_outcome */
    uint32_t took_us;            /* how long it ran */
    uint32_t generation;         /* of the setup that the checker was started with */
    char detail[IPC_DETAIL_MAX]; /* what it found, for people; printable, the rest NUL */
};
_Static_assert(sizeof(struct ipc_result) == 12 + IPC_DETAIL_MAX, "no padding");

#define IPC_EXCEPTIONS_MAX 256

/* Checker to engine: what the Docker engine of a check says of its swarm. A key is the hash of a
 * NodeID, the last two bits of it 0. */
struct ipc_swarm {
    uint16_t check;      /* index of conf.checks */
    uint8_t knows;       /* 1: a manager, and what follows is what the swarm says now; else 0 */
    uint8_t unused;      /* 0 */
    uint32_t generation; /* of the setup that the checker was started with */
    uint64_t own;        /* key of this node; 0: it is in no swarm */
    uint32_t index;      /* of the swarm's log */
    uint32_t count;      /* of the nodes that are not active: */
    uint64_t exceptions[IPC_EXCEPTIONS_MAX]; /* key, and 2 paused or 3 drained; ascending; the rest
                                                is 0 */
};
_Static_assert(sizeof(struct ipc_swarm) == 24 + 8 * IPC_EXCEPTIONS_MAX, "no padding");

/* Is this what a checker of this configuration may send? */
bool ipc_swarm_is_valid(const void *bytes, size_t length, unsigned check_count);

/* What the hook is told of. The names are those of VIPGOSSIP_EVENT. */
enum ipc_news_event {
    IPC_NEWS_HOLDING = 1, /* this node holds the VIP */
    IPC_NEWS_STANDBY,     /* it does not any more */
    IPC_NEWS_FAULT,       /* the kernel refused, or somebody else owns an address */
    IPC_NEWS_CONFLICT,    /* another node holds it too, or a foreign host uses it */
    IPC_NEWS_REASSERT,    /* and does not any more, while this one does: say again where it is */
    IPC_NEWS_HEALTH,      /* a check of this node has failed, or is ok again */
};

#define IPC_NEWS_STATE_MAX  16
#define IPC_NEWS_REASON_MAX 232

/*
 * Engine to checker: something changed. Names and addresses are those of that moment: a reload may
 * give them other indexes while the news are on their way, or take them away. All texts are
 * printable, the rest NUL; an empty one is nobody, nothing.
 */
struct ipc_news {
    uint16_t event;                   /* enum ipc_news_event */
    uint16_t address_count;           /* of the VIP */
    char state[IPC_NEWS_STATE_MAX];   /* of the VIP on this node, or of the check */
    char reason[IPC_NEWS_REASON_MAX]; /* for people */
    char vip[CONF_NAME_MAX + 1];      /* IPC_NEWS_HEALTH: none */
    char holder[CONF_NAME_MAX + 1];   /* as this node sees it */
    char check[CONF_NAME_MAX + 1];    /* IPC_NEWS_HEALTH */
    struct conf_address addresses[];
};
_Static_assert(sizeof(struct ipc_news) ==
                   4 + IPC_NEWS_STATE_MAX + IPC_NEWS_REASON_MAX + 3 * (CONF_NAME_MAX + 1),
               "no padding");
_Static_assert(sizeof(struct conf_address) == 18, "no padding");

#define IPC_NEWS_BYTES_MAX \
    (sizeof(struct ipc_news) + CONF_ADDRESSES_MAX * sizeof(struct conf_address))

/* Bytes of news with so many addresses. */
size_t ipc_news_size(unsigned address_count);
/* Are these news that an engine may send? `bytes` is aligned for a struct ipc_news. */
bool ipc_news_are_valid(const void *bytes, size_t length);
/* "holding", "standby"... */
const char *ipc_news_event_name(enum ipc_news_event event);

/* Checker to supervisor: ask the gateway of a check whether it is there. Back: it is, by `mac`; or
 * it could not be asked. */
struct ipc_neighbour {
    uint16_t check; /* index of conf.checks */
    int16_t error;  /* errno, or 0 */
    uint8_t mac[6];
    uint8_t unused[2];
};
_Static_assert(sizeof(struct ipc_neighbour) == 12, "no padding");

/* Is this a result that a checker of this configuration may send? */
bool ipc_result_is_valid(const void *bytes, size_t length, unsigned check_count);

/* Copies `text` into `ret`, shortened to what fits in `size` bytes with a NUL, other than printable
 * ASCII replaced by '?'; the rest is NUL. */
void ipc_text_set(char *ret, size_t size, const char *text);

/* Sends one message. 0, -EAGAIN if the peer does not read, -EPIPE if it is gone, or another -errno.
 */
int ipc_packet_send(int fd, const void *bytes, size_t size);
/* Receives one. Its real length, which may be more than `size`, 0 at end of file, or -errno
 * (-EAGAIN: none). */
long ipc_packet_receive(int fd, void *ret, size_t size);

/* What the checker gets of the configuration: all but the keys. */
struct ipc_checker_setup {
    uint32_t magic;
    uint32_t build; /* ipc_build() of the supervisor, see ipc/setup.h */
    uint8_t self;   /* index of conf.nodes */
    uint8_t verbose;
    uint8_t follows; /* another one, see IPC_CHECKER_FD_FORMER */
    uint8_t unused;
    uint32_t generation; /* a reload that concerns it starts a checker of the next one */
    struct conf conf;
};

/* Writes `setup` into a new sealed memfd. The descriptor (close-on-exec), or -errno. */
int ipc_checker_setup_write(const struct ipc_checker_setup *setup);
/* Reads it back from `fd`. 0, or -errno (-EBADMSG: not of this build). */
int ipc_checker_setup_read(int fd, struct ipc_checker_setup *ret);

#endif
