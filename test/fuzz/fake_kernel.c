// SPDX-License-Identifier: MIT
#include "fake_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>

#include "host/kernel.h"
#include "monitor.h"
#include "netlink.h"
#include "packet.h"

#define ATTRIBUTE_IFA_PROTO 11

struct fake_kernel *fake_kernel;

/* The linker's names, see CMakeLists.txt. */
int __real_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
unsigned __wrap_if_nametoindex(const char *name);
char *__wrap_if_indextoname(unsigned index, char *name);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
    if (clock != CLOCK_BOOTTIME || fake_kernel == NULL)
        return __real_clock_gettime(clock, ret);
    ret->tv_sec = (time_t)(fake_kernel->now_ns / 1000000000U);
    ret->tv_nsec = (long)(fake_kernel->now_ns % 1000000000U);
    return 0;
}

unsigned __wrap_if_nametoindex(const char *name)
{
    for (unsigned i = 0; i < FAKE_LINKS; i++)
        if (strcmp(fake_kernel->links[i].name, name) == 0)
            return fake_kernel->links[i].ifindex;
    return 0;
}

char *__wrap_if_indextoname(unsigned index, char *name)
{
    for (unsigned i = 0; i < FAKE_LINKS; i++)
        if (index != 0 && fake_kernel->links[i].ifindex == index)
            return strcpy(name, fake_kernel->links[i].name);
    return NULL;
}

void fake_kernel_reset(struct fake_kernel *kernel, const struct conf *conf)
{
    memset(kernel, 0, sizeof(*kernel));
    kernel->conf = conf;
    kernel->now_ns = UINT64_C(1000000000000);
    for (unsigned i = 0; i < FAKE_LINKS; i++) {
        (void)snprintf(kernel->links[i].name, sizeof(kernel->links[i].name), "eth%u", i);
        kernel->links[i].ifindex = 2 + i;
        kernel->links[i].up = true;
    }
}

static bool is_same(const struct fake_address *have, const struct conf_address *address,
                    unsigned ifindex)
{
    return have->ifindex == ifindex && conf_address_equal(&have->address, address);
}

static struct fake_address *find(struct fake_kernel *kernel, const struct conf_address *address,
                                 unsigned ifindex)
{
    for (unsigned i = 0; i < kernel->address_count; i++)
        if (is_same(&kernel->addresses[i], address, ifindex))
            return &kernel->addresses[i];
    return NULL;
}

bool fake_kernel_has_added(const struct fake_kernel *kernel, const struct conf_address *address)
{
    for (unsigned i = 0; i < kernel->address_count; i++)
        if (kernel->addresses[i].added &&
            conf_address_equal(&kernel->addresses[i].address, address))
            return true;
    return false;
}

static struct fake_news *new_news(struct fake_kernel *kernel)
{
    static struct fake_news unheard;
    if (kernel->news_count < FAKE_NEWS_MAX)
        return &kernel->news[kernel->news_count++];
    kernel->news_lost = true;
    return &unheard;
}

void fake_kernel_add(struct fake_kernel *kernel, const struct fake_address *address)
{
    struct fake_address *have = find(kernel, &address->address, address->ifindex);
    if (have == NULL && kernel->address_count < FAKE_ADDRESSES_MAX)
        have = &kernel->addresses[kernel->address_count++];
    if (have == NULL)
        return;
    *have = *address;
    *new_news(kernel) = (struct fake_news){.address = *address};
}

void fake_kernel_delete(struct fake_kernel *kernel, const struct conf_address *address,
                        unsigned ifindex)
{
    struct fake_address *have = find(kernel, address, ifindex);
    if (have == NULL)
        return;
    *new_news(kernel) = (struct fake_news){.gone = true, .address = *have};
    *have = kernel->addresses[--kernel->address_count];
}

static void drop_addresses(struct fake_kernel *kernel, unsigned ifindex)
{
    for (unsigned i = kernel->address_count; i > 0; i--)
        if (kernel->addresses[i - 1].ifindex == ifindex) {
            const struct conf_address address = kernel->addresses[i - 1].address;
            fake_kernel_delete(kernel, &address, ifindex);
        }
}

