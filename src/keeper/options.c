// SPDX-License-Identifier: MIT
#include "keeper/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define LETTERS "c:n:tvVh"

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"test", no_argument, NULL, 't'},
    {"node", required_argument, NULL, 'n'},
    {"verbose", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* optopt is the letter of an option that is known, or the unknown letter, or 0 for a long word. */
static int refuse(int option, char *argv[], char *error, size_t size)
{
    if (option == ':')
        (void)snprintf(error, size, "-%c needs a value; see vipgossipd --help", optopt);
    else if (optopt == 0)
        (void)snprintf(error, size, "%s is no option; see vipgossipd --help", argv[optind - 1]);
    else if (strchr(LETTERS, optopt) != NULL)
        (void)snprintf(error, size, "-%c takes no value; see vipgossipd --help", optopt);
    else
        (void)snprintf(error, size, "-%c is no option; see vipgossipd --help", optopt);
    return -1;
}

static int apply(int option, struct options *options)
{
    switch (option) {
    case 'c':
        options->file = optarg;
        return 0;
    case 'n':
        options->node = optarg;
        return 0;
    case 'v':
        options->verbose = true;
        return 0;
    case 't':
        options->action = OPTIONS_TEST;
        return 0;
    case 'V':
        options->action = OPTIONS_VERSION;
        return 0;
    case 'h':
        options->action = OPTIONS_HELP;
        return 0;
    default:
        return -1;
    }
}

int options_parse(int argc, char *argv[], struct options *ret, char *error, size_t error_size)
{
    struct options options = {.action = OPTIONS_RUN};
    int option;

    optind = 0; /* getopt keeps its place between calls; this starts it over */
    opterr = 0;
    while ((option = getopt_long(argc, argv, "+:" LETTERS, long_options, NULL)) != -1)
        if (apply(option, &options) < 0)
            return refuse(option, argv, error, error_size);
    if (optind < argc) {
        (void)snprintf(error, error_size, "%s is too much; see vipgossipd --help", argv[optind]);
        return -1;
    }
    if ((options.file != NULL && options.file[0] == '\0') ||
        (options.node != NULL && options.node[0] == '\0')) {
        (void)snprintf(error, error_size, "an empty value; see vipgossipd --help");
        return -1;
    }
    *ret = options;
    return 0;
}

const char *options_help(void)
{
    return "usage: vipgossipd [-c FILE] [-n NODE] [-v]\n"
           "       vipgossipd -t [-c FILE] [-n NODE]\n"
           "\n"
           "Holds virtual IP addresses: nodes gossip, and the best one that lives has them.\n"
           "Stays in the foreground and logs to standard error.\n"
           "\n"
           "  -c, --config FILE  read FILE instead of " OPTIONS_FILE_DEFAULT ";\n"
           "                     without -c, VIPGOSSIP_PEERS in the environment replaces the file\n"
           "  -t, --test         check the configuration and exit: 0 it is valid, 2 it is not\n"
           "  -n, --node NODE    which of the nodes this host is; otherwise its addresses tell\n"
           "  -v, --verbose      log everything\n"
           "  -V, --version      print the version and exit\n"
           "  -h, --help         print this and exit\n"
           "\n"
           "Exit codes: 0 stopped in order, 1 failure at run time, 2 usage or configuration.\n"
           "See vipgossipd(8) and vipgossip.conf(5).\n";
}
