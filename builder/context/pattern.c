/*
 * File name patterns.
 *
 * A pattern is compiled to a row of tokens, and matching keeps the set of tokens that may come next (a
 * nondeterministic automaton), so no pattern makes it backtrack.
 */
#include "builder/context/pattern.h"

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
    TOKEN_CLASS,       /* [...] */
    TOKEN_STAR,        /* *: any characters, no slash */
    TOKEN_EVERYTHING,  /* ** at the end: any characters */
    TOKEN_DIRECTORIES, /* ** before something: nothing, or any characters and a slash */
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

/* The character at `text`, which is not at its end: a code point, or for a byte that is no UTF-8 a number
 * beyond those. */
static uint32_t next_character(const char **text)
{
    uint32_t character;
    size_t length = text_decode(*text, &character);
    if (length == 0)
        return 0x110000u + (unsigned char)*(*text)++;
    *text += length;
    return character;
}

/* One end of a range in a class; escapes are taken. */
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

static int compile_class(const char **text, struct token *token, struct error *error)
{
    const char *position = *text + 1;
    *token = (struct token){.kind = TOKEN_CLASS, .negated = *position == '^'};
    if (token->negated)
        position++;
    token->class_start = position;
    while (*position != '\0' && (*position != ']' || position == token->class_start)) {
        if (*position == '\\' && position[1] != '\0')
            position++;
        position++;
    }
    if (*position == '\0')
        return error_set(error, "\"[\" has no \"]\"");
    token->class_end = position;
    *text = position + 1;
    return 0;
}

static void compile_stars(const char **text, enum pattern_dialect dialect, struct token *token)
{
    *token = (struct token){.kind = TOKEN_STAR};
    (*text)++;
    if (dialect != PATTERN_IGNORE || **text != '*')
        return;
    while (**text == '*')
        (*text)++;
    if (**text == '/')
        (*text)++;
    token->kind = **text == '\0' ? TOKEN_EVERYTHING : TOKEN_DIRECTORIES;
}

static int compile_token(const char **text, enum pattern_dialect dialect, struct token *token,
                         struct error *error)
{
    switch (**text) {
    case '*':
        compile_stars(text, dialect, token);
        return 0;
    case '?':
        (*text)++;
        *token = (struct token){.kind = TOKEN_ANY};
        return 0;
    case '[':
        return compile_class(text, token, error);
    case '\\':
        (*text)++;
        if (**text == '\0')
            return error_set(error, "nothing follows the \"\\\" at the end");
        break;
    default:
        break;
    }
    *token = (struct token){.kind = TOKEN_CHARACTER, .character = next_character(text)};
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
    for (const char *position = pattern->text; *position != '\0';) {
        if (compile_token(&position, dialect, &pattern->tokens[pattern->count++], error) < 0) {
            error_prefix(error, "pattern \"%s\"", text);
            pattern_free(pattern);
            return NULL;
        }
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

/* What a token does with a character. */
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
        return character != '/' && class_contains(token, character) ? PROGRESS_MOVES : PROGRESS_DIES;
    case TOKEN_STAR:
        return character != '/' ? PROGRESS_STAYS : PROGRESS_DIES;
    case TOKEN_EVERYTHING:
        return PROGRESS_STAYS;
    case TOKEN_DIRECTORIES:
        return character == '/' ? PROGRESS_STAYS | PROGRESS_MOVES : PROGRESS_STAYS;
    }
    return PROGRESS_DIES;
}

/* Whether a token may take the next character. */
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

static bool match(const struct pattern *pattern, const char *path, bool within)
{
    unsigned char states[2][MAX_PATTERN + 1];
    unsigned char *now = states[0], *then = states[1];
    memset(now, INACTIVE, pattern->count + 1);
    reach(pattern, now, 0);
    while (*path != '\0') {
        if (within && *path == '/' && now[pattern->count] != INACTIVE)
            return true;
        if (!advance(pattern, now, then, next_character(&path)))
            return false;
        unsigned char *swap = now;
        now = then;
        then = swap;
    }
    return now[pattern->count] != INACTIVE;
}

bool pattern_matches(const struct pattern *pattern, const char *path)
{
    return match(pattern, path, false);
}

bool pattern_matches_within(const struct pattern *pattern, const char *path)
{
    return match(pattern, path, true);
}

bool pattern_is_wild(const char *text)
{
    return strpbrk(text, "*?[") != NULL;
}
