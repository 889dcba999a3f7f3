/* .containerignore and .dockerignore. */
#include "builder/context/ignore.h"

#include <stdlib.h>
#include <string.h>

#include "builder/context/pattern.h"
#include "builder/spec/place.h"
#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

struct ignore_rule {
    struct pattern *pattern;
    bool exception;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* "/a//b/./c/../d/" becomes "a/b/d": what filepath.Clean and dropping the leading slash leave. Owned by the
 * caller. */
static char *clean_pattern(const char *text)
{
    cleanup_strings struct strings parts = {0};
    while (*text != '\0') {
        size_t length = strcspn(text, "/");
        bool up = length == 2 && strncmp(text, "..", 2) == 0 && parts.count > 0 &&
                  strcmp(parts.items[parts.count - 1], "..") != 0;
        if (up)
            free(parts.items[--parts.count]);
        else if (length > 0 && !(length == 1 && *text == '.'))
            strings_add_owned(&parts, xstrndup(text, length));
        text += length;
        text += strspn(text, "/");
    }
    struct buffer clean = {0};
    for (size_t i = 0; i < parts.count; i++)
        buffer_format(&clean, "%s%s", i > 0 ? "/" : "", parts.items[i]);
    return buffer_take(&clean);
}

static int add_rule(struct ignore *ignore, const char *line, struct error *error)
{
    if (*line == '#')
        return 0;
    while (is_space(*line))
        line++;
    bool exception = *line == '!';
    if (exception)
        line++;
    while (is_space(*line))
        line++;
    size_t length = strlen(line);
    while (length > 0 && is_space(line[length - 1]))
        length--;
    cleanup_free char *text = xstrndup(line, length);
    cleanup_free char *clean = clean_pattern(text);
    if (*clean == '\0' && length == 0 && exception)
        return error_set(error, "no pattern follows the \"!\"");
    if (*clean == '\0')
        return 0;
    struct pattern *pattern = pattern_compile(clean, PATTERN_IGNORE, error);
    if (pattern == NULL)
        return -1;
    ignore->rules = xreallocarray(ignore->rules, ignore->count + 1, sizeof *ignore->rules);
    ignore->rules[ignore->count++] = (struct ignore_rule){pattern, exception};
    ignore->has_exceptions = ignore->has_exceptions || exception;
    return 0;
}

int ignore_parse(struct ignore *ignore, const char *file, const char *text, struct error *error)
{
    *ignore = (struct ignore){.file = xstrdup(file)};
    if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    for (int number = 1; *text != '\0'; number++) {
        size_t length = strcspn(text, "\n");
        cleanup_free char *line = xstrndup(text, length);
        if (add_rule(ignore, line, error) < 0)
            return error_place(error, file, number);
        text += length;
        if (*text == '\n')
            text++;
    }
    return 0;
}

bool ignore_excludes(const struct ignore *ignore, const char *path)
{
    bool excluded = false;
    for (size_t i = 0; i < ignore->count; i++) {
        const struct ignore_rule *rule = &ignore->rules[i];
        /* Only a rule that would change the answer needs to be asked. */
        if (excluded == rule->exception && pattern_matches_within(rule->pattern, path))
            excluded = !excluded;
    }
    return excluded;
}

void ignore_free(struct ignore *ignore)
{
    for (size_t i = 0; i < ignore->count; i++)
        pattern_free(ignore->rules[i].pattern);
    free(ignore->rules);
    free(ignore->file);
    *ignore = (struct ignore){0};
}
