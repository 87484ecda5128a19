// SPDX-License-Identifier: MIT
#include "start.h"

#include "confine.h"
#include "keeper.h"
#include "keeper/clock.h"
#include "keeper/control_socket.h"
#include "keeper/notify.h"
#include "keeper/voted.h"
#include "launch.h"
#include "packet.h"
#include "place.h"
#include "privilege.h"
#include "realtime.h"

#include "conf/key.h"
#include "ipc/setup.h"
#include "log/log.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The key in the environment has done its work; /proc shows the environment as it was. */
static void wipe_environment(void)
{
    char *value = getenv("VIPGOSSIP_KEY");

    if (value != NULL)
        explicit_bzero(value, strlen(value));
    (void)unsetenv("VIPGOSSIP_KEY");
}

static int read_keys(struct conf *conf, struct conf_keys *ret)
{
    struct conf_error error;
    const int result = conf_keys_read(conf, ret, &error);

    explicit_bzero(conf->key_text, sizeof(conf->key_text));
    wipe_environment();
    if (result < 0)
        log_error("%s", error.text);
    return result;
}

/* A witness touches no address: it needs none. */
static bool is_witness(const struct keeper *keeper)
{
    return keeper->conf.nodes[keeper->self].witness;
}

static int check_capabilities(const struct keeper *keeper)
{
    const char *missing = privilege_missing();

    if (missing == NULL || is_witness(keeper))
        return 0;
    log_error("%s is missing: start vipgossipd as root, or under systemd with "
              "AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW, or a container with "
              "--cap-add=NET_ADMIN --cap-add=NET_RAW",
              missing);
    return -1;
}

static void keeper_init(struct keeper *keeper, const struct conf *conf)
{
    struct utsname system;

    keeper->conf = *conf;
    keeper->control_fd = -1;
    keeper->stop_end_ns = CLOCK_NEVER_NS;
    keeper->watchdog_every_ns = notify_watchdog_ns();
    keeper->watchdog_ns = keeper->watchdog_every_ns == 0 ? CLOCK_NEVER_NS : clock_now_ns();
    keeper->alive_ns = clock_now_ns();
    keeper->silent_end_ns = CLOCK_NEVER_NS;
    keeper->keep.end_ns = CLOCK_NEVER_NS;
    keeper->steward.fd = -1;
    keeper->steward.texts_fd = -1;
    keeper->kernel_has_mark = uname(&system) < 0 || kernel_release_has_mark(system.release);
    lookup_build(conf, &keeper->lookup);
    for (unsigned vip = 0; vip < conf->vip_count; vip++)
        vip_init(&keeper->vips[vip], conf->vips[vip].kernel_lease_s,
                 conf_vip_lateness_ns(&conf->vips[vip]));
}

/* One entry for each interface, however many VIPs it carries. */
static void assign_interface(struct keeper *keeper, unsigned vip, const char *name)
{
    unsigned i = 0;

    while (i < keeper->interface_count && strcmp(keeper->interfaces[i].name, name) != 0)
        i++;
    if (i == keeper->interface_count)
        keeper_interface_init(&keeper->interfaces[keeper->interface_count++], name);
    keeper->interface_of[vip] = (uint8_t)i;
}

/* The signals wait for the loop from here on; a log line to a closed pipe is no reason to die. */
static int open_signals(struct keeper *keeper)
{
    sigset_t set;

    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -errno;
    keeper->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    keeper->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    return keeper->signal_fd < 0 || keeper->timer_fd < 0 ? -errno : 0;
}

static int open_kernel(struct keeper *keeper)
{
    int result = netlink_open(&keeper->netlink);

    if (result == 0)
        result = monitor_open(&keeper->monitor);
    keeper->packet_fd = -1;
    if (result == 0 && !is_witness(keeper)) {
        keeper->packet_fd = packet_open();
        result = keeper->packet_fd < 0 ? keeper->packet_fd : 0;
    }
    if (result == 0)
        result = will_open(&keeper->will, &keeper->conf, keeper->self);
    if (result == 0)
        result = open_signals(keeper);
    if (result < 0)
        log_error("cannot open the kernel's interfaces: %s", strerror(-result));
    return result;
}

