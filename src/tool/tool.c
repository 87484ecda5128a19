// SPDX-License-Identifier: MIT
/*
 * The subcommands, and the way from argv to one of them. All options may stand before or after the
 * subcommand; which of them a subcommand knows is in the table.
 */
#include "tool/tool.h"

#include "command.h"
#include "ipc/control.h"
#include "tool/duration.h"
#include "tool/verdict.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct command {
    const char *name;
    int (*run)(const struct invocation *invocation);
    const char *usage;
    const char *help;
    const char *operand; /* what its operand is called, NULL: it takes none */
    unsigned flags;      /* that it knows */
    int usage_exit;
    void (*more)(FILE *out); /* prints what its help says beside that, NULL: nothing */
};

static int help_command(const struct invocation *invocation);

static const struct command commands[] = {
    {
        .name = "status",
        .run = status_command,
        .usage = "status [--json] [--watch]",
        .help = "who holds which VIP since when and why, each node, and what is wrong;\n"
                "exits with 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN (no daemon answers)",
        .flags = FLAG_JSON | FLAG_WATCH,
        .usage_exit = VERDICT_UNKNOWN,
    },
    {
        .name = "events",
        .run = events_command,
        .usage = "events [--follow] [--json]",
        .help = "every change with its reason",
        .flags = FLAG_JSON | FLAG_FOLLOW,
        .usage_exit = TOOL_USAGE,
    },
    {
        .name = "metrics",
        .run = metrics_command,
        .usage = "metrics",
        .help = "what status knows as OpenMetrics text",
        .usage_exit = TOOL_USAGE,
    },
    {
        .name = "drain",
        .run = drain_command,
        .usage = "drain [--vip NAME] [--wait DURATION]",
        .help = "gives the VIPs of this node away and takes none while another candidate lives,\n"
                "also after a restart; waits until they are served elsewhere. DURATION is a whole\n"
                "number and ms, s or m",
        .flags = FLAG_VIP | FLAG_WAIT,
        .usage_exit = TOOL_USAGE,
    },
    {
        .name = "undrain",
        .run = undrain_command,
        .usage = "undrain [--vip NAME]",
        .help = "takes that back",
        .flags = FLAG_VIP,
        .usage_exit = TOOL_USAGE,
    },
    {
        .name = "doctor",
        .run = doctor_command,
        .usage = "doctor [-c FILE] [--json]",
        .help = "looks at everything that a VIP needs, before the daemon runs and while it runs;\n"
                "each check is a line: ok, warn, fail or skip, and what to type. Changes nothing.\n"
                "Exits with 0 ok, 1 warn, 2 fail",
        .flags = FLAG_JSON | FLAG_CONFIG,
        .usage_exit = TOOL_USAGE,
        .more = doctor_list_checks,
    },
    {
        .name = "reload",
        .run = reload_command,
        .usage = "reload",
        .help = "has the daemon read its configuration and keys anew, and says what came of it",
        .usage_exit = TOOL_USAGE,
    },
    {
        .name = "keygen",
        .run = keygen_command,
        .usage = "keygen [FILE]",
        .help = "a new key, on standard output or in a new FILE that only its owner can read",
        .operand = "FILE",
        .usage_exit = TOOL_USAGE,
    },
    {
        .name = "pubkey",
        .run = pubkey_command,
        .usage = "pubkey",
        .help = "the public key of the key on standard input",
        .usage_exit = TOOL_USAGE,
    },
    {
        .name = "decode",
        .run = decode_command,
        .usage = "decode [--config FILE] [FILE]",
        .help =
            "captured datagrams as text; of a capture (pcap, pcapng) or hexadecimal digits, in\n"
            "FILE or on standard input. Without the key of the configuration only headers",
        .operand = "FILE",
        .flags = FLAG_CONFIG,
        .usage_exit = TOOL_USAGE,
    },
    {
        .name = "help",
        .run = help_command,
        .usage = "help [COMMAND]",
        .help = "this text, or that of one command",
        .operand = "COMMAND",
        .usage_exit = TOOL_USAGE,
    },
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static const char about[] =
    "vipgossip shows who holds the virtual IP addresses of a cluster of vipgossipd daemons.\n";

/* What the arguments said. */
struct request {
    const char *command_name;
    const char *operands[2]; /* the second only to refuse it */
    size_t operand_count;
    const char *socket;
    unsigned flags;
    const char *vip;
    int64_t wait_ms;
    const char *config;
    bool help;
    bool version;
    char mistake[160]; /* empty: none so far */
};

static void read_arguments(int argc, char *argv[], struct request *ret);
static void take_option(int option, char *argv[], struct request *request);
static void take_wait(const char *text, struct request *request);
static void take_word(const char *word, struct request *request);
static const struct command *find_command(const char *name);
static int run_request(const struct request *request, const struct tool_streams *streams);
static int refuse_unknown(const char *name, FILE *err);
static bool fits(const struct command *command, const struct request *request, FILE *err);
static int flush(int code, const struct command *command, const struct tool_streams *streams);
static void print_overview(FILE *out);
static void print_help(const struct command *command, FILE *out);

int tool_run(int argc, char *argv[], const struct tool_streams *streams)
{
    struct request request = {.wait_ms = -1};

    read_arguments(argc, argv, &request);
    return run_request(&request, streams);
}

enum {
    OPTION_WORD = 1, /* getopt's number for what is no option, when the list begins with '-' */
    OPTION_SOCKET = 256,
    OPTION_JSON,
    OPTION_WATCH,
    OPTION_FOLLOW,
    OPTION_VIP,
    OPTION_WAIT,
};

static void read_arguments(int argc, char *argv[], struct request *ret)
{
    static const struct option options[] = {
        {"socket", required_argument, NULL, OPTION_SOCKET},
        {"json", no_argument, NULL, OPTION_JSON},
        {"watch", no_argument, NULL, OPTION_WATCH},
        {"follow", no_argument, NULL, OPTION_FOLLOW},
        {"vip", required_argument, NULL, OPTION_VIP},
        {"wait", required_argument, NULL, OPTION_WAIT},
        {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    int option;

    opterr = 0; /* the messages are ours, on the caller's stream */
    optind = 0; /* glibc: begin anew */
    while ((option = getopt_long(argc, argv, "-:c:hV", options, NULL)) != -1)
        take_option(option, argv, ret);
    for (; optind < argc; optind++) /* what follows "--" */
        take_word(argv[optind], ret);
}

static void take_option(int option, char *argv[], struct request *request)
{
    switch (option) {
    case OPTION_WORD:
        take_word(optarg, request);
        return;
    case OPTION_SOCKET:
        request->socket = optarg;
        return;
    case OPTION_JSON:
        request->flags |= FLAG_JSON;
        return;
    case OPTION_WATCH:
        request->flags |= FLAG_WATCH;
        return;
    case OPTION_FOLLOW:
        request->flags |= FLAG_FOLLOW;
        return;
    case OPTION_VIP:
        request->flags |= FLAG_VIP;
        request->vip = optarg;
        return;
    case OPTION_WAIT:
        request->flags |= FLAG_WAIT;
        take_wait(optarg, request);
        return;
    case 'c':
        request->flags |= FLAG_CONFIG;
        request->config = optarg;
        return;
    case 'h':
        request->help = true;
        return;
    case 'V':
        request->version = true;
        return;
    default:
        break;
    }
    if (request->mistake[0] != '\0')
        return;
    if (option == ':')
        (void)snprintf(request->mistake, sizeof(request->mistake), "option '%s' needs a value",
                       argv[optind - 1]);
    else if (optopt > 0 && optopt < OPTION_SOCKET)
        (void)snprintf(request->mistake, sizeof(request->mistake), "unknown option '-%c'", optopt);
    else if (optopt != 0)
        (void)snprintf(request->mistake, sizeof(request->mistake), "option '%s' takes no value",
                       argv[optind - 1]);
    else
        (void)snprintf(request->mistake, sizeof(request->mistake), "unknown option '%s'",
                       argv[optind - 1]);
}

static void take_wait(const char *text, struct request *request)
{
    request->wait_ms = duration_parse_ms(text);
    if (request->wait_ms < 0 && request->mistake[0] == '\0')
        (void)snprintf(request->mistake, sizeof(request->mistake),
                       "--wait '%.40s' is no duration (a whole number and ms, s or m, no blank)",
                       text);
}

static void take_word(const char *word, struct request *request)
{
    if (request->command_name == NULL)
        request->command_name = word;
    else if (request->operand_count < 2)
        request->operands[request->operand_count++] = word;
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

static int run_request(const struct request *request, const struct tool_streams *streams)
{
    const struct command *command = NULL;

    if (request->command_name != NULL) {
        command = find_command(request->command_name);
        if (command == NULL)
            return refuse_unknown(request->command_name, streams->err);
    }
    if (request->mistake[0] != '\0') {
        (void)fprintf(streams->err, "vipgossip: %s; see 'vipgossip --help'\n", request->mistake);
        return command != NULL ? command->usage_exit : TOOL_USAGE;
    }
    if (request->version) {
        (void)fprintf(streams->out, "vipgossip %s\n", VG_VERSION);
        return flush(TOOL_DONE, command, streams);
    }
    if (request->help) {
        print_help(command, streams->out);
        return flush(TOOL_DONE, command, streams);
    }
    if (command == NULL) {
        print_overview(streams->err);
        return TOOL_USAGE;
    }
    if (!fits(command, request, streams->err))
        return command->usage_exit;
    const struct invocation invocation = {
        .socket = request->socket != NULL ? request->socket : CONTROL_SOCKET_DEFAULT,
        .socket_is_given = request->socket != NULL,
        .operand = request->operands[0],
        .flags = request->flags,
        .vip = request->vip,
        .wait_ms = request->wait_ms,
        .config = request->config,
        .streams = *streams,
    };
    return flush(command->run(&invocation), command, streams);
}

static int refuse_unknown(const char *name, FILE *err)
{
    (void)fprintf(err, "vipgossip: unknown command '%s'; there are", name);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const char *before = i == 0 ? " " : i + 1 < COMMAND_COUNT ? ", " : " and ";
        (void)fprintf(err, "%s%s", before, commands[i].name);
    }
    (void)fprintf(err, "\n");
    return TOOL_USAGE;
}

/* Does the command know these options and operands? If not, says so. */
static bool fits(const struct command *command, const struct request *request, FILE *err)
{
    static const struct {
        unsigned flag;
        const char *option;
    } names[] = {{FLAG_JSON, "--json"}, {FLAG_WATCH, "--watch"}, {FLAG_FOLLOW, "--follow"},
                 {FLAG_VIP, "--vip"},   {FLAG_WAIT, "--wait"},   {FLAG_CONFIG, "--config"}};
    const size_t operands_max = command->operand != NULL ? 1 : 0;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if ((request->flags & ~command->flags & names[i].flag) == 0)
            continue;
        (void)fprintf(err, "vipgossip: %s does not know %s; usage: vipgossip %s\n", command->name,
                      names[i].option, command->usage);
        return false;
    }
    if (request->operand_count > operands_max) {
        (void)fprintf(err, "vipgossip: '%s' is too much; usage: vipgossip %s\n",
                      request->operands[operands_max], command->usage);
        return false;
    }
    return true;
}

/* An answer that could not be written is not given: `code`, or failure if output was lost. */
static int flush(int code, const struct command *command, const struct tool_streams *streams)
{
    if (fflush(streams->out) == 0 && ferror(streams->out) == 0)
        return code;
    (void)fprintf(streams->err, "vipgossip: cannot write the output: %s\n", strerror(errno));
    return command != NULL && command->usage_exit == VERDICT_UNKNOWN ? VERDICT_UNKNOWN
                                                                     : TOOL_REFUSED;
}

static int help_command(const struct invocation *invocation)
{
    const struct command *command;

    if (invocation->operand == NULL) {
        print_overview(invocation->streams.out);
        return TOOL_DONE;
    }
    command = find_command(invocation->operand);
    if (command == NULL)
        return refuse_unknown(invocation->operand, invocation->streams.err);
    print_help(command, invocation->streams.out);
    return TOOL_DONE;
}

static void print_overview(FILE *out)
{
    (void)fprintf(out, "%s\nUsage: vipgossip [--socket PATH] COMMAND [OPTION ...]\n\n", about);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const char *help = commands[i].help;
        const int first = (int)strcspn(help, ";\n");
        (void)fprintf(out, "  %-27s %.*s\n", commands[i].usage, first, help);
    }
    (void)fprintf(out,
                  "\n  --socket PATH               the daemon's control socket [%s]\n"
                  "  -h, --help                  this text; after a command, that of the command\n"
                  "  -V, --version               the version\n"
                  "\nMore in vipgossip(8).\n",
                  CONTROL_SOCKET_DEFAULT);
}

/* Of one command, or of all if `command` is NULL. */
static void print_help(const struct command *command, FILE *out)
{
    if (command == NULL) {
        print_overview(out);
        return;
    }
    (void)fprintf(out, "Usage: vipgossip %s [--socket PATH]\n\n%s\n", command->usage,
                  command->help);
    if (command->more != NULL)
        command->more(out);
}
