// SPDX-License-Identifier: MIT
/*
 * The control socket, with clients that send any bytes in any pieces, come and go, and read or do
 * not. The server never waits for one of them and keeps nothing of those that are gone; whoever
 * reads gets whole maps, as the tool measures them and msgpack-c reads them.
 */
#include <errno.h>
#include <msgpack/unpack.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/control.h"
#include "engine/events.h"
#include "engine/facts.h"
#include "engine/mapping.h"
#include "input.h"
#include "tool/measure.h"

#define CLIENTS    20U /* some more than the server takes */
#define OPS_MAX    120U
#define ANSWER_MAX 65536U
#define SETTLE_MAX 200U

struct client {
    int fd; /* -1: none */
    bool ended;
    bool greedless; /* did not always read: it may have been dropped in the middle */
    size_t length;
    char answer[ANSWER_MAX];
};

struct lab {
    struct input input;
    uv_loop_t loop;
    struct control control;
    struct sockaddr_un address;
    socklen_t address_length;
    struct client clients[CLIENTS];
    struct conf conf;
    struct ipc_message links[CONF_VIPS_MAX];
    struct core_config config;
    struct core *core;
    struct wire wire;
    struct udp_counters udp;
    struct events events;
    struct checker_note notes[CONF_CHECKS_MAX];
};

static void on_status(void *arg, struct pack *pack)
{
    struct lab *lab = arg;
    const struct mono now = {2 * NS_PER_S};
    const struct facts facts = {.conf = &lab->conf,
                                .links = lab->links,
                                .core_config = &lab->config,
                                .core = lab->core,
                                .wire = &lab->wire,
                                .udp = &lab->udp,
                                .checks = lab->notes,
                                .started = {NS_PER_S},
                                .now = now};
    facts_pack(&facts, pack);
}

static void on_events(void *arg, struct pack *pack)
{
    const struct lab *lab = arg;
    events_pack(&lab->events, &lab->conf, pack);
}

/* What follows the word is one name, as long as the line allows. */
static const char *on_drain(void *arg, bool drained, const char *name)
{
    const struct lab *lab = arg;
    (void)drained;
    MUST(strnlen(name, CONTROL_REQUEST_MAX) < CONTROL_REQUEST_MAX);
    return name[0] == '\0' || strcmp(name, lab->conf.vips[0].name) == 0 ? NULL : "no such VIP";
}

/* Three nodes, two VIPs. */
static void prepare(struct lab *lab)
{
    struct conf *conf = &lab->conf;
    struct conf_keys keys = {0};
    struct keyring_config keyring;
    (void)snprintf(conf->cluster, sizeof(conf->cluster), "fuzz");
    conf->interval_ns = 100 * NS_PER_MS;
    conf->node_count = 3;
    conf->vip_count = 2;
    conf->check_count = 1;
    (void)snprintf(conf->checks[0].name, sizeof(conf->checks[0].name), "c");
    conf->checks[0].rise = conf->checks[0].fall = 1;
    conf->address_count = 2;
    for (unsigned i = 0; i < conf->node_count; i++) {
        (void)snprintf(conf->nodes[i].name, sizeof(conf->nodes[i].name), "n%u", i);
        conf->nodes[i].priority = (uint8_t)(100 + i);
        conf->nodes[i].address_count = 1;
        conf->nodes[i].addresses[0] = (struct conf_address){2, 32, {10, 0, 0, (uint8_t)i}};
    }
    for (unsigned i = 0; i < conf->vip_count; i++) {
        (void)snprintf(conf->vips[i].name, sizeof(conf->vips[i].name), "v%u", i);
        conf->vips[i].address_first = (uint16_t)i;
        conf->vips[i].address_count = 1;
        conf->vips[i].candidates = 7;
        conf->addresses[i] = (struct conf_address){2, 32, {10, 0, 1, (uint8_t)i}};
    }
    mapping_core(conf, 0, &lab->config);
    lab->config.incarnation = 1;
    keys.cluster_count = 1;
    memset(keys.cluster, 1, sizeof(keys.cluster));
    mapping_keyring(conf, &keys, 0, &keyring);
    MUST(wire_init(&lab->wire, &keyring, 1) == 0);
    lab->core = malloc(core_size());
    MUST(lab->core != NULL);
    core_init(lab->core, &lab->config, (struct mono){NS_PER_S});
}

