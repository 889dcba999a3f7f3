/*
 * File name patterns in two dialects: what COPY matches names with (Go's filepath.Match), and what ignore
 * files match paths with (moby/patternmatcher).
 *
 * Both have "*" and "?", which never match a slash, "[a-z]" and "[^a-z]", and a backslash before a character
 * that would be special. In a class "-" and "]" need one unless "-" stands between two others.
 *
 * An ignore file has "**" besides, and a slash behind it belongs to it:
 *
 * - at the end it matches everything: "a**" is "a", "ab" and "a/b";
 *
 * - elsewhere it matches nothing, or any characters up to and with a slash: "a**b" is "ab", "a/b", "ax/y/b";
 *
 * - at the beginning, without a slash and with nothing special behind, it matches any characters: "**.pem" is
 *   "a.pem" and "x/a.pem".
 *
 * Docker's matcher makes a regular expression and passes some characters on to it as they are. Where that
 * would mean something else than these rules ("\d", "[*]", "[[:alpha:]]", "^" beside a wildcard), the pattern
 * is refused.
 */
#ifndef BUILDER_CONTEXT_PATTERN_H
#define BUILDER_CONTEXT_PATTERN_H

#include <stdbool.h>

#include "formats/base/error.h"

struct pattern;

enum pattern_dialect {
    PATTERN_MATCH,
    PATTERN_IGNORE,
};

/* NULL and an error for a malformed pattern and for one of more than 4096 bytes. */
struct pattern *pattern_compile(const char *text, enum pattern_dialect dialect, struct error *error);
void pattern_free(struct pattern *pattern);

/* True if the pattern matches the whole path. Time is the product of both lengths at most, whatever the
 * pattern. */
bool pattern_matches(const struct pattern *pattern, const char *path);

/* True if the text has a wildcard ("*", "?", "["). */
bool pattern_is_wild(const char *text);

#endif
