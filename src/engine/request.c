// SPDX-License-Identifier: MIT
#include "engine/request.h"

#include <string.h>

#include "ipc/control.h"

static const struct {
    const char *line;
    enum request request;
} requests[] = {
    {CONTROL_STATUS, REQUEST_STATUS},
    {CONTROL_EVENTS, REQUEST_EVENTS},
    {CONTROL_EVENTS_FOLLOW, REQUEST_EVENTS_FOLLOW},
};

enum request request_parse(const char *bytes, size_t length)
{
    size_t bound = length < CONTROL_REQUEST_MAX ? length : CONTROL_REQUEST_MAX;
    const char *end = memchr(bytes, '\n', bound);

    if (end == NULL) {
        return length < CONTROL_REQUEST_MAX ? REQUEST_PARTIAL : REQUEST_UNKNOWN;
    }
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        size_t line_length = strlen(requests[i].line);

        if ((size_t)(end - bytes) == line_length &&
            memcmp(bytes, requests[i].line, line_length) == 0) {
            return requests[i].request;
        }
    }
    return REQUEST_UNKNOWN;
}
