// SPDX-License-Identifier: MIT
/*
 * How late a kernel may be with an address whose lifetime is over, where that decides: in mode
 * quorum, when nobody on the host is run any more. docs/QUORUM.md has the arithmetic.
 */
#include "conf_internal.h"

/* Linux looks for what is over when that is due, but no sooner than a second after any address of
 * the host was changed last (ADDRCONF_TIMER_FUZZ_MAX). */
#define LATE_NS NS_PER_S

/* A shorter lease has no room for that second: 0.89 of it, a lifetime of 1 s, and a round trip.
 * Then the kernel counts with what it rounds up to (ADDRCONF_TIMER_FUZZ) when nobody changes
 * anything. */
#define LATE_MIN_NS (250 * NS_PER_MS)

uint64_t conf_vip_lateness_ns(const struct conf_vip *vip)
{
    uint64_t least_ns = (vip->kernel_lease_s + UINT64_C(1)) * NS_PER_S;
    if (vip->mode != CONF_QUORUM || vip->kernel_lease_s == 0 || vip->lease_ns < least_ns)
        return 0;
    return vip->lease_ns < CONF_LEASE_FROZEN_NS ? LATE_MIN_NS : LATE_NS;
}
