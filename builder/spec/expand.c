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

/* Length of the variable's name at `text`: a word, or one digit or special character as shells have them. */
static size_t name_length(const char *text)
{
    if (isalpha((unsigned char)*text) || *text == '_') {
        size_t length = 1;
        while (isalnum((unsigned char)text[length]) || text[length] == '_')
            length++;
        return length;
    }
    return *text != '\0' && (isdigit((unsigned char)*text) || strchr("@*#?-$!", *text)) ? 1 : 0;
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
        buffer_add_string(out, value != NULL ? value : "");
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
    const char *value = expansion->scope->lookup(expansion->scope->data, name);
    buffer_add_string(out, value != NULL ? value : "");
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
    return expand(scope, word, false, error);
}

char *expand_heredoc(const struct expand_scope *scope, const char *body, struct error *error)
{
    return expand(scope, body, true, error);
}
