// SPDX-License-Identifier: MIT
/*
 * fetch: one HTTP question and its answer, over TCP, TLS or a Unix socket. No proxy, no redirect,
 * no connection kept: each question finds out anew. Of the answer's body at most a bound is kept.
 */
#ifndef CHECKER_FETCH_H
#define CHECKER_FETCH_H

#include "conf/conf.h"

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#define FETCH_BODY_MAX (1024 * 1024)

struct fetcher;
struct fetch;

struct fetch_answer {
    const char *error; /* NULL: there is an answer */
    int os_error;      /* errno of the connection that could not be made, 0: none */
    long status;
    const char *body; /* ends with a NUL that is not counted */
    size_t length;
    bool cut;            /* the body is longer than that */
    struct fetch *fetch; /* for fetch_header() */
};

/* How it went. The answer is gone when it returns. */
typedef void fetch_done(void *arg, const struct fetch_answer *answer);

struct fetch_plan {
    const char *url;
    const char *socket;               /* path of a Unix socket instead of host and port, or NULL */
    const struct conf *conf;          /* where `headers` are */
    const struct conf_words *headers; /* to be sent, or NULL */
    bool keep_body;
    fetch_done *done; /* called once, from the loop */
    void *arg;
};

/* One for all questions of a loop. NULL without memory. */
struct fetcher *fetcher_new(uv_loop_t *loop);
/* When no question is under way. It must live on until the loop has run once more. */
void fetcher_close(struct fetcher *fetcher);
void fetcher_free(struct fetcher *fetcher);

/* Asks. NULL without memory. */
struct fetch *fetch_start(struct fetcher *fetcher, const struct fetch_plan *plan);
/* Gives up; `done` is not called any more. */
void fetch_stop(struct fetch *fetch);
/* A header of the answer, or NULL; within `done` only. */
const char *fetch_header(const struct fetch *fetch, const char *name);

#endif
