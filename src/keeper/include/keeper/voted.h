// SPDX-License-Identifier: MIT
/*
 * voted: for how long the votes of an earlier run may still be promised. A note beside the control
 * socket says it, as long as the host is not booted; without one it is the longest lease that there
 * is [SPEC R99].
 */
#ifndef KEEPER_VOTED_H
#define KEEPER_VOTED_H

#include <stdint.h>

/* What the note holds; times in ms of CLOCK_BOOTTIME. */
struct voted {
    char boot_id[64];
    uint64_t lease_ms;  /* the run that wrote it promises its votes for no longer */
    uint64_t former_ms; /* until then votes of runs before it may be promised */
};

/* For how long a run that starts at `now_ms` has to abstain. `note` NULL: there is none. */
uint64_t voted_abstain_ms(const struct voted *note, const char *boot_id, uint64_t now_ms);

/*
 * Reads the note for the daemon with that control socket, and leaves a new one, for votes of at
 * most `lease_ns`, before any is given. Returns for how long to abstain, in ns. Errors: -errno in
 * `ret_error` if an old note stays that may say less than is promised now; else 0.
 */
uint64_t voted_begin(const char *control_socket, uint64_t lease_ns, int *ret_error);

#endif
