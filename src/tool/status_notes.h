// SPDX-License-Identifier: MIT
/*
 * status_notes: what a person should know of the facts, and nobody has to mend at once.
 */
#ifndef STATUS_NOTES_H
#define STATUS_NOTES_H

#include <jansson.h>
#include <stdio.h>

/* One line each, "Note: ...", between the verdict and the tables. */
void status_print_notes(const json_t *facts, FILE *out);

#endif
