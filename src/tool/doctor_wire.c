// SPDX-License-Identifier: MIT
/*
 * Of the doctor: two seconds on the wire. An empty datagram to each peer's port, to see who says no
 * to it; an ARP probe for each VIP, to see who answers; and an ear for VRRP and CARP, whose
 * speakers repeat themselves every second. Nothing that is sent makes anybody learn or change
 * anything: a peer counts the datagram as one that is too short, and a probe has no sender address.
 */
#include "doctor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/filter.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LISTEN_MS       2200 /* VRRP and CARP say something every second unless told otherwise */
#define UNPRIVILEGED_MS 800  /* for ICMP alone */
#define REPEAT_MS       400  /* the first datagram may have waited for ARP, or was lost */
/* A host says "port unreachable" to another once a second, and the running daemon's own heartbeats
 * ask for it as well: who wants to hear it has to ask more often than they do. */
#define REPEAT_BESIDE_DAEMON_MS 5
#define PROBES_OFTEN_MAX        4 /* to more peers than these not that often */
#define PACKET_BYTES            2048

/* ICMP that names a firewall: administratively prohibited, for the network, the host, at all. */
#define ICMP_CODE_NET_PROHIBITED  9
#define ICMP_CODE_HOST_PROHIBITED 10
#define ICMP_CODE_PROHIBITED      13

enum ear {
    EAR_ARP,
    EAR_VRRP_IPV4,
    EAR_VRRP_IPV6,
    EAR_COUNT,
};

#define PROBES_MAX ((CONF_NODES_MAX - 1) * CONF_PATHS_MAX)

struct probe {
    uint8_t node;
    uint8_t path;
};

struct session {
    struct doctor *doctor;
    unsigned probe_count;
    struct probe probes[PROBES_MAX];
    struct pollfd fds[EAR_COUNT + PROBES_MAX]; /* ears, then probes */
};

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- probes of the peers' port --- */

static socklen_t fill_address(const struct conf_address *address, uint16_t port,
                              struct sockaddr_storage *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->ss_family = address->family;
    if (address->family == AF_INET) {
        struct sockaddr_in *ipv4 = (struct sockaddr_in *)ret;

        ipv4->sin_port = htons(port);
        memcpy(&ipv4->sin_addr, address->bytes, sizeof(ipv4->sin_addr));
        return sizeof(*ipv4);
    }
    struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)ret;

    ipv6->sin6_port = htons(port);
    memcpy(&ipv6->sin6_addr, address->bytes, sizeof(ipv6->sin6_addr));
    return sizeof(*ipv6);
}

/* From the address that the daemon sends from; where it is not there, from whichever. */
static void bind_own(const struct doctor *doctor, int fd, const struct probe *probe)
{
    const struct conf *conf = &doctor->conf;
    const struct conf_node *peer = &conf->nodes[probe->node];
    struct sockaddr_storage address;

    if (doctor->self < 0)
        return;
    for (unsigned i = 0; i < conf->nodes[doctor->self].address_count; i++) {
        const struct conf_node *own = &conf->nodes[doctor->self];
        const bool fits = own->addresses[i].family == peer->addresses[probe->path].family &&
                          conf_is_path(own, i, peer, probe->path);
        const socklen_t length = fill_address(&own->addresses[i], 0, &address);

        if (fits && bind(fd, (const struct sockaddr *)&address, length) == 0)
            return;
    }
}

/* EPERM is what netfilter says when a rule of this host drops the datagram. */
static enum doctor_reach reach_of_errno(int error)
{
    switch (error) {
    case 0:
        return REACH_SILENT;
    case EPERM:
    case EACCES:
        return REACH_FORBIDDEN;
    case ECONNREFUSED:
        return REACH_REFUSED;
    case EHOSTUNREACH:
        return REACH_NO_HOST;
    case ENETUNREACH:
    case EADDRNOTAVAIL:
        return REACH_NO_ROUTE;
    default:
        return REACH_UNKNOWN;
    }
}

