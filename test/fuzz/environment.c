// SPDX-License-Identifier: MIT
/*
 * A configuration from the environment: the input is lines NAME=VALUE, each a variable VIPGOSSIP_
 * NAME. It is refused with one line, or what it says is within every bound and its key can be read.
 */
#include <string.h>
#include <unistd.h>

#include "conf/key.h"
#include "conf_guard.h"
#include "input.h"

#define LINES_MAX 16U

static void set_line(const char *line, size_t length)
{
    static const char prefix[] = "VIPGOSSIP_";
    char *entry = malloc(sizeof(prefix) + length);
    char *value;
    MUST(entry != NULL);
    memcpy(entry, prefix, sizeof(prefix) - 1);
    memcpy(entry + sizeof(prefix) - 1, line, length);
    entry[sizeof(prefix) - 1 + length] = '\0'; /* a NUL in between ends it earlier, as in exec() */
    value = strchr(entry, '=');
    if (value != NULL) {
        *value++ = '\0';
        (void)setenv(entry, value, 1);
    }
    free(entry);
}

static void set_all(const char *text, size_t length)
{
    const char *end = text + length;
    (void)clearenv();
    for (unsigned i = 0; i < LINES_MAX && text < end; i++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *stop = newline != NULL ? newline : end;
        set_line(text, (size_t)(stop - text));
        text = stop + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct conf *conf;
    struct conf_error error = {{0}};
    struct conf_keys keys;
    if (conf == NULL)
        conf = malloc(sizeof(*conf));
    MUST(conf != NULL);
    set_all((const char *)bytes, length);
    memset(conf, 0xA5, sizeof(*conf));
    const int result = conf_read_environment(NULL, conf, &error);
    conf_guard_check(result, conf, &error, "");
    if (result == 0 && conf->key_text[0] != '\0') {
        MUST(conf_keys_read(conf, &keys, &error) == 0);
        MUST(keys.cluster_count >= 1 && keys.cluster_count <= 2);
    }
    for (int i = 0; result == 0 && i < conf->node_count; i++)
        conf_set_self(conf, i);
    return 0;
}
