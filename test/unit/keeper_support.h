// SPDX-License-Identifier: MIT
/*
 * keeper_support: a keeper in a real kernel, on the loopback interface of a network namespace that
 * the program makes for itself. Where it may not make one, the tests are skipped.
 */
#ifndef KEEPER_SUPPORT_H
#define KEEPER_SUPPORT_H

#include "keeper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* VIP "one" has 10.9.0.1, 10.9.0.2 and fd09::1, "two" has 10.9.0.3; nothing is held. */
struct fixture {
    struct keeper *keeper;
    struct netlink other; /* another program */
    int engine;           /* the engine's end */
};

/* For cmocka: a fixture as `state`, and its end. */
int setup(void **state);
int teardown(void **state);
#define IN_NAMESPACE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

struct fixture *fixture_of(void **state);

/* Reads away what the engine was told so far. */
void forget_told(const struct fixture *fixture);

/* What another program does to one of the addresses on lo. */
int meddle(struct fixture *fixture, enum netlink_verb verb, unsigned address);

/* How many of the configured addresses the kernel has, on any interface, and the last one. */
unsigned in_kernel(struct fixture *fixture, struct kernel_address *ret_last);

/* The next message to the engine is of this type and address. Returns its reason. */
unsigned expect_told(const struct fixture *fixture, enum ipc_type type, unsigned address);
void expect_silence(const struct fixture *fixture);

/* A deadline that is far away. */
uint64_t later(void);

#endif
