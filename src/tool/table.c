// SPDX-License-Identifier: MIT
#include "tool/table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const colour_codes[] = {
    [COLOUR_NONE] = "",        [COLOUR_GREEN] = "\033[32m", [COLOUR_YELLOW] = "\033[33m",
    [COLOUR_RED] = "\033[31m", [COLOUR_BOLD] = "\033[1m",
};
static_assert(sizeof(colour_codes) / sizeof(colour_codes[0]) == COLOUR_COUNT, "a code per colour");

static size_t width(const char *text);
static void print_cell(const struct table_cell *cell, size_t padding, bool coloured, FILE *out);

void table_init(struct table *table, const char *const headings[], size_t columns)
{
    assert(columns > 0);
    assert(columns <= TABLE_COLUMNS_MAX);
    *table = (struct table){.columns = columns};
    for (size_t i = 0; i < columns; i++)
        table_add(table, COLOUR_BOLD, "%s", headings[i]);
}

void table_add(struct table *table, enum colour colour, const char *format, ...)
{
    va_list arguments;
    struct table_cell *cell;

    if (table->count == table->capacity) {
        const size_t capacity = table->capacity + 16 * table->columns;
        struct table_cell *cells = realloc(table->cells, capacity * sizeof(*cells));
        if (cells == NULL)
            abort(); /* a few kilobytes: nothing sensible is left to do */
        table->cells = cells;
        table->capacity = capacity;
    }
    cell = &table->cells[table->count++];
    cell->colour = colour;
    va_start(arguments, format);
    (void)vsnprintf(cell->text, sizeof(cell->text), format, arguments);
    va_end(arguments);
    text_clean(cell->text);
}

void table_print(const struct table *table, bool coloured, FILE *out)
{
    const size_t rows = table->count / table->columns;
    size_t widths[TABLE_COLUMNS_MAX] = {0};

    for (size_t i = 0; i < rows * table->columns; i++) {
        const size_t here = width(table->cells[i].text);
        if (here > widths[i % table->columns])
            widths[i % table->columns] = here;
    }
    for (size_t i = 0; i < rows * table->columns; i++) {
        const struct table_cell *cell = &table->cells[i];
        const size_t column = i % table->columns;
        const bool last = column + 1 == table->columns;
        print_cell(cell, last ? 0 : widths[column] - width(cell->text) + 2, coloured, out);
        if (last)
            (void)fputc('\n', out);
    }
}

void table_deinit(struct table *table)
{
    free(table->cells);
    *table = (struct table){.columns = 0};
}

bool colour_is_wanted(FILE *out)
{
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");

    if (no_color != NULL && no_color[0] != '\0')
        return false;
    if (terminal == NULL || strcmp(terminal, "dumb") == 0)
        return false;
    return isatty(fileno(out)) == 1;
}

void colour_print(FILE *out, bool coloured, enum colour colour, const char *text)
{
    if (!coloured || colour == COLOUR_NONE)
        (void)fputs(text, out);
    else
        (void)fprintf(out, "%s%s\033[0m", colour_codes[colour], text);
}

void text_clean(char *text)
{
    for (; *text != '\0'; text++) {
        const unsigned char byte = (unsigned char)text[0];
        const unsigned char next = (unsigned char)text[1];
        if (byte < 0x20 || byte == 0x7f) {
            text[0] = '?';
        } else if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {
            text[0] = '?';
            text[1] = '?';
        }
    }
}

/* Characters of UTF-8: every byte but those that continue one. */
static size_t width(const char *text)
{
    size_t ret = 0;

    for (; *text != '\0'; text++)
        ret += ((unsigned char)*text & 0xc0U) != 0x80U;
    return ret;
}

static void print_cell(const struct table_cell *cell, size_t padding, bool coloured, FILE *out)
{
    colour_print(out, coloured, cell->colour, cell->text);
    (void)fprintf(out, "%*s", (int)padding, "");
}
