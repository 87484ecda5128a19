// SPDX-License-Identifier: MIT
/*
 * What the characters of a file may be, before libconfuse 3.3 sees them. Left alone it skips bytes
 * it does not know, takes a file without its last `}`, puts nothing in place of an unset ${VAR},
 * refuses a comment within a list, and counts a line too many after each comment between slashes.
 * Here all of that is refused with its line, or mended: comments become blanks.
 */
#include "conf_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX    4 /* a list in a section in a section, and one more for libconfuse to refuse */
#define VARIABLE_MAX 128

enum token {
    TOKEN_NONE,
    TOKEN_WORD,
    TOKEN_STRING,
    TOKEN_EQUALS,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_COMMA,
};

struct scanner {
    const char *file;
    struct conf_error *error;
    char *text;
    size_t length;
    size_t at;
    int line;
    enum token last;
    int depth;
    struct {
        int line;
        bool is_list;
    } open[DEPTH_MAX];
};

static int scan_token(struct scanner *scanner);
static int scan_line_comment(struct scanner *scanner);
static int scan_block_comment(struct scanner *scanner);
static int scan_string(struct scanner *scanner);
static int scan_string_end(struct scanner *scanner, size_t begin);
static int scan_variable(struct scanner *scanner);
static int scan_word(struct scanner *scanner);
static int scan_open(struct scanner *scanner);
static int scan_close(struct scanner *scanner);
static int scan_equals(struct scanner *scanner);
static int scan_unexpected(struct scanner *scanner);
static char peek(const struct scanner *scanner, size_t ahead);
static bool is_word_byte(char byte);

int conf_text_check(const char *file, char *text, size_t length, struct conf_error *error)
{
    struct scanner scanner = {.file = file, .error = error, .text = text, .length = length};
    scanner.line = 1;
    while (scanner.at < scanner.length) {
        if (scan_token(&scanner) < 0)
            return -1;
    }
    if (scanner.depth == 0)
        return 0;
    struct conf_place place = {file, scanner.open[scanner.depth - 1].line, NULL, error};
    return conf_fail(&place, "the { of this line has no }");
}

/* Takes one token, comment or blank. */
static int scan_token(struct scanner *scanner)
{
    char byte = peek(scanner, 0);
    char next = peek(scanner, 1);
    if (byte == '#' || (byte == '/' && next == '/'))
        return scan_line_comment(scanner);
    if (byte == '/' && next == '*')
        return scan_block_comment(scanner);
    if (byte == '"' || byte == '\'')
        return scan_string(scanner);
    if (is_word_byte(byte))
        return scan_word(scanner);
    switch (byte) {
    case '{':
        return scan_open(scanner);
    case '}':
        return scan_close(scanner);
    case '=':
        return scan_equals(scanner);
    case ',':
        scanner->last = TOKEN_COMMA;
        break;
    case '\n':
        scanner->line++;
        break;
    case '\r':
        scanner->text[scanner->at] = ' ';
        break;
    case ' ':
    case '\t':
        break;
    default:
        return scan_unexpected(scanner);
    }
    scanner->at++;
    return 0;
}

static int scan_line_comment(struct scanner *scanner)
{
    while (scanner->at < scanner->length && scanner->text[scanner->at] != '\n')
        scanner->text[scanner->at++] = ' ';
    return 0;
}

static int scan_block_comment(struct scanner *scanner)
{
    struct conf_place place = {scanner->file, scanner->line, NULL, scanner->error};
    size_t begin = scanner->at;
    scanner->at += 2;
    while (scanner->at < scanner->length) {
        if (peek(scanner, 0) == '*' && peek(scanner, 1) == '/') {
            scanner->at += 2;
            for (size_t i = begin; i < scanner->at; i++) {
                if (scanner->text[i] != '\n')
                    scanner->text[i] = ' ';
            }
            return 0;
        }
        if (peek(scanner, 0) == '\n')
            scanner->line++;
        scanner->at++;
    }
    return conf_fail(&place, "the comment that begins in this line has no end");
}

/* A string ends in its line. Nothing in a configuration needs an escape but quote and backslash. */
static int scan_string(struct scanner *scanner)
{
    struct conf_place place = {scanner->file, scanner->line, NULL, scanner->error};
    char quote = peek(scanner, 0);
    size_t begin = scanner->at++;
    while (scanner->at < scanner->length) {
        char byte = peek(scanner, 0);
        char next = peek(scanner, 1);
        if (byte == '\n')
            break;
        if (byte == quote)
            return scan_string_end(scanner, begin);
        if (byte == '\0')
            return scan_unexpected(scanner);
        if (byte == '\\' && next != '\\' && next != quote)
            return conf_fail(&place, "a \\ in a string is allowed only before %c or \\", quote);
        if (quote == '"' && byte == '$' && next == '{') {
            if (scan_variable(scanner) < 0)
                return -1;
        } else {
            scanner->at += byte == '\\' ? 2 : 1;
        }
    }
    return conf_fail(&place, "a string has no closing %c in its line", quote);
}

