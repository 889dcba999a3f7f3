/* .containerignore and .dockerignore: which files of a build context do not belong to it. */
#ifndef BUILDER_CONTEXT_IGNORE_H
#define BUILDER_CONTEXT_IGNORE_H

#include <stdbool.h>
#include <stddef.h>

#include "formats/base/error.h"

struct ignore_rule;

struct ignore {
    char *file; /* the ignore file's name, or NULL where there is none */
    struct ignore_rule *rules;
    size_t count;
    bool
        has_exceptions; /* a rule begins with "!", so below an excluded directory something may be included */
};

/*
 * Reads the rules (Docker's "dockerignore" format; moby/patternmatcher is the reference): one a line, "#" in
 * the first column begins a comment, "!" an exception, "**" matches any directories, a slash at either end
 * means nothing, the last rule that matches wins. Errors are placed (FILE:LINE).
 */
int ignore_parse(struct ignore *ignore, const char *file, const char *text, struct error *error);

/* Whether the path ("a/b", relative to the context) is excluded, by itself or with one of its directories. */
bool ignore_excludes(const struct ignore *ignore, const char *path);

void ignore_free(struct ignore *ignore);

#endif
