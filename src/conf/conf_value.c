// SPDX-License-Identifier: MIT
/*
 * One function per kind of value. What is wrong and what is allowed stands in one sentence.
 */
#include "conf_internal.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  (1000 * NS_PER_MS)
#define NS_PER_M  (60 * NS_PER_S)

#define DIGITS_MAX 9 /* of a number: more are out of every range, and cannot overflow */

/* The units of a duration, the longest first. */
static const struct {
    const char *word;
    uint64_t ns;
} units[] = {{"m", NS_PER_M}, {"s", NS_PER_S}, {"ms", NS_PER_MS}};

#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

static size_t digits_parse(const char *text, uint64_t *ret);
static void duration_text(uint64_t ns, char *text, size_t size);
static int address_parse(const struct conf_place *place, const char *text,
                         struct conf_address *ret);
static int address_parse_prefix(const struct conf_place *place, const char *text,
                                const char *digits, struct conf_address *ret);
static int address_check_host(const struct conf_place *place, const char *text,
                              const struct conf_address *address);
static bool address_is_edge_of_prefix(const struct conf_address *address);

int conf_value_name(const struct conf_place *place, const char *text,
                    char ret[static CONF_NAME_MAX + 1])
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789._:-";
    size_t length = strlen(text);
    if (length == 0 || length > CONF_NAME_MAX || strspn(text, allowed) != length)
        return conf_fail(place,
                         "\"%.64s\" is no name, allowed are 1 to %d letters, digits and . _ : -",
                         text, CONF_NAME_MAX);
    memcpy(ret, text, length + 1);
    return 0;
}

int conf_value_path(const struct conf_place *place, const char *text, size_t length_max, char *ret)
{
    size_t length = strlen(text);
    if (length == 0 || length > length_max)
        return conf_fail(place, "\"%.64s\" is no path, allowed are 1 to %zu bytes", text,
                         length_max);
    memcpy(ret, text, length + 1);
    return 0;
}

/* The rules of the kernel's dev_valid_name(). */
int conf_value_interface(const struct conf_place *place, const char *text, char ret[static 16])
{
    size_t length = strlen(text);
    if (length == 0 || length > 15 || strcspn(text, "/: \t\n\v\f\r") != length ||
        strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
        return conf_fail(place,
                         "\"%.64s\" is no interface name, allowed are 1 to 15 bytes without "
                         "blanks, / and :",
                         text);
    memcpy(ret, text, length + 1);
    return 0;
}

int conf_value_number(const struct conf_place *place, const char *text, struct conf_range range,
                      uint64_t *ret)
{
    uint64_t number = 0;
    size_t length = digits_parse(text, &number);
    if (length == 0 || text[length] != '\0')
        return conf_fail(place,
                         "\"%.64s\" is no whole number without leading 0, allowed is %" PRIu64
                         " to %" PRIu64,
                         text, range.min, range.max);
    if (length > DIGITS_MAX || number < range.min || number > range.max)
        return conf_fail(place, "%.64s is out of range, allowed is %" PRIu64 " to %" PRIu64, text,
                         range.min, range.max);
    *ret = number;
    return 0;
}

int conf_value_duration(const struct conf_place *place, const char *text, struct conf_range range,
                        uint64_t *ret)
{
    char min[32], max[32];
    duration_text(range.min, min, sizeof(min));
    duration_text(range.max, max, sizeof(max));
    uint64_t number = 0;
    size_t length = digits_parse(text, &number);
    size_t unit = 0;
    while (unit < UNIT_COUNT && strcmp(text + length, units[unit].word) != 0)
        unit++;
    if (length == 0 || unit == UNIT_COUNT)
        return conf_fail(place,
                         "\"%.64s\" is no duration (a whole number and ms, s or m, no blank), "
                         "allowed is %s to %s",
                         text, min, max);
    if (length > DIGITS_MAX || number * units[unit].ns < range.min ||
        number * units[unit].ns > range.max)
        return conf_fail(place, "%.64s is out of range, allowed is %s to %s", text, min, max);
    *ret = number * units[unit].ns;
    return 0;
}

int conf_value_boolean(const struct conf_place *place, const char *text, bool *ret)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"true", true},   {"yes", true}, {"on", true},
                 {"false", false}, {"no", false}, {"off", false}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(text, words[i].word) == 0) {
            *ret = words[i].value;
            return 0;
        }
    }
    return conf_fail(place, "\"%.64s\" is not allowed, allowed is true, yes, on, false, no or off",
                     text);
}

int conf_value_node_address(const struct conf_place *place, const char *text,
                            struct conf_address *ret)
{
    if (strchr(text, '/') != NULL)
        return conf_fail(place,
                         "\"%.64s\" has a prefix, allowed is the address of the host alone, such "
                         "as \"192.168.4.1\"",
                         text);
    struct conf_address address;
    if (address_parse(place, text, &address) < 0)
        return -1;
    if (conf_address_is_link_local_v6(&address))
        return conf_fail(place,
                         "%.64s is link-local and says nothing without an interface, allowed are "
                         "other unicast addresses",
                         text);
    *ret = address;
    return 0;
}

