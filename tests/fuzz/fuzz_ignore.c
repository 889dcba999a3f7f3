/* Ignore files: rules up to a NUL, then paths that are judged by them. A path's answer does not depend on
 * what was asked before. */
#include <stdbool.h>
#include <string.h>

#include "builder/context/ignore.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "tests/fuzz/fuzz.h"

/* The last line, judged in a set of rules that has judged others and in a fresh one. */
static bool judge_alone(const char *rules, size_t length, const char *path)
{
    struct error error = {0};
    struct ignore ignore = {0};
    CHECK(ignore_parse(&ignore, ".dockerignore", rules, length, &error) == 0);
    bool excluded = ignore_excludes(&ignore, path);
    ignore_free(&ignore);
    return excluded;
}

/* A path as a walk of a context makes them: clean and relative. */
static bool is_clean(const char *path)
{
    cleanup_free char *copy = xasprintf("/%s/", path);
    return *path != '\0' && strstr(copy, "//") == NULL && strstr(copy, "/./") == NULL &&
           strstr(copy, "/../") == NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct ignore ignore = {0};
    cleanup_free char *text = xstrndup((const char *)data, size);
    size_t rules = strlen(text);
    bool parsed = ignore_parse(&ignore, ".dockerignore", text, rules, &error) == 0;
    CHECK(parsed || strncmp(error.message, ".dockerignore:", 14) == 0);
    for (size_t at = rules + 1; parsed && at < size;) {
        cleanup_free char *path = xstrndup((const char *)data + at, size - at);
        at += strlen(path) + 1;
        if (is_clean(path) && strlen(path) < 4096)
            CHECK(ignore_excludes(&ignore, path) == judge_alone(text, rules, path));
    }
    ignore_free(&ignore);
    error_clear(&error);
    return 0;
}
