#include "runtime/config/toml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"

enum {
    NESTING_MAX = 16, /* of values, and of names in a key */
    NUMBER_MAX = 64,  /* bytes of a number or a date */
};

struct parser {
    const char *at; /* the text ends with NUL, which is no character of it */
    unsigned line;
    unsigned depth;       /* of the value that is being read */
    struct strings table; /* of the last header */
    json_t *tables;       /* all that was read, to see what is there twice */
    json_t *headers;      /* names of tables that had a header */
};

static void parser_free(struct parser *parser)
{
    strings_free(&parser->table);
    json_decref(parser->tables);
    json_decref(parser->headers);
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

static void skip_comment(struct parser *parser)
{
    if (*parser->at == '#')
        parser->at += strcspn(parser->at, "\n");
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
    return error_set(error, "\"%.1s\" stands behind the end of the value or the table's name", parser->at);
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
    if (found == NULL && name != 'u' && name != 'U')
        return error_set(error, "\"\\%.1s\" is no escape", parser->at);
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
    unsigned char c = (unsigned char)*parser->at;
    const char *start = parser->at;
    if (c == '\0' || (!many_lines && (c == '\n' || c == '\r')))
        return error_set(error, "a string has no end");
    if (!(many_lines && take_line_end(parser))) {
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return error_set(error, "a string holds the character 0x%02x, which must be written as an escape",
                             c);
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
        if (parser->at == start)
            return error_set(error, "\"%.1s\" begins no key", start);
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

/* The table at the first `count` names below `table`, made where it is missing; NULL where a value is there.
 * Borrowed. */
static json_t *open_table(json_t *table, const struct strings *key, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        json_t *next = json_object_get(table, key->items[i]);
        if (next == NULL) {
            next = json_object();
            json_object_set_new(table, key->items[i], next);
        }
        if (!json_is_object(next)) {
            error_set(error, "%s: is a value already, so it can be no table", key->items[i]);
            return NULL;
        }
        table = next;
    }
    return table;
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

/* Digits with single underscores between them; the text without these. */
static bool copy_digits(const char *word, const char *digits, char *out)
{
    size_t length = 0;
    for (const char *c = word; *c != '\0'; c++) {
        if (*c == '_' && (c == word || c[-1] == '_' || c[1] == '\0'))
            return false;
        if (*c != '_' && strchr(digits, *c) == NULL)
            return false;
        if (*c != '_')
            out[length++] = *c;
    }
    out[length] = '\0';
    return length > 0;
}

/* NULL where the word is no integer. */
static json_t *integer_value(const char *word)
{
    static const struct {
        const char *prefix;
        const char *digits;
        int base;
    } forms[] = {{"0x", "0123456789abcdefABCDEF", 16}, {"0o", "01234567", 8}, {"0b", "01", 2}};
    char digits[NUMBER_MAX + 1];
    const char *body = word;
    int base = 10;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strncmp(word, forms[i].prefix, 2) == 0) {
            if (!copy_digits(word + 2, forms[i].digits, digits))
                return NULL;
            base = forms[i].base;
        }
    if (base == 10) {
        body += *body == '+' || *body == '-';
        if (!copy_digits(body, "0123456789", digits) || (digits[0] == '0' && digits[1] != '\0'))
            return NULL;
    }
    errno = 0;
    long long magnitude = strtoll(digits, NULL, base);
    return errno == 0 ? json_integer(*word == '-' ? -magnitude : magnitude) : NULL;
}

/* NULL where the word is no number with a fraction or an exponent. */
static json_t *real_value(const char *word)
{
    char plain[NUMBER_MAX + 1];
    char *end;
    if (strpbrk(word, ".eE") == NULL || !copy_digits(word, "0123456789+-.eE", plain))
        return NULL;
    double number = strtod(plain, &end);
    return *end == '\0' ? json_real(number) : NULL; /* json_real refuses infinities */
}

/* A date, a time or both begin with digits and a '-' or a ':'. */
static bool is_date(const char *word)
{
    size_t digits = strspn(word, "0123456789");
    return ((digits == 4 && word[4] == '-') || (digits == 2 && word[2] == ':')) &&
           strspn(word, "0123456789-:.TtZz+") == strlen(word);
}

static json_t *read_word_value(struct parser *parser, struct error *error)
{
    char word[NUMBER_MAX + 1];
    size_t length = strcspn(parser->at, " \t\r\n#,]}");
    if (length == 0 || length > NUMBER_MAX) {
        error_set(error,
                  length == 0 ? "a value is missing" : "a value is no string, number, date or boolean");
        return NULL;
    }
    memcpy(word, parser->at, length);
    word[length] = '\0';
    parser->at += length;
    if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0)
        return json_boolean(word[0] == 't');
    if (is_date(word))
        return json_string(word);
    json_t *number = integer_value(word);
    if (number == NULL)
        number = real_value(word);
    if (number == NULL)
        error_set(error, "\"%s\" is no string, number, date or boolean", word);
    return number;
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

/* KEY = VALUE into the table. Returns the value, borrowed. */
static const json_t *read_pair(struct parser *parser, json_t *table, struct strings *key, struct error *error)
{
    if (read_key(parser, key, error) < 0)
        return NULL;
    if (!accept(parser, '=')) {
        error_set(error, "no '=' stands behind the key");
        return NULL;
    }
    table = open_table(table, key, key->count - 1, error);
    if (table == NULL)
        return NULL;
    const char *name = key->items[key->count - 1];
    if (json_object_get(table, name) != NULL) {
        error_set(error, "%s: is there twice", name);
        return NULL;
    }
    skip_blanks(parser);
    json_t *value = read_value(parser, error);
    if (value == NULL)
        return NULL;
    json_object_set_new(table, name, value);
    return value;
}

static json_t *read_inline_table(struct parser *parser, struct error *error)
{
    cleanup_json json_t *table = json_object();
    parser->at++;
    skip_blanks(parser);
    if (accept(parser, '}'))
        return json_incref(table);
    do {
        cleanup_strings struct strings key = {0};
        if (read_pair(parser, table, &key, error) == NULL)
            return NULL;
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
        value = read_word_value(parser, error);
    parser->depth--;
    return value;
}

/* ---- lines ---- */

static int read_header(struct parser *parser, struct error *error)
{
    parser->at++;
    if (*parser->at == '[')
        return error_set(error, "arrays of tables ([[name]]) are not read");
    strings_free(&parser->table);
    if (read_key(parser, &parser->table, error) < 0)
        return -1;
    if (!accept(parser, ']'))
        return error_set(error, "no ']' stands behind the table's name");
    if (open_table(parser->tables, &parser->table, parser->table.count, error) == NULL)
        return -1;
    json_t *seen = open_table(parser->headers, &parser->table, parser->table.count, error);
    if (json_object_get(seen, "") != NULL) /* the mark of a header */
        return error_set(error, "[%s]: is there twice", parser->table.items[parser->table.count - 1]);
    json_object_set_new(seen, "", json_object());
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
    json_t *table = open_table(parser->tables, &parser->table, parser->table.count, error);
    unsigned line = parser->line;
    const json_t *value = table != NULL ? read_pair(parser, table, &key, error) : NULL;
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
    struct parser parser = {.at = whole, .line = 1, .tables = json_object(), .headers = json_object()};
    int status = read_lines(&parser, entry, data, error);
    if (status < 0)
        error_prefix(error, "%s:%u", name, parser.line);
    parser_free(&parser);
    return status;
}
