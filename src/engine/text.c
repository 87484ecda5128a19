// SPDX-License-Identifier: MIT
#include "engine/text.h"

#include <stdio.h>
#include <string.h>

const char *text_mac(const uint8_t mac[static 6], char *text)
{
    (void)snprintf(text, TEXT_MAC, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
                   mac[4], mac[5]);
    return text;
}

const char *text_node(const struct conf *conf, uint8_t node)
{
    return node == NODE_NONE ? NULL : conf->nodes[node].name;
}

const char *text_change_kind(enum change_type type)
{
    static const char *const names[] = {
        [CHANGE_VIP] = "state",         [CHANGE_HOLDER] = "holder",
        [CHANGE_MEMBER] = "node",       [CHANGE_CHECK] = "check",
        [CHANGE_RIVAL] = "conflict",    [CHANGE_AVAILABILITY] = "swarm",
        [CHANGE_CONFLICT] = "conflict", [CHANGE_VERIFIED] = "verified",
    };

    return names[type];
}

static const char *value_text(const struct conf *conf, enum change_type type, uint8_t value)
{
    switch (type) {
    case CHANGE_VIP:
        return vip_state_name((enum vip_state)value);
    case CHANGE_HOLDER:
    case CHANGE_RIVAL:
        return text_node(conf, value);
    case CHANGE_CONFLICT: /* what it is about is the MAC */
        break;
    case CHANGE_MEMBER:
        return member_state_name((enum member_state)value);
    case CHANGE_CHECK:
        return check_state_name((enum check_state)value);
    case CHANGE_VERIFIED:
        return verified_name((enum verified)value);
    case CHANGE_AVAILABILITY:
        return availability_name((enum availability)value);
    }
    return NULL;
}

const char *text_change_from(const struct conf *conf, const struct change *change)
{
    return value_text(conf, change->type, change->from);
}

const char *text_change_to(const struct conf *conf, const struct change *change)
{
    return value_text(conf, change->type, change->to);
}

const char *text_link_state(const struct ipc_message *link)
{
    static const char *const names[] = {
        [IPC_LINK_DOWN] = "down",    [IPC_LINK_UP] = "up",     [IPC_LINK_NO_CARRIER] = "no carrier",
        [IPC_LINK_GONE] = "missing", [IPC_LINK_PORT] = "port",
    };

    _Static_assert(sizeof names / sizeof names[0] == IPC_LINK_COUNT, "a name each");
    return link->reason < IPC_LINK_COUNT ? names[link->reason] : NULL;
}

void text_link(const struct ipc_message *link, char text[static TEXT_MAX / 2])
{
    const char *state = text_link_state(link);

    if (link->reason == IPC_LINK_PORT) {
        (void)snprintf(text, TEXT_MAX / 2, "%s is a port of %s", link->interface, link->port_of);
    } else if (link->reason == IPC_LINK_NO_CARRIER) {
        (void)snprintf(text, TEXT_MAX / 2, "%s has no carrier", link->interface);
    } else {
        (void)snprintf(text, TEXT_MAX / 2, "%s is %s", link->interface,
                       state != NULL ? state : "not known");
    }
}

const char *text_error(int32_t error)
{
    const char *text = strerrordesc_np(error);

    return text != NULL ? text : "unknown error";
}

void text_reason(const struct change *change, const char *detail, char text[static TEXT_MAX / 2])
{
    char mac[TEXT_MAC] = "";

    if (detail[0] != '\0') {
        /* It says more than the rest. */
    } else if (change->error != 0) {
        detail = text_error(change->error);
    } else if (reason_has_mac(change->reason)) {
        detail = text_mac(change->mac, mac);
    }
    (void)snprintf(text, TEXT_MAX / 2, "%s%s%s", reason_text(change->reason),
                   detail[0] != '\0' ? ": " : "", detail);
}

static const char *or_nobody(const char *name)
{
    return name != NULL ? name : "nobody";
}

/* What changed: a VIP (its state here, or its holder), a node, a check of this node. */
static const char *subject_kind(enum change_type type)
{
    switch (type) {
    case CHANGE_MEMBER:
        return "node";
    case CHANGE_CHECK:
        return "check";
    case CHANGE_AVAILABILITY:
        return "this";
    case CHANGE_VIP:
    case CHANGE_HOLDER:
    case CHANGE_RIVAL:
    case CHANGE_CONFLICT:
    case CHANGE_VERIFIED:
        break;
    }
    return "vip";
}

static const char *subject_name(const struct conf *conf, const struct change *change)
{
    switch (change->type) {
    case CHANGE_VIP:
    case CHANGE_HOLDER:
    case CHANGE_RIVAL:
    case CHANGE_CONFLICT:
    case CHANGE_VERIFIED:
        return conf->vips[change->vip].name;
    case CHANGE_MEMBER:
        return conf->nodes[change->node].name;
    case CHANGE_CHECK:
        return conf->checks[change->check].name;
    case CHANGE_AVAILABILITY:
        return "node";
    }
    return "?";
}

/* What of it, where that is not its state. */
static const char *what_of(enum change_type type)
{
    return type == CHANGE_HOLDER ? "holder " : type == CHANGE_RIVAL ? "second holder " : "";
}

const char *text_change(const struct conf *conf, const struct change *change,
                        char text[static TEXT_MAX])
{
    const char *kind = subject_kind(change->type);
    const char *subject = subject_name(conf, change);
    const bool is_swarm = change->type == CHANGE_AVAILABILITY;
    const bool has_other =
        change->type == CHANGE_VIP || change->type == CHANGE_VERIFIED || is_swarm;
    const char *other = has_other ? text_node(conf, change->node) : NULL;
    char reason[TEXT_MAX / 2];

    text_reason(change, "", reason);
    if (change->type == CHANGE_CONFLICT) {
        other = text_node(conf, change->node);
        (void)snprintf(text, TEXT_MAX, "%s %s: %s%s%s%s", kind, subject, reason,
                       other != NULL ? " (" : "", other != NULL ? other : "",
                       other != NULL ? ")" : "");
        return text;
    }
    (void)snprintf(text, TEXT_MAX, "%s %s: %s%s -> %s%s%s%s%s%s", kind, subject,
                   what_of(change->type), or_nobody(text_change_from(conf, change)),
                   or_nobody(text_change_to(conf, change)), reason[0] != '\0' ? ": " : "", reason,
                   other == NULL ? ""
                   : is_swarm    ? " (says "
                                 : " (",
                   other != NULL ? other : "", other != NULL ? ")" : "");
    return text;
}
