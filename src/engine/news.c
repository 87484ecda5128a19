// SPDX-License-Identifier: MIT
#include "engine/news.h"

_Static_assert(NODE_NONE == IPC_NEWS_NONE && VIP_NONE == IPC_NEWS_NONE, "nobody is nobody");

/* 0: not for the hook. */
static unsigned event_of_state(const struct change *change)
{
    switch (change->to) {
    case VIP_HOLDING:
        return IPC_NEWS_HOLDING;
    case VIP_FAULT:
        return IPC_NEWS_FAULT;
    case VIP_STANDBY:
        /* A claim that was withdrawn had nothing. */
        return change->from == VIP_CLAIMING ? 0 : IPC_NEWS_STANDBY;
    default:
        return 0;
    }
}

static unsigned event_of(const struct change *change)
{
    switch (change->type) {
    case CHANGE_VIP:
        return event_of_state(change);
    case CHANGE_RIVAL:
        return change->to == NODE_NONE ? IPC_NEWS_REASSERT : IPC_NEWS_CONFLICT;
    case CHANGE_CHECK:
        return IPC_NEWS_HEALTH;
    case CHANGE_HOLDER:
    case CHANGE_MEMBER:
        break;
    }
    return 0;
}

bool news_of_change(const struct change *change, uint8_t holder, const char *reason,
                    struct ipc_news *ret)
{
    bool is_check = change->type == CHANGE_CHECK;
    const char *state = is_check                     ? check_state_name(change->to)
                        : change->type == CHANGE_VIP ? vip_state_name(change->to)
                                                     : vip_state_name(VIP_HOLDING);
    unsigned event = event_of(change);

    if (event == 0) {
        return false;
    }
    *ret = (struct ipc_news){.event = (uint16_t)event,
                             .vip = is_check ? IPC_NEWS_NONE : change->vip,
                             .holder = is_check ? IPC_NEWS_NONE : holder,
                             .check = is_check ? change->check : IPC_NEWS_NONE};
    ipc_text_set(ret->state, sizeof ret->state, state);
    ipc_text_set(ret->reason, sizeof ret->reason, reason);
    return true;
}