void fake_kernel_link(struct fake_kernel *kernel, unsigned index, unsigned ifindex, bool up)
{
    struct fake_link *link = &kernel->links[index];
    if (ifindex == link->ifindex && (up == link->up || ifindex == 0))
        return;
    if (link->ifindex != 0 && ifindex != link->ifindex) {
        drop_addresses(kernel, link->ifindex);
        *new_news(kernel) = (struct fake_news){.is_link = true, .gone = true, .link = *link};
    }
    link->ifindex = ifindex;
    link->up = up;
    if (ifindex != 0)
        *new_news(kernel) = (struct fake_news){.is_link = true, .link = *link};
}

void fake_kernel_rename(struct fake_kernel *kernel, unsigned index)
{
    struct fake_link *link = &kernel->links[index];
    memcpy(link->name, link->name[0] == 'e' ? "lan" : "eth", 3);
    if (link->ifindex != 0)
        *new_news(kernel) = (struct fake_news){.is_link = true, .link = *link};
}

/* --- what the keeper sees --- */

struct message {
    _Alignas(struct nlmsghdr) char bytes[256];
};

static struct nlmsghdr *message_begin(struct message *message, uint16_t type, const void *header,
                                      size_t length)
{
    struct nlmsghdr *begin = (struct nlmsghdr *)(void *)message->bytes;
    memset(message, 0, sizeof(*message));
    begin->nlmsg_type = type;
    begin->nlmsg_len = (uint32_t)NLMSG_LENGTH(length);
    memcpy(message->bytes + NLMSG_HDRLEN, header, length);
    return begin;
}

static void message_put(struct nlmsghdr *message, uint16_t type, const void *bytes, size_t length)
{
    const struct rtattr head = {.rta_len = (uint16_t)RTA_LENGTH(length), .rta_type = type};
    char *at = (char *)message + NLMSG_ALIGN(message->nlmsg_len);
    memcpy(at, &head, sizeof(head));
    memcpy(at + RTA_LENGTH(0), bytes, length);
    message->nlmsg_len = (uint32_t)(NLMSG_ALIGN(message->nlmsg_len) + RTA_ALIGN(head.rta_len));
}

static struct nlmsghdr *address_message(struct message *message, const struct fake_address *address,
                                        bool gone)
{
    const bool v4 = address->address.family == AF_INET;
    const struct ifaddrmsg header = {.ifa_family = address->address.family,
                                     .ifa_prefixlen = address->address.prefix,
                                     .ifa_scope = v4 && address->ours ? RT_SCOPE_HOST : 0,
                                     .ifa_index = address->ifindex};
    const uint32_t flags = address->ours ? IFA_F_DEPRECATED | IFA_F_NOPREFIXROUTE : 0;
    const struct ifa_cacheinfo info = {.ifa_valid = address->ours ? 2 : UINT32_MAX};
    const uint8_t mark = KERNEL_MARK;
    struct nlmsghdr *begin =
        message_begin(message, gone ? RTM_DELADDR : RTM_NEWADDR, &header, sizeof(header));
    message_put(begin, v4 ? IFA_LOCAL : IFA_ADDRESS, address->address.bytes, v4 ? 4 : 16);
    message_put(begin, IFA_FLAGS, &flags, sizeof(flags));
    message_put(begin, IFA_CACHEINFO, &info, sizeof(info));
    if (address->ours)
        message_put(begin, ATTRIBUTE_IFA_PROTO, &mark, sizeof(mark));
    return begin;
}

static struct nlmsghdr *link_message(struct message *message, const struct fake_link *link,
                                     bool gone)
{
    const uint8_t mac[KERNEL_MAC_BYTES] = {2, 0, 0, 0, 0, (uint8_t)link->ifindex};
    const struct ifinfomsg header = {.ifi_type = ARPHRD_ETHER,
                                     .ifi_index = (int)link->ifindex,
                                     .ifi_flags = link->up ? IFF_UP | IFF_LOWER_UP : 0};
    struct nlmsghdr *begin =
        message_begin(message, gone ? RTM_DELLINK : RTM_NEWLINK, &header, sizeof(header));
    message_put(begin, IFLA_IFNAME, link->name, strlen(link->name) + 1);
    message_put(begin, IFLA_ADDRESS, mac, sizeof(mac));
    return begin;
}

