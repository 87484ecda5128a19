// SPDX-License-Identifier: MIT
/*
 * `vipgossip decode`: captured datagrams as text. Only what a MAC proves is shown as what somebody
 * said; where no key can prove it, the header is all there is, and why.
 */
#include "command.h"
#include "conf/conf.h"
#include "conf/key.h"
#include "decode_text.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONFIG_DEFAULT "/etc/vipgossip/vipgossip.conf"
#define PORT_DEFAULT   7112
#define NO_SELF        (-1)

struct decoder {
    const struct tool_streams *streams;
    struct decode_text text;
    struct conf conf;
    struct conf_keys keys;
    bool has_keys;
    char without_keys[640]; /* why there are none */
    int self;               /* whose keyring it is, NO_SELF: none yet */
    struct keyring keyring;
    struct capture capture;
    struct inspect_items items;
    bool any_bad; /* a datagram that its receiver would have dropped */
};

static bool read_configuration(struct decoder *decoder, const char *path);
static void read_keys(struct decoder *decoder);
static int decode_all(struct decoder *decoder, const char *path);
static uint64_t decode_each(struct decoder *decoder, int *ret_result);
static void decode_one(struct decoder *decoder, const struct captured *captured);
static bool show_header(struct decoder *decoder, const struct captured *captured,
                        struct inspect_header *ret);
static const char *drop_text(enum drop drop);
static bool is_proved(struct decoder *decoder, const struct captured *captured,
                      const struct inspect_header *header);
static int choose_self(const struct decoder *decoder, int sender, int receiver);
static bool is_well_formed(struct decoder *decoder, const struct captured *captured,
                           const struct inspect_header *header);
static bool make_keyring(struct decoder *decoder, int self);
static void bad(struct decoder *decoder, const char *label, const char *what);

int decode_command(const struct invocation *invocation)
{
    struct decoder *decoder = calloc(1, sizeof(*decoder));
    int code = TOOL_REFUSED;

    if (decoder == NULL || sodium_init() < 0) {
        (void)fprintf(invocation->streams.err, "vipgossip: out of memory\n");
        free(decoder);
        return TOOL_REFUSED;
    }
    decoder->streams = &invocation->streams;
    decoder->text.out = invocation->streams.out;
    decoder->self = NO_SELF;
    if (read_configuration(decoder, invocation->config))
        code = decode_all(decoder, invocation->operand);
    sodium_memzero(decoder, sizeof(*decoder));
    free(decoder);
    return code;
}

/* --- who is who, and the keys --- */

/* False if a file that was asked for cannot be used. Nothing else is an error: the headers are
 * there in any case. */
static bool read_configuration(struct decoder *decoder, const char *path)
{
    struct conf_error error;
    int result;

    if (path == NULL && conf_environment_is_used()) {
        result = conf_read_environment(NULL, &decoder->conf, &error);
    } else {
        if (path == NULL && access(CONFIG_DEFAULT, F_OK) != 0) {
            (void)strcpy(decoder->without_keys,
                         "there is no " CONFIG_DEFAULT "; --config FILE names the configuration");
            return true;
        }
        result = conf_read_file(path != NULL ? path : CONFIG_DEFAULT, NULL, &decoder->conf, &error);
    }
    if (result == 0) {
        decoder->text.conf = &decoder->conf;
        read_keys(decoder);
        return true;
    }
    if (path != NULL)
        (void)fprintf(decoder->streams->err, "vipgossip: %s\n", error.text);
    (void)strcpy(decoder->without_keys, error.text);
    return path == NULL;
}

static void read_keys(struct decoder *decoder)
{
    struct conf_error error;

    decoder->has_keys = conf_keys_read(&decoder->conf, &decoder->keys, &error) == 0;
    if (!decoder->has_keys)
        (void)strcpy(decoder->without_keys, error.text);
}

/* --- the capture --- */

static int decode_all(struct decoder *decoder, const char *path)
{
    FILE *file = path == NULL || strcmp(path, "-") == 0 ? decoder->streams->in : fopen(path, "re");
    const char *name = file == decoder->streams->in ? "standard input" : path;
    int result = 0;
    uint64_t count;

    if (file == NULL) {
        (void)fprintf(decoder->streams->err, "vipgossip: %s: %s\n", path, strerror(errno));
        return TOOL_REFUSED;
    }
    const uint16_t port = decoder->text.conf != NULL ? decoder->conf.port : PORT_DEFAULT;
    if (capture_open(&decoder->capture, file, port) != 0)
        result = -1;
    count = result == 0 ? decode_each(decoder, &result) : 0;
    if (file != decoder->streams->in)
        (void)fclose(file);
    if (result < 0) {
        (void)fprintf(decoder->streams->err, "vipgossip: %s: %s\n", name, decoder->capture.error);
        return TOOL_REFUSED;
    }
    if (count == 0) {
        (void)fprintf(decoder->streams->err,
                      "vipgossip: %s: no datagram from or to port %u; give a capture "
                      "(tcpdump -w FILE udp port %u) or hexadecimal digits\n",
                      name, (unsigned)port, (unsigned)port);
        return TOOL_REFUSED;
    }
    return decoder->any_bad ? TOOL_REFUSED : TOOL_DONE;
}

static uint64_t decode_each(struct decoder *decoder, int *ret_result)
{
    struct captured captured;
    uint64_t count = 0;

    while ((*ret_result = capture_next(&decoder->capture, &captured)) == 1) {
        if (count > 0)
            (void)fputc('\n', decoder->text.out);
        decode_text_captured(&decoder->text, ++count, &captured);
        decode_one(decoder, &captured);
    }
    if (count > 0 && decoder->capture.skipped > 0)
        (void)fprintf(decoder->text.out, "\n%llu other packets\n",
                      (unsigned long long)decoder->capture.skipped);
    return count;
}

