// SPDX-License-Identifier: MIT
#include "netlink.h"

#include "host/kernel.h"
#include "keeper/clock.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <string.h>
#include <sys/socket.h>

#define ATTRIBUTE_IFA_PROTO 11

/* Room for one request: header, ifaddrmsg and five attributes take 100 bytes with IPv6. */
#define ITEM_BYTES 128

/* Answers to a whole batch have to fit, each costs the kernel about a kilobyte. */
#define BATCH_BUFFER_BYTES (1024 * 1024)

static int add_attributes(struct nl_msg *message, const struct netlink_item *item)
{
    const bool ipv4 = item->address->family == AF_INET;
    const int length = ipv4 ? 4 : 16;
    const struct ifa_cacheinfo info = {.ifa_prefered = 0, .ifa_valid = item->valid_s};

    if (nla_put(message, IFA_LOCAL, length, item->address->bytes) < 0 ||
        nla_put(message, IFA_ADDRESS, length, item->address->bytes) < 0)
        return -ENOMEM;
    if (item->verb == NETLINK_REMOVE)
        return 0;
    /* Preferred lifetime 0, so that the host never picks the address as a source. */
    if (nla_put_u32(message, IFA_FLAGS, IFA_F_NOPREFIXROUTE | (ipv4 ? 0U : IFA_F_NODAD)) < 0 ||
        nla_put(message, IFA_CACHEINFO, sizeof(info), &info) < 0 ||
        nla_put_u8(message, ATTRIBUTE_IFA_PROTO, KERNEL_MARK) < 0)
        return -ENOMEM;
    return 0;
}

static struct nl_msg *item_message(const struct netlink_item *item)
{
    static const int flags[] = {
        [NETLINK_ADD] = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL,
        [NETLINK_RENEW] = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE,
        [NETLINK_REMOVE] = NLM_F_REQUEST,
    };
    /* IPv4: preferred lifetime 0 is not enough, only scope host keeps the address from becoming the
     * source when a default route has no gateway inside the host's subnet. */
    struct ifaddrmsg header = {
        .ifa_family = item->address->family,
        .ifa_prefixlen = item->address->prefix,
        .ifa_scope = item->address->family == AF_INET ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE,
        .ifa_index = item->ifindex,
    };
    struct nl_msg *message = nlmsg_alloc_size(ITEM_BYTES);

    if (message == NULL)
        return NULL;
    if (nlmsg_put(message, 0, 0, item->verb == NETLINK_REMOVE ? RTM_DELADDR : RTM_NEWADDR, 0,
                  flags[item->verb]) == NULL ||
        nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
        add_attributes(message, item) < 0) {
        nlmsg_free(message);
        return NULL;
    }
    return message;
}

/* Appends the request of one item to `buffer`. Bytes written, or -ENOMEM. */
static int put_item(char *buffer, const struct netlink_item *item, uint32_t sequence, bool last)
{
    struct nl_msg *message = item_message(item);
    struct nlmsghdr *header;
    int length;

    if (message == NULL)
        return -ENOMEM;
    header = nlmsg_hdr(message);
    header->nlmsg_seq = sequence;
    if (last)
        header->nlmsg_flags |= NLM_F_ACK;
    length = (int)NLMSG_ALIGN(header->nlmsg_len);
    memcpy(buffer, header, header->nlmsg_len);
    nlmsg_free(message);
    return length;
}

static int item_error(const struct netlink_item *item, int error)
{
    if (item->verb == NETLINK_REMOVE &&
        (error == -EADDRNOTAVAIL || error == -ENODEV || error == -ENXIO))
        return 0;
    return error;
}

/*
 * Reads what the kernel answered. It has answered everything when sendto() returns, so nothing is
 * ever waited for. Only failures and the last item have an answer.
 */
