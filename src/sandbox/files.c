// SPDX-License-Identifier: MIT
/*
 * Landlock (landlock(7), Linux 5.13): a process takes rights to the file system from itself. The C
 * library has no functions for it yet.
 */
#include "sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Every right of the first version of the interface, which every kernel with Landlock knows. */
#define RIGHTS_FIRST                                                                               \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |   \
     LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR |                                 \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | \
     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |   \
     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

static int allow_removal(int rules, const char *directory)
{
    struct landlock_path_beneath_attr beneath = {.allowed_access = LANDLOCK_ACCESS_FS_REMOVE_FILE};
    int result = 0;

    beneath.parent_fd = open(directory, O_PATH | O_CLOEXEC);
    if (beneath.parent_fd < 0)
        return -errno;
    if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0)
        result = -errno;
    (void)close(beneath.parent_fd);
    return result;
}

int sandbox_close_files(const char *remove_from)
{
    const struct landlock_ruleset_attr handled = {.handled_access_fs = RIGHTS_FIRST};
    const int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
    int result = 0;

    if (rules < 0)
        return -errno;
    if (remove_from != NULL)
        result = allow_removal(rules, remove_from);
    if (result == 0 && syscall(SYS_landlock_restrict_self, rules, 0) < 0)
        result = -errno;
    (void)close(rules);
    return result;
}
