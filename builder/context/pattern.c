/*
 * A pattern is compiled to a row of tokens, and matching keeps the set of tokens that may come next (a
 * nondeterministic automaton), so no pattern makes it backtrack.
 */
#include "builder/context/pattern.h"

#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/memory.h"
#include "formats/base/text.h"

enum { MAX_PATTERN = 4096 };

enum token_kind {
    TOKEN_CHARACTER,
    TOKEN_ANY,         /* ?: one character, no slash */
    TOKEN_CLASS,       /* [...]: one of these, maybe a slash */
    TOKEN_STAR,        /* *: any characters, no slash */
    TOKEN_EVERYTHING,  /* any characters, slashes too */
    TOKEN_DIRECTORIES, /* nothing, or any characters and a slash */
};

struct token {
    enum token_kind kind;
    uint32_t character;
    const char *class_start; /* in the pattern's text: behind the bracket and the "^" */
    const char *class_end;
    bool negated;
};

struct pattern {
    char *text;
    struct token *tokens;
    size_t count;
};

enum { LAST_CHARACTER = 0x10ffff };

/* Takes the character at `text`, which is not at its end: a code point, or for a byte that is not part of
 * UTF-8 a number beyond those. */
static uint32_t next_character(const char **text)
{
    uint32_t character;
    size_t length = text_decode(*text, &character);
    if (length == 0)
        return LAST_CHARACTER + 1u + (unsigned char)*(*text)++;
    *text += length;
    return character;
}

/* One end of a range in a compiled class. */
static uint32_t class_character(const char **text)
{
    if (**text == '\\')
        (*text)++;
    return next_character(text);
}

static bool class_contains(const struct token *token, uint32_t character)
{
    const char *text = token->class_start;
    bool found = false;
    while (text < token->class_end) {
        uint32_t low = class_character(&text), high = low;
        if (*text == '-' && text + 1 < token->class_end) {
            text++;
            high = class_character(&text);
        }
        found = found || (low <= character && character <= high);
    }
    return found != token->negated;
}

/* Steps over a backslash; what follows it stands for itself. */
static int take_escape(const char **text, enum pattern_dialect dialect, struct error *error)
{
    char next = *++*text;
    if (next == '\0')
        return error_set(error, "nothing follows the \"\\\" at its end");
    bool is_word = isalnum((unsigned char)next) || (unsigned char)next >= 0x80;
    if (dialect == PATTERN_IGNORE && is_word)
        return error_set(error,
                         "a \"\\\" before a letter or a digit; it belongs before a special character only");
    return 0;
}

/* Takes one end of a range while a class is compiled. */
static int take_class_character(const char **text, enum pattern_dialect dialect, uint32_t *character,
                                struct error *error)
{
    switch (**text) {
    case '\0':
        return error_set(error, "\"[\" has no \"]\"");
    case '-':
    case ']':
        return error_set(
            error, "\"%c\" in brackets needs a \"\\\" before it where it is not between two others", **text);
    case '\\':
        if (take_escape(text, dialect, error) < 0)
            return -1;
        break;
    case '*':
    case '?':
        if (dialect == PATTERN_IGNORE)
            return error_set(error, "\"%c\" in brackets needs a \"\\\" before it", **text);
        break;
    case '[':
        if (dialect == PATTERN_IGNORE && (*text)[1] == ':')
            return error_set(error, "a named class such as [:alpha:] is not supported; write a range");
        break;
    default:
        break;
    }
    *character = next_character(text);
    return *character <= LAST_CHARACTER ? 0 : error_set(error, "bytes in brackets that are not UTF-8");
}

static int compile_class(const char **text, enum pattern_dialect dialect, struct token *token,
                         struct error *error)
{
    const char *position = *text + 1;
    *token = (struct token){.kind = TOKEN_CLASS, .negated = *position == '^'};
    if (token->negated)
        position++;
    token->class_start = position;
    while (*position != ']' || position == token->class_start) {
        uint32_t low, high;
        if (take_class_character(&position, dialect, &low, error) < 0)
            return -1;
        high = low;
        if (*position == '-' && (position++, take_class_character(&position, dialect, &high, error) < 0))
            return -1;
        if (dialect == PATTERN_IGNORE && high < low)
            return error_set(error, "a range in brackets runs backwards");
    }
    token->class_end = position;
    *text = position + 1;
    return 0;
}

static bool is_literal(const char *text)
{
    return strpbrk(text, "*?[]\\") == NULL;
}

static void compile_stars(const char **text, enum pattern_dialect dialect, bool first, struct token *token)
{
    *token = (struct token){.kind = TOKEN_STAR};
    (*text)++;
    if (dialect != PATTERN_IGNORE || **text != '*')
        return;
    (*text)++;
    bool slash = **text == '/';
    if (slash)
        (*text)++;
    /* "**.pem" is every path with that end. With another wildcard in it, "**" is a row of directories there,
     * too. */
    bool suffix = first && !slash && is_literal(*text);
    token->kind = **text == '\0' || suffix ? TOKEN_EVERYTHING : TOKEN_DIRECTORIES;
}

