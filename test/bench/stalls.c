// SPDX-License-Identifier: MIT
/*
 * vg-stalls: the witness of the machine's own stalls. One process per processor sleeps for two
 * milliseconds at a time, at normal priority, and says when it woke late:
 *
 *   START END       nanoseconds of CLOCK_MONOTONIC: nothing of its kind ran there in between
 *
 * Whoever judges times on a machine with other work subtracts these. Ends when its standard input
 * does.
 */
#include "probe.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#define NAP_NS   (2 * NS_PER_MS)
#define STALL_NS (5 * NS_PER_MS)

static void watch(int processor)
{
    const struct timespec nap = {.tv_nsec = NAP_NS};
    cpu_set_t only;

    CPU_ZERO(&only);
    CPU_SET((size_t)processor, &only);
    (void)sched_setaffinity(0, sizeof only, &only);
    for (;;) {
        int64_t due_ns = probe_now_ns() + NAP_NS;
        int64_t now_ns;

        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
        now_ns = probe_now_ns();
        if (now_ns - due_ns > STALL_NS) {
            (void)printf("%lld %lld\n", (long long)due_ns, (long long)now_ns);
            (void)fflush(stdout);
        }
    }
}

int main(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    cpu_set_t allowed;

    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
        perror("vg-stalls: sched_getaffinity");
        return 1;
    }
    for (int processor = 0; processor < CPU_SETSIZE; processor++) {
        if (CPU_ISSET((size_t)processor, &allowed) && fork() == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            watch(processor);
        }
    }
    while (poll(&input, 1, -1) < 0 || input.revents == 0) {
    }
    return 0;
}
