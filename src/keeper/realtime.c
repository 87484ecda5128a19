// SPDX-License-Identifier: MIT
#include "realtime.h"

#include "log/log.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#define KEEPER_PRIORITY 3
#define ENGINE_PRIORITY 2

static int give(pid_t pid, int priority)
{
    const struct sched_param param = {.sched_priority = priority};

    return sched_setscheduler(pid, SCHED_RR | SCHED_RESET_ON_FORK, &param) < 0 ? -errno : 0;
}

void realtime_begin(pid_t engine)
{
    int error = give(0, KEEPER_PRIORITY);

    if (error == 0)
        error = give(engine, ENGINE_PRIORITY);
    if (error != 0)
        log_warning("realtime: the system gives no real-time priority: %s; the daemon goes on at "
                    "normal priority. It needs CAP_SYS_NICE, or LimitRTPRIO=10 and what else "
                    "'vipgossip doctor' names",
                    strerror(-error));
}
