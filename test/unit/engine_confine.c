// SPDX-License-Identifier: MIT
/* What a taken-over engine may try. */
#include "confine.h"

#include "confine_support.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static void open_a_packet_socket(void)
{
    (void)socket(AF_PACKET, SOCK_RAW, 0);
}

static void open_a_local_datagram_socket(void)
{
    (void)socket(AF_UNIX, SOCK_DGRAM, 0);
}

static void remove_a_file(void)
{
    (void)unlink("/tmp/vg-never");
}

static void connect_somewhere(void)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/x"};

    (void)connect(0, (const struct sockaddr *)&address, sizeof(address));
}

static void open_udp(void)
{
    const int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;

    if (socket(AF_INET, SOCK_DGRAM | flags, 0) < 0 || socket(AF_INET, SOCK_DGRAM, 0) < 0)
        confine_refused();
}

static void leave_in_order(void)
{
    exit(0);
}

static void test_nothing_that_harms_the_host_is_possible(void **state)
{
    static const struct deed deeds[] = {
        {"a packet socket", open_a_packet_socket},
        {"a Unix datagram socket", open_a_local_datagram_socket},
        {"unlink", remove_a_file},
        {"connect", connect_somewhere},
    };

    (void)state;
    confine_assert_deadly(confine_engine, confine_common, confine_common_count);
    confine_assert_deadly(confine_engine, deeds, sizeof(deeds) / sizeof(deeds[0]));
}

static void test_what_the_engine_is_there_for_is_possible(void **state)
{
    static const struct deed deeds[] = {{"UDP", open_udp}, {"exit", leave_in_order}};

    (void)state;
    confine_assert_possible(confine_engine, deeds, sizeof(deeds) / sizeof(deeds[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_that_harms_the_host_is_possible),
        cmocka_unit_test(test_what_the_engine_is_there_for_is_possible),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
