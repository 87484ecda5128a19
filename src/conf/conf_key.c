// SPDX-License-Identifier: MIT
#include "conf/key.h"

#include "conf_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_FILE_MAX   4096
#define KEY_SEPARATORS " \t\r,"

static int cluster_keys_read(const struct conf *conf, struct conf_keys *keys,
                             struct conf_error *error);
static int node_key_read(const struct conf *conf, struct conf_keys *keys, struct conf_error *error);
static int own_key_check(const struct conf *conf, const struct conf_keys *keys,
                         struct conf_error *error);
static int file_read(const struct conf_place *place, char text[static KEY_FILE_MAX + 1]);
static int file_check(const struct conf_place *place, int fd);
static int key_take(const struct conf_place *place, const char *text, size_t length,
                    struct conf_keys *keys);

int conf_keys_read(const struct conf *conf, struct conf_keys *ret, struct conf_error *error)
{
    struct conf_keys keys = {0};
    error->text[0] = '\0';
    int result = cluster_keys_read(conf, &keys, error);
    if (result == 0)
        result = node_key_read(conf, &keys, error);
    if (result == 0)
        result = own_key_check(conf, &keys, error);
    if (result == 0)
        *ret = keys;
    sodium_memzero(&keys, sizeof(keys));
    return result;
}

int conf_key_parse(const char *text, size_t length, uint8_t ret_key[static CONF_KEY_BYTES])
{
    while (length > 0 && strchr(" \t\r\n", text[0]) != NULL && text[0] != '\0') {
        text++;
        length--;
    }
    while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL && text[length - 1] != '\0')
        length--;
    uint8_t key[CONF_KEY_BYTES];
    size_t key_length = 0;
    int result = -1;
    if (length == CONF_KEY_TEXT - 1 &&
        sodium_base642bin(key, sizeof(key), text, length, NULL, &key_length, NULL,
                          sodium_base64_VARIANT_ORIGINAL) == 0 &&
        key_length == sizeof(key)) {
        memcpy(ret_key, key, sizeof(key));
        result = 0;
    }
    sodium_memzero(key, sizeof(key));
    return result;
}

void conf_key_text(const uint8_t key[static CONF_KEY_BYTES], char text[static CONF_KEY_TEXT])
{
    (void)sodium_bin2base64(text, CONF_KEY_TEXT, key, CONF_KEY_BYTES,
                            sodium_base64_VARIANT_ORIGINAL);
}

bool conf_key_path_is_secret(const char *path)
{
    static const char prefix[] = "/run/secrets/";
    return strncmp(path, prefix, sizeof(prefix) - 1) == 0 && strstr(path, "/../") == NULL;
}

int conf_keys_read_text(const struct conf_place *place, const char *text, struct conf_keys *ret)
{
    struct conf_place line = *place;
    line.line = place->file != NULL ? 1 : 0;
    ret->cluster_count = 0;
    while (*text != '\0') {
        size_t length = strcspn(text, KEY_SEPARATORS "\n");
        if (length > 0 && key_take(&line, text, length, ret) < 0)
            return -1;
        text += length;
        if (*text == '\n' && line.file != NULL)
            line.line++;
        if (*text != '\0')
            text++;
    }
    if (ret->cluster_count > 0)
        return 0;
    return conf_fail(place, "has no key in it; make one with: vipgossip keygen");
}

static int cluster_keys_read(const struct conf *conf, struct conf_keys *keys,
                             struct conf_error *error)
{
    if (conf->key_text[0] != '\0') {
        struct conf_place place = {NULL, 0, "VIPGOSSIP_KEY", error};
        return conf_keys_read_text(&place, conf->key_text, keys);
    }
    struct conf_place place = {conf->key_file, 0, NULL, error};
    char text[KEY_FILE_MAX + 1];
    int result = file_read(&place, text);
    if (result == 0)
        result = conf_keys_read_text(&place, text, keys);
    sodium_memzero(text, sizeof(text));
    return result;
}

