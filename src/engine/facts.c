// SPDX-License-Identifier: MIT
#include "engine/facts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/view.h"
#include "engine/text.h"

static void pack_vips(const struct facts *facts, struct pack *pack);
static void pack_nodes(const struct facts *facts, struct pack *pack);
static void pack_checks(const struct facts *facts, struct pack *pack);
static void pack_drain(const struct facts *facts, struct pack *pack);
static void pack_reload(const struct facts *facts, struct pack *pack);
/* The last one, of however many there were. */
static void pack_reload(const struct facts *facts, struct pack *pack)
{
    const bool any = facts->reload.any;
    const bool failed = any && facts->reload.failed;

    pack_map(pack, 4);
    pack_key_uint(pack, "number", facts->reload.number);
    pack_key_bool(pack, "pending", facts->reload.pending);
    pack_key_text(pack, "applied", any && !failed ? facts->reload.text : NULL);
    pack_key_text(pack, "error", failed ? facts->reload.text : NULL);
}

static void pack_swarm(const struct facts *facts, struct pack *pack)
{
    uint8_t nodes[2];

    if (!core_swarm_is_split(facts->core, facts->now, nodes)) {
        pack_key_nil(pack, "swarm_split");
        return;
    }
    pack_key(pack, "swarm_split");
    pack_array(pack, 2);
    pack_text(pack, facts->conf->nodes[nodes[0]].name);
    pack_text(pack, facts->conf->nodes[nodes[1]].name);
}

static void pack_counters(const struct facts *facts, struct pack *pack);

void facts_pack(const struct facts *facts, struct pack *pack)
{
    const struct conf *conf = facts->conf;

    pack_map(pack, 16);
    pack_key_text(pack, "version", VG_VERSION);
    pack_key_text(pack, "cluster", conf->cluster);
    pack_key_text(pack, "node", conf->nodes[facts->core_config->self].name);
    pack_key_uint(pack, "interval_ms", conf->interval_ns / NS_PER_MS);
    pack_key_uint(pack, "uptime_ms", mono_elapsed(facts->now, facts->started) / NS_PER_MS);
    pack_key_bool(pack, "starting", core_is_starting(facts->core));
    pack_key_uint(pack, "abstains_ms", (core_abstains_ns(facts->core) + NS_PER_MS - 1) / NS_PER_MS);
    pack_key_bool(pack, "mute", facts->mute);
    pack_key(pack, "vips");
    pack_vips(facts, pack);
    pack_key(pack, "nodes");
    pack_nodes(facts, pack);
    pack_key(pack, "checks");
    pack_checks(facts, pack);
    pack_key_bool(pack, "checker_lost", facts->checker_lost);
    pack_swarm(facts, pack);
    pack_key(pack, "drain");
    pack_drain(facts, pack);
    pack_key(pack, "reload");
    pack_reload(facts, pack);
    pack_key(pack, "counters");
    pack_counters(facts, pack);
}

static void pack_addresses(const struct conf_address *addresses, unsigned count, bool with_prefix,
                           struct pack *pack)
{
    char text[CONF_ADDRESS_TEXT];

    pack_key(pack, "addresses");
    pack_array(pack, count);
    for (unsigned i = 0; i < count; i++) {
        pack_text(pack, conf_address_text(&addresses[i], with_prefix, text));
    }
}

/* The names of a set of nodes. */
static void pack_key_nodes(const struct facts *facts, struct pack *pack, const char *key,
                           uint64_t set)
{
    pack_key(pack, key);
    pack_array(pack, (size_t)__builtin_popcountll(set));
    for (uint8_t n = 0; n < facts->conf->node_count; n++) {
        if ((set >> n & 1) != 0) {
            pack_text(pack, facts->conf->nodes[n].name);
        }
    }
}

static void pack_key_span(struct pack *pack, const char *key, uint64_t span_ns, uint64_t unit_ns)
{
    if (span_ns == VIEW_UNKNOWN_NS) {
        pack_key_nil(pack, key);
        return;
    }
    pack_key_uint(pack, key, span_ns / unit_ns);
}

static void pack_votes(const struct vip_view *view, struct pack *pack)
{
    pack_key(pack, "votes");
    pack_map(pack, 3);
    pack_key_uint(pack, "needed", view->votes_needed);
    pack_key_uint(pack, "granted", view->votes_granted);
    pack_key_uint(pack, "lease_ms", view->lease_ns / NS_PER_MS);
}

static void pack_conflict(const struct facts *facts, const struct vip_view *view, struct pack *pack)
{
    char mac[TEXT_MAC];

    if (!view->in_conflict) {
        pack_key_nil(pack, "conflict");
        return;
    }
    pack_key(pack, "conflict");
    pack_map(pack, 4);
    pack_key_text(pack, "mac", text_mac(view->conflict_mac, mac));
    pack_key_text(pack, "node", text_node(facts->conf, view->conflict_node));
    pack_key_uint(pack, "count", view->conflict_count);
    pack_key_uint(pack, "last_ms", view->conflict_last_ns / NS_PER_MS);
}

