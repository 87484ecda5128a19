// SPDX-License-Identifier: MIT
#include "engine/control.h"

#include <stdlib.h>
#include <string.h>

#include "engine/request.h"

#define BACKLOG 16

enum client_state {
    CLIENT_ASKING,    /* its request is not complete */
    CLIENT_ANSWERED,  /* closed as soon as the answer is written */
    CLIENT_FOLLOWING, /* until it closes */
};

/* A connection. Frees itself when both of its handles are closed. */
struct control_client {
    uv_pipe_t pipe;
    uv_timer_t patience;
    struct control *control;
    enum client_state state;
    unsigned handles; /* that are not closed yet */
    size_t length;
    char request[CONTROL_REQUEST_MAX];
    char rest[CONTROL_REQUEST_MAX]; /* what comes after the request, read for its end only */
};

struct control_write {
    uv_write_t request;
    char bytes[];
};

static void on_handle_closed(uv_handle_t *handle)
{
    struct control_client *client = handle->data;

    if (--client->handles == 0) {
        free(client);
    }
}

static void close_client(struct control_client *client)
{
    struct control *control = client->control;

    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        if (control->clients[i] == client) {
            control->clients[i] = NULL;
        }
    }
    if (!uv_is_closing((uv_handle_t *)&client->pipe)) {
        uv_close((uv_handle_t *)&client->pipe, on_handle_closed);
        uv_close((uv_handle_t *)&client->patience, on_handle_closed);
    }
}

static void on_impatient(uv_timer_t *timer)
{
    close_client(timer->data);
}

static void on_written(uv_write_t *request, int status)
{
    struct control_client *client = request->handle->data;

    free(request->data);
    if (status < 0 || client->state == CLIENT_ANSWERED) {
        close_client(client);
    }
}

/* Queues bytes for the client; one that does not read is dropped rather than waited for. */
static void send_bytes(struct control_client *client, const struct pack *pack)
{
    uv_stream_t *stream = (uv_stream_t *)&client->pipe;
    struct control_write *write = NULL;
    uv_buf_t buffer;

    if (!pack->failed && uv_stream_get_write_queue_size(stream) + pack->length <= PACK_BYTES_MAX) {
        write = malloc(sizeof *write + pack->length);
    }
    if (write == NULL) {
        close_client(client);
        return;
    }
    memcpy(write->bytes, pack->bytes, pack->length);
    write->request.data = write;
    buffer = uv_buf_init(write->bytes, (unsigned)pack->length);
    if (uv_write(&write->request, stream, &buffer, 1, on_written) != 0) {
        free(write);
        close_client(client);
    }
}

static void pack_error(struct pack *pack, const char *text)
{
    pack_map(pack, 1);
    pack_key_text(pack, "error", text);
}

static void answer_drain(const struct control_source *source, bool drained, const char *name,
                         struct pack *pack)
{
    const char *refusal = source->drain(source->arg, drained, name);

    if (refusal != NULL) {
        pack_error(pack, refusal);
    } else {
        pack_map(pack, 0);
    }
}

