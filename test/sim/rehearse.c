// SPDX-License-Identifier: MIT
#include "rehearse.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "conf/conf.h"
#include "engine/mapping.h"

#define STEPS_MAX 256U
#define WORDS_MAX 8U
#define AFTER_NS  (10 * NS_PER_S) /* how long it goes on behind the last step */

struct step {
    uint64_t at_ns;
    const struct verb *verb;
    uint8_t count;
    const char *words[WORDS_MAX]; /* behind the verb */
};

struct rehearsal {
    struct conf conf;
    struct cluster *cluster;
    struct cluster_config config;
    uint64_t healthy;
    uint64_t drained;
    bool trace; /* who is heard of and who is not, too */
    unsigned step_count;
    struct step steps[STEPS_MAX];
    uint64_t vacant_since_ns[VIPS_MAX];
};

/* What can be done; `check` looks at the words before anything runs. */
struct verb {
    const char *name;
    const char *form;
    bool (*check)(const struct rehearsal *rehearsal, const struct step *step);
    void (*run)(struct rehearsal *rehearsal, const struct step *step);
};

static void say(const struct rehearsal *rehearsal, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const struct rehearsal *rehearsal, const char *format, ...)
{
    va_list arguments;
    printf("%10.3f s  ", (double)cluster_now(rehearsal->cluster) / 1e9);
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

static int node_of(const struct rehearsal *rehearsal, const char *word)
{
    return word == NULL ? -1 : conf_node_index(&rehearsal->conf, word);
}

static const char *node_name(const struct rehearsal *rehearsal, uint8_t node)
{
    return rehearsal->conf.nodes[node].name;
}

/* "5s", "200ms", "1m": nanoseconds, or false. */
static bool parse_span(const char *text, uint64_t *ret_ns)
{
    static const struct {
        const char *unit;
        uint64_t ns;
    } units[] = {{"ms", NS_PER_MS}, {"s", NS_PER_S}, {"m", 60 * NS_PER_S}};
    char *end = NULL;
    if (text == NULL || !isdigit((unsigned char)text[0])) {
        return false;
    }
    unsigned long number = strtoul(text, &end, 10);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(end, units[i].unit) == 0 && number <= 100000000) {
            *ret_ns = number * units[i].ns;
            return true;
        }
    }
    return false;
}

/* --- the words of each verb --- */

static bool check_nodes(const struct rehearsal *rehearsal, const struct step *step)
{
    for (uint8_t i = 0; i < step->count; i++) {
        if (node_of(rehearsal, step->words[i]) < 0) {
            return false;
        }
    }
    return step->count > 0;
}

static bool check_node_span(const struct rehearsal *rehearsal, const struct step *step)
{
    uint64_t span_ns;
    return step->count == 2 && node_of(rehearsal, step->words[0]) >= 0 &&
           parse_span(step->words[1], &span_ns);
}

static bool is_one_way(const struct step *step)
{
    return step->count == 3 && strcmp(step->words[1], ">") == 0;
}

static bool check_pair(const struct rehearsal *rehearsal, const struct step *step)
{
    if (step->count != 2 && !is_one_way(step)) {
        return false;
    }
    int from = node_of(rehearsal, step->words[0]);
    int to = node_of(rehearsal, step->words[step->count - 1]);
    return from >= 0 && to >= 0 && from != to;
}

static bool check_heal(const struct rehearsal *rehearsal, const struct step *step)
{
    return step->count == 0 || check_pair(rehearsal, step);
}

static bool check_percent(const struct rehearsal *rehearsal, const struct step *step)
{
    (void)rehearsal;
    char *end = NULL;
    return step->count == 1 && isdigit((unsigned char)step->words[0][0]) &&
           strtoul(step->words[0], &end, 10) <= 100 && *end == '\0';
}

static bool check_link(const struct rehearsal *rehearsal, const struct step *step)
{
    return step->count == 2 && node_of(rehearsal, step->words[0]) >= 0 &&
           (strcmp(step->words[1], "up") == 0 || strcmp(step->words[1], "down") == 0);
}

/* --- what they do --- */

static uint8_t word_node(const struct rehearsal *rehearsal, const struct step *step, uint8_t word)
{
    return (uint8_t)node_of(rehearsal, step->words[word]);
}

static void run_kill(struct rehearsal *rehearsal, const struct step *step)
{
    for (uint8_t i = 0; i < step->count; i++) {
        uint8_t node = word_node(rehearsal, step, i);
        if (cluster_is_alive(rehearsal->cluster, node)) {
            cluster_crash(rehearsal->cluster, node);
        }
    }
}