static void decode_one(struct decoder *decoder, const struct captured *captured)
{
    struct inspect_header header;

    if (!show_header(decoder, captured, &header) || !is_proved(decoder, captured, &header))
        return;
    decode_text_line(&decoder->text, "MAC", "good");
    if (!is_well_formed(decoder, captured, &header)) {
        bad(decoder, "malformed", "a receiver drops it as a whole (SPEC D7)");
        return;
    }
    decode_text_items(&decoder->text, header.sender, &decoder->items, &decoder->keyring);
}

static bool show_header(struct decoder *decoder, const struct captured *captured,
                        struct inspect_header *ret)
{
    const enum drop drop = inspect_header(captured->bytes, captured->length, ret);

    if (drop == DROP_NONE) {
        decode_text_header(&decoder->text, ret);
        if (!captured->cut)
            return true;
        decode_text_line(&decoder->text, "no more",
                         "the capture has not got all of its bytes; tcpdump -s 0 takes them");
        return false;
    }
    bad(decoder, "dropped", drop_text(drop));
    return false;
}

static const char *drop_text(enum drop drop)
{
    if (drop == DROP_TOO_SHORT)
        return "too short for a header (48 bytes, SPEC D1)";
    if (drop == DROP_TOO_LONG)
        return "longer than any datagram (1400 bytes)";
    if (drop == DROP_VERSION)
        return "of another version of the protocol";
    return "not one of vipgossip: it does not begin with 76 67";
}

/* Did its sender write it for its receiver? If not, or if nobody here can tell, says why. */
static bool is_proved(struct decoder *decoder, const struct captured *captured,
                      const struct inspect_header *header)
{
    const struct decode_text *text = &decoder->text;
    const struct conf *conf = &decoder->conf;

    if (!decoder->has_keys) {
        decode_text_line(text, "no more", "without the key nobody knows who wrote it: %s",
                         decoder->without_keys);
        return false;
    }
    const int sender = decode_text_node(conf, header->sender);
    const int receiver = decode_text_node(conf, header->receiver);
    if (header->cluster != conf_id(conf->cluster) || sender < 0 || receiver < 0 ||
        sender == receiver) {
        decode_text_line(text, "no more", "it is between others than nodes of cluster %s",
                         conf->cluster);
        return false;
    }
    const int self = choose_self(decoder, sender, receiver);
    if (self == NO_SELF || !make_keyring(decoder, self)) {
        decode_text_line(text, "no more",
                         "both have keys of their own; it takes node_key_file of %s or %s",
                         conf->nodes[sender].name, conf->nodes[receiver].name);
        return false;
    }
    const uint8_t peer = (uint8_t)(self == sender ? receiver : sender);
    if (inspect_mac_is_good(&decoder->keyring, peer, captured->bytes, captured->length))
        return true;
    bad(decoder, "MAC WRONG", "written with another key, or changed on its way");
    return false;
}

/* Whose keys are known here: those that come from the cluster key, and the one of node_key_file. */
static int choose_self(const struct decoder *decoder, int sender, int receiver)
{
    const int pair[] = {receiver, sender};
    uint8_t public_key[KEY_BYTES];

    for (size_t i = 0; i < sizeof(pair) / sizeof(pair[0]); i++) {
        if (!decoder->conf.nodes[pair[i]].has_public_key)
            return pair[i];
    }
    if (!decoder->keys.has_node_key)
        return NO_SELF;
    keyring_public_of_seed(decoder->keys.node_key, public_key);
    for (size_t i = 0; i < sizeof(pair) / sizeof(pair[0]); i++) {
        if (memcmp(decoder->conf.nodes[pair[i]].public_key, public_key, sizeof(public_key)) == 0)
            return pair[i];
    }
    return NO_SELF;
}

static bool make_keyring(struct decoder *decoder, int self)
{
    const struct conf *conf = &decoder->conf;
    struct keyring_config config = {
        .cluster = conf->cluster,
        .self = (uint8_t)self,
        .node_count = conf->node_count,
        .key_count = decoder->keys.cluster_count,
        .keys = (const uint8_t(*)[KEY_BYTES])decoder->keys.cluster,
        .has_node_key = conf->nodes[self].has_public_key,
    };

    if (decoder->self == self)
        return true;
    decoder->self = NO_SELF;
    if (config.has_node_key)
        memcpy(config.node_key, decoder->keys.node_key, sizeof(config.node_key));
    for (int n = 0; n < conf->node_count; n++) {
        config.nodes[n].name = conf->nodes[n].name;
        config.nodes[n].has_public_key = conf->nodes[n].has_public_key;
        memcpy(config.nodes[n].public_key, conf->nodes[n].public_key, KEY_BYTES);
    }
    if (keyring_init(&decoder->keyring, &config) == 0)
        decoder->self = self;
    sodium_memzero(&config, sizeof(config));
    return decoder->self == self;
}

/* As a receiver sees it [SPEC D4, D7]. */
static bool is_well_formed(struct decoder *decoder, const struct captured *captured,
                           const struct inspect_header *header)
{
    const struct message_in *message = &decoder->items.message;

    if (header->incarnation == 0 ||
        !inspect_items(captured->bytes, captured->length, &decoder->items))
        return false;
    for (unsigned i = 0; i < message->record_count; i++) {
        const struct record *record = &message->records[i].record;
        if (record->node == header->sender && record->incarnation != header->incarnation)
            return false;
    }
    return true;
}

static void bad(struct decoder *decoder, const char *label, const char *what)
{
    decoder->any_bad = true;
    decode_text_line(&decoder->text, label, "%s", what);
}