static void client_reset(struct client *client)
{
    client->fd = -1;
    client->ended = false;
    client->greedless = false;
    client->length = 0;
}

static uint64_t on_reload(void *arg)
{
    (void)arg;
    return 1;
}

static void open_server(struct lab *lab)
{
    const struct control_source source = {.status = on_status,
                                          .events = on_events,
                                          .drain = on_drain,
                                          .reload = on_reload,
                                          .arg = lab};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    memset(&lab->address, 0, sizeof(lab->address));
    lab->address.sun_family = AF_UNIX;
    lab->address_length = sizeof(lab->address);
    /* The kernel chooses a name in no file system. */
    MUST(bind(fd, (const struct sockaddr *)&lab->address, sizeof(sa_family_t)) == 0);
    MUST(getsockname(fd, (struct sockaddr *)&lab->address, &lab->address_length) == 0);
    MUST(listen(fd, CLIENTS) == 0);
    MUST(uv_loop_init(&lab->loop) == 0);
    MUST(control_open(&lab->control, &lab->loop, fd, &source) == 0);
    lab->events.count = 0;
    for (unsigned i = 0; i < CLIENTS; i++)
        client_reset(&lab->clients[i]);
}

/* Takes whole maps off the front. */
static void check_answer(struct client *client)
{
    size_t at = 0;
    while (at < client->length) {
        const struct measure measure = measure_value(client->answer + at, client->length - at);
        size_t offset = 0;
        msgpack_unpacked unpacked;
        MUST(measure.state != MEASURE_BAD);
        if (measure.state == MEASURE_SHORT)
            break;
        msgpack_unpacked_init(&unpacked);
        const msgpack_unpack_return result =
            msgpack_unpack_next(&unpacked, client->answer + at, measure.length, &offset);
        MUST(result == MSGPACK_UNPACK_SUCCESS && offset == measure.length);
        MUST(unpacked.data.type == MSGPACK_OBJECT_MAP);
        msgpack_unpacked_destroy(&unpacked);
        at += measure.length;
    }
    client->length -= at;
    memmove(client->answer, client->answer + at, client->length);
}

static void client_read(struct client *client)
{
    while (client->fd >= 0 && !client->ended && client->length < ANSWER_MAX) {
        const ssize_t length = recv(client->fd, client->answer + client->length,
                                    ANSWER_MAX - client->length, MSG_DONTWAIT);
        if (length < 0 && errno == EAGAIN)
            break;
        client->ended = length <= 0;
        client->length += length > 0 ? (size_t)length : 0;
        check_answer(client);
    }
    MUST(!client->ended || client->length == 0 || client->greedless);
}

static void client_close(struct client *client)
{
    if (client->fd >= 0)
        (void)close(client->fd);
    client_reset(client);
}

static void client_connect(struct lab *lab, struct client *client)
{
    client_close(client);
    client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    MUST(client->fd >= 0);
    if (connect(client->fd, (const struct sockaddr *)&lab->address, lab->address_length) < 0)
        client_close(client);
}

