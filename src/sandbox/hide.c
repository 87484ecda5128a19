// SPDX-License-Identifier: MIT
#include "sandbox/sandbox.h"

#include <sys/prctl.h>
#include <sys/resource.h>

void sandbox_hide(void)
{
    const struct rlimit none = {0, 0};

    /* Neither is enough alone: a core_pattern with a pipe ignores the limit, and a program that is
     * executed is dumpable again until it says otherwise. */
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
