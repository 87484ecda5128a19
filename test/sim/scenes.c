// SPDX-License-Identifier: MIT
/*
 * scenes: faults that belong together. Drawn one by one they would meet too seldom: two nodes that
 * matter to one VIP fail within one detection time, a holder stalls just after something, a rival
 * lives for a moment only.
 */
#include "swarm_private.h"

enum scene {
    SCENE_TWO_FAIL,
    SCENE_STALLED_AFTER_REMOVAL,
    SCENE_LATE_KEEPER,
    SCENE_ONE_WAY,
    SCENE_RIVAL_OF_A_MOMENT,
    SCENE_RESTART,
    SCENE_HEALED_AND_CUT,
    SCENE_COUNT_OF_BOTH_MODES,
    SCENE_BOTH_BEST_DIE = SCENE_COUNT_OF_BOTH_MODES,
    SCENE_STALLS_BESIDE_ANOTHER,
    SCENE_STALLED_CLAIMANT,
    SCENE_MOVES_BEHIND_A_CUT,
    SCENE_COUNT,
};

/* Per VIP another order of the nodes, the same on each of them; and a check with a weight. */
void swarm_configure(void *arg, uint8_t self, struct core_config *ret)
{
    const struct judge *judge = arg;
    for (uint8_t vip = 1; judge->spreads && vip < ret->vip_count; vip++) {
        unsigned shift = 37U * vip * (self + 1U);
        ret->vips[vip].priority = (uint8_t)(1 + (ret->vips[vip].priority + shift) % 255);
    }
    if (judge->has_check) {
        ret->check_count = 1;
        ret->check_patience_ns = NS_PER_S;
        ret->checks[0] = (struct core_check){.rise = 1,
                                             .fall = 1,
                                             .weight = judge->weight_of_check,
                                             .is_general = judge->weight_of_check != 0,
                                             .vips = 1};
    }
}

static void run(struct swarm *swarm, uint64_t span_ns)
{
    cluster_run(swarm->cluster, span_ns);
}

/* Everybody lives, hears everybody, and has done so for a while. */
static void settle(struct swarm *swarm)
{
    swarm_clear_up(swarm);
    for (uint8_t node = 0; node < cluster_node_count(swarm->cluster); node++) {
        if (!cluster_is_alive(swarm->cluster, node)) {
            swarm_start(swarm, node);
        }
    }
    uint64_t converged_ns = judge_convergence_ns(&swarm->judge);
    run(swarm, converged_ns + draw(swarm, 2 * converged_ns));
}

static uint8_t any_node(struct swarm *swarm)
{
    return (uint8_t)draw(swarm, cluster_node_count(swarm->cluster));
}

static uint8_t other_than(struct swarm *swarm, uint8_t node)
{
    uint8_t count = cluster_node_count(swarm->cluster);
    return (uint8_t)((node + 1 + draw(swarm, count - 1U)) % count);
}

static uint8_t holder_of(struct swarm *swarm, uint8_t vip)
{
    uint64_t holders = cluster_holders(swarm->cluster, vip);
    return holders == 0 ? any_node(swarm) : (uint8_t)__builtin_ctzll(holders);
}

static void fail(struct swarm *swarm, uint8_t node)
{
    switch (draw(swarm, 4)) {
    case 0:
        swarm_stop(swarm, node);
        break;
    case 1:
        swarm_crash(swarm, node);
        break;
    default:
        swarm_stall(swarm, node, draw(swarm, 6 * swarm->judge.interval_ns), false);
        break;
    }
}

static void two_fail(struct swarm *swarm, uint8_t holder)
{
    uint8_t vips = cluster_vip_count(swarm->cluster);
    uint8_t second = other_than(swarm, holder);
    if (vips > 1 && chance(swarm, 50)) {
        second = holder_of(swarm, (uint8_t)draw(swarm, vips));
    }
    fail(swarm, holder);
    run(swarm, draw(swarm, 2 * swarm->judge.interval_ns));
    if (second != holder) {
        fail(swarm, second);
    }
}

