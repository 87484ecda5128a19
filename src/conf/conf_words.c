// SPDX-License-Identifier: MIT
/* Apart from the parser, for who only reads a configuration. */
#include "conf/conf.h"

#include <stdlib.h>
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

/* 1 to 65535 without a leading 0; 0 if it is none. */
static uint16_t port_of(const char *text)
{
    size_t length = strspn(text, "0123456789");
    if (length == 0 || length > 5 || text[length] != '\0' || text[0] == '0')
        return 0;
    unsigned long port = strtoul(text, NULL, 10);
    return port > 65535 ? 0 : (uint16_t)port;
}

bool conf_split_host_port(const char *text, char ret_host[static CONF_HOST_MAX + 1],
                          uint16_t *ret_port)
{
    bool bracketed = text[0] == '[';
    const char *host = bracketed ? text + 1 : text;
    size_t length = strcspn(host, bracketed ? "]" : ":");
    const char *rest = host + length;
    if (length == 0 || length > CONF_HOST_MAX || (bracketed && *rest++ != ']') || *rest != ':')
        return false;
    if (strcspn(host, " /@\t\n") < length || port_of(rest + 1) == 0)
        return false;
    memcpy(ret_host, host, length);
    ret_host[length] = '\0';
    *ret_port = port_of(rest + 1);
    return true;
}

const char *conf_check_kind_name(enum conf_check_kind kind)
{
    return kind_names[kind];
}

bool conf_needs_checker(const struct conf *conf)
{
    return conf->check_count > 0 || conf->hook.count > 0;
}
