// SPDX-License-Identifier: MIT
/*
 * The keeper has CAP_NET_ADMIN for ever, so its list is short: netlink and packet sockets, the
 * socketpair, the end of the engine. No program is started from here on and no file is opened; one
 * may be removed, the control socket.
 */
#include "confine.h"

#include "privilege.h"

#include "log/log.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <libgen.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#define TYPE_MASK (SANDBOX_WHOLE & ~(uint64_t)(SOCK_CLOEXEC | SOCK_NONBLOCK))
#define SOCKET(family, type)            \
    {                                   \
        SCMP_SYS(socket),               \
        {                               \
            {0, SANDBOX_WHOLE, family}, \
            {                           \
                1, TYPE_MASK, type      \
            }                           \
        }                               \
    }

static const struct sandbox_call calls[] = {
    SOCKET(AF_PACKET, SOCK_RAW), /* listens for other owners of a VIP */
    SOCKET(AF_UNIX, SOCK_DGRAM), /* tells systemd; names of interfaces */
    SOCKET(AF_INET, SOCK_DGRAM), /* names of interfaces */
    SOCKET(AF_INET6, SOCK_DGRAM),
    {SCMP_SYS(bind), {{0}}},
    {SCMP_SYS(setsockopt), {{0}}},
    {SCMP_SYS(getsockopt), {{0}}},
    {SCMP_SYS(getsockname), {{0}}},
    {SCMP_SYS(recv), {{0}}},
    {SCMP_SYS(recvfrom), {{0}}},
    {SCMP_SYS(recvmsg), {{0}}},
    {SCMP_SYS(send), {{0}}},
    {SCMP_SYS(sendto), {{0}}},
    {SCMP_SYS(sendmsg), {{0}}},
    {SCMP_SYS(sendmmsg), {{0}}},
    {SCMP_SYS(ioctl), {{1, SANDBOX_WHOLE, SIOCGIFNAME}}},
    {SCMP_SYS(ioctl), {{1, SANDBOX_WHOLE, SIOCGIFINDEX}}},
    /* the end of the engine, and of the control socket */
    {SCMP_SYS(waitid), {{0}}},
    {SCMP_SYS(wait4), {{0}}},
    {SCMP_SYS(pidfd_send_signal), {{0}}},
    {SCMP_SYS(unlink), {{0}}},
    {SCMP_SYS(unlinkat), {{0}}},
};

static void close_files(const char *control_socket)
{
    char copy[sizeof(((struct sockaddr_un *)0)->sun_path)];

    (void)snprintf(copy, sizeof(copy), "%s", control_socket);
    sandbox_shut_files(dirname(copy), "keeper");
}

int confine_keeper(const struct confine *confine)
{
    const struct sandbox_list list = {calls, sizeof(calls) / sizeof(calls[0])};
    int result = privilege_drop_keeper(!confine->is_witness, confine->may_kill);

    if (result < 0)
        log_warning("cannot drop capabilities that are not needed: %s", strerror(-result));
    close_files(confine->control_socket);
    result = sandbox_filter_calls(&list);
    if (result == -ENOSYS) {
        log_info("no filter of system calls in the keeper: not built in, or the kernel has none");
        return 0;
    }
    if (result < 0) {
        log_error("cannot filter the keeper's system calls: %s", strerror(-result));
        return -1;
    }
    return 0;
}