static void stalled_after_removal(struct swarm *swarm, uint8_t holder, uint8_t vip)
{
    for (uint64_t i = 1 + draw(swarm, 3); i > 0; i--) {
        swarm_delete_address(swarm, holder, vip);
        run(swarm, draw(swarm, swarm->judge.interval_ns / 2));
    }
    swarm_stall(swarm, holder, draw(swarm, 8 * swarm->judge.interval_ns), false);
}

/* Both were frozen, and the engine is run again a moment before its keeper is. */
static void late_keeper(struct swarm *swarm, uint8_t holder)
{
    uint64_t detection_ns = judge_detection_ns(&swarm->judge);
    uint64_t span_ns = detection_ns / 2 + draw(swarm, 3 * detection_ns);
    bool stands_already = cluster_is_frozen(swarm->cluster, holder);
    swarm_stall(swarm, holder, span_ns, true);
    if (!stands_already && cluster_is_frozen(swarm->cluster, holder)) {
        uint64_t early_ns = draw(swarm, MS(5));
        cluster_stall(swarm->cluster, holder, span_ns > early_ns ? span_ns - early_ns : 0);
    }
}

/* One direction only, for so long that everything follows from it that will. */
static void one_way(struct swarm *swarm, uint8_t holder)
{
    uint8_t other = other_than(swarm, holder);
    bool deaf = chance(swarm, 50);
    swarm_cut(swarm, deaf ? other : holder, deaf ? holder : other);
    if (chance(swarm, 50)) {
        run(swarm, 3 * judge_convergence_ns(&swarm->judge));
    }
}

/* A node that does not hear the holder takes over, and hears it again at about that time. */
static void rival_of_a_moment(struct swarm *swarm, uint8_t holder)
{
    uint64_t detection_ns = judge_detection_ns(&swarm->judge);
    for (uint8_t other = 0; other < cluster_node_count(swarm->cluster); other++) {
        if (other != holder) {
            swarm_cut(swarm, holder, other);
            if (chance(swarm, 50)) {
                swarm_cut(swarm, other, holder);
            }
        }
    }
    run(swarm, detection_ns - detection_ns / 8 + draw(swarm, detection_ns / 2));
    swarm_clear_up(swarm);
}

static void restart(struct swarm *swarm, uint8_t node)
{
    swarm_crash(swarm, node);
    run(swarm, draw(swarm, swarm->judge.interval_ns));
    if (!cluster_is_alive(swarm->cluster, node)) {
        swarm_start(swarm, node);
    }
}

/* A node hears all others through one of them alone; then every path heals, and that one is cut. It
 * learns only from the next heartbeats that it hears the others again [SPEC R32]. */
static void healed_and_cut(struct swarm *swarm, uint8_t relay)
{
    uint64_t slow_ns = judge_slow_ns(&swarm->judge);
    uint8_t deaf = other_than(swarm, relay);
    for (uint8_t other = 0; other < cluster_node_count(swarm->cluster); other++) {
        if (other != relay && other != deaf) {
            swarm_cut(swarm, other, deaf);
        }
    }
    run(swarm, 2 * judge_convergence_ns(&swarm->judge));
    swarm_clear_up(swarm);
    run(swarm, draw(swarm, slow_ns / 4));
    swarm_cut(swarm, relay, deaf);
    if (chance(swarm, 50)) {
        swarm_cut(swarm, deaf, relay);
    }
    run(swarm, slow_ns);
}

/* Until the node has just said something: if it does at all, as a holder within T. */
static void run_to_beat(struct swarm *swarm, uint8_t node)
{
    if (!cluster_is_alive(swarm->cluster, node)) {
        return;
    }
    const struct core *core = cluster_core(swarm->cluster, node);
    uint64_t seq = core_record(core)->seq;
    for (unsigned i = 0; i < 40 && core_record(core)->seq == seq; i++) {
        run(swarm, swarm->judge.interval_ns / 32);
    }
}

/* The holder and who comes after it die in one moment, just after a beat: so late that is noticed
 * [SPEC R34]. */
static void both_best_die(struct swarm *swarm, uint8_t holder, uint8_t vip)
{
    struct vip_view view;
    if (!cluster_is_alive(swarm->cluster, holder)) {
        return;
    }
    cluster_view_vip(swarm->cluster, holder, vip, &view);
    run_to_beat(swarm, holder);
    swarm_die(swarm, holder);
    if (view.next != NODE_NONE) {
        swarm_die(swarm, view.next);
    }
}

