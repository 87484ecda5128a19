// SPDX-License-Identifier: MIT
#include "doctor_support.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cmocka.h>

struct conf_address ipv4(const char *text)
{
    struct conf_address ret = {.family = AF_INET, .prefix = 32};

    assert_int_equal(inet_pton(AF_INET, text, ret.bytes), 1);
    return ret;
}

int patient_set_up(void **state)
{
    struct patient *patient = calloc(1, sizeof(*patient));
    struct doctor *doctor = &patient->doctor;
    struct conf *conf = &doctor->conf;

    assert_non_null(patient);
    (void)strcpy(patient->root, "/tmp/vipgossip-doctor-XXXXXX");
    assert_non_null(mkdtemp(patient->root));
    patient->links[0] = (struct host_link){.ifindex = 1, .name = "lo", .up = true};
    patient->links[1] = (struct host_link){
        .ifindex = 2, .name = "eth0", .up = true, .carrier = true, .ethernet = true, .mtu = 1500};
    patient->addresses[0] = (struct kernel_address){.address = ipv4("10.0.0.1"), .ifindex = 2};
    patient->routes[0] = (struct local_route){.network = ipv4("10.0.0.0"), .ifindex = 2};
    patient->routes[0].network.prefix = 24;
    doctor->host = (struct host){.link_count = 2,
                                 .address_count = 1,
                                 .route_count = 1,
                                 .links = patient->links,
                                 .addresses = patient->addresses,
                                 .routes = patient->routes};
    doctor->root = patient->root;
    doctor->source = doctor->file = "vipgossip.conf";
    doctor->socket = "control.sock";
    doctor->has_conf = doctor->has_host = true;
    (void)strcpy(conf->cluster, "test");
    conf->port = 7112;
    conf->node_count = 2;
    (void)strcpy(conf->nodes[0].name, "one");
    (void)strcpy(conf->nodes[1].name, "two");
    conf->nodes[0].address_count = conf->nodes[1].address_count = 1;
    conf->nodes[0].addresses[0] = ipv4("10.0.0.1");
    conf->nodes[1].addresses[0] = ipv4("10.0.0.2");
    conf->vip_count = 1;
    (void)strcpy(conf->vips[0].name, "web");
    conf->vips[0].address_count = conf->address_count = 1;
    conf->addresses[0] = ipv4("10.0.0.100");
    *state = patient;
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

int patient_tear_down(void **state)
{
    struct patient *patient = *state;

    assert_int_equal(nftw(patient->root, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    json_decref(patient->doctor.facts);
    free(patient);
    return 0;
}

void lay(const struct patient *patient, const char *path, const char *text)
{
    char whole[256];
    FILE *file;

    (void)snprintf(whole, sizeof(whole), "%s%s", patient->root, path);
    for (char *slash = strchr(whole + strlen(patient->root) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(whole, 0755);
        *slash = '/';
    }
    file = fopen(whole, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

void answer(struct patient *patient, const char *json)
{
    json_decref(patient->doctor.facts);
    patient->doctor.facts = json_loads(json, 0, NULL);
    assert_non_null(patient->doctor.facts);
}

void expect(const struct patient *patient, doctor_check *check, enum doctor_result result,
            const char *detail, const char *remedy)
{
    struct doctor_line line = {0};

    check(&patient->doctor, &line);
    if (line.result != result || strstr(line.detail, detail) == NULL ||
        strstr(line.remedy, remedy) == NULL || (remedy[0] == '\0' && line.remedy[0] != '\0'))
        fail_msg("%d '%s' '%s', and not %d '%s' '%s'", (int)line.result, line.detail, line.remedy,
                 (int)result, detail, remedy);
}
