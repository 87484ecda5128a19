// SPDX-License-Identifier: MIT
/*
 * confine: the engine gives up what it does not need, after it has opened everything and before it
 * has read a byte that came from the network.
 */
#ifndef ENGINE_CONFINE_H
#define ENGINE_CONFINE_H

/* Also closes the file system. What the kernel cannot do is said in the log, and the engine goes
 * on: it has no capability in any case. 0 or -errno. */
int confine_engine(void);

#endif
