// SPDX-License-Identifier: MIT
#include "keeper/drain.h"

#include "log/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME  "drained"
#define WHOLE_NODE "*"

static void take_line(struct drain *drain, const struct conf *conf, const char *line)
{
    if (strcmp(line, WHOLE_NODE) == 0) {
        drain->node = true;
        return;
    }
    for (unsigned vip = 0; vip < conf->vip_count; vip++)
        if (strcmp(line, conf->vips[vip].name) == 0) {
            drain->vips |= UINT32_C(1) << vip;
            return;
        }
    if (line[0] != '\0')
        log_notice("this node was drained for a VIP that is not configured any more: %.*s",
                   CONF_NAME_MAX, line);
}

/* Made where it is not there yet: once the keeper is confined it opens no file any more. */
static int open_file(const char *directory)
{
    int result;
    int at;

    if (mkdir(directory, 0755) < 0 && errno != EEXIST)
        return -errno;
    at = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return -errno;
    result = openat(at, FILE_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (result < 0)
        result = -errno;
    /* The name has to be on the disk as well. */
    (void)fsync(at);
    (void)close(at);
    return result;
}

/* Bytes, or -errno. `text` has room for one byte more. */
static long read_file(const char *directory, char *text)
{
    char path[CONF_PATH_MAX + sizeof(FILE_NAME) + 1];
    ssize_t length;
    int fd;

    (void)snprintf(path, sizeof(path), "%s/" FILE_NAME, directory);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
    length = read(fd, text, DRAIN_TEXT_MAX + 1);
    if (length < 0)
        length = -errno;
    (void)close(fd);
    return length > DRAIN_TEXT_MAX ? -EFBIG : length;
}

int drain_open(struct drain *drain, const struct conf *conf)
{
    char text[DRAIN_TEXT_MAX + 2] = "";
    char *rest = text;
    const long length = read_file(conf->state_dir, text);

    *drain = (struct drain){.fd = -1};
    if (length < 0) {
        log_error("%s/" FILE_NAME " says what this node is drained for and cannot be read (%s): "
                  "mend or remove it",
                  conf->state_dir, strerror((int)-length));
        return -1;
    }
    text[length] = '\0';
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
        take_line(drain, conf, line);
    drain->fd = open_file(conf->state_dir);
    return 0;
}

void drain_close(struct drain *drain)
{
    if (drain->fd > 0)
        (void)close(drain->fd);
    drain->fd = -EBADF;
}

size_t drain_text(const struct conf *conf, bool node, uint32_t vips, char *text)
{
    size_t length = (size_t)snprintf(text, DRAIN_TEXT_MAX + 1, "%s", node ? WHOLE_NODE "\n" : "");

    for (unsigned vip = 0; vip < conf->vip_count; vip++)
        if ((vips >> vip & 1) != 0)
            length += (size_t)snprintf(text + length, DRAIN_TEXT_MAX + 1 - length, "%s\n",
                                       conf->vips[vip].name);
    return length;
}

int drain_write(int fd, const char *text, size_t length)
{
    ssize_t written;

    if (fd < 0)
        return fd;
    /* In place: the file is smaller than a page. */
    written = pwrite(fd, text, length, 0);
    if (written < 0 || ftruncate(fd, written) < 0 || fsync(fd) < 0)
        return -errno;
    return (size_t)written < length ? -ENOSPC : 0;
}