static int read_answers(struct netlink *netlink, struct netlink_item *items, size_t count)
{
    const int fd = nl_socket_get_fd(netlink->batch);
    const uint32_t first = netlink->sequence - (uint32_t)count + 1;
    _Alignas(struct nlmsghdr) char buffer[8192];
    bool complete = false;

    while (!complete) {
        const ssize_t received = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
        struct nlmsghdr *message = (struct nlmsghdr *)(void *)buffer;
        int left = (int)received;

        if (received <= 0)
            return received < 0 && errno != EAGAIN ? -errno : -EIO;
        for (; nlmsg_ok(message, left); message = nlmsg_next(message, &left)) {
            const uint32_t index = message->nlmsg_seq - first;
            struct nlmsgerr answer;

            if (message->nlmsg_type != NLMSG_ERROR || index >= count ||
                message->nlmsg_len < NLMSG_LENGTH(sizeof(answer)))
                continue;
            memcpy(&answer, nlmsg_data(message), sizeof(answer));
            items[index].error = item_error(&items[index], answer.error);
            complete = complete || index == count - 1;
        }
    }
    return 0;
}

static int first_error(const struct netlink_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (items[i].error != 0)
            return items[i].error;
    return 0;
}

static int fail_all(struct netlink_item *items, size_t count, int error)
{
    for (size_t i = 0; i < count; i++)
        items[i].error = error;
    return error;
}

int netlink_batch(struct netlink *netlink, struct netlink_item *items, size_t count,
                  uint64_t before_ns)
{
    _Alignas(struct nlmsghdr) char buffer[NETLINK_BATCH_IPV4 * ITEM_BYTES];
    size_t length = 0;
    int result;

    if (count == 0)
        return 0;
    if (count > NETLINK_BATCH_IPV4)
        return fail_all(items, count, -EMSGSIZE);
    for (size_t i = 0; i < count; i++) {
        result = put_item(buffer + length, &items[i], ++netlink->sequence, i == count - 1);
        if (result < 0)
            return fail_all(items, count, result);
        items[i].error = 0;
        length += (size_t)result;
    }
    if (clock_now_ns() >= before_ns)
        return fail_all(items, count, -ETIME);
    if (send(nl_socket_get_fd(netlink->batch), buffer, length, 0) < 0)
        return fail_all(items, count, -errno);
    result = read_answers(netlink, items, count);
    return result < 0 ? fail_all(items, count, result) : first_error(items, count);
}

struct dump {
    netlink_visit *visit;
    void *arg;
};

static int visit_valid(struct nl_msg *message, void *arg)
{
    const struct dump *dump = arg;

    dump->visit(dump->arg, nlmsg_hdr(message));
    return NL_OK;
}

/* libnl has error numbers of its own; those that matter here are mapped back. */
static int system_error(int error)
{
    switch (-error) {
    case 0:
        return 0;
    case NLE_OBJ_NOTFOUND:
        return -ENOENT;
    case NLE_PERM:
        return -EPERM;
    case NLE_NOMEM:
        return -ENOBUFS;
    case NLE_DUMP_INTR:
        return -EINTR;
    default:
        return error > 0 ? 0 : -EIO;
    }
}

/* Sends `request` and gives each answer to `dump`. Frees the request. */
static int ask(struct netlink *netlink, struct nl_msg *request, struct dump dump)
{
    struct nl_cb *callbacks = nl_cb_alloc(NL_CB_DEFAULT);
    int result = -NLE_NOMEM;

    if (callbacks != NULL && request != NULL) {
        (void)nl_cb_set(callbacks, NL_CB_VALID, NL_CB_CUSTOM, visit_valid, &dump);
        result = nl_send_auto(netlink->query, request);
        if (result >= 0)
            result = nl_recvmsgs(netlink->query, callbacks);
    }
    nl_cb_put(callbacks);
    nlmsg_free(request);
    return system_error(result);
}

/* A request with its fixed header, or NULL. */
static struct nl_msg *request_new(int type, int flags, void *header, size_t length)
{
    struct nl_msg *request = nlmsg_alloc_simple(type, flags);

