// SPDX-License-Identifier: MIT
/*
 * Of the doctor: is this a cloud that drops what its instances were not given? DMI says whose
 * machine it is. And the clock, which is the one thing that nobody has to look after.
 */
#include "doctor.h"

#include <stdio.h>
#include <string.h>

struct cloud {
    const char *name;
    const char *file;    /* below /sys/class/dmi/id */
    const char *begin;   /* of its text */
    bool is_api_driven;  /* an address goes where the API says; else it only has to be allowed */
    const char *command; /* that does so; %s: the first address of a VIP */
};

#define OPENSTACK_ALLOW "openstack port set --allowed-address ip-address=%s PORT"
#define AWS_MOVE                                                                          \
    "aws ec2 assign-private-ip-addresses --allow-reassignment --private-ip-addresses %s " \
    "--network-interface-id ENI"

static const struct cloud clouds[] = {
    {"OpenStack", "product_name", "OpenStack", false, OPENSTACK_ALLOW},
    {"OpenStack", "chassis_asset_tag", "OpenStack", false, OPENSTACK_ALLOW},
    {"AWS", "sys_vendor", "Amazon EC2", true, AWS_MOVE},
    {"AWS", "bios_vendor", "Amazon EC2", true, AWS_MOVE},
    {"Google Cloud", "product_name", "Google Compute Engine", true,
     "gcloud compute instances network-interfaces update INSTANCE --aliases %s/32"},
    {"Azure", "chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77", true,
     "az network nic ip-config create --private-ip-address %s --nic-name NIC --name vip"},
    {"Hetzner", "sys_vendor", "Hetzner", true,
     "hcloud server change-alias-ips --network NETWORK --alias-ips %s SERVER"},
    {"DigitalOcean", "sys_vendor", "DigitalOcean", true,
     "doctl compute reserved-ip-action assign %s DROPLET"},
};

/* Have others reached a VIP that this node, or another, holds? Then the cloud lets it pass. */
static bool is_reached(const struct doctor *doctor)
{
    const json_t *vip;
    size_t i;

    json_array_foreach(json_object_get(doctor->facts, "vips"), i, vip)
    {
        if (json_array_size(json_object_get(vip, "verified_by")) > 0)
            return true;
    }
    return false;
}

static void say_cloud(const struct doctor *doctor, const struct cloud *cloud,
                      struct doctor_line *line)
{
    const char *gap = strstr(cloud->command, "%s");
    char vip[CONF_ADDRESS_TEXT] = "VIP";

    if (doctor->conf.address_count > 0)
        (void)conf_address_text(&doctor->conf.addresses[0], false, vip);
    if (cloud->is_api_driven && doctor->conf.hook.count > 0) {
        doctor_say(line, DOCTOR_OK, "this is %s, and a hook is set to move the addresses there",
                   cloud->name);
    } else if (cloud->is_api_driven) {
        doctor_say(line, DOCTOR_WARN,
                   "this is %s: an address goes where its API says, announcements on the link move "
                   "nothing",
                   cloud->name);
        doctor_remedy(line,
                      "Set a hook that types '%.*s%s%s' (scripts/hooks/move-address shows one), "
                      "and turn off the check of source addresses",
                      (int)(gap - cloud->command), cloud->command, vip, gap + 2);
    } else if (is_reached(doctor)) {
        doctor_say(line, DOCTOR_OK, "this is %s, and it lets a VIP pass", cloud->name);
    } else {
        doctor_say(line, DOCTOR_WARN,
                   "this is %s: port security drops every address that a port was not given",
                   cloud->name);
        doctor_remedy(line, "Type '%.*s%s%s' for the port of every node",
                      (int)(gap - cloud->command), cloud->command, vip, gap + 2);
    }
}

void doctor_cloud(const struct doctor *doctor, struct doctor_line *line)
{
    char path[DOCTOR_PATH_MAX];
    char text[128];

    for (size_t i = 0; i < sizeof(clouds) / sizeof(clouds[0]); i++) {
        (void)snprintf(path, sizeof(path), "/sys/class/dmi/id/%s", clouds[i].file);
        (void)doctor_read(doctor, path, text, sizeof(text));
        if (strncmp(text, clouds[i].begin, strlen(clouds[i].begin)) == 0) {
            say_cloud(doctor, &clouds[i], line);
            return;
        }
    }
    if (!doctor_exists(doctor, "/sys/class/dmi/id"))
        doctor_say(line, DOCTOR_SKIP,
                   "/sys/class/dmi/id is not there, so whose machine this is "
                   "cannot be told");
    else
        doctor_say(line, DOCTOR_OK, "no cloud that is known to drop foreign addresses");
}

void doctor_clock(const struct doctor *doctor, struct doctor_line *line)
{
    (void)doctor;
    doctor_say(line, DOCTOR_OK,
               "not needed: no decision is made by the time of day, the nodes' "
               "clocks may differ");
}
