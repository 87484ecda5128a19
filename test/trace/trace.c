// SPDX-License-Identifier: MIT
/*
 * trace: runs one story and compares what happened with what the story says. A story is commands,
 * a line of four dashes, and the trace that they give, to the microsecond. `trace --write FILE...`
 * writes the trace anew: read the difference before you commit it.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"

#define DASHES "----\n"

struct story {
    struct cluster_config config;
    struct cluster *cluster;
    const char *file;
    unsigned line;
};

static void fail(const struct story *story, const char *what)
{
    fprintf(stderr, "%s:%u: %s\n", story->file, story->line, what);
    exit(2);
}

static uint8_t parse_node(const struct story *story, const char *word)
{
    if (word == NULL || word[0] < 'A' || word[0] >= 'A' + story->config.node_count) {
        fail(story, "a node is a letter from A on");
    }
    return (uint8_t)(word[0] - 'A');
}

static unsigned long parse_number(const struct story *story, const char *word)
{
    char *end = NULL;
    unsigned long number = word == NULL ? 0 : strtoul(word, &end, 10);
    if (word == NULL || *end != '\0') {
        fail(story, "a number is missing");
    }
    return number;
}

static bool is_word(const char *word, const char *expected)
{
    return word != NULL && strcmp(word, expected) == 0;
}

/* --- before the first start: the cluster --- */

static void do_nodes(struct story *story, char **words)
{
    for (; words[story->config.node_count + 1] != NULL; story->config.node_count++) {
        story->config.priority[story->config.node_count] =
            (uint8_t)parse_number(story, words[story->config.node_count + 1]);
    }
}

static void do_vips(struct story *story, char **words)
{
    story->config.vip_count = (uint8_t)parse_number(story, words[1]);
}

static void do_interval(struct story *story, char **words)
{
    story->config.interval_ns = parse_number(story, words[1]) * NS_PER_MS;
}

static void do_preempt(struct story *story, char **words)
{
    story->config.preempt = !is_word(words[1], "off");
}

static void do_preempt_delay(struct story *story, char **words)
{
    story->config.preempt_delay_ns = parse_number(story, words[1]) * NS_PER_MS;
}

static void do_mode(struct story *story, char **words)
{
    story->config.mode = is_word(words[1], "quorum") ? VIP_QUORUM : VIP_AVAILABLE;
}

static void do_lease(struct story *story, char **words)
{
    story->config.lease_ns = parse_number(story, words[1]) * NS_PER_MS;
}

static void do_witness(struct story *story, char **words)
{
    story->config.witnesses |= UINT64_C(1) << parse_node(story, words[1]);
}

static void do_seed(struct story *story, char **words)
{
    story->config.seed = parse_number(story, words[1]);
}

/* One check each, of a Docker engine; cluster_swarm() tells what that says. */
static void configure_docker(void *arg, uint8_t self, struct core_config *ret)
{
    (void)arg;
    (void)self;
    ret->check_count = 1;
    ret->check_patience_ns = 10 * NS_PER_S;
    ret->checks[0] = (struct core_check){.rise = 1, .fall = 1, .is_general = true};
}

static void do_docker(struct story *story, char **words)
{
    (void)words;
    story->config.configure = configure_docker;
}

static void do_members(struct story *story, char **words)
{
    story->config.trace_members = is_word(words[1], "on");
}

/* --- what happens --- */

static void do_start(struct story *story, char **words)
{
    if (story->cluster == NULL) {
        story->cluster = cluster_new(&story->config);
    }
    for (size_t i = 1; words[i] != NULL; i++) {
        cluster_start(story->cluster, parse_node(story, words[i]));
    }
}

static void do_run(struct story *story, char **words)
{
    cluster_run(story->cluster, parse_number(story, words[1]) * NS_PER_MS);
}

static void do_crash(struct story *story, char **words)
{
    for (size_t i = 1; words[i] != NULL; i++) {
        cluster_crash(story->cluster, parse_node(story, words[i]));
    }
}

static void do_kill(struct story *story, char **words)
{
    cluster_kill(story->cluster, parse_node(story, words[1]));
}

