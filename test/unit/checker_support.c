// SPDX-License-Identifier: MIT
#include "checker_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log/log.h"

#define PATIENCE_MS 20000

struct run *new_run(void)
{
    struct run *run = calloc(1, sizeof(*run));

    assert_non_null(run);
    run->setup.conf.node_count = 1;
    (void)snprintf(run->setup.conf.nodes[0].name, sizeof(run->setup.conf.nodes[0].name), "n1");
    return run;
}

void add_word(struct conf *conf, struct conf_words *words, const char *text)
{
    const size_t size = strlen(text) + 1;

    if (words->count++ == 0)
        words->first = conf->words_length;
    memcpy(conf->words + conf->words_length, text, size);
    conf->words_length = (uint16_t)(conf->words_length + size);
}

struct conf_check *add_check(struct run *run, enum conf_check_kind kind, const char *target)
{
    struct conf_check *check = &run->setup.conf.checks[run->setup.conf.check_count++];

    (void)snprintf(check->name, sizeof(check->name), "c%u", run->setup.conf.check_count);
    check->kind = (uint8_t)kind;
    check->interval_ns = 100 * NS_PER_MS;
    check->timeout_ns = 5000 * NS_PER_MS;
    add_word(&run->setup.conf, &check->target, target);
    return check;
}

void start(struct run *run)
{
    int ends[2];
    int alive[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(pipe(alive), 0);
    run->pid = fork();
    assert_true(run->pid >= 0);
    if (run->pid == 0) {
        const struct checker_descriptors descriptors = {ends[1], alive[1], -1, -1};

        (void)close(ends[0]);
        (void)close(alive[0]);
        (void)signal(SIGPIPE, SIG_IGN);
        log_open("checker", LOG_LEVEL_ERROR);
        _exit(checker_run(&run->setup, &descriptors));
    }
    (void)close(ends[1]);
    (void)close(alive[1]);
    run->engine = ends[0];
    run->alive = alive[0];
}

struct ipc_swarm next_swarm(const struct run *run, struct ipc_result *ret)
{
    struct pollfd source = {.fd = run->engine, .events = POLLIN};
    struct ipc_swarm swarm = {.check = UINT16_MAX}; /* nothing was said */
    union {
        struct ipc_swarm swarm;
        struct ipc_result result;
    } packet;
    long length;

    for (;;) {
        assert_int_equal(poll(&source, 1, PATIENCE_MS), 1);
        length = ipc_packet_receive(run->engine, &packet, sizeof(packet));
        if (length != (long)sizeof(packet.swarm))
            break;
        assert_true(ipc_swarm_is_valid(&packet, sizeof(packet.swarm), run->setup.conf.check_count));
        swarm = packet.swarm;
    }
    assert_int_equal(length, sizeof(packet.result));
    assert_true(ipc_result_is_valid(&packet, sizeof(packet.result), run->setup.conf.check_count));
    *ret = packet.result;
    return swarm;
}

struct ipc_result next_result(const struct run *run)
{
    struct ipc_result result;

    (void)next_swarm(run, &result);
    return result;
}

void finish(struct run *run)
{
    int status = 0;

    (void)close(run->engine);
    assert_int_equal(waitpid(run->pid, &status, 0), run->pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    (void)close(run->alive);
    free(run);
}
