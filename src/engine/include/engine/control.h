// SPDX-License-Identifier: MIT
/*
 * control: the server of the control socket (ipc/control.h). It knows requests and clients, and
 * asks its source for the answers. Clients are bounded in number, in time and in what waits for
 * them: whatever a client does, the engine does not wait for it.
 */
#ifndef ENGINE_CONTROL_H
#define ENGINE_CONTROL_H

#include <uv.h>

#include "engine/pack.h"
#include "ipc/control.h"

/* A client that has not sent its request, or not read its answer, after so long is closed. */
#define CONTROL_PATIENCE_MS 5000U

struct control_source {
    void (*status)(void *arg, struct pack *pack);
    void (*events)(void *arg, struct pack *pack);
    /* Drains, or not any more, this node or (`name` not empty) for that VIP. NULL, or why not. */
    const char *(*drain)(void *arg, bool drained, const char *name);
    /* Has the configuration read anew. The number that the verdict will have, or a later one. */
    uint64_t (*reload)(void *arg);
    void *arg;
};

struct control_client;

struct control {
    uv_pipe_t listener;
    struct control_source source;
    struct control_client *clients[CONTROL_CLIENTS_MAX];
};

/* Serves the listening socket `fd`, which becomes the server's. Returns 0 or -errno. `control` must
 * live until the loop has run after control_close(). */
int control_open(struct control *control, uv_loop_t *loop, int fd,
                 const struct control_source *source);

/* Sends `pack` to every client that follows the events. */
void control_publish(struct control *control, const struct pack *pack);

/* Does anybody follow the events? */
bool control_is_followed(const struct control *control);

/* Listens no more, so that another daemon may; the clients that are there stay. */
void control_retire(struct control *control);

void control_close(struct control *control);

#endif
