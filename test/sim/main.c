// SPDX-License-Identifier: MIT
/*
 * vipgossip-sim: runs of simulated clusters, each from its seed; or the rehearsal of a failure.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rehearse.h"
#include "swarm.h"

struct options {
    uint64_t seed;
    uint64_t runs;
    double hours;
    uint8_t nodes;
    enum vip_mode mode;
    bool trace;
    bool cheap;
    bool drawn; /* an option that says how a cluster is drawn was given */
    const char *config;
    const char *scenario;
};

/* What the process that runs the clusters leaves behind, also when the core stops it. */
struct progress {
    uint64_t seed;
    uint64_t runs;
    uint64_t span_ns;
    uint64_t hash;
    struct swarm_result last;
    struct journal journal;
};

static const char usage_text[] =
    "usage: vipgossip-sim [--seed N] [--runs N] [--nodes N] [--mode MODE] [--hours H]\n"
    "                     [--cheap-signatures] [--trace]\n"
    "       vipgossip-sim --config FILE --scenario TEXT [--seed N] [--trace]\n"
    "Runs clusters of the real core on a simulated network until a rule of the protocol breaks.\n"
    "  --seed N             of the first run [1]; each further run has the next one\n"
    "  --runs N             how many [10]\n"
    "  --nodes N            2 to 64 [drawn for each run]\n"
    "  --mode MODE          available or quorum [available]\n"
    "  --hours H            simulated hours of each run [0.1]\n"
    "  --cheap-signatures   a hash in place of Ed25519, for long campaigns\n"
    "  --trace              prints what happens\n"
    "  --config FILE        the cluster of this file instead of a drawn one\n"
    "  --scenario TEXT      what happens to it: \"at 5s kill NODE; at 9s cut NODE NODE; ...\"\n";

static int refuse(const char *what, const char *argument)
{
    fprintf(stderr, "vipgossip-sim: %s%s\n%s", what, argument, usage_text);
    return 2;
}

static bool parse_number(const char *text, uint64_t most, uint64_t *ret)
{
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    bool digits = text[0] >= '0' && text[0] <= '9';
    if (!digits || *end != '\0' || errno != 0 || number > most) {
        return false;
    }
    *ret = number;
    return true;
}

static bool parse_hours(const char *text, double *ret)
{
    char *end = NULL;
    double hours = strtod(text, &end);
    *ret = hours;
    return end != text && *end == '\0' && hours > 0 && hours <= 100000;
}

/* One option; 0, or the exit code. */
static int take_option(struct options *options, int option)
{
    uint64_t nodes = 0;
    switch (option) {
    case 's':
        return parse_number(optarg, UINT64_MAX, &options->seed)
                   ? 0
                   : refuse("--seed is a number from 0 to 2^64 - 1, not ", optarg);
    case 'r':
        return parse_number(optarg, UINT64_MAX, &options->runs) && options->runs > 0
                   ? 0
                   : refuse("--runs is a number from 1 on, not ", optarg);
    case 'n':
        if (!parse_number(optarg, NODES_MAX, &nodes) || nodes < 2) {
            return refuse("--nodes is a number from 2 to 64, not ", optarg);
        }
        options->nodes = (uint8_t)nodes;
        return 0;
    case 'm':
        options->mode = strcmp(optarg, "quorum") == 0 ? VIP_QUORUM : VIP_AVAILABLE;
        return options->mode == VIP_QUORUM || strcmp(optarg, "available") == 0
                   ? 0
                   : refuse("--mode is available or quorum, not ", optarg);
    case 'h':
        return parse_hours(optarg, &options->hours)
                   ? 0
                   : refuse("--hours is a number above 0 and at most 100000, not ", optarg);
    case 'c':
        options->config = optarg;
        return 0;
    case 'x':
        options->scenario = optarg;
        return 0;
    case 't':
        options->trace = true;
        return 0;
    case 'q':
        options->cheap = true;
        return 0;
    default:
        fputs(usage_text, stderr);
        return 2;
    }
}