static void do_stop(struct story *story, char **words)
{
    cluster_stop(story->cluster, parse_node(story, words[1]));
}

static void do_stall(struct story *story, char **words)
{
    cluster_stall(story->cluster, parse_node(story, words[1]),
                  parse_number(story, words[2]) * NS_PER_MS);
}

static void do_freeze(struct story *story, char **words)
{
    cluster_freeze(story->cluster, parse_node(story, words[1]),
                   parse_number(story, words[2]) * NS_PER_MS);
}

/* cut A B: both directions; cut A > B: B does not hear A; heal A B likewise. */
static void cut_or_heal(struct story *story, char **words, bool cut)
{
    bool one_way = is_word(words[2], ">");
    uint8_t from = parse_node(story, words[1]);
    uint8_t to = parse_node(story, words[one_way ? 3 : 2]);
    cluster_cut(story->cluster, from, to, cut);
    if (!one_way) {
        cluster_cut(story->cluster, to, from, cut);
    }
}

static void do_cut(struct story *story, char **words)
{
    cut_or_heal(story, words, true);
}

static void do_heal(struct story *story, char **words)
{
    cut_or_heal(story, words, false);
}

static void do_loss(struct story *story, char **words)
{
    cluster_loss(story->cluster, (unsigned)parse_number(story, words[1]));
}

/* delay MS: each datagram takes exactly so long, so that a story can be read in round trips. */
static void do_delay(struct story *story, char **words)
{
    struct cluster_weather weather = {.delay_ns = parse_number(story, words[1]) * NS_PER_MS};
    cluster_set_weather(story->cluster, &weather);
}

static void do_refuse(struct story *story, char **words)
{
    cluster_refuse(story->cluster, parse_node(story, words[1]), (int)parse_number(story, words[2]));
}

static void do_delete(struct story *story, char **words)
{
    cluster_delete_address(story->cluster, parse_node(story, words[1]), 0);
}

/* link NODE up|down [VIP]: of all VIPs and the heartbeats, or of one VIP alone. */
static void do_link(struct story *story, char **words)
{
    uint8_t node = parse_node(story, words[1]);
    bool up = is_word(words[2], "up");
    if (words[3] == NULL) {
        cluster_link(story->cluster, node, up);
    } else {
        cluster_link_vip(story->cluster, node, (uint8_t)parse_number(story, words[3]), up);
    }
}

static void do_condition(struct story *story, char **words)
{
    cluster_condition(story->cluster, parse_node(story, words[1]), !is_word(words[2], "unhealthy"),
                      is_word(words[2], "drained"));
}

/* It counts from the next start or reload of the node on. */
static void do_priority(struct story *story, char **words)
{
    cluster_set_priority(story->cluster, parse_node(story, words[1]),
                         (uint8_t)parse_number(story, words[2]));
}

static void do_reload(struct story *story, char **words)
{
    cluster_reload(story->cluster, parse_node(story, words[1]));
}

static uint64_t key_of_node(uint8_t node)
{
    return (node + UINT64_C(1)) << 2;
}

/*
 * swarm A worker: it is a worker, or a manager that knows nothing now; swarm A none: in no swarm;
 * swarm A 100 B=drain C=pause: a manager whose log is at 100. Nodes in the order of their letters.
 */
static void do_swarm(struct story *story, char **words)
{
    uint8_t node = parse_node(story, words[1]);
    struct swarm_news news = {.own = is_word(words[2], "none") ? 0 : key_of_node(node)};

    if (!is_word(words[2], "none") && !is_word(words[2], "worker")) {
        news.knows = true;
        news.index = (uint32_t)parse_number(story, words[2]);
        for (size_t i = 3; words[i] != NULL; i++) {
            bool drained = strstr(words[i], "=drain") != NULL;
            news.exceptions[news.count++] = key_of_node(parse_node(story, words[i])) |
                                            (drained ? AVAILABILITY_DRAINED : AVAILABILITY_PAUSED);
        }
    }
    cluster_swarm(story->cluster, node, &news);
    cluster_check(story->cluster, node, true);
}

