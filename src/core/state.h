// SPDX-License-Identifier: MIT
/*
 * state: the core's own memory, and who of the core's files works on what.
 *
 *   core.c        order of a step, deadlines
 *   membership.c  records, who is alive
 *   incarnation.c which start of a node runs: asks and echoes, clones
 *   suspicion.c   rounds of questions, verdicts, vacancy
 *   gossip.c      what is sent to whom: heartbeats, answers, relays, the own record
 *   election.c    the total order
 *   arbiter.c     one VIP: standby, claiming, holding, releasing, fault
 *   claim.c       from standby to the order to add the address
 *   rivals.c      others that hold it beside this node
 *   lease.c       mode quorum: what a promise and a grant are worth
 *   voter.c       to whom this node promises its vote
 *   voters.c      whose votes count, while the set of voters changes
 *   majority.c    the votes that this node needs
 *   kernel.c      what the kernel said about it
 *   announce.c    when the neighbours are told
 *   conflict.c    hosts outside the cluster that use the address
 *   verify.c      whether the holder answers on the wire
 *   holder.c      who holds it, as news
 *   health.c      what the checks of this node say
 *   swarm.c       what the managers of a Docker Swarm say of its nodes
 *   reload.c      another configuration
 *   start.c       hello rounds at the start and after a stall; the ordered stop
 */
#ifndef CORE_STATE_H
#define CORE_STATE_H

#include <stddef.h>

#include "core/core.h"
#include "core/view.h"

/* On in every build: a broken invariant must not keep an address. The keeper sees the engine die.
 */
#define ASSERT(condition) ((condition) ? (void)0 : __builtin_trap())

#define BIT(index) (UINT64_C(1) << (index))

enum suspicion_kind {
    SUSPICION_NONE,
    SUSPICION_DUE,    /* its heartbeat is overdue */
    SUSPICION_HINT,   /* its port was said to be closed */
    SUSPICION_LINKED, /* it is one of the best standbys of a holder that is suspected */
};

struct suspicion {
    enum suspicion_kind kind;
    uint8_t rounds; /* really sent */
    uint8_t holder; /* beside whom it is asked, NODE_NONE: for itself alone */
    struct mono started;
    struct mono next; /* the next round, or the verdict after the last one */
};

struct member {
    enum member_state state;
    bool has_record; /* `record` is of `incarnation` */
    bool hears_me;   /* by its records; a full list that does not name this node says nothing */
    bool doubted;    /* another incarnation than the confirmed one caused the ask */
    uint8_t samples; /* of the round trip; more than a few count as one few */
    uint8_t via;     /* relay of the newest record, NODE_NONE: direct */
    uint8_t relays[RELAYS_MAX]; /* through whom this node wants to hear of it, if not directly */
    uint8_t dead_count;
    uint8_t entry[VIPS_MAX]; /* where in record.vips this node's VIP is, or ENTRY_NONE */
    uint64_t incarnation;    /* confirmed last, may have ended: `dead`; 0: none yet */
    uint64_t seq;
    uint64_t dead[DEAD_INCARNATIONS_MAX];
    struct mono heard;     /* the newest record is at least as young as that */
    struct mono direct;    /* last datagram straight from it */
    struct mono ask_after; /* not among the first three in rank: suspect it only then */
    struct mono died;      /* the last verdict */
    struct mono hinted;    /* last time a closed port started a suspicion */
    uint64_t challenge;    /* of the running episode; 0: none */
    struct mono asked[2];  /* last ask that this node sent about it: straight, through a relay */
    uint64_t passed;       /* nodes whose ask was passed on to it and not answered yet */
    struct mono echoed;    /* last echo that was sent to it while it was not confirmed */
    uint64_t interest;     /* nodes that asked about it and wait for something newer */
    struct mono interest_until;
    struct mono passed_at; /* last ask that was passed on to it */
    uint64_t introduced;   /* nodes that were told of it, and it of them, since `introduced_at` */
    struct mono introduced_at;
    struct mono queried;  /* last question on behalf of others */
    struct mono tested;   /* last question whether it is back from the dead */
    struct mono shown;    /* last time that its newest record was sent to its own name */
    struct mono answered; /* newest question that it has answered, by this node's clock */
    uint64_t srtt_ns;
    uint64_t rttvar_ns;
    struct suspicion suspicion;
    struct record record;
    uint64_t links_told;         /* bit per VIP of which it has told its MAC */
    uint64_t macs[VIPS_MAX];     /* of its interfaces, as it has told */
    uint32_t verifies[VIPS_MAX]; /* id of the holder that answers it, as it has told */
    uint32_t misses[VIPS_MAX];   /* id of the one that does not; ID_NONE: neither */
};
#define ENTRY_NONE ((uint8_t)255)

