# SPDX-License-Identifier: MIT
"""The mutants: name -> file below src/ -> what is replaced there by what. Each text has to be there
exactly once."""

MUTANTS = {
    "rounds counted by time instead of sent": {"core/suspicion.c": [(
        "    ask_round(core, node);\n    uint64_t interval_ns = membership_interval(member);\n",
        "    ask_round(core, node);\n    uint64_t interval_ns = membership_interval(member);\n"
        "    suspicion->rounds = (uint8_t)(1 + mono_elapsed(core->now, suspicion->started) /\n"
        "                                          timing_spacing(interval_ns));\n"
        "    suspicion->rounds = suspicion->rounds > ROUNDS ? ROUNDS : suspicion->rounds;\n")]},
    "one round is enough": {"core/suspicion.c": [(
        "    if (suspicion->rounds == ROUNDS) {\n        suspicion->kind",
        "    if (suspicion->rounds == 1) {\n        suspicion->kind")]},
    "a holder is dead before its deadline": {"core/suspicion.c": [(
        "        suspicion->next = mono_max(suspicion->next, earliest_verdict(core, node));",
        "        (void)earliest_verdict;")]},
    "a closed port shortens the questions": {"core/suspicion.c": [(
        "    if (suspicion->rounds == ROUNDS) {\n        suspicion->kind",
        "    bool hint = suspicion->kind == SUSPICION_HINT;\n"
        "    if (suspicion->rounds == (hint ? 4 : ROUNDS)) {\n        suspicion->kind")]},
    "a reload forgets who is there": {"core/reload.c": [(
        "        if (reload->node_was[node] == CORE_NEW) {\n            membership_init_node",
        "        if (node != core->config.self) {\n            membership_init_node")]},
    "only the suspect itself is asked": {"core/suspicion.c": [(
        "    if (member->suspicion.rounds == 1) {", "    if (member->suspicion.rounds >= 1) {")]},
    "only who is heard is asked about others": {"core/suspicion.c": [(
        "    ask_unheard(core, node, unheard);\n",
        "    (void)ask_unheard;\n    (void)unheard;\n")]},
    "the wire is asked once for a holder": {"core/verify.c": [(
        "        verify->next = mono_add(core->now, ANSWER_NS);",
        "        verify->next = MONO_NEVER;")]},
    "rivals are not introduced": {"core/membership.c": [(
        "    rivals_introduce(core, node, peer == node, news);\n", "")]},
    "no vacancy": {"core/suspicion.c": [(
        "        if (arbiter->elected != node || arbiter->vacant_since.ns == MONO_NEVER.ns) {",
        "        if (node != NODE_NONE) {")]},
    "standbys are not linked": {"core/suspicion.c": [(
        "        for (uint8_t i = 0; i < 2; i++) {\n"
        "            uint8_t standby = election_best(core, vip, excluded);",
        "        for (uint8_t i = 2; i < 2; i++) {\n"
        "            uint8_t standby = election_best(core, vip, excluded);")]},
    "a relayed record without its age": {"core/membership.c": [(
        "mono_max(member->heard, mono_sub(core->now, carried->age_ns));",
        "mono_max(member->heard, core->now);")]},
    "an incarnation without an echo": {"core/membership.c": [(
        "        start_unconfirmed(core, node);\n"
        "        member->doubted = peer == node && membership_is_live(core, node);\n"
        "        incarnation_ask(core, node, peer);\n        return;",
        "        start_unconfirmed(core, node);\n"
        "        incarnation_ask(core, node, peer);\n"
        "        incarnation_take_echo(core, &(struct echo){.node = record->node,\n"
        "            .incarnation = record->incarnation, .seq = record->seq,\n"
        "            .asker = core->config.nodes[core->config.self].id,\n"
        "            .challenge = member->challenge}, peer);")]},
    "any challenge will do": {"core/incarnation.c": [(
        "           core->members[node].challenge == echo->challenge &&\n", "")]},
    "seq is not compared": {
        "core/membership.c": [("    if (record->seq <= member->seq) {",
                               "    if (record->seq == member->seq) {")],
        "wire/ingress.c": [("record->seq <= core_member_seq(arrival->core, node)",
                            "record->seq == core_member_seq(arrival->core, node)")]},
    "leaving is ignored": {"core/membership.c": [(
        "    if ((record->flags & RECORD_LEAVING) != 0) {",
        "    if ((record->flags & RECORD_LEAVING) > 255) {")]},
    "a relay forgets to pass on": {"core/gossip.c": [(
        "    if (node != peer && node != core->config.self && membership_is_live(core, node)) {",
        "    if (node == NODE_NONE && membership_is_live(core, node)) {")]},
    "nobody is named as not heard": {"core/gossip.c": [(
        "        if (membership_is_live(core, node) == live &&\n"
        "            membership_is_unheard(core, node, core->judged)) {",
        "        if (node == NODE_NONE && live) {")]},
    "the deadline is never moved": {"core/gossip.c": [(
        "        if (wanted && !majority_decides(core, vip) && !membership_is_missed(core)) {",
        "        if (wanted && core->random_key[0] == 0) {")]},
    "the deadline is too long": {"core/arbiter.c": [(
        ": mono_add(core->now, timing_detection(core->config.interval_ns));",
        ": mono_add(core->now, 4 * timing_detection(core->config.interval_ns));")]},
    "a change is told with the next beat only": {"core/gossip.c": [(
        "    if (before->flags != now->flags || before->next_ms != now->next_ms) {\n"
        "        return true;\n    }",
        "    if (now->vip_count < VIPS_MAX) {\n        return false;\n    }")]},
    "no hello": {"core/start.c": [(
        "    if (all_were_heard(core, core->phase_started)) {\n        serve(core);",
        "    if (core->phase == PHASE_HELLO) {\n        serve(core);")]},
    "hello listens and asks nobody": {"core/start.c": [(
        "        gossip_question(core, node, NODE_NONE);\n        if (again) {",
        "        if (node != NODE_NONE) {\n            continue;\n        }\n"
        "        if (again) {")]},
    "hello ends after one round": {"core/start.c": [(
        "        if (mono_reached(core->now, core->phase_until)) {\n            serve(core);",
        "        if (core->phase == PHASE_HELLO) {\n            serve(core);"),
        ("    if (core->phase_rounds == ROUNDS) {\n        if (",
         "    if (core->phase_rounds >= 1) {\n        if (")]},
    "a release is ignored": {"core/election.c": [(
        "            (entry->state != VIP_HOLDING && entry->state != VIP_RELEASING)) {",
        "            (entry->state != VIP_HOLDING && entry->state != VIP_RELEASING &&\n"
        "             (entry->released_to == ID_NONE || node == core->config.self))) {")]},
    "the claimant does not wait": {"core/claim.c": [(
        "    if (holder != NODE_NONE) {\n        ask_holder(core, vip, holder);\n        return;",
        "    if (holder != NODE_NONE) {\n        ask_holder(core, vip, holder);")]},
    "another claimant is not waited for": {"core/claim.c": [(
        "    return claimants == 0 ? NODE_NONE : (uint8_t)__builtin_ctzll(claimants);",
        "    return claimants == core->now.ns ? 0 : NODE_NONE;")]},
    "released before the kernel has": {"core/arbiter.c": [(
        "    arbiter_take_away(core, vip);\n"
        "    arbiter_set_state(core, vip, VIP_RELEASING, reason);",
        "    arbiter_take_away(core, vip);\n"
        "    arbiter->removing = false;\n    arbiter->in_kernel = false;\n"
        "    arbiter_set_state(core, vip, VIP_STANDBY, reason);")]},
    "the election takes who came first": {"core/election.c": [(
        "        if (best == NODE_NONE || election_prefers(core, vip, node, best)) {",
        "        if (best == NODE_NONE) {")]},
    "the tier is ignored": {"core/election.c": [(
        "    if (tier_a != tier_b) {", "    if (tier_a > 2) {")]},
    "preempt is ignored": {"core/election.c": [(
        "    if ((!config->preempt || tier_a != TIER_HEALTHY) && has_a != has_b) {",
        "    if (tier_a != TIER_HEALTHY && has_a != has_b) {")]},
    "the priority is turned round": {"core/election.c": [(
        "        return entry_a->priority > entry_b->priority;",
        "        return entry_a->priority < entry_b->priority;")]},
    "preempt_delay is ignored": {"core/start.c": [(
        "    arbiter->ready_at = mono_add(core->now, core->config.vips[vip].preempt_delay_ns);",
        "    arbiter->ready_at = core->now;")]},
    "the lower of two holders stays": {"core/rivals.c": [(
        "            election_prefers(core, vip, node, self)) {",
        "            election_prefers(core, vip, node, self) && node == self) {")]},
    "no announcement after a rival": {"core/rivals.c": [(
        "    if (news) {\n        announce_again",
        "    if (news && arbiter->state == VIP_STANDBY) {\n        announce_again")]},
    "a deaf rival is endured": {"core/rivals.c": [(
        "        arbiter->deaf = unheard;\n        arbiter_release(core, vip, NODE_NONE, "
        "REASON_NOT_HEARD);", "        arbiter->deaf = unheard;")]},
    "the own deadline is not looked at": {"core/kernel.c": [(
        "    if (arbiter->state == VIP_HOLDING && mono_reached(core->now, arbiter->until)) {",
        "    if (arbiter->state == VIP_FAULT && mono_reached(core->now, arbiter->until)) {")]},
    "an address that is told of too late is held": {"core/kernel.c": [(
        "    if (first && mono_reached(core->now, arbiter->until)) {",
        "    if (first && mono_reached(core->started_at, core->now)) {")]},
    "a fault is for ever": {"core/arbiter.c": [(
        "    if (arbiter->state == VIP_FAULT && !arbiter->removing && !arbiter->in_kernel &&",
        "    if (arbiter->state == VIP_STANDBY && !arbiter->removing && !arbiter->in_kernel &&")]},
    "an address put back gets a new deadline": {"core/arbiter.c": [(
        "    action->address.until = core->arbiters[vip].until;",
        "    action->address.until = mono_add(core->now, "
        "timing_detection(core->config.interval_ns));\n"
        "    core->arbiters[vip].until = action->address.until;")]},
    "a rival out of sight is forgotten": {"core/rivals.c": [(
        "        released |= entry->released_to != ID_NONE ? BIT(node) : 0;",
        "        released |= entry->released_to != ID_NONE ? 0 : 0;")]},
    "what another program removed stays away": {"core/kernel.c": [(
        "    arbiter_put_back(core, vip);\n    arbiter->adding = true;",
        "    arbiter_order(core, vip, ACTION_ANNOUNCE);\n    arbiter->adding = true;")]},
    "wire: no replay window": {"wire/replay.c": [(
        "    if (counter > window->newest)\n        return true;\n    uint64_t age",
        "    if (counter != 0)\n        return true;\n    uint64_t age")]},
    "wire: the MAC is not looked at": {"wire/ingress.c": [(
        "    if (keyring_mac_is_good(", "    if (true || keyring_mac_is_good(")]},
    "wire: the receiver is not looked at": {
        "wire/ingress.c": [(
            "    return arrival->header.receiver == self ? DROP_NONE : DROP_RECEIVER;",
            "    return DROP_NONE;")],
        "wire/keyring.c": [(
            "    bool a_first = memcmp(a, b, KEY_BYTES) < 0;",
            "    static const uint8_t same[KEY_BYTES];\n"
            "    shared = a = b = same;\n"
            "    bool a_first = memcmp(a, b, KEY_BYTES) < 0;")]},
    "wire: a relayed record without its age": {"wire/egress.c": [(
        "    if (put_record(packing, record, age_ns))",
        "    age_ns = 0;\n    if (put_record(packing, record, age_ns))")]},
    "wire: nothing is relayed": {"wire/egress.c": [(
        "        if (record->incarnation != 0 &&\n",
        "        if (record->incarnation == 0 &&\n")]},
}

