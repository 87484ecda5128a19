// SPDX-License-Identifier: MIT
/*
 * tool_support: runs `vipgossip` inside a test, and a daemon that says whatever the test wants.
 */
#ifndef TOOL_SUPPORT_H
#define TOOL_SUPPORT_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/* What a run gave; the texts are freed by run_free(). */
struct run {
    int code;
    char *out;
    char *err;
};

/* Runs vipgossip with `arguments` (NULL-terminated, without the program's name) and this standard
 * input. */
struct run run_tool(const char *const arguments[], const char *input);
/* The same with its output on `out`. */
struct run run_tool_to(const char *const arguments[], const char *input, FILE *out);
void run_free(struct run *run);

/* A directory of its own for a test; removed with what is in it. */
struct directory {
    char path[64];
};
struct directory directory_make(void);
void directory_remove(const struct directory *directory);

/* A path in the directory. */
struct path {
    char text[128];
};
struct path path_in(const struct directory *directory, const char *name);

/* A process that listens at `path`, takes one connection and one line, writes `answer` and closes.
 * It is listening when this returns. */
struct daemon {
    pid_t pid;
    int request; /* the line that it got can be read here */
};
struct daemon daemon_start(const char *path, const void *answer, size_t length);
/* Waits for its end; the request that it got, without the newline. */
struct path daemon_finish(struct daemon *daemon);

#endif
