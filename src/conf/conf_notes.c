// SPDX-License-Identifier: MIT
/*
 * What `-t` says of a configuration that is allowed: what it could not check without the host, and
 * what is rarely meant.
 */
#include "conf_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A shorter lease keeps less than 20 ms back [SPEC R95]. */
#define LEASE_SHORT_MS 160
#define LEASE_MAX_S    10
#define REMEDY_SIZE    96

/* The unit for systemd waits so long for an engine whose keeper was killed, with the second that
 * the kernel may be late (TimeoutStopSec = 15s), and for a keeper that stands still before it ends
 * both (at least half of WatchdogSec = 30s). */
#define UNIT_LEASE_MAX_S 14

struct notes {
    void (*note)(void *arg, const char *text);
    void *arg;
};

static void say(const struct notes *notes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void note_unchecked(const struct conf *conf, const struct notes *notes);
static void note_keys(const struct conf *conf, const struct notes *notes);
static void note_checks(const struct conf *conf, const struct notes *notes);
static void note_vip(const struct conf_vip *vip, const struct notes *notes);
static void note_quorum(const struct conf *conf, const struct conf_vip *vip,
                        const struct notes *notes);
static void note_unit(const struct conf *conf, const struct notes *notes);

void conf_notes(const struct conf *conf, void (*note)(void *arg, const char *text), void *arg)
{
    struct notes notes = {note, arg};
    note_unchecked(conf, &notes);
    note_keys(conf, &notes);
    note_checks(conf, &notes);
    for (int i = 0; i < conf->vip_count; i++)
        note_vip(&conf->vips[i], &notes);
    for (int i = 0; i < conf->vip_count; i++) {
        if (conf->vips[i].mode == CONF_QUORUM)
            note_quorum(conf, &conf->vips[i], &notes);
    }
    note_unit(conf, &notes);
}

static void note_unchecked(const struct conf *conf, const struct notes *notes)
{
    if (conf->self_name[0] == '\0')
        say(notes, "which node this is was not checked; at start the local addresses say it");
    if (conf->key_text[0] == '\0')
        say(notes, "the key file %s was not read", conf->key_file);
    if (conf->node_key_file[0] != '\0')
        say(notes, "the key file %s was not read", conf->node_key_file);
    for (int i = 0; i < conf->vip_count; i++) {
        const struct conf_vip *vip = &conf->vips[i];
        if (vip->interface[0] == '\0')
            say(notes, "vip \"%s\": its interface was not looked for; at start the routes say it",
                vip->name);
        else
            say(notes, "vip \"%s\": the interface %s was not looked for", vip->name,
                vip->interface);
    }
}

static void note_keys(const struct conf *conf, const struct notes *notes)
{
    int with_key = 0;
    for (int i = 0; i < conf->node_count; i++)
        with_key += conf->nodes[i].has_public_key ? 1 : 0;
    if (with_key > 0 && with_key < conf->node_count)
        say(notes,
            "%d of %d nodes have a public_key; whoever has the cluster key can speak for "
            "the others",
            with_key, conf->node_count);
    if (with_key == 0 && conf->node_key_file[0] != '\0')
        say(notes, "node_key_file is given, but no node has a public_key; the daemon will not "
                   "start with it");
}

static void note_checks(const struct conf *conf, const struct notes *notes)
{
    for (int i = 0; i < conf->check_count; i++) {
        const struct conf_check *check = &conf->checks[i];
        say(notes, "check \"%s\" was not run", check->name);
        if (check->weight > 0)
            say(notes, "check \"%s\": its weight of %d makes the node better while it fails",
                check->name, check->weight);
    }
}

static void note_vip(const struct conf_vip *vip, const struct notes *notes)
{
    if ((vip->candidates & (vip->candidates - 1)) == 0)
        say(notes, "vip \"%s\" has one candidate; nobody takes it over", vip->name);
    if (!vip->preempt && vip->preempt_delay_ns != 0)
        say(notes, "vip \"%s\": preempt_delay has no meaning with preempt = false", vip->name);
    if (vip->kernel_lease_s == 0)
        say(notes,
            "vip \"%s\": with kernel_lease = \"off\" its addresses stay when the daemon is "
            "killed as a whole",
            vip->name);
}

/* What to change, so that it is never so. */
static const char *frozen_remedy(const struct conf_vip *vip, char remedy[static REMEDY_SIZE])
{
    uint32_t least_s = vip->kernel_lease_s + 1;
    if (vip->kernel_lease_s == 1)
        (void)snprintf(remedy, REMEDY_SIZE, "never with lease = \"2500ms\"");
    else if (least_s > LEASE_MAX_S)
        (void)snprintf(remedy, REMEDY_SIZE,
                       "never with a lease of kernel_lease + 1s (kernel_lease = \"2s\" and lease = "
                       "\"3s\")");
    else
        (void)snprintf(remedy, REMEDY_SIZE,
                       "never with a lease of kernel_lease + 1s (lease = \"%" PRIu32 "s\")",
                       least_s);
    return remedy;
}

/* What weakens the promise of mode quorum. */
static void note_quorum(const struct conf *conf, const struct conf_vip *vip,
                        const struct notes *notes)
{
    uint64_t lease_ms = vip->lease_ns / NS_PER_MS;
    char remedy[REMEDY_SIZE];
    if (conf->node_count == 2)
        say(notes,
            "vip \"%s\": mode quorum with two voters: without either of them nobody holds it; a "
            "third node with witness = true helps",
            vip->name);
    else if (conf->node_count % 2 == 0)
        say(notes, "vip \"%s\": mode quorum: %d voters bear the loss of no more than %d do",
            vip->name, conf->node_count, conf->node_count - 1);
    if (vip->kernel_lease_s == 0)
        say(notes,
            "vip \"%s\": with kernel_lease = \"off\" two nodes may hold it when keeper and engine "
            "of one are killed or frozen together",
            vip->name);
    else if (conf_vip_lateness_ns(vip) == 0)
        say(notes,
            "vip \"%s\": two nodes may hold it for up to %" PRIu32
            "s when keeper and engine of one are killed or frozen together; %s",
            vip->name, vip->kernel_lease_s + 1, frozen_remedy(vip, remedy));
    else if (vip->lease_ns < CONF_LEASE_FROZEN_NS)
        say(notes,
            "vip \"%s\": a lease of %" PRIu64
            "ms leaves the kernel 250ms to be late when keeper and "
            "engine are frozen together; from 2500ms on it has 1s, which it may need when another "
            "program changes an address of the host in that very second",
            vip->name, lease_ms);
    if (lease_ms < LEASE_SHORT_MS)
        say(notes,
            "vip \"%s\": a lease of %" PRIu64 "ms leaves the keeper %" PRIu64 "ms to remove the "
            "addresses; from %dms on it has 20ms, which a busy machine may need",
            vip->name, lease_ms, lease_ms / 8, LEASE_SHORT_MS);
}

static void note_unit(const struct conf *conf, const struct notes *notes)
{
    uint32_t lease_s = 0;
    for (int i = 0; i < conf->vip_count; i++)
        if (conf->vips[i].kernel_lease_s > lease_s)
            lease_s = conf->vips[i].kernel_lease_s;
    if (lease_s > UNIT_LEASE_MAX_S)
        say(notes,
            "kernel_lease = \"%" PRIu32 "s\" is longer than vipgossipd.service waits for: with the "
            "keeper killed or hanging, systemd ends the engine while the address is still there, "
            "and two nodes have it; set TimeoutStopSec=%" PRIu32 "s and WatchdogSec=%" PRIu32
            "s there",
            lease_s, lease_s + 1, 2 * (lease_s + 1));
}

static void say(const struct notes *notes, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    notes->note(notes->arg, text);
}
