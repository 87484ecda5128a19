// SPDX-License-Identifier: MIT
#include "keeper_support.h"

#include "keeper/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define LONG_NS (60 * CLOCK_NS_PER_S)

static struct conf_address address_of(const char *text)
{
    struct conf_address address = {.family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET};

    address.prefix = address.family == AF_INET ? 32 : 128;
    assert_int_equal(inet_pton(address.family, text, address.bytes), 1);
    return address;
}

/* 0: no namespace, no tests. */
static int enter_namespace(void)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int result;
    int fd;

    if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
        return 0;
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    result = ioctl(fd, SIOCSIFFLAGS, &request);
    (void)close(fd);
    return result == 0;
}

static void add_vip(struct conf *conf, const char *name, const char *const *addresses)
{
    struct conf_vip *vip = &conf->vips[conf->vip_count++];

    (void)snprintf(vip->name, sizeof(vip->name), "%s", name);
    vip->kernel_lease_s = 2;
    vip->address_first = conf->address_count;
    for (; addresses[vip->address_count] != NULL; vip->address_count++)
        conf->addresses[conf->address_count++] = address_of(addresses[vip->address_count]);
}

/* Reads away what the engine was told so far. */
void forget_told(const struct fixture *fixture)
{
    struct ipc_message message;

    while (ipc_receive(fixture->engine, &message) > 0)
        continue;
}

int setup(void **state)
{
    static const char *const one[] = {"10.9.0.1", "10.9.0.2", "fd09::1", NULL};
    static const char *const two[] = {"10.9.0.3", NULL};
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct keeper *keeper = calloc(1, sizeof(*keeper));
    int ends[2];

    *state = NULL;
    if (fixture == NULL || keeper == NULL)
        return -1;
    if (!enter_namespace() || netlink_open(&keeper->netlink) < 0 ||
        netlink_open(&fixture->other) < 0 || monitor_open(&keeper->monitor) < 0) {
        free(fixture);
        free(keeper);
        return 0;
    }
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    keeper->engine_fd = ends[0];
    fixture->engine = ends[1];
    fixture->keeper = keeper;
    add_vip(&keeper->conf, "one", one);
    add_vip(&keeper->conf, "two", two);
    lookup_build(&keeper->conf, &keeper->lookup);
    keeper->kernel_has_mark = true;
    keeper->interface_count = 1;
    (void)snprintf(keeper->interfaces[0].name, sizeof(keeper->interfaces[0].name), "lo");
    for (unsigned vip = 0; vip < keeper->conf.vip_count; vip++)
        vip_init(&keeper->vips[vip], 2, 0);
    assert_int_equal(news_compare(keeper), 0);
    news_settle(keeper);
    forget_told(fixture);
    *state = fixture;
    return 0;
}

int teardown(void **state)
{
    struct fixture *fixture = *state;

    if (fixture == NULL)
        return 0;
    netlink_close(&fixture->keeper->netlink);
    netlink_close(&fixture->other);
    monitor_close(&fixture->keeper->monitor);
    (void)close(fixture->keeper->engine_fd);
    (void)close(fixture->engine);
    free(fixture->keeper);
    free(fixture);
    return 0;
}

struct fixture *fixture_of(void **state)
{
    if (*state == NULL)
        skip();
    return *state;
}

/* What another program does to one of the addresses on lo. */
int meddle(struct fixture *fixture, enum netlink_verb verb, unsigned address)
{
    struct netlink_item item = {.verb = verb,
                                .address = &fixture->keeper->conf.addresses[address],
                                .ifindex = fixture->keeper->interfaces[0].ifindex,
                                .valid_s = 100};

    return netlink_batch(&fixture->other, &item, 1, CLOCK_NEVER_NS);
}

struct count {
    const struct conf *conf;
    unsigned found;
    struct kernel_address last;
};

static void count_address(void *arg, struct nlmsghdr *message)
{
    struct count *count = arg;
    struct kernel_address address;

    if (!kernel_address_parse(message, &address))
        return;
    for (unsigned i = 0; i < count->conf->address_count; i++) {
        if (conf_address_equal(&count->conf->addresses[i], &address.address)) {
            count->found++;
            count->last = address;
        }
    }
}

/* How many of the configured addresses the kernel has. */
unsigned in_kernel(struct fixture *fixture, struct kernel_address *ret_last)
{
    struct count count = {.conf = &fixture->keeper->conf};

    assert_int_equal(netlink_dump_addresses(&fixture->other, count_address, &count), 0);
    if (ret_last != NULL)
        *ret_last = count.last;
    return count.found;
}

/* The next message to the engine is of this type and address. Returns its reason. */
unsigned expect_told(const struct fixture *fixture, enum ipc_type type, unsigned address)
{
    struct ipc_message message = {0};

    assert_int_equal(ipc_receive(fixture->engine, &message), sizeof(message));
    assert_int_equal(message.type, type);
    assert_int_equal(message.address, address);
    return message.reason;
}

void expect_silence(const struct fixture *fixture)
{
    struct ipc_message message;

    assert_int_equal(ipc_receive(fixture->engine, &message), -EAGAIN);
}

uint64_t later(void)
{
    return clock_now_ns() + LONG_NS;
}
