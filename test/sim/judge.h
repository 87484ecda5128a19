// SPDX-License-Identifier: MIT
/*
 * judge: watches a simulated cluster and says when it breaks a rule of proto/SPEC.md. It looks at
 * what the kernels have, not at what the cores believe, and knows what the cores cannot know: who
 * lives, which paths are whole, who was not run. It is told of each fault by whoever makes it.
 */
#ifndef SIM_JUDGE_H
#define SIM_JUDGE_H

#include "cluster.h"
#include "journal.h"

/* What can be broken: the rule as SPEC.md numbers it, and in words. */
#define RULES(X)                                                                          \
    X(NONE, "", "")                                                                       \
    X(TWO, "S1", "two nodes have the VIP, in mode quorum")                                \
    X(DUAL, "S2", "a second node holds the VIP although good paths join them")            \
    X(MEET, "S2", "two holders can hear each other, and both still hold the VIP")         \
    X(DEATH, "S2", "a node that lives and is joined by good paths was declared dead")     \
    X(ROUNDS, "R32", "a node was declared dead that had not been asked twelve times")     \
    X(LEFT, "R25", "a node that stopped in order was declared dead")                      \
    X(GAP, "S3", "nobody holds the VIP for longer than it takes to notice a death")       \
    X(CONVERGE, "S3", "after the faults the VIP is not held by the elected node alone")   \
    X(AGREE, "S3", "after the faults a node says something else than what is")            \
    X(STILL, "S6", "a VIP moved without a fault")                                         \
    X(FORGED, "S5", "a datagram that nobody with a key made was taken")                   \
    X(REPLAYED, "S5", "a datagram was taken twice")                                       \
    X(ENDED, "R23", "an incarnation that had ended was confirmed")                        \
    X(BACKWARDS, "R20", "an older record took the place of a newer one")                  \
    X(TRUTH, "R64", "a record says holding, and the kernel does not have the address")    \
    X(DEAF, "R68", "a holder stays although a lower one does not hear it")                \
    X(ANNOUNCE, "R80", "the last announcement is not that of the holder")                 \
    X(RIVAL, "R67", "a rival came or went, and the holder did not announce itself again") \
    X(HANDOVER, "R63", "a live node did not take what the holder released to it")         \
    X(AGE, "R13", "a record is taken for younger than it is")                             \
    X(DELAY, "R53", "a VIP moved from a fit holder before preempt_delay was over")        \
    X(HELLO, "R40", "a node claims that has not asked everybody twelve times")            \
    X(PREEMPT, "R52", "a VIP moved from a fit holder although preempt is off")            \
    X(PUT_BACK, "R69", "an address that another program removed was not put back")        \
    X(OVERDUE, "R37", "a node says holding after its own deadline")                       \
    X(UNVERIFIED, "R87", "a holder that answers on the wire is not verified")             \
    X(VOTES, "R97", "a holder lost the majority although the majority hears it")          \
    X(ASSERTED, "R69", "the core stopped at an assertion of its own")

enum rule {
#define X(name, number, text) RULE_##name,
    RULES(X)
#undef X
    RULE_COUNT,
};

const char *rule_number(enum rule rule);
const char *rule_text(enum rule rule);

#define LIVES_MAX     64U
#define PUBLISHED_MAX 64U

struct judge_node {
    uint64_t down_since_ns; /* not run, dead or without link; UINT64_MAX: none of these */
    uint64_t up_since_ns;   /* run, alive and with a link since then */
    uint64_t started_ns;
    uint64_t stalled_until_ns;
    uint64_t frozen_until_ns;
    uint64_t told; /* bit per node that must have heard that it stops in order */
    bool in_order; /* the last life ended, or ends, with an ordered stop */
    bool healthy;
    bool drained;
    bool check_fails;
    bool refuses; /* the kernel does, or did of late */
    /* Its claims may not have come to a majority, now, and when that was last. */
    bool unheard;
    uint64_t unheard_ns;
    /* When it published its newest records. */
    struct {
        uint64_t seq;
        uint64_t at_ns;
    } published[PUBLISHED_MAX];
    unsigned life_count;
    struct {
        uint64_t incarnation;
        uint64_t ended_ns; /* UINT64_MAX: runs */
    } lives[LIVES_MAX];
    /* What this node knows of each other. */
    struct {
        uint64_t incarnation;
        uint64_t former;    /* incarnation */
        uint64_t window_ns; /* the window of the incarnation remembers since then [SPEC D5] */
        uint64_t other;     /* the last other incarnation that a datagram was taken of */
        uint64_t other_ns;  /* its window remembers since then */
        uint64_t alive_ns;
        uint64_t seq;
        uint64_t questions; /* that it had for it in all its lives, at the last look */
        uint64_t asked_ns;  /* the last of these that counts; 0: none */
        unsigned asked;     /* how many count since the newest record came straight from it */
        uint32_t rival;     /* bit per VIP: its record claims to have it, or to be releasing it */
        uint32_t released;  /* bit per VIP: its record says that it released it to somebody */
        bool live;          /* by the last look, for these two */
    } known[NODES_MAX];
};

