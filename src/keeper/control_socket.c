// SPDX-License-Identifier: MIT
#include "keeper/control_socket.h"

#include "privilege.h"

#include "ipc/control.h"
#include "log/log.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A daemon that was killed a moment ago may leave an engine that is still dying and has the socket
 * open: wait that out before somebody is called a rival. */
#define RIVAL_CHECKS  20
#define RIVAL_WAIT_US 50000

/* Opens the directory of `path`, which is made if it is missing. The descriptor or -errno. */
static int open_directory(const char *path)
{
    char copy[sizeof(((struct sockaddr_un *)0)->sun_path)];
    const char *directory;
    int fd;

    (void)snprintf(copy, sizeof(copy), "%s", path);
    directory = dirname(copy);
    if (mkdir(directory, 0755) < 0 && errno != EEXIST)
        return -errno;
    fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static bool is_listened_on(const struct sockaddr_un *address)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const bool refused = fd >= 0 &&
                         connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
                         errno == ECONNREFUSED;

    if (fd >= 0)
        (void)close(fd);
    return !refused;
}

/* Removes a socket that nobody listens on. 0, or -errno: -EADDRINUSE if somebody does. */
static int remove_stale(const struct sockaddr_un *address)
{
    struct stat status;
    int checks = 0;

    if (lstat(address->sun_path, &status) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(status.st_mode))
        return -EEXIST;
    while (is_listened_on(address)) {
        if (++checks == RIVAL_CHECKS)
            return -EADDRINUSE;
        (void)usleep(RIVAL_WAIT_US);
    }
    return unlink(address->sun_path) < 0 ? -errno : 0;
}

/* Where the keeper has the group itself, as under systemd, nothing is to be done, nor allowed. */
static bool has_group(const char *path, gid_t group)
{
    struct stat status;

    return lstat(path, &status) == 0 && status.st_gid == group;
}

/* The socket is never more open than in the end: 0660 from its first moment on, and for root's
 * group until it gets its own. */
static int bind_with_mode(int fd, const struct sockaddr_un *address)
{
    const struct group *group = getgrnam(PRIVILEGE_GROUP);
    const mode_t mask = umask(0117);
    const int result = bind(fd, (const struct sockaddr *)address, sizeof(*address));
    const int error = errno;

    (void)umask(mask);
    if (result < 0)
        return -error;
    if (group != NULL && !has_group(address->sun_path, group->gr_gid) &&
        lchown(address->sun_path, (uid_t)-1, group->gr_gid) < 0)
        log_warning("%s: cannot give it to group %s: %s", address->sun_path, PRIVILEGE_GROUP,
                    strerror(errno));
    return listen(fd, CONTROL_CLIENTS_MAX) < 0 ? -errno : 0;
}

/* Two daemons that start at once take turns: the directory is locked meanwhile. */
static int open_locked(const struct sockaddr_un *address, int *ret_fd)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int result = fd < 0 ? -errno : remove_stale(address);

    if (result == 0)
        result = bind_with_mode(fd, address);
    if (result < 0 && fd >= 0)
        (void)close(fd);
    *ret_fd = fd;
    return result;
}

int control_socket_open(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int directory = open_directory(path);
    int result = directory;
    int fd = -1;

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    if (directory >= 0) {
        result = flock(directory, LOCK_EX) < 0 ? -errno : open_locked(&address, &fd);
        (void)close(directory);
    }
    if (result == -EADDRINUSE)
        log_error("another vipgossipd listens on %s; a second one on this host needs a "
                  "control_socket and a state_dir of its own",
                  path);
    else if (result == -EEXIST)
        log_error("%s is there and is no socket; remove it, or set control_socket", path);
    else if (result < 0)
        log_error("control socket %s: %s", path, strerror(-result));
    return result < 0 ? -1 : fd;
}

void control_socket_close(int fd, const char *path)
{
    (void)unlink(path);
    (void)close(fd);
}
