// SPDX-License-Identifier: MIT
#include "keeper/vip.h"

#include "keeper/clock.h"

void vip_init(struct vip *vip, uint32_t kernel_lease_s, uint64_t lateness_ns)
{
    *vip = (struct vip){.phase = VIP_ABSENT};
    vip_set_kernel_lease(vip, kernel_lease_s, lateness_ns);
    vip->too_long = false;
}

void vip_set_kernel_lease(struct vip *vip, uint32_t kernel_lease_s, uint64_t lateness_ns)
{
    const uint64_t lease_ns = kernel_lease_s * CLOCK_NS_PER_S;

    vip->too_long = vip->kernel_lease_ns != lease_ns || vip->lateness_ns != lateness_ns;
    vip->kernel_lease_ns = lease_ns;
    vip->lateness_ns = lateness_ns;
}

uint32_t vip_lifetime_s(const struct vip *vip, uint64_t deadline_ns, uint64_t now_ns)
{
    const uint64_t least_ns = vip->lateness_ns + CLOCK_NS_PER_S;
    uint64_t most_ns = vip->kernel_lease_ns;

    if (most_ns == 0)
        return VIP_FOR_EVER;
    if (vip->lateness_ns != 0) {
        const uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;

        if (left_ns < least_ns)
            return 0;
        if (left_ns - vip->lateness_ns < most_ns)
            most_ns = left_ns - vip->lateness_ns;
    }
    return (uint32_t)(most_ns / CLOCK_NS_PER_S);
}

uint64_t vip_tell_before_ns(const struct vip *vip, uint64_t deadline_ns, uint32_t lifetime_s)
{
    const uint64_t span_ns = vip->lateness_ns + lifetime_s * CLOCK_NS_PER_S;

    if (vip->lateness_ns == 0 || lifetime_s == VIP_FOR_EVER)
        return deadline_ns;
    return deadline_ns >= span_ns ? deadline_ns - span_ns + 1 : 0;
}

void vip_held(struct vip *vip, uint64_t now_ns, uint64_t deadline_ns)
{
    vip->phase = VIP_HELD;
    vip->deadline_ns = deadline_ns;
    vip->renewed_ns = now_ns;
    sweep_stop(&vip->renew);
    vip->too_long = false;
}

void vip_set_deadline(struct vip *vip, uint64_t deadline_ns)
{
    if (vip->phase == VIP_HELD)
        vip->deadline_ns = deadline_ns;
}

void vip_gone(struct vip *vip)
{
    vip->phase = VIP_ABSENT;
    vip->loss_untold = false;
    sweep_stop(&vip->renew);
    sweep_stop(&vip->announce);
}

void vip_leaving(struct vip *vip, uint64_t now_ns)
{
    vip_gone(vip);
    vip->phase = VIP_LEAVING;
    vip->deadline_ns = now_ns + VIP_RETRY_NS;
}

void vip_renewed(struct vip *vip, uint64_t now_ns, uint32_t lifetime_s)
{
    vip->former.renewed_ns = vip->renewed_ns;
    vip->former.lifetime_ns = vip->lifetime_ns;
    vip->renewed_ns = now_ns;
    vip->lifetime_ns = lifetime_s == VIP_FOR_EVER ? 0 : lifetime_s * CLOCK_NS_PER_S;
    vip->too_long = false;
}

void vip_shortened(struct vip *vip, uint32_t lifetime_s)
{
    const uint64_t lifetime_ns = lifetime_s * CLOCK_NS_PER_S;

    if (lifetime_s != VIP_FOR_EVER && lifetime_ns < vip->lifetime_ns)
        vip->lifetime_ns = lifetime_ns;
}

void vip_not_renewed(struct vip *vip)
{
    vip->renewed_ns = vip->former.renewed_ns;
    vip->lifetime_ns = vip->former.lifetime_ns;
    vip->too_long = true; /* some of them may have been renewed for less */
}

