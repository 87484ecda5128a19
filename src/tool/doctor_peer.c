// SPDX-License-Identifier: MIT
/*
 * Of the doctor: the peers, as the daemon hears them and as a datagram to their port finds them;
 * and who else uses the VIPs.
 */
#include "doctor.h"
#include "facts.h"
#include "tool/duration.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define LOSS_WORTH_A_WORD 5.0 /* percent */
#define NAMES_BYTES       256

static void first_address(const struct doctor *doctor, const char *name,
                          char text[static CONF_ADDRESS_TEXT])
{
    const int index = conf_node_index(&doctor->conf, name);

    (void)snprintf(text, CONF_ADDRESS_TEXT, "%s", name);
    if (index >= 0)
        (void)conf_address_text(&doctor->conf.nodes[index].addresses[0], false, text);
}

static void say_dead(const struct doctor *doctor, const json_t *node, struct doctor_line *line)
{
    const char *name = facts_text_or(node, "name", "?");
    const int64_t heard_ms = facts_number(node, "last_heard_ms");
    const int64_t forged = facts_number(node, "mac_failures");
    char address[CONF_ADDRESS_TEXT];

    first_address(doctor, name, address);
    if (forged > 0) {
        doctor_say(line, DOCTOR_FAIL, "%s sends what another key has signed", name);
        doctor_remedy(line,
                      "Make key_file the same here and there ('sha256sum' of both), then type "
                      "'vipgossip reload' on the one that changed");
        return;
    }
    if (heard_ms < 0)
        doctor_say(line, DOCTOR_WARN, "%s was never heard", name);
    else
        doctor_say(line, DOCTOR_WARN, "%s was last heard %s ago", name,
                   duration_from_ms(heard_ms).text);
    doctor_remedy(line,
                  "Type 'vipgossip doctor' on %s: vipgossipd has to run there, and UDP port %u has "
                  "to pass both ways between it and %s",
                  name, (unsigned)doctor->conf.port, address);
}

/* Which direction fails: a record that came through others says whether its node hears this one. */
static void say_half_heard(const struct doctor *doctor, const json_t *node, bool we_hear,
                           struct doctor_line *line)
{
    const char *name = facts_text_or(node, "name", "?");
    const bool hears_us = facts_is_true(node, "hears_me");
    const unsigned port = doctor->conf.port;
    char address[CONF_ADDRESS_TEXT];

    first_address(doctor, name, address);
    if (we_hear) {
        doctor_say(line, DOCTOR_FAIL,
                   "%s does not hear this node directly, though it is heard: UDP port %u is "
                   "blocked from here to %s",
                   name, port, address);
        doctor_remedy(line,
                      "Let UDP port %u in on %s ('nft list ruleset', security group) and out here",
                      port, name);
    } else if (hears_us) {
        doctor_say(line, DOCTOR_FAIL,
                   "%s hears this node, but is not heard directly: UDP port %u is blocked from %s "
                   "to here",
                   name, port, address);
        doctor_remedy(line,
                      "Let UDP port %u in on this host ('nft list ruleset', security group) and "
                      "out on %s",
                      port, name);
    } else {
        doctor_say(line, DOCTOR_FAIL,
                   "%s and this node know each other through others only: UDP port %u is blocked "
                   "in both directions",
                   name, port);
        doctor_remedy(line, "Let UDP port %u pass on both hosts and on the network between them",
                      port);
    }
}