static int node_key_read(const struct conf *conf, struct conf_keys *keys, struct conf_error *error)
{
    if (conf->node_key_file[0] == '\0')
        return 0;
    struct conf_place place = {conf->node_key_file, 0, NULL, error};
    struct conf_keys found = {0};
    char text[KEY_FILE_MAX + 1];
    int result = file_read(&place, text);
    if (result == 0)
        result = conf_keys_read_text(&place, text, &found);
    if (result == 0 && found.cluster_count != 1)
        result = conf_fail(&place, "has two keys, a node has one of its own");
    if (result == 0) {
        memcpy(keys->node_key, found.cluster[0], sizeof(keys->node_key));
        keys->has_node_key = true;
    }
    sodium_memzero(text, sizeof(text));
    sodium_memzero(&found, sizeof(found));
    return result;
}

/* The node's own key and the public_key of its section belong together; others would not hear it.
 */
static int own_key_check(const struct conf *conf, const struct conf_keys *keys,
                         struct conf_error *error)
{
    int self = conf_node_index(conf, conf->self_name);
    if (self < 0)
        return 0;
    const struct conf_node *node = &conf->nodes[self];
    struct conf_place place = {conf->node_key_file, 0, NULL, error};
    if (node->has_public_key && !keys->has_node_key) {
        place.file = conf->key_file;
        return conf_fail(&place,
                         "is not enough: node \"%s\" has a public_key, so node_key_file must name "
                         "the key that belongs to it",
                         node->name);
    }
    if (!keys->has_node_key)
        return 0;
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES], secret_key[crypto_sign_SECRETKEYBYTES];
    (void)crypto_sign_seed_keypair(public_key, secret_key, keys->node_key);
    sodium_memzero(secret_key, sizeof(secret_key));
    char text[CONF_KEY_TEXT];
    conf_key_text(public_key, text);
    if (!node->has_public_key)
        return conf_fail(&place, "node \"%s\" needs public_key = \"%s\" to go with this key",
                         node->name, text);
    if (sodium_memcmp(public_key, node->public_key, sizeof(public_key)) != 0)
        return conf_fail(&place,
                         "the public key of this key is %s, but node \"%s\" has another public_key",
                         text, node->name);
    return 0;
}

static int file_read(const struct conf_place *place, char text[static KEY_FILE_MAX + 1])
{
    int fd = open(place->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno == ENOENT)
        return conf_fail(place, "there is no such file; make a key with: vipgossip keygen %s",
                         place->file);
    if (fd < 0)
        return conf_fail(place, "cannot be opened: %s", strerror(errno));
    int result = file_check(place, fd);
    size_t length = 0;
    ssize_t added = result == 0 ? 1 : 0;
    while (added > 0 && length < KEY_FILE_MAX) {
        added = read(fd, text + length, KEY_FILE_MAX - length);
        length += added > 0 ? (size_t)added : 0;
    }
    if (added < 0)
        result = conf_fail(place, "cannot be read: %s", strerror(errno));
    text[length] = '\0';
    (void)close(fd);
    if (result == 0 && (length == KEY_FILE_MAX || strlen(text) != length))
        result = conf_fail(place, "is no key file; make one with: vipgossip keygen");
    return result;
}

static int file_check(const struct conf_place *place, int fd)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return conf_fail(place, "cannot be looked at: %s", strerror(errno));
    if (!S_ISREG(status.st_mode))
        return conf_fail(place, "is not a regular file");
    /* A group that may read it is the administrator's choice; one that may change it is not. */
    if ((status.st_mode & (S_IRWXO | S_IWGRP)) != 0 && !conf_key_path_is_secret(place->file))
        return conf_fail(place, "others can read or change it (mode %04o); run: chmod 600 %s",
                         (unsigned)(status.st_mode & 07777), place->file);
    return 0;
}

static int key_take(const struct conf_place *place, const char *text, size_t length,
                    struct conf_keys *keys)
{
    if (keys->cluster_count == 2)
        return conf_fail(place, "this is a third key, allowed are one or two");
    uint8_t *key = keys->cluster[keys->cluster_count];
    if (conf_key_parse(text, length, key) < 0)
        return conf_fail(place, "this is no key, which has 44 characters of base64; make one with: "
                                "vipgossip keygen");
    if (keys->cluster_count == 1 && sodium_memcmp(keys->cluster[0], key, CONF_KEY_BYTES) == 0)
        return conf_fail(place, "both keys are the same; leave one of them out");
    keys->cluster_count++;
    return 0;
}
