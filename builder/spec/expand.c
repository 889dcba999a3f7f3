/*
 * Expansion of a word: variables, quotes and escapes.
 *
 * One pass over the text, left to right. `${x:-word}` expands its word by the same function with "}" as its
 * end, so quotes and variables nest in it; its result counts only where the modifier asks for it.
 */
#include "builder/spec/expand.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"

enum {
    MAX_DEPTH = 32,        /* of braces in braces */
    MAX_RESULT = 16 << 20, /* bytes: forty lines of ENV x=$x$x would fill any memory */
};

struct expansion {
    const struct expand_scope *scope;
    const char *position;
    bool raw; /* a here-document: quotes stay */
    unsigned depth;
    struct error *error;
};

static int expand_until(struct expansion *expansion, char stop, struct buffer *out);

static int expand_single_quotes(struct expansion *expansion, struct buffer *out)
{
    const char *start = ++expansion->position;
    const char *end = strchr(start, '\'');
    if (end == NULL)
        return error_set(expansion->error, "a ' quote has no end");
    buffer_add(out, start, (size_t)(end - start));
    expansion->position = end + 1;
    return 0;
}

/* A character beyond ASCII that names take: a letter of any script, which is every one but those of the
 * blocks of punctuation and symbols. */
static bool is_letter(uint32_t character)
{
    static const struct {
        uint32_t first;
        uint32_t last;
    } others[] = {
        {0x80, 0xa9},     {0xab, 0xb4},     {0xb6, 0xb9},     {0xbb, 0xbf},     {0xd7, 0xd7},
        {0xf7, 0xf7},     {0x2000, 0x206f}, {0x20a0, 0x20cf}, {0x2190, 0x2bff}, {0x2e00, 0x2e7f},
        {0x3000, 0x3004}, {0x3008, 0x3030}, {0xe000, 0xf8ff}, {0xfe10, 0xfe6f}, {0xff00, 0xff0f},
        {0xff1a, 0xff20}, {0xff3b, 0xff40}, {0xff5b, 0xff65}, {0xffe0, 0xffff}, {0x1f000, 0x1faff},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (character >= others[i].first && character <= others[i].last)
            return false;
    return true;
}

/* Bytes of the character at `text` if a name can go on with it, else 0. */
static size_t name_character(const char *text)
{
    uint32_t character;
    if (isalnum((unsigned char)*text) || *text == '_')
        return 1;
    if ((unsigned char)*text < 0x80)
        return 0;
    size_t length = text_decode(text, &character);
    return length > 0 && is_letter(character) ? length : 0;
}

/* Length of the variable's name at `text`: a word, digits, or one special character as shells have them. */
static size_t name_length(const char *text)
{
    size_t length = strspn(text, "0123456789");
    if (length > 0)
        return length;
    if (*text != '\0' && strchr("@*#?-$!", *text) != NULL)
        return 1;
    for (size_t step; (step = name_character(text + length)) > 0;)
        length += step;
    return length;
}

/* The value of a variable without a modifier. */
static const char *plain_value(const struct expansion *expansion, const char *name)
{
    const char *value = expansion->scope->lookup(expansion->scope->data, name);
    struct strings *undefined = expansion->scope->undefined;
    if (value != NULL)
        return value;
    if (undefined != NULL && !strings_contain(undefined, name))
        strings_add(undefined, name);
    return "";
}

/* Applies a modifier to a variable whose value is `value` (NULL: not set); `word` is expanded. */
static int apply_modifier(struct expansion *expansion, const char *name, const char *value, bool colon,
                          char modifier, const char *word, struct buffer *out)
{
    bool present = value != NULL && !(colon && *value == '\0');
    switch (modifier) {
    case '-':
        buffer_add_string(out, present ? value : word);
        return 0;
    case '+':
        buffer_add_string(out, present ? word : "");
        return 0;
    default:
        if (present) {
            buffer_add_string(out, value);
            return 0;
        }
        return error_set(expansion->error, "%s: %s", name, *word != '\0' ? word : "is required and not set");
    }
}

/* At "${". */
static int expand_braces(struct expansion *expansion, struct buffer *out)
{
    if (++expansion->depth > MAX_DEPTH)
        return error_set(expansion->error, "more than %d braces in each other", MAX_DEPTH);
    const char *start = expansion->position + 2;
    size_t length = name_length(start);
    cleanup_free char *name = xstrndup(start, length);
    if (length == 0)
        return error_set(expansion->error, "no name of a variable follows \"${\"");
    const char *value = expansion->scope->lookup(expansion->scope->data, name);
    const char *next = start + length;
    bool colon = *next == ':';
    if (colon)
        next++;
    if (*next == '}' && !colon) {
        buffer_add_string(out, plain_value(expansion, name));
        expansion->position = next + 1;
        expansion->depth--;
        return 0;
    }
    if (*next == '\0')
        return error_set(expansion->error, "\"${%s\" has no closing brace", name);
    if (strchr("-+?", *next) == NULL)
        return error_set(expansion->error, "\"${%s%s%c\": this modifier is not supported; :-, :+ and :? are",
                         name, colon ? ":" : "", *next);
    expansion->position = next + 1;
    cleanup_buffer struct buffer word = {0};
    buffer_add(&word, "", 0);
    if (expand_until(expansion, '}', &word) < 0)
        return -1;
    if (*expansion->position != '}')
        return error_set(expansion->error, "\"${%s\" has no closing brace", name);
    expansion->position++;
    expansion->depth--;
    return apply_modifier(expansion, name, value, colon, *next, word.data, out);
}

/* At "$". */
static int expand_variable(struct expansion *expansion, struct buffer *out)
{
    const char *start = expansion->position + 1;
    if (*start == '{')
        return expand_braces(expansion, out);
    size_t length = name_length(start);
    if (length == 0) {
        buffer_add_char(out, '$');
        expansion->position++;
        return 0;
    }
    cleanup_free char *name = xstrndup(start, length);
    buffer_add_string(out, plain_value(expansion, name));
    expansion->position = start + length;
    return 0;
}

/* Between double quotes an escape is one only before what it can protect there. */
static int expand_double_quotes(struct expansion *expansion, struct buffer *out)
{
    char escape = expansion->scope->escape;
    expansion->position++;
    while (*expansion->position != '"') {
        char c = *expansion->position;
        char following = c != '\0' ? expansion->position[1] : '\0';
        if (c == '\0')
            return error_set(expansion->error, "a \" quote has no end");
        if (c == '$') {
            if (expand_variable(expansion, out) < 0)
                return -1;
            if (out->length > MAX_RESULT)
                return error_set(expansion->error, "expands to more than %d MiB", MAX_RESULT >> 20);
            continue;
        }
        bool escaped = c == escape && (following == '"' || following == '$' || following == escape);
        buffer_add_char(out, escaped ? following : c);
        expansion->position += escaped ? 2 : 1;
    }
    expansion->position++;
    return 0;
}

/* An escaped character stands for itself. */
static void take_escaped(struct expansion *expansion, struct buffer *out)
{
    if (expansion->position[1] == '\0')
        buffer_add_char(out, *expansion->position);
    expansion->position++;
    if (*expansion->position != '\0')
        buffer_add_char(out, *expansion->position++);
}

/* Expands up to an unquoted `stop`, which is not consumed, or to the end. */
static int expand_until(struct expansion *expansion, char stop, struct buffer *out)
{
    while (*expansion->position != '\0' && *expansion->position != stop) {
        char c = *expansion->position;
        int result = 0;
        if (c == expansion->scope->escape)
            take_escaped(expansion, out);
        else if (c == '$')
            result = expand_variable(expansion, out);
        else if (c == '\'' && !expansion->raw)
            result = expand_single_quotes(expansion, out);
        else if (c == '"' && !expansion->raw)
            result = expand_double_quotes(expansion, out);
        else
            buffer_add_char(out, *expansion->position++);
        if (result < 0)
            return -1;
        if (out->length > MAX_RESULT)
            return error_set(expansion->error, "expands to more than %d MiB", MAX_RESULT >> 20);
    }
    return 0;
}

static char *expand(const struct expand_scope *scope, const char *text, bool raw, struct error *error)
{
    struct expansion expansion = {.scope = scope, .position = text, .raw = raw, .error = error};
    cleanup_buffer struct buffer out = {0};
    if (expand_until(&expansion, '\0', &out) < 0)
        return NULL;
    return buffer_take(&out);
}

char *expand_word(const struct expand_scope *scope, const char *word, struct error *error)
{
    char *text = expand(scope, word, false, error);
    if (text == NULL || text_is_utf8(text))
        return text;
    error_set(error, "%s: its value is not UTF-8, as all text of an image is", word);
    free(text);
    return NULL;
}

char *expand_heredoc(const struct expand_scope *scope, const char *body, struct error *error)
{
    return expand(scope, body, true, error);
}