static const char *text_or_nil(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

/* The interface of a VIP; how that does is nobody's concern on a node that never holds it. */
static void pack_interface(const struct facts *facts, uint8_t index, struct pack *pack)
{
    const struct ipc_message *link = &facts->links[index];
    const bool is_candidate =
        (facts->conf->vips[index].candidates >> facts->core_config->self & 1) != 0;

    pack_key_text(pack, "interface", text_or_nil(link->interface));
    pack_key_text(pack, "link", is_candidate ? text_link_state(link) : NULL);
    pack_key_text(pack, "port_of", is_candidate ? text_or_nil(link->port_of) : NULL);
}

static void pack_vip(const struct facts *facts, uint8_t index, struct pack *pack)
{
    const struct conf *conf = facts->conf;
    const struct conf_vip *vip = &conf->vips[index];
    struct vip_view view;
    char mac[TEXT_MAC];

    core_view_vip(facts->core, index, facts->now, &view);
    pack_map(pack, 24);
    pack_key_text(pack, "name", vip->name);
    pack_addresses(&conf->addresses[vip->address_first], vip->address_count, true, pack);
    pack_interface(facts, index, pack);
    pack_key_text(pack, "mode", vip->mode == CONF_QUORUM ? "quorum" : "available");
    pack_key_text(pack, "state", vip_state_name(view.state));
    pack_key_text(pack, "holder", text_node(conf, view.holder));
    pack_key_nodes(facts, pack, "holders", view.holders);
    pack_key_nodes(facts, pack, "faults", view.faults);
    pack_key_text(pack, "next", text_node(conf, view.next));
    pack_key_uint(pack, "since_ms", view.since_ns / NS_PER_MS);
    pack_key_text(pack, "reason", reason_text(view.reason));
    pack_key_text(pack, "error", view.error != 0 ? text_error(view.error) : NULL);
    pack_key_bool(pack, "in_kernel", view.in_kernel);
    pack_votes(&view, pack);
    if (vip->mode == CONF_QUORUM) {
        pack_key_bool(pack, "sees_majority", view.sees_majority);
    } else {
        pack_key_nil(pack, "sees_majority");
    }
    pack_key_uint(pack, "tier", view.tier);
    pack_key_uint(pack, "foreign_removals", view.foreign_removals);
    pack_key_text(pack, "answered_by", view.answered ? text_mac(view.answered_mac, mac) : NULL);
    pack_key_nodes(facts, pack, "verified_by", view.verified);
    pack_key_nodes(facts, pack, "unverified_by", view.unverified);
    pack_key_span(pack, "verified_ms", view.verified_ns, NS_PER_MS);
    pack_conflict(facts, &view, pack);
}

static void pack_vips(const struct facts *facts, struct pack *pack)
{
    pack_array(pack, facts->conf->vip_count);
    for (uint8_t v = 0; v < facts->conf->vip_count; v++) {
        pack_vip(facts, v, pack);
    }
}

static void pack_vip_names(const struct facts *facts, uint32_t vips, struct pack *pack)
{
    pack_array(pack, (size_t)__builtin_popcount(vips));
    for (uint8_t v = 0; v < facts->conf->vip_count; v++) {
        if ((vips >> v & 1) != 0) {
            pack_text(pack, facts->conf->vips[v].name);
        }
    }
}

/* Index of the configured VIP with that id, or -1: a node whose file differs may name others. */
static int vip_index(const struct facts *facts, uint32_t id)
{
    for (int v = 0; v < facts->core_config->vip_count; v++) {
        if (facts->core_config->vips[v].id == id) {
            return v;
        }
    }
    return -1;
}

static size_t known_vips(const struct facts *facts, const struct record *record)
{
    size_t count = 0;

    for (unsigned i = 0; record != NULL && i < record->vip_count; i++) {
        count += vip_index(facts, record->vips[i].vip) >= 0 ? 1 : 0;
    }
    return count;
}

static void pack_priorities(const struct facts *facts, const struct record *record,
                            struct pack *pack)
{
    pack_key(pack, "effective_priority");
    pack_map(pack, known_vips(facts, record));
    for (unsigned i = 0; record != NULL && i < record->vip_count; i++) {
        int v = vip_index(facts, record->vips[i].vip);

        if (v >= 0) {
            pack_key_uint(pack, facts->conf->vips[v].name, record->vips[i].priority);
        }
    }
}

static void pack_elects(const struct facts *facts, const struct record *record, struct pack *pack)
{
    pack_key(pack, "elects");
    pack_map(pack, known_vips(facts, record));
    for (unsigned i = 0; record != NULL && i < record->vip_count; i++) {
        int v = vip_index(facts, record->vips[i].vip);

        if (v >= 0) {
            uint8_t elected = core_node_index(facts->core, record->vips[i].elects);

            pack_key_text(pack, facts->conf->vips[v].name, text_node(facts->conf, elected));
        }
    }
}

/* Names of the VIPs that a node is drained for, beside its flag for all of them. */
static void pack_drained_vips(const struct facts *facts, const struct record *record,
                              struct pack *pack)
{
    uint32_t vips = 0;

    for (unsigned i = 0; record != NULL && i < record->vip_count; i++) {
        int v = vip_index(facts, record->vips[i].vip);

        if (v >= 0 && record->vips[i].drained != 0) {
            vips |= UINT32_C(1) << v;
        }
    }
    pack_key(pack, "drained_vips");
    pack_vip_names(facts, vips, pack);
}

/* The VIPs for which that node is unhealthy although it is healthy as such. */
static void pack_unhealthy_vips(const struct facts *facts, const struct record *record,
                                struct pack *pack)
{
    uint32_t vips = 0;

    for (unsigned i = 0; record != NULL && i < record->vip_count; i++) {
        int v = vip_index(facts, record->vips[i].vip);

        if (v >= 0 && record->vips[i].unhealthy != 0) {
            vips |= UINT32_C(1) << v;
        }
    }
    pack_key(pack, "unhealthy_vips");
    pack_vip_names(facts, vips, pack);
}

static void pack_key_flag(struct pack *pack, const char *key, const struct record *record,
                          enum record_flag flag)
{
    if (record == NULL) {
        pack_key_nil(pack, key);
        return;
    }
    pack_key_bool(pack, key, (record->flags & flag) != 0);
}

static void pack_path(const struct facts *facts, const struct node_view *view, struct pack *pack)
{
    bool reached = view->state == MEMBER_ALIVE || view->state == MEMBER_SUSPECT;
    char text[CONF_NAME_MAX + 32];

    if (reached && view->direct) {
        pack_key_text(pack, "path", "direct");
    } else if (reached && view->via != NODE_NONE) {
        (void)snprintf(text, sizeof text, "relayed via %s", text_node(facts->conf, view->via));
        pack_key_text(pack, "path", text);
    } else {
        pack_key_text(pack, "path", "none");
    }
}

/* What is measured between this node and another one; of itself it measures nothing. */
static void pack_link(const struct facts *facts, uint8_t index, const struct node_view *view,
                      struct pack *pack)
{
    int loss_permille = wire_loss_permille(facts->wire, index);

    if (index == facts->core_config->self) {
        pack_key_nil(pack, "last_heard_ms");
        pack_key_nil(pack, "rtt_us");
        pack_key_nil(pack, "loss_percent");
        pack_key_nil(pack, "path");
        pack_key_nil(pack, "hears_me");
        return;
    }
    pack_key_span(pack, "last_heard_ms", view->last_heard_ns, NS_PER_MS);
    pack_key_span(pack, "rtt_us", view->rtt_ns, 1000);
    if (loss_permille < 0) {
        pack_key_nil(pack, "loss_percent");
    } else {
        pack_key_double(pack, "loss_percent", loss_permille / 10.0);
    }
    pack_path(facts, view, pack);
    if (view->record == NULL) {
        pack_key_nil(pack, "hears_me");
    } else {
        pack_key_bool(pack, "hears_me", view->hears_me);
    }
}

static const char *config_text(const struct node_view *view)
{
    if (view->record == NULL) {
        return NULL;
    }
    return view->config_same ? "same" : "differs";
}

/* What it is in its Docker Swarm, and whose word that is: the newest one. */
static void pack_availability(const struct facts *facts, const struct node_view *view,
                              struct pack *pack)
{
    const bool is_known =
        view->record != NULL && view->record->swarm.availability != AVAILABILITY_UNKNOWN;

    pack_key_text(pack, "availability",
                  is_known ? availability_name(view->record->swarm.availability) : NULL);
    pack_key_text(pack, "availability_by",
                  is_known ? text_node(facts->conf, view->swarm_by) : NULL);
}

static void pack_node(const struct facts *facts, uint8_t index, struct pack *pack)
{
    const struct conf_node *node = &facts->conf->nodes[index];
    struct node_view view;

    core_view_node(facts->core, index, facts->now, &view);
    pack_map(pack, 22);
    pack_key_text(pack, "name", node->name);
    pack_addresses(node->addresses, node->address_count, false, pack);
    pack_key_bool(pack, "witness", node->witness);
    pack_key_bool(pack, "self", index == facts->core_config->self);
    pack_key_text(pack, "state", member_state_name(view.state));
    pack_key_bool(pack, "crashed", view.crashed);
    pack_key_uint(pack, "priority", node->priority);
    pack_priorities(facts, view.record, pack);
    pack_key_flag(pack, "healthy", view.record, RECORD_HEALTHY);
    pack_key_flag(pack, "drained", view.record, RECORD_DRAINED);
    pack_drained_vips(facts, view.record, pack);
    pack_availability(facts, &view, pack);
    pack_link(facts, index, &view, pack);
    pack_key_text(pack, "config", config_text(&view));
    pack_elects(facts, view.record, pack);
    pack_key_uint(pack, "mac_failures", facts->wire->peers[index].mac_failures);
    pack_unhealthy_vips(facts, view.record, pack);
}

static void pack_nodes(const struct facts *facts, struct pack *pack)
{
    pack_array(pack, facts->conf->node_count);
    for (uint8_t n = 0; n < facts->conf->node_count; n++) {
        pack_node(facts, n, pack);
    }
}

/* The VIPs that a check is for; none named: all. */
static void pack_check_vips(const struct facts *facts, const struct conf_check *check,
                            struct pack *pack)
{
    pack_key(pack, "vips");
    pack_vip_names(facts, check->vips, pack);
}

static void pack_check(const struct facts *facts, uint8_t index, struct pack *pack)
{
    const struct conf_check *check = &facts->conf->checks[index];
    const struct checker_note *note = &facts->checks[index];
    struct check_view view;

    core_view_check(facts->core, index, facts->now, &view);
    pack_map(pack, 11);
    pack_key_text(pack, "name", check->name);
    pack_key_text(pack, "kind", conf_check_kind_name((enum conf_check_kind)check->kind));
    if (view.state == CHECK_UNKNOWN) {
        pack_key_nil(pack, "ok");
    } else {
        pack_key_bool(pack, "ok", view.state == CHECK_OK);
    }
    pack_key_text(pack, "detail", note->heard ? note->detail : NULL);
    pack_key_uint(pack, "since_ms", view.since_ns / NS_PER_MS);
    pack_key_span(pack, "heard_ms",
                  note->heard ? mono_elapsed(facts->now, note->heard_at) : VIEW_UNKNOWN_NS,
                  NS_PER_MS);
    pack_key_uint(pack, "streak", view.streak);
    pack_key_uint(pack, "interval_ms", check->interval_ns / NS_PER_MS);
    pack_key_uint(pack, "timeout_ms", check->timeout_ns / NS_PER_MS);
    pack_key_int(pack, "weight", check->weight);
    pack_check_vips(facts, check, pack);
}

static void pack_checks(const struct facts *facts, struct pack *pack)
{
    pack_array(pack, facts->conf->check_count);
    for (uint8_t c = 0; c < facts->conf->check_count; c++) {
        pack_check(facts, c, pack);
    }
}

static const char *why_not_kept(int error)
{
    return error == ETIMEDOUT ? "the disk has not answered in time" : text_error(error);
}

/* What an operator has told this node, which is its own record too once the core runs. */
static void pack_drain(const struct facts *facts, struct pack *pack)
{
    bool failed = facts->drain_error != 0;

    pack_map(pack, 4);
    pack_key_bool(pack, "node", facts->drained);
    pack_key(pack, "vips");
    pack_vip_names(facts, facts->drained_vips, pack);
    if (facts->drain_pending) {
        pack_key_nil(pack, "kept");
    } else {
        pack_key_bool(pack, "kept", !failed);
    }
    pack_key_text(pack, "error", failed ? why_not_kept(facts->drain_error) : NULL);
}

static void pack_counters(const struct facts *facts, struct pack *pack)
{
    const struct core_counters *core = core_counters(facts->core);
    const struct udp_counters *udp = facts->udp;

    pack_map(pack, 12);
    pack_key_uint(pack, "received", udp->received);
    pack_key_uint(pack, "receive_errors", udp->receive_errors);
    pack_key_uint(pack, "sent", udp->sent);
    pack_key_uint(pack, "send_errors", udp->send_errors);
    pack_key_uint(pack, "takeovers", core->takeovers);
    pack_key_uint(pack, "handovers", core->handovers);
    pack_key_uint(pack, "suspicions", core->suspicions);
    pack_key_uint(pack, "deaths", core->deaths);
    pack_key_uint(pack, "lateness_max_us", core->lateness_max_ns / 1000);
    pack_key_uint(pack, "stalls", core->stalls);
    pack_key_uint(pack, "conflicts", core->conflicts);
    pack_key(pack, "drops");
    pack_map(pack, DROP_COUNT - 1);
    for (unsigned d = DROP_NONE + 1; d < DROP_COUNT; d++) {
        pack_key_uint(pack, drop_name((enum drop)d), facts->wire->drops[d]);
    }
}
