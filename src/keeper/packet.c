// SPDX-License-Identifier: MIT
/*
 * A receiving socket is opened with protocol 0, so that nothing queues up before the filter is
 * there, and the filter is locked: whatever happens to the keeper, it sees ARP and neighbour
 * advertisements and nothing else of the network's traffic.
 */
#include "packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Bytes of an accepted frame that are handed over; more than the parser looks at. */
#define CAPTURE_BYTES 128

int packet_open(void)
{
    const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    return fd < 0 ? -errno : fd;
}

int packet_send(int fd, unsigned ifindex, struct frame *frames, unsigned count)
{
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)ifindex};
    struct mmsghdr messages[PACKET_FRAMES_MAX] = {0};
    struct iovec parts[PACKET_FRAMES_MAX];
    unsigned sent = 0;

    if (count > PACKET_FRAMES_MAX)
        return -EMSGSIZE;
    for (unsigned i = 0; i < count; i++) {
        parts[i] = (struct iovec){.iov_base = frames[i].bytes, .iov_len = frames[i].length};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &parts[i], .msg_iovlen = 1};
    }
    while (sent < count) {
        const int result = sendmmsg(fd, messages + sent, count - sent, 0);

        if (result > 0)
            sent += (unsigned)result;
        else if (errno == EAGAIN || errno == ENOBUFS)
            return -EAGAIN;
        else if (errno != EINTR)
            return -errno;
    }
    return 0;
}

/* What a frame has to be, before its address is looked at: ARP for IPv4 over Ethernet; or ICMPv6
 * right behind the IPv6 header, and of the type neighbour advertisement. Each comparison that fails
 * goes to the one that refuses. */
static const struct sock_filter arp_code[] = {
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 0, 4),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 14),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x00010800, 0, 2),
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 18),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0604, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, 0),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 28), /* sender's address */
};
static const struct sock_filter advertisement_code[] = {
    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 4),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 0, 2),
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ND_NEIGHBOR_ADVERT, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, 0),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 74), /* the end of the target */
};
#define HEAD_CODE (sizeof(arp_code) / sizeof(arp_code[0]))
_Static_assert(sizeof(arp_code) == sizeof(advertisement_code), "the same shape");
#define CODE_MAX (HEAD_CODE + 2 * CONF_ADDRESSES_MAX + 1)
_Static_assert(CODE_MAX <= BPF_MAXINSNS, "a filter for every address");

uint32_t packet_word(const struct conf_address *address)
{
    const uint8_t *end = address->bytes + (address->family == AF_INET ? 0 : 12);

    return (uint32_t)end[0] << 24 | (uint32_t)end[1] << 16 | (uint32_t)end[2] << 8 | end[3];
}

static int set_filter(int fd, uint8_t family, const struct packet_wanted *wanted)
{
    const struct sock_filter accept = BPF_STMT(BPF_RET | BPF_K, CAPTURE_BYTES);
    const struct sock_filter refuse = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_filter code[CODE_MAX];
    struct sock_fprog program = {.len = HEAD_CODE, .filter = code};

    memcpy(code, family == AF_INET ? arp_code : advertisement_code, sizeof(arp_code));
    for (unsigned i = 0; wanted != NULL && i < wanted->count; i++) {
        const struct sock_filter compare =
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wanted->words[i], 0, 1);

        code[program.len++] = compare;
        code[program.len++] = accept;
    }
    code[program.len++] = wanted == NULL ? accept : refuse;
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

int packet_listen(unsigned ifindex, uint8_t family, const struct packet_wanted *wanted)
{
    const struct sockaddr_ll on = {.sll_family = AF_PACKET,
                                   .sll_protocol =
                                       htons(family == AF_INET ? ETH_P_ARP : ETH_P_IPV6),
                                   .sll_ifindex = (int)ifindex};
    const int fd = packet_open();
    const int lock = 1;
    int result;

    if (fd < 0)
        return fd;
    if (set_filter(fd, family, wanted) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &lock, sizeof(lock)) < 0 ||
        bind(fd, (const struct sockaddr *)&on, sizeof(on)) < 0) {
        result = -errno;
        (void)close(fd);
        return result;
    }
    return fd;
}

long packet_receive(int fd, unsigned ifindex, uint8_t *bytes, size_t size)
{
    struct sockaddr_ll from = {0};
    socklen_t from_length = sizeof(from);
    const ssize_t length = recvfrom(fd, bytes, size, 0, (struct sockaddr *)&from, &from_length);

    if (length < 0)
        return -errno;
    /* A socket on a card sees frames of the VLANs and macvlans on top of it, which are other
     * networks. */
    if (ifindex != 0 && from.sll_ifindex != (int)ifindex)
        return 0;
    /* Frames of this host, and those for others that a bridge or a tap lets us see, say nothing. */
    return from.sll_pkttype == PACKET_OUTGOING || from.sll_pkttype == PACKET_OTHERHOST ? 0 : length;
}
