// SPDX-License-Identifier: MIT
#include "tool/duration.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DURATION_MAX_MS INT64_C(86400000)

/* Two units that are shown together: `major` units of `size` seconds, and what is left in `minor`.
 */
struct scale {
    int64_t size_s;
    const char *major;
    int64_t rest_s; /* size of the minor unit */
    const char *minor;
};

static const struct scale scales[] = {
    {86400, "d", 3600, "h"},
    {3600, "h", 60, "m"},
    {60, "m", 1, "s"},
};

struct duration_text duration_from_ms(int64_t ms)
{
    struct duration_text ret;
    const int64_t seconds = ms / 1000;

    if (ms < 0) {
        (void)snprintf(ret.text, sizeof(ret.text), "-");
        return ret;
    }
    if (ms < 1000) {
        (void)snprintf(ret.text, sizeof(ret.text), "%" PRId64 " ms", ms);
        return ret;
    }
    if (ms < 10000) {
        (void)snprintf(ret.text, sizeof(ret.text), "%" PRId64 ".%" PRId64 " s", seconds,
                       ms % 1000 / 100);
        return ret;
    }
    for (size_t i = 0; i < sizeof(scales) / sizeof(scales[0]); i++) {
        const struct scale *scale = &scales[i];
        const int64_t rest = seconds % scale->size_s / scale->rest_s;
        if (seconds < scale->size_s)
            continue;
        if (rest == 0)
            (void)snprintf(ret.text, sizeof(ret.text), "%" PRId64 " %s", seconds / scale->size_s,
                           scale->major);
        else
            (void)snprintf(ret.text, sizeof(ret.text), "%" PRId64 " %s %" PRId64 " %s",
                           seconds / scale->size_s, scale->major, rest, scale->minor);
        return ret;
    }
    (void)snprintf(ret.text, sizeof(ret.text), "%" PRId64 " s", seconds);
    return ret;
}

struct duration_text duration_from_us(int64_t us)
{
    struct duration_text ret;

    if (us >= 10000)
        return duration_from_ms(us / 1000);
    if (us < 0)
        (void)snprintf(ret.text, sizeof(ret.text), "-");
    else if (us < 1000)
        (void)snprintf(ret.text, sizeof(ret.text), "%" PRId64 " us", us);
    else
        (void)snprintf(ret.text, sizeof(ret.text), "%" PRId64 ".%" PRId64 " ms", us / 1000,
                       us % 1000 / 100);
    return ret;
}

int64_t duration_parse_ms(const char *text)
{
    static const struct {
        const char *word;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}};
    const size_t digits = strspn(text, "0123456789");

    /* Nine digits of the largest unit do not overflow. */
    if (digits == 0 || digits > 9 || (text[0] == '0' && digits > 1))
        return -1;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(text + digits, units[i].word) == 0) {
            const int64_t ms = strtol(text, NULL, 10) * units[i].ms;
            return ms <= DURATION_MAX_MS ? ms : -1;
        }
    }
    return -1;
}
