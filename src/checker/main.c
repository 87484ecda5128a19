// SPDX-License-Identifier: MIT
/*
 * vipgossip-checker: started by vipgossipd, with the descriptors that ipc/checker.h names.
 */
#include "checker/checker.h"
#include "log/log.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define EXIT_USAGE 2

/* A SOCK_SEQPACKET socket and a sealed file: what only the supervisor gives. */
static bool was_started_by_supervisor(void)
{
    int type = 0;
    socklen_t length = sizeof(type);

    return getsockopt(IPC_CHECKER_FD_ENGINE, SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
           type == SOCK_SEQPACKET && fcntl(IPC_CHECKER_FD_CONF, F_GET_SEALS) >= 0;
}

int main(void)
{
    struct checker_descriptors descriptors = {IPC_CHECKER_FD_ENGINE, IPC_CHECKER_FD_ALIVE, -1, -1};
    struct ipc_checker_setup *setup;
    int result;

    log_open("vipgossip-checker", LOG_LEVEL_INFO);
    (void)prctl(PR_SET_NAME, "vipgossip-checker"); /* who was started by descriptor has none */
    if (!was_started_by_supervisor()) {
        log_error("vipgossip-checker is started by vipgossipd only; start that");
        return EXIT_USAGE;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    setup = calloc(1, sizeof(*setup));
    if (setup == NULL)
        return 1;
    result = ipc_checker_setup_read(IPC_CHECKER_FD_CONF, setup);
    if (result < 0) {
        log_error("cannot read the setup: %s; are vipgossipd and vipgossip-checker of one "
                  "installation?",
                  strerror(-result));
        free(setup);
        return 1;
    }
    for (int fd = IPC_CHECKER_FD_ENGINE; fd <= IPC_CHECKER_FD_FORMER; fd++)
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    for (unsigned i = 0; i < setup->conf.check_count; i++)
        if (setup->conf.checks[i].kind == CONF_CHECK_GATEWAY)
            descriptors.ask = IPC_CHECKER_FD_ASK;
    if (setup->follows != 0)
        descriptors.former = IPC_CHECKER_FD_FORMER;
    log_set_level(setup->verbose ? LOG_LEVEL_DEBUG : (enum log_level)setup->conf.log_level);
    result = checker_run(setup, &descriptors);
    free(setup);
    return result;
}