static enum doctor_reach *reach_of(struct session *session, unsigned index)
{
    const struct probe *probe = &session->probes[index];

    return &session->doctor->wire.reach[probe->node][probe->path];
}

static void send_probe(struct session *session, unsigned index)
{
    enum doctor_reach *reach = reach_of(session, index);
    const int fd = session->fds[EAR_COUNT + index].fd;

    if (*reach <= REACH_SILENT && fd >= 0)
        *reach = reach_of_errno(send(fd, "", 0, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? errno : 0);
}

static void open_probe(struct session *session, const struct probe *probe)
{
    const struct doctor *doctor = session->doctor;
    const struct conf_address *peer = &doctor->conf.nodes[probe->node].addresses[probe->path];
    const unsigned index = session->probe_count++;
    struct sockaddr_storage address;
    const socklen_t length = fill_address(peer, doctor->conf.port, &address);
    const int on = 1;
    const int fd = socket(peer->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    session->probes[index] = *probe;
    session->fds[EAR_COUNT + index] = (struct pollfd){.fd = fd, .events = POLLERR};
    if (fd < 0)
        return;
    bind_own(doctor, fd, probe);
    if (peer->family == AF_INET)
        (void)setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
    else
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
    if (connect(fd, (const struct sockaddr *)&address, length) < 0)
        *reach_of(session, index) = reach_of_errno(errno);
    else
        send_probe(session, index);
}

static enum doctor_reach reach_of_icmp(const struct sock_extended_err *error)
{
    const bool prohibited =
        error->ee_origin == SO_EE_ORIGIN_ICMP6
            ? error->ee_code == ICMPV6_ADM_PROHIBITED || error->ee_code == ICMPV6_POLICY_FAIL
            : error->ee_code == ICMP_CODE_NET_PROHIBITED ||
                  error->ee_code == ICMP_CODE_HOST_PROHIBITED ||
                  error->ee_code == ICMP_CODE_PROHIBITED;

    if (error->ee_origin != SO_EE_ORIGIN_LOCAL && prohibited)
        return REACH_FILTERED;
    return reach_of_errno((int)error->ee_errno);
}

static void read_verdict(struct session *session, unsigned index)
{
    const int fd = session->fds[EAR_COUNT + index].fd;
    struct sock_extended_err error;
    char control[256];
    struct msghdr message = {.msg_control = control, .msg_controllen = sizeof(control)};

    if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
        return;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part != NULL;
         part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_len < CMSG_LEN(sizeof(error)))
            continue;
        memcpy(&error, CMSG_DATA(part), sizeof(error));
        *reach_of(session, index) = reach_of_icmp(&error);
    }
}

/* A neighbour who does not answer within two seconds is not there; the kernel itself gives up a
 * second later. */
static void look_for_neighbours(struct session *session)
{
    const struct conf *conf = &session->doctor->conf;
    uint8_t mac[KERNEL_MAC_BYTES];
    bool failed;

    for (unsigned i = 0; i < session->probe_count; i++) {
        const struct probe *probe = &session->probes[i];
        enum doctor_reach *reach = reach_of(session, i);

        if (*reach == REACH_SILENT &&
            !host_find_neighbour(&conf->nodes[probe->node].addresses[probe->path], mac, &failed) &&
            failed)
            *reach = REACH_NO_HOST;
    }
}

/* --- ears --- */

