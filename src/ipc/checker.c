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

void ipc_detail_set(char ret[static IPC_DETAIL_MAX], const char *text)
{
    size_t length = 0;

    for (; length < IPC_DETAIL_MAX - 1 && text[length] != '\0'; length++)
        ret[length] = text[length];
    for (size_t i = 0; i < length; i++)
        if (!is_printable(ret[i]))
            ret[i] = '?';
    memset(ret + length, 0, IPC_DETAIL_MAX - length);
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
    const ssize_t length = recv(fd, ret, size, MSG_DONTWAIT | MSG_TRUNC);

    if (length >= 0)
        return length;
    /* The peer died with something of ours unread; that is an end of file as well. */
    return errno == ECONNRESET ? 0 : -errno;
}
