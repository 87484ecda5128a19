// SPDX-License-Identifier: MIT
/*
 * vg-flood SOURCE TARGET PORT RATE SECONDS: an attacker. Reads datagrams from standard input, each
 * with its length in two bytes of network order before it, and sends them, RATE per second, from
 * the first to the last and again from the first until SECONDS are over; with SECONDS 0 each of
 * them once. RATE 0 is as fast as it can. SOURCE may be an address of somebody else, "-" is none.
 *
 * vg-flood sink PORT: the least that anybody can do with a flood: recvmmsg into one buffer, the
 * measure of what a receiver costs. Says "ready"; ends with its standard input.
 *
 * Both print one JSON object at the end.
 */
#include "probe.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define CORPUS_BYTES  (256U * 1024 * 1024)
#define CORPUS_MAX    4000000U
#define BATCH         50U
#define SINK_BATCH    16U
#define SINK_BYTES    1401U
#define TICK_NS       NS_PER_MS
#define LENGTH_MAX    65507
#define REALTIME_PRIO 9

struct corpus {
    uint8_t *bytes;
    struct iovec *items;
    unsigned count;
};

static int fail(const char *what)
{
    (void)fprintf(stderr, "vg-flood: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void *allocate(size_t bytes)
{
    void *memory = malloc(bytes); /* touched as far as it is used */

    if (memory == NULL) {
        (void)fail("memory");
    }
    return memory;
}

static void read_corpus(struct corpus *corpus)
{
    size_t used = 0;
    uint8_t head[2];

    corpus->bytes = allocate(CORPUS_BYTES);
    corpus->items = allocate(CORPUS_MAX * sizeof corpus->items[0]);
    corpus->count = 0;
    while (corpus->count < CORPUS_MAX && fread(head, 1, sizeof head, stdin) == sizeof head) {
        size_t length = (size_t)head[0] << 8 | head[1];

        if (length > LENGTH_MAX || used + length > CORPUS_BYTES ||
            fread(corpus->bytes + used, 1, length, stdin) != length) {
            break;
        }
        corpus->items[corpus->count++] = (struct iovec){corpus->bytes + used, length};
        used += length;
    }
    if (corpus->count == 0) {
        (void)fail("no datagram on standard input");
    }
}

/* Transparent: the kernel lets such a socket speak for any address [ip(7), IP_TRANSPARENT]. */
static int open_sender(const char *source, const char *target, uint16_t port)
{
    struct sockaddr_storage address;
    const int one = 1;
    const int bytes = 4 * 1024 * 1024;
    socklen_t length = probe_address(target, port, &address);
    struct sockaddr_storage from;
    int fd = length == 0 ? -1 : socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return fail(target);
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes);
    if (strcmp(source, "-") != 0) {
        if (setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &one, sizeof one) != 0 ||
            setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) != 0 ||
            bind(fd, (const struct sockaddr *)&from, probe_address(source, port, &from)) != 0) {
            return fail(source);
        }
    }
    if (connect(fd, (const struct sockaddr *)&address, length) != 0) {
        return fail(target);
    }
    return fd;
}

/* Sends up to `count` from `at` on. How many were taken; one that the kernel refuses counts too. */
static unsigned send_some(int fd, const struct corpus *corpus, unsigned at, unsigned count)
{
    struct mmsghdr messages[BATCH] = {0};
    unsigned planned = 0;
    int taken;

    while (planned < count && planned < BATCH && at + planned < corpus->count) {
        messages[planned].msg_hdr.msg_iov = &corpus->items[at + planned];
        messages[planned].msg_hdr.msg_iovlen = 1;
        planned++;
    }
    taken = sendmmsg(fd, messages, planned, 0);
    return taken > 0 ? (unsigned)taken : 1; /* ECONNREFUSED: nobody listens; go on */
}

static void nap_until(int64_t until_ns)
{
    const struct timespec at = {.tv_sec = until_ns / NS_PER_S, .tv_nsec = until_ns % NS_PER_S};

    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

/* With a rate, one batch at a time and a nap where it is ahead; without, one after the other. */
static void flood(int fd, const struct corpus *corpus, int64_t rate, int64_t seconds)
{
    const int64_t start_ns = probe_now_ns();
    const int64_t end_ns = seconds > 0 ? start_ns + seconds * NS_PER_S : INT64_MAX;
    int64_t sent = 0;
    unsigned at = 0;
    int64_t now_ns = start_ns;

    while (now_ns < end_ns && (seconds > 0 || sent < (int64_t)corpus->count)) {
        int64_t due = rate == 0 ? sent + BATCH : (now_ns - start_ns) * rate / NS_PER_S;

        if (sent < due) {
            unsigned some =
                send_some(fd, corpus, at, due - sent < BATCH ? (unsigned)(due - sent) : BATCH);

            sent += some;
            at = (at + some) % corpus->count;
        } else {
            nap_until(now_ns + TICK_NS);
        }
        now_ns = probe_now_ns();
    }
    (void)printf("{\"sent\":%lld,\"seconds\":%.3f}\n", (long long)sent,
                 (double)(now_ns - start_ns) / (double)NS_PER_S);
}

static double cpu_seconds(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6 +
           (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
}

static void sink(uint16_t port)
{
    static uint8_t buffers[SINK_BATCH][SINK_BYTES];
    struct iovec parts[SINK_BATCH];
    struct mmsghdr messages[SINK_BATCH] = {0};
    const struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(port)};
    const int bytes = 1024 * 1024;
    struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.events = POLLIN}};
    long long received = 0;

    fds[1].fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fds[1].fd < 0 || bind(fds[1].fd, (const struct sockaddr *)&local, sizeof local) != 0) {
        (void)fail("sink");
    }
    (void)setsockopt(fds[1].fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    for (unsigned i = 0; i < SINK_BATCH; i++) {
        parts[i] = (struct iovec){buffers[i], SINK_BYTES};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    (void)printf("ready\n");
    (void)fflush(stdout);
    while (poll(fds, 2, -1) > 0 && fds[0].revents == 0) {
        int count = recvmmsg(fds[1].fd, messages, SINK_BATCH, MSG_DONTWAIT, NULL);

        received += count > 0 ? count : 0;
    }
    (void)printf("{\"received\":%lld,\"cpu_s\":%.6f}\n", received, cpu_seconds());
}

int main(int argc, char **argv)
{
    const struct sched_param priority = {.sched_priority = REALTIME_PRIO};
    struct corpus corpus;

    if (argc == 3 && strcmp(argv[1], "sink") == 0) {
        sink((uint16_t)atoi(argv[2]));
        return 0;
    }
    if (argc != 6) {
        (void)fprintf(stderr, "usage: vg-flood SOURCE TARGET PORT RATE SECONDS | sink PORT\n");
        return 2;
    }
    read_corpus(&corpus);
    /* As a machine of its own would: what else runs here does not slow it down. */
    (void)sched_setscheduler(0, SCHED_RR, &priority);
    flood(open_sender(argv[1], argv[2], (uint16_t)atoi(argv[3])), &corpus, atol(argv[4]),
          atol(argv[5]));
    return 0;
}
