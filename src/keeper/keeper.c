// SPDX-License-Identifier: MIT
#include "keeper.h"

#include "keeper/clock.h"
#include "keeper/notify.h"
#include "launch.h"

#include "log/log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* How long an ordered stop may take. */
#define STOP_PATIENCE_NS (10 * CLOCK_NS_PER_S)

/* timeout(1) and some supervisors signal a process and its group: twice in a moment is once. */
#define REPEAT_NS CLOCK_NS_PER_S

/* An engine that closed its socket is about to end; nobody waits longer than this for its status.
 */
#define REAP_WAIT_MS 200

/* An engine that was late and has lost addresses for it may be swapped out, or stuck for good. */
#define SILENCE_NS (2 * CLOCK_NS_PER_S)

/* At the end: what the kernel refuses to remove that often it keeps until its lifetime is over. */
#define REMOVE_TRIES_MAX 10

/* What steward and checker need to end, beside the hook. */
#define STEWARD_SLACK_NS (2 * CLOCK_NS_PER_S)

/* News that could not be settled in one turn are looked at again after this. */
#define PENDING_WAIT_MS 10

enum source {
    SOURCE_ENGINE,
    SOURCE_ENGINE_END,
    SOURCE_TIMER,
    SOURCE_SIGNAL,
    SOURCE_MONITOR,
    SOURCE_STEWARD,
    SOURCE_SCRIBE,
    SOURCE_FRAMES, /* and the rest */
};

#define SOURCES_MAX (SOURCE_FRAMES + KEEPER_FAMILIES * CONF_VIPS_MAX)

void keeper_fail(struct keeper *keeper)
{
    keeper->ended = true;
}

void keeper_engine_gone(struct keeper *keeper)
{
    keeper->engine_gone = true;
    keeper->ended = true;
}

void keeper_tell(struct keeper *keeper, const struct ipc_message *message)
{
    const int result = outbox_send(&keeper->outbox, keeper->engine_fd, message);

    if (result == -ENOBUFS) {
        log_error("the engine has not read a message for a long time");
        keeper_fail(keeper);
    } else if (result < 0) {
        keeper_engine_gone(keeper);
    }
}

void keeper_interface_init(struct interface *interface, const char *name)
{
    *interface = (struct interface){.state = IPC_LINK_GONE};
    (void)snprintf(interface->name, sizeof(interface->name), "%s", name);
    for (unsigned family = 0; family < KEEPER_FAMILIES; family++)
        interface->listen_fds[family] = -1;
}

struct interface *keeper_interface(struct keeper *keeper, unsigned vip)
{
    return &keeper->interfaces[keeper->interface_of[vip]];
}

static const char *why_removed(const struct vip *vip, uint64_t now_ns)
{
    if (now_ns >= vip->deadline_ns)
        return "the engine did not renew the deadline in time";
    if (vip_lifetime_s(vip, vip->deadline_ns, now_ns) == 0)
        return "too little of the lease is left to renew the lifetime in the kernel";
    return "this process stood still for longer than kernel_lease";
}

static void deadline_passed(struct keeper *keeper, unsigned vip)
{
    const struct ipc_message lost = {.type = IPC_LOST,
                                     .vip = (uint16_t)vip,
                                     .address = keeper->conf.vips[vip].address_first,
                                     .reason = IPC_LOST_DEADLINE};
    struct vip *state = &keeper->vips[vip];
    const bool held = state->phase == VIP_HELD;
    const bool untold = held || state->loss_untold;
    const char *reason = why_removed(state, clock_now_ns());
    const int result = holding_remove(keeper, vip);

    if (held)
        log_warning("vip %s: %s; %s", keeper->conf.vips[vip].name, reason,
                    result == 0 ? "its addresses are removed" : "removing its addresses failed");
    /* An engine that was late shows that it runs, however slow the kernel is. */
    if (held && keeper->silent_end_ns == CLOCK_NEVER_NS)
        keeper->silent_end_ns = clock_now_ns() + SILENCE_NS;
    state->loss_untold = untold && result < 0;
    if (!untold || result < 0)
        return; /* nobody hears that they are gone while they are there */
    keeper_tell(keeper, &lost);
}