/* Lets pass what has `protocol` at `offset` of its IP header. */
static int open_vrrp(uint16_t ethertype, uint32_t offset, const uint8_t group[static 6],
                     const struct doctor *doctor)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, offset),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FRAME_PROTOCOL_VRRP, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, PACKET_BYTES),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};
    /* Protocol 0: nothing comes in before the filter is there. */
    const int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ethertype)};

    if (fd < 0)
        return -1;
    for (size_t i = 0; i < doctor->host.link_count; i++) {
        struct packet_mreq join = {.mr_ifindex = (int)doctor->host.links[i].ifindex,
                                   .mr_type = PACKET_MR_MULTICAST,
                                   .mr_alen = 6};

        memcpy(join.mr_address, group, 6);
        if (doctor->host.links[i].ethernet && doctor->host.links[i].up)
            (void)setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &join, sizeof(join));
    }
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ||
        bind(fd, (const struct sockaddr *)&all, sizeof(all)) < 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static void open_ears(struct session *session)
{
    static const uint8_t group_ipv4[] = {0x01, 0x00, 0x5e, 0x00, 0x00, 0x12}; /* 224.0.0.18 */
    static const uint8_t group_ipv6[] = {0x33, 0x33, 0x00, 0x00, 0x00, 0x12}; /* ff02::12 */
    const struct doctor *doctor = session->doctor;
    const int arp = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ARP));
    const int ears[EAR_COUNT] = {
        [EAR_ARP] = arp,
        [EAR_VRRP_IPV4] = open_vrrp(ETH_P_IP, 9, group_ipv4, doctor),
        [EAR_VRRP_IPV6] = open_vrrp(ETH_P_IPV6, 6, group_ipv6, doctor),
    };

    for (unsigned i = 0; i < EAR_COUNT; i++)
        session->fds[i] = (struct pollfd){.fd = ears[i], .events = POLLIN};
    session->doctor->wire.listened = ears[EAR_ARP] >= 0 && ears[EAR_VRRP_IPV4] >= 0;
}

static void ask_for(const struct session *session, const struct conf_vip *vip,
                    const struct conf_address *address)
{
    const struct doctor *doctor = session->doctor;
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP)};
    uint8_t packet[FRAME_ARP_BYTES];
    const struct host_link *link;
    char name[16];

    doctor_vip_interface(doctor, vip, name);
    link = host_find_link_named(&doctor->host, name);
    if (link == NULL || !link->ethernet || !link->up || session->fds[EAR_ARP].fd < 0)
        return;
    to.sll_ifindex = (int)link->ifindex;
    to.sll_halen = KERNEL_MAC_BYTES;
    memset(to.sll_addr, 0xff, KERNEL_MAC_BYTES);
    frame_write_probe(link->mac, address->bytes, packet);
    (void)sendto(session->fds[EAR_ARP].fd, packet, sizeof(packet), MSG_DONTWAIT,
                 (const struct sockaddr *)&to, sizeof(to));
}

/* The first IPv4 addresses of each VIP; a set moves together, so one of it says enough. */
static void ask_for_vips(struct session *session)
{
    const struct conf *conf = &session->doctor->conf;
    unsigned asked = 0;

    for (unsigned i = 0; i < conf->vip_count; i++) {
        const struct conf_vip *vip = &conf->vips[i];

        for (unsigned j = 0; j < vip->address_count && asked < DOCTOR_ASKED_MAX; j++) {
            const struct conf_address *address = &conf->addresses[vip->address_first + j];

            if (address->family != AF_INET)
                continue;
            ask_for(session, vip, address);
            asked++;
            if (conf->vip_count > 1)
                break;
        }
    }
    session->doctor->wire.asked_count = asked;
}

static void note_answer(struct doctor *doctor, const uint8_t ipv4[static 4],
                        const uint8_t mac[static KERNEL_MAC_BYTES])
{
    struct doctor_wire *wire = &doctor->wire;

    for (uint16_t i = 0; i < doctor->conf.address_count; i++) {
        const struct conf_address *address = &doctor->conf.addresses[i];

        if (address->family != AF_INET || memcmp(address->bytes, ipv4, 4) != 0)
            continue;
        for (unsigned j = 0; j < wire->answer_count; j++)
            if (wire->answers[j].address == i &&
                memcmp(wire->answers[j].mac, mac, KERNEL_MAC_BYTES) == 0)
                return;
        if (wire->answer_count == DOCTOR_ANSWERS_MAX)
            return;
        wire->answers[wire->answer_count].address = i;
        memcpy(wire->answers[wire->answer_count++].mac, mac, KERNEL_MAC_BYTES);
    }
}

