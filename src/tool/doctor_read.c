// SPDX-License-Identifier: MIT
#include "doctor.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILES_MAX 256 /* of a directory that are looked into */

/* O_NONBLOCK: a named pipe without a writer must not hang the doctor. */
static int open_below(const struct doctor *doctor, const char *path, int flags)
{
    char whole[DOCTOR_PATH_MAX];

    if (snprintf(whole, sizeof(whole), "%s%s", doctor->root, path) >= (int)sizeof(whole))
        return -1;
    return open(whole, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
}

bool doctor_read(const struct doctor *doctor, const char *path, char *text, size_t size)
{
    const int fd = open_below(doctor, path, 0);
    size_t length = 0;
    ssize_t got = 1;

    text[0] = '\0';
    if (fd < 0)
        return false;
    while (length < size - 1 && got > 0) {
        got = read(fd, text + length, size - 1 - length);
        if (got > 0)
            length += (size_t)got;
        else if (got < 0 && errno == EINTR)
            got = 1;
    }
    (void)close(fd);
    if (length > 0 && text[length - 1] == '\n')
        length--;
    text[length] = '\0';
    return got >= 0;
}

bool doctor_exists(const struct doctor *doctor, const char *path)
{
    char whole[DOCTOR_PATH_MAX];

    return snprintf(whole, sizeof(whole), "%s%s", doctor->root, path) < (int)sizeof(whole) &&
           access(whole, F_OK) == 0;
}

long doctor_read_number(const struct doctor *doctor, const char *format, ...)
{
    char path[DOCTOR_PATH_MAX];
    char text[64];
    char *end;
    va_list arguments;
    long number;

    va_start(arguments, format);
    (void)vsnprintf(path, sizeof(path), format, arguments);
    va_end(arguments);
    if (!doctor_read(doctor, path, text, sizeof(text)))
        return -1;
    errno = 0;
    number = strtol(text, &end, 10);
    return end == text || errno != 0 ? -1 : number;
}

void doctor_find_value(const char *text, const char *key, char *value, size_t size)
{
    const size_t length = strlen(key);

    value[0] = '\0';
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n' ? 1 : 0;
        if (strncmp(line, key, length) != 0 || line[length] != '=')
            continue;
        line += length + 1;
        (void)snprintf(value, size, "%.*s", (int)strcspn(line, "\r\n"), line);
    }
}

static bool is_part_of_word(char byte)
{
    return isalnum((unsigned char)byte) || byte == '.' || byte == ':';
}

bool doctor_file_mentions(const struct doctor *doctor, const char *path, const char *word)
{
    char text[DOCTOR_FILE_MAX];
    const size_t length = strlen(word);

    (void)doctor_read(doctor, path, text, sizeof(text));
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
        if ((at == text || !is_part_of_word(at[-1])) && !is_part_of_word(at[length]))
            return true;
    }
    return false;
}

bool doctor_mentions(const struct doctor *doctor, const char *directory, const char *word,
                     char found[static DOCTOR_PATH_MAX])
{
    const int fd = open_below(doctor, directory, O_DIRECTORY);
    DIR *listing = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    bool mentions = false;

    if (listing == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return false;
    }
    for (unsigned files = 0; files < FILES_MAX && !mentions; files++) {
        entry = readdir(listing);
        if (entry == NULL)
            break;
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(found, DOCTOR_PATH_MAX, "%s/%s", directory, entry->d_name);
        mentions = doctor_file_mentions(doctor, found, word);
    }
    (void)closedir(listing);
    return mentions;
}
