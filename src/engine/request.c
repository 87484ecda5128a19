// SPDX-License-Identifier: MIT
#include "engine/request.h"

#include <stdbool.h>
#include <string.h>

#include "ipc/control.h"

static const struct {
    const char *line;
    enum request request;
    bool has_name; /* may be followed by a blank and a name */
} requests[] = {
    {CONTROL_STATUS, REQUEST_STATUS, false},
    {CONTROL_EVENTS, REQUEST_EVENTS, false},
    {CONTROL_EVENTS_FOLLOW, REQUEST_EVENTS_FOLLOW, false},
    {CONTROL_DRAIN, REQUEST_DRAIN, true},
    {CONTROL_UNDRAIN, REQUEST_UNDRAIN, true},
    {CONTROL_RELOAD, REQUEST_RELOAD, false},
};

/* Does the line begin with that word, alone or, if it `has_name`, with a name behind it? */
static bool matches(const char *line, size_t length, size_t word_length, bool has_name)
{
    return length == word_length ||
           (has_name && length > word_length + 1 && line[word_length] == ' ');
}

enum request request_parse(const char *bytes, size_t length, char *ret_name)
{
    size_t bound = length < CONTROL_REQUEST_MAX ? length : CONTROL_REQUEST_MAX;
    const char *end = memchr(bytes, '\n', bound);

    ret_name[0] = '\0';
    if (end == NULL) {
        return length < CONTROL_REQUEST_MAX ? REQUEST_PARTIAL : REQUEST_UNKNOWN;
    }
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        size_t word_length = strlen(requests[i].line);
        size_t line_length = (size_t)(end - bytes);

        if (line_length >= word_length && memcmp(bytes, requests[i].line, word_length) == 0 &&
            matches(bytes, line_length, word_length, requests[i].has_name)) {
            if (line_length > word_length) {
                memcpy(ret_name, bytes + word_length + 1, line_length - word_length - 1);
                ret_name[line_length - word_length - 1] = '\0';
            }
            return requests[i].request;
        }
    }
    return REQUEST_UNKNOWN;
}
