// SPDX-License-Identifier: MIT
#include "order.h"

#include "tool/client.h"

#include <time.h>

int64_t order_now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void order_pause_ms(long ms)
{
    const struct timespec span = {.tv_nsec = ms * 1000000};

    (void)nanosleep(&span, NULL);
}

int order_ask(const struct invocation *invocation, const char *request, json_t **ret)
{
    struct client_error error = {.text = "vipgossipd closed the connection: see its log"};
    struct client client;
    int result;

    if (client_open(invocation->socket, request, false, &client, &error) != 0) {
        (void)fprintf(invocation->streams.err, "vipgossip: %s\n", error.text);
        return TOOL_NO_DAEMON;
    }
    result = client_next(&client, ret, &error);
    client_close(&client);
    if (result == 1)
        return TOOL_DONE;
    (void)fprintf(invocation->streams.err, "vipgossip: %s\n", error.text);
    return TOOL_REFUSED;
}
