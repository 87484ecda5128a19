// SPDX-License-Identifier: MIT
/*
 * vipgossipd: reads the command line and the configuration, and starts the keeper.
 */
#include "host/reader.h"
#include "keeper/options.h"
#include "start.h"

#include "log/log.h"
#include "sandbox/sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_note(void *arg, const char *text)
{
    (void)arg;
    printf("note: %s\n", text);
}

/* The file that is read; NULL: the environment. -1 if both are asked for. */
static int choose_source(const struct options *options, const char **ret)
{
    if (!conf_environment_is_used()) {
        *ret = options->file != NULL ? options->file : OPTIONS_FILE_DEFAULT;
        return 0;
    }
    if (options->file != NULL) {
        (void)fprintf(stderr, "vipgossipd: -c and VIPGOSSIP_PEERS cannot be used together: the "
                              "configuration is either the file or the environment\n");
        return -1;
    }
    *ret = NULL;
    return 0;
}

static int test_configuration(const struct conf *conf, const char *file)
{
    conf_notes(conf, print_note, NULL);
    printf("%s: the configuration is valid\n", file != NULL ? file : "environment");
    return fflush(stdout) == 0 ? START_EXIT_OK : START_EXIT_FAILED;
}

static int run(const struct options *options, struct conf *conf)
{
    struct conf_error error;
    const char *file;

    if (choose_source(options, &file) < 0)
        return START_EXIT_CONF;
    if (reader_read(file, options->node, conf, &error) < 0) {
        if (options->action == OPTIONS_TEST)
            (void)fprintf(stderr, "%s\n", error.text);
        else
            log_error("%s", error.text);
        return START_EXIT_CONF;
    }
    if (options->action == OPTIONS_TEST)
        return test_configuration(conf, file);
    log_set_level(options->verbose ? LOG_LEVEL_DEBUG : (enum log_level)conf->log_level);
    return start_daemon(conf, file, options->verbose);
}

int main(int argc, char *argv[])
{
    struct options options;
    struct conf *conf;
    char error[256];
    int result;

    if (options_parse(argc, argv, &options, error, sizeof(error)) < 0) {
        (void)fprintf(stderr, "vipgossipd: %s\n", error);
        return START_EXIT_CONF;
    }
    if (options.action == OPTIONS_HELP || options.action == OPTIONS_VERSION) {
        (void)printf("%s", options.action == OPTIONS_HELP ? options_help()
                                                          : "vipgossipd " VG_VERSION "\n");
        return START_EXIT_OK;
    }
    sandbox_hide();
    log_open("vipgossipd", options.verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
    conf = calloc(1, sizeof(*conf));
    if (conf == NULL)
        return START_EXIT_FAILED;
    result = run(&options, conf);
    explicit_bzero(conf, sizeof(*conf));
    free(conf);
    return result;
}
