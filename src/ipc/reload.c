// SPDX-License-Identifier: MIT
#include "ipc/reload.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static int send_whole(int fd, const void *bytes, size_t length)
{
    if (send(fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
        return 0;
    return errno == ECONNRESET || errno == ENOTCONN ? -EPIPE : -errno;
}

int ipc_send_reload(int fd, const struct ipc_reload *reload)
{
    return send_whole(fd, reload, sizeof(*reload));
}

int ipc_send_verdict(int fd, const struct ipc_verdict *verdict)
{
    return send_whole(fd, verdict, sizeof(*verdict));
}

long ipc_receive_answer(int fd, union ipc_answer *ret)
{
    ssize_t length = recv(fd, ret, sizeof(*ret), MSG_DONTWAIT | MSG_TRUNC);

    if (length < 0 && errno == ECONNRESET) /* as in ipc.c: said once, before the last words */
        length = recv(fd, ret, sizeof(*ret), MSG_DONTWAIT | MSG_TRUNC);
    return length < 0 ? -errno : length;
}

static bool is_ended(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

/* Each is one that was there, or none. */
static bool are_former(const uint8_t *was, unsigned count, unsigned former)
{
    for (unsigned i = 0; i < count; i++)
        if (was[i] >= former && was[i] != CONF_NEW)
            return false;
    return true;
}

bool ipc_valid_reload(const struct ipc_reload *reload, size_t length, unsigned vip_count,
                      unsigned node_count)
{
    const struct ipc_setup *setup = &reload->setup;

    if (length != sizeof(*reload) || reload->type != IPC_RELOAD || reload->unused != 0 ||
        !is_ended(reload->text, sizeof(reload->text)))
        return false;
    if (setup->magic != IPC_SETUP_MAGIC || setup->build != ipc_build() ||
        !conf_is_sound(&setup->conf) || setup->self >= setup->conf.node_count ||
        setup->keys.cluster_count > sizeof(setup->keys.cluster) / sizeof(setup->keys.cluster[0]))
        return false;
    for (unsigned i = 0; i < setup->conf.vip_count; i++)
        if (!is_ended(setup->interfaces[i], sizeof(setup->interfaces[i])))
            return false;
    return are_former(reload->change.vip_was, setup->conf.vip_count, vip_count) &&
           are_former(reload->change.node_was, setup->conf.node_count, node_count) &&
           are_former(reload->change.check_was, setup->conf.check_count, CONF_CHECKS_MAX);
}

bool ipc_valid_verdict(const struct ipc_verdict *verdict, size_t length)
{
    return length == sizeof(*verdict) && verdict->type == IPC_VERDICT &&
           is_ended(verdict->text, sizeof(verdict->text));
}
