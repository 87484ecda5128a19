// SPDX-License-Identifier: MIT
/*
 * reload: another configuration while addresses are held. The steward reads it, this process checks
 * it, the engine gives up what goes and says when it means the new one; then everything is renamed
 * here as well, and of the addresses only those are touched that came or went.
 */
#include "keeper.h"
#include "keeper/clock.h"
#include "keeper/notify.h"

#include "log/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Beyond what the steward's own child may take. */
#define READ_PATIENCE_NS (30 * CLOCK_NS_PER_S)

#define ENVIRONMENT_TEXT                                                                       \
    "the configuration is the environment, which a running process cannot be given: start it " \
    "anew"

static void tell_ready(void)
{
    notify_send("READY=1");
}

/* There is no new configuration: says why, to the log and to the engine, which tells who asked. */
static void give_verdict(struct keeper *keeper, const char *text)
{
    struct reload *reload = &keeper->reload;

    log_error("reload: %s; the running configuration stays", text);
    reload->phase = RELOAD_TELLING;
    reload->verdict = (struct ipc_verdict){.type = IPC_VERDICT, .sequence = reload->covers};
    (void)snprintf(reload->verdict.text, sizeof(reload->verdict.text), "%s", text);
    tell_ready();
    reload_send(keeper);
}

/* Whatever becomes of it, the keys in it are none of the keeper's. */
static void wipe_report(struct keeper *keeper)
{
    struct ipc_setup *setup = &keeper->reload.report->setup;

    explicit_bzero(&setup->keys, sizeof(setup->keys));
}

void reload_lose_steward(struct keeper *keeper)
{
    static const char text[] = "the process that reads the configuration has ended: start the "
                               "daemon anew when that suits";

    steward_abandon(&keeper->steward);
    keep_lost(keeper);
    if (keeper->reload.phase == RELOAD_READING) {
        wipe_report(keeper);
        give_verdict(keeper, text);
    } else {
        log_error("%s", text);
    }
}

void reload_begin(struct keeper *keeper)
{
    struct reload *reload = &keeper->reload;
    char text[80];

    if (reload->phase != RELOAD_IDLE) {
        reload->again = true;
        return;
    }
    (void)snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
                   clock_monotonic_us());
    notify_send(text);
    reload->again = false;
    reload->covers = reload->asked;
    if (keeper->steward.fd < 0 || reload->from_environment) {
        give_verdict(keeper, reload->from_environment
                                 ? ENVIRONMENT_TEXT
                                 : "there is no process any more that reads the configuration: "
                                   "start the daemon anew");
        return;
    }
    log_info("reading the configuration anew");
    reload->length = 0;
    if (steward_ask(&keeper->steward, STEWARD_READ, 0) < 0) {
        reload_lose_steward(keeper);
        return;
    }
    reload->phase = RELOAD_READING;
    reload->end_ns = clock_now_ns() + READ_PATIENCE_NS;
}

static bool report_is_sound(const struct steward_report *report)
{
    const struct ipc_setup *setup = &report->setup;

    if (setup->magic != IPC_SETUP_MAGIC || setup->build != ipc_build() ||
        !conf_is_sound(&setup->conf) || setup->self >= setup->conf.node_count)
        return false;
    for (unsigned i = 0; i < setup->conf.vip_count; i++)
        if (memchr(setup->interfaces[i], '\0', sizeof(setup->interfaces[i])) == NULL)
            return false;
    return true;
}

static void name_interfaces(const struct keeper *keeper, char names[static CONF_VIPS_MAX][16])
{
    for (unsigned vip = 0; vip < keeper->conf.vip_count; vip++)
        memcpy(names[vip], keeper->interfaces[keeper->interface_of[vip]].name, sizeof(names[vip]));
}

/* What is needed of it later is kept without keys; the rest goes to the engine. */
static void accept(struct keeper *keeper, const struct conf_reload *change)
{
    struct reload *reload = &keeper->reload;
    struct ipc_reload *offer = reload->offer;

    *offer = (struct ipc_reload){
        .type = IPC_RELOAD, .sequence = reload->covers, .setup = reload->report->setup};
    conf_change_find(change, &offer->change);
    conf_change_text(change, &offer->change, offer->text, sizeof(offer->text));
    reload->new_checker = conf_change_is_for_checker(change);
    offer->generation = reload->generation + (reload->new_checker ? 1 : 0);
    explicit_bzero(offer->setup.conf.words, sizeof(offer->setup.conf.words));
    reload->phase = RELOAD_OFFERING;
    reload_send(keeper);
}

