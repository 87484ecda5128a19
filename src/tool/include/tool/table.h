// SPDX-License-Identifier: MIT
/*
 * table: aligned columns for people. Widths are those of the text, colour or not; every control
 * character that comes from outside is shown as '?', so that no name can steer a terminal.
 */
#ifndef TOOL_TABLE_H
#define TOOL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum colour {
    COLOUR_NONE,
    COLOUR_GREEN,
    COLOUR_YELLOW,
    COLOUR_RED,
    COLOUR_BOLD,
    COLOUR_COUNT,
};

#define TABLE_COLUMNS_MAX 12
#define TABLE_CELL_BYTES  200

struct table_cell {
    enum colour colour;
    char text[TABLE_CELL_BYTES];
};

struct table {
    size_t columns;
    size_t count;    /* cells filled so far, the headings included */
    size_t capacity; /* cells allocated */
    struct table_cell *cells;
};

/* An empty table with these `columns` (at most TABLE_COLUMNS_MAX) headings. */
void table_init(struct table *table, const char *const headings[], size_t columns);

/* Fills the next cell, from left to right and from top to bottom. */
void table_add(struct table *table, enum colour colour, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Prints the whole rows: two blanks between columns, none at the end of a line. */
void table_print(const struct table *table, bool coloured, FILE *out);

void table_deinit(struct table *table);

/* Is colour wanted on this stream: a terminal that is not dumb, and no NO_COLOR? */
bool colour_is_wanted(FILE *out);

/* Prints `text` in `colour` if `coloured`. */
void colour_print(FILE *out, bool coloured, enum colour colour, const char *text);

/* Replaces control characters (C0, DEL and, in UTF-8, C1) in `text` by '?'. */
void text_clean(char *text);

#endif
