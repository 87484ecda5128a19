// SPDX-License-Identifier: MIT
/*
 * doctor_support: hosts for the doctor's checks, laid out below a directory: /proc, /sys, /etc and
 * /run are files there, links and addresses a list, the daemon an answer in JSON.
 */
#ifndef DOCTOR_SUPPORT_H
#define DOCTOR_SUPPORT_H

#include "doctor.h"

/* A host with one interface, eth0, in 10.0.0.0/24: node one of two, with one VIP. */
struct patient {
    struct doctor doctor;
    char root[64];
    struct host_link links[3];
    struct kernel_address addresses[3];
    struct local_route routes[2];
};

struct conf_address ipv4(const char *text);

/* For cmocka: a patient as `state`, and its end. */
int patient_set_up(void **state);
int patient_tear_down(void **state);
#define CHECKED(name) cmocka_unit_test_setup_teardown(name, patient_set_up, patient_tear_down)

/* A file below the root, with the directories above it. */
void lay(const struct patient *patient, const char *path, const char *text);

/* The facts of a daemon. */
void answer(struct patient *patient, const char *json);

/* Runs the check; its detail and its remedy have these words in them ("": no remedy). */
void expect(const struct patient *patient, doctor_check *check, enum doctor_result result,
            const char *detail, const char *remedy);

#endif
