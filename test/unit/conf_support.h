// SPDX-License-Identifier: MIT
/* What the tests of conf share: a directory of their own with one file in it. */
#ifndef CONF_SUPPORT_H
#define CONF_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/conf.h"

#define FILE_NAME "f.conf"

/* A configuration that is right, for tests that add one line to it: it has GOOD_LINES lines. */
#define GOOD                                                    \
    "cluster = \"swarm\"\n"                                     \
    "node \"a\" { address = \"192.168.4.1\" priority = 200 }\n" \
    "node \"b\" { address = \"192.168.4.2\" }\n"                \
    "vip \"v\" { address = \"192.168.4.3\" }\n"
#define GOOD_LINES 4

/* Group fixtures: make and enter the directory, clear VIPGOSSIP_*; leave and remove it. */
int directory_enter(void **state);
int directory_leave(void **state);

/* Clears every VIPGOSSIP_ variable. */
int environment_clear(void **state);

void file_write(const char *name, const void *bytes, size_t length);

/* The file's text read as a configuration; fails the test with the message if it is refused. */
void read_good(const char *text, struct conf *ret);
/* The message with which it is refused; fails the test if it is not. */
void read_bad(const char *text, struct conf_error *ret);

/* The text of an address of a configuration, with prefix. */
void assert_address(const struct conf_address *address, const char *text);

#endif