struct judge_vip {
    uint64_t holders; /* bit per node whose kernel has it */
    uint64_t kept;    /* of those: the kernel has refused to remove it */
    uint64_t excused; /* of those: nobody could know [SPEC S1] */
    uint64_t installed_ns[NODES_MAX];
    uint64_t announced_ns[NODES_MAX];
    uint64_t dual_since_ns;      /* UINT64_MAX: less than two that are run */
    uint64_t vacant_since_ns;    /* UINT64_MAX: somebody that is run has it */
    uint64_t candidate_since_ns; /* while vacant: somebody could take it; UINT64_MAX: nobody */
    /* Faults of the kernel, and successors that did not take it, per node: back-offs [SPEC R3]. */
    unsigned fault_count[NODES_MAX];
    unsigned refused_count[NODES_MAX];
    uint8_t successor[NODES_MAX]; /* NODE_NONE: none waited for */
    uint64_t released_ns[NODES_MAX];
    bool taken[NODES_MAX];            /* the successor has got it */
    uint64_t releasing_ns[NODES_MAX]; /* since when the last release was under way */
    uint64_t foreign_ns[NODES_MAX];   /* another program removed it then; 0: it is back */
};

struct judge {
    struct cluster *cluster;
    struct journal *journal;
    enum rule broken; /* the first one */
    uint8_t broken_vip;
    uint8_t broken_node;
    uint64_t interval_ns;
    uint64_t preempt_delay_ns;
    enum vip_mode mode;
    uint64_t lease_ns;
    bool slewed; /* some clocks are wrong by more than 1 % */
    bool preempt;
    bool fail_open;
    bool patient;        /* at the last fault somebody was, see judge_is_patient() */
    uint64_t patient_ns; /* the last time when somebody was, while nobody had a VIP */
    bool spreads;        /* a node's priorities differ from VIP to VIP */
    bool has_check;
    int16_t weight_of_check; /* 0: it makes the node unhealthy for the first VIP */
    uint64_t kernel_ns;      /* that a kernel takes longer for all VIPs, at most */
    uint64_t held_until_ns;  /* a path keeps back what it carries; 0: none does */
    bool attacker;           /* somebody on the wire holds datagrams back */
    struct cluster_weather weather;
    /* The weather in which S2 is promised; UINT64_MAX: it is not now. */
    uint64_t good_since_ns;
    bool direct;               /* for some time every two live nodes heard each other themselves */
    uint64_t indirect_ns;      /* the last time when they did not */
    uint64_t delay_peak_ns;    /* of the slowest weather so far */
    uint64_t fault_ns;         /* the last one */
    uint64_t stalled_until_ns; /* the next node that is run again; UINT64_MAX: all are */
    uint64_t paths_ns;         /* last change of the paths */
    /* Per pair, the greater index first: since when they do not hear each other straight and both
     * ways; UINT64_MAX: they do. */
    uint64_t apart_since_ns[NODES_MAX][NODES_MAX];
    uint64_t apart_until_ns[NODES_MAX][NODES_MAX]; /* NEVER: they still are, or have never been */
    uint64_t backoff_until_ns;
    struct judge_node nodes[NODES_MAX];
    struct judge_vip vips[VIPS_MAX];
    struct vip_view before[VIPS_MAX]; /* of the node that reads a datagram of an attacker */
};

void judge_init(struct judge *judge, struct journal *journal, const struct cluster_config *config);
/* To be called by the cluster: cluster_config.watch. */
void judge_watch(void *judge, const struct cluster_news *news);

/* A node starts; before it does. */
void judge_starts(struct judge *judge, uint8_t node);
/* Something was done to the cluster: the weather is judged anew, and the clock of every bound
 * begins again. */
void judge_fault(struct judge *judge);
/* The same; and paths were cut, or healed. */
void judge_paths(struct judge *judge);
/* A node is told to stop; before it is. */
void judge_stops(struct judge *judge, uint8_t node);
void judge_weather_is(struct judge *judge, const struct cluster_weather *weather);
/* The node is not run until then. */
void judge_stalls(struct judge *judge, uint8_t node, uint64_t until_ns, bool frozen);
/* Another program removed an address; after it did. */
void judge_foreign(struct judge *judge, uint8_t node, uint8_t vip);
/* A path keeps back what it carries for that long. */
void judge_holds_back(struct judge *judge, uint64_t span_ns);
/* The check of the node has a result. */
void judge_check(struct judge *judge, uint8_t node, bool passed);
void judge_refuses(struct judge *judge, uint8_t node);
void judge_condition(struct judge *judge, uint8_t node, bool healthy, bool drained);

/* Are there enough nodes alive to elect and hold anything? */
bool judge_has_majority(const struct judge *judge);
/* Does somebody give five slow beats to a node that is dead or not run, because its last record
 * said that it did not hear him [SPEC R30]? */
bool judge_is_patient(const struct judge *judge);
void judge_break(struct judge *judge, enum rule rule, uint8_t node, uint8_t vip);

/* --- spans, independent of the core's [SPEC R3] --- */
uint64_t judge_detection_ns(const struct judge *judge);
uint64_t judge_slow_ns(const struct judge *judge);
/* In which every standby has asked the wire, if all is well [SPEC R86]. */
uint64_t judge_asking_ns(const struct judge *judge);
/* Has it had the time to ask that holder, and be answered? */
bool judge_is_verifiable(const struct judge *judge, uint8_t node, uint8_t holder, uint8_t vip);
uint64_t judge_backoff_ns(unsigned count);
uint64_t judge_delay_ns(const struct judge *judge);
/* From the end of all faults until everything is in order [SPEC S3]. */
uint64_t judge_convergence_ns(const struct judge *judge);

/* --- oracle.c: what has to come out in the end --- */
/* Everybody is joined, and the bound of S3 has passed: is everything in order? */
void oracle_check(struct judge *judge);

#endif
