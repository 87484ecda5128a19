// SPDX-License-Identifier: MIT
#include "engine/checker_link.h"

#include <errno.h>
#include <stdlib.h>

/* In one turn of the loop: the results of all checks, and some more. */
#define RESULTS_MAX (2U * CONF_CHECKS_MAX)

union packet {
    struct ipc_result result;
    struct ipc_swarm swarm;
};

static void lose(struct checker_link *link, const char *why)
{
    link->gone = true;
    (void)uv_poll_stop(&link->poll);
    link->handlers.gone(link->handlers.arg, why);
}

static void on_poll(uv_poll_t *poll, int status, int events);

/* Leaves the oldest out, sent or not. */
static void drop_first(struct checker_link *link)
{
    free(link->news[link->first]);
    link->first = (uint8_t)((link->first + 1) % CHECKER_NEWS_MAX);
    link->count--;
}

/* Sends what waits, and sees to being told when more can be sent. */
static void flush(struct checker_link *link)
{
    bool blocked = false;

    while (link->count > 0 && !blocked && !link->gone) {
        const struct ipc_news *news = link->news[link->first];
        int error = ipc_packet_send(link->fd, news, ipc_news_size(news->address_count));

        if (error == -EAGAIN || error == -ENOBUFS) {
            blocked = true;
        } else {
            drop_first(link); /* whatever else is wrong will be read as an end of file */
        }
    }
    if (!link->gone) {
        (void)uv_poll_start(&link->poll, blocked ? UV_READABLE | UV_WRITABLE : UV_READABLE,
                            on_poll);
    }
}

void checker_link_tell(struct checker_link *link, struct ipc_news *news)
{
    if (link->fd < 0 || link->gone) {
        free(news);
        return;
    }
    if (link->count == CHECKER_NEWS_MAX) {
        drop_first(link);
        link->lost++;
    }
    link->news[(link->first + link->count) % CHECKER_NEWS_MAX] = news;
    link->count++;
    flush(link);
}

/* Where a message is told by its size. False: it is none. */
static bool take(struct checker_link *link, const union packet *packet, size_t length)
{
    const bool is_swarm = length == sizeof packet->swarm;
    const bool is_result = length == sizeof packet->result;

    if ((is_swarm && packet->swarm.generation != link->generation) ||
        (is_result && packet->result.generation != link->generation)) {
        return true; /* of the checker before the last reload: its checks had other numbers */
    }
    if (is_swarm && ipc_swarm_is_valid(&packet->swarm, length, link->check_count)) {
        link->handlers.swarm(link->handlers.arg, &packet->swarm);
        return true;
    }
    if (is_result && ipc_result_is_valid(&packet->result, length, link->check_count)) {
        link->handlers.result(link->handlers.arg, &packet->result);
        return true;
    }
    return false;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct checker_link *link = poll->data;

    if (status == 0 && (events & UV_WRITABLE) != 0) {
        flush(link);
    }
    for (unsigned n = 0; n < RESULTS_MAX && !link->gone; n++) {
        union packet packet;
        long length = ipc_packet_receive(link->fd, &packet, sizeof packet);

        if (length == -EAGAIN) {
            return;
        }
        if (length <= 0) {
            lose(link, "it has ended for good");
        } else if (!take(link, &packet, (size_t)length)) {
            lose(link, "it sent a message that is none of this version");
        }
    }
}

int checker_link_open(struct checker_link *link, uv_loop_t *loop, int fd,
                      const struct checker_link_handlers *handlers)
{
    int error;

    link->fd = fd;
    link->handlers = *handlers;
    error = uv_poll_init(loop, &link->poll, fd);
    if (error != 0) {
        return error;
    }
    link->poll.data = link;
    return uv_poll_start(&link->poll, UV_READABLE, on_poll);
}

void checker_link_close(struct checker_link *link)
{
    while (link->count > 0) {
        drop_first(link);
    }
    uv_close((uv_handle_t *)&link->poll, NULL);
}
