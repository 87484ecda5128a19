// SPDX-License-Identifier: MIT
#include "engine/udp.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log/log.h"

/* Room for what 64 nodes send within two seconds; the kernel gives less where net.core.rmem_max
 * says so. */
#define RECEIVE_BUFFER_BYTES (1024 * 1024)
/* Datagrams that one readable socket may keep the loop for. */
#define TURN_MAX 256U
/* Entries of one queue of errors that are read at a time; the kernel holds fewer. */
#define ERRORS_MAX 256U

static void on_socket(uv_poll_t *poll, int status, int events);

void udp_init(struct udp *udp, uv_loop_t *loop, const struct conf *conf, uint8_t self,
              const struct udp_handlers *handlers)
{
    memset(udp, 0, sizeof *udp);
    udp->loop = loop;
    udp->conf = conf;
    udp->self = self;
    udp->handlers = *handlers;
    udp->socket_count = conf->nodes[self].address_count;
    for (unsigned i = 0; i < udp->socket_count; i++) {
        udp->sockets[i].udp = udp;
        udp->sockets[i].fd = -1;
    }
    udp_reconfigure(udp, self);
}

void udp_reconfigure(struct udp *udp, uint8_t self)
{
    const struct conf *conf = udp->conf;

    udp->self = self;
    paths_init(&udp->paths, conf, self);
    for (uint8_t n = 0; n < conf->node_count; n++) {
        if (n != self && udp->paths.count[n] == 0) {
            log_warning("node %s has no address of a family that this node has one of: no "
                        "heartbeat reaches it; give both an IPv4 or both an IPv6 address",
                        conf->nodes[n].name);
        }
    }
}

static int set_options(int fd, int family)
{
    int one = 1;
    int bytes = RECEIVE_BUFFER_BYTES;

    if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) != 0) {
        return -1;
    }
    /* Without it a closed port at the peer is silence [ip(7)]. */
    if (family == AF_INET6 ? setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &one, sizeof one) != 0
                           : setsockopt(fd, IPPROTO_IP, IP_RECVERR, &one, sizeof one) != 0) {
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    return 0;
}