/* The report is complete. */
static void judge(struct keeper *keeper)
{
    struct steward_report *report = keeper->reload.report;
    char before[CONF_VIPS_MAX][16];
    const struct conf_reload change = {.before = &keeper->conf,
                                       .after = &report->setup.conf,
                                       .self = keeper->self,
                                       .interfaces_before = (const char(*)[16])before,
                                       .interfaces_after =
                                           (const char(*)[16])report->setup.interfaces};
    struct conf_error error;

    name_interfaces(keeper, before);
    report->error.text[sizeof(report->error.text) - 1] = '\0';
    if (report->result != 0)
        give_verdict(keeper, report->error.text);
    else if (!report_is_sound(report))
        give_verdict(keeper, "what was read is not sound: a fault of vipgossip");
    else if (conf_change_is_allowed(&change, &error) < 0)
        give_verdict(keeper, error.text);
    else
        accept(keeper, &change);
    wipe_report(keeper);
}

void reload_read(struct keeper *keeper)
{
    struct reload *reload = &keeper->reload;
    int result;

    if (keeper->steward.fd < 0) {
        steward_reap(&keeper->steward);
        return;
    }
    if (reload->phase != RELOAD_READING) {
        reload_lose_steward(keeper); /* it says nothing unasked: it has ended, or is none of ours */
        return;
    }
    result = steward_read(&keeper->steward, reload->report, &reload->length);
    if (result < 0) {
        reload_lose_steward(keeper);
    } else if (result == 1) {
        judge(keeper);
    }
}

uint64_t reload_next_ns(const struct keeper *keeper)
{
    return keeper->reload.phase == RELOAD_READING ? keeper->reload.end_ns : CLOCK_NEVER_NS;
}

void reload_due(struct keeper *keeper)
{
    if (clock_now_ns() >= reload_next_ns(keeper))
        reload_lose_steward(keeper);
}

bool reload_waits(const struct keeper *keeper)
{
    return keeper->reload.phase == RELOAD_OFFERING || keeper->reload.phase == RELOAD_TELLING;
}

static void finish(struct keeper *keeper)
{
    keeper->reload.phase = RELOAD_IDLE;
    if (keeper->reload.again)
        reload_begin(keeper);
}

void reload_send(struct keeper *keeper)
{
    struct reload *reload = &keeper->reload;
    const bool offers = reload->phase == RELOAD_OFFERING;
    int result;

    if (!reload_waits(keeper) || keeper->outbox.count > 0)
        return;
    result = offers ? ipc_send_reload(keeper->engine_fd, reload->offer)
                    : ipc_send_verdict(keeper->engine_fd, &reload->verdict);
    if (result == -EAGAIN)
        return;
    if (offers)
        explicit_bzero(&reload->offer->setup.keys, sizeof(reload->offer->setup.keys));
    if (result < 0) {
        keeper_engine_gone(keeper);
    } else if (offers) {
        reload->phase = RELOAD_OFFERED;
    } else {
        finish(keeper);
    }
}

/* The same address of the same VIP before, or -1. */
static int former_address(const struct keeper *keeper, const struct conf_address *wanted,
                          unsigned was)
{
    const struct conf_vip *section = &keeper->conf.vips[was];

    for (unsigned i = 0; i < section->address_count; i++) {
        const struct conf_address *address = &keeper->conf.addresses[section->address_first + i];

        if (address->prefix == wanted->prefix && conf_address_equal(address, wanted))
            return section->address_first + (int)i;
    }
    return -1;
}

/* What the new configuration makes of the state of the old one. */
struct renamed {
    struct interface interfaces[CONF_VIPS_MAX];
    unsigned interface_count;
    uint8_t interface_of[CONF_VIPS_MAX];
    struct vip vips[CONF_VIPS_MAX];
    struct loss losses[CONF_VIPS_MAX];
    struct address addresses[CONF_ADDRESSES_MAX];
    bool owner_named[CONF_VIPS_MAX];
    bool stays[CONF_ADDRESSES_MAX];  /* by the former index */
    bool extended[CONF_VIPS_MAX];    /* has addresses that it did not have */
    bool is_new_link[CONF_VIPS_MAX]; /* by interface */
};

