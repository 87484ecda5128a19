// SPDX-License-Identifier: MIT
/*
 * The processes of this network namespace, from /proc. Those in containers with a network of their
 * own are none of ours.
 */
#include "doctor.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINK_BYTES 64

/* Says whether to go on. */
typedef bool visit_process(const struct doctor *doctor, long pid, void *arg);

static bool read_link(const struct doctor *doctor, const char *path, char text[static LINK_BYTES])
{
    char whole[DOCTOR_PATH_MAX];
    ssize_t length = -1;

    if (snprintf(whole, sizeof(whole), "%s%s", doctor->root, path) < (int)sizeof(whole))
        length = readlink(whole, text, LINK_BYTES - 1);
    text[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* Who may not look takes it for one of ours. */
static bool shares_network(const struct doctor *doctor, long pid)
{
    char path[DOCTOR_PATH_MAX];
    char ours[LINK_BYTES];
    char theirs[LINK_BYTES];

    (void)snprintf(path, sizeof(path), "/proc/%ld/ns/net", pid);
    return !read_link(doctor, path, theirs) || !read_link(doctor, "/proc/self/ns/net", ours) ||
           strcmp(ours, theirs) == 0;
}

/* A process that has ended and was not collected yet has no network any more that could be told. */
static bool is_dead(const struct doctor *doctor, long pid)
{
    char path[DOCTOR_PATH_MAX];
    char text[2048];
    const char *state;

    (void)snprintf(path, sizeof(path), "/proc/%ld/status", pid);
    (void)doctor_read(doctor, path, text, sizeof(text));
    state = strstr(text, "State:\t");
    return state != NULL && strchr("ZX", state[strlen("State:\t")]) != NULL;
}

static void each_process(const struct doctor *doctor, visit_process *visit, void *arg)
{
    char path[DOCTOR_PATH_MAX];
    const struct dirent *entry;
    DIR *listing;
    bool goes_on = true;

    (void)snprintf(path, sizeof(path), "%s/proc", doctor->root);
    listing = opendir(path);
    if (listing == NULL)
        return;
    while (goes_on && (entry = readdir(listing)) != NULL) {
        const long pid =
            isdigit((unsigned char)entry->d_name[0]) ? strtol(entry->d_name, NULL, 10) : 0;

        if (pid > 0 && shares_network(doctor, pid) && !is_dead(doctor, pid))
            goes_on = visit(doctor, pid, arg);
    }
    (void)closedir(listing);
}

static void read_name(const struct doctor *doctor, long pid, char name[static 16])
{
    char path[DOCTOR_PATH_MAX];

    (void)snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
    (void)doctor_read(doctor, path, name, 16);
}

/* The value of -c in one word ("-cFILE", "--config=FILE") or, if `next` is the word after it, in
 * two; NULL: it is none. */
static const char *option_value(const char *word, const char *next)
{
    static const char long_option[] = "--config";
    const size_t length = sizeof(long_option) - 1;

    if (strcmp(word, "-c") == 0 || strcmp(word, long_option) == 0)
        return next;
    if (strncmp(word, long_option, length) == 0 && word[length] == '=')
        return word + length + 1;
    return strncmp(word, "-c", 2) == 0 ? word + 2 : NULL;
}

static bool find_argument(const struct doctor *doctor, long pid, char *path, size_t size)
{
    char line[4096] = ""; /* words that end in NUL, and a NUL more than are read */
    char name[64];

    (void)snprintf(name, sizeof(name), "/proc/%ld/cmdline", pid);
    (void)doctor_read(doctor, name, line, sizeof(line) - 1);
    for (const char *word = line; *word != '\0'; word += strlen(word) + 1) {
        const char *value = option_value(word, word + strlen(word) + 1);

        if (value != NULL && value[0] == '/' && strlen(value) < size) {
            (void)snprintf(path, size, "%s", value);
            return true;
        }
    }
    return false;
}

bool doctor_find_file(const struct doctor *doctor, long pid, char *path, size_t size)
{
    char name[64];
    char text[2048];
    const char *parent;

    if (find_argument(doctor, pid, path, size))
        return true;
    (void)snprintf(name, sizeof(name), "/proc/%ld/status", pid);
    (void)doctor_read(doctor, name, text, sizeof(text));
    parent = strstr(text, "PPid:\t");
    return parent != NULL &&
           find_argument(doctor, strtol(parent + strlen("PPid:\t"), NULL, 10), path, size);
}

struct search {
    const char *name;
    unsigned long inode;
    long pid; /* the lowest: a daemon is older than its children */
    const char *found;
    char socket_owner[16];
};

static bool note_named(const struct doctor *doctor, long pid, void *arg)
{
    struct search *search = arg;
    char name[16];

    read_name(doctor, pid, name);
    if (strcmp(name, search->name) == 0 && (search->pid == 0 || pid < search->pid))
        search->pid = pid;
    return true;
}

long doctor_find_process(const struct doctor *doctor, const char *name)
{
    struct search search = {.name = name};

    each_process(doctor, note_named, &search);
    return search.pid;
}

static bool note_rival(const struct doctor *doctor, long pid, void *arg)
{
    static const char *const rivals[] = {"keepalived", "ucarp",      "vrrpd",    "uvrrpd",
                                         "carpd",      "pacemakerd", "kube-vip", "vip-manager",
                                         "wackamole",  "ctdbd"};
    struct search *search = arg;
    char name[16];

    read_name(doctor, pid, name);
    for (size_t i = 0; i < sizeof(rivals) / sizeof(rivals[0]); i++)
        if (strcmp(name, rivals[i]) == 0 && (search->pid == 0 || pid < search->pid)) {
            search->pid = pid;
            search->found = rivals[i];
        }
    return true;
}

const char *doctor_find_rival(const struct doctor *doctor, long *ret_pid)
{
    struct search search = {0};

    each_process(doctor, note_rival, &search);
    *ret_pid = search.pid;
    return search.found;
}

static bool has_socket(const struct doctor *doctor, long pid, unsigned long inode)
{
    char path[DOCTOR_PATH_MAX];
    char wanted[LINK_BYTES];
    char text[LINK_BYTES];
    const struct dirent *entry;
    bool found = false;
    DIR *listing;

    (void)snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
    (void)snprintf(path, sizeof(path), "%s/proc/%ld/fd", doctor->root, pid);
    listing = opendir(path);
    if (listing == NULL)
        return false;
    while (!found && (entry = readdir(listing)) != NULL) {
        (void)snprintf(path, sizeof(path), "/proc/%ld/fd/%.20s", pid, entry->d_name);
        found = read_link(doctor, path, text) && strcmp(text, wanted) == 0;
    }
    (void)closedir(listing);
    return found;
}

static bool note_owner(const struct doctor *doctor, long pid, void *arg)
{
    struct search *search = arg;

    if (!has_socket(doctor, pid, search->inode))
        return true;
    search->pid = pid;
    read_name(doctor, pid, search->socket_owner);
    return false;
}

long doctor_find_socket(const struct doctor *doctor, unsigned long inode, char name[static 16])
{
    struct search search = {.inode = inode};

    each_process(doctor, note_owner, &search);
    memcpy(name, search.socket_owner, sizeof(search.socket_owner));
    return search.pid;
}
