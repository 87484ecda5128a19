// SPDX-License-Identifier: MIT
/*
 * control: the conversation on the control socket, a SOCK_STREAM Unix socket. The client sends one
 * line, the engine answers with msgpack values, one after the other, and closes; after "events
 * follow" it goes on until the client closes. An answer to a line that is no request is one map
 * {"error": "..."}.
 *
 *   "status\n"         one map: the facts (docs/STATUS.md lists every key)
 *   "events\n"         one map for each event that is remembered, oldest first
 *   "events follow\n"  the same, and then each new one as it happens
 *   "drain\n", "undrain\n", "drain NAME\n", "undrain NAME\n"
 *                      this node, or for that VIP alone: one empty map. "drain" of the facts says
 *                      what holds now, and whether it is kept for the next start
 *
 *   "reload\n"         has the configuration read anew: one map {"number": N}. "reload" of the
 * facts has the verdict, once its "number" is N or more
 *
 * The engine states facts; the sentences ("problems"), the verdict (ok, warning, critical) and the
 * JSON are the tool's.
 */
#ifndef IPC_CONTROL_H
#define IPC_CONTROL_H

#define CONTROL_STATUS        "status"
#define CONTROL_EVENTS        "events"
#define CONTROL_EVENTS_FOLLOW "events follow"

#define CONTROL_DRAIN   "drain"
#define CONTROL_UNDRAIN "undrain"
#define CONTROL_RELOAD  "reload"

#define CONTROL_REQUEST_MAX    128 /* bytes of a request line, newline included */
#define CONTROL_CLIENTS_MAX    16  /* connections at a time */
#define CONTROL_SOCKET_DEFAULT "/run/vipgossip/control.sock"

#endif
