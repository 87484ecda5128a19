// SPDX-License-Identifier: MIT
/*
 * facts: what this node knows, as the map that docs/STATUS.md lists. Facts only: what is good or
 * bad about them is the tool's to say.
 */
#ifndef ENGINE_FACTS_H
#define ENGINE_FACTS_H

#include "conf/conf.h"
#include "core/core.h"
#include "engine/checker_link.h"
#include "engine/pack.h"
#include "engine/udp.h"
#include "ipc/ipc.h"
#include "wire/wire.h"

struct facts {
    const struct conf *conf;
    const struct ipc_message *links; /* IPC_LINK of each VIP, as it was told last */
    const struct core_config *core_config;
    const struct core *core;
    const struct wire *wire;
    const struct udp_counters *udp;
    const struct checker_note *checks; /* of each check */
    bool checker_lost;
    bool mute;             /* the last heartbeat could be sent to nobody */
    bool drained;          /* this node, by an operator */
    uint32_t drained_vips; /* bit per VIP */
    bool drain_pending;    /* whether it is kept for the next start is not known yet */
    struct {
        uint64_t number; /* of requests that the last verdict answers */
        bool pending;
        bool any;    /* verdict */
        bool failed; /* the last one */
        const char *text;
    } reload;
    int drain_error; /* errno of why it is not, 0: it is */
    struct mono started;
    struct mono now;
};

/* Writes one map. */
void facts_pack(const struct facts *facts, struct pack *pack);

#endif