/* A hello for one VIP, whose interface came back [SPEC R40]. */
struct asking {
    bool runs;
    bool extended;
    uint8_t rounds;
    struct mono since;
    struct mono until;
};

struct arbiter {
    enum vip_state state;
    enum reason reason;
    int32_t error;
    bool in_kernel; /* the kernel has confirmed the addresses */
    bool adding;    /* ACTION_ADDRESS_ADD is not answered yet */
    bool removing;  /* ACTION_ADDRESS_REMOVE is not answered yet */
    bool link_down;
    struct asking asking; /* beside the hello for all VIPs */
    bool deaf;            /* yields to a lower holder that does not hear this node */
    uint8_t elected;      /* at the last evaluation */
    uint8_t holder;       /* as this node sees it, for CHANGE_HOLDER */
    uint8_t released_to;  /* until it has it */
    struct mono released_at;
    uint8_t told_to; /* the same for everybody's eyes, for a while */
    struct mono told_until;
    struct mono kernel_asked;
    struct mono until; /* the deadline that the keeper was given last */
    struct mono holder_since;
    struct mono vacant_since; /* MONO_NEVER: somebody holds or claims it */
    struct mono ready_at;     /* preempt_delay ends */
    uint8_t claim_rounds;
    struct mono claim_next;
    struct mono waits_since; /* for other claimants; `claimants` are those that it knows of */
    uint64_t claimants;
    bool was_held; /* at the last look of the claim */
    uint8_t probe_rounds;
    bool ever_held; /* by whomever, since this node started and as far as it knows */
    bool answered;  /* another host answers the probes, or speaks for the address */
    uint8_t answered_mac[6];
    struct mono probe_next;
    uint8_t announce_step;
    struct mono announce_next;
    uint32_t fault_count;
    struct mono retry_at;
    uint64_t rivals;        /* live nodes that hold it beside this one, or are releasing it */
    bool has_looked;        /* for rivals, since it holds */
    uint8_t rival;          /* one that holds it, as was told; NODE_NONE */
    uint64_t yielded;       /* live nodes that say that they have released it to this one */
    uint64_t released;      /* live nodes that say that they have released it to anybody */
    uint64_t seen;          /* live nodes at the last look */
    struct mono deaf_since; /* another one holds it too since then */
    uint8_t refused;        /* a node that did not take what was released to it */
    uint32_t refused_count;
    struct mono refused_until;
    uint32_t foreign_removals;
    struct mono removal_told; /* the next one is news again from then on */
};

/* A host outside the cluster that uses the address of a VIP; MAC_NONE: there is none. */
struct conflict {
    uint64_t own; /* MAC of this node's interface for the VIP */
    uint64_t mac;
    uint8_t node;               /* that has told this MAC, and does not live; NODE_NONE */
    uint32_t count;             /* of its frames, as far as this node saw them; at least 1 */
    struct mono last;           /* sign of it, by whomever */
    struct mono seen;           /* by this node itself; 0: never */
    struct mono defended_until; /* no defence before */
    bool is_disputed;           /* by a frame since the last defence */
    uint16_t disputed;          /* the address, from 0, or ALL_ADDRESSES */
    struct mono untold_since;   /* of that without a pause */
    struct mono untold;         /* a node that has told no MAC had the VIP then; 0: never */
    uint64_t strange;           /* nobody's MAC, of which it is not sure yet */
    uint16_t strange_address;   /* that it used, or ALL_ADDRESSES */
    uint32_t strange_count;
    struct mono strange_since;
};

