// SPDX-License-Identifier: MIT
#include "doctor.h"
#include "facts.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

bool doctor_is_witness(const struct doctor *doctor)
{
    return doctor->self >= 0 && doctor->conf.nodes[doctor->self].witness;
}

void doctor_vip_interface(const struct doctor *doctor, const struct conf_vip *vip,
                          char name[static 16])
{
    const struct host *host = &doctor->host;
    const struct host_link *link;

    memcpy(name, vip->interface, sizeof(vip->interface));
    if (name[0] != '\0')
        return;
    link = host_find_link(host, local_find_interface(&doctor->conf.addresses[vip->address_first],
                                                     host->routes, host->route_count));
    if (link != NULL)
        memcpy(name, link->name, sizeof(link->name));
}

static bool vip_has_family(const struct conf *conf, const struct conf_vip *vip, int family)
{
    for (unsigned i = 0; i < vip->address_count; i++)
        if (family == 0 || conf->addresses[vip->address_first + i].family == family)
            return true;
    return false;
}

bool doctor_has_family(const struct doctor *doctor, int family)
{
    for (unsigned i = 0; i < doctor->conf.vip_count; i++)
        if (vip_has_family(&doctor->conf, &doctor->conf.vips[i], family))
            return true;
    return false;
}

/* Is an earlier VIP of that family on the same interface? */
static bool was_visited(const struct doctor *doctor, unsigned before, int family, const char *name)
{
    char other[16];

    for (unsigned i = 0; i < before; i++) {
        doctor_vip_interface(doctor, &doctor->conf.vips[i], other);
        if (vip_has_family(&doctor->conf, &doctor->conf.vips[i], family) &&
            strcmp(other, name) == 0)
            return true;
    }
    return false;
}

void doctor_each_interface(const struct doctor *doctor, int family, struct doctor_line *line,
                           doctor_visit_interface *visit)
{
    char name[16];

    for (unsigned i = 0; i < doctor->conf.vip_count; i++) {
        if (!vip_has_family(&doctor->conf, &doctor->conf.vips[i], family))
            continue;
        doctor_vip_interface(doctor, &doctor->conf.vips[i], name);
        if (name[0] != '\0' && !was_visited(doctor, i, family, name))
            visit(doctor, name, line);
    }
}

const struct conf_vip *doctor_find_vip(const struct doctor *doctor,
                                       const struct conf_address *address)
{
    const struct conf *conf = &doctor->conf;

    for (unsigned i = 0; i < conf->vip_count; i++)
        for (unsigned j = 0; j < conf->vips[i].address_count; j++)
            if (conf_address_equal(&conf->addresses[conf->vips[i].address_first + j], address))
                return &conf->vips[i];
    return NULL;
}

const json_t *doctor_node_facts(const struct doctor *doctor, const char *name)
{
    const json_t *node;
    size_t i;

    json_array_foreach(json_object_get(doctor->facts, "nodes"), i, node)
    {
        if (facts_is(node, "name", name))
            return node;
    }
    return NULL;
}

bool doctor_is_heard(const struct doctor *doctor, const char *name)
{
    const json_t *node = doctor_node_facts(doctor, name);

    return facts_is(node, "state", "alive") && facts_is(node, "path", "direct");
}

void doctor_sysctl_name(const char *interface, char name[static 16])
{
    (void)snprintf(name, 16, "%s", interface);
    for (char *dot = strchr(name, '.'); dot != NULL; dot = strchr(dot, '.'))
        *dot = '/';
}

bool doctor_read_unit(const struct doctor *doctor, char *text, size_t size)
{
    static const char *const places[] = {
        "/etc/systemd/system/vipgossipd.service",
        "/usr/local/lib/systemd/system/vipgossipd.service",
        "/usr/lib/systemd/system/vipgossipd.service",
        "/lib/systemd/system/vipgossipd.service",
    };

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (doctor_read(doctor, places[i], text, size))
            return true;
    return false;
}

const char *doctor_start_command(const struct doctor *doctor)
{
    char text[DOCTOR_FILE_MAX];

    return doctor_read_unit(doctor, text, sizeof(text)) ? "systemctl start vipgossipd"
                                                        : "vipgossipd";
}

const char *doctor_plural(unsigned count)
{
    return count == 1 ? "" : "s";
}

void doctor_mac_text(const uint8_t mac[static KERNEL_MAC_BYTES], char text[static DOCTOR_MAC_TEXT])
{
    (void)snprintf(text, DOCTOR_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
                   mac[3], mac[4], mac[5]);
}
