// SPDX-License-Identifier: MIT
/*
 * decode_text: what a datagram says, as text. Ids have their names where a configuration is given.
 */
#ifndef DECODE_TEXT_H
#define DECODE_TEXT_H

#include "capture.h"
#include "conf/conf.h"
#include "wire/inspect.h"

#include <stdio.h>

struct decode_text {
    FILE *out;
    const struct conf *conf; /* NULL: ids stay numbers */
};

/* "datagram 3: 216 bytes, 192.0.2.1 port 7112 to 192.0.2.2 port 7112, 12:00:00.123456" */
void decode_text_captured(const struct decode_text *text, uint64_t number,
                          const struct captured *captured);
void decode_text_header(const struct decode_text *text, const struct inspect_header *header);
/* One line with a word before it. */
__attribute__((format(printf, 3, 4))) void decode_text_line(const struct decode_text *text,
                                                            const char *label, const char *format,
                                                            ...);
/* Every item of a datagram of `sender`; `keyring` has the keys to look at the signatures with. */
void decode_text_items(const struct decode_text *text, uint32_t sender,
                       const struct inspect_items *items, const struct keyring *keyring);

/* Index of the node with that id in the configuration, or -1. */
int decode_text_node(const struct conf *conf, uint32_t id);

#endif