/* Leftovers go, and then the keeper knows what is there. */
static int look_around(struct keeper *keeper)
{
    int result = holding_remove_leftovers(keeper);

    if (result < 0) {
        log_error("cannot remove what an earlier run left: %s", strerror(-result));
        return result;
    }
    result = news_compare(keeper);
    if (result == -EINTR)
        result = news_compare(keeper);
    if (result < 0) {
        log_error("cannot list links and addresses: %s", strerror(-result));
        return result;
    }
    for (unsigned i = 0; i < keeper->interface_count; i++)
        link_begin(&keeper->interfaces[i]);
    keeper->strays = false; /* there are no leftovers */
    news_name_owners(keeper);
    return 0;
}

/* Once the engine has the keys. What it was not told, of checks and hook, the steward needs. */
static int start_steward(struct keeper *keeper, struct ipc_setup *setup,
                         const struct steward_begin *begin)
{
    explicit_bzero(&setup->keys, sizeof(setup->keys));
    setup->conf = keeper->conf;
    return steward_start(begin, &keeper->steward);
}

/* The engine runs, and ends when its keeper does not go on. */
static int start_rest(struct keeper *keeper, struct ipc_setup *setup,
                      const struct steward_begin *begin)
{
    const struct confine confine = {.is_witness = is_witness(keeper),
                                    .may_kill = begin->user.change,
                                    .control_socket = keeper->conf.control_socket};

    if (start_steward(keeper, setup, begin) < 0)
        return -1;
    drain_close(&keeper->drain);
    if (keeper->conf.realtime)
        realtime_begin(keeper->engine_pid); /* not of the checker, nor of what it starts */
    return confine_keeper(&confine);
}

static int start_engine(struct keeper *keeper, struct ipc_setup *setup, const char *file)
{
    char path[4200];
    int ends[2] = {-1, -1};
    struct launch launch = {.path = path,
                            .setup = setup,
                            .control_fd = keeper->control_fd,
                            .user = privilege_find_user()};
    struct launch_result engine;
    int result;

    setup->has_checker = file != NULL || conf_needs_checker(&keeper->conf);
    if (setup->has_checker && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
        log_error("cannot start the engine: %s", strerror(errno));
        return -1;
    }
    launch.checker_fd = ends[0];
    /* What checks and hook are told is none of the engine's business. */
    explicit_bzero(setup->conf.words, sizeof(setup->conf.words));
    launch_find(LAUNCH_ENGINE, path, sizeof(path));
    result = launch_engine(&launch, &engine);
    if (result == 0) {
        keeper->engine_pid = engine.pid;
        keeper->engine_pidfd = engine.pidfd;
        keeper->engine_fd = engine.fd;
    }
    if (ends[0] >= 0)
        (void)close(ends[0]);
    if (result == 0)
        result = start_rest(keeper, setup,
                            &(struct steward_begin){.file = file,
                                                    .setup = setup,
                                                    .user = launch.user,
                                                    .checker_fd = ends[1],
                                                    .drain_directory = keeper->drain.directory});
    if (ends[1] >= 0)
        (void)close(ends[1]);
    return result;
}

static int run(struct keeper *keeper, struct ipc_setup *setup, const char *file)
{
    char status[2 * CONF_NAME_MAX + 64];
    const int result = start_engine(keeper, setup, file);

    explicit_bzero(setup, sizeof(*setup));
    if (result < 0)
        return START_EXIT_FAILED;
    link_tell_anew(keeper);
    listen_tell_macs(keeper);
    (void)snprintf(status, sizeof(status), "READY=1\nSTATUS=node %s of cluster %s",
                   keeper->conf.self_name, keeper->conf.cluster);
    notify_send(status);
    log_info("node %s of cluster %s, %u nodes, %u vips", keeper->conf.self_name,
             keeper->conf.cluster, keeper->conf.node_count, keeper->conf.vip_count);
    return keeper_run(keeper);
}

