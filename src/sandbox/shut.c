// SPDX-License-Identifier: MIT
#include "sandbox/sandbox.h"

#include "log/log.h"

#include <errno.h>
#include <string.h>

void sandbox_shut_files(const char *remove_from, const char *process)
{
    const int result = sandbox_close_files(remove_from);

    if (result == -ENOSYS || result == -EOPNOTSUPP)
        log_debug("the kernel cannot close the file system to the %s: it has no Landlock", process);
    else if (result < 0)
        log_warning("the file system is not closed to the %s (Landlock: %s); its filter of system "
                    "calls is the only wall there: look for what forbids it, a container's profile "
                    "of system calls perhaps",
                    process, strerrordesc_np(-result));
}
