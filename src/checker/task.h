// SPDX-License-Identifier: MIT
/*
 * task: one check, again and again. It is started when it is due, at once at first; a kind of check
 * says how, and calls task_done() exactly once for each start that was not given up. A start that
 * takes longer than the timeout is given up and has failed, unless the kind has said otherwise.
 */
#ifndef CHECKER_TASK_H
#define CHECKER_TASK_H

#include "conf/conf.h"
#include "ipc/checker.h"

#include <stdbool.h>
#include <uv.h>

struct fetcher;
struct gateway;
struct task;

struct task_kind {
    void (*start)(struct task *task);
    /* Gives up: task_done() must not be called any more for this start. */
    void (*stop)(struct task *task);
};

/* docker: what is remembered of the engine from one start to the next. */
struct task_docker {
    unsigned looks;   /* since /info was asked last; 0: ask it */
    bool is_manager;  /* as it said last */
    bool is_known;    /* it has said whether this node is in a swarm */
    uint64_t own;     /* key of this node's NodeID; 0: it is in none */
    char address[64]; /* by which the swarm knew this node then */
};

struct task {
    uv_loop_t *loop;
    const struct conf *conf; /* all of it, for conf_word() */
    const struct conf_check *check;
    const char *node; /* this node's name */
    struct fetcher *fetcher;
    struct gateway *gateway;
    const struct task_kind *kind;
    uint16_t index;
    uv_timer_t due;
    uv_timer_t limit;
    bool running;
    bool retired;
    bool late;           /* the timeout is over; what has come meanwhile is still looked at */
    bool has_risen;      /* it has passed `rise` times in a row */
    unsigned passed;     /* times in a row, before that */
    uint64_t started_ns; /* uv_hrtime() */
    void *run;           /* of the kind, while it runs */
    unsigned lingering;  /* exec: see struct spawn_plan */
    struct {
        uint16_t outcome;            /* enum ipc_outcome */
        char detail[IPC_DETAIL_MAX]; /* empty: it has failed, as every kind says it */
    } late_result;                   /* what it means that the running start takes too long */
    struct task_docker docker;
    void (*report)(void *arg, const struct ipc_result *result);
    void (*tell)(void *arg, const struct ipc_swarm *swarm); /* docker; NULL: another one does */
    void *arg;
};

/* Starts it, and again every interval. loop, conf, check, node, fetcher, gateway, index, report,
 * tell and arg are set. */
void task_begin(struct task *task);
/* Starts nothing more; what runs comes to its end. */
void task_retire(struct task *task);
/* Gives up what runs, and starts nothing more. */
void task_end(struct task *task);

/* The outcome of the running start. `detail` says to people what was found. */
void task_done(struct task *task, enum ipc_outcome outcome, const char *detail, ...)
    __attribute__((format(printf, 3, 4)));

/* What it means if the rest of the running start takes too long. Until the next start. */
void task_expect(struct task *task, enum ipc_outcome outcome, const char *detail, ...)
    __attribute__((format(printf, 3, 4)));

/* Each in the file of its name. */
extern const struct task_kind check_docker, check_exec, check_gateway, check_http, check_interface,
    check_process, check_tcp;

#endif
