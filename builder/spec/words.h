/* Arguments of an instruction: flags, words, quoted words, JSON arrays, here-document markers. */
#ifndef BUILDER_SPEC_WORDS_H
#define BUILDER_SPEC_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"

/* Blanks as the Containerfile language has them (no newline: a logical line holds none). */
bool words_is_blank(char c);
const char *words_skip_blanks(const char *text);

/* Splits at blanks; quotes mean nothing here. */
void words_split(const char *text, struct strings *out);

/* Splits at blanks that stand outside of quotes and are not escaped; quotes and escapes stay in the words,
 * for expansion to remove. Errors: a quote without its end. */
int words_split_quoted(const char *text, char escape, struct strings *out, struct error *error);

/*
 * Takes one flag ("--name=value") from *text, moving on to what follows; quotes in it group and are removed.
 * Returns the flag's text without "--" (owned by the caller), or NULL with no error set where no flag stands
 * there ("--" alone ends the flags and is skipped).
 */
char *words_take_flag(const char **text, char escape, struct error *error);

/* Reads a JSON array of strings; false (and nothing added) where the text is anything else. */
bool words_from_json(const char *text, struct strings *out);

/* The first "=" outside of quotes, or NULL. */
const char *words_find_equals(const char *word, char escape);

struct heredoc_marker {
    char *name; /* owned */
    bool strip_tabs;
    bool quoted;
};

/* True if a word is "<<NAME", "<<-NAME" or one of these with NAME in quotes. */
bool words_heredoc_marker(const char *word, struct heredoc_marker *marker);

#endif
