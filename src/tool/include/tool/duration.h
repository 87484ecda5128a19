// SPDX-License-Identifier: MIT
/*
 * duration: spans of time for people: "210 us", "340 ms", "2.5 s", "3 m 5 s", "2 h 3 m", "5 d 2 h".
 */
#ifndef TOOL_DURATION_H
#define TOOL_DURATION_H

#include <stdint.h>

/* Holds every text that this module makes. */
struct duration_text {
    char text[64];
};

/* `ms` in milliseconds; negative means not known and gives "-". */
struct duration_text duration_from_ms(int64_t ms);
/* `us` in microseconds, the same. */
struct duration_text duration_from_us(int64_t us);

/* "500ms", "10s", "2m" in milliseconds, as in the configuration; at most a day. -1: it is none. */
int64_t duration_parse_ms(const char *text);

#endif
