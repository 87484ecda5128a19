// SPDX-License-Identifier: MIT
/*
 * privilege: who may do what. The keeper keeps CAP_NET_ADMIN and CAP_NET_RAW; the engine has
 * nothing, and its own user where the host has one and the keeper may change to it.
 */
#ifndef KEEPER_PRIVILEGE_H
#define KEEPER_PRIVILEGE_H

#include "conf/conf.h"

#include <stdbool.h>
#include <sys/types.h>

#define PRIVILEGE_USER  "vipgossip"
#define PRIVILEGE_GROUP "vipgossip"

struct privilege_user {
    bool change; /* else: the same user as the keeper, with empty capability sets */
    uid_t uid;
    gid_t gid;
};

/* The name of a capability that is missing ("CAP_NET_ADMIN"), or NULL. */
const char *privilege_missing(void);

/* The engine's user. */
struct privilege_user privilege_find_user(void);

/* In the engine's process, before it is executed. 0 or -errno. */
int privilege_drop_engine(const struct privilege_user *user);

/*
 * In the supervisor's process, before it starts the checker: as the engine, but with the groups
 * that may write to the Unix sockets of the checks (group docker, say; whoever is in that one is as
 * good as root, and so is what a check with that socket runs). 0 or -errno.
 */
int privilege_drop_checker(const struct privilege_user *user, const struct conf *conf);

/*
 * In the steward's process: what it takes to read the files that could be read at start, to open a
 * socket for checks that ask for a gateway, and, where the engine's user is another one, to start a
 * checker as that user and to end it. 0 or -errno.
 */
int privilege_drop_steward(const struct privilege_user *user);

/* In the keeper, once the engine runs. `holds`: it adds addresses; a witness does not. `may_kill`:
 * the engine has another user, and without CAP_KILL the keeper could not end it, nor would the
 * kernel end it with the keeper. 0 or -errno.
 */
int privilege_drop_keeper(bool holds, bool may_kill);

#endif
