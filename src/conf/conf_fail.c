// SPDX-License-Identifier: MIT
/* The words of an error. Apart from conf.c, so that who reads keys does not link the parser. */
#include "conf_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int conf_fail(const struct conf_place *place, const char *format, ...)
{
    char *text = place->error->text;
    size_t size = sizeof(place->error->text);
    text[0] = '\0';
    if (place->file == NULL)
        conf_append(text, size, "environment: ");
    else if (place->line == 0)
        conf_append(text, size, "%.300s: ", place->file);
    else
        conf_append(text, size, "%.300s:%d: ", place->file, place->line);
    if (place->key != NULL)
        conf_append(text, size, "%s: ", place->key);
    size_t length = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text + length, size - length, format, arguments);
    va_end(arguments);
    for (char *byte = text; *byte != '\0'; byte++) {
        if ((unsigned char)*byte < 0x20 || *byte == 0x7f)
            *byte = '?';
    }
    return -1;
}

void conf_append(char *text, size_t size, const char *format, ...)
{
    size_t length = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    int added = vsnprintf(text + length, size - length, format, arguments);
    va_end(arguments);
    if (added >= 0 && (size_t)added >= size - length)
        memcpy(text + size - 4, "...", 4);
}
