// SPDX-License-Identifier: MIT
/*
 * The grammar of a file, by libconfuse. It gets the text from memory, already cleared by
 * conf_text_check(), so that it neither opens nor reads anything. Every value is kept as text with
 * the line it stands in; conf_section.c says what it means.
 */
#include "conf_internal.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEYS_MAX 20 /* keys and sections of one section, and the end mark */

/* A value as it stands in the file. */
struct line_text {
    int line;
    char text[];
};

/* libconfuse's sentences in our words; its own may have one string in it. */
static const struct {
    const char *theirs;
    const char *before;
    const char *after; /* NULL: no string in it */
} messages[] = {
    {"premature end of file", "the file ends where a value or a } is missing", NULL},
    {"unexpected token '%s'", "unexpected \"", "\"; expected a value, or , or } in a list"},
    {"missing equal sign after option '%s'", "", " is not followed by ="},
    {"missing title for section '%s'", "", " is not followed by a name"},
    {"missing opening brace for section '%s'", "", " and its name are not followed by {"},
    {"found duplicate title '%s'", "the name \"", "\" is there twice; names are unique"},
};

static int file_load(const struct conf_place *place, char **ret_text, size_t *ret_length);
static int file_load_open(const struct conf_place *place, int fd, char **ret_text,
                          size_t *ret_length);
