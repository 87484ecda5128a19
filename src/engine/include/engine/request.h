// SPDX-License-Identifier: MIT
/*
 * request: the line that a client of the control socket sends. See ipc/control.h.
 */
#ifndef ENGINE_REQUEST_H
#define ENGINE_REQUEST_H

#include <stddef.h>

enum request {
    REQUEST_PARTIAL, /* no newline yet, and still room for one */
    REQUEST_UNKNOWN, /* a line that is no request, or none within CONTROL_REQUEST_MAX bytes */
    REQUEST_STATUS,
    REQUEST_EVENTS,
    REQUEST_EVENTS_FOLLOW,
    REQUEST_DRAIN,
    REQUEST_UNDRAIN,
    REQUEST_RELOAD,
};

/*
 * What the first line of `bytes` asks for. What follows the line is ignored. `ret_name`, of
 * CONTROL_REQUEST_MAX bytes, becomes the name that a request to drain has, or empty.
 */
enum request request_parse(const char *bytes, size_t length, char *ret_name);

#endif