static void answer(struct control_client *client, enum request request, const char *name)
{
    const struct control_source *source = &client->control->source;
    struct pack pack;

    pack_init(&pack);
    client->state = CLIENT_ANSWERED;
    switch (request) {
    case REQUEST_STATUS:
        source->status(source->arg, &pack);
        break;
    case REQUEST_EVENTS_FOLLOW:
        client->state = CLIENT_FOLLOWING;
        (void)uv_timer_stop(&client->patience);
        source->events(source->arg, &pack);
        break;
    case REQUEST_EVENTS:
        source->events(source->arg, &pack);
        break;
    case REQUEST_DRAIN:
    case REQUEST_UNDRAIN:
        answer_drain(source, request == REQUEST_DRAIN, name, &pack);
        break;
    case REQUEST_RELOAD:
        pack_map(&pack, 1);
        pack_key_uint(&pack, "number", source->reload(source->arg));
        break;
    case REQUEST_UNKNOWN:
    case REQUEST_PARTIAL:
        pack_error(&pack, "no such request: " CONTROL_STATUS ", " CONTROL_EVENTS
                          ", " CONTROL_EVENTS_FOLLOW ", " CONTROL_DRAIN ", " CONTROL_UNDRAIN
                          " and " CONTROL_RELOAD " and a newline are known");
        break;
    }
    if (pack.length == 0 && client->state == CLIENT_ANSWERED && !pack.failed) {
        close_client(client); /* no event yet: the answer is empty */
    } else if (pack.length > 0 || pack.failed) {
        send_bytes(client, &pack);
    }
    pack_free(&pack);
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct control_client *client = handle->data;

    (void)suggested;
    if (client->state == CLIENT_ASKING) {
        *ret = uv_buf_init(client->request + client->length,
                           (unsigned)(sizeof client->request - client->length));
    } else {
        *ret = uv_buf_init(client->rest, sizeof client->rest);
    }
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
    struct control_client *client = stream->data;
    char name[CONTROL_REQUEST_MAX];
    enum request request;

    (void)buffer;
    if (length < 0) {
        /* It may have closed its side only, and still wait for the answer. */
        (void)uv_read_stop(stream);
        if (client->state != CLIENT_ANSWERED) {
            close_client(client);
        }
        return;
    }
    if (client->state != CLIENT_ASKING) {
        return;
    }
    client->length += (size_t)length;
    request = request_parse(client->request, client->length, name);
    if (request != REQUEST_PARTIAL) {
        answer(client, request, name);
    }
}

/* A new client that is not connected yet, or NULL. */
static struct control_client *new_client(struct control *control)
{
    struct control_client *client = calloc(1, sizeof *client);

    if (client == NULL) {
        return NULL;
    }
    client->control = control;
    client->handles = 2;
    /* Neither can fail: they only fill in the struct. */
    (void)uv_pipe_init(control->listener.loop, &client->pipe, 0);
    (void)uv_timer_init(control->listener.loop, &client->patience);
    client->pipe.data = client;
    client->patience.data = client;
    return client;
}

static struct control_client **free_slot(struct control *control)
{
    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        if (control->clients[i] == NULL) {
            return &control->clients[i];
        }
    }
    return NULL;
}

static void refuse(struct control_client *client)
{
    struct pack pack;

    pack_init(&pack);
    pack_error(&pack, "too many clients on the control socket, try again");
    client->state = CLIENT_ANSWERED;
    send_bytes(client, &pack);
    pack_free(&pack);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct control *control = listener->data;
    struct control_client **slot = free_slot(control);
    struct control_client *client;

    if (status < 0) {
        return;
    }
    client = new_client(control);
    if (client == NULL) {
        return;
    }
    if (uv_accept(listener, (uv_stream_t *)&client->pipe) != 0) {
        close_client(client);
        return;
    }
    (void)uv_timer_start(&client->patience, on_impatient, CONTROL_PATIENCE_MS, 0);
    if (slot == NULL) {
        refuse(client);
        return;
    }
    *slot = client;
    if (uv_read_start((uv_stream_t *)&client->pipe, on_allocate, on_read) != 0) {
        close_client(client);
    }
}

int control_open(struct control *control, uv_loop_t *loop, int fd,
                 const struct control_source *source)
{
    int error;

    memset(control, 0, sizeof *control);
    control->source = *source;
    error = uv_pipe_init(loop, &control->listener, 0);
    if (error != 0) {
        return error;
    }
    control->listener.data = control;
    error = uv_pipe_open(&control->listener, fd);
    if (error != 0) {
        return error;
    }
    return uv_listen((uv_stream_t *)&control->listener, BACKLOG, on_connection);
}

bool control_is_followed(const struct control *control)
{
    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        if (control->clients[i] != NULL && control->clients[i]->state == CLIENT_FOLLOWING) {
            return true;
        }
    }
    return false;
}

void control_publish(struct control *control, const struct pack *pack)
{
    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        struct control_client *client = control->clients[i];

        if (client != NULL && client->state == CLIENT_FOLLOWING) {
            send_bytes(client, pack);
        }
    }
}

void control_retire(struct control *control)
{
    if (!uv_is_closing((uv_handle_t *)&control->listener)) {
        uv_close((uv_handle_t *)&control->listener, NULL);
    }
}

void control_close(struct control *control)
{
    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        if (control->clients[i] != NULL) {
            close_client(control->clients[i]);
        }
    }
    control_retire(control);
}
