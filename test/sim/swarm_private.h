// SPDX-License-Identifier: MIT
/*
 * The inside of the swarm: swarm.c draws runs and single faults, scenes.c faults that belong
 * together.
 */
#ifndef SIM_SWARM_PRIVATE_H
#define SIM_SWARM_PRIVATE_H

#include "swarm.h"

/* As fast as chrony lets a clock run, unless it is told otherwise. */
#define SLEW_PPM_MAX 83333U

#define MS(n) ((uint64_t)(n)*NS_PER_MS)

enum fault {
    FAULT_CRASH,
    FAULT_CRASH_TWO,
    FAULT_STOP,
    FAULT_STALL,
    FAULT_FREEZE,
    FAULT_CUT_ONE_WAY,
    FAULT_CUT,
    FAULT_SPLIT,
    FAULT_ISOLATE,
    FAULT_JOIN,
    FAULT_WEATHER,
    FAULT_LINK,
    FAULT_FOREIGN,
    FAULT_REFUSE,
    FAULT_CONDITION,
    FAULT_PRIORITY,
    FAULT_ATTACK,
    FAULT_CLOCK,
    FAULT_HINT,
    FAULT_HOLD,  /* a path keeps what it carries for a while, and then hands over all of it */
    FAULT_CHECK, /* a check with a weight fails, or passes again: another priority, at once */
    FAULT_SCENE, /* several faults that belong together: scenes.c */
    FAULT_KEEP,  /* a kernel refuses to remove addresses, or does again what it is told */
    FAULT_QUIET, /* nothing happens: the cluster is left alone for a while */
    FAULT_COUNT,
};

struct swarm {
    struct cluster *cluster;
    struct judge judge;
    uint64_t random;
    unsigned weight[FAULT_COUNT];
    unsigned weights;
    uint64_t pause_ns; /* between two faults, in the mean */
    unsigned loss_permille_max;
    uint64_t delay_max_ns;
    int clock_ppm;      /* 0: all run alike; else the most that one runs wrong */
    uint64_t kernel_ns; /* that the kernel takes longer, at most */
    int16_t weight_of_check;
    bool has_check;
    bool spreads; /* a node's priorities differ from VIP to VIP */
    bool attacker;
    bool votes_late; /* scenes of votes: late, seldom, forgotten, or by wrong clocks */
    bool waits;      /* with everything healed, until the wire has been asked, too */
    bool turns_back; /* scenes in which a holder is fit again while its successor's kernel adds */
};

/* A number below that, from the seed. */
static inline uint64_t draw(struct swarm *swarm, uint64_t below)
{
    swarm->random += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = swarm->random;
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return (z ^ z >> 31) % below;
}

static inline bool chance(struct swarm *swarm, unsigned percent)
{
    return draw(swarm, 100) < percent;
}

/* Each does what its name says to a node that can be done that to, and tells the judge. */
void swarm_start(struct swarm *swarm, uint8_t node);
void swarm_crash(struct swarm *swarm, uint8_t node);
/* With its host, and without a last will. */
void swarm_die(struct swarm *swarm, uint8_t node);
void swarm_stop(struct swarm *swarm, uint8_t node);
void swarm_stall(struct swarm *swarm, uint8_t node, uint64_t span_ns, bool frozen);
void swarm_delete_address(struct swarm *swarm, uint8_t node, uint8_t vip);
void swarm_cut(struct swarm *swarm, uint8_t from, uint8_t to);
void swarm_refuse(struct swarm *swarm, uint8_t node, int error);
void swarm_keep(struct swarm *swarm, uint8_t node, int error);
void swarm_condition(struct swarm *swarm, uint8_t node, bool healthy, bool drained);
/* All paths are whole, and the weather is good. */
void swarm_clear_up(struct swarm *swarm);

/* scenes.c */
void swarm_scene(struct swarm *swarm);
/* For cluster_config.configure: priorities per VIP, and a check. */
void swarm_configure(void *arg, uint8_t self, struct core_config *ret);

#endif
