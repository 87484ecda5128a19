// SPDX-License-Identifier: MIT
#include "conf_support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int directory_enter(void **state)
{
    char *path = strdup("/tmp/vipgossip-conf-XXXXXX");
    assert_non_null(path);
    assert_non_null(mkdtemp(path));
    assert_int_equal(chdir(path), 0);
    *state = path;
    return environment_clear(NULL);
}

int directory_leave(void **state)
{
    char *path = *state;
    (void)unlink(FILE_NAME);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(path), 0);
    free(path);
    return 0;
}

int environment_clear(void **state)
{
    (void)state;
    for (char **entry = environ; *entry != NULL;) {
        char name[128];
        (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(*entry, "="), *entry);
        if (strncmp(name, "VIPGOSSIP_", 10) != 0)
            entry++;
        else
            assert_int_equal(unsetenv(name), 0); /* moves the next one here */
    }
    return 0;
}

void file_write(const char *name, const void *bytes, size_t length)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, length), length);
    assert_int_equal(close(fd), 0);
}

void read_good(const char *text, struct conf *ret)
{
    struct conf_error error;
    file_write(FILE_NAME, text, strlen(text));
    if (conf_read_file(FILE_NAME, NULL, ret, &error) != 0)
        fail_msg("%s\nin:\n%s", error.text, text);
}

void read_bad(const char *text, struct conf_error *ret)
{
    struct conf conf;
    file_write(FILE_NAME, text, strlen(text));
    if (conf_read_file(FILE_NAME, NULL, &conf, ret) != -1)
        fail_msg("not refused:\n%s", text);
}

void assert_address(const struct conf_address *address, const char *text)
{
    char found[CONF_ADDRESS_TEXT];
    assert_string_equal(conf_address_text(address, true, found), text);
}