static void note_speaker(struct doctor_wire *wire, const struct frame_speaker *speaker)
{
    for (unsigned i = 0; i < wire->speaker_count; i++)
        if (FRAME_SPEAKER_IS(&wire->speakers[i], speaker))
            return;
    if (wire->speaker_count < DOCTOR_SPEAKERS_MAX)
        wire->speakers[wire->speaker_count++] = *speaker;
}

static void hear(struct session *session, enum ear ear)
{
    uint8_t packet[PACKET_BYTES];
    struct sockaddr_ll from = {0};
    socklen_t size = sizeof(from);
    const ssize_t length = recvfrom(session->fds[ear].fd, packet, sizeof(packet), MSG_DONTWAIT,
                                    (struct sockaddr *)&from, &size);
    struct frame_speaker speaker;
    uint8_t address[4];
    uint8_t mac[KERNEL_MAC_BYTES];

    if (length <= 0 || from.sll_pkttype == PACKET_OUTGOING)
        return;
    if (ear == EAR_ARP) {
        if (frame_parse_arp(packet, (size_t)length, address, mac))
            note_answer(session->doctor, address, mac);
    } else if (frame_parse_speaker(packet, (size_t)length, &speaker)) {
        note_speaker(&session->doctor->wire, &speaker);
    }
}

/* --- all of it --- */

static void open_probes(struct session *session)
{
    const struct doctor *doctor = session->doctor;

    for (unsigned node = 0; node < doctor->conf.node_count; node++) {
        for (unsigned path = 0; path < doctor->conf.nodes[node].address_count; path++) {
            const struct probe probe = {.node = (uint8_t)node, .path = (uint8_t)path};

            if ((int)node != doctor->self && session->probe_count < PROBES_MAX &&
                !doctor_is_heard(doctor, doctor->conf.nodes[node].name))
                open_probe(session, &probe);
        }
    }
}

static void wait_until(struct session *session, int64_t end_ms)
{
    const nfds_t count = EAR_COUNT + session->probe_count;

    for (int64_t left_ms = end_ms - now_ms(); left_ms > 0; left_ms = end_ms - now_ms()) {
        if (poll(session->fds, count, (int)left_ms) <= 0)
            continue;
        for (unsigned i = 0; i < EAR_COUNT; i++)
            if (session->fds[i].revents != 0)
                hear(session, (enum ear)i);
        for (unsigned i = 0; i < session->probe_count; i++)
            if (session->fds[EAR_COUNT + i].revents != 0)
                read_verdict(session, i);
    }
}

void doctor_wire_ask(struct doctor *doctor)
{
    struct session session = {.doctor = doctor};
    const int64_t start_ms = now_ms();
    int64_t step_ms = REPEAT_MS;
    int64_t end_ms;

    open_ears(&session);
    open_probes(&session);
    ask_for_vips(&session);
    if (doctor->facts != NULL)
        step_ms = REPEAT_BESIDE_DAEMON_MS * (session.probe_count / PROBES_OFTEN_MAX + 1);
    end_ms = start_ms + (doctor->wire.listened ? LISTEN_MS : UNPRIVILEGED_MS);
    wait_until(&session, start_ms + REPEAT_MS);
    ask_for_vips(&session);
    while (now_ms() < end_ms) {
        for (unsigned i = 0; i < session.probe_count; i++)
            send_probe(&session, i);
        wait_until(&session, now_ms() + step_ms < end_ms ? now_ms() + step_ms : end_ms);
    }
    look_for_neighbours(&session);
    for (unsigned i = 0; i < EAR_COUNT + session.probe_count; i++)
        if (session.fds[i].fd >= 0)
            (void)close(session.fds[i].fd);
}
