// SPDX-License-Identifier: MIT
/*
 * sodium_mlock() does the same, but asks for whole pages to be left out of core files, and is
 * refused that for memory which does not begin with a page.
 */
#include "sandbox/sandbox.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

int sandbox_lock_secret(void *bytes, size_t length)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t before = (size_t)((uintptr_t)bytes % page);
    char *first = (char *)bytes - before;

    (void)madvise(first, (before + length + page - 1) / page * page, MADV_DONTDUMP);
    return mlock(bytes, length) < 0 ? -errno : 0;
}