/* What a standby knows of a VIP on the wire. */
struct verify {
    uint32_t holder; /* id of the node that it asks for; ID_NONE: it does not ask */
    enum verified verdict;
    bool waits;      /* for an answer, until `next` */
    bool is_proxied; /* somebody has answered, who may do so for others */
    uint8_t misses;  /* questions in a row without one */
    uint16_t turn;   /* which of the addresses */
    struct mono next;
    uint32_t lost_holder; /* that somebody verified until then; ID_NONE: nobody was */
    struct mono lost;
};

/* A check of this node. */
struct health {
    enum check_state state;
    bool has_result;
    bool trusted;   /* added by a reload while this node held a VIP: passes until it fails */
    uint8_t streak; /* results in a row that say otherwise */
    struct mono since;
    struct mono heard; /* the last result, where there is one */
};

/* What is known of the Docker Swarm that this node is in. */
struct swarm {
    uint8_t check;                  /* the one that asks the engine; CHECK_NONE: none has yet */
    struct swarm_news news;         /* of this node's own engine */
    enum availability availability; /* of this node; the last that was known */
    uint8_t said_by;                /* whose word that was; NODE_NONE: nobody's yet */
    uint16_t first;                 /* of the exceptions that the own record names */
    uint16_t next;                  /* where the next part begins */
    bool is_news;                   /* others have to know at once */
    uint8_t split[2];               /* managers whose words differ; NODE_NONE: there are none */
    uint32_t split_index[2];        /* of these words */
    struct mono split_since;        /* neither has moved since then */
};
#define CHECK_NONE ((uint8_t)255)

/* What this node, a voter, has promised about a VIP in mode quorum. */
struct promise {
    uint8_t holder; /* node index; NODE_NONE: nobody */
    uint64_t incarnation;
    uint64_t seq;      /* of the newest claim that it granted */
    struct mono until; /* by the voter's clock */
};

/* A claim as a voter sees it. */
struct claim {
    uint8_t node;
    uint64_t incarnation;
    uint64_t seq;
    uint64_t lease_ns;
};

struct lease {
    struct promise promise;
    /* What follows counts while this node claims or holds the VIP. */
    struct mono granted[NODES_MAX];   /* by the claimant's clock: when the newest claim that this
                                         voter granted was sent; 0: none was */
    struct mono of_former[NODES_MAX]; /* the same by voters that count in the former set alone */
    struct mono refused[NODES_MAX];   /* this voter will not grant it before */
    struct mono until; /* of the deadline that was given last; the claimant's clock */
    struct mono ask_next;
    struct mono out_until;     /* it has claimed in vain: no candidate before */
    uint64_t first_seq;        /* of the claim; what was granted to older records does not count */
    uint8_t rounds;            /* in which the voters were asked */
    uint64_t shown[NODES_MAX]; /* seq of the release that this voter was shown, and how often */
    uint8_t shown_count[NODES_MAX];
};

/* Who votes [SPEC R100]. */
struct voters {
    uint32_t hash; /* of the nodes of the configuration */
    bool changing; /* majorities of both sets are needed */
    bool back;     /* the change is being taken back: the former set never was settled here */
    uint8_t former_count; /* nodes of the set before; 0: there was none */
    uint32_t former_hash;
    uint32_t former_config; /* hash of the configuration that this node had with it */
    uint64_t former;        /* bit per node that was in it, of those that are still configured */
    uint64_t adopted;       /* bit per node that has had the new set since the change began */
    struct mono began;      /* what was answered from then on counts; own clock */
    struct mono settles;    /* the voter's clock; 0: it is not known yet that majorities have it */
    uint64_t longest_lease_ns;
};

