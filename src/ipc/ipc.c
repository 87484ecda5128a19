// SPDX-License-Identifier: MIT
#include "ipc/ipc.h"

#include "ipc/checker.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* The fields that a type of message may set. Whatever is not named here has to be zero. */
enum field {
    FIELD_VIP = 1U << 0,
    FIELD_ADDRESS = 1U << 1,
    FIELD_LOST = 1U << 2, /* `reason`, of enum ipc_lost */
    FIELD_LINK = 1U << 3, /* `reason`, of enum ipc_link, and names in place of what follows */
    FIELD_ERROR = 1U << 4,
    FIELD_MAC = 1U << 5,
    FIELD_DEADLINE = 1U << 6,
    FIELD_SEQUENCE = 1U << 7,
    FIELD_DRAIN = 1U << 8, /* `reason`, of enum ipc_drain, and `vips` */
    FIELD_MAC_OR_NONE = 1U << 9,
    FIELD_FRAME = 1U << 11,          /* `reason`, of enum ipc_frame */
    FIELD_ADDRESS_OF_VIP = 1U << 10, /* whoever reads it knows how many there are */
};

struct shape {
    enum ipc_type type;
    unsigned fields;
};

static const struct shape from_engine[] = {
    {IPC_ADD, FIELD_VIP | FIELD_DEADLINE | FIELD_SEQUENCE},
    {IPC_REMOVE, FIELD_VIP | FIELD_SEQUENCE},
    {IPC_DEADLINE, FIELD_VIP | FIELD_DEADLINE},
    {IPC_ANNOUNCE, FIELD_VIP | FIELD_ADDRESS_OF_VIP},
    {IPC_PROBE, FIELD_VIP},
    {IPC_VERIFY, FIELD_VIP | FIELD_ADDRESS_OF_VIP},
    {IPC_STOPPED, 0},
    {IPC_DRAIN, FIELD_DRAIN | FIELD_SEQUENCE},
    {IPC_AWAKE, 0},
    {IPC_READ, FIELD_SEQUENCE},
    {IPC_SWITCH, FIELD_ERROR},
};

static const struct shape from_keeper[] = {
    {IPC_ADDED, FIELD_VIP | FIELD_ERROR | FIELD_SEQUENCE},
    {IPC_REMOVED, FIELD_VIP | FIELD_ERROR | FIELD_SEQUENCE},
    {IPC_LOST, FIELD_VIP | FIELD_ADDRESS | FIELD_LOST},
    {IPC_FRAME, FIELD_VIP | FIELD_ADDRESS | FIELD_MAC | FIELD_FRAME},
    {IPC_STOP, 0},
    {IPC_LINK, FIELD_VIP | FIELD_LINK},
    {IPC_KEPT, FIELD_ERROR | FIELD_SEQUENCE},
    {IPC_ALIVE, 0},
    {IPC_MAC, FIELD_VIP | FIELD_MAC_OR_NONE},
    {IPC_SWITCHED, 0},
};

struct limits {
    unsigned vip_count;
    unsigned address_count;
};

static bool index_is_valid(const struct ipc_message *message, unsigned fields, struct limits limits)
{
    if ((fields & FIELD_VIP) ? message->vip >= limits.vip_count : message->vip != 0)
        return false;
    if (fields & FIELD_ADDRESS_OF_VIP)
        return true;
    return (fields & FIELD_ADDRESS) ? message->address < limits.address_count
                                    : message->address == 0;
}

static bool reason_is_valid(const struct ipc_message *message, unsigned fields)
{
    if (fields & FIELD_LOST)
        return message->reason >= IPC_LOST_DEADLINE && message->reason <= IPC_LOST_CONFLICT;
    if (fields & FIELD_LINK)
        return message->reason >= IPC_LINK_DOWN && message->reason < IPC_LINK_COUNT;
    if (fields & FIELD_FRAME)
        return message->reason == IPC_FRAME_HOST || message->reason == IPC_FRAME_GATEWAY;
    if (fields & FIELD_DRAIN)
        return message->reason == IPC_DRAIN_VIPS || message->reason == IPC_DRAIN_NODE;
    return message->reason == 0;
}

/* A group has no host that could answer. */
static bool mac_is_valid(const struct ipc_message *message, unsigned fields)
{
    static const uint8_t zero[sizeof(message->mac)];
    const bool none = memcmp(message->mac, zero, sizeof(zero)) == 0;

    if (none)
        return !(fields & FIELD_MAC);
    return (fields & (FIELD_MAC | FIELD_MAC_OR_NONE)) != 0 && (message->mac[0] & 1) == 0;
}

