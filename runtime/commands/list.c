#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"
#include "runtime/commands/command.h"
#include "runtime/lifecycle/fallback.h"

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The IDs under the root, sorted; no root: none. */
static int find_ids(const char *root, struct strings *ids, struct error *error)
{
    cleanup_closedir DIR *directory = opendir(root);
    if (directory == NULL)
        return errno == ENOENT ? 0 : error_errno(error, errno, "%s", root);
    cleanup_error struct error ignored = {0};
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL)
        if (container_id_check(entry->d_name, &ignored) == 0)
            strings_add(ids, entry->d_name);
    if (ids->count > 1)
        qsort(ids->items, ids->count, sizeof *ids->items, compare);
    return 0;
}

/* NULL for one of urunc's own with a state that cannot be read. */
static json_t *describe_foreign(const struct runtime *runtime, const char *id)
{
    const char *made_by = container_foreign_runtime(runtime, id);
    if (made_by == NULL)
        return NULL;
    json_t *described = fallback_state(runtime, id, made_by);
    return json_is_object(described) ? described : json_pack("{s:s, s:s}", "id", id, "status", "unknown");
}

/* urunc's containers, and those of another runtime beside them as that one describes them. */
static json_t *collect(const struct runtime *runtime, const struct strings *ids)
{
    json_t *array = json_array();
    for (size_t i = 0; i < ids->count; i++) {
        cleanup_state struct state state = {0};
        cleanup_error struct error ignored = {0};
        cleanup_close int directory = container_load(runtime, ids->items[i], &state, &ignored);
        json_t *described = directory >= 0 ? state_describe(&state, state_status(directory, &state))
                                           : describe_foreign(runtime, ids->items[i]);
        if (described != NULL)
            json_array_append_new(array, described);
    }
    return array;
}

static const char *text_of(const json_t *item, const char *key)
{
    const char *text = json_string_value(json_object_get(item, key));
    return text != NULL ? text : "";
}

/* The text of a column; the caller frees it. */
static char *cell(const json_t *item, const char *key)
{
    if (strcmp(key, "pid") == 0)
        return xasprintf("%lld", (long long)json_integer_value(json_object_get(item, key)));
    return text_printable(text_of(item, key));
}

static void print_table(const json_t *array)
{
    static const char *const titles[] = {"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"};
    static const char *const keys[] = {"id", "pid", "status", "bundle", "created", "owner"};
    enum { COLUMNS = sizeof keys / sizeof *keys };
    size_t widths[COLUMNS], index;
    json_t *item;
    for (size_t i = 0; i < COLUMNS; i++) {
        widths[i] = strlen(titles[i]) < 10 ? 10 : strlen(titles[i]);
        json_array_foreach (array, index, item) {
            cleanup_free char *text = cell(item, keys[i]);
            size_t length = strlen(text);
            widths[i] = length > widths[i] ? length : widths[i];
        }
    }
    for (size_t i = 0; i < COLUMNS; i++)
        printf("%-*s%s", i + 1 < COLUMNS ? (int)widths[i] : 0, titles[i], i + 1 < COLUMNS ? "  " : "\n");
    json_array_foreach (array, index, item) {
        for (size_t i = 0; i < COLUMNS; i++) {
            cleanup_free char *text = cell(item, keys[i]);
            printf("%-*s%s", i + 1 < COLUMNS ? (int)widths[i] : 0, text, i + 1 < COLUMNS ? "  " : "\n");
        }
    }
}

static int print_list(const json_t *array, const char *format, bool quiet, struct error *error)
{
    size_t index;
    json_t *item;
    if (quiet) {
        json_array_foreach (array, index, item) {
            printf("%s\n", text_of(item, "id"));
        }
        return 0;
    }
    if (strcmp(format, "json") == 0) {
        cleanup_free char *text = json_dumps(array, JSON_COMPACT);
        printf("%s\n", text != NULL ? text : "[]");
        return 0;
    }
    if (strcmp(format, "table") != 0)
        return error_set(error, "list: --format %s: not table or json", format);
    print_table(array);
    return 0;
}

int command_list(const struct command *command, const struct invocation *invocation, struct error *error)
{
    const char *format = "table";
    bool quiet = false;
    const struct option_spec specs[] = {
        OPTION_VALUE("format", 'f', "FORMAT", "table (default) or json", &format),
        OPTION_FLAG("quiet", 'q', "print the IDs only", &quiet),
        OPTIONS_END,
    };
    cleanup_operands struct operands operands = {0};
    int parsed = command_parse(command, invocation, specs, 0, 0, &operands, error);
    if (parsed <= 0)
        return parsed;
    cleanup_strings struct strings ids = {0};
    if (find_ids(invocation->runtime.root, &ids, error) < 0)
        return -1;
    cleanup_json json_t *array = collect(&invocation->runtime, &ids);
    return print_list(array, format, quiet, error);
}