static void run_crash(struct rehearsal *rehearsal, const struct step *step)
{
    for (uint8_t i = 0; i < step->count; i++) {
        uint8_t node = word_node(rehearsal, step, i);
        if (cluster_is_alive(rehearsal->cluster, node)) {
            cluster_end_engine(rehearsal->cluster, node);
        }
    }
}

static void start(struct rehearsal *rehearsal, uint8_t node)
{
    if (!cluster_is_alive(rehearsal->cluster, node)) {
        rehearsal->healthy |= UINT64_C(1) << node;
        cluster_start(rehearsal->cluster, node);
        bool drained = (rehearsal->drained >> node & 1) != 0; /* kept across restarts */
        cluster_condition(rehearsal->cluster, node, true, drained);
    }
}

static void run_start(struct rehearsal *rehearsal, const struct step *step)
{
    for (uint8_t i = 0; i < step->count; i++) {
        start(rehearsal, word_node(rehearsal, step, i));
    }
}

static void run_stop(struct rehearsal *rehearsal, const struct step *step)
{
    for (uint8_t i = 0; i < step->count; i++) {
        cluster_stop(rehearsal->cluster, word_node(rehearsal, step, i));
    }
}

static void run_stall(struct rehearsal *rehearsal, const struct step *step)
{
    uint64_t span_ns = 0;
    (void)parse_span(step->words[1], &span_ns);
    cluster_stall(rehearsal->cluster, word_node(rehearsal, step, 0), span_ns);
}

static void run_freeze(struct rehearsal *rehearsal, const struct step *step)
{
    uint64_t span_ns = 0;
    (void)parse_span(step->words[1], &span_ns);
    cluster_freeze(rehearsal->cluster, word_node(rehearsal, step, 0), span_ns);
}

static void set_cut(struct rehearsal *rehearsal, const struct step *step, bool cut)
{
    uint8_t from = word_node(rehearsal, step, 0);
    uint8_t to = word_node(rehearsal, step, (uint8_t)(step->count - 1));
    cluster_cut(rehearsal->cluster, from, to, cut);
    if (!is_one_way(step)) {
        cluster_cut(rehearsal->cluster, to, from, cut);
    }
}

static void run_cut(struct rehearsal *rehearsal, const struct step *step)
{
    set_cut(rehearsal, step, true);
}

static void run_heal(struct rehearsal *rehearsal, const struct step *step)
{
    if (step->count > 0) {
        set_cut(rehearsal, step, false);
        return;
    }
    for (uint8_t a = 0; a < rehearsal->conf.node_count; a++) {
        for (uint8_t b = 0; b < rehearsal->conf.node_count; b++) {
            cluster_cut(rehearsal->cluster, a, b, false);
        }
    }
    cluster_loss(rehearsal->cluster, 0);
}

static void run_loss(struct rehearsal *rehearsal, const struct step *step)
{
    cluster_loss(rehearsal->cluster, (unsigned)strtoul(step->words[0], NULL, 10));
}

static void run_link(struct rehearsal *rehearsal, const struct step *step)
{
    cluster_link(rehearsal->cluster, word_node(rehearsal, step, 0),
                 strcmp(step->words[1], "up") == 0);
}

static void set_condition(struct rehearsal *rehearsal, const struct step *step, uint64_t *mask,
                          bool value)
{
    for (uint8_t i = 0; i < step->count; i++) {
        uint8_t node = word_node(rehearsal, step, i);
        uint64_t bit = UINT64_C(1) << node;
        *mask = value ? *mask | bit : *mask & ~bit;
        cluster_condition(rehearsal->cluster, node, (rehearsal->healthy & bit) != 0,
                          (rehearsal->drained & bit) != 0);
    }
}

static void run_unhealthy(struct rehearsal *rehearsal, const struct step *step)
{
    set_condition(rehearsal, step, &rehearsal->healthy, false);
}

static void run_healthy(struct rehearsal *rehearsal, const struct step *step)
{
    set_condition(rehearsal, step, &rehearsal->healthy, true);
}

static void run_drain(struct rehearsal *rehearsal, const struct step *step)
{
    set_condition(rehearsal, step, &rehearsal->drained, true);
}

static void run_undrain(struct rehearsal *rehearsal, const struct step *step)
{
    set_condition(rehearsal, step, &rehearsal->drained, false);
}

