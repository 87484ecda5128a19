// SPDX-License-Identifier: MIT
/*
 * `vipgossip keygen` and `vipgossip pubkey`: keys as lines of base64, used as `wg genkey` and
 * `wg pubkey`. One kind of key for both purposes: 32 random bytes are a cluster key or the Ed25519
 * seed of a node's own key [RFC 8032 5.1.5].
 */
#include "conf/key.h"
#include "command.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_INPUT_MAX 256 /* bytes of standard input that are looked at */

static_assert(crypto_sign_SEEDBYTES == CONF_KEY_BYTES, "a key is a seed");
static_assert(crypto_sign_PUBLICKEYBYTES == CONF_KEY_BYTES, "a public key is as long as a key");

static int write_new_file(const char *path, const char *line, FILE *err);
static int refuse_file(const char *path, int reason, FILE *err);
static bool write_all(int fd, const char *text, size_t length);
static void warn_if_readable(FILE *out, FILE *err);

int keygen_command(const struct invocation *invocation)
{
    const struct tool_streams *streams = &invocation->streams;
    uint8_t key[CONF_KEY_BYTES];
    char line[CONF_KEY_TEXT + 1];
    int code = TOOL_DONE;

    if (sodium_init() < 0) {
        (void)fprintf(streams->err, "vipgossip: no random numbers to be had from the kernel\n");
        return TOOL_REFUSED;
    }
    randombytes_buf(key, sizeof(key));
    conf_key_text(key, line);
    (void)strcat(line, "\n");
    if (invocation->operand != NULL) {
        code = write_new_file(invocation->operand, line, streams->err);
    } else {
        warn_if_readable(streams->out, streams->err);
        (void)fputs(line, streams->out);
    }
    sodium_memzero(key, sizeof(key));
    sodium_memzero(line, sizeof(line));
    return code;
}

int pubkey_command(const struct invocation *invocation)
{
    const struct tool_streams *streams = &invocation->streams;
    char input[KEY_INPUT_MAX];
    uint8_t seed[CONF_KEY_BYTES];
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
    uint8_t secret_key[crypto_sign_SECRETKEYBYTES];
    char line[CONF_KEY_TEXT];
    int result = -1;

    const size_t length = fread(input, 1, sizeof(input), streams->in);
    if (sodium_init() >= 0 && length < sizeof(input))
        result = conf_key_parse(input, length, seed);
    sodium_memzero(input, sizeof(input));
    if (result != 0) {
        (void)fprintf(streams->err, "vipgossip: standard input is no key: give one line of 44 "
                                    "characters of base64, as 'vipgossip keygen' makes it\n");
        return TOOL_REFUSED;
    }
    (void)crypto_sign_seed_keypair(public_key, secret_key, seed);
    sodium_memzero(seed, sizeof(seed));
    sodium_memzero(secret_key, sizeof(secret_key));
    conf_key_text(public_key, line);
    (void)fprintf(streams->out, "%s\n", line);
    return TOOL_DONE;
}

/* Creates `path` for its owner alone. A file that is there stays as it is: a key that a running
 * cluster uses is not to be lost to a second call. */
static int write_new_file(const char *path, const char *line, FILE *err)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool written;
    int reason;

    if (fd < 0)
        return refuse_file(path, errno, err);
    written = write_all(fd, line, strlen(line)) && fsync(fd) == 0;
    reason = errno;
    if (close(fd) != 0 && written) {
        reason = errno;
        written = false;
    }
    if (written)
        return TOOL_DONE;
    (void)unlink(path);
    return refuse_file(path, reason, err);
}

static int refuse_file(const char *path, int reason, FILE *err)
{
    if (reason == EEXIST)
        (void)fprintf(err,
                      "vipgossip: %s exists and is not overwritten: if its key is no longer used "
                      "anywhere, remove it first\n",
                      path);
    else if (reason == ENOENT)
        (void)fprintf(err,
                      "vipgossip: %s: its directory does not exist: make it with 'install -d', "
                      "then try again\n",
                      path);
    else
        (void)fprintf(err,
                      "vipgossip: cannot write %s: %s; choose a place where this user may write\n",
                      path, strerror(reason));
    return TOOL_REFUSED;
}

static bool write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        const ssize_t written = write(fd, text, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        text += written;
        length -= (size_t)written;
    }
    return true;
}

/* The daemon refuses a key that others can read: better said now, when the file is made. */
static void warn_if_readable(FILE *out, FILE *err)
{
    struct stat status;

    if (fileno(out) < 0 || fstat(fileno(out), &status) != 0)
        return;
    if (S_ISREG(status.st_mode) && (status.st_mode & S_IROTH) != 0)
        (void)fprintf(err, "vipgossip: warning: everybody can read the file that this key goes to, "
                           "and vipgossipd refuses such a file: chmod 600 it, or use 'vipgossip "
                           "keygen FILE'\n");
}
