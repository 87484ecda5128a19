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
#define FILE_NEW   "drained.new"
#define WHOLE_NODE "*"

/* Every VIP's name and its newline; a file that is longer is none of ours. */
#define FILE_BYTES_MAX (CONF_VIPS_MAX * (CONF_NAME_MAX + 1) + 2)

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

/* Bytes, or -errno. `text` has room for one byte more. */
static long read_file(int directory, char *text)
{
    const int fd = openat(directory, FILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t length;

    if (fd < 0)
        return -errno;
    length = read(fd, text, FILE_BYTES_MAX + 1);
    if (length < 0)
        length = -errno;
    (void)close(fd);
    return length > FILE_BYTES_MAX ? -EFBIG : length;
}

static int open_directory(const char *path)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

int drain_open(struct drain *drain, const struct conf *conf)
{
    char text[FILE_BYTES_MAX + 2] = "";
    char *rest = text;
    long length;

    *drain = (struct drain){.directory = -1};
    drain->directory = open_directory(conf->state_dir);
    if (drain->directory < 0)
        return 0;
    length = read_file(drain->directory, text);
    if (length == -ENOENT)
        return 0;
    if (length < 0) {
        log_error("%s/" FILE_NAME " says what this node is drained for and cannot be read (%s): "
                  "mend or remove it",
                  conf->state_dir, strerror((int)-length));
        return -1;
    }
    text[length] = '\0';
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
        take_line(drain, conf, line);
    return 0;
}

void drain_close(struct drain *drain)
{
    if (drain->directory > 0)
        (void)close(drain->directory);
}

static size_t write_text(const struct conf *conf, bool node, uint32_t vips, char *text, size_t size)
{
    size_t length = (size_t)snprintf(text, size, "%s", node ? WHOLE_NODE "\n" : "");

    for (unsigned vip = 0; vip < conf->vip_count; vip++)
        if ((vips >> vip & 1) != 0)
            length += (size_t)snprintf(text + length, size - length, "%s\n", conf->vips[vip].name);
    return length;
}

static int write_file(int directory, const char *text, size_t length)
{
    const int fd =
        openat(directory, FILE_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    ssize_t written;
    int result = 0;

    if (fd < 0)
        return -errno;
    written = write(fd, text, length);
    if (written < 0 || fsync(fd) < 0)
        result = -errno;
    else if ((size_t)written < length)
        result = -ENOSPC;
    (void)close(fd);
    if (result == 0 && renameat(directory, FILE_NEW, directory, FILE_NAME) < 0)
        result = -errno;
    return result;
}

int drain_keep(struct drain *drain, const struct conf *conf, bool node, uint32_t vips)
{
    char text[FILE_BYTES_MAX + 1];
    const size_t length = write_text(conf, node, vips, text, sizeof(text));
    int result = 0;

    if (drain->directory == -ENOENT && mkdir(conf->state_dir, 0755) == 0)
        drain->directory = open_directory(conf->state_dir);
    if (drain->directory < 0)
        return drain->directory == -ENOENT && length == 0 ? 0 : drain->directory;
    if (length > 0)
        result = write_file(drain->directory, text, length);
    else if (unlinkat(drain->directory, FILE_NAME, 0) < 0 && errno != ENOENT)
        result = -errno;
    /* The name has to be on the disk as well. */
    if (result == 0 && fsync(drain->directory) < 0)
        result = -errno;
    if (result == 0) {
        drain->node = node;
        drain->vips = vips;
    }
    return result;
}