/* A vote that was granted. */
struct ballot {
    uint8_t voter;
    uint32_t voters;  /* hash of the set in which it counts */
    struct mono sent; /* the claim; the claimant's clock */
};

#define SENT_MAX 128U /* own records whose time is remembered: 4 T, and more */

enum phase {
    PHASE_HELLO, /* asking everybody; no claim yet */
    PHASE_SERVING,
    PHASE_STOPPING, /* releasing everything */
    PHASE_LEAVING,  /* all released; telling everybody */
    PHASE_STOPPED,
};

struct core {
    struct core_config config;
    struct core_counters counters;
    struct member members[NODES_MAX];
    struct arbiter arbiters[VIPS_MAX];
    struct health health[CHECKS_MAX];
    struct lease leases[VIPS_MAX];
    struct swarm swarm;
    struct conflict conflicts[VIPS_MAX];
    struct verify verifies[VIPS_MAX];
    uint64_t link_urgent; /* bit per VIP of whose link others have to know at once */
    uint64_t link_first;  /* of whose link the next records tell */
    uint8_t link_turn;    /* else it is this one's turn */
    struct record record; /* own, as last published */
    struct record draft;  /* own, as it would be published now */
    struct mono started_at;
    struct mono signed_at;
    struct mono beat_next;
    struct mono measured_at; /* last heartbeat that asked for answers */
    struct mono due;         /* core_deadline() after the last step */
    struct mono late_told;   /* lateness until here was measured already */
    enum phase phase;
    bool healthy;
    bool drained;
    uint64_t drained_vips; /* bit per VIP, beside `drained` */
    uint64_t retired;      /* bit per VIP that goes with the next reload */
    bool peer_heard;       /* some peer was confirmed since this node started */
    bool mute;             /* not one datagram of the last heartbeat could be sent */
    bool dirty;            /* something that the election looks at changed */
    uint8_t phase_rounds;  /* hello or leaving rounds sent */
    struct mono phase_started;
    struct mono phase_next;
    struct mono phase_until;
    bool extended;        /* the hello was lengthened for nodes that are not confirmed */
    struct mono ask_next; /* the next round for those VIPs that ask alone */
    uint64_t stop_vips;   /* bit per VIP that the ordered stop released */
    /* Of those that do not live, and that live: where the names of a record begin, and ended. */
    uint8_t unheard_first[2];
    uint8_t unheard_next[2];
    struct voters voters;
    struct mono raw;           /* event.raw of the last step */
    struct mono claim_now;     /* the claimant's clock: as fast as the faster of the two */
    struct mono vote_now;      /* the voter's clock: as slow as the slower of the two */
    struct mono abstain_until; /* the voter's clock */
    struct mono beat_sent;     /* the claimant's clock: the last heartbeat */
    struct {
        uint64_t seq;
        struct mono at; /* the claimant's clock */
    } sent[SENT_MAX];
    uint64_t random_key[2];
    uint64_t random_count;
    struct mono now;         /* of the running step */
    struct mono judged;      /* the silence of others counts until then: now, but no later than
                                the deadline for which the sockets are still to be emptied [SPEC
                                R31] */
    struct actions *actions; /* of the running step, NULL between steps */
};

/* --- timing.c: every span of the protocol, from T [SPEC R3] --- */
#define ROUNDS            12U
#define RANK_ASKS_AT_ONCE 3U
uint64_t timing_grace(uint64_t interval_ns, const struct member *member);
uint64_t timing_spacing(uint64_t interval_ns);
uint64_t timing_last_wait(uint64_t interval_ns, const struct member *member);
uint64_t timing_detection(uint64_t interval_ns);
uint64_t timing_slow(uint64_t interval_ns, uint8_t node_count);
uint64_t timing_claim_spacing(uint64_t interval_ns);
uint64_t timing_ask_spacing(uint64_t interval_ns);
uint64_t timing_backoff(uint32_t count);
#define TIMING_SAMPLES_FEW 3U
void timing_sample(struct member *member, uint64_t rtt_ns, uint64_t interval_ns);

