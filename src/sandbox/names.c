// SPDX-License-Identifier: MIT
/*
 * The names come from the headers of the system that it is built on (src/sandbox/CMakeLists.txt):
 * libseccomp knows them too, but allocates, and in a signal handler nobody may.
 */
#include "sandbox/sandbox.h"

#include <sys/syscall.h>

static const struct {
    int number;
    const char *name;
} names[] = {
#include "syscall_names.h"
};

const char *sandbox_call_name(int number)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].number == number)
            return names[i].name;
    return NULL;
}
