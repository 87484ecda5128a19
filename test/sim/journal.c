// SPDX-License-Identifier: MIT
#include "journal.h"

#include <stdarg.h>

void journal_say(struct journal *journal, uint64_t now_ns, const char *format, ...)
{
    char *line = journal->lines[journal->count++ % JOURNAL_LINES];
    int used = snprintf(line, JOURNAL_WIDTH, "[%12.6f s] ", (double)now_ns / 1e9);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line + used, JOURNAL_WIDTH - (size_t)used, format, arguments);
    va_end(arguments);
    if (journal->echo != NULL) {
        fprintf(journal->echo, "%s\n", line);
    }
}

void journal_print(const struct journal *journal, FILE *to)
{
    unsigned first = journal->count > JOURNAL_LINES ? journal->count - JOURNAL_LINES : 0;
    for (unsigned i = first; i < journal->count; i++) {
        fprintf(to, "    %s\n", journal->lines[i % JOURNAL_LINES]);
    }
}
