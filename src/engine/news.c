// SPDX-License-Identifier: MIT
#include "engine/news.h"

#include <stdlib.h>
#include <string.h>

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
    case CHANGE_CONFLICT:
        return change->reason == REASON_FOREIGN_GONE || change->reason == REASON_UNHEARD_GONE
                   ? IPC_NEWS_REASSERT
                   : IPC_NEWS_CONFLICT;
    case CHANGE_CHECK:
        return IPC_NEWS_HEALTH;
    case CHANGE_HOLDER:
    case CHANGE_MEMBER:
    case CHANGE_VERIFIED:
    case CHANGE_AVAILABILITY: /* what follows from it is news of its own */
        break;
    }
    return 0;
}

static void add_vip(struct ipc_news *news, const struct conf *conf, uint8_t vip, uint8_t holder)
{
    const struct conf_vip *section = &conf->vips[vip];

    ipc_text_set(news->vip, sizeof news->vip, section->name);
    ipc_text_set(news->holder, sizeof news->holder,
                 holder == NODE_NONE ? "" : conf->nodes[holder].name);
    news->address_count = section->address_count;
    memcpy(news->addresses, &conf->addresses[section->address_first],
           section->address_count * sizeof news->addresses[0]);
}

struct ipc_news *news_of_change(const struct change *change, const struct conf *conf,
                                uint8_t holder, const char *reason)
{
    bool is_check = change->type == CHANGE_CHECK;
    const char *state = is_check                     ? check_state_name(change->to)
                        : change->type == CHANGE_VIP ? vip_state_name(change->to)
                                                     : vip_state_name(VIP_HOLDING);
    unsigned event = event_of(change);
    struct ipc_news *news =
        event == 0 ? NULL
                   : calloc(1, ipc_news_size(is_check ? 0 : conf->vips[change->vip].address_count));

    if (news == NULL) {
        return NULL;
    }
    news->event = (uint16_t)event;
    ipc_text_set(news->state, sizeof news->state, state);
    ipc_text_set(news->reason, sizeof news->reason, reason);
    if (is_check) {
        ipc_text_set(news->check, sizeof news->check, conf->checks[change->check].name);
    } else {
        add_vip(news, conf, change->vip, holder);
    }
    return news;
}
