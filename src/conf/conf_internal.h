// SPDX-License-Identifier: MIT
/*
 * What the files of conf share. A configuration is read in four steps: text (conf_text: what the
 * characters of a file may be), grammar (conf_file: libconfuse), values (conf_section with
 * conf_value: one function per key) and the whole (conf_check: what can be said only when all
 * sections are known). The environment skips the first two.
 */
#ifndef CONF_INTERNAL_H
#define CONF_INTERNAL_H

#include "conf/conf.h"
#include "conf/key.h"

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  (1000 * NS_PER_MS)

#define CONF_FILE_BYTES_MAX (1024 * 1024)

/* Where something stands that may be wrong. */
struct conf_place {
    const char *file; /* NULL: the environment */
    int line;         /* 0: of the file as a whole */
    const char *key;  /* what the message is about: a key, a section, a variable; may be NULL */
    struct conf_error *error;
};

/* A configuration while it is read: what struct conf has no room for is needed for messages. */
struct conf_draft {
    struct conf conf;
    const char *file; /* NULL: the environment */
    struct conf_error *error;
    int node_line[CONF_NODES_MAX];
    int node_address_line[CONF_NODES_MAX][CONF_PATHS_MAX];
    int vip_line[CONF_VIPS_MAX];
    int vip_address_line[CONF_ADDRESSES_MAX];
};

/* conf_fail.c */

/* Writes "FILE:LINE: KEY: message" into place->error, control characters replaced. Always -1. */
int conf_fail(const struct conf_place *place, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Appends to the string in `text` what fits; where it does not, `text` ends in "...". */
void conf_append(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* conf.c */

void conf_draft_init(struct conf_draft *draft, const char *file, struct conf_error *error);
/* Sets self_name from -n (may be NULL) or VIPGOSSIP_NODE and checks that it is a node. */
int conf_self_find(struct conf_draft *draft, const char *name);

/* conf_text.c */

/*
 * Refuses every character sequence that libconfuse would skip, misread or not report, and blanks
 * the comments out of `text` (`length` bytes). Returns 0 or -1.
 */
int conf_text_check(const char *file, char *text, size_t length, struct conf_error *error);

/* conf_file.c */

int conf_file_read(struct conf_draft *draft);

/* conf_environment.c */

int conf_environment_read(struct conf_draft *draft);

/* conf_section.c */

/* What a key is set in. */
struct conf_target {
    struct conf_draft *draft;
    int node;              /* index, in a node section */
    int vip;               /* index, in a vip section */
    int check;             /* index, in a check section */
    bool nodes_are_given;  /* vip: `nodes` has been seen; out-parameter of its setter */
    const char *only_http; /* check: a key that is for http only has been seen */
};

/* Takes one value, or says with conf_fail() what is allowed and returns -1. */
typedef int conf_setter(struct conf_target *target, const struct conf_place *place,
                        const char *text);

/* A key that can stand in a section. */
struct conf_key {
    const char *name;
    bool is_list;
    conf_setter *set;
};

/* Each table ends with a NULL name. */
extern const struct conf_key conf_keys_top[];
extern const struct conf_key conf_keys_node[];
extern const struct conf_key conf_keys_vip[];
extern const struct conf_key conf_keys_vip_node[];
extern const struct conf_key conf_keys_check[]; /* conf_health.c */

/* Appends a node or VIP with its defaults. Returns its index, or -1 after conf_fail(). */
int conf_node_add(struct conf_draft *draft, const struct conf_place *place, const char *name);
int conf_vip_add(struct conf_draft *draft, const struct conf_place *place, const char *name);

/* conf_health.c */

/* Appends a check with its defaults. Returns its index, or -1 after conf_fail(). */
int conf_check_add(struct conf_draft *draft, const struct conf_place *place, const char *name);
/* What can be said when all keys of a check are there. 0, or -1 after conf_fail(). */
int conf_check_end(struct conf_target *target, const struct conf_place *place);
conf_setter conf_set_hook, conf_set_hook_timeout;

/* conf_check.c */

int conf_check(struct conf_draft *draft);

/* conf_value.c: each takes `text`, or says what is allowed with conf_fail() and returns -1. */

struct conf_range {
    uint64_t min, max;
};

int conf_value_name(const struct conf_place *place, const char *text,
                    char ret[static CONF_NAME_MAX + 1]);
/* At most `length_max` bytes. */
int conf_value_path(const struct conf_place *place, const char *text, size_t length_max, char *ret);
int conf_value_interface(const struct conf_place *place, const char *text, char ret[static 16]);
int conf_value_number(const struct conf_place *place, const char *text, struct conf_range range,
                      uint64_t *ret);
/* `range` and `ret` in nanoseconds. */
int conf_value_duration(const struct conf_place *place, const char *text, struct conf_range range,
                        uint64_t *ret);
int conf_value_boolean(const struct conf_place *place, const char *text, bool *ret);
int conf_value_node_address(const struct conf_place *place, const char *text,
                            struct conf_address *ret);
int conf_value_vip_address(const struct conf_place *place, const char *text,
                           struct conf_address *ret);
bool conf_address_is_link_local_v6(const struct conf_address *address);

/* conf_key.c */

/* Below /run/secrets, where Docker makes files 0444 and nobody can change that. */
bool conf_key_path_is_secret(const char *path);
/*
 * The one or two cluster keys of `text`, separated by blanks, commas or newlines; with place->file
 * the line of the text is named. Fills ret->cluster and ret->cluster_count.
 */
int conf_keys_read_text(const struct conf_place *place, const char *text, struct conf_keys *ret);

#endif