int conf_value_vip_address(const struct conf_place *place, const char *text,
                           struct conf_address *ret)
{
    static const uint8_t loopback_v6[16] = {[15] = 1};
    struct conf_address address;
    if (address_parse(place, text, &address) < 0)
        return -1;
    bool is_loopback = address.family == AF_INET ? address.bytes[0] == 127
                                                 : memcmp(address.bytes, loopback_v6, 16) == 0;
    if (is_loopback)
        return conf_fail(place, "%.64s is a loopback address, allowed are other unicast addresses",
                         text);
    if (address_is_edge_of_prefix(&address))
        return conf_fail(place,
                         "%.64s is the network or broadcast address of its prefix, allowed are the "
                         "addresses between",
                         text);
    *ret = address;
    return 0;
}

bool conf_address_is_link_local_v6(const struct conf_address *address)
{
    return address->family == AF_INET6 && address->bytes[0] == 0xfe &&
           (address->bytes[1] & 0xc0) == 0x80;
}

/*
 * The number at the beginning of `text` and how many digits it has; 0 digits if there is none or it
 * begins with a 0 that is not all of it (libconfuse, and people, may take such a number as octal).
 */
static size_t digits_parse(const char *text, uint64_t *ret)
{
    size_t length = strspn(text, "0123456789");
    if (length > 1 && text[0] == '0')
        return 0;
    uint64_t number = 0;
    for (size_t i = 0; i < length && i < DIGITS_MAX; i++)
        number = number * 10 + (uint64_t)(text[i] - '0');
    *ret = number;
    return length;
}

static void duration_text(uint64_t ns, char *text, size_t size)
{
    size_t unit = 0;
    while (unit < UNIT_COUNT - 1 && (ns == 0 || ns % units[unit].ns != 0))
        unit++;
    (void)snprintf(text, size, "%" PRIu64 "%s", ns / units[unit].ns, units[unit].word);
}

/* An address of one host, with or without prefix; what no host can have is refused. */
static int address_parse(const struct conf_place *place, const char *text, struct conf_address *ret)
{
    char host[INET6_ADDRSTRLEN] = "";
    size_t length = strcspn(text, "/");
    struct conf_address address = {0};
    if (length < sizeof(host)) {
        memcpy(host, text, length);
        host[length] = '\0';
    }
    if (inet_pton(AF_INET, host, address.bytes) == 1) {
        address.family = AF_INET;
        address.prefix = 32;
    } else if (inet_pton(AF_INET6, host, address.bytes) == 1) {
        address.family = AF_INET6;
        address.prefix = 128;
    } else {
        return conf_fail(place,
                         "\"%.64s\" is no address, allowed is IPv4 such as 192.168.4.3 or IPv6 "
                         "such as 2001:db8::3",
                         text);
    }
    if (text[length] == '/' && address_parse_prefix(place, text, text + length + 1, &address) < 0)
        return -1;
    if (address_check_host(place, text, &address) < 0)
        return -1;
    *ret = address;
    return 0;
}

static int address_parse_prefix(const struct conf_place *place, const char *text,
                                const char *digits, struct conf_address *ret)
{
    uint64_t prefix = 0;
    size_t length = digits_parse(digits, &prefix);
    if (length == 0 || length > 3 || digits[length] != '\0' || prefix < 1 || prefix > ret->prefix)
        return conf_fail(place, "\"%.64s\" has no valid prefix, allowed is /1 to /%u", text,
                         ret->prefix);
    ret->prefix = (uint8_t)prefix;
    return 0;
}

static int address_check_host(const struct conf_place *place, const char *text,
                              const struct conf_address *address)
{
    static const uint8_t zero[16] = {0};
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t broadcast[4] = {0xff, 0xff, 0xff, 0xff};
    const uint8_t *bytes = address->bytes;
    const char *what = NULL;
    if (address->family == AF_INET) {
        if (bytes[0] == 0)
            what = "an unspecified address";
        else if (bytes[0] >= 224 && bytes[0] <= 239)
            what = "a multicast address";
        else if (memcmp(bytes, broadcast, 4) == 0)
            what = "the broadcast address";
    } else {
        if (memcmp(bytes, zero, 16) == 0)
            what = "the unspecified address";
        else if (bytes[0] == 0xff)
            what = "a multicast address";
        else if (memcmp(bytes, mapped, 12) == 0)
            what = "an IPv4 address mapped to IPv6";
    }
    if (what == NULL)
        return 0;
    return conf_fail(place, "%.64s is %s, allowed are unicast addresses", text, what);
}

/* IPv4 only: all bits behind the prefix 0 or all 1; /31 and /32 have no such addresses. */
static bool address_is_edge_of_prefix(const struct conf_address *address)
{
    if (address->family != AF_INET || address->prefix > 30)
        return false;
    uint32_t host = ((uint32_t)address->bytes[0] << 24) | ((uint32_t)address->bytes[1] << 16) |
                    ((uint32_t)address->bytes[2] << 8) | address->bytes[3];
    uint32_t mask = UINT32_MAX >> address->prefix;
    return (host & mask) == 0 || (host & mask) == mask;
}