static void client_send(struct lab *lab, struct client *client, uint8_t op)
{
    static const char *const requests[] = {CONTROL_STATUS "\n",        CONTROL_EVENTS "\n",
                                           CONTROL_EVENTS_FOLLOW "\n", CONTROL_STATUS,
                                           CONTROL_DRAIN "\n",         CONTROL_DRAIN " v0\n",
                                           CONTROL_UNDRAIN " other\n", CONTROL_UNDRAIN "\n"};
    const char *request = requests[(op >> 5 & 3U) | (op >> 1 & 4U)];
    if (client->fd < 0)
        client_connect(lab, client);
    if (client->fd < 0)
        return;
    if ((op & 0x80U) == 0) {
        (void)send(client->fd, request, strlen(request), MSG_NOSIGNAL | MSG_DONTWAIT);
    } else {
        const struct input part = input_take(&lab->input, input_u8(&lab->input) % 160U);
        (void)send(client->fd, part.bytes, part.left, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

/* Something changes, and followers hear of it. */
static void publish(struct lab *lab)
{
    struct input *input = &lab->input;
    const uint8_t bits = input_u8(input);
    struct change change = {.type = (enum change_type)(bits % 4),
                            .vip = bits >> 2 & 1U,
                            .node = NODE_NONE,
                            .reason = (enum reason)((bits >> 3) % REASON_COUNT)};
    const uint8_t bound = change.type == CHANGE_VIP      ? VIP_STATE_COUNT
                          : change.type == CHANGE_HOLDER ? lab->conf.node_count
                          : change.type == CHANGE_CHECK  ? CHECK_STATE_COUNT
                                                         : MEMBER_STATE_COUNT;
    struct pack pack;
    change.from = input_below(input, bound);
    change.to = input_below(input, bound);
    if (change.type == CHANGE_MEMBER)
        change.node = (uint8_t)(bits >> 6) % lab->conf.node_count;
    const struct events_entry *entry =
        events_add(&lab->events, &change, "a check said \xc3\xa4", 1);
    pack_init(&pack);
    events_pack_entry(entry, &lab->conf, &pack);
    control_publish(&lab->control, &pack);
    pack_free(&pack);
}

static void act(struct lab *lab)
{
    const uint8_t op = input_u8(&lab->input);
    struct client *client = &lab->clients[input_below(&lab->input, CLIENTS)];
    switch (op & 7U) {
    case 0:
        client_connect(lab, client);
        break;
    case 1:
    case 2:
    case 3:
        client_send(lab, client, op);
        break;
    case 4:
        if (client->fd >= 0)
            (void)shutdown(client->fd, SHUT_WR);
        break;
    case 5:
        client_close(client);
        break;
    case 6:
        for (uint8_t i = 0; i <= op >> 5; i++)
            publish(lab);
        break;
    default:
        client->greedless = true;
        break;
    }
    if ((op & 16U) == 0)
        (void)uv_run(&lab->loop, UV_RUN_NOWAIT);
    for (unsigned i = 0; i < CLIENTS; i++)
        if (!lab->clients[i].greedless)
            client_read(&lab->clients[i]);
}

static bool somebody_is_served(const struct lab *lab)
{
    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++)
        if (lab->control.clients[i] != NULL)
            return true;
    return false;
}

/* Everybody leaves; nobody is kept. */
static void close_server(struct lab *lab)
{
    for (unsigned i = 0; i < CLIENTS; i++) {
        client_read(&lab->clients[i]);
        client_close(&lab->clients[i]);
    }
    for (unsigned turn = 0; turn < SETTLE_MAX && somebody_is_served(lab); turn++)
        (void)uv_run(&lab->loop, UV_RUN_NOWAIT);
    MUST(!somebody_is_served(lab) && !control_is_followed(&lab->control));
    control_close(&lab->control);
    (void)uv_run(&lab->loop, UV_RUN_NOWAIT);
    MUST(uv_loop_close(&lab->loop) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct lab *lab;
    if (lab == NULL) {
        lab = calloc(1, sizeof(*lab));
        MUST(lab != NULL);
        prepare(lab);
        (void)signal(SIGPIPE, SIG_IGN); /* as the engine does */
    }
    lab->input = (struct input){bytes, length};
    open_server(lab);
    for (unsigned i = 0; i < OPS_MAX && lab->input.left > 0; i++)
        act(lab);
    close_server(lab);
    return 0;
}
