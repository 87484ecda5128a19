// SPDX-License-Identifier: MIT
/*
 * holder: who holds a VIP as this node sees it, as news for people; and since when nobody does
 * [SPEC R35].
 */
#include "state.h"

/* Why is there another holder than before? */
static enum reason holder_reason(const struct core *core, uint8_t vip)
{
    const struct arbiter *arbiter = &core->arbiters[vip];
    if (arbiter->holder == NODE_NONE) {
        bool first_news = arbiter->holder_since.ns == core->started_at.ns;
        return first_news && arbiter->state != VIP_HOLDING ? REASON_HEARD : REASON_VACANT;
    }
    if (arbiter->holder == core->config.self) {
        return arbiter->reason;
    }
    switch (core->members[arbiter->holder].state) {
    case MEMBER_DEAD:
        return REASON_HOLDER_DEAD;
    case MEMBER_LEFT:
        return membership_has_willed(core, arbiter->holder) ? REASON_HOLDER_ENDED
                                                            : REASON_HOLDER_LEFT;
    case MEMBER_UNKNOWN:
    case MEMBER_ALIVE:
    case MEMBER_SUSPECT:
    case MEMBER_STATE_COUNT:
        break;
    }
    return REASON_HANDED_OVER;
}

/* Who holds it as this node sees it: the news for people, and the start of a vacancy [SPEC R35]. */
void holder_observe(struct core *core, uint8_t vip)
{
    struct arbiter *arbiter = &core->arbiters[vip];
    if (!election_is_vacant(core, vip, 0)) {
        arbiter->vacant_since = MONO_NEVER;
    } else if (arbiter->vacant_since.ns == MONO_NEVER.ns) {
        arbiter->vacant_since = core->now;
    }
    uint8_t holder = election_holder(core, vip);
    arbiter->ever_held |= holder != NODE_NONE;
    bool is_claimed = holder == NODE_NONE && arbiter->vacant_since.ns == MONO_NEVER.ns;
    bool is_news = holder != NODE_NONE ||
                   mono_elapsed(core->now, arbiter->vacant_since) >= core->config.interval_ns;
    if (holder == arbiter->holder || is_claimed || !is_news) {
        return; /* between two holders there is no news yet */
    }
    enum reason reason = holder_reason(core, vip);
    core_change(core, &(struct change){.type = CHANGE_HOLDER,
                                       .vip = vip,
                                       .node = NODE_NONE,
                                       .from = arbiter->holder,
                                       .to = holder,
                                       .reason = reason});
    if (arbiter->state == VIP_STANDBY && holder != NODE_NONE) {
        arbiter->reason = reason;
    }
    arbiter->holder = holder;
    arbiter->holder_since = holder == NODE_NONE ? arbiter->vacant_since : core->now;
}
