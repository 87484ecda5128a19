// SPDX-License-Identifier: MIT
/*
 * Sections check, and the hook: what the checker process does. Their text has any length, so it
 * goes into the common pool conf.words.
 */
#include "conf_internal.h"

#include <stdio.h>
#include <string.h>

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  (1000 * NS_PER_MS)
#define NS_PER_M  (60 * NS_PER_S)

#define SOCKET_MAX 107 /* sun_path of sockaddr_un, without the NUL */
#define WEIGHT_MAX 254

static const struct conf_range interval_range = {100 * NS_PER_MS, 60 * NS_PER_M};
static const struct conf_range timeout_range = {10 * NS_PER_MS, 1 * NS_PER_M};
static const struct conf_range count_range = {1, 100};
static const struct conf_range status_range = {100, 599};
static const struct conf_range hook_timeout_range = {100 * NS_PER_MS, 10 * NS_PER_M};

static conf_setter set_docker, set_http, set_unix_socket, set_status, set_contains, set_header,
    set_tcp, set_exec, set_process, set_interface, set_gateway, set_interval, set_timeout, set_rise,
    set_fall, set_weight, set_vip;

const struct conf_key conf_keys_check[] = {
    {"docker", false, set_docker}, /* Docker's socket: the engine is up, its swarm active */
    {"http", false, set_http},     /* URL that is asked for */
    {"unix_socket", false, set_unix_socket}, /* ... through this socket */
    {"status", false, set_status},           /* ... and answered with one of these */
    {"contains", false, set_contains},       /* ... and with this text in it */
    {"header", true, set_header},            /* ... when asked with these */
    {"tcp", false, set_tcp},                 /* host:port that takes a connection */
    {"exec", true, set_exec},                /* program and arguments that exit with 0 */
    {"process", false, set_process},         /* a process of that name, or of that pidfile, runs */
    {"interface", false, set_interface},     /* an interface has a carrier */
    {"gateway", false, set_gateway},   /* a neighbour answers ARP or neighbour solicitations */
    {"interval", false, set_interval}, /* between two starts */
    {"timeout", false, set_timeout},   /* after which it has failed */
    {"rise", false, set_rise},         /* good results in a row that count */
    {"fall", false, set_fall},         /* bad ones */
    {"weight", false, set_weight},     /* added to the priority while it fails */
    {"vip", true, set_vip},            /* only for these */
    {NULL, false, NULL},
};

int conf_check_add(struct conf_draft *draft, const struct conf_place *place, const char *name)
{
    struct conf *conf = &draft->conf;
    struct conf_check *check = &conf->checks[conf->check_count];
    if (conf->check_count == CONF_CHECKS_MAX)
        return conf_fail(place, "this is one check too many, allowed are %d", CONF_CHECKS_MAX);
    if (conf_value_name(place, name, check->name) < 0)
        return -1;
    check->rise = 2;
    check->fall = 3;
    check->interval_ns = NS_PER_S;
    check->timeout_ns = 500 * NS_PER_MS;
    check->status_min = 200;
    check->status_max = 399;
    return conf->check_count++;
}

int conf_check_end(struct conf_target *target, const struct conf_place *place)
{
    const struct conf_check *check = &target->draft->conf.checks[target->check];
    if (check->kind == CONF_CHECK_NONE)
        return conf_fail(place,
                         "\"%s\" ends here without what it looks at, one of docker, http, tcp, "
                         "exec, process, interface and gateway",
                         check->name);
    if (check->kind != CONF_CHECK_HTTP && target->only_http != NULL)
        return conf_fail(place, "\"%s\" has %s, which is for a check with http only", check->name,
                         target->only_http);
    return 0;
}

static struct conf_check *check_of(const struct conf_target *target)
{
    return &target->draft->conf.checks[target->check];
}

/* Appends a string to `words`, which must be the last that were appended to. */
static int words_add(struct conf *conf, const struct conf_place *place, struct conf_words *words,
                     const char *text)
{
    size_t size = strlen(text) + 1;
    if (size > (size_t)(CONF_WORDS_BYTES - conf->words_length))
        return conf_fail(place, "all checks and the hook together have more than %d bytes of text",
                         CONF_WORDS_BYTES);
    if (words->count == 0)
        words->first = conf->words_length;
    memcpy(conf->words + conf->words_length, text, size);
    conf->words_length = (uint16_t)(conf->words_length + size);
    words->count++;
    return 0;
}