static int parse_options(int argc, char **argv, struct options *ret)
{
    static const struct option known[] = {
        {"seed", required_argument, NULL, 's'},       {"runs", required_argument, NULL, 'r'},
        {"nodes", required_argument, NULL, 'n'},      {"mode", required_argument, NULL, 'm'},
        {"hours", required_argument, NULL, 'h'},      {"config", required_argument, NULL, 'c'},
        {"scenario", required_argument, NULL, 'x'},   {"trace", no_argument, NULL, 't'},
        {"cheap-signatures", no_argument, NULL, 'q'}, {NULL, 0, NULL, 0},
    };
    *ret = (struct options){.seed = 1, .runs = 10, .hours = 0.1};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        ret->drawn |= strchr("rnhq", option) != NULL;
        int code = take_option(ret, option);
        if (code != 0) {
            return code;
        }
    }
    if (optind < argc) {
        return refuse("there is no argument ", argv[optind]);
    }
    if ((ret->config == NULL) != (ret->scenario == NULL)) {
        return refuse("--config and --scenario go together", "");
    }
    if (ret->config != NULL && ret->drawn) {
        return refuse("--runs, --nodes, --hours and --cheap-signatures are for clusters that are "
                      "drawn, not for that of --config",
                      "");
    }
    return 0;
}

static void run_all(const struct options *options, struct progress *progress)
{
    for (uint64_t run = 0; run < options->runs; run++) {
        struct swarm_config config = {.seed = options->seed + run,
                                      .nodes = options->nodes,
                                      .mode = options->mode,
                                      .span_ns = (uint64_t)(options->hours * 3600.0 * 1e9),
                                      .real_signatures = !options->cheap};
        progress->seed = config.seed;
        progress->journal.count = 0;
        progress->journal.echo = options->trace ? stdout : NULL;
        swarm_run(&config, &progress->journal, &progress->last);
        progress->runs++;
        progress->span_ns += progress->last.span_ns;
        progress->hash = (progress->hash ^ progress->last.hash) * UINT64_C(0x9E3779B97F4A7C15);
        progress->hash ^= progress->hash >> 32;
        if (progress->last.broken != RULE_NONE) {
            return;
        }
    }
}

static void print_violation(const struct options *options, const struct progress *progress)
{
    const struct swarm_result *last = &progress->last;
    printf("VIOLATION of %s (seed %llu): %s\n", rule_number(last->broken),
           (unsigned long long)progress->seed, rule_text(last->broken));
    printf("What happened last:\n");
    journal_print(&progress->journal, stdout);
    printf("To see it again: vipgossip-sim --seed %llu --runs 1 --hours %g%s --trace",
           (unsigned long long)progress->seed, options->hours,
           options->cheap ? " --cheap-signatures" : "");
    if (options->mode == VIP_QUORUM) {
        printf(" --mode quorum");
    }
    if (options->nodes != 0) {
        printf(" --nodes %u", options->nodes);
    }
    printf("\n");
}

static int campaign(const struct options *options)
{
    struct progress *progress =
        mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (progress == MAP_FAILED) {
        perror("vipgossip-sim: mmap");
        return 1;
    }
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody waits for it any more */
        run_all(options, progress);
        fflush(stdout);
        _exit(0);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) < 0) {
        perror("vipgossip-sim: fork");
        return 1;
    }
    if (status != 0) {
        progress->last.broken = RULE_ASSERTED;
        progress->runs++;
    }
    bool broken = progress->last.broken != RULE_NONE;
    if (broken) {
        print_violation(options, progress);
    }
    printf(
        "{\"runs\":%llu,\"simulated_hours\":%.3f,\"violations\":%u,\"history_hash\":\"%016llx\"}\n",
        (unsigned long long)progress->runs, (double)progress->span_ns / 3600e9, broken ? 1U : 0U,
        (unsigned long long)progress->hash);
    return broken ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct options options;
    int code = parse_options(argc, argv, &options);
    if (code != 0) {
        return code;
    }
    if (options.config != NULL) {
        return rehearse(options.config, options.scenario, options.seed, options.trace);
    }
    return campaign(&options);
}
