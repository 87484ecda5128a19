// SPDX-License-Identifier: MIT
#include "fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct fetcher {
    uv_loop_t *loop;
    uv_timer_t timer;
    CURLM *multi;
};

struct fetch {
    struct fetcher *fetcher;
    CURL *easy;
    struct curl_slist *headers;
    char error[CURL_ERROR_SIZE];
    bool keep_body;
    bool cut;
    char *body;
    size_t length;
    fetch_done *done;
    void *arg;
};

/* A socket of libcurl's that the loop watches. */
struct watched {
    uv_poll_t poll;
    curl_socket_t socket;
    struct fetcher *fetcher;
};

static void on_watched_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void fetch_free(struct fetch *fetch)
{
    (void)curl_multi_remove_handle(fetch->fetcher->multi, fetch->easy);
    curl_easy_cleanup(fetch->easy);
    curl_slist_free_all(fetch->headers);
    free(fetch->body);
    free(fetch);
}

static void finish(struct fetch *fetch, CURLcode code)
{
    struct fetch_answer answer = {.body = fetch->body != NULL ? fetch->body : "",
                                  .length = fetch->length,
                                  .cut = fetch->cut,
                                  .fetch = fetch};
    long os_error = 0;

    (void)curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &answer.status);
    /* What is cut is ended by this side. */
    if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && fetch->cut))
        answer.error = fetch->error[0] != '\0' ? fetch->error : curl_easy_strerror(code);
    (void)curl_easy_getinfo(fetch->easy, CURLINFO_OS_ERRNO, &os_error);
    /* libcurl waits when a Unix socket's queue is full (EAGAIN), and finds no error then. */
    if (code == CURLE_COULDNT_CONNECT)
        answer.os_error = os_error != 0 ? (int)os_error : EAGAIN;
    fetch->done(fetch->arg, &answer);
    fetch_free(fetch);
}

/* Whatever has come to its end. */
static void collect(struct fetcher *fetcher)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(fetcher->multi, &left)) != NULL) {
        struct fetch *fetch = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &fetch);
        finish(fetch, message->data.result);
    }
}

