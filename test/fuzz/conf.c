// SPDX-License-Identifier: MIT
/*
 * A configuration file of any bytes: it is refused with one line that names the file, or what it
 * says is within every bound. The daemon reads it in a child, because libconfuse may call exit();
 * here that is a finding: what makes it do so is to be refused before it sees it.
 *
 * The parser keeps state of its own between two files. So some inputs are read twice, with a good
 * file in between, and have to mean the same.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conf_guard.h"
#include "input.h"

static const char good[] = "cluster = \"c\"\nkey_file = \"/k\"\n"
                           "node \"a\" { address = {\"10.0.0.1\"} }\n"
                           "vip \"v\" { address = \"10.0.0.9\" }\n";

/* One in so many inputs, by its length. */
#define AGAIN 8

struct outcome {
    int result;
    struct conf conf;
    struct conf_error error;
};

/* A file in memory: what is read is a path, and no disk is worn out. */
struct file {
    int fd;
    char path[32];
};

static void file_open(struct file *file)
{
    file->fd = memfd_create("conf", MFD_CLOEXEC);
    MUST(file->fd >= 0);
    (void)snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
}

static void file_write(const struct file *file, const void *bytes, size_t length)
{
    MUST(ftruncate(file->fd, 0) == 0);
    MUST(pwrite(file->fd, bytes, length, 0) == (ssize_t)length);
}

static void read_file(const struct file *file, struct outcome *ret)
{
    memset(&ret->conf, 0xA5, sizeof(ret->conf));
    memset(&ret->error, 0, sizeof(ret->error));
    ret->result = conf_read_file(file->path, NULL, &ret->conf, &ret->error);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct file file;
    static struct outcome *first;
    static struct outcome *second;
    if (first == NULL) {
        first = malloc(sizeof(*first));
        second = malloc(sizeof(*second));
        MUST(first != NULL && second != NULL);
        file_open(&file);
        (void)unsetenv("VIPGOSSIP_NODE");
    }
    file_write(&file, bytes, length);
    read_file(&file, first);
    conf_guard_check(first->result, &first->conf, &first->error, file.path);
    if (length % AGAIN != 0)
        return 0;

    file_write(&file, good, sizeof(good) - 1);
    read_file(&file, second);
    MUST(second->result == 0);

    file_write(&file, bytes, length);
    read_file(&file, second);
    MUST(second->result == first->result && strcmp(second->error.text, first->error.text) == 0);
    MUST(memcmp(&second->conf, &first->conf, sizeof(first->conf)) == 0);
    return 0;
}
