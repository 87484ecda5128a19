// SPDX-License-Identifier: MIT
/*
 * A peer that has the key and says anything: datagrams under good MACs, through the real ingress
 * into the real core, and what the core answers through the real egress. The input is a sequence of
 * them, each two bytes of how it is sent (enum how), its length in two bytes, and its items.
 *
 * Beside what core_guard.c knows: what comes in is what it seems to be, msgpack-c reads the same
 * from it, nothing comes in twice, and what goes out can be read and verified by others.
 */
#include <string.h>

#include <msgpack/unpack.h>
#include <sodium.h>

#include "core_guard.h"
#include "datagram.h"
#include "input.h"
#include "item.h"
#include "record.h"
#include "sealed.h"

#define STEPS_MAX 24U

static const char *const names[SEALED_NODES] = {"alpha", "beta", "gamma", "delta"};

struct peer {
    uint64_t incarnation;
    uint64_t counter;
    uint64_t challenge; /* that the node has sent about it */
    uint64_t seq;
};

struct lab {
    struct wire wires[SEALED_NODES]; /* of the peers only the keys are used */
    struct core_config config;
    struct core_guard guard;
    struct mono now;
    struct peer peers[SEALED_NODES];
    struct message_in message;
    struct datagram out[EGRESS_DATAGRAMS_MAX];
};

/* As it is before each input. */
struct pristine {
    struct wire wire;
    struct peer peers[SEALED_NODES];
    struct mono now;
    struct core_guard guard;
    uint8_t core[];
};

/*
 * Signatures that cost nothing, in place of Ed25519, by the linker's hand (CMakeLists.txt): half of
 * the time would go into them, and their mathematics is libsodium's. Whoever knows the public key
 * could forge one: the input does not.
 */
int __wrap_crypto_sign_detached(unsigned char *signature, unsigned long long *length,
                                const unsigned char *message, unsigned long long message_length,
                                const unsigned char *secret);
int __wrap_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
                                       unsigned long long length, const unsigned char *key);

int __wrap_crypto_sign_detached(unsigned char *signature, unsigned long long *length,
                                const unsigned char *message, unsigned long long message_length,
                                const unsigned char *secret)
{
    (void)length;
    /* libsodium keeps the public key in the second half of the secret one. */
    return crypto_generichash(signature, SIGNATURE_BYTES, message, message_length,
                              secret + KEY_BYTES, KEY_BYTES);
}

int __wrap_crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
                                       unsigned long long length, const unsigned char *key)
{
    unsigned char expected[SIGNATURE_BYTES];
    (void)crypto_generichash(expected, sizeof(expected), message, length, key, KEY_BYTES);
    return memcmp(signature, expected, sizeof(expected)) == 0 ? 0 : -1;
}

/* Every record that was let in can be said again, and means the same then. */
static void check_records(const struct message_in *message)
{
    MUST(message->record_count <= MESSAGE_RECORDS_MAX);
    for (uint8_t i = 0; i < message->record_count; i++) {
        uint8_t first[RECORD_MAX];
        uint8_t second[RECORD_MAX];
        struct buffer once = {first, 0, sizeof(first)};
        struct buffer twice = {second, 0, sizeof(second)};
        struct record again;
        MUST(record_encode(&message->records[i].record, &once));
        MUST(record_decode(first, once.length, &again));
        MUST(record_encode(&again, &twice));
        MUST(once.length == twice.length && memcmp(first, second, once.length) == 0);
    }
    MUST(message->ask_count <= MESSAGE_ASKS_MAX);
    MUST(message->echo_count <= MESSAGE_ECHOES_MAX);
    MUST(message->question.about_count <= MESSAGE_ABOUT_MAX);
    for (uint8_t i = 0; i < message->question.about_count; i++)
        MUST(message->question.about[i] != ID_NONE);
}

/* msgpack-c, asked only now that its allocations are bounded, reads the same items to the same end.
 * Arrays nested deeper than its own stack of 32 make it give up; the cursor needs no stack. */
static void check_against_msgpack_c(const uint8_t *items, size_t length)
{
    size_t offset = 0;
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    while (offset < length) {
        msgpack_unpack_return result =
            msgpack_unpack_next(&unpacked, (const char *)items, length, &offset);
        if (result == MSGPACK_UNPACK_NOMEM_ERROR)
            break;
        MUST(result == MSGPACK_UNPACK_SUCCESS || result == MSGPACK_UNPACK_EXTRA_BYTES);
        MUST(unpacked.data.type == MSGPACK_OBJECT_ARRAY);
    }
    msgpack_unpacked_destroy(&unpacked);
}