static void renew(struct vip *vip)
{
    const uint64_t now_ns = clock_now_ns();
    const uint32_t lifetime_s = vip_lifetime_s(vip, vip->deadline_ns, now_ns);

    if (lifetime_s == 0)
        return; /* in this moment the last second was over */
    vip_renewed(vip, now_ns, lifetime_s);
    sweep_start(&vip->renew);
}

void keeper_due(struct keeper *keeper)
{
    for (unsigned vip = 0; vip < keeper->conf.vip_count; vip++) {
        struct vip *state = &keeper->vips[vip];

        switch (vip_due(state, clock_now_ns())) {
        case VIP_DUE_REMOVE:
            deadline_passed(keeper, vip);
            break;
        case VIP_DUE_RENEW:
            renew(state);
            break;
        case VIP_DUE_NOTHING:
            break;
        }
    }
}

static bool is_any_over(const struct keeper *keeper)
{
    for (unsigned vip = 0; vip < keeper->conf.vip_count; vip++)
        if (vip_due(&keeper->vips[vip], clock_now_ns()) == VIP_DUE_REMOVE)
            return true;
    return false;
}

void keeper_due_after_wait(struct keeper *keeper)
{
    if (is_any_over(keeper))
        request_read(keeper);
    if (!keeper->ended)
        keeper_due(keeper);
}

static void stop(struct keeper *keeper, uint32_t signal_number)
{
    const struct ipc_message message = {.type = IPC_STOP};

    if (signal_number == SIGHUP) {
        if (!keeper->stopping)
            reload_begin(keeper);
        return;
    }
    if (keeper->stopping && clock_now_ns() < keeper->repeat_ns)
        return;
    if (keeper->stopping) {
        log_warning("asked to stop a second time: not waiting any longer");
        keeper_fail(keeper);
        return;
    }
    log_notice("stopping");
    notify_send("STOPPING=1\nSTATUS=stopping");
    keeper->stopping = true;
    keeper->stop_end_ns = clock_now_ns() + STOP_PATIENCE_NS;
    keeper->repeat_ns = clock_now_ns() + REPEAT_NS;
    keeper_tell(keeper, &message);
}

static void read_signals(struct keeper *keeper)
{
    struct signalfd_siginfo info;

    while (read(keeper->signal_fd, &info, sizeof(info)) == sizeof(info))
        stop(keeper, info.ssi_signo);
}