/* A program is a path: there is no shell and no PATH. */
static int words_add_argument(struct conf *conf, const struct conf_place *place,
                              struct conf_words *words, const char *text)
{
    if (words->count == 0 && text[0] != '/')
        return conf_fail(place,
                         "\"%.64s\" is no absolute path; the program is started without a shell "
                         "and without PATH, its arguments follow in the list",
                         text);
    if (words->count == CONF_ARGUMENTS_MAX)
        return conf_fail(place, "is one argument too many, allowed are %d with the program",
                         CONF_ARGUMENTS_MAX);
    return words_add(conf, place, words, text);
}

int conf_set_hook(struct conf_target *target, const struct conf_place *place, const char *text)
{
    return words_add_argument(&target->draft->conf, place, &target->draft->conf.hook, text);
}

int conf_set_hook_timeout(struct conf_target *target, const struct conf_place *place,
                          const char *text)
{
    return conf_value_duration(place, text, hook_timeout_range,
                               &target->draft->conf.hook_timeout_ns);
}

/* A check looks at one thing. */
static int set_kind(const struct conf_target *target, const struct conf_place *place,
                    enum conf_check_kind kind)
{
    struct conf_check *check = check_of(target);
    if (check->kind != CONF_CHECK_NONE && check->kind != kind)
        return conf_fail(place, "\"%s\" looks at %s already; write a second check for this",
                         check->name, conf_check_kind_name((enum conf_check_kind)check->kind));
    check->kind = (uint8_t)kind;
    return 0;
}

static int set_target(const struct conf_target *target, const struct conf_place *place,
                      enum conf_check_kind kind, const char *text)
{
    if (set_kind(target, place, kind) < 0)
        return -1;
    return words_add(&target->draft->conf, place, &check_of(target)->target, text);
}

static int socket_check(const struct conf_place *place, const char *text)
{
    if (text[0] != '/' || strlen(text) > SOCKET_MAX)
        return conf_fail(place,
                         "\"%.64s\" is no path of a socket, allowed are absolute paths of at most "
                         "%d bytes such as /var/run/docker.sock",
                         text, SOCKET_MAX);
    return 0;
}

static bool has_control_characters(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return true;
    }
    return false;
}

static int set_docker(struct conf_target *target, const struct conf_place *place, const char *text)
{
    if (socket_check(place, text) < 0)
        return -1;
    return set_target(target, place, CONF_CHECK_DOCKER, text);
}

static int set_http(struct conf_target *target, const struct conf_place *place, const char *text)
{
    static const char *const schemes[] = {"http://", "https://"};
    bool known = false;
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        known |=
            strncmp(text, schemes[i], strlen(schemes[i])) == 0 && text[strlen(schemes[i])] != '\0';
    if (!known || strchr(text, ' ') != NULL || has_control_characters(text))
        return conf_fail(place,
                         "\"%.64s\" is no URL, allowed are those that begin with http:// or "
                         "https://, such as http://127.0.0.1:8080/health",
                         text);
    return set_target(target, place, CONF_CHECK_HTTP, text);
}

static int set_unix_socket(struct conf_target *target, const struct conf_place *place,
                           const char *text)
{
    target->only_http = place->key;
    if (socket_check(place, text) < 0)
        return -1;
    return words_add(&target->draft->conf, place, &check_of(target)->socket, text);
}

/* "200" or "200-399". */
static int set_status(struct conf_target *target, const struct conf_place *place, const char *text)
{
    struct conf_check *check = check_of(target);
    const char *dash = strchr(text, '-');
    char first[8] = "";
    uint64_t min, max;
    target->only_http = place->key;
    size_t length = dash != NULL ? (size_t)(dash - text) : strlen(text);
    if (length < sizeof(first))
        memcpy(first, text, length);
    if (conf_value_number(place, first, status_range, &min) < 0 ||
        conf_value_number(place, dash != NULL ? dash + 1 : first, status_range, &max) < 0)
        return -1;
    if (min > max)
        return conf_fail(place, "\"%.64s\" is no range, allowed is such as 200 or \"200-399\"",
                         text);
    check->status_min = (uint16_t)min;
    check->status_max = (uint16_t)max;
    return 0;
}

static int set_contains(struct conf_target *target, const struct conf_place *place,
                        const char *text)
{
    target->only_http = place->key;
    if (text[0] == '\0')
        return conf_fail(place, "is empty; every answer contains that");
    return words_add(&target->draft->conf, place, &check_of(target)->contains, text);
}

