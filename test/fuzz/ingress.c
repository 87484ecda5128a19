// SPDX-License-Identifier: MIT
/*
 * Whatever bytes come from the network, ingress neither crashes nor reads beyond them, and what it
 * drops changes nothing but counters. The input is one datagram. Without a key nobody gets beyond
 * the MAC; what lies behind it is the work of sealed.c.
 */
#include <string.h>

#include "input.h"
#include "wire_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    /* Keys take milliseconds; every input begins with the same pristine host. */
    static struct fixture *fixture;
    static struct wire *pristine;
    if (fixture == NULL) {
        fixture = fixture_new();
        pristine = malloc(sizeof(*pristine));
        MUST(pristine != NULL);
        *pristine = fixture->hosts[BETA].wire;
    }
    struct host *beta = &fixture->hosts[BETA];
    struct message_in message;
    const enum drop drop = wire_ingress(&beta->wire, &beta->core, bytes, length, &message);
    MUST(drop < DROP_COUNT && drop_name(drop) != NULL);
    if (drop == DROP_NONE) {
        beta->wire = *pristine;
        return 0;
    }
    /* Counted once, and nothing else was touched. */
    MUST(beta->wire.received == 1 && beta->wire.drops[drop] == 1);
    beta->wire.received = 0;
    beta->wire.drops[drop] = 0;
    for (uint8_t peer = 0; drop == DROP_MAC && peer < FIXTURE_NODES; peer++)
        beta->wire.peers[peer].mac_failures = 0;
    MUST(memcmp(&beta->wire, pristine, sizeof(*pristine)) == 0);
    return 0;
}
