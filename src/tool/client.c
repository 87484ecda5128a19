// SPDX-License-Identifier: MIT
#include "tool/client.h"

#include "ipc/control.h"
#include "tool/convert.h"
#include "tool/measure.h"

#include <errno.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static int fail(struct client_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static int connect_to(const char *path, bool follow, struct client_error *error);
static int send_request(int fd, const char *request);
static int explain_connect(const char *path, int reason, struct client_error *error);
static int explain_access(const char *path, struct client_error *error);
static int receive(struct client *client, struct client_error *error);
static int take_value(const char *bytes, size_t length, json_t **ret, struct client_error *error);

int client_open(const char *path, const char *request, bool follow, struct client *ret,
                struct client_error *error)
{
    const int fd = connect_to(path, follow, error);
    char *buffer;

    if (fd < 0)
        return -1;
    if (send_request(fd, request) != 0) {
        (void)fail(error, "vipgossipd at %s does not take the question (%s): see its log", path,
                   strerror(errno));
        (void)close(fd);
        return -1;
    }
    buffer = malloc(CLIENT_VALUE_BYTES_MAX); /* the kernel gives only what is touched */
    if (buffer == NULL) {
        (void)fail(error, "out of memory: free some and try again");
        (void)close(fd);
        return -1;
    }
    *ret = (struct client){.fd = fd, .buffer = buffer};
    return 0;
}

int client_next(struct client *client, json_t **ret, struct client_error *error)
{
    for (;;) {
        const char *bytes = client->buffer + client->begin;
        const size_t length = client->end - client->begin;
        const struct measure measure = measure_value(bytes, length);
        if (measure.state == MEASURE_WHOLE) {
            client->begin += measure.length;
            return take_value(bytes, measure.length, ret, error);
        }
        if (measure.state == MEASURE_BAD)
            return fail(error, "what the daemon says is no msgpack: is it a vipgossipd of another "
                               "version, or another program? Compare 'vipgossipd -V'");
        if (measure.length > CLIENT_VALUE_BYTES_MAX)
            return fail(error, "the answer is larger than %u bytes: is that a vipgossipd?",
                        CLIENT_VALUE_BYTES_MAX);
        const int result = receive(client, error);
        if (result <= 0)
            return result;
    }
}

void client_close(struct client *client)
{
    free(client->buffer);
    (void)close(client->fd);
    *client = (struct client){.fd = -1};
}

static int fail(struct client_error *error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    return -1;
}

/* A connected socket, or -1 and `error`. */
static int connect_to(const char *path, bool follow, struct client_error *error)
{
    const struct timeval wait = {.tv_sec = CLIENT_WAIT_S};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd;

    if (path[0] == '\0' || strlen(path) >= sizeof(address.sun_path))
        return fail(error, "'%.120s' cannot be the path of a socket: give 1 to %zu bytes", path,
                    sizeof(address.sun_path) - 1);
    memcpy(address.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail(error, "no socket to be had (%s): see 'ulimit -n'", strerror(errno));
    /* A frozen daemon does not accept: connect() waits as long as a send may take. */
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
    if (!follow)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    (void)explain_connect(path, errno, error);
    (void)close(fd);
    return -1;
}

/* Sends the request and its newline; 0 or -1 and errno. */
static int send_request(int fd, const char *request)
{
    char line[CONTROL_REQUEST_MAX];
    const int length = snprintf(line, sizeof(line), "%s\n", request);
    ssize_t sent;

    do {
        sent = send(fd, line, (size_t)length, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent == length ? 0 : -1;
}

static int explain_connect(const char *path, int reason, struct client_error *error)
{
    switch (reason) {
    case EACCES:
    case EPERM:
        return explain_access(path, error);
    case EAGAIN:
        return fail(error,
                    "vipgossipd does not answer at %s within %d s: it hangs, is frozen or has too "
                    "many clients; see its log",
                    path, CLIENT_WAIT_S);
    case ENOTSOCK:
        return fail(error, "%s is no socket: give the control_socket of the configuration", path);
    default:
        return fail(error,
                    "no daemon answers at %s (%s): is vipgossipd running? If its control_socket is "
                    "another one, say --socket PATH",
                    path, strerror(reason));
    }
}

/* Names the group that may use the socket, as far as this user may know it. */
static int explain_access(const char *path, struct client_error *error)
{
    const struct group *group = NULL;
    struct stat status;

    if (stat(path, &status) == 0 && status.st_gid != 0)
        group = getgrgid(status.st_gid);
    if (group == NULL)
        return fail(error, "no access to %s: run this as root, or as a member of its group", path);
    return fail(error, "no access to %s: run this as root, or as a member of group %s", path,
                group->gr_name);
}

/* Reads some more. 1: there is more; 0: the end, after a whole value; -1 and `error`. */
static int receive(struct client *client, struct client_error *error)
{
    const size_t rest = client->end - client->begin;
    ssize_t got;

    /* A value that is not whole needs more than `rest` and at most the buffer: there is room. */
    memmove(client->buffer, client->buffer + client->begin, rest);
    client->begin = 0;
    client->end = rest;
    do {
        got = recv(client->fd, client->buffer + rest, CLIENT_VALUE_BYTES_MAX - rest, 0);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN)
        return fail(error,
                    "vipgossipd does not answer within %d s: it hangs or is frozen; see its log",
                    CLIENT_WAIT_S);
    if (got < 0)
        return fail(error, "the connection to vipgossipd broke (%s): see its log", strerror(errno));
    if (got == 0 && rest != 0)
        return fail(error, "the answer of vipgossipd is cut short: see its log");
    client->end += (size_t)got;
    return got > 0 ? 1 : 0;
}

static int take_value(const char *bytes, size_t length, json_t **ret, struct client_error *error)
{
    msgpack_unpacked unpacked;
    size_t offset = 0;
    json_t *value = NULL;
    const char *refusal;

    msgpack_unpacked_init(&unpacked);
    if (msgpack_unpack_next(&unpacked, bytes, length, &offset) == MSGPACK_UNPACK_SUCCESS)
        value = convert_value(&unpacked.data);
    msgpack_unpacked_destroy(&unpacked);
    if (!json_is_object(value)) {
        json_decref(value);
        return fail(error, "the answer of vipgossipd is not understood: does 'vipgossipd -V' say "
                           "the version of 'vipgossip --version'?");
    }
    refusal = json_string_value(json_object_get(value, "error"));
    /* An event has a key "error" too, but also a kind. */
    if (refusal != NULL && json_object_size(value) == 1) {
        (void)fail(error,
                   "vipgossipd refuses: %s; does 'vipgossipd -V' say the version of "
                   "'vipgossip --version'?",
                   refusal);
        json_decref(value);
        return -1;
    }
    *ret = value;
    return 1;
}
