/*
 * Ignore files (.containerignore, .dockerignore and their like): which files of a build context do not belong
 * to it.
 *
 * The format and its meaning are those of Docker's builder (moby/patternmatcher, and the order in which
 * BuildKit's walk applies it): one rule a line, "#" in the first column begins a comment, "!" an exception;
 * white space at the ends, a leading slash and a trailing one mean nothing; a path is cleaned ("a/../b" is
 * "b"); a rule that matches a directory matches all below it; the last rule that matches decides. Patterns
 * are described in pattern.h.
 */
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
    bool has_exceptions; /* below an excluded directory something may be included */
    char *directory;     /* the directory that was judged last, and which rules matched it */
    bool *matched;
    bool *scratch; /* of the size of `matched` */
};

/* Reads the rules; the text may hold any bytes. Errors have their location (FILE:LINE). */
int ignore_parse(struct ignore *ignore, const char *file, const char *text, size_t length,
                 struct error *error);

/* True if the path ("a/b", relative to the context, clean) is excluded, by itself or with one of its
 * directories. Paths of the same directory one after the other are cheapest. */
bool ignore_excludes(struct ignore *ignore, const char *path);

void ignore_free(struct ignore *ignore);

#endif
