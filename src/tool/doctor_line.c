// SPDX-License-Identifier: MIT
#include "doctor.h"
#include "tool/table.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Names of processes and files come from outside: nothing of them may steer a terminal or break the
 * JSON. */
static void make_plain(char *text)
{
    json_t *string;

    text_clean(text);
    string = json_string(text);
    if (string == NULL) {
        for (char *byte = text; *byte != '\0'; byte++)
            if ((unsigned char)*byte >= 0x80)
                *byte = '?';
    }
    json_decref(string);
}

/* Appends `text` to what `whole` has, "; " between; what does not fit ends in "...". */
static void append(char *whole, size_t size, const char *text)
{
    const size_t used = strlen(whole);
    const char *between = used > 0 ? "; " : "";

    if (snprintf(whole + used, size - used, "%s%s", between, text) >= (int)(size - used))
        memcpy(whole + size - 4, "...", 4);
}

void doctor_say(struct doctor_line *line, enum doctor_result result, const char *format, ...)
{
    const bool is_fine = result <= DOCTOR_OK && line->result <= DOCTOR_OK;
    char text[sizeof(line->detail)];
    va_list arguments;

    line->is_heard = is_fine || result >= line->result;
    if (!line->is_heard)
        return;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    make_plain(text);
    if (!is_fine && result > line->result) {
        line->detail[0] = '\0';
        line->remedy[0] = '\0';
    }
    if (result > line->result)
        line->result = result;
    append(line->detail, sizeof(line->detail), text);
}

void doctor_remedy(struct doctor_line *line, const char *format, ...)
{
    char text[sizeof(line->remedy)];
    va_list arguments;

    if (!line->is_heard)
        return;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    make_plain(text);
    if (strstr(line->remedy, text) != NULL)
        return; /* once is enough */
    if (line->remedy[0] != '\0')
        text[0] = (char)tolower((unsigned char)text[0]);
    append(line->remedy, sizeof(line->remedy), text);
}

void doctor_say_error(struct doctor_line *line, enum doctor_result result, const char *text,
                      const char *fallback)
{
    const char *remedy = strstr(text, "; ");
    char sentence[sizeof(line->remedy)];

    if (remedy == NULL) {
        doctor_say(line, result, "%s", text);
        doctor_remedy(line, "%s", fallback);
        return;
    }
    doctor_say(line, result, "%.*s", (int)(remedy - text), text);
    (void)snprintf(sentence, sizeof(sentence), "%s", remedy + 2);
    sentence[0] = (char)toupper((unsigned char)sentence[0]);
    doctor_remedy(line, "%s", sentence);
}