static const struct verb verbs[] = {
    {"kill", "kill NODE...", check_nodes, run_kill},
    {"crash", "crash NODE...", check_nodes, run_crash},
    {"start", "start NODE...", check_nodes, run_start},
    {"stop", "stop NODE...", check_nodes, run_stop},
    {"stall", "stall NODE TIME", check_node_span, run_stall},
    {"freeze", "freeze NODE TIME", check_node_span, run_freeze},
    {"cut", "cut NODE NODE, cut NODE > NODE", check_pair, run_cut},
    {"heal", "heal, heal NODE NODE, heal NODE > NODE", check_heal, run_heal},
    {"loss", "loss PERCENT", check_percent, run_loss},
    {"link", "link NODE down|up", check_link, run_link},
    {"unhealthy", "unhealthy NODE...", check_nodes, run_unhealthy},
    {"healthy", "healthy NODE...", check_nodes, run_healthy},
    {"drain", "drain NODE...", check_nodes, run_drain},
    {"undrain", "undrain NODE...", check_nodes, run_undrain},
};
#define VERBS (sizeof verbs / sizeof verbs[0])

/* --- reading the scenario --- */

static int refuse(const char *step, const char *why)
{
    fprintf(stderr,
            "vipgossip-sim: \"%s\": %s\nA step is \"at TIME WHAT\", steps are parted by "
            "\";\", times rise (5s, 200ms, 1m). WHAT is one of:\n",
            step, why);
    for (size_t i = 0; i < VERBS; i++) {
        fprintf(stderr, "  %s\n", verbs[i].form);
    }
    return 2;
}

static int refuse_words(const struct rehearsal *rehearsal, const struct verb *verb,
                        const char *whole)
{
    char why[512];
    int used = snprintf(why, sizeof why, "its form is %s; the nodes are", verb->form);
    for (uint8_t node = 0; node < rehearsal->conf.node_count && used < (int)sizeof why; node++) {
        used += snprintf(why + used, sizeof why - (size_t)used, " %s", node_name(rehearsal, node));
    }
    return refuse(whole, why);
}

