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
#define NEW_NAME   FILE_NAME ".new"
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

/* Made where it is not there yet: once the keeper is confined it opens nothing any more. */
static int open_directory(const char *path)
{
    const int made = mkdir(path, 0755);
    const int fd =
        made < 0 && errno != EEXIST ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? -errno : fd;
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

    *drain = (struct drain){.directory = -1};
    if (length < 0) {
        log_error("%s/" FILE_NAME " says what this node is drained for and cannot be read (%s): "
                  "mend or remove it",
                  conf->state_dir, strerror((int)-length));
        return -1;
    }
    text[length] = '\0';
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
        take_line(drain, conf, line);
    drain->directory = open_directory(conf->state_dir);
    return 0;
}

void drain_close(struct drain *drain)
{
    if (drain->directory > 0)
        (void)close(drain->directory);
    drain->directory = -EBADF;
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

/* 0 once the text is on the disk under a name of its own, or -errno. */
static int write_new(int directory, const char *text, size_t length)
{
    int error = 0;
    ssize_t written;
    int fd;

    (void)unlinkat(directory, NEW_NAME, 0); /* of a write that a crash has ended */
    fd = openat(directory, NEW_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    written = write(fd, text, length);
    if (written < 0 || fsync(fd) < 0)
        error = -errno;
    else if ((size_t)written < length)
        error = -ENOSPC;
    if (close(fd) < 0 && error == 0)
        error = -errno;
    return error;
}

int drain_write(int directory, const char *text, size_t length)
{
    int error = directory < 0 ? directory : write_new(directory, text, length);

    if (error < 0)
        return error;
    if (renameat(directory, NEW_NAME, directory, FILE_NAME) < 0 || fsync(directory) < 0)
        return -errno;
    return 0;
}
