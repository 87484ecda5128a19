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

void wire_wipe(struct wire *wire)
{
    keyring_wipe(&wire->keyring);
}

int wire_loss_permille(const struct wire *wire, uint8_t peer)
{
    CHECK(peer < wire->keyring.node_count);
    return replay_loss_permille(&wire->peers[peer].windows.confirmed);
}
