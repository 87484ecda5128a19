// SPDX-License-Identifier: MIT
/*
 * log: lines to standard error. Under systemd (JOURNAL_STREAM set) each line begins with "<N>", the
 * syslog level, which the journal reads; elsewhere with a wall-clock time and the name of the
 * program. The only place that asks for wall time, and the only mutable state at file scope in the
 * tree. It never waits: while nobody reads, lines are left out, and the next one says how many.
 */
#ifndef LOG_LOG_H
#define LOG_LOG_H

#include <stddef.h>

enum log_level {
    LOG_LEVEL_ERROR, /* somebody has to act */
    LOG_LEVEL_WARNING,
    LOG_LEVEL_NOTICE, /* a VIP or a node changed */
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
};

/* `program` is kept, not copied. */
void log_open(const char *program, enum log_level level);
void log_set_level(enum log_level level);

/* "error", "warning", "notice", "info", "debug", or -1. */
int log_level_parse(const char *text);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_notice(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* From here on what log_error() says goes to `text` (the last one stays) and to nobody else; NULL:
 * to standard error again. For a child that does something on behalf of somebody who asked. */
void log_keep_errors(char *text, size_t size);

/* An error, from the handler of a signal: one line without a time. Async-signal-safe. */
void log_from_handler(const char *text);

#endif