/* A holder dies; one of another VIP is stalled just after a beat, before it is asked beside the
 * first one: its own beats promise more than those of the one that died [SPEC R32]. */
static void stalls_beside_another(struct swarm *swarm, uint8_t holder, uint8_t vip)
{
    uint64_t interval_ns = swarm->judge.interval_ns;
    uint8_t second = holder;
    for (uint8_t v = 0; v < cluster_vip_count(swarm->cluster) && second == holder; v++) {
        second = v == vip ? holder : holder_of(swarm, v);
    }
    run_to_beat(swarm, holder);
    swarm_die(swarm, holder);
    run(swarm, draw(swarm, interval_ns));
    run_to_beat(swarm, second);
    swarm_stall(swarm, second, 2 * interval_ns + draw(swarm, 2 * interval_ns), false);
}

/* Who takes over is not run from the moment on when it has asked its kernel for the address, and
 * until its own deadline for it has passed [SPEC R37]. */
static void stalled_claimant(struct swarm *swarm, uint8_t holder, uint8_t vip)
{
    const uint64_t glance_ns = CLUSTER_ADD_NS / 2;
    uint64_t detection_ns = judge_detection_ns(&swarm->judge);
    struct vip_view view;
    if (!cluster_is_alive(swarm->cluster, holder)) {
        return;
    }
    cluster_view_vip(swarm->cluster, holder, vip, &view);
    uint8_t next = view.next;
    swarm_die(swarm, holder);
    bool claims = next == NODE_NONE || !cluster_is_alive(swarm->cluster, next);
    for (uint64_t i = 2 * detection_ns / glance_ns; i > 0 && !claims; i--) {
        run(swarm, glance_ns);
        cluster_view_vip(swarm->cluster, next, vip, &view);
        claims = view.state == VIP_CLAIMING || !cluster_is_alive(swarm->cluster, next);
    }
    if (next != NODE_NONE) {
        swarm_stall(swarm, next, detection_ns + draw(swarm, detection_ns), false);
    }
}

/* Two nodes are parted, and do not know it before a slow beat is over. Meanwhile the VIP goes to
 * one of them, and then the other one becomes fit for it [SPEC R13]. */
static void moves_behind_a_cut(struct swarm *swarm, uint8_t holder)
{
    uint64_t slow_ns = judge_slow_ns(&swarm->judge);
    uint8_t first = other_than(swarm, holder);
    uint8_t second = other_than(swarm, first);
    swarm_condition(swarm, first, false, false);
    swarm_condition(swarm, second, chance(swarm, 50), false);
    run(swarm, judge_convergence_ns(&swarm->judge));
    swarm_cut(swarm, first, second);
    swarm_cut(swarm, second, first);
    run(swarm, draw(swarm, slow_ns / 4));
    swarm_condition(swarm, first, true, false);
    run(swarm, draw(swarm, slow_ns / 4));
    swarm_condition(swarm, holder, true, true);
    run(swarm, chance(swarm, 50) ? 0 : draw(swarm, slow_ns / 2));
    swarm_condition(swarm, second, true, false);
    run(swarm, slow_ns);
    swarm_condition(swarm, holder, true, false);
}

/* Who takes over is not run from the moment on when it has asked its kernel for the address, and
 * the former holder is the best again: it sees a claim, and nobody who holds [SPEC R61]. */
static void turned_back(struct swarm *swarm, uint8_t holder, uint8_t vip)
{
    const uint64_t glance_ns = CLUSTER_ADD_NS / 2;
    struct vip_view view;
    if (!cluster_is_alive(swarm->cluster, holder) || cluster_is_stalled(swarm->cluster, holder)) {
        return;
    }
    cluster_view_vip(swarm->cluster, holder, vip, &view);
    uint8_t next = view.next;
    if (next == NODE_NONE || next == holder) {
        return;
    }
    swarm_condition(swarm, holder, false, false);
    bool asked = false;
    for (uint64_t i = swarm->judge.interval_ns / glance_ns; i > 0 && !asked; i--) {
        run(swarm, glance_ns);
        if (!cluster_is_alive(swarm->cluster, next)) {
            return;
        }
        cluster_view_vip(swarm->cluster, next, vip, &view);
        asked = view.state == VIP_CLAIMING && view.may_be_there;
    }
    swarm_stall(swarm, next, draw(swarm, 2 * judge_detection_ns(&swarm->judge)), false);
    swarm_condition(swarm, holder, true, false);
    run(swarm, 2 * judge_detection_ns(&swarm->judge));
}

