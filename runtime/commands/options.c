/* Command lines. */
#include "runtime/commands/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

void words_free(struct words *words)
{
    free(words->items);
    *words = (struct words){0};
}

static void words_add(struct words *words, const char *word)
{
    words->items = xreallocarray(words->items, words->count + 2, sizeof *words->items);
    words->items[words->count++] = word;
    words->items[words->count] = NULL;
}

/* The option that `word` ("--bundle=x", "-b", "-bundle") names; *value is what stands behind "=". */
static const struct option_spec *find(const struct option_spec *specs, const char *word, const char **value)
{
    const char *name = word + (word[1] == '-' ? 2 : 1);
    size_t length = strcspn(name, "=");
    *value = name[length] == '=' ? name + length + 1 : NULL;
    for (; specs->name != NULL; specs++) {
        if (word[1] != '-' && length == 1 && specs->letter == name[0])
            return specs;
        /* One dash does for long names too, as in Go's programs. */
        if (length > 1 && strncmp(specs->name, name, length) == 0 && specs->name[length] == '\0')
            return specs;
    }
    return NULL;
}

static int set_flag(const struct option_spec *spec, const char *value, struct error *error)
{
    if (value != NULL && strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
        return error_set(error, "--%s: takes no value", spec->name);
    if (spec->target != NULL)
        *(bool *)spec->target = value == NULL || strcmp(value, "true") == 0;
    return 0;
}

int options_parse(const struct option_spec *specs, char *const *argv, bool stop_at_positional,
                  struct words *positional, struct error *error)
{
    int i = 1;
    bool options_end = false;
    for (; argv[i] != NULL; i++) {
        if (options_end || argv[i][0] != '-' || argv[i][1] == '\0') {
            if (stop_at_positional)
                return i;
            words_add(positional, argv[i]);
            continue;
        }
        if (strcmp(argv[i], "--") == 0) {
            options_end = true;
            continue;
        }
        const char *value;
        const struct option_spec *spec = find(specs, argv[i], &value);
        if (spec == NULL)
            return error_set(error, "unknown option %s", argv[i]);
        if (spec->argument == NULL) {
            if (set_flag(spec, value, error) < 0)
                return -1;
            continue;
        }
        if (value == NULL && argv[i + 1] == NULL)
            return error_set(error, "--%s: needs a value (%s)", spec->name, spec->argument);
        if (value == NULL)
            value = argv[++i];
        if (spec->target != NULL)
            *(const char **)spec->target = value;
    }
    return i;
}

void options_print(const struct option_spec *specs)
{
    for (; specs->name != NULL; specs++) {
        char left[64];
        const char letter[] = {'-', specs->letter, ',', ' ', '\0'};
        snprintf(left, sizeof left, "%s--%s%s%s", specs->letter != 0 ? letter : "    ", specs->name,
                 specs->argument != NULL ? " " : "", specs->argument != NULL ? specs->argument : "");
        printf("  %-30s %s\n", left, specs->help);
    }
}
