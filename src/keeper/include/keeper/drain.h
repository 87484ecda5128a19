// SPDX-License-Identifier: MIT
/*
 * drain: what has to outlive a restart of this node: that an operator has drained it, as a whole or
 * for some VIPs. It is the file "drained" in state_dir, one line each: the name of a VIP, or "*"
 * for the whole node. No line, or no file: nothing is drained. It is never changed in place: a node
 * that loses its power finds what it said before, or what it was to say.
 *
 * A disk may hang, so the keeper only reads it, at start; it is written by a process of its own
 * (keep.h).
 */
#ifndef KEEPER_DRAIN_H
#define KEEPER_DRAIN_H

#include "conf/conf.h"

/* Every VIP's name and its newline; a file that is longer is none of ours. */
#define DRAIN_TEXT_MAX (CONF_VIPS_MAX * (CONF_NAME_MAX + 1) + 2)

struct drain {
    int directory; /* state_dir, or -errno */
    bool node;     /* what it said when it was opened */
    uint32_t vips; /* bit per VIP of the configuration */
};

/*
 * Opens state_dir, making its last part where it is not there, and reads what is kept. Where
 * nothing can be made that is no error before somebody drains. -1 if a file is there that cannot be
 * read, with the reason in the log: starting as if nothing were drained would be wrong.
 */
int drain_open(struct drain *drain, const struct conf *conf);
void drain_close(struct drain *drain);

/* The text of the file: `text` has room for DRAIN_TEXT_MAX + 1 bytes. Its length. */
size_t drain_text(const struct conf *conf, bool node, uint32_t vips, char *text);

/* Replaces the file as a whole, which takes as long as the disk takes. 0 once it is on the disk, or
 * -errno. `directory` may be the -errno of drain_open(). */
int drain_write(int directory, const char *text, size_t length);

#endif