/* Mode quorum: nobody may renew its lease, and nobody is there to end it [SPEC S1]. */
static void frozen_when_cut(struct swarm *swarm, uint8_t holder)
{
    uint64_t lease_ns = swarm->judge.lease_ns;
    for (uint8_t other = 0; other < cluster_node_count(swarm->cluster); other++) {
        if (other != holder) {
            swarm_cut(swarm, holder, other);
        }
    }
    run(swarm, draw(swarm, lease_ns));
    swarm_stall(swarm, holder, lease_ns + draw(swarm, 2 * lease_ns + 3 * NS_PER_S), true);
    run(swarm, draw(swarm, 2 * lease_ns + 3 * NS_PER_S));
}

/* The holder's kernel does not remove what has to go, whatever makes it; or that of a claimant
 * neither adds all of the VIP nor removes what it has added [SPEC R62, R69]. */
static void kept(struct swarm *swarm, uint8_t holder)
{
    bool claims = chance(swarm, 40);
    uint8_t node = claims ? other_than(swarm, holder) : holder;
    swarm_keep(swarm, node, 1);
    if (claims) {
        swarm_refuse(swarm, node, 1);
    }
    switch (draw(swarm, 4)) {
    case 0:
        swarm_condition(swarm, holder, false, false);
        break;
    case 1:
        swarm_stall(swarm, holder, draw(swarm, 6 * swarm->judge.interval_ns), false);
        break;
    case 2:
        swarm_delete_address(swarm, holder, 0);
        break;
    default:
        swarm_die(swarm, claims ? holder : other_than(swarm, holder));
        break;
    }
    run(swarm, draw(swarm, 4 * swarm->judge.lease_ns + 4 * NS_PER_S));
    if (chance(swarm, 50)) {
        swarm_keep(swarm, node, 0);
    }
    if (cluster_is_alive(swarm->cluster, holder)) {
        swarm_condition(swarm, holder, true, false);
    }
}

static void cut_off_outwards(struct swarm *swarm, uint8_t holder)
{
    for (uint8_t other = 0; other < cluster_node_count(swarm->cluster); other++) {
        if (other != holder) {
            swarm_cut(swarm, holder, other);
        }
    }
}

/* What was granted to the holder comes late, and it is not heard any more since: the votes are as
 * old as its questions were [SPEC R95]. */
static void answers_come_late(struct swarm *swarm, uint8_t holder)
{
    uint64_t lease_ns = swarm->judge.lease_ns;
    uint64_t span_ns = lease_ns / 2 + draw(swarm, lease_ns / 4);
    for (uint8_t other = 0; other < cluster_node_count(swarm->cluster); other++) {
        if (other != holder) {
            cluster_hold(swarm->cluster, other, holder, span_ns);
        }
    }
    judge_holds_back(&swarm->judge, span_ns);
    run(swarm, swarm->judge.interval_ns + draw(swarm, swarm->judge.interval_ns / 4));
    cut_off_outwards(swarm, holder);
    run(swarm, span_ns + 2 * lease_ns);
    swarm_clear_up(swarm);
}

/* The holder's clock is slowed down and those of the others are sped up, as far as NTP may, and the
 * holder is cut off [SPEC R90]. */
static void clocks_drift_apart(struct swarm *swarm, uint8_t holder)
{
    for (uint8_t node = 0; node < cluster_node_count(swarm->cluster); node++) {
        cluster_clock_slew(swarm->cluster, node,
                           node == holder ? -(int)SLEW_PPM_MAX : (int)SLEW_PPM_MAX);
    }
    judge_fault(&swarm->judge);
    run(swarm, swarm->judge.lease_ns + draw(swarm, swarm->judge.lease_ns));
    cut_off_outwards(swarm, holder);
    run(swarm, 3 * swarm->judge.lease_ns);
    swarm_clear_up(swarm);
}