static void do_foreign(struct story *story, char **words)
{
    cluster_foreign_answer(story->cluster, is_word(words[1], "answers"));
}

/* swallow on|off: what speaks for a VIP. */
static void do_swallow(struct story *story, char **words)
{
    cluster_swallow(story->cluster, is_word(words[1], "on"));
}

static void print_nodes(struct story *story, uint64_t nodes)
{
    for (uint8_t node = 0; node < story->config.node_count; node++) {
        if ((nodes & (UINT64_C(1) << node)) != 0) {
            fprintf(story->config.trace, " %c", 'A' + node);
        }
    }
}

/* verified NODE: who reaches the holder of the first VIP, as that node sees it. */
static void do_verified(struct story *story, char **words)
{
    struct vip_view view;
    cluster_view_vip(story->cluster, parse_node(story, words[1]), 0, &view);
    fprintf(story->config.trace, "= %s sees it verified by", words[1]);
    print_nodes(story, view.verified);
    fprintf(story->config.trace, ", unverified by");
    print_nodes(story, view.unverified);
    fprintf(story->config.trace, "\n");
}

/* stranger HOST [NODE]: a host with that last byte of its MAC speaks for the first VIP; that node
 * sees it, or every one does. */
static void do_stranger(struct story *story, char **words)
{
    uint8_t host = (uint8_t)parse_number(story, words[1]);
    for (uint8_t node = 0; node < story->config.node_count; node++) {
        if (words[2] == NULL || parse_node(story, words[2]) == node) {
            cluster_foreign_frame(story->cluster, node, 0, host);
        }
    }
}

static void do_replay(struct story *story, char **words)
{
    cluster_replay(story->cluster, parse_node(story, words[1]), parse_node(story, words[2]));
}

static void do_unreachable(struct story *story, char **words)
{
    cluster_unreachable(story->cluster, parse_node(story, words[1]), parse_node(story, words[2]));
}

static void do_mark(struct story *story, char **words)
{
    (void)words;
    cluster_mark(story->cluster);
}

/* --- what is asked --- */

static void do_say(struct story *story, char **words)
{
    fprintf(story->config.trace, "#");
    for (size_t i = 1; words[i] != NULL; i++) {
        fprintf(story->config.trace, " %s", words[i]);
    }
    fprintf(story->config.trace, "\n");
}

static void do_holders(struct story *story, char **words)
{
    (void)words;
    for (uint8_t vip = 0; vip < story->config.vip_count; vip++) {
        fprintf(story->config.trace, "= vip%u:", vip);
        print_nodes(story, cluster_holders(story->cluster, vip));
        fprintf(story->config.trace, "\n");
    }
}

static void do_dual(struct story *story, char **words)
{
    (void)words;
    fprintf(story->config.trace, "= two holders for %.3f ms\n",
            (double)cluster_dual_ns(story->cluster) / 1e6);
}

static void do_gap(struct story *story, char **words)
{
    (void)words;
    fprintf(story->config.trace, "= no holder for %.3f ms at most\n",
            (double)cluster_gap_ns(story->cluster, 0) / 1e6);
}

static void do_announcements(struct story *story, char **words)
{
    uint8_t node = parse_node(story, words[1]);
    fprintf(story->config.trace, "= %c announced %llu times\n", 'A' + node,
            (unsigned long long)cluster_announcements(story->cluster, node));
}