/* --- random.c --- */
uint64_t random_siphash(const uint64_t key[static 2], uint64_t word);
uint64_t random_draw(struct core *core);

/* --- core.c --- */
struct action *core_action(struct core *core, enum action_type type);
void core_change(struct core *core, const struct change *change);

/* --- membership.c --- */
void membership_init(struct core *core);
/* A node of which nothing is known yet. */
void membership_init_node(struct core *core, uint8_t node);
void membership_message(struct core *core, const struct message_in *message);
void membership_draw_relays(struct core *core, uint8_t node, uint8_t relays[static RELAYS_MAX]);
/* Notes where each of this node's VIPs stands in the newest record. */
void membership_index_entries(struct core *core, struct member *member);
/* No heartbeat can be sent, and there is somebody who misses it and will take over [SPEC R64]. */
bool membership_is_missed(const struct core *core);
bool membership_has_willed(const struct core *core, uint8_t node);
bool membership_is_live(const struct core *core, uint8_t node);
/* Not heard directly within the time that it promised itself: unknown and dead nodes too [SPEC
 * R14]. */
bool membership_is_unheard(const struct core *core, uint8_t node, struct mono now);

uint64_t membership_interval(const struct member *member);
uint64_t membership_next(const struct member *member);
void membership_set_state(struct core *core, uint8_t node, enum member_state state,
                          enum reason reason);
/* What node says of a VIP, NULL if it does not list it; of this node itself, the draft. */
const struct record_vip *membership_entry(const struct core *core, uint8_t node, uint8_t vip);

/* --- incarnation.c --- */
/* Challenges `node` through `peer`, at most once per half a spacing [SPEC R21]. */
void incarnation_ask(struct core *core, uint8_t node, uint8_t peer);
void incarnation_take_ask(struct core *core, const struct ask *asked,
                          const struct message_in *message);
void incarnation_take_echo(struct core *core, const struct echo *proof, uint8_t peer);
/* A datagram of an incarnation that has ended came [SPEC R24]. */
void incarnation_meet_ended(struct core *core, const struct message_in *message);
void incarnation_bury(struct core *core, uint8_t node);

/* --- suspicion.c --- */
void suspicion_hint(struct core *core, uint8_t node);
void suspicion_heard(struct core *core, uint8_t node);
void suspicion_clear(struct core *core, uint8_t node);
void suspicion_ask_others(struct core *core, uint8_t node);
void suspicion_timer(struct core *core);
struct mono suspicion_deadline(const struct core *core);

/* --- gossip.c --- */
/* How many slow spans pass until a heartbeat asks for answers, to know the round trips. */
#define GOSSIP_SPANS_PER_MEASURE 8U
struct message_out *gossip_to(struct core *core, uint8_t peer);
void gossip_question(struct core *core, uint8_t peer, uint8_t about);
void gossip_relay(struct core *core, uint8_t peer, uint8_t node);
void gossip_show(struct core *core, uint8_t node);
void gossip_news(struct core *core, uint8_t node, uint8_t from);
void gossip_named(struct core *core, uint8_t peer, const struct record *before);
void gossip_answer(struct core *core, uint8_t peer, const struct question *question);
void gossip_compose(struct core *core);
void gossip_finish(struct core *core, bool beats);

/* --- election.c --- */
uint8_t election_best(const struct core *core, uint8_t vip, uint64_t excluded);
bool election_prefers(const struct core *core, uint8_t vip, uint8_t a, uint8_t b);
uint8_t election_holder(const struct core *core, uint8_t vip);
bool election_is_vacant(const struct core *core, uint8_t vip, uint64_t excluded);
/* Tiers of R52: the lower the better. */
#define TIER_HEALTHY   ((uint8_t)0)
#define TIER_UNHEALTHY ((uint8_t)1)
#define TIER_DRAINED   ((uint8_t)2)
uint8_t election_tier(const struct core *core, uint8_t vip, uint8_t node);
uint64_t election_mix(uint64_t word);

