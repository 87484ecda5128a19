// SPDX-License-Identifier: MIT
#include "neighbour.h"

#include "packet.h"
#include "place.h"

#include "ipc/checker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Questions and frames in one turn: a flood of either holds nothing up. */
#define READS_MAX 64

/* The address that a check is about; what is no gateway check is about none. */
static bool gateway_of(const struct conf *conf, unsigned index, struct conf_address *ret)
{
    const struct conf_check *check = &conf->checks[index];
    const char *text = conf_word(conf, &check->target, 0);

    *ret = (struct conf_address){0};
    if (index >= conf->check_count || check->kind != CONF_CHECK_GATEWAY)
        return false;
    ret->family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
    return inet_pton(ret->family, text, ret->bytes) == 1;
}

int neighbour_open(struct neighbour *neighbour, const struct conf *conf)
{
    int ends[2];
    bool wanted = false;

    *neighbour = (struct neighbour){
        .conf = conf, .send_fd = -1, .listen_fds = {-1, -1}, .fd = -1, .checker_fd = -1};
    for (unsigned i = 0; i < conf->check_count; i++)
        wanted |= conf->checks[i].kind == CONF_CHECK_GATEWAY;
    if (!wanted)
        return 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return -errno;
    neighbour->fd = ends[0];
    neighbour->checker_fd = ends[1];
    neighbour->send_fd = packet_open();
    neighbour->listen_fds[0] = packet_listen(0, AF_INET, NULL);
    neighbour->listen_fds[1] = packet_listen(0, AF_INET6, NULL);
    if (neighbour->send_fd < 0)
        return neighbour->send_fd;
    return neighbour->listen_fds[0] < 0 ? neighbour->listen_fds[0] : 0;
}

void neighbour_sources(const struct neighbour *neighbour,
                       struct pollfd sources[static NEIGHBOUR_SOURCES])
{
    sources[0] = (struct pollfd){.fd = neighbour->fd, .events = POLLIN};
    sources[1] = (struct pollfd){.fd = neighbour->listen_fds[0], .events = POLLIN};
    sources[2] = (struct pollfd){.fd = neighbour->listen_fds[1], .events = POLLIN};
}

/* 0 and its MAC, or -errno. */
static int look_up_mac(unsigned ifindex, uint8_t mac[static FRAME_MAC_BYTES])
{
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {0};
    int result = 0;

    if (fd < 0)
        return -errno;
    if (if_indextoname(ifindex, request.ifr_name) == NULL || ioctl(fd, SIOCGIFHWADDR, &request) < 0)
        result = -errno;
    else if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER)
        result = -EAFNOSUPPORT;
    else
        memcpy(mac, request.ifr_hwaddr.sa_data, FRAME_MAC_BYTES);
    (void)close(fd);
    return result;
}

/* One question on the wire. 0 or -errno. */
static int ask(const struct neighbour *neighbour, const struct conf_address *address)
{
    const unsigned ifindex = place_find_neighbour(address);
    uint8_t mac[FRAME_MAC_BYTES];
    struct frame frame = {0};
    int result = ifindex == 0 ? -ENETUNREACH : look_up_mac(ifindex, mac);

    if (result < 0)
        return result;
    if (address->family == AF_INET)
        frame_arp_probe(mac, address->bytes, &frame);
    else
        frame_solicitation(mac, address->bytes, &frame);
    return packet_send(neighbour->send_fd, ifindex, &frame, 1);
}

static void answer(const struct neighbour *neighbour, const struct ipc_neighbour *message)
{
    (void)ipc_packet_send(neighbour->fd, message, sizeof(*message));
}

static void take_questions(const struct neighbour *neighbour)
{
    struct ipc_neighbour message;

    for (int n = 0; n < READS_MAX &&
                    ipc_packet_receive(neighbour->fd, &message, sizeof(message)) == sizeof(message);
         n++) {
        struct conf_address address;
        int result = -EINVAL;

        if (gateway_of(neighbour->conf, message.check, &address))
            result = ask(neighbour, &address);
        if (result < 0) {
            message.error = (int16_t)-result;
            answer(neighbour, &message);
        }
    }
}

static void take_frames(const struct neighbour *neighbour, int fd)
{
    uint8_t bytes[256];

    for (int n = 0; n < READS_MAX; n++) {
        const long length = packet_receive(fd, 0, bytes, sizeof(bytes));
        struct frame_claim claim;

        if (length == -EAGAIN || (length < 0 && length != -EINTR && length != -ENETDOWN))
            return;
        if (length <= 0 || !frame_parse(bytes, (size_t)length, &claim))
            continue;
        for (uint16_t i = 0; i < neighbour->conf->check_count; i++) {
            struct ipc_neighbour message = {.check = i};
            struct conf_address address;

            if (!gateway_of(neighbour->conf, i, &address) ||
                !conf_address_equal(&address, &claim.address))
                continue;
            memcpy(message.mac, claim.mac, sizeof(message.mac));
            answer(neighbour, &message);
        }
    }
}

void neighbour_serve(const struct neighbour *neighbour)
{
    if (neighbour->fd < 0)
        return;
    take_questions(neighbour);
    for (int i = 0; i < 2; i++)
        if (neighbour->listen_fds[i] >= 0)
            take_frames(neighbour, neighbour->listen_fds[i]);
}
