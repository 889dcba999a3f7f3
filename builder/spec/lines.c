#include "builder/spec/lines.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

struct slice {
    const char *start;
    size_t length;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r';
}

/* The next physical line, without its end ("\n" or "\r\n"). */
static bool next_physical(struct line_reader *reader, struct slice *line)
{
    if (reader->position == reader->end)
        return false;
    const char *start = reader->position;
    const char *newline = memchr(start, '\n', (size_t)(reader->end - start));
    const char *stop = newline != NULL ? newline : reader->end;
    reader->position = newline != NULL ? newline + 1 : reader->end;
    reader->line++;
    *line = (struct slice){start, (size_t)(stop - start)};
    if (line->length > 0 && start[line->length - 1] == '\r')
        line->length--;
    return true;
}

static struct slice trim_start(struct slice line)
{
    while (line.length > 0 && is_blank(*line.start)) {
        line.start++;
        line.length--;
    }
    return line;
}

static struct slice trim_end(struct slice line)
{
    while (line.length > 0 && is_blank(line.start[line.length - 1]))
        line.length--;
    return line;
}

/* Reads "# name = value". False for any other line, which ends the directives. */
static bool read_directive(struct slice line, struct slice *name, struct slice *value)
{
    line = trim_end(trim_start(line));
    if (line.length == 0 || *line.start != '#')
        return false;
    line = trim_start((struct slice){line.start + 1, line.length - 1});
    const char *equals = memchr(line.start, '=', line.length);
    if (equals == NULL)
        return false;
    *name = trim_end((struct slice){line.start, (size_t)(equals - line.start)});
    *value = trim_start((struct slice){equals + 1, line.length - (size_t)(equals - line.start) - 1});
    if (name->length == 0 || !isalpha((unsigned char)*name->start) || value->length == 0)
        return false;
    for (size_t i = 0; i < name->length; i++)
        if (!isalnum((unsigned char)name->start[i]))
            return false;
    return true;
}

static bool slice_is(struct slice slice, const char *word)
{
    return slice.length == strlen(word) && strncasecmp(slice.start, word, slice.length) == 0;
}

int line_reader_start(struct line_reader *reader, const char *text, size_t length, struct error *error)
{
    *reader = (struct line_reader){.position = text, .end = text + length, .escape = '\\'};
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        reader->position += 3;
    bool seen_escape = false, seen_syntax = false, seen_check = false;
    for (;;) {
        struct line_reader before = *reader;
        struct slice line, name, value;
        if (!next_physical(reader, &line))
            return 0;
        bool known = read_directive(line, &name, &value);
        bool *seen = NULL;
        if (known && slice_is(name, "escape"))
            seen = &seen_escape;
        else if (known && slice_is(name, "syntax"))
            seen = &seen_syntax;
        else if (known && slice_is(name, "check"))
            seen = &seen_check;
        if (seen == NULL) {
            *reader = before;
            return 0;
        }
        if (*seen)
            return error_set(error, "the directive \"%.*s\" is given twice", (int)name.length, name.start);
        *seen = true;
        if (seen != &seen_escape)
            continue;
        if (value.length != 1 || (*value.start != '\\' && *value.start != '`'))
            return error_set(error, "the escape character must be \\ or `, not \"%.*s\"", (int)value.length,
                             value.start);
        reader->escape = *value.start;
    }
}

/* True if the line goes on in the next one; *kept is then the text before the escape character. */
static bool continues(struct slice line, char escape, struct slice *kept)
{
    struct slice trimmed = trim_end(line);
    *kept = line;
    if (trimmed.length == 0 || trimmed.start[trimmed.length - 1] != escape)
        return false;
    /* A doubled escape character at the end is that character, not a continuation. */
    if (trimmed.length > 1 && trimmed.start[trimmed.length - 2] == escape)
        return false;
    *kept = (struct slice){trimmed.start, trimmed.length - 1};
    return true;
}

bool line_reader_next(struct line_reader *reader, struct buffer *out, int *number)
{
    out->length = 0;
    bool started = false;
    struct slice line;
    while (next_physical(reader, &line)) {
        struct slice trimmed = trim_start(line);
        if (trimmed.length == 0 || *trimmed.start == '#')
            continue; /* also in the middle of a continued line */
        if (!started) {
            *number = reader->line;
            line = trimmed;
            started = true;
        }
        struct slice kept;
        bool more = continues(line, reader->escape, &kept);
        buffer_add(out, kept.start, kept.length);
        if (!more)
            break;
    }
    while (out->length > 0 && is_blank(out->data[out->length - 1]))
        out->data[--out->length] = '\0';
    return started;
}

char *line_reader_heredoc(struct line_reader *reader, const char *name, bool strip_tabs)
{
    cleanup_buffer struct buffer body = {0};
    struct slice line;
    while (next_physical(reader, &line)) {
        while (strip_tabs && line.length > 0 && *line.start == '\t') {
            line.start++;
            line.length--;
        }
        if (line.length == strlen(name) && memcmp(line.start, name, line.length) == 0)
            return buffer_take(&body);
        buffer_add(&body, line.start, line.length);
        buffer_add_char(&body, '\n');
    }
    return NULL;
}