/* From here on the addresses must not be there any more. */
static uint64_t end_ns(const struct vip *vip)
{
    const uint64_t lease_end_ns = vip->renewed_ns + vip->lifetime_ns;

    if (vip->phase == VIP_LEAVING || vip->lifetime_ns == 0)
        return vip->deadline_ns;
    return lease_end_ns < vip->deadline_ns ? lease_end_ns : vip->deadline_ns;
}

/*
 * The first moment from `from_ns` on at which a renewal makes the addresses live longer, with this
 * deadline: the later it is, the fewer seconds are left.
 */
static uint64_t longer_ns(const struct vip *vip, uint64_t from_ns)
{
    const uint64_t end = vip->renewed_ns + vip->lifetime_ns;
    uint32_t left_s = vip_lifetime_s(vip, vip->deadline_ns, from_ns);

    if (vip->too_long && left_s > 0)
        return from_ns;
    for (; left_s > 0; left_s--) {
        const uint64_t lifetime_ns = left_s * CLOCK_NS_PER_S;
        const uint64_t first_ns = end >= from_ns + lifetime_ns ? end - lifetime_ns + 1 : from_ns;

        if (vip_lifetime_s(vip, vip->deadline_ns, first_ns) == left_s)
            return first_ns;
    }
    return CLOCK_NEVER_NS;
}

static uint64_t renew_ns(const struct vip *vip, uint64_t now_ns)
{
    const uint64_t half_ns = vip->too_long ? 0 : vip->renewed_ns + vip->lifetime_ns / 2;

    if (vip->phase != VIP_HELD || (vip->lifetime_ns == 0 && !vip->too_long))
        return CLOCK_NEVER_NS;
    if (vip->lateness_ns == 0)
        return half_ns;
    return longer_ns(vip, half_ns > now_ns ? half_ns : now_ns);
}

enum vip_due vip_due(const struct vip *vip, uint64_t now_ns)
{
    if (vip->phase == VIP_ABSENT)
        return VIP_DUE_NOTHING;
    if (now_ns >= end_ns(vip))
        return VIP_DUE_REMOVE;
    return now_ns >= renew_ns(vip, now_ns) ? VIP_DUE_RENEW : VIP_DUE_NOTHING;
}

uint64_t vip_next_ns(const struct vip *vip, uint64_t now_ns)
{
    const uint64_t end = vip->phase == VIP_ABSENT ? CLOCK_NEVER_NS : end_ns(vip);
    const uint64_t renew = renew_ns(vip, now_ns);

    return renew < end ? renew : end;
}

bool vip_may_claim(const struct vip *vip, uint64_t now_ns)
{
    return vip->phase == VIP_HELD && now_ns < end_ns(vip);
}

void sweep_start(struct sweep *sweep)
{
    *sweep = (struct sweep){.active = true};
}

static void sweep_begin(struct sweep *sweep, uint16_t end, bool to_gateway)
{
    const uint16_t next = end == 0 ? 0 : (uint16_t)(end - 1);

    *sweep = (struct sweep){.active = true, .to_gateway = to_gateway, .next = next, .end = end};
}

void sweep_start_of(struct sweep *sweep, uint16_t index)
{
    const uint16_t end = (uint16_t)(index + 1);

    if (!sweep->active)
        sweep_begin(sweep, end, false);
    else if (sweep->end != 0)
        sweep_begin(sweep, sweep->end == end ? end : 0, false);
}

void sweep_start_to_gateway(struct sweep *sweep)
{
    sweep_begin(sweep, sweep->end, true);
}

uint16_t sweep_end(const struct sweep *sweep, uint16_t address_count)
{
    return sweep->end == 0 || sweep->end > address_count ? address_count : sweep->end;
}

void sweep_stop(struct sweep *sweep)
{
    *sweep = (struct sweep){.active = false};
}

bool sweep_is_ready(const struct sweep *sweep, uint64_t now_ns)
{
    return sweep->active && now_ns >= sweep->not_before_ns;
}

uint64_t sweep_next_ns(const struct sweep *sweep)
{
    return sweep->active ? sweep->not_before_ns : CLOCK_NEVER_NS;
}