/* A fifth of all datagrams is lost, for a long time: that costs nobody the majority [SPEC R97]. */
static void many_are_lost(struct swarm *swarm)
{
    struct cluster_weather weather = {.loss_permille = 150 + (unsigned)draw(swarm, 51),
                                      .delay_ns = 50000,
                                      .delay_spread_ns = 299999};
    cluster_set_weather(swarm->cluster, &weather);
    judge_weather_is(&swarm->judge, &weather);
    run(swarm, 3 * judge_convergence_ns(&swarm->judge));
    swarm_clear_up(swarm);
}

/* Just as the holder is cut off all the others start anew, with their hosts or without: nobody
 * knows what was promised to it [SPEC R99]. */
static void voters_restart(struct swarm *swarm, uint8_t holder)
{
    cut_off_outwards(swarm, holder);
    for (uint8_t other = 0; other < cluster_node_count(swarm->cluster); other++) {
        if (other != holder) {
            swarm_crash(swarm, other);
            swarm_start(swarm, other);
        }
    }
    run(swarm, 2 * swarm->judge.lease_ns);
    swarm_clear_up(swarm);
}

static void late_votes(struct swarm *swarm, uint8_t holder)
{
    switch (draw(swarm, swarm->judge.slewed ? 6 : 3)) {
    case 0:
        answers_come_late(swarm, holder);
        break;
    case 1:
        many_are_lost(swarm);
        break;
    case 2:
        voters_restart(swarm, holder);
        break;
    default:
        clocks_drift_apart(swarm, holder);
        break;
    }
}

void swarm_scene(struct swarm *swarm)
{
    if (chance(swarm, 60)) {
        settle(swarm);
    }
    bool available = swarm->judge.mode == VIP_AVAILABLE;
    uint8_t vip = (uint8_t)draw(swarm, cluster_vip_count(swarm->cluster));
    uint8_t holder = holder_of(swarm, vip);
    if (swarm->weight[FAULT_KEEP] > 0 && chance(swarm, 40)) {
        kept(swarm, holder);
        return;
    }
    if (swarm->turns_back && available && chance(swarm, 30)) {
        turned_back(swarm, holder, vip);
        return;
    }
    if (swarm->votes_late && swarm->judge.mode == VIP_QUORUM && chance(swarm, 40)) {
        late_votes(swarm, holder);
        return;
    }
    if (swarm->judge.mode == VIP_QUORUM && chance(swarm, 30)) {
        frozen_when_cut(swarm, holder);
        return;
    }
    switch ((enum scene)draw(swarm, available ? SCENE_COUNT : SCENE_COUNT_OF_BOTH_MODES)) {
    case SCENE_TWO_FAIL:
        two_fail(swarm, holder);
        break;
    case SCENE_STALLED_AFTER_REMOVAL:
        stalled_after_removal(swarm, holder, vip);
        break;
    case SCENE_LATE_KEEPER:
        late_keeper(swarm, holder);
        break;
    case SCENE_ONE_WAY:
        one_way(swarm, holder);
        break;
    case SCENE_RIVAL_OF_A_MOMENT:
        rival_of_a_moment(swarm, holder);
        break;
    case SCENE_RESTART:
        restart(swarm, holder);
        break;
    case SCENE_HEALED_AND_CUT:
        healed_and_cut(swarm, holder);
        break;
    case SCENE_BOTH_BEST_DIE:
        both_best_die(swarm, holder, vip);
        break;
    case SCENE_STALLS_BESIDE_ANOTHER:
        stalls_beside_another(swarm, holder, vip);
        break;
    case SCENE_STALLED_CLAIMANT:
        stalled_claimant(swarm, holder, vip);
        break;
    case SCENE_MOVES_BEHIND_A_CUT:
        moves_behind_a_cut(swarm, holder);
        break;
    case SCENE_COUNT:
        break;
    }
    if (chance(swarm, 60)) {
        run(swarm, draw(swarm, 2 * judge_convergence_ns(&swarm->judge)));
    }
}