/* --- arbiter.c --- */
void arbiter_init(struct core *core);
void arbiter_init_vip(struct core *core, uint8_t vip);
void arbiter_step(struct core *core, uint8_t vip, bool timer);
struct mono arbiter_deadline(const struct core *core, uint8_t vip);
/* Whom the own record names as successor, or NODE_NONE. */
uint8_t arbiter_told_to(const struct core *core, uint8_t vip);
enum vip_ready arbiter_ready(const struct core *core, uint8_t vip);
/* The addresses are in the kernel, or may be [SPEC R64]. */
bool arbiter_may_hold(const struct core *core, uint8_t vip);
enum vip_state arbiter_told_state(const struct core *core, uint8_t vip);
void arbiter_set_state(struct core *core, uint8_t vip, enum vip_state state, enum reason reason);
/* What another program removed, with the deadline that it had [SPEC R69]. */
void arbiter_put_back(struct core *core, uint8_t vip);
void arbiter_order(struct core *core, uint8_t vip, enum action_type type);
void arbiter_take_away(struct core *core, uint8_t vip);
void arbiter_release(struct core *core, uint8_t vip, uint8_t to, enum reason reason);
void arbiter_fault(struct core *core, uint8_t vip, enum reason reason, int32_t error);

/* --- claim.c --- */
void claim_begin(struct core *core, uint8_t vip);
void claim_step(struct core *core, uint8_t vip);
uint8_t claim_waits_for(const struct core *core, uint8_t vip);
void claim_probe_again(struct core *core, uint8_t vip);

/* --- rivals.c --- */
void rivals_look(struct core *core, uint8_t vip);
uint8_t rivals_better(const struct core *core, uint8_t vip);
void rivals_forget(struct core *core, uint8_t node);
void rivals_judge_deafness(struct core *core, uint8_t vip);
void rivals_answer(struct core *core, uint8_t node);
/* A newer record of a node came: straight? With anything new in it? */
void rivals_introduce(struct core *core, uint8_t node, bool straight, bool news);

/* --- lease.c --- */
#define LEASE_MAJORITY(voters) ((uint8_t)((voters) / 2 + 1))
bool lease_is_promised(const struct promise *promise, struct mono vote_now);
uint64_t lease_rest(const struct promise *promise, struct mono vote_now);
/* Promises it to the claim, if it is free or that claimant's own. */
bool lease_promise(struct promise *promise, const struct claim *claim, struct mono vote_now);
/* That record says that it was released. True if that ends the promise. */
bool lease_free(struct promise *promise, const struct claim *release);
/* What is kept back for the keeper to run late and for the kernel. */
uint64_t lease_removal(uint64_t lease_ns);
uint64_t lease_usable(uint64_t lease_ns);
void lease_begin(struct lease *lease, uint64_t first_seq);
void lease_grant(struct lease *lease, uint8_t voter, struct mono sent);
/* When the newest claim that a majority has granted was sent; 0: none. */
struct mono lease_sent(const struct lease *lease, uint8_t voters);
/* The same of `needed` of the nodes of a set (bit each), also by voters of the former set. */
struct mono lease_sent_of(const struct lease *lease, uint64_t set, uint8_t needed);
/* When this voter granted the newest claim, in whichever set it counts; 0: never. */
struct mono lease_granted(const struct lease *lease, uint8_t voter);
/* By a clock that is 1 % fast: as long as a lease by one that is 1 % slow. */
uint64_t lease_real(uint64_t lease_ns);
/* Until when it may be held by that, by the claimant's clock; 0: not at all. */
struct mono lease_end(struct mono sent, uint64_t lease_ns);

