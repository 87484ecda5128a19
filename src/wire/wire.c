// SPDX-License-Identifier: MIT
#include "wire/wire.h"

#include <string.h>

#include "check.h"
#include "replay.h"

static const char *const drop_names[] = {
#define X(name, text) [DROP_##name] = (text),
    DROPS(X)
#undef X
};
_Static_assert(sizeof(drop_names) / sizeof(drop_names[0]) == DROP_COUNT, "every drop has a name");

const char *drop_name(enum drop drop)
{
    CHECK(drop < DROP_COUNT);
    return drop_names[drop];
}

int wire_init(struct wire *wire, const struct keyring_config *config, uint64_t incarnation)
{
    CHECK(incarnation != 0);
    memset(wire, 0, sizeof(*wire));
    wire->incarnation = incarnation;
    for (unsigned n = 0; n < NODES_MAX; n++)
        wire->peers[n].counter = 1;
    return keyring_init(&wire->keyring, config);
}

void wire_reconfigure(struct wire *wire, const struct keyring *keyring,
                      const uint8_t node_was[static NODES_MAX])
{
    const struct wire_peer unheard = {.counter = 1};
    static const struct signed_record nothing;
    struct signed_record records[NODES_MAX];
    struct wire_peer peers[NODES_MAX];

    memcpy(records, wire->records, sizeof(records));
    memcpy(peers, wire->peers, sizeof(peers));
    for (unsigned n = 0; n < NODES_MAX; n++) {
        const bool is_new = n >= keyring->node_count || node_was[n] >= NODES_MAX;

        wire->records[n] = is_new ? nothing : records[node_was[n]];
        wire->peers[n] = is_new ? unheard : peers[node_was[n]];
    }
    /* The own record is signed anew, with the key that is in use from now on. */
    wire->records[keyring->self] = nothing;
    keyring_wipe(&wire->keyring);
    wire->keyring = *keyring;
}

void wire_wipe(struct wire *wire)
{
    keyring_wipe(&wire->keyring);
}

int wire_loss_permille(const struct wire *wire, uint8_t peer)
{
    CHECK(peer < wire->keyring.node_count);
    return replay_loss_permille(&wire->peers[peer].windows.confirmed);
}
