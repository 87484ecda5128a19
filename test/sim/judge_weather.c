// SPDX-License-Identifier: MIT
#include "judge_private.h"

/* --- spans --- */

uint64_t judge_spacing_ns(const struct judge *judge)
{
    return longest(judge->interval_ns / 16, 1250000);
}

uint64_t judge_detection_ns(const struct judge *judge)
{
    uint64_t grace_ns = longest(judge->interval_ns / 4, 5 * NS_PER_MS);
    return judge->interval_ns + grace_ns + 12 * judge_spacing_ns(judge);
}

uint64_t judge_slow_ns(const struct judge *judge)
{
    uint64_t factor = longest(10, 2U * (uint64_t)cluster_node_count(judge->cluster));
    return shortest(judge->interval_ns * factor, longest(5 * NS_PER_S, 10 * judge->interval_ns));
}

uint64_t judge_backoff_ns(unsigned count)
{
    uint64_t backoff_ns = 10 * NS_PER_S;
    for (unsigned i = 1; i < count && backoff_ns < 300 * NS_PER_S; i++) {
        backoff_ns *= 2;
    }
    return count == 0 ? 0 : shortest(backoff_ns, 300 * NS_PER_S);
}

/* The longest that a datagram takes. */
uint64_t judge_delay_ns(const struct judge *judge)
{
    const struct cluster_weather *weather = &judge->weather;
    uint64_t slow_ns = weather->slow_permille > 0 ? weather->slow_ns : 0;
    return weather->delay_ns + weather->delay_spread_ns + slow_ns;
}

/* [SPEC S3] */
uint64_t judge_convergence_ns(const struct judge *judge)
{
    return by_any_clock(judge, judge_slow_ns(judge) + 4 * judge_detection_ns(judge) +
                                   judge->preempt_delay_ns + judge_voting_ns(judge)) +
           8 * judge_delay_ns(judge) + 4 * judge->kernel_ns;
}

/* --- the weather --- */

/* Do two nodes hear each other through one other at most? Who stops passes nothing on. */
static bool are_joined(const struct judge *judge, uint8_t a, uint8_t b)
{
    const struct cluster *cluster = judge->cluster;
    bool there = cluster_is_joined(cluster, a, b);
    bool back = cluster_is_joined(cluster, b, a);
    for (uint8_t via = 0; via < cluster_node_count(cluster) && !(there && back); via++) {
        if (via == a || via == b || judge->nodes[via].in_order) {
            continue;
        }
        bool in = cluster_is_joined(cluster, a, via) && cluster_is_joined(cluster, via, a);
        bool out = cluster_is_joined(cluster, b, via) && cluster_is_joined(cluster, via, b);
        there |= in && out && !cluster_is_stalled(cluster, via);
        back |= in && out && !cluster_is_stalled(cluster, via);
    }
    return there && back;
}

/* [SPEC S2]: which of the live nodes are joined, and how well. */
static bool is_good(struct judge *judge)
{
    const struct cluster *cluster = judge->cluster;
    bool good = judge->held_until_ns == 0;
    bool direct = true;
    for (uint8_t a = 0; a < cluster_node_count(cluster); a++) {
        if (!cluster_is_alive(cluster, a)) {
            continue;
        }
        good &= !cluster_is_frozen(cluster, a);
        for (uint8_t b = 0; b < a; b++) {
            if (cluster_is_alive(cluster, b)) {
                direct &= cluster_is_joined(cluster, a, b) && cluster_is_joined(cluster, b, a);
                good &= are_joined(judge, a, b);
            }
        }
    }
    if (!direct) {
        judge->indirect_ns = now_of(judge);
    }
    /* Who is dead now may have been hard to hear when it died. */
    judge->direct = direct && since(judge, judge->indirect_ns) > judge_convergence_ns(judge);
    unsigned loss_good = direct ? LOSS_GOOD : 0;
    return good && judge->weather.loss_permille <= loss_good &&
           judge_delay_ns(judge) <= judge->interval_ns / 8;
}

void judge_paths(struct judge *judge)
{
    for (uint8_t node = 0; node < cluster_node_count(judge->cluster); node++) {
        judge->nodes[node].told = 0; /* what it says in the end may be lost now */
    }
    judge_fault(judge);
}

static void look_at_weather(struct judge *judge)
{
    if (!is_good(judge)) {
        judge->good_since_ns = NEVER;
    } else if (judge->good_since_ns == NEVER) {
        judge->good_since_ns = now_of(judge);
    }
}

void judge_weather_is(struct judge *judge, const struct cluster_weather *weather)
{
    judge->weather = *weather;
    judge->delay_peak_ns = longest(judge->delay_peak_ns, judge_delay_ns(judge));
    judge_paths(judge);
}

static bool is_run(const struct cluster *cluster, uint8_t node)
{
    return cluster_is_alive(cluster, node) && !cluster_is_stalled(cluster, node);
}

static bool has_link(const struct cluster *cluster, uint8_t node)
{
    return cluster_is_joined(cluster, node, node);
}

