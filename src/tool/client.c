// SPDX-License-Identifier: MIT
#include "tool/client.h"

#include "ipc/control.h"
#include "tool/convert.h"

#include <errno.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define READ_BYTES 65536U

static int fail(struct client_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static int connect_to(const char *path, bool follow, struct client_error *error);
static int send_request(int fd, const char *request);
static int explain_connect(const char *path, int reason, struct client_error *error);
static int explain_access(const char *path, struct client_error *error);
static int receive(struct client *client, struct client_error *error);
static int take_value(const msgpack_object *object, json_t **ret, struct client_error *error);

int client_open(const char *path, const char *request, bool follow, struct client *ret,
                struct client_error *error)
{
    const int fd = connect_to(path, follow, error);

    if (fd < 0)
        return -1;
    if (send_request(fd, request) != 0) {
        (void)fail(error, "vipgossipd at %s does not take the question (%s): see its log", path,
                   strerror(errno));
        (void)close(fd);
        return -1;
    }
    /* In its place: it points into itself and cannot be copied. */
    if (!msgpack_unpacker_init(&ret->unpacker, READ_BYTES)) {
        (void)fail(error, "out of memory: free some and try again");
        (void)close(fd);
        return -1;
    }
    ret->fd = fd;
    ret->pending = 0;
    return 0;
}

int client_next(struct client *client, json_t **ret, struct client_error *error)
{
    msgpack_unpacked value;
    int result;

    for (;;) {
        size_t used = 0;
        msgpack_unpacked_init(&value);
        const msgpack_unpack_return state =
            msgpack_unpacker_next_with_size(&client->unpacker, &value, &used);
        if (state == MSGPACK_UNPACK_SUCCESS) {
            client->pending -= used < client->pending ? used : client->pending;
            result = take_value(&value.data, ret, error);
            msgpack_unpacked_destroy(&value);
            return result;
        }
        msgpack_unpacked_destroy(&value);
        if (state != MSGPACK_UNPACK_CONTINUE)
            return fail(error, "what the daemon says is no msgpack: is it a vipgossipd of another "
                               "version, or another program? Compare 'vipgossipd -V'");
        result = receive(client, error);
        if (result <= 0)
            return result;
    }
}

void client_close(struct client *client)
{
    msgpack_unpacker_destroy(&client->unpacker);
    (void)close(client->fd);
    client->fd = -1;
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
    ssize_t got;

    if (client->pending >= CLIENT_VALUE_BYTES_MAX)
        return fail(error, "the answer is larger than %u bytes: is that a vipgossipd?",
                    CLIENT_VALUE_BYTES_MAX);
    if (!msgpack_unpacker_reserve_buffer(&client->unpacker, READ_BYTES))
        return fail(error, "out of memory: free some and try again");
    do {
        got = recv(client->fd, msgpack_unpacker_buffer(&client->unpacker), READ_BYTES, 0);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN)
        return fail(error,
                    "vipgossipd does not answer within %d s: it hangs or is frozen; see its "
                    "log",
                    CLIENT_WAIT_S);
    if (got < 0)
        return fail(error, "the connection to vipgossipd broke (%s): see its log", strerror(errno));
    if (got == 0 && client->pending != 0)
        return fail(error, "the answer of vipgossipd is cut short: see its log");
    if (got == 0)
        return 0;
    msgpack_unpacker_buffer_consumed(&client->unpacker, (size_t)got);
    client->pending += (size_t)got;
    return 1;
}

static int take_value(const msgpack_object *object, json_t **ret, struct client_error *error)
{
    json_t *value = convert_value(object);
    const char *refusal;

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