static void look_at_peer(const struct doctor *doctor, const json_t *node, struct doctor_line *line)
{
    const char *name = facts_text_or(node, "name", "?");
    const char *path = facts_text_or(node, "path", "none");
    const json_t *loss = json_object_get(node, "loss_percent");

    if (facts_is(node, "state", "left")) {
        doctor_say(line, DOCTOR_OK, "%s was stopped in order", name);
    } else if (!facts_is(node, "state", "alive")) {
        say_dead(doctor, node, line);
    } else if (strcmp(path, "direct") != 0 || facts_is_false(node, "hears_me")) {
        say_half_heard(doctor, node, strcmp(path, "direct") == 0, line);
    } else if (json_is_number(loss) && json_number_value(loss) > LOSS_WORTH_A_WORD) {
        doctor_say(line, DOCTOR_WARN, "of the datagrams of %s %.0f %% are lost", name,
                   json_number_value(loss));
        doctor_remedy(line, "Look at the link: 'ip -s link' here and there, 'ping -f -c 1000 %s'",
                      name);
    } else {
        doctor_say(line, DOCTOR_OK, "%s is heard, and hears this node", name);
    }
}

void doctor_peers(const struct doctor *doctor, struct doctor_line *line)
{
    const json_t *node;
    size_t i;

    json_array_foreach(json_object_get(doctor->facts, "nodes"), i, node)
    {
        if (!facts_is_true(node, "self"))
            look_at_peer(doctor, node, line);
    }
    if (line->detail[0] == '\0')
        doctor_say(line, DOCTOR_OK, "there is no other node");
}

struct target {
    const char *name;
    unsigned port;
    char address[CONF_ADDRESS_TEXT];
    bool is_expected; /* the daemon here waits for it */
};

static void say_reach(const struct target *target, enum doctor_reach reach,
                      struct doctor_line *line)
{
    const char *name = target->name;
    const char *address = target->address;

    switch (reach) {
    case REACH_REFUSED:
        doctor_say(line, target->is_expected ? DOCTOR_WARN : DOCTOR_OK,
                   "%s: %s refuses port %u: no vipgossipd listens there, or a firewall there "
                   "rejects it",
                   name, address, target->port);
        doctor_remedy(line, "Start vipgossipd on %s: 'systemctl start vipgossipd'", name);
        break;
    case REACH_FILTERED:
        doctor_say(line, DOCTOR_FAIL, "%s: a firewall on the way to %s rejects UDP port %u", name,
                   address, target->port);
        doctor_remedy(line, "Let UDP port %u in on %s: 'nft list ruleset' there shows the rule",
                      target->port, name);
        break;
    case REACH_FORBIDDEN:
        doctor_say(line, DOCTOR_FAIL, "%s: this host's own firewall drops UDP to %s port %u", name,
                   address, target->port);
        doctor_remedy(line,
                      "Let UDP port %u out here: 'nft list ruleset' shows the rule that drops it",
                      target->port);
        break;
    case REACH_NO_ROUTE:
        doctor_say(line, DOCTOR_FAIL, "%s: this host has no way to %s", name, address);
        doctor_remedy(line, "Correct its address, or the routes here: 'ip route get %s'", address);
        break;
    case REACH_NO_HOST:
        doctor_say(line, DOCTOR_WARN,
                   "%s: nobody answers at %s: that host is off, or on another "
                   "network",
                   name, address);
        doctor_remedy(line, "Start %s, or correct its address; 'ping %s' must answer", name,
                      address);
        break;
    case REACH_SILENT:
        if (target->is_expected) {
            doctor_say(
                line, DOCTOR_WARN,
                "%s: %s says nothing and is not heard: its vipgossipd is down, that host is cut "
                "off, or a firewall drops UDP port %u silently",
                name, address, target->port);
            doctor_remedy(line, "Type 'vipgossip doctor' on %s, and let UDP port %u in there", name,
                          target->port);
            break;
        }
        doctor_say(line, DOCTOR_SKIP,
                   "%s: %s says nothing, as it should: its vipgossipd listens, or a firewall drops "
                   "it silently, which only the running daemon can tell",
                   name, address);
        break;
    case REACH_UNKNOWN:
    default:
        doctor_say(line, DOCTOR_SKIP, "%s: no datagram could be sent to %s", name, address);
        break;
    }
}