static uint64_t min_ns(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* When the next thing is due by time. */
static uint64_t next_ns(const struct keeper *keeper)
{
    const uint64_t now_ns = clock_now_ns();
    uint64_t next =
        min_ns(min_ns(listen_next_ns(keeper), keeper->stop_end_ns), keeper->watchdog_ns);

    next = min_ns(next, min_ns(keeper->silent_end_ns, keeper->alive_ns));
    next = min_ns(next, min_ns(reload_next_ns(keeper), keep_next_ns(keeper)));
    next = min_ns(next, link_next_ns(keeper));
    for (unsigned vip = 0; vip < keeper->conf.vip_count; vip++) {
        const struct vip *state = &keeper->vips[vip];

        next = min_ns(next, vip_next_ns(state, now_ns));
        next = min_ns(next, sweep_next_ns(&state->renew));
        next = min_ns(next, sweep_next_ns(&state->announce));
        next = min_ns(next, sweep_next_ns(&state->probe));
    }
    return next;
}

/* Arms the timer. Returns how long poll() may wait, in milliseconds. */
static int arm_timer(struct keeper *keeper)
{
    const uint64_t next = next_ns(keeper);
    struct itimerspec at = {0};

    if (next <= clock_now_ns())
        return 0;
    if (next != CLOCK_NEVER_NS) {
        at.it_value.tv_sec = (time_t)(next / CLOCK_NS_PER_S);
        at.it_value.tv_nsec = (long)(next % CLOCK_NS_PER_S);
    }
    (void)timerfd_settime(keeper->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
    return news_is_pending(keeper) ? PENDING_WAIT_MS : -1;
}

static void run_sweeps(struct keeper *keeper)
{
    for (unsigned vip = 0; vip < keeper->conf.vip_count; vip++) {
        const struct vip *state = &keeper->vips[vip];
        const uint64_t now_ns = clock_now_ns();

        if (sweep_is_ready(&state->announce, now_ns))
            announce_step(keeper, vip);
        if (sweep_is_ready(&state->renew, now_ns))
            holding_renew(keeper, vip);
        if (sweep_is_ready(&state->probe, now_ns))
            probe_step(keeper, vip);
    }
}

/* An engine whose keeper stands still would claim for ever what the kernel has let go of. */
static void give_sign_of_life(struct keeper *keeper, uint64_t now_ns)
{
    const struct ipc_message alive = {.type = IPC_ALIVE};

    keeper->alive_ns = now_ns + IPC_ALIVE_MS * CLOCK_NS_PER_MS;
    keeper_tell(keeper, &alive);
}

static void run_timers(struct keeper *keeper)
{
    const uint64_t now_ns = clock_now_ns();

    if (now_ns >= keeper->alive_ns)
        give_sign_of_life(keeper, now_ns);
    reload_due(keeper);
    keep_due(keeper);
    link_due(keeper);
    if (now_ns >= keeper->watchdog_ns) {
        keeper->watchdog_ns = now_ns + keeper->watchdog_every_ns;
        notify_send("WATCHDOG=1");
    }
    if (now_ns >= keeper->stop_end_ns) {
        log_error("the engine has not stopped within %u s",
                  (unsigned)(STOP_PATIENCE_NS / CLOCK_NS_PER_S));
        keeper_fail(keeper);
    }
    if (now_ns >= keeper->silent_end_ns) {
        log_error("the engine has been silent for %u s more",
                  (unsigned)(SILENCE_NS / CLOCK_NS_PER_S));
        keeper_fail(keeper);
    }
}

static unsigned fill_sources(const struct keeper *keeper, struct pollfd *sources)
{
    const bool writes = keeper->outbox.count > 0 || reload_waits(keeper);

    sources[SOURCE_ENGINE] = (struct pollfd){.fd = keeper->engine_fd,
                                             .events = (short)(POLLIN | (writes ? POLLOUT : 0))};
    sources[SOURCE_ENGINE_END] = (struct pollfd){.fd = keeper->engine_pidfd, .events = POLLIN};
    sources[SOURCE_TIMER] = (struct pollfd){.fd = keeper->timer_fd, .events = POLLIN};
    sources[SOURCE_SIGNAL] = (struct pollfd){.fd = keeper->signal_fd, .events = POLLIN};
    sources[SOURCE_MONITOR] = (struct pollfd){.fd = monitor_fd(&keeper->monitor), .events = POLLIN};
    sources[SOURCE_STEWARD] = steward_source(&keeper->steward);
    sources[SOURCE_SCRIBE] = (struct pollfd){.fd = keeper->steward.texts_fd, .events = POLLIN};
    return SOURCE_FRAMES + listen_sources(keeper, sources + SOURCE_FRAMES);
}

/* One turn of the loop. */
static void turn(struct keeper *keeper)
{
    struct pollfd sources[SOURCES_MAX];
    unsigned count;

    listen_open(keeper);
    count = fill_sources(keeper, sources);
    if (poll(sources, count, arm_timer(keeper)) < 0) {
        if (errno != EINTR) {
            log_error("poll: %s", strerror(errno));
            keeper_fail(keeper);
        }
        return;
    }
    /* What a dead engine still asked for does not matter. */
    if ((sources[SOURCE_ENGINE].revents & (POLLHUP | POLLERR)) ||
        sources[SOURCE_ENGINE_END].revents != 0) {
        keeper_engine_gone(keeper);
        return;
    }
    if (outbox_flush(&keeper->outbox, keeper->engine_fd) < 0)
        keeper_engine_gone(keeper);
    reload_send(keeper);
    if (sources[SOURCE_ENGINE].revents & POLLIN)
        request_read(keeper);
    if (sources[SOURCE_SCRIBE].revents != 0)
        keep_read(keeper);
    if (sources[SOURCE_STEWARD].revents != 0)
        reload_read(keeper);
    if (sources[SOURCE_SIGNAL].revents & POLLIN)
        read_signals(keeper);
    if (sources[SOURCE_MONITOR].revents != 0)
        news_read(keeper);
    if (sources[SOURCE_TIMER].revents & POLLIN)
        (void)!read(keeper->timer_fd, &(uint64_t){0}, sizeof(uint64_t));
    if (keeper->ended)
        return;
    /* Deadlines before news: what a deadline explains is nobody else's doing. */
    keeper_due_after_wait(keeper);
    if (keeper->ended)
        return;
    news_settle(keeper);
    run_timers(keeper);
    if (!keeper->reload.renamed)
        listen_read(keeper, sources + SOURCE_FRAMES, count - SOURCE_FRAMES);
    keeper->reload.renamed = false;
    if (!keeper->ended)
        run_sweeps(keeper);
}

/*
 * The engine's last will, if it may be sent: no address of ours is left, and the engine has ended
 * beyond doubt. Else somebody would take over beside it [SPEC R44].
 */
static void send_will(struct keeper *keeper, bool removed, bool ended)
{
    unsigned told;

    if (!removed || !ended) {
        log_error("the last will is not sent: %s",
                  removed ? "the engine may still run" : "an address may still be there");
        return;
    }
    told = will_send(&keeper->will);
    log_notice("all addresses are removed; %u node%s told", told, told == 1 ? " is" : "s are");
}

/* The addresses are gone already, if `removed`; now the engine. Returns the exit code. */
static int finish(struct keeper *keeper, bool removed)
{
    const struct launch_result engine = {keeper->engine_pid, keeper->engine_pidfd,
                                         keeper->engine_fd};
    const bool stopped = request_was_stopped(keeper);
    char text[128];
    const enum launch_end end =
        launch_reap(&engine, keeper->engine_gone ? REAP_WAIT_MS : 0, text, sizeof(text));

    listen_close(keeper);
    /* After an ordered stop the hook is told of it; an engine that failed has to be started anew
     * soon. */
    if (keeper->stopping && stopped)
        steward_stop(&keeper->steward, keeper->conf.hook_timeout_ns + STEWARD_SLACK_NS);
    if (keeper->stopping && stopped && end == LAUNCH_END_CLEAN) {
        log_notice("stopped");
        return 0;
    }
    log_error("the engine %s%s", text,
              stopped            ? " after it had said that it stops"
              : keeper->stopping ? " before it had stopped in order"
                                 : "");
    if (!stopped)
        send_will(keeper, removed, end != LAUNCH_END_UNKNOWN);
    steward_stop(&keeper->steward, STEWARD_SLACK_NS / 10);
    return 1;
}

int keeper_run(struct keeper *keeper)
{
    bool removed;

    while (!keeper->ended)
        turn(keeper);
    removed = holding_remove_all(keeper) == 0;
    for (unsigned tries = 0; !removed && tries < REMOVE_TRIES_MAX; tries++) {
        (void)poll(NULL, 0, (int)(VIP_RETRY_NS / CLOCK_NS_PER_MS));
        removed = holding_remove_all(keeper) == 0;
    }
    return finish(keeper, removed);
}
