// SPDX-License-Identifier: MIT
/*
 * names: the words that people read for what the core counts with.
 */
#include "state.h"

static const char *const vip_states[] = {
    [VIP_STANDBY] = "standby",     [VIP_CLAIMING] = "claiming", [VIP_HOLDING] = "holding",
    [VIP_RELEASING] = "releasing", [VIP_FAULT] = "fault",
};
_Static_assert(sizeof vip_states / sizeof vip_states[0] == VIP_STATE_COUNT, "a name each");

static const char *const member_states[] = {
    [MEMBER_UNKNOWN] = "unknown", [MEMBER_ALIVE] = "alive", [MEMBER_SUSPECT] = "suspect",
    [MEMBER_DEAD] = "dead",       [MEMBER_LEFT] = "left",
};
_Static_assert(sizeof member_states / sizeof member_states[0] == MEMBER_STATE_COUNT, "a name each");

static const char *const check_states[] = {
    [CHECK_UNKNOWN] = "unknown",
    [CHECK_OK] = "ok",
    [CHECK_FAILED] = "failed",
};
_Static_assert(sizeof check_states / sizeof check_states[0] == CHECK_STATE_COUNT, "a name each");

static const char *const verified_names[] = {
    [VERIFIED_UNKNOWN] = "unknown",
    [VERIFIED_YES] = "verified",
    [VERIFIED_NO] = "unverified",
};
_Static_assert(sizeof verified_names / sizeof verified_names[0] == VERIFIED_COUNT, "a name each");

static const char *const availabilities[] = {
    [AVAILABILITY_UNKNOWN] = "unknown",
    [AVAILABILITY_ACTIVE] = "active",
    [AVAILABILITY_PAUSED] = "pause",
    [AVAILABILITY_DRAINED] = "drain",
};
_Static_assert(sizeof availabilities / sizeof availabilities[0] == AVAILABILITY_COUNT,
               "a name each");

static const char *const reasons[] = {
#define X(name, text) text,
    REASONS(X)
#undef X
};

const char *vip_state_name(enum vip_state state)
{
    ASSERT(state < VIP_STATE_COUNT);
    return vip_states[state];
}

const char *member_state_name(enum member_state state)
{
    ASSERT(state < MEMBER_STATE_COUNT);
    return member_states[state];
}

const char *check_state_name(enum check_state state)
{
    ASSERT(state < CHECK_STATE_COUNT);
    return check_states[state];
}

const char *verified_name(enum verified verified)
{
    ASSERT(verified < VERIFIED_COUNT);
    return verified_names[verified];
}

const char *availability_name(enum availability availability)
{
    ASSERT(availability < AVAILABILITY_COUNT);
    return availabilities[availability];
}

bool reason_has_mac(enum reason reason)
{
    return reason == REASON_ADDRESS_ANSWERED || reason == REASON_ADDRESS_USED ||
           reason == REASON_FOREIGN_HOST || reason == REASON_FOREIGN_GONE ||
           reason == REASON_UNHEARD_NODE || reason == REASON_UNHEARD_GONE;
}

const char *reason_text(enum reason reason)
{
    ASSERT(reason < REASON_COUNT);
    return reasons[reason];
}
