// SPDX-License-Identifier: MIT
/*
 * vg-ping ADDRESS PORT [SECONDS]: a client that sends one datagram per millisecond and remembers
 * which ones were answered, by whom. Ends after SECONDS, or on SIGTERM or SIGINT, waits 300 ms for
 * late answers and prints one JSON object. The neighbour (ARP) cache is the kernel's own: this
 * program neither reads nor flushes it, so a stale entry costs what it costs a real client.
 *
 * It also is the machine's stall recorder: a child at normal priority sleeps for a millisecond at a
 * time and counts how often and by how much it woke late, so that a reader of a bench can tell a
 * slow machine from a slow takeover. The client itself runs at real-time priority where it may.
 */
#include "probe.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define TICK_NS       NS_PER_MS
#define PROBES_MAX    1200000U /* 20 minutes */
#define NAMES_MAX     16U
#define OUTAGES_MAX   200U
#define STALL_NS      (5 * NS_PER_MS)
#define LAST_WAIT_NS  (300 * NS_PER_MS)
#define NAME_NONE     UINT8_MAX
#define SECONDS_MAX   1200
#define MS(nanosec)   ((double)(nanosec) / 1e6)
#define REALTIME_PRIO 10

struct sent {
    int64_t at_ns;
    int64_t answered_ns; /* 0: not answered */
    uint8_t name;        /* index of names, NAME_NONE until answered */
};

/* What the child of normal priority saw of the machine; shared with it. */
struct stalls {
    int64_t late_ns_max;
    uint32_t count;
};

struct client {
    int fd;
    struct sockaddr_storage to;
    socklen_t to_length;
    uint32_t count; /* of probes sent */
    char names[NAMES_MAX][PROBE_NAME_MAX + 1];
    unsigned name_count;
    uint32_t ticks_missed;
    struct stalls *stalls;
    struct sent sent[PROBES_MAX];
};

static volatile sig_atomic_t stop_asked;

static void on_signal(int number)
{
    (void)number;
    stop_asked = 1;
}

static uint8_t name_index(struct client *client, const char *name)
{
    for (unsigned i = 0; i < client->name_count; i++) {
        if (strncmp(client->names[i], name, PROBE_NAME_MAX) == 0) {
            return (uint8_t)i;
        }
    }
    if (client->name_count == NAMES_MAX) {
        return NAME_NONE - 1;
    }
    memcpy(client->names[client->name_count], name, PROBE_NAME_MAX);
    return (uint8_t)client->name_count++;
}

static void receive_all(struct client *client)
{
    for (;;) {
        struct probe probe;
        ssize_t length = recv(client->fd, &probe, sizeof probe, MSG_DONTWAIT);

        if (length < 0 && errno != EAGAIN && errno != EINTR) {
            continue; /* an ICMP error of an earlier probe; reading it took it away */
        }
        if (length < 0) {
            return;
        }
        if (length != (ssize_t)sizeof probe || probe.magic != PROBE_MAGIC ||
            probe.seq >= client->count || client->sent[probe.seq].answered_ns != 0) {
            continue;
        }
        client->sent[probe.seq].answered_ns = probe_now_ns();
        client->sent[probe.seq].name = name_index(client, probe.name);
    }
}

static void send_one(struct client *client)
{
    struct probe probe = {.magic = PROBE_MAGIC, .seq = client->count};

    client->sent[client->count] = (struct sent){.at_ns = probe_now_ns(), .name = NAME_NONE};
    client->count++;
    (void)sendto(client->fd, &probe, sizeof probe, MSG_DONTWAIT,
                 (const struct sockaddr *)&client->to, client->to_length);
}

/* Serves the socket until `until_ns` on CLOCK_MONOTONIC. */
static void wait_until(struct client *client, int64_t until_ns)
{
    for (;;) {
        int64_t left_ns = until_ns - probe_now_ns();
        struct timespec left = {.tv_sec = left_ns / NS_PER_S, .tv_nsec = left_ns % NS_PER_S};
        struct pollfd poll_fd = {.fd = client->fd, .events = POLLIN};

        if (left_ns <= 0) {
            return;
        }
        if (ppoll(&poll_fd, 1, &left, NULL) > 0) {
            receive_all(client);
        }
    }
}

/* The child: ends with its parent. */
static void record_stalls(struct stalls *stalls)
{
    const struct timespec nap = {.tv_nsec = TICK_NS};

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        int64_t before_ns = probe_now_ns();
        int64_t late_ns;

        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
        late_ns = probe_now_ns() - before_ns - TICK_NS;
        if (late_ns > stalls->late_ns_max) {
            stalls->late_ns_max = late_ns;
        }
        if (late_ns > STALL_NS) {
            stalls->count++;
        }
    }
}

