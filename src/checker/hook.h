// SPDX-License-Identifier: MIT
/*
 * hook: calls the program of the configuration for each news, one call at a time, in order, each
 * within its timeout. What the program does concerns nobody: its end is only logged.
 */
#ifndef CHECKER_HOOK_H
#define CHECKER_HOOK_H

#include "conf/conf.h"
#include "ipc/checker.h"

#include <stdbool.h>
#include <uv.h>

#define HOOK_WAITING_MAX 256

struct spawn;

struct hook {
    uv_loop_t *loop;
    const struct conf *conf;
    const char *node; /* this node's name */
    uv_timer_t limit;
    bool held;                /* until hook_release(): calls wait */
    struct spawn *spawn;      /* the call that runs */
    unsigned lingering;       /* see struct spawn_plan */
    bool waits;               /* for one of these to end */
    struct ipc_news *current; /* and what it is called for, to be freed */
    unsigned first, count;    /* of those that wait */
    struct ipc_news *waiting[HOOK_WAITING_MAX];
    void (*idle)(void *arg); /* hook_is_idle() */
    void *arg;
};

/* loop, conf, node, idle and arg are set. */
void hook_open(struct hook *hook);
/* Ends what runs. `hook` must live until the loop has run once more. */
void hook_close(struct hook *hook);

/* Calls it for these news, when it is their turn. */
void hook_call(struct hook *hook, const struct ipc_news *news);
/* Nothing runs, and nothing waits that could begin: what hangs in the kernel holds up no end.
 * Also held it is not: another checker may wait for the end of this one, and must not begin before
 * that which this one waits for has ended. */
bool hook_is_idle(const struct hook *hook);
/* Those that wait begin. */
void hook_release(struct hook *hook);

#endif
