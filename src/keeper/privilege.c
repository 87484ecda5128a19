// SPDX-License-Identifier: MIT
#include "privilege.h"

#include <cap-ng.h>
#include <errno.h>
#include <pwd.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

const char *privilege_missing(void)
{
    if (capng_get_caps_process() < 0)
        return NULL; /* without /proc: the kernel will say no later */
    if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_ADMIN))
        return "CAP_NET_ADMIN";
    return capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_RAW) ? NULL : "CAP_NET_RAW";
}

struct privilege_user privilege_find_user(void)
{
    struct privilege_user none = {.change = false};
    const struct passwd *entry = getpwnam(PRIVILEGE_USER);

    if (entry == NULL || entry->pw_uid == geteuid() || capng_get_caps_process() < 0 ||
        !capng_have_capability(CAPNG_EFFECTIVE, CAP_SETUID) ||
        !capng_have_capability(CAPNG_EFFECTIVE, CAP_SETGID))
        return none;
    return (struct privilege_user){.change = true, .uid = entry->pw_uid, .gid = entry->pw_gid};
}

/*
 * Applies the sets that were chosen with libcap-ng. The bounding set first, while we still may, and
 * only where we may: it is a second lock on a door that no_new_privs has closed.
 */
static int apply_sets(void)
{
    (void)capng_apply(CAPNG_SELECT_BOUNDS);
    if (capng_apply(CAPNG_SELECT_CAPS) < 0)
        return -EPERM;
    (void)capng_apply(CAPNG_SELECT_AMBIENT); /* the kernel emptied it with the permitted set */
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

static int change_user(const struct privilege_user *user)
{
    const bool bounds = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;
    const unsigned flags = CAPNG_DROP_SUPP_GRP | (bounds ? CAPNG_CLEAR_BOUNDING : 0U);

    capng_clear(CAPNG_SELECT_BOTH);
    if (capng_change_id((int)user->uid, (int)user->gid, (capng_flags_t)flags) < 0)
        return -EPERM;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

int privilege_drop_engine(const struct privilege_user *user)
{
    if (capng_get_caps_process() < 0)
        return -EPERM;
    if (user->change)
        return change_user(user);
    capng_clear(CAPNG_SELECT_BOTH);
    return apply_sets();
}

int privilege_drop_keeper(bool may_kill)
{
    const capng_type_t sets = (capng_type_t)(CAPNG_EFFECTIVE | CAPNG_PERMITTED);

    capng_clear(CAPNG_SELECT_BOTH);
    (void)capng_updatev(CAPNG_ADD, sets, CAP_NET_ADMIN, CAP_NET_RAW, -1);
    if (may_kill)
        (void)capng_update(CAPNG_ADD, sets, CAP_KILL);
    return apply_sets();
}
