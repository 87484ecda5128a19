// SPDX-License-Identifier: MIT
#include "keeper/voted.h"

#include "conf/conf.h"
#include "keeper/clock.h"
#include "log/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BOOT_ID      "/proc/sys/kernel/random/boot_id"
#define SUFFIX       ".voted"
#define LEASE_MAX_MS (CONF_LEASE_MAX_NS / CLOCK_NS_PER_MS)
#define NOTE_MAX     160
#define NOTE_HEAD    "vipgossip-voted 1 "

uint64_t voted_abstain_ms(const struct voted *note, const char *boot_id, uint64_t now_ms)
{
    if (note == NULL || strcmp(note->boot_id, boot_id) != 0 || note->lease_ms > LEASE_MAX_MS)
        return LEASE_MAX_MS;
    const uint64_t former_ms = note->former_ms > now_ms ? note->former_ms - now_ms : 0;
    const uint64_t abstain_ms = note->lease_ms > former_ms ? note->lease_ms : former_ms;

    return abstain_ms < LEASE_MAX_MS ? abstain_ms : LEASE_MAX_MS;
}

/* The first line of a file, without its end. */
static int read_line(const char *path, char *text, size_t size)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t length;

    if (fd < 0)
        return -errno;
    length = read(fd, text, size - 1);
    (void)close(fd);
    if (length < 0)
        return -EIO;
    text[length] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return 0;
}

/* A number in decimal digits and nothing else. */
static bool parse_ms(const char *word, uint64_t *ret)
{
    char *end = NULL;

    if (word == NULL || word[0] < '0' || word[0] > '9')
        return false;
    errno = 0;
    *ret = strtoull(word, &end, 10);
    return errno == 0 && *end == '\0';
}

static bool read_note(const char *path, struct voted *ret)
{
    char text[NOTE_MAX];
    char *rest = text + strlen(NOTE_HEAD);
    const char *boot_id;

    if (read_line(path, text, sizeof(text)) < 0 || strncmp(text, NOTE_HEAD, strlen(NOTE_HEAD)) != 0)
        return false;
    boot_id = strtok_r(rest, " ", &rest);
    if (boot_id == NULL || strlen(boot_id) >= sizeof(ret->boot_id))
        return false;
    (void)snprintf(ret->boot_id, sizeof(ret->boot_id), "%s", boot_id);
    return parse_ms(strtok_r(NULL, " ", &rest), &ret->lease_ms) &&
           parse_ms(strtok_r(NULL, " ", &rest), &ret->former_ms) &&
           strtok_r(NULL, " ", &rest) == NULL;
}

static int write_all(int fd, const char *text)
{
    const size_t length = strlen(text);

    return write(fd, text, length) == (ssize_t)length ? 0 : -EIO;
}

/* As a whole or not at all. */
static int write_note(const char *path, const struct voted *note)
{
    char temporary[CONF_PATH_MAX + 32];
    char text[NOTE_MAX];
    int fd;
    int result;

    (void)snprintf(temporary, sizeof(temporary), "%s.new", path);
    (void)snprintf(text, sizeof(text), NOTE_HEAD "%s %" PRIu64 " %" PRIu64 "\n", note->boot_id,
                   note->lease_ms, note->former_ms);
    (void)unlink(temporary);
    fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return -errno;
    result = write_all(fd, text);
    (void)close(fd);
    if (result == 0 && rename(temporary, path) < 0)
        result = -errno;
    if (result < 0)
        (void)unlink(temporary);
    return result;
}

/* Without a note the next run abstains for as long as there are leases: safe as well. */
static int drop_note(const char *path, int error)
{
    log_warning("cannot write %s: %s; after a restart this node will not vote for %u s", path,
                strerror(-error), (unsigned)(LEASE_MAX_MS / 1000));
    return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

uint64_t voted_begin(const char *control_socket, uint64_t lease_ns, int *ret_error)
{
    const uint64_t now_ms = clock_now_ns() / CLOCK_NS_PER_MS;
    char path[CONF_PATH_MAX + 16];
    struct voted note = {.lease_ms = LEASE_MAX_MS};
    char boot_id[sizeof(note.boot_id)] = "";
    bool there;
    uint64_t abstain_ms;
    int result;

    (void)snprintf(path, sizeof(path), "%s" SUFFIX, control_socket);
    result = read_line(BOOT_ID, boot_id, sizeof(boot_id));
    there = result == 0 && boot_id[0] != '\0' && read_note(path, &note);
    abstain_ms = voted_abstain_ms(there ? &note : NULL, boot_id, now_ms);
    /* CLOCK_BOOTTIME may be slewed: an eighth more than it says. */
    note = (struct voted){.lease_ms = lease_ns / CLOCK_NS_PER_MS,
                          .former_ms = now_ms + abstain_ms + abstain_ms / 8};
    (void)snprintf(note.boot_id, sizeof(note.boot_id), "%s", boot_id);
    if (result == 0)
        result = write_note(path, &note);
    *ret_error = result < 0 ? drop_note(path, result) : 0;
    return abstain_ms * CLOCK_NS_PER_MS;
}
