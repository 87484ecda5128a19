// SPDX-License-Identifier: MIT
/*
 * vipgossip-engine: started by vipgossipd, with the descriptors that ipc/ipc.h names.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/engine.h"
#include "ipc/ipc.h"
#include "log/log.h"
#include "sandbox/sandbox.h"

#define EXIT_USAGE 2

/* A SOCK_SEQPACKET socket, a file, a listening socket: what only the keeper gives. */
static bool was_started_by_keeper(void)
{
    int type = 0;
    int listening = 0;
    socklen_t length = sizeof type;

    if (getsockopt(IPC_FD_KEEPER, SOL_SOCKET, SO_TYPE, &type, &length) != 0 ||
        type != SOCK_SEQPACKET) {
        return false;
    }
    length = sizeof listening;
    if (getsockopt(IPC_FD_CONTROL, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) != 0 ||
        listening == 0) {
        return false;
    }
    return fcntl(IPC_FD_CONF, F_GET_SEALS) >= 0;
}

/* A signal to the whole process group (Ctrl-C, systemd's stop) is for the keeper, which stops the
 * engine in order; if the keeper dies, the engine sees the end of its descriptor. */
static void leave_signals_to_keeper(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        (void)signal(signals[i], SIG_IGN);
    }
}

static struct ipc_setup *read_setup(void)
{
    struct ipc_setup *setup = calloc(1, sizeof *setup);
    int error;

    if (setup == NULL) {
        log_error("out of memory");
        return NULL;
    }
    (void)sandbox_lock_secret(&setup->keys, sizeof setup->keys); /* engine.c tells who cannot */
    error = ipc_setup_read(IPC_FD_CONF, setup);
    (void)close(IPC_FD_CONF);
    if (error == 0) {
        error = ipc_keys_receive(IPC_FD_KEEPER, &setup->keys);
    }
    if (error != 0) {
        log_error("cannot read the setup from the keeper: %s; are vipgossipd and "
                  "vipgossip-engine of one installation?",
                  strerrordesc_np(-error));
        free(setup);
        return NULL;
    }
    return setup;
}

int main(void)
{
    struct engine_descriptors descriptors = {IPC_FD_KEEPER, IPC_FD_CONTROL, -1};
    struct ipc_setup *setup;
    int exit_code;

    log_open("vipgossip-engine", LOG_LEVEL_INFO);
    if (!was_started_by_keeper()) {
        log_error("vipgossip-engine is started by vipgossipd only; start that");
        return EXIT_USAGE;
    }
    leave_signals_to_keeper();
    sandbox_hide(); /* again: it is another program now */
    setup = read_setup();
    if (setup == NULL) {
        return 1;
    }
    log_set_level(setup->verbose != 0 ? LOG_LEVEL_DEBUG : (enum log_level)setup->conf.log_level);
    if (setup->has_checker != 0) {
        descriptors.checker = IPC_FD_CHECKER;
    }
    exit_code = engine_run(setup, &descriptors);
    sodium_memzero(setup, sizeof *setup);
    free(setup);
    return exit_code;
}
