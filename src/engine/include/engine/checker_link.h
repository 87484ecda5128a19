// SPDX-License-Identifier: MIT
/*
 * checker_link: the conversation with the checker. The engine needs no word from it: without a
 * checker the last results count on.
 */
#ifndef ENGINE_CHECKER_LINK_H
#define ENGINE_CHECKER_LINK_H

#include <uv.h>

#include "core/mono.h"
#include "ipc/checker.h"

struct checker_link_handlers {
    void (*result)(void *arg, const struct ipc_result *result);
    void (*swarm)(void *arg, const struct ipc_swarm *swarm);
    /* There is no checker any more, and there will be none. `why` is a phrase. */
    void (*gone)(void *arg, const char *why);
    void *arg;
};

/* News that a hook which takes long may leave waiting here, beside those in the socket. */
#define CHECKER_NEWS_MAX 64

struct checker_link {
    uv_poll_t poll;
    int fd; /* -1: there is no checker */
    uint8_t check_count;
    uint32_t generation; /* of the checker whose results count */
    bool gone;
    uint8_t first; /* of the news that wait */
    uint8_t count;
    uint32_t lost; /* news that there was no room for */
    struct ipc_news *news[CHECKER_NEWS_MAX];
    struct checker_link_handlers handlers;
};

/* What is known of a check beside its state, which is the core's. */
struct checker_note {
    bool heard;
    struct mono heard_at; /* its newest result */
    char detail[IPC_DETAIL_MAX];
};

/* Starts to listen on `fd`, which stays the caller's. Returns 0 or -errno. `link` must live until
 * the loop has run after checker_link_close(). */
int checker_link_open(struct checker_link *link, uv_loop_t *loop, int fd,
                      const struct checker_link_handlers *handlers);
void checker_link_close(struct checker_link *link);

/* Tells the hook, in order, and frees `news` then. Never waits: of more than CHECKER_NEWS_MAX that
 * nobody reads, the oldest are left out. */
void checker_link_tell(struct checker_link *link, struct ipc_news *news);

#endif