static void rename_interface(const struct keeper *keeper, struct renamed *renamed, unsigned vip,
                             const char *name)
{
    unsigned i = 0;
    unsigned was = 0;

    while (i < renamed->interface_count && strcmp(renamed->interfaces[i].name, name) != 0)
        i++;
    renamed->interface_of[vip] = (uint8_t)i;
    if (i < renamed->interface_count)
        return;
    renamed->interface_count++;
    while (was < keeper->interface_count && strcmp(keeper->interfaces[was].name, name) != 0)
        was++;
    if (was < keeper->interface_count) {
        renamed->interfaces[i] = keeper->interfaces[was];
        return;
    }
    renamed->is_new_link[i] = true;
    keeper_interface_init(&renamed->interfaces[i], name);
}

static void rename_vip(const struct keeper *keeper, struct renamed *renamed, unsigned vip)
{
    const struct ipc_reload *offer = keeper->reload.offer;
    const struct conf *after = &offer->setup.conf;
    const struct conf_vip *section = &after->vips[vip];
    const uint8_t was = offer->change.vip_was[vip];

    rename_interface(keeper, renamed, vip, offer->setup.interfaces[vip]);
    if (was == CONF_NEW) {
        vip_init(&renamed->vips[vip], section->kernel_lease_s, conf_vip_lateness_ns(section));
        return;
    }
    renamed->vips[vip] = keeper->vips[was];
    renamed->losses[vip] = keeper->losses[was];
    renamed->owner_named[vip] = keeper->owner_named[was];
    for (unsigned i = 0; i < section->address_count; i++) {
        const unsigned index = section->address_first + i;
        const int former = former_address(keeper, &after->addresses[index], was);

        if (former < 0) {
            renamed->extended[vip] = true;
            continue;
        }
        renamed->addresses[index] = keeper->addresses[former];
        renamed->stays[former] = true;
        if (renamed->losses[vip].address == former)
            renamed->losses[vip].address = (uint16_t)index;
    }
}

/* Nobody knows it any more once the switch is done, and nobody else looks for it. */
static void warn_of_stray(const struct keeper *keeper, unsigned vip, unsigned index)
{
    char text[CONF_ADDRESS_TEXT];

    log_error("vip %s: %s, which is not configured any more, may still be on the interface that "
              "was renamed from %s, because the kernel does not remove it; remove it by hand",
              keeper->conf.vips[vip].name,
              conf_address_text(&keeper->conf.addresses[index], true, text),
              keeper->interfaces[keeper->interface_of[vip]].name);
}

/* Takes out of the kernel what is ours and goes. What the kernel keeps it keeps until its lifetime
 * is over; nobody claims it any more. What went along with an interface's name has gone already, or
 * the kernel does not let go of it. */
static void remove_gone(struct keeper *keeper, const struct renamed *renamed)
{
    for (unsigned vip = 0; vip < keeper->conf.vip_count; vip++) {
        const struct conf_vip *section = &keeper->conf.vips[vip];

        for (unsigned i = 0; i < section->address_count; i++) {
            const unsigned index = section->address_first + i;

            if (renamed->stays[index])
                continue;
            if (keeper->addresses[index].ours)
                holding_remove_one(keeper, vip, index);
            else if (keeper->strays)
                warn_of_stray(keeper, vip, index);
        }
    }
}

static void rename_all(struct keeper *keeper, const struct renamed *renamed)
{
    const struct ipc_reload *offer = keeper->reload.offer;

    will_rename(&keeper->will, &offer->change, offer->setup.conf.node_count, offer->setup.self);
    memcpy(keeper->interfaces, renamed->interfaces, sizeof(keeper->interfaces));
    memcpy(keeper->interface_of, renamed->interface_of, sizeof(keeper->interface_of));
    memcpy(keeper->vips, renamed->vips, sizeof(keeper->vips));
    memcpy(keeper->losses, renamed->losses, sizeof(keeper->losses));
    memcpy(keeper->addresses, renamed->addresses, sizeof(keeper->addresses));
    memcpy(keeper->owner_named, renamed->owner_named, sizeof(keeper->owner_named));
    keeper->interface_count = renamed->interface_count;
    keeper->self = offer->setup.self;
    /* With the words, which the report still has: the next reload compares them. */
    keeper->conf = keeper->reload.report->setup.conf;
    lookup_build(&keeper->conf, &keeper->lookup);
}

