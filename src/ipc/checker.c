// SPDX-License-Identifier: MIT
#include "ipc/checker.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static bool is_printable(char byte)
{
    return byte >= ' ' && byte <= '~';
}

/* Printable up to the first NUL, which is there, and nothing but NULs from there on. */
static bool text_is_valid(const char *text, size_t size)
{
    size_t length = 0;

    while (length < size && is_printable(text[length]))
        length++;
    if (length == size)
        return false;
    for (size_t i = length; i < size; i++)
        if (text[i] != '\0')
            return false;
    return true;
}

bool ipc_result_is_valid(const void *bytes, size_t length, unsigned check_count)
{
    struct ipc_result result;

    if (length != sizeof(result))
        return false;
    memcpy(&result, bytes, sizeof(result));
    return result.check < check_count && result.outcome >= IPC_OUTCOME_OK &&
           result.outcome <= IPC_OUTCOME_UNKNOWN &&
           text_is_valid(result.detail, sizeof(result.detail));
}

#define KEY_MASK (~UINT64_C(3))

bool ipc_swarm_is_valid(const void *bytes, size_t length, unsigned check_count)
{
    struct ipc_swarm swarm;
    uint64_t last = 0;

    if (length != sizeof(swarm))
        return false;
    memcpy(&swarm, bytes, sizeof(swarm));
    if (swarm.check >= check_count || swarm.knows > 1 || swarm.unused != 0 ||
        (swarm.own & ~KEY_MASK) != 0 || swarm.count > IPC_EXCEPTIONS_MAX)
        return false;
    if (swarm.knows == 0 && (swarm.count != 0 || swarm.index != 0))
        return false;
    for (unsigned i = 0; i < IPC_EXCEPTIONS_MAX; i++) {
        const uint64_t key = swarm.exceptions[i] & KEY_MASK;

        if (i >= swarm.count ? swarm.exceptions[i] != 0
                             : key <= last || (swarm.exceptions[i] & ~KEY_MASK) < 2)
            return false;
        last = key;
    }
    return true;
}

void ipc_text_set(char *ret, size_t size, const char *text)
{
    size_t length = 0;

    for (; length < size - 1 && text[length] != '\0'; length++)
        ret[length] = is_printable(text[length]) ? text[length] : '?';
    memset(ret + length, 0, size - length);
}

static const char *const event_names[] = {
    [IPC_NEWS_HOLDING] = "holding",   [IPC_NEWS_STANDBY] = "standby",
    [IPC_NEWS_FAULT] = "fault",       [IPC_NEWS_CONFLICT] = "conflict",
    [IPC_NEWS_REASSERT] = "reassert", [IPC_NEWS_HEALTH] = "health",
};

const char *ipc_news_event_name(enum ipc_news_event event)
{
    return event_names[event];
}

size_t ipc_news_size(unsigned address_count)
{
    return sizeof(struct ipc_news) + address_count * sizeof(struct conf_address);
}

static bool addresses_are_valid(const struct ipc_news *news)
{
    for (unsigned i = 0; i < news->address_count; i++)
        if (news->addresses[i].family != AF_INET && news->addresses[i].family != AF_INET6)
            return false;
    return true;
}

bool ipc_news_are_valid(const void *bytes, size_t length)
{
    const struct ipc_news *news = bytes;
    const bool is_health = length >= sizeof(*news) && news->event == IPC_NEWS_HEALTH;

    if (length < sizeof(*news) || news->event < IPC_NEWS_HOLDING || news->event > IPC_NEWS_HEALTH ||
        news->address_count > CONF_ADDRESSES_MAX || length != ipc_news_size(news->address_count))
        return false;
    return text_is_valid(news->state, sizeof(news->state)) &&
           text_is_valid(news->reason, sizeof(news->reason)) &&
           text_is_valid(news->vip, sizeof(news->vip)) && (news->vip[0] == '\0') == is_health &&
           text_is_valid(news->holder, sizeof(news->holder)) &&
           text_is_valid(news->check, sizeof(news->check)) &&
           (news->check[0] != '\0') == is_health && addresses_are_valid(news);
}

int ipc_packet_send(int fd, const void *bytes, size_t size)
{
    if (send(fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
        return 0;
    return errno == ECONNRESET || errno == ENOTCONN ? -EPIPE : -errno;
}

long ipc_packet_receive(int fd, void *ret, size_t size)
{
    /* MSG_TRUNC makes recv() return the real length: a datagram that is too long is not valid. */
    ssize_t length = recv(fd, ret, size, MSG_DONTWAIT | MSG_TRUNC);

    /* The peer died with something of ours unread. That is said once, before its own last words. */
    if (length < 0 && errno == ECONNRESET)
        length = recv(fd, ret, size, MSG_DONTWAIT | MSG_TRUNC);
    return length < 0 ? -errno : length;
}