int monitor_open(struct monitor *monitor)
{
    (void)monitor;
    return 0;
}

void monitor_close(struct monitor *monitor)
{
    (void)monitor;
}

int monitor_fd(const struct monitor *monitor)
{
    (void)monitor;
    return -2; /* poll() is the harness's */
}

int monitor_read(struct monitor *monitor, netlink_visit *visit, void *arg)
{
    struct fake_kernel *kernel = fake_kernel;
    const bool lost = kernel->news_lost;
    (void)monitor;
    for (unsigned i = 0; i < kernel->news_count; i++) {
        const struct fake_news *news = &kernel->news[i];
        struct message message;
        visit(arg, news->is_link ? link_message(&message, &news->link, news->gone)
                                 : address_message(&message, &news->address, news->gone));
    }
    kernel->news_count = 0;
    kernel->news_lost = false;
    return lost ? -ENOBUFS : 0;
}

int netlink_open(struct netlink *netlink)
{
    (void)netlink;
    return 0;
}

void netlink_close(struct netlink *netlink)
{
    (void)netlink;
}

static bool is_configured(const struct conf_address *address)
{
    for (unsigned i = 0; i < fake_kernel->conf->address_count; i++)
        if (conf_address_equal(&fake_kernel->conf->addresses[i], address))
            return true;
    return false;
}

static bool link_exists(unsigned ifindex)
{
    for (unsigned i = 0; i < FAKE_LINKS; i++)
        if (ifindex != 0 && fake_kernel->links[i].ifindex == ifindex)
            return true;
    return false;
}

static int carry_out(const struct netlink_item *item)
{
    const struct fake_address address = {*item->address, item->ifindex, true, true};
    const struct fake_address *have = find(fake_kernel, item->address, item->ifindex);
    /* The one promise: nothing is touched that the configuration does not name. */
    MUST(is_configured(item->address));
    if (fake_kernel->refusals > 0) {
        fake_kernel->refusals--;
        fake_kernel->removal_refused |= item->verb == NETLINK_REMOVE;
        /* A renewal replaces: it is never told that something exists. */
        return fake_kernel->refusal == EEXIST && item->verb != NETLINK_ADD ? -EPERM
                                                                           : -fake_kernel->refusal;
    }
    if (item->verb == NETLINK_REMOVE) {
        fake_kernel_delete(fake_kernel, item->address, item->ifindex);
        return 0;
    }
    MUST(item->valid_s > 0);
    if (!link_exists(item->ifindex))
        return -ENODEV;
    if (item->verb == NETLINK_ADD && have != NULL)
        return -EEXIST;
    fake_kernel_add(fake_kernel, &address);
    return 0;
}

int netlink_batch(struct netlink *netlink, struct netlink_item *items, size_t count,
                  uint64_t before_ns)
{
    int first = 0;
    (void)netlink;
    (void)before_ns;
    MUST(count <= NETLINK_BATCH_IPV4);
    for (size_t i = 0; i < count; i++) {
        items[i].error = carry_out(&items[i]);
        first = first == 0 ? items[i].error : first;
    }
    return first;
}

static bool dump_fails(void)
{
    if (fake_kernel->dump_errors == 0)
        return false;
    fake_kernel->dump_errors--;
    return true;
}

int netlink_dump_addresses(struct netlink *netlink, netlink_visit *visit, void *arg)
{
    struct message message;
    (void)netlink;
    for (unsigned i = 0; i < fake_kernel->address_count; i++)
        visit(arg, address_message(&message, &fake_kernel->addresses[i], false));
    return dump_fails() ? -EINTR : 0;
}

int netlink_dump_links(struct netlink *netlink, netlink_visit *visit, void *arg)
{
    struct message message;
    (void)netlink;
    for (unsigned i = 0; i < FAKE_LINKS; i++)
        if (fake_kernel->links[i].ifindex != 0)
            visit(arg, link_message(&message, &fake_kernel->links[i], false));
    return dump_fails() ? -EINTR : 0;
}

static const uint8_t gateway_mac[KERNEL_MAC_BYTES] = {2, 0, 0, 0, 1, 1};