void doctor_reachable(const struct doctor *doctor, struct doctor_line *line)
{
    const struct conf *conf = &doctor->conf;
    unsigned heard = 0;

    for (int i = 0; i < conf->node_count; i++) {
        const struct conf_node *node = &conf->nodes[i];
        struct target target = {
            .name = node->name,
            .port = conf->port,
            .is_expected = doctor->facts != NULL &&
                           !facts_is(doctor_node_facts(doctor, node->name), "state", "left")};

        if (i == doctor->self)
            continue;
        if (doctor_is_heard(doctor, node->name)) {
            heard++;
            continue;
        }
        for (unsigned path = 0; path < node->address_count; path++) {
            (void)conf_address_text(&node->addresses[path], false, target.address);
            say_reach(&target, doctor->wire.reach[i][path], line);
        }
    }
    if (heard > 0)
        doctor_say(line, DOCTOR_OK, "vipgossipd hears %u peer%s directly", heard,
                   doctor_plural(heard));
    if (line->detail[0] == '\0')
        doctor_say(line, DOCTOR_OK, "there is no other node");
}

/* --- who else uses the VIPs --- */

/* The node that has this MAC at one of its addresses, or NULL. */
static const char *node_of_mac(const struct doctor *doctor, const uint8_t *mac)
{
    const struct conf *conf = &doctor->conf;
    uint8_t found[KERNEL_MAC_BYTES];
    bool failed;

    for (unsigned i = 0; i < conf->node_count; i++)
        for (unsigned j = 0; j < conf->nodes[i].address_count; j++)
            if (host_find_neighbour(&conf->nodes[i].addresses[j], found, &failed) &&
                memcmp(found, mac, sizeof(found)) == 0)
                return conf->nodes[i].name;
    return NULL;
}

/* Has this host the address, put there by whomever? */
static bool is_here(const struct doctor *doctor, const struct conf_address *address)
{
    for (size_t i = 0; i < doctor->host.address_count; i++)
        if (conf_address_equal(&doctor->host.addresses[i].address, address))
            return true;
    return false;
}

/* 00:00:5e:00:01:ID is the MAC of a virtual router of VRRP, and of CARP. */
static bool is_virtual_mac(const uint8_t *mac)
{
    static const uint8_t prefix[] = {0x00, 0x00, 0x5e, 0x00, 0x01};

    return memcmp(mac, prefix, sizeof(prefix)) == 0;
}

static void name_answerer(const struct doctor *doctor, const uint8_t *mac, char *text, size_t size)
{
    const char *node = node_of_mac(doctor, mac);
    char mac_text[DOCTOR_MAC_TEXT];

    doctor_mac_text(mac, mac_text);
    if (node != NULL)
        (void)snprintf(text, size, "%s (%s)", node, mac_text);
    else if (is_virtual_mac(mac))
        (void)snprintf(text, size, "%s (a router of VRRP or CARP with id %u)", mac_text,
                       (unsigned)mac[KERNEL_MAC_BYTES - 1]);
    else
        (void)snprintf(text, size, "%s (none of the nodes' known MACs)", mac_text);
}

static void judge_answers(const struct doctor *doctor, uint16_t address, struct doctor_line *line)
{
    const struct doctor_wire *wire = &doctor->wire;
    const struct conf_address *asked = &doctor->conf.addresses[address];
    const bool here = is_here(doctor, asked);
    const struct doctor_answer *first = NULL;
    const struct doctor_answer *second = NULL;
    char text[CONF_ADDRESS_TEXT];
    char one[NAMES_BYTES];
    char other[NAMES_BYTES] = "this host";

    for (unsigned i = 0; i < wire->answer_count; i++) {
        if (wire->answers[i].address != address)
            continue;
        second = first != NULL && second == NULL ? &wire->answers[i] : second;
        first = first == NULL ? &wire->answers[i] : first;
    }
    if (first == NULL)
        return;
    (void)conf_address_text(asked, false, text);
    name_answerer(doctor, first->mac, one, sizeof(one));
    if (second != NULL)
        name_answerer(doctor, second->mac, other, sizeof(other));
    if (second != NULL || here) {
        doctor_say(line, DOCTOR_FAIL, "%s is answered for by %s and by %s", text, other, one);
        doctor_remedy(line,
                      "Find the one that is not the holder by its MAC ('bridge fdb', the switch) "
                      "and type 'ip addr del %s/32 dev INTERFACE' there",
                      text);
    } else if (node_of_mac(doctor, first->mac) == NULL) {
        doctor_say(line, DOCTOR_WARN, "%s is answered for by %s", text, one);
        doctor_remedy(line,
                      "Look whose MAC that is ('ip link' on the holder): if it is no node's, that "
                      "machine uses the address, and must not");
    } else {
        doctor_say(line, DOCTOR_OK, "%s answers for %s", one, text);
    }
}

