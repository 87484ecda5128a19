// SPDX-License-Identifier: MIT
/* The checker in a child of the test, whose end of the engine's socket the test has. */
#ifndef CHECKER_SUPPORT_H
#define CHECKER_SUPPORT_H

#include "checker/checker.h"

#include <sys/types.h>

#define NS_PER_MS UINT64_C(1000000)

struct run {
    struct ipc_checker_setup setup;
    int engine; /* this end */
    int alive;
    pid_t pid;
};

/* One node, n1, and no check. */
struct run *new_run(void);
void add_word(struct conf *conf, struct conf_words *words, const char *text);
/* One that is run every 100 ms. */
struct conf_check *add_check(struct run *run, enum conf_check_kind kind, const char *target);
void start(struct run *run);
struct ipc_result next_result(const struct run *run);
/* What was said of the swarm before the next result, which `ret` gets; the last, if more was. */
struct ipc_swarm next_swarm(const struct run *run, struct ipc_result *ret);
/* Closes the engine's end; the checker ends with 0. `run` is gone. */
void finish(struct run *run);

#endif