static cfg_t *tree_new(void);
static size_t options_fill(cfg_opt_t *options, const struct conf_key *keys);
static int tree_parse(cfg_t *tree, struct conf_draft *draft, char *text, size_t length);
static int on_value(cfg_t *cfg, cfg_opt_t *option, const char *text, void *result);
static void on_error(cfg_t *cfg, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
static char *message_unknown_key(const cfg_t *cfg, const char *key);
static cfg_t *error_find(cfg_t *cfg);
static int tree_take(cfg_t *tree, struct conf_draft *draft);
static int node_take(cfg_t *section, struct conf_draft *draft);
static int vip_take(cfg_t *section, struct conf_draft *draft);
static int vip_node_take(cfg_t *section, struct conf_target *target);
static int check_take(cfg_t *section, struct conf_draft *draft);
static int keys_take(cfg_t *section, const struct conf_key *keys, struct conf_target *target);
static int key_require(cfg_t *section, const struct conf_place *place, const char *key,
                       const char *example);

int conf_file_read(struct conf_draft *draft)
{
    struct conf_place place = {draft->file, 0, NULL, draft->error};
    char *text = NULL;
    size_t length = 0;
    if (file_load(&place, &text, &length) < 0)
        return -1;
    int result = conf_text_check(draft->file, text, length, draft->error);
    cfg_t *tree = result == 0 ? tree_new() : NULL;
    if (result == 0 && tree == NULL)
        result = conf_fail(&place, "out of memory");
    if (result == 0)
        result = tree_parse(tree, draft, text, length);
    if (result == 0)
        result = tree_take(tree, draft);
    if (tree != NULL)
        (void)cfg_free(tree);
    free(text);
    return result;
}

static int file_load(const struct conf_place *place, char **ret_text, size_t *ret_length)
{
    /* Without O_NONBLOCK a pipe at that path would hold us up before we see what it is. */
    int fd = open(place->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return conf_fail(place, "cannot be opened: %s", strerror(errno));
    int result = file_load_open(place, fd, ret_text, ret_length);
    (void)close(fd);
    return result;
}

/* The whole file and a newline, so that even an empty one has a byte. */
static int file_load_open(const struct conf_place *place, int fd, char **ret_text,
                          size_t *ret_length)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return conf_fail(place, "cannot be looked at: %s", strerror(errno));
    if (S_ISDIR(status.st_mode))
        return conf_fail(place, "is a directory, not a file");
    if (!S_ISREG(status.st_mode))
        return conf_fail(place, "is not a regular file");
    char *text = malloc(CONF_FILE_BYTES_MAX + 2);
    if (text == NULL)
        return conf_fail(place, "out of memory");
    size_t length = 0;
    ssize_t added = 1;
    while (added > 0 && length <= CONF_FILE_BYTES_MAX) {
        added = read(fd, text + length, CONF_FILE_BYTES_MAX + 1 - length);
        length += added > 0 ? (size_t)added : 0;
    }
    if (added < 0 || length > CONF_FILE_BYTES_MAX) {
        free(text);
        return added < 0 ? conf_fail(place, "cannot be read: %s", strerror(errno))
                         : conf_fail(place, "has more than %d bytes", CONF_FILE_BYTES_MAX);
    }
    text[length++] = '\n';
    *ret_text = text;
    *ret_length = length;
    return 0;
}

/* The sections and keys that libconfuse shall know, from the tables of conf_section.c. */
static cfg_t *tree_new(void)
{
    cfg_opt_t vip_node[KEYS_MAX] = {{0}};
    (void)options_fill(vip_node, conf_keys_vip_node);
    cfg_opt_t vip[KEYS_MAX] = {{0}};
    size_t vip_count = options_fill(vip, conf_keys_vip);
    vip[vip_count] =
        (cfg_opt_t)CFG_SEC("node", vip_node, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
    cfg_opt_t node[KEYS_MAX] = {{0}};
    (void)options_fill(node, conf_keys_node);
    cfg_opt_t check[KEYS_MAX] = {{0}};
    (void)options_fill(check, conf_keys_check);
    cfg_opt_t top[KEYS_MAX] = {{0}};
    size_t top_count = options_fill(top, conf_keys_top);
    top[top_count] =
        (cfg_opt_t)CFG_SEC("node", node, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
    top[top_count + 1] =
        (cfg_opt_t)CFG_SEC("vip", vip, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
    top[top_count + 2] =
        (cfg_opt_t)CFG_SEC("check", check, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
    cfg_t *tree = cfg_init(top, CFGF_NONE);
    if (tree != NULL)
        (void)cfg_set_error_function(tree, on_error);
    return tree;
}

static size_t options_fill(cfg_opt_t *options, const struct conf_key *keys)
{
    size_t count = 0;
    for (; keys[count].name != NULL; count++) {
        int flags = CFGF_NODEFAULT | (keys[count].is_list ? CFGF_LIST : CFGF_NONE);
        options[count] = (cfg_opt_t)CFG_PTR_CB(keys[count].name, NULL, flags, on_value, free);
    }
    return count;
}

static int tree_parse(cfg_t *tree, struct conf_draft *draft, char *text, size_t length)
{
    struct conf_place place = {draft->file, 0, NULL, draft->error};
    /* Comments are blanks by now. Cut off, they let an early end be seen in the last line of text.
     */
    while (length > 1 && strchr(" \t\n", text[length - 1]) != NULL)
        length--;
    FILE *stream = fmemopen(text, length, "r");
    if (stream == NULL)
        return conf_fail(&place, "out of memory");
    int result = cfg_parse_fp(tree, stream);
    (void)fclose(stream);
    if (result == CFG_SUCCESS)
        return 0;
    const cfg_t *section = error_find(tree);
    place.line = section != NULL ? section->line : tree->line;
    return conf_fail(&place, "%s", section != NULL ? section->comment : "is not understood");
}

/*
 * libconfuse's callback for a value: keeps it with its line. libconfuse would let a key that is
 * there again replace the first one without a word; def.number, which has no meaning for our type
 * of option, remembers the line of the first.
 */
static int on_value(cfg_t *cfg, cfg_opt_t *option, const char *text, void *result)
{
    bool is_first_of_list = option->nvalues == 1;
    if (is_first_of_list && option->def.number != 0) {
        cfg_error(cfg, "%s: is there twice, first in line %ld", option->name, option->def.number);
        return -1;
    }
    if (is_first_of_list)
        option->def.number = cfg->line;
    size_t size = strlen(text) + 1;
    struct line_text *value = malloc(sizeof(*value) + size);
    if (value == NULL)
        return -1;
    value->line = cfg->line;
    memcpy(value->text, text, size);
    memcpy(result, &value, sizeof(value));
    return 0;
}

/*
 * libconfuse's callback for an error. It has nowhere to put it but the section that it is about:
 * the comment of a section is not used otherwise, and freed with it. The first error counts.
 */
static void on_error(cfg_t *cfg, const char *format, va_list arguments)
{
    if (cfg->comment != NULL)
        return;
    if (strcmp(format, "no such option '%s'") == 0) {
        cfg->comment = message_unknown_key(cfg, va_arg(arguments, const char *));
        return;
    }
    char *text = NULL;
    int length = -1;
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]) && length < 0; i++) {
        if (strcmp(format, messages[i].theirs) != 0)
            continue;
        if (messages[i].after == NULL)
            length = asprintf(&text, "%s", messages[i].before);
        else
            length = asprintf(&text, "%s%.64s%s", messages[i].before,
                              va_arg(arguments, const char *), messages[i].after);
    }
    if (length < 0)
        length = vasprintf(&text, format, arguments);
    cfg->comment = length < 0 ? NULL : text;
}

static char *message_unknown_key(const cfg_t *cfg, const char *key)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (stream == NULL)
        return NULL;
    bool is_top = strcmp(cfg->name, "root") == 0;
    (void)fprintf(stream, "%.64s: unknown key%s%s, allowed are", key,
                  is_top ? "" : " of a section ", is_top ? "" : cfg->name);
    for (const cfg_opt_t *option = cfg->opts; option->name != NULL; option++)
        (void)fprintf(stream, "%s %s", option == cfg->opts ? "" : ",", option->name);
    return fclose(stream) == 0 ? text : NULL;
}

/* The section that an error was written to: this one or one in it (a vip's node, at most). */
static cfg_t *error_find(cfg_t *cfg)
{
    if (cfg->comment != NULL)
        return cfg;
    for (cfg_opt_t *option = cfg->opts; option->name != NULL; option++) {
        for (unsigned i = 0; option->type == CFGT_SEC && i < option->nvalues; i++) {
            cfg_t *section = option->values[i]->section;
            cfg_t *found = section != NULL ? error_find(section) : NULL;
            if (found != NULL)
                return found;
        }
    }
    return NULL;
}

static int tree_take(cfg_t *tree, struct conf_draft *draft)
{
    struct conf_place place = {draft->file, 1, NULL, draft->error};
    struct conf_target target = {.draft = draft};
    if (keys_take(tree, conf_keys_top, &target) < 0)
        return -1;
    if (key_require(tree, &place, "cluster", "\"NAME\"") < 0)
        return -1;
    for (unsigned i = 0; i < cfg_size(tree, "node"); i++) {
        if (node_take(cfg_getnsec(tree, "node", i), draft) < 0)
            return -1;
    }
    /* After all nodes, which VIPs may name. */
    for (unsigned i = 0; i < cfg_size(tree, "vip"); i++) {
        if (vip_take(cfg_getnsec(tree, "vip", i), draft) < 0)
            return -1;
    }
    /* After all VIPs, which checks may name. */
    for (unsigned i = 0; i < cfg_size(tree, "check"); i++) {
        if (check_take(cfg_getnsec(tree, "check", i), draft) < 0)
            return -1;
    }
    return 0;
}

static int node_take(cfg_t *section, struct conf_draft *draft)
{
    struct conf_place place = {draft->file, section->line, "node", draft->error};
    int index = conf_node_add(draft, &place, cfg_title(section));
    if (index < 0)
        return -1;
    struct conf_target target = {.draft = draft, .node = index};
    if (keys_take(section, conf_keys_node, &target) < 0)
        return -1;
    return key_require(section, &place, "address", "\"192.168.4.1\"");
}

static int vip_take(cfg_t *section, struct conf_draft *draft)
{
    struct conf_place place = {draft->file, section->line, "vip", draft->error};
    int index = conf_vip_add(draft, &place, cfg_title(section));
    if (index < 0)
        return -1;
    struct conf_target target = {.draft = draft, .vip = index};
    if (keys_take(section, conf_keys_vip, &target) < 0)
        return -1;
    for (unsigned i = 0; i < cfg_size(section, "node"); i++) {
        if (vip_node_take(cfg_getnsec(section, "node", i), &target) < 0)
            return -1;
    }
    return key_require(section, &place, "address", "\"192.168.4.3\"");
}

static int vip_node_take(cfg_t *section, struct conf_target *target)
{
    struct conf_place place = {target->draft->file, section->line, "node", target->draft->error};
    target->node = conf_node_index(&target->draft->conf, cfg_title(section));
    if (target->node < 0)
        return conf_fail(&place, "\"%.64s\" is no node of this file", cfg_title(section));
    if (keys_take(section, conf_keys_vip_node, target) < 0)
        return -1;
    return key_require(section, &place, "priority", "100");
}

static int check_take(cfg_t *section, struct conf_draft *draft)
{
    struct conf_place place = {draft->file, section->line, "check", draft->error};
    int index = conf_check_add(draft, &place, cfg_title(section));
    if (index < 0)
        return -1;
    struct conf_target target = {.draft = draft, .check = index};
    if (keys_take(section, conf_keys_check, &target) < 0)
        return -1;
    return conf_check_end(&target, &place);
}

static int keys_take(cfg_t *section, const struct conf_key *keys, struct conf_target *target)
{
    for (; keys->name != NULL; keys++) {
        cfg_opt_t *option = cfg_getopt(section, keys->name);
        for (unsigned i = 0; i < cfg_opt_size(option); i++) {
            const struct line_text *value = cfg_opt_getnptr(option, i);
            struct conf_place place = {target->draft->file, value->line, keys->name,
                                       target->draft->error};
            if (keys->set(target, &place, value->text) < 0)
                return -1;
        }
    }
    return 0;
}

static int key_require(cfg_t *section, const struct conf_place *place, const char *key,
                       const char *example)
{
    if (cfg_size(section, key) > 0)
        return 0;
    const char *title = cfg_title(section);
    if (title == NULL)
        return conf_fail(place, "%s = %s is missing", key, example);
    return conf_fail(place, "\"%.64s\" ends here without %s = %s", title, key, example);
}
