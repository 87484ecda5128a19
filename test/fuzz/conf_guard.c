// SPDX-License-Identifier: MIT
#include "conf_guard.h"

#include <string.h>
#include <sys/socket.h>

#include "core/core.h"
#include "engine/mapping.h"
#include "input.h"
#include "log/log.h"

#define NS_OF_10S UINT64_C(10000000000)

static bool is_text(const char *text, size_t size)
{
    const size_t length = strnlen(text, size);
    return length > 0 && length < size;
}

static void check_refusal(const struct conf *ret, const struct conf_error *error,
                          const char *prefix)
{
    const uint8_t *bytes = (const uint8_t *)ret;
    for (size_t i = 0; i < sizeof(*ret); i += 97)
        MUST(bytes[i] == 0xA5); /* untouched */
    MUST(is_text(error->text, sizeof(error->text)));
    MUST(strncmp(error->text, prefix, strlen(prefix)) == 0);
    /* One line, that a terminal survives. */
    for (const char *at = error->text; *at != '\0'; at++)
        MUST((uint8_t)*at >= 0x20 && *at != 0x7f);
}

static void check_address(const struct conf_address *address)
{
    char text[CONF_ADDRESS_TEXT];
    MUST(address->family == AF_INET || address->family == AF_INET6);
    MUST(address->prefix <= (address->family == AF_INET ? 32 : 128));
    MUST(strlen(conf_address_text(address, true, text)) < sizeof(text));
}

static void check_nodes(const struct conf *conf)
{
    MUST(conf->node_count >= 1 && conf->node_count <= CONF_NODES_MAX);
    for (uint8_t n = 0; n < conf->node_count; n++) {
        const struct conf_node *node = &conf->nodes[n];
        MUST(is_text(node->name, sizeof(node->name)) && node->priority >= 1);
        MUST(node->address_count >= 1 && node->address_count <= CONF_PATHS_MAX);
        for (uint8_t a = 0; a < node->address_count; a++)
            check_address(&node->addresses[a]);
        for (uint8_t other = 0; other < n; other++)
            MUST(conf_id(node->name) != conf_id(conf->nodes[other].name));
        MUST(conf_node_index(conf, node->name) == n);
    }
}

static void check_vips(const struct conf *conf)
{
    const uint64_t nodes =
        conf->node_count == 64 ? UINT64_MAX : (UINT64_C(1) << conf->node_count) - 1;
    unsigned addresses = 0;
    MUST(conf->vip_count <= CONF_VIPS_MAX && conf->address_count <= CONF_ADDRESSES_MAX);
    for (uint8_t v = 0; v < conf->vip_count; v++) {
        const struct conf_vip *vip = &conf->vips[v];
        MUST(is_text(vip->name, sizeof(vip->name)));
        MUST(vip->address_first == addresses && vip->address_count >= 1);
        addresses += vip->address_count;
        MUST((vip->candidates & ~nodes) == 0);
        for (uint8_t n = 0; n < conf->node_count; n++)
            MUST(vip->priority[n] >= 1 &&
                 !(conf->nodes[n].witness && (vip->candidates >> n & 1) != 0));
        MUST(vip->mode == CONF_AVAILABLE || vip->mode == CONF_QUORUM);
        MUST(vip->mode == CONF_AVAILABLE ||
             (vip->lease_ns <= NS_OF_10S && vip->lease_ns >= 3 * conf->interval_ns));
        MUST(strnlen(vip->interface, sizeof(vip->interface)) < sizeof(vip->interface));
        for (uint8_t other = 0; other < v; other++)
            MUST(conf_id(vip->name) != conf_id(conf->vips[other].name));
    }
    MUST(addresses == conf->address_count);
    for (unsigned a = 0; a < addresses; a++)
        check_address(&conf->addresses[a]);
}

/* What conf lets in, the core starts with: it asserts its own bounds. */
static void check_core(const struct conf *conf)
{
    static struct core *core;
    static struct actions actions;
    struct core_config config;
    if (core == NULL)
        core = malloc(core_size());
    MUST(core != NULL);
    mapping_core(conf, 0, &config);
    config.incarnation = 1;
    core_init(core, &config, (struct mono){NS_PER_S});
    for (unsigned i = 0; i < 3; i++) {
        const struct event event = {.type = EVENT_TIMER, .now = core_deadline(core)};
        core_step(core, &event, &actions);
    }
}

static void note(void *arg, const char *text)
{
    (void)arg;
    MUST(text[0] != '\0' && strchr(text, '\n') == NULL);
}

void conf_guard_check(int result, const struct conf *ret, const struct conf_error *error,
                      const char *prefix)
{
    MUST(result == 0 || result == -1);
    if (result < 0) {
        check_refusal(ret, error, prefix);
        return;
    }
    MUST(is_text(ret->cluster, sizeof(ret->cluster)));
    MUST(is_text(ret->control_socket, 108) && is_text(ret->state_dir, sizeof(ret->state_dir)));
    MUST(ret->port != 0 && ret->log_level <= LOG_LEVEL_DEBUG);
    MUST(ret->interval_ns >= 10 * NS_PER_MS && ret->interval_ns <= NS_OF_10S);
    MUST(ret->self_name[0] == '\0' || conf_node_index(ret, ret->self_name) >= 0);
    check_nodes(ret);
    check_vips(ret);
    MUST(conf_hash(ret) == conf_hash(ret));
    conf_notes(ret, note, NULL);
    check_core(ret);
}
