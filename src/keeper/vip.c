// SPDX-License-Identifier: MIT
#include "keeper/vip.h"

#include "keeper/clock.h"

void vip_init(struct vip *vip, uint32_t kernel_lease_s)
{
    *vip = (struct vip){.phase = VIP_ABSENT, .kernel_lease_ns = kernel_lease_s * CLOCK_NS_PER_S};
}

void vip_held(struct vip *vip, uint64_t now_ns, uint64_t deadline_ns)
{
    vip->phase = VIP_HELD;
    vip->deadline_ns = deadline_ns;
    vip->renewed_ns = now_ns;
    sweep_stop(&vip->renew);
}

void vip_set_deadline(struct vip *vip, uint64_t deadline_ns)
{
    if (vip->phase == VIP_HELD)
        vip->deadline_ns = deadline_ns;
}

void vip_gone(struct vip *vip)
{
    vip->phase = VIP_ABSENT;
    sweep_stop(&vip->renew);
    sweep_stop(&vip->announce);
}

void vip_leaving(struct vip *vip, uint64_t now_ns)
{
    vip_gone(vip);
    vip->phase = VIP_LEAVING;
    vip->deadline_ns = now_ns + VIP_RETRY_NS;
}

void vip_renewed(struct vip *vip, uint64_t now_ns)
{
    vip->renewed_ns = now_ns;
}

/* From here on the addresses must not be there any more. */
static uint64_t end_ns(const struct vip *vip)
{
    const uint64_t lease_end_ns = vip->renewed_ns + vip->kernel_lease_ns;

    if (vip->phase == VIP_LEAVING || vip->kernel_lease_ns == 0)
        return vip->deadline_ns;
    return lease_end_ns < vip->deadline_ns ? lease_end_ns : vip->deadline_ns;
}

static uint64_t renew_ns(const struct vip *vip)
{
    if (vip->phase != VIP_HELD || vip->kernel_lease_ns == 0)
        return CLOCK_NEVER_NS;
    return vip->renewed_ns + vip->kernel_lease_ns / 2;
}

enum vip_due vip_due(const struct vip *vip, uint64_t now_ns)
{
    if (vip->phase == VIP_ABSENT)
        return VIP_DUE_NOTHING;
    if (now_ns >= end_ns(vip))
        return VIP_DUE_REMOVE;
    return now_ns >= renew_ns(vip) ? VIP_DUE_RENEW : VIP_DUE_NOTHING;
}

uint64_t vip_next_ns(const struct vip *vip)
{
    const uint64_t end = vip->phase == VIP_ABSENT ? CLOCK_NEVER_NS : end_ns(vip);
    const uint64_t renew = renew_ns(vip);

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
