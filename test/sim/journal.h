// SPDX-License-Identifier: MIT
/*
 * journal: the last lines of what happened, for whoever has to understand a violation. It lies in
 * memory that outlives the process which runs the cluster: a core that stops at an assertion of its
 * own leaves its story behind.
 */
#ifndef SIM_JOURNAL_H
#define SIM_JOURNAL_H

#include <stdint.h>
#include <stdio.h>

#define JOURNAL_LINES 60U
#define JOURNAL_WIDTH 160U

struct journal {
    FILE *echo; /* each line goes there too, NULL: nowhere */
    unsigned count;
    char lines[JOURNAL_LINES][JOURNAL_WIDTH];
};

void journal_say(struct journal *journal, uint64_t now_ns, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The last lines, oldest first. */
void journal_print(const struct journal *journal, FILE *to);

#endif
