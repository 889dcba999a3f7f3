/* Expansion of a word: variables, quotes and escapes (BuildKit's shell lexer is the reference). */
#ifndef BUILDER_SPEC_EXPAND_H
#define BUILDER_SPEC_EXPAND_H

#include "formats/base/buffer.h"
#include "formats/base/error.h"

/* The value of a variable, or NULL where it is not set. Borrowed. */
typedef const char *expand_lookup(const void *data, const char *name);

struct expand_scope {
    expand_lookup *lookup;
    const void *data;
    char escape;               /* '\\', or '`' */
    struct strings *undefined; /* or NULL: gets each variable that is not set and has no default, once */
};

/*
 * Expands $x, ${x}, ${x:-y}, ${x-y}, ${x:+y}, ${x+y}, ${x:?y}, ${x?y} and removes quotes and escapes; nothing
 * expands between single quotes. A variable that is not set is empty. Returns the text, owned by the caller,
 * or NULL: a quote or brace without its end, an unknown modifier, a variable that `?` demands, a value that
 * is not UTF-8.
 */
char *expand_word(const struct expand_scope *scope, const char *word, struct error *error);

/* The same for the body of a here-document: quotes stay; variables are expanded and escapes removed. */
char *expand_heredoc(const struct expand_scope *scope, const char *body, struct error *error);

#endif
