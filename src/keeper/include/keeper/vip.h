// SPDX-License-Identifier: MIT
/*
 * vip: the bookkeeping of one VIP: until when its addresses may live, when the kernel's lifetime is
 * to be renewed, and which round of work over its addresses is under way. Pure: time is a
 * parameter, nothing here touches the kernel.
 *
 * Two strings hold a VIP up here. The deadline that the engine gave is one. The other is the
 * lifetime that the kernel was told (`kernel_lease`): a keeper that was stopped for longer than
 * that cannot know what the kernel has kept, so it gives the VIP up as if the deadline had passed.
 *
 * In mode quorum the second may be tied to the first: where the lease is long enough for that, the
 * kernel is never told a lifetime that could end after the deadline. Then nobody else has the
 * address yet when the kernel lets go of it, though nobody here is run any more.
 */
#ifndef KEEPER_VIP_H
#define KEEPER_VIP_H

#include <stdbool.h>
#include <stdint.h>

enum vip_phase {
    VIP_ABSENT,  /* none of its addresses is ours in the kernel */
    VIP_HELD,    /* the engine asked for them and the kernel has them */
    VIP_LEAVING, /* they have to go, and the kernel refused to remove them: tried again */
};

enum vip_due {
    VIP_DUE_NOTHING,
    VIP_DUE_REMOVE,
    VIP_DUE_RENEW,
};

/* A round of work over the addresses of a VIP, in pieces so that no deadline waits for its end. */
struct sweep {
    bool active;
    bool to_gateway;        /* announcements: the second pass, to the default gateway alone */
    uint16_t next;          /* address of the VIP, counted from 0 */
    uint16_t end;           /* announcements: the address after the last one; 0: to the end */
    uint64_t not_before_ns; /* the packet queue was full: go on then */
};

struct vip {
    enum vip_phase phase;
    uint64_t deadline_ns;     /* VIP_LEAVING: when to try again */
    uint64_t renewed_ns;      /* start of the last renewal of the kernel's lifetime */
    uint64_t lifetime_ns;     /* that the kernel was told then; for ever: 0 */
    uint64_t kernel_lease_ns; /* 0: the kernel keeps the addresses for ever */
    uint64_t lateness_ns;     /* of the kernel, if its lifetime has to end before the deadline */
    bool too_long;            /* the kernel was told more than it would be told now */
    bool loss_untold;         /* VIP_LEAVING: the engine is told when it is over */
    struct {
        uint64_t renewed_ns;
        uint64_t lifetime_ns;
    } former; /* before the renewal that is under way */
    struct sweep renew;
    struct sweep announce;
    struct sweep probe;
};

/* How long to wait before the kernel is asked again to remove what it refused to remove. */
#define VIP_RETRY_NS UINT64_C(100000000)

#define VIP_FOR_EVER UINT32_MAX

/* `lateness_ns` is conf_vip_lateness_ns(). */
void vip_init(struct vip *vip, uint32_t kernel_lease_s, uint64_t lateness_ns);

/* The same, of a VIP that may be held: a reload. */
void vip_set_kernel_lease(struct vip *vip, uint32_t kernel_lease_s, uint64_t lateness_ns);

/* The lifetime, in seconds, that the kernel may be told at `now_ns`, with that deadline; 0: none,
 * because not a second is left. VIP_FOR_EVER: without an end. */
uint32_t vip_lifetime_s(const struct vip *vip, uint64_t deadline_ns, uint64_t now_ns);

/* From then on that lifetime, which was right with that deadline, would end too late. */
uint64_t vip_tell_before_ns(const struct vip *vip, uint64_t deadline_ns, uint32_t lifetime_s);

/* The kernel has all addresses since `now_ns`. */
void vip_held(struct vip *vip, uint64_t now_ns, uint64_t deadline_ns);

/* The engine moves the deadline. A VIP that is not held stays as it is: the news came late. */
void vip_set_deadline(struct vip *vip, uint64_t deadline_ns);

/* None of the addresses is in the kernel; every sweep ends. */
void vip_gone(struct vip *vip);

/* The kernel refused to remove: try again after VIP_RETRY_NS. */
void vip_leaving(struct vip *vip, uint64_t now_ns);

/* A renewal starts; some of its addresses may be told less than `lifetime_s`. */
void vip_renewed(struct vip *vip, uint64_t now_ns, uint32_t lifetime_s);
void vip_shortened(struct vip *vip, uint32_t lifetime_s);
/* It has ended before every address was renewed: what was so before counts. */
void vip_not_renewed(struct vip *vip);

/* What has to be done at `now_ns`; removal goes before renewal. */
enum vip_due vip_due(const struct vip *vip, uint64_t now_ns);

/* When vip_due() will next say something, from `now_ns` on; UINT64_MAX: never by itself. */
uint64_t vip_next_ns(const struct vip *vip, uint64_t now_ns);

/* May frames claim the addresses at `now_ns`? */
bool vip_may_claim(const struct vip *vip, uint64_t now_ns);

/* Starts a round from the first address; one that is under way starts over. */
void sweep_start(struct sweep *sweep);
/* A round of one address alone. One of all that is under way goes on; two of one address each
 * become one of all. */
void sweep_start_of(struct sweep *sweep, uint16_t index);
/* The second pass of the same round. */
void sweep_start_to_gateway(struct sweep *sweep);
/* The address after the last one of the round. */
uint16_t sweep_end(const struct sweep *sweep, uint16_t address_count);
void sweep_stop(struct sweep *sweep);
bool sweep_is_ready(const struct sweep *sweep, uint64_t now_ns);
/* When the sweep is ready; UINT64_MAX: there is none. */
uint64_t sweep_next_ns(const struct sweep *sweep);

#endif
