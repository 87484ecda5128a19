// SPDX-License-Identifier: MIT
#include "privilege.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
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
 * only where we may (libcap-ng complains to syslog otherwise): it is a second lock on a door that
 * no_new_privs has closed.
 */
static int apply_sets(bool bounds)
{
    if (bounds)
        (void)!capng_apply(CAPNG_SELECT_BOUNDS);
    if (capng_apply(CAPNG_SELECT_CAPS) < 0)
        return -EPERM;
    (void)!capng_apply(CAPNG_SELECT_AMBIENT); /* the kernel emptied it with the permitted set */
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

static int change_user(const struct privilege_user *user, bool drop_groups)
{
    const bool bounds = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;
    const unsigned flags = (drop_groups ? (unsigned)CAPNG_DROP_SUPP_GRP : 0U) |
                           (bounds ? (unsigned)CAPNG_CLEAR_BOUNDING : 0U);

    capng_clear(CAPNG_SELECT_BOTH);
    if (capng_change_id((int)user->uid, (int)user->gid, (capng_flags_t)flags) < 0)
        return -EPERM;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

int privilege_drop_engine(const struct privilege_user *user)
{
    bool bounds;

    if (capng_get_caps_process() < 0)
        return -EPERM;
    bounds = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;
    if (user->change)
        return change_user(user, true);
    capng_clear(CAPNG_SELECT_BOTH);
    return apply_sets(bounds);
}

/* The group that may write to the socket at `path`, if that is how one may; else `none`. Docker's
 * socket has its group also while there is no engine. */
static gid_t group_of(const char *path, gid_t none)
{
    const struct group *docker;
    struct stat status;

    if (stat(path, &status) == 0)
        return (status.st_mode & (S_IWGRP | S_IWOTH)) == S_IWGRP ? status.st_gid : none;
    docker = getgrnam("docker");
    return docker != NULL ? docker->gr_gid : none;
}

int privilege_drop_checker(const struct privilege_user *user, const struct conf *conf)
{
    gid_t groups[CONF_CHECKS_MAX + 1];
    size_t count = 0;

    if (!user->change)
        return privilege_drop_engine(user);
    groups[count++] = user->gid;
    for (unsigned i = 0; i < conf->check_count; i++) {
        const struct conf_check *check = &conf->checks[i];
        const struct conf_words *socket =
            check->kind == CONF_CHECK_DOCKER ? &check->target : &check->socket;

        if (socket->count > 0)
            groups[count++] = group_of(conf_word(conf, socket, 0), user->gid);
    }
    if (capng_get_caps_process() < 0 || setgroups(count, groups) < 0)
        return -EPERM;
    return change_user(user, false);
}

int privilege_drop_steward(const struct privilege_user *user)
{
    const capng_type_t sets = (capng_type_t)(CAPNG_EFFECTIVE | CAPNG_PERMITTED);
    bool reads;
    bool asks;

    if (capng_get_caps_process() < 0)
        return -EPERM;
    asks = capng_have_capability(CAPNG_PERMITTED, CAP_NET_RAW) != 0;
    reads = capng_have_capability(CAPNG_PERMITTED, CAP_DAC_READ_SEARCH) != 0;
    capng_clear(CAPNG_SELECT_CAPS);
    if (asks)
        (void)capng_update(CAPNG_ADD, sets, CAP_NET_RAW);
    if (reads)
        (void)capng_update(CAPNG_ADD, sets, CAP_DAC_READ_SEARCH);
    if (user->change)
        (void)capng_updatev(CAPNG_ADD, sets, CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_KILL, -1);
    return apply_sets(false);
}

int privilege_drop_keeper(bool holds, bool may_kill)
{
    const capng_type_t sets = (capng_type_t)(CAPNG_EFFECTIVE | CAPNG_PERMITTED);
    const bool bounds =
        capng_get_caps_process() == 0 && capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;

    capng_clear(CAPNG_SELECT_BOTH);
    if (holds)
        (void)capng_updatev(CAPNG_ADD, sets, CAP_NET_ADMIN, CAP_NET_RAW, -1);
    if (may_kill)
        (void)capng_update(CAPNG_ADD, sets, CAP_KILL);
    return apply_sets(bounds);
}
