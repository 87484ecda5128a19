// SPDX-License-Identifier: MIT
#include "ipc/setup.h"

#include "ipc/checker.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* Nobody who has the descriptor can change or resize it any more, and nobody can lift that. */
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int write_all(int fd, const void *bytes, size_t length)
{
    const char *next = bytes;

    while (length > 0) {
        const ssize_t written = write(fd, next, length);
        if (written < 0 && errno != EINTR)
            return -errno;
        if (written > 0) {
            next += written;
            length -= (size_t)written;
        }
    }
    return 0;
}

struct span {
    const void *bytes;
    size_t size;
};

#define SPANS_MAX 3 /* a size of 0 is nothing */

static int write_sealed(const struct span parts[static SPANS_MAX])
{
    const int fd = memfd_create("vipgossip-setup", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int result = 0;

    if (fd < 0)
        return -errno;
    for (size_t i = 0; result == 0 && i < SPANS_MAX; i++)
        result = write_all(fd, parts[i].bytes, parts[i].size);
    if (result == 0 && fcntl(fd, F_ADD_SEALS, SEALS) < 0)
        result = -errno;
    if (result < 0) {
        (void)close(fd);
        return result;
    }
    return fd;
}

static int read_sealed(int fd, void *ret, size_t size)
{
    const int seals = fcntl(fd, F_GET_SEALS);
    char *next = ret;
    size_t length = 0;

    if (seals < 0 || (seals & SEALS) != SEALS)
        return -EBADMSG;
    if (lseek(fd, 0, SEEK_END) != (off_t)size)
        return -EBADMSG;
    while (length < size) {
        const ssize_t count = pread(fd, next + length, size - length, (off_t)length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return count < 0 ? -errno : -EBADMSG;
        length += (size_t)count;
    }
    return 0;
}

uint32_t ipc_build(void)
{
    return IPC_BUILD;
}

int ipc_setup_write(const struct ipc_setup *setup)
{
    static const struct conf_keys no_keys;
    const size_t after = offsetof(struct ipc_setup, keys) + sizeof(setup->keys);
    const struct span parts[SPANS_MAX] = {
        {setup, offsetof(struct ipc_setup, keys)},
        {&no_keys, sizeof(no_keys)},
        {(const char *)setup + after, sizeof(*setup) - after},
    };

    return write_sealed(parts);
}

int ipc_setup_read(int fd, struct ipc_setup *ret)
{
    const int result = read_sealed(fd, ret, sizeof(*ret));

    if (result < 0)
        return result;
    if (ret->magic != IPC_SETUP_MAGIC || ret->build != IPC_BUILD)
        return -EBADMSG;
    if (ret->conf.vip_count > CONF_VIPS_MAX || ret->self >= ret->conf.node_count)
        return -EBADMSG;
    return 0;
}

int ipc_checker_setup_write(const struct ipc_checker_setup *setup)
{
    const struct span parts[SPANS_MAX] = {{setup, sizeof(*setup)}};

    return write_sealed(parts);
}

int ipc_checker_setup_read(int fd, struct ipc_checker_setup *ret)
{
    const int result = read_sealed(fd, ret, sizeof(*ret));

    if (result < 0)
        return result;
    if (ret->magic != IPC_CHECKER_MAGIC || ret->build != IPC_BUILD)
        return -EBADMSG;
    if (ret->conf.check_count > CONF_CHECKS_MAX || ret->self >= ret->conf.node_count)
        return -EBADMSG;
    return 0;
}

int ipc_keys_send(int fd, const struct conf_keys *keys)
{
    const ssize_t length = send(fd, keys, sizeof(*keys), MSG_NOSIGNAL | MSG_DONTWAIT);

    return length == (ssize_t)sizeof(*keys) ? 0 : -errno;
}

int ipc_keys_receive(int fd, struct conf_keys *ret)
{
    const ssize_t length = recv(fd, ret, sizeof(*ret), MSG_DONTWAIT | MSG_TRUNC);

    if (length < 0)
        return -errno;
    return length == (ssize_t)sizeof(*ret) && ret->cluster_count <= 2 ? 0 : -EBADMSG;
}
