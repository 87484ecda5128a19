// SPDX-License-Identifier: MIT
/*
 * Of the doctor: what the kernel lets the daemon do.
 */
#include "doctor.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT_ADMIN (UINT64_C(1) << CAP_NET_ADMIN)
#define BIT_RAW   (UINT64_C(1) << CAP_NET_RAW)
#define BIT_LOCK  (UINT64_C(1) << CAP_IPC_LOCK)
#define BIT_NICE  (UINT64_C(1) << CAP_SYS_NICE)

/* Locked memory that the engine's keys need at most: a pair key for each other node and some. */
#define LOCKED_BYTES (128UL * 1024UL)
#define RTPRIO_MIN   3 /* keeper/realtime.c */

/* A set of capabilities of a process ("CapEff", "CapBnd"); 0 if it cannot be read. */
static uint64_t read_set(const struct doctor *doctor, const char *process, const char *set)
{
    char path[DOCTOR_PATH_MAX];
    char text[DOCTOR_FILE_MAX];
    const char *at;

    (void)snprintf(path, sizeof(path), "/proc/%s/status", process);
    if (!doctor_read(doctor, path, text, sizeof(text)))
        return 0;
    at = strstr(text, set);
    return at == NULL ? 0 : strtoull(at + strlen(set) + 1, NULL, 16);
}

static const char *missing(uint64_t set)
{
    if ((set & (BIT_ADMIN | BIT_RAW)) == 0)
        return "CAP_NET_ADMIN and CAP_NET_RAW";
    if ((set & BIT_ADMIN) == 0)
        return "CAP_NET_ADMIN";
    return (set & BIT_RAW) == 0 ? "CAP_NET_RAW" : NULL;
}

static bool unit_gives_them(const struct doctor *doctor)
{
    char unit[DOCTOR_FILE_MAX];
    char value[256];

    if (!doctor_read_unit(doctor, unit, sizeof(unit)))
        return false;
    doctor_find_value(unit, "AmbientCapabilities", value, sizeof(value));
    return strstr(value, "CAP_NET_ADMIN") != NULL && strstr(value, "CAP_NET_RAW") != NULL;
}

void doctor_capabilities(const struct doctor *doctor, struct doctor_line *line)
{
    const uint64_t bounds = read_set(doctor, "self", "CapBnd:");
    const uint64_t own = read_set(doctor, "self", "CapEff:");

    if (doctor_is_witness(doctor)) {
        doctor_say(line, DOCTOR_OK, "this node is a witness and needs none");
    } else if (doctor->facts != NULL) {
        doctor_say(line, DOCTOR_OK, "vipgossipd runs, so it has CAP_NET_ADMIN and CAP_NET_RAW");
    } else if (bounds == 0) {
        doctor_say(line, DOCTOR_SKIP, "/proc/self/status cannot be read");
    } else if (missing(bounds) != NULL) {
        doctor_say(line, DOCTOR_FAIL, "%s cannot be had here", missing(bounds));
        doctor_remedy(line, "Start the container with '--cap-add NET_ADMIN --cap-add NET_RAW' "
                            "(cap_add in a compose file)");
    } else if (missing(own) == NULL) {
        doctor_say(line, DOCTOR_OK, "CAP_NET_ADMIN and CAP_NET_RAW are there");
    } else if (unit_gives_them(doctor)) {
        doctor_say(line, DOCTOR_OK, "vipgossipd.service gives CAP_NET_ADMIN and CAP_NET_RAW");
    } else {
        doctor_say(line, DOCTOR_WARN, "this user has not %s; vipgossipd needs both", missing(own));
        doctor_remedy(line, "Start vipgossipd as root, or by its unit: 'systemctl start "
                            "vipgossipd'");
    }
}

void doctor_limits(const struct doctor *doctor, struct doctor_line *line)
{
    const uint64_t own = read_set(doctor, "self", "CapEff:");
    struct rlimit locked;
    struct rlimit rt;

    if (getrlimit(RLIMIT_MEMLOCK, &locked) < 0 || getrlimit(RLIMIT_RTPRIO, &rt) < 0)
        return;
    if ((own & BIT_LOCK) == 0 && locked.rlim_cur < LOCKED_BYTES) {
        doctor_say(line, DOCTOR_WARN,
                   "only %lu KiB may be locked in memory, so keys could reach the swap",
                   (unsigned long)locked.rlim_cur / 1024);
        doctor_remedy(line, "Type 'ulimit -l 1024' before it starts, set LimitMEMLOCK=1M in the "
                            "unit, or '--ulimit memlock=1048576' for a container");
    }
    if (doctor->conf.realtime && (own & BIT_NICE) == 0 && rt.rlim_cur < RTPRIO_MIN) {
        doctor_say(line, DOCTOR_WARN, "realtime = true, but real-time priority may not be had");
        doctor_remedy(line, "Set LimitRTPRIO=10, RestrictRealtime=no and "
                            "SystemCallFilter=@resources in a drop-in of the unit, or '--cap-add "
                            "SYS_NICE' for a container");
    }
    doctor_say(line, DOCTOR_OK, "keys can be locked in memory%s",
               doctor->conf.realtime ? ", real-time priority can be had" : "");
}

static bool has_landlock(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

void doctor_kernel(const struct doctor *doctor, struct doctor_line *line)
{
    char release[128];

    if (!doctor_read(doctor, "/proc/sys/kernel/osrelease", release, sizeof(release))) {
        doctor_say(line, DOCTOR_SKIP, "/proc/sys/kernel/osrelease cannot be read");
        return;
    }
    if (!kernel_release_has_mark(release)) {
        doctor_say(line, DOCTOR_WARN,
                   "Linux %s keeps no mark on addresses (5.18 does): with kernel_lease = \"off\" "
                   "an address left by a killed vipgossipd is not known as its own",
                   release);
        doctor_remedy(line, "Keep kernel_lease on, or install a newer kernel");
    }
    if (!has_landlock()) {
        doctor_say(line, DOCTOR_WARN,
                   "no Landlock: vipgossipd runs, but is not kept from the file system");
        doctor_remedy(line, "Add landlock to the lsm= of the kernel command line");
    }
    if (!doctor_exists(doctor, "/proc/sys/kernel/seccomp/actions_avail")) {
        doctor_say(line, DOCTOR_WARN,
                   "no seccomp: vipgossipd runs, but its system calls are not limited");
        doctor_remedy(line, "Use a kernel with CONFIG_SECCOMP_FILTER");
    }
    doctor_say(line, DOCTOR_OK, "Linux %s marks addresses, has Landlock and seccomp", release);
}

void doctor_conntrack(const struct doctor *doctor, struct doctor_line *line)
{
    const long count = doctor_read_number(doctor, "/proc/sys/net/netfilter/nf_conntrack_count");
    const long max = doctor_read_number(doctor, "/proc/sys/net/netfilter/nf_conntrack_max");

    if (count < 0 || max <= 0) {
        doctor_say(line, DOCTOR_OK,
                   "connections are not tracked, so no full table drops datagrams");
    } else if (count >= max / 10 * 9) {
        doctor_say(line, DOCTOR_FAIL,
                   "%ld of %ld connections are tracked: when the table is full, "
                   "heartbeats are dropped",
                   count, max);
        doctor_remedy(line, "Type 'sysctl -w net.netfilter.nf_conntrack_max=%ld'", max * 2);
    } else {
        doctor_say(line, DOCTOR_OK, "%ld of %ld connections are tracked", count, max);
    }
}
