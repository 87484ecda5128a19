// SPDX-License-Identifier: MIT
/*
 * limits: every bound of the protocol. They are checked when the configuration is read; the core
 * asserts them.
 */
#ifndef CORE_LIMITS_H
#define CORE_LIMITS_H

#define NODES_MAX             64 /* a set of nodes is a uint64_t */
#define VIPS_MAX              32
#define CHECKS_MAX            32
#define UNHEARD_MAX           16 /* names in "not heard directly", in turn [SPEC R14] */
#define UNHEARD_REST          4  /* of them for nodes that do not live */
#define RELAYS_MAX            2
#define DEAD_INCARNATIONS_MAX 8
#define MESSAGE_RECORDS_MAX   12 /* records in one datagram, the sender's own included */
#define MESSAGE_ABOUT_MAX     8  /* nodes that one question in a datagram is about */
#define MESSAGE_ASKS_MAX      4
#define MESSAGE_ECHOES_MAX    4
#define SIGNATURE_BYTES       64
#define EXCEPTIONS_MAX        64  /* nodes of the swarm that one record names [SPEC F7] */
#define SWARM_EXCEPTIONS_MAX  256 /* that a manager knows of; they take turns in its records */

#define ALL_ADDRESSES UINT16_MAX /* of a VIP, in place of the index of one of them */

#endif