    if (request != NULL && nlmsg_append(request, header, length, NLMSG_ALIGNTO) < 0) {
        nlmsg_free(request);
        return NULL;
    }
    return request;
}

int netlink_dump_addresses(struct netlink *netlink, netlink_visit *visit, void *arg)
{
    struct ifaddrmsg header = {.ifa_family = AF_UNSPEC};

    return ask(netlink, request_new(RTM_GETADDR, NLM_F_DUMP, &header, sizeof(header)),
               (struct dump){visit, arg});
}

int netlink_dump_links(struct netlink *netlink, netlink_visit *visit, void *arg)
{
    struct ifinfomsg header = {.ifi_family = AF_UNSPEC};

    return ask(netlink, request_new(RTM_GETLINK, NLM_F_DUMP, &header, sizeof(header)),
               (struct dump){visit, arg});
}

int netlink_dump_routes(struct netlink *netlink, uint8_t family, unsigned ifindex,
                        netlink_visit *visit, void *arg)
{
    struct rtmsg header = {
        .rtm_family = family, .rtm_table = RT_TABLE_MAIN, .rtm_type = RTN_UNICAST};
    struct nl_msg *request = request_new(RTM_GETROUTE, NLM_F_DUMP, &header, sizeof(header));

    if (request != NULL && ifindex != 0 && nla_put_u32(request, RTA_OIF, ifindex) < 0) {
        nlmsg_free(request);
        return -ENOMEM;
    }
    return ask(netlink, request, (struct dump){visit, arg});
}

int netlink_get_neighbour(struct netlink *netlink, const struct conf_address *address,
                          unsigned ifindex, netlink_visit *visit, void *arg)
{
    struct ndmsg header = {.ndm_family = address->family, .ndm_ifindex = (int)ifindex};
    struct nl_msg *request = request_new(RTM_GETNEIGH, 0, &header, sizeof(header));

    if (request != NULL &&
        nla_put(request, NDA_DST, address->family == AF_INET ? 4 : 16, address->bytes) < 0) {
        nlmsg_free(request);
        return -ENOMEM;
    }
    return ask(netlink, request, (struct dump){visit, arg});
}

int netlink_get_ipv6_settings(struct netlink *netlink, unsigned ifindex, netlink_visit *visit,
                              void *arg)
{
    struct netconfmsg header = {.ncm_family = AF_INET6};
    struct nl_msg *request = request_new(RTM_GETNETCONF, 0, &header, sizeof(header));

    if (request != NULL && nla_put_s32(request, NETCONFA_IFINDEX, (int32_t)ifindex) < 0) {
        nlmsg_free(request);
        return -ENOMEM;
    }
    return ask(netlink, request, (struct dump){visit, arg});
}

static struct nl_sock *socket_new(void)
{
    struct nl_sock *sock = nl_socket_alloc();

    if (sock != NULL && nl_connect(sock, NETLINK_ROUTE) < 0) {
        nl_socket_free(sock);
        return NULL;
    }
    return sock;
}

int netlink_open(struct netlink *netlink)
{
    const int on = 1;
    const int bytes = BATCH_BUFFER_BYTES;
    int fd;

    *netlink = (struct netlink){.batch = socket_new(), .query = socket_new()};
    if (netlink->batch == NULL || netlink->query == NULL) {
        netlink_close(netlink);
        return -EIO;
    }
    /* A question gets its answer or an error; an acknowledgement on top would lie around. */
    nl_socket_disable_auto_ack(netlink->query);
    fd = nl_socket_get_fd(netlink->batch);
    /* Neither is needed for correctness: an older kernel repeats the request in its answers, and
     * filters no dump. */
    (void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
    (void)setsockopt(nl_socket_get_fd(netlink->query), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on,
                     sizeof(on));
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    return 0;
}

void netlink_close(struct netlink *netlink)
{
    nl_socket_free(netlink->batch);
    nl_socket_free(netlink->query);
    *netlink = (struct netlink){0};
}