static const struct {
    const char *word;
    void (*run)(struct story *story, char **words);
    bool before_start;
} commands[] = {
    {"nodes", do_nodes, true},
    {"vips", do_vips, true},
    {"interval", do_interval, true},
    {"preempt", do_preempt, true},
    {"preempt_delay", do_preempt_delay, true},
    {"mode", do_mode, true},
    {"lease", do_lease, true},
    {"witness", do_witness, true},
    {"seed", do_seed, true},
    {"members", do_members, true},
    {"docker", do_docker, true},
    {"start", do_start, true},
    {"run", do_run, false},
    {"crash", do_crash, false},
    {"kill", do_kill, false},
    {"stop", do_stop, false},
    {"stall", do_stall, false},
    {"freeze", do_freeze, false},
    {"cut", do_cut, false},
    {"heal", do_heal, false},
    {"loss", do_loss, false},
    {"delay", do_delay, false},
    {"refuse", do_refuse, false},
    {"delete", do_delete, false},
    {"link", do_link, false},
    {"condition", do_condition, false},
    {"priority", do_priority, false},
    {"reload", do_reload, false},
    {"swarm", do_swarm, false},
    {"foreign", do_foreign, false},
    {"swallow", do_swallow, false},
    {"verified", do_verified, false},
    {"stranger", do_stranger, false},
    {"replay", do_replay, false},
    {"unreachable", do_unreachable, false},
    {"mark", do_mark, false},
    {"say", do_say, false},
    {"holders", do_holders, false},
    {"dual", do_dual, false},
    {"gap", do_gap, false},
    {"announcements", do_announcements, false},
};

#define WORDS_MAX 72

static void run_line(struct story *story, char *line)
{
    char *words[WORDS_MAX + 1] = {NULL};
    size_t count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(line, " \t\n", &rest); word != NULL && count < WORDS_MAX;
         word = strtok_r(NULL, " \t\n", &rest)) {
        words[count++] = word;
    }
    if (count == 0 || words[0][0] == '#') {
        return;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].word, words[0]) == 0) {
            if (story->cluster == NULL && !commands[i].before_start) {
                fail(story, "nothing has been started yet");
            }
            commands[i].run(story, words);
            return;
        }
    }
    fail(story, "unknown command");
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    char *text = NULL;
    size_t size = 0;
    FILE *copy = open_memstream(&text, &size);
    assert(copy != NULL);
    char buffer[4096];
    for (size_t n; (n = fread(buffer, 1, sizeof buffer, file)) > 0;) {
        fwrite(buffer, 1, n, copy);
    }
    fclose(copy);
    fclose(file);
    return text;
}

/* Runs the commands of a story; its trace, to be freed. */
static char *run_story(const char *path, const char *commands_text)
{
    char *trace = NULL;
    size_t size = 0;
    struct story story = {.file = path,
                          .config = {.vip_count = 1,
                                     .interval_ns = 100 * NS_PER_MS,
                                     .preempt = true,
                                     .fail_open = true,
                                     .seed = 1}};
    story.config.trace = open_memstream(&trace, &size);
    assert(story.config.trace != NULL);
    char *text = strdup(commands_text);
    assert(text != NULL);
    for (char *line = text; line != NULL && *line != '\0';) {
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end++ = '\0';
        }
        story.line++;
        run_line(&story, line);
        line = end;
    }
    free(text);
    fclose(story.config.trace);
    if (story.cluster != NULL) {
        cluster_free(story.cluster);
    }
    return trace;
}

static int check_story(const char *path, bool write)
{
    char *text = read_file(path);
    char *dashes = strstr(text, DASHES);
    if (dashes == NULL) {
        fprintf(stderr, "%s: no line of four dashes\n", path);
        return 2;
    }
    char *expected = strdup(dashes + strlen(DASHES));
    assert(expected != NULL);
    *dashes = '\0';
    char *trace = run_story(path, text);
    int result = 0;
    if (write) {
        FILE *file = fopen(path, "w");
        assert(file != NULL);
        fprintf(file, "%s%s%s", text, DASHES, trace);
        fclose(file);
    } else if (strcmp(trace, expected) != 0) {
        printf("%s: the story went another way.\n--- expected\n%s--- happened\n%s", path, expected,
               trace);
        result = 1;
    }
    free(trace);
    free(expected);
    free(text);
    return result;
}

int main(int argc, char **argv)
{
    bool write = argc > 1 && strcmp(argv[1], "--write") == 0;
    int result = argc > (write ? 2 : 1) ? 0 : 2;
    for (int i = write ? 2 : 1; i < argc; i++) {
        int story = check_story(argv[i], write);
        result = story > result ? story : result;
    }
    return result;
}