# Of mode quorum: M1 to M5, M7 and M10 are those of a prototype; caught with --mode quorum.
QUORUM = {
    "M1: a grant counts from its receipt": {"core/majority.c": [(
        "        voters_grant(core, lease, ballot);",
        "        lease_grant(lease, voter, core->claim_now);")]},
    "M2: a restarted voter does not abstain": {"core/voter.c": [(
        "    core->abstain_until = mono_add(core->vote_now, core->config.abstain_ns);",
        "    core->abstain_until = core->vote_now;")]},
    "M3: a vote counts as often as it comes": {"core/lease.c": [(
        "    lease->granted[voter] = mono_max(lease->granted[voter], sent);",
        "    voter -= voter > 0 && lease->granted[voter].ns != 0 ? 1 : 0;\n"
        "    lease->granted[voter] = mono_max(lease->granted[voter], sent);")]},
    "M4: claims and releases in any order": {
        "core/lease.c": [
            ("        promise->seq > release->seq) {", "        promise->seq == 0) {"),
            ("(!same || claim->seq < promise->seq)", "!same")],
        "core/membership.c": [("    if (record->seq <= member->seq) {",
                               "    if (record->seq == member->seq) {")],
        "wire/ingress.c": [("record->seq <= core_member_seq(arrival->core, node)",
                            "record->seq == core_member_seq(arrival->core, node)")]},
    "M5: grants count though it was released since": {"core/lease.c": [
        ("    __builtin_memset(lease->granted, 0, sizeof lease->granted);\n", ""),
        ("    lease->first_seq = first_seq;", "    lease->first_seq = first_seq > 1 ? 1 : 0;")]},
    "M7: neither drift nor removal": {
        "core/lease.c": [(
            "    return lease_ns / DRIFT_DENOMINATOR * DRIFT_NUMERATOR - lease_removal(lease_ns);",
            "    return lease_ns;")],
        "core/majority.c": [("#define SLEW_NUMERATOR   89U", "#define SLEW_NUMERATOR   100U"),
                            ("    return lease_removal(core->config.vips[vip].lease_ns) / 2;",
                             "    return core->now.ns == vip ? 1 : 0;")]},
    "M10: the keeper is given too much time": {"core/majority.c": [(
        "    return mono_add(core->now, left_ns / SLEW_DENOMINATOR * SLEW_NUMERATOR);",
        "    return mono_add(core->now, left_ns * 2);")]},
    "a voter promises to everybody": {"core/lease.c": [(
        "    if (lease_is_promised(promise, vote_now) &&", "    if (false &&")]},
    "a fault is told while the address may be there": {"core/arbiter.c": [(
        "    if (arbiter->state != VIP_FAULT || !arbiter_may_hold(core, vip)) {",
        "    if (arbiter->state < VIP_STATE_COUNT) {")]},
    "released though the kernel has not": {"core/kernel.c": [(
        "    arbiter->removing = false;\n    arbiter->in_kernel = true;\n"
        "    arbiter->error = error;",
        "    removed(core, vip);\n    return;")]},
    "a vote less than a majority is enough": {"core/lease.c": [(
        "    return nth_newest(lease->granted, voters, LEASE_MAJORITY(voters));",
        "    return nth_newest(lease->granted, voters, LEASE_MAJORITY(voters) - 1U);")]},
    "one clock is believed": {"core/majority.c": [
        ("span_ns > raw_ns ? span_ns : raw_ns", "span_ns"),
        ("span_ns < raw_ns ? span_ns : raw_ns", "span_ns")]},
    "who asks in vain asks on": {"core/majority.c": [(
        "    if (lease->rounds == ROUNDS) {", "    if (lease->rounds == 255) {")]},
    "nobody asks again": {"core/majority.c": [(
        "    if (!is_answered(core, vip) && mono_reached(", "    if (false && mono_reached(")]},
}

# Of the change of voters; caught by test/unit/core_voters.c.
VOTERS = {
    "a change is done as soon as it is begun": {"core/voters.c": [(
        "    if (!voters->changing || !voters_are_enough(core, voters->adopted)) {",
        "    if (!voters->changing) {")]},
    "the next change waits for nothing": {"core/voters.c": [
        ("        return hash == core->voters.former_hash ? VOTERS_ALLOWED : VOTERS_CHANGING;",
         "        return VOTERS_ALLOWED;"),
        ("    ASSERT(!before->changing || voters->hash == before->former_hash);\n", "")]},
}