/* What is new is looked at as at a start. */
static void look_around(struct keeper *keeper, const struct renamed *renamed)
{
    if (news_compare(keeper) < 0)
        keeper->resync = true;
    for (unsigned i = 0; i < keeper->interface_count; i++)
        if (renamed->is_new_link[i])
            link_begin(&keeper->interfaces[i]);
}

/* Addresses that came to a VIP that is held; all or none, as ever. */
static void extend(struct keeper *keeper, unsigned vip)
{
    const int result = holding_add(keeper, vip, keeper->vips[vip].deadline_ns);
    /* Too little of a lease is left for a lifetime: it is taken anew, with another lease. */
    const unsigned reason = result == -ETIME ? IPC_LOST_DEADLINE : IPC_LOST_CONFLICT;
    const struct ipc_message lost = {.type = IPC_LOST,
                                     .vip = (uint16_t)vip,
                                     .address = keeper->conf.vips[vip].address_first,
                                     .reason = (uint16_t)reason};

    if (result == 0)
        return;
    log_error("vip %s: the addresses that a reload has added cannot be taken: %s; it is given up",
              keeper->conf.vips[vip].name, strerror(-result));
    keeper->vips[vip].loss_untold = keeper->vips[vip].phase == VIP_LEAVING;
    if (!keeper->vips[vip].loss_untold)
        keeper_tell(keeper, &lost);
}

static void settle(struct keeper *keeper, const struct renamed *renamed)
{
    for (unsigned vip = 0; vip < keeper->conf.vip_count; vip++) {
        struct vip *state = &keeper->vips[vip];
        const struct conf_vip *section = &keeper->conf.vips[vip];

        vip_set_kernel_lease(state, section->kernel_lease_s, conf_vip_lateness_ns(section));
        if (state->phase == VIP_HELD && renamed->extended[vip])
            extend(keeper, vip);
    }
}

static void switch_over(struct keeper *keeper, struct renamed *renamed)
{
    const struct ipc_reload *offer = keeper->reload.offer;
    const struct ipc_message switched = {.type = IPC_SWITCHED};

    news_read(keeper);
    if (keeper->strays) /* as long as it is known which addresses are ours */
        (void)holding_remove_strays(keeper);
    for (unsigned vip = 0; vip < keeper->conf.vip_count; vip++)
        if (keeper->vips[vip].phase != VIP_ABSENT &&
            conf_change_now(offer->change.vip_was, offer->setup.conf.vip_count, (uint8_t)vip) ==
                CONF_NEW)
            (void)holding_remove(keeper, vip); /* the engine should have */
    for (unsigned vip = 0; vip < offer->setup.conf.vip_count; vip++)
        rename_vip(keeper, renamed, vip);
    remove_gone(keeper, renamed);
    listen_close(keeper); /* before what is copied names the same sockets twice */
    rename_all(keeper, renamed);
    listen_reconfigure(keeper);
    keeper_tell(keeper, &switched);
    look_around(keeper, renamed);
    link_tell_anew(keeper);
    listen_tell_macs(keeper);
    settle(keeper, renamed);
}

void reload_answer(struct keeper *keeper, int error)
{
    struct reload *reload = &keeper->reload;
    struct renamed *renamed;

    if (reload->phase != RELOAD_OFFERED)
        return; /* to what nobody asked */
    if (error < 0) {
        tell_ready(); /* the engine has said why */
        finish(keeper);
        return;
    }
    renamed = calloc(1, sizeof(*renamed));
    if (renamed == NULL) {
        log_error("out of memory");
        keeper_fail(keeper);
        return;
    }
    switch_over(keeper, renamed);
    free(renamed);
    reload->renamed = true;
    if (reload->new_checker) {
        reload->generation++;
        if (steward_ask(&keeper->steward, STEWARD_TAKE, reload->generation) < 0)
            log_error("the checks cannot be started anew: the process that does it has ended");
    }
    log_set_level(keeper->verbose ? LOG_LEVEL_DEBUG : (enum log_level)keeper->conf.log_level);
    log_notice("reload: applied: %s", reload->offer->text);
    tell_ready();
    finish(keeper);
}