/* Others can read what goes out, and records that are passed on carry their author's signature. */
static void check_datagram(const struct lab *lab, const struct datagram *datagram)
{
    static struct message_in said;
    struct item_record raw[MESSAGE_RECORDS_MAX];
    const struct keyring_span items = {datagram->bytes + DATAGRAM_HEADER,
                                       datagram->length - (size_t)DATAGRAM_HEADER};
    MUST(datagram->length > DATAGRAM_HEADER && datagram->length <= DATAGRAM_MAX);
    MUST(item_decode_all(items, &said, raw));
    check_against_msgpack_c(items.bytes, items.length);
    for (uint8_t i = 0; i < said.record_count; i++) {
        const uint8_t node = core_node_index(lab->guard.core, said.records[i].record.node);
        const struct keyring_message message = {KEYRING_RECORD, raw[i].span};
        /* Of a peer that itself sent it the signature was not looked at: its next hop does. */
        if (node == SEALED_SELF)
            MUST(keyring_verify(&lab->wires[SEALED_SELF].keyring, node, &message,
                                &raw[i].signature));
        else
            MUST(node != NODE_NONE);
    }
}

static void overhear(struct lab *lab, uint8_t to)
{
    const struct message_out *out = &lab->guard.actions.out[to];
    for (uint8_t i = 0; i < out->ask_count; i++) {
        const uint8_t target = core_node_index(lab->guard.core, out->asks[i].target);
        if (target < SEALED_NODES && out->asks[i].asker == lab->config.nodes[SEALED_SELF].id)
            lab->peers[target].challenge = out->asks[i].challenge;
    }
}

static void step(struct lab *lab, struct event *event)
{
    if (lab->guard.ended)
        return;
    event->now = lab->now;
    core_guard_step(&lab->guard, event);
    for (uint8_t peer = 0; peer < SEALED_NODES; peer++) {
        if ((lab->guard.actions.send >> peer & 1) == 0)
            continue;
        overhear(lab, peer);
        const unsigned count = wire_egress(&lab->wires[SEALED_SELF], lab->guard.core, peer,
                                           &lab->guard.actions.out[peer], lab->out);
        MUST(count >= 1 && count <= EGRESS_DATAGRAMS_MAX);
        for (unsigned i = 0; i < count; i++)
            check_datagram(lab, &lab->out[i]);
    }
}

/* Time passes, and the kernel does as it is told. */
static void pass(struct lab *lab, uint64_t span_ns)
{
    const struct mono end = mono_add(lab->now, span_ns);
    for (unsigned i = 0; i < 32 && !lab->guard.ended; i++) {
        struct core_guard_vip *vip = &lab->guard.vips[0];
        if (vip->pending != PENDING_NONE) {
            struct event event = {.type = EVENT_ADDRESS,
                                  .address = {.change = (enum address_change)vip->pending}};
            vip->pending = PENDING_NONE;
            step(lab, &event);
            continue;
        }
        if (mono_before(end, core_deadline(lab->guard.core)))
            break;
        struct event event = {.type = EVENT_TIMER};
        lab->now = mono_max(lab->now, core_deadline(lab->guard.core));
        step(lab, &event);
    }
    lab->now = mono_max(lab->now, end);
}

static void open_wire(struct lab *lab, uint8_t node)
{
    uint8_t key[1][KEY_BYTES];
    struct keyring_config config;
    memset(key, 1, sizeof(key));
    memset(&config, 0, sizeof(config));
    config.cluster = "fixture";
    config.self = node;
    config.node_count = SEALED_NODES;
    config.key_count = 1;
    config.keys = (const uint8_t(*)[KEY_BYTES])key;
    for (unsigned n = 0; n < SEALED_NODES; n++)
        config.nodes[n].name = names[n];
    MUST(wire_init(&lab->wires[node], &config, SEALED_INCARNATION(node)) == 0);
}

/* The proof that the node waits for, as an honest peer gives it. */
static void put_echo(const struct lab *lab, uint8_t node, struct buffer *items)
{
    struct echo echo = {.node = lab->config.nodes[node].id,
                        .incarnation = lab->peers[node].incarnation,
                        .seq = 1,
                        .asker = lab->config.nodes[SEALED_SELF].id,
                        .challenge = lab->peers[node].challenge};
    uint8_t bytes[ITEM_ECHO_SIGNED];
    struct keyring_signature signature;
    item_echo_signed(&echo, bytes);
    const struct keyring_message message = {KEYRING_ECHO, {bytes, sizeof(bytes)}};
    keyring_sign(&lab->wires[node].keyring, &message, &signature);
    echo.key_id = signature.key_id;
    memcpy(echo.signature, signature.bytes, SIGNATURE_BYTES);
    (void)item_put_echo(items, &echo);
}

