// SPDX-License-Identifier: MIT
/*
 * fake_kernel: addresses, links, neighbours and time for a keeper, in memory. It stands in for the
 * keeper's netlink.c, monitor.c and packet.c, and for CLOCK_BOOTTIME; it makes news of everything
 * as the kernel does, refuses what it is told to refuse, and watches that no address is touched but
 * those of the configuration.
 */
#ifndef FUZZ_FAKE_KERNEL_H
#define FUZZ_FAKE_KERNEL_H

#include "conf/conf.h"
#include "input.h"

#define FAKE_LINKS         2U
#define FAKE_ADDRESSES_MAX 16U
#define FAKE_NEWS_MAX      64U
#define FAKE_FRAME_BYTES   128U

struct fake_address {
    struct conf_address address;
    unsigned ifindex;
    bool ours;  /* with the mark, */
    bool added; /* by the keeper itself */
};

struct fake_link {
    char name[16];
    unsigned ifindex; /* 0: gone */
    bool up;
};

/* One change, as the kernel tells it. */
struct fake_news {
    bool is_link;
    bool gone;
    struct fake_address address;
    struct fake_link link;
};

struct fake_kernel {
    uint64_t now_ns;
    const struct conf *conf;
    struct fake_link links[FAKE_LINKS];
    struct fake_address addresses[FAKE_ADDRESSES_MAX];
    unsigned address_count;
    struct fake_news news[FAKE_NEWS_MAX];
    unsigned news_count;
    bool news_lost;
    int refusal;          /* errno with which requests fail, */
    unsigned refusals;    /* as many as that */
    bool removal_refused; /* some removal was refused, ever */
    bool queue_full;      /* frames are not taken */
    unsigned dump_errors; /* dumps that fail with EINTR */
    uint8_t frame[FAKE_FRAME_BYTES];
    size_t frame_length; /* 0: none has come */
};

/* The one that the keeper meets; NULL: none, and time is real. */
extern struct fake_kernel *fake_kernel;

void fake_kernel_reset(struct fake_kernel *kernel, const struct conf *conf);

/* What other programs do. */
void fake_kernel_add(struct fake_kernel *kernel, const struct fake_address *address);
void fake_kernel_delete(struct fake_kernel *kernel, const struct conf_address *address,
                        unsigned ifindex);
void fake_kernel_link(struct fake_kernel *kernel, unsigned index, unsigned ifindex, bool up);
/* The other one of its two names. */
void fake_kernel_rename(struct fake_kernel *kernel, unsigned index);

/* Is an address there that the keeper added? */
bool fake_kernel_has_added(const struct fake_kernel *kernel, const struct conf_address *address);

#endif