void doctor_duplicate(const struct doctor *doctor, struct doctor_line *line)
{
    if (!doctor->wire.listened) {
        doctor_say(line, DOCTOR_SKIP, "asking by ARP who has a VIP needs CAP_NET_RAW");
        doctor_remedy(line, "Type 'sudo vipgossip doctor'");
        return;
    }
    for (uint16_t i = 0; i < doctor->conf.address_count; i++)
        judge_answers(doctor, i, line);
    if (line->detail[0] == '\0' && doctor->wire.asked_count == 0)
        doctor_say(line, DOCTOR_SKIP, "no VIP is an IPv4 address that could be asked for by ARP");
    else if (line->detail[0] == '\0')
        doctor_say(line, DOCTOR_OK, "nobody else answers for the VIPs");
}

static void judge_speaker(const struct doctor *doctor, const struct frame_speaker *speaker,
                          struct doctor_line *line)
{
    char from[CONF_ADDRESS_TEXT];
    char text[CONF_ADDRESS_TEXT];

    (void)conf_address_text(&speaker->from, false, from);
    for (unsigned i = 0; i < speaker->address_count; i++) {
        const struct conf_vip *vip = doctor_find_vip(doctor, &speaker->addresses[i]);

        if (vip == NULL)
            continue;
        doctor_say(line, DOCTOR_FAIL,
                   "%s announces %s, which is VIP %s, by VRRP (router id %u, priority %u)", from,
                   conf_address_text(&speaker->addresses[i], false, text), vip->name,
                   (unsigned)speaker->id, (unsigned)speaker->priority);
        doctor_remedy(line, "Stop it there: 'systemctl disable --now keepalived' on %s", from);
        return;
    }
    for (unsigned i = 0; i < doctor->wire.answer_count; i++) {
        const struct doctor_answer *answer = &doctor->wire.answers[i];

        if (!is_virtual_mac(answer->mac) || answer->mac[KERNEL_MAC_BYTES - 1] != speaker->id)
            continue;
        doctor_say(line, DOCTOR_FAIL, "%s speaks %s (id %u), and its virtual MAC answers for %s",
                   from, speaker->is_carp ? "CARP" : "VRRP", (unsigned)speaker->id,
                   conf_address_text(&doctor->conf.addresses[answer->address], false, text));
        doctor_remedy(line, "Take %s away from it on %s", text, from);
        return;
    }
    doctor_say(line, DOCTOR_OK, "%s speaks %s (id %u), for addresses that are no VIP of ours", from,
               speaker->is_carp ? "CARP" : "VRRP", (unsigned)speaker->id);
}

void doctor_vrrp(const struct doctor *doctor, struct doctor_line *line)
{
    if (!doctor->wire.listened) {
        doctor_say(line, DOCTOR_SKIP, "listening for VRRP and CARP needs CAP_NET_RAW");
        doctor_remedy(line, "Type 'sudo vipgossip doctor'");
        return;
    }
    for (unsigned i = 0; i < doctor->wire.speaker_count; i++)
        judge_speaker(doctor, &doctor->wire.speakers[i], line);
    if (line->detail[0] == '\0')
        doctor_say(line, DOCTOR_OK, "nobody spoke VRRP or CARP within two seconds");
}
