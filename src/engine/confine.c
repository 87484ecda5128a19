// SPDX-License-Identifier: MIT
/*
 * What a taken-over engine could still do is on this list: speak UDP, answer the clients of the
 * control socket and talk with the keeper. There is no call that takes a path, none that starts a
 * program, none that sends a signal to another process, and no socket but UDP: no packet socket, no
 * netlink, no way to the other sockets of this host.
 */
#include "confine.h"

#include "log/log.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* SOCK_DGRAM, with or without SOCK_CLOEXEC and SOCK_NONBLOCK. */
#define TYPE_MASK (SANDBOX_WHOLE & ~(uint64_t)(SOCK_CLOEXEC | SOCK_NONBLOCK))

/* An address of this node may come back while it runs: sockets are opened then. */
#define UDP_SOCKET(family)                                          \
    {                                                               \
        SCMP_SYS(socket),                                           \
        {                                                           \
            {0, SANDBOX_WHOLE, family}, {1, TYPE_MASK, SOCK_DGRAM}, \
            {                                                       \
                2, SANDBOX_WHOLE, 0                                 \
            }                                                       \
        }                                                           \
    }

static const struct sandbox_call calls[] = {
    UDP_SOCKET(AF_INET),
    UDP_SOCKET(AF_INET6),
    {SCMP_SYS(bind), {{0}}},
    {SCMP_SYS(setsockopt), {{0}}},
    {SCMP_SYS(getsockopt), {{0}}},
    {SCMP_SYS(getsockname), {{0}}},
    {SCMP_SYS(getpeername), {{0}}},
    {SCMP_SYS(recv), {{0}}},
    {SCMP_SYS(recvfrom), {{0}}},
    {SCMP_SYS(recvmsg), {{0}}},
    {SCMP_SYS(recvmmsg), {{0}}},
    {SCMP_SYS(recvmmsg_time64), {{0}}},
    {SCMP_SYS(send), {{0}}},
    {SCMP_SYS(sendto), {{0}}},
    {SCMP_SYS(sendmsg), {{0}}},
    {SCMP_SYS(sendmmsg), {{0}}},
    /* clients of the control socket */
    {SCMP_SYS(accept), {{0}}},
    {SCMP_SYS(accept4), {{0}}},
    {SCMP_SYS(shutdown), {{0}}},
    /* the loop: libuv */
    {SCMP_SYS(epoll_ctl), {{0}}},
    {SCMP_SYS(epoll_wait), {{0}}},
    {SCMP_SYS(epoll_pwait), {{0}}},
    {SCMP_SYS(epoll_pwait2), {{0}}},
    {SCMP_SYS(ioctl), {{1, SANDBOX_WHOLE, FIONBIO}}},
    {SCMP_SYS(ioctl), {{1, SANDBOX_WHOLE, FIOCLEX}}},
    {SCMP_SYS(ioctl), {{1, SANDBOX_WHOLE, FIONREAD}}},
};

int confine_engine(void)
{
    const struct sandbox_list list = {calls, sizeof(calls) / sizeof(calls[0])};
    int result;

    sandbox_shut_files(NULL, "engine");
    result = sandbox_filter_calls(&list);
    if (result == -ENOSYS) {
        log_info("no filter of system calls in the engine: not built in, or the kernel has none");
        return 0;
    }
    if (result < 0)
        log_error("cannot filter the engine's system calls: %s", strerrordesc_np(-result));
    return result;
}
