// SPDX-License-Identifier: MIT
/* Apart from conf.c, so that who only prints addresses does not link the parser of the file. */
#include "conf/conf.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

const char *conf_address_text(const struct conf_address *address, bool with_prefix, char *text)
{
    char host[INET6_ADDRSTRLEN] = "?";
    (void)inet_ntop(address->family, address->bytes, host, sizeof(host));
    if (with_prefix)
        (void)snprintf(text, CONF_ADDRESS_TEXT, "%s/%u", host, address->prefix);
    else
        (void)snprintf(text, CONF_ADDRESS_TEXT, "%s", host);
    return text;
}

bool conf_address_equal(const struct conf_address *a, const struct conf_address *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}
