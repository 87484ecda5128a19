// SPDX-License-Identifier: MIT
/* Apart from the parser, for who only reads a configuration. */
#include "conf/conf.h"

#include <string.h>

static const char *const kind_names[] = {
    [CONF_CHECK_NONE] = "none",           [CONF_CHECK_DOCKER] = "docker",
    [CONF_CHECK_HTTP] = "http",           [CONF_CHECK_TCP] = "tcp",
    [CONF_CHECK_EXEC] = "exec",           [CONF_CHECK_PROCESS] = "process",
    [CONF_CHECK_INTERFACE] = "interface", [CONF_CHECK_GATEWAY] = "gateway",
};
_Static_assert(sizeof(kind_names) / sizeof(kind_names[0]) == CONF_CHECK_KIND_COUNT, "a name each");

const char *conf_word(const struct conf *conf, const struct conf_words *words, unsigned index)
{
    unsigned at = words->first;
    if (index >= words->count)
        return "";
    for (; index > 0; index--)
        at += (unsigned)strnlen(conf->words + at, CONF_WORDS_BYTES - at) + 1;
    return conf->words + at;
}

const char *conf_check_kind_name(enum conf_check_kind kind)
{
    return kind_names[kind];
}

bool conf_needs_checker(const struct conf *conf)
{
    return conf->check_count > 0 || conf->hook.count > 0;
}
