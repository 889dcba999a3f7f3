#include "builder/context/ignore.h"

#include <stdlib.h>
#include <string.h>

#include "builder/context/pattern.h"
#include "builder/spec/location.h"
#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"
#include "formats/base/text.h"

struct ignore_rule {
    struct pattern *pattern;
    bool exception;
};

/* ---- reading ---- */

/* White space as Unicode has it: a rule that was pasted from a web page may end in a no-break space. */
static bool is_space(uint32_t character)
{
    static const uint32_t spaces[] = {' ', 0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000};
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++)
        if (character == spaces[i])
            return true;
    return (character >= '\t' && character <= '\r') || (character >= 0x2000 && character <= 0x200a);
}

/* The text without white space at its ends; owned by the caller. */
static char *trim(const char *text)
{
    const char *start = NULL, *end = text;
    while (*text != '\0') {
        uint32_t character = 0;
        size_t length = text_decode(text, &character);
        bool space = length > 0 && is_space(character);
        if (!space && start == NULL)
            start = text;
        text += length > 0 ? length : 1;
        if (!space)
            end = text;
    }
    return start != NULL ? xstrndup(start, (size_t)(end - start)) : xstrdup("");
}

/* "/a//b/./c/../d/" becomes "/a/b/d" and nothing ".", as Go's filepath.Clean has it; owned by the caller. */
static char *clean_path(const char *text)
{
    bool rooted = *text == '/';
    cleanup_free char *clean = path_clean(text, rooted ? PATH_DOTS_POP : PATH_DOTS_KEEP);
    return rooted ? path_join("/", clean) : xstrdup(*clean != '\0' ? clean : ".");
}

/* The rule that a line holds, "" where it holds none; owned by the caller. Moby trims and cleans in two
 * places, and so twice: "/ a" is "a", "./!a" an exception. */
static char *read_rule(const char *line)
{
    if (*line == '#')
        return xstrdup("");
    cleanup_free char *trimmed = trim(line);
    bool exception = *trimmed == '!';
    cleanup_free char *text = trim(exception ? trimmed + 1 : trimmed);
    cleanup_free char *once = *text != '\0' ? clean_path(text) : xstrdup("");
    const char *path = *once == '/' && once[1] != '\0' ? once + 1 : once;
    cleanup_free char *rule = xasprintf("%s%s", exception ? "!" : "", path);
    cleanup_free char *again = trim(rule);
    return *again != '\0' ? clean_path(again) : xstrdup("");
}

static int add_rule(struct ignore *ignore, const char *line, struct error *error)
{
    cleanup_free char *rule = read_rule(line);
    bool exception = *rule == '!';
    const char *text = exception ? rule + 1 : rule;
    if (*text == '\0')
        return exception ? error_set(error, "no pattern follows the \"!\"") : 0;
    struct pattern *pattern = pattern_compile(text, PATTERN_IGNORE, error);
    if (pattern == NULL)
        return -1;
    ignore->rules = xreallocarray(ignore->rules, ignore->count + 1, sizeof *ignore->rules);
    ignore->rules[ignore->count++] = (struct ignore_rule){pattern, exception};
    ignore->has_exceptions = ignore->has_exceptions || exception;
    return 0;
}

int ignore_parse(struct ignore *ignore, const char *file, const char *text, size_t length,
                 struct error *error)
{
    *ignore = (struct ignore){.file = xstrdup(file)};
    const char *end = text + length;
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    for (int number = 1; text < end; number++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *stop = newline != NULL ? newline : end;
        cleanup_free char *line = xstrndup(text, (size_t)(stop - text));
        int result = memchr(text, '\0', (size_t)(stop - text)) != NULL
                         ? error_set(error, "a NUL byte; an ignore file is text")
                         : add_rule(ignore, line, error);
        if (result < 0)
            return error_locate(error, file, number);
        text = newline != NULL ? newline + 1 : end;
    }
    ignore->directory = xstrdup("");
    ignore->matched = xcalloc(ignore->count + 1, sizeof *ignore->matched);
    ignore->scratch = xcalloc(ignore->count + 1, sizeof *ignore->scratch);
    return 0;
}

/* ---- matching ---- */

/*
 * Judges one path by all rules. `above` says which rules matched its directory, and so match the path too;
 * `matched` is filled for the path. A rule that would not change the answer is not asked, and then does not
 * count as matching what is below either: "dir/a" followed by "!dir" excludes dir/a, as it does in BuildKit's
 * walk.
 */
static bool judge(const struct ignore *ignore, const char *path, const bool *above, bool *matched)
{
    bool excluded = false;
    for (size_t i = 0; i < ignore->count; i++) {
        const struct ignore_rule *rule = &ignore->rules[i];
        matched[i] = above[i] || (excluded == rule->exception && pattern_matches(rule->pattern, path));
        if (matched[i])
            excluded = !rule->exception;
    }
    return excluded;
}

/* Makes ignore->matched stand for the directory that is the first `length` bytes of the path. */
static void enter_directory(struct ignore *ignore, const char *path, size_t length)
{
    size_t known = strlen(ignore->directory);
    if (known == length && memcmp(ignore->directory, path, length) == 0)
        return;
    bool is_below =
        known < length && memcmp(ignore->directory, path, known) == 0 && (known == 0 || path[known] == '/');
    if (!is_below) {
        known = 0;
        memset(ignore->matched, 0, ignore->count * sizeof *ignore->matched);
    }
    while (known < length) {
        known += 1 + strcspn(path + known + 1, "/");
        cleanup_free char *directory = xstrndup(path, known);
        judge(ignore, directory, ignore->matched, ignore->scratch);
        bool *swap = ignore->matched;
        ignore->matched = ignore->scratch;
        ignore->scratch = swap;
    }
    free(ignore->directory);
    ignore->directory = xstrndup(path, length);
}

bool ignore_excludes(struct ignore *ignore, const char *path)
{
    if (ignore->count == 0)
        return false;
    const char *slash = strrchr(path, '/');
    enter_directory(ignore, path, slash != NULL ? (size_t)(slash - path) : 0);
    return judge(ignore, path, ignore->matched, ignore->scratch);
}

void ignore_free(struct ignore *ignore)
{
    for (size_t i = 0; i < ignore->count; i++)
        pattern_free(ignore->rules[i].pattern);
    free(ignore->rules);
    free(ignore->file);
    free(ignore->directory);
    free(ignore->matched);
    free(ignore->scratch);
    *ignore = (struct ignore){0};
}