/* The descriptor, or -errno. */
static int open_socket(const struct conf_address *address, uint16_t port)
{
    union paths_address local;
    socklen_t length = paths_sockaddr(address, port, &local);
    int fd = socket(address->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error;

    if (fd < 0) {
        return -errno;
    }
    if (set_options(fd, address->family) != 0 || bind(fd, &local.any, length) != 0) {
        error = -errno;
        (void)close(fd);
        return error;
    }
    return fd;
}

static const char *remedy(int error)
{
    switch (error) {
    case -EADDRNOTAVAIL:
        return "this host does not have the address (yet)";
    case -EADDRINUSE:
        return "another program uses it, another vipgossipd perhaps";
    default:
        return strerrordesc_np(-error);
    }
}

static void bind_socket(struct udp *udp, unsigned index)
{
    struct udp_socket *self = &udp->sockets[index];
    const struct conf_address *address = &udp->conf->nodes[udp->self].addresses[index];
    int fd = open_socket(address, udp->conf->port);
    char text[CONF_ADDRESS_TEXT];

    (void)conf_address_text(address, false, text);
    if (fd < 0) {
        if (!self->warned) {
            log_warning("cannot use %s port %u: %s; trying again", text, udp->conf->port,
                        remedy(fd));
            self->warned = true;
        }
        return;
    }
    if (uv_poll_init(udp->loop, &self->poll, fd) != 0) {
        (void)close(fd);
        return;
    }
    self->fd = fd;
    self->poll.data = self;
    (void)uv_poll_start(&self->poll, UV_READABLE, on_socket);
    if (self->warned) {
        log_notice("%s port %u is in use now", text, udp->conf->port);
    } else {
        log_info("listening on %s port %u", text, udp->conf->port);
    }
}

unsigned udp_bind(struct udp *udp)
{
    unsigned open = 0;

    for (unsigned i = 0; i < udp->socket_count; i++) {
        if (udp->sockets[i].fd < 0) {
            bind_socket(udp, i);
        }
        open += udp->sockets[i].fd >= 0 ? 1 : 0;
    }
    return open;
}

/* Is this the error by which a host says that nobody listens there? Only what came as ICMP counts:
 * the kernel's own errors are about this host. */
static bool is_closed_port(const struct cmsghdr *header)
{
    struct sock_extended_err error;
    bool is_v4 = header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_RECVERR;
    bool is_v6 = header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_RECVERR;

    if (!is_v4 && !is_v6) {
        return false;
    }
    memcpy(&error, CMSG_DATA(header), sizeof error);
    return error.ee_errno == ECONNREFUSED &&
           (error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6);
}

/* Reads the queue of errors until it is empty: left there, an error keeps the descriptor ready for
 * ever and makes the next send fail. */
static void drain_errors(struct udp_socket *self)
{
    for (unsigned n = 0; n < ERRORS_MAX; n++) {
        union paths_address to = {0};
        union {
            struct cmsghdr align;
            uint8_t bytes[256];
        } control;
        uint8_t payload[1];
        struct iovec part = {payload, sizeof payload};
        struct msghdr message = {.msg_name = &to,
                                 .msg_namelen = sizeof to,
                                 .msg_iov = &part,
                                 .msg_iovlen = 1,
                                 .msg_control = &control,
                                 .msg_controllen = sizeof control};
        struct cmsghdr *header;
        int peer;

        if (recvmsg(self->fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
            return;
        }
        peer = paths_peer(&self->udp->paths, &to);
        for (header = CMSG_FIRSTHDR(&message); header != NULL && peer >= 0;
             header = CMSG_NXTHDR(&message, header)) {
            if (is_closed_port(header)) {
                self->udp->handlers.unreachable(self->udp->handlers.arg, (uint8_t)peer);
            }
        }
    }
}

/* Reads one batch into the buffers. How many, 0 if there are none. */
static unsigned receive_batch(struct udp_socket *self, struct mmsghdr messages[static UDP_BATCH])
{
    struct udp *udp = self->udp;
    struct iovec parts[UDP_BATCH];
    int count;

    memset(messages, 0, UDP_BATCH * sizeof messages[0]);
    for (unsigned i = 0; i < UDP_BATCH; i++) {
        parts[i] = (struct iovec){udp->buffers[i], sizeof udp->buffers[i]};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    count = recvmmsg(self->fd, messages, UDP_BATCH, MSG_DONTWAIT, NULL);
    if (count < 0 && errno != EAGAIN) {
        /* An ICMP error that waits is told in place of the data, once. */
        drain_errors(self);
        count = recvmmsg(self->fd, messages, UDP_BATCH, MSG_DONTWAIT, NULL);
        if (count < 0 && errno != EAGAIN) {
            udp->counters.receive_errors++;
        }
    }
    return count < 0 ? 0 : (unsigned)count;
}

/* Returns how many datagrams it read; at most one batch more than `max`. */
static unsigned drain_socket(struct udp_socket *self, unsigned max)
{
    struct udp *udp = self->udp;
    struct mmsghdr messages[UDP_BATCH];
    unsigned total = 0;
    unsigned count;

    do {
        count = receive_batch(self, messages);
        udp->counters.received += count;
        for (unsigned i = 0; i < count; i++) {
            udp->handlers.datagram(udp->handlers.arg, udp->buffers[i], messages[i].msg_len);
        }
        total += count;
    } while (count == UDP_BATCH && total < max);
    return total;
}

static void on_socket(uv_poll_t *poll, int status, int events)
{
    struct udp_socket *self = poll->data;

    (void)events;
    if (status < 0) {
        /* libuv takes the POLLERR of a waiting ICMP error for a broken descriptor, and stops
         * watching it. The socket is fine once the error is read. */
        drain_errors(self);
        (void)uv_poll_start(&self->poll, UV_READABLE, on_socket);
    }
    (void)drain_socket(self, TURN_MAX);
}

void udp_drain(struct udp *udp, unsigned max)
{
    for (unsigned i = 0; i < udp->socket_count; i++) {
        if (udp->sockets[i].fd >= 0) {
            (void)drain_socket(&udp->sockets[i], max); /* a flood on one path hides no other */
        }
    }
}

static bool send_path(struct udp *udp, const struct path *path, const struct datagram *datagram)
{
    int fd = udp->sockets[path->from].fd;
    ssize_t length;

    if (fd < 0) {
        return false;
    }
    length = sendto(fd, datagram->bytes, datagram->length, MSG_DONTWAIT | MSG_NOSIGNAL,
                    &path->to.any, path->to_length);
    if (length < 0 && errno != EAGAIN) {
        /* The error of an earlier datagram, to another peer perhaps, is told to the next send,
         * which then sends nothing. Told once, it is gone. */
        length = sendto(fd, datagram->bytes, datagram->length, MSG_DONTWAIT | MSG_NOSIGNAL,
                        &path->to.any, path->to_length);
    }
    return length == datagram->length;
}

bool udp_send(struct udp *udp, uint8_t peer, const struct datagram *datagram)
{
    bool taken = false;

    for (unsigned i = 0; i < udp->paths.count[peer]; i++) {
        if (send_path(udp, &udp->paths.items[peer][i], datagram)) {
            udp->counters.sent++;
            taken = true;
        } else {
            udp->counters.send_errors++;
        }
    }
    return taken;
}

void udp_close(struct udp *udp)
{
    for (unsigned i = 0; i < udp->socket_count; i++) {
        if (udp->sockets[i].fd >= 0) {
            uv_close((uv_handle_t *)&udp->sockets[i].poll, NULL);
            (void)close(udp->sockets[i].fd);
        }
    }
}