int netlink_dump_routes(struct netlink *netlink, uint8_t family, unsigned ifindex,
                        netlink_visit *visit, void *arg)
{
    const uint8_t gateway[16] = {10, 9, 0, 254};
    const struct rtmsg header = {.rtm_family = family,
                                 .rtm_table = RT_TABLE_MAIN,
                                 .rtm_protocol = RTPROT_STATIC,
                                 .rtm_type = RTN_UNICAST};
    struct message message;
    (void)netlink;
    struct nlmsghdr *begin = message_begin(&message, RTM_NEWROUTE, &header, sizeof(header));
    message_put(begin, RTA_GATEWAY, gateway, family == AF_INET ? 4 : 16);
    message_put(begin, RTA_OIF, &ifindex, sizeof(ifindex));
    visit(arg, begin);
    return 0;
}

int netlink_get_neighbour(struct netlink *netlink, const struct conf_address *address,
                          unsigned ifindex, netlink_visit *visit, void *arg)
{
    const struct ndmsg header = {
        .ndm_family = address->family, .ndm_ifindex = (int)ifindex, .ndm_state = NUD_REACHABLE};
    struct message message;
    (void)netlink;
    struct nlmsghdr *begin = message_begin(&message, RTM_NEWNEIGH, &header, sizeof(header));
    message_put(begin, NDA_DST, address->bytes, address->family == AF_INET ? 4 : 16);
    message_put(begin, NDA_LLADDR, gateway_mac, sizeof(gateway_mac));
    visit(arg, begin);
    return 0;
}

int netlink_get_ipv6_settings(struct netlink *netlink, unsigned ifindex, netlink_visit *visit,
                              void *arg)
{
    const struct netconfmsg header = {.ncm_family = AF_INET6};
    const int32_t index = (int32_t)ifindex;
    const int32_t forwarding = ifindex == 2;
    struct message message;
    (void)netlink;
    struct nlmsghdr *begin = message_begin(&message, RTM_NEWNETCONF, &header, sizeof(header));
    message_put(begin, NETCONFA_IFINDEX, &index, sizeof(index));
    message_put(begin, NETCONFA_FORWARDING, &forwarding, sizeof(forwarding));
    visit(arg, begin);
    return 0;
}

int packet_open(void)
{
    return -2;
}

static bool is_zero(const struct conf_address *address)
{
    static const uint8_t zero[sizeof(address->bytes)];
    return memcmp(address->bytes, zero, sizeof(zero)) == 0;
}

/* A claim goes out only for addresses of the configuration, and only while they are there. */
static void check_frame(const struct frame *frame)
{
    struct frame_claim claim;
    MUST(frame->length >= 42 && frame->length <= FRAME_BYTES_MAX);
    if (!frame_parse(frame->bytes, frame->length, &claim) || is_zero(&claim.address))
        return; /* a question */
    MUST(is_configured(&claim.address));
}

int packet_send(int fd, unsigned ifindex, struct frame *frames, unsigned count)
{
    (void)fd;
    (void)ifindex;
    MUST(count <= PACKET_FRAMES_MAX);
    for (unsigned i = 0; i < count; i++)
        check_frame(&frames[i]);
    return fake_kernel->queue_full ? -EAGAIN : 0;
}

int packet_listen(unsigned ifindex, uint8_t family, const struct packet_wanted *wanted)
{
    (void)family;
    MUST(wanted != NULL && wanted->count > 0);
    const int fd = link_exists(ifindex) ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;
    return fd < 0 ? -ENODEV : fd;
}

uint32_t packet_word(const struct conf_address *address)
{
    return address->bytes[0];
}

long packet_receive(int fd, unsigned ifindex, uint8_t *bytes, size_t size)
{
    const size_t length = fake_kernel->frame_length;
    (void)fd;
    (void)ifindex;
    if (length == 0)
        return -EAGAIN;
    if (length == FAKE_FRAME_BYTES)
        return -ENETDOWN; /* the input says so by the longest frame */
    MUST(length <= size);
    memcpy(bytes, fake_kernel->frame, length);
    fake_kernel->frame_length = 0;
    return (long)length;
}