/* A record of its own, with the seq after its last one. */
static void put_record(struct lab *lab, uint8_t node, struct buffer *items)
{
    struct signed_record stored;
    struct buffer bytes = {stored.bytes, 0, sizeof(stored.bytes)};
    const struct record record = {
        .node = lab->config.nodes[node].id,
        .incarnation = lab->peers[node].incarnation,
        .seq = ++lab->peers[node].seq,
        .interval_ms = 100,
        .next_ms = 1000,
        .config = 1,
        .flags = RECORD_HEALTHY,
        .vip_count = 1,
        .vips = {{.vip = 1000, .addresses = 1, .ready = VIP_READY_YES, .priority = 90}},
    };
    MUST(record_encode(&record, &bytes));
    stored.length = (uint16_t)bytes.length;
    const struct keyring_message message = {KEYRING_RECORD, {stored.bytes, stored.length}};
    keyring_sign(&lab->wires[node].keyring, &message, &stored.signature);
    (void)item_put_record(items, &stored, 0);
}

static void seal(struct lab *lab, uint8_t from, struct datagram *datagram)
{
    const struct keyring *keyring = &lab->wires[from].keyring;
    const struct header header = {
        .cluster = keyring->cluster,
        .sender = keyring->node_id[from],
        .receiver = keyring->node_id[SEALED_SELF],
        .incarnation = lab->peers[from].incarnation,
        .counter = lab->peers[from].counter,
    };
    datagram_seal(datagram, keyring, SEALED_SELF, &header);
}

/* Everybody signs what is said in its name: then its content decides, and not the signature. */
static void sign_records(const struct lab *lab, struct datagram *datagram)
{
    static struct message_in said;
    struct item_record raw[MESSAGE_RECORDS_MAX];
    const struct keyring_span items = {datagram->bytes + DATAGRAM_HEADER,
                                       datagram->length - (size_t)DATAGRAM_HEADER};
    if (!item_decode_all(items, &said, raw))
        return;
    for (uint8_t i = 0; i < said.record_count; i++) {
        const uint8_t node = core_node_index(lab->guard.core, said.records[i].record.node);
        const size_t head = raw[i].span.length < 256 ? 2 : 3; /* of the byte string */
        const size_t at = (size_t)(raw[i].span.bytes - datagram->bytes) - head - SIGNATURE_BYTES;
        const struct keyring_message message = {KEYRING_RECORD, raw[i].span};
        struct keyring_signature signature;
        if (node == NODE_NONE)
            continue;
        keyring_sign(&lab->wires[node].keyring, &message, &signature);
        memcpy(datagram->bytes + at, signature.bytes, SIGNATURE_BYTES);
    }
}

/* Sends it, and once more. */
static void deliver(struct lab *lab, const struct datagram *datagram)
{
    struct wire *wire = &lab->wires[SEALED_SELF];
    const struct input bytes = {datagram->bytes, datagram->length};
    uint8_t *copy = input_copy(&bytes);
    const enum drop drop =
        wire_ingress(wire, lab->guard.core, copy, datagram->length, &lab->message);
    MUST(drop == DROP_NONE || drop == DROP_MALFORMED || drop == DROP_REPLAYED ||
         drop == DROP_DEAD_INCARNATION);
    if (drop == DROP_NONE) {
        struct event event = {.type = EVENT_MESSAGE, .message = &lab->message};
        check_records(&lab->message);
        check_against_msgpack_c(copy + DATAGRAM_HEADER, datagram->length - (size_t)DATAGRAM_HEADER);
        step(lab, &event);
        const enum drop again =
            wire_ingress(wire, lab->guard.core, copy, datagram->length, &lab->message);
        MUST(again == DROP_REPLAYED || again == DROP_DEAD_INCARNATION);
    }
    free(copy);
}

static void apply_how(struct lab *lab, struct peer *peer, unsigned how)
{
    if ((how & HOW_LATER) != 0)
        pass(lab, 50 * NS_PER_MS * (1 + (how >> HOW_SPAN_SHIFT & 7U)));
    if ((how & HOW_RESTARTED) != 0)
        *peer = (struct peer){.incarnation = peer->incarnation + 1, .counter = 1};
    if ((how & HOW_COUNTER_BACK) != 0)
        peer->counter -= peer->counter > 3 ? 3 : 0;
    if ((how & HOW_COUNTER_FAR) != 0)
        peer->counter += 1000;
}

