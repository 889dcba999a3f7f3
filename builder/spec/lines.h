/* From the text of a Containerfile to its logical lines: directives, comments, continuation, here-documents.
 */
#ifndef BUILDER_SPEC_LINES_H
#define BUILDER_SPEC_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"

struct line_reader {
    const char *position; /* in a text that outlives the reader and holds no NUL */
    const char *end;
    int line;    /* number of the physical line at `position` */
    char escape; /* the continuation character */
};

/* Starts at the text's beginning and reads its directives (`# escape=`, `# syntax=`). Errors carry the line
 * in reader->line. */
int line_reader_start(struct line_reader *reader, const char *text, size_t length, struct error *error);

/*
 * The next logical line without comments and continuations, from its first character that is not blank;
 * `number` is where it begins. False at the end. `out` is emptied first.
 */
bool line_reader_next(struct line_reader *reader, struct buffer *out, int *number);

/* The body of a here-document up to the line that is exactly `name`; `strip_tabs` as `<<-` has it. Owned by
 * the caller; NULL where the text ends before. */
char *line_reader_heredoc(struct line_reader *reader, const char *name, bool strip_tabs);

#endif
