// SPDX-License-Identifier: MIT
/*
 * control_socket: the path on which the tool talks to the engine. The keeper makes the socket, with
 * owner and mode, and hands it to the engine listening.
 */
#ifndef KEEPER_CONTROL_SOCKET_H
#define KEEPER_CONTROL_SOCKET_H

/* The listening descriptor (close-on-exec, non-blocking), or -1 with the reason in the log. */
int control_socket_open(const char *path);

/* Removes the path and closes the descriptor; in this order, so that nobody who starts meanwhile
 * loses a socket of his own. */
void control_socket_close(int fd, const char *path);

#endif