static int compile_token(const char **text, enum pattern_dialect dialect, bool first, struct token *token,
                         struct error *error)
{
    switch (**text) {
    case '*':
        compile_stars(text, dialect, first, token);
        return 0;
    case '?':
        (*text)++;
        *token = (struct token){.kind = TOKEN_ANY};
        return 0;
    case '[':
        return compile_class(text, dialect, token, error);
    case '\\':
        if (take_escape(text, dialect, error) < 0)
            return -1;
        break;
    default:
        break;
    }
    *token = (struct token){.kind = TOKEN_CHARACTER, .character = next_character(text)};
    return 0;
}

static int compile(struct pattern *pattern, enum pattern_dialect dialect, struct error *error)
{
    bool wild = !is_literal(pattern->text);
    for (const char *position = pattern->text; *position != '\0';) {
        if (dialect == PATTERN_IGNORE && wild && *position == '^')
            return error_set(error, "\"^\" outside of brackets needs a \"\\\" before it");
        struct token *token = &pattern->tokens[pattern->count];
        if (compile_token(&position, dialect, pattern->count == 0, token, error) < 0)
            return -1;
        pattern->count++;
    }
    return 0;
}

struct pattern *pattern_compile(const char *text, enum pattern_dialect dialect, struct error *error)
{
    size_t length = strlen(text);
    if (length > MAX_PATTERN) {
        error_set(error, "a pattern has %zu bytes; %d are allowed", length, MAX_PATTERN);
        return NULL;
    }
    struct pattern *pattern = xcalloc(1, sizeof *pattern);
    pattern->text = xstrdup(text);
    pattern->tokens = xcalloc(length, sizeof *pattern->tokens);
    if (compile(pattern, dialect, error) < 0) {
        error_prefix(error, "pattern \"%s\"", text);
        pattern_free(pattern);
        return NULL;
    }
    return pattern;
}

void pattern_free(struct pattern *pattern)
{
    if (pattern == NULL)
        return;
    free(pattern->text);
    free(pattern->tokens);
    free(pattern);
}

/* The ways in which a token answers a character. */
enum progress {
    PROGRESS_DIES = 0,
    PROGRESS_STAYS = 1, /* the token can take more */
    PROGRESS_MOVES = 2, /* the next token comes next */
};

static unsigned take_character(const struct token *token, uint32_t character)
{
    switch (token->kind) {
    case TOKEN_CHARACTER:
        return character == token->character ? PROGRESS_MOVES : PROGRESS_DIES;
    case TOKEN_ANY:
        return character != '/' ? PROGRESS_MOVES : PROGRESS_DIES;
    case TOKEN_CLASS:
        return class_contains(token, character) ? PROGRESS_MOVES : PROGRESS_DIES;
    case TOKEN_STAR:
        return character != '/' ? PROGRESS_STAYS : PROGRESS_DIES;
    case TOKEN_EVERYTHING:
        return PROGRESS_STAYS;
    case TOKEN_DIRECTORIES:
        return character == '/' ? PROGRESS_STAYS | PROGRESS_MOVES : PROGRESS_STAYS;
    }
    return PROGRESS_DIES;
}

/* An active token may take the next character. */
enum { INACTIVE, ACTIVE };

/* Activates a token, and with it those behind that need no character before. */
static void reach(const struct pattern *pattern, unsigned char *states, size_t index)
{
    for (;; index++) {
        states[index] = ACTIVE;
        if (index == pattern->count)
            return;
        enum token_kind kind = pattern->tokens[index].kind;
        if (kind != TOKEN_STAR && kind != TOKEN_EVERYTHING && kind != TOKEN_DIRECTORIES)
            return;
    }
}

/* Moves from `now` to `then` over one character; false when nothing is active any more. */
static bool advance(const struct pattern *pattern, const unsigned char *now, unsigned char *then,
                    uint32_t character)
{
    bool alive = false;
    memset(then, INACTIVE, pattern->count + 1);
    for (size_t i = 0; i < pattern->count; i++) {
        if (now[i] == INACTIVE)
            continue;
        unsigned progress = take_character(&pattern->tokens[i], character);
        alive = alive || progress != PROGRESS_DIES;
        if (progress & PROGRESS_MOVES)
            reach(pattern, then, i + 1);
        if (!(progress & PROGRESS_STAYS))
            continue;
        /* In the middle of "**" and its slash only the slash leads on; the others may end after any
         * character. */
        if (pattern->tokens[i].kind == TOKEN_DIRECTORIES)
            then[i] = ACTIVE;
        else
            reach(pattern, then, i);
    }
    return alive;
}

bool pattern_matches(const struct pattern *pattern, const char *path)
{
    unsigned char states[2][MAX_PATTERN + 1];
    unsigned char *now = states[0], *then = states[1];
    memset(now, INACTIVE, pattern->count + 1);
    reach(pattern, now, 0);
    while (*path != '\0') {
        if (!advance(pattern, now, then, next_character(&path)))
            return false;
        unsigned char *swap = now;
        now = then;
        then = swap;
    }
    return now[pattern->count] != INACTIVE;
}

bool pattern_is_wild(const char *text)
{
    return strpbrk(text, "*?[") != NULL;
}