/* A witness has no interface. */
static bool names_are_valid(const struct ipc_message *message)
{
    return memchr(message->interface, '\0', sizeof(message->interface)) != NULL &&
           memchr(message->port_of, '\0', sizeof(message->port_of)) != NULL &&
           (message->port_of[0] != '\0') == (message->reason == IPC_LINK_PORT);
}

static bool value_is_valid(const struct ipc_message *message, unsigned fields, struct limits limits)
{
    static const uint8_t zero[sizeof(message->unused)];
    const uint64_t vips = (fields & FIELD_DRAIN) ? (UINT64_C(1) << limits.vip_count) - 1 : 0;

    if (fields & FIELD_LINK)
        return names_are_valid(message);
    if ((message->vips & ~vips) != 0)
        return false;

    /* An errno is small; whatever else a number may be, it is none. */
    if ((fields & FIELD_ERROR) ? message->error > 0 || message->error < -4095 : message->error != 0)
        return false;
    if (!mac_is_valid(message, fields))
        return false;
    /* A deadline of zero has passed since the machine started: no engine means that. */
    if ((fields & FIELD_DEADLINE) ? message->deadline_ns == 0 : message->deadline_ns != 0)
        return false;
    if (!(fields & FIELD_SEQUENCE) && message->sequence != 0)
        return false;
    return memcmp(message->unused, zero, sizeof(message->unused)) == 0;
}

static bool message_is_valid(const struct ipc_message *message, unsigned fields,
                             struct limits limits)
{
    return index_is_valid(message, fields, limits) && reason_is_valid(message, fields) &&
           value_is_valid(message, fields, limits);
}

/* The bytes may lie anywhere, so they are copied before they are looked at. */
static bool copy_message(const void *bytes, size_t length, struct ipc_message *ret)
{
    if (length != sizeof(*ret))
        return false;
    memcpy(ret, bytes, sizeof(*ret));
    return true;
}

bool ipc_valid_from_engine(const void *bytes, size_t length, unsigned vip_count)
{
    const struct limits limits = {vip_count, 0};
    struct ipc_message message;

    if (!copy_message(bytes, length, &message))
        return false;
    for (size_t i = 0; i < sizeof(from_engine) / sizeof(from_engine[0]); i++)
        if (message.type == from_engine[i].type)
            return message_is_valid(&message, from_engine[i].fields, limits);
    return false;
}

bool ipc_valid_will(const void *bytes, size_t length, unsigned node_count, unsigned self)
{
    struct ipc_will will;

    if (length != sizeof(will))
        return false;
    memcpy(&will, bytes, sizeof(will));
    if (will.type != IPC_WILL || will.node >= node_count || will.node == self)
        return false;
    if (will.length == 0 || will.length > sizeof(will.bytes))
        return false;
    for (size_t i = will.length; i < sizeof(will.bytes); i++)
        if (will.bytes[i] != 0)
            return false;
    return true;
}

bool ipc_names_vip(uint16_t type)
{
    for (size_t i = 0; i < sizeof(from_keeper) / sizeof(from_keeper[0]); i++)
        if (type == from_keeper[i].type)
            return (from_keeper[i].fields & FIELD_VIP) != 0;
    return false;
}

bool ipc_valid_from_keeper(const void *bytes, size_t length, unsigned vip_count,
                           unsigned address_count)
{
    const struct limits limits = {vip_count, address_count};
    struct ipc_message message;

    if (!copy_message(bytes, length, &message))
        return false;
    for (size_t i = 0; i < sizeof(from_keeper) / sizeof(from_keeper[0]); i++)
        if (message.type == from_keeper[i].type)
            return message_is_valid(&message, from_keeper[i].fields, limits);
    return false;
}

static int send_bytes(int fd, const void *bytes, size_t length)
{
    if (send(fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
        return 0;
    return errno == ECONNRESET || errno == ENOTCONN ? -EPIPE : -errno;
}

int ipc_send(int fd, const struct ipc_message *message)
{
    return send_bytes(fd, message, sizeof(*message));
}

int ipc_send_will(int fd, const struct ipc_will *will)
{
    return send_bytes(fd, will, sizeof(*will));
}

long ipc_receive(int fd, struct ipc_message *ret)
{
    return ipc_packet_receive(fd, ret, sizeof(*ret));
}

long ipc_receive_request(int fd, union ipc_request *ret)
{
    return ipc_packet_receive(fd, ret, sizeof(*ret));
}