/* Before any vote is given: how long was it promised by an earlier run? [SPEC R99] */
static int recall_votes(const struct keeper *keeper, struct ipc_setup *setup)
{
    uint64_t lease_ns = 0;
    int error = 0;

    for (unsigned vip = 0; vip < keeper->conf.vip_count; vip++) {
        const struct conf_vip *section = &keeper->conf.vips[vip];

        if (section->mode == CONF_QUORUM && section->lease_ns > lease_ns)
            lease_ns = section->lease_ns;
    }
    if (lease_ns == 0)
        return 0;
    setup->abstain_ns = voted_begin(keeper->conf.control_socket, lease_ns, &error);
    if (error < 0)
        log_error("the note of the last run beside %s cannot be removed: %s",
                  keeper->conf.control_socket, strerror(-error));
    else
        log_info("mode quorum: this node does not vote for the first %.1f s",
                 (double)setup->abstain_ns / 1e9);
    return error;
}

/* From here on there is something to undo. */
static int run_with_socket(struct keeper *keeper, struct ipc_setup *setup, const char *file)
{
    int result;

    keeper->control_fd = control_socket_open(keeper->conf.control_socket);
    if (keeper->control_fd < 0)
        return START_EXIT_FAILED;
    result = recall_votes(keeper, setup) < 0 || look_around(keeper) < 0 ? START_EXIT_FAILED
                                                                        : run(keeper, setup, file);
    control_socket_close(keeper->control_fd, keeper->conf.control_socket);
    return result;
}

static int prepare(struct keeper *keeper, struct conf *conf, struct ipc_setup *setup)
{
    struct place_interfaces interfaces;
    int self;

    if (read_keys(conf, &setup->keys) < 0)
        return START_EXIT_CONF;
    self = place_find_self(conf);
    if (self < 0 || place_find_interfaces(conf, self, &interfaces) < 0)
        return START_EXIT_CONF;
    conf_set_self(conf, self);
    keeper_init(keeper, conf);
    keeper->self = (uint8_t)self;
    for (unsigned vip = 0; vip < conf->vip_count; vip++)
        assign_interface(keeper, vip, interfaces.names[vip]);
    setup->magic = IPC_SETUP_MAGIC;
    setup->build = ipc_build();
    setup->self = (uint8_t)self;
    setup->conf = *conf;
    memcpy(setup->interfaces, interfaces.names, sizeof(setup->interfaces));
    if (check_capabilities(keeper) < 0 || drain_open(&keeper->drain, conf) < 0 ||
        open_kernel(keeper) < 0)
        return START_EXIT_FAILED;
    setup->drained = keeper->drain.node ? 1 : 0;
    setup->drained_vips = keeper->drain.vips;
    return START_EXIT_OK;
}

/* Where a new configuration will be, and its keys for a moment. */
static int reserve(struct keeper *keeper, const char *file)
{
    struct reload *reload = &keeper->reload;

    reload->from_environment = file == NULL;
    reload->report = calloc(1, sizeof(*reload->report));
    reload->offer = calloc(1, sizeof(*reload->offer));
    if (reload->report == NULL || reload->offer == NULL)
        return -1;
    (void)sandbox_lock_secret(&reload->report->setup.keys, sizeof(reload->report->setup.keys));
    (void)sandbox_lock_secret(&reload->offer->setup.keys, sizeof(reload->offer->setup.keys));
    return 0;
}

static void discard(struct keeper *keeper)
{
    drain_close(&keeper->drain);
    will_close(&keeper->will);
    monitor_close(&keeper->monitor);
    netlink_close(&keeper->netlink);
    free(keeper->reload.report);
    free(keeper->reload.offer);
}

int start_daemon(struct conf *conf, const char *file, bool verbose)
{
    struct ipc_setup *setup = calloc(1, sizeof(*setup));
    struct keeper *keeper = calloc(1, sizeof(*keeper));
    int result = START_EXIT_FAILED;

    if (setup != NULL && keeper != NULL && reserve(keeper, file) == 0) {
        (void)sandbox_lock_secret(&setup->keys, sizeof(setup->keys)); /* the engine complains */
        setup->verbose = verbose;
        keeper->verbose = verbose;
        result = prepare(keeper, conf, setup);
        if (result == START_EXIT_OK)
            result = run_with_socket(keeper, setup, file);
        discard(keeper);
        explicit_bzero(setup, sizeof(*setup));
    } else {
        log_error("out of memory");
    }
    free(keeper);
    free(setup);
    return result;
}
