// SPDX-License-Identifier: MIT
#include "ipc/setup.h"

#include "ipc/checker.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
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

static int write_sealed(const void *bytes, size_t size)
{
    const int fd = memfd_create("vipgossip-setup", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int result;

    if (fd < 0)
        return -errno;
    result = write_all(fd, bytes, size);
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

int ipc_setup_write(const struct ipc_setup *setup)
{
    return write_sealed(setup, sizeof(*setup));
}

int ipc_setup_read(int fd, struct ipc_setup *ret)
{
    const int result = read_sealed(fd, ret, sizeof(*ret));

    if (result < 0)
        return result;
    if (ret->magic != IPC_SETUP_MAGIC || ret->size != sizeof(*ret))
        return -EBADMSG;
    if (ret->conf.vip_count > CONF_VIPS_MAX || ret->self >= ret->conf.node_count)
        return -EBADMSG;
    return 0;
}

int ipc_checker_setup_write(const struct ipc_checker_setup *setup)
{
    return write_sealed(setup, sizeof(*setup));
}

int ipc_checker_setup_read(int fd, struct ipc_checker_setup *ret)
{
    const int result = read_sealed(fd, ret, sizeof(*ret));

    if (result < 0)
        return result;
    if (ret->magic != IPC_CHECKER_MAGIC || ret->size != sizeof(*ret))
        return -EBADMSG;
    if (ret->conf.check_count > CONF_CHECKS_MAX || ret->self >= ret->conf.node_count)
        return -EBADMSG;
    return 0;
}