static void act(struct fetcher *fetcher, curl_socket_t socket, int events)
{
    int running;

    (void)curl_multi_socket_action(fetcher->multi, socket, events, &running);
    collect(fetcher);
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    const struct watched *watched = poll->data;
    int flags = 0;

    flags |= (events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0;
    flags |= (events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0;
    flags |= status < 0 ? CURL_CSELECT_IN | CURL_CSELECT_OUT : 0; /* it finds out what is wrong */
    act(watched->fetcher, watched->socket, flags);
}

static int on_timeout_wanted(CURLM *multi, long timeout_ms, void *arg)
{
    struct fetcher *fetcher = arg;

    (void)multi;
    if (timeout_ms < 0)
        (void)uv_timer_stop(&fetcher->timer);
    else
        (void)uv_timer_start(&fetcher->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

static struct watched *watch_socket(struct fetcher *fetcher, curl_socket_t socket)
{
    struct watched *watched = calloc(1, sizeof(*watched));

    if (watched == NULL || uv_poll_init_socket(fetcher->loop, &watched->poll, socket) != 0) {
        free(watched);
        return NULL;
    }
    watched->poll.data = watched;
    watched->socket = socket;
    watched->fetcher = fetcher;
    (void)curl_multi_assign(fetcher->multi, socket, watched);
    return watched;
}

static int on_socket_wanted(CURL *easy, curl_socket_t socket, int what, void *arg, void *own)
{
    struct fetcher *fetcher = arg;
    struct watched *watched = own;
    int events = 0;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watched != NULL) {
            (void)curl_multi_assign(fetcher->multi, socket, NULL);
            uv_close((uv_handle_t *)&watched->poll, on_watched_closed);
        }
        return 0;
    }
    if (watched == NULL)
        watched = watch_socket(fetcher, socket);
    if (watched == NULL)
        return -1;
    events |= what != CURL_POLL_OUT ? UV_READABLE : 0;
    events |= what != CURL_POLL_IN ? UV_WRITABLE : 0;
    return uv_poll_start(&watched->poll, events, on_poll) == 0 ? 0 : -1;
}

static size_t on_body(char *bytes, size_t unit, size_t count, void *arg)
{
    struct fetch *fetch = arg;
    const size_t size = unit * count;
    char *grown;

    if (!fetch->keep_body)
        return size;
    if (size > FETCH_BODY_MAX - fetch->length) {
        fetch->cut = true;
        return 0;
    }
    grown = realloc(fetch->body, fetch->length + size + 1);
    if (grown == NULL)
        return 0;
    memcpy(grown + fetch->length, bytes, size);
    fetch->body = grown;
    fetch->length += size;
    grown[fetch->length] = '\0';
    return size;
}

struct fetcher *fetcher_new(uv_loop_t *loop)
{
    struct fetcher *fetcher = calloc(1, sizeof(*fetcher));

    if (fetcher == NULL)
        return NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
        (fetcher->multi = curl_multi_init()) == NULL) {
        free(fetcher);
        return NULL;
    }
    fetcher->loop = loop;
    (void)uv_timer_init(loop, &fetcher->timer);
    fetcher->timer.data = fetcher;
    (void)curl_multi_setopt(fetcher->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted);
    (void)curl_multi_setopt(fetcher->multi, CURLMOPT_SOCKETDATA, fetcher);
    (void)curl_multi_setopt(fetcher->multi, CURLMOPT_TIMERFUNCTION, on_timeout_wanted);
    (void)curl_multi_setopt(fetcher->multi, CURLMOPT_TIMERDATA, fetcher);
    return fetcher;
}

void fetcher_close(struct fetcher *fetcher)
{
    uv_close((uv_handle_t *)&fetcher->timer, NULL);
}

void fetcher_free(struct fetcher *fetcher)
{
    (void)curl_multi_cleanup(fetcher->multi);
    curl_global_cleanup();
    free(fetcher);
}

static bool add_headers(struct fetch *fetch, const struct fetch_plan *plan)
{
    for (unsigned i = 0; plan->headers != NULL && i < plan->headers->count; i++) {
        struct curl_slist *longer =
            curl_slist_append(fetch->headers, conf_word(plan->conf, plan->headers, i));

        if (longer == NULL)
            return false;
        fetch->headers = longer;
    }
    return true;
}

static void set_options(struct fetch *fetch, const struct fetch_plan *plan)
{
    CURL *easy = fetch->easy;

    (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, fetch);
    (void)curl_easy_setopt(easy, CURLOPT_URL, plan->url);
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    if (plan->socket != NULL)
        (void)curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, plan->socket);
    (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* no wait for a name that hangs */
    (void)curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_USERAGENT, "vipgossip");
    (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fetch->headers);
    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, fetch->error);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetch);
}

struct fetch *fetch_start(struct fetcher *fetcher, const struct fetch_plan *plan)
{
    struct fetch *fetch = calloc(1, sizeof(*fetch));

    if (fetch == NULL)
        return NULL;
    fetch->fetcher = fetcher;
    fetch->keep_body = plan->keep_body;
    fetch->done = plan->done;
    fetch->arg = plan->arg;
    fetch->easy = curl_easy_init();
    if (fetch->easy == NULL || !add_headers(fetch, plan)) {
        curl_easy_cleanup(fetch->easy);
        curl_slist_free_all(fetch->headers);
        free(fetch);
        return NULL;
    }
    set_options(fetch, plan);
    (void)curl_multi_add_handle(fetcher->multi, fetch->easy);
    return fetch;
}

void fetch_stop(struct fetch *fetch)
{
    fetch_free(fetch);
}

const char *fetch_header(const struct fetch *fetch, const char *name)
{
    struct curl_header *header = NULL;

    if (curl_easy_header(fetch->easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return NULL;
    return header->value;
}
