// SPDX-License-Identifier: MIT
/* check: what only a bug of this program can break. On in every build: an engine that is wrong
 * about its own data must stop, its addresses go by their deadline. */
#ifndef CHECK_H
#define CHECK_H

#include <stdlib.h>

#define CHECK(x) ((x) ? (void)0 : abort())

#endif