/* Somebody whose life has ended since the last look. */
static void follow_deaths(struct judge *judge, uint8_t node)
{
    struct judge_node *state = &judge->nodes[node];
    if (state->life_count > 0 && !cluster_is_alive(judge->cluster, node)) {
        uint64_t *ended_ns = &state->lives[(state->life_count - 1) % LIVES_MAX].ended_ns;
        *ended_ns = shortest(*ended_ns, now_of(judge));
    }
}

/* A holder is heard again no later than that after a path has healed. */
static uint64_t next_beat_ns(const struct judge *judge)
{
    return by_any_clock(judge, judge->interval_ns) + judge_delay_ns(judge) + SLACK_NS;
}

static void follow_pairs(struct judge *judge)
{
    for (uint8_t a = 0; a < cluster_node_count(judge->cluster); a++) {
        for (uint8_t b = 0; b < a; b++) {
            bool joined =
                cluster_is_joined(judge->cluster, a, b) && cluster_is_joined(judge->cluster, b, a);
            uint64_t *since_ns = &judge->apart_since_ns[a][b];
            uint64_t *until_ns = &judge->apart_until_ns[a][b];
            if (joined) {
                *until_ns = shortest(*until_ns, now_of(judge));
            } else {
                bool met = since(judge, *until_ns) > next_beat_ns(judge);
                *since_ns = met ? now_of(judge) : shortest(*since_ns, now_of(judge));
                *until_ns = NEVER;
            }
        }
    }
}

/* Their last records to each other may have promised a slow beat; they ask others for each other
 * when that has not come [SPEC R14, R30, R32]. */
bool judge_parted_lately(const struct judge *judge, uint8_t a, uint8_t b)
{
    uint64_t since_ns = judge->apart_since_ns[a > b ? a : b][a > b ? b : a];
    uint64_t until_ns = judge->apart_until_ns[a > b ? a : b][a > b ? b : a];
    uint64_t noticed_ns =
        by_any_clock(judge, judge_slow_ns(judge) + judge_detection_ns(judge)) + SLACK_NS;
    bool met = until_ns != NEVER && since(judge, until_ns) > next_beat_ns(judge);
    return since_ns != NEVER && since(judge, since_ns) <= noticed_ns && !met;
}

void judge_fault(struct judge *judge)
{
    uint64_t now_ns = now_of(judge);
    follow_pairs(judge);
    judge->fault_ns = now_ns;
    judge->paths_ns = now_ns;
    judge->stalled_until_ns = NEVER;
    for (uint8_t n = 0; n < cluster_node_count(judge->cluster); n++) {
        struct judge_node *node = &judge->nodes[n];
        follow_deaths(judge, n);
        if (cluster_is_stalled(judge->cluster, n)) {
            judge->stalled_until_ns = shortest(judge->stalled_until_ns, node->stalled_until_ns);
        }
        bool up = is_run(judge->cluster, n) && has_link(judge->cluster, n);
        if (up && node->down_since_ns != NEVER) {
            node->up_since_ns = now_ns;
        }
        if (up) {
            node->down_since_ns = NEVER;
        } else if (node->down_since_ns == NEVER) {
            node->down_since_ns = now_ns;
        }
    }
    judge_follow_kept(judge);
    for (uint8_t vip = 0; vip < cluster_vip_count(judge->cluster); vip++) {
        judge_count_holders(judge, vip);
    }
    look_at_weather(judge);
    judge->patient = judge_is_patient(judge);
}

void judge_stalls(struct judge *judge, uint8_t node, uint64_t until_ns, bool frozen)
{
    judge->nodes[node].stalled_until_ns = until_ns;
    judge->nodes[node].told = 0; /* what a stop that takes its time would still say */
    if (frozen) {
        judge->nodes[node].frozen_until_ns = until_ns;
    }
    judge_fault(judge);
}

void judge_late(struct judge *judge)
{
    judge->good_since_ns = NEVER;
    judge_fault(judge);
}

void judge_holds_back(struct judge *judge, uint64_t span_ns)
{
    judge->held_until_ns = longest(judge->held_until_ns, now_of(judge) + span_ns);
    judge->delay_peak_ns = longest(judge->delay_peak_ns, span_ns + judge_delay_ns(judge));
    judge_paths(judge);
}

void judge_refuses(struct judge *judge, uint8_t node)
{
    judge->nodes[node].refuses = true;
    judge_fault(judge);
}

void judge_check(struct judge *judge, uint8_t node, bool passed)
{
    judge->nodes[node].check_fails = !passed;
    judge_fault(judge);
}

void judge_condition(struct judge *judge, uint8_t node, bool healthy, bool drained)
{
    judge->nodes[node].healthy = healthy;
    judge->nodes[node].drained = drained;
    judge_fault(judge);
}

/* Good for so long that what was before has ended. */
bool judge_is_settled(const struct judge *judge)
{
    return judge->good_since_ns != NEVER &&
           since(judge, judge->good_since_ns) > judge_convergence_ns(judge);
}

/* Run, alive and with a link for a while, and known to be. */
bool judge_is_steady(const struct judge *judge, uint8_t node, uint64_t span_ns)
{
    const struct judge_node *state = &judge->nodes[node];
    return state->down_since_ns == NEVER && since(judge, state->up_since_ns) > span_ns &&
           (state->frozen_until_ns == 0 || since(judge, state->frozen_until_ns) > span_ns);
}
