#include "builder/spec/words.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

bool words_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r';
}

const char *words_skip_blanks(const char *text)
{
    while (words_is_blank(*text))
        text++;
    return text;
}

void words_split(const char *text, struct strings *out)
{
    for (text = words_skip_blanks(text); *text != '\0'; text = words_skip_blanks(text)) {
        const char *start = text;
        while (*text != '\0' && !words_is_blank(*text))
            text++;
        strings_add_owned(out, xstrndup(start, (size_t)(text - start)));
    }
}

/* Steps over what counts as one character: an escaped pair outside of single quotes, else a byte; keeps track
 * of the quote that is open in *quote ('\0': none). */
static const char *step(const char *text, char escape, char *quote)
{
    if (*text == escape && *quote != '\'' && text[1] != '\0')
        return text + 2;
    if (*quote == '\0' && (*text == '"' || *text == '\''))
        *quote = *text;
    else if (*text == *quote)
        *quote = '\0';
    return text + 1;
}

int words_split_quoted(const char *text, char escape, struct strings *out, struct error *error)
{
    for (text = words_skip_blanks(text); *text != '\0'; text = words_skip_blanks(text)) {
        const char *start = text;
        char quote = '\0';
        while (*text != '\0' && (quote != '\0' || !words_is_blank(*text)))
            text = step(text, escape, &quote);
        if (quote != '\0')
            return error_set(error, "a %c quote has no end: %s", quote, start);
        strings_add_owned(out, xstrndup(start, (size_t)(text - start)));
    }
    return 0;
}

char *words_take_flag(const char **text, char escape, struct error *error)
{
    const char *position = words_skip_blanks(*text);
    *text = position;
    if (strncmp(position, "--", 2) != 0)
        return NULL;
    position += 2;
    if (*position == '\0' || words_is_blank(*position)) {
        *text = words_skip_blanks(position);
        return NULL;
    }
    cleanup_buffer struct buffer flag = {0};
    char quote = '\0';
    while (*position != '\0' && (quote != '\0' || !words_is_blank(*position))) {
        char before = quote;
        const char *next = step(position, escape, &quote);
        if (next == position + 2)
            buffer_add_char(&flag, position[1]);
        else if (before == quote)
            buffer_add_char(&flag, *position);
        position = next;
    }
    if (quote != '\0') {
        error_set(error, "a %c quote has no end: %s", quote, *text);
        return NULL;
    }
    *text = words_skip_blanks(position);
    return buffer_take(&flag);
}

bool words_from_json(const char *text, struct strings *out)
{
    if (*words_skip_blanks(text) != '[')
        return false;
    cleanup_json json_t *array = json_loads(text, 0, NULL);
    if (!json_is_array(array))
        return false;
    size_t index;
    json_t *item;
    json_array_foreach (array, index, item)
        if (!json_is_string(item))
            return false;
    json_array_foreach (array, index, item)
        strings_add(out, json_string_value(item));
    return true;
}

const char *words_find_equals(const char *word, char escape)
{
    char quote = '\0';
    while (*word != '\0') {
        if (*word == '=' && quote == '\0')
            return word;
        word = step(word, escape, &quote);
    }
    return NULL;
}

bool words_heredoc_marker(const char *word, struct heredoc_marker *marker)
{
    if (strncmp(word, "<<", 2) != 0)
        return false;
    word += 2;
    *marker = (struct heredoc_marker){.strip_tabs = *word == '-'};
    if (marker->strip_tabs)
        word++;
    size_t length = strlen(word);
    marker->quoted = length >= 2 && (*word == '"' || *word == '\'') && word[length - 1] == *word;
    if (marker->quoted) {
        word++;
        length -= 2;
    }
    if (length == 0 || memchr(word, '<', length) || memchr(word, '"', length) || memchr(word, '\'', length))
        return false;
    marker->name = xstrndup(word, length);
    return true;
}
