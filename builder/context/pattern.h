/*
 * File name patterns: "*", "?", "[a-z]", "[^a-z]" and "\x" as Go's filepath.Match has them (what COPY matches
 * with), and on request "**" as moby/patternmatcher has it (what ignore files match with).
 */
#ifndef BUILDER_CONTEXT_PATTERN_H
#define BUILDER_CONTEXT_PATTERN_H

#include <stdbool.h>

#include "formats/base/error.h"

struct pattern;

enum pattern_dialect {
    PATTERN_MATCH,  /* filepath.Match */
    PATTERN_IGNORE, /* "**" matches any number of directories, also none */
};

/* NULL for a malformed pattern: a class without its end, an escape at the end, more than 4096 bytes. */
struct pattern *pattern_compile(const char *text, enum pattern_dialect dialect, struct error *error);
void pattern_free(struct pattern *pattern);

/* Whether the pattern matches the whole path. Time is the product of both lengths at most, whatever the
 * pattern. */
bool pattern_matches(const struct pattern *pattern, const char *path);

/* Whether it matches the path or one of the directories on the way to it. */
bool pattern_matches_within(const struct pattern *pattern, const char *path);

/* Whether the text has a wildcard ("*", "?", "["). */
bool pattern_is_wild(const char *text);

#endif
