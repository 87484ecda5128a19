// SPDX-License-Identifier: MIT
/*
 * client: one conversation on the control socket (ipc/control.h): a line is sent, values come back.
 * What it reads is bounded in size, depth and, except while following, in time: the engine at the
 * other end is unprivileged, and the reader may be root.
 */
#ifndef TOOL_CLIENT_H
#define TOOL_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define CLIENT_VALUE_BYTES_MAX (4U * 1024U * 1024U) /* of one value */
#define CLIENT_WAIT_S          5                    /* for the daemon to take or give something */

struct client {
    int fd;
    char *buffer; /* CLIENT_VALUE_BYTES_MAX, owned */
    size_t begin; /* in the buffer: of what was received and is not yet given out */
    size_t end;
};

/* A sentence for the user, without a newline, that ends in what to do. */
struct client_error {
    char text[512];
};

/*
 * Connects to the socket at `path` and sends `request` (CONTROL_STATUS...). With `follow` the
 * answer may take as long as it likes. Returns 0, and `ret` is to be closed; or -1, and `error` is
 * filled and nothing is to be closed.
 */
int client_open(const char *path, const char *request, bool follow, struct client *ret,
                struct client_error *error);

/*
 * The next value of the answer. Returns 1 and a new reference in `ret`; 0 when the daemon has
 * closed the connection after a whole value; -1 and fills `error` when the answer is cut short, too
 * large, late, no msgpack, or an {"error": ...}.
 */
int client_next(struct client *client, json_t **ret, struct client_error *error);

void client_close(struct client *client);

#endif