static const struct verb *find_verb(const char *word)
{
    for (size_t i = 0; word != NULL && i < VERBS; i++) {
        if (strcmp(verbs[i].name, word) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

/* Takes one step apart; the words stay in `text`. 0 or 2. */
static int read_step(struct rehearsal *rehearsal, char *text, const char *whole)
{
    char *rest = NULL;
    char *word = strtok_r(text, " \t\n", &rest);
    if (word == NULL) {
        return 0;
    }
    if (rehearsal->step_count == STEPS_MAX) {
        return refuse(whole, "at most 256 steps are allowed");
    }
    struct step *step = &rehearsal->steps[rehearsal->step_count];
    uint64_t before_ns = rehearsal->step_count == 0 ? 0 : step[-1].at_ns;
    if (strcmp(word, "at") != 0 || !parse_span(strtok_r(NULL, " \t\n", &rest), &step->at_ns)) {
        return refuse(whole, "it does not begin with \"at TIME\"");
    }
    if (step->at_ns < before_ns) {
        return refuse(whole, "it comes before the step in front of it");
    }
    step->verb = find_verb(strtok_r(NULL, " \t\n", &rest));
    if (step->verb == NULL) {
        return refuse(whole, "there is no such thing to do");
    }
    while ((word = strtok_r(NULL, " \t\n", &rest)) != NULL) {
        if (step->count == WORDS_MAX) {
            return refuse(whole, "too many words");
        }
        step->words[step->count++] = word;
    }
    if (!step->verb->check(rehearsal, step)) {
        return refuse_words(rehearsal, step->verb, whole);
    }
    rehearsal->step_count++;
    return 0;
}

static int read_scenario(struct rehearsal *rehearsal, char *text)
{
    char *rest = NULL;
    for (char *part = strtok_r(text, ";", &rest); part != NULL; part = strtok_r(NULL, ";", &rest)) {
        char whole[160];
        (void)snprintf(whole, sizeof whole, "%s", part + strspn(part, " \t\n"));
        if (read_step(rehearsal, part, whole) != 0) {
            return 2;
        }
    }
    return rehearsal->step_count > 0 ? 0 : refuse("", "the scenario is empty");
}

/* --- the cluster --- */

static void configure(void *arg, uint8_t self, struct core_config *ret)
{
    struct rehearsal *rehearsal = arg;
    mapping_core(&rehearsal->conf, self, ret);
}

static const char *name_for_cluster(void *arg, uint8_t node)
{
    struct rehearsal *rehearsal = arg;
    return rehearsal->conf.nodes[node].name;
}

static void watch(void *arg, const struct cluster_news *news)
{
    struct rehearsal *rehearsal = arg;
    const char *name = node_name(rehearsal, news->node);
    const char *vip = rehearsal->conf.vips[news->vip].name;
    if (news->type == NEWS_INSTALLED) {
        uint64_t gap_ns = cluster_now(rehearsal->cluster) - rehearsal->vacant_since_ns[news->vip];
        uint64_t others = cluster_holders(rehearsal->cluster, news->vip);
        bool alone = (others & (others - 1)) == 0;
        struct vip_view view;
        cluster_view_vip(rehearsal->cluster, news->node, news->vip, &view);
        if (alone) {
            say(rehearsal, "%s holds %s: %s (%.1f ms without a holder)", name, vip,
                reason_text(view.reason), (double)gap_ns / 1e6);
        } else {
            say(rehearsal, "%s holds %s TOO: %s", name, vip, reason_text(view.reason));
        }
    } else if (news->type == NEWS_REMOVED) {
        say(rehearsal, "%s does not hold %s any more", name, vip);
        if (cluster_holders(rehearsal->cluster, news->vip) == 0) {
            rehearsal->vacant_since_ns[news->vip] = cluster_now(rehearsal->cluster);
        }
    } else if (news->type == NEWS_CHANGE && rehearsal->trace &&
               news->change->type == CHANGE_MEMBER) {
        say(rehearsal, "%s: node %s %s -> %s: %s", name, node_name(rehearsal, news->change->node),
            member_state_name(news->change->from), member_state_name(news->change->to),
            reason_text(news->change->reason));
    } else if (news->type == NEWS_STOPPED) {
        say(rehearsal, "%s has stopped in order", name);
    }
}

static void run_until(struct rehearsal *rehearsal, uint64_t at_ns)
{
    cluster_run(rehearsal->cluster, at_ns - cluster_now(rehearsal->cluster));
}

/* Everybody starts in one moment, before the time of the scenario begins to count. */
static void play(struct rehearsal *rehearsal)
{
    for (uint8_t node = 0; node < rehearsal->conf.node_count; node++) {
        start(rehearsal, node);
    }
    for (unsigned i = 0; i < rehearsal->step_count; i++) {
        const struct step *step = &rehearsal->steps[i];
        run_until(rehearsal, step->at_ns);
        char text[256];
        int used = snprintf(text, sizeof text, "* %s", step->verb->name);
        for (uint8_t w = 0; w < step->count && used < (int)sizeof text; w++) {
            used += snprintf(text + used, sizeof text - (size_t)used, " %s", step->words[w]);
        }
        say(rehearsal, "%s", text);
        step->verb->run(rehearsal, step);
    }
    run_until(rehearsal, rehearsal->steps[rehearsal->step_count - 1].at_ns + AFTER_NS);
}

/* Who holds what in the end. */
static void conclude(const struct rehearsal *rehearsal)
{
    for (uint8_t vip = 0; vip < rehearsal->conf.vip_count; vip++) {
        uint64_t holders = cluster_holders(rehearsal->cluster, vip);
        char text[512] = "nobody";
        int used = 0;
        for (uint8_t node = 0; node < rehearsal->conf.node_count; node++) {
            if ((holders >> node & 1) != 0 && used < (int)sizeof text) {
                used += snprintf(text + used, sizeof text - (size_t)used, "%s%s",
                                 used == 0 ? "" : " and ", node_name(rehearsal, node));
            }
        }
        say(rehearsal, "in the end %s holds %s", text, rehearsal->conf.vips[vip].name);
    }
    printf("{\"runs\":1,\"simulated_hours\":%.6f,\"violations\":0,\"history_hash\":\"%016llx\"}\n",
           (double)cluster_now(rehearsal->cluster) / 3600e9,
           (unsigned long long)cluster_hash(rehearsal->cluster));
}

static int read_cluster(struct rehearsal *rehearsal, const char *path)
{
    struct conf_error error;
    if (conf_read_file(path, NULL, &rehearsal->conf, &error) != 0) {
        fprintf(stderr, "%s\n", error.text);
        return 2;
    }
    return 0;
}

int rehearse(const char *path, const char *scenario, uint64_t seed, bool trace)
{
    struct rehearsal *rehearsal = calloc(1, sizeof *rehearsal);
    char *text = strdup(scenario);
    int code = 2;
    if (rehearsal == NULL || text == NULL) {
        fprintf(stderr, "vipgossip-sim: %s\n", strerror(errno));
        goto out;
    }
    rehearsal->trace = trace;
    if (read_cluster(rehearsal, path) != 0 || read_scenario(rehearsal, text) != 0) {
        goto out;
    }
    rehearsal->config = (struct cluster_config){.node_count = rehearsal->conf.node_count,
                                                .vip_count = rehearsal->conf.vip_count,
                                                .interval_ns = rehearsal->conf.interval_ns,
                                                .hosts_remember = true,
                                                .seed = seed,
                                                .configure = configure,
                                                .node_name = name_for_cluster,
                                                .watch = watch,
                                                .arg = rehearsal};
    rehearsal->cluster = cluster_new(&rehearsal->config);
    play(rehearsal);
    conclude(rehearsal);
    cluster_free(rehearsal->cluster);
    code = 0;
out:
    free(text);
    free(rehearsal);
    return code;
}