/* An empty string in place of a key ends libconfuse's parsing without a word about it. */
static int scan_string_end(struct scanner *scanner, size_t begin)
{
    struct conf_place place = {scanner->file, scanner->line, NULL, scanner->error};
    bool is_in_list = scanner->depth > 0 && scanner->open[scanner->depth - 1].is_list;
    if (scanner->at - begin == 1 && scanner->last != TOKEN_EQUALS && !is_in_list)
        return conf_fail(&place, "an empty string is neither a key nor a name");
    scanner->at++;
    scanner->last = TOKEN_STRING;
    return 0;
}

/* ${NAME} or ${NAME:-DEFAULT}, as libconfuse expands it later. */
static int scan_variable(struct scanner *scanner)
{
    struct conf_place place = {scanner->file, scanner->line, NULL, scanner->error};
    const char *begin = scanner->text + scanner->at + 2;
    size_t room = scanner->length - scanner->at - 2;
    size_t name_length = 0;
    while (name_length < room &&
           (isalnum((unsigned char)begin[name_length]) != 0 || begin[name_length] == '_'))
        name_length++;
    size_t length = name_length;
    bool has_default = room - length >= 2 && begin[length] == ':' && begin[length + 1] == '-';
    while (has_default && length < room && strchr("}\"\\\n", begin[length]) == NULL)
        length++;
    if (length >= room || begin[length] != '}' || name_length == 0 || name_length >= VARIABLE_MAX)
        return conf_fail(&place, "a ${ in a string begins ${NAME} or ${NAME:-DEFAULT}, with "
                                 "letters, digits and _ in NAME");
    char name[VARIABLE_MAX];
    memcpy(name, begin, name_length);
    name[name_length] = '\0';
    if (!has_default && getenv(name) == NULL)
        return conf_fail(&place,
                         "${%.64s} is not set in the environment; set it, or write "
                         "${%.64s:-DEFAULT}",
                         name, name);
    scanner->at += 2 + length + 1;
    return 0;
}

static int scan_word(struct scanner *scanner)
{
    while (is_word_byte(peek(scanner, 0)) &&
           !(peek(scanner, 0) == '/' && (peek(scanner, 1) == '/' || peek(scanner, 1) == '*')))
        scanner->at++;
    scanner->last = TOKEN_WORD;
    return 0;
}

static int scan_open(struct scanner *scanner)
{
    struct conf_place place = {scanner->file, scanner->line, NULL, scanner->error};
    if (scanner->depth == DEPTH_MAX)
        return conf_fail(&place, "this { is in %d others, which nothing allows", DEPTH_MAX);
    scanner->open[scanner->depth].line = scanner->line;
    scanner->open[scanner->depth].is_list = scanner->last == TOKEN_EQUALS;
    scanner->depth++;
    scanner->last = TOKEN_OPEN;
    scanner->at++;
    return 0;
}

static int scan_close(struct scanner *scanner)
{
    struct conf_place place = {scanner->file, scanner->line, NULL, scanner->error};
    if (scanner->depth == 0)
        return conf_fail(&place, "this } has no {");
    scanner->depth--;
    /* libconfuse would leave the key as if it were not there. */
    if (scanner->open[scanner->depth].is_list && scanner->last == TOKEN_OPEN)
        return conf_fail(&place, "this list is empty; name at least one value or leave the key "
                                 "out");
    scanner->last = TOKEN_CLOSE;
    scanner->at++;
    return 0;
}

static int scan_equals(struct scanner *scanner)
{
    struct conf_place place = {scanner->file, scanner->line, NULL, scanner->error};
    if (scanner->last != TOKEN_WORD)
        return conf_fail(&place, "before = stands the name of a key, without quotes");
    scanner->last = TOKEN_EQUALS;
    scanner->at++;
    return 0;
}

static int scan_unexpected(struct scanner *scanner)
{
    struct conf_place place = {scanner->file, scanner->line, NULL, scanner->error};
    char byte = peek(scanner, 0);
    if (byte > 0x20 && byte < 0x7f)
        return conf_fail(&place, "unexpected %c outside of quotes", byte);
    return conf_fail(&place, "unexpected byte 0x%02x; is this a text file?",
                     (unsigned)(unsigned char)byte);
}

static char peek(const struct scanner *scanner, size_t ahead)
{
    return scanner->length - scanner->at > ahead ? scanner->text[scanner->at + ahead] : '\0';
}

/* What may stand outside of quotes: keys, numbers, durations, addresses, names, paths. */
static bool is_word_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || (byte != '\0' && strchr("_.:/-", byte) != NULL);
}
