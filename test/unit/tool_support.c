// SPDX-License-Identifier: MIT
#include "tool_support.h"

#include "tool/tool.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ARGUMENTS_MAX 8
#define DAEMON_LIFE_S 30 /* it ends by itself if the test forgets it */

struct run run_tool_to(const char *const arguments[], const char *input, FILE *out)
{
    struct run run = {.out = NULL, .err = NULL};
    char *argv[ARGUMENTS_MAX + 2] = {(char *)(uintptr_t) "vipgossip"};
    size_t size = 0;
    int argc = 1;

    for (; arguments[argc - 1] != NULL; argc++) {
        assert_true(argc <= ARGUMENTS_MAX);
        argv[argc] = (char *)(uintptr_t)arguments[argc - 1];
    }
    FILE *in = input[0] != '\0' ? fmemopen((char *)(uintptr_t)input, strlen(input), "r")
                                : fopen("/dev/null", "re");
    FILE *err = open_memstream(&run.err, &size);
    assert_non_null(in);
    assert_non_null(err);
    const struct tool_streams streams = {.in = in, .out = out, .err = err};
    run.code = tool_run(argc, argv, &streams);
    assert_int_equal(fclose(in), 0);
    assert_int_equal(fclose(err), 0);
    return run;
}

struct run run_tool(const char *const arguments[], const char *input)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    struct run run = run_tool_to(arguments, input, out);
    assert_int_equal(fclose(out), 0);
    run.out = text;
    return run;
}

void run_free(struct run *run)
{
    free(run->out);
    free(run->err);
}

struct directory directory_make(void)
{
    struct directory ret = {.path = "/tmp/vipgossip-tool-XXXXXX"};

    assert_non_null(mkdtemp(ret.path));
    return ret;
}

void directory_remove(const struct directory *directory)
{
    DIR *listing = opendir(directory->path);
    struct dirent *entry;

    assert_non_null(listing);
    while ((entry = readdir(listing)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            assert_int_equal(unlinkat(dirfd(listing), entry->d_name, 0), 0);
    }
    assert_int_equal(closedir(listing), 0);
    assert_int_equal(rmdir(directory->path), 0);
}

struct path path_in(const struct directory *directory, const char *name)
{
    struct path ret;

    assert_in_range(snprintf(ret.text, sizeof(ret.text), "%s/%s", directory->path, name), 1,
                    sizeof(ret.text));
    return ret;
}

/* In the child: one conversation. */
static void serve(int listener, int request, const void *answer, size_t length)
{
    const char *rest = answer;
    char byte = '\0';
    int client;

    (void)alarm(DAEMON_LIFE_S);
    client = accept(listener, NULL, NULL);
    while (client >= 0 && read(client, &byte, 1) == 1 && byte != '\n') {
        if (write(request, &byte, 1) != 1)
            _exit(1);
    }
    while (length > 0) {
        const ssize_t written = send(client, rest, length, MSG_NOSIGNAL);
        if (written <= 0)
            _exit(1);
        rest += written;
        length -= (size_t)written;
    }
    _exit(0);
}

struct daemon daemon_start(const char *path, const void *answer, size_t length)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct daemon ret;
    int ends[2];
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(listener >= 0);
    assert_true(strlen(path) < sizeof(address.sun_path));
    memcpy(address.sun_path, path, strlen(path) + 1);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(pipe(ends), 0);
    ret.pid = fork();
    assert_true(ret.pid >= 0);
    if (ret.pid == 0)
        serve(listener, ends[1], answer, length);
    ret.request = ends[0];
    (void)close(ends[1]);
    (void)close(listener);
    return ret;
}

struct path daemon_finish(struct daemon *daemon)
{
    struct path ret = {.text = ""};
    size_t used = 0;
    ssize_t got;

    while ((got = read(daemon->request, ret.text + used, sizeof(ret.text) - 1 - used)) > 0)
        used += (size_t)got;
    assert_int_equal(waitpid(daemon->pid, NULL, 0), daemon->pid);
    (void)close(daemon->request);
    return ret;
}
