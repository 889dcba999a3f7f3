#include "runtime/config/toml.h"

#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"
#include "runtime/config/toml_word.h"

enum { NESTING_MAX = 16 }; /* of values, and of names in a key */

/*
 * What was read is kept as a tree, which says what a name stands for: an object is a table, an array the
 * tables of [[name]], and true a value, tables in braces among them. No name is empty, so "" is where a table
 * has its mark: true where a header made it, false where a key with dots did.
 */
struct parser {
    const char *at; /* the text ends with NUL, which is no character of it */
    unsigned line;
    unsigned depth;       /* of the value that is being read */
    struct strings table; /* of the last header, for `entry` */
    json_t *tree;
    json_t *current; /* table of the last header; borrowed from the tree */
};

static void parser_free(struct parser *parser)
{
    strings_free(&parser->table);
    json_decref(parser->tree);
}

/* ---- characters ---- */

static bool is_bare(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static void skip_blanks(struct parser *parser)
{
    while (*parser->at == ' ' || *parser->at == '\t')
        parser->at++;
}

static bool accept(struct parser *parser, char c)
{
    if (*parser->at != c)
        return false;
    parser->at++;
    return true;
}

static bool take_line_end(struct parser *parser)
{
    size_t length = *parser->at == '\n' ? 1 : strncmp(parser->at, "\r\n", 2) == 0 ? 2 : 0;
    parser->at += length;
    parser->line += length > 0;
    return length > 0;
}

static bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

/* A control character ends it, and is refused where it is met. */
static void skip_comment(struct parser *parser)
{
    if (*parser->at == '#')
        while (!is_control(*parser->at))
            parser->at++;
}

/* The character that the parser is at, for a message; error_set shows what of it is not printable. */
static const char *next_character(const struct parser *parser, char text[5])
{
    uint32_t character;
    size_t length = text_decode(parser->at, &character);
    memcpy(text, parser->at, length);
    text[length] = '\0';
    return text;
}

/* Blanks, comments and line ends. */
static void skip_space(struct parser *parser)
{
    do {
        skip_blanks(parser);
        skip_comment(parser);
    } while (take_line_end(parser));
}

static int expect_line_end(struct parser *parser, struct error *error)
{
    skip_blanks(parser);
    skip_comment(parser);
    if (*parser->at == '\0' || take_line_end(parser))
        return 0;
    char text[5];
    return error_set(error, "\"%s\" stands behind the end of the value or the table's name",
                     next_character(parser, text));
}

/* ---- strings ---- */

static void add_utf8(struct buffer *out, unsigned long character)
{
    if (character < 0x80) {
        buffer_add_char(out, (char)character);
        return;
    }
    int more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
    static const unsigned char heads[] = {0, 0xc0, 0xe0, 0xf0};
    buffer_add_char(out, (char)(heads[more] | (character >> (6 * more))));
    while (more-- > 0)
        buffer_add_char(out, (char)(0x80 | ((character >> (6 * more)) & 0x3f)));
}

/* \uXXXX and \UXXXXXXXX. */
static int read_character(struct parser *parser, size_t digits, struct buffer *out, struct error *error)
{
    char text[9] = "";
    size_t have = strspn(parser->at, "0123456789abcdefABCDEF");
    if (have < digits)
        return error_set(error, "an escape wants %zu hexadecimal digits", digits);
    memcpy(text, parser->at, digits);
    unsigned long character = strtoul(text, NULL, 16);
    if (character == 0 || character > 0x10ffff || (character >= 0xd800 && character < 0xe000))
        return error_set(error, "the escape of %s is no character that a text can hold", text);
    parser->at += digits;
    add_utf8(out, character);
    return 0;
}

static int read_escape(struct parser *parser, struct buffer *out, struct error *error)
{
    static const char names[] = "btnfr\"\\";
    static const char values[] = "\b\t\n\f\r\"\\";
    char name = *parser->at;
    const char *found = name != '\0' ? strchr(names, name) : NULL;
    char text[5];
    if (found == NULL && name != 'u' && name != 'U')
        return error_set(error, "\"\\%s\" is no escape", next_character(parser, text));
    parser->at++;
    if (found == NULL)
        return read_character(parser, name == 'u' ? 4 : 8, out, error);
    buffer_add_char(out, values[found - names]);
    return 0;
}

/* A backslash at the end of a line takes what follows up to the next text. */
static bool take_line_continuation(struct parser *parser)
{
    const char *end = parser->at + strspn(parser->at, " \t");
    if (*end != '\n' && strncmp(end, "\r\n", 2) != 0)
        return false;
    do
        skip_blanks(parser);
    while (take_line_end(parser));
    return true;
}

static int add_plain(struct parser *parser, bool many_lines, struct buffer *out, struct error *error)
{
    char c = *parser->at;
    const char *start = parser->at;
    if (c == '\0' || (!many_lines && (c == '\n' || c == '\r')))
        return error_set(error, "a string has no end");
    if (!(many_lines && take_line_end(parser))) {
        if (is_control(c))
            return error_set(error, "a string holds the character 0x%02x, which must be written as an escape",
                             (unsigned char)c);
        parser->at++;
    }
    buffer_add(out, start, (size_t)(parser->at - start));
    return 0;
}

/* True, with up to two quotes more that are the text's own, at the end of a string of many lines. */
static bool take_triple(struct parser *parser, char quote, struct buffer *out)
{
    if (parser->at[0] != quote || parser->at[1] != quote || parser->at[2] != quote)
        return false;
    parser->at += 3;
    for (int i = 0; i < 2 && accept(parser, quote); i++)
        buffer_add_char(out, quote);
    return true;
}

/* A string of any of the four kinds; `at` is its first quote. */
static int read_text(struct parser *parser, bool many_lines_allowed, struct buffer *out, struct error *error)
{
    char quote = *parser->at;
    bool many_lines = many_lines_allowed && parser->at[1] == quote && parser->at[2] == quote;
    parser->at += many_lines ? 3 : 1;
    if (many_lines)
        take_line_end(parser);
    for (;;) {
        if (many_lines ? take_triple(parser, quote, out) : accept(parser, quote))
            return 0;
        if (quote == '"' && accept(parser, '\\')) {
            if (many_lines && take_line_continuation(parser))
                continue;
            if (read_escape(parser, out, error) < 0)
                return -1;
        } else if (add_plain(parser, many_lines, out, error) < 0) {
            return -1;
        }
    }
}

/* ---- keys ---- */

static int read_name(struct parser *parser, struct strings *key, struct error *error)
{
    cleanup_buffer struct buffer name = {0};
    if (*parser->at == '"' || *parser->at == '\'') {
        if (read_text(parser, false, &name, error) < 0)
            return -1;
        if (name.length == 0)
            return error_set(error, "a key is empty");
    } else {
        const char *start = parser->at;
        while (is_bare(*parser->at))
            parser->at++;
        char text[5];
        if (parser->at == start)
            return error_set(error, "\"%s\" begins no key", next_character(parser, text));
        buffer_add(&name, start, (size_t)(parser->at - start));
    }
    strings_add_owned(key, buffer_take(&name));
    return 0;
}

/* Names with dots between them, and the blanks around. */
static int read_key(struct parser *parser, struct strings *key, struct error *error)
{
    do {
        skip_blanks(parser);
        if (read_name(parser, key, error) < 0)
            return -1;
        if (key->count > NESTING_MAX)
            return error_set(error, "a key has more than %d names", NESTING_MAX);
        skip_blanks(parser);
    } while (accept(parser, '.'));
    return 0;
}

/* ---- the tree ---- */

/* The table that `name` stands for, made where it is missing, of tables of an array the last; NULL where it
 * stands for a value. Borrowed. */
static json_t *enter_table(json_t *table, const char *name, struct error *error)
{
    json_t *next = json_object_get(table, name);
    if (next == NULL) {
        next = json_object();
        json_object_set_new(table, name, next);
    }
    if (json_is_array(next))
        return json_array_get(next, json_array_size(next) - 1);
    if (json_is_object(next))
        return next;
    error_set(error, "%s: is a value already, so it can be no table", name);
    return NULL;
}

/* The table that a key's names but the last lead to. A table that has a header of its own gets no keys from
 * elsewhere. */
static json_t *follow_dots(json_t *table, const struct strings *key, struct error *error)
{
    for (size_t i = 0; table != NULL && i + 1 < key->count; i++) {
        const char *name = key->items[i];
        if (json_is_array(json_object_get(table, name)) ||
            json_is_true(json_object_get(json_object_get(table, name), ""))) {
            error_set(error, "%s: is a table with a header already, and its keys stand there", name);
            return NULL;
        }
        table = enter_table(table, name, error);
        if (table != NULL)
            json_object_set_new(table, "", json_false());
    }
    return table;
}

/* The table of [name], which has no header yet and no key with dots has made. */
static json_t *open_header(json_t *table, const char *name, struct error *error)
{
    if (json_is_array(json_object_get(table, name))) {
        error_set(error, "[%s]: is an array of tables ([[%s]]) already", name, name);
        return NULL;
    }
    table = enter_table(table, name, error);
    if (table != NULL && json_object_get(table, "") != NULL) {
        error_set(error, "[%s]: is there twice", name);
        return NULL;
    }
    return table;
}

/* One more table of [[name]]. */
static json_t *add_header(json_t *table, const char *name, struct error *error)
{
    json_t *tables = json_object_get(table, name);
    if (tables != NULL && !json_is_array(tables)) {
        error_set(error, "[[%s]]: is a table or a value already", name);
        return NULL;
    }
    if (tables == NULL) {
        tables = json_array();
        json_object_set_new(table, name, tables);
    }
    json_t *added = json_object();
    json_array_append_new(tables, added);
    return added;
}

/* ---- values ---- */

static json_t *read_value(struct parser *parser, struct error *error);

static json_t *read_string_value(struct parser *parser, struct error *error)
{
    cleanup_buffer struct buffer text = {0};
    if (read_text(parser, true, &text, error) < 0)
        return NULL;
    return json_stringn(text.data != NULL ? text.data : "", text.length);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static json_t *read_word(struct parser *parser, struct error *error)
{
    static const char end[] = " \t\r\n#,]}";
    char word[TOML_WORD_MAX + 1];
    size_t length = strcspn(parser->at, end);
    if (length == 0 || length > TOML_WORD_MAX) {
        error_set(error,
                  length == 0 ? "a value is missing" : "a value is no string, number, date or boolean");
        return NULL;
    }
    memcpy(word, parser->at, length);
    word[length] = '\0';
    if (toml_is_date(word) && parser->at[length] == ' ' && is_digit(parser->at[length + 1])) {
        size_t time = strcspn(parser->at + length + 1, end);
        length += time < TOML_WORD_MAX / 2 ? time + 1 : 0;
        memcpy(word, parser->at, length);
        word[length] = '\0';
    }
    parser->at += length;
    json_t *value = toml_word(word);
    if (value == NULL)
        error_set(error, "\"%s\" is no string, number, date or boolean", word);
    return value;
}

static json_t *read_array(struct parser *parser, struct error *error)
{
    cleanup_json json_t *array = json_array();
    parser->at++;
    for (;;) {
        skip_space(parser);
        if (accept(parser, ']'))
            return json_incref(array);
        json_t *value = read_value(parser, error);
        if (value == NULL)
            return NULL;
        json_array_append_new(array, value);
        skip_space(parser);
        if (!accept(parser, ',') && *parser->at != ']') {
            error_set(error, "an array has no end, or no ',' between two values");
            return NULL;
        }
    }
}

/* KEY = VALUE; the tree's table is marked with the key. The value is a new reference. */
static json_t *read_pair(struct parser *parser, json_t *table, struct strings *key, struct error *error)
{
    if (read_key(parser, key, error) < 0)
        return NULL;
    if (!accept(parser, '=')) {
        error_set(error, "no '=' stands behind the key");
        return NULL;
    }
    table = follow_dots(table, key, error);
    if (table == NULL)
        return NULL;
    const char *name = key->items[key->count - 1];
    if (json_object_get(table, name) != NULL) {
        error_set(error, "%s: is there twice", name);
        return NULL;
    }
    json_object_set_new(table, name, json_true());
    skip_blanks(parser);
    return read_value(parser, error);
}

/* Sets object.A.B.C of a key A.B.C. */
static void set_value(json_t *object, const struct strings *key, json_t *value)
{
    for (size_t i = 0; i + 1 < key->count; i++) {
        json_t *next = json_object_get(object, key->items[i]);
        if (next == NULL) {
            next = json_object();
            json_object_set_new(object, key->items[i], next);
        }
        object = next;
    }
    json_object_set_new(object, key->items[key->count - 1], value);
}

static json_t *read_inline_table(struct parser *parser, struct error *error)
{
    cleanup_json json_t *table = json_object(), *tree = json_object();
    parser->at++;
    skip_blanks(parser);
    if (accept(parser, '}'))
        return json_incref(table);
    do {
        cleanup_strings struct strings key = {0};
        json_t *value = read_pair(parser, tree, &key, error);
        if (value == NULL)
            return NULL;
        set_value(table, &key, value);
        skip_blanks(parser);
    } while (accept(parser, ','));
    if (accept(parser, '}'))
        return json_incref(table);
    error_set(error, "a table in braces has no end, or no ',' between two values");
    return NULL;
}

static json_t *read_value(struct parser *parser, struct error *error)
{
    if (parser->depth >= NESTING_MAX) {
        error_set(error, "more than %d values stand in each other", NESTING_MAX);
        return NULL;
    }
    parser->depth++;
    json_t *value;
    char c = *parser->at;
    if (c == '"' || c == '\'')
        value = read_string_value(parser, error);
    else if (c == '[')
        value = read_array(parser, error);
    else if (c == '{')
        value = read_inline_table(parser, error);
    else
        value = read_word(parser, error);
    parser->depth--;
    return value;
}

/* ---- lines ---- */

static void replace_text(char **text, char *other)
{
    free(*text);
    *text = other;
}

static int read_header(struct parser *parser, struct error *error)
{
    parser->at++;
    bool array = accept(parser, '[');
    strings_free(&parser->table);
    if (read_key(parser, &parser->table, error) < 0)
        return -1;
    if (!accept(parser, ']') || (array && !accept(parser, ']')))
        return error_set(error, "no '%s' stands behind the table's name", array ? "]]" : "]");
    json_t *table = parser->tree;
    size_t last = parser->table.count - 1;
    for (size_t i = 0; table != NULL && i < last; i++)
        table = enter_table(table, parser->table.items[i], error);
    if (table == NULL)
        return -1;
    const char *name = parser->table.items[last];
    table = array ? add_header(table, name, error) : open_header(table, name, error);
    if (table == NULL)
        return -1;
    json_object_set_new(table, "", json_true());
    parser->current = table;
    if (array)
        replace_text(&parser->table.items[last], xasprintf("%s[]", name));
    return expect_line_end(parser, error);
}

/* A table in braces is as many entries as it has. */
static int deliver(const struct strings *table, const char *name, const json_t *value, toml_entry *entry,
                   void *data, struct error *error)
{
    cleanup_strings struct strings key = {0};
    strings_add_all(&key, table);
    strings_add(&key, name);
    if (!json_is_object(value))
        return entry(data, &key, value, error);
    const char *member;
    json_t *inner;
    json_object_foreach ((json_t *)value, member, inner) {
        if (deliver(&key, member, inner, entry, data, error) < 0)
            return -1;
    }
    return 0;
}

static int read_entry(struct parser *parser, toml_entry *entry, void *data, struct error *error)
{
    cleanup_strings struct strings key = {0};
    unsigned line = parser->line;
    cleanup_json json_t *value = read_pair(parser, parser->current, &key, error);
    if (value == NULL || expect_line_end(parser, error) < 0)
        return -1;
    cleanup_strings struct strings tables = {0};
    strings_add_all(&tables, &parser->table);
    for (size_t i = 0; i + 1 < key.count; i++)
        strings_add(&tables, key.items[i]);
    if (deliver(&tables, key.items[key.count - 1], value, entry, data, error) == 0)
        return 0;
    parser->line = line; /* not that behind a value of several lines */
    return -1;
}

static int read_lines(struct parser *parser, toml_entry *entry, void *data, struct error *error)
{
    for (;;) {
        skip_space(parser);
        if (*parser->at == '\0')
            return 0;
        int status = *parser->at == '[' ? read_header(parser, error) : read_entry(parser, entry, data, error);
        if (status < 0)
            return -1;
    }
}

int toml_read(const char *text, size_t length, const char *name, toml_entry *entry, void *data,
              struct error *error)
{
    if (length == 0)
        return 0;
    cleanup_free char *whole = xcalloc(1, length + 1);
    memcpy(whole, text, length);
    if (strlen(whole) != length)
        return error_set(error, "%s: holds a NUL", name);
    if (!text_is_utf8(whole))
        return error_set(error, "%s: not UTF-8", name);
    struct parser parser = {.at = whole, .line = 1, .tree = json_object()};
    parser.current = parser.tree;
    int status = read_lines(&parser, entry, data, error);
    if (status < 0)
        error_prefix(error, "%s:%u", name, parser.line);
    parser_free(&parser);
    return status;
}
