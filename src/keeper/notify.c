// SPDX-License-Identifier: MIT
#include "keeper/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NS_PER_US 1000U

void notify_send(const char *text)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t length;
    int fd;

    if (path == NULL || (path[0] != '/' && path[0] != '@'))
        return;
    length = strlen(path);
    if (length > sizeof(to.sun_path))
        return;
    memcpy(to.sun_path, path, length);
    if (path[0] == '@')
        to.sun_path[0] = '\0'; /* a name in the abstract space; its length counts, not a NUL */
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    (void)sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&to,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
    (void)close(fd);
}

/* A positive number, or 0. */
static uint64_t environment_number(const char *name)
{
    const char *text = getenv(name);
    char *end;
    unsigned long long number;

    if (text == NULL || text[0] < '0' || text[0] > '9')
        return 0;
    number = strtoull(text, &end, 10);
    return *end == '\0' && number <= UINT64_MAX / NS_PER_US ? number : 0;
}

uint64_t notify_watchdog_ns(void)
{
    const uint64_t pid = environment_number("WATCHDOG_PID");

    if (getenv("WATCHDOG_PID") != NULL && pid != (uint64_t)getpid())
        return 0; /* of somebody else, who handed its environment down */
    return environment_number("WATCHDOG_USEC") * NS_PER_US / 2;
}
