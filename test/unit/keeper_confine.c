// SPDX-License-Identifier: MIT
/* What a keeper cannot do any more once the engine runs. */
#include "confine.h"

#include "confine_support.h"

#include "keeper/notify.h"

#include <linux/if_ether.h>
#include <net/if.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int confine(void)
{
    return confine_keeper(&(struct confine){.control_socket = "/tmp/vg-never"});
}

static void name_an_interface(void)
{
    char name[IF_NAMESIZE];

    if (if_indextoname(if_nametoindex("lo"), name) == NULL || strcmp(name, "lo") != 0)
        confine_refused();
}

static void tell_systemd(void)
{
    (void)setenv("NOTIFY_SOCKET", "@vg-never", 1);
    notify_send("READY=1");
}

static void open_a_packet_socket(void)
{
    /* Who has no CAP_NET_RAW is told so, and lives. */
    (void)socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static void wait_for_a_child(void)
{
    siginfo_t info;

    (void)waitid(P_ALL, 0, &info, WEXITED | WNOHANG);
}

static void end_the_engine(void)
{
    (void)pidfd_send_signal(STDERR_FILENO, SIGKILL, NULL, 0); /* no pidfd: refused */
}

static void remove_the_socket(void)
{
    (void)unlink("/tmp/vg-never");
}

static void test_nothing_that_harms_the_host_is_possible(void **state)
{
    (void)state;
    confine_assert_deadly(confine, confine_common, confine_common_count);
}

static void test_what_the_keeper_is_there_for_is_possible(void **state)
{
    static const struct deed deeds[] = {
        {"the name of an interface", name_an_interface}, {"sd_notify", tell_systemd},
        {"a packet socket", open_a_packet_socket},       {"waitid", wait_for_a_child},
        {"pidfd_send_signal", end_the_engine},           {"unlink", remove_the_socket},
    };

    (void)state;
    confine_assert_possible(confine, deeds, sizeof(deeds) / sizeof(deeds[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_that_harms_the_host_is_possible),
        cmocka_unit_test(test_what_the_keeper_is_there_for_is_possible),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