static int set_header(struct conf_target *target, const struct conf_place *place, const char *text)
{
    const char *colon = strchr(text, ':');
    target->only_http = place->key;
    if (colon == NULL || colon == text || has_control_characters(text))
        return conf_fail(place, "\"%.64s\" is no header, allowed is \"Name: value\"", text);
    return words_add(&target->draft->conf, place, &check_of(target)->headers, text);
}

static int set_tcp(struct conf_target *target, const struct conf_place *place, const char *text)
{
    char host[CONF_HOST_MAX + 1];
    uint16_t port;
    if (!conf_split_host_port(text, host, &port))
        return conf_fail(place,
                         "\"%.64s\" is no host and port, allowed is such as 127.0.0.1:80, "
                         "web.example:443 or [2001:db8::1]:80",
                         text);
    return set_target(target, place, CONF_CHECK_TCP, text);
}

static int set_exec(struct conf_target *target, const struct conf_place *place, const char *text)
{
    if (set_kind(target, place, CONF_CHECK_EXEC) < 0)
        return -1;
    return words_add_argument(&target->draft->conf, place, &check_of(target)->target, text);
}

static int set_process(struct conf_target *target, const struct conf_place *place, const char *text)
{
    bool is_name = strchr(text, '/') == NULL;
    if (text[0] == '\0' || strlen(text) > CONF_PATH_MAX || (!is_name && text[0] != '/') ||
        has_control_characters(text))
        return conf_fail(place,
                         "\"%.64s\" is no process, allowed is its name or the absolute path of "
                         "its pidfile",
                         text);
    return set_target(target, place, CONF_CHECK_PROCESS, text);
}

static int set_interface(struct conf_target *target, const struct conf_place *place,
                         const char *text)
{
    char name[16];
    if (conf_value_interface(place, text, name) < 0)
        return -1;
    return set_target(target, place, CONF_CHECK_INTERFACE, text);
}

static int set_gateway(struct conf_target *target, const struct conf_place *place, const char *text)
{
    struct conf_address address;
    char canonical[CONF_ADDRESS_TEXT];
    if (conf_value_node_address(place, text, &address) < 0)
        return -1;
    return set_target(target, place, CONF_CHECK_GATEWAY,
                      conf_address_text(&address, false, canonical));
}

static int set_interval(struct conf_target *target, const struct conf_place *place,
                        const char *text)
{
    return conf_value_duration(place, text, interval_range, &check_of(target)->interval_ns);
}

static int set_timeout(struct conf_target *target, const struct conf_place *place, const char *text)
{
    return conf_value_duration(place, text, timeout_range, &check_of(target)->timeout_ns);
}

static int set_rise(struct conf_target *target, const struct conf_place *place, const char *text)
{
    uint64_t count;
    if (conf_value_number(place, text, count_range, &count) < 0)
        return -1;
    check_of(target)->rise = (uint8_t)count;
    return 0;
}

static int set_fall(struct conf_target *target, const struct conf_place *place, const char *text)
{
    uint64_t count;
    if (conf_value_number(place, text, count_range, &count) < 0)
        return -1;
    check_of(target)->fall = (uint8_t)count;
    return 0;
}

static int set_weight(struct conf_target *target, const struct conf_place *place, const char *text)
{
    bool negative = text[0] == '-';
    struct conf_error unused;
    struct conf_place quiet = {NULL, 0, NULL, &unused};
    uint64_t number;
    if (conf_value_number(&quiet, text + (negative ? 1 : 0), (struct conf_range){1, WEIGHT_MAX},
                          &number) < 0)
        return conf_fail(place, "\"%.64s\" is no weight, allowed is -%d to -1 and 1 to %d", text,
                         WEIGHT_MAX, WEIGHT_MAX);
    check_of(target)->weight = (int16_t)(negative ? -(int)number : (int)number);
    return 0;
}

static int set_vip(struct conf_target *target, const struct conf_place *place, const char *text)
{
    const struct conf *conf = &target->draft->conf;
    for (int i = 0; i < conf->vip_count; i++) {
        if (strcmp(conf->vips[i].name, text) == 0) {
            check_of(target)->vips |= UINT32_C(1) << i;
            return 0;
        }
    }
    return conf_fail(place, "\"%.64s\" is no vip of this file", text);
}
