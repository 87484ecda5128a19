// SPDX-License-Identifier: MIT
#include "conf/conf.h"

#include "conf_internal.h"
#include "log/log.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int read_with(int (*read)(struct conf_draft *draft), struct conf_draft *draft,
                     const char *self_name, struct conf *ret);

int conf_read_file(const char *path, const char *self_name, struct conf *ret,
                   struct conf_error *error)
{
    struct conf_draft draft;
    conf_draft_init(&draft, path, error);
    return read_with(conf_file_read, &draft, self_name, ret);
}

bool conf_environment_is_used(void)
{
    return getenv("VIPGOSSIP_PEERS") != NULL;
}

int conf_read_environment(const char *self_name, struct conf *ret, struct conf_error *error)
{
    struct conf_draft draft;
    conf_draft_init(&draft, NULL, error);
    int result = read_with(conf_environment_read, &draft, self_name, ret);
    explicit_bzero(&draft, sizeof(draft)); /* VIPGOSSIP_KEY is in it */
    return result;
}

void conf_draft_init(struct conf_draft *draft, const char *file, struct conf_error *error)
{
    memset(draft, 0, sizeof(*draft));
    draft->file = file;
    draft->error = error;
    struct conf *conf = &draft->conf;
    (void)snprintf(conf->key_file, sizeof(conf->key_file), "/etc/vipgossip/cluster.key");
    (void)snprintf(conf->control_socket, sizeof(conf->control_socket),
                   "/run/vipgossip/control.sock");
    (void)snprintf(conf->state_dir, sizeof(conf->state_dir), CONF_STATE_DIR);
    conf->port = 7112;
    conf->interval_ns = UINT64_C(200000000);
    conf->fail_open = true;
    conf->hook_timeout_ns = UINT64_C(10000000000);
    conf->log_level = LOG_LEVEL_INFO;
}

int conf_self_find(struct conf_draft *draft, const char *name)
{
    struct conf_place place = {NULL, 0, "VIPGOSSIP_NODE", draft->error};
    struct conf *conf = &draft->conf;
    if (name != NULL)
        place = (struct conf_place){draft->file, 0, "-n", draft->error};
    else
        name = getenv("VIPGOSSIP_NODE");
    if (name == NULL)
        return 0;
    /* In the environment a node is its address, which has more than one spelling in IPv6. */
    char canonical[INET6_ADDRSTRLEN];
    uint8_t bytes[16];
    int index = conf_node_index(conf, name);
    if (index < 0 && inet_pton(AF_INET6, name, bytes) == 1 &&
        inet_ntop(AF_INET6, bytes, canonical, sizeof(canonical)) != NULL)
        index = conf_node_index(conf, canonical);
    if (index >= 0) {
        memcpy(conf->self_name, conf->nodes[index].name, sizeof(conf->self_name));
        return 0;
    }
    char names[256] = "";
    for (int i = 0; i < conf->node_count; i++)
        conf_append(names, sizeof(names), "%s%s", i == 0 ? "" : ", ", conf->nodes[i].name);
    return conf_fail(&place, "\"%.64s\" is no node, the nodes are: %s", name, names);
}

static int read_with(int (*read)(struct conf_draft *draft), struct conf_draft *draft,
                     const char *self_name, struct conf *ret)
{
    draft->error->text[0] = '\0';
    if (read(draft) < 0 || conf_check(draft) < 0 || conf_self_find(draft, self_name) < 0)
        return -1;
    *ret = draft->conf;
    return 0;
}