/* --- voter.c --- */
void voter_init(struct core *core);
void voter_answer(struct core *core, uint8_t peer);
bool voter_is_free(const struct record_vip *entry);
uint32_t voter_busy(const struct core *core, uint8_t node);
void voter_heard(struct core *core, uint8_t node, uint32_t busy_before);
void voter_left(struct core *core, uint8_t node);
void voter_released(struct core *core, uint8_t vip);
bool voter_grants_itself(struct core *core, uint8_t vip, uint64_t *ret_rest_ns);

/* --- voters.c --- */
void voters_init(struct core *core);
/* Another configuration: true if its set of voters is another one. `core` has it already. */
bool voters_move(struct core *core, const struct core *former, const struct core_reload *reload);
void voters_move_grants(const struct core *former, struct lease *lease);
void voters_heard(struct core *core, uint8_t node);
void voters_step(struct core *core);
struct mono voters_deadline(const struct core *core);
/* Hash of the set in which this node's vote counts for a claim of `peer` [SPEC R102]. */
uint32_t voters_told(const struct core *core, uint8_t peer);
bool voters_are_known(const struct core *core, uint32_t hash);
void voters_grant(const struct core *core, struct lease *lease, const struct ballot *ballot);
/* When the newest claim was sent that enough voters have granted [SPEC R101]; 0: none. */
struct mono voters_sent(const struct core *core, const struct lease *lease);
/* How many votes are needed: of the larger set, while it changes. */
uint8_t voters_needed(const struct core *core);
/* Would the votes of these nodes be enough? */
bool voters_are_enough(const struct core *core, uint64_t nodes);

/* --- majority.c --- */
bool majority_is_used(const struct core *core);
bool majority_decides(const struct core *core, uint8_t vip);
uint8_t majority_needed(const struct core *core, uint8_t vip);
uint8_t majority_granted(const struct core *core, uint8_t vip);
bool majority_is_sure(const struct core *core, uint8_t vip);
bool majority_is_seen(const struct core *core);
bool majority_is_claimed(const struct core *core);
struct mono majority_until(const struct core *core, uint8_t vip);
bool majority_ends(const struct core *core, uint8_t vip);
struct mono majority_deadline(const struct core *core, uint8_t vip);
void majority_begin(struct core *core, uint8_t vip);
void majority_seek(struct core *core, uint8_t vip);
/* Makes room for others for two leases. Nothing of it is in the kernel. */
void majority_withdraw(struct core *core, uint8_t vip, enum reason reason);
void majority_is_late(struct core *core, uint8_t vip);
void majority_keep(struct core *core, uint8_t vip);
void majority_heard(struct core *core, uint8_t vip);
void majority_take(struct core *core, const struct message_in *message);
void majority_published(struct core *core, bool beat);
void majority_finish(struct core *core);
void majority_clock(struct core *core, const struct event *event);

/* --- kernel.c --- */
void kernel_take(struct core *core, const struct event *event);
void kernel_timer(struct core *core, uint8_t vip);
void kernel_deadline(struct core *core, uint8_t vip);

/* --- announce.c --- */
void announce_step(struct core *core, uint8_t vip);
void announce_again(struct core *core, uint8_t vip);

/* --- conflict.c --- */
/* A frame speaks for that address of the VIP, with that MAC. */
void conflict_frame(struct core *core, const struct event *event);
/* The interface of the VIP has that MAC now; all zero: none. */
void conflict_own(struct core *core, uint8_t vip, const uint8_t mac[static 6]);
/* A newer record of that node came. */
void conflict_heard(struct core *core, uint8_t node);
/* Is it one that the node has told, for whichever VIP? */
bool conflict_is_mac_of(const struct core *core, uint8_t node, uint64_t mac);
/* What the own record says, which has its VIPs and the nodes not heard. */
void conflict_compose(const struct core *core, struct record *draft);
/* Something that others have to know at once? */
bool conflict_is_news(const struct core *core);
/* The VIP is claimed or held here now: its MAC goes with the record that says so. */
void conflict_tell_first(struct core *core, uint8_t vip);
/* A heartbeat has gone: the next one tells of the next VIP. */
void conflict_published(struct core *core);
void conflict_step(struct core *core);
struct mono conflict_deadline(const struct core *core);
void conflict_move(struct core *core, const struct core *former, const struct core_reload *reload);