static void next(struct lab *lab, struct input *input)
{
    static const uint8_t senders[] = {0, 2, 3, 0};
    const unsigned how = (unsigned)input_number(input, 2);
    const size_t length = input_number(input, 2);
    const uint8_t from = senders[how & HOW_SENDER];
    const struct input said = input_take(input, length);
    struct peer *peer = &lab->peers[from];
    struct datagram datagram;
    struct buffer items = {datagram.bytes + DATAGRAM_HEADER, 0, DATAGRAM_ITEMS_MAX};
    apply_how(lab, peer, how);
    if ((how & HOW_PROVED) != 0)
        put_echo(lab, from, &items);
    if ((how & HOW_INTRODUCED) != 0)
        put_record(lab, from, &items);
    if (lab->guard.ended || said.left > items.capacity - items.length)
        return;
    memcpy(items.bytes + items.length, said.bytes, said.left);
    datagram.length = (uint16_t)(DATAGRAM_HEADER + items.length + said.left);
    if ((how & HOW_SIGNED) != 0)
        sign_records(lab, &datagram);
    seal(lab, from, &datagram);
    peer->counter++;
    deliver(lab, &datagram);
}

/* Two of three peers have proved that they run. */
static void introduce(struct lab *lab)
{
    static const uint8_t honest[] = {0, HOW_PROVED | HOW_INTRODUCED,      0, 0,
                                     0, HOW_PROVED | HOW_INTRODUCED | 1U, 0, 0};
    struct input input = {honest, sizeof(honest)};
    pass(lab, 50 * NS_PER_MS);
    next(lab, &input);
    next(lab, &input);
    MUST(core_member_incarnation(lab->guard.core, 0) == lab->peers[0].incarnation);
    MUST(core_member_incarnation(lab->guard.core, 2) == lab->peers[2].incarnation);
}

/* Whenever the node ends, its last will can be said in one small datagram [SPEC R44]. */
static void check_will(struct lab *lab)
{
    struct record will;
    struct datagram datagram;
    core_will(lab->guard.core, &will);
    wire_will(&lab->wires[SEALED_SELF], &will, 0, &datagram);
    MUST(datagram.length <= WIRE_WILL_MAX);
    check_datagram(lab, &datagram);
}

static void open_lab(struct lab *lab)
{
    core_guard_config(SEALED_NODES, 1, &lab->config);
    lab->config.self = SEALED_SELF;
    lab->config.incarnation = SEALED_INCARNATION(SEALED_SELF);
    for (uint8_t node = 0; node < SEALED_NODES; node++) {
        open_wire(lab, node);
        lab->config.nodes[node].id = lab->wires[node].keyring.node_id[node];
        lab->peers[node] = (struct peer){.incarnation = SEALED_INCARNATION(node), .counter = 1};
    }
    lab->now.ns = NS_PER_S;
    lab->guard.core = malloc(core_size());
    MUST(lab->guard.core != NULL);
    core_guard_init(&lab->guard, lab->guard.core, &lab->config, lab->now);
    introduce(lab);
}

static struct pristine *keep(const struct lab *lab)
{
    struct pristine *pristine = malloc(sizeof(*pristine) + core_size());
    MUST(pristine != NULL);
    pristine->wire = lab->wires[SEALED_SELF];
    pristine->now = lab->now;
    pristine->guard = lab->guard;
    memcpy(pristine->peers, lab->peers, sizeof(lab->peers));
    memcpy(pristine->core, lab->guard.core, core_size());
    return pristine;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct lab *lab;
    static struct pristine *pristine;
    if (lab == NULL) {
        lab = calloc(1, sizeof(*lab));
        MUST(lab != NULL);
        open_lab(lab);
        pristine = keep(lab);
    }
    struct input input = {bytes, length};
    lab->wires[SEALED_SELF] = pristine->wire;
    lab->now = pristine->now;
    memcpy(lab->peers, pristine->peers, sizeof(lab->peers));
    memcpy(lab->guard.core, pristine->core, core_size());
    memcpy(lab->guard.vips, pristine->guard.vips, sizeof(lab->guard.vips));
    memcpy(lab->guard.members, pristine->guard.members, sizeof(lab->guard.members));
    lab->guard.record = pristine->guard.record;
    lab->guard.stopping = false;
    lab->guard.ended = false;
    for (unsigned i = 0; i < STEPS_MAX && input.left > 0; i++)
        next(lab, &input);
    check_will(lab);
    return 0;
}
