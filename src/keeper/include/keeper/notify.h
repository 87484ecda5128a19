// SPDX-License-Identifier: MIT
/*
 * notify: tells systemd how the daemon is, by the protocol of sd_notify(3): one datagram to the
 * socket that NOTIFY_SOCKET names.
 */
#ifndef KEEPER_NOTIFY_H
#define KEEPER_NOTIFY_H

#include <stdint.h>

/* "READY=1\nSTATUS=..."; nothing happens if nobody asked for it. */
void notify_send(const char *text);

/* How often systemd wants to hear "WATCHDOG=1", twice as often as it says, in nanoseconds; 0: not
 * at all. */
uint64_t notify_watchdog_ns(void);

#endif