/* --- verify.c --- */
void verify_step(struct core *core);
struct mono verify_deadline(const struct core *core);
/* A frame of another host speaks for that address of the VIP. */
void verify_frame(struct core *core, const struct event *event, uint64_t mac);
/* A newer record of that node tells of that VIP. */
void verify_heard(struct core *core, uint8_t node, uint8_t vip);
/* It is dead, or has left: its word does not count. */
void verify_lost(struct core *core, uint8_t node);
/* Another incarnation: what the one before told does not count. */
void verify_forget(struct core *core, uint8_t node);
/* How long ago the last one that verified the present holder ceased to; VIEW_UNKNOWN_NS: nobody
 * ever did. */
uint64_t verify_lost_ns(const struct core *core, uint8_t vip, struct mono now);
/* What the own record says of that VIP. */
void verify_compose(const struct core *core, uint8_t vip, struct record_link *link);
/* Does the holder answer that node, by its newest word? */
enum verified verify_verdict(const struct core *core, uint8_t vip, uint8_t node);
void verify_move(struct core *core, const struct core *former, const struct core_reload *reload);

/* --- holder.c --- */
void holder_observe(struct core *core, uint8_t vip);

/* --- health.c --- */
void health_init(struct core *core);
void health_result(struct core *core, uint8_t check, bool passed);
void health_timer(struct core *core);
struct mono health_deadline(const struct core *core);
/* Does a check of that VIP have no result yet? Until then the node is ready for nothing. */
bool health_is_pending(const struct core *core, uint8_t vip);
/* By the checks for every VIP, and by those for this one alone. */
bool health_of_node(const struct core *core);
bool health_of_vip(const struct core *core, uint8_t vip);
/* With the weights of the checks that fail. */
uint8_t health_priority(const struct core *core, uint8_t vip);

/* Is the check for that VIP? */
bool health_concerns(const struct core *core, uint8_t check, uint8_t vip);

/* --- swarm.c --- */
void swarm_init(struct core *core);
void swarm_take(struct core *core, uint8_t check, const struct swarm_news *news);
/* What this node is in its swarm, by the newest word of a manager that lives. */
void swarm_step(struct core *core);
/* Is this node `availability` in its swarm, as far as that VIP is concerned? */
bool swarm_is(const struct core *core, uint8_t vip, enum availability availability);
/* Drained for every VIP? */
bool swarm_drains_node(const struct core *core);
/* Does a record with these VIPs and nodes not heard have room for what it tells of a link? */
bool swarm_leaves_room(const struct record *draft);
/* What the own record says, which has its VIPs and the nodes not heard. */
void swarm_compose(struct core *core, struct record *draft);
/* A heartbeat has gone: the next one names the next part. */
void swarm_published(struct core *core);
/* The manager whose word counts, or NODE_NONE. */
uint8_t swarm_speaker(const struct core *core);
/* The check that asked is `check` now, and node n is now[n]. */
void swarm_move(struct core *core, uint8_t check, const uint8_t now[static NODE_NONE + 1]);

/* --- reload.c --- */
void reload_retire(struct core *core, uint64_t vips);

/* --- start.c --- */
void start_hello(struct core *core);
void start_ask(struct core *core, uint8_t vip);
/* Must this VIP not be claimed yet? */
bool start_is_asking(const struct core *core, uint8_t vip);
void start_unconfirmed(struct core *core, uint8_t node);
void start_stop(struct core *core);
void start_step(struct core *core, bool timer);
struct mono start_deadline(const struct core *core);

#endif