static struct stalls *start_recorder(pid_t *ret_pid)
{
    struct stalls *stalls =
        mmap(NULL, sizeof *stalls, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (stalls == MAP_FAILED) {
        perror("vg-ping: mmap");
        exit(1);
    }
    *ret_pid = fork();
    if (*ret_pid == 0) {
        record_stalls(stalls);
    }
    return stalls;
}

/* A tick that comes late is sent late and counted; ticks missed altogether are not made up for,
 * because a burst would look like service that was not there. */
static void note_lateness(struct client *client, int64_t *next_ns)
{
    int64_t late_ns = probe_now_ns() - *next_ns;

    while (late_ns >= TICK_NS) {
        *next_ns += TICK_NS;
        late_ns -= TICK_NS;
        client->ticks_missed++;
    }
    *next_ns += TICK_NS;
}

static void run(struct client *client, int64_t end_ns)
{
    int64_t next_ns = probe_now_ns();

    while (stop_asked == 0 && client->count < PROBES_MAX && next_ns < end_ns) {
        wait_until(client, next_ns);
        send_one(client);
        note_lateness(client, &next_ns);
    }
    wait_until(client, probe_now_ns() + LAST_WAIT_NS);
}

/* One run of probes without an answer: from the first lost one to the next answered one. */
struct outage {
    int64_t start_ns;
    int64_t end_ns;
    uint32_t lost;
};

static uint32_t find_outages(const struct client *client, struct outage outages[OUTAGES_MAX],
                             uint32_t *ret_lost)
{
    uint32_t found = 0;
    uint32_t lost = 0;
    bool inside = false;

    for (uint32_t i = 0; i < client->count; i++) {
        const struct sent *sent = &client->sent[i];

        if (sent->name != NAME_NONE) {
            if (inside && found <= OUTAGES_MAX) {
                outages[found - 1].end_ns = sent->at_ns;
            }
            inside = false;
            continue;
        }
        lost++;
        if (!inside && found < OUTAGES_MAX) {
            outages[found] = (struct outage){.start_ns = sent->at_ns, .end_ns = sent->at_ns};
            found++;
            inside = true;
        }
        if (inside) {
            outages[found - 1].lost++;
            outages[found - 1].end_ns = sent->at_ns + TICK_NS;
        }
    }
    *ret_lost = lost;
    return found;
}

static void print_names(const struct client *client)
{
    const char *comma = "";

    (void)printf("\"answers\":[");
    for (uint32_t i = 0, last = NAME_NONE; i < client->count; i++) {
        const struct sent *sent = &client->sent[i];

        if (sent->name >= client->name_count || sent->name == last) {
            continue;
        }
        (void)printf("%s[%lld,\"%s\"]", comma, (long long)sent->at_ns, client->names[sent->name]);
        comma = ",";
        last = sent->name;
    }
    (void)printf("]");
}

static void print_result(const struct client *client, bool realtime)
{
    static struct outage outages[OUTAGES_MAX];
    uint32_t lost = 0;
    uint32_t found = find_outages(client, outages, &lost);
    int64_t longest_ns = 0;

    for (uint32_t i = 0; i < found; i++) {
        if (outages[i].end_ns - outages[i].start_ns > longest_ns) {
            longest_ns = outages[i].end_ns - outages[i].start_ns;
        }
    }
    (void)printf("{\"sent\":%u,\"lost\":%u,\"outage_ms_max\":%.3f,\"outages\":[", client->count,
                 lost, MS(longest_ns));
    for (uint32_t i = 0; i < found; i++) {
        (void)printf("%s{\"start_ns\":%lld,\"end_ns\":%lld,\"lost\":%u}", i > 0 ? "," : "",
                     (long long)outages[i].start_ns, (long long)outages[i].end_ns, outages[i].lost);
    }
    (void)printf("],");
    print_names(client);
    (void)printf(",\"stalls\":%u,\"stall_ms_max\":%.3f,\"ticks_missed\":%u,\"realtime\":%s}\n",
                 client->stalls->count, MS(client->stalls->late_ns_max), client->ticks_missed,
                 realtime ? "true" : "false");
}

int main(int argc, char **argv)
{
    static struct client client;
    const struct sigaction stop = {.sa_handler = on_signal};
    const struct sched_param priority = {.sched_priority = REALTIME_PRIO};
    int seconds = argc == 4 ? atoi(argv[3]) : SECONDS_MAX;
    int port = argc >= 3 ? atoi(argv[2]) : 0;
    pid_t recorder = -1;
    bool realtime;

    if (argc < 3 || argc > 4 || port <= 0 || port > UINT16_MAX || seconds <= 0) {
        (void)fprintf(stderr, "usage: vg-ping ADDRESS PORT [SECONDS]\n");
        return 2;
    }
    client.to_length = probe_address(argv[1], (uint16_t)port, &client.to);
    client.fd = client.to_length == 0
                    ? -1
                    : socket(client.to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (client.fd < 0) {
        (void)fprintf(stderr, "vg-ping: %s is no address\n", argv[1]);
        return 2;
    }
    (void)sigaction(SIGTERM, &stop, NULL);
    (void)sigaction(SIGINT, &stop, NULL);
    client.stalls = start_recorder(&recorder);
    realtime = sched_setscheduler(0, SCHED_RR, &priority) == 0;
    run(&client, probe_now_ns() + seconds * NS_PER_S);
    print_result(&client, realtime);
    if (recorder > 0) {
        (void)kill(recorder, SIGKILL);
    }
    return 0;
}
