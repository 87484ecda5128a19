// SPDX-License-Identifier: MIT
#include "engine/clock.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static uint64_t read_clock(clockid_t id)
{
    struct timespec now;

    (void)clock_gettime(id, &now); /* fails for a clock that does not exist only */
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

struct mono clock_now(void)
{
    return (struct mono){read_clock(CLOCK_BOOTTIME)};
}

struct mono clock_raw(void)
{
    return (struct mono){read_clock(CLOCK_MONOTONIC_RAW)};
}

int64_t clock_wall_ms(void)
{
    return (int64_t)(read_clock(CLOCK_REALTIME) / NS_PER_MS);
}

static void on_expired(uv_poll_t *poll, int status, int events)
{
    struct clock_timer *timer = poll->data;
    uint64_t expirations;

    (void)status;
    (void)events;
    /* Set anew between expiry and here, it has nothing to read: then this is not its time. */
    if (read(timer->fd, &expirations, sizeof expirations) < 0) {
        return;
    }
    timer->armed = MONO_NEVER;
    timer->expired(timer->arg);
}

int clock_timer_open(struct clock_timer *timer, uv_loop_t *loop, void (*expired)(void *arg),
                     void *arg)
{
    int error;

    timer->expired = expired;
    timer->arg = arg;
    timer->armed = MONO_NEVER;
    timer->fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (timer->fd < 0) {
        return -errno;
    }
    error = uv_poll_init(loop, &timer->poll, timer->fd);
    if (error != 0) {
        close(timer->fd);
        return error;
    }
    timer->poll.data = timer;
    return uv_poll_start(&timer->poll, UV_READABLE, on_expired);
}

void clock_timer_set(struct clock_timer *timer, struct mono at)
{
    struct itimerspec value = {0};

    if (at.ns == timer->armed.ns) {
        return;
    }
    timer->armed = at;
    if (at.ns != MONO_NEVER.ns) {
        value.it_value.tv_sec = (time_t)(at.ns / NS_PER_S);
        value.it_value.tv_nsec = (long)(at.ns % NS_PER_S);
        if (at.ns == 0) {
            value.it_value.tv_nsec = 1; /* all zero would stop it */
        }
    }
    (void)timerfd_settime(timer->fd, TFD_TIMER_ABSTIME, &value, NULL);
}

void clock_timer_close(struct clock_timer *timer)
{
    uv_close((uv_handle_t *)&timer->poll, NULL);
    close(timer->fd);
}
