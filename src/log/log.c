// SPDX-License-Identifier: MIT
#include "log/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define LOG_LINE_MAX 1024 /* bytes of a line, newline included; a longer one is cut */

/* One row per level: its word in the configuration and in lines, and its number for syslog(3). */
static const struct {
    const char *word;
    int syslog;
} levels[] = {
    [LOG_LEVEL_ERROR] = {"error", 3},   [LOG_LEVEL_WARNING] = {"warning", 4},
    [LOG_LEVEL_NOTICE] = {"notice", 5}, [LOG_LEVEL_INFO] = {"info", 6},
    [LOG_LEVEL_DEBUG] = {"debug", 7},
};

static struct {
    const char *program;
    enum log_level level;
    bool journal;       /* lines go to the journal, which knows time and program itself */
    unsigned unwritten; /* lines since the last one that was */
    char *kept;         /* errors go here; NULL: to standard error */
    size_t kept_size;
} log_state = {"vipgossip", LOG_LEVEL_INFO, false, 0, NULL, 0};

static void log_line(enum log_level level, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
static void log_line_write(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void log_line_write_list(enum log_level level, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
static bool has_room(void);
static size_t line_begin(enum log_level level, char *line, size_t size);
static size_t line_append(char *line, size_t length, size_t size, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void line_make_plain(char *line, size_t length);

void log_open(const char *program, enum log_level level)
{
    log_state.program = program;
    log_state.level = level;
    /* A shell of a desktop session inherits the variable, so a terminal is never the journal. */
    log_state.journal = getenv("JOURNAL_STREAM") != NULL && !isatty(STDERR_FILENO);
    /* The C library reads its file of time zones now or with the first line, and the process may
     * have no files by then. */
    tzset();
}

void log_set_level(enum log_level level)
{
    log_state.level = level;
}

void log_keep_errors(char *text, size_t size)
{
    log_state.kept = text;
    log_state.kept_size = size;
}

int log_level_parse(const char *text)
{
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (strcmp(text, levels[i].word) == 0)
            return (int)i;
    }
    return -1;
}

#define LOG_FUNCTION(name, level)           \
    void name(const char *format, ...)      \
    {                                       \
        va_list arguments;                  \
        va_start(arguments, format);        \
        log_line(level, format, arguments); \
        va_end(arguments);                  \
    }

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warning, LOG_LEVEL_WARNING)
LOG_FUNCTION(log_notice, LOG_LEVEL_NOTICE)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)

void log_from_handler(const char *text)
{
    const char *const begin[] = {log_state.journal ? "<3>" : log_state.program,
                                 log_state.journal ? "" : ": error: ", text, "\n"};
    struct iovec parts[sizeof(begin) / sizeof(begin[0])];

    if (!has_room())
        return;
    for (size_t i = 0; i < sizeof(begin) / sizeof(begin[0]); i++) {
        union {
            const char *text;
            void *base; /* writev() has no const */
        } part = {.text = begin[i]};

        parts[i] = (struct iovec){part.base, strlen(begin[i])};
    }
    ssize_t written = writev(STDERR_FILENO, parts, sizeof(begin) / sizeof(begin[0]));
    (void)written;
}

/*
 * errno is left alone: a caller may log before it looks at it. A reader that has stopped, and the
 * pipe to it is full, must not stop the process, which may hold an address: lines are left out
 * until it reads again, and are counted.
 */
static void log_line(enum log_level level, const char *format, va_list arguments)
{
    if (level > log_state.level)
        return;
    if (level == LOG_LEVEL_ERROR && log_state.kept != NULL) {
        (void)vsnprintf(log_state.kept, log_state.kept_size, format, arguments);
        return;
    }
    int errno_before = errno;
    if (!has_room()) {
        log_state.unwritten++;
    } else {
        if (log_state.unwritten > 0)
            log_line_write(LOG_LEVEL_WARNING,
                           "nobody read the log for a while: %u lines are missing here",
                           log_state.unwritten);
        log_state.unwritten = 0;
        log_line_write_list(level, format, arguments);
    }
    errno = errno_before;
}

/* Whether a line, or two, can be written without waiting. Where it cannot be said, write(2) says
 * what is wrong. */
static bool has_room(void)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};

    return poll(&out, 1, 0) != 0;
}

static void log_line_write(enum log_level level, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_line_write_list(level, format, arguments);
    va_end(arguments);
}

/* One write(2) per line, so that lines of keeper and engine, which share the descriptor, do not
 * mix. */
static void log_line_write_list(enum log_level level, const char *format, va_list arguments)
{
    char line[LOG_LINE_MAX];
    size_t length = line_begin(level, line, sizeof(line) - 1);
    size_t begin = length;
    int added = vsnprintf(line + length, sizeof(line) - 1 - length, format, arguments);
    if (added > 0)
        length += (size_t)added;
    if (length > sizeof(line) - 2)
        length = sizeof(line) - 2;
    line_make_plain(line + begin, length - begin);
    line[length++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, length);
    (void)written; /* there is nowhere left to complain to */
}

static size_t line_begin(enum log_level level, char *line, size_t size)
{
    if (log_state.journal)
        return line_append(line, 0, size, "<%d>", levels[level].syslog);
    struct timespec now = {0};
    struct tm calendar = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    /* UTC: lines of several nodes are read side by side, and no file of time zones is needed. */
    (void)gmtime_r(&now.tv_sec, &calendar);
    size_t length = strftime(line, size, "%Y-%m-%dT%H:%M:%S", &calendar);
    length =
        line_append(line, length, size, ".%03ldZ %s: ", now.tv_nsec / 1000000, log_state.program);
    if (level <= LOG_LEVEL_WARNING || level == LOG_LEVEL_DEBUG)
        length = line_append(line, length, size, "%s: ", levels[level].word);
    return length;
}

static size_t line_append(char *line, size_t length, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int added = vsnprintf(line + length, size - length, format, arguments);
    va_end(arguments);
    if (added < 0)
        return length;
    return length + (size_t)added < size ? length + (size_t)added : size - 1;
}

/* A name or a message from elsewhere must not begin a line of its own or steer a terminal. */
static void line_make_plain(char *line, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)line[i];
        if (byte < 0x20 || byte == 0x7f)
            line[i] = '?';
    }
}
